//! The interval of a mean |correlation| of fixed pairs, by resampling rows, or whole groups of rows that depend on each other.
//!
//! Sources: *An introduction to the bootstrap* (Efron, Tibshirani, 1993), percentile intervals,
//! <https://doi.org/10.1201/9780429246593>; groups: *Bootstrapping clustered data* (Field, Welsh, 2007),
//! <https://doi.org/10.1111/j.1467-9868.2007.00593.x>.

use crate::columns::UnitColumns;
use crate::effort::Effort;
use crate::matching::Matching;
use disentangle_data::{Stream, memory};
use std::collections::{BTreeMap, BTreeSet};

/// With this many heaps the interval's own noise comes from the resamples, not from the dealing.
const HEAPS: usize = 2048;

/// Fewest groups that are resampled: the spread of fewer is not known from a sample of them.
pub const FEWEST_GROUPS: usize = 10;

/// The number of groups with rows, where there are enough of them to be resampled. `groups` has one number for each row.
pub(crate) fn resampled_groups(groups: &[u32]) -> Option<usize> {
    let mut present = groups.to_vec();
    present.sort_unstable();
    present.dedup();
    Some(present.len()).filter(|&count| count >= FEWEST_GROUPS)
}

/// Number of rows, and for one pair of columns the sums of a, b, a^2, b^2 and a b over them.
type Moments = [f64; 6];

/// 2.5 % and 97.5 % quantiles of the mean |correlation| of the matched pairs over resamples of the rows, or of groups of them
/// (`groups` has one number for each row).
///
/// `None` without resamples, and where a column is constant in one of them: then the data do not carry an interval.
pub(crate) fn interval(
    z: &UnitColumns,
    zhat: &UnitColumns,
    matching: &Matching,
    groups: Option<&[u32]>,
    effort: Effort,
) -> Option<[f64; 2]> {
    let pairs: Vec<(usize, usize)> =
        matching.columns.iter().enumerate().filter_map(|(i, j)| j.map(|j| (i, j))).collect();
    let heaps = heap_moments(z, zhat, &pairs, &dealt(z.values.rows(), groups, effort.seed));
    let length = pairs.len();
    let mut means = Vec::with_capacity(effort.resamples as usize);
    let stream = Stream::new(effort.seed, "bootstrap");
    for resample in 0..effort.resamples {
        let mut stream = stream.at(resample);
        let mut sums: Vec<Moments> = vec![[0.0; 6]; length];
        for _ in 0..heaps.len() / length {
            let at = stream.below(heaps.len() / length) * length;
            for (sum, heap) in sums.iter_mut().zip(&heaps[at..at + length]) {
                sum.iter_mut().zip(heap).for_each(|(s, h)| *s += h);
            }
        }
        let strengths: Option<Vec<f64>> = sums.iter().map(|m| strength(m, z.values.rows())).collect();
        // True latents without a match count 0, as in the score.
        means.push(strengths?.iter().sum::<f64>() / matching.columns.len() as f64);
    }
    means.sort_by(f64::total_cmp);
    Some([quantile(&means, 0.025)?, quantile(&means, 0.975)?])
}

/// The heap of each row: rows, or whole groups, dealt at random into at most [`HEAPS`] of nearly equal number.
fn dealt(rows: usize, groups: Option<&[u32]>, seed: u64) -> Vec<usize> {
    let mut unit_of = memory::gathered(0..rows, rows, "the groups of the rows");
    if let Some(groups) = groups {
        let places: BTreeMap<u32, usize> =
            groups.iter().copied().collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
        unit_of.iter_mut().zip(groups).for_each(|(unit, group)| *unit = places[group]);
    }
    let units = unit_of.iter().max().map_or(0, |last| last + 1);
    let mut heap_of_unit = vec![0; units];
    for (place, unit) in Stream::new(seed, "bootstrap/groups").permutation(units).into_iter().enumerate() {
        heap_of_unit[unit] = place % units.min(HEAPS);
    }
    unit_of.into_iter().map(|unit| heap_of_unit[unit]).collect()
}

/// Moments of each pair in each heap of rows, heap by heap.
fn heap_moments(z: &UnitColumns, zhat: &UnitColumns, pairs: &[(usize, usize)], heap_of: &[usize]) -> Vec<Moments> {
    let count = heap_of.iter().max().map_or(0, |last| last + 1);
    let mut heaps = memory::spread([0.0; 6], count * pairs.len(), "the resampled rows");
    for (row, heap) in heap_of.iter().enumerate() {
        for (moments, &(i, j)) in heaps[heap * pairs.len()..].iter_mut().zip(pairs) {
            let (a, b) = (z.values[(row, i)], zhat.values[(row, j)]);
            moments.iter_mut().zip([1.0, a, b, a * a, b * b, a * b]).for_each(|(sum, v)| *sum += v);
        }
    }
    heaps
}

/// |correlation| from moments of columns that have variance 1 / `rows` in the sample.
fn strength([n, a, b, aa, bb, ab]: &Moments, rows: usize) -> Option<f64> {
    let variance = [aa / n - (a / n).powi(2), bb / n - (b / n).powi(2)];
    let least = 1e-12 / rows as f64;
    let covariance = ab / n - a / n * (b / n);
    let strength = (covariance / (variance[0] * variance[1]).sqrt()).abs().min(1.0);
    variance.iter().all(|&v| v > least).then_some(strength)
}

/// The `p` quantile of ascending values, interpolated linearly; `None` where there are none.
pub(crate) fn quantile(ascending: &[f64], p: f64) -> Option<f64> {
    let at = p * ascending.len().checked_sub(1)? as f64;
    let (low, high) = (ascending[at.floor() as usize], ascending[at.ceil() as usize]);
    Some(low + (high - low) * at.fract())
}
