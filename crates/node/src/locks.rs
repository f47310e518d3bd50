//! Folders that this process owns, by number.

use crate::failure::{NativeFailure, guard};
use disentangle_data::Result;
use disentangle_data::owner::Owner;
use napi::bindgen_prelude::Either;
use napi_derive::napi;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

static LOCKS: LazyLock<Mutex<BTreeMap<u32, (ThreadId, Owner)>>> = LazyLock::new(Mutex::default);
static NEXT: AtomicU32 = AtomicU32::new(1);

fn locks() -> MutexGuard<'static, BTreeMap<u32, (ThreadId, Owner)>> {
    LOCKS.lock().unwrap_or_else(PoisonError::into_inner)
}

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
        let (id, locked) = (NEXT.fetch_add(1, Ordering::Relaxed), owner.is_locked());
        locks().insert(id, (thread::current().id(), owner));
        Ok(FolderLock { id, locked })
    })
}

/// Whether a folder that was taken is still this process's.
#[napi(catch_unwind)]
pub fn holds_folder(id: u32) -> Either<bool, NativeFailure> {
    guard(|| Ok(locks().get(&id).is_some_and(|(_, owner)| owner.holds())))
}

/// Gives a folder back. One that was given back is ignored.
#[napi(catch_unwind)]
pub fn unlock_folder(id: u32) -> Either<(), NativeFailure> {
    guard(|| {
        locks().remove(&id);
        Ok(())
    })
}

/// Gives back what an environment still holds when it ends.
pub fn unlock_all(ended: ThreadId) -> Result<()> {
    locks().retain(|_, (thread, _)| *thread != ended);
    Ok(())
}
