//! What is scored.
#![forbid(unsafe_code)]
