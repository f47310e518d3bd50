//! Optimisers, schedules, clipping, proximal steps and constraints.
//!
//! An optimiser keeps its own moments, in the order and under the names of the parameters, and exports them as plain
//! data; a step is one pass over each parameter, in place.

mod adam;
mod clip;
mod constraint;
mod extra_adam;
mod groups;
mod in_place;
mod proximal;
mod schedule;
mod sgd;
mod slice_adam;

pub use adam::{Adam, AdamSettings};
pub use clip::clip_factor;
pub use constraint::{
    Ascent, Constraint, ConstraintRecord, Multiplier, MultiplierSettings, Multipliers, Penalty, Relation,
};
pub use extra_adam::{ExtraAdam, Extrapolation};
pub use groups::RateGroup;
pub use proximal::{group_soft_threshold, soft_threshold};
pub use schedule::{Plateau, Schedule};
pub use sgd::{Sgd, SgdSettings};
pub use slice_adam::SliceAdam;

use crate::NamedValues;

/// The two numbers of one optimiser step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepSize {
    /// Learning rate.
    pub lr: f64,
    /// Factor on every gradient, 1 unless clipped (see [`clip_factor`]).
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

#[cfg(test)]
mod laws;
