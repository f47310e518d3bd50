//! Mean squared error of a prediction, over all rows and in each environment.
//!
//! - Formula: `1/n sum (y - prediction)^2`; the overall value weighs rows equally, not environments.
//! - Range 0 upwards in squared units of the target, 0 is best. Compare it with the same error of predicting the mean.
//! - Rows whose target is NaN (missing) are left out and not counted; none left: null.
//! - Sees no latents, so nothing done to them changes it.
//! - Source: *Mean squared error: love it or leave it?* (Wang, Bovik, 2009), <https://doi.org/10.1109/MSP.2008.930649>.

use disentangle_data::{Code, Failure, Labels, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Mean squared error of a prediction. `value` is null where no row has a target, and then `reason` says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mse {
    /// Over all rows that have a target, in squared units of the target.
    pub value: Option<f64>,
    /// Why `value` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Rows that have a target.
    pub rows: usize,
    /// The same in each environment, in order of the labels; empty without environments.
    pub per_environment: Vec<EnvironmentMse>,
}

/// Mean squared error in one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentMse {
    /// Its label.
    pub environment: String,
    /// Its rows that have a target.
    pub rows: usize,
    /// Mean squared error over them; null where there are none.
    pub value: Option<f64>,
}

/// The error of `prediction` for `target`, both one value per row.
///
/// # Errors
/// `METRIC_SHAPE` for different lengths, `DATA_NOT_FINITE` for an infinite target or a prediction that is not finite.
pub fn mse(target: &[f64], prediction: &[f64], environments: Option<&Labels>) -> Result<Mse> {
    refuse_unequal("predictions", prediction.len(), target.len())?;
    refuse_infinite_targets(target)?;
    if let Some(row) = prediction.iter().position(|p| !p.is_finite()) {
        return Err(Failure::new(
            Code::DataNotFinite,
            format!("prediction of row {row} is {}, expected a finite number", prediction[row]),
        )
        .with("row", row));
    }
    let mut all = Sum::default();
    let mut each = vec![Sum::default(); environments.map_or(0, |labels| labels.levels.len())];
    if let Some(labels) = environments {
        refuse_unequal("environment labels", labels.codes.len(), target.len())?;
    }
    for (i, (y, p)) in target.iter().zip(prediction).enumerate().filter(|(_, (y, _))| !y.is_nan()) {
        all.add((y - p).powi(2));
        if let Some(labels) = environments {
            each[labels.codes[i] as usize].add((y - p).powi(2));
        }
    }
    let levels = environments.map_or(&[][..], |labels| &labels.levels);
    Ok(Mse {
        value: all.mean(),
        reason: (all.rows == 0).then(|| "no row has a target".to_owned()),
        rows: all.rows,
        per_environment: levels
            .iter()
            .zip(each)
            .map(|(name, sum)| EnvironmentMse { environment: name.clone(), rows: sum.rows, value: sum.mean() })
            .collect(),
    })
}

pub(crate) fn refuse_unequal(what: &str, got: usize, expected: usize) -> Result<()> {
    if got == expected {
        return Ok(());
    }
    Err(Failure::new(Code::MetricShape, format!("{what}: {got}, expected {expected}, one for each scored row"))
        .with("got", got)
        .with("expected", expected))
}

pub(crate) fn refuse_infinite_targets(target: &[f64]) -> Result<()> {
    match target.iter().position(|y| y.is_infinite()) {
        None => Ok(()),
        Some(row) => Err(Failure::new(
            Code::DataNotFinite,
            format!("target of row {row} is {}, expected a finite number or NaN for a missing one", target[row]),
        )
        .with("row", row)),
    }
}

#[derive(Clone, Copy, Default)]
struct Sum {
    total: f64,
    rows: usize,
}

impl Sum {
    fn add(&mut self, value: f64) {
        self.total += value;
        self.rows += 1;
    }

    fn mean(self) -> Option<f64> {
        (self.rows > 0).then(|| self.total / self.rows as f64)
    }
}
