//! Who uses whom: files that use each other in a circle can only be understood, and changed, together.

mod rust;
mod uses;

use super::{Violation, typescript};
use crate::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// Most files of a circle in Rust: a module and the parts it is made of.
const MOST: usize = 5;

/// What each name uses, itself left out.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// No top-level module of a crate uses one that uses it, directly or through others. The root file counts as a module.
pub fn modules_stand_on_each_other(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for name in rust::crates(tree) {
        let mut uses = Uses::new();
        for (user, used) in rust::uses(tree, name) {
            let users = uses.entry(rust::top_level(&user)).or_default();
            users.extend(used.iter().map(|file| rust::top_level(file)));
        }
        for (module, used) in &mut uses {
            used.remove(module);
        }
        let circles = circles(&uses);
        violations.extend(circles.iter().map(|circle| {
            Violation::in_file(&format!("crates/{name}"), format!("a circle of modules: {}", circle.join(", ")))
        }));
    }
    violations
}

/// A circle of files in crates/ is a module and its parts at most; in src/ there is none, also not of types alone.
pub fn circles_of_files_are_small(tree: &Tree) -> Vec<Violation> {
    let large = |circles: Vec<Vec<String>>, most: usize| circles.into_iter().filter(move |circle| circle.len() > most);
    let all = large(in_crates(tree), MOST).chain(large(in_src(tree), 0));
    all.map(|circle| {
        Violation::in_file(&circle[0], format!("a circle of {} files: {}", circle.len(), circle.join(", ")))
    })
    .collect()
}

/// A sentence on the largest circles there are. Imports of types count, code of tests does not.
pub fn largest(tree: &Tree) -> String {
    let say = |circles: Vec<Vec<String>>| match circles.first() {
        None => "none".to_owned(),
        Some(circle) => format!("{} files ({})", circle.len(), circle.join(", ")),
    };
    format!("largest circle of files in crates/: {}; in src/: {}", say(in_crates(tree)), say(in_src(tree)))
}

fn in_crates(tree: &Tree) -> Vec<Vec<String>> {
    circles(&rust::crates(tree).into_iter().flat_map(|name| rust::uses(tree, name)).collect())
}

fn in_src(tree: &Tree) -> Vec<Vec<String>> {
    circles(&typescript::uses(tree))
}

/// The circles, the largest first: sets of names that all reach each other.
fn circles(uses: &Uses) -> Vec<Vec<String>> {
    let mut backwards = Uses::new();
    for (user, used) in uses {
        for name in used {
            backwards.entry(name.clone()).or_default().insert(user.clone());
        }
    }
    let mut placed = BTreeSet::new();
    let mut found = Vec::new();
    for name in uses.keys() {
        if placed.contains(name) {
            continue;
        }
        let circle: Vec<String> = reached(uses, name).intersection(&reached(&backwards, name)).cloned().collect();
        placed.extend(circle.iter().cloned());
        if circle.len() > 1 {
            found.push(circle);
        }
    }
    found.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    found
}

/// What can be reached from a name, itself included.
fn reached(uses: &Uses, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::from([from.to_owned()]);
    let mut open = vec![from];
    while let Some(name) = open.pop() {
        for next in uses.get(name).into_iter().flatten() {
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found_whole_and_the_largest_comes_first() {
        let uses = |pairs: &[(&str, &str)]| {
            let mut uses = Uses::new();
            for (a, b) in pairs {
                uses.entry((*a).into()).or_default().insert((*b).into());
            }
            uses
        };
        let found =
            circles(&uses(&[("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "c"), ("e", "f")]));
        assert_eq!(found, [vec!["c", "d", "e"], vec!["a", "b"]]);
        assert!(circles(&uses(&[("a", "b"), ("a", "c"), ("b", "c")])).is_empty());
    }

    #[test]
    fn modules_that_use_each_other_are_caught_and_layers_are_not() {
        let lib = ("crates/x/src/lib.rs", "pub mod a;\npub mod b;\n");
        let circle = [lib, ("crates/x/src/a.rs", "use crate::b::B;"), ("crates/x/src/b.rs", "fn f() { crate::a::A }")];
        let found = modules_stand_on_each_other(&Tree::of(&circle));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, "a circle of modules: a, b");
        let layers =
            [lib, ("crates/x/src/a.rs", "use crate::b::B;"), ("crates/x/src/b.rs", "#[cfg(test)]\nuse crate::a::A;")];
        assert_eq!(modules_stand_on_each_other(&Tree::of(&layers)), []);
    }

    #[test]
    fn a_module_that_uses_what_the_root_defines_is_caught() {
        let tree = Tree::of(&[
            ("crates/x/src/lib.rs", "pub mod a;\npub struct Defined;\nfn f() { a::g() }"),
            ("crates/x/src/a.rs", "use crate::Defined;"),
        ]);
        assert_eq!(modules_stand_on_each_other(&tree)[0].message, "a circle of modules: a, the root");
    }

    #[test]
    fn a_module_and_its_parts_may_be_a_circle_up_to_the_limit() {
        let tree = |parts: usize| {
            let names: Vec<String> = (0..parts).map(|i| format!("p{i}")).collect();
            let parent: String = names.iter().map(|p| format!("mod {p};\nuse {p}::f;\n")).collect();
            let paths: Vec<String> = names.iter().map(|p| format!("crates/x/src/a/{p}.rs")).collect();
            let mut files = vec![("crates/x/src/lib.rs", "mod a;"), ("crates/x/src/a.rs", parent.as_str())];
            files.extend(paths.iter().map(|path| (path.as_str(), "use super::Shared;")));
            Tree::of(&files)
        };
        assert_eq!(circles_of_files_are_small(&tree(MOST - 1)), []);
        assert_eq!(circles_of_files_are_small(&tree(MOST)).len(), 1);
        assert!(largest(&tree(2)).starts_with("largest circle of files in crates/: 3 files (crates/x/src/a.rs, "));
    }

    #[test]
    fn typescript_files_never_use_each_other_in_a_circle_not_even_for_types() {
        let tree = Tree::of(&[
            ("src/a.ts", "import type {\n  B,\n} from \"./x/b.js\";"),
            ("src/x/b.ts", "export { c } from \"./c.js\";"),
            ("src/x/c.ts", "const a = await import(\"../a.js\");"),
        ]);
        assert_eq!(
            circles_of_files_are_small(&tree)[0].message,
            "a circle of 3 files: src/a.ts, src/x/b.ts, src/x/c.ts"
        );
    }
}
