//! How far an estimated graph is from the true one, and where.
//!
//! - Structural Hamming distance (SHD): over pairs of nodes, 1 for an edge that is missing, extra, or of another kind (an
//!   arrow for a line, a line for an arrow), and for a reversed arrow 1 or 2 as chosen ([`Reversal`]).
//! - Skeleton: edges without their directions. Arrows: an arrow counts where it stands and as it points.
//! - Range 0 upwards, 0 is best; precision, recall and F1 0 to 1, null of nothing.
//! - Source: *The max-min hill-climbing Bayesian network structure learning algorithm* (Tsamardinos, Brown, Aliferis, 2006),
//!   <https://doi.org/10.1007/s10994-006-6889-7>, compared as CPDAGs; a reversed arrow costs 1 there and in pcalg, 2 in some
//!   other counters.

use super::Graph;
use crate::confusion::Confusion;
use disentangle_data::{Code, Failure, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a reversed arrow costs in the SHD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reversal {
    /// 1: one edge is wrong.
    #[default]
    One,
    /// 2: one arrow is missing and one is extra.
    Two,
}

/// Where an estimated graph differs from the true one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GraphDifference {
    /// Structural Hamming distance.
    pub shd: usize,
    /// What a reversed arrow costs in it.
    pub reversal: Reversal,
    /// True edges that are not there.
    pub missing: usize,
    /// Edges between nodes that have none in truth.
    pub extra: usize,
    /// Arrows that point the other way.
    pub reversed: usize,
    /// True arrows that are lines.
    pub undirected: usize,
    /// True lines that are arrows.
    pub directed: usize,
    /// Edges without their directions.
    pub skeleton: Confusion,
    /// Arrows as they point.
    pub arrows: Confusion,
}

/// Compares two graphs over the same nodes.
///
/// # Errors
/// `METRIC_GRAPH` for different numbers of nodes.
pub fn compare(truth: &Graph, estimate: &Graph, reversal: Reversal) -> Result<GraphDifference> {
    let n = truth.nodes();
    if estimate.nodes() != n {
        return Err(Failure::new(
            Code::MetricGraph,
            format!("an estimated graph of {} nodes, but the true one has {n}", estimate.nodes()),
        ));
    }
    let (mut missing, mut extra, mut reversed, mut undirected, mut directed, mut shared) = (0, 0, 0, 0, 0, 0);
    let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    for (i, j) in pairs {
        match (truth.adjacent(i, j), estimate.adjacent(i, j)) {
            (true, false) => missing += 1,
            (false, true) => extra += 1,
            (false, false) => {}
            (true, true) => {
                shared += 1;
                match (truth.line(i, j), estimate.line(i, j)) {
                    (true, false) => directed += 1,
                    (false, true) => undirected += 1,
                    (true, true) => {}
                    (false, false) => reversed += usize::from(truth.arrow(i, j) != estimate.arrow(i, j)),
                }
            }
        }
    }
    let (true_arrows, arrows) = (truth.edges().arrows, estimate.edges().arrows);
    let right = arrows.iter().filter(|[i, j]| truth.arrow(*i, *j)).count();
    let cost = match reversal {
        Reversal::One => 1,
        Reversal::Two => 2,
    };
    Ok(GraphDifference {
        shd: missing + extra + undirected + directed + cost * reversed,
        reversal,
        missing,
        extra,
        reversed,
        undirected,
        directed,
        skeleton: Confusion::of(shared, extra, missing),
        arrows: Confusion::of(right, arrows.len() - right, true_arrows.len() - right),
    })
}
