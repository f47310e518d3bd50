//! The one type that every reader and simulator produces and every method consumes.

use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::offsets::Offsets;
use crate::tree::Tree;
use crate::views::{self, View};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a column of labels says about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The environment (cell type, site, batch, subject, time window) the row was measured in.
    Environment,
    /// The task the row's target belongs to.
    Task,
}

impl Role {
    /// The role of this name.
    ///
    /// # Errors
    /// `CONFIG_UNKNOWN_KEY`, which for `segment` says what took its place.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "environment" => Ok(Role::Environment),
            "task" => Ok(Role::Task),
            "segment" => Err(Failure::new(Code::ConfigUnknownKey, "labels.segment: the role `segment` is retired")
                .at("labels.segment")
                .hint("give these labels as `environment`: segments are environments")),
            other => Err(Failure::new(Code::ConfigUnknownKey, format!("labels: there is no role {other:?}"))
                .at(format!("labels.{other}"))
                .hint("the roles of labels are `environment` and `task`")),
        }
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Environment => "environment",
            Role::Task => "task",
        }
    }
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

    /// Checks that there is one label per row and that each code names one.
    ///
    /// # Errors
    /// `DATA_SHAPE`.
    pub(crate) fn check(&self, rows: usize) -> Result<()> {
        check_size(format!("labels in column {:?}", self.column), self.codes.len(), rows)?;
        let Some(code) = self.codes.iter().find(|&&code| code as usize >= self.levels.len()) else { return Ok(()) };
        let message = format!("column {:?}: code {code}, but there are {} labels", self.column, self.levels.len());
        Err(Failure::new(Code::DataShape, message).hint("codes count labels from 0"))
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
    /// Named ranges of the input columns, one after the other: modalities and images. Empty: one view, `inputs`, of all columns.
    pub views: Vec<View>,
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
    /// belongs to it), `causes` and `coefficients` (tasks x k; of shifting mechanisms environments x edges), `noiseMeans` and
    /// `noiseScales` (environments x k), `shifting` and `distinctLinks` (1 x k), `additive` and `noises` (n x k), `private` (n x e, what only one
    /// modality sees), `mixing` (d x k). Tables about nodes, tasks, blocks or inputs carry
    /// their names in `rows`.
    pub truth: BTreeMap<String, Table>,
    /// Where the numbers come from, for the report: source path, format, simulator and its configuration.
    pub provenance: Map<String, Value>,
    /// What is to be added to inputs and targets that lie far from zero.
    pub offsets: Offsets,
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

    /// The views; where none are declared, the one of all columns.
    pub fn views(&self) -> Vec<View> {
        views::or_whole(&self.views, self.inputs.cols())
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
        let shape = check_size;
        shape("number of input names".into(), self.input_names.len(), self.inputs.cols())?;
        views::check(&self.views, &self.input_names)?;
        if !self.row_ids.is_empty() {
            shape("number of row ids".into(), self.row_ids.len(), n)?;
        }
        self.labels.values().try_for_each(|labels| labels.check(n))?;
        if let Some(targets) = &self.targets {
            shape("rows of the targets".into(), targets.values.rows(), n)?;
            shape("number of target names".into(), targets.columns.len(), targets.values.cols())?;
        }
        for (name, table) in &self.truth {
            let rows = if table.rows.is_empty() { n } else { table.rows.len() };
            shape(format!("rows of the truth {name:?}"), table.values.rows(), rows)?;
            shape(format!("columns of the truth {name:?}"), table.columns.len(), table.values.cols())?;
        }
        let Offsets { inputs, targets } = &self.offsets;
        let targets_wide = self.targets.as_ref().map_or(0, |targets| targets.values.cols());
        for (what, given, wide) in [("inputs", inputs, self.inputs.cols()), ("targets", targets, targets_wide)] {
            shape(format!("offsets of the {what}"), given.len(), if given.is_empty() { 0 } else { wide })?;
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
        self.seen(self.named_labels()).finalize().to_hex().to_string()
    }

    /// The fingerprint of the same data set with labels under other names of roles than this version has.
    pub(crate) fn fingerprint_labelled<'a>(&self, labels: impl Iterator<Item = (String, &'a Labels)>) -> String {
        self.seen(labels).finalize().to_hex().to_string()
    }

    fn named_labels(&self) -> impl Iterator<Item = (String, &Labels)> {
        self.labels.iter().map(|(role, labels)| (format!("{role:?}"), labels))
    }

    /// The same, and of the tables of the truth that a method is shown, by their names: with another one of these it is another
    /// fit. Without any, [`Dataset::fingerprint`].
    pub fn fingerprint_shown(&self, truth: &[String]) -> String {
        let mut hash = self.seen(self.named_labels());
        let names: std::collections::BTreeSet<&String> = truth.iter().collect();
        for (name, table) in names.into_iter().filter_map(|name| self.truth.get_key_value(name)) {
            hash_text(&mut hash, name);
            table.columns.iter().chain(&table.rows).for_each(|name| hash_text(&mut hash, name));
            hash_matrix(&mut hash, &table.values);
        }
        hash.finalize().to_hex().to_string()
    }

    fn seen<'a>(&self, labels: impl Iterator<Item = (String, &'a Labels)>) -> blake3::Hasher {
        let mut hash = blake3::Hasher::new();
        hash_matrix(&mut hash, &self.inputs);
        self.input_names.iter().for_each(|name| hash_text(&mut hash, name));
        if !views::is_plain(&self.views) {
            // Only then: data without views keep the fingerprint that they had before there were any.
            hash_text(&mut hash, &serde_json::to_string(&self.views).expect("views serialise"));
        }
        for (role, labels) in labels {
            hash_text(&mut hash, &role);
            (0..labels.codes.len()).for_each(|i| hash_text(&mut hash, labels.label(i)));
        }
        if let Some(targets) = &self.targets {
            targets.columns.iter().for_each(|name| hash_text(&mut hash, name));
            hash_matrix(&mut hash, &targets.values);
        }
        if !self.offsets.is_empty() {
            hash_text(&mut hash, &serde_json::to_string(&self.offsets).expect("offsets serialise"));
        }
        if let Some(tree) = &self.tree {
            hash_text(&mut hash, &serde_json::to_string(tree).expect("a tree serialises"));
        }
        hash
    }
}

fn check_size(what: String, got: usize, expected: usize) -> Result<()> {
    if got == expected {
        return Ok(());
    }
    Err(Failure::new(Code::DataShape, format!("{what}: {got}, expected {expected}"))
        .hint("one name per column and one value per row, in the same order")
        .with("got", got)
        .with("expected", expected))
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
