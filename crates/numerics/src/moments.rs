//! Moments of the columns of a matrix.

use disentangle_data::Matrix;

/// A latent that collapsed to a constant keeps its scale: dividing by rounding noise would make it look alive.
pub fn positive(sd: f64) -> f64 {
    if sd > 1e-9 { sd } else { 1.0 }
}

/// Covariance of the columns, k x k.
pub fn covariance(values: &Matrix) -> Matrix<f64> {
    let (n, k) = (values.rows(), values.cols());
    let mean: Vec<f64> =
        (0..k).map(|j| (0..n).map(|i| f64::from(values[(i, j)])).sum::<f64>() / n.max(1) as f64).collect();
    let mut sum = Matrix::zeros(k, k);
    for i in 0..n {
        let centred: Vec<f64> = values.row(i).iter().zip(&mean).map(|(&v, m)| f64::from(v) - m).collect();
        for (a, &ca) in centred.iter().enumerate() {
            sum.row_mut(a).iter_mut().zip(&centred).for_each(|(s, cb)| *s += ca * cb);
        }
    }
    sum.data_mut().iter_mut().for_each(|v| *v /= n.max(1) as f64);
    sum
}
