//! Files that the readers must understand, and files that they must refuse with the right words.

mod csv;
mod folder;
mod hostile;
mod npy;
mod npz;
mod tasks;

use disentangle_data::Failure;
use std::path::PathBuf;
use tempfile::TempDir;

/// A file of the given bytes, alone in a temporary folder.
fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("the file can be written");
    (folder, path)
}

/// One line, lower case or a name at its start, placed, with what the product promises of every message.
fn check_manners(failure: &Failure) {
    assert!(!failure.message.contains('\n'), "{failure}");
    assert!(failure.path.as_deref().is_some_and(|path| !path.is_empty()), "{failure:?}");
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("a hexadecimal digit") as u8;
    text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// What NumPy wrote: golden/npy.py.
fn golden() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../../golden/npy.json")).expect("golden/npy.json is JSON")
}
