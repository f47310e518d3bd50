//! Newick: `((A:1,B:2)C:0.5,D);`
//!
//! Source: *The Newick tree format* (Felsenstein et al., 1986), <https://phylipweb.github.io/phylip/newicktree.html>.
//! Differs: an underscore stays an underscore, and names may contain blanks, because environment labels do;
//! double quotes work like single quotes; the final semicolon may be missing.

use super::{Tree, bad_length, generated_name, is_length};
use crate::failure::{Code, Failure, Result};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const DELIMITERS: &str = "()[]:;,'\"\n";

/// Reads one tree. Nodes come in preorder; inner nodes without a name are called `node1`, `node2`, ... in that order,
/// missing lengths are 1, comments in square brackets are skipped.
///
/// # Errors
/// `TREE_PARSE` (with `line:column` in `path`) and what [`Tree::new`] refuses.
pub fn parse_newick(text: &str) -> Result<Tree> {
    let mut parser = Parser { chars: text.trim_start_matches('\u{feff}').chars().collect(), at: 0 };
    let nodes = parser.tree()?;
    let given: BTreeSet<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    let mut counter = 0;
    let names = nodes.iter().map(|node| match node.name.as_str() {
        "" => generated_name(&|name| given.contains(name), &mut counter),
        name => name.to_owned(),
    });
    Tree::new(
        names.collect(),
        nodes.iter().map(|node| node.parent).collect(),
        nodes.iter().map(|node| node.length.unwrap_or(1.0)).collect(),
    )
}

struct Node {
    name: String,
    parent: Option<usize>,
    length: Option<f64>,
}

struct Parser {
    chars: Vec<char>,
    at: usize,
}

impl Parser {
    /// Iterative, with the open inner nodes on a stack: a tree nested deeper than the call stack must not end the process.
    fn tree(&mut self) -> Result<Vec<Node>> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        loop {
            // At the beginning of a subtree.
            self.blank()?;
            let start = self.at;
            nodes.push(Node { name: String::new(), parent: open.last().copied(), length: None });
            if self.take('(') {
                open.push(nodes.len() - 1);
                continue;
            }
            let mut node = nodes.len() - 1;
            self.label(&mut nodes[node])?;
            if nodes[node].name.is_empty() {
                return Err(self.failure(start, "a node name or \"(\"").hint("every leaf needs a name"));
            }
            // At the end of a subtree: close inner nodes until a sibling follows.
            loop {
                self.blank()?;
                let Some(&parent) = open.last() else {
                    self.end()?;
                    return Ok(nodes);
                };
                if self.take(',') {
                    break;
                }
                if !self.take(')') {
                    return Err(self.failure(self.at, "\",\" or \")\"").hint(
                        "check the brackets; a name that contains brackets, commas, colons or quotes goes into 'quotes'",
                    ));
                }
                node = parent;
                open.pop();
                self.label(&mut nodes[node])?;
            }
        }
    }

    /// Name and branch length, both optional.
    fn label(&mut self, node: &mut Node) -> Result<()> {
        self.blank()?;
        node.name = match self.peek() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            _ => self.word(),
        };
        self.blank()?;
        if !self.take(':') {
            return Ok(());
        }
        self.blank()?;
        let start = self.at;
        let word = self.word();
        let length: f64 = word.parse().map_err(|_| {
            let expected = "a branch length after \":\"";
            match word.as_str() {
                "" => self.failure(start, expected),
                word => self.message(start, format!("expected {expected}, got {word:?}")),
            }
            .hint("write a number, or leave the colon out: the length then counts as 1; check the brackets")
        })?;
        if !is_length(length) {
            return Err(bad_length(&node.name, length).at(self.place(start)));
        }
        node.length = Some(length);
        Ok(())
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| !DELIMITERS.contains(c)) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect::<String>().trim().to_owned()
    }

    /// A quoted name; a doubled quote stands for itself.
    fn quoted(&mut self, quote: char) -> Result<String> {
        let start = self.at;
        self.at += 1;
        let mut name = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            if c == quote && !self.take(quote) {
                return Ok(name);
            }
            name.push(c);
        }
        Err(self
            .message(start, format!("the quote {quote} is never closed"))
            .hint("close it, or double it inside a name"))
    }

    /// Skips white space and comments, which may be nested.
    fn blank(&mut self) -> Result<()> {
        while let Some(c) = self.peek() {
            if c == '[' {
                let start = self.at;
                let mut depth = 0;
                loop {
                    match self.peek() {
                        Some('[') => depth += 1,
                        Some(']') => depth -= 1,
                        Some(_) => {}
                        None => {
                            return Err(self.message(start, "the comment [ is never closed").hint("close it with ]"));
                        }
                    }
                    self.at += 1;
                    if depth == 0 {
                        break;
                    }
                }
            } else if c.is_whitespace() {
                self.at += 1;
            } else {
                break;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.take(';');
        self.blank()?;
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.failure(self.at, "the end of the text").hint("give one tree, with as many ( as )")),
        }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    fn failure(&self, at: usize, expected: &str) -> Failure {
        let got = self.chars.get(at).map_or("the end of the text".to_owned(), |c| format!("{:?}", c.to_string()));
        self.message(at, format!("expected {expected}, got {got}"))
    }

    fn message(&self, at: usize, message: impl std::fmt::Display) -> Failure {
        let place = self.place(at);
        Failure::new(Code::TreeParse, format!("Newick tree: {message}")).at(place)
    }

    /// `line:column`, both from 1, the column in characters.
    fn place(&self, at: usize) -> String {
        let before = &self.chars[..at.min(self.chars.len())];
        let line = before.iter().filter(|&&c| c == '\n').count() + 1;
        let column = before.iter().rev().take_while(|&&c| c != '\n').count() + 1;
        format!("{line}:{column}")
    }
}

/// What is still to be written; a stack instead of recursion, for the same reason as in the parser.
enum Pending {
    Node(usize),
    Text(&'static str),
    Label(usize),
}

pub(super) fn write(tree: &Tree) -> String {
    let children = tree.children();
    let mut text = String::new();
    let mut stack = vec![Pending::Text(";"), Pending::Node(tree.root())];
    while let Some(pending) = stack.pop() {
        match pending {
            Pending::Text(fixed) => text.push_str(fixed),
            Pending::Label(node) => {
                text.push_str(&quoted_if_needed(&tree.names[node]));
                if tree.parents[node].is_some() {
                    write!(text, ":{}", tree.lengths[node]).expect("writing to a string cannot fail");
                }
            }
            Pending::Node(node) => {
                stack.push(Pending::Label(node));
                if !children[node].is_empty() {
                    text.push('(');
                    stack.push(Pending::Text(")"));
                    for (i, &child) in children[node].iter().enumerate().rev() {
                        stack.push(Pending::Node(child));
                        if i > 0 {
                            stack.push(Pending::Text(","));
                        }
                    }
                }
            }
        }
    }
    text
}

fn quoted_if_needed(name: &str) -> String {
    if name.chars().all(|c| !DELIMITERS.contains(c) && !c.is_whitespace() && c != '\u{feff}') {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', "''"))
}
