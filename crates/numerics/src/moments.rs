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

/// Mean and standard deviation of each column over the given rows.
pub fn mean_sd_of_rows(values: &Matrix, rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let mean = means_of_rows(values, rows);
    let mut squares = vec![0.0; values.cols()];
    for &row in rows {
        let columns = squares.iter_mut().zip(values.row(row)).zip(&mean);
        columns.for_each(|((sum, &value), mean)| *sum += (f64::from(value) - mean).powi(2));
    }
    let sd = squares.into_iter().map(|sum: f64| (sum / rows.len().max(1) as f64).sqrt()).collect();
    (mean, sd)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_the_roots_of_the_diagonal_of_the_covariance() {
        let values = Matrix::from_fn(7, 3, |i, j| ((i * i + 3 * j) % 5) as f32 + 100.0 * j as f32);
        let rows = [0, 2, 3, 6];
        let (mean, sd) = mean_sd_of_rows(&values, &rows);
        let covariance = covariance_of_rows(&values, &rows);
        for j in 0..3 {
            assert_eq!(mean[j], means_of_rows(&values, &rows)[j]);
            assert!((sd[j] - covariance[(j, j)].sqrt()).abs() < 1e-14, "{sd:?}");
        }
        assert_eq!(mean_sd_of_rows(&values, &[]), (vec![0.0; 3], vec![0.0; 3]));
    }
}
