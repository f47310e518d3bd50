//! Moments of the columns of a matrix.

use crate::compute::Compute;
use disentangle_data::Matrix;
use disentangle_data::simd::vectorised;

/// A latent that collapsed to a constant keeps its scale: dividing by rounding noise would make it look alive.
pub fn positive(sd: f64) -> f64 {
    if sd > 1e-9 { sd } else { 1.0 }
}

/// Mean of each column.
pub fn means(values: &Matrix) -> Vec<f64> {
    means_over(values, values.rows(), 0..values.rows())
}

/// The same over the given rows, which are not copied.
pub fn means_of_rows(values: &Matrix, rows: &[usize]) -> Vec<f64> {
    means_over(values, rows.len(), rows.iter().copied())
}

fn means_over(values: &Matrix, n: usize, rows: impl Iterator<Item = usize>) -> Vec<f64> {
    let mut mean = vec![0.0; values.cols()];
    for i in rows {
        mean.iter_mut().zip(values.row(i)).for_each(|(m, &v)| *m += f64::from(v));
    }
    mean.iter_mut().for_each(|m| *m /= n.max(1) as f64);
    mean
}

/// Mean and standard deviation of each column over the given rows.
pub fn mean_sd_of_rows(values: &Matrix, rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let mean = means_of_rows(values, rows);
    let mut squares = vec![0.0; values.cols()];
    for &row in rows {
        let columns = squares.iter_mut().zip(values.row(row)).zip(&mean);
        columns.for_each(|((sum, &value), mean)| *sum += (f64::from(value) - mean).powi(2));
    }
    let sd = squares.into_iter().map(|sum: f64| (sum / rows.len().max(1) as f64).sqrt()).collect();
    (mean, sd)
}

/// Skewness and excess kurtosis of values, with divisor n: 0 and 0 of normal ones; not finite where nothing varies.
pub fn skewness_and_kurtosis(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let moment = |power: i32| values.iter().map(|value| (value - mean).powi(power)).sum::<f64>() / n;
    let variance = moment(2);
    (moment(3) / variance.powf(1.5), moment(4) / variance.powi(2) - 3.0)
}

/// Covariance of the columns, k x k.
pub fn covariance(values: &Matrix) -> Matrix<f64> {
    covariance_over(values, values.rows(), 0..values.rows())
}

/// The same over the given rows, which are not copied.
pub fn covariance_of_rows(values: &Matrix, rows: &[usize]) -> Matrix<f64> {
    covariance_over(values, rows.len(), rows.iter().copied())
}

fn covariance_over(values: &Matrix, n: usize, rows: impl Iterator<Item = usize> + Clone) -> Matrix<f64> {
    let k = values.cols();
    let mean = means_over(values, n, rows.clone());
    let rows: Vec<usize> = rows.collect();
    let mut sum = Matrix::zeros(k, k);
    let compute = Compute::current();
    for block in rows.chunks(BLOCK) {
        let panels: Vec<Vec<f64>> = (0..k).step_by(LANES).map(|from| panel(values, block, &mean, from)).collect();
        // Each entry adds up its rows in their order: neither panels nor threads change a bit.
        let mut shares: Vec<Vec<(usize, &mut [f64])>> = (0..compute.threads()).map(|_| Vec::new()).collect();
        for (at, strip) in sum.data_mut().chunks_mut(STRIP * k).enumerate() {
            shares[at % compute.threads()].push((at, strip));
        }
        compute.each(&mut shares, &|share| share.iter_mut().for_each(|(at, strip)| add_strip(&panels, *at, strip, k)));
    }
    for a in 0..k {
        for b in 0..a {
            sum[(a, b)] = sum[(b, a)];
        }
    }
    sum.data_mut().iter_mut().for_each(|v| *v /= n.max(1) as f64);
    sum
}

/// Rows whose centred values are held at once.
const BLOCK: usize = 256;
/// Columns of a panel, and rows of the sum that are computed together: what fits into registers.
const LANES: usize = 8;
const STRIP: usize = 4;

/// Centred values of `LANES` columns from `from` on, row by row; zeros beyond the last.
fn panel(values: &Matrix, rows: &[usize], mean: &[f64], from: usize) -> Vec<f64> {
    let to = mean.len().min(from + LANES);
    let mut panel = vec![0.0; rows.len() * LANES];
    for (out, &row) in panel.chunks_exact_mut(LANES).zip(rows) {
        let centred = values.row(row)[from..to].iter().zip(&mean[from..to]);
        out.iter_mut().zip(centred).for_each(|(out, (&v, m))| *out = f64::from(v) - m);
    }
    panel
}

/// Adds a block of rows to the entries of rows `STRIP * at ..` of the sum, on and right of the diagonal.
fn add_strip(panels: &[Vec<f64>], at: usize, strip: &mut [f64], k: usize) {
    let (from, height) = (at * STRIP, strip.len() / k);
    let (left, offset) = (&panels[from / LANES], from % LANES);
    for (place, right) in panels.iter().enumerate().skip(from / LANES) {
        let (start, width) = (place * LANES, LANES.min(k - place * LANES));
        let mut sums = [[0.0; LANES]; STRIP];
        for (row, sums) in strip.chunks_exact(k).zip(&mut sums) {
            sums[..width].copy_from_slice(&row[start..start + width]);
        }
        let added = vectorised!(added(left, offset, right, sums));
        for (row, sums) in strip.chunks_exact_mut(k).zip(&added).take(height) {
            row[start..start + width].copy_from_slice(&sums[..width]);
        }
    }
}

#[inline(always)]
fn added(left: &[f64], offset: usize, right: &[f64], mut sums: [[f64; LANES]; STRIP]) -> [[f64; LANES]; STRIP] {
    for (a, b) in left.chunks_exact(LANES).zip(right.chunks_exact(LANES)) {
        for (r, sums) in sums.iter_mut().enumerate() {
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum += a[offset + r] * b;
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skewness_and_kurtosis_are_those_of_a_biased_coin() {
        // Of one value in four: (1 - 2 p) / sqrt(p q) and (1 - 6 p q) / (p q).
        let (skewness, kurtosis) = skewness_and_kurtosis(&[7.0, 5.0, 5.0, 5.0]);
        let pq = 0.25 * 0.75_f64;
        assert!((skewness - 0.5 / pq.sqrt()).abs() < 1e-12 && (kurtosis - (1.0 - 6.0 * pq) / pq).abs() < 1e-12);
        assert!(skewness_and_kurtosis(&[2.0; 5]).1.is_nan() && skewness_and_kurtosis(&[]).1.is_nan());
    }

    #[test]
    fn deviations_are_the_roots_of_the_diagonal_of_the_covariance() {
        let values = Matrix::from_fn(7, 3, |i, j| ((i * i + 3 * j) % 5) as f32 + 100.0 * j as f32);
        let rows = [0, 2, 3, 6];
        let (mean, sd) = mean_sd_of_rows(&values, &rows);
        let covariance = covariance_of_rows(&values, &rows);
        for j in 0..3 {
            assert_eq!(mean[j], means_of_rows(&values, &rows)[j]);
            assert!((sd[j] - covariance[(j, j)].sqrt()).abs() < 1e-14, "{sd:?}");
        }
        assert_eq!(mean_sd_of_rows(&values, &[]), (vec![0.0; 3], vec![0.0; 3]));
    }

    /// The definition, in the order of the rows: of other orders the last bits differ, and with them the tables that are committed.
    fn plain(values: &Matrix, rows: &[usize]) -> Matrix<f64> {
        let (k, mean) = (values.cols(), means_of_rows(values, rows));
        let at = |i: usize, j: usize| f64::from(values[(i, j)]) - mean[j];
        Matrix::from_fn(k, k, |a, b| {
            rows.iter().fold(0.0, |sum, &i| sum + at(i, a) * at(i, b)) / rows.len().max(1) as f64
        })
    }

    #[test]
    fn a_covariance_has_the_bits_of_its_definition_on_any_number_of_threads() {
        for (n, k) in [(1, 1), (5, 3), (600, 7), (300, 8), (513, 21), (257, 70)] {
            let values = Matrix::from_fn(n, k, |i, j| ((i * 31 + j * j * 17 + i * j) % 101) as f32 / 7.0 - 3.0);
            let rows: Vec<usize> = (0..n).filter(|i| i % 5 != 2).collect();
            for threads in [1, 2, 3] {
                let got = Compute::with_threads(threads).run(|| covariance_of_rows(&values, &rows));
                assert_eq!(got, plain(&values, &rows), "{n} x {k}, {threads} threads");
            }
        }
        assert_eq!(covariance(&Matrix::zeros(0, 3)), Matrix::zeros(3, 3));
    }
}
