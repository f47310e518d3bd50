//! `cargo xtask gen [--check]`: writes what is generated from the Rust sources, or tells what is not current.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;
use xtask::generate;
use xtask::tree::Tree;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match words[..] {
        [] => run(Outcome::Written),
        ["--check"] => run(Outcome::Compared),
        _ => Err("usage: cargo xtask gen [--check]".to_owned()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// What is done with the generated files.
enum Outcome {
    Written,
    Compared,
}

fn run(outcome: Outcome) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tree = Tree::read(&root).map_err(|e| format!("the repository could not be read: {e}"))?;
    let files = generate::files(&root, &tree)?;
    match outcome {
        Outcome::Written => generate::write(&root, &tree, &files).map_err(|e| e.to_string()),
        Outcome::Compared => match generate::stale(&tree, &files)[..] {
            [] => Ok(()),
            ref stale => Err(format!("not current: {}; run `cargo xtask gen`", stale.join(", "))),
        },
    }
}
