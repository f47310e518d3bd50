//! What keeps the repository in order. `check` and `new-method` read files alone; only `generate` compiles the crates it describes.
#![forbid(unsafe_code)]

pub mod check;
pub mod code;
pub mod files;
#[cfg(feature = "catalogue")]
pub mod generate;
pub mod scaffold;
#[cfg(feature = "catalogue")]
pub mod sources;
pub mod tree;
