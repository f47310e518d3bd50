//! The leading principal axes of many rows and columns, without their covariance: block Lanczos with full orthogonalisation, which asks for
//! products with the rows only.
//!
//! Source: G. H. Golub and R. Underwood, "The block Lanczos method for computing eigenvalues", Mathematical Software III, 1977.

use crate::compute::Compute;
use crate::linalg::{symmetric_eigen, times};
use disentangle_data::simd::vectorised;
use disentangle_data::{Matrix, Result, Stream};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// Rows or columns below which all axes are computed: that takes seconds at most, and no longer than to look for a few.
const FEW: usize = 1024;
/// Axes are few where there are at most as many as this part of the smaller side.
const PART: usize = 16;
/// Columns beside those asked for: what they hold makes the leading ones converge sooner.
const MORE: usize = 8;
/// Residual of an axis, as a share of the largest variance. The error of a variance is its square, that of an axis its ratio to the
/// distance from the next variance.
const RESIDUAL: f64 = 1e-9;
/// A direction that is left with so small a share of its length after orthogonalisation is rounding.
const ROUNDING: f64 = 1e-10;
/// Blocks after which the spectrum is too flat for this way.
const BLOCKS: usize = 40;
/// Rows that are centred at once; also what one thread adds up, so that sums do not depend on threads.
const CHUNK: usize = 128;
/// Numbers that the products treat together: one vector of AVX-512.
const LANES: usize = 8;

/// Some leading axes.
pub(crate) struct Leading {
    /// Variances along them, descending.
    pub variances: Vec<f64>,
    /// One per column, of length one.
    pub axes: Mat<f64>,
    /// Whether the rows vary along no other direction.
    pub complete: bool,
}

/// Whether `k` axes of `n` rows of `d` columns are few enough to be looked for by themselves.
pub(crate) fn are_few(k: usize, n: usize, d: usize) -> bool {
    n.min(d) >= FEW && k <= n.min(d) / PART
}

/// Numbers with 64 bits that [`leading`] holds at most.
pub(crate) fn numbers(k: usize, d: usize) -> u64 {
    let block = width(k) as u64;
    let threads = Compute::current().threads() as u64;
    (d as u64).saturating_mul(2 * BLOCKS as u64 * block + threads * (block + CHUNK as u64))
}

fn width(k: usize) -> usize {
    (k + MORE).next_multiple_of(LANES)
}

/// The `k` leading axes of the given rows; nothing where their variances are too much alike to be told apart in reasonable time.
///
/// # Errors
/// `NUMERIC_NOT_FINITE` when rows have entries that are not finite.
pub(crate) fn leading(values: &Matrix, rows: &[usize], center: &[f64], k: usize) -> Result<Option<Leading>> {
    let (d, q) = (values.cols(), width(k));
    let mut stream = Stream::new(0, "leading-axes");
    let start = Mat::from_fn(d, q, |_, _| stream.normal());
    let mut basis = Mat::zeros(d, 0);
    let mut images = Mat::zeros(d, 0);
    let mut block = orthonormalised(start, &basis);
    loop {
        let image = covariance_times(values, rows, center, &block);
        basis = beside(&basis, &block);
        images = beside(&images, &image);
        let m = basis.ncols();
        let mut small = Mat::zeros(m, m);
        matmul(&mut small, Accum::Replace, basis.transpose(), &images, 1.0, Par::Seq);
        let (values_up, vectors) =
            symmetric_eigen(&Matrix::from_fn(m, m, |i, j| (small[(i, j)] + small[(j, i)]) / 2.0))?;
        let found = k.min(m);
        let theta: Vec<f64> = values_up.iter().rev().take(found).map(|v| v.max(0.0)).collect();
        let turn = Mat::from_fn(m, found, |i, j| vectors[(i, m - 1 - j)]);
        let axes = times(basis.as_ref(), turn.as_ref());
        let next = orthonormalised(image, &basis);
        let complete = next.ncols() == 0;
        let residual = {
            let image = times(images.as_ref(), turn.as_ref());
            let length =
                |j: usize| (0..d).map(|i| (image[(i, j)] - theta[j] * axes[(i, j)]).powi(2)).sum::<f64>().sqrt();
            (0..found).map(length).fold(0.0, f64::max)
        };
        if complete || residual <= RESIDUAL * theta[0] {
            return Ok(Some(Leading { variances: theta, axes, complete }));
        }
        if m >= BLOCKS * q || 2 * m >= d.min(rows.len()) {
            return Ok(None);
        }
        block = next;
    }
}

fn beside(left: &Mat<f64>, right: &Mat<f64>) -> Mat<f64> {
    let m = left.ncols();
    Mat::from_fn(left.nrows(), m + right.ncols(), |i, j| if j < m { left[(i, j)] } else { right[(i, j - m)] })
}

/// What of a block is orthogonal to the basis, as orthonormal columns: fewer where some of it lies in the span already.
fn orthonormalised(mut block: Mat<f64>, basis: &Mat<f64>) -> Mat<f64> {
    let d = block.nrows();
    let lengths: Vec<f64> = (0..block.ncols()).map(|j| length(block.as_ref(), j)).collect();
    // Once leaves rounding of the size of the first projection, twice is enough.
    for _ in 0..2 {
        let mut inside = Mat::zeros(basis.ncols(), block.ncols());
        matmul(&mut inside, Accum::Replace, basis.transpose(), &block, 1.0, Par::Seq);
        matmul(&mut block, Accum::Add, basis, &inside, -1.0, Par::Seq);
    }
    let largest = lengths.iter().copied().fold(0.0, f64::max);
    let mut kept: Vec<Vec<f64>> = Vec::new();
    for j in 0..block.ncols() {
        let mut column: Vec<f64> = (0..d).map(|i| block[(i, j)]).collect();
        for _ in 0..2 {
            for other in &kept {
                let inside: f64 = column.iter().zip(other).map(|(a, b)| a * b).sum();
                column.iter_mut().zip(other).for_each(|(a, b)| *a -= inside * b);
            }
        }
        let left = column.iter().map(|v| v * v).sum::<f64>().sqrt();
        if left > ROUNDING * largest {
            column.iter_mut().for_each(|v| *v /= left);
            kept.push(column);
        }
    }
    Mat::from_fn(d, kept.len(), |i, j| kept[j][i])
}

fn length(m: MatRef<'_, f64>, column: usize) -> f64 {
    m.col(column).iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// The covariance of the rows times a block (d x q), without the covariance.
fn covariance_times(values: &Matrix, rows: &[usize], center: &[f64], block: &Mat<f64>) -> Mat<f64> {
    let (d, q) = (block.nrows(), block.ncols());
    let panels: Vec<Vec<f64>> = (0..q)
        .step_by(LANES)
        .map(|from| {
            let entry = |at: usize| {
                let (i, j) = (at / LANES, from + at % LANES);
                if j < q { block[(i, j)] } else { 0.0 }
            };
            (0..d * LANES).map(entry).collect()
        })
        .collect();
    let chunks: Vec<&[usize]> = rows.chunks(CHUNK).collect();
    let mut sums: Vec<Vec<f64>> = vec![vec![0.0; d * LANES]; panels.len()];
    let compute = Compute::current();
    // Sums of chunks are added in the order of the chunks, however many are computed at once.
    for wave in chunks.chunks(compute.threads()) {
        let mut parts: Vec<(&[usize], Vec<Vec<f64>>)> = wave.iter().map(|&chunk| (chunk, Vec::new())).collect();
        compute.each(&mut parts, &|(chunk, part)| *part = of_chunk(values, chunk, center, &panels));
        for (_, part) in parts {
            for (sum, panel) in sums.iter_mut().zip(&part) {
                sum.iter_mut().zip(panel).for_each(|(s, p)| *s += p);
            }
        }
    }
    let n = rows.len() as f64;
    Mat::from_fn(d, q, |i, j| sums[j / LANES][i * LANES + j % LANES] / n)
}

/// For centred rows X of one chunk and each panel V: X' (X V).
fn of_chunk(values: &Matrix, rows: &[usize], center: &[f64], panels: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let d = center.len();
    let mut centred = vec![0.0; rows.len().next_multiple_of(ROWS) * d];
    for (to, &row) in centred.chunks_exact_mut(d).zip(rows) {
        to.iter_mut().zip(values.row(row)).zip(center).for_each(|((to, &x), mean)| *to = f64::from(x) - mean);
    }
    panels
        .iter()
        .map(|panel| {
            let mut sum = vec![0.0; panel.len()];
            vectorised!(for rows in centred.chunks_exact(ROWS * d) {
                add_products(rows, panel, &mut sum);
            });
            sum
        })
        .collect()
}

/// Rows that a pass over a panel serves.
const ROWS: usize = 4;

/// Adds `x' (x V)` of four rows.
#[inline(always)]
fn add_products(rows: &[f64], panel: &[f64], sum: &mut [f64]) {
    let d = panel.len() / LANES;
    let [a, b, c, e] = [0, 1, 2, 3].map(|r| &rows[r * d..(r + 1) * d]);
    let mut y = [[0.0; LANES]; ROWS];
    for (j, v) in panel.chunks_exact(LANES).enumerate() {
        let x = [a[j], b[j], c[j], e[j]];
        for (y, x) in y.iter_mut().zip(x) {
            for (y, v) in y.iter_mut().zip(v) {
                *y += x * v;
            }
        }
    }
    for (j, sum) in sum.chunks_exact_mut(LANES).enumerate() {
        let x = [a[j], b[j], c[j], e[j]];
        for l in 0..LANES {
            sum[l] += (x[0] * y[0][l] + x[1] * y[1][l]) + (x[2] * y[2][l] + x[3] * y[3][l]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::to_faer;
    use crate::moments::{covariance_of_rows, means_of_rows};

    /// Rows with `d` columns whose variances fall by powers, with means that are far from zero.
    fn rows(n: usize, d: usize, directions: usize) -> Matrix {
        let mut stream = Stream::new(3, "rows");
        let loadings = Matrix::from_fn(directions, d, |i, _| stream.normal() * 0.7f64.powi(i as i32));
        let mut scores = Matrix::zeros(n, directions);
        scores.data_mut().iter_mut().for_each(|v: &mut f64| *v = stream.normal());
        Matrix::from_fn(n, d, |i, j| {
            let sum: f64 = (0..directions).map(|l| scores[(i, l)] * loadings[(l, j)]).sum();
            (sum + 10.0 * (j % 3) as f64) as f32
        })
    }

    #[test]
    fn the_product_with_the_covariance_is_that_of_the_covariance() {
        let values = rows(301, 37, 37);
        let picked: Vec<usize> = (0..301).filter(|i| i % 3 != 1).collect();
        let center = means_of_rows(&values, &picked);
        let block = Mat::from_fn(37, 11, |i, j| ((i * 7 + j * 3) % 13) as f64 - 6.0);
        let want = to_faer(&covariance_of_rows(&values, &picked)) * &block;
        for threads in [1, 2, 3] {
            let got = Compute::with_threads(threads).run(|| covariance_times(&values, &picked, &center, &block));
            for (i, j) in (0..37).flat_map(|i| (0..11).map(move |j| (i, j))) {
                assert!((got[(i, j)] - want[(i, j)]).abs() < 1e-10 * want.norm_max(), "{i} {j}");
            }
            let alone = covariance_times(&values, &picked, &center, &block);
            assert_eq!(got, alone, "bits on {threads} threads");
        }
    }

    #[test]
    fn the_axes_are_those_of_all_of_them_for_more_rows_and_for_more_columns() {
        for (n, d) in [(900, 600), (600, 900)] {
            let values = rows(n, d, 500);
            let all: Vec<usize> = (0..n).collect();
            let center = means_of_rows(&values, &all);
            let found = leading(&values, &all, &center, 5).expect("finite").expect("far apart");
            let (ascending, vectors) = symmetric_eigen(&covariance_of_rows(&values, &all)).expect("finite");
            assert!(!found.complete && found.variances.len() == 5);
            for j in 0..5 {
                let want = ascending[d - 1 - j];
                assert!((found.variances[j] / want - 1.0).abs() < 1e-12, "{} {want}", found.variances[j]);
                let along: f64 = (0..d).map(|i| found.axes[(i, j)] * vectors[(i, d - 1 - j)]).sum();
                // The gap to the next variance is half of it: an axis is off by a few times the residual.
                assert!((along.abs() - 1.0).abs() < 1e-12, "axis {j}: {along}");
            }
        }
    }

    #[test]
    fn rows_that_vary_along_few_directions_give_all_of_them() {
        let values = rows(700, 800, 6);
        let all: Vec<usize> = (0..700).collect();
        let center = means_of_rows(&values, &all);
        let found = leading(&values, &all, &center, 20).expect("finite").expect("few directions");
        // Single precision leaves rounding in every other direction, far below the six.
        let large = found.variances.iter().filter(|&&v| v > 1e-9 * found.variances[0]).count();
        assert_eq!(large, 6, "{:?}", found.variances);
    }

    #[test]
    fn a_flat_spectrum_is_left_to_the_whole_decomposition() {
        let mut stream = Stream::new(5, "flat");
        let mut values = Matrix::zeros(600, 600);
        values.data_mut().iter_mut().for_each(|v: &mut f32| *v = stream.normal() as f32);
        let all: Vec<usize> = (0..600).collect();
        let center = means_of_rows(&values, &all);
        assert!(leading(&values, &all, &center, 30).expect("finite").is_none());
    }
}
