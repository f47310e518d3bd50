//! From the tables of a run to the metrics: the metrics themselves see matrices only.

use crate::entry::{Entry, find};
use crate::results::{Identification, Silence, Status, Summary};
use disentangle_data::{Labels, Matrix, Result, Table};
use disentangle_metrics::cards::Invariance;
use disentangle_metrics::mcc::Effort;
use disentangle_metrics::score::{NamedColumns, ScoreInput, ScoredSplit, Scores};
use disentangle_metrics::{
    ChangesInput, FoundGraph, GraphInput, IndicatorsInput, PcConfig, Probabilities, Reversal, SilenceInput,
    score as metrics_score,
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
    /// Names of the views of the inputs: a latent that is called `VIEW.NAME` belongs to that modality.
    #[serde(default)]
    pub views: Vec<String>,
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
pub fn score(methods: &'static [Entry], request: &ScoreRequest, tables: ScoreTables) -> Result<Scores> {
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
    let probabilities =
        summary.map(|summary| probabilities(summary, &latents.values, indicators.as_ref())).unwrap_or_default();
    let active = |silent: &Option<Matrix<bool>>| silent.as_ref().map(|silent| silent.map(|is_silent| !is_silent));
    let found = match summary.and_then(|summary| summary.graph.as_ref()) {
        Some(graph) if graph.cyclic => Some(FoundGraph::Cyclic),
        Some(graph) => {
            graph.check(latents.columns.len())?;
            Some(FoundGraph::Acyclic(graph.edges()?))
        }
        None => None,
    };
    let groups = truth.get("latents").and_then(|known| modalities(&known.columns, &request.views));
    let graph = truth.remove("graph").map(|known| GraphInput {
        truth: known.values.to_f64(),
        active_truth: active(&silent),
        active_estimate: active(&called),
        found,
        groups,
        // Sets of more than three given cost hours where an estimate ties everything to everything.
        search: PcConfig { depth: Some(3), ..PcConfig::default() },
        reversal: Reversal::One,
    });
    let left_open = match summary {
        Some(summary) => find(methods, &summary.method)?.info.left_open.to_vec(),
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
        kernel: request.views.len() > 1,
        probabilities,
        left_open,
        effort: Effort { seed: request.seed, ..Effort::default() },
    };
    let mut scores = metrics_score(&input)?;
    scores.notes.extend(summary.into_iter().flat_map(|summary| &summary.identification).filter_map(not_identified));
    Ok(scores)
}

/// What a score over all latents would hide.
fn not_identified(of: &Identification) -> Option<String> {
    let Identification { latent, status, finding } = of;
    match status {
        Status::Ok => None,
        Status::Unknown => Some(format!("Whether the data identify {latent} was not checked: {finding}")),
        Status::Warning | Status::Violated => Some(format!("The data do not identify {latent}: {finding}")),
    }
}

fn columns(table: Table) -> NamedColumns {
    NamedColumns { names: table.columns, values: table.values.to_f64() }
}

/// The modality of each latent by its name, `VIEW.NAME`; `None` where one has none, or all have the same.
fn modalities(latents: &[String], views: &[String]) -> Option<Vec<usize>> {
    let of = |latent: &String| {
        let belongs = |view: &&String| latent.strip_prefix(view.as_str()).is_some_and(|rest| rest.starts_with('.'));
        // The name of a view may hold a point: the longest one that fits.
        let view = views.iter().filter(belongs).max_by_key(|view| view.len())?;
        views.iter().position(|other| other == view)
    };
    let groups: Vec<usize> = latents.iter().map(of).collect::<Option<_>>()?;
    groups.iter().any(|group| *group != groups[0]).then_some(groups)
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

/// What a fit says is how likely, of these latents.
fn probabilities(summary: &Summary, latents: &Matrix, indicators: Option<&IndicatorsInput>) -> Probabilities {
    let silence = summary.silence.as_ref().map(|found| {
        let k = found.latents.len().min(latents.cols());
        Matrix::from_fn(latents.rows(), k, |i, j| found.probability(latents.row(i), j))
    });
    let causes = summary.tasks.as_ref().zip(indicators).map(|(tasks, input)| {
        Matrix::from_fn(input.called.rows(), input.called.cols(), |t, j| tasks.probabilities[t][j])
    });
    let certainty = summary.graph.as_ref().and_then(|graph| graph.certainty.as_ref());
    let edges = certainty.map(|rows| Matrix::from_fn(rows.len(), rows.len(), |i, j| rows[i][j]));
    Probabilities { silence, causes, edges }
}

/// The latents of each block, by place.
fn blocks_of(membership: &Table) -> Vec<Vec<usize>> {
    let values = &membership.values;
    (0..values.rows()).map(|b| (0..values.cols()).filter(|&i| values[(b, i)] != 0.0).collect()).collect()
}

/// Which entries lie within the threshold of their latent's silent value.
fn called_silent(latents: &Matrix, found: &Silence) -> Matrix<bool> {
    let k = found.latents.len().min(latents.cols());
    Matrix::from_fn(latents.rows(), k, |i, j| found.called(latents.row(i), j))
}

/// Rows of a table with these names, in their order; `None` when one is not there.
fn rows_named(table: &Table, names: &[String]) -> Option<Vec<usize>> {
    let places: BTreeMap<&str, usize> = table.rows.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    names.iter().map(|name| places.get(name.as_str()).copied()).collect()
}
