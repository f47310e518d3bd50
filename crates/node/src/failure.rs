//! Failures as values, and the guard that turns a panic into one.

use disentangle_data::{Code, Failure, Result};
use napi::bindgen_prelude::Either;
use napi_derive::napi;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

/// The tagged form in which a failure crosses.
#[napi(object, object_from_js = false)]
pub struct NativeFailure {
    /// What went wrong.
    pub failure: FailureData,
}

/// A failure as plain data.
#[napi(object, object_from_js = false)]
pub struct FailureData {
    /// Stable identifier.
    pub code: String,
    /// One line.
    pub message: String,
    /// Where.
    pub path: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// Numbers for programs.
    pub context: Value,
}

impl From<Failure> for NativeFailure {
    fn from(failure: Failure) -> Self {
        let Failure { code, message, path, hint, context } = failure;
        Self {
            failure: FailureData { code: code.as_str().into(), message, path, hint, context: Value::Object(context) },
        }
    }
}

/// Runs an export's body: its value, its failure, or its panic as `INTERNAL_PANIC`.
pub fn guard<T>(body: impl FnOnce() -> Result<T>) -> Either<T, NativeFailure> {
    match guarded(body) {
        Ok(value) => Either::A(value),
        Err(failure) => Either::B(failure.into()),
    }
}

/// Guarded bodies that may still begin before one panics on purpose; 0 = none will.
static FUSE: AtomicU32 = AtomicU32::new(0);

/// Test hook: `passes` guarded bodies run, the next one panics. Exports are guarded bodies, and so is a fit's thread:
/// `panicAfter(0)` hits the next call of any export, `panicAfter(1)` before `fit` hits the thread that it starts.
#[napi(catch_unwind)]
pub fn panic_after(passes: u32) {
    FUSE.store(passes.saturating_add(1), Ordering::SeqCst);
}

/// As `guard`, for thread bodies.
pub fn guarded<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    let body = || {
        let burnt = FUSE.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(burnt != Ok(1), "on purpose: the panic guard is being tested");
        body()
    };
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        // Where memory ended in a place that cannot fail.
        let panic = match panic.downcast::<Failure>() {
            Ok(failure) => return Err(*failure),
            Err(panic) => panic,
        };
        let said = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into());
        Err(Failure::new(Code::InternalPanic, format!("a bug in disentangle: {said}"))
            .hint("please report it with the command you ran; your process and your data are unharmed"))
    })
}
