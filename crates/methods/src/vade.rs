//! VaDE: a variational auto-encoder whose prior is a mixture of Gaussians.
//!
//! Objective: `minimise over f, q, pi, m, s   E_q [|x - f(z)|^2 / (2 v)] + KL(q(z, c | x) || p(z, c))`, with c the component,
//! `p(c) = pi_c`, `p(z | c) = N(m_c, diag s_c^2)` and `q(z, c | x) = q(z | x) p(c | z)`.
//!
//! Assumes that the latents are a mixture of Gaussians, none of them degenerate, and that a piecewise affine map makes the
//! inputs of them. Then their distribution determines them up to an affine map: *Identifiability of deep generative models
//! without auxiliary information* (Kivva et al., 2022), <https://arxiv.org/abs/2206.10044>.
//!
//! Reference: see `INFO`.
//!
//! Differs from the paper:
//! - the decoder ends in a linear layer: the published baseline ends in a sigmoid, which cannot give signed inputs;
//! - weights of the mixture are a softmax, and responsibilities are computed from logarithms, in place of clamped ones;
//! - all networks begin at random, and so do the components, without pretraining layer by layer and without a mixture fitted to
//!   the codes; with `recipe: "paper"` all means begin at 0, where components stay on top of each other, as those of the
//!   baseline of pdGMM do;
//! - with `representation: "autoencoder"` an autoencoder is trained first, and its code is standardised;
//! - the learning rate falls along a cosine unless `recipe` is `paper`;
//! - inputs are standardised unless `standardize` says otherwise; latents are scaled to unit variance.

mod mixture;
mod network;

use crate::conditional_vae::account;
use crate::descent_options::DECAY;
use crate::pdgmm::autoencoder::AutoencoderOptions;
use crate::regression::{at_most, scale_latents};
use disentangle_data::prepare::Prepared;
use disentangle_data::{Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{Batching, Dimensions, Findings, Keep, Method, Network, Recipe, Stage, State};
use disentangle_engine::results::OutcomeKind;
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;
use disentangle_nn::optim::Schedule;
use network::VadeNetwork;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Components for each latent, where their number is left open.
const COMPONENTS_PER_LATENT: usize = 5;
/// Why what a recipe fills in is there.
const SETTLED: &str = "settled when the method was made";

/// How it is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "VadeRecipe")]
pub enum VadeRecipe {
    /// A small network on the inputs, with small batches at a rate that falls.
    #[default]
    Default,
    /// The published baseline of pdGMM: a wide network on the code of an autoencoder, with large batches at a small constant rate.
    Paper,
}

/// Where the means of the components begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "VadeMeans")]
pub enum Means {
    /// Drawn from a standard normal distribution.
    Apart,
    /// All at 0.
    Zero,
}

/// What is clustered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "VadeRepresentation")]
pub enum Representation {
    /// The inputs themselves.
    Inputs,
    /// The code of an autoencoder.
    Autoencoder,
}

/// Options of `vade`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VadeConfig {
    /// How it is trained: `paper` is the published baseline. It sets what is left open among `representation`, `hidden`, `means`,
    /// `steps`, `batchSize` and `learningRate`, and keeps the learning rate constant.
    pub recipe: VadeRecipe,
    /// Number of latents.
    #[schemars(range(min = 1, max = 256))]
    pub latent_dim: usize,
    /// Components of the mixture. Absent: five for each latent.
    #[schemars(range(min = 1, max = 4096))]
    pub components: Option<usize>,
    /// What the variational auto-encoder sees: the inputs, or the code of an autoencoder that is trained first. Absent: the inputs
    /// for `default`, the autoencoder for `paper`.
    pub representation: Option<Representation>,
    /// The autoencoder, where there is one; its code has as many columns as there are latents. It has a `recipe` of its own.
    pub autoencoder: AutoencoderOptions,
    /// Widths of the encoder's hidden layers (ReLU); the decoder has them in reverse. Absent: 256, 256 for `default`,
    /// 512, 512, 2048 for `paper`.
    #[schemars(length(min = 1, max = 8), inner(range(min = 1, max = 65536)))]
    pub hidden: Option<Vec<usize>>,
    /// Where the means of the components begin: `apart`, at standard normal numbers, or all at `zero`. Their log-variances begin at
    /// standard normal numbers, their weights equal. Absent: apart for `default`, zero for `paper`.
    pub means: Option<Means>,
    /// Variance of what the decoder gives back. It is not learned: the smaller, the more the reconstruction counts beside the
    /// prior. At 0.5 squared errors count as they are.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1000.0))]
    pub decoder_variance: f64,
    /// Gradient steps, after those of the autoencoder. Absent: 3000 for `default`, 5001 for `paper`.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: Option<usize>,
    /// Rows per step; at most all training rows. Absent: 256 for `default`, 6144 for `paper`.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub batch_size: Option<usize>,
    /// Peak learning rate of Adam. Absent: 0.001 for `default`, 0.0001 for `paper`.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: Option<f64>,
    /// Parameters kept at the end: those that reconstruct validation rows best, or the last ones.
    pub keep: Keep,
}

impl Default for VadeConfig {
    fn default() -> Self {
        Self {
            recipe: VadeRecipe::Default,
            latent_dim: 5,
            components: None,
            representation: None,
            autoencoder: AutoencoderOptions::default(),
            hidden: None,
            means: None,
            decoder_variance: 0.5,
            steps: None,
            batch_size: None,
            learning_rate: None,
            keep: Keep::Last,
        }
    }
}

impl VadeConfig {
    /// Fills what depends on the recipe.
    fn settled(mut self) -> Self {
        let (representation, hidden, means, steps, batch_size, learning_rate) = match self.recipe {
            VadeRecipe::Default => (Representation::Inputs, vec![256, 256], Means::Apart, 3000, 256, 1e-3),
            VadeRecipe::Paper => (Representation::Autoencoder, vec![512, 512, 2048], Means::Zero, 5001, 6144, 1e-4),
        };
        self.representation.get_or_insert(representation);
        self.hidden.get_or_insert(hidden);
        self.means.get_or_insert(means);
        self.steps.get_or_insert(steps);
        self.batch_size.get_or_insert(batch_size);
        self.learning_rate.get_or_insert(learning_rate);
        self.components.get_or_insert(COMPONENTS_PER_LATENT * self.latent_dim);
        self.autoencoder.settle();
        self
    }
}

/// The method with its options.
#[derive(Debug, Clone)]
pub struct Vade {
    config: VadeConfig,
}

impl Vade {
    fn recipe(&self) -> Recipe {
        Recipe {
            keep: self.config.keep,
            ..Recipe::plain(
                network::STAGE,
                self.config.steps.expect(SETTLED),
                Batching::Rows(self.config.batch_size.expect(SETTLED)),
                self.config.learning_rate.expect(SETTLED),
                match self.config.recipe {
                    VadeRecipe::Default => DECAY,
                    VadeRecipe::Paper => Schedule::Constant,
                },
            )
        }
    }

    fn build(&self, dimensions: &Dimensions, params: &mut Params, seed: u64) -> disentangle_nn::Result<VadeNetwork> {
        VadeNetwork::new(params, dimensions.inputs, &self.config, seed)
    }
}

impl Specification for Vade {
    type Config = VadeConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "vade",
        title: "VaDE",
        summary: "A variational auto-encoder whose latents are a mixture of Gaussians.",
        needs: &[],
        gives: &["latents", "decoder"],
        identifies: "the latents up to an affine map, when they are a mixture of Gaussians of full rank and the inputs a piecewise affine function of them",
        left_open: &[Invariance::Linear],
        reference: Reference {
            title: "Variational deep embedding: an unsupervised and generative approach to clustering",
            authors: "Zhuxi Jiang, Yin Zheng, Huachun Tan, Bangsheng Tang, Hanning Zhou",
            year: 2017,
            url: "https://arxiv.org/abs/1611.05148",
        },
        baseline_of: Some("pdgmm"),
    };

    fn new(config: VadeConfig) -> Self {
        Self { config: config.settled() }
    }
}

impl Method for Vade {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        data.needs_rows(Self::INFO.name)?;
        at_most(self.config.latent_dim, data.inputs.cols())
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        let first =
            (self.config.representation == Some(Representation::Autoencoder)).then(|| self.config.autoencoder.recipe());
        first.into_iter().chain([self.recipe()]).map(Stage::Descent).chain([Stage::Solve("scale")]).collect()
    }

    fn network(
        &self,
        dimensions: &Dimensions,
        params: &mut Params,
        seed: u64,
    ) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(Box::new(self.build(dimensions, params, seed)?))
    }

    fn solve(&self, _: &str, data: &Prepared, state: &mut State, _: &mut Solving<'_>) -> Result<OutcomeKind> {
        scale_latents(data, state)?;
        Ok(OutcomeKind::Converged)
    }

    fn findings(&self, data: &Prepared, state: &State, _: &Matrix) -> Result<Findings> {
        account::findings::<VadeNetwork>(data, state)
    }
}

#[cfg(test)]
mod tests;
