//! The axes of latents with additive noise, by likelihood.
//!
//! With z = A y, causes before effects, each in standard deviations,
//!
//!   C(A) = mean_u sum_i log(left_ui) / 2 - log|det A|
//!   left_ui = min over a, b of mean( z_i - a - sum_{j<i} sum_f b_jf f(z_j) )^2 + ridge |b|^2    over rows of environment u,
//!
//! f four functions, with free coefficients in every environment. Least squares is solved inside, so the gradient of C is that at fixed
//! coefficients. Joint diagonalization takes latents for independent in every environment: where effects bend, other axes have a far lower C.

use super::cholesky::{backward, factorize, forward};
use super::environments::{sample, smallest};
use super::mechanisms::Kind;
use super::order::{affordable, search};
use crate::compute::Compute;
use crate::lbfgs::{LbfgsSettings, lbfgs};
use crate::linalg::{inverse, log_abs_det, orthonormal, times};
use crate::moments::covariance;
use crate::real::Real;
use disentangle_data::simd::vectorised;
use disentangle_data::{Failure, Matrix, Result, Stream};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};

/// Holds back what likelihood leaves open: the last latent and its sums with others are as likely, but have larger coefficients. With a
/// tenth of it, fits of few rows end at such sums; with ten times as much, curves are not followed.
const RIDGE: f64 = 1e-3;
const LEAST_PIVOT: f64 = 1e-6;
const LEAST_VARIANCE: f64 = 1e-9;
/// Rows that random starts are compared on, and those of all else, shared out over the environments; and at least so many
/// of an environment for each coefficient.
const FEW: usize = 6_000;
const MANY: usize = 12_500;
const ROWS_OF_COEFFICIENT: usize = 8;
/// With fewer rows for each coefficient in the smallest environment, noise would choose the axes.
const LEAST_ROWS_OF_COEFFICIENT: usize = 20;
/// Searches for the order, each followed by a descent.
const ROUNDS: usize = 4;
/// Changes of the order that a descent is tried from, at a time.
const MOVES: usize = 4;
/// Of C, in nats a row, by which other axes have to be ahead.
const GAIN: f64 = 1e-5;
/// Iterations of random starts and of changes of the order, and of all else.
const SHORT: u32 = 40;
const LONG: u32 = 150;
/// Of C, in nats a row, for a turn by one radian.
const GRADIENT: f64 = 1e-4;
const FUNCTIONS: usize = 4;
/// The line and the square: all that polynomial mechanisms can be.
const POLYNOMIAL: [usize; 2] = [0, 2];

/// Values of one function, z, tanh 1.5 z, z^2 / 2 or z exp(-z^2 / 2), and what they change by with z. Unlike those of the search for
/// the order none is cut: of squares of squares most of the evidence lies far out. Single precision, which vectorises, is enough for
/// least squares.
fn fill(function: usize, z: &[f64], values: &mut [f64], changes: &mut [f64]) {
    let rows = z.iter().zip(values).zip(changes);
    match function {
        0 => rows.for_each(|((&z, value), change)| (*value, *change) = (z, 1.0)),
        1 => vectorised!(rows.for_each(|((&z, value), change)| {
            let bent = f64::from(Real::tanh(1.5 * z as f32));
            (*value, *change) = (bent, 1.5 * (1.0 - bent * bent));
        })),
        2 => rows.for_each(|((&z, value), change)| (*value, *change) = (0.5 * z * z, z)),
        _ => vectorised!(rows.for_each(|((&z, value), change)| {
            let bell = f64::from(Real::exp(-0.5 * (z * z) as f32));
            (*value, *change) = (z * bell, bell * (1.0 - z * z));
        })),
    }
}

/// Random starts beside a given one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Random {
    /// How many.
    pub starts: u32,
    /// What they are drawn from.
    pub seed: u64,
}

/// The axes (k x k, one a row, causes before effects, latents of unit variance) at which C is least, from `start` (axes in any
/// order) and from the best of random ones down. The order is searched for at the axes, until it stays; then latents change places in it.
/// Codes are n x k with mean 0; functions are those that mechanisms of this kind can be, at most as many as the smallest environment
/// has rows for. With too few rows for that the given axes are only sorted. `None`: `go_on` said no.
///
/// # Errors
/// Those of [`search`].
pub fn likeliest(
    codes: &Matrix,
    environments: &[u32],
    start: &Matrix<f64>,
    kind: Kind,
    random: Random,
    go_on: impl FnMut() -> bool,
) -> Result<Option<Matrix<f64>>> {
    let k = codes.cols();
    let total = covariance(codes);
    let wanted = affordable(environments, k).min(FUNCTIONS);
    let chosen: Vec<usize> = match kind {
        Kind::Mlp => (0..wanted).collect(),
        Kind::Polynomial => POLYNOMIAL.into_iter().filter(|&f| f < wanted.max(2)).collect(),
        Kind::Linear | Kind::None => Vec::new(),
    };
    let coefficients = 1 + k.saturating_sub(1) * chosen.len();
    let informed = smallest(environments) >= LEAST_ROWS_OF_COEFFICIENT * coefficients;
    let start = unit(start, &total);
    // Lines alone fit every map of the latents.
    if k < 2 || chosen.len() < 2 || !informed {
        return Ok(Some(permuted(&start, &search(&latents(codes, &start), environments)?.order)));
    }
    let rows = |all: usize| Rows::of(codes, environments, all, ROWS_OF_COEFFICIENT * coefficients);
    let (few, many) = (rows(FEW), rows(MANY));
    let mut descents = Descents { codes, environments, total, chosen, go_on };
    match descents.least((&few, &many), start, random) {
        Ok(found) => Ok(Some(found.axes)),
        Err(Stop::Cancelled) => Ok(None),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// Axes, and C there.
#[derive(Clone)]
struct Found {
    cost: f64,
    axes: Matrix<f64>,
}

/// Why a search ends early.
enum Stop {
    Cancelled,
    Failed(Failure),
}

type Outcome<T> = std::result::Result<T, Stop>;

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What all descents have in common.
struct Descents<'a, F> {
    codes: &'a Matrix,
    environments: &'a [u32],
    total: Matrix<f64>,
    chosen: Vec<usize>,
    go_on: F,
}

impl<F: FnMut() -> bool> Descents<'_, F> {
    /// The least C from one start and from the best of random ones, after changes of the order.
    fn least(&mut self, (few, many): (&Rows, &Rows), start: Matrix<f64>, random: Random) -> Outcome<Found> {
        let drawn = self.drawn(few, random)?.map(|found| found.axes);
        let mut best: Option<Found> = None;
        for from in [Some(start), drawn].into_iter().flatten() {
            self.settle(many, from, &mut best)?;
        }
        let mut best = best.expect("there is a start");
        while let Some(better) = self.reordered(many, &best)? {
            best = better;
        }
        Ok(best)
    }

    /// The order that the search finds at axes.
    fn order(&self, axes: &Matrix<f64>) -> Result<Vec<usize>> {
        Ok(search(&latents(self.codes, axes), self.environments)?.order)
    }

    fn descend(&mut self, rows: &Rows, from: &Matrix<f64>, iterations: u32) -> Outcome<Found> {
        let k = from.rows();
        let mut stopped = false;
        let settings = LbfgsSettings { iterations, gradient_tolerance: GRADIENT, ..LbfgsSettings::default() };
        let found = lbfgs(from.data(), settings, |at| {
            stopped = stopped || !(self.go_on)();
            if stopped { (f64::NAN, vec![f64::NAN; k * k]) } else { rows.misfit(at, &self.total, &self.chosen) }
        });
        if stopped {
            return Err(Stop::Cancelled);
        }
        Ok(Found { cost: found.value, axes: unit(&Matrix::new(k, k, found.x)?, &self.total) })
    }

    /// The best of random starts after a short descent each.
    fn drawn(&mut self, rows: &Rows, random: Random) -> Outcome<Option<Found>> {
        let (k, stream) = (self.codes.cols(), Stream::new(random.seed, "axes"));
        let mut best: Option<Found> = None;
        for place in 0..random.starts {
            let mut stream = stream.at(place);
            let from = unit(&orthonormal(&Matrix::from_fn(k, k, |_, _| stream.normal())), &self.total);
            let found = self.descend(rows, &permuted(&from, &self.order(&from)?), SHORT)?;
            if best.as_ref().is_none_or(|best| found.cost < best.cost) {
                best = Some(found);
            }
        }
        Ok(best)
    }

    /// The order at axes and a descent, until the order stays.
    fn settle(&mut self, rows: &Rows, mut at: Matrix<f64>, best: &mut Option<Found>) -> Outcome<()> {
        for _ in 0..ROUNDS {
            let order = self.order(&at)?;
            let found = self.descend(rows, &permuted(&at, &order), LONG)?;
            at = found.axes.clone();
            if best.as_ref().is_none_or(|best| found.cost < best.cost - GAIN) {
                *best = Some(found);
            }
            if order.is_sorted() {
                break;
            }
        }
        Ok(())
    }

    /// What is better with one latent at another place in the order, those first that cost least before axes move with them.
    fn reordered(&mut self, rows: &Rows, best: &Found) -> Outcome<Option<Found>> {
        let mut moves: Vec<Found> = insertions(best.axes.rows())
            .map(|order| permuted(&best.axes, &order))
            .map(|axes| Found { cost: rows.misfit(axes.data(), &self.total, &self.chosen).0, axes })
            .collect();
        moves.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        for from in moves.into_iter().take(MOVES) {
            let found = self.descend(rows, &from.axes, SHORT)?;
            if found.cost < best.cost - GAIN {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// All orders of k that move one to another place.
fn insertions(k: usize) -> impl Iterator<Item = Vec<usize>> {
    let pairs = (0..k).flat_map(move |from| (0..k).map(move |to| (from, to)));
    // A move to the place before is one of its neighbor to the place behind.
    pairs.filter(|&(from, to)| to != from && to + 1 != from).map(move |(from, to)| {
        let mut order: Vec<usize> = (0..k).collect();
        let moved = order.remove(from);
        order.insert(to, moved);
        order
    })
}

fn permuted(axes: &Matrix<f64>, order: &[usize]) -> Matrix<f64> {
    Matrix::from_fn(axes.rows(), axes.cols(), |i, j| axes[(order[i], j)])
}

/// Latents of codes (n x k) along axes (one a row).
pub fn latents(codes: &Matrix, axes: &Matrix<f64>) -> Matrix {
    let latent = |row: &[f32], i: usize| row.iter().zip(axes.row(i)).map(|(&c, a)| f64::from(c) * a).sum::<f64>();
    Matrix::from_fn(codes.rows(), axes.rows(), |r, i| latent(codes.row(r), i) as f32)
}

/// Standard deviation of the latent of each axis.
fn deviations(axes: &Matrix<f64>, total: &Matrix<f64>) -> Vec<f64> {
    let k = axes.rows();
    let variance = |a: &[f64]| (0..k).map(|p| (0..k).map(|q| a[p] * total[(p, q)] * a[q]).sum::<f64>()).sum::<f64>();
    (0..k).map(|i| variance(axes.row(i)).max(LEAST_VARIANCE).sqrt()).collect()
}

fn unit(axes: &Matrix<f64>, total: &Matrix<f64>) -> Matrix<f64> {
    let sds = deviations(axes, total);
    Matrix::from_fn(axes.rows(), axes.cols(), |i, j| axes[(i, j)] / sds[i])
}

/// Codes by environment, n_u x k each.
struct Rows {
    environments: Vec<Mat<f64>>,
}

impl Rows {
    /// At most `all` rows, but `least` of an environment that has them.
    fn of(codes: &Matrix, environments: &[u32], all: usize, least: usize) -> Self {
        let of = |rows: Vec<usize>| Mat::from_fn(rows.len(), codes.cols(), |r, j| f64::from(codes[(rows[r], j)]));
        Self { environments: sample(environments, 0, all, least).into_iter().map(of).collect() }
    }

    /// C at axes (row by row, of any length), and its gradient. Two fixed shares of the environments are added in order, so that bits
    /// do not depend on the number of threads.
    fn misfit(&self, at: &[f64], total: &Matrix<f64>, chosen: &[usize]) -> (f64, Vec<f64>) {
        let k = total.rows();
        let Ok(given) = Matrix::new(k, k, at.to_vec()) else { return (f64::NAN, vec![f64::NAN; k * k]) };
        let sds = deviations(&given, total);
        let axes = unit(&given, total);
        let Ok(back) = inverse(&axes) else { return (f64::NAN, vec![f64::NAN; k * k]) };
        let of = |environments: &[Mat<f64>]| {
            let mut sums = Sums { value: 0.0, gradient: Mat::zeros(k, k) };
            environments.iter().for_each(|codes| sums.add(codes, &axes, chosen));
            sums
        };
        let (first, second) = self.environments.split_at(self.environments.len().div_ceil(2));
        let (first, second) = Compute::current().join(|_| of(first), |_| of(second));
        let share = 1.0 / self.environments.len() as f64;
        let value = share * (first.value + second.value) - log_abs_det(&axes);
        let slope =
            Matrix::from_fn(k, k, |i, j| share * (first.gradient[(i, j)] + second.gradient[(i, j)]) - back[(j, i)]);
        // C does not depend on the lengths of the axes: what would change them is taken out.
        let gradient = (0..k).flat_map(|i| {
            let along: f64 = (0..k).map(|j| axes[(i, j)] * slope[(i, j)]).sum();
            let (slope, axes, sd) = (&slope, &axes, sds[i]);
            (0..k).map(move |j| {
                let pull: f64 = (0..k).map(|q| total[(j, q)] * axes[(i, q)]).sum();
                (slope[(i, j)] - along * pull) / sd
            })
        });
        (value, gradient.collect())
    }
}

/// What environments add to C without its volume, and to the gradient of that.
struct Sums {
    value: f64,
    gradient: Mat<f64>,
}

impl Sums {
    fn add(&mut self, codes: &Mat<f64>, axes: &Matrix<f64>, chosen: &[usize]) {
        let (n, k, r) = (codes.nrows(), codes.ncols(), chosen.len());
        let turned = Mat::from_fn(k, k, |j, i| axes[(i, j)]);
        let z = times(codes.as_ref(), turned.as_ref());
        // Functions of all latents but the last, centered, and what each would change by.
        let p = (k - 1) * r;
        let (mut curves, mut bends) = (Mat::zeros(n, p), Mat::zeros(n, p));
        for j in 0..k - 1 {
            let values = z.col_as_slice(j);
            for (f, &function) in chosen.iter().enumerate() {
                fill(function, values, curves.col_as_slice_mut(j * r + f), bends.col_as_slice_mut(j * r + f));
            }
        }
        let mut targets = z;
        center(&mut curves);
        center(&mut targets);
        let scale = 1.0 / n as f64;
        let products = times(curves.transpose(), curves.as_ref());
        let mixed = times(curves.transpose(), targets.as_ref());
        let ridge = |e: usize| if e / p == e % p { RIDGE } else { 0.0 };
        let mut factor: Vec<f64> = (0..p * p).map(|e| scale * products[(e / p, e % p)] + ridge(e)).collect();
        factorize(&mut factor, p, LEAST_PIVOT);
        let (mut coefficients, mut weights) = (Mat::zeros(p, k), vec![0.0; k]);
        for i in 0..k {
            // Latents before this one are the leading part of the factor.
            let mut solved: Vec<f64> = (0..i * r).map(|a| scale * mixed[(a, i)]).collect();
            forward(&factor, p, &mut solved);
            let explained: f64 = solved.iter().map(|v| v * v).sum();
            backward(&factor, p, &mut solved);
            let variance = scale * (0..n).map(|row| targets[(row, i)].powi(2)).sum::<f64>();
            let left = (variance - explained).max(LEAST_VARIANCE);
            self.value += 0.5 * left.ln();
            weights[i] = scale / left;
            solved.into_iter().enumerate().for_each(|(a, value)| coefficients[(a, i)] = value);
        }
        let explained = times(curves.as_ref(), coefficients.as_ref());
        let residual = Mat::from_fn(n, k, |row, i| weights[i] * (targets[(row, i)] - explained[(row, i)]));
        let through = times(residual.as_ref(), coefficients.transpose());
        let mut pull = residual;
        for a in 0..p {
            let changes = through.col_as_slice(a).iter().zip(bends.col_as_slice(a));
            pull.col_as_slice_mut(a / r).iter_mut().zip(changes).for_each(|(pull, (t, bend))| *pull -= t * bend);
        }
        matmul(&mut self.gradient, Accum::Add, pull.transpose(), codes, 1.0, Par::Seq);
    }
}

/// Takes its mean from every column.
fn center(columns: &mut Mat<f64>) {
    for j in 0..columns.ncols() {
        let column = columns.col_as_slice_mut(j);
        let mean = column.iter().sum::<f64>() / column.len() as f64;
        column.iter_mut().for_each(|value| *value -= mean);
    }
}

#[cfg(test)]
mod laws;
