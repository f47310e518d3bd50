//! One rational-quadratic piece, differentiated by dual numbers: the formulas are written once.

use super::Toward;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number and its partial derivatives in the seven numbers of a piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dual {
    pub value: f64,
    pub slopes: [f64; 7],
}

impl Dual {
    pub const AT: usize = 0;
    pub const X0: usize = 1;
    pub const W: usize = 2;
    pub const Y0: usize = 3;
    pub const H: usize = 4;
    pub const D0: usize = 5;
    pub const D1: usize = 6;

    fn variable(value: f64, index: usize) -> Self {
        let mut slopes = [0.0; 7];
        slopes[index] = 1.0;
        Self { value, slopes }
    }

    fn constant(value: f64) -> Self {
        Self { value, slopes: [0.0; 7] }
    }

    /// The chain rule for two arguments.
    fn chain(value: f64, (a, da): (Self, f64), (b, db): (Self, f64)) -> Self {
        Self { value, slopes: std::array::from_fn(|i| da * a.slopes[i] + db * b.slopes[i]) }
    }

    fn of(self, value: f64, slope: f64) -> Self {
        Self { value, slopes: self.slopes.map(|s| slope * s) }
    }

    fn ln(self) -> Self {
        self.of(self.value.ln(), 1.0 / self.value)
    }

    fn sqrt(self) -> Self {
        // Rounding can make a vanishing discriminant negative.
        let root = self.value.max(0.0).sqrt();
        self.of(if self.value.is_nan() { f64::NAN } else { root }, 0.5 / root)
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, b: Self) -> Self {
        Self::chain(self.value + b.value, (self, 1.0), (b, 1.0))
    }
}

impl Sub for Dual {
    type Output = Self;
    fn sub(self, b: Self) -> Self {
        Self::chain(self.value - b.value, (self, 1.0), (b, -1.0))
    }
}

impl Mul for Dual {
    type Output = Self;
    fn mul(self, b: Self) -> Self {
        Self::chain(self.value * b.value, (self, b.value), (b, self.value))
    }
}

impl Div for Dual {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        let value = self.value / b.value;
        Self::chain(value, (self, 1.0 / b.value), (b, -value / b.value))
    }
}

impl Neg for Dual {
    type Output = Self;
    fn neg(self) -> Self {
        self.of(-self.value, -1.0)
    }
}

/// A piece from (x0, y0) to (x0 + w, y0 + h) with slopes d0 and d1 at its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    pub x0: f64,
    pub w: f64,
    pub y0: f64,
    pub h: f64,
    pub d0: f64,
    pub d1: f64,
}

impl Piece {
    /// The image of x, or the preimage of y, and the logarithm of the slope of that map.
    pub fn follow(self, at: f64, toward: Toward) -> [Dual; 2] {
        let [at, x0, w, y0, h, d0, d1] = [
            (at, Dual::AT),
            (self.x0, Dual::X0),
            (self.w, Dual::W),
            (self.y0, Dual::Y0),
            (self.h, Dual::H),
            (self.d0, Dual::D0),
            (self.d1, Dual::D1),
        ]
        .map(|(value, index)| Dual::variable(value, index));
        let (one, two, four) = (Dual::constant(1.0), Dual::constant(2.0), Dual::constant(4.0));
        let s = h / w;
        let bend = d0 + d1 - two * s;
        let t = match toward {
            Toward::Image => (at - x0) / w,
            // Equations 6 to 8, in the form of the root that does not cancel.
            Toward::Preimage => {
                let rise = at - y0;
                let a = h * (s - d0) + rise * bend;
                let b = h * d0 - rise * bend;
                let c = -s * rise;
                two * c / (-b - (b * b - four * a * c).sqrt())
            }
        };
        let u = one - t;
        let below = s + bend * t * u;
        // Equation 5, as a logarithm.
        let log_slope = two * s.ln() + (d1 * t * t + two * s * t * u + d0 * u * u).ln() - two * below.ln();
        match toward {
            // Equation 4.
            Toward::Image => [y0 + h * (s * t * t + d0 * t * u) / below, log_slope],
            Toward::Preimage => [x0 + t * w, -log_slope],
        }
    }
}
