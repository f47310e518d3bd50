//! What a key of a configuration accepts, in words: the hint of a failure that has nothing better to say.

use super::resolve;
use crate::failure::Failure;
use serde_json::Value;

/// The failure with a hint: what its key accepts, and the default.
pub(super) fn explained(schema: &Value, failure: Failure) -> Failure {
    let Some(path) = failure.path.as_ref().filter(|_| failure.hint.is_none()) else { return failure };
    let property = path.split('.').fold(schema, |here, part| &resolve(schema, here)["properties"][part]);
    let forms = forms_of(schema, property);
    if forms.is_empty() {
        return failure;
    }
    let default = match &property["default"] {
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        default => format!("; the default is {default}"),
    };
    failure.hint(format!("give {}{default}", forms.join(" or ")))
}

fn forms_of(schema: &Value, node: &Value) -> Vec<String> {
    let node = resolve(schema, node);
    let alternatives = ["oneOf", "anyOf"].iter().filter_map(|key| node[key].as_array()).flatten();
    let inner: Vec<String> = alternatives.flat_map(|one| forms_of(schema, one)).collect();
    if !inner.is_empty() {
        return inner;
    }
    if let Some(word) = node.get("const") {
        return vec![word.to_string()];
    }
    if let Some(words) = node["enum"].as_array() {
        return words.iter().map(Value::to_string).collect();
    }
    let types = node["type"].as_array().map_or_else(|| vec![&node["type"]], |types| types.iter().collect());
    types.into_iter().filter_map(|name| form_of(node, name.as_str()?)).collect()
}

fn form_of(node: &Value, name: &str) -> Option<String> {
    Some(match name {
        "integer" => format!("an integer{}", bounds(node)),
        "number" => format!("a number{}", bounds(node)),
        "string" => "a text".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => "a list".to_owned(),
        "object" => {
            let keys = node["properties"].as_object().map(|keys| keys.keys().cloned().collect::<Vec<_>>());
            format!("an object with the keys {}", keys.unwrap_or_default().join(", "))
        }
        _ => return None,
    })
}

fn bounds(node: &Value) -> String {
    let signs = [("minimum", ">="), ("exclusiveMinimum", ">"), ("maximum", "<="), ("exclusiveMaximum", "<")];
    let bounds: Vec<String> =
        signs.iter().filter_map(|(key, sign)| Some(format!(" {sign} {}", node.get(*key)?))).collect();
    bounds.join(" and")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Code;
    use serde_json::json;

    #[test]
    fn a_hint_says_every_form_the_bounds_and_the_default_of_the_key() {
        let schema = json!({
            "properties": {
                "size": { "$ref": "#/$defs/Size", "default": "auto" },
                "rate": { "type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 10, "default": null },
                "split": { "type": "object", "properties": { "by": { "enum": ["rows", "groups"], "default": "rows" } } },
            },
            "$defs": { "Size": { "anyOf": [{ "const": "auto" }, { "type": "integer", "minimum": 1 }] } },
        });
        let hint = |path: &str| explained(&schema, Failure::new(Code::ConfigWrongType, "wrong").at(path)).hint;
        assert_eq!(hint("size").as_deref(), Some("give \"auto\" or an integer >= 1; the default is \"auto\""));
        assert_eq!(hint("rate").as_deref(), Some("give a number > 0 and <= 10"));
        assert_eq!(hint("split").as_deref(), Some("give an object with the keys by"));
        assert_eq!(hint("split.by").as_deref(), Some("give \"rows\" or \"groups\"; the default is \"rows\""));
        assert_eq!(hint("nothing"), None);
        let better = Failure::new(Code::ConfigWrongType, "wrong").at("size").hint("did you mean it?");
        assert_eq!(explained(&schema, better.clone()), better);
    }
}
