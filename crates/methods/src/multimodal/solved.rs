//! What the solved stages leave in the state, by name.

use disentangle_data::Matrix;
use disentangle_engine::method::{ByView, Dimensions, State};
use std::collections::BTreeMap;

/// Modalities x 4: first column, column after the last, numbers of the code, latents among them.
pub const SIZES: &str = "sizes";
/// Of each modality, after its place: the linear path of its autoencoder (code x inputs), variances along it; mean of its codes, and the
/// map that makes them white (code x code, from the right).
pub const AXES: &str = "axes";
/// See [`AXES`].
pub const VARIANCES: &str = "axisVariances";
/// See [`AXES`].
pub const MEAN: &str = "codeMean";
/// See [`AXES`].
pub const WHITE: &str = "whitening";
/// Of each modality that is read by convolutions, after its place: channels, height and width of its images, 1 x 3.
pub const IMAGE: &str = "image";
/// Of each modality, after its place: errors of autoencoders of 1, 2, ... numbers where its size was chosen; singular values where the
/// number of its latents was.
pub const ERRORS: &str = "widthErrors";
/// See [`ERRORS`].
pub const RATIOS: &str = "sharedRatios";
/// Share of the variance that each autoencoder leaves, 1 x modalities.
pub const LEFT: &str = "left";
/// 3 x latents: place of each latent in the flow, factor and mean that its values are scaled with.
pub const SCALED: &str = "scaled";
/// Latents x latents, from cause to effect: strength of each edge, 0 where there is none; and how sure it is.
pub const WEIGHTS: &str = "edges";
/// See [`WEIGHTS`].
pub const CERTAINTY: &str = "certainty";
/// 2 x latents: the bits of the causes in the order of the flows, and standard deviation of the noise.
pub const CAUSES: &str = "causes";
/// Rows of 3: a latent, the bits of a set of its causes (in the order of the latents), and its score; best first.
pub const SCORES: &str = "scores";
/// Rows of 4: number of a graph that fits as well, how far behind it is, and an edge of it from cause to effect; -1, -1 where it has none.
pub const TIES: &str = "ties";
/// Rows of 3: cause and effect of a link that a mixture would hide, and the share of the effect that it could explain; the largest first.
pub const HIDDEN: &str = "hidden";
/// 2 x latents: least correlation with its match in another solution that fits as well, 1 where there is none; latents compared.
pub const AGREEMENT: &str = "agreement";
/// Rows of 3, one for each start and each copy that went on to the end, those that were looked at again, and the one on other codes: 0, 1, 2 or 3, how far its objective is behind the
/// best one of these, and the least correlation of a latent of the solution with its match there.
pub const SOLUTIONS: &str = "solutions";
/// 1 x 4: the objective, that of independent latents, starts that ended within the margin, copies that did.
pub const OBJECTIVES: &str = "objectives";

/// Of one modality, after its place.
pub fn of(name: &str, modality: usize) -> String {
    format!("{name}.{modality}")
}

/// Sizes of a modality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub start: usize,
    pub end: usize,
    pub width: usize,
    pub latents: usize,
}

/// All of them.
pub fn sizes(solved: &BTreeMap<String, Matrix<f64>>) -> Option<Vec<Size>> {
    let sizes = solved.get(SIZES)?;
    let at = |m: usize, j: usize| sizes[(m, j)] as usize;
    Some(
        (0..sizes.rows())
            .map(|m| Size { start: at(m, 0), end: at(m, 1), width: at(m, 2), latents: at(m, 3) })
            .collect(),
    )
}

/// `rna.z1`, `rna.z2`, `protein.z1`, ...
pub fn names(dimensions: &Dimensions, state: &State) -> Option<Vec<String>> {
    let sizes = sizes(&state.solved)?;
    state.solved.get(SCALED)?;
    let of = |(size, view): (Size, &disentangle_data::View)| {
        (1..=size.latents).map(|i| format!("{}.z{i}", view.name)).collect::<Vec<_>>()
    };
    Some(sizes.into_iter().zip(&dimensions.views).flat_map(of).collect())
}

/// The modality of each latent.
pub fn modalities(sizes: &[Size]) -> Vec<usize> {
    sizes.iter().enumerate().flat_map(|(m, size)| std::iter::repeat_n(m, size.latents)).collect()
}

/// The modality of each latent and private variable; the latter are `rna.p1`, `rna.p2`, `protein.p1`, ...
pub fn by_view(dimensions: &Dimensions, state: &State) -> Option<ByView> {
    let sizes = sizes(&state.solved)?;
    state.solved.get(SCALED)?;
    let of = |(m, (size, view)): (usize, (&Size, &disentangle_data::View))| {
        (1..=size.width - size.latents).map(|i| (format!("{}.p{i}", view.name), m)).collect::<Vec<_>>()
    };
    Some(ByView {
        latents: modalities(&sizes),
        private: sizes.iter().zip(&dimensions.views).enumerate().flat_map(of).collect(),
    })
}
