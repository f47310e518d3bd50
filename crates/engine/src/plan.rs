//! From a raw configuration object to a checked plan: the only place where configuration is judged.

use crate::entry::{Entry, find};
use crate::former;
use crate::method::Method;
use disentangle_data::config;
use disentangle_data::prepare::PrepareConfig;
use disentangle_data::{Code, Failure, Result};
use disentangle_nn::device::DeviceChoice;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Options every method has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RunOptions {
    /// Seed of every random number of the run. The same seed gives the same bits on any number of threads.
    #[schemars(range(min = 0, max = 9_007_199_254_740_991u64))]
    pub seed: u64,
    /// Threads for matrix products. More than one pays on wide networks only.
    #[schemars(range(min = 1, max = 256))]
    pub threads: usize,
    /// Where to compute. `auto` takes CUDA where it is there, the processor otherwise.
    pub device: DeviceChoice,
    /// How rows are prepared before a method sees them.
    #[serde(flatten)]
    pub prepare: PrepareConfig,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { seed: 0, threads: 1, device: DeviceChoice::Cpu, prepare: PrepareConfig::default() }
    }
}

/// A checked configuration.
pub struct Plan {
    /// The method's entry in the list.
    pub entry: &'static Entry,
    /// Options every method has.
    pub options: RunOptions,
    /// The method with its options.
    pub method: Box<dyn Method>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan").field("config", &self.canonical()).finish()
    }
}

impl Plan {
    /// Checks a configuration object `{ method, ...options }` of one of the methods; all mistakes are told at once.
    ///
    /// # Errors
    /// `CONFIG_*`, see `disentangle_data::config::check`.
    pub fn check(methods: &'static [Entry], config: &Value) -> Result<Self> {
        let config = former::renamed(config);
        let config = config.as_ref();
        let Value::Object(given) = config else {
            let message = format!("the configuration: {config} is not of type object");
            return Err(Failure::new(Code::ConfigWrongType, message).hint("give { method, ...options }"));
        };
        let name = match given.get("method") {
            Some(Value::String(name)) => name,
            Some(other) => {
                let message = format!("method: {other} is not of type string");
                return Err(Failure::new(Code::ConfigWrongType, message)
                    .at("method")
                    .hint("give the name of a method"));
            }
            None => {
                let names: Vec<&str> = methods.iter().map(|m| m.info.name).collect();
                let failure = Failure::new(Code::ConfigMissing, "method is missing").at("method");
                return Err(failure.hint(format!("choose one of {}", names.join(", "))));
            }
        };
        let entry = find(methods, name)?;
        config::check(&schema_of(entry), config)?;
        let run_keys = properties(&config::schema_of::<RunOptions>());
        let (mut run, mut own) = (Map::new(), Map::new());
        for (key, value) in given.iter().filter(|(key, _)| *key != "method") {
            let part = if run_keys.contains_key(key) { &mut run } else { &mut own };
            part.insert(key.clone(), value.clone());
        }
        let mut split = split_of(entry);
        if let (Value::Object(split), Some(Value::Object(given))) = (&mut split, run.remove("split")) {
            split.extend(given);
        }
        run.insert("split".into(), split);
        let options: RunOptions = config::from_checked(Value::Object(run))?;
        let method = (entry.build)(Value::Object(own))?;
        if let Some(name) = options.prepare.oracle.iter().find(|name| !method.oracles().contains(&name.as_str())) {
            return Err(no_oracle(entry.info.name, name, method.oracles()));
        }
        Ok(Self { entry, options, method })
    }

    /// The configuration with every default written out.
    pub fn canonical(&self) -> Value {
        canonical(self.entry, &self.options, self.method.as_ref())
    }
}

/// A method is shown no truth that it would not use: the result would be called an oracle for nothing.
fn no_oracle(method: &str, name: &str, usable: &[&str]) -> Failure {
    let hint = match usable {
        [] => "leave `oracle` out".to_owned(),
        usable => format!("with these options it can be shown {}", usable.join(", ")),
    };
    Failure::new(Code::ConfigConflict, format!("oracle: {method} has no use for the truth {name:?}"))
        .at("oracle")
        .hint(hint)
}

/// The configuration with every default written out, for this method (with a settled candidate, for example).
pub fn canonical(entry: &Entry, options: &RunOptions, method: &dyn Method) -> Value {
    let mut config = Map::new();
    config.insert("method".into(), entry.info.name.into());
    for part in [serde_json::to_value(options).expect("options serialise"), method.config()] {
        if let Value::Object(part) = part {
            config.extend(part);
        }
    }
    Value::Object(config)
}

/// The part of a configuration that defines the numbers: the same on any number of threads.
pub fn defining(config: &Value) -> Value {
    let mut config = config.clone();
    if let Value::Object(options) = &mut config {
        options.shift_remove("threads");
    }
    config
}

/// The defining part of a configuration that an older version wrote, with the defaults of options that it did not have yet;
/// as it is where it is no longer one.
pub fn settled(methods: &'static [Entry], config: Value) -> Value {
    Plan::check(methods, &config).map_or(config, |plan| defining(&plan.canonical()))
}

/// The default of `split` of a method.
fn split_of(entry: &Entry) -> Value {
    serde_json::to_value((entry.split)()).expect("options serialise")
}

fn properties(schema: &Value) -> Map<String, Value> {
    schema["properties"].as_object().cloned().unwrap_or_default()
}

/// The JSON Schema of one method's whole configuration.
pub fn schema_of(entry: &Entry) -> Value {
    let (run, own) = (config::schema_of::<RunOptions>(), (entry.schema)());
    let mut all = Map::new();
    all.insert("method".into(), json!({ "const": entry.info.name, "description": entry.info.summary }));
    all.extend(properties(&run));
    if let Some(Value::Object(split)) = all.get_mut("split") {
        split.insert("default".into(), split_of(entry));
    }
    all.extend(properties(&own));
    let mut defs = run["$defs"].as_object().cloned().unwrap_or_default();
    defs.extend(own["$defs"].as_object().cloned().unwrap_or_default());
    json!({
        "title": format!("{} configuration", entry.info.name),
        "type": "object",
        "properties": all,
        "required": ["method"],
        "additionalProperties": false,
        "$defs": defs,
    })
}

/// The JSON Schema of the core configuration: one branch per method.
pub fn schema(methods: &[Entry]) -> Value {
    let mut defs = Map::new();
    let branches: Vec<Value> = methods
        .iter()
        .map(|entry| {
            let mut branch = schema_of(entry);
            if let Some(Value::Object(own)) = branch.as_object_mut().and_then(|b| b.remove("$defs")) {
                defs.extend(own);
            }
            branch
        })
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "disentangle run configuration",
        "oneOf": branches,
        "$defs": defs,
    })
}
