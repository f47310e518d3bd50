//! What methods that predict a target through a latent code share: the encoder, its options, and the scale of latents.

use crate::descent_options::{Defaults, DescentOptions};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_engine::method::{Candidates, Keep, MAP, Recipe, State};
use disentangle_engine::train;
use disentangle_nn::optim::{AdamSettings, Schedule};
use disentangle_nn::{Activation, Layer, Mlp, Params};
use disentangle_nn::{Tensor, internal};
use disentangle_numerics::moments::{covariance, positive};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The number of latents: given, or chosen by validation error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum LatentDim {
    /// So many.
    Fixed(#[schemars(range(min = 1, max = 256))] usize),
    /// The smallest number whose validation error is as good as any up to `maxLatentDim`.
    Auto(Auto),
}

/// The word `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Auto {
    /// Chosen from the data, without the truth.
    Auto,
}

/// What an encoder that predicts begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderDescent;

impl Defaults for EncoderDescent {
    const BATCH_SIZE: usize = 1000;
    const KEEP: Keep = Keep::Best;
}

/// Encoder, latent dimension and training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EncoderOptions {
    /// Number of latents, or `auto`: the smallest number whose validation error is as good as any.
    pub latent_dim: LatentDim,
    /// Largest number of latents that `auto` tries.
    #[schemars(range(min = 1, max = 256))]
    pub max_latent_dim: usize,
    /// Widths of the encoder's hidden layers (LeakyReLU, slope 0.01).
    #[schemars(length(min = 1, max = 8), inner(range(min = 1, max = 65536)))]
    pub hidden: Vec<usize>,
    /// Gradient steps. Absent: 1500, or 15000 for `algorithm` `paper` of `tbr`.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: Option<usize>,
    /// Peak learning rate of Adam. Absent: 0.01, or 0.001 for `algorithm` `paper` of `tbr`.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: Option<f64>,
    /// Decoupled weight decay. Helps when rows are few.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub weight_decay: f64,
    /// How a step is taken, and when the descent ends.
    #[serde(flatten)]
    pub descent: DescentOptions<EncoderDescent>,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self {
            latent_dim: LatentDim::Auto(Auto::Auto),
            max_latent_dim: 8,
            hidden: vec![256, 64],
            steps: None,
            learning_rate: None,
            weight_decay: 0.0,
            descent: DescentOptions::default(),
        }
    }
}

impl EncoderOptions {
    /// Fills what depends on the algorithm.
    pub fn settle(&mut self, steps: usize, learning_rate: f64) {
        self.steps.get_or_insert(steps);
        self.learning_rate.get_or_insert(learning_rate);
    }

    /// The number of latents once it is known.
    ///
    /// # Panics
    /// While it is `auto`: the driver settles candidates first.
    pub fn fixed_dim(&self) -> usize {
        match self.latent_dim {
            LatentDim::Fixed(k) => k,
            LatentDim::Auto(_) => unreachable!("candidates are settled before a network is built"),
        }
    }

    /// Refuses more latents than inputs.
    ///
    /// # Errors
    /// `CONFIG_OUT_OF_RANGE`.
    pub fn check(&self, inputs: usize) -> Result<()> {
        match self.latent_dim {
            LatentDim::Fixed(k) => at_most(k, inputs),
            LatentDim::Auto(_) => Ok(()),
        }
    }

    /// The candidates of `auto`.
    pub fn candidates(&self, inputs: usize) -> Option<Candidates> {
        match self.latent_dim {
            LatentDim::Fixed(_) => None,
            LatentDim::Auto(_) => Some(Candidates::tried("latentDim", (1..=self.max_latent_dim.min(inputs)).collect())),
        }
    }

    /// The tuned recipe: Adam with 3 % warm-up and a cosine down to a ten-thousandth of the peak.
    pub fn recipe(&self, name: &'static str, betas: (f64, f64)) -> Recipe {
        Recipe {
            adam: AdamSettings {
                beta1: betas.0,
                beta2: betas.1,
                weight_decay: self.weight_decay,
                ..AdamSettings::default()
            },
            ..self.descent.recipe(
                name,
                self.steps.unwrap_or(1500),
                self.learning_rate.unwrap_or(1e-2),
                Schedule::Cosine { warmup: 0.03, floor: 1e-4 },
            )
        }
    }
}

/// Refuses more latents than inputs.
///
/// # Errors
/// `CONFIG_OUT_OF_RANGE`.
pub fn at_most(latents: usize, inputs: usize) -> Result<()> {
    if latents <= inputs {
        return Ok(());
    }
    let message = format!("latentDim: {latents} latents cannot be recovered from {inputs} input columns");
    Err(Failure::new(Code::ConfigOutOfRange, message)
        .at("latentDim")
        .hint(format!("choose latentDim <= {inputs}, or more inputs"))
        .with("inputs", inputs))
}

/// Psi: inputs -> hidden layers with LeakyReLU -> k latents.
#[derive(Debug)]
pub struct Encoder(Mlp);

impl Encoder {
    /// Adds the encoder's parameters under `encoder.`.
    ///
    /// # Errors
    /// Those of candle.
    pub fn new(
        params: &mut Params,
        inputs: usize,
        options: &EncoderOptions,
        seed: u64,
    ) -> disentangle_nn::Result<Self> {
        let sizes: Vec<usize> =
            std::iter::once(inputs).chain(options.hidden.iter().copied()).chain([options.fixed_dim()]).collect();
        Ok(Self(Mlp::new(params, "encoder", &sizes, Activation::LeakyRelu(0.01), Activation::Identity, seed)?))
    }

    /// Latents in the graph.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        self.0.forward(inputs)
    }

    /// Latents outside any graph.
    ///
    /// # Errors
    /// Those of candle.
    pub fn apply(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        self.0.apply(inputs)
    }

    /// What it computes.
    pub fn layers(&self) -> Vec<Layer> {
        self.0.layers()
    }
}

/// Settles the map, diag(1 / sd), that gives every latent unit standard deviation over the training rows; returns the standard
/// deviations before it, k. A latent that does not vary keeps its scale.
///
/// # Errors
/// Those of encoding.
pub fn scale_latents(data: &Prepared, state: &mut State) -> Result<Vec<f64>> {
    let codes = train::codes_of_rows(state, &data.inputs, &data.rows_of(Split::Train))?;
    let covariance = covariance(&codes);
    let sd: Vec<f64> = (0..codes.cols()).map(|j| positive(covariance[(j, j)].sqrt())).collect();
    let map = Matrix::from_fn(sd.len(), sd.len(), |i, j| if i == j { 1.0 / sd[i] } else { 0.0 });
    state.solved.insert(MAP.into(), map);
    Ok(sd)
}

/// A trained parameter in double precision; vectors as one row.
///
/// # Errors
/// `ARTIFACT_CORRUPT` when there is none of this name.
pub fn parameter(state: &State, name: &str) -> Result<Matrix<f64>> {
    let exported = state.params.export().map_err(internal)?;
    let found = exported.into_iter().find(|p| p.name == name);
    let found =
        found.ok_or_else(|| Failure::new(Code::ArtifactCorrupt, format!("the parameter {name:?} is missing")))?;
    let cols = found.shape.last().copied().unwrap_or(1);
    let rows = found.values.len() / cols.max(1);
    Matrix::new(rows, cols, found.values.into_iter().map(f64::from).collect())
}
