//! What is in a data set, before anything is learnt from it.

mod tasks;

pub use tasks::{TaskDescription, TaskSummary};

use crate::dataset::{Dataset, Role};
use crate::prepare::moments::{Moments, moments};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lists of columns are cut here: data sets have up to tens of thousands.
const LISTED: usize = 20;

/// A data set in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// Name of the data set.
    pub name: String,
    /// Number of rows.
    pub rows: usize,
    /// Number of input columns.
    pub columns: usize,
    /// Missing values in the inputs.
    pub missing: ColumnCounts,
    /// Infinite values in the inputs, which are refused by every method.
    pub infinite: ColumnCounts,
    /// Input columns that never vary, missing values aside.
    pub constant: ColumnList,
    /// Sizes of environments and tasks.
    pub labels: Vec<LabelSummary>,
    /// One entry per target column.
    pub targets: Vec<TargetSummary>,
    /// The tasks, where there are any: labels with one target, or several targets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tasks: Option<TaskDescription>,
    /// The tree and how it fits the environments.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tree: Option<TreeDescription>,
    /// Which true quantities are known.
    pub truth: Vec<TableSize>,
    /// Hash of everything that a method may see.
    pub fingerprint: String,
    /// Hash of the same and of the truth that a method is shown; absent where it is shown none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shown: Option<String>,
    /// Estimated memory of a fit.
    pub memory: Memory,
}

/// How many values, in how many columns, and the worst columns first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ColumnCounts {
    /// Number of values.
    pub values: usize,
    /// Number of columns that have any.
    pub columns: usize,
    /// At most twenty columns, most values first.
    pub worst: Vec<ColumnCount>,
}

/// Number of values in one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ColumnCount {
    /// Name of the column.
    pub column: String,
    /// Number of values.
    pub count: usize,
}

/// How many columns, and the first of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ColumnList {
    /// Number of columns.
    pub count: usize,
    /// At most twenty names.
    pub first: Vec<String>,
}

/// One column of labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabelSummary {
    /// `environment` or `task`.
    pub role: String,
    /// Name of the column.
    pub column: String,
    /// Rows of each label, in order of first appearance; an empty label is a missing one.
    pub sizes: Vec<LabelSize>,
}

/// Rows of one label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabelSize {
    /// The label.
    pub label: String,
    /// Number of rows.
    pub rows: usize,
}

/// One target column. The moments are absent where no value is finite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetSummary {
    /// Name of the column.
    pub column: String,
    /// Number of missing values.
    pub missing: usize,
    /// Number of infinite values.
    pub infinite: usize,
    /// Mean of the finite values.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mean: Option<f64>,
    /// Standard deviation of the finite values (divided by n).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sd: Option<f64>,
    /// Smallest finite value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub min: Option<f64>,
    /// Largest finite value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max: Option<f64>,
}

/// The tree and how it fits the environments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TreeDescription {
    /// Number of nodes, the root included.
    pub nodes: usize,
    /// Number of leaves.
    pub leaves: usize,
    /// Edges on the longest path from the root.
    pub depth: usize,
    /// Environments that name no node; every method refuses them.
    pub unknown_environments: Vec<String>,
    /// Leaves without rows.
    pub leaves_without_rows: Vec<String>,
}

/// A table of the truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TableSize {
    /// For example `latents`.
    pub name: String,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
}

/// An estimate, and of what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// In bytes.
    pub bytes: u64,
    /// What is counted.
    pub of: String,
}

/// Describes a data set, of whose truth a method is shown the tables of these names.
pub fn describe(dataset: &Dataset, shown: &[String]) -> Description {
    let all: Vec<usize> = (0..dataset.rows()).collect();
    let columns = moments(&dataset.inputs, &all);
    let constant: Vec<&String> = columns
        .iter()
        .zip(&dataset.input_names)
        .filter(|(column, _)| column.constant())
        .map(|(_, name)| name)
        .collect();
    Description {
        name: dataset.name.clone(),
        rows: dataset.rows(),
        columns: dataset.inputs.cols(),
        missing: counts(&dataset.input_names, &columns, |column| column.missing),
        infinite: counts(&dataset.input_names, &columns, |column| column.infinite),
        constant: ColumnList { count: constant.len(), first: constant.into_iter().take(LISTED).cloned().collect() },
        labels: labels(dataset),
        targets: targets(dataset, &all),
        tasks: tasks::tasks(dataset),
        tree: tree(dataset),
        truth: dataset
            .truth
            .iter()
            .map(|(name, table)| TableSize {
                name: name.clone(),
                rows: table.values.rows(),
                columns: table.values.cols(),
            })
            .collect(),
        fingerprint: dataset.fingerprint(),
        shown: (!shown.is_empty()).then(|| dataset.fingerprint_shown(shown)),
        memory: memory(dataset),
    }
}

fn counts(names: &[String], columns: &[Moments], count: impl Fn(&Moments) -> usize) -> ColumnCounts {
    let mut found: Vec<ColumnCount> = columns
        .iter()
        .zip(names)
        .map(|(column, name)| ColumnCount { column: name.clone(), count: count(column) })
        .filter(|column| column.count > 0)
        .collect();
    // Stable: of equally bad columns the first one stays first.
    found.sort_by_key(|column| std::cmp::Reverse(column.count));
    let (values, columns) = (found.iter().map(|column| column.count).sum(), found.len());
    found.truncate(LISTED);
    ColumnCounts { values, columns, worst: found }
}

fn labels(dataset: &Dataset) -> Vec<LabelSummary> {
    let summary = |(role, labels): (&Role, &crate::dataset::Labels)| {
        let mut rows = vec![0; labels.levels.len()];
        labels.codes.iter().for_each(|&code| rows[code as usize] += 1);
        let sizes = labels.levels.iter().cloned().zip(rows).map(|(label, rows)| LabelSize { label, rows }).collect();
        LabelSummary { role: role.as_str().to_owned(), column: labels.column.clone(), sizes }
    };
    dataset.labels.iter().map(summary).collect()
}

fn targets(dataset: &Dataset, rows: &[usize]) -> Vec<TargetSummary> {
    let Some(targets) = &dataset.targets else { return Vec::new() };
    let offsets = &dataset.offsets.targets;
    let summary = |(place, (column, name)): (usize, (Moments, &String))| {
        let offset = offsets.get(place).copied().unwrap_or_default();
        let known = |value: f64| (column.finite > 0).then_some(value);
        TargetSummary {
            column: name.clone(),
            missing: column.missing,
            infinite: column.infinite,
            mean: known(column.mean + offset),
            sd: known(column.sd),
            min: known(f64::from(column.min) + offset),
            max: known(f64::from(column.max) + offset),
        }
    };
    moments(&targets.values, rows).into_iter().zip(&targets.columns).enumerate().map(summary).collect()
}

fn tree(dataset: &Dataset) -> Option<TreeDescription> {
    let tree = dataset.tree.as_ref()?;
    let mut used = std::collections::BTreeSet::new();
    if let Some(labels) = dataset.labels.get(&Role::Environment) {
        let codes: std::collections::BTreeSet<u32> = labels.codes.iter().copied().collect();
        used.extend(codes.into_iter().map(|code| labels.levels[code as usize].as_str()));
    }
    let nodes: std::collections::BTreeSet<&str> = tree.names.iter().map(String::as_str).collect();
    let leaves = tree.leaves();
    Some(TreeDescription {
        nodes: tree.len(),
        leaves: leaves.len(),
        depth: tree.depth(),
        unknown_environments: used.iter().filter(|name| !nodes.contains(*name)).map(|&name| name.to_owned()).collect(),
        leaves_without_rows: leaves
            .into_iter()
            .map(|leaf| &tree.names[leaf])
            .filter(|name| !used.contains(name.as_str()))
            .cloned()
            .collect(),
    })
}

fn memory(dataset: &Dataset) -> Memory {
    let tables = dataset.targets.iter().chain(dataset.truth.values());
    let given = dataset.inputs.data().len() + tables.map(|table| table.values.data().len()).sum::<usize>();
    let labels: usize = dataset.labels.values().map(|labels| labels.codes.len()).sum();
    let visible = dataset.inputs.data().len() + dataset.targets.as_ref().map_or(0, |table| table.values.data().len());
    Memory {
        bytes: 4 * (given + labels + visible) as u64,
        of: "the data set and its standardized copy at 4 bytes a number; the model is small beside them".to_owned(),
    }
}

#[cfg(test)]
mod tests;
