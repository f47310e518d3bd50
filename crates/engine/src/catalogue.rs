//! Everything there is, as one JSON object: what the command line lists and what documentation is generated from.

use crate::entry::Entry;
use crate::plan::schema_of;
use disentangle_data::Code;
use disentangle_data::simulate::SIMULATORS;
use serde_json::{Value, json};

/// `{ version, methods, simulators, codes }`; methods and simulators carry their schemas.
pub fn catalogue(methods: &[Entry]) -> Value {
    let methods: Vec<Value> = methods
        .iter()
        .map(|entry| {
            let mut info = serde_json::to_value(entry.info).expect("plain data serialises");
            info["schema"] = schema_of(entry);
            info
        })
        .collect();
    let simulators: Vec<Value> =
        SIMULATORS.iter().map(|s| json!({ "name": s.name, "summary": s.summary, "schema": (s.schema)() })).collect();
    let codes: Vec<Value> =
        Code::ALL.iter().map(|c| json!({ "code": c.as_str(), "explanation": c.explanation() })).collect();
    json!({ "version": env!("CARGO_PKG_VERSION"), "methods": methods, "simulators": simulators, "codes": codes })
}
