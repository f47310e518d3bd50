//! How far the causal graph that a method itself found is from the true one, latents paired by the matching.
//!
//! - Formula: structural Hamming distance ([`super::compare`]), estimated latents in the places of the true ones that they
//!   match. A graph of arrows alone is compared with the true graph; one with directions left open with the CPDAG of the
//!   true graph, for then no more was claimed.
//! - Range 0 upwards, 0 is best. Beside it: the distance of the classes (CPDAG against CPDAG), which is what PC on the latents
//!   is scored by, and that of a graph without edges.
//! - A true latent without a match is a node without edges. A column without a match is a node that has no edges in truth.
//! - A graph with cycles is of no class and has no distance: null and the reason.
//! - Source: *The max-min hill-climbing Bayesian network structure learning algorithm* (Tsamardinos, Brown, Aliferis, 2006),
//!   <https://doi.org/10.1007/s10994-006-6889-7>.

use super::compare::{GraphDifference, compare};
use super::cpdag::cpdag;
use super::recovered::{GraphInput, Places, between};
use super::{Edges, Graph};
use disentangle_data::{Code, Failure, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The graph that a method found, its nodes the columns of the estimate.
#[derive(Debug, Clone, PartialEq)]
pub enum FoundGraph {
    /// Arrows, and lines where the direction is open.
    Acyclic(Graph),
    /// The method allows cycles.
    Cyclic,
}

/// What a found graph was compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ComparedAs {
    /// All directions are claimed: with the true graph.
    #[default]
    Dag,
    /// Some directions are open: with the class of the true graph.
    Cpdag,
}

/// How well a method's own graph fits the true one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MethodGraphScore {
    /// Structural Hamming distance.
    pub shd: Option<usize>,
    /// Why `shd` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// `dag`: with the true graph; `cpdag`: with its class, since some directions are open.
    pub compared_as: ComparedAs,
    /// Distance of the class of the found graph from that of the true one: comparable with the `shd` of `graph`.
    pub class_shd: Option<usize>,
    /// The `shd` of a graph without edges.
    pub shd_of_empty: usize,
    /// Where the found graph differs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub difference: Option<GraphDifference>,
    /// The same among pairs of latents of different modalities, where the latents belong to modalities.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub between_modalities: Option<GraphDifference>,
    /// What it was compared with, its nodes the true latents.
    pub truth: Edges,
    /// The found graph, its nodes the columns of the estimate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub found: Option<Edges>,
}

impl MethodGraphScore {
    /// What can be said where there is no distance: `reason` says why. The true graph stands as it is.
    pub fn undefined(truth: &Graph, reason: String) -> Self {
        Self { reason: Some(reason), shd_of_empty: truth.size(), truth: truth.edges(), ..Self::default() }
    }
}

/// Scores the graph that a method found against the true one under a matching (`matching[i]` = its column for true latent i) of
/// `columns` columns.
///
/// # Errors
/// `METRIC_GRAPH` when the graphs and the matching are not of the same latents.
pub fn method_graph_score(
    input: &GraphInput,
    found: &FoundGraph,
    matching: &[Option<usize>],
    columns: usize,
) -> Result<MethodGraphScore> {
    let (truth, reversal) = (&Graph::dag(&input.truth)?, input.reversal);
    let places = Places::of(truth.nodes(), matching, columns)?;
    let FoundGraph::Acyclic(found) = found else {
        let reason = "the graph of the method may have cycles; the distance is defined for graphs without";
        return Ok(MethodGraphScore::undefined(truth, reason.into()));
    };
    if found.nodes() != columns {
        let message = format!("the graph of the method has {} nodes, but there are {columns} latents", found.nodes());
        return Err(Failure::new(Code::MetricGraph, message).hint("give it one node for each estimated latent"));
    }
    let directed = found.edges().lines.is_empty();
    let (truth_class, found_class) = (cpdag(truth), if directed { cpdag(found) } else { found.clone() });
    let (compared_as, against) = match directed {
        true => (ComparedAs::Dag, truth),
        false => (ComparedAs::Cpdag, &truth_class),
    };
    let (known, aligned) = (places.of_truth(against), places.of_estimate(found));
    let difference = compare(&known, &aligned, reversal)?;
    let classes = compare(&places.of_truth(&truth_class), &places.of_estimate(&found_class), reversal)?;
    Ok(MethodGraphScore {
        shd: Some(difference.shd),
        reason: None,
        compared_as,
        class_shd: Some(classes.shd),
        shd_of_empty: truth.size(),
        difference: Some(difference),
        between_modalities: between(&known, &aligned, input)?,
        truth: against.edges(),
        found: Some(found.edges()),
    })
}
