//! Who may import what in src/.

use super::Violation;
use crate::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

const LOADER: &str = "src/native.ts";
const ENTRY: &str = "src/index.ts";
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
    let report = tree.with_extension("src/report/", &["ts"]).map(|(path, _)| path.to_owned());
    let chains = chains(tree, report.collect(), |kind| kind != Kind::Types);
    let to_addon = chains.iter().filter(|chain| chain.last().is_some_and(|last| last == LOADER));
    to_addon.map(|chain| Violation::in_file(&chain[0], format!("reaches the addon: {}", chain.join(" -> ")))).collect()
}

/// What `import "disentangle"` loads at once names no package but Node's own: a cold start would pay for each. What needs one is loaded
/// by `import()` when it is asked for.
pub fn the_import_is_light(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for chain in chains(tree, vec![ENTRY.to_owned()], |kind| kind == Kind::Fixed) {
        let last = chain.last().expect("a chain has a first file");
        for Import { specifier, kind } in imports(tree.text(last).unwrap_or_default()) {
            if kind == Kind::Fixed && !specifier.starts_with('.') && !specifier.starts_with("node:") {
                let message = format!("loads {specifier} with the library: {}", chain.join(" -> "));
                violations.push(Violation::in_file(last, message));
            }
        }
    }
    violations
}

/// A chain of imports to every file that is reached from `first` by imports of the kinds that are followed.
fn chains(tree: &Tree, first: Vec<String>, follows: fn(Kind) -> bool) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<Vec<String>> = first.into_iter().map(|path| vec![path]).collect();
    while let Some(chain) = open.pop() {
        let last = chain.last().expect("a chain has a first file").clone();
        if !seen.insert(last.clone()) {
            continue;
        }
        for Import { specifier, .. } in
            imports(tree.text(&last).unwrap_or_default()).iter().filter(|one| follows(one.kind))
        {
            if let Some(next) = resolve(&last, specifier).filter(|next| tree.has(next)) {
                let mut longer = chain.clone();
                longer.push(next);
                open.push(longer);
            }
        }
        found.push(chain);
    }
    found
}

/// The files of src/, each with those that it imports; types count.
pub fn uses(tree: &Tree) -> BTreeMap<String, BTreeSet<String>> {
    let used = |path: &str, text: &str| {
        let imports = imports(text).into_iter().filter_map(|one| resolve(path, &one.specifier));
        imports.filter(|other| other != path && tree.has(other)).collect()
    };
    tree.with_extension("src/", &["ts"]).map(|(path, text)| (path.to_owned(), used(path, text))).collect()
}

/// When an import loads what it names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Never: it is of types alone.
    Types,
    /// With the file.
    Fixed,
    /// When it is asked for: `import()`.
    Dynamic,
}

/// An import or a re-export.
struct Import {
    specifier: String,
    kind: Kind,
}

/// All imports and re-exports of a file. Those of examples in comments are none.
fn imports(text: &str) -> Vec<Import> {
    let statements = text.split([';', '\n']).map(str::trim_start).filter(|line| !line.starts_with(['*', '/']));
    let mut found = Vec::new();
    let mut begun = Kind::Fixed;
    for statement in statements {
        if statement.starts_with("import ") || statement.starts_with("export ") {
            let of_types = statement.starts_with("import type ") || statement.starts_with("export type ");
            begun = if of_types { Kind::Types } else { Kind::Fixed };
        }
        let dynamic = after(statement, "import(");
        let fixed = after(statement, "from ").or_else(|| after(statement, "import "));
        found.extend(dynamic.map(|specifier| Import { specifier, kind: Kind::Dynamic }));
        found.extend(fixed.map(|specifier| Import { specifier, kind: begun }));
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
    fn a_package_that_comes_with_the_library_is_caught_and_one_that_is_loaded_later_is_not() {
        let entry = (
            ENTRY,
            "export { fit } from \"./fit.js\";\nexport type { Z } from \"./types.js\";\n * import { z } from \"zod\";",
        );
        let types = ("src/types.ts", "import { z } from \"zod\";");
        let later = ("src/fit.ts", "import { join } from \"node:path\";\nconst zod = await import(\"./types.js\");");
        assert_eq!(the_import_is_light(&Tree::of(&[entry, types, later])), []);
        let at_once = ("src/fit.ts", "import {\n  parse,\n} from \"./types.js\";");
        let violations = the_import_is_light(&Tree::of(&[entry, types, at_once]));
        assert_eq!(violations.len(), 1);
        assert!(violations[0].message.ends_with("src/index.ts -> src/fit.ts -> src/types.ts"), "{violations:?}");
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
