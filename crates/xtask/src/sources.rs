//! The one place that says from which Rust types and tables files are generated. Everything else in `generate` only
//! changes their form.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// A thing users choose by name, with options of its own: a method or a simulator.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The name users give.
    pub name: String,
    /// Its description: a JSON object with at least `summary`.
    pub info: Value,
    /// JSON Schema of its options.
    pub schema: Value,
}

/// JSON Schemas (draft 7) of the types of results, by name.
pub fn results() -> Map<String, Value> {
    let mut generator = SchemaSettings::draft07().for_serialize().into_generator();
    generator.take_definitions(true)
}

/// All simulators.
pub fn simulators() -> Vec<Choice> {
    let all = disentangle_data::simulate::SIMULATORS.iter();
    all.map(|simulator| Choice {
        name: simulator.name.to_owned(),
        info: serde_json::json!({ "name": simulator.name, "summary": simulator.summary }),
        schema: (simulator.schema)(),
    })
    .collect()
}

/// All methods.
pub fn methods() -> Vec<Choice> {
    Vec::new()
}
