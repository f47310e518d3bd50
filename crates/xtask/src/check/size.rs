//! How large and how finished files are.

use super::Violation;
use crate::tree::{Tree, extension};

const SOURCES: &[&str] = &["rs", "ts", "mjs", "js", "cjs", "mts", "cts", "py", "css"];
const GENERATED: &[&str] = &["src/generated/", "binding.cjs"];
const LONGEST: usize = 500;
/// Code alone, without comments and blank lines: the types of the data that cross are most of it.
const NODE_LIMIT: usize = 1200;
const MARKS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// No source file that people write has more than 500 lines.
pub fn files_are_short(tree: &Tree) -> Vec<Violation> {
    sources(tree)
        .filter(|(path, _)| !GENERATED.iter().any(|start| path.starts_with(start)))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| Violation::in_file(path, format!("{lines} lines, at most {LONGEST}")))
        .collect()
}

/// The boundary stays thin: all of crates/node/src in under 1200 lines of code.
pub fn node_crate_is_thin(tree: &Tree) -> Vec<Violation> {
    let lines: usize = tree.with_extension("crates/node/src/", &["rs"]).map(|(_, text)| lines_of_code(text)).sum();
    if lines < NODE_LIMIT {
        return Vec::new();
    }
    vec![Violation::in_file("crates/node/src", format!("{lines} lines, must stay under {NODE_LIMIT}"))]
}

fn lines_of_code(text: &str) -> usize {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// golden/NAME.json stands beside golden/NAME.py, or beside the script of its first word: golden/NAME-part.json.
pub fn goldens_have_scripts(tree: &Tree) -> Vec<Violation> {
    tree.with_extension("golden/", &["json"])
        .filter(|(path, _)| {
            let stem = path.trim_end_matches(".json");
            let first = stem.split('-').next().unwrap_or(stem);
            ![stem, first].iter().any(|name| tree.has(&format!("{name}.py")))
        })
        .map(|(path, _)| Violation::in_file(path, "no script of the same name made these numbers"))
        .collect()
}

/// A mark of unfinished work is followed by `(#issue)`.
pub fn todos_name_issues(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in sources(tree) {
        for (index, line) in text.lines().enumerate() {
            for mark in MARKS {
                let loose = line.match_indices(mark).any(|(at, _)| {
                    let inside_a_word = line[..at].ends_with(|c: char| c.is_alphanumeric())
                        || line[at + mark.len()..].starts_with(|c: char| c.is_alphanumeric());
                    !inside_a_word && !line[at + mark.len()..].starts_with("(#")
                });
                if loose {
                    violations.push(Violation::at_line(path, index + 1, format!("{mark} without (#issue)")));
                }
            }
        }
    }
    violations
}

fn sources(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.under("").filter(|(path, _)| SOURCES.contains(&extension(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_caught_unless_a_machine_wrote_it() {
        let long = "x\n".repeat(LONGEST + 1);
        let tree = Tree::of(&[("src/a.ts", &long), ("src/generated/b.ts", &long), ("src/c.ts", "x")]);
        assert_eq!(files_are_short(&tree).len(), 1);
    }

    #[test]
    fn a_thick_node_crate_is_caught_by_the_sum_of_its_files() {
        let half = "x\n".repeat(NODE_LIMIT / 2);
        let tree = Tree::of(&[("crates/node/src/a.rs", &half), ("crates/node/src/b.rs", &half)]);
        assert_eq!(node_crate_is_thin(&tree).len(), 1);
        assert!(node_crate_is_thin(&Tree::of(&[("crates/node/src/a.rs", &half)])).is_empty());
    }

    #[test]
    fn golden_numbers_of_unknown_origin_are_caught() {
        let tree =
            Tree::of(&[("golden/a.json", ""), ("golden/b.json", ""), ("golden/b.py", ""), ("golden/b-x.json", "")]);
        assert_eq!(goldens_have_scripts(&tree)[0].place, "golden/a.json");
        assert_eq!(goldens_have_scripts(&tree).len(), 1);
    }

    #[test]
    fn unfinished_work_without_an_issue_is_caught() {
        for mark in MARKS {
            let text = format!("// {mark}: later\n// {mark}(#12): later\nlet not{mark}x = 1;");
            assert_eq!(todos_name_issues(&Tree::of(&[("src/a.rs", &text)])).len(), 1, "{mark}");
        }
    }
}
