//! One map that makes many covariance matrices diagonal at once, with variances known to lie between two bounds.
//!
//!   minimise over B   f(B) = 1/2 sum_t p_t sum_i (log v_ti + r_ti / v_ti) - log |det B| ,
//!   r_ti = b_i' M_t b_i ,   v_ti = clamp(r_ti, least, most)
//!
//! which is minus the mean log density of normal latents with free variances inside the bounds. Five sweeps of iterative
//! projection, *Auxiliary-function-based independent component analysis* (Ono, 2011),
//! <https://doi.org/10.1109/ASPAA.2011.6082326>, come near an optimum without any step size; a relative quasi-Newton method,
//! *Beyond Pham's algorithm for joint diagonalization* (Ablin, Cardoso, Gramfort, 2019),
//! <https://arxiv.org/abs/1811.11433>, ends there.

mod newton;
mod noise;
mod projection;

pub use noise::{Denoised, NoiseSize, denoise};

use crate::linalg::{log_abs_det, orthonormal};
use disentangle_data::{Code, Failure, Matrix, Result, Stream, memory};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// Bounds of the variances.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Least variance, > 0.
    pub least: f64,
    /// Largest variance.
    pub most: f64,
}

/// The matrices to be made diagonal.
#[derive(Debug, Clone)]
pub struct Covariances {
    /// (t k) x k: one symmetric matrix below the other.
    stacked: Matrix<f64>,
    /// Share of each matrix in the objective; they sum to 1.
    shares: Vec<f64>,
    bounds: Bounds,
}

/// The objective at a map, with what its derivatives are made of.
#[derive(Debug, Clone)]
pub struct Point {
    /// The map B, k x k.
    pub map: Matrix<f64>,
    /// f(B).
    pub value: f64,
    /// r, t x k.
    pub residuals: Matrix<f64>,
    /// v, t x k.
    pub variances: Matrix<f64>,
    /// (t k) x k: the blocks M_t B'.
    half: Matrix<f64>,
}

/// The best map found.
#[derive(Debug, Clone)]
pub struct Diagonalization {
    /// Where it lies.
    pub point: Point,
    /// The objective at the end of every start: how often the best was found says how far to trust it.
    pub objectives: Vec<f64>,
}

impl Covariances {
    /// `matrices` are k x k, symmetric and positive semidefinite; `weights` >= 0, not all 0, for example numbers of rows.
    ///
    /// # Panics
    /// When there is no matrix, or sizes differ.
    pub fn new(matrices: &[Matrix<f64>], weights: &[f64], bounds: Bounds) -> Self {
        let k = matrices[0].cols();
        assert!(matrices.iter().all(|m| m.rows() == k && m.cols() == k) && weights.len() == matrices.len(), "sizes");
        let data = matrices.iter().flat_map(|m| m.data().iter().copied());
        let data = memory::gathered(data, matrices.len().saturating_mul(k * k), "the covariances of the tasks");
        let total: f64 = weights.iter().sum();
        let stacked = Matrix::new(matrices.len() * k, k, data).expect("every matrix is k x k");
        Self { stacked, shares: weights.iter().map(|w| w / total).collect(), bounds }
    }

    /// k.
    pub fn size(&self) -> usize {
        self.stacked.cols()
    }

    /// Number of matrices.
    pub fn count(&self) -> usize {
        self.shares.len()
    }

    /// The weighted mean of all matrices, k x k.
    pub fn mean(&self) -> Matrix<f64> {
        let k = self.size();
        let mut mean = Matrix::<f64>::zeros(k, k);
        for (block, share) in self.stacked.data().chunks_exact(k * k).zip(&self.shares) {
            mean.data_mut().iter_mut().zip(block).for_each(|(m, v)| *m += share * v);
        }
        mean
    }

    /// The objective at `map`.
    pub fn at(&self, map: Matrix<f64>) -> Point {
        let (t, k) = (self.count(), self.size());
        let half = multiply(view(&self.stacked), view(&map).transpose());
        let mut residuals = Matrix::<f64>::zeros(t, k);
        let columns = map.transposed();
        for (l, row) in half.data().chunks_exact(k).enumerate() {
            // Row `j` of block `l / k` holds (M_t b_i)_j for all i.
            let (block, j) = (l / k, l % k);
            let terms = columns.row(j).iter().zip(row);
            residuals.row_mut(block).iter_mut().zip(terms).for_each(|(r, (b, m))| *r += b * m);
        }
        // Rounding may leave a variance of 0 slightly negative.
        residuals.data_mut().iter_mut().for_each(|r| *r = r.max(0.0));
        let variances = residuals.map(|r: f64| r.clamp(self.bounds.least, self.bounds.most));
        let one = |t: usize| -> f64 {
            let ratios: f64 = residuals.row(t).iter().zip(variances.row(t)).map(|(r, v)| r / v).sum();
            (sum_of_logarithms(variances.row(t)) + ratios) * self.shares[t]
        };
        let value = 0.5 * (0..t).map(one).sum::<f64>() - log_abs_det(&map);
        Point { map, value, residuals, variances, half }
    }

    /// (t k) x k: the blocks B M_t B'.
    pub fn mapped(&self, point: &Point) -> Matrix<f64> {
        let k = self.size();
        let mut out = Matrix::<f64>::zeros(self.stacked.rows(), k);
        for (block, half) in out.data_mut().chunks_exact_mut(k * k).zip(point.half.data().chunks_exact(k * k)) {
            multiply_into(block, view(&point.map), MatRef::from_row_major_slice(half, k, k));
        }
        out
    }

    /// The derivative of f((I + E) B) by E at E = 0, k x k; `mapped` as [`Covariances::mapped`] gives it.
    pub fn gradient(&self, point: &Point, mapped: &Matrix<f64>) -> Matrix<f64> {
        let k = self.size();
        let mut gradient = Matrix::<f64>::zeros(k, k);
        for (l, row) in mapped.data().chunks_exact(k).enumerate() {
            let (t, i) = (l / k, l % k);
            let weight = self.shares[t] / point.variances[(t, i)];
            gradient.row_mut(i).iter_mut().zip(row).for_each(|(g, x)| *g += weight * x);
        }
        (0..k).for_each(|i| gradient[(i, i)] -= 1.0);
        gradient
    }

    /// `H_ij = sum_t p_t r_tj / v_ti`, k x k. Where B M_t B' are diagonal, the second derivative of f((I + E) B) by E_ij and
    /// E_ji is [[H_ij, 1], [1, H_ji]], and all others between different entries vanish.
    pub fn curvature(&self, point: &Point) -> Matrix<f64> {
        let (t, k) = (self.count(), self.size());
        let weights = Matrix::from_fn(k, t, |i, t| self.shares[t] / point.variances[(t, i)]);
        multiply(view(&weights), view(&point.residuals))
    }

    /// Standard error of how much of latent j is mixed into latent i, k x k, with so many rows behind all matrices: from the
    /// Fisher information at B. 0 on the diagonal, infinite for pairs whose variances are proportional over all matrices:
    /// such two can be rotated into each other.
    pub fn mixing_errors(&self, point: &Point, rows: usize) -> Matrix<f64> {
        let h = self.curvature(point);
        Matrix::from_fn(self.size(), self.size(), |i, j| match i == j {
            true => 0.0,
            false => (h[(j, i)] / (rows as f64 * (h[(i, j)] * h[(j, i)] - 1.0).max(0.0))).sqrt(),
        })
    }
}

/// Minimises the objective from the identity and from `starts - 1` random orthogonal maps; the lowest objective wins.
///
/// `go_on` is told, before each start, how many are done and the lowest objective so far (infinite at first); `None` when it
/// says no.
///
/// # Errors
/// `NUMERIC_SINGULAR` when some direction has no variance in any matrix: the objective has no minimum then.
pub fn diagonalize(
    covariances: &Covariances,
    starts: usize,
    seed: u64,
    mut go_on: impl FnMut(usize, f64) -> bool,
) -> Result<Option<Diagonalization>> {
    let k = covariances.size();
    let (values, _) = crate::linalg::symmetric_eigen(&covariances.mean())?;
    let largest = values.last().copied().unwrap_or(0.0);
    if values.first().is_none_or(|&least| least <= 1e-12 * largest) {
        let rank = values.iter().filter(|&&v| v > 1e-12 * largest).count();
        return Err(Failure::new(
            Code::NumericSingular,
            format!("{} of {k} directions have no variance in any matrix", k - rank),
        )
        .hint("fewer latents, or more rows, make it solvable")
        .with("rank", rank));
    }
    let stream = Stream::new(seed, "joint-diagonalization");
    let mut best: Option<Point> = None;
    let mut objectives = Vec::with_capacity(starts);
    for start in 0..starts.max(1) {
        if !go_on(start, best.as_ref().map_or(f64::INFINITY, |best| best.value)) {
            return Ok(None);
        }
        let mut stream = stream.at(start as u32);
        let map = match start {
            0 => Matrix::from_fn(k, k, |i, j| f64::from(u8::from(i == j))),
            _ => orthonormal(&Matrix::from_fn(k, k, |_, _| stream.normal())),
        };
        let point = newton::descend(covariances, projection::sweeps(covariances, map)?);
        objectives.push(point.value);
        if best.as_ref().is_none_or(|best| point.value < best.value) {
            best = Some(point);
        }
    }
    Ok(best.map(|point| Diagonalization { point, objectives }))
}

/// `sum ln v`, v > 0: the logarithms of products of a few, since a logarithm costs as much as many products. Variances
/// within bounds are far from where products of eight would leave the range of numbers.
fn sum_of_logarithms(values: &[f64]) -> f64 {
    values.chunks(8).map(|few| few.iter().product::<f64>().ln()).sum()
}

fn view(m: &Matrix<f64>) -> MatRef<'_, f64> {
    MatRef::from_row_major_slice(m.data(), m.rows(), m.cols())
}

fn multiply(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Matrix<f64> {
    let mut out = Matrix::<f64>::zeros(a.nrows(), b.ncols());
    multiply_into(out.data_mut(), a, b);
    out
}

/// Sequential, so that threads cannot change a bit.
fn multiply_into(out: &mut [f64], a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    let out = MatMut::from_row_major_slice_mut(out, a.nrows(), b.ncols());
    matmul(out, Accum::Replace, a, b, 1.0, Par::Seq);
}

#[cfg(test)]
mod laws;
