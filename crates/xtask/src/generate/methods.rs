//! Methods and simulators in the documents.

use super::schema::{definitions_of, limits};
use crate::sources::Choice;
use serde_json::Value;
use std::fmt::Write;

/// The README's table of methods.
pub fn table(methods: &[Choice]) -> String {
    let mut text = String::from("| method | needs | gives | paper |\n| --- | --- | --- | --- |\n");
    for Choice { name, info, .. } in methods {
        let (needs, gives) = (list(&info["needs"]), list(&info["gives"]));
        let reference = &info["reference"];
        let paper = format!("[{} ({})]({})", word(&reference["authors"]), reference["year"], word(&reference["url"]));
        writeln!(text, "| [`{name}`](docs/methods/{name}.md) | {needs} | {gives} | {paper} |").expect("a string grows");
    }
    text
}

/// The head of a method's page.
pub fn head(Choice { name, info, schema }: &Choice) -> String {
    let reference = &info["reference"];
    let mut text = format!("# {}: {}\n\n{}\n\n", name, word(&info["title"]), word(&info["summary"]));
    let facts = [
        ("Needs", list(&info["needs"])),
        ("Gives", list(&info["gives"])),
        ("Identifies", word(&info["identifies"]).to_owned()),
        ("Baseline of", info["baselineOf"].as_str().map(|of| format!("[`{of}`]({of}.md)")).unwrap_or_default()),
        (
            "Reference",
            format!(
                "[{}]({}) ({}, {})",
                word(&reference["title"]),
                word(&reference["url"]),
                word(&reference["authors"]),
                reference["year"]
            ),
        ),
    ];
    for (label, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
        writeln!(text, "- {label}: {fact}").expect("a string grows");
    }
    text.push_str("\n## Options\n\n");
    text.push_str(&options(schema));
    text
}

/// The options of a schema as a table.
pub fn options(schema: &Value) -> String {
    let definitions = definitions_of(schema);
    let mut text = String::from("| option | meaning | values |\n| --- | --- | --- |\n");
    let properties = schema["properties"].as_object().into_iter().flatten();
    for (name, property) in properties {
        let words = words(property, &definitions);
        let limits = limits(property);
        let values = [words.as_str(), limits.as_str()].iter().filter(|t| !t.is_empty()).copied().collect::<Vec<_>>();
        let meaning = word(&property["description"]).replace('\n', " ").replace('|', "\\|");
        writeln!(text, "| `{name}` | {meaning} | {} |", values.join(" ")).expect("a string grows");
    }
    text
}

// The words a property may be, where it is one of several.
fn words(property: &Value, definitions: &super::schema::Definitions) -> String {
    let reference = property["$ref"].as_str().and_then(|r| r.rsplit('/').next());
    let Some(variants) = reference.and_then(|name| definitions.get(name)) else { return String::new() };
    let constants = variants["oneOf"].as_array().into_iter().flatten().filter_map(|variant| variant["const"].as_str());
    let plain = variants["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let all: Vec<String> = constants.chain(plain).map(|word| format!("`{word}`")).collect();
    if all.is_empty() { String::new() } else { format!("{}.", all.join(", ")) }
}

fn list(words: &Value) -> String {
    words.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample() -> Choice {
        Choice {
            name: "shared-head".into(),
            info: json!({
                "title": "One head", "summary": "All share a head.", "needs": ["target"], "gives": ["latents", "a head"],
                "identifies": "a subspace", "baselineOf": "tbr",
                "reference": { "title": "T", "authors": "A and B", "year": 2025, "url": "https://x.y" }
            }),
            schema: json!({
                "title": "C", "$defs": { "Keep": { "oneOf": [{ "const": "best" }, { "const": "last" }] } },
                "properties": {
                    "steps": { "description": "How\nmany.", "default": 5, "minimum": 1, "maximum": 9 },
                    "keep": { "description": "Which.", "$ref": "#/$defs/Keep", "default": "best" }
                }
            }),
        }
    }

    #[test]
    fn the_table_links_each_method_to_its_page_and_paper() {
        let row = "| [`shared-head`](docs/methods/shared-head.md) | target | latents, a head | [A and B (2025)](https://x.y) |";
        assert!(table(&[sample()]).lines().any(|line| line == row));
    }

    #[test]
    fn the_head_of_a_page_lists_every_option_with_its_limits() {
        let head = head(&sample());
        assert!(head.contains("- Baseline of: [`tbr`](tbr.md)\n"), "{head}");
        assert!(head.contains("| `steps` | How many. | Default: 5. Range: 1 to 9. |\n"), "{head}");
        assert!(head.contains("| `keep` | Which. | `best`, `last`. Default: \"best\". |\n"), "{head}");
    }
}
