//! Stage 1 of pdGMM: an autoencoder whose code is made as Gaussian as the reconstruction allows, so that the code is an affine
//! map of the latents.
//!
//!   minimise  mean_ij (x_ij - xhat_ij)^2 + 1/2 mean_i |zhat_i|^2 ,   zhat = norm(encoder(x)) ,   xhat = decoder(zhat) ,
//!
//! the second term being -log N(zhat; 0, I) without its constant, and `norm` a batch normalisation with scale and shift.

use disentangle_engine::method::{Batching, Phase, Recipe, Term};
use disentangle_nn::optim::Schedule;
use disentangle_nn::{Activation, Affine, BatchNorm, Layer, Mlp, Params, mean_squared_error};
use disentangle_nn::{Result, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name of the descent.
pub const STAGE: &str = "autoencoder";

/// Of all hidden layers.
const HIDDEN: Activation = Activation::LeakyRelu(0.02);

/// How the autoencoder is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AutoencoderRecipe {
    /// Small batches at a rate that rises and falls.
    #[default]
    OneCycle,
    /// The published procedure: large batches at a small constant rate.
    Paper,
}

/// Widths and training of the autoencoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AutoencoderOptions {
    /// How it is trained: `one-cycle` takes small batches and few steps, `paper` is the published procedure.
    pub recipe: AutoencoderRecipe,
    /// Units per latent of the first and last hidden layer of encoder and decoder; the two between are twice as wide.
    #[schemars(range(min = 1, max = 1024))]
    pub width: usize,
    /// Gradient steps. Absent: 1500 for `one-cycle`, 5001 for `paper`.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: Option<usize>,
    /// Rows per step; at most all training rows. Absent: 512 for `one-cycle`, 6144 for `paper`.
    #[schemars(range(min = 2, max = 1_048_576))]
    pub batch_size: Option<usize>,
    /// Peak learning rate of Adam. Absent: 0.001 for `one-cycle`, 0.0001 for `paper`.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: Option<f64>,
}

impl Default for AutoencoderOptions {
    fn default() -> Self {
        Self { recipe: AutoencoderRecipe::OneCycle, width: 50, steps: None, batch_size: None, learning_rate: None }
    }
}

impl AutoencoderOptions {
    /// Fills what depends on the recipe.
    pub fn settle(&mut self) {
        let (steps, batch_size, learning_rate) = self.recipe.defaults();
        self.steps.get_or_insert(steps);
        self.batch_size.get_or_insert(batch_size);
        self.learning_rate.get_or_insert(learning_rate);
    }

    /// The stage of descent.
    pub fn recipe(&self) -> Recipe {
        let (steps, batch_size, learning_rate) = self.recipe.defaults();
        Recipe::plain(
            STAGE,
            self.steps.unwrap_or(steps),
            Batching::Rows(self.batch_size.unwrap_or(batch_size)),
            self.learning_rate.unwrap_or(learning_rate),
            match self.recipe {
                AutoencoderRecipe::OneCycle => Schedule::OneCycle { rise: 0.1, start: 0.04, floor: 4e-6 },
                AutoencoderRecipe::Paper => Schedule::Constant,
            },
        )
    }

    /// Widths of the encoder's hidden layers for `k` latents.
    fn hidden(&self, k: usize) -> [usize; 4] {
        [1, 2, 2, 1].map(|times| times * self.width * k)
    }
}

impl AutoencoderRecipe {
    /// Steps, rows per step and peak learning rate.
    fn defaults(self) -> (usize, usize, f64) {
        match self {
            AutoencoderRecipe::OneCycle => (1500, 512, 1e-3),
            AutoencoderRecipe::Paper => (5001, 6144, 1e-4),
        }
    }
}

/// Encoder, normalisation of the code, and decoder.
#[derive(Debug)]
pub struct Autoencoder {
    encoder: Mlp,
    norm: BatchNorm,
    decoder: Mlp,
}

impl Autoencoder {
    /// Adds the parameters `autoencoder.encoder.*`, `autoencoder.norm.*` and `autoencoder.decoder.*`, for codes of `latents`
    /// columns.
    ///
    /// # Errors
    /// Those of candle.
    pub fn new(
        params: &mut Params,
        (inputs, latents): (usize, usize),
        options: &AutoencoderOptions,
        seed: u64,
    ) -> Result<Self> {
        let hidden = options.hidden(latents);
        let sizes: Vec<usize> = std::iter::once(inputs).chain(hidden).chain([latents]).collect();
        let reversed: Vec<usize> = sizes.iter().rev().copied().collect();
        let mut mlp = |part: &str, sizes: &[usize]| {
            Mlp::new(params, &format!("{STAGE}.{part}"), sizes, HIDDEN, Activation::Identity, seed)
        };
        let (encoder, decoder) = (mlp("encoder", &sizes)?, mlp("decoder", &reversed)?);
        let norm = BatchNorm::new(params, &format!("{STAGE}.norm"), latents, Affine::Learnt)?;
        Ok(Self { encoder, norm, decoder })
    }

    /// The terms of the loss on `x (b, d)`. Training moves the running statistics of the normalisation.
    ///
    /// # Errors
    /// Those of candle.
    pub fn terms(&self, x: &Tensor, phase: Phase) -> Result<Vec<Term>> {
        let code = self.encoder.forward(x)?;
        let code = match phase {
            Phase::Train => self.norm.forward(&code)?,
            Phase::Evaluate => self.norm.apply(&code)?,
        };
        let squares = mean_squared_error(&code, &code.zeros_like()?)?;
        let prior = (squares * (0.5 * self.encoder.outputs() as f64))?;
        let reconstruction = mean_squared_error(&self.decoder.forward(&code)?, x)?;
        Ok(vec![Term { name: "reconstruction", value: reconstruction }, Term { name: "prior", value: prior }])
    }

    /// Codes (b, k) of inputs (b, d), by the running statistics and outside any graph: what later stages stand on.
    ///
    /// # Errors
    /// Those of candle.
    pub fn encode(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.norm.apply(&self.encoder.apply(x)?)?.detach())
    }

    /// Inputs (b, d) of codes (b, k), outside any graph.
    ///
    /// # Errors
    /// Those of candle.
    pub fn decode(&self, codes: &Tensor) -> Result<Tensor> {
        self.decoder.apply(codes)
    }

    /// What [`Autoencoder::encode`] computes.
    ///
    /// # Errors
    /// Those of candle.
    pub fn encoder_layers(&self) -> Result<Vec<Layer>> {
        Ok([self.encoder.layers(), vec![self.norm.layer()?]].concat())
    }

    /// What [`Autoencoder::decode`] computes.
    pub fn decoder_layers(&self) -> Vec<Layer> {
        self.decoder.layers()
    }
}
