//! Principal axes of standardised columns, from the smaller of the two Gram matrices.

use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::memory;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par, Side};

/// Rows converted to f64 at a time: the whole matrix in double precision could be several times the data set.
const BLOCK: usize = 1024;

/// Inputs seen through "subtract the mean, divide by the standard deviation"; constant columns become zero.
pub(crate) struct Standard<'a> {
    inputs: &'a Matrix,
    mean: Vec<f64>,
    /// 1 / sd, or 0 for a constant column.
    scale: Vec<f64>,
}

impl<'a> Standard<'a> {
    pub(crate) fn of(inputs: &'a Matrix) -> Self {
        let (n, d) = (inputs.rows(), inputs.cols());
        let mut mean = vec![0.0; d];
        let mut scale = vec![0.0; d];
        for i in 0..n {
            mean.iter_mut().zip(inputs.row(i)).for_each(|(m, &x)| *m += f64::from(x));
        }
        mean.iter_mut().for_each(|m| *m /= n as f64);
        for i in 0..n {
            for (j, &x) in inputs.row(i).iter().enumerate() {
                scale[j] += (f64::from(x) - mean[j]).powi(2);
            }
        }
        for (j, scale) in scale.iter_mut().enumerate() {
            // By comparison, not by the sum: the mean of equal numbers is rounded, so their deviation need not be 0.
            let varies = (1..n).any(|i| inputs[(i, j)] != inputs[(0, j)]);
            *scale = if varies { (n as f64 / *scale).sqrt() } else { 0.0 };
        }
        Self { inputs, mean, scale }
    }

    /// Number of columns that are not constant.
    pub(crate) fn varying(&self) -> usize {
        self.scale.iter().filter(|&&scale| scale > 0.0).count()
    }

    pub(crate) fn row(&self, i: usize) -> impl Iterator<Item = f64> {
        let moments = self.mean.iter().zip(&self.scale);
        self.inputs.row(i).iter().zip(moments).map(|(&x, (mean, scale))| (f64::from(x) - mean) * scale)
    }

    fn block(&self, from: usize, to: usize) -> Mat<f64> {
        let mut block = Mat::zeros(to - from, self.inputs.cols());
        for i in from..to {
            self.row(i).enumerate().for_each(|(j, value)| block[(i - from, j)] = value);
        }
        block
    }
}

/// The leading `components` axes as columns, d x p, largest variance first. Axes beyond the rank are zero.
pub(crate) fn principal_axes(standard: &Standard<'_>, components: usize) -> Result<Matrix<f64>> {
    let (n, d) = (standard.inputs.rows(), standard.inputs.cols());
    // Squares of the shorter side and what their eigenvectors take, and with fewer rows than columns the rows with 64 bits.
    let (short, long) = (n.min(d) as u64, n.max(d) as u64);
    let rows = if d <= n { 0 } else { short.saturating_mul(long) };
    memory::claim(
        short.saturating_mul(short).saturating_mul(4).saturating_add(rows).saturating_mul(8),
        "principal axes",
    )?;
    let by_columns = d <= n;
    let whole = if by_columns { Mat::zeros(0, 0) } else { standard.block(0, n) };
    let gram = if by_columns { columns_gram(standard) } else { rows_gram(&whole) };
    let size = gram.nrows();
    let eigen = gram.self_adjoint_eigen(Side::Lower).map_err(|error| {
        Failure::new(Code::NumericNotFinite, format!("the principal components could not be computed: {error:?}"))
    })?;
    let (values, vectors) = (eigen.S().column_vector(), eigen.U());
    let largest = values[size - 1];
    let mut axes = Matrix::zeros(d, components);
    for p in 0..components {
        // faer sorts ascending.
        let (value, vector) = (values[size - 1 - p], vectors.col(size - 1 - p));
        if value <= largest * f64::EPSILON * n.max(d) as f64 {
            break;
        }
        let mut axis: Vec<f64> = if by_columns {
            vector.iter().copied().collect()
        } else {
            // X = U S V' gives V = X' U / S.
            let axis = whole.transpose() * vector;
            axis.iter().map(|v| v / value.sqrt()).collect()
        };
        let top = axis.iter().fold(0.0, |top: f64, v| top.max(v.abs()));
        // Loadings that differ by rounding only count as equal, so that rounding cannot choose the sign.
        let leading = axis.iter().find(|v| v.abs() >= top * (1.0 - 1e-9)).copied().unwrap_or(1.0);
        axis.iter_mut().for_each(|v| *v *= leading.signum());
        axis.iter().enumerate().for_each(|(j, &v)| axes[(j, p)] = v);
    }
    Ok(axes)
}

fn columns_gram(standard: &Standard<'_>) -> Mat<f64> {
    let (n, d) = (standard.inputs.rows(), standard.inputs.cols());
    let mut gram = Mat::zeros(d, d);
    for from in (0..n).step_by(BLOCK) {
        let block = standard.block(from, (from + BLOCK).min(n));
        matmul(&mut gram, Accum::Add, block.transpose(), &block, 1.0, Par::Seq);
    }
    gram
}

fn rows_gram(whole: &Mat<f64>) -> Mat<f64> {
    let mut gram = Mat::zeros(whole.nrows(), whole.nrows());
    matmul(&mut gram, Accum::Replace, whole, whole.transpose(), 1.0, Par::Seq);
    gram
}
