//! Fits TBR to a simulated tree world and prints errors and support of the changes: `tree_world [SIM_JSON] [FIT_JSON]`.
//!
//! A developer's look at the method without Node; published numbers come from `disentangle` and `benchmark/`.

// A program has a clock and arguments; the library has neither.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use disentangle_data::{Matrix, simulate::simulate, split::Split};
use disentangle_engine::fit::{FitOptions, fit};
use disentangle_engine::observe::Silent;
use disentangle_methods::METHODS;
use serde_json::{Value, json};
use std::time::Instant;

/// Mean |Pearson| of each true latent's best match: an upper bound of the matched score, close to it when it is high.
fn best_correlations(truth: &Matrix, latents: &Matrix, rows: &[usize]) -> Vec<f64> {
    let column = |m: &Matrix, j: usize| rows.iter().map(|&i| f64::from(m[(i, j)])).collect::<Vec<f64>>();
    let standard = |mut v: Vec<f64>| {
        let n = v.len() as f64;
        let mean = v.iter().sum::<f64>() / n;
        v.iter_mut().for_each(|x| *x -= mean);
        let sd = (v.iter().map(|x| x * x).sum::<f64>() / n).sqrt();
        v.iter_mut().for_each(|x| *x /= sd);
        v
    };
    let found: Vec<Vec<f64>> = (0..latents.cols()).map(|j| standard(column(latents, j))).collect();
    (0..truth.cols())
        .map(|j| {
            let z = standard(column(truth, j));
            let correlation = |h: &Vec<f64>| (z.iter().zip(h).map(|(a, b)| a * b).sum::<f64>() / z.len() as f64).abs();
            found.iter().map(correlation).fold(0.0, f64::max)
        })
        .collect()
}

fn main() {
    let argument = |i: usize, default: Value| {
        std::env::args().nth(i).map_or(default, |text| serde_json::from_str(&text).expect("an argument is JSON"))
    };
    let world = argument(1, json!({"depth": 5, "pointsPerEnvironment": 1000, "changes": 1}));
    let config = argument(2, json!({"method": "tbr", "latentDim": 5}));
    let start = Instant::now();
    let dataset = simulate("tree-world", world).expect("a valid world");
    println!("simulated {} rows in {:.2?}", dataset.rows(), start.elapsed());
    let start = Instant::now();
    let run = fit(METHODS, &config, &dataset, &FitOptions::default(), &mut Silent).expect("the fit runs");
    println!("fitted in {:.2?}: {:?}", start.elapsed(), run.outcome);
    let test: Vec<usize> = (0..run.split.len()).filter(|&i| run.split[i] == Split::Test).collect();
    let correlations = best_correlations(&dataset.truth["latents"].values, &run.latents, &test);
    println!(
        "correlations {correlations:.4?} mean {:.4}",
        correlations.iter().sum::<f64>() / correlations.len() as f64
    );
    for row in run.summary.errors.iter().filter(|e| e.environment.is_none()) {
        println!("{:10} mse {:.4} (mean predictor {:.4})", row.split, row.mse, row.mean_mse);
    }
    run.summary.assumptions.iter().for_each(|a| println!("{:?} {}: {}", a.status, a.question, a.finding));
    run.summary.warnings.iter().for_each(|w| println!("warning {}: {}", w.code, w.message));
    run.summary.facts.iter().for_each(|f| println!("{}: {:?}", f.label, f.value));
    if let Some(tree) = &run.summary.tree {
        let truth = &dataset.truth["changes"].values;
        let nonzero = |i: usize| (0..truth.cols()).filter(|&j| truth[(i, j)] != 0.0).count();
        let found = |i: usize| tree.real[i].iter().filter(|&&r| r).count();
        let observed: Vec<usize> = (0..tree.names.len()).filter(|&i| tree.observed[i]).collect();
        let (t, f): (usize, usize) = observed.iter().fold((0, 0), |(t, f), &i| (t + nonzero(i), f + found(i)));
        println!("changes on observed edges: true {t}, called real {f}");
    }
    println!(
        "history: {:?}",
        run.history
            .stages
            .iter()
            .map(|s| (&s.name, s.validation.as_ref().map(|v| v.values.clone())))
            .collect::<Vec<_>>()
    );
}
