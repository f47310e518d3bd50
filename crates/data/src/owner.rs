//! One owner per folder: a lock that the system releases when its process ends, however it ends.
//!
//! The lock is on a file in the folder (`flock`; on NFS the client turns it into a lock of the server). The file says who holds
//! it, for people; only the lock counts. A process that was stopped keeps it. A file that a killed process left behind is locked by
//! nobody, so of any number of processes that come next exactly one takes it.

use crate::atomic::cannot_write;
use crate::failure::{Code, Failure, Result};
use serde_json::Value;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Name of the lock's file.
pub const LOCK: &str = ".lock";

/// A folder that nobody else owns.
#[derive(Debug)]
pub struct Owner {
    path: PathBuf,
    file: File,
    locked: bool,
}

impl Owner {
    /// Takes a folder; `who` is a JSON object for those who come second: `pid`, `host`, `since`, `what`.
    ///
    /// # Errors
    /// `RUN_BUSY` while somebody else holds it, `FILE_WRITE`.
    pub fn take(folder: &Path, who: &str) -> Result<Self> {
        let path = folder.join(LOCK);
        let failed = |error: io::Error| cannot_write(folder, &error);
        loop {
            let mut file =
                File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
            let locked = match file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => return Err(busy(folder, &mut file)),
                // Some file systems have no locks. Who asks learns that from `is_locked`.
                Err(TryLockError::Error(_)) => false,
            };
            let mut owner = Self { path: path.clone(), file, locked };
            // Between opening and locking the last owner may have removed the file: then another one is to be locked.
            if owner.holds() {
                owner.file.set_len(0).and_then(|()| owner.file.write_all(who.as_bytes())).map_err(failed)?;
                return Ok(owner);
            }
        }
    }

    /// Whether the file system has locks; without them nobody is kept from taking the folder as well.
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Whether the folder is still owned: false once somebody has removed the lock's file, and perhaps made a new one.
    pub fn holds(&self) -> bool {
        let (Ok(own), Ok(there)) = (self.file.metadata(), fs::metadata(&self.path)) else { return false };
        same_file(&own, &there)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Still locked, so that it cannot be the file of the next owner.
        if self.holds() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
fn same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn same_file(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

fn busy(folder: &Path, file: &mut File) -> Failure {
    let mut text = String::new();
    // Its owner may be about to write it, and on Windows nobody else may read it.
    let _ = file.read_to_string(&mut text);
    let who: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    let part = |key: &str| who.get(key).map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
    let process = match (part("pid"), part("host")) {
        (Some(pid), Some(host)) => format!("process {pid} on {host}"),
        (Some(pid), None) => format!("process {pid}"),
        _ => "another process".to_owned(),
    };
    let what = part("what").map(|what| format!(" ({what})")).unwrap_or_default();
    let since = part("since").map(|since| format!(" since {since}")).unwrap_or_default();
    Failure::new(Code::RunBusy, format!("{}: {process} works there{since}{what}", folder.display()))
        .at(folder.display().to_string())
        .hint("wait until it has ended, end it, or name another folder")
        .with("owner", who)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    const WHO: &str = r#"{"pid":7,"host":"here","since":"today","what":"fit"}"#;

    #[test]
    fn a_folder_has_one_owner_and_the_second_is_told_who() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let first = Owner::take(folder.path(), WHO).expect("it is free");
        assert!(first.is_locked() && first.holds());
        let second = Owner::take(folder.path(), WHO).expect_err("it is taken");
        assert_eq!(second.code, Code::RunBusy);
        assert!(second.message.ends_with("process 7 on here works there since today (fit)"), "{second}");
        drop(first);
        assert!(!folder.path().join(LOCK).exists());
        Owner::take(folder.path(), WHO).expect("it is free again");
    }

    #[test]
    fn a_file_that_a_killed_process_left_is_taken_by_exactly_one_of_many() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for _ in 0..50 {
            fs::write(folder.path().join(LOCK), WHO).expect("it can be written");
            let (inside, most) = (AtomicU32::new(0), AtomicU32::new(0));
            let taken = AtomicU32::new(0);
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let Ok(owner) = Owner::take(folder.path(), WHO) else { return };
                        taken.fetch_add(1, Ordering::SeqCst);
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(owner);
                    });
                }
            });
            assert_eq!(most.load(Ordering::SeqCst), 1, "two owned it at once");
            assert!(taken.load(Ordering::SeqCst) >= 1, "nobody took it");
        }
    }

    #[test]
    fn who_lost_the_folder_knows_and_leaves_the_next_owner_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stalled = Owner::take(folder.path(), WHO).expect("it is free");
        fs::remove_file(folder.path().join(LOCK)).expect("somebody breaks the lock");
        let next = Owner::take(folder.path(), WHO).expect("it is free");
        assert!(!stalled.holds() && next.holds());
        drop(stalled);
        assert!(next.holds());
    }
}
