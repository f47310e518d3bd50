//! Latents whose mechanisms shift between environments: an exact density of rows given their environment, its gradient, and the
//! search for the causal order. Plain numbers in and out.

mod absorbed;
mod axes;
mod cholesky;
mod coefficients;
mod environments;
mod flow;
mod lanes;
mod likelihood;
mod mechanisms;
mod nonlinear;
mod order;
mod plane;
mod way_back;

pub use absorbed::{Absorbed, absorbed};
pub use axes::{Random, latents, likeliest};
pub use coefficients::{profile, unchanged};
pub use flow::{Flow, FlowShape};
pub use likelihood::{Asked, Density, Evaluated, GroupedRows, Head, evaluate, transform};
pub use mechanisms::{Kind, MechanismShape, Mechanisms, pair};
pub use nonlinear::{Curvature, nonlinear};
pub use order::{MOST_LATENTS, Order, search};
pub use plane::{Apart, apart};
pub use way_back::{invert, predict};

#[cfg(test)]
mod laws;
