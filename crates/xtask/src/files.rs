//! Files to be written.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// Path relative to the root -> text.
pub type Files = BTreeMap<String, String>;

/// Writes files and prints their paths.
///
/// # Errors
/// Those of the file system.
pub fn write_all(root: &Path, files: &Files) -> io::Result<()> {
    for (path, text) in files {
        let full = root.join(path);
        fs::create_dir_all(full.parent().expect("a file has a folder"))?;
        fs::write(full, text)?;
        println!("{path}");
    }
    Ok(())
}
