//! What linear methods stand on: a network that passes inputs on, and what the variances along
//! the principal axes of the inputs say.

use disentangle_data::Matrix;
use disentangle_data::prepare::Warning;
use disentangle_engine::method::{Batch, CENTER, Network, State, Term};
use disentangle_engine::results::Fact;
use disentangle_nn::{Error, Layer, Tensor};
use disentangle_numerics::principal_axes::{PrincipalAxes, rank};

/// A network without parameters whose code is its input: for methods whose latents are a solved linear map
/// (`method::MAP`) of the standardised inputs. Such a method has no stage of descent.
#[derive(Debug, Clone, Copy)]
pub struct IdentityNetwork;

impl Network for IdentityNetwork {
    fn loss(&self, _: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        Err(Error::Msg("a network without parameters has no loss".into()).bt())
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        Ok(inputs.clone())
    }

    fn decode(&self, codes: &Tensor) -> disentangle_nn::Result<Option<Tensor>> {
        Ok(Some(codes.clone()))
    }

    fn encoder_layers(&self) -> disentangle_nn::Result<Option<Vec<Layer>>> {
        Ok(Some(Vec::new()))
    }

    fn decoder_layers(&self) -> disentangle_nn::Result<Option<Vec<Layer>>> {
        Ok(Some(Vec::new()))
    }
}

/// Name of the solved row of variances along the principal axes, descending.
const VARIANCES: &str = "variances";
/// Name of the sum of all variances where the row holds the leading ones only.
const TOTAL: &str = "totalVariance";

/// Adds what a map of the inputs leaves behind to the solved results: [`keep_variances`], and the center of the inputs, for the way
/// back from latents.
pub fn keep(axes: &PrincipalAxes, state: &mut State) {
    keep_center(&axes.center, state);
    keep_variances(axes, state);
}

/// Adds the mean code of the training rows to the solved results: the map drops directions, which are decoded to it. It belongs
/// to the space that the map is applied to.
pub fn keep_center(center: &[f64], state: &mut State) {
    state.solved.insert(CENTER.into(), Matrix::from_fn(1, center.len(), |_, j| center[j]));
}

/// Adds the variances along the axes to the solved results, for [`account`].
pub fn keep_variances(axes: &PrincipalAxes, state: &mut State) {
    state.solved.insert(VARIANCES.into(), Matrix::from_fn(1, axes.variances.len(), |_, j| axes.variances[j]));
    if let Some(total) = axes.total {
        state.solved.insert(TOTAL.into(), Matrix::from_fn(1, 1, |_, _| total));
    }
}

/// What the variances say of a method that keeps `k` axes: facts, and a warning when the inputs span fewer directions.
pub fn account(state: &State, k: usize) -> (Vec<Fact>, Vec<Warning>) {
    let Some(variances) = state.solved.get(VARIANCES).map(|row| row.row(0)) else { return Default::default() };
    let rank = rank(variances);
    let total = state.solved.get(TOTAL).map(|total| total[(0, 0)]);
    let kept = variances.iter().take(k.min(rank)).sum::<f64>() / total.unwrap_or_else(|| variances.iter().sum());
    let mut facts = vec![Fact::new("explained-variance", "share of the inputs' variance in the latents", kept)];
    // Of wide inputs only the leading axes are known: how many there are is not.
    if total.is_none() {
        facts.push(Fact::new("input-rank", "effective rank of the inputs", rank as f64));
    }
    let short = (rank < k).then(|| {
        let message = format!("the training rows span {rank} directions: {rank} latents instead of {k}");
        Warning::new("INPUTS_RANK", message)
            .hint(format!("choose latentDim <= {rank}, give more rows, or leave out copies of columns"))
    });
    (facts, short.into_iter().collect())
}
