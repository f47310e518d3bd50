//! Planes from known silence: the ceiling that a blind search is measured against.
//!
//! On the rows where latent i is silent, its plane is where codes do not vary: the direction of least variance.

use super::descent::unit_rows;
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_numerics::linalg::symmetric_eigen;
use disentangle_numerics::moments::covariance;

/// Name of the truth table that says which latents are silent (n x k, 1 = silent).
pub const SILENT: &str = "silent";

/// The plane of each latent on white `rows` (n x k), from `silent` (n x k): k x k, rows of unit length. In blocks of `size` latents that are
/// silent in the same rows, each takes the next direction of least variance there.
///
/// # Errors
/// `DATA_TOO_FEW_ROWS` for a latent that is silent in fewer rows than a plane needs.
pub fn known_planes(rows: &Matrix, silent: &Matrix, size: usize) -> Result<Matrix<f64>> {
    let k = rows.cols();
    let mut directions = Matrix::zeros(silent.cols(), k);
    for i in 0..silent.cols() {
        let here: Vec<usize> = (0..rows.rows()).filter(|&row| silent[(row, i)] > 0.5).collect();
        if here.len() <= k {
            let message = format!(
                "latent {} is known to be silent in {} training rows, expected more than {k}",
                i + 1,
                here.len()
            );
            return Err(Failure::new(Code::DataTooFewRows, message).hint("give more rows").with("rows", here.len()));
        }
        let (_, vectors) = symmetric_eigen(&covariance(&rows.select_rows(&here)))?;
        directions.row_mut(i).copy_from_slice(&vectors.col(i % size));
    }
    Ok(unit_rows(directions))
}
