//! The logistic function and its integral, without overflow and without cancellation.

use crate::real::Real;

/// `ln(1 + exp(x))`, without overflow.
#[inline(always)]
pub fn softplus<T: Real>(x: T) -> T {
    (if x < T::ZERO { T::ZERO } else { x }) + (-x.abs()).exp().ln_1p_of_unit()
}

/// 1 / (1 + exp(-x)), and one minus it without cancellation.
#[inline(always)]
pub fn sigmoids<T: Real>(x: T) -> (T, T) {
    let small = (-x.abs()).exp();
    let (large, small) = (T::ONE / (T::ONE + small), small / (T::ONE + small));
    if x < T::ZERO { (small, large) } else { (large, small) }
}
