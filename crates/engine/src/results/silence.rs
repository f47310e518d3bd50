//! When latents are silent, as plain data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When each latent is silent: a mixture of a narrow part around its silent value and a wide part, in units of the latents.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Silence {
    /// One entry per latent.
    pub latents: Vec<SilentLatent>,
    /// Latents that are silent together, where such blocks were looked for: what they say of their latents counts, and not `latents`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<SilentBlock>,
}

impl Silence {
    /// Whether latent `j` is called silent in a row of `latents`.
    pub fn called(&self, row: &[f32], j: usize) -> bool {
        match self.block_of(j) {
            Some(block) => block.distance(row, &block.value) <= block.threshold,
            None => (f64::from(row[j]) - self.latents[j].value).abs() <= self.latents[j].threshold,
        }
    }

    /// Probability, 0 to 1, that latent `j` is silent in a row of `latents`.
    pub fn probability(&self, row: &[f32], j: usize) -> f64 {
        match self.block_of(j) {
            Some(block) => block.probability(row),
            None => self.latents[j].probability(f64::from(row[j])),
        }
    }

    fn block_of(&self, j: usize) -> Option<&SilentBlock> {
        self.blocks.iter().find(|block| (block.start..block.start + block.value.len()).contains(&j))
    }
}

/// When a block of q latents is silent, all of them at once. With y the values of its latents, the probability is
/// `weight N(y; spike) / (weight N(y; spike) + (1 - weight) N(y; slab))` with parts that have the same width in all directions; it is
/// called silent where that is at least 1/2, which is where `|y - value| <= threshold`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SilentBlock {
    /// Names of its latents.
    pub names: Vec<String>,
    /// The place of the first of them, from 0; the others follow it.
    pub start: usize,
    /// Middle of the silent values, one number per latent.
    pub value: Vec<f64>,
    /// Farthest distance from `value` at which the block counts as silent; 0 where it never does.
    pub threshold: f64,
    /// Share of training rows in which it is silent.
    pub share: f64,
    /// Mean over training rows of the probability of the more probable of silent and not silent.
    pub certainty: f64,
    /// The narrow part: values of the silent block.
    pub spike: BlockPart,
    /// The wide part: values of the block when it is not silent.
    pub slab: BlockPart,
}

impl SilentBlock {
    /// Probability, 0 to 1, that the block is silent in a row of all latents.
    pub fn probability(&self, row: &[f32]) -> f64 {
        let q = self.value.len() as f64;
        let look = |part: &BlockPart| -q * part.sd.ln() - 0.5 * (self.distance(row, &part.mean) / part.sd).powi(2);
        let odds = self.slab.weight / self.spike.weight * (look(&self.slab) - look(&self.spike)).exp();
        1.0 / (1.0 + odds)
    }

    fn distance(&self, row: &[f32], from: &[f64]) -> f64 {
        let own = &row[self.start..self.start + from.len()];
        own.iter().zip(from).map(|(y, at)| (f64::from(*y) - at).powi(2)).sum::<f64>().sqrt()
    }
}

/// A part of the values of a block.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockPart {
    /// Mean, one number per latent.
    pub mean: Vec<f64>,
    /// Standard deviation in every direction.
    pub sd: f64,
    /// Share of all values.
    pub weight: f64,
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
