//! The same when the matrices hold noise besides: what one map makes diagonal is what noise leaves of them.
//!
//!   minimise over B, v, s   f(B, v, s) = 1/2 sum_t p_t (log |P_t| + tr(P_t^-1 B M_t B')) - log |det B| ,
//!   P_t = diag(v_t) + s B N B' ,   least <= v_ti <= most ,
//!
//! with N the shape of the noise and s its size. At s = 0 and the best v this is the objective without noise. There is no
//! closed form for v any more, and no sweep: all parameters descend together by L-BFGS, from where the exact matrices would lead.

use super::{Bounds, Covariances, Point};
use crate::lbfgs::{LbfgsOutcome, LbfgsSettings, Minimum, lbfgs};
use crate::linalg::{from_faer, inverse, log_abs_det, product, to_faer};
use crate::logistic::sigmoids;
use disentangle_data::Matrix;
use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Side};

/// What is known of the size of the noise, a variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoiseSize {
    /// It is this, > 0.
    Known(f64),
    /// It is to be estimated, between 0 and this.
    Below(f64),
}

/// A map for noisy matrices.
#[derive(Debug, Clone, PartialEq)]
pub struct Denoised {
    /// B, k x k: coordinates to latents, noise and all.
    pub map: Matrix<f64>,
    /// v, t x k: variances of the latents without the noise.
    pub variances: Matrix<f64>,
    /// s.
    pub size: f64,
    /// f(B, v, s).
    pub value: f64,
}

/// Iterations between two looks at what they gained; each round measures parameters in units of the curvature at its start.
const ROUND: u32 = 50;
const ROUNDS: u32 = 8;
/// First iterations, in which an unknown size is held at half of what it can be: at the map for exact matrices the size falls to 0
/// before the map has moved.
const HELD: u32 = 30;
/// A round that gains less per latent is the last: the objective is in units of one row's log density.
const TOLERANCE: f64 = 1e-4;
const MEMORY: usize = 20;
/// Least curvature of a variance, as a share of their mean.
const LEAST_CURVATURE: f64 = 1e-3;
/// Start of the variances, as a distance from the bounds and share of what lies between them: at a bound nothing moves.
const INSIDE: f64 = 0.02;

/// Descends from `point`, the end of the search without noise of the shape `shape` (k x k, positive semidefinite).
///
/// `go_on` is told the value before every round; `None` when it says no.
pub fn denoise(
    covariances: &Covariances,
    point: &Point,
    shape: &Matrix<f64>,
    size: NoiseSize,
    mut go_on: impl FnMut(f64) -> bool,
) -> Option<Denoised> {
    let problem = |size: NoiseSize| Problem { covariances, shape, size, start: &point.map };
    let mut x = problem(size).first(point);
    if let NoiseSize::Below(largest) = size {
        if !go_on(f64::INFINITY) {
            return None;
        }
        let free = x.pop();
        x = problem(NoiseSize::Known(0.5 * largest)).descend(&x, HELD).x;
        x.extend(free);
    }
    let (problem, mut value) = (problem(size), f64::INFINITY);
    for _ in 0..ROUNDS {
        if !go_on(value) {
            return None;
        }
        let found = problem.descend(&x, ROUND);
        let gain = value - found.value;
        (x, value) = (found.x, found.value);
        if found.outcome != LbfgsOutcome::IterationLimit || gain < TOLERANCE * covariances.size() as f64 {
            break;
        }
    }
    let Unpacked { map, variances, size, .. } =
        problem.unpack(&x).expect("the search ends where its function is finite");
    Some(Denoised { map, variances, size, value })
}

/// Parameters in one slice: X with B = X^-1 start (k x k, row by row), so that the mixing is what moves and no step can make it
/// endless, then a with v = least + (most - least) sigmoid(a)
/// (t x k), and where the size is estimated b with s = largest sigmoid(b).
struct Problem<'a> {
    covariances: &'a Covariances,
    shape: &'a Matrix<f64>,
    size: NoiseSize,
    start: &'a Matrix<f64>,
}

struct Unpacked {
    /// X^-1.
    by: Matrix<f64>,
    map: Matrix<f64>,
    variances: Matrix<f64>,
    size: f64,
}

impl Problem<'_> {
    fn first(&self, point: &Point) -> Vec<f64> {
        let k = self.covariances.size();
        let Bounds { least, most } = self.covariances.bounds;
        let logit = |v: &f64| {
            let share = ((v - least) / (most - least)).clamp(INSIDE, 1.0 - INSIDE);
            (share / (1.0 - share)).ln()
        };
        let identity = (0..k * k).map(|at| f64::from(u8::from(at / k == at % k)));
        let half = matches!(self.size, NoiseSize::Below(_)).then_some(0.0);
        identity.chain(point.variances.data().iter().map(logit)).chain(half).collect()
    }

    /// `None` where X is singular.
    fn unpack(&self, x: &[f64]) -> Option<Unpacked> {
        let (t, k) = (self.covariances.count(), self.covariances.size());
        let Bounds { least, most } = self.covariances.bounds;
        let by = inverse(&Matrix::from_fn(k, k, |i, j| x[i * k + j])).ok()?;
        Some(Unpacked {
            map: product(&by, self.start),
            variances: Matrix::from_fn(t, k, |t, i| least + (most - least) * sigmoids(x[k * k + t * k + i]).0),
            size: match self.size {
                NoiseSize::Known(size) => size,
                NoiseSize::Below(largest) => largest * sigmoids(x[(k + t) * k]).0,
            },
            by,
        })
    }

    /// L-BFGS from `x`, in units in which curvatures are alike: those of shares and of variances differ by orders of magnitude.
    fn descend(&self, x: &[f64], iterations: u32) -> Minimum {
        let units = self.units(x).unwrap_or_else(|| vec![1.0; x.len()]);
        let divided = |x: &[f64]| -> Vec<f64> { x.iter().zip(&units).map(|(x, unit)| x / unit).collect() };
        let start: Vec<f64> = x.iter().zip(&units).map(|(x, unit)| x * unit).collect();
        let settings = LbfgsSettings { memory: MEMORY, iterations, ..LbfgsSettings::default() };
        let found = lbfgs(&start, settings, |x| {
            let (value, gradient) = self.at(&divided(x));
            (value, divided(&gradient))
        });
        Minimum { x: divided(&found.x), ..found }
    }

    /// Roots of the expected second derivatives, one for each parameter; `None` where f is not finite.
    fn units(&self, x: &[f64]) -> Option<Vec<f64>> {
        let k = self.covariances.size();
        let Unpacked { map, variances, size, .. } = self.unpack(x)?;
        let noise = self.noise_of(&map);
        let Bounds { least, most } = self.covariances.bounds;
        let (mut mixed, mut by_size) = (Matrix::<f64>::zeros(k, k), 0.0);
        let mut by_variance = Vec::with_capacity(variances.data().len());
        for (task, share) in self.covariances.shares.iter().enumerate() {
            let p = covariance(variances.row(task), &noise, size);
            let inverse = p.llt(Side::Lower).ok()?.solve(Mat::<f64>::identity(k, k));
            for i in 0..k {
                mixed.row_mut(i).iter_mut().enumerate().for_each(|(j, m)| *m += share * inverse[(i, i)] * p[(j, j)]);
                let slope = (variances[(task, i)] - least) * (most - variances[(task, i)]) / (most - least);
                by_variance.push(0.5 * share * (inverse[(i, i)] * slope).powi(2));
            }
            let through = &inverse * &noise;
            by_size += 0.5
                * share
                * (0..k).map(|i| (0..k).map(|j| through[(i, j)] * through[(j, i)]).sum::<f64>()).sum::<f64>();
        }
        (0..k).for_each(|i| mixed[(i, i)] += 1.0);
        // Variances near a bound hardly move anything: their units must not let them run.
        let least_curvature = LEAST_CURVATURE * by_variance.iter().sum::<f64>() / by_variance.len() as f64;
        let last = match self.size {
            NoiseSize::Known(_) => None,
            NoiseSize::Below(largest) => {
                Some((by_size * (size * (1.0 - size / largest)).powi(2)).max(f64::MIN_POSITIVE))
            }
        };
        let all = mixed.data().iter().copied().chain(by_variance.into_iter().map(|h| h + least_curvature)).chain(last);
        Some(all.map(f64::sqrt).collect())
    }

    /// B N B'.
    fn noise_of(&self, map: &Matrix<f64>) -> Mat<f64> {
        to_faer(&product(&product(map, self.shape), &map.transposed()))
    }

    /// f and its gradient; infinite where a P_t is not positive definite or the map singular.
    fn at(&self, x: &[f64]) -> (f64, Vec<f64>) {
        self.finite(x).unwrap_or_else(|| (f64::INFINITY, vec![0.0; x.len()]))
    }

    fn finite(&self, x: &[f64]) -> Option<(f64, Vec<f64>)> {
        let k = self.covariances.size();
        let Unpacked { by, map, variances, size } = self.unpack(x)?;
        let noise = self.noise_of(&map);
        let mut value = -log_abs_det(&map);
        let mut gradient = vec![0.0; x.len()];
        // Sums over tasks of P^-1 B M B' and of K = P^-1 - P^-1 B M B' P^-1: K / 2 is the derivative by P.
        let (mut pulled, mut by_p) = (Mat::<f64>::zeros(k, k), Mat::<f64>::zeros(k, k));
        let point = self.covariances.at(map);
        let mapped = self.covariances.mapped(&point);
        let Bounds { least, most } = self.covariances.bounds;
        for (task, block) in mapped.data().chunks_exact(k * k).enumerate() {
            let share = self.covariances.shares[task];
            let factor = covariance(variances.row(task), &noise, size).llt(Side::Lower).ok()?;
            let inverse = factor.solve(Mat::<f64>::identity(k, k));
            let towards = &inverse * MatRef::from_row_major_slice(block, k, k);
            let curved = &inverse - &towards * &inverse;
            let log_det = 2.0 * (0..k).map(|i| factor.L()[(i, i)].ln()).sum::<f64>();
            value += 0.5 * share * (log_det + (0..k).map(|i| towards[(i, i)]).sum::<f64>());
            for i in 0..k {
                let slope = (variances[(task, i)] - least) * (most - variances[(task, i)]) / (most - least);
                gradient[k * k + task * k + i] = 0.5 * share * curved[(i, i)] * slope;
            }
            pulled += faer::Scale(share) * towards;
            by_p += faer::Scale(share) * curved;
        }
        let through = &by_p * &noise;
        // By E in (I + E) B: P^-1 B M B' + s K B N B' - I; a move dX of X is E = -X^-1 dX.
        let relative = pulled + faer::Scale(size) * &through - Mat::<f64>::identity(k, k);
        let by_map = from_faer(&(to_faer(&by).transpose() * relative));
        gradient[..k * k].iter_mut().zip(by_map.data()).for_each(|(g, e)| *g = -e);
        if let NoiseSize::Below(largest) = self.size {
            let trace: f64 = (0..k).map(|i| through[(i, i)]).sum();
            gradient[x.len() - 1] = 0.5 * trace * size * (1.0 - size / largest);
        }
        Some((value, gradient))
    }
}

/// P of one task.
fn covariance(variances: &[f64], noise: &Mat<f64>, size: f64) -> Mat<f64> {
    let k = variances.len();
    Mat::from_fn(k, k, |i, j| size * noise[(i, j)] + if i == j { variances[i] } else { 0.0 })
}

#[cfg(test)]
mod laws {
    use super::super::{Bounds, diagonalize};
    use super::*;
    use crate::linalg::symmetric_eigen;
    use disentangle_data::Stream;

    const BOUNDS: Bounds = Bounds { least: 0.01, most: 1.0 };

    fn normal(rows: usize, cols: usize, stream: &mut Stream) -> Matrix<f64> {
        Matrix::from_fn(rows, cols, |_, _| stream.normal())
    }

    /// Covariances of `tasks` tasks of latents behind `mixing`, with noise of this variance.
    fn noisy(mixing: &Matrix<f64>, tasks: usize, noise: f64, stream: &mut Stream) -> Vec<Matrix<f64>> {
        let k = mixing.rows();
        let one = |stream: &mut Stream| {
            let variances: Vec<f64> = (0..k).map(|_| if stream.uniform() < 0.4 { 1.0 } else { 0.01 }).collect();
            let rows = 100;
            let z = Matrix::from_fn(rows, k, |_, j| variances[j].sqrt() * stream.normal());
            let mut h = product(&z, &mixing.transposed());
            h.data_mut().iter_mut().for_each(|h| *h += noise.sqrt() * stream.normal());
            product(&h.transposed(), &h).map(|v| v / rows as f64)
        };
        (0..tasks).map(|_| one(stream)).collect()
    }

    fn identity(k: usize) -> Matrix<f64> {
        Matrix::from_fn(k, k, |i, j| f64::from(u8::from(i == j)))
    }

    #[test]
    fn the_gradient_is_that_of_central_differences() {
        let mut stream = Stream::new(1, "laws");
        let k = 3;
        let matrices = noisy(&normal(k, k, &mut stream), 4, 0.05, &mut stream);
        let covariances = Covariances::new(&matrices, &[1.0, 2.0, 0.5, 1.0], BOUNDS);
        let half = normal(k, k, &mut stream);
        let (shape, start) = (product(&half, &half.transposed()), normal(k, k, &mut stream));
        for size in [NoiseSize::Known(0.3), NoiseSize::Below(0.7)] {
            let problem = Problem { covariances: &covariances, shape: &shape, size, start: &start };
            let first = problem.first(&covariances.at(start.clone()));
            let x: Vec<f64> = first.iter().map(|v| v + 0.2 * stream.normal()).collect();
            let (_, gradient) = problem.at(&x);
            let h = 1e-5;
            for i in 0..x.len() {
                let moved = |by: f64| {
                    let mut x = x.clone();
                    x[i] += by;
                    problem.at(&x).0
                };
                let slope = (moved(h) - moved(-h)) / (2.0 * h);
                assert!(
                    (slope - gradient[i]).abs() < 1e-7 * slope.abs().max(1.0),
                    "{size:?} {i}: {slope} {gradient:?}"
                );
            }
        }
    }

    #[test]
    fn the_value_is_minus_the_log_density_of_noisy_codes() {
        let mut stream = Stream::new(2, "laws");
        let k = 3;
        let covariances = Covariances::new(&noisy(&normal(k, k, &mut stream), 1, 0.1, &mut stream), &[1.0], BOUNDS);
        let map = normal(k, k, &mut stream);
        let (shape, size) = (identity(k), NoiseSize::Known(0.2));
        let problem = Problem { covariances: &covariances, shape: &shape, size, start: &map };
        let x = problem.first(&covariances.at(map.clone()));
        let Unpacked { variances, .. } = problem.unpack(&x).expect("regular");
        // In the codes' own coordinates: N(0, A V A' + s I) with A = B^-1.
        let mixing = inverse(&map).expect("regular");
        let spread = Matrix::from_fn(k, k, |i, j| if i == j { variances[(0, i)] } else { 0.0 });
        let mut sigma = product(&product(&mixing, &spread), &mixing.transposed());
        (0..k).for_each(|i| sigma[(i, i)] += 0.2);
        let weighted = product(&inverse(&sigma).expect("regular"), &covariances.mean());
        let expected = 0.5 * (log_abs_det(&sigma) + (0..k).map(|i| weighted[(i, i)]).sum::<f64>());
        assert!((problem.at(&x).0 - expected).abs() < 1e-10 * expected.abs(), "{} {expected}", problem.at(&x).0);
    }

    /// Largest share of other latents in a row of `map`, over that of its own.
    fn mixed(map: &Matrix<f64>, mixing: &Matrix<f64>) -> f64 {
        let both = product(map, mixing);
        let rest = |i: usize| {
            let row: Vec<f64> = both.row(i).iter().map(|v| v.abs()).collect();
            row.iter().sum::<f64>() / row.iter().copied().fold(0.0, f64::max) - 1.0
        };
        (0..map.rows()).map(rest).fold(0.0, f64::max)
    }

    #[test]
    fn of_covariances_without_sampling_error_the_truth_is_found_and_is_the_optimum() {
        let (k, tasks, mut near) = (4, 60, 0);
        for seed in 0..5 {
            let mut stream = Stream::new(seed, "exact");
            let mixing = normal(k, k, &mut stream);
            let least = symmetric_eigen(&product(&mixing, &mixing.transposed())).expect("finite").0[0];
            // Noise that is a third of the thinnest direction is far from what the map for exact matrices allows for.
            let noise = 0.3 * least;
            let variances =
                Matrix::from_fn(
                    tasks,
                    k,
                    |_, _| if stream.uniform() < 0.4 { 0.8 } else { 0.03 + 0.1 * stream.uniform() },
                );
            let exact_of = |t: usize| {
                let spread = Matrix::from_fn(k, k, |i, j| if i == j { variances[(t, i)] } else { 0.0 });
                let mut m = product(&product(&mixing, &spread), &mixing.transposed());
                (0..k).for_each(|i| m[(i, i)] += noise);
                m
            };
            let matrices: Vec<_> = (0..tasks).map(exact_of).collect();
            let covariances = Covariances::new(&matrices, &vec![1.0; tasks], BOUNDS);
            let start =
                diagonalize(&covariances, 3, 0, |_, _| true).expect("regular").expect("it is not stopped").point;
            let size = NoiseSize::Below(symmetric_eigen(&covariances.mean()).expect("finite").0[0]);
            let found = denoise(&covariances, &start, &identity(k), size, |_| true).expect("it is not stopped");
            // Entropy of the truth: at it P_t = B M_t B', so f is half the mean log-determinant of the matrices, and half of k.
            let truth = 0.5 * (k as f64 + matrices.iter().map(log_abs_det).sum::<f64>() / tasks as f64);
            let (before, after) = (mixed(&start.map, &mixing), mixed(&found.map, &mixing));
            // The gain per latent below which the search ends is 1e-4.
            assert!(found.value < truth + 1e-4 * k as f64, "{seed}: {} {truth}", found.value);
            assert!(after < 0.1 * before, "{seed}: {before} {after}");
            assert!((found.size / noise).ln().abs() < 0.1, "{seed}: {} {noise}", found.size);
            near += usize::from((found.size / noise).ln().abs() < 1e-3 && after < 1e-3);
        }
        // One search ends where the objective is flat.
        assert!(near >= 4, "{near}");
    }

    #[test]
    fn latents_that_noise_hides_are_found_better_and_the_size_of_the_noise_with_them() {
        let (k, noise) = (4, 4e-4);
        for seed in 0..6 {
            let mut stream = Stream::new(seed, "laws");
            let mut mixing = normal(k, k, &mut stream);
            // One direction is hardly wider than the noise.
            (0..k).for_each(|i| mixing[(i, 3)] = mixing[(i, 0)] + mixing[(i, 1)] + 0.15 * mixing[(i, 3)]);
            let covariances = Covariances::new(&noisy(&mixing, 120, noise, &mut stream), &[1.0; 120], BOUNDS);
            let exact =
                diagonalize(&covariances, 3, 0, |_, _| true).expect("regular").expect("it is not stopped").point;
            let (spectrum, _) = symmetric_eigen(&covariances.mean()).expect("finite");
            let size = NoiseSize::Below(spectrum[0]);
            assert!(denoise(&covariances, &exact, &identity(k), size, |_| false).is_none());
            let found = denoise(&covariances, &exact, &identity(k), size, |_| true).expect("it is not stopped");
            assert!(found.value < exact.value + 0.01, "{} {}", found.value, exact.value);
            let (before, after) = (mixed(&exact.map, &mixing), mixed(&found.map, &mixing));
            assert!(after < 0.3 * before, "{seed}: {before} {after}");
            // Each task has 100 rows: 12,000 leave the size of the noise within a few percent.
            assert!((found.size / noise).ln().abs() < 0.1, "{seed}: {} {noise}", found.size);
        }
    }
}
