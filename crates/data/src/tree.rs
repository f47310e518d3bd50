//! A rooted tree over environments.

mod newick;
mod table;

pub use newick::parse_newick;
pub use table::parse_table;

use crate::failure::{Code, Failure, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Nodes in any order; inner nodes may be environments too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Tree {
    /// Unique, non-empty names.
    pub names: Vec<String>,
    /// Index of the parent; `None` for the one root.
    pub parents: Vec<Option<usize>>,
    /// Length of the branch to the parent; 1 where the source gives none, 0 for the root.
    pub lengths: Vec<f64>,
}

/// What a file holds before it has been checked.
#[derive(Deserialize)]
struct Parts {
    names: Vec<String>,
    parents: Vec<Option<usize>>,
    lengths: Vec<f64>,
}

impl TryFrom<Parts> for Tree {
    type Error = Failure;
    fn try_from(parts: Parts) -> Result<Self> {
        Self::new(parts.names, parts.parents, parts.lengths)
    }
}

impl Tree {
    /// Checked constructor: one name, parent and branch length per node. The root has no branch: its length becomes 0.
    ///
    /// # Errors
    /// `DATA_SHAPE` (sizes differ, parent out of range), `TREE_NAMES`, `TREE_LENGTH`, `TREE_CYCLE`, `TREE_ROOTS`.
    pub fn new(names: Vec<String>, parents: Vec<Option<usize>>, mut lengths: Vec<f64>) -> Result<Self> {
        check_sizes(&names, &parents, &lengths)?;
        check_names(&names)?;
        check_lengths(&names, &parents, &lengths)?;
        check_cycles(&names, &parents)?;
        let root = only_root(&names, &parents)?;
        lengths[root] = 0.0;
        Ok(Self { names, parents, lengths })
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Never true: a tree has a root.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Index of the root.
    pub fn root(&self) -> usize {
        self.parents.iter().position(Option::is_none).expect("a checked tree has a root")
    }

    /// Children of every node, in order of index.
    pub fn children(&self) -> Vec<Vec<usize>> {
        let mut children = vec![Vec::new(); self.len()];
        for (node, parent) in self.parents.iter().enumerate() {
            if let Some(parent) = parent {
                children[*parent].push(node);
            }
        }
        children
    }

    /// Nodes without children, in order of index.
    pub fn leaves(&self) -> Vec<usize> {
        let children = self.children();
        (0..self.len()).filter(|&node| children[node].is_empty()).collect()
    }

    /// All nodes, parents before children: level by level from the root, siblings in order of index.
    pub fn order(&self) -> Vec<usize> {
        let children = self.children();
        let mut order = vec![self.root()];
        let mut next = 0;
        while let Some(&node) = order.get(next) {
            order.extend_from_slice(&children[node]);
            next += 1;
        }
        order
    }

    /// The nodes from `node` (included) up to the root (included).
    pub fn path_to_root(&self, node: usize) -> Vec<usize> {
        std::iter::successors(Some(node), |&at| self.parents[at]).collect()
    }

    /// Index of the node called `name`.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| other == name)
    }

    /// Number of edges between every node and the root.
    pub fn depths(&self) -> Vec<usize> {
        let mut depths = vec![0; self.len()];
        for node in self.order() {
            if let Some(parent) = self.parents[node] {
                depths[node] = depths[parent] + 1;
            }
        }
        depths
    }

    /// Number of edges on the longest path from the root.
    pub fn depth(&self) -> usize {
        self.depths().into_iter().max().unwrap_or(0)
    }

    /// The tree as Newick text with all names and lengths; [`parse_newick`] reads it back, nodes in preorder.
    pub fn to_newick(&self) -> String {
        newick::write(self)
    }
}

/// The next name `node1`, `node2`, ... that is not taken.
pub(crate) fn generated_name(taken: &dyn Fn(&str) -> bool, counter: &mut usize) -> String {
    loop {
        *counter += 1;
        let name = format!("node{counter}");
        if !taken(&name) {
            return name;
        }
    }
}

fn check_sizes(names: &[String], parents: &[Option<usize>], lengths: &[f64]) -> Result<()> {
    let n = names.len();
    if parents.len() != n || lengths.len() != n {
        return Err(Failure::new(
            Code::DataShape,
            format!("a tree of {n} names has {} parents and {} lengths", parents.len(), lengths.len()),
        )
        .hint("give one name, one parent and one length per node"));
    }
    match (0..n).find(|&i| parents[i].is_some_and(|p| p >= n)) {
        None => Ok(()),
        Some(i) => Err(Failure::new(
            Code::DataShape,
            format!(
                "the parent of tree node {:?} has index {}, allowed 0 to {}",
                names[i],
                parents[i].unwrap_or(0),
                n - 1
            ),
        )
        .hint("a parent is the index of a node, or -1 for the root")),
    }
}

fn check_names(names: &[String]) -> Result<()> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(Failure::new(Code::TreeNames, format!("node {i} of the tree has an empty name"))
                .hint("give every node a name")
                .with("node", i));
        }
        if first.insert(name, i).is_some() {
            return Err(Failure::new(Code::TreeNames, format!("two nodes of the tree are called {name:?}"))
                .hint("give every node its own name; support values on inner nodes must be removed")
                .with("name", name.as_str()));
        }
    }
    Ok(())
}

fn check_lengths(names: &[String], parents: &[Option<usize>], lengths: &[f64]) -> Result<()> {
    // The root's length is not used, so whatever a file says there does no harm.
    match (0..names.len()).find(|&i| parents[i].is_some() && !is_length(lengths[i])) {
        None => Ok(()),
        Some(i) => Err(bad_length(&names[i], lengths[i])),
    }
}

fn is_length(length: f64) -> bool {
    length.is_finite() && length >= 0.0
}

fn bad_length(name: &str, length: f64) -> Failure {
    Failure::new(
        Code::TreeLength,
        format!("the branch above tree node {name:?} has length {length}, allowed are finite numbers >= 0"),
    )
    .hint("correct the length, or leave it out: it then counts as 1")
    .with("name", name)
}

fn check_cycles(names: &[String], parents: &[Option<usize>]) -> Result<()> {
    // `seen[i]` is the walk that visited node i; meeting one's own walk again is a cycle.
    let mut seen = vec![usize::MAX; names.len()];
    for start in 0..names.len() {
        let mut at = start;
        while seen[at] == usize::MAX {
            seen[at] = start;
            match parents[at] {
                Some(parent) => at = parent,
                None => break,
            }
        }
        if seen[at] == start && parents[at].is_some() {
            let mut cycle = vec![at];
            let mut next = parents[at];
            while let Some(node) = next.filter(|&node| node != at) {
                cycle.push(node);
                next = parents[node];
            }
            let mut words: Vec<String> = cycle.iter().map(|&i| format!("{:?}", names[i])).collect();
            words.push(words[0].clone());
            return Err(Failure::new(Code::TreeCycle, format!("the parents form a cycle: {}", words.join(" -> ")))
                .hint("one of these nodes must have another parent, or none")
                .with("cycle", cycle.iter().map(|&i| names[i].clone()).collect::<Vec<_>>()));
        }
    }
    Ok(())
}

fn only_root(names: &[String], parents: &[Option<usize>]) -> Result<usize> {
    let roots: Vec<usize> = (0..names.len()).filter(|&i| parents[i].is_none()).collect();
    match roots[..] {
        [root] => Ok(root),
        [] => Err(Failure::new(Code::TreeRoots, "the tree has no root: it is empty").hint("give at least one node")),
        _ => {
            let words: Vec<&str> = roots.iter().map(|&i| names[i].as_str()).collect();
            Err(Failure::new(Code::TreeRoots, format!("the tree has {} roots, allowed is 1: {words:?}", roots.len()))
                .hint("join them under one parent")
                .with("roots", words))
        }
    }
}

#[cfg(test)]
mod tests;
