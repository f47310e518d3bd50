//! `cargo run --release -p xtask --bin fuzz -- [--executions N] [--seed S] [--folder DIR] [--corpus FILE]`: damaged input for every reader.
//!
//! A reader answers with a value or a typed failure: no panic, no second of silence, no memory beyond the limit. Inputs that make a reader
//! say something new become seeds of further ones. Prints one JSON object; exits 1 when a promise is broken, and keeps the input.
//! `--corpus crates/xtask/src/bin/fuzz/corpus.json` writes the inputs that the tests ask again. Run it under `ulimit -v` so that an allocation beyond the limit ends it.
#![forbid(unsafe_code)]

mod corpus;
mod drive;
mod files;
mod models;
mod mutator;
mod png;
mod tables;

use std::path::PathBuf;
use std::process::ExitCode;

/// What the command line says.
struct Arguments {
    executions: u64,
    seed: u64,
    folder: PathBuf,
    corpus: Option<PathBuf>,
}

fn main() -> ExitCode {
    let ended = arguments().and_then(|arguments| {
        std::fs::create_dir_all(&arguments.folder).map_err(|e| e.to_string())?;
        let mut targets =
            [files::targets(&arguments.folder), tables::targets(&arguments.folder), models::targets()?].concat();
        let (report, mut answers) = drive::run(&mut targets, arguments.executions, arguments.seed, &arguments.folder)?;
        if let Some(path) = &arguments.corpus {
            // Models and checkpoints are those of this version, and long.
            answers.retain(|reader, _| !["model", "checkpoint"].contains(reader));
            std::fs::write(path, format!("{:#}\n", corpus::chosen(&answers))).map_err(|e| e.to_string())?;
        }
        println!("{report:#}");
        Ok(report["broken"] == 0)
    });
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments, String> {
    let mut found = Arguments { executions: 100_000, seed: 1, folder: std::env::temp_dir().join("fuzz"), corpus: None };
    let mut words = std::env::args().skip(1);
    while let Some(flag) = words.next() {
        let value = words.next().ok_or_else(|| format!("{flag} needs a value"))?;
        let number = || value.parse().map_err(|_| format!("{flag} {value}: expected a whole number"));
        match flag.as_str() {
            "--executions" => found.executions = number()?,
            "--seed" => found.seed = number()?,
            "--folder" => found.folder = value.into(),
            "--corpus" => found.corpus = Some(value.into()),
            _ => return Err(format!("{flag}: there are --executions, --seed, --folder and --corpus")),
        }
    }
    Ok(found)
}
