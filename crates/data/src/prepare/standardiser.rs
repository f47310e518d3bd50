//! Mean 0 and standard deviation 1, fitted on training rows and kept with the model.

use super::moments::Moments;
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `(x - mean) / sd` for each column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Standardiser {
    /// Subtracted, in units of the column.
    pub mean: Vec<f64>,
    /// Divided by, in units of the column; > 0.
    pub sd: Vec<f64>,
}

impl Standardiser {
    /// Leaves `columns` columns as they are.
    pub fn identity(columns: usize) -> Self {
        Self { mean: vec![0.0; columns], sd: vec![1.0; columns] }
    }

    /// From columns that vary.
    pub(super) fn of(columns: &[Moments]) -> Self {
        Self { mean: columns.iter().map(|c| c.mean).collect(), sd: columns.iter().map(|c| c.sd).collect() }
    }

    /// For the numbers themselves, where the columns are differences from `offsets`; empty: there are none.
    #[must_use]
    pub fn shifted(self, offsets: &[f64]) -> Self {
        let offset = |column: usize| offsets.get(column).copied().unwrap_or_default();
        let mean = self.mean.iter().enumerate().map(|(column, mean)| mean + offset(column)).collect();
        Self { mean, ..self }
    }

    /// Standardises a matrix (n x columns); NaN stays NaN.
    ///
    /// # Errors
    /// `DATA_SHAPE` for another number of columns; `NUMERIC_NOT_FINITE` where a value is too many deviations from the mean for
    /// 32-bit floating point.
    pub fn apply(&self, values: &Matrix) -> Result<Matrix> {
        self.apply_in_place(values.clone())
    }

    /// The same without a copy.
    ///
    /// # Errors
    /// As [`Standardiser::apply`].
    pub fn apply_in_place(&self, values: Matrix) -> Result<Matrix> {
        self.each(values, |value, mean, sd| (value - mean) / sd)
    }

    /// The inverse of [`Standardiser::apply`]: back to the units of the columns.
    ///
    /// # Errors
    /// As [`Standardiser::apply`].
    pub fn undo(&self, values: &Matrix) -> Result<Matrix> {
        self.each(values.clone(), |value, mean, sd| value * sd + mean)
    }

    fn each(&self, mut values: Matrix, f: impl Fn(f64, f64, f64) -> f64) -> Result<Matrix> {
        if values.cols() != self.mean.len() || self.sd.len() != self.mean.len() {
            return Err(Failure::new(
                Code::DataShape,
                format!("{} columns to standardise, expected {}", values.cols(), self.mean.len()),
            ));
        }
        let mut overflow = false;
        let cols = values.cols();
        if cols > 0 {
            for row in values.data_mut().chunks_exact_mut(cols) {
                for (value, (&mean, &sd)) in row.iter_mut().zip(self.mean.iter().zip(&self.sd)) {
                    *value = f(f64::from(*value), mean, sd) as f32;
                    overflow |= value.is_infinite();
                }
            }
        }
        if overflow {
            return Err(Failure::new(
                Code::NumericNotFinite,
                "a standardized value leaves 32-bit floating point: some value is far from all training rows",
            )
            .hint("look for outliers, or for a column that hardly varies over the training rows"));
        }
        Ok(values)
    }
}
