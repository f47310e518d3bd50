//! A flag that stops what a thread does: readers look at it at every block, models at every chunk of rows, so that nobody waits for the
//! end of a large file.

use crate::failure::{Code, Failure, Result};
use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    static FLAG: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// From now on the work of this thread stops when the flag is set.
pub fn on(flag: Arc<AtomicBool>) {
    FLAG.with(|own| *own.borrow_mut() = Some(flag));
}

fn is_set() -> bool {
    FLAG.with(|own| own.borrow().as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)))
}

/// A failure once the flag has been set. Nobody is told: whoever set it waits no longer.
///
/// # Errors
/// `FIT_CANCELLED`.
pub fn stop_if_set() -> Result<()> {
    if is_set() { Err(Failure::new(Code::FitCancelled, "the work was stopped")) } else { Ok(()) }
}

/// The same for readers.
pub(crate) fn check() -> io::Result<()> {
    // Not `Interrupted`, which readers take as a reason to try again.
    if is_set() { Err(io::Error::other("the reading was stopped")) } else { Ok(()) }
}

/// A reader that stops.
#[derive(Debug)]
pub(crate) struct Stoppable<R>(pub R);

impl<R: io::Read> io::Read for Stoppable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        check()?;
        self.0.read(buffer)
    }
}

impl<R: io::Seek> io::Seek for Stoppable<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}
