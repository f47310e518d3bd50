//! Name and options of the method.

use super::rows::TrainingRows;
use crate::conditional_vae::Encoder;
use crate::regression::Auto;
use disentangle_data::View;
use disentangle_data::views::Image;
use disentangle_nn::halvings;
use disentangle_numerics::multimodal::Training;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) const NAME: &str = "multimodal";

/// A number for every modality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PerModality {
    /// The same for all.
    Same(#[schemars(range(min = 0, max = 64))] usize),
    /// The word `auto`: chosen from the data, without the truth.
    Auto(Auto),
    /// By name, `{ rna: 3, protein: 2 }`; chosen from the data for modalities that are not named.
    Each(BTreeMap<String, usize>),
}

impl PerModality {
    /// Of a modality; `None` where it is chosen.
    pub fn of(&self, modality: &str) -> Option<usize> {
        match self {
            Self::Same(number) => Some(*number),
            Self::Auto(_) => None,
            Self::Each(of) => of.get(modality).copied(),
        }
    }
}

/// How the latents are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "MultimodalAlgorithm")]
pub enum Algorithm {
    /// The likelihood of codes, with sets of causes that are drawn.
    #[default]
    Likelihood,
    /// The published objective, whose graph gets no gradient from the data.
    Paper,
}

/// Options of `multimodal`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MultimodalConfig {
    /// How to fit: `likelihood` learns the graph; `paper` is the published objective, in which no gradient of the data reaches it. Of the
    /// options below `paper` reads the sizes, which it has to be given, and `published`.
    pub algorithm: Algorithm,
    /// Latents of each modality: a number, numbers by name, or `auto`: as many directions of its code as say something of the other
    /// modalities.
    pub latent_dim: PerModality,
    /// Private variables of each modality, which have no part in the graph: a number, numbers by name, or `auto`: what an autoencoder needs
    /// beside the latents.
    pub private_dim: PerModality,
    /// Largest number of latents and private variables of a modality, together, that `auto` tries.
    #[schemars(range(min = 1, max = 64))]
    pub max_latent_dim: usize,
    /// What an edge has to be worth, in nats a row.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub sparsity: f64,
    /// Random starts; three go on after 30 % of the steps.
    #[schemars(range(min = 1, max = 100))]
    pub starts: usize,
    /// Copies of the solution, all but the first turned within each modality, that are trained again to see which latents the data leave
    /// open; 0: only starts are compared.
    #[schemars(range(min = 0, max = 100))]
    pub copies: usize,
    /// Whether another autoencoder of each modality is trained, from another start, where all solutions on the codes of the first one agree:
    /// what it says of the latents counts as another solution.
    pub another_code: bool,
    /// Most causes of a latent.
    #[schemars(range(min = 1, max = 8))]
    pub most_causes: usize,
    /// How images become codes, and codes images.
    pub encoder: Encoder,
    /// Units of each of the two dense hidden layers of an autoencoder, in both directions; behind convolutions there is one.
    #[schemars(range(min = 1, max = 4096))]
    pub autoencoder_units: usize,
    /// Couplings of a flow.
    #[schemars(range(min = 1, max = 64))]
    pub flow_layers: usize,
    /// Units of each of the two hidden layers of a coupling.
    #[schemars(range(min = 1, max = 1024))]
    pub flow_units: usize,
    /// Units of each of the two hidden layers of a mechanism.
    #[schemars(range(min = 1, max = 1024))]
    pub mechanism_units: usize,
    /// Rows of a step, rounded down to a multiple of 32, at most all training rows.
    #[schemars(range(min = 32, max = 65536))]
    pub batch_size: usize,
    /// How long the descents are.
    pub training: TrainingOptions,
    /// The networks and the descent of `paper`.
    pub published: PublishedOptions,
}

/// How long the descents are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "MultimodalTraining")]
pub struct TrainingOptions {
    /// Gradient steps over all descents, shared out between them: the choice of sizes, autoencoders, latents, copies. Absent: 2240.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: Option<usize>,
}

/// The published algorithm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "MultimodalPublished")]
pub struct PublishedOptions {
    /// Widths of the hidden layers of every encoder; decoders have them in reverse. Absent: 8 and 8 for a table, 128 and 64 for an image.
    #[schemars(length(min = 1, max = 8), inner(range(min = 1, max = 65536)))]
    pub hidden: Option<Vec<usize>>,
    /// Gradient steps.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: usize,
    /// Rows per step; at most all training rows, which is what the paper takes.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub batch_size: usize,
    /// Learning rate of Adam; it falls by a hundredth every 10,000 steps.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: f64,
    /// Entry of the adjacency above which a latent is a parent.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub threshold: f64,
}

impl Default for PublishedOptions {
    fn default() -> Self {
        Self { hidden: None, steps: 3000, batch_size: 1_048_576, learning_rate: 2e-6, threshold: 0.01 }
    }
}

/// Steps of each descent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Steps {
    pub widths: usize,
    pub autoencoders: usize,
    pub latents: usize,
    pub copies: usize,
}

/// Learning rate of autoencoders at first.
const AUTOENCODER_RATE: f64 = 3e-3;
const SHARES: [usize; 4] = [360, 1000, 600, 280];

impl Default for MultimodalConfig {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Likelihood,
            latent_dim: PerModality::Auto(Auto::Auto),
            private_dim: PerModality::Auto(Auto::Auto),
            max_latent_dim: 6,
            sparsity: 0.05,
            starts: 6,
            copies: 8,
            another_code: true,
            most_causes: 3,
            encoder: Encoder::Auto,
            autoencoder_units: 64,
            flow_layers: 4,
            flow_units: 32,
            mechanism_units: 16,
            batch_size: 256,
            training: TrainingOptions::default(),
            published: PublishedOptions::default(),
        }
    }
}

impl MultimodalConfig {
    /// Fills what depends on other options.
    pub(super) fn settled(mut self) -> Self {
        self.training.steps.get_or_insert(SHARES.iter().sum());
        self
    }

    pub(super) fn steps(&self) -> Steps {
        let (all, whole) = (self.training.steps.expect("settled"), SHARES.iter().sum::<usize>());
        let [widths, autoencoders, latents, copies] = SHARES.map(|share| (share * all / whole).max(1));
        Steps { widths, autoencoders, latents, copies }
    }

    /// How its autoencoders are trained, over batches in the order of a seed. A modality may have no more rows than the complete ones.
    pub(super) fn autoencoders(&self, rows: &TrainingRows<'_>, seed: u64) -> Training {
        let batch = self.batch(rows.complete.len());
        Training { batch, steps: self.steps().autoencoders, rate: AUTOENCODER_RATE, seed }
    }

    /// The images of a modality that convolutions read.
    pub(super) fn image_of(&self, view: &View) -> Option<Image> {
        view.image.filter(|image| self.encoder != Encoder::Mlp && halvings(*image) > 0)
    }

    /// Rows of a step.
    pub(super) fn batch(&self, rows: usize) -> usize {
        self.batch_size.min(rows) / 32 * 32
    }
}
