//! Stage 1 of pdGMM on images: an autoencoder whose code says where things are (`nn::KeypointEncoder`).
//!
//!   minimise  mean_ij (x_ij - xhat_ij)^2 ,   xhat = decoder(norm(c) + noise) ,   c = places of keypoints in x ,
//!
//! `norm` a batch normalisation without scale and shift. The noise keeps the decoder from reading places off differences too small to be
//! seen in other images; the code is `c` itself, whose units are shares of the image, so that keypoints that hardly move count little.

use disentangle_data::views::{self, Image};
use disentangle_data::{Code, Failure, View};
use disentangle_engine::method::{Batch, Batching, Phase, Recipe, Term};
use disentangle_nn::optim::Schedule;
use disentangle_nn::{
    Activation, Affine, BatchNorm, ImageDecoder, ImageLayers, KeypointEncoder, LEAST_SIDE_OF_KEYPOINTS, Params,
    mean_squared_error, normals_like,
};
use disentangle_nn::{Result, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name of the descent.
pub const STAGE: &str = "keypoints";

/// Of all hidden layers.
const HIDDEN: Activation = Activation::LeakyRelu(0.1);

/// The autoencoder of images and its training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "PdgmmKeypoints")]
pub struct KeypointOptions {
    /// Keypoints, two coordinates each. Absent: twice the latents.
    #[schemars(range(min = 1, max = 1024))]
    pub count: Option<usize>,
    /// Channels of every halved image.
    #[schemars(range(min = 1, max = 1024))]
    pub channels: usize,
    /// Width of the decoder's dense layer.
    #[schemars(range(min = 1, max = 65536))]
    pub hidden: usize,
    /// Gradient steps.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: usize,
    /// Images per step; at most all training rows.
    #[schemars(range(min = 2, max = 1_048_576))]
    pub batch_size: usize,
    /// Peak learning rate of Adam.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: f64,
    /// Standard deviation of the noise on the code that the decoder sees, whose own is 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub noise: f64,
}

impl Default for KeypointOptions {
    fn default() -> Self {
        Self { count: None, channels: 16, hidden: 128, steps: 1500, batch_size: 64, learning_rate: 2e-3, noise: 0.05 }
    }
}

impl KeypointOptions {
    /// The descent.
    pub fn recipe(&self) -> Recipe {
        Recipe::plain(
            STAGE,
            self.steps,
            Batching::Rows(self.batch_size),
            self.learning_rate,
            Schedule::OneCycle { rise: 0.1, start: 0.04, floor: 4e-6 },
        )
    }

    /// Keypoints for `k` latents.
    pub fn keypoints(&self, k: usize) -> usize {
        self.count.unwrap_or(2 * k)
    }
}

/// The image in which keypoints can be found, or why there is none.
pub fn image_of(views: &[View]) -> std::result::Result<Image, String> {
    match views {
        [View { image: Some(image), .. }] if image.height.min(image.width) >= LEAST_SIDE_OF_KEYPOINTS => Ok(*image),
        [View { image: Some(image), .. }] => {
            let least = LEAST_SIDE_OF_KEYPOINTS;
            Err(format!("the images are {image} pixels, and keypoints need at least {least} x {least}"))
        }
        [_] | [] => Err("the inputs are a table, not images".into()),
        several => Err(format!("there are {} views, {}", several.len(), views::listed(several))),
    }
}

/// Refuses keypoints of what is not an image, and too few of them.
pub fn check(options: &KeypointOptions, views: &[View], k: usize) -> disentangle_data::Result<()> {
    if let Err(reason) = image_of(views) {
        let message = format!("representation: keypoints are found in images of one view: {reason}");
        return Err(Failure::new(Code::DataNeedsImages, message)
            .at("representation")
            .hint("leave `representation` out, or give larger images, and nothing beside them"));
    }
    let code = 2 * options.keypoints(k);
    if code < k {
        let least = k.div_ceil(2);
        return Err(Failure::new(
            Code::ConfigConflict,
            format!("keypoints.count: {} keypoints have {code} coordinates, fewer than {k} latents", code / 2),
        )
        .at("keypoints.count")
        .hint(format!("choose at least {least}, or leave it out")));
    }
    Ok(())
}

/// Encoder, normalisation of its code, and decoder.
#[derive(Debug)]
pub struct Keypoints {
    encoder: KeypointEncoder,
    norm: BatchNorm,
    decoder: ImageDecoder,
    noise: f64,
}

impl Keypoints {
    /// Adds the parameters `keypoints.encoder.*`, `keypoints.norm.*` and `keypoints.decoder.*`, for `k` latents.
    ///
    /// # Errors
    /// Those of candle.
    pub fn new(params: &mut Params, image: Image, k: usize, options: &KeypointOptions, seed: u64) -> Result<Self> {
        let (sizes, name) = ((options.channels, options.keypoints(k)), |part: &str| format!("{STAGE}.{part}"));
        let encoder = KeypointEncoder::new(params, &name("encoder"), image, sizes, HIDDEN, seed)?;
        let norm = BatchNorm::new(params, &name("norm"), encoder.code(), Affine::None)?;
        let (channels, hidden, code) = (options.channels, &[options.hidden][..], encoder.code());
        let layers = ImageLayers { image, channels, hidden, code, activation: HIDDEN };
        let decoder = ImageDecoder::new(params, &name("decoder"), layers, seed)?;
        Ok(Self { encoder, norm, decoder, noise: options.noise })
    }

    /// The terms of the loss. Training moves the running statistics of the normalisation, and has noise.
    ///
    /// # Errors
    /// Those of candle.
    pub fn terms(&self, batch: &Batch) -> Result<Vec<Term>> {
        let decoded = match batch.phase {
            Phase::Train => {
                let code = self.norm.forward(&self.encoder.forward(&batch.inputs)?)?;
                let noise = normals_like(&mut batch.draws.clone(), &code, self.encoder.code())?;
                self.decoder.forward(&(code + (noise * self.noise)?)?)?
            }
            Phase::Evaluate => self.decode(&self.encode(&batch.inputs)?)?,
        };
        Ok(vec![Term { name: "reconstruction", value: mean_squared_error(&decoded, &batch.inputs)? }])
    }

    /// Codes (b, 2 keypoints) of images, outside any graph.
    ///
    /// # Errors
    /// Those of candle.
    pub fn encode(&self, x: &Tensor) -> Result<Tensor> {
        self.encoder.apply(x)
    }

    /// Images of codes, outside any graph.
    ///
    /// # Errors
    /// Those of candle.
    pub fn decode(&self, codes: &Tensor) -> Result<Tensor> {
        self.decoder.apply(&self.norm.apply(codes)?.detach())
    }

    /// Entries of the code.
    pub fn code(&self) -> usize {
        self.encoder.code()
    }

    /// Entries of the feature maps of one row.
    pub fn entries(&self) -> usize {
        self.encoder.entries() + self.decoder.entries()
    }
}
