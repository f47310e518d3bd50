//! What drives a fit: the traits of methods, the one training loop, checkpoints, models and results. It knows no method: the
//! list of them is given to it.
//!
//! It touches no clock, no environment variable, no standard output and no global random state.
#![forbid(unsafe_code)]
// Tests look at tensors where they lie; clippy.toml says why nothing else does.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod catalogue;
pub mod checkpoint;
pub mod container;
pub mod decode;
pub mod entry;
pub mod fit;
mod former;
pub mod mechanisms;
pub mod method;
pub mod model;
pub mod observe;
pub mod plan;
pub mod results;
pub mod rows;
pub mod score;
pub mod train;
