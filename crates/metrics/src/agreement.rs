//! Agreement of several representations of the same rows with each other: what can be said without any truth.
//!
//! - Formula: for each pair of representations (fits with different seeds, say), the strong MCC (Pearson, single latents)
//!   and the weak one (up to a linear map); means over the pairs.
//! - Range 0 to 1, 1 is best. Agreement does not prove that the truth was found; disagreement proves that it was not.
//! - A pair for which a score is not defined leaves the mean null.
//! - Source: *ICE-BeeM: identifiable conditional energy-based deep models based on nonlinear ICA* (Khemakhem, Monti, Kingma,
//!   Hyvarinen, 2020), <https://arxiv.org/abs/2002.11537>.

use crate::columns::{Correlation, refuse_unpaired};
use crate::matching::mcc_value;
use crate::matching::mean_of;
use crate::weak::weak_mcc;
use disentangle_data::{Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far several representations agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    /// Mean strong MCC over the pairs; null with fewer than two representations or an undefined pair.
    pub strong: Option<f64>,
    /// Mean weak MCC over the pairs; null likewise.
    pub weak: Option<f64>,
    /// Every pair, in order.
    pub pairs: Vec<PairAgreement>,
}

/// How far two representations agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PairAgreement {
    /// Place of the first representation in the list.
    pub first: usize,
    /// Place of the second, later than the first.
    pub second: usize,
    /// Pearson MCC of single latents; null where one is constant.
    pub strong: Option<f64>,
    /// Spearman MCC after canonical correlation analysis; null where that is not defined.
    pub weak: Option<f64>,
}

/// Compares every pair of representations (n x any) of the same rows.
///
/// # Errors
/// `METRIC_SHAPE`, `DATA_NOT_FINITE`; `NUMERIC_NOT_FINITE` when a decomposition does not converge.
pub fn agreement(representations: &[Matrix<f64>]) -> Result<Agreement> {
    let parts: Vec<(&str, &Matrix<f64>)> = representations.iter().map(|m| ("representation", m)).collect();
    refuse_unpaired(&parts)?;
    let mut pairs = Vec::new();
    for (second, b) in representations.iter().enumerate() {
        for (first, a) in representations[..second].iter().enumerate() {
            // The matching leaves latents over where the numbers differ; the mean is over the smaller side's.
            let (few, many) = if a.cols() <= b.cols() { (a, b) } else { (b, a) };
            let strong = mcc_value(Correlation::Pearson, few, many)?;
            pairs.push(PairAgreement { first, second, strong, weak: weak_mcc(a, b)?.value });
        }
    }
    let strong: Vec<_> = pairs.iter().map(|pair| pair.strong).collect();
    let weak: Vec<_> = pairs.iter().map(|pair| pair.weak).collect();
    Ok(Agreement { strong: mean_of(&strong), weak: mean_of(&weak), pairs })
}
