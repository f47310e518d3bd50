//! What learns: layers, optimisers, the one training loop, methods. The only crate that knows candle.
//!
//! It touches no clock, no environment variable, no standard output and no global random state.
#![deny(unsafe_code)]

pub mod catalogue;
pub mod checkpoint;
pub mod conditional_vae;
pub mod container;
pub mod decode;
pub mod device;
mod directions;
pub mod fit;
pub mod ica;
pub mod joint_diagonalisation;
pub mod linalg;
pub mod linear;
pub mod mechanisms;
pub mod method;
pub mod methods;
pub mod model;
pub mod nn;
pub mod optim;
pub mod plan;
pub mod regression;
pub mod results;
pub mod rotation;
pub mod rows;
pub mod score;
pub mod train;
pub mod tree_heads;
