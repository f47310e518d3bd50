//! Recovered silence: which latents are switched off in which row.
//!
//! - Formula: over the entries (row, true latent) with the matching of the Pearson MCC, `precision = TP / (TP + FP)`,
//!   `recall = TP / (TP + FN)`, `F1 = 2 TP / (2 TP + FP + FN)`.
//! - Range 0 to 1, 1 is best. High for whoever calls every entry silent where most are: that F1 stands beside it.
//! - All silent entries of a true latent without a match are missed; a column without a match is nobody's and takes no part.
//! - Precision is null when nothing is called; recall and F1, with a reason, when no entry is silent in truth. All are null when
//!   the matching is not defined.
//! - Invariant to order, sign, scale and shift of the latents, through the matching.
//! - Source: *Information retrieval* (van Rijsbergen, 1979), <http://www.dcs.gla.ac.uk/Keith/Preface.html>.

use crate::confusion::{Confusion, share};
use disentangle_data::{Code, Failure, Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is compared: one row for each scored row.
#[derive(Debug, Clone, PartialEq)]
pub struct SilenceInput {
    /// Whether each true latent is switched off, n x d.
    pub truth: Matrix<bool>,
    /// Whether each estimated latent is called silent, n x e.
    pub called: Matrix<bool>,
}

/// Recovered silence.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SilenceScores {
    /// Harmonic mean of precision and recall, 0 to 1.
    pub f1: Option<f64>,
    /// Why `f1` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Share of the entries called silent that are.
    pub precision: Option<f64>,
    /// Share of the silent entries that are called so.
    pub recall: Option<f64>,
    /// F1 of calling every entry silent: what knowing nothing reaches.
    pub f1_of_all: Option<f64>,
    /// Called and true.
    pub true_positives: usize,
    /// Called but not true.
    pub false_positives: usize,
    /// True but not called.
    pub false_negatives: usize,
    /// Entries compared: rows x true latents.
    pub entries: usize,
}

/// Scores called silence under a matching (`matching[i]` = column of the estimate for true latent i).
///
/// # Errors
/// `METRIC_SHAPE` when rows, latents and matching do not fit.
pub fn silence(input: &SilenceInput, matching: &[Option<usize>]) -> Result<SilenceScores> {
    let SilenceInput { truth, called } = input;
    let (n, d, e) = (truth.rows(), truth.cols(), called.cols());
    if called.rows() != n || matching.len() != d || matching.iter().flatten().any(|&j| j >= e) {
        return Err(Failure::new(
            Code::MetricShape,
            format!("true silence {n} x {d}, called silence {} x {e}, matching of {}", called.rows(), matching.len()),
        )
        .hint("give one row for each scored row in the same order, and one column for each latent"));
    }
    let mut counts = [[0; 2]; 2];
    for row in 0..n {
        for (i, pair) in matching.iter().enumerate() {
            let is_called = pair.is_some_and(|j| called[(row, j)]);
            counts[usize::from(truth[(row, i)])][usize::from(is_called)] += 1;
        }
    }
    let [[_, false_positives], [false_negatives, true_positives]] = counts;
    let Confusion { precision, recall, f1, .. } = Confusion::of(true_positives, false_positives, false_negatives);
    let silent = true_positives + false_negatives;
    Ok(SilenceScores {
        f1: recall.and(f1),
        reason: recall.is_none().then(|| "no entry is silent in truth".to_owned()),
        precision,
        recall,
        f1_of_all: recall.and(share(2 * silent, silent + n * d)),
        true_positives,
        false_positives,
        false_negatives,
        entries: n * d,
    })
}
