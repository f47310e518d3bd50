//! Readers: files in, plain tables and arrays out. No value is guessed and none is dropped silently; what cannot be read is a
//! typed failure that says where.

pub mod csv;
pub mod idx;
pub mod images;
pub mod mtx;
pub mod npy;
pub mod npz;
pub mod scipy;
mod sparse;
pub mod unpack;

use crate::atomic::folder_of;
use crate::failure::{Code, Failure, Result};
use crate::interrupt::Stoppable;
use crate::nearest::nearest;
use std::fs::File;
use std::io;
use std::path::Path;

/// Opens a file for reading.
///
/// # Errors
/// `DATA_NOT_FOUND`; the nearest name in the same folder is offered.
pub(crate) fn open(path: &Path) -> Result<Stoppable<File>> {
    if path.is_dir() {
        return Err(Failure::new(Code::DataNotFound, format!("{} is a folder, expected a file", path.display()))
            .at(path.display().to_string())
            .hint("name a file"));
    }
    File::open(path).map(Stoppable).map_err(|error| unreadable(path, &error))
}

/// The typed form of a failed read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::new(Code::DataNotFound, format!("cannot read {}: {error}", path.display()))
        .at(path.display().to_string())
        .with("reason", error.kind().to_string());
    if error.kind() != io::ErrorKind::NotFound {
        return failure.hint("check that the file can be read: its permissions, and the disk");
    }
    match neighbor(path) {
        Some(name) => failure.hint(format!("did you mean {name:?}?")),
        None => failure.hint("check the path; relative paths start at the current folder"),
    }
}

/// The file of the same folder whose name is nearest.
fn neighbor(path: &Path) -> Option<String> {
    // A bound, not a rule: a folder of a million files is not searched for a slip of the finger.
    let entries = std::fs::read_dir(folder_of(path)).ok()?.take(10_000);
    let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort_unstable();
    nearest(path.file_name()?.to_str()?, &names).map(str::to_owned)
}
