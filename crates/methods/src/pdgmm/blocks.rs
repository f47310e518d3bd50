//! Latents that are silent together, a block of `q` of them: rows in which a block is silent lie on a plane of codimension q,
//! {W_b h = t_b}. On white codes h the values y = W_b h of a block, with orthonormal rows W_b (q x k), are spread like a standard normal
//! distribution whatever W_b is, but along the true one a share of the rows piles up in a point:
//!
//!   minimise  f(W_b) = -E log [ w N(y; t, s^2 I) + (1 - w) N(y; 0, I) ] ,
//!
//! the spike and slab of `spike` in q dimensions, whose slab is known because the codes are white. With r the probability that a row
//! belongs to the spike, and w, t and s held,
//!
//!   df/dW_b = E [ ( r (y - t) / s^2 + (1 - r) y ) h' ] .
//!
//! The mean distance E |y - t| is the same idea (`contrast`), but it is dominated by the rows that move where few are silent. Steps go along
//! the gradient less its part within the rows of W_b, which only turns the block in itself.
//!
//! The spike begins as wide as the slab nearly is, and becomes narrow. While it is wide it stays at the median with a small share, so that
//! the objective is a smooth measure of how peaked a block is; after that it follows its rows by expectation maximisation. Blocks are found
//! one after the other, each from many starts among directions orthogonal to those before it, and then each descends by itself among all
//! directions: latents of different blocks may depend on each other.

use disentangle_data::{Matrix, Result, Stream};
use disentangle_engine::method::Solving;
use disentangle_numerics::directions::{along, pulled};
use disentangle_numerics::linalg::{dot, log_abs_det, median, product};

/// How a descent runs: from the first value to the last, geometrically.
#[derive(Debug, Clone, Copy)]
struct Path {
    steps: usize,
    /// Length of a step.
    length: (f64, f64),
    /// Width of the spike.
    width: (f64, f64),
    /// Share of the steps in which the spike stays at the median.
    held: f64,
}

const SEARCH: Path = Path { steps: 100, length: (0.3, 0.03), width: (0.7, 0.15), held: 0.5 };
const REFINE: Path = Path { steps: 60, length: (0.1, 0.01), width: (0.3, 0.1), held: 0.2 };
/// Starts of a search, for each direction that is left.
const STARTS: usize = 4;
/// Rows that a search and a refinement look at.
const SEARCHED: usize = 8000;
const REFINED: usize = 20_000;
/// Share of the spike while it is held.
const SHARE: f64 = 0.1;
/// Its bounds after that: an empty spike would fit whatever is left.
const SHARES: (f64, f64) = (0.05, 0.95);
/// Steps of expectation maximisation in every step.
const FOLLOWED: usize = 2;
/// Gradients shorter than this make shorter steps.
const SHORT: f64 = 0.05;
/// Least log |det W| of refined blocks: below it two have become one.
const APART: f64 = -3.0;

/// The spike of a block: share, place and width.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot {
    pub weight: f64,
    pub place: Vec<f64>,
    pub width: f64,
}

/// Sums over rows of what a spike makes of them.
struct Seen {
    /// Mean of minus the log density, without the constant of the normal distribution.
    value: f64,
    /// Mean probability of the spike, and of that times y.
    share: f64,
    moved: Vec<f64>,
}

impl Spot {
    /// Looks at values `y` (n x q); with `slopes` it leaves d(-log p)/dy in their place.
    fn look(&self, y: &mut [f32], slopes: bool) -> Seen {
        let q = self.place.len();
        let (narrow, n) = (self.width.powi(-2), (y.len() / q) as f64);
        let spike = self.weight.ln() - q as f64 * self.width.ln();
        let slab = (1.0 - self.weight).ln();
        let mut seen = Seen { value: 0.0, share: 0.0, moved: vec![0.0; q] };
        for row in y.chunks_exact_mut(q) {
            let (mut near, mut far) = (0.0, 0.0);
            for (value, place) in row.iter().zip(&self.place) {
                let value = f64::from(*value);
                near += (value - place).powi(2);
                far += value * value;
            }
            let (near, far) = (spike - 0.5 * narrow * near, slab - 0.5 * far);
            let density = near.max(far) + (-(near - far).abs()).exp().ln_1p();
            let silent = (near - density).exp();
            seen.value -= density;
            seen.share += silent;
            for ((value, place), moved) in row.iter_mut().zip(&self.place).zip(&mut seen.moved) {
                let y = f64::from(*value);
                *moved += silent * y;
                if slopes {
                    *value = (silent * narrow * (y - place) + (1.0 - silent) * y) as f32;
                }
            }
        }
        seen.value /= n;
        seen.share /= n;
        seen.moved.iter_mut().for_each(|sum| *sum /= n);
        seen
    }

    /// A step of expectation maximisation of share and place.
    fn follow(&mut self, y: &mut [f32]) {
        let seen = self.look(y, false);
        self.place = seen.moved.iter().map(|sum| sum / seen.share.max(f64::MIN_POSITIVE)).collect();
        self.weight = seen.share.clamp(SHARES.0, SHARES.1);
    }
}

/// The objective and its gradient in `w` (q x k) on rows `x` (n x k, row-major), for the spike as it stands.
pub(super) fn objective(x: &[f32], w: &Matrix<f64>, spot: &Spot) -> (f64, Matrix<f64>) {
    let n = (x.len() / w.cols()) as f64;
    let mut y = along(x, w);
    let seen = spot.look(&mut y, true);
    let pull = pulled(&y, x, w.rows());
    (seen.value, pull.map(|sum| sum / n))
}

/// A block found.
#[derive(Clone)]
struct Found {
    /// q x k, orthonormal rows.
    rows: Matrix<f64>,
    value: f64,
}

/// Where a descent from `start` (q x k, orthonormal rows) on `x` (n x k) ends; `None`: `go_on` said no.
fn descend(x: &[f32], start: &Matrix<f64>, path: Path, go_on: &mut dyn FnMut(f64) -> bool) -> Option<Found> {
    let (q, k) = (start.rows(), start.cols());
    let mut w = start.clone();
    let mut value = f64::INFINITY;
    let mut spot = Spot { weight: SHARE, place: vec![0.0; q], width: path.width.0 };
    for step in 0..path.steps {
        let at = step as f64 / (path.steps - 1).max(1) as f64;
        let between = |(first, last): (f64, f64)| first * (last / first).powf(at);
        spot.width = between(path.width);
        let mut y = along(x, &w);
        if at <= path.held {
            spot.place = (0..q).map(|j| median(y.iter().skip(j).step_by(q).map(|&v| f64::from(v)).collect())).collect();
        } else {
            (0..FOLLOWED).for_each(|_| spot.follow(&mut y));
        }
        let (now, gradient) = objective(x, &w, &spot);
        value = now;
        if !go_on(now) {
            return None;
        }
        let within = product(&gradient, &w.transposed());
        let radial = product(&within, &w);
        let tangent = Matrix::from_fn(q, k, |i, j| gradient[(i, j)] - radial[(i, j)]);
        let size = (dot(tangent.data(), tangent.data()) / q as f64).sqrt().max(SHORT);
        let scale = between(path.length) / size;
        w = orthonormal_rows(&Matrix::from_fn(q, k, |i, j| w[(i, j)] - scale * tangent[(i, j)]));
    }
    Some(Found { rows: w, value })
}

/// Rows made orthonormal one after the other (Gram-Schmidt, twice); those that are combinations of the ones before are left out.
fn orthonormal_rows(a: &Matrix<f64>) -> Matrix<f64> {
    let k = a.cols();
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for i in 0..a.rows() {
        let mut row = a.row(i).to_vec();
        let size = dot(&row, &row).sqrt();
        for _ in 0..2 {
            for before in &rows {
                let part = dot(&row, before);
                row.iter_mut().zip(before).for_each(|(v, b)| *v -= part * b);
            }
        }
        let left = dot(&row, &row).sqrt();
        if left > 1e-9 * size {
            row.iter_mut().for_each(|v| *v /= left);
            rows.push(row);
        }
    }
    Matrix::from_fn(rows.len(), k, |i, j| rows[i][j])
}

/// One row under the other.
fn stacked(parts: &[Matrix<f64>], k: usize) -> Matrix<f64> {
    let rows: Vec<&[f64]> = parts.iter().flat_map(|part| (0..part.rows()).map(|i| part.row(i))).collect();
    Matrix::from_fn(rows.len(), k, |i, j| rows[i][j])
}

/// Directions (m x k, orthonormal rows) orthogonal to `taken` (those of a k-dimensional space where there are none).
fn left(taken: &[Matrix<f64>], k: usize) -> Matrix<f64> {
    let taken = orthonormal_rows(&stacked(taken, k));
    let axes = Matrix::from_fn(k, k, |i, j| f64::from(u8::from(i == j)));
    let all = orthonormal_rows(&stacked(&[taken.clone(), axes], k));
    Matrix::from_fn(k - taken.rows(), k, |i, j| all[(taken.rows() + i, j)])
}

/// Rows for blocks of `size` latents, block after block, those of a block orthonormal, on white codes `rows` (n x k, in random
/// order, k a multiple of `size`): k x k. `None` when the user cancels.
///
/// # Errors
/// Those of memory.
pub fn blocks(rows: &Matrix, size: usize, solving: &mut Solving<'_>) -> Result<Option<Matrix<f64>>> {
    let k = rows.cols();
    let count = k / size;
    let some = |most: usize| &rows.data()[..most.min(rows.rows()) * k];
    let (few, many) = (some(SEARCHED), some(REFINED));
    let searches: usize = (0..count.saturating_sub(1)).map(|b| STARTS * (k - b * size) * SEARCH.steps).sum();
    let steps = searches + count * REFINE.steps;
    let mut stream = Stream::new(solving.seed, "blocks");
    let mut done = 0;
    let mut go_on = |value: f64| {
        done += 1;
        solving.progress(done, steps, value);
        !solving.cancelled()
    };
    let mut found: Vec<Matrix<f64>> = Vec::new();
    for _ in 0..count {
        let free = left(&found, k);
        let m = free.rows();
        if m == size {
            found.push(free);
            break;
        }
        let seen = along(few, &free);
        let mut best: Option<Found> = None;
        for _ in 0..STARTS * m {
            let start = orthonormal_rows(&Matrix::from_fn(size, m, |_, _| stream.normal()));
            let Some(end) = descend(&seen, &start, SEARCH, &mut go_on) else { return Ok(None) };
            if best.as_ref().is_none_or(|best| end.value < best.value) {
                best = Some(end);
            }
        }
        let best = best.expect("there are directions left, so there were starts");
        let Some(better) = descend(many, &product(&best.rows, &free), REFINE, &mut go_on) else { return Ok(None) };
        found.push(better.rows);
    }
    let last = found.pop().expect("at least one block");
    let end =
        if count == 1 { Some(last.clone()) } else { descend(many, &last, REFINE, &mut go_on).map(|end| end.rows) };
    let Some(refined) = end else { return Ok(None) };
    let together = |last: Matrix<f64>| stacked(&[found.as_slice(), &[last]].concat(), k);
    let all = together(refined);
    Ok(Some(if log_abs_det(&all) > APART { all } else { together(last) }))
}

#[cfg(test)]
mod tests;
