//! Who may import what in src/.

use super::Violation;
use crate::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

const LOADER: &str = "src/native.ts";
const ADDON_MARKS: &[&str] =
    &[".node\"", ".node'", ".node`", "process.dlopen", "/binding.cjs", "\"@disentangle/", "`@disentangle/"];

/// No file but src/native.ts names the addon's file or its packages.
pub fn addon_is_loaded_once(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.with_extension("src/", &["ts"]).filter(|(path, _)| *path != LOADER) {
        for (index, line) in text.lines().enumerate() {
            if ADDON_MARKS.iter().any(|mark| line.contains(mark)) {
                violations.push(Violation::at_line(path, index + 1, format!("the addon is loaded by {LOADER} alone")));
            }
        }
    }
    violations
}

/// From no file of src/report does a chain of imports lead to the addon. Type-only imports are no imports.
pub fn report_never_reaches_the_addon(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<Vec<String>> =
        tree.with_extension("src/report/", &["ts"]).map(|(path, _)| vec![path.to_owned()]).collect();
    while let Some(chain) = open.pop() {
        let last = chain.last().expect("a chain has a first file").clone();
        if last == LOADER {
            violations.push(Violation::in_file(&chain[0], format!("reaches the addon: {}", chain.join(" -> "))));
            continue;
        }
        if !seen.insert(last.clone()) {
            continue;
        }
        let imports = imports(tree.text(&last).unwrap_or_default());
        for (specifier, _) in imports.into_iter().filter(|(_, type_only)| !type_only) {
            if let Some(next) = resolve(&last, &specifier).filter(|next| tree.has(next)) {
                let mut longer = chain.clone();
                longer.push(next);
                open.push(longer);
            }
        }
    }
    violations
}

/// The files of src/, each with those that it imports; types count.
pub fn uses(tree: &Tree) -> BTreeMap<String, BTreeSet<String>> {
    let used = |path: &str, text: &str| {
        let imports = imports(text).into_iter().filter_map(|(specifier, _)| resolve(path, &specifier));
        imports.filter(|other| other != path && tree.has(other)).collect()
    };
    tree.with_extension("src/", &["ts"]).map(|(path, text)| (path.to_owned(), used(path, text))).collect()
}

/// Specifiers of the imports and re-exports, static or dynamic, and whether each is of types alone.
fn imports(text: &str) -> Vec<(String, bool)> {
    let statements = text.split([';', '\n']).map(str::trim_start);
    let mut found = Vec::new();
    let mut type_only = false;
    for statement in statements {
        if statement.starts_with("import ") || statement.starts_with("export ") {
            type_only = statement.starts_with("import type ") || statement.starts_with("export type ");
        }
        let dynamic = after(statement, "import(");
        let fixed = after(statement, "from ").or_else(|| after(statement, "import "));
        found.extend(dynamic.map(|specifier| (specifier, false)));
        found.extend(fixed.map(|specifier| (specifier, type_only)));
    }
    found
}

// The string literal right after the last `mark`.
fn after(statement: &str, mark: &str) -> Option<String> {
    let rest = statement.rsplit_once(mark)?.1.trim_start();
    let quote = rest.chars().next().filter(|c| *c == '"' || *c == '\'')?;
    Some(rest[1..].split(quote).next()?.to_owned())
}

fn resolve(importer: &str, specifier: &str) -> Option<String> {
    if !specifier.starts_with('.') {
        return None;
    }
    let mut parts: Vec<&str> = importer.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let path = parts.join("/");
    Some(path.strip_suffix(".js").map_or(path.clone(), |stem| format!("{stem}.ts")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_loader_of_the_addon_is_caught() {
        let load = "const addon = require(`../disentangle.${target}.node`);";
        assert_eq!(addon_is_loaded_once(&Tree::of(&[("src/fit.ts", load), (LOADER, load)])).len(), 1);
    }

    #[test]
    fn a_report_that_reaches_the_addon_through_others_is_caught() {
        let tree = Tree::of(&[
            ("src/native.ts", ""),
            ("src/fit.ts", "import {\n  call,\n} from \"./native.js\";"),
            ("src/report/page.ts", "import type { Run } from \"../fit.js\";\nimport { read } from \"./read.js\";"),
            ("src/report/read.ts", "const later = await import(\"../fit.js\");"),
        ]);
        let violations = report_never_reaches_the_addon(&tree);
        assert_eq!(violations.len(), 1);
        assert!(violations[0].message.ends_with("src/report/read.ts -> src/fit.ts -> src/native.ts"), "{violations:?}");
    }

    #[test]
    fn types_may_come_from_anywhere() {
        let tree = Tree::of(&[
            ("src/native.ts", ""),
            (
                "src/report/page.ts",
                "import type {\n  Addon,\n} from \"../native.js\";\nexport type { A } from \"../native.js\";",
            ),
        ]);
        assert_eq!(report_never_reaches_the_addon(&tree), []);
    }
}
