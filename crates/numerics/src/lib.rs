//! What computes on slices, without a graph: products, small dense linear algebra, and the solvers that stand on them. Knows no
//! candle.
//!
//! It touches no clock, no environment variable, no standard output and no global random state. Every function gives the same
//! bits with any number of threads.
#![deny(unsafe_code)]

pub mod compute;
pub mod dimension;
pub mod directions;
pub mod factor_model;
pub mod ica;
pub mod joint_diagonalization;
mod lane_products;
pub mod lbfgs;
mod leading_axes;
pub mod linalg;
pub mod logistic;
pub mod moments;
pub mod multimodal;
pub mod perceptron;
pub mod principal_axes;
pub mod product;
pub mod real;
pub mod rotation;
pub mod shift;
pub mod single_change;
pub mod tree_heads;
pub mod varimax;
