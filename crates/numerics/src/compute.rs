//! How many threads the kernels of this thread may use.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

/// Turns of waiting awake, about a tenth of a millisecond.
const SPINS: usize = 10_000;

/// How the kernels compute: the number of threads a product may use.
///
/// The numbers never depend on it, only the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compute {
    threads: NonZeroUsize,
}

thread_local! {
    static CURRENT: Cell<Compute> = const { Cell::new(Compute::SINGLE) };
}

impl Compute {
    /// One thread: the default.
    pub const SINGLE: Compute = Compute { threads: NonZeroUsize::MIN };

    /// At most `threads` threads; zero counts as one.
    pub fn with_threads(threads: usize) -> Self {
        Self { threads: NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN) }
    }

    /// The number of threads, at least 1.
    pub fn threads(self) -> usize {
        self.threads.get()
    }

    /// Runs both, at the same time when there are two threads; each part may use half of them.
    ///
    /// `a` stays on the calling thread, whose core has the weights in its caches, and a second thread is woken for `b` only.
    pub fn join<A, B: Send>(self, a: impl FnOnce(Compute) -> A, b: impl FnOnce(Compute) -> B + Send) -> (A, B) {
        let half = Compute::with_threads(self.threads() / 2);
        if self.threads() == 1 {
            return (a(half), b(half));
        }
        let (mut second, done) = (None, AtomicBool::new(false));
        let first = rayon::in_place_scope(|scope| {
            scope.spawn(|_| {
                second = Some(b(half));
                done.store(true, Ordering::Release);
            });
            let first = a(half);
            // The scope waits in any case, but asleep: waking up would take longer than what is mostly left of `b`.
            for _ in 0..SPINS {
                if done.load(Ordering::Acquire) {
                    break;
                }
                std::hint::spin_loop();
            }
            first
        });
        (first, second.expect("the scope has run b, or passed its panic on"))
    }

    /// Runs `work` on every item; which thread does not matter to the numbers. On one thread no other one is started.
    pub fn each<I: Send>(self, items: &mut [I], work: &(impl Fn(&mut I) + Sync)) {
        if items.len() < 2 || self.threads() == 1 {
            return items.iter_mut().for_each(work);
        }
        let (first, second) = items.split_at_mut(items.len().div_ceil(2));
        self.join(|compute| compute.each(first, work), |compute| compute.each(second, work));
    }

    /// The setting in force on the calling thread.
    pub fn current() -> Self {
        CURRENT.get()
    }

    /// Runs `work` under this setting and restores the previous one, also when `work` panics.
    pub fn run<R>(self, work: impl FnOnce() -> R) -> R {
        struct Restore(Compute);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        let _restore = Restore(CURRENT.replace(self));
        work()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_is_restored_after_the_work_and_after_a_panic() {
        assert_eq!(Compute::current().threads(), 1);
        assert_eq!(Compute::with_threads(2).run(|| Compute::current().threads()), 2);
        let panicked = std::panic::catch_unwind(|| Compute::with_threads(3).run(|| panic!("on purpose")));
        assert!(panicked.is_err());
        assert_eq!(Compute::current(), Compute::SINGLE);
        assert_eq!(Compute::with_threads(0), Compute::SINGLE);
    }

    #[test]
    fn every_item_is_worked_on_once_and_one_thread_starts_no_other() {
        for threads in 1..5 {
            let mut items: Vec<usize> = (0..7).collect();
            Compute::with_threads(threads).each(&mut items, &|item| *item += 10);
            assert_eq!(items, (10..17).collect::<Vec<_>>());
        }
        let here = std::thread::current().id();
        let mut items = [None; 3];
        Compute::SINGLE.each(&mut items, &|item| *item = Some(std::thread::current().id()));
        assert_eq!(items, [Some(here); 3]);
    }
}
