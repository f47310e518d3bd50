//! Folders that this process owns, by number.

use crate::failure::{NativeFailure, guard};
use crate::owned::Owned;
use disentangle_data::Result;
use disentangle_data::owner::Owner;
use napi::bindgen_prelude::Either;
use napi_derive::napi;
use std::path::Path;
use std::thread::{self, ThreadId};

/// Folders by number.
pub static LOCKS: Owned<Owner> = Owned::new();

/// A folder that was taken.
#[napi(object, object_from_js = false)]
pub struct FolderLock {
    /// Its number.
    pub id: u32,
    /// Whether the file system has locks.
    pub locked: bool,
}

/// Takes a folder; `who` is JSON `{ pid, host, since, what }`. Fails with `RUN_BUSY` while somebody else holds it.
#[napi(catch_unwind)]
pub fn lock_folder(dir: String, who: String) -> Either<FolderLock, NativeFailure> {
    guard(|| {
        let owner = Owner::take(Path::new(&dir), &who)?;
        let locked = owner.is_locked();
        Ok(FolderLock { id: LOCKS.add(thread::current().id(), |_| Ok(owner))?, locked })
    })
}

/// Whether a folder that was taken is still this process's.
#[napi(catch_unwind)]
pub fn holds_folder(id: u32) -> Either<bool, NativeFailure> {
    guard(|| Ok(LOCKS.look(id, Owner::holds).unwrap_or(false)))
}

/// Gives a folder back. One that was given back is ignored.
#[napi(catch_unwind)]
pub fn unlock_folder(id: u32) -> Either<(), NativeFailure> {
    guard(|| {
        drop(LOCKS.take(id));
        Ok(())
    })
}

/// Gives back what an environment still holds when it ends.
pub fn unlock_all(ended: ThreadId) -> Result<()> {
    drop(LOCKS.take_all(ended));
    Ok(())
}
