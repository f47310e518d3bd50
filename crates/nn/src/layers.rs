//! What a network computes on rows, layer after layer, as plain data: for programs that run a model without this library.
//!
//! Numbers with 64 bits are applied in 64 bits, and what comes out is rounded to 32; all other layers compute in 32 bits.

use super::activation::Activation;
use super::image::Stride;
use disentangle_data::Matrix;
use disentangle_data::views::Image;

/// Numbers of a layer.
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers {
    /// A parameter or a buffer of this name in `Params`.
    Named(String),
    /// Numbers with 32 bits that no parameter holds in this form.
    Single(Matrix),
    /// Numbers with 64 bits.
    Double(Matrix<f64>),
}

impl Numbers {
    /// One row, rounded to 32 bits.
    pub fn row(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
        Self::Single(Matrix::from_fn(1, values.len(), |_, j| values[j]))
    }
}

/// A function of rows `x (n, in)`.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// `activation(x weight + bias)`, weight (in, out), bias (out).
    Dense {
        /// (in, out).
        weight: Numbers,
        /// (out).
        bias: Option<Numbers>,
        /// Of each entry.
        activation: Activation,
    },
    /// `(x - center) * factor + shift`, column by column.
    Scale {
        /// (in).
        center: Numbers,
        /// (in).
        factor: Numbers,
        /// (in).
        shift: Numbers,
    },
    /// A convolution of images, or its transpose; columns are channel first, the width running fastest.
    Convolution {
        /// (out, in, k, k), or of the transpose (in, out, k, k).
        kernel: Numbers,
        /// (out).
        bias: Numbers,
        /// How the kernel moves.
        stride: Stride,
        /// Whether it is the transpose.
        transposed: bool,
        /// The images that it takes.
        from: Image,
        /// The images that it gives.
        to: Image,
        /// Of each entry.
        activation: Activation,
    },
    /// The columns from `start`, so many.
    Narrow {
        /// The first column.
        start: usize,
        /// How many.
        count: usize,
    },
    /// The columns from `start` pass and stay where they are; each of the others, x, becomes `x exp(s) + t`, or of the inverse
    /// `(x - t) exp(-s)`, with `s = bound tanh(a / bound)` and `a`, `t` the halves of what `net` makes of the columns that pass.
    Coupling {
        /// The first column that passes.
        start: usize,
        /// How many pass: the first or the last ones.
        count: usize,
        /// Largest magnitude of s.
        bound: f64,
        /// Whether it is the inverse.
        inverse: bool,
        /// (count) to twice the number of the others.
        net: Vec<Layer>,
    },
    /// Each column x becomes `s x + (1 - s) t softplus(x / t)`, or of the inverse the number that this makes x of; s is the column's
    /// `slope` and t the softness, both > 0.
    Bend {
        /// (in), > 0.
        slope: Numbers,
        /// > 0.
        softness: f64,
        /// Whether it is the inverse, which is computed in 64 bits.
        inverse: bool,
    },
}
