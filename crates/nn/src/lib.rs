//! Layers, losses and penalties: fused operations over slices on the CPU, candle expressions elsewhere.
//!
//! Every function is written once for `f32` (training) and `f64` (checks), propagates NaN, accepts a batch of one, and
//! gives the same bits with any number of threads. Take gradients with [`Params::gradients`].
//!
//! It touches no clock, no environment variable, no standard output and no global random state.
#![forbid(unsafe_code)]
// Tests look at tensors where they lie; clippy.toml says why nothing else does.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

mod activation;
mod contrast;
mod coupling;
mod dense;
mod determinant;
pub mod device;
mod element;
mod entrywise;
mod fused;
mod grouped;
mod heads;
pub mod host;
mod image;
mod image_encoder;
mod internal;
mod known;
mod layer_norm;
mod layers;
mod loss;
mod mixture;
mod mlp;
mod norm;
pub mod optim;
mod params;
mod probability;
mod residual;
mod ridge;
mod smooth;
mod task_loss;
mod triangular;

/// The words of candle that the crates above this one use; they do not name candle themselves.
pub use candle_core::{DType, Device, Error, Result, Tensor, Var};

pub use activation::Activation;
pub use contrast::{
    cross_entropy, cross_entropy_expression, group_l1, group_l1_expression, info_nce, negative_squared_distances,
    paired_info_nce, paired_info_nce_expression,
};
pub use coupling::{
    Coupling, Passing, Spline, Toward, Transform, affine_map, affine_map_inverse, bounded, bounded_expression, spline,
    spline_expression,
};
pub use dense::{dense, dense_expression};
pub use determinant::{InvertibleLinear, batch_covariance, covariance_log_det, log_abs_det, matrix_inverse};
pub use element::Element;
pub use fused::by_expressions;
pub use grouped::{GroupedMlp, grouped_dense, grouped_dense_expression, masked_dense};
pub use heads::{Topology, head_product, head_product_expression, tree_heads, tree_heads_expression};
pub use image::{
    Stride, channels_first, channels_last, conv2d, conv2d_expression, conv2d_transposed, conv2d_transposed_expression,
    max_pool2d, max_pool2d_expression,
};
pub use image_encoder::{
    ImageDecoder, ImageEncoder, ImageLayers, KeypointEncoder, LEAST_SIDE, LEAST_SIDE_OF_KEYPOINTS, halvings,
};
pub use internal::internal;
pub use known::with_known_gradient;
pub use layer_norm::LayerNorm;
pub use layers::{Layer, Numbers};
pub use loss::{l1, mean_squared_error};
pub use mixture::{mixture_log_density, mixture_log_density_expression};
pub use mlp::Mlp;
pub use norm::{Affine, BatchNorm, RunningStatistics};
pub use params::{Buffer, Gradients, Init, NamedValues, Param, Params};
pub use probability::{
    bernoulli_log_likelihood, denoising_score_matching, gaussian_kl, gaussian_log_likelihood, normals, normals_like,
    reparameterise, score_matching,
};
pub use residual::Residual;
pub use ridge::Ridges;
pub use smooth::SmoothLeaky;
pub use task_loss::{TaskKind, TaskRows, task_loss, task_loss_expression};
pub use triangular::{
    triangular, triangular_expression, triangular_inverse, triangular_inverse_expression, triangular_log_det,
};

#[cfg(test)]
mod laws;
