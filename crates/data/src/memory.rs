//! Memory that a thread may still take. Whatever grows with the size of the input asks here first, so that what does not fit is a
//! failure with both numbers: an allocation that fails would end the process.
//!
//! Nothing here measures: who starts the thread says what is left ([`allow`]).

use crate::failure::{Code, Failure, Result};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

/// What may still be taken, and what sets the limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Budget {
    /// Bytes that are left.
    pub bytes: u64,
    /// The limit in words, for example `the cgroup limit of 2 GiB`.
    pub limit: String,
}

thread_local! {
    static BUDGET: RefCell<Option<Budget>> = const { RefCell::new(None) };
}

/// Below this nobody is asked: small things fit, or nothing does.
const SMALL: u64 = 1 << 20;

/// From now on this thread may take as much. `None`: as much as the system gives.
pub fn allow(budget: Option<Budget>) {
    BUDGET.with(|own| *own.borrow_mut() = budget);
}

/// What this thread was allowed, to hand it on.
pub fn allowed() -> Option<Budget> {
    BUDGET.with(|own| own.borrow().clone())
}

/// Asks for `bytes` in all for something that begins now.
///
/// # Errors
/// `MEMORY_LIMIT` when less is left.
pub fn claim(bytes: u64, what: &str) -> Result<()> {
    if bytes < SMALL {
        return Ok(());
    }
    BUDGET.with(|own| match &*own.borrow() {
        Some(budget) if bytes > budget.bytes => Err(refused(bytes, what, Some(budget))),
        _ => Ok(()),
    })
}

/// Beside its stack a thread needs room for small things, at which nothing can fail but the process.
const SPARE: usize = 16 << 20;

/// Whether the system itself has room for a thread with a stack of so many bytes, whatever is allowed.
///
/// # Errors
/// `MEMORY_LIMIT`.
pub fn probe(stack: usize, what: &str) -> Result<()> {
    let mut room: Vec<u8> = Vec::new();
    let needed = stack.saturating_add(SPARE);
    let found = room.try_reserve_exact(needed);
    // Otherwise the compiler takes it for granted that memory is there, and asks for none.
    std::hint::black_box(&mut room);
    found.map_err(|_| refused(needed as u64, what, None))
}

/// Makes room for `additional` more values. A long vector grows by half where doubling does not fit, then by what is needed.
///
/// # Errors
/// `MEMORY_LIMIT` when the budget or the system has less.
pub fn reserve<T>(values: &mut Vec<T>, additional: usize, what: &str) -> Result<()> {
    let (length, capacity) = (values.len(), values.capacity());
    if capacity - length >= additional {
        return Ok(());
    }
    let needed = length.saturating_add(additional);
    let bytes = |count: usize| (count as u64).saturating_mul(size_of::<T>() as u64);
    for wanted in [capacity.saturating_mul(2).max(needed), capacity.saturating_add(capacity / 2).max(needed)] {
        if claim(bytes(wanted), what).is_ok() && values.try_reserve_exact(wanted - length).is_ok() {
            return Ok(());
        }
    }
    claim(bytes(needed), what)?;
    values.try_reserve_exact(additional).map_err(|_| refused(bytes(needed), what, None))
}

/// Room for `count` values where nobody can be handed a failure. What does not fit ends the job of this thread: it unwinds with the
/// failure, which the guard at the boundary hands on as it is.
pub fn room<T>(count: usize, what: &str) -> Vec<T> {
    let mut values = Vec::new();
    or_end(reserve(&mut values, count, what));
    values
}

/// `count` values of a kind, as [`room`] has them.
pub fn spread<T: Clone>(value: T, count: usize, what: &str) -> Vec<T> {
    or_end(filled(value, count, what))
}

/// `count` values that an iterator gives, as [`room`] has them.
pub fn gathered<T>(values: impl IntoIterator<Item = T>, count: usize, what: &str) -> Vec<T> {
    let mut all = room(count, what);
    all.extend(values);
    all
}

/// As [`claim`], for what a library allocates where nobody can be handed a failure.
pub fn afford<T>(count: usize, what: &str) {
    or_end(claim((count as u64).saturating_mul(size_of::<T>() as u64), what));
}

fn or_end<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|failure| std::panic::resume_unwind(Box::new(failure)))
}

/// `count` values of a kind.
///
/// # Errors
/// As [`reserve`].
pub fn filled<T: Clone>(value: T, count: usize, what: &str) -> Result<Vec<T>> {
    let mut values = Vec::new();
    reserve(&mut values, count, what)?;
    values.resize(count, value);
    Ok(values)
}

fn refused(needed: u64, what: &str, budget: Option<&Budget>) -> Failure {
    let has = match budget {
        Some(Budget { bytes, limit }) => format!("{} are left of {limit}", size(*bytes)),
        None => "the system gives no more".to_owned(),
    };
    let failure = Failure::new(Code::MemoryLimit, format!("{what} needs {} of memory; {has}", size(needed)))
        .hint("use fewer input columns or rows at once, or raise the limit (--max-memory)")
        .with("neededBytes", needed)
        .with("what", what);
    match budget {
        Some(budget) => failure.with("availableBytes", budget.bytes).with("limit", budget.limit.as_str()),
        None => failure,
    }
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value < 10.0 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// What a reader holds beside its numbers: texts, counted as they come and asked for each time they have doubled.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: u64,
    asked: u64,
}

impl Default for Held {
    fn default() -> Self {
        Self { bytes: 0, asked: SMALL }
    }
}

impl Held {
    /// Counts a text of a table; `others` are the bytes that are held beside all texts.
    pub fn text(&mut self, length: usize, others: usize, what: &str) -> Result<()> {
        // An allocation has its own head and is rounded up.
        self.bytes += (size_of::<String>() + length.next_multiple_of(16) + 16) as u64;
        if self.bytes >= self.asked {
            claim(self.bytes + others as u64, what)?;
            self.asked = self.bytes + (self.bytes / 4).max(SMALL);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(bytes: u64, work: impl FnOnce() -> T) -> T {
        allow(Some(Budget { bytes, limit: "a test".to_owned() }));
        let result = work();
        allow(None);
        result
    }

    #[test]
    fn what_does_not_fit_is_told_with_both_numbers() {
        let failure = with(3 << 20, || claim(5 << 20, "a table")).expect_err("5 MiB of 3");
        assert_eq!(failure.code, Code::MemoryLimit);
        assert_eq!(failure.message, "a table needs 5.0 MiB of memory; 3.0 MiB are left of a test");
        assert_eq!(failure.context["neededBytes"], 5 << 20);
        assert_eq!(failure.context["availableBytes"], 3 << 20);
        with(3 << 20, || claim(3 << 20, "a table")).expect("fits to the byte");
        claim(u64::MAX, "a table").expect("nobody has set a limit");
    }

    #[test]
    fn a_vector_grows_up_to_the_limit_and_not_beyond() {
        let grown = with(10 << 20, || {
            let mut values: Vec<u32> = Vec::new();
            loop {
                match reserve(&mut values, 1000, "numbers") {
                    Ok(()) => values.extend_from_slice(&[7; 1000]),
                    Err(failure) => break (values.len() * 4, values.capacity() * 4, failure),
                }
            }
        });
        let (length, capacity, failure) = grown;
        assert!(capacity <= 10 << 20, "{capacity} bytes");
        assert!(length > (10 << 20) - 8000, "{length} of 10 MiB were used");
        assert_eq!(failure.code, Code::MemoryLimit);
    }

    #[test]
    fn what_the_system_does_not_give_is_a_failure_too() {
        let failure = filled(0u64, 1 << 58, "zeros").expect_err("an exbibyte");
        assert_eq!(failure.code, Code::MemoryLimit);
        assert!(failure.message.contains("the system gives no more"), "{failure}");
        assert_eq!(filled(3u8, 2, "bytes").expect("two bytes"), [3, 3]);
    }

    #[test]
    fn a_thread_needs_what_the_system_has_and_not_what_is_allowed() {
        with(0, || probe(1 << 20, "a thread")).expect("17 MiB of addresses");
        let failure = probe(1 << 62, "a thread").expect_err("more addresses than there are");
        assert_eq!(failure.code, Code::MemoryLimit);
    }

    #[test]
    fn where_nobody_can_be_handed_a_failure_the_job_ends_with_it() {
        let ends: [fn() -> usize; 4] = [
            || room::<u8>(usize::MAX, "room").len(),
            || spread(0u64, 1 << 20, "values").len(),
            || gathered(0..1u32 << 20, 1 << 20, "numbers").len(),
            || {
                afford::<f64>(1 << 20, "a square");
                0
            },
        ];
        for end in ends {
            let ended = with(1 << 20, || std::panic::catch_unwind(end)).expect_err("more than 1 MiB");
            assert_eq!(ended.downcast::<Failure>().expect("the failure itself").code, Code::MemoryLimit);
        }
        assert_eq!(spread(7, 3, "values"), [7, 7, 7]);
        assert_eq!(gathered(0..3, 3, "numbers"), [0, 1, 2]);
        afford::<f64>(1 << 40, "nobody has set a limit");
    }

    #[test]
    fn texts_are_asked_for_as_they_come() {
        let failure = with(2 << 20, || {
            let mut held = Held::default();
            (0..1_000_000).try_for_each(|_| held.text(8, 0, "labels"))
        });
        assert_eq!(failure.expect_err("a million labels in 2 MiB").code, Code::MemoryLimit);
    }
}
