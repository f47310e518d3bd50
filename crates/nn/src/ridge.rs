//! Sums of ridge functions `f(z) = sum_h a_h tanh(w_h . z + b_h)` with weights a of each row, and their exact derivatives
//! in z: a two-layer network whose score and diagonal of the Hessian are closed forms, as score matching needs them.

use super::activation::Activation;
use super::dense::dense;
use candle_core::{Result, Tensor};

/// The directions and offsets of m ridge functions of k arguments.
#[derive(Debug, Clone)]
pub struct Ridges {
    /// (k, m)
    pub weight: Tensor,
    /// (m)
    pub bias: Tensor,
}

impl Ridges {
    /// The values of all ridge functions: `z [n, k]` gives `[n, m]`.
    ///
    /// # Errors
    /// Shapes that do not fit, or those of candle.
    pub fn forward(&self, z: &Tensor) -> Result<Tensor> {
        dense(z, &self.weight, &self.bias, Activation::Tanh)
    }

    /// `df / dz_j` and `d^2 f / dz_j^2` of each row at `z [n, k]` with weights `a [n, m]`: two `[n, k]`, in the graph of
    /// z, a and the parameters.
    ///
    /// # Errors
    /// Shapes that do not fit, or those of candle.
    pub fn derivatives(&self, z: &Tensor, a: &Tensor) -> Result<(Tensor, Tensor)> {
        let t = self.forward(z)?;
        // tanh' = 1 - t^2, tanh'' = -2 t tanh'.
        let first = (a * t.sqr()?.affine(-1.0, 1.0)?)?;
        let second = (&first * t.affine(-2.0, 0.0)?)?;
        let none = Tensor::zeros(z.dim(1)?, z.dtype(), z.device())?;
        let back = |rows: &Tensor, weight: &Tensor| dense(rows, &weight.t()?, &none, Activation::Identity);
        Ok((back(&first, &self.weight)?, back(&second, &self.weight.sqr()?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Init, Params};
    use super::*;
    use candle_core::{DType, Device};

    #[test]
    fn the_derivatives_are_those_of_central_differences() -> Result<()> {
        let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
        let mut insert = |name: &str, shape: &[usize]| {
            params.insert(name, shape, &Init::Normal { sd: 0.8 }, 5).map(|v| v.as_tensor().clone())
        };
        let (z, a) = (insert("z", &[4, 3])?, insert("a", &[4, 6])?);
        let ridges = Ridges { weight: insert("w", &[3, 6])?, bias: insert("b", &[6])? };
        let value = |z: &Tensor| (ridges.forward(z)? * &a)?.sum(1)?.to_vec1::<f64>();
        let (score, slopes) = ridges.derivatives(&z, &a)?;
        let (score, slopes) = (score.to_vec2::<f64>()?, slopes.to_vec2::<f64>()?);
        let step = 1e-4;
        for j in 0..3 {
            let shift: Vec<f64> = (0..3).map(|i| if i == j { step } else { 0.0 }).collect();
            let shift = Tensor::new(shift.as_slice(), &Device::Cpu)?;
            let (up, at, down) = (value(&z.broadcast_add(&shift)?)?, value(&z)?, value(&z.broadcast_sub(&shift)?)?);
            for i in 0..4 {
                // Truncation of order step^2, rounding of order 1e-16 / step^2.
                assert!((score[i][j] - (up[i] - down[i]) / (2.0 * step)).abs() < 1e-7);
                assert!((slopes[i][j] - (up[i] - 2.0 * at[i] + down[i]) / step.powi(2)).abs() < 1e-6);
            }
        }
        Ok(())
    }
}
