//! What the scores of one set of estimated latents are.

use crate::ate::Ate;
use crate::blocks::BlockScores;
use crate::calibration::CalibrationScores;
use crate::changes::ChangeScores;
use crate::graph::given::MethodGraphScore;
use crate::graph::recovered::GraphScore;
use crate::indicators::IndicatorScores;
use crate::kernel_r2::KernelR2;
use crate::mcc::Mcc;
use crate::r2::R2;
use crate::silence::SilenceScores;
use crate::task_mcc::TaskMcc;
use crate::weak::WeakMcc;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which rows of the data set were scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScoredSplit {
    /// The rows that parameters were fitted to.
    Train,
    /// The rows that choices were made by.
    Validation,
    /// The rows that the fit has never seen.
    Test,
    /// All rows.
    All,
}

/// Every score of one set of estimated latents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scores {
    /// What was scored.
    pub rows: ScoredRows,
    /// Names of the true latents.
    pub truth: Vec<String>,
    /// Names of the estimated latents.
    pub latents: Vec<String>,
    /// Agreement of single latents, linear.
    pub mcc: Mcc,
    /// Agreement of single latents, by rank.
    pub mcc_spearman: Mcc,
    /// Agreement with the true latents before they were rotated, linear, where they were.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mcc_unrotated: Option<Mcc>,
    /// Agreement of single latents within each task, linear, where rows have tasks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mcc_task: Option<TaskMcc>,
    /// The same by rank.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mcc_task_spearman: Option<TaskMcc>,
    /// Agreement up to a linear map.
    pub mcc_weak: WeakMcc,
    /// Share of the true latents that a linear map of the estimated ones explains.
    pub r2: R2,
    /// Share of them that a smooth map of the estimated ones explains, in sample and out of it, where the inputs are several views.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kernel_r2: Option<KernelR2>,
    /// The score of the best possible predictor E[z|x], where the simulator knows it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oracle: Option<Oracle>,
    /// Recovered changes on the tree's edges, where they are known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub changes: Option<ChangeScores>,
    /// Recovered causes of the target of each task, where they are known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub indicators: Option<IndicatorScores>,
    /// Recovered silence: which latents are switched off in which row, where it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub silence: Option<SilenceScores>,
    /// Recovered blocks of latents, where the true ones fall into some.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub blocks: Option<BlockScores>,
    /// Error of the effects of the latents on the target, where there are a target and environments.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ate: Option<Ate>,
    /// The causal graph that PC finds on the latents, where the true one is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub graph: Option<GraphScore>,
    /// The causal graph that the method itself found, where it did and the true one is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub method_graph: Option<MethodGraphScore>,
    /// Whether what the method calls likely is true as often, where it gives probabilities and the truth is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub calibration: Option<CalibrationScores>,
    /// What to bear in mind when reading these numbers, in sentences.
    pub notes: Vec<String>,
}

/// Which rows were scored, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScoredRows {
    /// Part of the data set.
    pub split: ScoredSplit,
    /// Number of rows.
    pub count: usize,
}

/// What the best possible predictor of the true latents from the inputs would score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Oracle {
    /// Its Pearson MCC; null where that is not defined.
    pub value: Option<f64>,
    /// What it stands for.
    pub explanation: String,
}
