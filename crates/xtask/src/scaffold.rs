//! `cargo xtask new-method NAME`: a method that runs, to be rewritten. It starts as a copy of the simplest one, so the
//! scaffold can never fall behind the trait it implements.

use crate::generate::Files;
use crate::tree::Tree;

const REGISTRY: &str = "crates/methods/src/lib.rs";
const PATTERN: &str = "crates/methods/src/shared_head.rs";

/// The files of a new method: its source, its line in the registry, its page, the script of its golden numbers.
///
/// # Errors
/// A sentence when the name is no kebab-case word or taken, or when the registry has changed its form.
pub fn files(tree: &Tree, name: &str) -> Result<Files, String> {
    let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && !name.contains("--")
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !well_formed {
        return Err(format!("{name:?} is not kebab-case, for example latent-anm"));
    }
    let module = name.replace('-', "_");
    let source = format!("crates/methods/src/{module}.rs");
    if tree.has(&source) {
        return Err(format!("{source} exists"));
    }
    let pattern = tree.text(PATTERN).ok_or_else(|| format!("{PATTERN} is missing"))?;
    let registry = tree.text(REGISTRY).ok_or_else(|| format!("{REGISTRY} is missing"))?;
    Ok(Files::from([
        (source, method(pattern, name, &module)),
        (REGISTRY.to_owned(), registered(registry, name, &module)?),
        (format!("docs/methods/{name}.md"), page(name)),
        (format!("golden/{module}.py"), golden(&module)),
    ]))
}

fn method(pattern: &str, name: &str, module: &str) -> String {
    let header = format!(
        "//! {name}: what it does, in one sentence.\n//!\n//! Objective: the loss, with the paper's equation numbers.\n//!\n\
         //! Assumes what the data must fulfil. Identifies the latents up to what is left open.\n//!\n\
         //! Reference: title (authors, year) and URL, as in `REFERENCE`.\n//!\n//! Differs from the paper:\n//! - none.\n"
    );
    let body = pattern.lines().skip_while(|line| line.starts_with("//!"));
    let body = body
        .map(|line| if line.trim_start().starts_with("baseline_of:") { "        baseline_of: None," } else { line });
    let body: String = body.flat_map(|line| [line, "\n"]).collect();
    let body = body.replace("SharedHead", &pascal(name)).replace("shared_head", module).replace("shared-head", name);
    header + &body
}

fn registered(registry: &str, name: &str, module: &str) -> Result<String, String> {
    let unknown = |what: &str| format!("{REGISTRY} has no {what} any more: register the method by hand");
    let first = registry.find("pub mod ").ok_or_else(|| unknown("`pub mod` line"))?;
    let (head, rest) = registry.split_at(first);
    let (declared, rest) = rest.split_once("\n\n").ok_or_else(|| unknown("list of modules"))?;
    let mut modules: Vec<String> = declared.lines().map(str::to_owned).collect();
    modules.push(format!("pub mod {module};"));
    modules.sort_unstable();
    let list = rest.find("METHODS: &[Entry] = &[").ok_or_else(|| unknown("list METHODS"))?;
    let end = list + rest[list..].find("];").ok_or_else(|| unknown("end of the list METHODS"))?;
    let (before, after) = rest.split_at(end);
    let before = before.trim_end().trim_end_matches(',');
    Ok(format!("{head}{}\n\n{before}, Entry::of::<{module}::{}>(){after}", modules.join("\n"), pascal(name)))
}

fn page(name: &str) -> String {
    format!(
        "<!-- generated: method {name} -->\n<!-- /generated -->\n\n## How it works\n\n## When to choose it\n\n## Limits\n\n\
         ## Measured\n\nThe command that gives each number stands beside it.\n"
    )
}

fn golden(module: &str) -> String {
    format!(
        "\"\"\"Golden numbers of crates/methods/src/{module}.rs, by an implementation that shares no code with it.\n\n\
         Writes golden/{module}.json: inputs, parameters, and the value and gradient of each loss term in double precision.\n\
         The tests read only the JSON.\n\"\"\"\n\n\
         raise SystemExit(\"write the loss with NumPy, then json.dump inputs and results to golden/{module}.json\")\n"
    )
}

fn pascal(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::INVARIANTS;

    const SAMPLE: &str = "//! Old head.\n\nuse x;\n\nimpl Specification for SharedHead {\n    name: \"shared-head\",\n        baseline_of: Some(\"tbr\"),\n}\n";
    const LIST: &str = "//! The list.\n\npub mod shared_head;\npub mod tbr;\n\npub const METHODS: &[Entry] = &[Entry::of::<tbr::Tbr>(), Entry::of::<shared_head::SharedHead>()];\n";

    fn scaffold(name: &str) -> Result<Files, String> {
        files(&Tree::of(&[(PATTERN, SAMPLE), (REGISTRY, LIST)]), name)
    }

    #[test]
    fn a_new_method_is_registered_once_and_named_after_itself() {
        let files = scaffold("latent-anm").expect("a new name");
        let source = &files["crates/methods/src/latent_anm.rs"];
        assert!(source.starts_with("//! latent-anm: ") && source.contains("for LatentAnm {"), "{source}");
        assert!(source.contains("baseline_of: None,") && !source.to_lowercase().contains("shared"), "{source}");
        let registry = &files[REGISTRY];
        assert!(registry.contains("pub mod latent_anm;\npub mod shared_head;\npub mod tbr;\n\n"), "{registry}");
        assert!(
            registry.contains("Entry::of::<shared_head::SharedHead>(), Entry::of::<latent_anm::LatentAnm>()];"),
            "{registry}"
        );
    }

    #[test]
    fn bad_and_taken_names_are_refused() {
        for name in ["", "Latent", "a_b", "-a", "a--b", "a-", "shared-head"] {
            assert!(scaffold(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_gate_stays_closed_until_the_golden_numbers_are_there() {
        let files = scaffold("latent-anm").expect("a new name");
        let written: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let tree = Tree::of(&written);
        let complete = INVARIANTS.iter().find(|i| i.sentence.starts_with("every method")).expect("the invariant");
        assert!((complete.find)(&tree).iter().any(|v| v.message.contains("no golden/latent_anm.json")));
    }

    #[test]
    fn the_registry_of_this_repository_can_be_extended() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let tree = Tree::read(&root).expect("the repository is readable");
        let files = files(&tree, "scaffold-probe").expect("the registry has the form that is expected");
        assert!(files[REGISTRY].contains("Entry::of::<scaffold_probe::ScaffoldProbe>()"));
    }
}
