//! Configuration objects: checked against the JSON Schema of their Rust type, all mistakes at once, each with its path.
//!
//! Bounds, defaults and allowed words stand once, as attributes of the struct; this file only turns violations of the
//! derived schema into failures.

mod accepted;
mod violations;

use crate::failure::{Code, Failure, Result};
use crate::nearest::nearest;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use violations::{Kind, Violation, violations};

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
    let found = violations(schema, config);
    let failures = found.iter().flat_map(|violation| failures_of(schema, violation));
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

fn failures_of(schema: &Value, Violation { at, got, kind }: &Violation<'_>) -> Vec<Failure> {
    let path = at.join(".");
    let wrong = |code, message: String| vec![Failure::new(code, message).at(path.clone())];
    let place = if path.is_empty() { "the configuration" } else { path.as_str() };
    match kind {
        Kind::Unknown(keys) => {
            let known = known_keys(schema, at);
            keys.iter().map(|key| unknown_key(&join(&path, key), key, &known)).collect()
        }
        Kind::Missing(key) => {
            let key = join(&path, key);
            vec![Failure::new(Code::ConfigMissing, format!("{key} is missing")).at(key)]
        }
        Kind::Bound { sign, limit } => wrong(Code::ConfigOutOfRange, format!("{place}: {got} is not {sign} {limit}")),
        Kind::Fewer(limit) => wrong(Code::ConfigOutOfRange, format!("{place}: fewer than {limit} entries")),
        Kind::More(limit) => wrong(Code::ConfigOutOfRange, format!("{place}: more than {limit} entries")),
        Kind::Type(types) => {
            wrong(Code::ConfigWrongType, format!("{place}: {got} is not of type {}", types.join(" or ")))
        }
        Kind::Words(options) => vec![word(&path, place, got, &words_of(options))],
        Kind::NoForm(forms) => vec![alternatives(&path, place, got, forms)],
        Kind::SeveralForms => wrong(Code::ConfigWrongType, format!("{place}: {got} may mean more than one thing")),
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
fn alternatives(path: &str, place: &str, got: &Value, lacking: &[Vec<Violation<'_>>]) -> Failure {
    let (mut words, mut forms) = (Vec::new(), Vec::new());
    let mut open: Vec<&Violation<'_>> = lacking.iter().flatten().collect();
    while let Some(violation) = open.pop() {
        match &violation.kind {
            Kind::NoForm(inner) => open.extend(inner.iter().flatten()),
            Kind::Words(options) => words.extend(words_of(options)),
            Kind::Bound { sign: sign @ (">=" | "<="), limit } => {
                let message = format!("{place}: {got} is not {sign} {limit}");
                return Failure::new(Code::ConfigOutOfRange, message).at(path);
            }
            Kind::Type(types) => {
                forms.extend(types.iter().filter(|name| **name != "null").map(|name| (*name).to_owned()))
            }
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

fn words_of(options: &[&Value]) -> Vec<String> {
    options.iter().map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned)).collect()
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Keys allowed at a place of the schema; references into `$defs` are followed.
fn known_keys(schema: &Value, at: &[String]) -> Vec<String> {
    let mut here = resolve(schema, schema);
    for part in at {
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
