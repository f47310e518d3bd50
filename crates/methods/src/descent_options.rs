//! What every network that learns by gradient descent lets its user set, beside the number of steps and the learning rate.

use disentangle_engine::method::{Batching, Keep, Recipe};
use disentangle_nn::optim::Schedule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// From the peak down to a thousandth of it, without warm-up.
pub const DECAY: Schedule = Schedule::Cosine { warmup: 0.0, floor: 1e-3 };

/// The defaults of a method.
pub trait Defaults {
    /// Of `batchSize`.
    const BATCH_SIZE: usize;
    /// Of `clipNorm`.
    const CLIP_NORM: f64 = 0.0;
    /// Of `keep`.
    const KEEP: Keep;
}

/// How a descent takes its batches and gradients, when it ends early, and what it keeps; `D` supplies the defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, bound = "D: Defaults")]
#[schemars(bound = "D: Defaults")]
pub struct DescentOptions<D> {
    /// Rows per step; at most all training rows.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub batch_size: usize,
    /// Norm that gradients are cut down to; 0 takes them as they are. Helps when single rows are extreme.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub clip_norm: f64,
    /// Checks on validation rows, 25 over all steps, without a new lowest loss after which training ends early; 0: never.
    #[schemars(range(min = 0, max = 1000))]
    pub patience: usize,
    /// Parameters kept at the end: those with the lowest loss on validation rows, or the last ones.
    pub keep: Keep,
    #[serde(skip)]
    defaults: PhantomData<D>,
}

impl<D: Defaults> Default for DescentOptions<D> {
    fn default() -> Self {
        Self { batch_size: D::BATCH_SIZE, clip_norm: D::CLIP_NORM, patience: 0, keep: D::KEEP, defaults: PhantomData }
    }
}

impl<D> DescentOptions<D> {
    /// A stage with these options, by plain Adam.
    pub fn recipe(&self, name: &'static str, steps: usize, learning_rate: f64, schedule: Schedule) -> Recipe {
        Recipe {
            clip: (self.clip_norm > 0.0).then_some(self.clip_norm),
            patience: self.patience,
            keep: self.keep,
            ..Recipe::plain(name, steps, Batching::Rows(self.batch_size), learning_rate, schedule)
        }
    }
}
