//! Latents of several modalities by an exact likelihood: autoencoders, invertible flows to latents and private variables, mechanisms with
//! sets of causes that are drawn, and the search from many starts. Plain numbers in and out.
//!
//! All of it works on lanes (`perceptron`): a table of w columns and n rows is w x n.

mod adam;
mod autoencoder;
mod density;
mod flow;
mod objective;
mod sets;
mod sizes;
mod starts;
mod steps;

pub use autoencoder::{Autoencoder, Training, Untrained, errors, train};
pub use density::{Density, Modality, Shape, Workspace};
pub use flow::{FlowParts, SCALE_BOUND, SLOPE};
pub use objective::{Evaluated, codes, evaluate, latents, means, noise};
pub use sets::{MOST_LATENTS, Sets};
pub use sizes::{Curve, HELD, bend, shared, widths};
pub use starts::{COLD, Descent, Start, advance, turned};
pub use steps::{batches, rate};

#[cfg(test)]
mod laws;
