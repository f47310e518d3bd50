//! Layers, losses and penalties: fused operations over slices on the CPU, candle expressions elsewhere.
//!
//! Every function is written once for `f32` (training) and `f64` (checks), propagates NaN, accepts a batch of one, and
//! gives the same bits with any number of threads. Take gradients with [`Params::gradients`].

mod activation;
mod compute;
mod dense;
mod heads;
#[allow(unsafe_code)]
mod kernels;
mod loss;
mod mlp;
mod narrow;
mod norm;
mod params;
mod probability;
mod product;
mod real;
pub(crate) mod simd;

pub use activation::Activation;
pub use compute::Compute;
pub use dense::{dense, dense_expression};
pub use heads::{Topology, head_product, head_product_expression, tree_heads, tree_heads_expression};
pub use loss::{l1, mean_squared_error};
pub use mlp::Mlp;
pub use norm::{Affine, BatchNorm, RunningStatistics};
pub use params::{Gradients, Init, NamedValues, Param, Params};
pub use probability::{bernoulli_log_likelihood, gaussian_kl, gaussian_log_likelihood, normals, reparameterise};
pub use real::Real;

#[cfg(test)]
mod laws;
