//! Fits MTLCM to simulated tasks and prints its scores beside those of the true map: `task_world [SIM_JSON] [FIT_JSON]`.
//!
//! A developer's look at the method without Node; published numbers come from `disentangle` and `benchmark/`.

// A program has a clock and arguments; the library has neither.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use disentangle_data::dataset::{Dataset, Role};
use disentangle_data::{Matrix, simulate::simulate};
use disentangle_engine::fit::{FitOptions, fit};
use disentangle_engine::observe::Silent;
use disentangle_methods::METHODS;
use disentangle_metrics::columns::Correlation;
use disentangle_metrics::correlation::correlation;
use disentangle_metrics::matching::Matching;
use disentangle_metrics::mcc::Effort;
use disentangle_metrics::task_mcc::task_mcc;
use disentangle_numerics::linalg::{inverse, product};
use serde_json::{Value, json};
use std::time::Instant;

/// MCC over all rows (Pearson), and task by task (Spearman).
fn scores(data: &Dataset, latents: &Matrix<f64>) -> (f64, f64, Vec<Option<usize>>) {
    let truth = data.truth["latents"].values.to_f64();
    let table = correlation(Correlation::Pearson, &truth, latents).expect("the same rows");
    let matching = Matching::best(&table).expect("finite");
    let tasks = &data.labels[&Role::Task];
    let effort = Effort { draws: 0, resamples: 0, ..Effort::default() };
    let per_task = task_mcc(Correlation::Spearman, &truth, latents, tasks, effort).expect("the same rows");
    (matching.mean().unwrap_or(f64::NAN), per_task.value.unwrap_or(f64::NAN), matching.columns)
}

fn main() {
    let argument = |i: usize, default: Value| {
        std::env::args().nth(i).map_or(default, |text| serde_json::from_str(&text).expect("an argument is JSON"))
    };
    let data = simulate("task-world", argument(1, json!({}))).expect("a valid world");
    let split = json!({"train": 1.0, "validation": 0.0, "test": 0.0});
    let config = argument(2, json!({"method": "mtlcm", "representation": "inputs", "split": split}));
    let start = Instant::now();
    let run = fit(METHODS, &config, &data, &FitOptions::default(), &mut Silent).expect("the fit runs");
    let seconds = start.elapsed().as_secs_f64();
    let (global, per_task, columns) = scores(&data, &run.latents.to_f64());
    let mixing = data.truth["mixing"].values.to_f64();
    let best = product(&data.inputs.to_f64(), &inverse(&mixing).expect("regular").transposed());
    let (best_global, best_per_task, _) = scores(&data, &best);
    println!("{:?} in {seconds:.3} s; per task {per_task:.4}, global {global:.4}", run.outcome.kind);
    println!("true map: per task {best_per_task:.4}, global {best_global:.4}");
    let roles = run.summary.tasks.expect("roles");
    let causes = &data.truth["causes"].values;
    for (name, of) in [("indicators", &roles.indicators), ("probabilities", &roles.probabilities)] {
        let entries: Vec<(bool, f64)> = (0..causes.rows())
            .flat_map(|t| (0..causes.cols()).map(move |i| (t, i)))
            .map(|(t, i)| (causes[(t, i)] > 0.5, of[t][columns[i].expect("a match")]))
            .collect();
        let right = entries.iter().filter(|(cause, c)| *cause == (*c >= 0.5)).count() as f64 / entries.len() as f64;
        print!("{name}: {right:.4} right;");
        for (low, high) in [(0.0, 0.01), (0.01, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.01)] {
            let inside: Vec<_> = entries.iter().filter(|(_, c)| (low..high).contains(c)).collect();
            let causal = inside.iter().filter(|e| e.0).count() as f64 / inside.len().max(1) as f64;
            print!(" {low}-{high}: {} ({causal:.3} causal)", inside.len());
        }
        println!();
    }
    println!("objectives {:?}", roles.objectives);
    run.summary.assumptions.iter().for_each(|a| println!("{:?} {}: {}", a.status, a.question, a.finding));
    run.summary.warnings.iter().for_each(|w| println!("warning {}: {}", w.code, w.message));
    run.summary.facts.iter().for_each(|f| println!("{}: {:?}", f.label, f.value));
}
