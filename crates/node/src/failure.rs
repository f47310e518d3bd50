//! Failures as values, and the guard that turns a panic into one.

use disentangle_data::{Code, Failure, Result};
use napi::bindgen_prelude::Either;
use napi_derive::napi;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

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

/// As `guard`, for thread bodies.
pub fn guarded<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into());
        Err(Failure::new(Code::InternalPanic, format!("a bug in disentangle: {said}"))
            .hint("please report it with the command you ran; your process and your data are unharmed"))
    })
}
