//! Averages over the nearest rows: what single-cell measurements lose to dropout comes back in part.
//!
//! Row i becomes the mean of the k rows (itself among them) that lie nearest to it, by Euclidean distance in the leading
//! principal components of the standardised columns. A plain relative of MAGIC: *Recovering gene interactions from
//! single-cell data using data diffusion* (van Dijk et al., 2018), <https://doi.org/10.1016/j.cell.2018.05.061>.
//!
//! Rows become dependent: a held-out row shares neighbors with training rows, so errors on it are optimistic.

use crate::axes::{Standard, principal_axes};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::memory;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How rows are smoothed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SmoothConfig {
    /// Rows that are averaged, the row itself among them; 1 changes nothing.
    #[schemars(range(min = 1, max = 10_000))]
    pub neighbors: usize,
    /// Principal components in which distances are measured, or fewer where there are fewer rows or columns.
    #[schemars(range(min = 1, max = 10_000))]
    pub components: usize,
}

impl Default for SmoothConfig {
    fn default() -> Self {
        Self { neighbors: 15, components: 30 }
    }
}

/// The smoothed matrix, n x d. Ties go to the lower row. O(n^2) distances.
///
/// # Errors
/// `DATA_NOT_FINITE`, `CONFIG_OUT_OF_RANGE` (more neighbors than rows), `NUMERIC_NOT_FINITE`.
pub fn smooth(inputs: &Matrix, config: &SmoothConfig) -> Result<Matrix> {
    let (n, d, k) = (inputs.rows(), inputs.cols(), config.neighbors);
    if inputs.data().iter().any(|value| !value.is_finite()) {
        return Err(Failure::new(Code::DataNotFinite, "smoothing needs inputs without missing or infinite values")
            .hint("drop the rows or columns with missing values first"));
    }
    if k == 0 || k > n {
        let message = format!("neighbors: {k} is not from 1 to {n}, the number of rows");
        return Err(Failure::new(Code::ConfigOutOfRange, message).at("neighbors"));
    }
    let standard = Standard::of(inputs);
    let components = config.components.min(n).min(d).max(1);
    let axes = principal_axes(&standard, components)?;
    let places = (0..n).flat_map(|i| place(&standard, &axes, i));
    let places = memory::gathered(places, n.saturating_mul(components), "the rows on their principal axes");
    let places = Matrix::<f64>::new(n, components, places)?;
    let mut out = Matrix::zeros(n, d);
    let mut sums = vec![0.0f64; d];
    for i in 0..n {
        sums.fill(0.0);
        for j in nearest_rows(&places, i, k) {
            sums.iter_mut().zip(inputs.row(j)).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        out.row_mut(i).iter_mut().zip(&sums).for_each(|(to, sum)| *to = (sum / k as f64) as f32);
    }
    Ok(out)
}

fn place(standard: &Standard<'_>, axes: &Matrix<f64>, row: usize) -> Vec<f64> {
    let mut place = vec![0.0; axes.cols()];
    for (j, value) in standard.row(row).enumerate() {
        place.iter_mut().zip(axes.row(j)).for_each(|(p, axis)| *p += value * axis);
    }
    place
}

fn nearest_rows(places: &Matrix<f64>, row: usize, k: usize) -> Vec<usize> {
    let here = places.row(row);
    let distance = |j: usize| -> f64 { here.iter().zip(places.row(j)).map(|(a, b)| (a - b).powi(2)).sum() };
    let mut order: Vec<(f64, usize)> = (0..places.rows()).map(|j| (distance(j), j)).collect();
    // A row is its own nearest one even beside exact copies.
    order[row].0 = -1.0;
    let by_distance = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if k < order.len() {
        order.select_nth_unstable_by(k - 1, by_distance);
    }
    order.truncate(k);
    order.sort_unstable_by_key(|&(_, j)| j);
    order.into_iter().map(|(_, j)| j).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Stream;

    #[test]
    fn one_neighbor_changes_nothing_and_all_neighbors_give_the_mean() {
        let mut stream = Stream::new(1, "smooth");
        let m = Matrix::from_fn(9, 3, |_, _| stream.normal() as f32);
        let config = |neighbors| SmoothConfig { neighbors, components: 3 };
        assert_eq!(smooth(&m, &config(1)).expect("smoothed"), m);
        let all = smooth(&m, &config(9)).expect("smoothed");
        for j in 0..3 {
            let mean = m.col(j).iter().map(|&v| f64::from(v)).sum::<f64>() / 9.0;
            assert!(all.col(j).iter().all(|&v| (f64::from(v) - mean).abs() < 1e-6));
        }
    }

    #[test]
    fn rows_are_averaged_within_their_group_when_groups_lie_apart() {
        let mut stream = Stream::new(2, "smooth");
        let m = Matrix::from_fn(12, 4, |i, _| (if i < 6 { 0.0 } else { 50.0 } + stream.normal()) as f32);
        let smoothed = smooth(&m, &SmoothConfig { neighbors: 6, components: 4 }).expect("smoothed");
        for (group, rows) in [(0usize..6), (6..12)].into_iter().enumerate() {
            let picked = m.select_rows(&rows.clone().collect::<Vec<_>>());
            for j in 0..4 {
                let mean = picked.col(j).iter().map(|&v| f64::from(v)).sum::<f64>() / 6.0;
                let got = f64::from(smoothed[(rows.start, j)]);
                assert!((got - mean).abs() < 1e-5, "group {group}, column {j}: {got}, {mean}");
            }
        }
    }

    #[test]
    fn more_neighbors_than_rows_and_missing_values_are_refused() {
        let m = Matrix::from_fn(3, 2, |i, j| (i + j) as f32);
        let config = SmoothConfig { neighbors: 4, components: 2 };
        assert_eq!(smooth(&m, &config).expect_err("four of three").code, Code::ConfigOutOfRange);
        let gap = Matrix::from_fn(3, 2, |i, _| if i == 1 { f32::NAN } else { 1.0 });
        assert_eq!(smooth(&gap, &SmoothConfig::default()).expect_err("a gap").code, Code::DataNotFinite);
    }
}
