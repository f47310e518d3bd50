//! What a step is given, and what an optimiser remembers between steps.

use crate::NamedValues;

/// The two numbers of one optimiser step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepSize {
    /// Learning rate.
    pub lr: f64,
    /// Factor on every gradient, 1 unless clipped (see [`clip_factor`](super::clip_factor)).
    pub gradient_scale: f64,
}

impl StepSize {
    /// This learning rate, gradients as they are.
    pub fn new(lr: f64) -> Self {
        Self { lr, gradient_scale: 1.0 }
    }
}

/// What an optimiser must remember to go on with the same bits: its step count and its moments by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OptimState {
    /// Steps taken.
    pub steps: u64,
    /// Moments, named `<moment>/<parameter>`.
    pub moments: Vec<NamedValues>,
}
