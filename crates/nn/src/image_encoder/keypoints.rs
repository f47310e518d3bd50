//! An encoder that says where things are: convolutions make one map for each keypoint, and its code is where that map is high.
//!
//!   p_m(u) = exp(a_m(u)) / sum_v exp(a_m(v)) ,   code_m = sum_u p_m(u) u ,
//!
//! with u the place of a pixel, from -1 to 1 to the right and downwards. A map that looks for one thing moves with it, so that the code is
//! nearly an affine function of the places of things, from the first step on. A code of dense layers learns that only in part.
//!
//! As in *Deep spatial autoencoders for visuomotor learning* (Finn, Tan, Duan, Darrell, Levine, Abbeel, 2016),
//! <https://arxiv.org/abs/1509.06113>, without its temperature, which the last convolution learns by its scale.

use super::{Convolution, Init, Pass, Stride, convolutions, entries, in_blocks};
use crate::activation::Activation;
use crate::host;
use crate::image::{channels_last, conv2d, conv2d_expression};
use crate::params::{Param, Params};
use candle_core::{D, Error, Result, Tensor};
use disentangle_data::views::Image;
use std::sync::Arc;

/// Pixels that the smaller side of a map keeps: places are finer than pixels, but maps of few pixels see little.
const KEPT: usize = 8;
/// Most halvings.
const MOST: usize = 2;
/// Of the last convolution, which does not halve.
const KERNEL: usize = 3;
const STRIDE: Stride = Stride { step: 1, padding: 1 };

/// The least height and width of an image whose keypoints can be found.
pub const LEAST_SIDE_OF_KEYPOINTS: usize = 2 * KEPT;

/// How many times an image is halved before its maps; 0: it is too small.
fn halvings(image: Image) -> usize {
    let side = image.height.min(image.width);
    (1..=MOST).take_while(|&times| side >> times >= KEPT).count()
}

/// From images to the places of keypoints, x and y of each, one after the other: `<name>.convolution.<i>` and `<name>.maps`, each with
/// `weight` and `bias`. Cloning shares the parameters.
#[derive(Debug, Clone)]
pub struct KeypointEncoder {
    convolutions: Arc<[Convolution]>,
    kernel: Param,
    bias: Param,
}

impl KeypointEncoder {
    /// With initial values, for so many `keypoints`; `channels` of every halved image.
    ///
    /// # Errors
    /// An image whose smaller side is below [`LEAST_SIDE_OF_KEYPOINTS`], a size of zero, or a name that exists already.
    pub fn new(
        params: &mut Params,
        name: &str,
        image: Image,
        (channels, keypoints): (usize, usize),
        activation: Activation,
        seed: u64,
    ) -> Result<Self> {
        let times = halvings(image);
        if times == 0 || channels == 0 || keypoints == 0 || image.channels == 0 {
            let message = format!("{keypoints} keypoints and {channels} channels of an image of {image}");
            return Err(Error::Msg(message).bt());
        }
        let halved = (1..=times).map(|i| Image { channels, height: image.height >> i, width: image.width >> i });
        let stages: Vec<Image> = std::iter::once(image).chain(halved).collect();
        let convolutions = convolutions(params, name, &stages, (activation, activation), seed)?;
        let (kernel, bias) = (format!("{name}.maps.weight"), format!("{name}.maps.bias"));
        let (fan_in, fan_out) = (channels * KERNEL * KERNEL, keypoints * KERNEL * KERNEL);
        params.insert(&kernel, &[keypoints, channels, KERNEL, KERNEL], &Init::Glorot { fan_in, fan_out }, seed)?;
        params.insert(&bias, &[keypoints], &Init::Uniform { fan_in }, seed)?;
        let (kernel, bias) = (params.param(&kernel)?.clone(), params.param(&bias)?.clone());
        Ok(Self { convolutions, kernel, bias })
    }

    /// Places `[n, 2 keypoints]` of images `[n, channels x height x width]`, in candle's graph.
    ///
    /// # Errors
    /// Another number of columns, or those of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.run(x, Pass::Fused)
    }

    /// The same numbers without a graph and in little memory.
    ///
    /// # Errors
    /// As [`KeypointEncoder::forward`].
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        in_blocks(x, self.entries(), |x| Ok(self.run(x, Pass::WithoutGraph)?.detach()))
    }

    /// The same as candle expressions.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward_expression(&self, x: &Tensor) -> Result<Tensor> {
        self.run(x, Pass::Expression)
    }

    fn run(&self, x: &Tensor, pass: Pass) -> Result<Tensor> {
        let (n, _) = x.dims2()?;
        let Image { channels, height, width } = self.convolutions[0].from;
        let images = channels_last(&x.reshape((n, channels, height, width))?)?;
        let halved = self.convolutions.iter().try_fold(images, |images, one| one.run(&images, pass))?;
        let (mut kernel, mut bias) = (self.kernel.var().as_tensor().clone(), self.bias.var().as_tensor().clone());
        if pass == Pass::WithoutGraph {
            (kernel, bias) = (kernel.detach(), bias.detach());
        }
        let maps = match pass {
            Pass::Expression => conv2d_expression(&halved, &kernel, &bias, STRIDE, Activation::Identity)?,
            _ => conv2d(&halved, &kernel, &bias, STRIDE, Activation::Identity)?,
        };
        places(&maps)
    }

    /// Entries of the feature maps of one row, which a training step holds forwards and backwards.
    pub fn entries(&self) -> usize {
        let last = self.convolutions[self.convolutions.len() - 1].to;
        entries(&self.convolutions) + last.height * last.width * self.keypoints()
    }

    /// Entries of the code.
    pub fn code(&self) -> usize {
        2 * self.keypoints()
    }

    fn keypoints(&self) -> usize {
        self.bias.var().elem_count()
    }

    /// The number of convolutions.
    pub fn depth(&self) -> usize {
        self.convolutions.len() + 1
    }
}

/// Mean places `[n, 2 k]` under the softmax over all pixels of maps `[n, h, w, k]`.
fn places(maps: &Tensor) -> Result<Tensor> {
    let (n, h, w, k) = maps.dims4()?;
    let maps = maps.reshape((n, h * w, k))?.transpose(1, 2)?.contiguous()?;
    // The softmax is the same whatever is subtracted, and so is its gradient.
    let highest = maps.max_keepdim(D::Minus1)?.detach();
    let odds = maps.broadcast_sub(&highest)?.exp()?;
    let shares = odds.broadcast_div(&odds.sum_keepdim(D::Minus1)?)?;
    let at = |pixel: usize, pixels: usize| (2 * pixel + 1) as f64 / pixels as f64 - 1.0;
    let grid: Vec<f64> = (0..h * w).flat_map(|pixel| [at(pixel % w, w), at(pixel / w, h)]).collect();
    shares.reshape((n * k, h * w))?.matmul(&host::placed(grid, (h * w, 2), &maps)?)?.reshape((n, 2 * k))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    #[test]
    fn a_map_with_one_high_pixel_gives_its_place_and_a_flat_one_the_middle() -> Result<()> {
        let (h, w) = (3, 4);
        let mut maps = vec![0.0f64; h * w * 2];
        // The first map is high at row 2, column 1; the second is flat.
        maps[(2 * w + 1) * 2] = 1e3;
        let found = places(&Tensor::from_vec(maps, (1, h, w, 2), &Device::Cpu)?)?.to_vec2::<f64>()?;
        // Middles of four columns lie at -3/4, -1/4, 1/4, 3/4, of three rows at -2/3, 0, 2/3.
        for (got, want) in found[0].iter().zip([-0.25, 2.0 / 3.0, 0.0, 0.0]) {
            assert!((got - want).abs() < 1e-12, "{found:?}");
        }
        Ok(())
    }

    #[test]
    fn places_move_with_what_an_image_shows() -> Result<()> {
        let image = Image { channels: 1, height: 64, width: 64 };
        let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
        let encoder = KeypointEncoder::new(&mut params, "encoder", image, (4, 3), Activation::LeakyRelu(0.1), 1)?;
        assert_eq!((encoder.code(), encoder.depth()), (6, 3));
        // A bright square that is moved by whole strides; no map sees it and an edge at once.
        let square = |column: usize| {
            let pixel = |at: usize| {
                let (row, col) = (at / 64, at % 64);
                if (28..34).contains(&row) && (column..column + 6).contains(&col) { 1.0 } else { 0.0 }
            };
            (0..64 * 64).map(pixel).collect::<Vec<f64>>()
        };
        let rows = [square(24), square(28), square(32)].concat();
        let code = encoder.apply(&Tensor::from_vec(rows, (3, 64 * 64), &Device::Cpu)?)?.to_vec2::<f64>()?;
        for j in 0..6 {
            let (first, second) = (code[1][j] - code[0][j], code[2][j] - code[1][j]);
            assert!((first - second).abs() < 1e-9, "equal moves give equal steps: {code:?}");
            assert!(j % 2 == 0 || first.abs() < 1e-9, "nothing moved downwards: {code:?}");
        }
        assert!((0..3).any(|m| (code[1][2 * m] - code[0][2 * m]).abs() > 1e-4), "some map sees the square: {code:?}");
        Ok(())
    }

    #[test]
    fn images_that_are_too_small_are_refused() {
        for (channels, height, width, keypoints) in [(1, 15, 64, 2), (0, 32, 32, 2), (1, 32, 32, 0)] {
            let image = Image { channels, height, width };
            let mut params = Params::new(&Device::Cpu);
            let sizes = (8, keypoints);
            assert!(KeypointEncoder::new(&mut params, "e", image, sizes, Activation::Relu, 1).is_err(), "{image}");
        }
        assert_eq!((15..18).map(|side| halvings(Image { channels: 1, height: side, width: 99 })).max(), Some(1));
    }
}
