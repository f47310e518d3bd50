//! A leaky activation that is smooth and invertible, with the logarithm of its slope: a layer of a flow.

use super::entrywise::{Fold, Formula, entrywise};
use crate::host;
use candle_core::{Result, Tensor};
use disentangle_numerics::logistic::{sigmoids, softplus};
use disentangle_numerics::real::Real;

/// `y = s x + (1 - s) t softplus(x / t)` with `s = exp(log_slope)`: slope s far left, 1 far right, and at every point
/// between the two, so that it is invertible for every s > 0. As t falls it becomes the leaky ReLU.
///
/// With t = 1 it is the smooth mixing layer `s h + (1 - s) log(1 + exp(h))` of simulated data in this field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmoothLeaky {
    /// Width of the bend, > 0; 1 is the plain softplus.
    pub temperature: f64,
}

impl SmoothLeaky {
    /// The values: `x [n, d]`, `log_slope [d]` (or any shape that broadcasts to x) give `[n, d]`.
    ///
    /// # Errors
    /// Shapes that do not fit, or those of candle.
    pub fn forward(self, x: &Tensor, log_slope: &Tensor) -> Result<Tensor> {
        entrywise(Value(self.temperature), Fold::Entries, [x, log_slope, &x.detach()])
    }

    /// `sum_j log dy_j / dx_j`, the log-determinant of each row: `[n]`.
    ///
    /// # Errors
    /// Shapes that do not fit, or those of candle.
    pub fn log_det(self, x: &Tensor, log_slope: &Tensor) -> Result<Tensor> {
        entrywise(LogSlope(self.temperature), Fold::RowSums, [x, log_slope, &x.detach()])
    }

    /// The x whose value is `y [n, d]`, to the last digits of the type, with its gradient.
    ///
    /// # Errors
    /// Shapes that do not fit, or those of candle.
    pub fn inverse(self, y: &Tensor, log_slope: &Tensor) -> Result<Tensor> {
        entrywise(Inverse(self.temperature), Fold::Entries, [y, log_slope, &y.detach()])
    }
}

#[derive(Clone, Copy)]
struct Value(f64);

impl Formula for Value {
    const NAME: &'static str = "smooth-leaky";

    #[inline(always)]
    fn value<T: Real>(self, x: T, a: T, _: T) -> T {
        let (s, t) = (a.exp(), T::of(self.0));
        s * x + (T::ONE - s) * t * softplus(x / t)
    }

    #[inline(always)]
    fn slopes<T: Real>(self, x: T, a: T, _: T) -> [T; 3] {
        let (s, t) = (a.exp(), T::of(self.0));
        let (up, down) = sigmoids(x / t);
        [s * down + up, s * (x - t * softplus(x / t)), T::ZERO]
    }

    fn expression(self, x: &Tensor, a: &Tensor, _: &Tensor) -> Result<Tensor> {
        let bend = (super::Activation::Softplus.expression(&(x * (1.0 / self.0))?)? * self.0)?;
        (a.exp()? * (x - &bend)?)? + bend
    }
}

#[derive(Clone, Copy)]
struct LogSlope(f64);

impl Formula for LogSlope {
    const NAME: &'static str = "smooth-leaky-log-slope";

    #[inline(always)]
    fn value<T: Real>(self, x: T, a: T, _: T) -> T {
        let (up, down) = sigmoids(x / T::of(self.0));
        (a.exp() * down + up).ln()
    }

    #[inline(always)]
    fn slopes<T: Real>(self, x: T, a: T, _: T) -> [T; 3] {
        let (s, t) = (a.exp(), T::of(self.0));
        let (up, down) = sigmoids(x / t);
        let slope = s * down + up;
        [(T::ONE - s) * up * down / (t * slope), s * down / slope, T::ZERO]
    }

    fn expression(self, x: &Tensor, a: &Tensor, _: &Tensor) -> Result<Tensor> {
        let up = super::Activation::Sigmoid.expression(&(x * (1.0 / self.0))?)?;
        ((a.exp()? * up.affine(-1.0, 1.0)?)? + up)?.log()
    }
}

#[derive(Clone, Copy)]
struct Inverse(f64);

impl Inverse {
    /// Newton's steps overshoot at most once, for the map is convex or concave; in double precision, as the last digits
    /// of `f32` would otherwise wander.
    fn solve(self, y: f64, a: f64) -> f64 {
        let map = Value(self.0);
        let mut x = y;
        for _ in 0..100 {
            let next = x - (map.value(x, a, 0.0) - y) / map.slopes(x, a, 0.0)[0];
            if (next - x).abs() <= f64::EPSILON * next.abs() || next.is_nan() {
                return next;
            }
            x = next;
        }
        x
    }
}

impl Formula for Inverse {
    const NAME: &'static str = "smooth-leaky-inverse";

    #[inline(always)]
    fn value<T: Real>(self, y: T, a: T, _: T) -> T {
        T::of(self.solve(y.wide(), a.wide()))
    }

    #[inline(always)]
    fn slopes<T: Real>(self, y: T, a: T, _: T) -> [T; 3] {
        let [slope, along, _] = Value(self.0).slopes(self.solve(y.wide(), a.wide()), a.wide(), 0.0);
        [T::of(1.0 / slope), T::of(-along / slope), T::ZERO]
    }

    fn expression(self, y: &Tensor, a: &Tensor, _: &Tensor) -> Result<Tensor> {
        let (values, slopes) = (host::doubles(y)?, host::doubles(a)?);
        let solution: Vec<f64> = values.into_iter().zip(slopes).map(|(y, a)| self.solve(y, a)).collect();
        let x = host::placed(solution, y.shape(), y)?;
        // One step of Newton from the solution: it stays there, and has the gradient of the inverse.
        let up = super::Activation::Sigmoid.expression(&(&x * (1.0 / self.0))?)?;
        let slope = ((a.exp()? * up.affine(-1.0, 1.0)?)? + up)?.detach();
        &x - (Value(self.0).expression(&x, a, &x)? - y)?.div(&slope)?
    }
}

#[cfg(test)]
mod tests {
    use super::super::entrywise;
    use super::*;
    use candle_core::Device;

    #[test]
    fn the_inverse_undoes_the_map_for_slopes_below_and_above_one() -> Result<()> {
        let values: Vec<f64> = (-60..=60).map(|i| f64::from(i) * 0.7).collect();
        let x = Tensor::from_slice(&values, (11, 11), &Device::Cpu)?;
        for (s, temperature) in [(0.05f64, 1.0), (0.5, 0.05), (1.5, 1.0), (20.0, 0.3), (1.0, 1.0)] {
            let (map, a) = (SmoothLeaky { temperature }, Tensor::new(s.ln(), &Device::Cpu)?);
            let y = map.forward(&x, &a)?;
            let back = map.inverse(&y, &a)?.flatten_all()?.to_vec1::<f64>()?;
            for (back, want) in back.iter().zip(&values) {
                assert!((back - want).abs() < 1e-12 * (1.0 + want.abs()), "{s} {temperature}: {back} is not {want}");
            }
        }
        Ok(())
    }

    #[test]
    fn other_devices_compute_the_same() -> Result<()> {
        entrywise::assert_expression_agrees(Value(0.6))?;
        entrywise::assert_expression_agrees(LogSlope(0.6))?;
        entrywise::assert_expression_agrees(Inverse(0.6))
    }
}
