//! Where a fit stands between two steps, as plain data: what a checkpoint holds.

use super::verdict::Marks;
use crate::method::{Dimensions, Method, State};
use crate::results::{History, Outcome, StageHistory};
use disentangle_data::{Matrix, Result};
use disentangle_nn::internal;
use disentangle_nn::optim::Multiplier;
use disentangle_nn::{Device, NamedValues};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything a resumed fit needs besides its configuration and its data. Random numbers need no state: each is a pure
/// function of (seed, name, step).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// Gradient steps taken, over all candidates and stages.
    pub step: usize,
    /// Candidates that are done; the next one is under way.
    pub finished: Vec<Finished>,
    /// Index of the stage under way.
    pub stage: usize,
    /// How the last descent of this candidate ended.
    pub outcome: Option<Outcome>,
    /// Curves of all stages that are done, of all candidates.
    pub history: History,
    /// The descent under way, if the stage is one and has begun.
    pub descent: Option<Descent>,
    /// Numbers of the candidate under way; without any parameter they are its initial values.
    #[serde(skip)]
    pub weights: Weights,
}

/// What a model consists of: trained parameters and solved results.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weights {
    /// Parameters, in the order of the network.
    pub trained: Vec<NamedValues>,
    /// Results of solved stages, by name.
    pub solved: BTreeMap<String, Matrix<f64>>,
}

impl Weights {
    /// Copies them out of a state.
    ///
    /// # Errors
    /// Those of copying from the device.
    pub fn of(state: &State) -> Result<Self> {
        Ok(Self { trained: state.params.export().map_err(internal)?, solved: state.solved.clone() })
    }

    /// The state of a method that they are; without any it is the initial one.
    ///
    /// # Errors
    /// Parameters of another network.
    pub fn state(&self, method: &dyn Method, dimensions: &Dimensions, device: &Device, seed: u64) -> Result<State> {
        let state = State::new(method, dimensions, self.solved.clone(), device, seed).map_err(internal)?;
        if !self.trained.is_empty() {
            state.params.import(&self.trained).map_err(internal)?;
        }
        Ok(state)
    }
}

/// A candidate that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// Its error on the validation rows; absent where it predicts nothing, or did not get that far.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub score: Option<Score>,
    /// What it learnt.
    #[serde(skip)]
    pub weights: Weights,
}

/// Mean squared error on validation rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Score {
    /// In squared units of the target.
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
}

/// A descent under way.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descent {
    /// Steps taken in this stage.
    pub step: usize,
    /// Curves so far.
    pub curves: StageHistory,
    /// Sums since the last point of the curves.
    pub since: Sums,
    /// Lowest validation loss so far.
    pub lowest: Option<f64>,
    /// Validations since the lowest.
    pub waited: usize,
    /// What the verdict at the end compares with.
    #[serde(default)]
    pub marks: Marks,
    /// Multipliers of constraints, and their updates so far; set only in checkpoints, as the moments.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub multipliers: Option<(u64, Vec<Multiplier>)>,
    /// Violations of the step before, where steps look ahead from the past; set only in checkpoints.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub past_violations: Vec<f64>,
    /// Parameters at the lowest validation loss; without validation rows, the last ones known to be finite.
    #[serde(skip)]
    pub good: Vec<NamedValues>,
    /// Moments of the optimiser; set only in checkpoints, the optimiser has them while it runs.
    #[serde(skip)]
    pub moments: Vec<NamedValues>,
}

/// Sums over steps, from which the next point of the curves is made.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sums {
    /// Steps in the sums.
    pub steps: usize,
    /// Loss terms by name.
    pub terms: BTreeMap<String, f64>,
    /// Norms of the gradient.
    pub gradient_norm: f64,
}
