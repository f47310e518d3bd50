//! Varimax: the rotation of loadings under which each factor has few large ones.
//!
//! `maximise over rotations T  sum_f [ sum_j b_jf^4 / d - (sum_j b_jf^2 / d)^2 ]`, b = L T, without Kaiser's weights.

use crate::factor_model::signed;
use disentangle_data::Matrix;

/// Sweeps over all pairs of factors, at most; each pair is turned to its optimum, and a handful of sweeps settles them.
const SWEEPS: usize = 1000;
/// Settled when no pair turns by more in a sweep, in radians.
const STILL: f64 = 1e-12;

/// Rotated loadings, d x k: factors by their sums of squares, descending, the largest loading of each positive.
pub fn varimax(loadings: &Matrix<f64>) -> Matrix<f64> {
    let mut rotated = loadings.clone();
    for _ in 0..SWEEPS {
        if sweep(&mut rotated) <= STILL {
            break;
        }
    }
    let square = |f: usize| rotated.col(f).iter().map(|b| b * b).sum::<f64>();
    let mut order: Vec<usize> = (0..rotated.cols()).collect();
    order.sort_by(|&a, &b| square(b).total_cmp(&square(a)));
    signed(&rotated.select_cols(&order))
}

/// Turns every pair of factors to the best angle between them (Kaiser 1958); returns the largest turn.
fn sweep(loadings: &mut Matrix<f64>) -> f64 {
    let (d, k) = (loadings.rows(), loadings.cols());
    let mut largest = 0f64;
    for a in 0..k {
        for b in a + 1..k {
            let [mut u_sum, mut v_sum, mut mixed, mut apart] = [0.0; 4];
            for j in 0..d {
                let (x, y) = (loadings[(j, a)], loadings[(j, b)]);
                let (u, v) = (x * x - y * y, 2.0 * x * y);
                u_sum += u;
                v_sum += v;
                mixed += 2.0 * u * v;
                apart += u * u - v * v;
            }
            let n = d as f64;
            let angle = 0.25 * (mixed - 2.0 * u_sum * v_sum / n).atan2(apart - (u_sum * u_sum - v_sum * v_sum) / n);
            let (sin, cos) = angle.sin_cos();
            for j in 0..d {
                let (x, y) = (loadings[(j, a)], loadings[(j, b)]);
                (loadings[(j, a)], loadings[(j, b)]) = (x * cos + y * sin, y * cos - x * sin);
            }
            largest = largest.max(angle.abs());
        }
    }
    largest
}
