//! What tasks say of a representation: means and second moments, and the coordinates in which it is white.

use disentangle_data::prepare::{Prepared, Task};
use disentangle_data::split::Split;
use disentangle_data::{Matrix, Result};
use disentangle_numerics::linalg::{apply, product, symmetric_eigen};
use disentangle_numerics::principal_axes::rank;

/// The rows of one task that are used together: for training, or for testing.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// Kept rows.
    pub rows: Vec<usize>,
    /// The target there.
    pub targets: Vec<f64>,
}

impl Points {
    /// The rows of a task in one part of the split.
    pub fn of(task: &Task, data: &Prepared, part: Split) -> Self {
        let here = task.rows.iter().zip(&task.values).filter(|&(&row, _)| data.split[row] == part);
        let (rows, targets) = here.map(|(&row, &value)| (row, f64::from(value))).unzip();
        Self { rows, targets }
    }
}

/// Moments of the codes h (k) and the target y over the rows of one task.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Number of rows.
    pub rows: usize,
    /// Mean of h.
    pub code: Vec<f64>,
    /// Mean of y.
    pub target: f64,
    /// Covariance of h, k x k.
    pub codes: Matrix<f64>,
    /// Covariance of h and y.
    pub both: Vec<f64>,
    /// Variance of y.
    pub targets: f64,
}

impl Moments {
    /// Of the rows `points` of `codes`; zeros without rows.
    pub fn of(codes: &Matrix, points: &Points) -> Self {
        let n = points.rows.len();
        let share = 1.0 / n.max(1) as f64;
        let mut h = codes.select_rows(&points.rows).to_f64();
        let target = points.targets.iter().sum::<f64>() * share;
        let code: Vec<f64> = (0..h.cols()).map(|j| h.col(j).iter().sum::<f64>() * share).collect();
        (0..n).for_each(|i| h.row_mut(i).iter_mut().zip(&code).for_each(|(v, m)| *v -= m));
        let y: Vec<f64> = points.targets.iter().map(|y| y - target).collect();
        let transposed = h.transposed();
        Self {
            rows: n,
            both: apply(&transposed, &y).into_iter().map(|v| v * share).collect(),
            codes: product(&transposed, &h).map(|v| v * share),
            targets: y.iter().map(|y| y * y).sum::<f64>() * share,
            code,
            target,
        }
    }

    /// Slopes of h on y; zeros where y does not vary.
    pub fn slopes(&self) -> Vec<f64> {
        self.both.iter().map(|b| if self.targets > 0.0 { b / self.targets } else { 0.0 }).collect()
    }

    /// Covariance of what y leaves unexplained of h, k x k.
    pub fn residual(&self) -> Matrix<f64> {
        let slopes = self.slopes();
        Matrix::from_fn(slopes.len(), slopes.len(), |i, j| self.codes[(i, j)] - slopes[i] * self.both[j])
    }

    /// The moments of `map` h.
    pub fn mapped(&self, map: &Matrix<f64>) -> Self {
        Self { code: apply(map, &self.code), codes: conjugate(map, &self.codes), both: apply(map, &self.both), ..*self }
    }
}

/// `map m map'`.
pub fn conjugate(map: &Matrix<f64>, m: &Matrix<f64>) -> Matrix<f64> {
    product(&product(map, m), &map.transposed())
}

/// The space that codes fill within tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Representation {
    /// Variances along the principal directions, descending.
    pub spectrum: Vec<f64>,
    /// Directions whose variance is more than rounding.
    pub rank: usize,
    /// r x k: unit vectors along the leading directions.
    pub directions: Matrix<f64>,
}

impl Representation {
    /// Of codes with these moments, weighted by rows, reduced to at most `most` directions.
    ///
    /// # Errors
    /// `NUMERIC_NOT_FINITE`.
    pub fn of(moments: &[Moments], most: usize) -> Result<Self> {
        let (values, vectors) = symmetric_eigen(&pooled(moments))?;
        let k = values.len();
        let spectrum: Vec<f64> = values.iter().rev().map(|v| v.max(0.0)).collect();
        let rank = rank(&spectrum);
        let directions = Matrix::from_fn(rank.min(most), k, |i, j| vectors[(j, k - 1 - i)]);
        Ok(Self { spectrum, rank, directions })
    }

    /// r x k: codes to white coordinates.
    pub fn whitening(&self) -> Matrix<f64> {
        let d = &self.directions;
        Matrix::from_fn(d.rows(), d.cols(), |i, j| d[(i, j)] / self.spectrum[i].sqrt())
    }
}

/// Mean covariance of the codes within tasks, weighted by rows.
fn pooled(moments: &[Moments]) -> Matrix<f64> {
    let total: usize = moments.iter().map(|m| m.rows).sum();
    let k = moments.first().map_or(0, |m| m.code.len());
    let mut sum = Matrix::<f64>::zeros(k, k);
    for m in moments {
        let share = m.rows as f64 / total.max(1) as f64;
        sum.data_mut().iter_mut().zip(m.codes.data()).for_each(|(s, v)| *s += share * v);
    }
    sum
}
