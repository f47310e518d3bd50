//! The autoencoder whose code a flow unmixes, where inputs are images or lie in a bent space: a variational one with a standard
//! normal prior, so that its code neither tears nor folds what lies close together.
//!
//!   minimise  E_q |x - f(c)|^2 / (2 variance) + KL( q(c | x) || N(0, I) )
//!
//! It rests while the flow is trained. Images take the published networks: convolutions, and two dense layers of 30 units.

use crate::conditional_vae::{Generator, Posteriors, VaeOptions, image_of};
use disentangle_data::View;
use disentangle_engine::method::{Batch, Batching, Dimensions, Recipe, Term};
use disentangle_nn::optim::Schedule;
use disentangle_nn::{Activation, Layer, Params, Result, Tensor};
use disentangle_nn::{gaussian_kl, mean_squared_error, normals_like, reparameterise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name of the descent.
pub(super) const STAGE: &str = "autoencoder";
/// Of all hidden layers.
pub(super) const HIDDEN: Activation = Activation::LeakyRelu(0.2);
/// Units of a hidden layer: of tables, and of images behind the convolutions.
const UNITS: (usize, usize) = (128, 30);

/// Widths and training of the autoencoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "LatentAnmAutoencoder")]
pub struct AutoencoderOptions {
    /// Units of each of the two hidden dense layers. Absent: 30 where the data are images, behind convolutions, else 128.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1, max = 65536))]
    pub units: Option<usize>,
    /// Variance of an input given the code, in squared standard deviations of the input: the larger, the smoother the code.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1000.0))]
    pub decoder_variance: f64,
    /// Gradient steps.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: usize,
    /// Rows per step; at most all training rows.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub batch_size: usize,
    /// Peak learning rate of Adam.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: f64,
}

impl Default for AutoencoderOptions {
    fn default() -> Self {
        Self { units: None, decoder_variance: 0.01, steps: 1500, batch_size: 32, learning_rate: 2e-3 }
    }
}

impl AutoencoderOptions {
    /// The stage of descent.
    pub(super) fn recipe(&self) -> Recipe {
        Recipe::plain(
            STAGE,
            self.steps,
            Batching::Rows(self.batch_size),
            self.learning_rate,
            Schedule::Cosine { warmup: (50.0 / self.steps as f64).min(0.2), floor: 0.01 },
        )
    }
}

/// Two hidden layers, `units` wide where that was asked for.
pub(super) fn networks(latents: usize, units: Option<usize>, views: &[View]) -> VaeOptions {
    let units = units.unwrap_or(if image_of(views).is_ok() { UNITS.1 } else { UNITS.0 });
    VaeOptions { latent_dim: latents, hidden: vec![units; 2], ..VaeOptions::default() }
}

/// Encoder and decoder.
#[derive(Debug)]
pub(super) struct Autoencoder {
    pub(super) encoder: Posteriors,
    pub(super) decoder: Generator,
    variance: f64,
}

impl Autoencoder {
    /// Adds the parameters `encoder.*` and `decoder.*`, for codes of `latents` columns.
    pub(super) fn new(
        params: &mut Params,
        dimensions: &Dimensions,
        latents: usize,
        options: &AutoencoderOptions,
        seed: u64,
    ) -> Result<Self> {
        let layers = networks(latents, options.units, &dimensions.views);
        Ok(Self {
            encoder: Posteriors::new(params, dimensions, &layers, HIDDEN, seed)?,
            decoder: Generator::new(params, dimensions, &layers, HIDDEN, seed)?,
            variance: options.decoder_variance,
        })
    }

    /// The terms of the loss.
    pub(super) fn terms(&self, batch: &Batch) -> Result<Vec<Term>> {
        let mut draws = batch.draws.clone();
        let (mean, log_variance) = self.encoder.forward(&batch.inputs, batch.phase)?;
        let noise = normals_like(&mut draws, &batch.inputs, self.encoder.latents())?;
        let sample = reparameterise(&mean, &log_variance, &noise)?;
        let weight = self.decoder.outputs() as f64 / (2.0 * self.variance);
        let made = self.decoder.forward(&sample, batch.phase)?;
        let zeros = mean.zeros_like()?;
        let kl = gaussian_kl(&mean, &log_variance, &zeros, &zeros)?.mean_all()?;
        Ok(vec![
            Term { name: "reconstruction", value: (mean_squared_error(&made, &batch.inputs)? * weight)? },
            Term { name: "kl", value: kl },
        ])
    }

    /// Codes (b, k) of inputs (b, d), outside any graph.
    pub(super) fn code(&self, inputs: &Tensor) -> Result<Tensor> {
        self.encoder.mean(inputs)
    }

    /// Inputs of codes, outside any graph.
    pub(super) fn decode(&self, codes: &Tensor) -> Result<Tensor> {
        self.decoder.apply(codes)
    }

    /// What [`Autoencoder::code`] computes.
    pub(super) fn encoder_layers(&self) -> Vec<Layer> {
        self.encoder.layers()
    }

    /// What [`Autoencoder::decode`] computes.
    pub(super) fn decoder_layers(&self) -> Vec<Layer> {
        self.decoder.layers()
    }

    /// Entries of feature maps of one row, forwards and backwards.
    pub(super) fn held_per_row(&self) -> usize {
        2 * (self.encoder.entries() + self.decoder.entries())
    }
}
