//! FastICA: the rotation of whitened data whose coordinates are as non-Gaussian as they can be.
//!
//! Symmetric fixed-point iteration, equations 20 and 45 of *Fast and robust fixed-point algorithms for independent
//! component analysis* (Hyvarinen, 1999), <https://doi.org/10.1109/72.761722>:
//!
//!   w_i <- mean_a z_a g(w_i . z_a) - w_i mean_a g'(w_i . z_a) ,   W <- (W W')^(-1/2) W

use crate::directions::{along, pulled};
use crate::linalg::{dot, product, symmetric_eigen};
use crate::real::Real;
use disentangle_data::simd::vectorised;
use disentangle_data::{Code, Failure, Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What measures how far a coordinate is from Gaussian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Contrast {
    /// The mean of log cosh: robust against extreme values.
    #[default]
    LogCosh,
    /// Kurtosis: exact for symmetric causes, at the mercy of extreme values.
    Cube,
}

impl Contrast {
    /// The derivative g of the contrast, and its derivative.
    #[inline(always)]
    fn slopes<T: Real>(self, s: T) -> (T, T) {
        match self {
            Contrast::LogCosh => {
                let t = s.tanh();
                (t, T::ONE - t * t)
            }
            Contrast::Cube => (s * s * s, T::of(3.0) * s * s),
        }
    }
}

/// When the iteration ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Iterations, at most.
    pub iterations: usize,
    /// The iteration has converged when no direction turns by more: one minus the cosine between its last two values.
    pub tolerance: f64,
}

/// Where the iteration ended.
#[derive(Debug, Clone)]
pub struct Unmixing {
    /// Orthogonal k x k: one direction per row.
    pub directions: Matrix<f64>,
    /// Iterations taken.
    pub iterations: usize,
    /// How far the last iteration turned the direction that turned most: one minus a cosine; infinite before any.
    pub turn: f64,
}

/// Rotates `whitened` (n x k: mean 0, unit covariance) from `start` (k x k, regular; made orthogonal first).
///
/// After each iteration `go_on` sees the unmixing so far and says whether to go on. Not converging is no failure: `turn`
/// tells.
///
/// # Errors
/// `NUMERIC_SINGULAR` when the start, or an iteration, loses a direction.
pub fn fast_ica<T: Real + Default>(
    whitened: &Matrix<T>,
    start: &Matrix<f64>,
    contrast: Contrast,
    limits: Limits,
    mut go_on: impl FnMut(&Unmixing) -> bool,
) -> Result<Unmixing> {
    let mut at = Unmixing { directions: orthogonal(start)?, iterations: 0, turn: f64::INFINITY };
    while at.iterations < limits.iterations && at.turn >= limits.tolerance {
        let directions = orthogonal(&step(whitened, &at.directions, contrast))?;
        let turn = |i: usize| (dot(directions.row(i), at.directions.row(i)).abs() - 1.0).abs();
        let turn = (0..directions.rows()).map(turn).fold(0.0, f64::max);
        at = Unmixing { directions, iterations: at.iterations + 1, turn };
        if !go_on(&at) {
            break;
        }
    }
    Ok(at)
}

/// Rows looked at together: their values along all directions stay in the cache.
const BLOCK: usize = 2048;

/// mean_a z_a g(w_i . z_a) - w_i mean_a g'(w_i . z_a), one row per direction.
fn step<T: Real + Default>(whitened: &Matrix<T>, directions: &Matrix<f64>, contrast: Contrast) -> Matrix<f64> {
    let (n, k) = (whitened.rows(), whitened.cols());
    let (mut pull, mut curvature) = (Matrix::<f64>::zeros(k, k), vec![0.0; k]);
    for x in whitened.data().chunks(BLOCK * k) {
        let mut s = along(x, directions);
        vectorised!({
            for row in s.chunks_exact_mut(k) {
                for (s, sum) in row.iter_mut().zip(&mut curvature) {
                    let (g, slope) = contrast.slopes(*s);
                    (*s, *sum) = (g, *sum + slope.wide());
                }
            }
        });
        let part = pulled(&s, x, k);
        pull.data_mut().iter_mut().zip(part.data()).for_each(|(sum, part)| *sum += part);
    }
    Matrix::from_fn(k, k, |i, j| (pull[(i, j)] - directions[(i, j)] * curvature[i]) / n as f64)
}

/// (W W')^(-1/2) W: the orthogonal matrix nearest to W.
fn orthogonal(w: &Matrix<f64>) -> Result<Matrix<f64>> {
    let (values, vectors) = symmetric_eigen(&product(w, &w.transposed()))?;
    let k = values.len();
    if values.first().is_some_and(|&least| least <= f64::EPSILON * values[k - 1]) {
        return Err(Failure::new(
            Code::NumericSingular,
            format!("independent components: two of {k} directions are the same"),
        )
        .hint("choose fewer latents or another seed"));
    }
    let scaled = Matrix::from_fn(k, k, |i, j| vectors[(i, j)] / values[j].sqrt());
    Ok(product(&product(&scaled, &vectors.transposed()), w))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn golden() -> Value {
        serde_json::from_str(include_str!("../../../golden/fast_ica.json")).expect("it is JSON")
    }

    fn matrix(value: &Value) -> Matrix<f64> {
        let rows = value.as_array().expect("rows");
        let flat: Vec<f64> =
            rows.iter().flat_map(|row| row.as_array().expect("a row")).map(|v| v.as_f64().expect("a number")).collect();
        Matrix::new(rows.len(), flat.len() / rows.len(), flat).expect("rows of one length")
    }

    #[test]
    fn directions_and_iterations_are_scikit_learns_from_the_same_start() {
        let golden = golden();
        let (whitened, start) = (matrix(&golden["whitened"]), matrix(&golden["start"]));
        for (contrast, name) in [(Contrast::LogCosh, "logcosh"), (Contrast::Cube, "cube")] {
            let want = &golden[name];
            let limits = Limits { iterations: 200, tolerance: golden["tolerance"].as_f64().expect("a number") };
            let mut told = 0;
            let found = fast_ica(&whitened, &start, contrast, limits, |at| {
                told = at.iterations;
                true
            })
            .expect("the start is regular");
            assert!(found.turn < limits.tolerance);
            assert_eq!(
                (found.iterations, told),
                (want["iterations"].as_u64().expect("a count") as usize, told),
                "{name}"
            );
            assert_eq!(found.iterations, told);
            for (got, want) in found.directions.data().iter().zip(matrix(&want["directions"]).data()) {
                assert!((got - want).abs() < 1e-9, "{name}: {got} {want}");
            }
        }
    }

    #[test]
    fn stopping_keeps_what_there_is_and_says_how_far_it_still_turned() {
        let golden = golden();
        let (whitened, start) = (matrix(&golden["whitened"]), matrix(&golden["start"]));
        let limits = Limits { iterations: 200, tolerance: 1e-10 };
        let stopped = fast_ica(&whitened, &start, Contrast::LogCosh, limits, |at| at.iterations < 2).expect("regular");
        assert_eq!(stopped.iterations, 2);
        assert!(stopped.turn > limits.tolerance && stopped.turn.is_finite());
        let gram = product(&stopped.directions, &stopped.directions.transposed());
        let k = gram.rows();
        assert!((0..k * k).all(|e| (gram.data()[e] - f64::from(u8::from(e / k == e % k))).abs() < 1e-12));
    }

    #[test]
    fn a_start_without_full_rank_is_refused() {
        let limits = Limits { iterations: 5, tolerance: 1e-4 };
        let (z, start) = (Matrix::from_fn(10, 2, |i, j| (i * (j + 1)) as f64), Matrix::from_fn(2, 2, |_, _| 1.0));
        let failure = fast_ica(&z, &start, Contrast::LogCosh, limits, |_| true).expect_err("rank 1");
        assert_eq!(failure.code, Code::NumericSingular);
    }
}
