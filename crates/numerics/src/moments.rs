//! Moments of the columns of a matrix.

use disentangle_data::Matrix;

/// A latent that collapsed to a constant keeps its scale: dividing by rounding noise would make it look alive.
pub fn positive(sd: f64) -> f64 {
    if sd > 1e-9 { sd } else { 1.0 }
}

/// Mean of each column.
pub fn means(values: &Matrix) -> Vec<f64> {
    means_over(values, values.rows(), 0..values.rows())
}

/// The same over the given rows, which are not copied.
pub fn means_of_rows(values: &Matrix, rows: &[usize]) -> Vec<f64> {
    means_over(values, rows.len(), rows.iter().copied())
}

fn means_over(values: &Matrix, n: usize, rows: impl Iterator<Item = usize>) -> Vec<f64> {
    let mut mean = vec![0.0; values.cols()];
    for i in rows {
        mean.iter_mut().zip(values.row(i)).for_each(|(m, &v)| *m += f64::from(v));
    }
    mean.iter_mut().for_each(|m| *m /= n.max(1) as f64);
    mean
}

/// Covariance of the columns, k x k.
pub fn covariance(values: &Matrix) -> Matrix<f64> {
    covariance_over(values, values.rows(), 0..values.rows())
}

/// The same over the given rows, which are not copied.
pub fn covariance_of_rows(values: &Matrix, rows: &[usize]) -> Matrix<f64> {
    covariance_over(values, rows.len(), rows.iter().copied())
}

fn covariance_over(values: &Matrix, n: usize, rows: impl Iterator<Item = usize> + Clone) -> Matrix<f64> {
    let k = values.cols();
    let mean = means_over(values, n, rows.clone());
    let mut sum = Matrix::zeros(k, k);
    for i in rows {
        let centred: Vec<f64> = values.row(i).iter().zip(&mean).map(|(&v, m)| f64::from(v) - m).collect();
        for (a, &ca) in centred.iter().enumerate() {
            sum.row_mut(a).iter_mut().zip(&centred).for_each(|(s, cb)| *s += ca * cb);
        }
    }
    sum.data_mut().iter_mut().for_each(|v| *v /= n.max(1) as f64);
    sum
}
