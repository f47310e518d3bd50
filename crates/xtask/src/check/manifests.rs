//! What the manifests may name.

use super::Violation;
use crate::tree::Tree;

/// Dependencies that one crate alone may name: start of the name, owner.
const OWNED: &[(&str, &str)] = &[("candle", "learn"), ("napi", "node")];

/// candle stands in learn's manifest only, napi in node's.
pub fn engines_stay_in_their_crate(tree: &Tree) -> Vec<Violation> {
    let manifests = tree.with_extension("crates/", &["toml"]).filter(|(path, _)| path.ends_with("/Cargo.toml"));
    let mut violations = Vec::new();
    for (path, text) in manifests {
        for (index, line) in text.lines().enumerate() {
            for (engine, owner) in OWNED {
                if line.trim_start().starts_with(engine) && path != format!("crates/{owner}/Cargo.toml") {
                    let message = format!("{engine} belongs to crates/{owner}");
                    violations.push(Violation::at_line(path, index + 1, message));
                }
            }
        }
    }
    violations
}

/// The lock file works with any registry.
pub fn npm_lock_names_no_host(tree: &Tree) -> Vec<Violation> {
    const PATH: &str = "package-lock.json";
    let lines = tree.text(PATH).unwrap_or_default().lines().enumerate();
    lines
        .filter(|(_, line)| line.trim_start().starts_with("\"resolved\": \"http"))
        .map(|(index, _)| Violation::at_line(PATH, index + 1, "names a registry; keep .npmrc in place and lock again"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_in_another_crate_is_caught() {
        let tree = Tree::of(&[
            ("Cargo.toml", "candle-core = \"=1\"\nnapi = \"3\""),
            ("crates/learn/Cargo.toml", "candle-core.workspace = true"),
            ("crates/node/Cargo.toml", "napi.workspace = true\ncandle-nn = \"1\""),
            ("crates/data/Cargo.toml", "# napi is not named here\nnapi-derive = \"1\""),
        ]);
        let places: Vec<String> = engines_stay_in_their_crate(&tree).into_iter().map(|v| v.place).collect();
        assert_eq!(places, ["crates/data/Cargo.toml:2", "crates/node/Cargo.toml:2"]);
    }

    #[test]
    fn a_host_in_the_lock_file_is_caught() {
        let lock = "{\n  \"resolved\": \"https://host/a.tgz\"\n  \"url\": \"https://funding\"\n}";
        assert_eq!(npm_lock_names_no_host(&Tree::of(&[("package-lock.json", lock)])).len(), 1);
        assert!(
            npm_lock_names_no_host(&Tree::of(&[("package-lock.json", "{ \"url\": \"https://funding\" }")])).is_empty()
        );
    }
}
