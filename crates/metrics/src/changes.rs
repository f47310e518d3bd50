//! Recovered changes: which latents change their effect on which edge of the tree.
//!
//! - Formula: over the entries (edge, true latent) of observed edges, a true change is an entry that is not 0, a called one
//!   an entry called real in the matched column. `precision = TP / (TP + FP)`, `recall = TP / (TP + FN)`,
//!   `F1 = 2 TP / (2 TP + FP + FN)`.
//! - Range 0 to 1, 1 is best.
//! - A true latent without a match misses all its changes; a column without a match calls false ones only.
//! - Precision is null when nothing is called; recall and F1, with a reason, when there is no true change on an observed
//!   edge. All are null when the matching is not defined.
//! - Invariant to order, sign, scale and shift of the latents, through the matching.
//! - Source: *Information retrieval* (van Rijsbergen, 1979), <http://www.dcs.gla.ac.uk/Keith/Preface.html>.

use crate::confusion::share;
use disentangle_data::{Code, Failure, Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is compared: one row for each node of the tree, standing for the edge above it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangesInput {
    /// True changes, nodes x d.
    pub truth: Matrix<f64>,
    /// Whether each estimated change is called real, nodes x e.
    pub real: Matrix<bool>,
    /// Whether the change on the edge above the node can be observed, one per node.
    pub observed: Vec<bool>,
}

/// Recovered changes on the tree's edges.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeScores {
    /// Harmonic mean of precision and recall, 0 to 1.
    pub f1: Option<f64>,
    /// Share of the called changes that are true.
    pub precision: Option<f64>,
    /// Share of the true changes that are called.
    pub recall: Option<f64>,
    /// Called and true.
    pub true_positives: usize,
    /// Called but not true.
    pub false_positives: usize,
    /// True but not called.
    pub false_negatives: usize,
    /// Edges that count.
    pub observed_edges: usize,
    /// Why `f1` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// Scores the called changes under a matching (`matching[i]` = column of the estimate for true latent i).
///
/// # Errors
/// `METRIC_SHAPE` when nodes, latents and matching do not fit, `DATA_NOT_FINITE` for a true change that is not finite.
pub fn changes(input: &ChangesInput, matching: &[Option<usize>]) -> Result<ChangeScores> {
    let ChangesInput { truth, real, observed } = input;
    let (nodes, d, e) = (truth.rows(), truth.cols(), real.cols());
    if real.rows() != nodes
        || observed.len() != nodes
        || matching.len() != d
        || matching.iter().flatten().any(|&j| j >= e)
    {
        return Err(Failure::new(
            Code::MetricShape,
            format!(
                "true changes {nodes} x {d}, called changes {} x {e}, {} edges marked observed or not, matching of {}",
                real.rows(),
                observed.len(),
                matching.len()
            ),
        )
        .hint("give one row for each node of the tree in the same order, and one column for each latent"));
    }
    if let Some(at) = truth.data().iter().position(|v| !v.is_finite()) {
        return Err(Failure::new(Code::DataNotFinite, format!("true change of node {} is not finite", at / d)));
    }
    let unmatched: Vec<usize> = (0..e).filter(|j| !matching.contains(&Some(*j))).collect();
    let mut scores = ChangeScores::default();
    for node in (0..nodes).filter(|&node| observed[node]) {
        scores.observed_edges += 1;
        for (i, pair) in matching.iter().enumerate() {
            match (truth[(node, i)] != 0.0, pair.is_some_and(|j| real[(node, j)])) {
                (true, true) => scores.true_positives += 1,
                (true, false) => scores.false_negatives += 1,
                (false, true) => scores.false_positives += 1,
                (false, false) => {}
            }
        }
        scores.false_positives += unmatched.iter().filter(|&&j| real[(node, j)]).count();
    }
    let (tp, fp, missed) = (scores.true_positives, scores.false_positives, scores.false_negatives);
    scores.precision = share(tp, tp + fp);
    scores.recall = share(tp, tp + missed);
    scores.f1 = scores.recall.and(share(2 * tp, 2 * tp + fp + missed));
    scores.reason = scores.recall.is_none().then(|| "no observed edge has a true change".to_owned());
    Ok(scores)
}
