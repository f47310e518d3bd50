//! Random rotations: the one generator of them, without a singular value decomposition.
//!
//! Source of the uniform distribution: *The efficient generation of random orthogonal matrices with an application to condition
//! estimators* (Stewart, 1980), <https://doi.org/10.1137/0717034>.

use crate::matrix::Matrix;
use crate::stream::Stream;

/// A uniformly (Haar) distributed d x d orthogonal matrix.
pub fn random_rotation(d: usize, stream: &mut Stream) -> Matrix<f64> {
    // Row after row as they are drawn: their order is part of every result that a seed gives.
    orthonormal(Matrix::from_fn(d, d, |_, _| stream.normal()).transposed()).transposed()
}

/// Orthonormal columns by Gram and Schmidt. From standard normal entries they are uniform over all rotations and reflections, for the
/// diagonal of the triangular factor is positive: Householder's reflections leave its signs to the entries, and are not uniform. It is the
/// distribution of U V' out of a singular value decomposition, without its rounding that differs between machines.
pub fn orthonormal(mut a: Matrix<f64>) -> Matrix<f64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_are_uniform_over_both_signs_of_every_entry() {
        let (d, draws) = (3, 4000);
        let mut positive = Matrix::<f64>::zeros(d, d);
        let mut fourth = 0.0;
        let mut reflections = 0;
        for draw in 0..draws {
            let q = random_rotation(d, &mut Stream::new(4, "orthonormal/rotations").at(draw));
            for i in 0..d {
                for j in 0..d {
                    let product: f64 = (0..d).map(|l| q[(i, l)] * q[(j, l)]).sum();
                    assert!((product - f64::from(u8::from(i == j))).abs() < 1e-14, "{q:?}");
                    positive[(i, j)] += f64::from(u8::from(q[(i, j)] > 0.0)) / f64::from(draws);
                    fourth += q[(i, j)].powi(4) / (f64::from(draws) * (d * d) as f64);
                }
            }
            let minor = |a: usize, b: usize| q[(1, a)] * q[(2, b)] - q[(1, b)] * q[(2, a)];
            let determinant = q[(0, 0)] * minor(1, 2) - q[(0, 1)] * minor(0, 2) + q[(0, 2)] * minor(0, 1);
            reflections += u32::from(determinant < 0.0);
        }
        // Five standard deviations of a share of 4000 fair draws. Householder's factor has one sign on the diagonal of the triangle,
        // so that its first entry is never positive.
        let apart = 5.0 * (0.25 / f64::from(draws)).sqrt();
        assert!(positive.data().iter().all(|share| (share - 0.5).abs() < apart), "{positive:?}");
        assert!((f64::from(reflections) / f64::from(draws) - 0.5).abs() < apart, "{reflections} reflections");
        // Of a uniform unit vector, E q^4 = 3 / (d (d + 2)).
        assert!((fourth - 0.2).abs() < 0.005, "{fourth}");
    }
}
