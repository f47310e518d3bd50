//! Recovered causal indicators: which latents cause the target of which task.
//!
//! - Formula: over the entries (task, true latent) with the matching of the Pearson MCC, `accuracy = right / all`,
//!   `precision = TP / (TP + FP)`, `recall = TP / (TP + FN)`, `exact` = share of the tasks without a wrong entry.
//! - Range 0 to 1, 1 is best. Accuracy is high for whoever says "none" where causes are few; `exact` is not.
//! - A true latent without a match is called not causal in every task; a column without a match that is called causal is a
//!   false one, and its task is not exact.
//! - Precision is null when nothing is called causal, recall when nothing is; all are null when there is no matching.
//! - Invariant to order, sign, scale and shift of the latents, through the matching.
//! - Source: *Leveraging task structures for improved identifiability in neural network representations* (Chen, Horwood, Heo,
//!   Hernandez-Lobato, 2024), <https://arxiv.org/abs/2306.14861>.

use crate::confusion::share;
use disentangle_data::{Code, Failure, Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is compared: one row for each task.
#[derive(Debug, Clone, PartialEq)]
pub struct IndicatorsInput {
    /// Whether each true latent causes the target, tasks x d.
    pub truth: Matrix<bool>,
    /// Whether each estimated latent is called a cause, tasks x e.
    pub called: Matrix<bool>,
}

/// Recovered causal indicators.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IndicatorScores {
    /// Share of the tasks whose causal set is exactly right.
    pub exact: Option<f64>,
    /// Why `exact` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Share of the entries that are right.
    pub accuracy: Option<f64>,
    /// Share of the called causes that are true.
    pub precision: Option<f64>,
    /// Share of the true causes that are called.
    pub recall: Option<f64>,
    /// Called and true.
    pub true_positives: usize,
    /// Called but not true.
    pub false_positives: usize,
    /// True but not called.
    pub false_negatives: usize,
    /// Neither.
    pub true_negatives: usize,
    /// Tasks compared.
    pub tasks: usize,
}

/// Scores called causes under a matching (`matching[i]` = column of the estimate for true latent i).
///
/// # Errors
/// `METRIC_SHAPE` when tasks, latents and matching do not fit.
pub fn indicators(input: &IndicatorsInput, matching: &[Option<usize>]) -> Result<IndicatorScores> {
    let IndicatorsInput { truth, called } = input;
    let (tasks, d, e) = (truth.rows(), truth.cols(), called.cols());
    if called.rows() != tasks || matching.len() != d || matching.iter().flatten().any(|&j| j >= e) {
        return Err(Failure::new(
            Code::MetricShape,
            format!("true causes {tasks} x {d}, called causes {} x {e}, matching of {}", called.rows(), matching.len()),
        )
        .hint("give one row for each task in the same order, and one column for each latent"));
    }
    let unmatched: Vec<usize> = (0..e).filter(|j| !matching.contains(&Some(*j))).collect();
    let mut scores = IndicatorScores { tasks, ..IndicatorScores::default() };
    let mut exact = 0;
    for t in 0..tasks {
        let false_ones = unmatched.iter().filter(|&&j| called[(t, j)]).count();
        scores.false_positives += false_ones;
        let mut right = 0;
        for (i, pair) in matching.iter().enumerate() {
            let (true_cause, called_cause) = (truth[(t, i)], pair.is_some_and(|j| called[(t, j)]));
            right += usize::from(true_cause == called_cause);
            match (true_cause, called_cause) {
                (true, true) => scores.true_positives += 1,
                (true, false) => scores.false_negatives += 1,
                (false, true) => scores.false_positives += 1,
                (false, false) => scores.true_negatives += 1,
            }
        }
        exact += usize::from(right == d && false_ones == 0);
    }
    let (tp, tn) = (scores.true_positives, scores.true_negatives);
    let (fp, missed) = (scores.false_positives, scores.false_negatives);
    scores.exact = share(exact, tasks);
    scores.accuracy = share(tp + tn, tp + tn + fp + missed);
    scores.precision = share(tp, tp + fp);
    scores.recall = share(tp, tp + missed);
    scores.reason = scores.exact.is_none().then(|| "there are no tasks to compare".to_owned());
    Ok(scores)
}
