//! A flag that stops what a thread reads: readers look at it at every block, so that nobody waits for the end of a large file.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    static FLAG: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// From now on this thread's readers stop when the flag is set.
pub fn on(flag: Arc<AtomicBool>) {
    FLAG.with(|own| *own.borrow_mut() = Some(flag));
}

/// A failure once the flag has been set.
pub(crate) fn check() -> io::Result<()> {
    let set = FLAG.with(|own| own.borrow().as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)));
    // Not `Interrupted`, which readers take as a reason to try again.
    if set { Err(io::Error::other("the reading was stopped")) } else { Ok(()) }
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
