//! Models and checkpoints. Their digest would refuse every damage, so it is made to fit again: what is behind it must hold too.

use crate::drive::Target;
use disentangle_data::{Code, Dataset, Failure, Matrix, simulate};
use disentangle_engine::checkpoint::{self, CheckpointOptions, Identity};
use disentangle_engine::fit::{FitOptions, fit};
use disentangle_engine::model::Model;
use disentangle_engine::observe::Silent;
use disentangle_methods::METHODS;
use serde_json::{Value, json};
use std::rc::Rc;

/// The targets.
pub fn targets() -> Result<Vec<Target>, String> {
    let failed = |failure: Failure| failure.message;
    let world = json!({ "seed": 1, "depth": 2, "pointsPerEnvironment": 20, "inputs": 4, "latents": 2 });
    let data = simulate::simulate("tree-world", world).map_err(failed)?;
    let folder = std::env::temp_dir().join(format!("fuzz-models-{}", std::process::id()));
    let dir = folder.join("checkpoints");
    let options = FitOptions {
        checkpoint: Some(CheckpointOptions { dir: dir.clone(), every: Some(1) }),
        ..FitOptions::default()
    };
    let trained = json!({ "method": "shared-head", "latentDim": 2, "hidden": [3], "steps": 3, "batchSize": 16 });
    let run = fit(METHODS, &trained, &data, &options, &mut Silent).map_err(failed)?;
    let files = std::fs::read_dir(&dir).map_err(|e| e.to_string())?;
    let checkpoints: Vec<Vec<u8>> = files
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(".dsn"))
        .filter_map(|entry| std::fs::read(entry.path()).ok())
        .collect();
    let solved = fitted(&json!({ "method": "pca", "latentDim": 2 }), &data).map_err(failed)?;
    let inputs = Matrix::from_fn(2, 4, |i, j| (i + j) as f32);
    let names = data.input_names.clone();
    let path = folder.join("damaged.dsn");
    let identity = Identity { config: Value::Null, fingerprint: String::new() };
    Ok(vec![
        Target {
            name: "model",
            share: 20,
            seeds: vec![run.model, solved],
            ask: Rc::new(move |bytes| {
                let model = Model::open(METHODS, &sealed(bytes))?;
                model.transform(&inputs, &names).map(drop)
            }),
        },
        Target {
            name: "checkpoint",
            share: 10,
            seeds: checkpoints,
            ask: Rc::new(move |bytes| {
                std::fs::write(&path, sealed(bytes)).expect("the folder can be written");
                match checkpoint::read(&path, &identity, &|config| config) {
                    // Of which fit it is comes last.
                    Err(failure) if failure.code == Code::CheckpointMismatch => Ok(()),
                    read => read.map(drop),
                }
            }),
        },
    ])
}

/// The bytes with a digest that fits them.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    const DIGEST: usize = 32;
    let body = &bytes[..bytes.len().saturating_sub(DIGEST)];
    [body, blake3::hash(body).as_bytes()].concat()
}

fn fitted(config: &Value, data: &Dataset) -> Result<Vec<u8>, Failure> {
    Ok(fit(METHODS, config, data, &FitOptions::default(), &mut Silent)?.model)
}
