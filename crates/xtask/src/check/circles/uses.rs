//! What a Rust file says of others: the modules it declares, the paths it names, the names it gives on.

use std::collections::BTreeMap;

/// Names from a root on, for example `crate`, `b`, `c`.
pub type Path = Vec<String>;

/// What is read off one file.
#[derive(Debug, Default)]
pub struct Source {
    /// Modules with a file of their own.
    pub modules: Vec<String>,
    /// Paths, as they are written; those that begin with an imported name are written out.
    pub paths: Vec<Path>,
    /// What each re-exported name stands for.
    pub exports: BTreeMap<String, Path>,
}

/// Reads code without comments, strings and tests.
pub fn source(code: &str) -> Source {
    let tokens = tokens(code);
    let mut source = Source::default();
    let mut imports = BTreeMap::new();
    // Inline modules that are open, each with the depth of its brace.
    let (mut inline, mut depth): (Vec<usize>, usize) = (Vec::new(), 0);
    let mut plain = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at..] {
            ["mod", name, ";", ..] if inline.is_empty() => {
                source.modules.push(name.to_owned());
                at += 3;
            }
            ["mod", _, "{", ..] => {
                inline.push(depth);
                depth += 1;
                at += 3;
            }
            ["use", ..] => {
                let mut found = Vec::new();
                let end = branches(&tokens, at + 1, &Path::new(), &mut found);
                // `pub use` and `pub(crate) use`; a `use` of an item before it ends in `;` or `}`.
                let public = at > 0 && matches!(tokens[at - 1], "pub" | ")");
                for (path, name) in found {
                    let path = outside(path, inline.len());
                    if public && inline.is_empty() {
                        source.exports.insert(name.clone(), path.clone());
                    }
                    imports.insert(name, path.clone());
                    source.paths.push(path);
                }
                at = end;
            }
            ["{", ..] => {
                depth += 1;
                at += 1;
            }
            ["}", ..] => {
                depth = depth.saturating_sub(1);
                inline.pop_if(|opened| *opened == depth);
                at += 1;
            }
            // `pub(in crate::a)` names a module without using it.
            ["(", "in", ..] => {
                at += 2;
                while at < tokens.len() && tokens[at] != ")" {
                    at += 1;
                }
            }
            [name, "::", next, ..] if is_name(name) && is_name(next) && !(at > 0 && tokens[at - 1] == "::") => {
                let length = 1 + tokens[at + 1..]
                    .chunks(2)
                    .take_while(|pair| matches!(pair, ["::", name] if is_name(name)))
                    .count()
                    * 2;
                let path: Path = tokens[at..at + length].iter().step_by(2).map(|&name| name.to_owned()).collect();
                plain.push(outside(path, inline.len()));
                at += length;
            }
            _ => at += 1,
        }
    }
    source.paths.extend(plain.into_iter().map(|path| match imports.get(&path[0]) {
        Some(import) => [&import[..], &path[1..]].concat(),
        None => path,
    }));
    source
}

/// The branches of a use tree from `at` on, each with the name that it brings; gives the place behind the tree.
fn branches(tokens: &[&str], mut at: usize, stem: &[String], found: &mut Vec<(Path, String)>) -> usize {
    let mut path = stem.to_vec();
    loop {
        match tokens[at..] {
            ["{", ..] => {
                at += 1;
                while at < tokens.len() && tokens[at] != "}" {
                    at = branches(tokens, at, &path, found);
                    at += usize::from(tokens.get(at) == Some(&","));
                }
                return at + 1;
            }
            ["*", ..] => {
                found.push((path, "*".to_owned()));
                return at + 1;
            }
            [name, "::", ..] => {
                path.push(name.to_owned());
                at += 2;
            }
            [name, "as", alias, ..] => {
                path.push(name.to_owned());
                found.push((path, alias.to_owned()));
                return at + 3;
            }
            [name, ..] if is_name(name) => {
                if name != "self" {
                    path.push(name.to_owned());
                }
                let brings = path.last().cloned().unwrap_or_default();
                found.push((path, brings));
                return at + 1;
            }
            _ => return at + 1,
        }
    }
}

/// A path in so many inline modules as the file would write it: what is inside them counts as the file itself.
fn outside(path: Path, inline: usize) -> Path {
    let up = path.iter().take_while(|name| *name == "super").count();
    match path[0].as_str() {
        "self" | "super" if inline > 0 => {
            let here = || vec!["self".to_owned()];
            match up.checked_sub(inline) {
                None => here(),
                Some(0) => [here(), path[up..].to_vec()].concat(),
                Some(left) => [vec!["super".to_owned(); left], path[up..].to_vec()].concat(),
            }
        }
        _ => path,
    }
}

fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if is_part(first) => rest.find(|c| !is_part(c)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(code: &str) -> Vec<String> {
        source(code).paths.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn use_trees_are_written_out_branch_by_branch() {
        assert_eq!(
            paths("use crate::{a::{b, c as d}, e::*, f::{self, g},};"),
            ["crate::a::b", "crate::a::c", "crate::e", "crate::f", "crate::f::g"]
        );
    }

    #[test]
    fn inline_paths_are_seen_up_to_their_last_name() {
        assert_eq!(
            paths("fn f(x: super::T) -> Vec<crate::a::B<self::c::D>> { g::h::<u8>(x.y::<z::W>()) }"),
            ["super::T", "crate::a::B", "self::c::D", "g::h", "z::W",]
        );
    }

    #[test]
    fn an_imported_name_stands_for_its_path() {
        assert_eq!(paths("use crate::a;\nfn f() { a::b() }"), ["crate::a", "crate::a::b"]);
    }

    #[test]
    fn re_exports_and_modules_are_known_by_name() {
        let source = source("pub mod a;\nmod b { mod c; }\npub(crate) use a::X as Y;\nuse a::Z;\npub use a::{V, W};");
        assert_eq!(source.modules, ["a"]);
        assert_eq!(source.exports.keys().collect::<Vec<_>>(), ["V", "W", "Y"]);
    }

    #[test]
    fn inside_an_inline_module_the_file_is_its_parent() {
        assert_eq!(paths("mod m { use super::a; use super::super::b; use self::c; }"), ["self::a", "super::b", "self"]);
    }
}
