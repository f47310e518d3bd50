//! The one place that says from which Rust types and tables files are generated. Everything else in `generate` only
//! changes their form.

use disentangle_data::simulate::SIMULATORS;
use disentangle_engine::{plan, results as learnt};
use disentangle_methods::METHODS;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// A thing users choose by name, with options of its own: a method or a simulator.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The name users give.
    pub name: String,
    /// Its description: a JSON object with at least `summary`.
    pub info: Value,
    /// JSON Schema of its options; its title is the name of the TypeScript type.
    pub schema: Value,
}

/// JSON Schemas (draft 7) of the types of results, by name.
pub fn results() -> Map<String, Value> {
    let mut generator = SchemaSettings::draft07().for_serialize().into_generator();
    generator.subschema_for::<learnt::Outcome>();
    generator.subschema_for::<learnt::History>();
    generator.subschema_for::<learnt::Summary>();
    generator.subschema_for::<disentangle_engine::entry::MethodInfo>();
    generator.subschema_for::<disentangle_metrics::Scores>();
    generator.subschema_for::<disentangle_data::describe::Description>();
    generator.take_definitions(true)
}

/// All methods.
pub fn methods() -> Vec<Choice> {
    let choice = |entry: &disentangle_engine::entry::Entry| {
        let info = serde_json::to_value(entry.info).expect("a description serialises");
        choice(entry.info.name, info, plan::schema_of(entry))
    };
    METHODS.iter().map(choice).collect()
}

/// All simulators.
pub fn simulators() -> Vec<Choice> {
    let choice = |simulator: &disentangle_data::simulate::Simulator| {
        choice(simulator.name, json!({ "summary": simulator.summary }), (simulator.schema)())
    };
    SIMULATORS.iter().map(choice).collect()
}

/// The card of every metric, as a JSON object.
pub fn metrics() -> Vec<Value> {
    let cards = disentangle_metrics::CARDS.iter();
    cards.map(|card| serde_json::to_value(card).expect("a card serialises")).collect()
}

/// JSON Schema of the whole core configuration.
pub fn configuration() -> Value {
    plan::schema(METHODS)
}

fn choice(name: &str, info: Value, mut schema: Value) -> Choice {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    schema["title"] = Value::String(words.collect::<String>() + "Config");
    Choice { name: name.to_owned(), info, schema }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_names_its_type_after_itself() {
        assert_eq!(choice("tree-world", Value::Null, json!({})).schema["title"], "TreeWorldConfig");
    }

    #[test]
    fn every_method_and_simulator_is_described() {
        for choice in methods().iter().chain(&simulators()) {
            assert!(choice.info["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{}", choice.name);
            assert!(choice.schema["properties"].is_object(), "{}", choice.name);
        }
    }
}
