//! Proximal steps: penalties without a gradient at zero, taken exactly.

use super::in_place::update;
use candle_core::{Result, Var};

/// The proximal step of `weight * sum |x|` after a gradient step of rate `lr`: each entry moves `lr * weight` towards
/// zero and stops there, exactly. *Proximal Algorithms* (Parikh, Boyd, 2014), section 6.5.2.
///
/// # Errors
/// A parameter that is not `f32`, or those of candle.
pub fn soft_threshold(var: &Var, lr: f64, weight: f64) -> Result<()> {
    let threshold = (lr * weight) as f32;
    update(var, |values| {
        for v in values {
            // The comparison is false for NaN, which must not become a clean zero.
            *v = if v.abs() <= threshold { 0.0 } else { *v - threshold.copysign(*v) };
        }
    })
}
