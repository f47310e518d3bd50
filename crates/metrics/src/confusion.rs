//! What was called against what is true.
//!
//! - Formula: `precision = TP / (TP + FP)`, `recall = TP / (TP + FN)`, `F1 = 2 TP / (2 TP + FP + FN)`; null of nothing.
//! - Source: *Information retrieval* (van Rijsbergen, 1979), <http://www.dcs.gla.ac.uk/Keith/Preface.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Counts and the shares made of them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Confusion {
    /// Called and true.
    pub true_positives: usize,
    /// Called but not true.
    pub false_positives: usize,
    /// True but not called.
    pub false_negatives: usize,
    /// Share of the called ones that are true; null when nothing is called.
    pub precision: Option<f64>,
    /// Share of the true ones that are called; null when nothing is true.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall; null when nothing is called and nothing is true.
    pub f1: Option<f64>,
}

impl Confusion {
    /// The shares of these counts.
    pub fn of(true_positives: usize, false_positives: usize, false_negatives: usize) -> Self {
        let (tp, fp, missed) = (true_positives, false_positives, false_negatives);
        Self {
            true_positives,
            false_positives,
            false_negatives,
            precision: share(tp, tp + fp),
            recall: share(tp, tp + missed),
            f1: share(2 * tp, 2 * tp + fp + missed),
        }
    }
}

/// `part / whole`; `None` of nothing.
pub(crate) fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
