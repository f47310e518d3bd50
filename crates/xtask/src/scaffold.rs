//! `cargo xtask new-method [--solved] NAME`: a method that runs, to be rewritten. It starts as a copy of the simplest one of its
//! kind, so the scaffold can never fall behind the trait it implements.

use crate::files::Files;
use crate::tree::Tree;

const METHODS: &str = "crates/methods/src";

/// The kind of a method: what its scaffold is a copy of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// Trained by gradient steps, as `shared-head` is.
    Trained,
    /// Solved in closed form or by iterations of its own, as `pca` is.
    Solved,
}

impl Pattern {
    fn name(self) -> &'static str {
        match self {
            Pattern::Trained => "shared-head",
            Pattern::Solved => "pca",
        }
    }

    fn source(self) -> String {
        format!("{METHODS}/{}.rs", self.name().replace('-', "_"))
    }
}

fn registry_path() -> String {
    format!("{METHODS}/lib.rs")
}

/// The files of a new method: its source, its line in the registry, its page, the script of its golden numbers.
///
/// # Errors
/// A sentence when the name is no kebab-case word or taken, or when the registry has changed its form.
pub fn files(tree: &Tree, name: &str, pattern: Pattern) -> Result<Files, String> {
    let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && !name.contains("--")
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !well_formed {
        return Err(format!("{name:?} is not kebab-case, for example latent-anm"));
    }
    let module = name.replace('-', "_");
    let source = format!("{METHODS}/{module}.rs");
    if tree.has(&source) {
        return Err(format!("{source} exists"));
    }
    let text = |path: &str| tree.text(path).ok_or_else(|| format!("{path} is missing"));
    let registry = registry_path();
    Ok(Files::from([
        (source, method(text(&pattern.source())?, pattern, name, &module)),
        (registry.clone(), registered(text(&registry)?, name, &module)?),
        (format!("docs/methods/{name}.md"), page(name)),
        (format!("golden/{module}.py"), golden(&module)),
    ]))
}

/// What is left to do, in order.
pub fn next(name: &str) -> String {
    let module = name.replace('-', "_");
    [
        "next, as CONTRIBUTING.md says:".to_owned(),
        format!("  1. rewrite {METHODS}/{module}.rs, its header first"),
        format!("  2. write golden/{module}.py, run it, and test against golden/{module}.json"),
        format!("  3. write docs/methods/{name}.md below the generated head"),
        "  4. `npm run dev` generates what follows from the source, then runs the tests you name".to_owned(),
    ]
    .join("\n")
}

fn method(source: &str, pattern: Pattern, name: &str, module: &str) -> String {
    let header = format!(
        "//! {name}: what it does, in one sentence.\n//!\n//! Objective: the loss, with the paper's equation numbers.\n//!\n\
         //! Assumes what the data must fulfil. Identifies the latents up to what is left open.\n//!\n\
         //! Reference: title (authors, year) and URL, as in `REFERENCE`.\n//!\n//! Differs from the paper:\n//! - none.\n"
    );
    let body = source.lines().skip_while(|line| line.starts_with("//!"));
    let body = body
        .map(|line| if line.trim_start().starts_with("baseline_of:") { "        baseline_of: None," } else { line });
    let body: String = body.flat_map(|line| [line, "\n"]).collect();
    let old = pattern.name();
    // The words of a name in Rust and in text; where they are one word, text is what is left.
    let body = body.replace(&pascal(old), &pascal(name));
    let body = if old.contains('-') { body.replace(&old.replace('-', "_"), module) } else { body };
    header + &body.replace(old, name)
}

fn registered(registry: &str, name: &str, module: &str) -> Result<String, String> {
    let unknown = |what: &str| format!("{METHODS}/lib.rs has no {what} any more: register the method by hand");
    let first = registry.find("pub mod ").ok_or_else(|| unknown("`pub mod` line"))?;
    let (head, rest) = registry.split_at(first);
    let (declared, rest) = rest.split_once("\n\n").ok_or_else(|| unknown("list of modules"))?;
    let mut modules: Vec<String> = declared.lines().map(str::to_owned).collect();
    modules.push(format!("pub mod {module};"));
    modules.sort_unstable();
    let list = rest.find("METHODS: &[Entry] = &[").ok_or_else(|| unknown("list METHODS"))?;
    let end = list + rest[list..].find("];").ok_or_else(|| unknown("end of the list METHODS"))?;
    let (before, after) = rest.split_at(end);
    let before = before.trim_end();
    let entry = format!("Entry::of::<{module}::{}>()", pascal(name));
    // One entry a line, or all in one line.
    let entries = match before.strip_suffix(',') {
        Some(lines) => format!("{lines},\n    {entry},\n"),
        None => format!("{before}, {entry}"),
    };
    Ok(format!("{head}{}\n\n{entries}{after}", modules.join("\n")))
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

    const SOLVED: &str = "//! Old head.\n\nuse x;\n\n/// Options of `pca`.\nimpl Specification for Pca {\n    name: \"pca\",\n        baseline_of: None,\n}\n";

    fn scaffold(name: &str) -> Result<Files, String> {
        of(name, Pattern::Trained)
    }

    fn of(name: &str, pattern: Pattern) -> Result<Files, String> {
        let trained = Pattern::Trained.source();
        let solved = Pattern::Solved.source();
        files(&Tree::of(&[(&trained, SAMPLE), (&solved, SOLVED), (&registry_path(), LIST)]), name, pattern)
    }

    #[test]
    fn a_solved_method_starts_as_one_without_gradients() {
        let files = of("factor-analysis", Pattern::Solved).expect("a new name");
        let source = &files["crates/methods/src/factor_analysis.rs"];
        assert!(source.contains("impl Specification for FactorAnalysis {"), "{source}");
        assert!(source.contains("name: \"factor-analysis\"") && !source.to_lowercase().contains("pca"), "{source}");
    }

    #[test]
    fn what_is_left_to_do_names_the_files_that_were_written() {
        let files = of("latent-anm", Pattern::Solved).expect("a new name");
        let next = next("latent-anm");
        for path in files.keys().filter(|path| **path != registry_path()) {
            assert!(next.contains(path.as_str()), "{path}");
        }
    }

    #[test]
    fn a_new_method_is_registered_once_and_named_after_itself() {
        let files = scaffold("latent-anm").expect("a new name");
        let source = &files["crates/methods/src/latent_anm.rs"];
        assert!(source.starts_with("//! latent-anm: ") && source.contains("for LatentAnm {"), "{source}");
        assert!(source.contains("baseline_of: None,") && !source.to_lowercase().contains("shared"), "{source}");
        let registry = &files[&registry_path()];
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
        for pattern in [Pattern::Trained, Pattern::Solved] {
            let files = files(&tree, "scaffold-probe", pattern).expect("the registry has the form that is expected");
            assert!(files[&registry_path()].contains(",\n    Entry::of::<scaffold_probe::ScaffoldProbe>(),\n];"));
        }
    }
}
