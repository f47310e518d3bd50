//! Small symmetric positive definite matrices, row-major, without an allocation for the factor: one for each environment and step.

/// The lower factor of the lower triangle of `a` (p x p), in place; the upper triangle is left alone. A pivot that is not positive
/// has the root `otherwise`.
pub(super) fn factorize(a: &mut [f64], p: usize, otherwise: f64) {
    for j in 0..p {
        let pivot = a[j * p + j] - (0..j).map(|l| a[j * p + l].powi(2)).sum::<f64>();
        let root =
            if pivot > otherwise * otherwise || (otherwise.is_nan() && pivot > 0.0) { pivot.sqrt() } else { otherwise };
        a[j * p + j] = root;
        for i in j + 1..p {
            let known: f64 = (0..j).map(|l| a[i * p + l] * a[j * p + l]).sum();
            a[i * p + j] = (a[i * p + j] - known) / root;
        }
    }
}

/// Solves with the leading part of a lower factor (width p), as large as `right`, in place.
pub(super) fn forward(factor: &[f64], p: usize, right: &mut [f64]) {
    for a in 0..right.len() {
        let known: f64 = (0..a).map(|b| factor[a * p + b] * right[b]).sum();
        right[a] = (right[a] - known) / factor[a * p + a];
    }
}

/// The same with its transpose.
pub(super) fn backward(factor: &[f64], p: usize, right: &mut [f64]) {
    for a in (0..right.len()).rev() {
        let known: f64 = (a + 1..right.len()).map(|b| factor[b * p + a] * right[b]).sum();
        right[a] = (right[a] - known) / factor[a * p + a];
    }
}

/// The inverse of the matrix whose lower factor is `a`.
pub(super) fn inverse_of_factor(a: &[f64], p: usize) -> Vec<f64> {
    // The inverse of the factor, column by column, then its product with its transpose.
    let mut l = vec![0.0; p * p];
    for j in 0..p {
        l[j * p + j] = 1.0 / a[j * p + j];
        for i in j + 1..p {
            let sum: f64 = (j..i).map(|m| a[i * p + m] * l[m * p + j]).sum();
            l[i * p + j] = -sum / a[i * p + i];
        }
    }
    let entry = |i: usize, j: usize| (i.max(j)..p).map(|m| l[m * p + i] * l[m * p + j]).sum();
    (0..p * p).map(|e| entry(e / p, e % p)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_and_the_inverse_are_those_worked_out_by_hand() {
        // [[4, 2], [2, 5]] = L L' with L = [[2, 0], [1, 2]]; its inverse is [[5, -2], [-2, 4]] / 16.
        let mut a = [4.0, 2.0, 2.0, 5.0];
        factorize(&mut a, 2, f64::NAN);
        assert_eq!([a[0], a[2], a[3]], [2.0, 1.0, 2.0]);
        assert_eq!(inverse_of_factor(&a, 2), [5.0 / 16.0, -2.0 / 16.0, -2.0 / 16.0, 4.0 / 16.0]);
    }

    #[test]
    fn a_pivot_that_is_not_positive_is_what_the_caller_says() {
        let mut a = [1.0, 1.0, 1.0, 1.0];
        factorize(&mut a, 2, 1e-6);
        assert_eq!(a[3], 1e-6);
        let mut a = [1.0, 1.0, 1.0, 0.5];
        factorize(&mut a, 2, f64::NAN);
        assert!(a[3].is_nan());
    }
}
