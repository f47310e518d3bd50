//! Writes what every later version must still read: `cargo run --release -p disentangle-methods --example artifacts
//! [-- FOLDER]`, by default golden/artifacts-VERSION. Run once per released version; the files are never written again.
//!
//! For each method: `model.dsn`, `checkpoint/` of the same fit half way, and `latents.dsn`: the data (as a simulator's
//! options), the configuration and the latents that the model must give.

// A program has arguments; the library has none.
#![allow(clippy::disallowed_methods)]

use disentangle_data::simulate::simulate;
use disentangle_engine::checkpoint::CheckpointOptions;
use disentangle_engine::container::{Container, Named, Values};
use disentangle_engine::fit::{FitOptions, fit};
use disentangle_engine::observe::Silent;
use disentangle_engine::plan::{Plan, schema_of};
use disentangle_engine::train::Budgets;
use disentangle_methods::METHODS;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::PathBuf;

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| format!("golden/artifacts-{}", env!("CARGO_PKG_VERSION")));
    let world = json!({ "depth": 2, "pointsPerEnvironment": 20, "inputs": 4, "latents": 2, "seed": 1 });
    let data = simulate("tree-world", world.clone()).expect("a valid world");
    for entry in METHODS {
        let (name, schema) = (entry.info.name, schema_of(entry));
        let mut config: Map<String, Value> = [("method".to_owned(), name.into())].into_iter().collect();
        let Value::Object(tiny) =
            json!({ "steps": 20, "latentDim": 2, "hidden": [4], "batchSize": 32, "starts": 2, "seed": 5 })
        else {
            unreachable!("the literal is an object")
        };
        config.extend(tiny.into_iter().filter(|(key, _)| schema["properties"].get(key).is_some()));
        // With every default of this version: those of a later one may be others.
        let config = Plan::check(METHODS, &Value::Object(config)).expect("a valid configuration").canonical();
        let dir = PathBuf::from(&folder).join(name);
        fs::create_dir_all(&dir).expect("the folder can be made");
        let checkpoint = Some(CheckpointOptions { dir: dir.join("checkpoint"), every: None });
        let budgets = Budgets { steps: Some(10), elapsed_ms: None };
        fit(METHODS, &config, &data, &FitOptions { checkpoint, budgets, resume: false }, &mut Silent)
            .expect("half a fit");
        let run = fit(METHODS, &config, &data, &FitOptions::default(), &mut Silent).expect("a fit");
        let header = [("world".to_owned(), world.clone()), ("config".to_owned(), config)].into_iter().collect();
        let shape = vec![run.latents.rows(), run.latents.cols()];
        let latents = Named { name: "latents".into(), shape, values: Values::F32(run.latents.data().to_vec()) };
        fs::write(dir.join("model.dsn"), &run.model).expect("it can be written");
        fs::write(dir.join("latents.dsn"), Container { header, tensors: vec![latents] }.to_bytes())
            .expect("it can be written");
        println!("{}", dir.display());
    }
}
