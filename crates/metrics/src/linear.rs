//! Ordinary least squares with an intercept, sound when columns repeat or are constant.
//!
//! Columns are centred and brought to length 1; of all coefficients that fit equally well the shortest (in those units) is
//! taken, by the singular value decomposition. Directions with a singular value below `max(n, d)` machine epsilons of the
//! largest count as absent.

use crate::columns::{Correlation, UnitColumns, inner_products, product, view};
use disentangle_data::{Code, Failure, Matrix, Result};

/// An affine map found by least squares.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearFit {
    /// One per output.
    pub intercept: Vec<f64>,
    /// Inputs x outputs, in the units of the inputs.
    pub coefficients: Matrix<f64>,
    /// Number of directions in which the inputs vary.
    pub rank: usize,
}

impl LinearFit {
    /// Fits `y` (n x t) on `x` (n x d). Both must be finite and of equal rows.
    ///
    /// # Errors
    /// `NUMERIC_NOT_FINITE` when the decomposition does not converge.
    pub fn new(x: &Matrix<f64>, y: &Matrix<f64>) -> Result<Self> {
        let columns = UnitColumns::new(Correlation::Pearson, x);
        let span = Span::new(&columns)?;
        let targets: Vec<f64> = (0..y.cols()).map(|t| y.col(t).iter().sum::<f64>() / y.rows() as f64).collect();
        let centred = Matrix::from_fn(y.rows(), y.cols(), |i, t| y[(i, t)] - targets[t]);
        let in_basis = inner_products(&span.basis, &centred);
        let mut coefficients = product(&span.weights, &in_basis);
        let root = (x.rows() as f64).sqrt();
        for (j, sd) in columns.sd.iter().enumerate() {
            // A constant column has weight 0 already.
            let length = if *sd > 0.0 { sd * root } else { 1.0 };
            coefficients.row_mut(j).iter_mut().for_each(|c| *c /= length);
        }
        let intercept = (0..y.cols())
            .map(|t| targets[t] - (0..x.cols()).map(|j| coefficients[(j, t)] * columns.mean[j]).sum::<f64>())
            .collect();
        Ok(Self { intercept, coefficients, rank: span.basis.cols() })
    }

    /// The fitted outputs for `x` (n x d).
    pub fn predict(&self, x: &Matrix<f64>) -> Matrix<f64> {
        let mut out = product(x, &self.coefficients);
        for i in 0..out.rows() {
            out.row_mut(i).iter_mut().zip(&self.intercept).for_each(|(v, b)| *v += b);
        }
        out
    }
}

/// An orthonormal basis of what centred columns span.
pub(crate) struct Span {
    /// n x rank, orthonormal.
    pub basis: Matrix<f64>,
    /// d x rank, with `basis = columns * weights`.
    pub weights: Matrix<f64>,
}

impl Span {
    pub fn new(columns: &UnitColumns) -> Result<Self> {
        let x = &columns.values;
        let svd = view(x).thin_svd().map_err(|_| {
            Failure::new(
                Code::NumericNotFinite,
                format!("the singular values of a {} x {} matrix were not found", x.rows(), x.cols()),
            )
        })?;
        let singular: Vec<f64> = svd.S().column_vector().iter().copied().collect();
        let least = singular.first().copied().unwrap_or(0.0) * f64::EPSILON * x.rows().max(x.cols()) as f64;
        let rank = singular.iter().filter(|&&s| s > least).count();
        Ok(Self {
            basis: Matrix::from_fn(x.rows(), rank, |i, k| svd.U()[(i, k)]),
            weights: Matrix::from_fn(x.cols(), rank, |j, k| svd.V()[(j, k)] / singular[k]),
        })
    }
}
