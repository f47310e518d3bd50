//! Proximal steps: penalties without a gradient at zero, taken exactly.

use super::in_place::change;
use candle_core::{DType, Result, Var};

/// The proximal step of `weight * sum |x|` after a gradient step of rate `lr`: each entry moves `lr * weight` towards
/// zero and stops there, exactly. *Proximal Algorithms* (Parikh, Boyd, 2014), section 6.5.2.
///
/// # Errors
/// A parameter that is not `f32`, or those of candle.
pub fn soft_threshold(var: &Var, lr: f64, weight: f64) -> Result<()> {
    let threshold = (lr * weight) as f32;
    let values = |values: &mut [f32]| {
        for v in values {
            // The comparison is false for NaN, which must not become a clean zero.
            *v = if v.abs() <= threshold { 0.0 } else { *v - threshold.copysign(*v) };
        }
    };
    // What is clamped is what is taken away: all of a small entry.
    change(var, values, |p| p - p.clamp(-threshold, threshold)?)
}

/// The proximal step of `weight * sum_g |x_g|`, the Euclidean norms of the rows of a parameter `[g, k]`, after a gradient
/// step of rate `lr`: each row shortens by `lr * weight` and vanishes, exactly, when it is not longer than that.
/// *Proximal Algorithms* (Parikh, Boyd, 2014), section 6.5.4.
///
/// # Errors
/// A parameter that is not `f32` or has not two dimensions, or those of candle.
pub fn group_soft_threshold(var: &Var, lr: f64, weight: f64) -> Result<()> {
    let (_, k) = var.dims2()?;
    let threshold = lr * weight;
    let values = |values: &mut [f32]| {
        for row in values.chunks_mut(k.max(1)) {
            let norm = row.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt();
            // The comparison is false for NaN, which must not become a clean zero.
            let factor = if norm <= threshold { 0.0 } else { (1.0 - threshold / norm) as f32 };
            row.iter_mut().for_each(|v| *v *= factor);
        }
    };
    change(var, values, |p| {
        let norms = p.to_dtype(DType::F64)?.sqr()?.sum_keepdim(1)?.sqrt()?;
        let longer = (norms.recip()? * threshold)?.affine(-1.0, 1.0)?;
        let factors = norms.le(threshold)?.where_cond(&norms.zeros_like()?, &longer)?;
        p.broadcast_mul(&factors.to_dtype(p.dtype())?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Tensor};

    #[test]
    fn whole_groups_vanish_exactly_the_others_keep_their_direction_and_nan_stays() -> Result<()> {
        let rows = [[0.3f32, 0.4], [3.0, -4.0], [0.0, 0.0], [f32::NAN, 0.1]];
        for plain in [false, true] {
            let var = Var::from_tensor(&Tensor::new(&rows, &Device::Cpu)?)?;
            let shrink = || group_soft_threshold(&var, 0.5, 2.0);
            if plain {
                crate::by_expressions(shrink)?
            } else {
                shrink()?
            };
            let got = var.to_vec2::<f32>()?;
            assert_eq!((&got[0], &got[2]), (&vec![0.0, 0.0], &vec![0.0, 0.0]));
            // Length 5 becomes 4.
            assert!((got[1][0] - 2.4).abs() < 1e-6 && (got[1][1] + 3.2).abs() < 1e-6);
            assert!(got[3].iter().all(|v| v.is_nan()));
        }
        Ok(())
    }
}
