//! What the manifests may name.

use super::Violation;
use crate::tree::Tree;

/// Dependencies that one crate alone may name: start of the name, owner.
const OWNED: &[(&str, &str)] = &[("candle", "nn"), ("napi", "node")];

/// candle stands in nn's manifest only, napi in node's.
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

/// What each crate may use of this workspace, from the ground up; a new crate has to say where it stands.
const FLOORS: &[(&str, &[&str])] = &[
    ("data", &[]),
    ("numerics", &["data"]),
    ("metrics", &["data", "numerics"]),
    ("nn", &["data", "numerics"]),
    ("engine", &["data", "numerics", "metrics", "nn"]),
    ("methods", &["data", "numerics", "metrics", "nn", "engine"]),
    ("node", &["data", "numerics", "metrics", "nn", "engine", "methods"]),
    ("xtask", &["data", "numerics", "metrics", "nn", "engine", "methods"]),
];

/// Dependencies of every kind stay below: also those of tests, which would compile a crate twice.
pub fn crates_keep_their_floors(tree: &Tree) -> Vec<Violation> {
    const OURS: &str = "disentangle-";
    let mut violations = Vec::new();
    for (path, text) in tree.with_extension("crates/", &["toml"]).filter(|(path, _)| path.ends_with("/Cargo.toml")) {
        let name = path.split('/').nth(1).unwrap_or_default();
        let Some((_, below)) = FLOORS.iter().find(|(floor, _)| *floor == name) else {
            violations
                .push(Violation::in_file(path, format!("{name} has no floor: add it to FLOORS and ARCHITECTURE.md")));
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            let used = line.trim_start().strip_prefix(OURS).and_then(|rest| rest.split(['.', ' ', '=']).next());
            if let Some(used) = used.filter(|used| !below.contains(used)) {
                let may = if below.is_empty() { "no other crate".to_owned() } else { below.join(", ") };
                violations.push(Violation::at_line(path, index + 1, format!("{name} uses {used}; it may use {may}")));
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
            ("crates/nn/Cargo.toml", "candle-core.workspace = true"),
            ("crates/node/Cargo.toml", "napi.workspace = true\ncandle-nn = \"1\""),
            ("crates/data/Cargo.toml", "# napi is not named here\nnapi-derive = \"1\""),
        ]);
        let places: Vec<String> = engines_stay_in_their_crate(&tree).into_iter().map(|v| v.place).collect();
        assert_eq!(places, ["crates/data/Cargo.toml:2", "crates/node/Cargo.toml:2"]);
    }

    #[test]
    fn a_crate_that_uses_one_above_it_is_caught_also_in_its_tests() {
        let tree = Tree::of(&[
            ("crates/nn/Cargo.toml", "name = \"disentangle-nn\"\n[dependencies]\ndisentangle-data.workspace = true"),
            ("crates/data/Cargo.toml", "[dev-dependencies]\ndisentangle-engine = { workspace = true }"),
            ("crates/new/Cargo.toml", ""),
        ]);
        let found: Vec<String> = crates_keep_their_floors(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "crates/data/Cargo.toml:2: data uses engine; it may use no other crate",
                "crates/new/Cargo.toml: new has no floor: add it to FLOORS and ARCHITECTURE.md",
            ]
        );
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
