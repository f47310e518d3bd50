//! Where a value violates a schema. The schemas are those that schemars derives from our own structs: their words are all that is
//! understood here. A validator for any schema brings regular expressions, addresses and numbers of any size into the addon.

use super::resolve;
use serde_json::{Number, Value};
use std::cmp::Ordering;

/// One place of a value that breaks one word of a schema.
#[derive(Debug)]
pub(super) struct Violation<'a> {
    /// Keys and indices from the top.
    pub at: Vec<String>,
    pub got: &'a Value,
    pub kind: Kind<'a>,
}

/// What is broken.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    /// Keys that the schema does not have.
    Unknown(Vec<&'a str>),
    /// A key that is needed.
    Missing(&'a str),
    /// The value is not `sign` the limit.
    Bound {
        sign: &'static str,
        limit: &'a Value,
    },
    /// A list with fewer or more entries than the limit.
    Fewer(u64),
    More(u64),
    /// The value is of none of these types.
    Type(Vec<&'a str>),
    /// The value is none of these.
    Words(Vec<&'a Value>),
    /// None of several forms fits: what each of them lacks.
    NoForm(Vec<Vec<Violation<'a>>>),
    /// More than one of several forms that exclude each other.
    SeveralForms,
}

/// All violations, in the order of the words of the schema, inside an object in that of its keys.
///
/// # Panics
/// At a word that schemars does not write for our structs today: it would go unchecked.
pub(super) fn violations<'a>(schema: &'a Value, value: &'a Value) -> Vec<Violation<'a>> {
    let mut found = Search { root: schema, at: Vec::new(), found: Vec::new() };
    found.node(schema, value);
    found.found
}

struct Search<'a> {
    root: &'a Value,
    at: Vec<String>,
    found: Vec<Violation<'a>>,
}

impl<'a> Search<'a> {
    fn node(&mut self, schema: &'a Value, value: &'a Value) {
        for (word, said) in schema.as_object().into_iter().flatten() {
            match word.as_str() {
                "$ref" => self.node(resolve(self.root, schema), value),
                "type" => self.types(said, value),
                "const" => self.words(vec![said], value),
                "enum" => self.words(list(said).collect(), value),
                "minimum" => self.bound(said, value, ">=", Ordering::is_ge),
                "maximum" => self.bound(said, value, "<=", Ordering::is_le),
                "exclusiveMinimum" => self.bound(said, value, ">", Ordering::is_gt),
                "exclusiveMaximum" => self.bound(said, value, "<", Ordering::is_lt),
                "minItems" => self.length(said, value, |length, limit| length >= limit, Kind::Fewer),
                "maxItems" => self.length(said, value, |length, limit| length <= limit, Kind::More),
                "items" => self.items(said, value),
                "properties" => self.properties(said, schema, value),
                "required" => self.required(said, value),
                "anyOf" => self.any(said, value),
                "oneOf" => self.one(said, value),
                // Checked with `properties`; what may have any keys is no configuration.
                "additionalProperties" if *said == Value::Bool(false) => {}
                // They say something and check nothing.
                "$schema" | "$defs" | "title" | "description" | "default" | "format" | "examples" => {}
                _ => panic!("{word} of a schema is checked by nothing"),
            }
        }
    }

    fn add(&mut self, got: &'a Value, kind: Kind<'a>) {
        self.found.push(Violation { at: self.at.clone(), got, kind });
    }

    fn inside(&mut self, part: String, schema: &'a Value, value: &'a Value) {
        self.at.push(part);
        self.node(schema, value);
        self.at.pop();
    }

    fn types(&mut self, said: &'a Value, value: &'a Value) {
        let types: Vec<&str> = list(said).filter_map(Value::as_str).collect();
        if !types.iter().any(|name| is_of(name, value)) {
            self.add(value, Kind::Type(types));
        }
    }

    fn words(&mut self, words: Vec<&'a Value>, value: &'a Value) {
        if !words.iter().any(|word| equal(word, value)) {
            self.add(value, Kind::Words(words));
        }
    }

    fn bound(&mut self, limit: &'a Value, value: &'a Value, sign: &'static str, holds: fn(Ordering) -> bool) {
        if let (Value::Number(got), Value::Number(other)) = (value, limit)
            && !compared(got, other).is_some_and(holds)
        {
            self.add(value, Kind::Bound { sign, limit });
        }
    }

    fn length(&mut self, said: &'a Value, value: &'a Value, holds: fn(u64, u64) -> bool, kind: fn(u64) -> Kind<'a>) {
        if let (Value::Array(entries), Some(limit)) = (value, said.as_u64())
            && !holds(entries.len() as u64, limit)
        {
            self.add(value, kind(limit));
        }
    }

    fn items(&mut self, schema: &'a Value, value: &'a Value) {
        for (index, entry) in value.as_array().into_iter().flatten().enumerate() {
            self.inside(index.to_string(), schema, entry);
        }
    }

    fn properties(&mut self, known: &'a Value, schema: &'a Value, value: &'a Value) {
        let mut unknown = Vec::new();
        for (key, inner) in value.as_object().into_iter().flatten() {
            match known.get(key) {
                Some(property) => self.inside(key.clone(), property, inner),
                None => unknown.push(key.as_str()),
            }
        }
        if !unknown.is_empty() && schema["additionalProperties"] == Value::Bool(false) {
            self.add(value, Kind::Unknown(unknown));
        }
    }

    fn required(&mut self, said: &'a Value, value: &'a Value) {
        let Some(object) = value.as_object() else { return };
        for key in list(said).filter_map(Value::as_str).filter(|key| !object.contains_key(*key)) {
            self.add(value, Kind::Missing(key));
        }
    }

    /// What each form lacks; nothing where it fits.
    fn forms(&self, said: &'a Value, value: &'a Value) -> Vec<Vec<Violation<'a>>> {
        let form = |schema| {
            let mut search = Search { root: self.root, at: self.at.clone(), found: Vec::new() };
            search.node(schema, value);
            search.found
        };
        list(said).map(form).collect()
    }

    fn any(&mut self, said: &'a Value, value: &'a Value) {
        let forms = self.forms(said, value);
        if forms.iter().all(|lacking| !lacking.is_empty()) {
            self.add(value, Kind::NoForm(forms));
        }
    }

    fn one(&mut self, said: &'a Value, value: &'a Value) {
        let forms = self.forms(said, value);
        match forms.iter().filter(|lacking| lacking.is_empty()).count() {
            0 => self.add(value, Kind::NoForm(forms)),
            1 => {}
            _ => self.add(value, Kind::SeveralForms),
        }
    }
}

/// The entries of a list; anything else is the one entry of its own.
fn list(said: &Value) -> impl Iterator<Item = &Value> {
    said.as_array().map_or_else(|| std::slice::from_ref(said), Vec::as_slice).iter()
}

fn is_of(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
        // 3.0 is an integer.
        Value::Number(number) => name == "number" || (name == "integer" && is_whole(number)),
    }
}

fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|value| value.fract() == 0.0)
}

/// Equality of JSON, in which 1 is 1.0.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => compared(one, other) == Some(Ordering::Equal),
        _ => one == other,
    }
}

/// Whole numbers exactly, all others as floats.
fn compared(one: &Number, other: &Number) -> Option<Ordering> {
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

fn whole(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each case: a schema, a value, and what is wrong with it by Python's jsonschema: place and word of the schema.
    #[test]
    fn every_word_of_a_schema_is_judged_as_by_another_validator() {
        let golden: Value =
            serde_json::from_str(include_str!("../../../../golden/config_schema.json")).expect("the golden file");
        let mut wrong = 0;
        for schema in golden["schemas"].as_array().expect("schemas") {
            for case in schema["cases"].as_array().expect("cases") {
                let mut found: Vec<String> =
                    violations(&schema["schema"], &case["value"]).iter().flat_map(named).collect();
                found.sort();
                let expected: Vec<&str> = list(&case["violations"]).filter_map(Value::as_str).collect();
                assert_eq!(found, expected, "{} by {}", case["value"], schema["schema"]);
                wrong += usize::from(!expected.is_empty());
            }
        }
        assert!(wrong > 200, "{wrong} cases are violations");
    }

    /// `a/0 minimum`
    fn named(violation: &Violation<'_>) -> Vec<String> {
        let place = violation.at.join("/");
        let word = match &violation.kind {
            Kind::Unknown(keys) => {
                return keys.iter().map(|key| format!("{place} additionalProperties {key}")).collect();
            }
            Kind::Missing(key) => format!("required {key}"),
            Kind::Bound { sign, .. } => format!("bound {sign}"),
            Kind::Fewer(limit) => format!("minItems {limit}"),
            Kind::More(limit) => format!("maxItems {limit}"),
            Kind::Type(_) => "type".to_owned(),
            Kind::Words(_) => "words".to_owned(),
            Kind::NoForm(forms) => format!("no form of {}", forms.len()),
            Kind::SeveralForms => "several forms".to_owned(),
        };
        vec![format!("{place} {word}")]
    }

    #[test]
    #[should_panic(expected = "pattern of a schema is checked by nothing")]
    fn a_word_that_nothing_checks_is_not_passed_over() {
        violations(&serde_json::json!({ "pattern": "a" }), &Value::Null);
    }
}
