//! Configuration objects: checked against the JSON Schema of their Rust type, all mistakes at once, each with its path.
//!
//! Bounds, defaults and allowed words stand once, as attributes of the struct; this file only turns violations of the
//! derived schema into failures.

mod accepted;

use crate::failure::{Code, Failure, Result};
use crate::nearest::nearest;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The JSON Schema of a configuration type.
pub fn schema_of<T: JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}

/// Reads a configuration object into its type.
///
/// # Errors
/// `CONFIG_UNKNOWN_KEY`, `CONFIG_WRONG_TYPE`, `CONFIG_OUT_OF_RANGE`, `CONFIG_MISSING` with the path; several at once as
/// `CONFIG_INVALID` with all of them in `context.failures`.
pub fn parse<T: DeserializeOwned + JsonSchema>(config: Map<String, Value>) -> Result<T> {
    let config = Value::Object(config);
    check(&schema_of::<T>(), &config)?;
    from_checked(config)
}

/// Deserialises what has passed `check`.
///
/// # Errors
/// `CONFIG_WRONG_TYPE` for what a schema cannot express.
pub fn from_checked<T: DeserializeOwned>(config: Value) -> Result<T> {
    serde_json::from_value(config).map_err(|e| Failure::new(Code::ConfigWrongType, e.to_string()))
}

/// Checks a value against a schema.
///
/// # Errors
/// As `parse`.
pub fn check(schema: &Value, config: &Value) -> Result<()> {
    let validator = jsonschema::validator_for(schema).expect("a derived schema is valid");
    let failures = validator.iter_errors(config).flat_map(|e| failures_of(schema, &e));
    combine(failures.map(|failure| accepted::explained(schema, failure)).collect())
}

/// One failure as itself, several as one `CONFIG_INVALID`.
///
/// # Errors
/// Whenever the list is not empty.
pub fn combine(mut failures: Vec<Failure>) -> Result<()> {
    match failures.len() {
        0 => Ok(()),
        1 => Err(failures.remove(0)),
        count => {
            let messages: Vec<&str> = failures.iter().map(|f| f.message.as_str()).collect();
            let message = format!("{count} mistakes: {}", messages.join("; "));
            let list = serde_json::to_value(&failures).expect("failures serialise");
            Err(Failure::new(Code::ConfigInvalid, message).with("failures", list))
        }
    }
}

fn failures_of(schema: &Value, error: &jsonschema::ValidationError<'_>) -> Vec<Failure> {
    let pointer = error.instance_path().as_str();
    let path = dotted(pointer);
    let got = error.instance();
    let at = |code, message: String| Failure::new(code, message).at(path.clone());
    let place = if path.is_empty() { "the configuration" } else { path.as_str() };
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let known = known_keys(schema, pointer);
            unexpected.iter().map(|key| unknown_key(&join(&path, key), key, &known)).collect()
        }
        Kind::Required { property } => {
            let key = join(&path, property.as_str().unwrap_or_default());
            vec![Failure::new(Code::ConfigMissing, format!("{key} is missing")).at(key)]
        }
        Kind::Minimum { limit } => vec![at(Code::ConfigOutOfRange, format!("{place}: {got} is not >= {limit}"))],
        Kind::Maximum { limit } => vec![at(Code::ConfigOutOfRange, format!("{place}: {got} is not <= {limit}"))],
        Kind::ExclusiveMinimum { limit } => {
            vec![at(Code::ConfigOutOfRange, format!("{place}: {got} is not > {limit}"))]
        }
        Kind::ExclusiveMaximum { limit } => {
            vec![at(Code::ConfigOutOfRange, format!("{place}: {got} is not < {limit}"))]
        }
        Kind::MinItems { limit } => {
            vec![at(Code::ConfigOutOfRange, format!("{place}: fewer than {limit} entries"))]
        }
        Kind::Type { kind } => {
            let expected = match kind {
                TypeKind::Single(one) => one.to_string(),
                TypeKind::Multiple(many) => many.iter().map(|t| t.to_string()).collect::<Vec<_>>().join(" or "),
            };
            vec![at(Code::ConfigWrongType, format!("{place}: {got} is not of type {expected}"))]
        }
        Kind::Enum { options } => vec![word(&path, place, got, &words_of(options))],
        Kind::Constant { expected_value } => vec![word(&path, place, got, &words_of(expected_value))],
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => vec![alternatives(&path, place, got, context)],
        _ => vec![at(Code::ConfigWrongType, format!("{place}: {error}"))],
    }
}

/// A failure for a key that does not exist, with the nearest one that does.
pub fn unknown_key(path: &str, key: &str, known: &[String]) -> Failure {
    let failure = Failure::new(Code::ConfigUnknownKey, format!("{path}: there is no such key")).at(path);
    match nearest(key, known) {
        Some(near) => failure.hint(format!("did you mean {near:?}?")),
        None => failure.hint(format!("known keys: {}", known.join(", "))),
    }
}

fn word(path: &str, place: &str, got: &Value, options: &[String]) -> Failure {
    let message = format!("{place}: {got} is not one of {}", options.join(", "));
    let failure = Failure::new(Code::ConfigOutOfRange, message).at(path);
    match got.as_str().and_then(|text| nearest(text, options)) {
        Some(near) => failure.hint(format!("did you mean {near:?}?")),
        None => failure,
    }
}

/// A value that fits none of several forms: words are gathered, and a bound that one form broke is named.
fn alternatives(
    path: &str,
    place: &str,
    got: &Value,
    context: &[Vec<jsonschema::ValidationError<'static>>],
) -> Failure {
    let (mut words, mut forms) = (Vec::new(), Vec::new());
    let mut open: Vec<&jsonschema::ValidationError<'static>> = context.iter().flatten().collect();
    while let Some(error) = open.pop() {
        let bound = |limit: &Value, sign: &str| {
            Failure::new(Code::ConfigOutOfRange, format!("{place}: {got} is not {sign} {limit}")).at(path)
        };
        match error.kind() {
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => open.extend(context.iter().flatten()),
            Kind::Enum { options } => words.extend(words_of(options)),
            Kind::Constant { expected_value } => words.extend(words_of(expected_value)),
            Kind::Minimum { limit } => return bound(limit, ">="),
            Kind::Maximum { limit } => return bound(limit, "<="),
            Kind::Type { kind: TypeKind::Single(one) } if one.to_string() != "null" => forms.push(one.to_string()),
            _ => {}
        }
    }
    let near = got.as_str().and_then(|text| nearest(text, &words));
    if !words.is_empty() && (forms.is_empty() || near.is_some()) {
        return word(path, place, got, &words);
    }
    // A word is a string already: naming the word says more.
    forms.retain(|form| words.is_empty() || form != "string");
    forms.extend(words.iter().map(|w| format!("{w:?}")));
    Failure::new(Code::ConfigWrongType, format!("{place}: {got} is not of type {}", forms.join(" or "))).at(path)
}

fn words_of(options: &Value) -> Vec<String> {
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    options.as_array().map_or_else(|| vec![text(options)], |list| list.iter().map(text).collect())
}

fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Keys allowed at a place of the schema; references into `$defs` are followed.
fn known_keys(schema: &Value, pointer: &str) -> Vec<String> {
    let mut here = resolve(schema, schema);
    for part in pointer.split('/').filter(|p| !p.is_empty()) {
        here = resolve(schema, &here["properties"][part]);
    }
    here["properties"].as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default()
}

fn resolve<'a>(schema: &'a Value, mut here: &'a Value) -> &'a Value {
    while let Some(reference) = here["$ref"].as_str() {
        here = schema.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
    }
    here
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Sample {
        #[schemars(range(min = 1, max = 9))]
        latent_dim: usize,
        #[serde(default)]
        shape: Shape,
        #[serde(default)]
        inner: Inner,
        #[serde(default)]
        size: Option<Size>,
    }
    #[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Shape {
        #[default]
        Linear,
        Tanh,
    }
    #[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
    struct Inner {
        #[schemars(extend("exclusiveMinimum" = 0))]
        rate: f64,
    }
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum Size {
        Word(Auto),
        Number(#[schemars(range(min = 1))] usize),
    }
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Auto {
        Auto,
    }

    fn fails(config: Value) -> Failure {
        parse::<Sample>(config.as_object().expect("an object").clone()).expect_err("a mistake")
    }

    #[test]
    fn each_mistake_has_its_code_its_path_and_its_message() {
        let cases = [
            (
                json!({"latentdim": 3, "latentDim": 3}),
                "CONFIG_UNKNOWN_KEY",
                "latentdim",
                "latentdim: there is no such key",
            ),
            (json!({}), "CONFIG_MISSING", "latentDim", "latentDim is missing"),
            (json!({"latentDim": 0}), "CONFIG_OUT_OF_RANGE", "latentDim", "latentDim: 0 is not >= 1"),
            (json!({"latentDim": 10}), "CONFIG_OUT_OF_RANGE", "latentDim", "latentDim: 10 is not <= 9"),
            (json!({"latentDim": "5"}), "CONFIG_WRONG_TYPE", "latentDim", "latentDim: \"5\" is not of type integer"),
            (
                json!({"latentDim": 1, "shape": "tan"}),
                "CONFIG_OUT_OF_RANGE",
                "shape",
                "shape: \"tan\" is not one of linear, tanh",
            ),
            (
                json!({"latentDim": 1, "inner": {"rate": 0}}),
                "CONFIG_OUT_OF_RANGE",
                "inner.rate",
                "inner.rate: 0 is not > 0",
            ),
            (
                json!({"latentDim": 1, "inner": {"rat": 1}}),
                "CONFIG_UNKNOWN_KEY",
                "inner.rat",
                "inner.rat: there is no such key",
            ),
            (json!({"latentDim": 1, "size": 0}), "CONFIG_OUT_OF_RANGE", "size", "size: 0 is not >= 1"),
            (json!({"latentDim": 1, "size": "aut"}), "CONFIG_OUT_OF_RANGE", "size", "size: \"aut\" is not one of auto"),
            (
                json!({"latentDim": 1, "size": [1]}),
                "CONFIG_WRONG_TYPE",
                "size",
                "size: [1] is not of type integer or \"auto\"",
            ),
        ];
        for (config, code, path, message) in cases {
            let failure = fails(config.clone());
            assert_eq!(
                (failure.code.as_str(), failure.path.as_deref(), failure.message.as_str()),
                (code, Some(path), message),
                "{config}"
            );
        }
    }

    #[test]
    fn near_misses_get_the_nearest_key_and_word() {
        assert_eq!(
            fails(json!({"latentDims": 3, "latentDim": 3})).hint.as_deref(),
            Some("did you mean \"latentDim\"?")
        );
        assert_eq!(fails(json!({"latentDim": 3, "shape": "tanj"})).hint.as_deref(), Some("did you mean \"tanh\"?"));
        assert_eq!(fails(json!({"latentDim": 3, "inner": {"rte": 1}})).hint.as_deref(), Some("did you mean \"rate\"?"));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let failure = fails(json!({"latentDim": 0, "shape": "x", "what": 1}));
        assert_eq!(failure.code, Code::ConfigInvalid);
        assert_eq!(failure.context["failures"].as_array().map(Vec::len), Some(3));
    }

    #[test]
    fn a_right_configuration_is_read() {
        let config = json!({"latentDim": 3, "shape": "tanh", "size": "auto"});
        let sample: Sample = parse(config.as_object().expect("an object").clone()).expect("no mistake");
        assert_eq!((sample.latent_dim, sample.shape, sample.size), (3, Shape::Tanh, Some(Size::Word(Auto::Auto))));
    }
}
