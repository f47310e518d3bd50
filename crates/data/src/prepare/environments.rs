//! Environments as nodes of the tree.

use super::Warning;
use crate::dataset::Labels;
use crate::failure::{Code, Failure, Result};
use crate::nearest::did_you_mean;
use crate::tree::Tree;

/// The nodes that rows belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environments {
    /// Name of the column of labels.
    pub column: String,
    /// The nodes of the tree, in its order; without a tree the labels that have rows.
    pub names: Vec<String>,
}

/// Names of the nodes and the node of each row. Without a tree the nodes are the labels that have rows.
pub(super) fn nodes(labels: &Labels, tree: Option<&Tree>) -> Result<(Environments, Vec<u32>)> {
    let mut rows = vec![0usize; labels.levels.len()];
    labels.codes.iter().for_each(|&code| rows[code as usize] += 1);
    let used: Vec<usize> = (0..rows.len()).filter(|&level| rows[level] > 0).collect();
    let names: Vec<String> = match tree {
        Some(tree) => tree.names.clone(),
        None => used.iter().map(|&level| labels.levels[level].clone()).collect(),
    };
    let index: std::collections::BTreeMap<&str, u32> =
        names.iter().enumerate().map(|(i, name)| (name.as_str(), i as u32)).collect();
    let mut node_of = vec![0; labels.levels.len()];
    let mut unknown = Vec::new();
    for &level in &used {
        match index.get(labels.levels[level].as_str()) {
            Some(&node) => node_of[level] = node,
            None => unknown.push(labels.levels[level].as_str()),
        }
    }
    if let Some(first) = unknown.first() {
        let others = match unknown.len() {
            1 => String::new(),
            count => format!(" (and {} others)", count - 1),
        };
        return Err(Failure::new(
            Code::DataUnknownEnvironment,
            format!("column {:?}: the environment {first:?}{others} names no node of the tree", labels.column),
        )
        .hint(did_you_mean(first, names.iter().map(String::as_str)))
        .with("environments", unknown));
    }
    let codes = labels.codes.iter().map(|&code| node_of[code as usize]).collect();
    Ok((Environments { column: labels.column.clone(), names }, codes))
}

/// A leaf without rows is no mistake, but its head is a guess from its ancestors.
pub(super) fn empty_leaves(tree: &Tree, nodes: &[u32]) -> Option<Warning> {
    let mut seen = vec![false; tree.len()];
    nodes.iter().for_each(|&node| seen[node as usize] = true);
    let empty: Vec<&str> =
        tree.leaves().into_iter().filter(|&leaf| !seen[leaf]).map(|leaf| tree.names[leaf].as_str()).collect();
    (!empty.is_empty()).then(|| {
        Warning::new("TREE_LEAF_WITHOUT_ROWS", format!("leaves of the tree without rows: {}", listed(&empty)))
            .hint("what is said about them comes from their ancestors")
    })
}

/// At most eight names, quoted, then how many more.
pub(super) fn listed(names: &[&str]) -> String {
    let first: Vec<String> = names.iter().take(8).map(|name| format!("{name:?}")).collect();
    match names.len().saturating_sub(8) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
