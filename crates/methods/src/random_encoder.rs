//! Random encoder: the encoder of the other methods before any training. What it reaches, training has not earned.
//!
//! Objective: none; latents are scaled to unit variance.
//!
//! Assumes nothing and identifies nothing: k random, curved functions of the inputs.
//!
//! Reference: see `INFO`.
//!
//! Differs from the paper:
//! - LeakyReLU features in layers with PyTorch's initial values, as the trained encoders begin, in place of random
//!   Fourier features.

use crate::regression::{Encoder, EncoderOptions, LatentDim, at_most, scale_latents};
use disentangle_data::prepare::Prepared;
use disentangle_data::{Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{Batch, Dimensions, Findings, Method, Network, Stage, State, Term};
use disentangle_engine::results::OutcomeKind;
use disentangle_metrics::cards::Invariance;
use disentangle_nn::{Error, Layer, Params, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of `random-encoder`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RandomEncoderConfig {
    /// Number of latents. As a yardstick of another method: its number of latents.
    #[schemars(range(min = 1, max = 256))]
    pub latent_dim: usize,
    /// Widths of the encoder's hidden layers (LeakyReLU, slope 0.01).
    #[schemars(length(min = 1, max = 8), inner(range(min = 1, max = 65536)))]
    pub hidden: Vec<usize>,
}

impl Default for RandomEncoderConfig {
    fn default() -> Self {
        Self { latent_dim: 5, hidden: EncoderOptions::default().hidden }
    }
}

/// The method with its options.
#[derive(Debug, Clone)]
pub struct RandomEncoder {
    config: RandomEncoderConfig,
}

impl Specification for RandomEncoder {
    type Config = RandomEncoderConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "random-encoder",
        title: "Random encoder",
        summary: "Yardstick: an encoder with its initial random parameters, untrained.",
        needs: &[],
        gives: &["latents"],
        identifies: "nothing",
        left_open: &[Invariance::Linear],
        reference: Reference {
            title: "Random features for large-scale kernel machines",
            authors: "Ali Rahimi, Benjamin Recht",
            year: 2007,
            url: "https://papers.nips.cc/paper/3182-random-features-for-large-scale-kernel-machines",
        },
        baseline_of: None,
    };

    fn new(config: RandomEncoderConfig) -> Self {
        Self { config }
    }
}

struct Untrained(Encoder);

impl Network for Untrained {
    fn loss(&self, _: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        Err(Error::Msg("an encoder that is not trained has no loss".into()).bt())
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        self.0.apply(inputs)
    }

    fn encoder_layers(&self) -> disentangle_nn::Result<Option<Vec<Layer>>> {
        Ok(Some(self.0.layers()))
    }
}

impl Method for RandomEncoder {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        at_most(self.config.latent_dim, data.inputs.cols())
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        vec![Stage::Solve("scale")]
    }

    fn network(
        &self,
        dimensions: &Dimensions,
        params: &mut Params,
        seed: u64,
    ) -> disentangle_nn::Result<Box<dyn Network>> {
        let RandomEncoderConfig { latent_dim, hidden } = self.config.clone();
        let options = EncoderOptions { latent_dim: LatentDim::Fixed(latent_dim), hidden, ..EncoderOptions::default() };
        Ok(Box::new(Untrained(Encoder::new(params, dimensions.inputs, &options, seed)?)))
    }

    fn solve(&self, _: &str, data: &Prepared, state: &mut State, _: &mut Solving<'_>) -> Result<OutcomeKind> {
        scale_latents(data, state)?;
        Ok(OutcomeKind::Converged)
    }

    fn findings(&self, _: &Prepared, _: &State, _: &Matrix) -> Result<Findings> {
        Ok(Findings::default())
    }
}
