//! Training rows that are drawn while a method learns, from the world that made the data.

use super::{Missing, PrepareConfig, Standardiser};
use crate::dataset::Dataset;
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::simulate::source::Source;
use crate::simulate::source_of;
use crate::stream::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which rows a gradient step sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "TrainingRows")]
pub enum Rows {
    /// Training rows of the data set.
    #[default]
    Given,
    /// New rows at every step, from the simulator that made the data.
    Fresh,
}

/// The world that made the data, on their scale.
#[derive(Debug, Clone)]
pub struct FreshRows {
    pub(super) world: Arc<dyn Source>,
    pub(super) standardiser: Standardiser,
}

impl PartialEq for FreshRows {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.world, &other.world) && self.standardiser == other.standardiser
    }
}

impl FreshRows {
    /// Standardised inputs (count x d) for step `step` of the descent `stage`, a pure function of these and the seed.
    ///
    /// # Errors
    /// `NUMERIC_NOT_FINITE` as [`Standardiser::apply`].
    pub fn batch(&self, count: usize, seed: u64, stage: &str, step: usize) -> Result<Matrix> {
        let streams = |name: &str| Stream::new(seed, &format!("fresh/{stage}/{name}")).at(step as u32);
        self.standardiser.apply_in_place(self.world.inputs(step * count..(step + 1) * count, &streams))
    }
}

/// The world that fresh rows come from, if the configuration wants any.
pub(super) fn world(dataset: &Dataset, config: &PrepareConfig) -> Result<Option<Arc<dyn Source>>> {
    if config.rows == Rows::Given {
        return Ok(None);
    }
    let conflict = |what: &str, hint: &str| {
        Err(Failure::new(Code::ConfigConflict, format!("rows: fresh rows have no {what}")).at("rows").hint(hint))
    };
    if config.missing != Missing::Error {
        return conflict("missing inputs", "leave `missing` out");
    }
    if dataset.targets.is_some() || !dataset.labels.is_empty() || dataset.tree.is_some() {
        return conflict("targets, labels or tree, as the data have", "learn from the rows that are given");
    }
    source_of(dataset).map(Some)
}

#[cfg(test)]
mod tests;
