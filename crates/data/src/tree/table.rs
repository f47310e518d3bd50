//! A tree as a table: one row per edge, columns `parent`, `child` and, if wanted, `length`.

use super::{Tree, bad_length, is_length};
use crate::failure::{Code, Failure, Result};
use std::collections::BTreeMap;

const HINT: &str = "the first line names the columns, for example: parent,child,length";

/// Reads a parent-child-length table, comma or tab separated, columns found by name in any order, others ignored.
/// A missing or empty length is 1; an empty parent marks the root, which may also have no row of its own.
/// Nodes come in order of first appearance.
///
/// # Errors
/// `TREE_PARSE` (with `line:column` in `path`, the column counted in fields) and what [`Tree::new`] refuses.
pub fn parse_table(text: &str) -> Result<Tree> {
    let text = text.trim_start_matches('\u{feff}');
    let tabs = text.lines().next().is_some_and(|line| line.contains('\t'));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if tabs { b'\t' } else { b',' })
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| unreadable(&error))?.clone();
    let column = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
    let (Some(parent_column), Some(child_column)) = (column("parent"), column("child")) else {
        return Err(parse_failure(
            "1:1",
            format!("expected columns parent and child, got {:?}", headers.iter().collect::<Vec<_>>()),
        )
        .hint(HINT));
    };
    let length_column = column("length");

    let mut nodes = Nodes::default();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let place = |column: usize| format!("{line}:{}", column + 1);
        let field = |column: usize| record.get(column).unwrap_or("");
        let (parent, child) = (field(parent_column), field(child_column));
        if child.is_empty() {
            return Err(parse_failure(&place(child_column), "the child has no name").hint("give every child a name"));
        }
        let length = match length_column.map(|column| (column, field(column))) {
            None | Some((_, "")) => 1.0,
            Some((column, word)) => {
                let length: f64 = word.parse().map_err(|_| {
                    parse_failure(&place(column), format!("expected a branch length, got {word:?}"))
                        .hint("write a number, or nothing: it then counts as 1")
                })?;
                if !parent.is_empty() && !is_length(length) {
                    return Err(bad_length(child, length).at(place(column)));
                }
                length
            }
        };
        let parent = (!parent.is_empty()).then(|| nodes.index(parent));
        let child = nodes.index(child);
        if let Some(first) = nodes.lines[child].replace(line) {
            return Err(parse_failure(
                &place(child_column),
                format!("{:?} already has a row, line {first}", nodes.names[child]),
            )
            .hint("a node has one parent: keep one of the two rows"));
        }
        nodes.parents[child] = parent;
        nodes.lengths[child] = length;
    }
    Tree::new(nodes.names, nodes.parents, nodes.lengths)
}

#[derive(Default)]
struct Nodes {
    names: Vec<String>,
    parents: Vec<Option<usize>>,
    lengths: Vec<f64>,
    /// Line of the row in which the node is the child.
    lines: Vec<Option<u64>>,
    by_name: BTreeMap<String, usize>,
}

impl Nodes {
    fn index(&mut self, name: &str) -> usize {
        if let Some(&index) = self.by_name.get(name) {
            return index;
        }
        self.by_name.insert(name.to_owned(), self.names.len());
        self.names.push(name.to_owned());
        self.parents.push(None);
        self.lengths.push(0.0);
        self.lines.push(None);
        self.names.len() - 1
    }
}

fn unreadable(error: &csv::Error) -> Failure {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            parse_failure(&format!("{line}:1"), format!("expected {expected_len} fields, got {len}"))
                .hint("quote names that contain the separator")
        }
        _ => parse_failure(&format!("{line}:1"), format!("not a table: {error}")).hint(HINT),
    }
}

fn parse_failure(place: &str, message: impl std::fmt::Display) -> Failure {
    Failure::new(Code::TreeParse, format!("tree table: {message}")).at(place)
}
