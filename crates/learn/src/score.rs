//! From the tables of a run to the metrics: the metrics themselves see matrices only.

use crate::methods::find;
use crate::results::{Silence, SilentLatent, Summary};
use disentangle_data::{Labels, Matrix, Result, Table};
use disentangle_metrics::cards::Invariance;
use disentangle_metrics::mcc::Effort;
use disentangle_metrics::score::{NamedColumns, ScoreInput, ScoredSplit, Scores};
use disentangle_metrics::{
    ChangesInput, FoundGraph, GraphInput, IndicatorsInput, PcConfig, Reversal, SilenceInput, score as metrics_score,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What is scored, beside the tables.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoreRequest {
    /// Which rows the tables hold.
    pub split: ScoredSplit,
    /// Seed of the bootstrap and the nulls.
    #[serde(default)]
    pub seed: u64,
    /// The run's summary, where the latents come from a run.
    #[serde(default)]
    pub summary: Option<Summary>,
}

/// Tables of the scored rows.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreTables {
    /// Estimated latents, n x k.
    pub latents: Table,
    /// True tables by name: `latents`, and `unrotated`, `silent`, `blocks`, `expected`, `changes`, `causes`, `graph` where they are
    /// known.
    pub truth: BTreeMap<String, Table>,
    /// Targets, n x t.
    pub targets: Option<Table>,
    /// Environments of the rows.
    pub environment: Option<Labels>,
    /// Tasks of the rows.
    pub task: Option<Labels>,
}

/// Scores a run's latents with everything that is known of them.
///
/// # Errors
/// `METRIC_NEEDS_TRUTH`, `METRIC_SHAPE`, `DATA_NOT_FINITE`.
pub fn score(request: &ScoreRequest, tables: ScoreTables) -> Result<Scores> {
    let ScoreTables { latents, mut truth, targets, environment, task } = tables;
    let summary = request.summary.as_ref();
    let changes = match (truth.remove("changes"), summary) {
        (Some(known), Some(summary)) => changes_input(&known, summary),
        _ => None,
    };
    let indicators = match (truth.remove("causes"), summary) {
        (Some(known), Some(summary)) => indicators_input(&known, summary),
        _ => None,
    };
    let silent = truth.remove("silent").map(|known| known.values.map(|silent| silent != 0.0));
    let called =
        summary.and_then(|summary| summary.silence.as_ref()).map(|found| called_silent(&latents.values, found));
    let active = |silent: &Option<Matrix<bool>>| silent.as_ref().map(|silent| silent.map(|is_silent| !is_silent));
    let found = match summary.and_then(|summary| summary.graph.as_ref()) {
        Some(graph) if graph.cyclic => Some(FoundGraph::Cyclic),
        Some(graph) => {
            graph.check(latents.columns.len())?;
            Some(FoundGraph::Acyclic(graph.edges()?))
        }
        None => None,
    };
    let graph = truth.remove("graph").map(|known| GraphInput {
        truth: known.values.to_f64(),
        active_truth: active(&silent),
        active_estimate: active(&called),
        found,
        // Sets of more than three given cost hours where an estimate ties everything to everything.
        search: PcConfig { depth: Some(3), ..PcConfig::default() },
        reversal: Reversal::One,
    });
    let left_open = match summary {
        Some(summary) => find(&summary.method)?.info.left_open.to_vec(),
        None => vec![Invariance::Permutation, Invariance::Sign, Invariance::Scale, Invariance::Shift],
    };
    let target = targets.map(|t| t.values.to_f64().col(0));
    let input = ScoreInput {
        split: request.split,
        truth: truth.remove("latents").map(columns),
        latents: columns(latents),
        unrotated: truth.remove("unrotated").map(columns),
        expected: truth.remove("expected").map(|t| t.values.to_f64()),
        target,
        environments: environment,
        tasks: task,
        indicators,
        silence: silent.zip(called).map(|(truth, called)| SilenceInput { truth, called }),
        blocks: truth.remove("blocks").map(|known| blocks_of(&known)),
        graph,
        changes,
        left_open,
        effort: Effort { seed: request.seed, ..Effort::default() },
    };
    metrics_score(&input)
}

fn columns(table: Table) -> NamedColumns {
    NamedColumns { names: table.columns, values: table.values.to_f64() }
}

/// Pairs the true changes with the summary's by the names of the nodes; `None` when they are not of one tree.
fn changes_input(known: &Table, summary: &Summary) -> Option<ChangesInput> {
    let tree = summary.tree.as_ref()?;
    let rows = rows_named(known, &tree.names)?;
    let k = tree.real.first().map_or(0, Vec::len);
    Some(ChangesInput {
        truth: known.values.to_f64().select_rows(&rows),
        real: Matrix::from_fn(rows.len(), k, |i, j| tree.real[i][j]),
        observed: tree.observed.clone(),
    })
}

/// Pairs the true causes with the summary's by the names of the tasks; `None` when they are not of the same tasks.
fn indicators_input(known: &Table, summary: &Summary) -> Option<IndicatorsInput> {
    let tasks = summary.tasks.as_ref()?;
    let rows = rows_named(known, &tasks.names)?;
    let k = tasks.probabilities.first().map_or(0, Vec::len);
    Some(IndicatorsInput {
        truth: known.values.select_rows(&rows).map(|cause| cause != 0.0),
        called: Matrix::from_fn(rows.len(), k, |t, j| tasks.probabilities[t][j] >= 0.5),
    })
}

/// The latents of each block, by place.
fn blocks_of(membership: &Table) -> Vec<Vec<usize>> {
    let values = &membership.values;
    (0..values.rows()).map(|b| (0..values.cols()).filter(|&i| values[(b, i)] != 0.0).collect()).collect()
}

/// Which entries lie within the threshold of their latent's silent value.
fn called_silent(latents: &Matrix, found: &Silence) -> Matrix<bool> {
    let k = found.latents.len().min(latents.cols());
    Matrix::from_fn(latents.rows(), k, |i, j| {
        let SilentLatent { value, threshold, .. } = found.latents[j];
        (f64::from(latents[(i, j)]) - value).abs() <= threshold
    })
}

/// Rows of a table with these names, in their order; `None` when one is not there.
fn rows_named(table: &Table, names: &[String]) -> Option<Vec<usize>> {
    let places: BTreeMap<&str, usize> = table.rows.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    names.iter().map(|name| places.get(name.as_str()).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;
    use serde_json::json;

    #[test]
    fn causes_are_paired_by_the_names_of_the_tasks_and_the_graph_by_the_matching() {
        let mut stream = Stream::new(0, "score");
        let values = Matrix::from_fn(60, 2, |_, _| stream.normal() as f32);
        let table = |columns: &[&str], rows: &[&str], values: Matrix| Table {
            columns: columns.iter().map(|&c| c.into()).collect(),
            rows: rows.iter().map(|&r| r.into()).collect(),
            values,
        };
        // The estimate has the latents in the other order; the summary has the tasks in the other order.
        let request: ScoreRequest = serde_json::from_value(json!({
            "split": "all",
            "summary": {
                "method": "tbr", "errors": [], "choices": [], "assumptions": [], "warnings": [], "facts": [],
                "latents": { "names": ["z1", "z2"], "mean": [0.0, 0.0], "sd": [1.0, 1.0] },
                "tasks": {
                    "names": ["b", "a"], "rows": [30, 30], "indicators": [], "probabilities": [[0.9, 0.6], [0.1, 0.8]],
                    "logRatios": [], "real": [], "weights": [], "effects": [], "explained": [],
                    "explainedTest": [], "objectives": []
                }
            }
        }))
        .expect("a request");
        let of = |causes: [f32; 4], tasks: [&str; 2]| ScoreTables {
            latents: table(&["z1", "z2"], &[], values.select_cols(&[1, 0])),
            truth: BTreeMap::from([
                ("latents".to_owned(), table(&["u", "v"], &[], values.clone())),
                ("causes".to_owned(), table(&["u", "v"], &tasks, Matrix::new(2, 2, causes.to_vec()).expect("2 x 2"))),
                ("graph".to_owned(), table(&["u", "v"], &["u", "v"], Matrix::zeros(2, 2))),
            ]),
            targets: None,
            environment: None,
            task: Some(Labels::encode("task", &(0..60).map(|i| ["a", "b"][i % 2]).collect::<Vec<_>>())),
        };
        // Task a: latent u is column 1, called causal; task b: both.
        let scores = score(&request, of([1.0, 0.0, 1.0, 1.0], ["a", "b"])).expect("sound");
        assert_eq!(scores.indicators.as_ref().expect("known").exact, Some(1.0));
        assert_eq!(scores.mcc_task.expect("tasks are known").per_task.len(), 2);
        assert_eq!(scores.graph.expect("known").shd, Some(0));
        let wrong = score(&request, of([0.0, 1.0, 1.0, 1.0], ["a", "b"])).expect("sound");
        assert_eq!(wrong.indicators.expect("known").exact, Some(0.5));
        let others = score(&request, of([1.0; 4], ["a", "c"])).expect("sound");
        assert!(others.indicators.is_none());
    }
    #[test]
    fn silence_is_what_lies_within_the_threshold_and_the_graph_is_searched_where_latents_are_active() {
        // u -> v, each silent at 3 in every third row; what is active of v is u and noise.
        let mut stream = Stream::new(1, "score");
        let silent = Matrix::from_fn(900, 2, |i, j| f32::from(u8::from(i % 3 == j)));
        let values = Matrix::from_fn(900, 1, |_, _| stream.normal());
        let noisy: Vec<f64> = (0..900).map(|i| values[(i, 0)] + stream.normal()).collect();
        let latents =
            Matrix::from_fn(
                900,
                2,
                |i, j| {
                    if silent[(i, j)] > 0.0 { 3.0 } else { [values[(i, 0)], noisy[i]][j] as f32 }
                },
            );
        let named = |values: Matrix, rows: &[&str]| Table {
            columns: vec!["u".into(), "v".into()],
            rows: rows.iter().map(|&name| name.into()).collect(),
            values,
        };
        let part = |threshold: f64| {
            json!({ "name": "z", "value": 3.0, "threshold": threshold, "share": 0.3, "certainty": 1.0,
            "spike": { "mean": 3.0, "sd": 0.01, "weight": 0.3 }, "slab": { "mean": 0.0, "sd": 1.0 } })
        };
        let request = |thresholds: [f64; 2]| -> ScoreRequest {
            serde_json::from_value(json!({
                "split": "all",
                "summary": {
                    "method": "pca", "errors": [], "choices": [], "assumptions": [], "warnings": [], "facts": [],
                    "latents": { "names": ["z1", "z2"], "mean": [0.0, 0.0], "sd": [1.0, 1.0] },
                    "silence": { "latents": [part(thresholds[0]), part(thresholds[1])] }
                }
            }))
            .expect("a request")
        };
        let tables = || ScoreTables {
            latents: named(latents.clone(), &[]),
            truth: BTreeMap::from([
                ("latents".to_owned(), named(latents.clone(), &[])),
                ("silent".to_owned(), named(silent.clone(), &[])),
                ("graph".to_owned(), named(Matrix::new(2, 2, vec![0.0, 1.0, 0.0, 0.0]).expect("2 x 2"), &["u", "v"])),
            ]),
            targets: None,
            environment: None,
            task: None,
        };
        let scores = score(&request([0.01, 0.01]), tables()).expect("sound");
        let (found, graph) = (scores.silence.expect("known"), scores.graph.expect("known"));
        assert_eq!((found.f1, found.entries), (Some(1.0), 1800));
        assert_eq!((graph.shd, graph.shd_on_truth), (Some(0), Some(0)));
        // Nothing of v is called active: it is no longer known where its edges could show.
        let blind = score(&request([0.01, 99.0]), tables()).expect("sound");
        assert_eq!(blind.silence.expect("known").recall, Some(1.0));
        let graph = blind.graph.expect("known");
        assert_eq!((graph.shd, graph.shd_on_truth), (None, Some(0)));
        assert!(graph.reason.is_some_and(|reason| reason.contains("active together in 0 rows")));
    }
}
