//! How well the causal graph of the latents is recovered: PC on the estimated latents, against the truth.
//!
//! - Formula: structural Hamming distance ([`super::compare`]) between the graph that PC finds on the estimated latents and
//!   the CPDAG of the true graph, estimated latents in the places of the true ones that they match.
//! - Range 0 upwards, 0 is best. Beside it stands what PC finds on the true latents in the same rows: no estimate can be
//!   expected to do better, and the difference is what the estimate costs.
//! - A true latent without a match is a node without edges. A column without a match is a node that has no edges in truth.
//! - Latents that are switched off in part of the rows are tested where they are active ([`FisherZ::of_active`]).
//! - A latent that is constant or determined by others, or too few rows: null and the reason.
//! - Invariant to order, sign, scale and shift of the estimated latents, through the matching.
//! - Source: *Identifiability of potentially degenerate Gaussian mixture models with piecewise affine mixing*, appendix D.9,
//!   <https://arxiv.org/abs/2604.13218>.

use super::compare::{GraphDifference, Reversal, compare};
use super::cpdag::cpdag;
use super::given::FoundGraph;
use super::pc::{PcConfig, PcGraph, pc};
use super::{Edges, Graph};
use crate::independence::FisherZ;
use disentangle_data::{Code, Failure, Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the graph of the latents is compared with, and how it is searched.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphInput {
    /// Adjacency matrix of the true graph, d x d: an entry `(i, j)` that is not 0 is an arrow i -> j.
    pub truth: Matrix<f64>,
    /// Where the true latents are active, n x d, for latents that are switched off in part of the rows: nothing can be learnt
    /// there of their edges.
    pub active_truth: Option<Matrix<bool>>,
    /// Where the estimated latents are called active, n x e.
    pub active_estimate: Option<Matrix<bool>>,
    /// The graph that the method itself found, where it did.
    pub found: Option<FoundGraph>,
    /// Which true latents belong together, such as those of one modality: a number for each, the same where they do.
    pub groups: Option<Vec<usize>>,
    /// The search.
    pub search: PcConfig,
    /// What a reversed arrow costs.
    pub reversal: Reversal,
}

/// How well the causal graph of the latents is recovered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GraphScore {
    /// Structural Hamming distance of the graph found on the estimated latents from the CPDAG of the true graph.
    pub shd: Option<usize>,
    /// Why `shd` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The same distance of the graph found on the true latents; null where these cannot be tested.
    pub shd_on_truth: Option<usize>,
    /// Why `shdOnTruth` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason_on_truth: Option<String>,
    /// Where the graph found on the estimated latents differs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub difference: Option<GraphDifference>,
    /// The same among pairs of latents of different modalities, where the latents belong to modalities.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub between_modalities: Option<GraphDifference>,
    /// The CPDAG of the true graph.
    pub truth: Edges,
    /// The graph found on the estimated latents, its nodes the columns of the estimate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub found: Option<PcGraph>,
}

/// Scores the graph of `estimate` (n x e) under a matching (`matching[i]` = its column for true latent i); `latents` (n x d)
/// are the true ones.
///
/// # Errors
/// `METRIC_GRAPH` for a truth that is not a DAG of d nodes, `METRIC_SHAPE` and `DATA_NOT_FINITE` for matrices that cannot be
/// tested, `CONFIG_OUT_OF_RANGE` for a level outside 0 to 1.
pub fn graph_score(
    input: &GraphInput,
    latents: &Matrix<f64>,
    estimate: &Matrix<f64>,
    matching: &[Option<usize>],
) -> Result<GraphScore> {
    let dag = Graph::dag(&input.truth)?;
    let (d, e) = (latents.cols(), estimate.cols());
    if dag.nodes() != d {
        return Err(misfit(dag.nodes(), d, matching.len()));
    }
    let places = Places::of(d, matching, e)?;
    let truth = cpdag(&dag);
    let mut score = GraphScore { truth: truth.edges(), ..GraphScore::default() };
    match searched(latents, input.active_truth.as_ref(), input.search)? {
        Ok(best) => score.shd_on_truth = Some(compare(&truth, &Graph::of(&best.graph)?, input.reversal)?.shd),
        Err(reason) => score.reason_on_truth = Some(reason),
    }
    let found = match searched(estimate, input.active_estimate.as_ref(), input.search)? {
        Ok(found) => found,
        Err(reason) => return Ok(GraphScore { reason: Some(reason), ..score }),
    };
    let (known, aligned) = (places.of_truth(&truth), places.of_estimate(&Graph::of(&found.graph)?));
    let difference = compare(&known, &aligned, input.reversal)?;
    let between_modalities = between(&known, &aligned, input)?;
    Ok(GraphScore {
        shd: Some(difference.shd),
        difference: Some(difference),
        between_modalities,
        found: Some(found),
        ..score
    })
}

/// The difference among pairs of latents of different groups; the true latents stand first in both graphs.
pub(super) fn between(truth: &Graph, estimate: &Graph, input: &GraphInput) -> Result<Option<GraphDifference>> {
    let of = |groups: &Vec<usize>| match groups.len() == input.truth.rows() {
        true => compare(&truth.between(groups), &estimate.between(groups), input.reversal),
        false => Err(Failure::new(
            Code::MetricGraph,
            format!("groups of {} latents, but the true graph has {} nodes", groups.len(), input.truth.rows()),
        )),
    };
    input.groups.as_ref().map(of).transpose()
}

/// Where the nodes of both graphs stand to be compared: the true latents first, then the columns that match none.
pub(super) struct Places {
    truth: usize,
    estimate: Vec<Option<usize>>,
}

impl Places {
    /// Under a matching of `truth` latents to `columns` columns.
    pub(super) fn of(truth: usize, matching: &[Option<usize>], columns: usize) -> Result<Self> {
        if matching.len() != truth || matching.iter().flatten().any(|&j| j >= columns) {
            return Err(misfit(truth, truth, matching.len()));
        }
        let unmatched = (0..columns).filter(|j| !matching.contains(&Some(*j))).map(Some);
        Ok(Self { truth, estimate: matching.iter().copied().chain(unmatched).collect() })
    }

    /// A graph over the true latents, with nodes without edges for the columns that match none.
    pub(super) fn of_truth(&self, graph: &Graph) -> Graph {
        let padded: Vec<Option<usize>> = (0..self.estimate.len()).map(|i| (i < self.truth).then_some(i)).collect();
        graph.rearranged(&padded)
    }

    /// A graph over the columns, each in the place of the true latent that it matches.
    pub(super) fn of_estimate(&self, graph: &Graph) -> Graph {
        graph.rearranged(&self.estimate)
    }
}

fn misfit(nodes: usize, latents: usize, matching: usize) -> Failure {
    let message = format!("a true graph of {nodes} nodes for {latents} true latents and a matching of {matching}");
    Failure::new(Code::MetricGraph, message)
        .hint("give the graph one row and one column for each true latent, in their order")
}

/// The graph of these columns, or why their independence cannot be tested.
fn searched(
    values: &Matrix<f64>,
    active: Option<&Matrix<bool>>,
    config: PcConfig,
) -> Result<std::result::Result<PcGraph, String>> {
    let test = active.map_or_else(|| FisherZ::of(values), |active| FisherZ::of_active(values, active));
    match test.and_then(|test| pc(&test, config)) {
        Ok(found) => Ok(Ok(found)),
        Err(failure) => match failure.code {
            Code::DataConstantColumn | Code::DataTooFewRows | Code::NumericSingular => Ok(Err(failure.message)),
            _ => Err(failure),
        },
    }
}
