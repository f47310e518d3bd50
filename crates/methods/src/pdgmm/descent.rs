//! All planes descend together: rows w_i of unit length on white codes x,
//!
//!   F(W) = sum_i f_i(w_i . x) - eta log |det W| ,
//!
//! where f_i is small for values that pile up somewhere (`contrast`). The true w_i is a sharp local minimum of its term, for any
//! correlation of the latents; the determinant keeps two rows from taking the same plane. The first steps are long and see a
//! smooth objective, the last ones are short and see it as it is.

use super::contrast::{Contrast, Moment};
use disentangle_data::{Matrix, Result};
use disentangle_numerics::directions::{along, pulled};
use disentangle_numerics::linalg::{dot, inverse, log_abs_det};

/// How the descent runs: from the first value to the last, geometrically.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Path {
    /// Steps.
    pub steps: usize,
    /// Length of a step on the unit sphere.
    pub length: (f64, f64),
    /// Weight eta of the log-determinant.
    pub repulsion: (f64, f64),
}

/// Rows looked at in a step, at most.
const BATCH: usize = 4000;
/// Gradients shorter than this make shorter steps.
const SHORT: f64 = 0.05;

/// The objective and its gradient in W (k x k) on rows `x` (n x k, row-major), for the contrast as it stands.
///
/// # Errors
/// `NUMERIC_SINGULAR` for a singular W.
pub fn objective(x: &[f32], w: &Matrix<f64>, contrast: &dyn Contrast, repulsion: f64) -> Result<(f64, Matrix<f64>)> {
    let k = w.rows();
    let n = (x.len() / k) as f64;
    let mut y = along(x, w);
    let value = contrast.slopes(&mut y) - repulsion * log_abs_det(w);
    let (pull, dual) = (pulled(&y, x, k), inverse(w)?);
    Ok((value, Matrix::from_fn(k, k, |i, j| pull[(i, j)] / n - repulsion * dual[(j, i)])))
}

/// The planes that `start` (k x k, regular) descends to on `rows` (n x k: white, in random order), unless `go_on`, which sees
/// the objective after every step, says no.
///
/// # Errors
/// `NUMERIC_SINGULAR` when two rows become one.
pub fn descend(
    rows: &Matrix,
    start: &Matrix<f64>,
    path: Path,
    contrast: &mut dyn Contrast,
    mut go_on: impl FnMut(f64) -> bool,
) -> Result<Option<Matrix<f64>>> {
    let (n, k) = (rows.rows(), rows.cols());
    let batch = BATCH.min(n);
    let mut w = unit_rows(start.clone());
    for step in 0..path.steps {
        let at = step as f64 / (path.steps - 1).max(1) as f64;
        let between = |(first, last): (f64, f64)| first * (last / first).powf(at);
        let (length, repulsion) = (between(path.length), between(path.repulsion));
        let from = (step * batch) % (n - batch + 1);
        let x = &rows.data()[from * k..(from + batch) * k];
        contrast.adapt(&along(x, &w), k, Moment { step, at, length });
        let (value, gradient) = objective(x, &w, contrast, repulsion)?;
        if !go_on(value) {
            return Ok(None);
        }
        for i in 0..k {
            let radial = dot(gradient.row(i), w.row(i));
            let tangent: Vec<f64> = gradient.row(i).iter().zip(w.row(i)).map(|(g, w)| g - radial * w).collect();
            let scale = length / dot(&tangent, &tangent).sqrt().max(SHORT);
            w.row_mut(i).iter_mut().zip(&tangent).for_each(|(w, g)| *w -= scale * g);
        }
        w = unit_rows(w);
    }
    Ok(Some(w))
}

/// Every row at length one; a row of zeros stays.
pub fn unit_rows(mut w: Matrix<f64>) -> Matrix<f64> {
    for i in 0..w.rows() {
        let norm = dot(w.row(i), w.row(i)).sqrt();
        if norm > 0.0 {
            w.row_mut(i).iter_mut().for_each(|v| *v /= norm);
        }
    }
    w
}
