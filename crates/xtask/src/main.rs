//! `cargo xtask gen [--check] | check | new-method NAME`.
#![forbid(unsafe_code)]

mod check;
mod code;
mod generate;
mod scaffold;
mod sources;
mod tree;

use std::path::Path;
use std::process::ExitCode;
use tree::Tree;

const USAGE: &str = "usage: cargo xtask gen [--check] | check | new-method NAME";

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match words[..] {
        ["check"] => check(&root),
        ["gen"] => write_generated(&root),
        ["gen", "--check"] => generated_files_are_current(&root),
        ["new-method", name] => new_method(&root, name),
        _ => Err(USAGE.to_owned()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn check(root: &Path) -> Result<(), String> {
    match check::run(&read(root)?) {
        0 => Ok(()),
        1 => Err("1 violation".to_owned()),
        count => Err(format!("{count} violations")),
    }
}

fn write_generated(root: &Path) -> Result<(), String> {
    let tree = read(root)?;
    let files = generate::files(root, &tree)?;
    generate::write(root, &tree, &files).map_err(|e| e.to_string())
}

fn generated_files_are_current(root: &Path) -> Result<(), String> {
    let tree = read(root)?;
    let files = generate::files(root, &tree)?;
    match generate::stale(&tree, &files)[..] {
        [] => Ok(()),
        ref stale => Err(format!("not current: {}; run `cargo xtask gen`", stale.join(", "))),
    }
}

fn new_method(root: &Path, name: &str) -> Result<(), String> {
    let files = scaffold::files(&read(root)?, name)?;
    generate::write_all(root, &files).map_err(|e| e.to_string())?;
    println!("next: `cargo xtask gen`, then rewrite the method; CONTRIBUTING.md says how");
    Ok(())
}

fn read(root: &Path) -> Result<Tree, String> {
    Tree::read(root).map_err(|e| format!("the repository could not be read: {e}"))
}
