//! Checkpoints: where a fit stands, in files that appear whole or not at all. The last three are kept; the newest that
//! can be read is the one a fit resumes from.

mod cadence;
mod pack;

use crate::container::{self, Container};
use crate::train::{Keeper, Standing};
use cadence::Cadence;
use disentangle_data::atomic::{clear_leftovers, create_folder, write_atomically};
use disentangle_data::{Code, Failure, Result};
use pack::{pack, unpack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Checkpoints that are kept.
const KEPT: usize = 3;

/// Where checkpoints go, and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckpointOptions {
    /// A folder of this fit alone; it is made when it is not there.
    pub dir: PathBuf,
    /// Gradient steps between checkpoints. Absent: as often as costs at most 2 % of the time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(range(min = 1))]
    pub every: Option<usize>,
}

/// Whose fit it is: a checkpoint is of no use to another configuration or to other data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The part of the configuration that defines the numbers (see `plan::defining`).
    pub config: Value,
    /// Fingerprint of the data set, with the truth that the method is shown.
    pub fingerprint: String,
}

/// The checkpoint that a fit resumes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where the fit stood.
    pub standing: Standing,
    /// Name of the file; absent where there was none to go on from.
    pub file: Option<String>,
    /// Names of newer files that are truncated or damaged.
    pub damaged: Vec<String>,
}

/// The checkpoint folder of a running fit.
#[derive(Debug)]
pub struct Checkpoints {
    dir: PathBuf,
    identity: Identity,
    cadence: Cadence,
}

impl Checkpoints {
    /// Opens the folder of a new fit.
    ///
    /// # Errors
    /// `CONFIG_CONFLICT` when it holds checkpoints already; `FILE_WRITE`.
    pub fn begin(options: &CheckpointOptions, identity: Identity) -> Result<Self> {
        let checkpoints = Self::open(options, identity)?;
        match checkpoints.steps()?.last() {
            None => Ok(checkpoints),
            Some(step) => {
                let dir = options.dir.display();
                let message = format!(
                    "{dir} holds a checkpoint of an earlier fit at step {step}; a new fit needs an empty folder"
                );
                Err(Failure::new(Code::ConfigConflict, message)
                    .at("checkpoint.dir")
                    .hint("resume that fit, or choose another folder"))
            }
        }
    }

    /// Opens the folder of an interrupted fit and reads the newest checkpoint that is whole. Without any the fit begins
    /// again: it was killed before the first one. `upgrade` says what a configuration that an older version wrote is called now.
    ///
    /// # Errors
    /// `CHECKPOINT_MISMATCH` with `context.differences`; `ARTIFACT_VERSION` when a newer version wrote it; `DATA_NOT_FOUND`
    /// when it cannot be read; `FILE_WRITE`.
    pub fn resume(
        options: &CheckpointOptions,
        identity: Identity,
        upgrade: &dyn Fn(Value) -> Value,
    ) -> Result<(Self, Found)> {
        let mut checkpoints = Self::open(options, identity)?;
        let mut damaged = Vec::new();
        for step in checkpoints.steps()?.into_iter().rev() {
            let file = name_of(step);
            match read(&checkpoints.dir.join(&file), &checkpoints.identity, upgrade) {
                Ok(standing) => {
                    checkpoints.cadence.resume(standing.step);
                    return Ok((checkpoints, Found { standing, file: Some(file), damaged }));
                }
                Err(failure) if failure.code == Code::ArtifactCorrupt => damaged.push(file),
                Err(failure) => return Err(failure),
            }
        }
        Ok((checkpoints, Found { standing: Standing::default(), file: None, damaged }))
    }

    fn open(options: &CheckpointOptions, identity: Identity) -> Result<Self> {
        create_folder(&options.dir)?;
        clear_leftovers(&options.dir);
        Ok(Self { dir: options.dir.clone(), identity, cadence: Cadence::new(options.every) })
    }

    /// Steps of the checkpoints in the folder, ascending.
    fn steps(&self) -> Result<Vec<usize>> {
        let unreadable = |e: std::io::Error| {
            let dir = self.dir.display().to_string();
            Failure::new(Code::DataNotFound, format!("{dir}: cannot be listed: {e}"))
                .at(dir)
                .hint("check the permissions of the folder")
        };
        let mut steps = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(unreadable)? {
            steps.extend(entry.map_err(unreadable)?.file_name().to_str().and_then(step_of));
        }
        steps.sort_unstable();
        Ok(steps)
    }
}

impl Keeper for Checkpoints {
    fn due(&self, step: usize, elapsed: Option<f64>) -> bool {
        self.cadence.due(step, elapsed)
    }

    /// Writes a file, then removes what is older than the last three.
    fn write(&mut self, standing: &Standing) -> Result<String> {
        let file = name_of(standing.step);
        let (header, tensors) = pack(standing, &self.identity);
        write_atomically(&self.dir.join(&file), |out| container::write(header, &tensors, out))?;
        let steps = self.steps()?;
        for &step in &steps[..steps.len().saturating_sub(KEPT)] {
            // One too many does no harm, and the next checkpoint tries again.
            let _ = fs::remove_file(self.dir.join(name_of(step)));
        }
        Ok(file)
    }

    fn note(&mut self, step: usize, began: Option<f64>, ended: Option<f64>) {
        self.cadence.note(step, began, ended);
    }
}

fn name_of(step: usize) -> String {
    format!("step-{step}.dsn")
}

fn step_of(name: &str) -> Option<usize> {
    name.strip_prefix("step-")?.strip_suffix(".dsn")?.parse().ok()
}

/// Reads a checkpoint file of this fit; `upgrade` as in [`Checkpoints::resume`].
///
/// # Errors
/// As [`Checkpoints::resume`], and `ARTIFACT_CORRUPT`.
pub fn read(path: &Path, identity: &Identity, upgrade: &dyn Fn(Value) -> Value) -> Result<Standing> {
    let bytes = fs::read(path).map_err(|e| {
        Failure::new(Code::DataNotFound, format!("{}: cannot be read: {e}", path.display()))
            .at(path.display().to_string())
            .hint("check the permissions of the file")
    })?;
    let (written_by, standing) = unpack(Container::from_bytes(&bytes)?)?;
    let mut differences = Vec::new();
    compare("", Some(&upgrade(written_by.config)), Some(&identity.config), &mut differences);
    if written_by.fingerprint != identity.fingerprint {
        differences.push(json!({ "path": "data", "checkpoint": written_by.fingerprint, "now": identity.fingerprint }));
    }
    if differences.is_empty() {
        return Ok(standing);
    }
    let paths: Vec<&str> = differences.iter().filter_map(|d| d["path"].as_str()).collect();
    let message = format!("{}: the checkpoint is of another fit; different: {}", path.display(), paths.join(", "));
    Err(Failure::new(Code::CheckpointMismatch, message)
        .at(path.display().to_string())
        .hint("resume with the configuration and the data of that fit, or begin a new one in another folder")
        .with("differences", differences))
}

/// Lists where two configurations differ, by path.
fn compare(path: &str, theirs: Option<&Value>, ours: Option<&Value>, differences: &mut Vec<Value>) {
    match (theirs, ours) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let added = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(added) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&path, a.get(key), b.get(key), differences);
            }
        }
        (theirs, ours) if theirs == ours => {}
        (theirs, ours) => differences.push(json!({ "path": path, "checkpoint": theirs, "now": ours })),
    }
}
