//! Random streams: two places that draw from one name under one seed draw the same numbers.

use super::Violation;
use crate::code::{code_of, without_tests};
use crate::tree::Tree;
use std::collections::BTreeMap;

/// Lines that a call may be spread over.
const CALL: usize = 4;

/// No two files name the same stream.
pub fn streams_have_names_of_their_own(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (name, places) in names(tree) {
        let mut files: Vec<&str> = places.iter().map(|(path, _)| path.as_str()).collect();
        files.dedup();
        if files.len() > 1 {
            let (path, line) = &places[places.len() - 1];
            let message = format!("stream {name:?} is that of {}: begin the name with the module", files[0]);
            violations.push(Violation::at_line(path, *line, message));
        }
    }
    violations
}

/// Names of streams as they stand in calls, outside tests, with the places that name them.
fn names(tree: &Tree) -> BTreeMap<String, Vec<(String, usize)>> {
    let mut found: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
    let is_source = |path: &str| path.contains("/src/") && path.ends_with(".rs") && !path.contains("/xtask/");
    for (path, text) in tree.under("crates/").filter(|(path, _)| is_source(path) && !is_test(path)) {
        let code = without_tests(&code_of(text));
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in code.lines().enumerate().filter(|(_, line)| line.contains("Stream::new(")) {
            let column = line.find("Stream::new(").unwrap_or(0);
            let call = lines[at..lines.len().min(at + CALL)].join("\n");
            let end = call[column.min(call.len())..].find(';').map_or(call.len(), |end| column + end);
            let mut quoted = call[column.min(end)..end].split('"').skip(1);
            // What is put together is told apart by what it is put together from.
            if let Some(name) = quoted.next().filter(|name| !name.contains('{')) {
                found.entry(name.to_owned()).or_default().push((path.to_owned(), at + 1));
            }
        }
    }
    found
}

fn is_test(path: &str) -> bool {
    ["tests.rs", "laws.rs", "fits.rs", "/tests/"].iter().any(|end| path.contains(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_in_two_files_is_told_and_twice_in_one_is_not() {
        let call = "fn f() { let s = Stream::new(seed, \"rotation\"); }";
        let twice = format!("{call}\n{call}");
        let tree = Tree::of(&[("crates/a/src/x.rs", twice.as_str()), ("crates/b/src/y.rs", "fn g() {}")]);
        assert!(streams_have_names_of_their_own(&tree).is_empty());
        let spread = "let s = Stream::new(\n    seed,\n    \"rotation\",\n);";
        let test = "#[cfg(test)]\nmod tests { fn t() { Stream::new(1, \"rotation\"); } }";
        let tree = Tree::of(&[("crates/a/src/x.rs", call), ("crates/b/src/y.rs", test)]);
        assert!(streams_have_names_of_their_own(&tree).is_empty());
        let tree = Tree::of(&[("crates/a/src/x.rs", call), ("crates/b/src/y.rs", spread)]);
        let told = streams_have_names_of_their_own(&tree);
        assert_eq!(told.len(), 1);
        assert!(told[0].to_string().contains("crates/b/src/y.rs"), "{}", told[0]);
    }

    /// A stream is chosen by 32 bits of the digest of its name.
    #[test]
    fn no_two_names_of_this_repository_are_one_stream() {
        let tree = Tree::read(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))).expect("files");
        let names = names(&tree);
        assert!(names.len() > 40, "{} names", names.len());
        let mut digests = BTreeMap::new();
        for name in names.keys() {
            let digest = blake3::hash(name.as_bytes());
            if let Some(other) = digests.insert(digest.as_bytes()[..4].to_vec(), name) {
                panic!("{name} and {other} are the same stream");
            }
        }
    }
}
