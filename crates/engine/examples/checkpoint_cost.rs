//! Milliseconds per checkpoint, written and synced, and read again: `cargo run --release -p disentangle-engine --example
//! checkpoint_cost [-- FOLDER]`, by number of parameters; in a folder of the system's temporary one by default. With
//! `-- FOLDER PARAMETERS` it prints the times in microseconds as JSON, for benchmark/checkpoint.mjs.

// A benchmark has a clock and arguments; the library has neither.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use disentangle_engine::checkpoint::{CheckpointOptions, Checkpoints, Identity};
use disentangle_engine::train::{Descent, Keeper, Standing, Weights};
use disentangle_nn::NamedValues;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

const TIMES: usize = 15;

/// A fit half way: parameters, good parameters and two moments.
fn standing(parameters: usize) -> Standing {
    let values =
        |name: &str| vec![NamedValues { name: name.into(), shape: vec![parameters], values: vec![0.5; parameters] }];
    let moments = [values("first/a"), values("second/a")].concat();
    let descent = Descent { good: values("a"), moments, ..Descent::default() };
    let weights = Weights { trained: values("a"), ..Weights::default() };
    Standing { descent: Some(descent), weights, ..Standing::default() }
}

/// Microseconds of each write, ascending, and of one read.
fn measure(folder: PathBuf, parameters: usize) -> (Vec<f64>, f64) {
    let identity = Identity { config: json!({}), fingerprint: String::new() };
    let dir = folder.join(format!("disentangle-checkpoint-cost-{}", std::process::id()));
    let options = CheckpointOptions { dir: dir.clone(), every: None };
    let mut checkpoints = Checkpoints::begin(&options, identity.clone()).expect("an empty folder");
    let mut times: Vec<f64> = (1..=TIMES)
        .map(|step| {
            let standing = Standing { step, ..standing(parameters) };
            let start = Instant::now();
            checkpoints.write(&standing).expect("it can be written");
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let start = Instant::now();
    Checkpoints::resume(&options, identity, &|config| config).expect("it can be read");
    let read = start.elapsed().as_secs_f64() * 1e6;
    std::fs::remove_dir_all(dir).expect("it can be removed");
    (times, read)
}

fn main() {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into);
    if let Some(parameters) = std::env::args().nth(2) {
        let (times, _) = measure(folder, parameters.parse().expect("a number of parameters"));
        return println!(r#"{{"us":{times:?}}}"#);
    }
    println!("{:>12} {:>10} {:>10} {:>10}", "parameters", "write ms", "median", "read ms");
    for parameters in [3_000, 30_000, 300_000, 3_000_000] {
        let (times, read) = measure(folder.clone(), parameters);
        println!("{parameters:>12} {:>10.2} {:>10.2} {:>10.2}", times[0] / 1e3, times[TIMES / 2] / 1e3, read / 1e3);
    }
}
