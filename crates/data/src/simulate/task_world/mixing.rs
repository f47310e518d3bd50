//! From latents to inputs.

use super::Mixing;
use crate::matrix::Matrix;
use crate::orthonormal::orthonormal;
use crate::stream::Stream;

/// A drawn mixing, the same for all tasks.
pub(super) enum Map {
    /// `x = A z`; A is inputs x latents.
    Linear(Matrix<f64>),
    /// `x = layer(relu(layer(z)))`.
    Network([Layer; 2]),
}

/// A dense layer.
pub(super) struct Layer {
    /// inputs x outputs, so that one input adds a row.
    weights: Matrix<f64>,
    bias: Vec<f64>,
}

impl Map {
    pub fn draw(mixing: Mixing, latents: usize, inputs: usize, seed: u64) -> Self {
        let mut stream = Stream::new(seed, "task-world/mixing");
        let mut normal = || Matrix::from_fn(inputs, latents, |_, _| stream.normal());
        match mixing {
            Mixing::Identity => Map::Linear(Matrix::from_fn(inputs, latents, |i, j| f64::from(u8::from(i == j)))),
            Mixing::Random => Map::Linear(normal()),
            Mixing::Orthogonal => Map::Linear(orthonormal(normal())),
            Mixing::Network => {
                let stream = Stream::new(seed, "task-world/network");
                Map::Network([Layer::draw(latents, inputs, &stream, 0), Layer::draw(inputs, inputs, &stream, 2)])
            }
        }
    }

    pub fn apply(&self, z: &[f64]) -> Vec<f64> {
        match self {
            Map::Linear(a) => (0..a.rows()).map(|i| a.row(i).iter().zip(z).map(|(a, z)| a * z).sum()).collect(),
            Map::Network([first, second]) => {
                let mut hidden = first.apply(z);
                hidden.iter_mut().for_each(|unit| *unit = unit.max(0.0));
                second.apply(&hidden)
            }
        }
    }
}

impl Layer {
    /// Weights and biases uniform on ±1/sqrt(inputs), as PyTorch's dense layers begin, drawn output by output.
    fn draw(inputs: usize, outputs: usize, stream: &Stream, step: u32) -> Self {
        let bound = 1.0 / (inputs as f64).sqrt();
        let [mut weights, mut bias] = [stream.at(step), stream.at(step + 1)];
        Layer {
            weights: Matrix::from_fn(outputs, inputs, |_, _| bound * (2.0 * weights.uniform() - 1.0)).transposed(),
            bias: (0..outputs).map(|_| bound * (2.0 * bias.uniform() - 1.0)).collect(),
        }
    }

    fn apply(&self, input: &[f64]) -> Vec<f64> {
        let mut out = self.bias.clone();
        // Half of the rectified units are silent.
        for (i, &value) in input.iter().enumerate().filter(|&(_, &value)| value != 0.0) {
            out.iter_mut().zip(self.weights.row(i)).for_each(|(out, weight)| *out += value * weight);
        }
        out
    }
}
