//! One row of a world on its way: computed in double precision, kept in single.

use crate::matrix::Matrix;

/// Writes a row's values.
pub(crate) fn store(to: &mut [f32], from: impl IntoIterator<Item = f64>) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = from as f32);
}

/// `row a`.
pub(crate) fn product(row: &[f64], a: &Matrix<f64>) -> Vec<f64> {
    let mut out = vec![0.0; a.cols()];
    for (i, value) in row.iter().enumerate() {
        out.iter_mut().zip(a.row(i)).for_each(|(out, weight)| *out += value * weight);
    }
    out
}
