//! Worlds that can draw more rows than a data set holds.

use super::SIMULATORS;
use crate::dataset::Dataset;
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::stream::Stream;
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

/// Rows of a data set that are compared with those of its world.
const COMPARED: usize = 16;
/// Share of a value by which the mathematical functions of two machines may differ, generously.
const ROUNDING: f32 = 1e-4;

/// An endless data set.
pub trait Source: std::fmt::Debug + Send + Sync {
    /// Inputs (numbers x d) of the rows of these numbers. `streams` gives the random numbers, by name, that the first of
    /// these rows begins with: other streams are other rows.
    fn inputs(&self, numbers: Range<usize>, streams: &dyn Fn(&str) -> Stream) -> Matrix;

    /// The first rows (rows x d) of the data set that the simulator gives.
    fn first_inputs(&self, rows: usize) -> Matrix;
}

/// The world that a data set was made by, known by its provenance.
///
/// # Errors
/// `DATA_NEEDS_SIMULATOR` when there is none that can draw more rows, or when the inputs are not its inputs any more.
pub fn source_of(dataset: &Dataset) -> Result<Arc<dyn Source>> {
    let refuse = |what: String| {
        let names: Vec<&str> = SIMULATORS.iter().filter(|s| s.source.is_some()).map(|s| s.name).collect();
        let hint =
            format!("use data of a simulator that can ({}) as they are, or the rows that are given", names.join(", "));
        Err(Failure::new(Code::DataNeedsSimulator, what).hint(hint))
    };
    let Some(name) = dataset.provenance.get("simulator").and_then(Value::as_str) else {
        return refuse("no simulator made the data: there are no other rows than those given".into());
    };
    let Some(open) = SIMULATORS.iter().find(|s| s.name == name).and_then(|s| s.source) else {
        return refuse(format!("the simulator {name:?}, which made the data, cannot draw more rows"));
    };
    let source = open(dataset.provenance.get("config").cloned().unwrap_or_default())?;
    let rows = COMPARED.min(dataset.rows());
    let known = source.first_inputs(rows);
    let close = |(a, b): (&f32, &f32)| (a - b).abs() <= ROUNDING * a.abs().max(b.abs()).max(1.0);
    let given = &dataset.inputs.data()[..rows * dataset.inputs.cols()];
    if known.cols() != dataset.inputs.cols() || !known.data().iter().zip(given).all(close) {
        return refuse(format!(
            "the inputs are not those of {name:?} any more: columns or rows were chosen, or values changed"
        ));
    }
    Ok(source)
}
