//! The principal axes of rows, and their effective rank.

use crate::linalg::symmetric_eigen;
use crate::moments::{covariance, covariance_of_rows};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result};

/// Variances below this share of the largest are rounding: inputs have seven digits, so squares of their errors stay
/// below it.
const NEGLIGIBLE: f64 = 1e-12;

/// Orthogonal directions of the training inputs, from the largest variance down.
#[derive(Debug, Clone)]
pub struct PrincipalAxes {
    /// Variance along each axis, descending, d.
    pub variances: Vec<f64>,
    /// One axis per row, of length one, its largest entry positive, d x d.
    pub axes: Matrix<f64>,
}

impl PrincipalAxes {
    /// Of the training rows of the standardised inputs.
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` when no input varies.
    pub fn of(data: &Prepared) -> Result<Self> {
        Self::of_covariance(&covariance_of_rows(&data.inputs, &data.rows_of(Split::Train)))
    }

    /// Of given rows (n x d).
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` when no column varies.
    pub fn of_rows(rows: &Matrix) -> Result<Self> {
        Self::of_covariance(&covariance(rows))
    }

    fn of_covariance(covariance: &Matrix<f64>) -> Result<Self> {
        let (ascending, vectors) = symmetric_eigen(covariance)?;
        let d = ascending.len();
        let variances: Vec<f64> = ascending.iter().rev().map(|&v| v.max(0.0)).collect();
        let axes = Matrix::from_fn(d, d, |i, j| sign(&vectors, d - 1 - i) * vectors[(j, d - 1 - i)]);
        if variances.first().is_none_or(|&largest| largest <= 0.0) {
            return Err(Failure::new(
                Code::NumericSingular,
                format!("none of the {d} inputs varies over the training rows"),
            )
            .hint("choose inputs that vary"));
        }
        Ok(Self { variances, axes })
    }

    /// The map to unit variances along the first `k` axes, or as many as there are with a variance above rounding:
    /// r x d.
    pub fn whitening(&self, k: usize) -> Matrix<f64> {
        let d = self.variances.len();
        Matrix::from_fn(k.min(rank(&self.variances)), d, |i, j| self.axes[(i, j)] / self.variances[i].sqrt())
    }
}

/// Eigenvectors come with either sign: the entry of the largest magnitude decides.
fn sign(vectors: &Matrix<f64>, column: usize) -> f64 {
    let largest = vectors.col(column).into_iter().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
    largest.signum()
}

/// Effective rank: how many variances (descending) stand above rounding.
pub fn rank(variances: &[f64]) -> usize {
    let largest = variances.first().copied().unwrap_or(0.0);
    variances.iter().filter(|&&v| v > NEGLIGIBLE * largest).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_rank_counts_variances_above_rounding() {
        assert_eq!(rank(&[4.0, 1.0, 1e-6, 1e-13, 0.0]), 3);
        assert_eq!(rank(&[]), 0);
    }
}
