//! Graphs over latents: arrows, lines where the direction is open, and what is made of them.
//!
//! A directed acyclic graph (DAG) has arrows only. A completed partially directed graph (CPDAG) stands for all DAGs with the
//! same independences: an arrow where they agree, a line where they do not.

pub mod compare;
pub mod cpdag;
pub mod given;
pub mod pc;
pub mod recovered;

use disentangle_data::{Code, Failure, Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A graph with at most one arrow or line between any two nodes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Graph {
    /// `ends[(i, j)]`: the edge between i and j may be walked from i to j. Both ways is a line.
    ends: Matrix<bool>,
}

/// A graph as plain data, each edge once, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Edges {
    /// Number of nodes.
    pub nodes: usize,
    /// `[i, j]`: i -> j.
    pub arrows: Vec<[usize; 2]>,
    /// `[i, j]`: i - j, with i < j.
    pub lines: Vec<[usize; 2]>,
}

impl Graph {
    /// Nodes without edges.
    pub fn empty(nodes: usize) -> Self {
        Self { ends: Matrix::zeros(nodes, nodes) }
    }

    /// A line between any two nodes.
    pub fn complete(nodes: usize) -> Self {
        Self { ends: Matrix::from_fn(nodes, nodes, |i, j| i != j) }
    }

    /// The graph with these edges.
    ///
    /// # Errors
    /// `METRIC_GRAPH` for a node that does not exist, an edge from a node to itself, or two edges between the same nodes.
    pub fn of(edges: &Edges) -> Result<Self> {
        let mut graph = Self::empty(edges.nodes);
        let arrows = edges.arrows.iter().map(|&[i, j]| (i, j, false));
        for (i, j, line) in arrows.chain(edges.lines.iter().map(|&[i, j]| (i, j, true))) {
            if i >= edges.nodes || j >= edges.nodes || i == j || graph.adjacent(i, j) {
                return Err(Failure::new(
                    Code::MetricGraph,
                    format!(
                        "edge between nodes {i} and {j} of {}: expected two different nodes (numbered from 0), each pair once",
                        edges.nodes
                    ),
                ));
            }
            (graph.ends[(i, j)], graph.ends[(j, i)]) = (true, line);
        }
        Ok(graph)
    }

    /// The DAG of an adjacency matrix (d x d): an entry `(i, j)` that is not 0 is an arrow i -> j.
    ///
    /// # Errors
    /// `METRIC_GRAPH` when it is not square, holds NaN, or has a cycle.
    pub fn dag(adjacency: &Matrix<f64>) -> Result<Self> {
        let d = adjacency.rows();
        let refuse = |what: String| Err(Failure::new(Code::MetricGraph, what));
        if adjacency.cols() != d || adjacency.data().iter().any(|w| w.is_nan()) {
            return refuse(format!(
                "a graph as a {d} x {} matrix, expected a square one without NaN",
                adjacency.cols()
            ));
        }
        let graph = Self { ends: adjacency.map(|w| w != 0.0) };
        let both_ways = (0..d).any(|i| (0..=i).any(|j| graph.line(i, j)));
        match graph.causal_order() {
            Some(_) if !both_ways => Ok(graph),
            _ => refuse("the arrows of a graph that must be acyclic form a cycle".to_owned()),
        }
    }

    /// Its edges as plain data.
    pub fn edges(&self) -> Edges {
        let (mut arrows, mut lines) = (Vec::new(), Vec::new());
        for i in 0..self.nodes() {
            arrows.extend((0..self.nodes()).filter(|&j| self.arrow(i, j)).map(|j| [i, j]));
            lines.extend((i + 1..self.nodes()).filter(|&j| self.line(i, j)).map(|j| [i, j]));
        }
        Edges { nodes: self.nodes(), arrows, lines }
    }

    /// Number of nodes.
    pub fn nodes(&self) -> usize {
        self.ends.rows()
    }

    /// Whether there is i -> j.
    pub fn arrow(&self, i: usize, j: usize) -> bool {
        self.ends[(i, j)] && !self.ends[(j, i)]
    }

    /// Whether there is i - j.
    pub fn line(&self, i: usize, j: usize) -> bool {
        self.ends[(i, j)] && self.ends[(j, i)]
    }

    /// Whether there is any edge between i and j.
    pub fn adjacent(&self, i: usize, j: usize) -> bool {
        self.ends[(i, j)] || self.ends[(j, i)]
    }

    /// Number of edges.
    pub fn size(&self) -> usize {
        (0..self.nodes()).map(|i| (0..i).filter(|&j| self.adjacent(i, j)).count()).sum()
    }

    /// Nodes with an edge to i, ascending.
    pub fn neighbors(&self, i: usize) -> Vec<usize> {
        (0..self.nodes()).filter(|&j| self.adjacent(i, j)).collect()
    }

    /// Takes the edge between i and j away.
    pub(crate) fn remove(&mut self, i: usize, j: usize) {
        (self.ends[(i, j)], self.ends[(j, i)]) = (false, false);
    }

    /// Makes the edge between i and j an arrow i -> j.
    pub(crate) fn direct(&mut self, i: usize, j: usize) {
        (self.ends[(i, j)], self.ends[(j, i)]) = (true, false);
    }

    /// The same edges without directions.
    pub fn skeleton(&self) -> Self {
        Self { ends: Matrix::from_fn(self.nodes(), self.nodes(), |i, j| self.adjacent(i, j)) }
    }

    /// Colliders `i -> j <- k` with i and k not adjacent, as `[i, j, k]` with i < k, ascending in j.
    pub fn v_structures(&self) -> Vec<[usize; 3]> {
        let mut found = Vec::new();
        for j in 0..self.nodes() {
            let parents: Vec<usize> = (0..self.nodes()).filter(|&i| self.arrow(i, j)).collect();
            for (place, &k) in parents.iter().enumerate() {
                found.extend(parents[..place].iter().filter(|&&i| !self.adjacent(i, k)).map(|&i| [i, j, k]));
            }
        }
        found
    }

    /// An order of the nodes in which every arrow points forward, lines aside; `None` where arrows form a cycle.
    pub fn causal_order(&self) -> Option<Vec<usize>> {
        let mut left: Vec<usize> = (0..self.nodes()).collect();
        let mut order = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let first = left.iter().position(|&j| left.iter().all(|&i| !self.arrow(i, j)))?;
            order.push(left.remove(first));
        }
        Some(order)
    }

    /// The edges between nodes of different groups alone; a node that `groups` does not reach is a group of its own.
    pub(crate) fn between(&self, groups: &[usize]) -> Self {
        let group = |i: usize| groups.get(i).copied().ok_or(i);
        let kept = |i: usize, j: usize| self.ends[(i, j)] && group(i) != group(j);
        Self { ends: Matrix::from_fn(self.nodes(), self.nodes(), kept) }
    }

    /// The graph over other nodes: node i of the result is node `source[i]` of this one, or new and alone.
    pub fn rearranged(&self, source: &[Option<usize>]) -> Self {
        let end = |i: usize, j: usize| Some(self.ends[(source[i]?, source[j]?)]);
        Self { ends: Matrix::from_fn(source.len(), source.len(), |i, j| end(i, j).unwrap_or(false)) }
    }
}

/// The weights at these places, taken one after the other unless they close a cycle with those before; and those left out. Both are
/// as large as `weights` (k x k, from row to column), and 0 elsewhere.
pub fn without_cycles(
    weights: &Matrix<f64>,
    places: impl IntoIterator<Item = (usize, usize)>,
) -> (Matrix<f64>, Matrix<f64>) {
    let mut kept = Matrix::zeros(weights.rows(), weights.cols());
    let mut left_out = kept.clone();
    for at in places {
        kept[at] = weights[at];
        if Graph::dag(&kept).is_err() {
            (kept[at], left_out[at]) = (0.0, weights[at]);
        }
    }
    (kept, left_out)
}
