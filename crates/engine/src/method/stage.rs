//! The parts that training is made of, and how each runs.

use disentangle_nn::optim::{AdamSettings, Constraint, Extrapolation, MultiplierSettings, RateGroup, Schedule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a step sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batching {
    /// So many rows, at most all training rows; of fresh rows as many.
    Rows(usize),
    /// All training rows of so many tasks.
    Tasks(usize),
    /// So many rows of every environment, at most all training rows that it has.
    Environments(usize),
}

/// How a stage of gradient descent runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// Name of the stage.
    pub name: &'static str,
    /// Number of steps.
    pub steps: usize,
    /// What each step sees.
    pub batches: Batching,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Settings of the optimiser.
    pub adam: AdamSettings,
    /// Where each step looks ahead from, for games between parameters and multipliers; `None`: plain Adam.
    pub extrapolation: Option<Extrapolation>,
    /// What is held, beside what is minimised. The lowest loss is then not the best: use `Keep::Last`.
    pub constraints: Option<Constraints>,
    /// Factors on the learning rate of groups of parameters; plain Adam only.
    pub rates: Vec<RateGroup>,
    /// How the learning rate moves.
    pub schedule: Schedule,
    /// Norm that gradients are cut down to; `None`: they are taken as they are.
    pub clip: Option<f64>,
    /// Validations without a new lowest loss after which the stage ends early, of 25 per stage; 0: never.
    pub patience: usize,
    /// Which parameters are kept at the end.
    pub keep: Keep,
}

impl Recipe {
    /// Plain Adam with one rate for all parameters; nothing is held or cut down, all steps are taken and the last parameters kept.
    pub fn plain(name: &'static str, steps: usize, batches: Batching, learning_rate: f64, schedule: Schedule) -> Self {
        Self {
            name,
            steps,
            batches,
            learning_rate,
            adam: AdamSettings::default(),
            extrapolation: None,
            constraints: None,
            rates: Vec::new(),
            schedule,
            clip: None,
            patience: 0,
            keep: Keep::Last,
        }
    }

    /// The share of the steps that are behind step `step`, in \[0, 1].
    pub fn progress(&self, step: usize) -> f64 {
        (step as f64 / self.steps.max(1) as f64).min(1.0)
    }
}

/// Terms of the loss that are held instead of minimised: their values are violations, and multipliers climb on them.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraints {
    /// Each is a term of the loss by its name.
    pub list: Vec<Constraint>,
    /// How the multipliers climb.
    pub settings: MultiplierSettings,
    /// Learning rate of the multipliers.
    pub learning_rate: f64,
}

/// Which parameters a descent keeps. The truth is never asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Those with the lowest validation loss.
    #[default]
    Best,
    /// Those of the last step.
    Last,
}

/// A part of training.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "a fit has a handful of stages")]
pub enum Stage {
    /// Gradient descent on the method's loss.
    Descent(Recipe),
    /// A stage that is solved: the method's `solve` is called with this name.
    Solve(&'static str),
}
