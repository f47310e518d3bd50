//! Numbers far from zero, such as dates in seconds: 32 bits would round many of them to the same. They are kept as differences
//! from one number of 64 bits per column, so that what varies keeps its digits.

use serde::{Deserialize, Serialize};

/// What is to be added to the columns of a data set; empty lists where nothing is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Offsets {
    /// One per input column.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<f64>,
    /// One per target column.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<f64>,
}

impl Offsets {
    /// Whether all columns are as they are.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.targets.is_empty()
    }
}

/// How many values of a column 32 bits tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Collapse {
    /// Different values.
    pub distinct: usize,
    /// Different values once they are rounded to 32 bits.
    pub kept: usize,
    /// What to subtract before rounding: the median.
    pub offset: f64,
}

/// Columns of a row-major matrix that may have collapsed, judged by their rounded values: for these it is worth reading 64 bits.
/// Columns that lie near zero compared with their spread, small integers, and columns with many different values have not.
pub fn suspects(values: &[f32], cols: usize) -> Vec<u32> {
    let rows = values.len().checked_div(cols).unwrap_or(0);
    let mut found = Vec::new();
    let mut samples = vec![Vec::new(); cols.min(TOGETHER)];
    for first in (0..cols).step_by(TOGETHER) {
        let many = TOGETHER.min(cols - first);
        let samples = &mut samples[..many];
        samples.iter_mut().for_each(Vec::clear);
        for row in (0..rows).step_by(rows.div_ceil(SAMPLE).max(1)) {
            let from = row * cols + first;
            for (sample, &value) in samples.iter_mut().zip(&values[from..from + many]) {
                if value.is_finite() {
                    sample.push(value);
                }
            }
        }
        for (column, sample) in (first..).zip(samples) {
            if is_suspect(values, cols, column, sample) {
                found.push(column as u32);
            }
        }
    }
    found
}

/// Rows that are looked at to see where the bulk of a column lies.
const SAMPLE: usize = 1024;
/// Columns that are sampled in one walk over the rows, each of which lies elsewhere in memory.
const TOGETHER: usize = 32;
/// Integers up to here have neighbors with fractions in 32 bits.
const INTEGER: f32 = 4_194_304.0;

fn is_suspect(values: &[f32], d: usize, column: usize, sample: &mut [f32]) -> bool {
    let n = values.len() / d;
    if sample.len() < 2 {
        return false;
    }
    let tenth = sample.len() / 10;
    let (below, &mut high, _) = sample.select_nth_unstable_by(sample.len() - 1 - tenth, f32::total_cmp);
    let (_, &mut low, _) = below.select_nth_unstable_by(tenth, f32::total_cmp);
    // A bulk with room for several times as many numbers as there are rows keeps them apart.
    if ordinal(high) - ordinal(low) > 4 * n as i64 || (low == high && low == 0.0) {
        return false;
    }
    let of_column = || values[column..].iter().step_by(d).copied().filter(|value| value.is_finite());
    // One and the same integer may be what is left of differences behind it.
    let is_one = of_column().all(|value| value == low);
    if !is_one && of_column().all(|value| value.fract() == 0.0 && value.abs() < INTEGER) {
        return false;
    }
    let mut all: Vec<f32> = of_column().collect();
    let finite = all.len();
    all.sort_unstable_by(f32::total_cmp);
    all.dedup();
    2 * all.len() <= finite
}

/// Numbers of 32 bits counted in order.
fn ordinal(value: f32) -> i64 {
    let bits = i64::from(value.to_bits() & 0x7FFF_FFFF);
    if value.is_sign_negative() { -bits } else { bits }
}

/// What a column (64 bits, NaN = missing) loses by rounding to 32, if that is more than half of its different values.
pub fn collapse(exact: &[f64]) -> Option<Collapse> {
    let mut all: Vec<f64> = exact.iter().copied().filter(|value| value.is_finite()).collect();
    all.sort_unstable_by(f64::total_cmp);
    let offset = *all.get(all.len() / 2)?;
    all.dedup();
    let distinct = all.len();
    let mut rounded: Vec<f32> = all.iter().map(|&value| value as f32).collect();
    rounded.dedup();
    (2 * rounded.len() < distinct).then_some(Collapse { distinct, kept: rounded.len(), offset })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;

    fn judged(column: &[f64]) -> (bool, Option<(usize, usize)>) {
        let matrix = Matrix::from_fn(column.len(), 2, |i, j| if j == 1 { column[i] as f32 } else { i as f32 * 0.1 });
        (suspects(matrix.data(), 2) == [1], collapse(column).map(|found| (found.distinct, found.kept)))
    }

    #[test]
    fn columns_far_from_zero_collapse_and_others_do_not() {
        let days: Vec<f64> = (0..400).map(|i| 1.6e9 + 7.0 * f64::from(i)).collect();
        assert_eq!(judged(&days), (true, Some((400, 23))));
        let offset: Vec<f64> = (0..300).map(|i| 1.0 + f64::from(i % 50) * 1e-9).collect();
        assert_eq!(judged(&offset), (true, Some((50, 1))));
        for (what, column) in [
            ("years", (0..400).map(|i| f64::from(1990 + i % 30)).collect::<Vec<_>>()),
            ("heights", (0..400).map(|i| 150.0 + f64::from(i % 97) * 0.37).collect()),
            ("counts with many zeros", (0..400).map(|i| f64::from(i % 9 / 8 * i)).collect()),
            ("two levels", (0..400).map(|i| if i % 2 == 0 { 0.1 } else { 0.2 }).collect()),
            ("a constant", vec![0.3; 400]),
            ("ids below 2^24", (0..400).map(|i| f64::from(16_000_000 + i)).collect()),
        ] {
            assert_eq!(judged(&column).1, None, "{what}");
        }
    }

    #[test]
    fn ordinary_columns_are_not_read_twice() {
        for column in [
            (0..2000).map(|i| f64::from(i * 7919 % 2000) * 1e-3).collect::<Vec<_>>(),
            (0..2000).map(|i| f64::from(i % 12)).collect(),
            (0..2000).map(|i| if i % 10 == 0 { 1.0 } else { 0.0 }).collect(),
            (0..2000).map(|i| 36.5 + f64::from(i % 20) * 0.1).collect(),
        ] {
            assert!(!judged(&column).0);
        }
    }

    #[test]
    fn each_column_of_a_wide_table_is_judged_by_itself() {
        let days = |i: usize| 1.6e9 + 7.0 * i as f32;
        let wide =
            Matrix::from_fn(300, 3 * TOGETHER + 5, |i, j| if j % 31 == 7 { days(i) } else { (i * j) as f32 * 0.1 });
        let expected: Vec<u32> = (0..wide.cols() as u32).filter(|column| column % 31 == 7).collect();
        assert_eq!(suspects(wide.data(), wide.cols()), expected);
        assert_eq!(suspects(&[], 0), [0; 0]);
        assert_eq!(suspects(&[], 4), [0; 0]);
    }

    #[test]
    fn differences_from_the_offset_keep_the_digits() {
        let column: Vec<f64> = (0..999).map(|i| 1.7e9 + f64::from(i)).collect();
        let found = collapse(&column).expect("collapsed");
        let kept: Vec<f64> = column.iter().map(|v| f64::from((v - found.offset) as f32) + found.offset).collect();
        assert_eq!(kept, column);
    }
}
