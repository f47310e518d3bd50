//! What has a number on the other side: each thing belongs to the environment (the process, or a worker thread) that made it, and goes
//! when that ends.

use disentangle_data::Result;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

/// Things by number, each with its environment.
pub struct Owned<T> {
    things: Mutex<BTreeMap<u32, (ThreadId, T)>>,
    next: AtomicU32,
}

impl<T> Owned<T> {
    /// None yet.
    pub const fn new() -> Self {
        Self { things: Mutex::new(BTreeMap::new()), next: AtomicU32::new(1) }
    }

    /// Adds what `make` makes of its number. Until it is listed nobody else can look: it may already run on a thread of its own.
    pub fn add(&self, owner: ThreadId, make: impl FnOnce(u32) -> Result<T>) -> Result<u32> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut things = self.lock();
        things.insert(id, (owner, make(id)?));
        Ok(id)
    }

    /// What a look at one gives; `None` where there is none.
    pub fn look<R>(&self, id: u32, at: impl FnOnce(&T) -> R) -> Option<R> {
        self.lock().get(&id).map(|(_, thing)| at(thing))
    }

    /// How many belong to an environment.
    pub fn count(&self, of: ThreadId) -> usize {
        self.lock().values().filter(|(owner, _)| *owner == of).count()
    }

    /// Takes one out, where there is one. It is dropped by whoever asked, after the others can be reached again.
    pub fn take(&self, id: u32) -> Option<T> {
        self.lock().remove(&id).map(|(_, thing)| thing)
    }

    /// Takes out all that belong to an environment.
    pub fn take_all(&self, ended: ThreadId) -> Vec<T> {
        let mut things = self.lock();
        let own: Vec<u32> = things.iter().filter(|(_, (owner, _))| *owner == ended).map(|(&id, _)| id).collect();
        own.into_iter().filter_map(|id| things.remove(&id)).map(|(_, thing)| thing).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, (ThreadId, T)>> {
        // A panic elsewhere leaves the list whole: each change is one call.
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
