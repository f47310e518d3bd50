//! JSON Schemas of Rust types, prepared for people and for TypeScript: in draft 7, self-contained, with what serde does
//! and schema generators leave out.

use serde_json::{Map, Value, json};

/// Named schemas that refer to each other as `#/definitions/NAME`.
pub type Definitions = Map<String, Value>;

/// Definitions prepared for TypeScript, sorted by name.
pub fn prepared(mut definitions: Definitions) -> Definitions {
    definitions.sort_keys();
    definitions.values_mut().for_each(prepare);
    definitions
}

/// The definitions in a schema of the newest draft: its root under its title, and those it carries along.
pub fn definitions_of(schema: &Value) -> Definitions {
    let mut root = schema.clone();
    let mut definitions = Definitions::new();
    let Value::Object(object) = &mut root else { return definitions };
    object.remove("$schema");
    if let Some(Value::Object(inner)) = object.remove("$defs") {
        definitions.extend(inner);
    }
    let title = object.get("title").and_then(Value::as_str).expect("a derived schema has a title").to_owned();
    definitions.insert(title, root);
    definitions.values_mut().for_each(to_draft_7);
    definitions
}

/// The title of a schema: the name of its TypeScript type.
pub fn title(schema: &Value) -> &str {
    schema["title"].as_str().expect("a derived schema has a title")
}

/// A property's default and range in words, empty where it has neither.
pub fn limits(property: &Value) -> String {
    let mut parts = Vec::new();
    if let Some(value) = property.get("default").filter(|value| !value.is_null()) {
        parts.push(format!("Default: {}.", plain(value)));
    }
    let bound = |keys: [&str; 2]| keys.iter().find_map(|key| property.get(*key)).map(plain);
    match (bound(["minimum", "exclusiveMinimum"]), bound(["maximum", "exclusiveMaximum"])) {
        (Some(low), Some(high)) => parts.push(format!("Range: {low} to {high}.")),
        // Counts: a lower bound of 0 says nothing.
        (Some(low), None) if low == "0" => {}
        (Some(low), None) => parts.push(format!("At least {low}.")),
        (None, Some(high)) => parts.push(format!("At most {high}.")),
        (None, None) => {}
    }
    parts.join(" ")
}

// 1000000.0 reads as 1000000.
fn plain(value: &Value) -> String {
    let text = value.to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn to_draft_7(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(to_draft_7),
        Value::Object(object) => {
            object.values_mut().for_each(to_draft_7);
            if let Some(Value::String(reference)) = object.get_mut("$ref") {
                *reference = reference.replace("#/$defs/", "#/definitions/");
            }
            if let Some(items) = object.remove("prefixItems") {
                object.insert("items".into(), items);
            }
        }
        _ => {}
    }
}

fn prepare(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(prepare),
        Value::Object(object) => {
            object.values_mut().for_each(prepare);
            absent_instead_of_null(object);
            words_as_enum(object);
            limits_in_description(object);
        }
        _ => {}
    }
}

// serde leaves an optional field out when it is None, and `null` is refused as a configuration value: an optional
// property is absent or has its type, never null.
fn absent_instead_of_null(object: &mut Map<String, Value>) {
    let required = object.get("required").cloned().unwrap_or_else(|| json!([]));
    let is_required = |name: &str| required.as_array().is_some_and(|names| names.iter().any(|n| n == name));
    let Some(Value::Object(properties)) = object.get_mut("properties") else { return };
    for (_, property) in properties.iter_mut().filter(|(name, _)| !is_required(name)) {
        let Value::Object(property) = property else { continue };
        for key in ["type", "enum"] {
            if let Some(Value::Array(words)) = property.get_mut(key) {
                words.retain(|word| word != "null" && !word.is_null());
            }
        }
        if let Some(Value::Array(choices)) = property.get_mut("anyOf") {
            choices.retain(|choice| choice.get("type") != Some(&json!("null")));
        }
    }
}

// An enum of documented words comes as `oneOf` of constants: fold it into one enum whose text lists the meanings.
fn words_as_enum(object: &mut Map<String, Value>) {
    let Some(Value::Array(variants)) = object.get("oneOf") else { return };
    let mut words = Vec::new();
    let mut text = object.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    for variant in variants {
        let described = variant.get("description").and_then(Value::as_str).unwrap_or_default();
        let own = match (variant.get("const"), variant.get("enum")) {
            (Some(word), _) => vec![word.clone()],
            (None, Some(Value::Array(several))) => several.clone(),
            _ => return,
        };
        for word in own.iter().filter(|_| !described.is_empty()) {
            text.push_str(&format!("\n- `{}`: {described}", word.as_str().unwrap_or_default()));
        }
        words.extend(own);
    }
    object.remove("oneOf");
    object.insert("type".into(), json!("string"));
    object.insert("enum".into(), Value::Array(words));
    object.insert("description".into(), Value::String(text.trim_start().to_owned()));
}

fn limits_in_description(object: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = object.get_mut("properties") else { return };
    for property in properties.values_mut() {
        let limits = limits(property);
        if let (Value::Object(property), false) = (property, limits.is_empty()) {
            let text = property.get("description").and_then(Value::as_str).unwrap_or_default();
            let text = format!("{text}\n\n{limits}").trim_start().to_owned();
            property.insert("description".into(), Value::String(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::JsonSchema;
    use schemars::generate::SchemaSettings;
    use serde::{Deserialize, Serialize};

    /// Colours.
    #[derive(Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum Colour {
        /// As blood.
        DarkRed,
        /// As grass.
        Green,
    }

    #[derive(Serialize, JsonSchema)]
    struct Thing {
        #[serde(skip_serializing_if = "Option::is_none")]
        maybe: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        colour: Option<Colour>,
        nullable: Option<f64>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Options {
        /// How often.
        #[serde(default)]
        #[schemars(range(min = 1, max = 9))]
        times: u8,
        pair: (u8, u8),
    }

    fn results() -> Definitions {
        let mut generator = SchemaSettings::draft07().for_serialize().into_generator();
        generator.subschema_for::<Thing>();
        prepared(generator.take_definitions(true))
    }

    #[test]
    fn a_skipped_option_is_absent_and_a_kept_one_is_null() {
        let thing = &results()["Thing"];
        assert_eq!(thing["required"], json!(["nullable"]));
        assert_eq!(thing["properties"]["maybe"]["type"], json!(["string"]));
        assert_eq!(thing["properties"]["colour"]["anyOf"], json!([{ "$ref": "#/definitions/Colour" }]));
        assert_eq!(thing["properties"]["nullable"]["type"], json!(["number", "null"]));
    }

    #[test]
    fn documented_words_become_one_enum_that_keeps_their_meanings() {
        let colour = &results()["Colour"];
        assert_eq!(colour["enum"], json!(["dark-red", "green"]));
        assert_eq!(colour["description"], json!("Colours.\n- `dark-red`: As blood.\n- `green`: As grass."));
    }

    #[test]
    fn an_option_says_its_default_and_range() {
        let options = prepared(definitions_of(&schemars::schema_for!(Options).to_value()));
        let properties = &options["Options"]["properties"];
        assert_eq!(properties["times"]["description"], json!("How often.\n\nDefault: 0. Range: 1 to 9."));
        assert_eq!(properties["pair"]["items"].as_array().map(Vec::len), Some(2), "a tuple in draft 7");
    }
}
