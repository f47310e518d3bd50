//! When latents are silent, as plain data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When each latent is silent: a mixture of a narrow part around its silent value and a wide part, in units of the latents.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Silence {
    /// One entry per latent.
    pub latents: Vec<SilentLatent>,
}

/// When one latent is silent. The probability of a value z is
/// `weight N(z; spike) / (weight N(z; spike) + (1 - weight) N(z; slab))`; it is called silent where that is at least 1/2, which is
/// where `|z - value| <= threshold`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SilentLatent {
    /// Name of the latent.
    pub name: String,
    /// Middle of the silent values.
    pub value: f64,
    /// Farthest distance from `value` at which the latent counts as silent; 0 where it never does.
    pub threshold: f64,
    /// Share of training rows in which it is silent.
    pub share: f64,
    /// Mean over training rows of the probability of the more probable of silent and not silent: 1 where every call is certain.
    pub certainty: f64,
    /// The narrow part: values of the silent latent.
    pub spike: Spike,
    /// The wide part: values of the latent when it is not silent.
    pub slab: Slab,
}

impl SilentLatent {
    /// Probability, 0 to 1, that the latent is silent where it has this value.
    pub fn probability(&self, value: f64) -> f64 {
        let Self { spike, slab, .. } = self;
        if spike.weight <= 0.0 {
            return 0.0;
        }
        if spike.weight >= 1.0 {
            return 1.0;
        }
        let log_density = |mean: f64, sd: f64| -sd.ln() - 0.5 * ((value - mean) / sd).powi(2);
        let ratio = (log_density(slab.mean, slab.sd) - log_density(spike.mean, spike.sd)).exp();
        1.0 / (1.0 + (1.0 - spike.weight) / spike.weight * ratio)
    }
}

/// The narrow part of a latent's values.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Spike {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Share of all values.
    pub weight: f64,
}

/// The wide part of a latent's values.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Slab {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
}
