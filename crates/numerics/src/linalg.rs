//! Small dense linear algebra in f64, by faer, on our own matrices: for stages that are solved instead of descended.

use disentangle_data::{Code, Failure, Matrix, Result, memory};
use faer::linalg::matmul::matmul;
use faer::linalg::solvers::Solve;
use faer::{Accum, Mat, MatRef, Par, Side};

/// A copy as a faer matrix.
pub fn to_faer(m: &Matrix<f64>) -> Mat<f64> {
    memory::afford::<f64>(m.data().len(), "a table of numbers on the way to the result");
    Mat::from_fn(m.rows(), m.cols(), |i, j| m[(i, j)])
}

/// A copy of a faer matrix.
pub fn from_faer(m: &Mat<f64>) -> Matrix<f64> {
    Matrix::from_fn(m.nrows(), m.ncols(), |i, j| m[(i, j)])
}

/// `a b` of faer's matrices, on one thread: for many rows.
pub(crate) fn times(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.nrows(), b.ncols());
    matmul(&mut out, Accum::Replace, a, b, 1.0, Par::Seq);
    out
}

/// `a b`.
///
/// # Panics
/// When the inner dimensions differ.
pub fn product(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    assert_eq!(a.cols(), b.rows(), "inner dimensions");
    let mut out = Matrix::zeros(a.rows(), b.cols());
    for i in 0..a.rows() {
        for (l, &scale) in a.row(i).iter().enumerate() {
            for (o, v) in out.row_mut(i).iter_mut().zip(b.row(l)) {
                *o += scale * v;
            }
        }
    }
    out
}

/// `a v`.
pub fn apply(a: &Matrix<f64>, v: &[f64]) -> Vec<f64> {
    (0..a.rows()).map(|i| dot(a.row(i), v)).collect()
}

/// Inner product.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The sign that makes the value of the largest magnitude positive: of what comes with either sign it chooses one.
pub fn sign_of_largest(values: impl IntoIterator<Item = f64>) -> f64 {
    let largest = values.into_iter().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
    if largest < 0.0 { -1.0 } else { 1.0 }
}

/// The middle value; the larger one of the middle two.
///
/// # Panics
/// Without a value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Solves `a x = b` for a symmetric positive definite `a` (k x k).
///
/// # Errors
/// `NUMERIC_SINGULAR` when `a` is not positive definite.
pub fn solve_positive(a: &Matrix<f64>, b: &[f64]) -> Result<Vec<f64>> {
    let factor = to_faer(a).llt(Side::Lower).map_err(|_| singular(a.rows()))?;
    let x = factor.solve(Mat::from_fn(b.len(), 1, |i, _| b[i]));
    let x: Vec<f64> = (0..b.len()).map(|i| x[(i, 0)]).collect();
    if x.iter().all(|v| v.is_finite()) { Ok(x) } else { Err(singular(a.rows())) }
}

/// The inverse of a square matrix.
///
/// # Errors
/// `NUMERIC_SINGULAR` when the inverse is not finite.
pub fn inverse(a: &Matrix<f64>) -> Result<Matrix<f64>> {
    let k = a.rows();
    let inverse = from_faer(&to_faer(a).partial_piv_lu().solve(Mat::<f64>::identity(k, k)));
    if inverse.data().iter().all(|v| v.is_finite()) { Ok(inverse) } else { Err(singular(k)) }
}

/// The Moore-Penrose inverse (m x n) of a matrix (n x m). Directions below rounding are dropped.
///
/// # Errors
/// `NUMERIC_NOT_FINITE` when the matrix has entries that are not finite.
pub fn pseudo_inverse(a: &Matrix<f64>) -> Result<Matrix<f64>> {
    let failure =
        || Failure::new(Code::NumericNotFinite, "a singular value decomposition met numbers that are not finite");
    if a.data().iter().any(|v| !v.is_finite()) {
        return Err(failure());
    }
    let svd = to_faer(a).thin_svd().map_err(|_| failure())?;
    let (u, s, v) = (svd.U(), svd.S(), svd.V());
    let r = a.rows().min(a.cols());
    let least = f64::EPSILON * a.rows().max(a.cols()) as f64 * (0..r).map(|l| s[l]).fold(0.0, f64::max);
    let kept: Vec<usize> = (0..r).filter(|&l| s[l] > least).collect();
    Ok(Matrix::from_fn(a.cols(), a.rows(), |i, j| kept.iter().map(|&l| v[(i, l)] * u[(j, l)] / s[l]).sum()))
}

/// Eigenvalues (ascending) and eigenvectors (columns) of a symmetric matrix.
///
/// # Errors
/// `NUMERIC_NOT_FINITE` when the matrix has entries that are not finite.
pub fn symmetric_eigen(a: &Matrix<f64>) -> Result<(Vec<f64>, Matrix<f64>)> {
    let failure = || Failure::new(Code::NumericNotFinite, "an eigen-decomposition met numbers that are not finite");
    if a.data().iter().any(|v| !v.is_finite()) {
        return Err(failure());
    }
    let unsettled = |_| Failure::new(Code::NumericSingular, "an eigen-decomposition did not converge");
    let eigen = to_faer(a).self_adjoint_eigen(Side::Lower).map_err(unsettled)?;
    let values = (0..a.rows()).map(|i| eigen.S()[i]).collect();
    Ok((values, Matrix::from_fn(a.rows(), a.rows(), |i, j| eigen.U()[(i, j)])))
}

/// An orthonormal basis of the columns of a square matrix, by Householder QR. Of normal entries it is a random start, but not a uniform
/// one: the signs of its columns go with the entries. What has to be uniform is `disentangle_data::orthonormal::random_rotation`; starts
/// keep the directions that committed tables were computed from.
pub fn orthonormal(a: &Matrix<f64>) -> Matrix<f64> {
    from_faer(&to_faer(a).qr().compute_thin_Q())
}

/// `log |det a|`; minus infinity for a singular matrix.
pub fn log_abs_det(a: &Matrix<f64>) -> f64 {
    let qr = to_faer(a).qr();
    let r = qr.thin_R();
    (0..a.rows()).map(|i| r[(i, i)].abs().ln()).sum()
}

fn singular(k: usize) -> Failure {
    Failure::new(Code::NumericSingular, format!("a {k} x {k} linear system has no unique solution"))
        .hint("fewer latents, or more rows per environment, make it solvable")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Matrix<f64> {
        Matrix::new(3, 3, vec![4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0]).expect("nine values")
    }

    #[test]
    fn inverse_times_matrix_is_the_identity() {
        let a = sample();
        let identity = product(&inverse(&a).expect("regular"), &a);
        for i in 0..3 {
            for j in 0..3 {
                assert!((identity[(i, j)] - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_pseudo_inverse_undoes_what_the_map_keeps() {
        let wide = Matrix::new(2, 3, vec![1.0, 2.0, 0.0, 0.0, 1.0, -1.0]).expect("six values");
        let back = pseudo_inverse(&wide).expect("finite");
        let kept = product(&wide, &back);
        assert!((0..4).all(|at| (kept.data()[at] - [1.0, 0.0, 0.0, 1.0][at]).abs() < 1e-14), "{kept:?}");
        // By hand: of a column of length 5, the row over 25.
        let column = Matrix::new(2, 1, vec![3.0, 4.0]).expect("two values");
        let back = pseudo_inverse(&column).expect("finite");
        assert!((back[(0, 0)] - 0.12).abs() < 1e-15 && (back[(0, 1)] - 0.16).abs() < 1e-15);
        // A direction that is not there comes back as nothing, not as an infinity.
        let flat = Matrix::new(2, 2, vec![2.0, 0.0, 0.0, 0.0]).expect("four values");
        assert!((pseudo_inverse(&flat).expect("finite")[(0, 0)] - 0.5).abs() < 1e-15);
        assert_eq!(pseudo_inverse(&flat).expect("finite")[(1, 1)], 0.0);
    }

    #[test]
    fn a_positive_system_is_solved_and_a_singular_one_is_refused() {
        let a = sample();
        let x = solve_positive(&a, &[1.0, 2.0, 3.0]).expect("regular");
        for (got, want) in apply(&a, &x).iter().zip([1.0, 2.0, 3.0]) {
            assert!((got - want).abs() < 1e-12);
        }
        let singular = Matrix::from_fn(2, 2, |_, _| 1.0);
        assert!(inverse(&singular).is_err());
        assert!(solve_positive(&Matrix::zeros(2, 2), &[1.0, 1.0]).is_err());
    }

    #[test]
    fn determinant_and_eigenvalues_agree() {
        let a = sample();
        let (values, _) = symmetric_eigen(&a).expect("finite");
        assert!((log_abs_det(&a) - values.iter().product::<f64>().ln()).abs() < 1e-12);
    }
}
