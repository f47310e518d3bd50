//! The encoder of one modality: dense layers, or convolutions before them where it is a large enough image.

use disentangle_data::View;
use disentangle_data::views::Image;
use disentangle_nn::{Activation, ImageEncoder, ImageLayers, Layer, Mlp, Params, Result, Tensor, halvings};

const HIDDEN: Activation = Activation::LeakyRelu(0.1);
/// Channels of every halved image.
const CHANNELS: usize = 32;
/// Numbers of an image up to which dense layers take it as it is: halving it again leaves nothing to see.
const FLAT: usize = 1024;

#[derive(Debug)]
pub(super) enum Encoder {
    Dense(Mlp),
    Images(ImageEncoder),
}

/// The image that convolutions take.
pub(super) fn image_of(view: &View) -> Option<Image> {
    view.image.filter(|image| image.len() > FLAT && halvings(*image) > 0)
}

impl Encoder {
    pub(super) fn new(
        params: &mut Params,
        name: &str,
        view: &View,
        (hidden, code): (&[usize], usize),
        seed: u64,
    ) -> Result<Self> {
        if let Some(image) = image_of(view) {
            let layers = ImageLayers { image, channels: CHANNELS, hidden, code, activation: HIDDEN };
            return ImageEncoder::new(params, name, layers, seed).map(Self::Images);
        }
        let sizes = [&[view.columns().len()], hidden, &[code]].concat();
        Mlp::glorot(params, name, &sizes, HIDDEN, Activation::Identity, seed).map(Self::Dense)
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Dense(net) => net.forward(x),
            Self::Images(net) => net.forward(&x.contiguous()?),
        }
    }

    pub(super) fn apply(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Dense(net) => net.apply(x),
            Self::Images(net) => net.apply(&x.contiguous()?),
        }
    }

    /// Entries of feature maps of a row.
    pub(super) fn entries(&self) -> usize {
        match self {
            Self::Dense(_) => 0,
            Self::Images(net) => net.entries(),
        }
    }

    /// All of them side by side, where all are dense.
    pub(super) fn layers(all: &[Self]) -> Result<Option<Vec<Layer>>> {
        let dense = |encoder: &Self| match encoder {
            Self::Dense(net) => Some(net.clone()),
            Self::Images(_) => None,
        };
        all.iter().map(dense).collect::<Option<Vec<Mlp>>>().map(|nets| Mlp::side_by_side(&nets)).transpose()
    }
}
