//! Files that appear whole or not at all: written beside their place, synced, then renamed into it.

use crate::failure::{Code, Failure, Result};
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Names of temporaries begin and end so.
const PREFIX: &str = ".disentangle-";
const SUFFIX: &str = ".tmp";

/// Writes a file through a temporary in the same folder, syncs it, renames it into place and syncs the folder.
/// An existing file is replaced; after a failure the old one is still there, whole.
///
/// # Errors
/// `FILE_WRITE` with the reason the system gave.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
    let attempt = || -> io::Result<()> {
        let (temporary, file) = Temporary::file_beside(path)?;
        let mut writer = BufWriter::with_capacity(1 << 16, file);
        write(&mut writer)?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        temporary.rename_to(path)
    };
    attempt().map_err(|error| cannot_write(path, &error))
}

/// Makes a folder and those above it, where they are not there yet.
///
/// # Errors
/// `FILE_WRITE` with the reason the system gave.
pub fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| cannot_write(path, &error))
}

/// Removes what killed processes left half written in a folder that no one else is writing to.
pub fn clear_leftovers(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
            // What cannot be removed takes space and nothing else.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The typed form of a failed write.
pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::new(Code::FileWrite, format!("cannot write {}: {error}", path.display()))
        .at(path.display().to_string())
        .with("reason", error.kind().to_string());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => failure.hint("free some space or write elsewhere"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            failure.hint("choose a folder you may write to")
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => failure.hint("create the folder first"),
        io::ErrorKind::FileTooLarge => failure.hint("files may not be so large here: write elsewhere"),
        _ => failure.hint("write elsewhere"),
    }
}

/// A file that disappears again unless it is renamed into place.
pub(crate) struct Temporary {
    path: PathBuf,
}

impl Temporary {
    /// A new empty file in the folder of `target`.
    fn file_beside(target: &Path) -> io::Result<(Self, File)> {
        Self::beside(target, |path| File::options().write(true).create_new(true).open(path))
    }

    /// Moves it to its place and makes the move durable.
    pub(crate) fn rename_to(self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        sync_folder(folder_of(target))
    }

    fn beside<T>(target: &Path, create: impl Fn(&Path) -> io::Result<T>) -> io::Result<(Self, T)> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        if target.file_name().is_none() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path does not end in a name"));
        }
        loop {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let path = folder_of(target).join(format!("{PREFIX}{}-{number}{SUFFIX}", std::process::id()));
            match create(&path) {
                // Left behind by a killed process that had the same id: take the next number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => return created.map(|value| (Self { path }, value)),
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the rename there is nothing left to remove, and a failed removal cannot be reported from here.
        let _ = fs::remove_file(&self.path);
    }
}

/// The folder a path lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes new names in a folder durable, where the system can.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("the folder is there")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_written_file_replaces_the_old_one_and_leaves_no_temporary() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.bin");
        for text in ["one", "two"] {
            write_atomically(&path, |w| w.write_all(text.as_bytes())).expect("it can be written");
            assert_eq!(fs::read_to_string(&path).expect("it is there"), text);
        }
        assert_eq!(names(folder.path()), ["a.bin"]);
    }

    #[test]
    fn a_failed_write_keeps_the_old_file_and_leaves_no_temporary() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.bin");
        write_atomically(&path, |w| w.write_all(b"old")).expect("it can be written");
        let failure = write_atomically(&path, |w| {
            w.write_all(b"half of the new")?;
            Err(io::Error::new(io::ErrorKind::StorageFull, "no space left"))
        })
        .expect_err("the disk is full");
        assert_eq!(failure.code, Code::FileWrite);
        assert!(failure.message.ends_with("a.bin: no space left"), "{failure}");
        assert_eq!(failure.hint.as_deref(), Some("free some space or write elsewhere"));
        assert_eq!(fs::read(&path).expect("it is there"), b"old");
        assert_eq!(names(folder.path()), ["a.bin"]);
    }

    #[test]
    fn a_missing_folder_and_a_path_without_a_name_are_typed_failures() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for path in [folder.path().join("no/such/a.bin"), PathBuf::from("/"), PathBuf::from("..")] {
            let failure = write_atomically(&path, |_| Ok(())).expect_err("there is no such place");
            assert_eq!(failure.code, Code::FileWrite, "{}", path.display());
        }
    }

    #[test]
    fn leftovers_are_cleared_and_nothing_else_is() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::mem::forget(Temporary::file_beside(&folder.path().join("x")).expect("a name is free").0);
        for name in ["step-1.dsn", ".disentangle-notes", "a.tmp"] {
            fs::write(folder.path().join(name), b"mine").expect("it can be written");
        }
        clear_leftovers(folder.path());
        assert_eq!(names(folder.path()), [".disentangle-notes", "a.tmp", "step-1.dsn"]);
    }

    #[test]
    fn a_leftover_of_a_killed_process_is_stepped_over() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let taken: Vec<_> =
            (0..50).map(|_| Temporary::file_beside(&folder.path().join("x")).expect("a name is free")).collect();
        assert_eq!(names(folder.path()).len(), 50);
        drop(taken);
        assert_eq!(names(folder.path()).len(), 0);
    }
}
