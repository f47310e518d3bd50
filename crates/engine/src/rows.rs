//! Views of prepared rows that several methods need.

use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;

/// Parent of each tree node; empty without a tree.
pub fn parents(data: &Prepared) -> Vec<Option<usize>> {
    data.tree.as_ref().map(|tree| tree.parents.clone()).unwrap_or_default()
}

/// Names of the nodes that `data.nodes` indexes; empty without environments.
pub fn environment_names(data: &Prepared) -> Vec<String> {
    data.environments.as_ref().map(|environments| environments.names.clone()).unwrap_or_default()
}

/// Number of rows of a part of the split at each node.
pub fn per_node(data: &Prepared, part: Split) -> Vec<usize> {
    let mut counts = vec![0; environment_names(data).len().max(1)];
    data.rows_of(part).into_iter().for_each(|i| counts[data.nodes[i] as usize] += 1);
    counts
}

/// The first target of the given rows, standardised; empty without a target.
pub fn target(data: &Prepared, rows: &[usize]) -> Vec<f32> {
    data.targets.as_ref().map(|t| rows.iter().map(|&i| t.values[(i, 0)]).collect()).unwrap_or_default()
}

/// Units of the first target per unit of the standardised one; 1 without a target.
pub fn target_unit(data: &Prepared) -> f64 {
    data.targets.as_ref().map_or(1.0, |t| t.standardiser.sd[0])
}
