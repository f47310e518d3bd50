//! Files that are written by a machine: the whole of src/generated and docs/errors.md, and marked blocks of documents.

mod errors;
mod markers;
mod methods;
mod metrics;
mod schema;
mod types;

use crate::files::{Files, write_all};
use crate::sources::{self, Choice};
use crate::tree::Tree;
use std::path::Path;
use std::{fs, io};

const BANNER: &str = "// Written by `cargo xtask gen`; changes are lost.\n\n";
const FOLDER: &str = "src/generated/";

/// All generated files as they have to be.
///
/// # Errors
/// A sentence when a document has a block nobody can fill, or when node is missing.
pub fn files(root: &Path, tree: &Tree) -> Result<Files, String> {
    let mut files = Files::from([
        (format!("{FOLDER}errors.ts"), format!("{BANNER}{}", errors::typescript())),
        ("docs/errors.md".to_owned(), errors::document()),
        ("docs/metrics.md".to_owned(), metrics::document(&sources::metrics())),
        (format!("{FOLDER}methods.ts"), format!("{BANNER}{}", types::names())),
        (format!("{FOLDER}types.ts"), format!("{BANNER}{}", types::types(root)?)),
    ]);
    let schema = serde_json::to_string_pretty(&sources::configuration()).expect("a schema serialises");
    files.insert(format!("{FOLDER}schema.json"), schema + "\n");
    for (path, text) in tree.with_extension("", &["md"]) {
        let filled = markers::fill(text, |name| block(tree, name)).map_err(|problem| format!("{path}: {problem}"))?;
        if filled != text {
            files.insert(path.to_owned(), filled);
        }
    }
    Ok(files)
}

/// Paths whose file differs from what it has to be, and files in src/generated that nothing writes.
pub fn stale<'a>(tree: &'a Tree, files: &'a Files) -> Vec<&'a str> {
    let differing = files.iter().filter(|(path, text)| tree.text(path) != Some(text)).map(|(path, _)| path.as_str());
    let orphans = tree.under(FOLDER).map(|(path, _)| path).filter(|path| !files.contains_key(*path));
    differing.chain(orphans).collect()
}

/// Writes what is stale and removes orphans.
///
/// # Errors
/// Those of the file system.
pub fn write(root: &Path, tree: &Tree, files: &Files) -> io::Result<()> {
    let stale = stale(tree, files);
    for orphan in stale.iter().filter(|path| !files.contains_key(**path)) {
        fs::remove_file(root.join(orphan))?;
        println!("{orphan} removed");
    }
    let changed = files.iter().filter(|(path, _)| stale.contains(&path.as_str()));
    write_all(root, &changed.map(|(path, text)| (path.clone(), text.clone())).collect())
}

fn block(tree: &Tree, name: &str) -> Result<String, String> {
    let choice = |all: Vec<Choice>, name: &str| all.into_iter().find(|choice| choice.name == name);
    match name.split_once(' ').unwrap_or((name, "")) {
        ("methods", "") => Ok(methods::table(&sources::methods())),
        ("method", name) => choice(sources::methods(), name)
            .map(|method| methods::head(&method))
            .ok_or_else(|| format!("no method {name}")),
        ("simulator", name) => choice(sources::simulators(), name)
            .map(|simulator| methods::options(&simulator.schema))
            .ok_or_else(|| format!("no simulator {name}")),
        ("example", path) => tree
            .text(path)
            .map(|text| format!("```ts\n{}\n```\n", text.trim_end()))
            .ok_or_else(|| format!("shows {path}, which is not there")),
        _ => Err(format!("nothing generates a block named `{name}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_differing_a_missing_and_an_orphaned_file_are_stale() {
        let tree = Tree::of(&[("src/generated/a.ts", "old"), ("src/generated/b.ts", "x"), ("docs/c.md", "same")]);
        let wanted = [("src/generated/a.ts", "new"), ("docs/c.md", "same"), ("docs/d.md", "new")];
        let files: Files = wanted.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        assert_eq!(stale(&tree, &files), ["docs/d.md", "src/generated/a.ts", "src/generated/b.ts"]);
    }

    #[test]
    fn what_was_written_is_no_longer_stale() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir_all(folder.path().join(FOLDER)).expect("a folder");
        fs::write(folder.path().join("src/generated/orphan.ts"), "x").expect("a file");
        let files: Files = [("docs/new.md".to_owned(), "text".to_owned())].into();
        write(folder.path(), &Tree::read(folder.path()).expect("readable"), &files).expect("writable");
        let after = Tree::read(folder.path()).expect("readable");
        assert_eq!(stale(&after, &files), [""; 0]);
        assert!(!after.has("src/generated/orphan.ts"));
    }

    #[test]
    fn an_example_block_is_the_program() {
        let tree = Tree::of(&[("examples/a.ts", "run();\n")]);
        assert_eq!(block(&tree, "example examples/a.ts"), Ok("```ts\nrun();\n```\n".into()));
        assert!(block(&tree, "example examples/b.ts").is_err() && block(&tree, "weather").is_err());
    }
}
