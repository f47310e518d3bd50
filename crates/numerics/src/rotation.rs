//! The linear map under which head differences become sparse.
//!
//! Given differences D (a x k) between heads of neighboring environments, written in an arbitrary basis of the latents,
//! find the basis in which each row of D has few non-zeros:
//!
//!   minimise over B   sum_a p_a sum_i log(u_ai^2 + eps^2) - log |det B| ,   u_a = B x_a
//!
//! where x_a are the whitened differences and p_a how much each counts, with sum 1: a difference between heads of few rows is mostly
//! noise, and says little about what is zero. For fixed weights 1 / (u^2 + eps^2) each row of B has an exact minimiser
//! (iterative projection, as in *Auxiliary-function-based independent component analysis* (Ono, 2011),
//! <https://doi.org/10.1109/ASPAA.2011.6082326>); eps shrinks along a path, so that the first sweeps see a smooth
//! objective and the last ones count non-zeros.

use crate::linalg::{apply, dot, inverse, log_abs_det, product, solve_positive, symmetric_eigen};
use disentangle_data::orthonormal::random_rotation;
use disentangle_data::{Code, Failure, Matrix, Result, Stream};

const EPS_PATH: [f64; 5] = [1.0, 0.3, 0.1, 0.03, 0.01];
const SWEEPS_PER_EPS: usize = 12;

/// The best rotation found.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// k x k: `D * map` is sparse; heads in the new basis are `w * map`, latents are `map^-1 * h`.
    pub map: Matrix<f64>,
    /// The objective at each start, infinite where it ended nowhere: how often the best was found says how far to trust it.
    pub objectives: Vec<f64>,
}

/// Share of starts that ended within `tolerance` of the best objective; `None` when there was no start.
pub fn agreement(objectives: &[f64], tolerance: f64) -> Option<f64> {
    let best = objectives.iter().copied().fold(f64::INFINITY, f64::min);
    let same = objectives.iter().filter(|&&f| f < best + tolerance).count();
    (!objectives.is_empty()).then(|| same as f64 / objectives.len() as f64)
}

/// Finds the basis in which the rows of `differences` (a x k) are sparse, from `starts` seeded orthogonal starts. Each row counts by its
/// weight (a, > 0). A start at which a system is singular ends there and counts as one that was not the best.
///
/// # Errors
/// `NUMERIC_SINGULAR` when the differences do not span all k dimensions: then no basis is distinguished. The same when every start is
/// singular, with another message.
pub fn sparse_rotation(differences: &Matrix<f64>, weights: &[f64], starts: usize, seed: u64) -> Result<Rotation> {
    let total: f64 = weights.iter().sum();
    let shares: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
    let whitening = whitening(differences, &shares)?; // (k, k)
    let x = product(differences, &whitening.transposed()); // (a, k)
    let stream = Stream::new(seed, "rotation");
    let mut best: Option<(f64, Matrix<f64>)> = None;
    let mut objectives = Vec::with_capacity(starts);
    for start in 0..starts {
        let mut stream = stream.at(start as u32);
        let b = match descend(&x, &shares, random_rotation(x.cols(), &mut stream)) {
            Ok(b) => b,
            Err(failure) if failure.code == Code::NumericSingular => {
                objectives.push(f64::INFINITY);
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let objective = objective(&x, &shares, &b, EPS_PATH[EPS_PATH.len() - 1]);
        objectives.push(objective);
        if best.as_ref().is_none_or(|(lowest, _)| objective < *lowest) {
            best = Some((objective, b));
        }
    }
    let (_, b) = best.ok_or_else(|| match starts {
        0 => Failure::new(Code::ConfigOutOfRange, "the rotation needs at least one start"),
        _ => Failure::new(
            Code::NumericSingular,
            format!("the sparse rotation met a singular system at all {starts} starts"),
        ),
    })?;
    Ok(Rotation { map: product(&b, &whitening).transposed(), objectives })
}

fn whitening(differences: &Matrix<f64>, shares: &[f64]) -> Result<Matrix<f64>> {
    let (a, k) = (differences.rows(), differences.cols());
    let scaled = Matrix::from_fn(a, k, |i, j| shares[i] * differences[(i, j)]);
    let covariance = product(&differences.transposed(), &scaled);
    let (values, vectors) = symmetric_eigen(&covariance)?;
    let largest = values.last().copied().unwrap_or(0.0);
    if a < k || values[0] <= 1e-12 * largest {
        let rank = values.iter().filter(|&&v| v > 1e-12 * largest).count().min(a);
        return Err(Failure::new(
            Code::NumericSingular,
            format!("{a} head differences span {rank} of {k} latent dimensions"),
        )
        .hint("more environments or fewer latents make the axes identifiable"));
    }
    Ok(Matrix::from_fn(k, k, |i, j| vectors[(j, i)] / values[i].sqrt()))
}

fn descend(x: &Matrix<f64>, shares: &[f64], mut b: Matrix<f64>) -> Result<Matrix<f64>> {
    let k = x.cols();
    for eps in EPS_PATH {
        for _ in 0..SWEEPS_PER_EPS {
            let mut b_inverse = inverse(&b)?;
            for i in 0..k {
                let v = weighted_moment(x, shares, b.row(i), eps);
                let mut row = solve_positive(&v, &b_inverse.col(i))?;
                let scale = (2.0 * dot(&row, &apply(&v, &row))).sqrt().recip();
                row.iter_mut().for_each(|r| *r *= scale);
                replace_row(&mut b, &mut b_inverse, i, &row);
            }
        }
    }
    Ok(b)
}

/// sum_a p_a x_a x_a' / ((b' x_a)^2 + eps^2)
fn weighted_moment(x: &Matrix<f64>, shares: &[f64], b: &[f64], eps: f64) -> Matrix<f64> {
    let k = x.cols();
    let mut v = Matrix::zeros(k, k);
    for (row, share) in shares.iter().enumerate().map(|(i, share)| (x.row(i), share)) {
        let u = dot(b, row);
        let weight = share / (u * u + eps * eps);
        for (i, &xi) in row.iter().enumerate() {
            for (o, &xj) in v.row_mut(i).iter_mut().zip(row) {
                *o += weight * xi * xj;
            }
        }
    }
    v
}

/// Sets row i of B and mends its inverse by Sherman-Morrison, which is k times cheaper than inverting again.
pub(crate) fn replace_row(b: &mut Matrix<f64>, b_inverse: &mut Matrix<f64>, i: usize, row: &[f64]) {
    let k = row.len();
    let change: Vec<f64> = row.iter().zip(b.row(i)).map(|(new, old)| new - old).collect();
    let column = b_inverse.col(i);
    let denominator = 1.0 + dot(&change, &column);
    let along: Vec<f64> = (0..k).map(|j| dot(&change, &b_inverse.col(j)) / denominator).collect();
    for (l, &c) in column.iter().enumerate() {
        for (o, &s) in b_inverse.row_mut(l).iter_mut().zip(&along) {
            *o -= c * s;
        }
    }
    b.row_mut(i).copy_from_slice(row);
}

fn objective(x: &Matrix<f64>, shares: &[f64], b: &Matrix<f64>, eps: f64) -> f64 {
    let logs = |a: usize| apply(b, x.row(a)).into_iter().map(|u| (u * u + eps * eps).ln()).sum::<f64>();
    shares.iter().enumerate().map(|(a, share)| share * logs(a)).sum::<f64>() - log_abs_det(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sparse differences under a known mixing: the map must undo the mixing up to order and scale.
    #[test]
    fn a_mixed_sparse_basis_is_found_up_to_order_and_scale() {
        let (a, k) = (120, 4);
        let mut stream = Stream::new(11, "rotation-test");
        let mut sparse = Matrix::zeros(a, k);
        for i in 0..a {
            sparse[(i, stream.below(k))] = stream.normal();
        }
        let mixing = Matrix::from_fn(k, k, |_, _| stream.normal());
        let mut mixed = product(&sparse, &mixing);
        mixed.data_mut().iter_mut().for_each(|v| *v += 0.003 * stream.normal());
        let rotation = sparse_rotation(&mixed, &vec![1.0; a], 10, 0).expect("the differences span all dimensions");
        assert!(purity(&mixing, &rotation) > 0.97, "{:?}", product(&mixing, &rotation.map));
        assert!(agreement(&rotation.objectives, 1e-3).expect("ten starts") > 0.1);
    }

    /// The least share that the largest entry has of a row of `mixing map`: 1 where the map undoes the mixing.
    fn purity(mixing: &Matrix<f64>, rotation: &Rotation) -> f64 {
        let total = product(mixing, &rotation.map);
        let share = |i: usize| {
            let (largest, sum) = total.row(i).iter().fold((0.0f64, 0.0f64), |(m, s), v| (m.max(v.abs()), s + v.abs()));
            largest / sum
        };
        (0..total.rows()).map(share).fold(1.0, f64::min)
    }

    /// Differences of which every third is noise a hundred times as large as that of the others.
    fn uneven(a: usize, k: usize) -> (Matrix<f64>, Matrix<f64>, Vec<f64>) {
        let mut stream = Stream::new(12, "rotation-test");
        let mixing = Matrix::from_fn(k, k, |_, _| stream.normal());
        let mut sparse = Matrix::zeros(a, k);
        let sd: Vec<f64> = (0..a).map(|i| if i % 3 == 0 { 2.0 } else { 0.02 }).collect();
        for i in 0..a {
            sparse[(i, stream.below(k))] = stream.normal();
        }
        let mut mixed = product(&sparse, &mixing);
        (0..a).for_each(|i| mixed.row_mut(i).iter_mut().for_each(|v| *v += sd[i] * stream.normal()));
        (mixing, mixed, sd)
    }

    #[test]
    fn a_row_of_weight_two_is_that_row_twice() {
        let (_, mixed, _) = uneven(30, 3);
        let weights: Vec<f64> = (0..30).map(|i| if i < 10 { 2.0 } else { 1.0 }).collect();
        let rows: Vec<usize> = (0..10).chain(0..30).collect();
        let weighted = sparse_rotation(&mixed, &weights, 4, 3).expect("spans");
        let doubled = sparse_rotation(&mixed.select_rows(&rows), &[1.0; 40], 4, 3).expect("spans");
        // The same sums in another order: rounding, and 60 sweeps of it.
        for (a, b) in weighted.objectives.iter().zip(&doubled.objectives) {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
        for (a, b) in weighted.map.data().iter().zip(doubled.map.data()) {
            assert!((a - b).abs() < 1e-7 * (1.0 + b.abs()), "{a} {b}");
        }
    }

    #[test]
    fn differences_that_are_mostly_noise_do_not_turn_the_axes_where_they_count_less() {
        let (mixing, mixed, sd) = uneven(90, 3);
        let precise: Vec<f64> = sd.iter().map(|sd| 1.0 / (1.0 + sd * sd)).collect();
        let exact: Vec<f64> = sd.iter().map(|sd| if *sd > 1.0 { 1e-9 } else { 1.0 }).collect();
        let found = |weights: &[f64]| purity(&mixing, &sparse_rotation(&mixed, weights, 10, 0).expect("spans"));
        let (alike, weighted, without) = (found(&[1.0; 90]), found(&precise), found(&exact));
        assert!(without > 0.9, "{without}: what the precise differences give alone");
        assert!(weighted > alike, "{weighted} with weights, {alike} without");
    }

    #[test]
    fn differences_in_too_few_dimensions_are_refused_with_the_rank() {
        let flat = Matrix::from_fn(20, 3, |i, j| if j == 2 { 0.0 } else { (i * (j + 2)) as f64 % 7.0 });
        let failure = sparse_rotation(&flat, &[1.0; 20], 2, 0).expect_err("rank 2 of 3");
        assert_eq!(failure.code, Code::NumericSingular);
        assert!(failure.message.contains("span 2 of 3"), "{failure}");
    }

    #[test]
    fn mending_the_inverse_equals_inverting_again() {
        let mut stream = Stream::new(5, "sherman-morrison");
        let mut b = Matrix::from_fn(5, 5, |_, _| stream.normal());
        let mut mended = inverse(&b).expect("regular");
        let row: Vec<f64> = (0..5).map(|_| stream.normal()).collect();
        replace_row(&mut b, &mut mended, 2, &row);
        let again = inverse(&b).expect("regular");
        assert!(mended.data().iter().zip(again.data()).all(|(p, q)| (p - q).abs() < 1e-9));
    }
}
