//! Encoder and decoder of images: convolutions that halve the image again and again, then dense layers; and their mirror.
//!
//! As in the published image networks of latent neural causal models: kernels of 4 x 4 with stride 2 and padding 1, 32 channels, and
//! dense layers behind the last. Their images of 64 x 64 are halved four times. Here the number of halvings follows the size, so that the
//! smaller side keeps two pixels; sides need not be even: of an odd one the transpose restores the last row.

mod keypoints;

pub use keypoints::{KeypointEncoder, LEAST_SIDE_OF_KEYPOINTS};

use super::activation::Activation;
use super::image::{
    Stride, channels_first, channels_last, conv2d, conv2d_expression, conv2d_transposed, conv2d_transposed_expression,
};
use super::layers::{Layer, Numbers};
use super::mlp::Mlp;
use super::params::{Init, Param, Params};
use candle_core::{Error, Result, Tensor};
use disentangle_data::views::Image;
use std::sync::Arc;

const KERNEL: usize = 4;
const STRIDE: Stride = Stride { step: 2, padding: 1 };
/// Most halvings: more than the published four would shrink wide images to columns of channels.
const MOST: usize = 4;
/// Pixels that the smaller side keeps.
const KEPT: usize = 2;
/// Entries of feature maps that are held at once where no gradient is asked for.
const BLOCK: usize = 1 << 22;

/// The least height and width of an image that can be halved.
pub const LEAST_SIDE: usize = KEPT * STRIDE.step;

/// How many times an image is halved: as often as its smaller side keeps two pixels, at most four times; 0: it is too small.
pub fn halvings(image: Image) -> usize {
    let side = image.height.min(image.width);
    (1..=MOST).take_while(|&times| side >> times >= KEPT).count()
}

/// Sizes of an encoder or a decoder.
#[derive(Debug, Clone, Copy)]
pub struct ImageLayers<'a> {
    /// The images.
    pub image: Image,
    /// Channels of every halved image.
    pub channels: usize,
    /// Widths of the dense layers between the halved image and the code, from the image on; a decoder has them in reverse.
    pub hidden: &'a [usize],
    /// Entries of the code.
    pub code: usize,
    /// The nonlinearity after every layer but the last.
    pub activation: Activation,
}

impl ImageLayers<'_> {
    /// The images before and after each halving, the given one first.
    fn stages(&self) -> Result<Vec<Image>> {
        let Self { image, channels, .. } = *self;
        let times = halvings(image);
        if times == 0 || channels == 0 || image.channels == 0 {
            let message = format!("an image of {image} cannot be halved into {channels} channels");
            return Err(Error::Msg(message).bt());
        }
        let halved = (1..=times).map(|i| Image { channels, height: image.height >> i, width: image.width >> i });
        Ok(std::iter::once(image).chain(halved).collect())
    }
}

/// One convolution, from a fine image to a coarse one or back.
#[derive(Debug)]
struct Convolution {
    kernel: Param,
    bias: Param,
    from: Image,
    to: Image,
    transposed: bool,
    activation: Activation,
}

/// Whether a graph is wanted, and of what.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Fused,
    Expression,
    WithoutGraph,
}

impl Convolution {
    /// Parameters `<name>.weight` and `<name>.bias`, weights by [`Init::Glorot`]: an entry of the fine image is seen by a quarter of the
    /// kernel's places.
    fn new(
        params: &mut Params,
        name: &str,
        (from, to): (Image, Image),
        activation: Activation,
        seed: u64,
    ) -> Result<Self> {
        let transposed = to.height > from.height;
        let (every, quarter) = (KERNEL * KERNEL, KERNEL * KERNEL / (STRIDE.step * STRIDE.step));
        let (inputs, outputs) = match transposed {
            false => (from.channels * every, to.channels * quarter),
            true => (from.channels * quarter, to.channels * every),
        };
        let (first, second) = if transposed { (from.channels, to.channels) } else { (to.channels, from.channels) };
        let (kernel, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        let init = Init::Glorot { fan_in: inputs, fan_out: outputs };
        params.insert(&kernel, &[first, second, KERNEL, KERNEL], &init, seed)?;
        params.insert(&bias, &[to.channels], &Init::Uniform { fan_in: inputs }, seed)?;
        let (kernel, bias) = (params.param(&kernel)?.clone(), params.param(&bias)?.clone());
        Ok(Self { kernel, bias, from, to, transposed, activation })
    }

    /// From images to images, channels last.
    fn run(&self, x: &Tensor, pass: Pass) -> Result<Tensor> {
        let (mut kernel, mut bias) = (self.kernel.var().as_tensor().clone(), self.bias.var().as_tensor().clone());
        if pass == Pass::WithoutGraph {
            (kernel, bias) = (kernel.detach(), bias.detach());
        }
        let restored = |fine: usize, coarse: usize| fine - STRIDE.step * coarse;
        match (self.transposed, pass) {
            (false, Pass::Expression) => conv2d_expression(x, &kernel, &bias, STRIDE, self.activation),
            (false, _) => conv2d(x, &kernel, &bias, STRIDE, self.activation),
            (true, _) => {
                let more = (restored(self.to.height, self.from.height), restored(self.to.width, self.from.width));
                match pass {
                    Pass::Expression => {
                        conv2d_transposed_expression(x, &kernel, &bias, (STRIDE, more), self.activation)
                    }
                    _ => conv2d_transposed(x, &kernel, &bias, (STRIDE, more), self.activation),
                }
            }
        }
    }

    fn layer(&self) -> Layer {
        let named = |param: &Param| Numbers::Named(param.name().into());
        Layer::Convolution {
            kernel: named(&self.kernel),
            bias: named(&self.bias),
            stride: STRIDE,
            transposed: self.transposed,
            from: self.from,
            to: self.to,
            activation: self.activation,
        }
    }
}

fn convolutions(
    params: &mut Params,
    name: &str,
    stages: &[Image],
    (hidden, last): (Activation, Activation),
    seed: u64,
) -> Result<Arc<[Convolution]>> {
    let count = stages.len() - 1;
    let one = |(i, pair): (usize, &[Image])| {
        let activation = if i + 1 == count { last } else { hidden };
        Convolution::new(params, &format!("{name}.convolution.{i}"), (pair[0], pair[1]), activation, seed)
    };
    stages.windows(2).enumerate().map(one).collect()
}

/// All of them, from rows `x [n, d]` to rows, whose channels come first.
fn pass_through(convolutions: &[Convolution], x: &Tensor, pass: Pass) -> Result<Tensor> {
    let (n, _) = x.dims2()?;
    let Image { channels, height, width } = convolutions[0].from;
    let images = channels_last(&x.reshape((n, channels, height, width))?)?;
    let images = convolutions.iter().try_fold(images, |images, one| one.run(&images, pass))?;
    channels_first(&images)?.flatten_from(1)
}

/// Entries of the images that they give of one row.
fn entries(convolutions: &[Convolution]) -> usize {
    convolutions.iter().map(|one| one.to.len()).sum()
}

/// What `work` makes of rows, so many at a time that feature maps stay small; the result has no graph.
fn in_blocks(x: &Tensor, entries: usize, work: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let (n, block) = (x.dim(0)?, (BLOCK / entries.max(1)).max(1));
    let x = x.detach();
    if n <= block {
        return work(&x);
    }
    let parts = (0..n).step_by(block).map(|start| work(&x.narrow(0, start, block.min(n - start))?));
    Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, 0)
}

/// From images to codes: `<name>.convolution.<i>` and `<name>.dense.<i>`, each with `weight` and `bias`. Cloning shares the parameters.
#[derive(Debug, Clone)]
pub struct ImageEncoder {
    convolutions: Arc<[Convolution]>,
    dense: Mlp,
}

impl ImageEncoder {
    /// With initial values.
    ///
    /// # Errors
    /// An image that cannot be halved ([`halvings`]), a size of zero, or a name that exists already.
    pub fn new(params: &mut Params, name: &str, layers: ImageLayers<'_>, seed: u64) -> Result<Self> {
        let ImageLayers { hidden, code, activation, .. } = layers;
        let stages = layers.stages()?;
        let convolutions = convolutions(params, name, &stages, (activation, activation), seed)?;
        let sizes = [&[stages[stages.len() - 1].len()], hidden, &[code]].concat();
        let dense = Mlp::glorot(params, &format!("{name}.dense"), &sizes, activation, Activation::Identity, seed)?;
        Ok(Self { convolutions, dense })
    }

    /// Codes `[n, code]` of images `[n, channels x height x width]`, in candle's graph.
    ///
    /// # Errors
    /// Another number of columns, or those of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.dense.forward(&pass_through(&self.convolutions, x, Pass::Fused)?)
    }

    /// The same numbers without a graph and in little memory.
    ///
    /// # Errors
    /// As [`ImageEncoder::forward`].
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        in_blocks(x, self.entries(), |x| self.dense.apply(&pass_through(&self.convolutions, x, Pass::WithoutGraph)?))
    }

    /// The same as candle expressions.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward_expression(&self, x: &Tensor) -> Result<Tensor> {
        self.dense.forward_expression(&pass_through(&self.convolutions, x, Pass::Expression)?)
    }

    /// What it computes, layer by layer.
    pub fn layers(&self) -> Vec<Layer> {
        self.convolutions.iter().map(Convolution::layer).chain(self.dense.layers()).collect()
    }

    /// Entries of the feature maps of one row, which a training step holds forwards and backwards.
    pub fn entries(&self) -> usize {
        entries(&self.convolutions)
    }

    /// The number of convolutions.
    pub fn depth(&self) -> usize {
        self.convolutions.len()
    }
}

/// From codes to images, the mirror of [`ImageEncoder`], with names alike. Cloning shares the parameters.
#[derive(Debug, Clone)]
pub struct ImageDecoder {
    dense: Mlp,
    convolutions: Arc<[Convolution]>,
}

impl ImageDecoder {
    /// With initial values; the images have no nonlinearity.
    ///
    /// # Errors
    /// As [`ImageEncoder::new`].
    pub fn new(params: &mut Params, name: &str, layers: ImageLayers<'_>, seed: u64) -> Result<Self> {
        let ImageLayers { hidden, code, activation, .. } = layers;
        let mut stages = layers.stages()?;
        stages.reverse();
        let hidden: Vec<usize> = hidden.iter().rev().copied().collect();
        let sizes = [&[code], hidden.as_slice(), &[stages[0].len()]].concat();
        let dense = Mlp::glorot(params, &format!("{name}.dense"), &sizes, activation, activation, seed)?;
        let convolutions = convolutions(params, name, &stages, (activation, Activation::Identity), seed)?;
        Ok(Self { dense, convolutions })
    }

    /// Images `[n, channels x height x width]` of codes `[n, code]`, in candle's graph.
    ///
    /// # Errors
    /// Another number of columns, or those of candle.
    pub fn forward(&self, codes: &Tensor) -> Result<Tensor> {
        pass_through(&self.convolutions, &self.dense.forward(codes)?, Pass::Fused)
    }

    /// The same numbers without a graph and in little memory.
    ///
    /// # Errors
    /// As [`ImageDecoder::forward`].
    pub fn apply(&self, codes: &Tensor) -> Result<Tensor> {
        in_blocks(codes, self.entries(), |codes| {
            pass_through(&self.convolutions, &self.dense.apply(codes)?, Pass::WithoutGraph)
        })
    }

    /// The same as candle expressions.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward_expression(&self, codes: &Tensor) -> Result<Tensor> {
        pass_through(&self.convolutions, &self.dense.forward_expression(codes)?, Pass::Expression)
    }

    /// What it computes, layer by layer.
    pub fn layers(&self) -> Vec<Layer> {
        self.dense.layers().into_iter().chain(self.convolutions.iter().map(Convolution::layer)).collect()
    }

    /// Entries of the feature maps of one row, as [`ImageEncoder::entries`].
    pub fn entries(&self) -> usize {
        entries(&self.convolutions)
    }

    /// Entries of an image.
    pub fn outputs(&self) -> usize {
        self.convolutions[self.convolutions.len() - 1].to.len()
    }
}

#[cfg(test)]
mod tests;
