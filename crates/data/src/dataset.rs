//! The one type that every reader and simulator produces and every method consumes.

use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::tree::Tree;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a column of labels says about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The environment (cell type, site, batch) the row was measured in.
    Environment,
    /// The task the row's target belongs to.
    Task,
    /// The segment (subject, time window) the row comes from.
    Segment,
}

/// One column of labels: text, never numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// Name of the column the labels came from.
    pub column: String,
    /// The distinct labels; `codes` index them. Order of first appearance.
    pub levels: Vec<String>,
    /// One code per row.
    #[serde(skip)]
    pub codes: Vec<u32>,
}

impl Labels {
    /// Encodes one label per row; levels in order of first appearance.
    pub fn encode<S: AsRef<str>>(column: impl Into<String>, labels: &[S]) -> Self {
        let mut index: BTreeMap<&str, u32> = BTreeMap::new();
        let mut levels = Vec::new();
        let codes = labels
            .iter()
            .map(|label| {
                let label = label.as_ref();
                *index.entry(label).or_insert_with(|| {
                    levels.push(label.to_owned());
                    (levels.len() - 1) as u32
                })
            })
            .collect();
        Self { column: column.into(), levels, codes }
    }

    /// The label of row `i`.
    pub fn label(&self, i: usize) -> &str {
        &self.levels[self.codes[i] as usize]
    }
}

/// A matrix whose columns have names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// One name per column of `values`.
    pub columns: Vec<String>,
    /// One name per row, or empty where rows are the rows of the data set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<String>,
    /// The numbers.
    #[serde(skip)]
    pub values: Matrix,
}

/// Everything a method may see (`inputs`, `labels`, `targets`, `tree`) and everything it may not (`truth`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dataset {
    /// A short name for people.
    pub name: String,
    /// Measurements, n x d.
    pub inputs: Matrix,
    /// One name per input column.
    pub input_names: Vec<String>,
    /// One id per row, or empty: then rows are numbered from 0.
    pub row_ids: Vec<String>,
    /// Label columns by role.
    pub labels: BTreeMap<Role, Labels>,
    /// Targets, n x t; NaN marks a missing target.
    pub targets: Option<Table>,
    /// Tree over the environments.
    pub tree: Option<Tree>,
    /// What only a simulator or an experiment knows: `latents` (n x k), `heads` (nodes x k), `changes` (nodes x k),
    /// `expected` (n x k, the best possible prediction of the latents from the inputs), `graph` (k x k), `blocks` (blocks x k, 1 =
    /// belongs to it), `causes` and `coefficients` (tasks x k), `mixing` (d x k). Tables about nodes, tasks, blocks or inputs carry
    /// their names in `rows`.
    pub truth: BTreeMap<String, Table>,
    /// Where the numbers come from, for the report: source path, format, simulator and its configuration.
    pub provenance: Map<String, Value>,
}

impl From<Dataset> for Cow<'_, Dataset> {
    fn from(dataset: Dataset) -> Self {
        Cow::Owned(dataset)
    }
}

impl<'a> From<&'a Dataset> for Cow<'a, Dataset> {
    fn from(dataset: &'a Dataset) -> Self {
        Cow::Borrowed(dataset)
    }
}

impl Dataset {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.inputs.rows()
    }

    /// Checks that all parts have fitting sizes and that names are unique.
    ///
    /// # Errors
    /// `DATA_SHAPE`, `DATA_DUPLICATE_COLUMN`, `DATA_EMPTY`.
    pub fn check_shapes(&self) -> Result<()> {
        let n = self.rows();
        if n == 0 || self.inputs.cols() == 0 {
            return Err(Failure::new(
                Code::DataEmpty,
                format!("the data set has {n} rows and {} input columns", self.inputs.cols()),
            )
            .hint("choose at least one input column with `inputs`"));
        }
        let shape = |what: String, got: usize, expected: usize| -> Result<()> {
            if got == expected {
                return Ok(());
            }
            Err(Failure::new(Code::DataShape, format!("{what}: {got}, expected {expected}"))
                .hint("one name per column and one value per row, in the same order")
                .with("got", got)
                .with("expected", expected))
        };
        shape("number of input names".into(), self.input_names.len(), self.inputs.cols())?;
        if !self.row_ids.is_empty() {
            shape("number of row ids".into(), self.row_ids.len(), n)?;
        }
        for labels in self.labels.values() {
            shape(format!("labels in column {:?}", labels.column), labels.codes.len(), n)?;
            if let Some(code) = labels.codes.iter().find(|&&c| c as usize >= labels.levels.len()) {
                return Err(Failure::new(
                    Code::DataShape,
                    format!("column {:?}: code {code}, but there are {} labels", labels.column, labels.levels.len()),
                )
                .hint("codes count labels from 0"));
            }
        }
        if let Some(targets) = &self.targets {
            shape("rows of the targets".into(), targets.values.rows(), n)?;
            shape("number of target names".into(), targets.columns.len(), targets.values.cols())?;
        }
        for (name, table) in &self.truth {
            let rows = if table.rows.is_empty() { n } else { table.rows.len() };
            shape(format!("rows of the truth {name:?}"), table.values.rows(), rows)?;
            shape(format!("columns of the truth {name:?}"), table.columns.len(), table.values.cols())?;
        }
        let mut seen = std::collections::BTreeSet::new();
        for name in &self.input_names {
            if !seen.insert(name) {
                return Err(Failure::new(Code::DataDuplicateColumn, format!("two input columns are called {name:?}"))
                    .hint("rename or remove one of them")
                    .with("column", name.clone()));
            }
        }
        Ok(())
    }

    /// BLAKE3 of every value, name and label that a method may see; truth and provenance do not count.
    pub fn fingerprint(&self) -> String {
        self.seen().finalize().to_hex().to_string()
    }

    /// The same, and of the tables of the truth that a method is shown, by their names: with another one of these it is another
    /// fit. Without any, [`Dataset::fingerprint`].
    pub fn fingerprint_shown(&self, truth: &[String]) -> String {
        let mut hash = self.seen();
        let names: std::collections::BTreeSet<&String> = truth.iter().collect();
        for (name, table) in names.into_iter().filter_map(|name| self.truth.get_key_value(name)) {
            hash_text(&mut hash, name);
            table.columns.iter().chain(&table.rows).for_each(|name| hash_text(&mut hash, name));
            hash_matrix(&mut hash, &table.values);
        }
        hash.finalize().to_hex().to_string()
    }

    fn seen(&self) -> blake3::Hasher {
        let mut hash = blake3::Hasher::new();
        hash_matrix(&mut hash, &self.inputs);
        self.input_names.iter().for_each(|name| hash_text(&mut hash, name));
        for (role, labels) in &self.labels {
            hash_text(&mut hash, &format!("{role:?}"));
            (0..labels.codes.len()).for_each(|i| hash_text(&mut hash, labels.label(i)));
        }
        if let Some(targets) = &self.targets {
            targets.columns.iter().for_each(|name| hash_text(&mut hash, name));
            hash_matrix(&mut hash, &targets.values);
        }
        if let Some(tree) = &self.tree {
            hash_text(&mut hash, &serde_json::to_string(tree).expect("a tree serialises"));
        }
        hash
    }
}

fn hash_text(hash: &mut blake3::Hasher, text: &str) {
    hash.update(&(text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}

fn hash_matrix(hash: &mut blake3::Hasher, m: &Matrix) {
    hash.update(&(m.rows() as u64).to_le_bytes());
    hash.update(&(m.cols() as u64).to_le_bytes());
    // In chunks: one update per value would cost more than the hash itself.
    for chunk in m.data().chunks(4096) {
        let bytes: Vec<u8> = chunk.iter().flat_map(|v| v.to_le_bytes()).collect();
        hash.update(&bytes);
    }
}
