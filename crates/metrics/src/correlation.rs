//! Correlation of every true latent with every estimated one.
//!
//! - Formula: `sum_r a_ri b_rj` over columns brought to mean 0 and length 1; for Spearman of their ranks, ties sharing the
//!   average rank.
//! - Range: -1 to 1; `None` where either column is constant (standard deviation at most [`crate::columns::CONSTANT`] times
//!   its largest |value|).
//! - Invariant to shift and positive scale of each column; Spearman to every increasing map of each column.
//! - Source: *The proof and measurement of association between two things* (Spearman, 1904),
//!   <https://doi.org/10.2307/1412159>.

use crate::columns::{Correlation, UnitColumns, correlations, refuse_unpaired};
use disentangle_data::{Matrix, Result};

/// Correlations of the columns of `a` (n x d) with those of `b` (n x e): a d x e matrix.
///
/// # Errors
/// `METRIC_SHAPE`, `DATA_NOT_FINITE`.
pub fn correlation(kind: Correlation, a: &Matrix<f64>, b: &Matrix<f64>) -> Result<Matrix<Option<f64>>> {
    refuse_unpaired(&[("first matrix", a), ("second matrix", b)])?;
    Ok(correlations(&UnitColumns::new(kind, a), &UnitColumns::new(kind, b)))
}
