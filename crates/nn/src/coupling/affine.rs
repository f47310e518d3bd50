//! Scale and shift, entry by entry.

use crate::entrywise::{Fold, Formula, entrywise};
use candle_core::{Result, Tensor};
use disentangle_numerics::real::Real;

/// `bound * tanh(x / bound)`: x near zero, never beyond the bound. `x [n, d]` gives `[n, d]`.
///
/// # Errors
/// Those of candle.
pub fn bounded(x: &Tensor, bound: f64) -> Result<Tensor> {
    entrywise(Bounded(bound), Fold::Entries, [x, &x.detach(), &x.detach()])
}

/// The same as [`bounded`] as a candle expression.
///
/// # Errors
/// Those of candle.
pub fn bounded_expression(x: &Tensor, bound: f64) -> Result<Tensor> {
    (x * (1.0 / bound))?.tanh()? * bound
}

/// `x exp(log_scale) + shift`: three `[n, d]` give `[n, d]`.
///
/// # Errors
/// Shapes that do not fit, or those of candle.
pub fn affine_map(x: &Tensor, log_scale: &Tensor, shift: &Tensor) -> Result<Tensor> {
    entrywise(Affine, Fold::Entries, [x, log_scale, shift])
}

/// `(y - shift) exp(-log_scale)`: three `[n, d]` give `[n, d]`.
///
/// # Errors
/// Shapes that do not fit, or those of candle.
pub fn affine_map_inverse(y: &Tensor, log_scale: &Tensor, shift: &Tensor) -> Result<Tensor> {
    entrywise(AffineInverse, Fold::Entries, [y, log_scale, shift])
}

#[derive(Clone, Copy)]
struct Bounded(f64);

impl Formula for Bounded {
    const NAME: &'static str = "bounded";

    #[inline(always)]
    fn value<T: Real>(self, x: T, _: T, _: T) -> T {
        let bound = T::of(self.0);
        bound * (x / bound).tanh()
    }

    #[inline(always)]
    fn slopes<T: Real>(self, x: T, _: T, _: T) -> [T; 3] {
        let y = (x / T::of(self.0)).tanh();
        [T::ONE - y * y, T::ZERO, T::ZERO]
    }

    fn expression(self, x: &Tensor, _: &Tensor, _: &Tensor) -> Result<Tensor> {
        bounded_expression(x, self.0)
    }
}

#[derive(Clone, Copy)]
struct Affine;

impl Formula for Affine {
    const NAME: &'static str = "affine-map";

    #[inline(always)]
    fn value<T: Real>(self, x: T, s: T, t: T) -> T {
        x * s.exp() + t
    }

    #[inline(always)]
    fn slopes<T: Real>(self, x: T, s: T, _: T) -> [T; 3] {
        let scale = s.exp();
        [scale, x * scale, T::ONE]
    }

    fn expression(self, x: &Tensor, s: &Tensor, t: &Tensor) -> Result<Tensor> {
        (x * s.exp()?)? + t
    }
}

#[derive(Clone, Copy)]
struct AffineInverse;

impl Formula for AffineInverse {
    const NAME: &'static str = "affine-map-inverse";

    #[inline(always)]
    fn value<T: Real>(self, y: T, s: T, t: T) -> T {
        (y - t) * (-s).exp()
    }

    #[inline(always)]
    fn slopes<T: Real>(self, y: T, s: T, t: T) -> [T; 3] {
        let scale = (-s).exp();
        [scale, -(y - t) * scale, -scale]
    }

    fn expression(self, y: &Tensor, s: &Tensor, t: &Tensor) -> Result<Tensor> {
        (y - t)? * s.neg()?.exp()?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entrywise::assert_expression_agrees;

    #[test]
    fn other_devices_compute_the_same() -> Result<()> {
        assert_expression_agrees(Bounded(0.7))?;
        assert_expression_agrees(Affine)?;
        assert_expression_agrees(AffineInverse)
    }
}
