//! JSON Schemas to TypeScript. The work is a library's (scripts/types.mjs).

use super::schema::{Definitions, definitions_of, prepared, title};
use crate::sources::{self, Choice};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// src/generated/types.ts: results, and the options of every method and simulator.
///
/// # Errors
/// A sentence when node or the library is missing.
pub fn types(root: &Path) -> Result<String, String> {
    let mut definitions = prepared(sources::results());
    for choice in sources::methods().iter().chain(&sources::simulators()) {
        merge(&mut definitions, prepared(definitions_of(&choice.schema)))?;
    }
    definitions.sort_keys();
    typescript(root, &definitions)
}

/// src/generated/methods.ts: the names users can give, and whose options belong to which.
pub fn names() -> String {
    let mut text = String::new();
    let (methods, simulators) = (sources::methods(), sources::simulators());
    let mut titles: Vec<&str> = methods.iter().chain(&simulators).map(|choice| title(&choice.schema)).collect();
    titles.sort_unstable();
    titles.dedup();
    writeln!(text, "import type {{ {} }} from \"./types.js\";", titles.join(", ")).expect("a string grows");
    text.push_str(&options("MethodOptions", "method", &methods));
    text.push_str(&options("SimulatorOptions", "simulator", &simulators));
    text
}

// One name is one type: two structs of the same name in different crates would silently become one.
fn merge(all: &mut Definitions, more: Definitions) -> Result<(), String> {
    for (name, schema) in more {
        if all.get(&name).is_some_and(|known| *known != schema) {
            return Err(format!("two different types are named {name}; rename one: #[schemars(rename = \"...\")]"));
        }
        all.insert(name, schema);
    }
    Ok(())
}

fn options(interface: &str, kind: &str, choices: &[Choice]) -> String {
    let mut text =
        format!("\n/** The options of each {kind}, by the name users give. */\nexport interface {interface} {{\n");
    for Choice { name, info, schema } in choices {
        let summary = info["summary"].as_str().unwrap_or_default();
        writeln!(text, "  /** {summary} */\n  \"{name}\": {};", title(schema)).expect("a string grows");
    }
    text.push_str("}\n");
    text
}

fn typescript(root: &Path, definitions: &Definitions) -> Result<String, String> {
    let mut child = Command::new("node")
        .arg("scripts/types.mjs")
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("node could not be started: {e}"))?;
    let input = serde_json::to_vec(definitions).expect("schemas serialise");
    // A child that ends early closes its input; its exit code says so below.
    drop(child.stdin.take().expect("stdin is piped").write_all(&input));
    let output = child.wait_with_output().map_err(|e| format!("node was lost: {e}"))?;
    if !output.status.success() {
        return Err("scripts/types.mjs failed; `npm run setup` installs what it needs".to_owned());
    }
    String::from_utf8(output.stdout).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn options_stand_under_the_name_users_give() {
        let choice = Choice {
            name: "tree-world".into(),
            info: json!({ "summary": "A world." }),
            schema: json!({ "title": "TreeWorldConfig" }),
        };
        let text = options("SimulatorOptions", "simulator", &[choice]);
        assert!(text.contains("  /** A world. */\n  \"tree-world\": TreeWorldConfig;\n"), "{text}");
    }

    #[test]
    fn two_different_types_of_one_name_are_an_error() {
        let of = |schema: Value| Definitions::from_iter([("A".to_owned(), schema)]);
        let mut all = of(json!({ "type": "string" }));
        assert_eq!(merge(&mut all, of(json!({ "type": "string" }))), Ok(()));
        assert!(merge(&mut all, of(json!({ "type": "number" }))).is_err());
    }

    #[test]
    fn every_choice_is_named() {
        let text = names();
        for choice in sources::methods().iter().chain(&sources::simulators()) {
            assert_eq!(text.matches(&format!("\n  \"{}\": ", choice.name)).count(), 1, "{}", choice.name);
        }
    }
}
