//! `cargo xtask check | new-method [--solved] NAME | gen [--check]`.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::{Command, ExitCode};
use xtask::files::write_all;
use xtask::scaffold::{self, Pattern};
use xtask::tree::Tree;

const USAGE: &str = "usage: cargo xtask check | new-method [--solved] NAME | gen [--check]";

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match words[..] {
        ["check"] => check(&root),
        ["gen", ref rest @ ..] => generate(&root, rest),
        ["new-method", name] => new_method(&root, name, Pattern::Trained),
        ["new-method", "--solved", name] | ["new-method", name, "--solved"] => new_method(&root, name, Pattern::Solved),
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
    match xtask::check::run(&read(root)?) {
        0 => Ok(()),
        1 => Err("1 violation".to_owned()),
        count => Err(format!("{count} violations")),
    }
}

/// Runs the one program that compiles the other crates, so that nobody else waits for them.
fn generate(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let run = ["run", "--release", "--quiet", "--package", "xtask", "--bin", "generate", "--"];
    let status = Command::new(cargo).current_dir(root).args(run).args(arguments).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("nothing was generated".to_owned()),
        Err(error) => Err(format!("cargo could not be run: {error}")),
    }
}

fn new_method(root: &Path, name: &str, pattern: Pattern) -> Result<(), String> {
    let files = scaffold::files(&read(root)?, name, pattern)?;
    write_all(root, &files).map_err(|e| e.to_string())?;
    println!("{}", scaffold::next(name));
    Ok(())
}

fn read(root: &Path) -> Result<Tree, String> {
    Tree::read(root).map_err(|e| format!("the repository could not be read: {e}"))
}
