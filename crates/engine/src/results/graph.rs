//! The causal graph that a method found among its latents.

use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_metrics::graph::Graph;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The causal graph that a method found among its latents.
///
/// One convention everywhere, in results, files and tables of truth: row i, column j speaks of the edge i -> j, from cause to
/// effect.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CausalGraph {
    /// One name per node: the latents, in their order.
    pub names: Vec<String>,
    /// k x k: `weights[i][j]` is how strongly latent i acts on latent j, the edge i -> j; 0 where there is no edge. `basis` says
    /// in which measure.
    pub weights: Vec<Vec<f64>>,
    /// k x k: `certainty[i][j]`, from 0 to 1, is how sure the edge i -> j is, also where there is none. `basis` says of what it
    /// is a share.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub certainty: Option<Vec<Vec<f64>>>,
    /// The nodes from causes to effects, by place: every edge points forward.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub order: Option<Vec<usize>>,
    /// `[i, j]` with i < j: an edge whose direction is open. Its weight stands at both places.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub undirected: Vec<[usize; 2]>,
    /// `[i, j]`: an edge i -> j that the data neither require nor exclude. It counts as an edge, and drawings show it dashed. With weight 0 it
    /// is not in the graph: it would close a cycle, or only another graph in `ties` has it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub undecided: Vec<[usize; 2]>,
    /// Graphs that fit as well, by what they have in place of edges of this one, the closest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub ties: Vec<GraphTie>,
    /// For each node the sets of causes that explain it best, the best first, where sets were compared.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub scores: Vec<Vec<CauseSet>>,
    /// Whether edges may form cycles.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub cyclic: bool,
    /// What the graph rests on, in one or two sentences: how edges were found, what a weight and a certainty are.
    pub basis: String,
}

/// A graph that fits as well as another one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GraphTie {
    /// How much worse it is at most, in nats a row.
    pub behind: f64,
    /// Edges `[i, j]`, i -> j, that it has and the other one has not.
    pub added: Vec<[usize; 2]>,
    /// Edges that it has not.
    pub removed: Vec<[usize; 2]>,
}

/// A set of causes of a node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CauseSet {
    /// By place.
    pub causes: Vec<usize>,
    /// What the node loses with it, in nats a row with what the causes cost: lower is better.
    pub score: f64,
}

impl CausalGraph {
    /// An acyclic graph with these weights (k x k, `[i][j]`: i -> j).
    pub fn of(names: Vec<String>, weights: &Matrix<f64>, basis: impl Into<String>) -> Self {
        let order = Graph::dag(weights).ok().and_then(|graph| graph.causal_order());
        Self { names, weights: super::rows_of(weights), order, basis: basis.into(), ..Self::default() }
    }

    /// Checks that the parts fit together.
    ///
    /// # Errors
    /// `METRIC_GRAPH` when it is not a graph of `nodes` nodes, when edges form a cycle and `cyclic` does not say so, or when
    /// `order` is not an order of it; `NUMERIC_NOT_FINITE`.
    pub fn check(&self, nodes: usize) -> Result<()> {
        let refuse = |what: String| Err(Failure::new(Code::MetricGraph, format!("the graph of the latents: {what}")));
        if self.names.len() != nodes {
            return refuse(format!("{} names, expected {nodes}", self.names.len()));
        }
        if let Some(twice) = (0..nodes).find(|&i| self.names[..i].contains(&self.names[i])) {
            return refuse(format!("two nodes are called {:?}", self.names[twice]));
        }
        for (what, rows) in [("weights", Some(&self.weights)), ("certainty", self.certainty.as_ref())] {
            let Some(rows) = rows else { continue };
            if rows.len() != nodes || rows.iter().any(|row| row.len() != nodes) {
                return refuse(format!("{what} are not {nodes} x {nodes}"));
            }
            if rows.iter().flatten().any(|value| !value.is_finite()) {
                let message = format!("the graph of the latents: a number of {what} is not finite");
                return Err(Failure::new(Code::NumericNotFinite, message));
            }
        }
        if self.certainty.iter().flatten().flatten().any(|share| !(0.0..=1.0).contains(share)) {
            return refuse("a certainty lies outside 0 to 1".into());
        }
        let missing = |[i, j]: &&[usize; 2]| *i >= nodes || *j >= nodes || self.weights[*i][*j] == 0.0;
        let tied =
            |edge: &[usize; 2]| edge.iter().all(|&i| i < nodes) && self.ties.iter().any(|tie| tie.added.contains(edge));
        let unmarked = self.undecided.iter().filter(missing).find(|edge| !tied(edge) && !self.leads(edge[1], edge[0]));
        if let Some([i, j]) = self.undirected.iter().find(missing).or(unmarked) {
            return refuse(format!("[{i}, {j}] is marked, but no edge"));
        }
        if let Some([i, j]) = self.undirected.iter().find(|[i, j]| i >= j || self.weights[*j][*i] == 0.0) {
            return refuse(format!("[{i}, {j}] is marked undirected: expected i < j, and a weight both ways"));
        }
        if self.cyclic {
            return match (&self.order, (0..nodes).all(|i| self.weights[i][i] == 0.0)) {
                (None, true) => Ok(()),
                (Some(_), _) => refuse("a graph that may have cycles has no order".into()),
                (None, false) => refuse("an edge leads from a node to itself".into()),
            };
        }
        let graph = self.edges()?;
        let Some(order) = &self.order else {
            return match graph.causal_order().is_some() {
                true => Ok(()),
                false => refuse("its edges form a cycle".into()),
            };
        };
        let mut place = vec![usize::MAX; nodes];
        order.iter().enumerate().filter(|(_, node)| **node < nodes).for_each(|(at, &node)| place[node] = at);
        if order.len() != nodes || place.contains(&usize::MAX) {
            return refuse(format!("its order does not name each of {nodes} nodes once"));
        }
        match graph.edges().arrows.iter().find(|[i, j]| place[*i] > place[*j]) {
            Some([i, j]) => refuse(format!("the edge {i} -> {j} points back in its order")),
            None => Ok(()),
        }
    }

    /// Whether a path of edges leads from one node to another.
    fn leads(&self, from: usize, to: usize) -> bool {
        let mut reached: Vec<usize> = (from < self.weights.len()).then_some(from).into_iter().collect();
        let mut at = 0;
        while let Some(&node) = reached.get(at) {
            let next = (0..self.weights.len()).filter(|&j| self.weights[node][j] != 0.0);
            let new: Vec<usize> = next.filter(|j| !reached.contains(j)).collect();
            reached.extend(new);
            at += 1;
        }
        from != to && reached.contains(&to)
    }

    /// Arrows, and lines where the direction is open.
    ///
    /// # Errors
    /// `METRIC_GRAPH` for an edge from a node to itself, and for two edges between the same nodes that are not marked as one
    /// without direction.
    pub fn edges(&self) -> Result<Graph> {
        let mut edges = disentangle_metrics::graph::Edges { nodes: self.names.len(), ..Default::default() };
        for (i, row) in self.weights.iter().enumerate() {
            for (j, _) in row.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
                if self.undirected.contains(&[i.min(j), i.max(j)]) {
                    edges.lines.extend((i < j).then_some([i, j]));
                } else {
                    edges.arrows.push([i, j]);
                }
            }
        }
        Graph::of(&edges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> CausalGraph {
        let weights = Matrix::new(3, 3, vec![0.0, 0.8, 0.0, 0.0, 0.0, -0.5, 0.0, 0.0, 0.0]).expect("3 x 3");
        CausalGraph::of(["z1", "z2", "z3"].map(String::from).to_vec(), &weights, "a test")
    }

    #[test]
    fn a_row_is_a_cause_and_a_column_an_effect() {
        let graph = chain();
        assert_eq!(graph.check(3), Ok(()));
        assert_eq!(graph.order, Some(vec![0, 1, 2]));
        assert_eq!(graph.edges().expect("a graph").edges().arrows, [[0, 1], [1, 2]]);
    }

    #[test]
    fn what_is_no_graph_is_refused_with_what_is_wrong() {
        type Breaking = fn(&mut CausalGraph);
        let broken: [(&str, Breaking); 11] = [
            ("2 names", |graph| graph.names.truncate(2)),
            ("two nodes are called", |graph| graph.names[2] = "z1".into()),
            ("weights are not 3 x 3", |graph| graph.weights[1].truncate(2)),
            ("not finite", |graph| graph.weights[0][2] = f64::NAN),
            ("form a cycle", |graph| {
                graph.weights[2][0] = 1.0;
                graph.order = None;
            }),
            ("points back", |graph| graph.order = Some(vec![1, 0, 2])),
            ("does not name each", |graph| graph.order = Some(vec![0, 1, 1])),
            ("outside 0 to 1", |graph| graph.certainty = Some(vec![vec![1.5; 3]; 3])),
            ("marked, but no edge", |graph| graph.undecided = vec![[0, 2]]),
            ("marked undirected", |graph| graph.undirected = vec![[0, 1]]),
            ("two different nodes", |graph| graph.weights[1][1] = 1.0),
        ];
        for (what, wreck) in broken {
            let mut graph = chain();
            wreck(&mut graph);
            let failure = graph.check(3).expect_err(what);
            assert!(failure.message.contains(what), "{what}: {}", failure.message);
        }
    }

    #[test]
    fn an_edge_that_is_left_out_may_be_marked_undecided_where_it_closes_a_cycle_or_a_graph_that_ties_has_it() {
        let mut graph = chain();
        graph.undecided = vec![[1, 2], [2, 0]];
        assert_eq!(graph.check(3), Ok(()));
        assert_eq!(graph.edges().expect("a graph").edges().arrows, [[0, 1], [1, 2]]);
        graph.undecided = vec![[0, 2]];
        graph.ties = vec![GraphTie { behind: 0.01, added: vec![[0, 2]], removed: Vec::new() }];
        assert_eq!(graph.check(3), Ok(()), "a graph that ties has it");
        for outside in [[2, 2], [2, 3], [3, 2]] {
            graph.undecided = vec![outside];
            assert!(graph.check(3).is_err_and(|failure| failure.message.contains("marked, but no edge")));
        }
    }

    #[test]
    fn cycles_and_open_directions_are_allowed_where_they_are_said() {
        let mut graph = chain();
        (graph.weights[2][0], graph.weights[1][0]) = (1.0, 1.0);
        (graph.order, graph.cyclic) = (None, true);
        assert_eq!(graph.check(3), Ok(()));
        let mut graph = chain();
        (graph.weights[1][0], graph.undirected) = (0.8, vec![[0, 1]]);
        assert_eq!(graph.check(3), Ok(()));
        let edges = graph.edges().expect("a graph").edges();
        assert_eq!((edges.arrows, edges.lines), (vec![[1, 2]], vec![[0, 1]]));
    }
}
