//! From latents to inputs.

use super::{MixingActivation, SilentWorldConfig};
use crate::matrix::Matrix;
use crate::orthonormal::orthonormal;
use crate::simulate::row::product;
use crate::stream::Stream;

/// `x = a_m(... a_2(z Q_1) ...) Q_m`.
#[derive(Debug)]
pub(super) struct Mixing {
    /// Each with orthonormal rows: the first latents x inputs, all others square.
    pub layers: Vec<Matrix<f64>>,
    /// One for each layer; that of the first is not used.
    slopes: Vec<f64>,
    activation: MixingActivation,
}

impl Mixing {
    pub fn draw(config: &SilentWorldConfig) -> Self {
        let d = config.inputs();
        let stream = Stream::new(config.seed, "silent-world/layers");
        let layer = |i: usize| {
            let mut stream = stream.at(i as u32);
            let inputs = if i == 0 { config.latents } else { d };
            orthonormal(Matrix::from_fn(d, inputs, |_, _| stream.normal())).transposed()
        };
        let mut slopes = Stream::new(config.seed, "silent-world/slopes");
        Self {
            layers: (0..config.layers).map(layer).collect(),
            slopes: (0..config.layers).map(|_| 0.5 + slopes.uniform()).collect(),
            activation: config.activation,
        }
    }

    /// The inputs of one row.
    pub fn apply(&self, z: &[f64]) -> Vec<f64> {
        let (first, rest) = self.layers.split_first().expect("a mixing has at least one layer");
        rest.iter().zip(&self.slopes[1..]).fold(product(z, first), |mut hidden, (layer, &slope)| {
            hidden.iter_mut().for_each(|h| *h = self.activation.value(*h, slope));
            product(&hidden, layer)
        })
    }
}

impl MixingActivation {
    pub(super) fn value(self, h: f64, slope: f64) -> f64 {
        match self {
            MixingActivation::Leaky => h.max(slope * h),
            MixingActivation::Smooth => slope * h + (1.0 - slope) * (h.max(0.0) + (-h.abs()).exp().ln_1p()),
            MixingActivation::Sigmoid => 1.0 / (1.0 + (-h).exp()),
        }
    }
}
