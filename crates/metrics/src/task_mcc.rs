//! Mean correlation coefficient task by task: each task with its own matching, then averaged.
//!
//! - Formula: `mean over tasks of the MCC of the task's rows`, each with the assignment that suits the task best.
//! - Range 0 to 1, 1 is best. More lenient than one matching for all rows: a latent may stand for another truth in every
//!   task. Read it beside the MCC, and beside `unrelated`, which is high where tasks have few rows for each latent.
//! - Tasks with fewer than three rows are left out and counted. A latent, true or estimated, that is constant within a task:
//!   null and the reason.
//! - `unrelated`: the same score with the rows of the estimate shuffled within each task, over as many shuffles as make up
//!   the draws of a null.
//! - Invariant to order, sign, scale and shift of the estimated latents, in each task anew; Spearman to monotone maps.
//! - Source: *Leveraging task structures for improved identifiability in neural network representations* (Chen, Horwood, Heo,
//!   Hernandez-Lobato, 2024), <https://arxiv.org/abs/2306.14861>.

use crate::columns::{Correlation, FEWEST_ROWS, UnitColumns, correlations, refuse_unequal, refuse_unpaired};
use crate::effort::Effort;
use crate::matching::why_undefined;
use crate::matching::{Matching, mean_of};
use disentangle_data::{Labels, Matrix, Result, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Mean correlation coefficient task by task. `value` is null where it is not defined, and then `reason` says why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskMcc {
    /// Mean over the tasks, 0 to 1.
    pub value: Option<f64>,
    /// Why `value` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Which correlation.
    pub kind: Correlation,
    /// What estimated latents score that know nothing; null without draws.
    pub unrelated: Option<f64>,
    /// Every task with at least three rows, in order of the labels.
    pub per_task: Vec<OneTaskMcc>,
    /// Tasks with rows, but too few of them.
    pub left_out: usize,
}

/// Mean correlation coefficient of one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OneTaskMcc {
    /// Its label.
    pub task: String,
    /// Its scored rows.
    pub rows: usize,
    /// Its MCC with its own matching; null where a latent is constant within the task.
    pub value: Option<f64>,
}

/// The score of `estimate` (n x e) for `truth` (n x d) with one task label per row.
///
/// # Errors
/// `METRIC_SHAPE`, `DATA_NOT_FINITE`.
pub fn task_mcc(
    kind: Correlation,
    truth: &Matrix<f64>,
    estimate: &Matrix<f64>,
    tasks: &Labels,
    effort: Effort,
) -> Result<TaskMcc> {
    refuse_unpaired(&[("true latents", truth), ("estimated latents", estimate)])?;
    refuse_unequal("task labels", tasks.codes.len(), truth.rows())?;
    let mut rows_of = vec![Vec::new(); tasks.levels.len()];
    tasks.codes.iter().enumerate().for_each(|(i, &code)| rows_of[code as usize].push(i));
    let scored: Vec<usize> = (0..rows_of.len()).filter(|&t| rows_of[t].len() >= FEWEST_ROWS).collect();
    let shuffles = if scored.is_empty() { 0 } else { effort.draws.div_ceil(scored.len() as u32) };
    let mut out = TaskMcc {
        value: None,
        reason: None,
        kind,
        unrelated: None,
        per_task: Vec::with_capacity(scored.len()),
        left_out: rows_of.iter().filter(|rows| !rows.is_empty()).count() - scored.len(),
    };
    let mut by_chance = Vec::new();
    for t in scored {
        let rows = &rows_of[t];
        let z = UnitColumns::new(kind, &truth.select_rows(rows));
        let mut zhat = UnitColumns::new(kind, &estimate.select_rows(rows));
        let task = &tasks.levels[t];
        let undefined = why_undefined(rows.len(), &z, &zhat);
        let value = if undefined.is_none() { Matching::best(&correlations(&z, &zhat))?.mean() } else { None };
        if let (None, Some(why)) = (&out.reason, undefined) {
            out.reason = Some(format!("in task {task} {why}"));
        }
        out.per_task.push(OneTaskMcc { task: task.clone(), rows: rows.len(), value });
        let unshuffled = zhat.values.clone();
        for shuffle in 0..if value.is_some() { shuffles } else { 0 } {
            let mut stream = Stream::new(effort.seed, &format!("unrelated in {task}")).at(shuffle);
            zhat.values = unshuffled.select_rows(&stream.permutation(rows.len()));
            by_chance.push(Matching::best(&correlations(&z, &zhat))?.mean());
        }
    }
    if out.per_task.is_empty() {
        out.reason = Some(format!("no task has the {FEWEST_ROWS} rows that a correlation needs"));
    }
    let values: Vec<Option<f64>> = out.per_task.iter().map(|task| task.value).collect();
    out.value = mean_of(&values);
    out.unrelated = out.value.and(mean_of(&by_chance));
    Ok(out)
}
