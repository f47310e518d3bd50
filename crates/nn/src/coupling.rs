//! Couplings: half of the columns pass, the others are transformed entry by entry as a network of the first half says.
//!
//! *Density estimation using Real NVP* (Dinh, Sohl-Dickstein, Bengio, 2017), <https://arxiv.org/abs/1605.08803>, and
//! *Neural Spline Flows* (Durkan, Bekasov, Murray, Papamakarios, 2019), <https://arxiv.org/abs/1906.04032>.

mod affine;
mod spline;

use super::activation::Activation;
use super::layers::Layer;
use super::mlp::Mlp;
use super::params::Params;
use candle_core::{Error, Result, Tensor};

pub use affine::{affine_map, affine_map_inverse, bounded, bounded_expression};
pub use spline::{Spline, Toward, spline, spline_expression};

/// Which columns pass unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// The first half; the second is transformed.
    First,
    /// The second half (the larger one of an odd number); the first is transformed.
    Second,
}

/// What is done to each transformed column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transform {
    /// `y = x exp(s) + t` with `|s| < bound`: an exponential without a bound overflows.
    Affine {
        /// Largest magnitude of s, > 0; 2 is customary.
        bound: f64,
    },
    /// A monotone rational-quadratic spline.
    Spline(Spline),
}

impl Transform {
    /// Numbers that the network gives for each transformed column.
    fn parameters(self) -> usize {
        match self {
            Transform::Affine { .. } => 2,
            Transform::Spline(spline) => spline.parameters(),
        }
    }
}

/// A coupling whose network is `<name>.<layer>`; it begins as the identity. Cloning shares the parameters.
#[derive(Debug, Clone)]
pub struct Coupling {
    net: Mlp,
    cols: usize,
    passing: Passing,
    transform: Transform,
}

impl Coupling {
    /// A coupling of `cols` columns with hidden layers of these widths. The last layer of the network begins at zero.
    ///
    /// # Errors
    /// Fewer than two columns, a width of zero, or a name that exists already.
    pub fn new(
        params: &mut Params,
        name: &str,
        cols: usize,
        (passing, transform): (Passing, Transform),
        (hidden, activation): (&[usize], Activation),
        seed: u64,
    ) -> Result<Self> {
        if cols < 2 {
            return Err(Error::Msg(format!("{name}: a coupling of {cols} columns has nothing to couple")).bt());
        }
        let (passes, moves) = split(cols, passing);
        let mut sizes = vec![passes.1];
        sizes.extend_from_slice(hidden);
        sizes.push(moves.1 * transform.parameters());
        let net = Mlp::new(params, name, &sizes, activation, Activation::Identity, seed)?;
        for part in ["weight", "bias"] {
            let var = params.get(&format!("{name}.{}.{part}", sizes.len() - 2))?;
            var.set(&var.zeros_like()?)?;
        }
        Ok(Self { net, cols, passing, transform })
    }

    /// `x [n, d]` gives the image `[n, d]` and `log |det dy/dx|` of each row, `[n]`.
    ///
    /// # Errors
    /// Another number of columns, or those of candle.
    pub fn forward(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
        self.run(x, Toward::Image)
    }

    /// The x whose image is `y [n, d]`, and `log |det dx/dy|` of each row, `[n]`.
    ///
    /// # Errors
    /// Another number of columns, or those of candle.
    pub fn inverse(&self, y: &Tensor) -> Result<(Tensor, Tensor)> {
        self.run(y, Toward::Preimage)
    }

    /// What [`Coupling::forward`] or [`Coupling::inverse`] makes of rows; `None`: splines are not written down.
    pub fn layer(&self, toward: Toward) -> Option<Layer> {
        let Transform::Affine { bound } = self.transform else { return None };
        let ((start, count), _) = split(self.cols, self.passing);
        Some(Layer::Coupling { start, count, bound, inverse: toward == Toward::Preimage, net: self.net.layers() })
    }

    fn run(&self, x: &Tensor, toward: Toward) -> Result<(Tensor, Tensor)> {
        let (_, cols) = x.dims2()?;
        if cols != self.cols {
            return Err(Error::Msg(format!("a coupling of {} columns, got {cols}", self.cols)).bt());
        }
        let (passes, moves) = split(cols, self.passing);
        let passing = x.narrow(1, passes.0, passes.1)?.contiguous()?;
        let moving = x.narrow(1, moves.0, moves.1)?.contiguous()?;
        let raw = self.net.forward(&passing)?;
        let (moved, log_det) = match self.transform {
            Transform::Affine { bound } => {
                let scale = bounded(&raw.narrow(1, 0, moves.1)?, bound)?;
                let shift = raw.narrow(1, moves.1, moves.1)?;
                match toward {
                    Toward::Image => (affine_map(&moving, &scale, &shift)?, scale.sum(1)?),
                    Toward::Preimage => (affine_map_inverse(&moving, &scale, &shift)?, scale.sum(1)?.neg()?),
                }
            }
            Transform::Spline(kind) => spline(&moving, &raw, kind, toward)?,
        };
        let parts = match self.passing {
            Passing::First => [passing, moved],
            Passing::Second => [moved, passing],
        };
        Ok((Tensor::cat(&parts, 1)?, log_det))
    }
}

/// (first column, number) of the columns that pass and of those that move.
fn split(cols: usize, passing: Passing) -> ((usize, usize), (usize, usize)) {
    let (first, second) = ((0, cols / 2), (cols / 2, cols - cols / 2));
    match passing {
        Passing::First => (first, second),
        Passing::Second => (second, first),
    }
}

#[cfg(test)]
mod tests;
