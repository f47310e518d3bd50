//! Fits pdGMM to simulated latents that are sometimes silent and prints a line per cell, mean and least over seeds:
//! `silent_world [WORLDS_JSON] [FIT_JSON] [SEEDS_JSON]`, for example `'[{"latents": 5}, {"latents": 10}]' '{}' '[3001, 3002]'`.
//!
//! MCC of the latents on test rows; of the best affine read-out of the inputs (the ceiling of a linear map); R2 of the truth from
//! the latents and from the inputs themselves. A developer's look without Node; published numbers come from `disentangle`.

// A program has a clock and arguments; the library has neither.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use disentangle_data::split::Split;
use disentangle_data::{Dataset, Matrix, simulate::simulate};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::observe::Silent;
use disentangle_methods::METHODS;
use disentangle_metrics::columns::Correlation;
use disentangle_metrics::correlation::correlation;
use disentangle_metrics::linear::LinearFit;
use disentangle_metrics::matching::Matching;
use serde_json::{Value, json};
use std::time::Instant;

fn mcc(truth: &Matrix<f64>, estimate: &Matrix<f64>) -> f64 {
    let table = correlation(Correlation::Pearson, truth, estimate).expect("the same rows");
    Matching::best(&table).expect("finite").mean().unwrap_or(f64::NAN)
}

/// Correlation of each column of the truth with its best affine read-out, averaged; and the mean of their squares.
fn read_out(truth: &Matrix<f64>, from: &Matrix<f64>) -> (f64, f64) {
    let fitted = LinearFit::new(from, truth).expect("regular").predict(from);
    let table = correlation(Correlation::Pearson, truth, &fitted).expect("the same rows");
    let each: Vec<f64> = (0..truth.cols()).map(|i| table[(i, i)].unwrap_or(0.0)).collect();
    let n = each.len() as f64;
    (each.iter().sum::<f64>() / n, each.iter().map(|r| r * r).sum::<f64>() / n)
}

fn fact(run: &RunResult, id: &str) -> f64 {
    run.summary.facts.iter().find(|f| f.id == id).and_then(|f| f.value).unwrap_or(f64::NAN)
}

fn cell(data: &Dataset, config: &Value) -> [f64; 9] {
    let start = Instant::now();
    let run = fit(METHODS, config, data, &FitOptions::default(), &mut Silent).expect("the fit runs");
    let seconds = start.elapsed().as_secs_f64();
    let test: Vec<usize> = (0..run.rows.len()).filter(|&i| run.split[i] == Split::Test).collect();
    let rows: Vec<usize> = test.iter().map(|&i| run.rows[i] as usize).collect();
    let truth = data.truth["latents"].values.select_rows(&rows).to_f64();
    let (inputs, latents) = (data.inputs.select_rows(&rows).to_f64(), run.latents.select_rows(&test).to_f64());
    let (ceiling, identity) = read_out(&truth, &inputs);
    let r2 = read_out(&truth, &latents).1;
    let facts = ["sharpness", "sharpnessAfterFlow", "flowUsed"].map(|id| fact(&run, id));
    [mcc(&truth, &latents), ceiling, r2, identity, seconds, facts[0], facts[1], facts[2], fact(&run, "certainty")]
}

fn main() {
    let argument = |i: usize, default: Value| {
        std::env::args().nth(i).map_or(default, |text| serde_json::from_str(&text).expect("an argument is JSON"))
    };
    let (worlds, changes) = (argument(1, json!([{}])), argument(2, json!({})));
    let seeds = argument(3, json!([3001, 3002, 3003, 3004, 3005]));
    println!("MCC [least]  ceiling  R2 (inputs)  seconds  flow kept  world");
    for world in worlds.as_array().expect("a list of worlds") {
        let mut cells = Vec::new();
        for seed in seeds.as_array().expect("a list of seeds") {
            let mut world = world.clone();
            (world["seed"], world["rows"]) = (seed.clone(), world.get("rows").cloned().unwrap_or(60_000.into()));
            let data = simulate("silent-world", world).expect("a valid world");
            let split = json!({"train": 0.8, "validation": 0.1, "test": 0.1});
            let mut config = json!({"method": "pdgmm", "split": split, "seed": seed});
            for (key, value) in changes.as_object().expect("options") {
                config[key] = value.clone();
            }
            let cell = cell(&data, &config);
            eprintln!("  {seed}: {cell:.4?}");
            cells.push(cell);
        }
        let n = cells.len() as f64;
        let mean = |i: usize| cells.iter().map(|c| c[i]).sum::<f64>() / n;
        let least = cells.iter().map(|c| c[0]).fold(f64::INFINITY, f64::min);
        println!(
            "{:.4} [{least:.4}]  {:.4}  {:.4} ({:.4})  {:.2}  {:.1}  {world}",
            mean(0),
            mean(1),
            mean(2),
            mean(3),
            mean(4),
            mean(7)
        );
    }
}
