//! From candle's errors to failures.

use candle_core::Error;
use disentangle_data::{Code, Failure};

/// A failure of candle is a bug of ours: shapes are checked before tensors are made.
pub fn internal(error: Error) -> Failure {
    Failure::new(Code::InternalPanic, format!("tensor operation failed: {error}"))
        .hint("this is a bug in disentangle; please report it with the command you ran")
}
