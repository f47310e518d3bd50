//! Simulated worlds beside those of an independent program, for the tests of all simulators.

use super::simulate;
use crate::{Dataset, Matrix};
use serde_json::Value;
use std::collections::BTreeMap;

/// A world whose parts fit together.
pub(super) fn drawn(simulator: &str, config: Value) -> Dataset {
    let dataset = simulate(simulator, config).expect("a valid configuration");
    dataset.check_shapes().expect("all parts fit together");
    dataset
}

/// A table of the truth.
pub(super) fn truth(dataset: &Dataset, name: &str) -> Matrix<f64> {
    dataset.truth[name].values.to_f64()
}

/// Draws the world of each configuration in a golden file, and compares all its numbers. Gives the configurations.
///
/// Whoever changes these numbers changes every simulated result ever reported.
///
/// # Panics
/// Where a number, or a table, is another one.
pub(super) fn compare(simulator: &str, text: &str) -> Vec<Value> {
    let worlds: Vec<Value> = serde_json::from_str(text).expect("JSON");
    for golden in &worlds {
        let dataset = simulate(simulator, golden["config"].clone()).expect("a valid configuration");
        let tables = dataset.truth.iter().map(|(name, table)| (name.as_str(), &table.values));
        let targets = dataset.targets.iter().map(|table| ("targets", &table.values));
        let values: BTreeMap<&str, &Matrix> = tables.chain(targets).chain([("inputs", &dataset.inputs)]).collect();
        assert_eq!(values.len() + 1, golden.as_object().expect("numbers by name").len());
        for (name, values) in values {
            let golden = golden[name].as_array().expect("numbers");
            assert_eq!(golden.len(), values.data().len(), "{name}");
            for (expected, got) in golden.iter().zip(values.data()) {
                // Rounded to f32 here, not there: half a unit of 2^-23 of numbers below 16, and of any larger ones.
                let expected = expected.as_f64().expect("a number");
                let rounding = (expected.abs() * 6e-8).max(1e-6);
                assert!((expected - f64::from(*got)).abs() < rounding, "{name}: {expected} is not {got}");
            }
        }
    }
    worlds.into_iter().map(|world| world["config"].clone()).collect()
}
