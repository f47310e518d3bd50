//! Versions of a folder's files: a version is written into `.partial` inside the folder, becomes the folder's at once by the rename
//! to `.commit`, and is then moved to its places. Readers look into `.commit` first, so it does not matter when a writer is killed.
//!
//! `src/owned-folder.ts` does the same for run folders, file by file off Node's event loop.

use crate::atomic::{folder_of, sync_folder};
use crate::owner::LOCK;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

const PARTIAL: &str = ".partial";
const COMMIT: &str = ".commit";
/// In a version: which files of earlier ones go, a JSON list.
const STALE: &str = ".stale";

/// Whether a name at the top of a folder is not content but bookkeeping, of ours or of the file system.
pub fn is_bookkeeping(name: &str) -> bool {
    [LOCK, PARTIAL, COMMIT, "lost+found"].contains(&name) || name.starts_with(".nfs")
}

/// Begins a version, after what a killed writer left has been brought to its end. Only for the owner of the folder.
pub fn begin(root: &Path) -> io::Result<PathBuf> {
    let partial = root.join(PARTIAL);
    abandon(root)?;
    settle(root)?;
    fs::create_dir(&partial)?;
    Ok(partial)
}

/// Makes what was begun the folder's version; `stale` are names that no longer belong to it.
pub fn commit(root: &Path, stale: &[String]) -> io::Result<()> {
    let partial = root.join(PARTIAL);
    let mut file = File::create(partial.join(STALE))?;
    file.write_all(&serde_json::to_vec(stale).expect("names serialise"))?;
    // The rename must not reach the disk before what it makes valid.
    file.sync_all()?;
    sync_folder(&partial)?;
    fs::rename(&partial, root.join(COMMIT))?;
    sync_folder(root)?;
    settle(root)
}

/// Removes what was begun.
pub fn abandon(root: &Path) -> io::Result<()> {
    missing_is_fine(fs::remove_dir_all(root.join(PARTIAL)))
}

/// Whether a name leads to a place below the folder that it is relative to.
pub fn is_inside(name: &str) -> bool {
    !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Where a file of the newest version lies. What cannot be looked at is given, too: opening it says why.
pub fn find(root: &Path, name: &str) -> PathBuf {
    let moving = root.join(COMMIT).join(name);
    match fs::metadata(&moving) {
        Err(error) if is_absence(&error) => root.join(name),
        _ => moving,
    }
}

/// Whether a version is on its way to its places.
pub fn is_moving(root: &Path) -> bool {
    root.join(COMMIT).exists()
}

/// Moves the files of the committed version to their places; can be repeated from any point. A failure leaves the version where it is.
fn settle(root: &Path) -> io::Result<()> {
    let commit = root.join(COMMIT);
    if !commit.try_exists()? {
        return Ok(());
    }
    for name in stale(&commit)? {
        missing_is_fine(fs::remove_file(root.join(name)))?;
    }
    move_all(&commit, root)?;
    // The version may go only when the new names of its files are on the disk.
    sync_folder(root)?;
    missing_is_fine(fs::remove_dir_all(commit))
}

/// Names that a version takes out of the folder. None where its list is gone: that is removed last, after every file has moved.
fn stale(version: &Path) -> io::Result<Vec<String>> {
    let text = match fs::read(version.join(STALE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text?,
    };
    let names: Vec<String> = serde_json::from_slice(&text)?;
    match names.iter().find(|name| !is_inside(name)) {
        None => Ok(names),
        Some(name) => {
            let message = format!("{COMMIT}/{STALE} names {name:?}, a file outside the folder");
            Err(io::Error::new(io::ErrorKind::InvalidData, message))
        }
    }
}

fn move_all(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&place)?;
            move_all(&entry.path(), &place)?;
            sync_folder(&place)?;
        } else if entry.file_name() != STALE {
            fs::rename(entry.path(), place)?;
        }
    }
    Ok(())
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn missing_is_fine(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Where a path leads: links are followed, also where their target is not there yet.
pub fn behind_link(path: &Path) -> PathBuf {
    let mut at = path.to_owned();
    // As many as the system follows itself.
    for _ in 0..40 {
        let Ok(target) = fs::read_link(&at) else { break };
        at = if target.is_absolute() { target } else { folder_of(&at).join(target) };
    }
    at
}

/// Makes a folder and those above it; gives those that were not there, innermost first.
pub fn make(path: &Path) -> io::Result<Vec<PathBuf>> {
    let is_named = |path: &&Path| matches!(path.components().next_back(), Some(Component::Normal(_)));
    let made = path.ancestors().take_while(is_named).take_while(|path| !path.exists()).map(Path::to_owned).collect();
    fs::create_dir_all(path)?;
    Ok(made)
}

/// Removes folders that were made, as far as nothing lies in them.
pub fn unmake(made: &[PathBuf]) {
    // The first that cannot be removed holds all those above it in place.
    let _ = made.iter().try_for_each(fs::remove_dir);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(root: &Path, name: &str) -> Option<String> {
        fs::read_to_string(find(root, name)).ok()
    }

    #[test]
    fn a_version_takes_the_place_of_another_at_once_whenever_its_writer_is_killed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        for name in ["a", "b", "old"] {
            fs::write(root.join(name), "1").expect("it can be written");
        }
        let partial = begin(root).expect("it is free");
        fs::create_dir(partial.join("c")).expect("it can be made");
        for name in ["a", "b", "c/d"] {
            fs::write(partial.join(name), "2").expect("it can be written");
        }
        assert_eq!((read(root, "a").as_deref(), read(root, "c/d")), (Some("1"), None), "it is not there before");
        fs::write(partial.join(STALE), r#"["old"]"#).expect("it can be written");
        fs::rename(&partial, root.join(COMMIT)).expect("it is committed");
        // Killed here, or after some of the files.
        let all = |root: &Path| ["a", "b", "c/d"].map(|name| read(root, name).unwrap_or_default()).join("");
        assert_eq!(all(root), "222");
        fs::rename(root.join(COMMIT).join("b"), root.join("b")).expect("it moves");
        assert_eq!(all(root), "222");
        begin(root).expect("the next one goes on");
        abandon(root).expect("it is removed");
        assert_eq!(all(root), "222");
        assert!(!root.join("old").exists() && !is_moving(root) && root.join("c/d").exists());
    }

    /// A folder with a version that its writer, killed, has committed and not moved.
    fn committed(stale: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("root");
        fs::create_dir(&root).expect("a new folder");
        fs::write(root.join("a"), "1").expect("it can be written");
        let partial = begin(&root).expect("it is free");
        fs::write(partial.join("a"), "2").expect("it can be written");
        fs::write(partial.join(STALE), stale).expect("it can be written");
        fs::rename(&partial, root.join(COMMIT)).expect("it is committed");
        folder
    }

    #[test]
    fn a_version_whose_list_cannot_be_read_is_kept_and_the_failure_told() {
        let folder = committed("[]");
        let root = &folder.path().join("root");
        let list = root.join(COMMIT).join(STALE);
        fs::remove_file(&list).expect("it goes");
        // A folder in its place is there, and cannot be read.
        fs::create_dir(&list).expect("it can be made");
        begin(root).expect_err("it cannot be read");
        assert_eq!(read(root, "a").as_deref(), Some("2"), "the newest version is still there");
        fs::remove_dir(&list).expect("it goes");
        fs::write(&list, "[").expect("half of a list");
        begin(root).expect_err("it is no list");
        assert_eq!(read(root, "a").as_deref(), Some("2"));
    }

    #[test]
    fn a_version_without_its_list_is_still_moved() {
        let folder = committed("[]");
        let root = &folder.path().join("root");
        fs::remove_file(root.join(COMMIT).join(STALE)).expect("it goes");
        begin(root).expect("the next one goes on");
        assert_eq!((read(root, "a").as_deref(), is_moving(root)), (Some("2"), false));
    }

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_not_removed() {
        for name in ["../outside", "c/../../outside", "/outside", "", "."] {
            let outside = |folder: &tempfile::TempDir| folder.path().join("outside");
            let given = if name == "/outside" { None } else { Some(name.to_owned()) };
            let folder = committed("[]");
            fs::write(outside(&folder), "mine").expect("it can be written");
            let name = given.unwrap_or_else(|| outside(&folder).display().to_string());
            let root = &folder.path().join("root");
            fs::create_dir(root.join("c")).expect("a new folder");
            let list = serde_json::to_vec(&[&name]).expect("a name");
            fs::write(root.join(COMMIT).join(STALE), list).expect("it can be written");
            begin(root).expect_err("it is refused");
            assert!(outside(&folder).exists(), "{name}");
            assert_eq!(read(root, "a").as_deref(), Some("2"), "{name}");
        }
        assert!(is_inside("truth/z.npy") && is_inside(".hidden"));
    }

    #[test]
    fn folders_that_were_made_go_again_and_others_stay() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = make(&folder.path().join("x/y/z")).expect("it can be made");
        assert_eq!(made.len(), 3);
        fs::write(folder.path().join("x/mine"), "").expect("it can be written");
        unmake(&made);
        assert!(folder.path().join("x").exists() && !folder.path().join("x/y").exists());
    }
}
