//! Mean correlation coefficient: how well single estimated latents agree with single true ones.
//!
//! - Formula: `1/d sum_i |corr(z_i, zhat_p(i))|` with the one-to-one `p` that maximises it; Pearson, or Spearman on ranks.
//! - Range 0 to 1, 1 is best. Unrelated latents do not score 0: read it beside its nulls.
//! - The mean is over the d true latents. With fewer estimated latents the true ones left over count 0; with more, the
//!   best d are used, which the null of unrelated latents shares.
//! - An estimated latent that is constant (collapsed) takes no part, as if it were not there. A true latent that is constant, an
//!   estimate in which nothing varies, or fewer than three rows: `value` is null and `reason` says why. The pairs that are defined
//!   are still listed.
//! - Out of sample: the matching found on a random half of the rows, scored on the other half.
//! - Interval: percentile bootstrap with the matching held fixed (matching anew in each resample would count the luck of the
//!   choice twice). Rows of one group depend on each other: where rows have groups, and at least ten groups have rows, whole groups
//!   are resampled, else rows. More than 2,048 of them are dealt at random into 2,048 heaps of nearly equal number that are
//!   resampled; up to 2,048 this is the plain bootstrap. Spearman uses the ranks in all rows.
//! - Invariant to order, sign, scale and shift of the estimated latents; Spearman to every monotone map of each.
//! - Source: *Unsupervised feature extraction by time-contrastive learning and nonlinear ICA* (Hyvarinen, Morioka, 2016),
//!   <https://arxiv.org/abs/1605.06336>.

use crate::bootstrap::{interval, resampled_groups};
use crate::columns::{Correlation, FEWEST_ROWS, UnitColumns, correlations, refuse_unequal, refuse_unpaired};
pub use crate::effort::Effort;
use crate::matching::{Matching, why_no_score};
use crate::nulls::{Nulls, nulls};
use disentangle_data::{Matrix, Result, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Mean correlation coefficient. `value` is null where it is not defined, and then `reason` says why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mcc {
    /// Mean over the true latents of |correlation| with the match, 0 to 1.
    pub value: Option<f64>,
    /// Why `value` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Which correlation.
    pub kind: Correlation,
    /// |correlation| of each true latent with its match; 0 where no estimated latent is left for it, null where it is not
    /// defined because a column is constant.
    pub per_latent: Vec<Option<f64>>,
    /// `matching[i]` = column of the estimate matched to true latent i; null where there is none.
    pub matching: Vec<Option<usize>>,
    /// Bootstrap 95 % interval, the matching held fixed; null where `value` is.
    pub interval: Option<[f64; 2]>,
    /// How many groups of rows the interval resamples as wholes; absent where it resamples single rows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interval_groups: Option<usize>,
    /// Matching found on one half of the rows, scored on the other; null where a half is too small.
    pub out_of_sample: Option<f64>,
    /// |correlation|, true latents x estimated latents; null where a column is constant.
    pub correlation: Vec<Vec<Option<f64>>>,
    /// What the same truth scores without having been found.
    pub nulls: Nulls,
}

/// The mean correlation coefficient of `estimate` (n x e) with `truth` (n x d), with all that is needed to judge it.
///
/// # Errors
/// `METRIC_SHAPE`, `DATA_NOT_FINITE`.
pub fn mcc(kind: Correlation, truth: &Matrix<f64>, estimate: &Matrix<f64>, effort: Effort) -> Result<Mcc> {
    mcc_of_groups(kind, truth, estimate, None, effort)
}

/// The same of rows that come in groups, a number for each row, such as that of its environment: the interval is over groups.
///
/// # Errors
/// As [`mcc`].
pub fn mcc_of_groups(
    kind: Correlation,
    truth: &Matrix<f64>,
    estimate: &Matrix<f64>,
    groups: Option<&[u32]>,
    effort: Effort,
) -> Result<Mcc> {
    refuse_unpaired(&[("true latents", truth), ("estimated latents", estimate)])?;
    if let Some(groups) = groups {
        refuse_unequal("groups", groups.len(), truth.rows())?;
    }
    let (z, zhat) = (UnitColumns::new(kind, truth), UnitColumns::new(kind, estimate));
    let correlation = correlations(&z, &zhat);
    let matching = Matching::best(&correlation)?;
    let reason = why_no_score(truth.rows(), &z, &zhat);
    let value = matching.mean().filter(|_| reason.is_none());
    let defined = value.is_some();
    let interval_groups = groups.filter(|_| defined && effort.resamples > 0).and_then(resampled_groups);
    let groups = groups.filter(|_| interval_groups.is_some());
    Ok(Mcc {
        value,
        kind,
        interval: if defined { interval(&z, &zhat, &matching, groups, effort) } else { None },
        interval_groups,
        out_of_sample: if defined { out_of_sample(kind, truth, estimate, effort.seed)? } else { None },
        nulls: if defined { nulls(kind, truth, estimate, effort)? } else { Nulls::default() },
        correlation: (0..truth.cols()).map(|i| correlation.row(i).iter().map(|c| c.map(f64::abs)).collect()).collect(),
        per_latent: matching.strength,
        matching: matching.columns,
        reason,
    })
}

fn out_of_sample(kind: Correlation, truth: &Matrix<f64>, estimate: &Matrix<f64>, seed: u64) -> Result<Option<f64>> {
    let order = Stream::new(seed, "halves").permutation(truth.rows());
    let (first, second) = order.split_at(order.len() / 2);
    if first.len() < FEWEST_ROWS {
        return Ok(None);
    }
    let half = |rows: &[usize]| {
        let (z, zhat) = (truth.select_rows(rows), estimate.select_rows(rows));
        let (z, zhat) = (UnitColumns::new(kind, &z), UnitColumns::new(kind, &zhat));
        let whole = why_no_score(rows.len(), &z, &zhat).is_none();
        whole.then(|| correlations(&z, &zhat))
    };
    let (Some(found_on), Some(scored_on)) = (half(first), half(second)) else {
        return Ok(None);
    };
    Ok(Matching::best(&found_on)?.mean_in(&scored_on))
}
