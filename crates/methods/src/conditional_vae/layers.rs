//! What turns inputs into posteriors and latents into inputs: dense layers, or convolutions where the one view of the data is an image.

use super::{Decoder, Encoder, VaeOptions};
use disentangle_data::views::{self, Image};
use disentangle_data::{Code, Failure, View};
use disentangle_engine::method::{Dimensions, Phase};
use disentangle_nn::{Activation, ImageDecoder, ImageEncoder, ImageLayers, LEAST_SIDE, Layer, Mlp, Params, halvings};
use disentangle_nn::{Error, Result, Tensor};

/// Of all hidden layers of the family.
pub(super) const HIDDEN: Activation = Activation::LeakyRelu(0.1);
/// Channels of every halved image.
const CHANNELS: usize = 32;

/// The image that convolutions halve, or why there is none.
pub(crate) fn image_of(views: &[View]) -> std::result::Result<Image, String> {
    match views {
        [View { image: Some(image), .. }] if halvings(*image) > 0 => Ok(*image),
        [View { image: Some(image), .. }] => {
            Err(format!("the images are {image} pixels, and convolutions need at least {LEAST_SIDE} x {LEAST_SIDE}"))
        }
        [_] | [] => Err("the inputs are a table, not images".into()),
        several => Err(format!("there are {} views, {}", several.len(), views::listed(several))),
    }
}

/// Refuses convolutions that were asked for where there is nothing to halve.
pub(super) fn check(options: &VaeOptions, views: &[View]) -> disentangle_data::Result<()> {
    let asked = [
        ("encoder", options.encoder == Encoder::Convolutional),
        ("decoder", options.decoder == Decoder::Convolutional),
    ];
    match (asked.into_iter().find(|(_, asked)| *asked), image_of(views)) {
        (Some((option, _)), Err(reason)) => {
            let message = format!("{option}: a convolutional {option} takes images of one view: {reason}");
            Err(Failure::new(Code::DataNeedsImages, message)
                .at(option)
                .hint(format!("leave `{option}` out for dense layers, or give larger images, and nothing beside them")))
        }
        _ => Ok(()),
    }
}

/// Why images are taken as columns though nobody asked for it.
pub(crate) fn passed_over(options: &VaeOptions, views: &[View]) -> Option<String> {
    let open = options.encoder == Encoder::Auto || options.decoder == Decoder::Auto;
    let shown = views.iter().any(|view| view.image.is_some());
    image_of(views).err().filter(|_| open && shown)
}

/// The image, where `wanted` may be open.
fn image(views: &[View], wanted: Wanted) -> Result<Option<Image>> {
    match (wanted, image_of(views)) {
        (Wanted::Dense, _) | (Wanted::Open, Err(_)) => Ok(None),
        (_, Ok(image)) => Ok(Some(image)),
        (Wanted::Convolutions, Err(reason)) => Err(Error::Msg(reason).bt()),
    }
}

enum Wanted {
    Open,
    Dense,
    Convolutions,
}

/// Sizes of the layers of a dense network, input first.
pub(crate) fn sizes(inputs: usize, hidden: &[usize], outputs: usize) -> Vec<usize> {
    std::iter::once(inputs).chain(hidden.iter().copied()).chain([outputs]).collect()
}

/// Inputs to means and log-variances of the posterior.
#[derive(Debug)]
pub(crate) enum Posteriors {
    /// A network for each.
    Dense { mean: Mlp, log_variance: Mlp },
    /// One network whose code is both, side by side.
    Images { both: ImageEncoder, latents: usize },
}

impl Posteriors {
    pub(crate) fn new(
        params: &mut Params,
        dimensions: &Dimensions,
        options: &VaeOptions,
        activation: Activation,
        seed: u64,
    ) -> Result<Self> {
        let wanted = match options.encoder {
            Encoder::Auto => Wanted::Open,
            Encoder::Mlp => Wanted::Dense,
            Encoder::Convolutional => Wanted::Convolutions,
        };
        let (d, k) = (dimensions.inputs, options.latent_dim);
        if let Some(image) = image(&dimensions.views, wanted)? {
            let layers = ImageLayers { image, channels: CHANNELS, hidden: &options.hidden, code: 2 * k, activation };
            return Ok(Self::Images { both: ImageEncoder::new(params, "encoder", layers, seed)?, latents: k });
        }
        let mut mlp = |name: &str| {
            Mlp::glorot(params, name, &sizes(d, &options.hidden, k), activation, Activation::Identity, seed)
        };
        Ok(Self::Dense { mean: mlp("encoder.mean")?, log_variance: mlp("encoder.logVariance")? })
    }

    /// Mean and log-variance (b, k) of inputs (b, d); without a graph where nothing is trained and it would hold feature maps of all rows.
    pub(crate) fn forward(&self, inputs: &Tensor, phase: Phase) -> Result<(Tensor, Tensor)> {
        match (self, phase) {
            (Self::Dense { mean, log_variance }, _) => Ok((mean.forward(inputs)?, log_variance.forward(inputs)?)),
            (Self::Images { both, latents }, Phase::Train) => halves(&both.forward(inputs)?, *latents),
            (Self::Images { both, latents }, Phase::Evaluate) => halves(&both.apply(inputs)?, *latents),
        }
    }

    /// The same outside any graph.
    pub(crate) fn apply(&self, inputs: &Tensor) -> Result<(Tensor, Tensor)> {
        match self {
            Self::Dense { mean, log_variance } => Ok((mean.apply(inputs)?, log_variance.apply(inputs)?)),
            Self::Images { both, latents } => halves(&both.apply(inputs)?, *latents),
        }
    }

    /// The means alone.
    pub(crate) fn mean(&self, inputs: &Tensor) -> Result<Tensor> {
        match self {
            Self::Dense { mean, .. } => mean.apply(inputs),
            Self::Images { .. } => Ok(self.apply(inputs)?.0),
        }
    }

    pub(crate) fn latents(&self) -> usize {
        match self {
            Self::Dense { mean, .. } => mean.outputs(),
            Self::Images { latents, .. } => *latents,
        }
    }

    /// The layers of the means.
    pub(crate) fn layers(&self) -> Vec<Layer> {
        match self {
            Self::Dense { mean, .. } => mean.layers(),
            Self::Images { both, latents } => {
                both.layers().into_iter().chain([Layer::Narrow { start: 0, count: *latents }]).collect()
            }
        }
    }

    /// The number of convolutions.
    pub(crate) fn convolutions(&self) -> usize {
        match self {
            Self::Dense { .. } => 0,
            Self::Images { both, .. } => both.depth(),
        }
    }

    pub(crate) fn entries(&self) -> usize {
        match self {
            Self::Dense { .. } => 0,
            Self::Images { both, .. } => both.entries(),
        }
    }
}

fn halves(both: &Tensor, latents: usize) -> Result<(Tensor, Tensor)> {
    Ok((both.narrow(1, 0, latents)?.contiguous()?, both.narrow(1, latents, latents)?.contiguous()?))
}

/// Latents to inputs.
#[derive(Debug)]
pub(crate) enum Generator {
    Dense(Mlp),
    Images(ImageDecoder),
}

impl Generator {
    pub(crate) fn new(
        params: &mut Params,
        dimensions: &Dimensions,
        options: &VaeOptions,
        activation: Activation,
        seed: u64,
    ) -> Result<Self> {
        let wanted = match options.decoder {
            Decoder::Auto => Wanted::Open,
            Decoder::Mlp | Decoder::Linear => Wanted::Dense,
            Decoder::Convolutional => Wanted::Convolutions,
        };
        let (d, k) = (dimensions.inputs, options.latent_dim);
        if let Some(image) = image(&dimensions.views, wanted)? {
            let layers = ImageLayers { image, channels: CHANNELS, hidden: &options.hidden, code: k, activation };
            return Ok(Self::Images(ImageDecoder::new(params, "decoder", layers, seed)?));
        }
        let hidden = if options.decoder == Decoder::Linear { &[] } else { options.hidden.as_slice() };
        Ok(Self::Dense(Mlp::glorot(params, "decoder", &sizes(k, hidden, d), activation, Activation::Identity, seed)?))
    }

    /// Inputs (b, d) of latents (b, k), as [`Posteriors::forward`].
    pub(crate) fn forward(&self, latents: &Tensor, phase: Phase) -> Result<Tensor> {
        match (self, phase) {
            (Self::Dense(net), _) => net.forward(latents),
            (Self::Images(net), Phase::Train) => net.forward(latents),
            (Self::Images(net), Phase::Evaluate) => net.apply(latents),
        }
    }

    /// The same outside any graph.
    pub(crate) fn apply(&self, latents: &Tensor) -> Result<Tensor> {
        match self {
            Self::Dense(net) => net.apply(latents),
            Self::Images(net) => net.apply(latents),
        }
    }

    pub(crate) fn outputs(&self) -> usize {
        match self {
            Self::Dense(net) => net.outputs(),
            Self::Images(net) => net.outputs(),
        }
    }

    pub(crate) fn layers(&self) -> Vec<Layer> {
        match self {
            Self::Dense(net) => net.layers(),
            Self::Images(net) => net.layers(),
        }
    }

    pub(crate) fn entries(&self) -> usize {
        match self {
            Self::Dense(_) => 0,
            Self::Images(net) => net.entries(),
        }
    }
}
