//! One look at every column: what is missing, and mean, spread and range of the rest.

use crate::matrix::Matrix;

/// A column in numbers. Without finite values all of them are 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Moments {
    pub missing: usize,
    pub infinite: usize,
    pub finite: usize,
    pub mean: f64,
    /// Divided by n, not n - 1.
    pub sd: f64,
    pub min: f32,
    pub max: f32,
}

impl Moments {
    /// Whether there are finite values and all are equal. Not `sd == 0`: the mean of equal numbers is rounded, so their sd
    /// need not be 0.
    pub fn constant(&self) -> bool {
        self.finite > 0 && self.min == self.max
    }

    /// Of the values of several columns together. Of one column it is that column, to the bit.
    pub fn pooled(columns: &[Self]) -> Self {
        if let [one] = columns {
            return *one;
        }
        let mut all = Self::default();
        for column in columns.iter().filter(|column| column.finite > 0) {
            let first = all.finite == 0;
            all.min = if first { column.min } else { all.min.min(column.min) };
            all.max = if first { column.max } else { all.max.max(column.max) };
            all.finite += column.finite;
            all.mean += column.finite as f64 * column.mean;
        }
        all.missing = columns.iter().map(|column| column.missing).sum();
        all.infinite = columns.iter().map(|column| column.infinite).sum();
        let n = all.finite.max(1) as f64;
        all.mean /= n;
        let about = |column: &Self| column.finite as f64 * (column.sd.powi(2) + (column.mean - all.mean).powi(2));
        all.sd = (columns.iter().map(about).sum::<f64>() / n).sqrt();
        all
    }
}

/// Moments of each column over `rows`, in two passes: the short formula cancels where the mean is large.
pub(crate) fn moments(values: &Matrix, rows: &[usize]) -> Vec<Moments> {
    let mut columns = vec![Moments::default(); values.cols()];
    for &row in rows {
        for (column, &value) in columns.iter_mut().zip(values.row(row)) {
            if value.is_finite() {
                let first = column.finite == 0;
                column.min = if first { value } else { column.min.min(value) };
                column.max = if first { value } else { column.max.max(value) };
                column.finite += 1;
                column.mean += f64::from(value);
            } else if value.is_nan() {
                column.missing += 1;
            } else {
                column.infinite += 1;
            }
        }
    }
    columns.iter_mut().for_each(|column| column.mean /= column.finite.max(1) as f64);
    for &row in rows {
        for (column, &value) in columns.iter_mut().zip(values.row(row)) {
            if value.is_finite() {
                column.sd += (f64::from(value) - column.mean).powi(2);
            }
        }
    }
    columns.iter_mut().for_each(|column| column.sd = (column.sd / column.finite.max(1) as f64).sqrt());
    columns
}
