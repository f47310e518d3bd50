//! The interval of a mean |correlation| of fixed pairs, by resampling groups of rows.
//!
//! Source: *An introduction to the bootstrap* (Efron, Tibshirani, 1993), percentile intervals,
//! <https://doi.org/10.1201/9780429246593>.

use crate::columns::UnitColumns;
use crate::effort::Effort;
use crate::matching::Matching;
use disentangle_data::{Stream, memory};

/// With this many groups the interval's own noise comes from the resamples, not from the grouping.
const GROUPS: usize = 2048;

/// Number of rows, and for one pair of columns the sums of a, b, a^2, b^2 and a b over them.
type Moments = [f64; 6];

/// 2.5 % and 97.5 % quantiles of the mean |correlation| of the matched pairs over resamples of the rows.
///
/// `None` without resamples, and where a column is constant in one of them: then the data do not carry an interval.
pub(crate) fn interval(z: &UnitColumns, zhat: &UnitColumns, matching: &Matching, effort: Effort) -> Option<[f64; 2]> {
    let pairs: Vec<(usize, usize)> =
        matching.columns.iter().enumerate().filter_map(|(i, j)| j.map(|j| (i, j))).collect();
    let groups = group_moments(z, zhat, &pairs, effort.seed);
    let length = pairs.len();
    let mut means = Vec::with_capacity(effort.resamples as usize);
    let stream = Stream::new(effort.seed, "bootstrap");
    for resample in 0..effort.resamples {
        let mut stream = stream.at(resample);
        let mut sums: Vec<Moments> = vec![[0.0; 6]; length];
        for _ in 0..groups.len() / length {
            let at = stream.below(groups.len() / length) * length;
            for (sum, group) in sums.iter_mut().zip(&groups[at..at + length]) {
                sum.iter_mut().zip(group).for_each(|(s, g)| *s += g);
            }
        }
        let strengths: Option<Vec<f64>> = sums.iter().map(|m| strength(m, z.values.rows())).collect();
        // True latents without a match count 0, as in the score.
        means.push(strengths?.iter().sum::<f64>() / matching.columns.len() as f64);
    }
    means.sort_by(f64::total_cmp);
    Some([quantile(&means, 0.025)?, quantile(&means, 0.975)?])
}

/// Moments of each pair in each group of rows, group by group.
fn group_moments(z: &UnitColumns, zhat: &UnitColumns, pairs: &[(usize, usize)], seed: u64) -> Vec<Moments> {
    let n = z.values.rows();
    let count = n.min(GROUPS);
    let mut groups = memory::spread([0.0; 6], count * pairs.len(), "the resampled rows");
    for (place, row) in Stream::new(seed, "bootstrap/groups").permutation(n).into_iter().enumerate() {
        let at = place % count * pairs.len();
        for (moments, &(i, j)) in groups[at..].iter_mut().zip(pairs) {
            let (a, b) = (z.values[(row, i)], zhat.values[(row, j)]);
            moments.iter_mut().zip([1.0, a, b, a * a, b * b, a * b]).for_each(|(sum, v)| *sum += v);
        }
    }
    groups
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
