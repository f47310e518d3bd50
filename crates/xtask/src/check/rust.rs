//! What Rust code may touch. clippy.toml bans most of the same as a second lock; this one also sees macros and paths
//! that clippy does not resolve.

use super::Violation;
use crate::code::{code_of, lines_with, without_tests};
use crate::tree::Tree;

const CORE: &[&str] = &[
    "crates/data/src/",
    "crates/numerics/src/",
    "crates/metrics/src/",
    "crates/nn/src/",
    "crates/engine/src/",
    "crates/methods/src/",
];

/// The only file that may hold unsafe code: the call into `gemm`.
const KERNELS: &str = "crates/numerics/src/product/kernels";

/// What a core crate must not name, and why.
const IMPURE: &[(&str, &str)] = &[
    ("SystemTime", "no clock: results depend on arguments only"),
    ("Instant", "no clock: results depend on arguments only"),
    ("env::var", "no environment: results depend on arguments only"),
    ("env::args", "no environment: results depend on arguments only"),
    ("available_parallelism", "no environment: the number of threads is an argument"),
    ("print!", "standard output belongs to the command line"),
    ("println!", "standard output belongs to the command line"),
    ("eprint!", "standard error belongs to the command line"),
    ("eprintln!", "standard error belongs to the command line"),
    ("dbg!", "standard error belongs to the command line"),
    ("HashMap", "its order is random; use BTreeMap"),
    ("HashSet", "its order is random; use BTreeSet"),
    ("thread_rng", "random numbers come from a named Stream"),
    ("OsRng", "random numbers come from a named Stream"),
    ("rand::rng", "random numbers come from a named Stream"),
    ("rand::random", "random numbers come from a named Stream"),
    ("Tensor::rand", "random numbers come from a named Stream"),
    ("Tensor::randn", "random numbers come from a named Stream"),
    ("Var::rand", "random numbers come from a named Stream"),
    ("Var::randn", "random numbers come from a named Stream"),
    ("VarMap", "its order is random; parameters are kept by name"),
];

/// Core crates use no clock, environment, output, hash order or global random state outside their tests.
pub fn core_is_pure(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in CORE.iter().flat_map(|folder| rust_files(tree, folder)) {
        let code = without_tests(&code_of(text));
        for (word, reason) in IMPURE {
            violations.extend(
                lines_with(&code, word).map(|line| Violation::at_line(path, line, format!("{word}: {reason}"))),
            );
        }
    }
    violations
}

/// Outside the kernels there is no unsafe code.
pub fn unsafe_is_confined(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in rust_files(tree, "crates/").filter(|(path, _)| !path.starts_with(KERNELS)) {
        let code = code_of(text);
        violations.extend(
            lines_with(&code, "unsafe")
                .map(|line| Violation::at_line(path, line, format!("unsafe belongs to {KERNELS}"))),
        );
    }
    violations
}

/// Each unsafe block, function and implementation in the kernels has a `SAFETY` comment right above it.
pub fn unsafe_is_explained(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in rust_files(tree, KERNELS) {
        let lines: Vec<&str> = text.lines().collect();
        for line in lines_with(&code_of(text), "unsafe").collect::<Vec<_>>() {
            let above = lines[..line - 1].iter().rev().take_while(|l| is_comment_or_attribute(l));
            let explained = above.chain(lines.get(line - 1)).any(|l| l.contains("SAFETY") || l.contains("# Safety"));
            if !explained {
                violations.push(Violation::at_line(path, line, "no SAFETY comment above"));
            }
        }
    }
    violations
}

/// `#![forbid(unsafe_code)]`, or `deny` where the kernels or the addon's macros need an exception, opens every crate.
pub fn crates_deny_unsafe(tree: &Tree) -> Vec<Violation> {
    let roots = rust_files(tree, "crates/").filter(|(path, _)| {
        path.matches('/').count() == 3 && (path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs"))
    });
    roots
        .filter(|(_, text)| !["#![forbid(unsafe_code)]", "#![deny(unsafe_code)]"].iter().any(|a| text.contains(a)))
        .map(|(path, _)| Violation::in_file(path, "neither forbids nor denies unsafe_code"))
        .collect()
}

fn rust_files<'a>(tree: &'a Tree, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
    tree.with_extension(folder, &["rs"])
}

fn is_comment_or_attribute(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") || line.starts_with("#[")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(find: fn(&Tree) -> Vec<Violation>, path: &str, text: &str) -> usize {
        find(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn each_impure_word_is_caught_in_core_code() {
        for (word, _) in IMPURE {
            assert_eq!(found(core_is_pure, "crates/engine/src/a.rs", &format!("fn f() {{ {word} }}")), 1, "{word}");
        }
    }

    #[test]
    fn words_in_comments_strings_tests_and_other_crates_are_not_caught() {
        let text = "// HashMap\nfn f() { \"println!\" }\n#[cfg(test)]\nmod tests { use std::time::Instant; }\n";
        assert_eq!(found(core_is_pure, "crates/data/src/a.rs", text), 0);
        assert_eq!(found(core_is_pure, "crates/node/src/a.rs", "use std::time::Instant;"), 0);
    }

    #[test]
    fn unsafe_outside_the_kernels_is_caught() {
        let text = "fn f() { unsafe { g() } }";
        assert_eq!(found(unsafe_is_confined, "crates/nn/src/dense.rs", text), 1);
        assert_eq!(found(unsafe_is_confined, "crates/numerics/src/product/kernels.rs", text), 0);
        assert_eq!(found(unsafe_is_confined, "crates/data/src/lib.rs", "#![forbid(unsafe_code)]"), 0);
    }

    #[test]
    fn an_unexplained_unsafe_block_is_caught() {
        let explained = "// SAFETY: both slices have n elements.\n#[inline]\nunsafe { g() }";
        assert_eq!(found(unsafe_is_explained, "crates/numerics/src/product/kernels.rs", explained), 0);
        let stranger = "// SAFETY: far above.\nlet a = 1;\nunsafe { g() }";
        assert_eq!(found(unsafe_is_explained, "crates/numerics/src/product/kernels.rs", stranger), 1);
    }

    #[test]
    fn a_crate_that_allows_unsafe_is_caught() {
        assert_eq!(found(crates_deny_unsafe, "crates/data/src/lib.rs", "pub mod a;"), 1);
        assert_eq!(found(crates_deny_unsafe, "crates/data/src/lib.rs", "#![deny(unsafe_code)]"), 0);
        assert_eq!(found(crates_deny_unsafe, "crates/data/src/a/lib.rs", ""), 0);
    }
}
