//! What is learnt from: matrices, data sets and their roles, splits, seeded streams, readers, simulators.
//!
//! This crate knows neither candle nor napi; it touches no clock, no environment variable and no standard output.
#![forbid(unsafe_code)]

pub mod atomic;
mod axes;
pub mod config;
pub mod dataset;
pub mod dendrogram;
pub mod describe;
pub mod facts;
pub mod failure;
pub mod folder;
pub mod interrupt;
pub mod matrix;
pub mod memory;
pub mod nearest;
pub mod offsets;
pub mod orthonormal;
pub mod owner;
pub mod prepare;
pub mod read;
pub mod simd;
pub mod simulate;
pub mod smooth;
pub mod split;
pub mod stream;
pub mod tree;
pub mod version;
pub mod views;
pub mod write;

pub use dataset::{Dataset, Labels, Role, Table};
pub use failure::{Code, Failure, Result};
pub use matrix::Matrix;
pub use offsets::Offsets;
pub use stream::Stream;
pub use tree::Tree;
pub use views::{Image, View};
