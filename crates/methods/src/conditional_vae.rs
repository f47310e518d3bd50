//! Variational auto-encoders whose prior is conditioned on the target or the environment, or on nothing: what `ivae`, `icarl`, their
//! multi-task forms and `vae` share.
//!
//! Objective: `minimise  E_q [-log p(x | z)] + KL(q(z | x) || p(z | u))`, with u the target, the environment where there is no target, or the target and its task.
//!
//! The encoder sees x alone, in all of them. The published encoders see x and u; then new rows would have latents only
//! where their targets are known, and targets of test rows would leak into latents that are scored against what predicts them;
//! and rows of an environment that the fit never saw would have none.
//! The bound holds for every q, and is as tight where x determines z, as the theorems on these models assume.

pub(crate) mod account;
mod condition;
mod layers;
mod network;
mod prior;

pub use condition::Condition;
pub(crate) use condition::indicators;
pub(crate) use layers::{Generator, Posteriors, image_of, passed_over, sizes};
pub use prior::Prior;

use crate::descent_options::{DECAY, Defaults, DescentOptions};
use crate::regression::{at_most, scale_latents};
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::{Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Specification};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{Dimensions, Findings, Keep, Method, Network, Recipe, Stage, State};
use disentangle_engine::results::{Assumption, OutcomeKind, Status};
use disentangle_nn::Params;
use network::VaeNetwork;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How inputs become latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoder {
    /// Convolutions for images of at least 4 x 4 pixels, else dense layers.
    #[default]
    Auto,
    /// Dense layers.
    Mlp,
    /// Up to four convolutions that each halve the image (32 channels), then dense layers.
    Convolutional,
}

/// How latents become inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decoder {
    /// As the encoder's `auto`.
    #[default]
    Auto,
    /// A network with the hidden layers of the encoder.
    Mlp,
    /// One linear layer: for inputs that are known to mix the latents linearly.
    Linear,
    /// The mirror of the convolutional encoder.
    Convolutional,
}

/// What variational auto-encoders begin with.
#[derive(Debug, Clone, PartialEq)]
pub struct VaeDescent;

impl Defaults for VaeDescent {
    const BATCH_SIZE: usize = 256;
    const KEEP: Keep = Keep::Last;
}

/// Networks and training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VaeOptions {
    /// Number of latents.
    #[schemars(range(min = 1, max = 256))]
    pub latent_dim: usize,
    /// Widths of the hidden dense layers of encoder, decoder and prior (LeakyReLU, slope 0.1); of images they follow the convolutions.
    #[schemars(length(min = 1, max = 8), inner(range(min = 1, max = 65536)))]
    pub hidden: Vec<usize>,
    /// How inputs become latents: by dense layers, or by convolutions that halve an image up to four times and dense layers. `auto`:
    /// convolutions where the data are images of one view, at least 4 x 4 pixels large.
    pub encoder: Encoder,
    /// How latents become inputs: by a dense network, one linear layer, or the mirror of the convolutional encoder. `auto`: the mirror
    /// where the data are such images, else a network.
    pub decoder: Decoder,
    /// Variance of an input given the latents, in squared standard deviations of the input. It is not learned: the smaller,
    /// the more the reconstruction counts beside the prior.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1000.0))]
    pub decoder_variance: f64,
    /// Gradient steps.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: usize,
    /// Peak learning rate of Adam.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: f64,
    /// How a step is taken, and when the descent ends.
    #[serde(flatten)]
    pub descent: DescentOptions<VaeDescent>,
}

impl Default for VaeOptions {
    fn default() -> Self {
        Self {
            latent_dim: 5,
            hidden: vec![50, 50],
            encoder: Encoder::Auto,
            decoder: Decoder::Auto,
            decoder_variance: 0.01,
            steps: 10_000,
            learning_rate: 1e-3,
            descent: DescentOptions::default(),
        }
    }
}

impl VaeOptions {
    fn recipe(&self) -> Recipe {
        self.descent.recipe("bound", self.steps, self.learning_rate, DECAY)
    }
}

/// What tells one method of the family from another.
pub trait Variant: Clone + Send + Sync + 'static {
    /// The options of the method.
    type Config: Clone + std::fmt::Debug + Serialize + JsonSchema + for<'a> Deserialize<'a> + Send + Sync;
    /// What the method is.
    const INFO: MethodInfo;

    /// Fills in what is left open.
    fn settle(_: &mut Self::Config) {}

    /// The options that all have.
    fn options(config: &Self::Config) -> &VaeOptions;
    /// The family of the prior.
    fn prior(config: &Self::Config) -> Prior;
    /// What the prior is conditioned on.
    fn condition(config: &Self::Config) -> Condition;
}

/// A method of the family with its options.
#[derive(Debug, Clone)]
pub struct ConditionalVae<V: Variant> {
    config: V::Config,
}

impl<V: Variant> ConditionalVae<V> {
    fn options(&self) -> &VaeOptions {
        V::options(&self.config)
    }

    fn build(&self, dimensions: &Dimensions, params: &mut Params, seed: u64) -> disentangle_nn::Result<VaeNetwork> {
        let (prior, condition) = (V::prior(&self.config), V::condition(&self.config));
        VaeNetwork::new(params, dimensions, self.options(), prior, condition, seed)
    }
}

impl<V: Variant> Specification for ConditionalVae<V> {
    type Config = V::Config;

    const INFO: MethodInfo = V::INFO;

    fn new(mut config: V::Config) -> Self {
        V::settle(&mut config);
        Self { config }
    }
}

impl<V: Variant> Method for ConditionalVae<V> {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        V::condition(&self.config).check(data, V::INFO.name)?;
        layers::check(self.options(), &data.views)?;
        // The first convolution sees windows of all rows; dense layers have weights for every column.
        if self.options().encoder == Encoder::Mlp || layers::image_of(&data.views).is_err() {
            data.needs_rows(V::INFO.name)?;
        }
        at_most(self.options().latent_dim, data.inputs.cols())
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        vec![Stage::Descent(self.options().recipe()), Stage::Solve("scale")]
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
        let mut found = account::findings::<VaeNetwork>(data, state)?;
        found.warnings.extend(layers::passed_over(self.options(), &data.views).map(|reason| {
            let message = format!("pixels are taken as columns, without their places: {reason}");
            Warning::new("IMAGES_AS_COLUMNS", message)
                .hint("fit the images alone, or say `encoder: \"mlp\"` and `decoder: \"mlp\"` if this is what you want")
        }));
        let told = V::condition(&self.config).told(data);
        let enough = told
            .as_ref()
            .and_then(|told| told.environments)
            .map(|count| enough_environments(count, V::prior(&self.config).statistics(self.options().latent_dim)));
        Ok(Findings { conditioned: told, assumptions: enough.into_iter().collect(), ..found })
    }
}

/// Identifiability asks for one environment more than the prior has sufficient statistics, whose parameters all differ.
fn enough_environments(count: usize, statistics: usize) -> Assumption {
    let needed = statistics + 1;
    Assumption {
        id: "environments".into(),
        question: "Are there enough environments to tell the latents apart?".into(),
        status: if count >= needed { Status::Ok } else { Status::Warning },
        finding: format!(
            "{count} environments have training rows; the theorem asks for {needed}, one more than the prior has sufficient statistics."
        ),
    }
}

#[cfg(test)]
mod tests;
