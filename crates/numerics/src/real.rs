//! The two floating-point types of the fused kernels: `f32` to train, `f64` to check and for the closed-form stages.
//!
//! The `f32` functions are branch-free polynomials, so that loops over them vectorise under whatever instruction set
//! pulp finds at run time. They use no fused multiply-add: the bits are the same on every machine.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// A floating-point type that the fused kernels are written for.
pub trait Real:
    Copy
    + Debug
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Nearest value.
    fn of(value: f64) -> Self;
    /// Absolute value.
    fn abs(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Exponential; `f32`: within 2 ulp, 0 below -87.3 and infinite above 88.7.
    fn exp(self) -> Self;
    /// Hyperbolic tangent; `f32`: within 3 ulp.
    fn tanh(self) -> Self;
    /// `ln(1 + x)` for x in \[0, 1\]; `f32`: within 3 ulp.
    fn ln_1p_of_unit(self) -> Self;
    /// Natural logarithm (not vectorised).
    fn ln(self) -> Self;
    /// Converts for sums in double precision.
    fn wide(self) -> f64;
    /// The values, if they are `f32`.
    fn singles(_: &[Self]) -> Option<&[f32]> {
        None
    }
    /// The values, if they are `f32`.
    fn singles_mut(_: &mut [Self]) -> Option<&mut [f32]> {
        None
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    #[inline(always)]
    fn exp(self) -> Self {
        f64::exp(self)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        f64::tanh(self)
    }
    #[inline(always)]
    fn ln_1p_of_unit(self) -> Self {
        self.ln_1p()
    }
    #[inline(always)]
    fn ln(self) -> Self {
        f64::ln(self)
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    fn singles(values: &[Self]) -> Option<&[f32]> {
        Some(values)
    }
    fn singles_mut(values: &mut [Self]) -> Option<&mut [f32]> {
        Some(values)
    }
    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn abs(self) -> Self {
        f32::abs(self)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }

    // Cody and Waite: x = n ln 2 + r, |r| <= ln 2 / 2; polynomial of Cephes expf; 2^n built in two halves so that
    // neither end of the range leaves the exponent's eight bits.
    #[inline(always)]
    #[allow(clippy::excessive_precision)] // The published digits of the splitting of ln 2.
    fn exp(self) -> Self {
        const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to an integer held in the low bits.
        let x = self;
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let r = x - n * 0.693_359_375 - n * -2.121_944_4e-4;
        let mut p = 1.987_569_2e-4_f32;
        for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
            p = p * r + c;
        }
        let p = p * r * r + r + 1.0;
        let k = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
        let half = k >> 1;
        let power = |k: i32| f32::from_bits((k.wrapping_add(127) as u32) << 23);
        let value = p * power(half) * power(k.wrapping_sub(half));
        let value = if x > 88.722_83 { f32::INFINITY } else { value };
        // Comparisons with NaN are false: a NaN argument keeps its NaN polynomial.
        if x < -87.336_54 { 0.0 } else { value }
    }

    // Cephes tanhf: an odd polynomial near zero, where 1 - 2 / (e^2x + 1) would cancel.
    #[inline(always)]
    #[allow(clippy::excessive_precision)] // The published digits.
    fn tanh(self) -> Self {
        let x = self;
        let z = x * x;
        let mut p = -5.704_988_7e-3_f32;
        for c in [2.063_908_9e-2, -5.373_971_5e-2, 1.333_144_2e-1, -3.333_328_2e-1] {
            p = p * z + c;
        }
        let near = p * z * x + x;
        let a = x.abs();
        let far = (1.0 - 2.0 / ((a + a).exp() + 1.0)).copysign(x);
        if a < 0.625 { near } else { far }
    }

    // ln(1 + x) = 2 artanh(x / (2 + x)); the argument is at most 1/3, eight terms reach single precision.
    #[inline(always)]
    fn ln_1p_of_unit(self) -> Self {
        let s = self / (2.0 + self);
        let z = s * s;
        let mut p = 1.0 / 15.0_f32;
        for c in [1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0] {
            p = p * z + c;
        }
        2.0 * s * p
    }
    #[inline(always)]
    fn ln(self) -> Self {
        f32::ln(self)
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulp_error(got: f32, want: f64) -> f64 {
        let nearest = want as f32;
        let ulp = f64::from(f32::from_bits(nearest.abs().to_bits() + 1)) - f64::from(nearest.abs());
        (f64::from(got) - want).abs() / ulp
    }

    #[test]
    fn the_vectorised_functions_keep_their_stated_error() {
        let mut worst = [0f64; 3];
        for i in 0..=400_000 {
            let x = -87.3 + 176.0 * f64::from(i) / 400_000.0;
            let x = x as f32;
            worst[0] = worst[0].max(ulp_error(Real::exp(x), f64::from(x).exp()));
            let x = x / 8.0;
            worst[1] = worst[1].max(ulp_error(Real::tanh(x), f64::from(x).tanh()));
            let x = i as f32 / 400_000.0;
            if x > 0.0 {
                worst[2] = worst[2].max(ulp_error(x.ln_1p_of_unit(), f64::from(x).ln_1p()));
            }
        }
        assert!(worst[0] <= 2.0 && worst[1] <= 3.0 && worst[2] <= 3.0, "{worst:?}");
    }

    #[test]
    fn the_ends_and_nan_are_exact() {
        assert_eq!(Real::exp(0f32), 1.0);
        assert_eq!(Real::exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(Real::exp(-1000f32), 0.0);
        assert_eq!(Real::exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(Real::exp(1000f32), f32::INFINITY);
        assert!(Real::exp(f32::NAN).is_nan() && Real::tanh(f32::NAN).is_nan());
        assert_eq!(Real::tanh(0f32), 0.0);
        assert_eq!((Real::tanh(50f32), Real::tanh(f32::NEG_INFINITY)), (1.0, -1.0));
        assert_eq!(0f32.ln_1p_of_unit(), 0.0);
    }
}
