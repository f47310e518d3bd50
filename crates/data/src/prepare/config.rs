//! How data are prepared, and what users are told about it.

use super::Rows;
use crate::split::SplitConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do with missing inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// Refuse them.
    #[default]
    Error,
    /// Leave rows with missing inputs or labels out.
    Drop,
    /// Replace them by the column's mean over the training rows.
    Mean,
}

/// What to do with rows without a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MissingTarget {
    /// Refuse them.
    #[default]
    Error,
    /// Leave them out.
    Drop,
}

/// Which columns are brought to mean 0 and standard deviation 1 over the training rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standardize {
    /// Inputs and targets.
    #[default]
    All,
    /// Only the inputs.
    Inputs,
    /// Nothing: the numbers are used as they are.
    None,
}

/// How images are scaled where inputs are standardized. Never by pixel: a pixel may be the same in all images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImageScale {
    /// Each channel to mean 0 and standard deviation 1 over all its pixels of the training rows.
    #[default]
    Channel,
    /// Each view to [0, 1], from the smallest to the largest value of the training rows.
    Unit,
}

impl ImageScale {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How data are prepared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PrepareConfig {
    /// What to do with missing inputs: refuse them, drop their rows, or fill in the column's training mean.
    pub missing: Missing,
    /// What to do with rows without a target: refuse or drop them. Single gaps in several targets are allowed.
    pub missing_target: MissingTarget,
    /// Which columns are standardized.
    pub standardize: Standardize,
    /// How images are scaled where inputs are standardized: each channel to mean 0 and standard deviation 1, or the view to
    /// [0, 1] by its smallest and largest value of the training rows.
    // Left out of what is written where it is the default: a configuration without images stays what it was, and so does the run's identity.
    #[serde(skip_serializing_if = "ImageScale::is_default")]
    #[schemars(extend("default" = "channel"))]
    pub image_scale: ImageScale,
    /// Truth that the method may look at, by the names of its tables; only methods with an oracle use any. What comes out is
    /// then a ceiling, not a result, and says so.
    pub oracle: Vec<String>,
    /// Which rows a gradient step sees: training rows of the data set, or new ones at every step, from the simulator that made
    /// the data. Solved stages, validation and scores stay on the data set.
    pub rows: Rows,
    /// How rows are split into training, validation and test.
    pub split: SplitConfig,
}

/// Something a user should know that stops nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// Stable identifier.
    pub code: String,
    /// One line.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
}

impl Warning {
    /// A warning with a code and a one-line message.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), hint: None }
    }

    /// Says what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
