//! How the published second stage is trained: a Lagrangian whose parameters and multiplier both follow ExtraAdam.

use super::Sparsity;
use super::stacks::SPARSITY;
use disentangle_data::Matrix;
use disentangle_data::prepare::Warning;
use disentangle_engine::method::{Batching, Constraints, Recipe};
use disentangle_engine::results::Fact;
use disentangle_nn::optim::{AdamSettings, Ascent, Constraint, Extrapolation, MultiplierSettings, Schedule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name of the descent.
pub const STAGE: &str = "published";

/// Times the budget that is still called kept: it was held for batches by their own statistics, not for all rows by the
/// running ones.
const TOLERATED: f64 = 1.05;

/// The published second stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "PdgmmPublished")]
pub struct PublishedOptions {
    /// Gradient steps, each with two gradients.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: usize,
    /// Rows per step; at most all training rows.
    #[schemars(range(min = 2, max = 1_048_576))]
    pub batch_size: usize,
    /// Learning rate of the parameters.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: f64,
    /// Learning rate of the multiplier.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub multiplier_learning_rate: f64,
    /// Mean magnitude of a latent that is allowed.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub budget: f64,
    /// Units per latent of the four inner layers of each stack; the two around them have a fifth.
    #[schemars(range(min = 5, max = 1024))]
    pub width: usize,
}

impl Default for PublishedOptions {
    fn default() -> Self {
        Self {
            steps: 80_001,
            batch_size: 6144,
            learning_rate: 1e-4,
            multiplier_learning_rate: 5e-5,
            budget: 0.01,
            width: 50,
        }
    }
}

impl PublishedOptions {
    /// The stage of descent.
    pub fn recipe(&self, sparsity: Sparsity) -> Recipe {
        let held = Constraints {
            list: vec![Constraint::at_most(SPARSITY)],
            settings: MultiplierSettings {
                ascent: Ascent::Adam(AdamSettings::default()),
                ..MultiplierSettings::default()
            },
            learning_rate: self.multiplier_learning_rate,
        };
        Recipe {
            extrapolation: Some(Extrapolation::SecondGradient),
            constraints: match sparsity {
                Sparsity::Held => Some(held),
                Sparsity::None => None,
            },
            ..Recipe::plain(STAGE, self.steps, Batching::Rows(self.batch_size), self.learning_rate, Schedule::Constant)
        }
    }

    /// What to tell of the latents of training rows (n x k): their mean magnitude, and whether that is within the budget.
    pub fn account(&self, sparsity: Sparsity, train: &Matrix) -> (Fact, Option<Warning>) {
        let sum: f64 = train.data().iter().map(|v| f64::from(v.abs())).sum();
        let mean = sum / train.data().len().max(1) as f64;
        let overspent = sparsity == Sparsity::Held && mean > TOLERATED * self.budget;
        let warning = overspent.then(|| {
            let message = format!("the mean magnitude of a latent is {mean:.3}, the budget is {}", self.budget);
            Warning::new("BUDGET_OVERSPENT", message).hint("raise published.steps, or allow more with published.budget")
        });
        (Fact::new("mean-magnitude", "mean magnitude of a latent over the training rows", mean), warning)
    }

    /// Sizes of the layers of a stack on `n` columns.
    pub(super) fn sizes(&self, n: usize) -> [usize; 8] {
        let (inner, outer) = (self.width * n, self.width / 5 * n);
        [n, outer, inner, inner, inner, inner, outer, n]
    }
}

#[cfg(test)]
mod laws;
