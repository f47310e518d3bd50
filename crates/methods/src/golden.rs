//! What tests read from golden files.

use disentangle_nn::{NamedValues, Params};
use serde_json::Value;

/// All numbers of nested lists, one after the other.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

/// Gives every parameter the values that stand under its name; there are no others.
pub(crate) fn import(params: &mut Params, parameters: &Value) {
    let values = |name: &str| numbers(&parameters[name]).into_iter().map(|v| v as f32).collect();
    let exported = params.export().expect("exports").into_iter();
    let given: Vec<NamedValues> = exported.map(|p| NamedValues { values: values(&p.name), ..p }).collect();
    assert_eq!(given.len(), parameters.as_object().expect("by name").len());
    params.import(&given).expect("the golden file has every parameter in its shape");
}
