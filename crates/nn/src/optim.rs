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
mod step;

pub use adam::{Adam, AdamSettings};
pub use clip::clip_factor;
pub use constraint::{Ascent, Constraint, ConstraintRecord, Multiplier, MultiplierSettings, Multipliers, Relation};
pub use extra_adam::{ExtraAdam, Extrapolation};
pub use groups::RateGroup;
pub use proximal::{group_soft_threshold, soft_threshold};
pub use schedule::{Plateau, Schedule};
pub use sgd::{Sgd, SgdSettings};
pub use slice_adam::SliceAdam;
pub use step::{OptimState, StepSize};

#[cfg(test)]
mod laws;
