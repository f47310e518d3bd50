//! A tree over environments computed from the data.
//!
//! Mean of every environment in the leading principal components of the standardised inputs; distance 1 - Pearson
//! correlation between those means, over components; complete linkage; branch lengths are differences of merge heights.
//! This is the default of `scanpy.tl.dendrogram` after scaling: *SCANPY* (Wolf et al., 2018),
//! <https://doi.org/10.1186/s13059-017-1382-0>.
//!
//! Conventions: correlations over components depend on the components' signs, so each axis is turned such that its largest
//! loading is positive (the first one of equal size); equal distances merge the pair with the lowest indices.

mod linkage;

use crate::dataset::Labels;
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::split::rows_by_level;
use crate::tree::{Tree, generated_name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the dendrogram is computed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DendrogramConfig {
    /// Number of leading principal components in which environments are compared. Default: 50, or fewer where there are
    /// fewer rows or columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 2))]
    pub components: Option<usize>,
}

/// The dendrogram of the environments that have rows. Leaves come first, in order of the labels' levels, then the merges
/// `node1`, `node2`, ... from the lowest to the root.
///
/// # Errors
/// `DATA_NEEDS_ENVIRONMENTS` (fewer than two), `DATA_NOT_FINITE`, `DATA_SHAPE` (labels do not fit, fewer than two varying
/// columns), `CONFIG_OUT_OF_RANGE`, `NUMERIC_NOT_FINITE` (a mean without direction).
pub fn dendrogram(inputs: &Matrix, environments: &Labels, config: &DendrogramConfig) -> Result<Tree> {
    let (n, d) = (inputs.rows(), inputs.cols());
    if inputs.data().iter().any(|value| !value.is_finite()) {
        return Err(Failure::new(Code::DataNotFinite, "a dendrogram needs inputs without missing or infinite values")
            .hint(
                "it is computed before `missing` is applied: leave such rows or columns out beforehand, or give a tree",
            ));
    }
    let groups = rows_by_level(environments, n)?;
    let (leaves, rows): (Vec<String>, Vec<Vec<usize>>) =
        environments.levels.iter().cloned().zip(groups).filter(|(_, rows)| !rows.is_empty()).unzip();
    if leaves.len() < 2 {
        return Err(Failure::new(
            Code::DataNeedsEnvironments,
            format!("a dendrogram needs rows from at least 2 environments, got {}", leaves.len()),
        )
        .hint("give rows from several environments"));
    }
    if let Some(row) = leaves.iter().position(String::is_empty).and_then(|leaf| rows[leaf].first()) {
        return Err(Failure::new(
            Code::DataNotFinite,
            format!("column {:?}, row {}: no label, a dendrogram needs one", environments.column, row + 1),
        )
        .hint("fill the column, leave such rows out beforehand, or give a tree"));
    }
    let most = (n - 1).min(d);
    let components = config.components.unwrap_or(50.min(most));
    if config.components.is_some_and(|wanted| wanted < 2 || wanted > most) {
        return Err(Failure::new(
            Code::ConfigOutOfRange,
            format!("components: {components} is not between 2 and {most}, the number of rows - 1 or columns"),
        )
        .at("components"));
    }
    let standard = crate::axes::Standard::of(inputs);
    if components < 2 || standard.varying() < 2 {
        return Err(Failure::new(
            Code::DataShape,
            format!("a dendrogram needs 2 input columns that vary and 3 rows, got {} and {n}", standard.varying()),
        )
        .hint("give a tree, or more input columns"));
    }
    let axes = crate::axes::principal_axes(&standard, components)?;
    let means = project(&standard, &axes, &rows);
    let distances = correlation_distances(&means, &leaves)?;
    tree(leaves, &linkage::complete(distances))
}

/// Means of the groups on the axes, e x p. The projection is linear, so only the means are projected.
fn project(standard: &crate::axes::Standard<'_>, axes: &Matrix<f64>, groups: &[Vec<usize>]) -> Matrix<f64> {
    let (d, p) = (axes.rows(), axes.cols());
    let mut means = Matrix::zeros(groups.len(), p);
    let mut sum = vec![0.0; d];
    for (e, rows) in groups.iter().enumerate() {
        sum.fill(0.0);
        for &row in rows {
            standard.row(row).zip(&mut sum).for_each(|(value, sum)| *sum += value);
        }
        for (j, sum) in sum.iter().enumerate() {
            let mean = sum / rows.len() as f64;
            means.row_mut(e).iter_mut().zip(axes.row(j)).for_each(|(to, axis)| *to += mean * axis);
        }
    }
    means
}

/// 1 - Pearson correlation between the rows of `means`, a full symmetric matrix.
fn correlation_distances(means: &Matrix<f64>, names: &[String]) -> Result<Matrix<f64>> {
    let (e, p) = (means.rows(), means.cols());
    let mut unit = means.clone();
    for i in 0..e {
        let row = unit.row_mut(i);
        let size = row.iter().map(|v| v * v).sum::<f64>().sqrt();
        let mean = row.iter().sum::<f64>() / p as f64;
        row.iter_mut().for_each(|v| *v -= mean);
        let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt();
        // What is left is rounding: the direction would be noise.
        if norm <= 1e-12 * size || norm == 0.0 {
            return Err(Failure::new(
                Code::NumericNotFinite,
                format!("the mean of environment {:?} is the same in all components: no correlation", names[i]),
            )
            .hint("give a tree, or leave this environment out"));
        }
        row.iter_mut().for_each(|v| *v /= norm);
    }
    Ok(Matrix::from_fn(e, e, |i, j| {
        let (a, b) = (unit.row(i.min(j)), unit.row(i.max(j)));
        let correlation: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
        (1.0 - correlation).clamp(0.0, 2.0)
    }))
}

fn tree(mut names: Vec<String>, merges: &[linkage::Merge]) -> Result<Tree> {
    let leaves = names.len();
    let mut heights = vec![0.0; leaves];
    let mut parents = vec![None; leaves + merges.len()];
    let mut counter = 0;
    for (i, merge) in merges.iter().enumerate() {
        let name = generated_name(&|name| names[..leaves].iter().any(|leaf| leaf == name), &mut counter);
        names.push(name);
        heights.push(merge.height);
        parents[merge.first] = Some(leaves + i);
        parents[merge.second] = Some(leaves + i);
    }
    let length = |(node, parent): (usize, &Option<usize>)| parent.map_or(0.0, |p| heights[p] - heights[node]);
    let lengths = parents.iter().enumerate().map(length).collect();
    Tree::new(names, parents, lengths)
}

#[cfg(test)]
mod tests;
