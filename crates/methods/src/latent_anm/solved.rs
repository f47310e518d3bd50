//! What the solved stages leave in the state, by name.

use disentangle_engine::method::State;
use disentangle_engine::results::latent_names;

/// Negative log-likelihoods of the starts, 1 x starts; the first ones of them after the long descent, 1 x finalists.
pub const SHORT: &str = "startLikelihoods";
/// See [`SHORT`].
pub const LONG: &str = "flowLikelihoods";
/// Share of starts that end at the best axes, largest standard error of an axis, and what environments explain: 1 x 3.
pub const UNMIXED: &str = "unmixed";
/// Evidence of i -> j in nats, above 0 for edges, k x k; latents in causal order, 1 x k; unchanged share of each mechanism,
/// 1 x k, NaN for a latent without parents; means and standard deviations of the noise, environments x k.
pub const EVIDENCE: &str = "edges";
/// Evidence within which the weight of the criterion decides on an edge, nats, 1 x 1.
pub const MARGIN: &str = "margin";
/// See [`EVIDENCE`].
pub const ORDER: &str = "order";
/// See [`EVIDENCE`].
pub const UNCHANGED: &str = "unchanged";
/// Evidence that each mechanism is more than linear, nats, and below which it is linear, 2 x k, NaN for a latent without
/// parents.
pub const NONLINEAR: &str = "nonlinear";
/// Evidence that an effect depends on a sum of each latent and another one, nats, NaN for a latent without effects and minus
/// infinity where all others follow from it; that other one; the effect; and 1 where the graph says that the latent is the later
/// one of both: 4 x k.
pub const ABSORBED: &str = "absorbed";
/// By how much other axes in the plane of each latent and another one explain the rows worse, nats, NaN for a latent that
/// depends on none; and that other one: 2 x k.
pub const APART: &str = "apart";
/// See [`EVIDENCE`].
pub const NOISE: [&str; 2] = ["noiseMeans", "noiseScales"];
/// Mean magnitude of the published coefficients over environments, `[j][i]` of latent j in the mechanism of i: k x k.
pub const MAGNITUDES: &str = "magnitudes";
/// Inputs that are the latents themselves, in causal order, 1 x k.
pub const SORTED: &str = "sorted";

/// Names of the latents: those of the inputs where they are the latents themselves.
pub fn names(inputs: &[String], state: &State, latents: usize) -> Vec<String> {
    match state.solved.get(SORTED) {
        Some(sorted) => sorted.data().iter().map(|&input| inputs[input as usize].clone()).collect(),
        None => latent_names(latents),
    }
}
