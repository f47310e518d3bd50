//! `dataset.json`: what the folder holds, checked before any number is read.

use crate::dataset::{Dataset, Labels, Role};
use crate::failure::{Code, Failure, Result};
use crate::offsets::Offsets;
use crate::read::unreadable;
use crate::tree::Tree;
use crate::version;
use crate::views::View;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The name of the file.
pub(super) const MANIFEST: &str = "dataset.json";
/// The newest format that this version reads. What has no views is written as format 1, which every version reads.
pub(super) const FORMAT: u64 = 2;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Manifest {
    pub format: u64,
    pub name: String,
    pub rows: usize,
    pub inputs: ArrayFile,
    /// Names of the columns outside images.
    pub input_names: Vec<String>,
    /// Since format 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<View>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<TableFile>,
    #[serde(default)]
    pub labels: BTreeMap<WrittenRole, LabelsFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<TreeEntry>,
    #[serde(default)]
    pub truth: BTreeMap<String, TableFile>,
    #[serde(default)]
    pub provenance: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Offsets::is_empty")]
    pub offsets: Offsets,
    /// [`crate::Dataset::fingerprint`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Last, because it is long.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub row_ids: Vec<String>,
}

/// A role of labels as folders name it: those of [`Role`], and one that version 0.1 had besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum WrittenRole {
    Environment,
    Task,
    /// Read, never written: no method looked at it, and segments are environments.
    Segment,
}

impl WrittenRole {
    /// The role in this version.
    pub fn current(self) -> Option<Role> {
        match self {
            WrittenRole::Environment => Some(Role::Environment),
            WrittenRole::Task => Some(Role::Task),
            WrittenRole::Segment => None,
        }
    }
}

impl From<Role> for WrittenRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Environment => WrittenRole::Environment,
            Role::Task => WrittenRole::Task,
        }
    }
}

/// Takes the segments of an old folder for its environments where it has none, and says what became of them.
pub(super) fn take_segment(dataset: &mut Dataset, segment: Labels) {
    let column = &segment.column;
    let note = match dataset.labels.get(&Role::Environment) {
        None => format!("the segments in {column:?} are taken as environments: `segment` is retired"),
        Some(Labels { column: environment, .. }) => format!(
            "the segments in {column:?} are left out: `segment` is retired, and {environment:?} holds the environments"
        ),
    };
    dataset.labels.entry(Role::Environment).or_insert(segment);
    if let Value::Array(notes) = dataset.provenance.entry("notes").or_insert_with(|| Value::Array(Vec::new())) {
        notes.push(Value::String(note));
    }
}

/// An array of the folder.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArrayFile {
    /// Relative to the folder.
    pub file: String,
    /// BLAKE3 of the file's bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct TableFile {
    pub columns: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<String>,
    #[serde(flatten)]
    pub array: ArrayFile,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LabelsFile {
    pub column: String,
    pub levels: Vec<String>,
    #[serde(flatten)]
    pub array: ArrayFile,
}

/// A tree before it is checked: its own failures say more than those of the JSON parser.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TreeEntry {
    names: Vec<String>,
    parents: Vec<Option<usize>>,
    lengths: Vec<f64>,
}

impl TreeEntry {
    pub fn of(tree: &Tree) -> Self {
        Self { names: tree.names.clone(), parents: tree.parents.clone(), lengths: tree.lengths.clone() }
    }

    pub fn into_tree(self) -> Result<Tree> {
        Tree::new(self.names, self.parents, self.lengths)
    }
}

impl Manifest {
    /// Reads and checks the file; nothing it names is opened.
    pub fn read(dir: &Path) -> Result<Self> {
        /// All that is asked of a file of an unknown version.
        #[derive(Deserialize)]
        struct Version {
            format: u64,
        }
        let path = version::find(dir, MANIFEST);
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            _ if !dir.exists() => unreadable(dir, &error),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Failure::new(
                Code::DataUnknownFormat,
                format!("{} is not a data set folder: it holds no {MANIFEST}", dir.display()),
            )
            .at(dir.display().to_string())
            .hint("name a folder that `simulate` wrote, or a file"),
            _ => unreadable(&path, &error),
        })?;
        let corrupt = |error: serde_json::Error| {
            Failure::new(Code::DataCorrupt, format!("{MANIFEST} cannot be understood: {error}"))
                .at(format!("{}:{}:{}", path.display(), error.line(), error.column()))
                .hint("write the folder again, for example with `disentangle simulate`")
        };
        let Version { format } = serde_json::from_str(&text).map_err(corrupt)?;
        if format > FORMAT {
            return Err(Failure::new(
                Code::ArtifactVersion,
                format!("the data set folder has format {format}, this version reads up to {FORMAT}"),
            )
            .at(path.display().to_string())
            .hint("update disentangle: the folder was written by a newer version")
            .with("got", format)
            .with("newest", FORMAT));
        }
        serde_json::from_str(&text).map_err(corrupt)
    }

    /// All files of the folder.
    pub fn files(&self) -> Vec<&str> {
        let tables = self.targets.iter().chain(self.truth.values()).map(|table| &table.array);
        let labels = self.labels.values().map(|labels| &labels.array);
        let arrays = std::iter::once(&self.inputs).chain(tables).chain(labels);
        arrays.map(|array| array.file.as_str()).chain([MANIFEST]).collect()
    }
}

impl ArrayFile {
    /// Where the file lies.
    ///
    /// # Errors
    /// `DATA_CORRUPT` for a name that leads out of the folder.
    pub fn path(&self, dir: &Path) -> Result<PathBuf> {
        if version::is_inside(&self.file) {
            return Ok(version::find(dir, &self.file));
        }
        Err(Failure::new(Code::DataCorrupt, format!("{MANIFEST} names {:?}, a file outside the folder", self.file))
            .at(dir.join(MANIFEST).display().to_string())
            .hint("write the folder again: its files lie in it"))
    }
}
