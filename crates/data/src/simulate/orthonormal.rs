//! Random rotations without a singular value decomposition.

use crate::matrix::Matrix;

/// Orthonormal columns by Gram and Schmidt, from standard normal entries: uniform over all rotations and reflections, the
/// distribution of U V' out of a singular value decomposition, without its rounding that differs between machines.
pub(super) fn orthonormal(mut a: Matrix<f64>) -> Matrix<f64> {
    let rows = a.rows();
    for j in 0..a.cols() {
        // Twice is enough: once leaves rounding errors as large as the column is dependent.
        for _ in 0..2 {
            for before in 0..j {
                let share: f64 = (0..rows).map(|i| a[(i, before)] * a[(i, j)]).sum();
                (0..rows).for_each(|i| a[(i, j)] -= share * a[(i, before)]);
            }
        }
        let norm = (0..rows).map(|i| a[(i, j)].powi(2)).sum::<f64>().sqrt();
        (0..rows).for_each(|i| a[(i, j)] /= norm);
    }
    a
}
