//! What the documents promise.

use super::Violation;
use crate::tree::Tree;

const REGISTRY: &str = "crates/methods/src/lib.rs";

/// Every method of the registry has a file, a page and golden numbers (a baseline: its own, or those of its method).
pub fn methods_are_complete(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for module in methods_of(tree.text(REGISTRY).unwrap_or_default()) {
        let name = module.replace('_', "-");
        if !tree.has(&format!("crates/methods/src/{module}.rs")) {
            violations.push(Violation::in_file(REGISTRY, format!("{name}: no crates/methods/src/{module}.rs")));
        }
        if !tree.has(&format!("docs/methods/{name}.md")) {
            violations.push(Violation::in_file(REGISTRY, format!("{name}: no docs/methods/{name}.md")));
        }
        let source = tree.text(&format!("crates/methods/src/{module}.rs")).unwrap_or_default();
        let golden = |module: &str| tree.with_extension(&format!("golden/{module}"), &["json"]).next().is_some();
        if !golden(module) && !baseline_of(source).is_some_and(|of| golden(&of.replace('-', "_"))) {
            violations.push(Violation::in_file(REGISTRY, format!("{name}: no golden/{module}.json")));
        }
    }
    violations
}

/// Every relative link of a document leads to a file or folder, and its anchor to a heading.
pub fn links_are_alive(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.with_extension("", &["md"]).filter(|(path, _)| is_document(path)) {
        for (line, target) in links(text) {
            if let Some(problem) = dead(tree, path, text, target) {
                violations.push(Violation::at_line(path, line, format!("{target}: {problem}")));
            }
        }
    }
    violations
}

/// The README has at least one block that `gen` fills with a program of examples/.
pub fn readme_shows_an_example(tree: &Tree) -> Vec<Violation> {
    const PATH: &str = "README.md";
    let text = tree.text(PATH).unwrap_or_default();
    let mark = "<!-- generated: example examples/";
    let shown = text.lines().filter_map(|line| line.strip_prefix(mark)).filter_map(|rest| rest.strip_suffix(" -->"));
    let mut shown = shown.peekable();
    if shown.peek().is_none() {
        return vec![Violation::in_file(PATH, format!("no line `{mark}NAME.ts -->`"))];
    }
    shown
        .filter(|name| !tree.has(&format!("examples/{name}")))
        .map(|name| Violation::in_file(PATH, format!("shows examples/{name}, which is not there")))
        .collect()
}

/// Modules of the methods in the registry's list.
pub fn methods_of(registry: &str) -> impl Iterator<Item = &str> {
    registry.split("Entry::of::<").skip(1).filter_map(|rest| Some(rest.split_once("::")?.0))
}

fn baseline_of(source: &str) -> Option<&str> {
    source.split_once("baseline_of: Some(\"")?.1.split('"').next()
}

fn is_document(path: &str) -> bool {
    !path.contains('/') || path.starts_with("docs/") || path.starts_with("benchmark/") || path.starts_with("examples/")
}

// Line and target of every inline link outside code blocks.
fn links(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().flat_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let line = if fenced { "" } else { line };
        let targets = line.match_indices("](").filter_map(move |(at, _)| line[at + 2..].split(')').next());
        targets.map(move |target| (index + 1, target))
    })
}

fn dead(tree: &Tree, path: &str, text: &str, target: &str) -> Option<&'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let full = if file.is_empty() { path.to_owned() } else { joined(path, file) };
    if !tree.has(&full) {
        return Some("no such file");
    }
    let destination = if file.is_empty() { text } else { tree.text(&full).unwrap_or_default() };
    let known = anchor.is_empty() || !full.ends_with(".md") || anchors(destination).any(|a| a == anchor);
    (!known).then_some("no such heading")
}

fn joined(path: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in relative.split('/').filter(|part| *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

// As the usual renderers name headings: lower case, punctuation dropped, blanks to hyphens.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_without_file_page_or_golden_numbers_is_caught() {
        let registry =
            "pub mod linear;\n[\n    Entry::of::<shared_head::SharedHead>(),\n    Entry::of::<tbr::Tbr>(),\n]";
        let tree = Tree::of(&[
            (REGISTRY, registry),
            ("crates/methods/src/shared_head.rs", ""),
            ("docs/methods/shared-head.md", ""),
            ("golden/shared_head.json", ""),
        ]);
        let messages: Vec<String> = methods_are_complete(&tree).into_iter().map(|v| v.message).collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert!(messages.iter().all(|message| message.starts_with("tbr: no ")));
    }

    #[test]
    fn the_golden_numbers_of_a_method_serve_its_baseline() {
        let source = "baseline_of: Some(\"latent-anm\"),";
        let files =
            [(REGISTRY, "[Entry::of::<b::B>()]"), ("crates/methods/src/b.rs", source), ("docs/methods/b.md", "")];
        assert_eq!(methods_are_complete(&Tree::of(&files)).len(), 1);
        let with_golden = [files.as_slice(), &[("golden/latent_anm.json", "")]].concat();
        assert_eq!(methods_are_complete(&Tree::of(&with_golden)), []);
    }

    #[test]
    fn dead_links_and_anchors_are_caught_with_their_line() {
        let text = "[a](docs/b.md#the-head-of-it) [b](docs)\n[c](docs/c.md)\n[d](docs/b.md#none) [e](https://x.y)\n```\n[f](g.md)\n```";
        let tree =
            Tree::of(&[("README.md", text), ("docs/b.md", "## The *head* of it!\n[up](../README.md) [no](../d.md)")]);
        let places: Vec<String> = links_are_alive(&tree).into_iter().map(|v| v.place).collect();
        assert_eq!(places, ["README.md:2", "README.md:3", "docs/b.md:2"]);
    }

    #[test]
    fn a_readme_without_a_tested_example_is_caught() {
        let shown = "<!-- generated: example examples/a.ts -->\n";
        assert_eq!(readme_shows_an_example(&Tree::of(&[("README.md", "none")])).len(), 1);
        assert_eq!(readme_shows_an_example(&Tree::of(&[("README.md", shown)])).len(), 1);
        assert!(readme_shows_an_example(&Tree::of(&[("README.md", shown), ("examples/a.ts", "")])).is_empty());
    }
}
