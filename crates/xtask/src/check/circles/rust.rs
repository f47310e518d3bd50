//! Which file of a crate uses which: paths led to the file that defines what they name, through re-exports.

use super::Uses;
use super::uses::{Path, Source, source};
use crate::code::{code_of, without_tests};
use crate::tree::Tree;
use std::collections::BTreeMap;

/// A module of a crate, by its path from the root, and what its file says. Modules for tests alone are left out.
type Modules = BTreeMap<Path, (String, Source)>;

/// Names of the folders in crates/.
pub fn crates(tree: &Tree) -> Vec<&str> {
    let files = tree.with_extension("crates/", &["rs"]);
    let mut names: Vec<&str> = files.filter_map(|(path, _)| path.split('/').nth(1)).collect();
    names.dedup();
    names
}

/// The files of a crate, each with those that it uses.
pub fn uses(tree: &Tree, name: &str) -> Uses {
    let modules = modules(tree, &format!("crates/{name}/src"));
    let mut uses = Uses::new();
    for (place, (file, source)) in &modules {
        let used = source.paths.iter().filter_map(|path| lead(&modules, place, path, 0));
        uses.insert(file.clone(), used.filter(|other| *other != file).cloned().collect());
    }
    uses
}

/// The top-level module of a file.
pub fn top_level(file: &str) -> String {
    let inside = file.split('/').nth(3).unwrap_or_default();
    match inside.trim_end_matches(".rs") {
        "lib" | "main" => "the root".to_owned(),
        module => module.to_owned(),
    }
}

fn modules(tree: &Tree, folder: &str) -> Modules {
    let mut modules = Modules::new();
    let mut open = vec![Path::new()];
    while let Some(place) = open.pop() {
        let stem = place.join("/");
        let candidates = match place.is_empty() {
            true => ["lib.rs".to_owned(), "main.rs".to_owned()],
            false => [format!("{stem}.rs"), format!("{stem}/mod.rs")],
        };
        let found =
            candidates.iter().map(|path| format!("{folder}/{path}")).find_map(|path| Some((tree.text(&path)?, path)));
        if let Some((text, path)) = found {
            let source = source(&without_tests(&code_of(text)));
            open.extend(source.modules.iter().map(|module| [&place[..], std::slice::from_ref(module)].concat()));
            modules.insert(place, (path, source));
        }
    }
    modules
}

// The file that defines what a path names, as it is written in the module `place`; `None` for what is not of this crate.
fn lead<'a>(modules: &'a Modules, place: &[String], path: &[String], depth: usize) -> Option<&'a String> {
    let (head, rest) = path.split_first()?;
    let (mut at, mut rest) = match head.as_str() {
        "crate" => (Path::new(), rest),
        "self" => (place.to_vec(), rest),
        "super" => (place[..place.len().checked_sub(1)?].to_vec(), rest),
        name => {
            let child = [place, &[name.to_owned()]].concat();
            modules.contains_key(&child).then_some((child, rest))?
        }
    };
    while let Some((name, after)) = rest.split_first() {
        let child = [&at[..], std::slice::from_ref(name)].concat();
        match name.as_str() {
            "self" => {}
            "super" => drop(at.pop()),
            _ if modules.contains_key(&child) => at = child,
            _ => {
                let (file, source) = modules.get(&at)?;
                // A name may be re-exported under itself (a macro, say): then it is at home where it is found first.
                let again = source.exports.get(name).filter(|_| depth < 16);
                let whole = again.map(|to| [&to[..], after].concat());
                return whole.and_then(|path| lead(modules, &at, &path, depth + 1)).or(Some(file));
            }
        }
        rest = after;
    }
    modules.get(&at).map(|(file, _)| file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(files: &[(&str, &str)], user: &str) -> Vec<String> {
        let files: Vec<(String, &str)> =
            files.iter().map(|(path, text)| (format!("crates/x/src/{path}"), *text)).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let found = uses(&Tree::of(&files), "x").remove(&format!("crates/x/src/{user}")).expect("a file of the crate");
        found.into_iter().map(|path| path.replace("crates/x/src/", "")).collect()
    }

    const LIB: (&str, &str) = ("lib.rs", "mod a;\nmod b;\npub use b::c::{Deep, Named as Renamed};\npub struct Here;");
    const B: (&str, &str) = ("b.rs", "pub mod c;\npub mod d;\npub use c::Deep;");
    const C: (&str, &str) = ("b/c.rs", "pub struct Deep; pub struct Named;");
    const D: (&str, &str) = ("b/d.rs", "");

    fn of_a(text: &str) -> Vec<String> {
        used(&[LIB, ("a.rs", text), B, C, D], "a.rs")
    }

    #[test]
    fn every_form_of_a_path_leads_to_the_file_that_defines_the_name() {
        assert_eq!(of_a("use crate::b::c::Deep;"), ["b/c.rs"]);
        assert_eq!(of_a("use crate::b::{c::Deep, d, Own};"), ["b.rs", "b/c.rs", "b/d.rs"]);
        assert_eq!(of_a("use super::b::d::*;"), ["b/d.rs"]);
        assert_eq!(of_a("use crate::b::{self};"), ["b.rs"]);
        assert_eq!(of_a("fn f() -> crate::b::d::X { super::b::c::g::<u8>() }"), ["b/c.rs", "b/d.rs"]);
        assert_eq!(of_a("use crate::b;\nfn f() { b::d::g() }"), ["b.rs", "b/d.rs"]);
        assert_eq!(of_a("use crate::b::d as other;\nfn f() { other::g() }"), ["b/d.rs"]);
    }

    #[test]
    fn re_exports_are_looked_through_and_names_of_the_hub_itself_stay_there() {
        assert_eq!(of_a("use crate::b::Deep;"), ["b/c.rs"]);
        assert_eq!(of_a("use crate::Renamed;"), ["b/c.rs"]);
        assert_eq!(of_a("use crate::Here;"), ["lib.rs"]);
    }

    #[test]
    fn parts_see_their_parent_and_their_siblings() {
        let parts = [("lib.rs", "mod b;"), ("b.rs", "mod c;\nmod d;\nuse c::f;\nfn g() { self::d::h() }")];
        assert_eq!(used(&[parts[0], parts[1], C, D], "b.rs"), ["b/c.rs", "b/d.rs"]);
        let d = ("b/d.rs", "use super::c::Deep;\nuse super::Own;");
        assert_eq!(used(&[parts[0], parts[1], C, d], "b/d.rs"), ["b.rs", "b/c.rs"]);
    }

    #[test]
    fn other_crates_comments_strings_and_tests_are_not_seen() {
        assert!(
            of_a("use std::b::c;\nuse disentangle_data::b;\n// crate::b::c\nconst S: &str = \"crate::b::c\";")
                .is_empty()
        );
        assert!(of_a("#[cfg(test)]\nmod tests { use crate::b::c; }").is_empty());
        let tests = ("a.rs", "#[cfg(test)]\nmod tests;");
        let all = uses(&Tree::of(&[("crates/x/src/lib.rs", "mod a;"), ("crates/x/src/a.rs", tests.1)]), "x");
        assert!(all.keys().all(|file| !file.contains("tests")));
    }

    #[test]
    fn inline_modules_move_what_super_means() {
        assert_eq!(of_a("mod inner { use super::super::b::d::X; }"), ["b/d.rs"]);
    }
}
