//! Activations: value, and slope computed from the *output*, so that a layer need not keep its pre-activation.

use candle_core::{Result, Tensor};
use disentangle_data::simd::vectorised;
use disentangle_numerics::real::Real;

/// The nonlinearity at the end of a dense layer. NaN always propagates.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `x`.
    Identity,
    /// `x` if x > 0, else `slope * x`; the slope must be positive; derivative at 0: `slope`.
    LeakyRelu(f64),
    /// `max(x, 0)`; derivative at 0: 0.
    Relu,
    /// `x` if x > 0, else `exp(x) - 1`; derivative at 0: 1.
    Elu,
    /// Hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `ln(1 + exp(x))`.
    Softplus,
}

/// The values an elementwise pass needs, resolved outside its loop.
trait Pointwise<T: Real>: Copy {
    fn value(self, x: T) -> T;
    fn slope(self, y: T) -> T;
}

#[derive(Clone, Copy)]
struct Identity;
#[derive(Clone, Copy)]
struct Leaky<T>(T);
#[derive(Clone, Copy)]
struct Relu;
#[derive(Clone, Copy)]
struct Elu;
#[derive(Clone, Copy)]
struct Tanh;
#[derive(Clone, Copy)]
struct Sigmoid;
#[derive(Clone, Copy)]
struct Softplus;

macro_rules! pointwise {
    ($name:ty, |$s:ident, $x:ident| $value:expr, |$y:ident| $slope:expr) => {
        impl<T: Real> Pointwise<T> for $name {
            #[inline(always)]
            #[allow(unused_variables)]
            fn value(self, $x: T) -> T {
                let $s = self;
                $value
            }
            #[inline(always)]
            #[allow(unused_variables)]
            fn slope(self, $y: T) -> T {
                let $s = self;
                $slope
            }
        }
    };
}

pointwise!(Identity, |s, x| x, |y| T::ONE);
pointwise!(Leaky<T>, |s, x| if x > T::ZERO { x } else { x * s.0 }, |y| if y > T::ZERO { T::ONE } else { s.0 });
pointwise!(Relu, |s, x| if x < T::ZERO { T::ZERO } else { x }, |y| if y > T::ZERO { T::ONE } else { T::ZERO });
// exp(x) - 1 is accurate to one unit of 1.0, not of itself, near zero: enough for an activation.
pointwise!(Elu, |s, x| if x > T::ZERO { x } else { x.exp() - T::ONE }, |y| if y > T::ZERO {
    T::ONE
} else {
    y + T::ONE
});
pointwise!(Tanh, |s, x| x.tanh(), |y| T::ONE - y * y);
pointwise!(Sigmoid, |s, x| T::ONE / (T::ONE + (-x).exp()), |y| y * (T::ONE - y));
pointwise!(Softplus, |s, x| (if x < T::ZERO { T::ZERO } else { x }) + (-x.abs()).exp().ln_1p_of_unit(), |y| T::ONE
    - (-y).exp());

/// Runs `$body` with `$f` bound to the activation's `Pointwise`, so that each loop is compiled for each activation.
macro_rules! with_pointwise {
    ($activation:expr, $f:ident => $body:expr) => {
        match $activation {
            Activation::Identity => {
                let $f = Identity;
                $body
            }
            Activation::LeakyRelu(slope) => {
                let $f = Leaky(T::of(slope));
                $body
            }
            Activation::Relu => {
                let $f = Relu;
                $body
            }
            Activation::Elu => {
                let $f = Elu;
                $body
            }
            Activation::Tanh => {
                let $f = Tanh;
                $body
            }
            Activation::Sigmoid => {
                let $f = Sigmoid;
                $body
            }
            Activation::Softplus => {
                let $f = Softplus;
                $body
            }
        }
    };
}

/// Values that fill some vector registers: narrower rows are taken several at once, lest loops run in scalars.
const WIDE: usize = 64;

/// `y = activation(y + bias)` over rows of `bias.len()` values, in place.
pub(crate) fn add_bias_and_activate<T: Real>(y: &mut [T], bias: &[T], activation: Activation) {
    let cols = bias.len();
    if cols == 0 {
        return;
    }
    let mut several = [T::ZERO; WIDE];
    let bias = match WIDE / cols {
        0 | 1 => bias,
        rows => {
            several.chunks_exact_mut(cols).for_each(|row| row.copy_from_slice(bias));
            &several[..rows * cols]
        }
    };
    with_pointwise!(activation, f => vectorised!({
        for rows in y.chunks_mut(bias.len()) {
            for (y, &b) in rows.iter_mut().zip(bias) {
                *y = f.value(*y + b);
            }
        }
    }));
}

/// Turns the gradient of the output into that of the pre-activation, in place, and sums it over the rows.
///
/// `bias_gradient` (`[cols]`) is added to in row order. With `Identity` only the sum is computed.
pub(crate) fn pull_back<T: Real>(gradient: &mut [T], y: &[T], bias_gradient: &mut [T], activation: Activation) {
    let cols = bias_gradient.len();
    if cols == 0 {
        return;
    }
    with_pointwise!(activation, f => sum_rows(bias_gradient, |sums| vectorised!({
        let width = sums.len();
        for (gradient, y) in gradient.chunks_mut(width).zip(y.chunks(width)) {
            for ((g, &y), sum) in gradient.iter_mut().zip(y).zip(sums.iter_mut()) {
                *g *= f.slope(y);
                *sum += *g;
            }
        }
    })));
}

/// Column sums of `gradient`, added to `bias_gradient` (`[cols]`).
pub(crate) fn add_column_sums<T: Real>(gradient: &[T], bias_gradient: &mut [T]) {
    let cols = bias_gradient.len();
    if cols == 0 {
        return;
    }
    sum_rows(bias_gradient, |sums| {
        vectorised!({
            for rows in gradient.chunks(sums.len()) {
                for (&g, sum) in rows.iter().zip(sums.iter_mut()) {
                    *sum += g;
                }
            }
        })
    });
}

/// Calls `work` with what it adds rows to: `total` itself, or several rows side by side where it is narrow.
fn sum_rows<T: Real>(total: &mut [T], work: impl FnOnce(&mut [T])) {
    let cols = total.len();
    let mut several = [T::ZERO; WIDE];
    match WIDE / cols {
        0 | 1 => work(total),
        rows => {
            let sums = &mut several[..rows * cols];
            work(sums);
            for row in sums.chunks(cols) {
                for (total, &sum) in total.iter_mut().zip(row) {
                    *total += sum;
                }
            }
        }
    }
}

impl Activation {
    /// The slope left of zero of an activation that keeps what is right of it.
    pub(super) fn rectifier_slope(self) -> Option<f64> {
        match self {
            Activation::LeakyRelu(slope) => Some(slope),
            Activation::Relu => Some(0.0),
            _ => None,
        }
    }

    /// The activation as a candle expression: the path of other devices and the oracle of the fused kernels.
    ///
    /// # Errors
    /// Those of candle.
    pub fn expression(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Activation::Identity => Ok(x.clone()),
            // candle's relu' is 1 at 0; multiplying by a mask, a constant, keeps our convention.
            Activation::LeakyRelu(slope) => {
                let positive = x.gt(0.0)?.to_dtype(x.dtype())?;
                x * positive.affine(1.0 - slope, slope)?
            }
            Activation::Relu => x.le(0.0)?.where_cond(&x.zeros_like()?, x),
            Activation::Elu => x.elu(1.0),
            Activation::Tanh => x.tanh(),
            Activation::Sigmoid => (x.neg()?.exp()? + 1.0)?.recip(),
            // candle's abs' is 1 at 0; its maximum shares the gradient of a tie, which gives the true slope 1/2 there.
            Activation::Softplus => {
                let magnitude = x.maximum(&x.neg()?)?;
                x.maximum(&x.zeros_like()?)? + (magnitude.neg()?.exp()? + 1.0)?.log()?
            }
        }
    }
}
