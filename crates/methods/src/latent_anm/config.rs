//! The options of the method.

use super::autoencoder::AutoencoderOptions;
use super::published::PublishedOptions;
use crate::conditional_vae::image_of;
use disentangle_data::View;
use disentangle_numerics::shift::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Descents of [`LatentAnmConfig::shared_steps`].
pub(super) const PARTS: usize = 6;
/// Starts that are trained for long.
pub(super) const FINALISTS: usize = 2;

/// How the latents are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "LatentAnmAlgorithm")]
pub enum Algorithm {
    /// An invertible flow by exact likelihood, and a search over causal orders.
    #[default]
    Flow,
    /// The published variational autoencoder, in a given causal order.
    Paper,
}

/// What the latents are found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "LatentAnmRepresentation")]
pub enum Representation {
    /// The code of an autoencoder where the data are images of one view, else a flow of the inputs.
    #[default]
    Auto,
    /// An invertible flow of the inputs, or of their leading principal axes.
    Flow,
    /// An invertible flow of the code of an autoencoder.
    Autoencoder,
    /// The inputs themselves, each of which is a latent.
    Inputs,
}

/// Options of `latent-anm`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LatentAnmConfig {
    /// How to fit: `flow` takes the exact likelihood of an invertible flow and searches for the causal order; `paper` is the
    /// published variational autoencoder, whose latents are in a causal order that is not searched for.
    pub algorithm: Algorithm,
    /// What `flow` unmixes. `flow`: the inputs, or their leading principal axes; `autoencoder`: the code of an autoencoder, of
    /// convolutions where the data are images; `inputs`: nothing is unmixed, the inputs themselves are the causes, sorted by their
    /// order, and only their graph and mechanisms are learned. `auto`: the autoencoder where the data are images of one view, at
    /// least 4 x 4 pixels large, else the inputs or their axes.
    pub representation: Representation,
    /// Number of latents, at most 12. Absent: as many as inputs. Fewer than inputs: the leading principal axes of the inputs are
    /// unmixed, or the code of the autoencoder has so many entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1, max = 12))]
    pub latent_dim: Option<usize>,
    /// What a latent may be of those before it: `mlp`, `polynomial` or `linear`, with coefficients of each environment, or `none`:
    /// independent latents in every environment, which is iVAE, with `flow` by exact likelihood.
    pub mechanisms: Kind,
    /// Random starts of the flow; the two best after a short descent are trained for long.
    #[schemars(range(min = 1, max = 100))]
    pub starts: usize,
    /// Bends of the flow.
    #[schemars(range(min = 1, max = 64))]
    pub layers: usize,
    /// Units of each of the two hidden layers of a mechanism of `flow`.
    #[schemars(range(min = 1, max = 1024))]
    pub units: usize,
    /// Weight of the L1 norm of the coefficients (the paper's regularizer).
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub sparsity: f64,
    /// Steps and rows of `flow`.
    pub training: TrainingOptions,
    /// The autoencoder, where it is used.
    pub autoencoder: AutoencoderOptions,
    /// Networks and training of `paper`.
    pub published: PublishedOptions,
}

/// How long the descents are, and what they see.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "LatentAnmTraining")]
pub struct TrainingOptions {
    /// Gradient steps over all descents, shared out between them. Absent: 5600.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: Option<usize>,
    /// Rows of every environment in a step. Absent: 3000 shared out over the environments, at least 20.
    #[schemars(range(min = 2, max = 1_048_576))]
    pub environment_rows: Option<usize>,
}

impl Default for LatentAnmConfig {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Flow,
            representation: Representation::Auto,
            latent_dim: None,
            mechanisms: Kind::Mlp,
            starts: 8,
            layers: 4,
            units: 24,
            sparsity: 1e-3,
            training: TrainingOptions::default(),
            autoencoder: AutoencoderOptions::default(),
            published: PublishedOptions::default(),
        }
    }
}

impl LatentAnmConfig {
    /// Fills what is left open.
    pub(super) fn settle(&mut self) {
        let whole = self.parts().iter().sum();
        self.training.steps.get_or_insert(whole);
    }

    /// Number of latents from inputs of `d` columns.
    pub(super) fn latents(&self, d: usize) -> usize {
        self.latent_dim.unwrap_or(d)
    }

    /// Whether the inputs themselves are the latents.
    pub(super) fn observed(&self) -> bool {
        self.representation == Representation::Inputs && self.algorithm == Algorithm::Flow
    }

    /// Whether the code of an autoencoder is unmixed.
    pub(super) fn coded(&self, views: &[View]) -> bool {
        match (self.algorithm, self.representation) {
            (Algorithm::Paper, _) => false,
            (Algorithm::Flow, Representation::Auto) => image_of(views).is_ok(),
            (Algorithm::Flow, asked) => asked == Representation::Autoencoder,
        }
    }

    /// Parts of the steps: starts, flow, mechanisms, joint, and the last two again from better axes. Baselines have as many, but for
    /// mechanisms where there are none.
    fn parts(&self) -> [usize; PARTS] {
        match (self.observed(), self.mechanisms) {
            (true, Kind::None) => [0; PARTS],
            (true, _) => [0, 0, 1000, 0, 0, 0],
            (false, Kind::None) => [500, 2000, 0, 3000, 0, 0],
            (false, _) => [500, 2000, 300, 1500, 300, 1000],
        }
    }

    /// Steps of each descent, which sum to all steps.
    pub(super) fn shared_steps(&self) -> [usize; PARTS] {
        let mut parts = self.parts();
        if self.starts <= FINALISTS {
            parts[0] = 0;
        }
        let (whole, steps) = (parts.iter().sum::<usize>(), self.training.steps.expect("settled"));
        let mut before = 0;
        parts.map(|part| {
            let until = |part: usize| (part * steps).checked_div(whole).unwrap_or(0);
            let from = until(before);
            before += part;
            until(before) - from
        })
    }
}
