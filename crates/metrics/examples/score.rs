//! Times the MCC with interval and nulls, and all scores together, for 5 latents and 1,000 to 100,000 rows.
//!
//! `cargo run --release -p disentangle-metrics --example score`

// A benchmark is made of clock readings.
#![allow(clippy::disallowed_types)]

use disentangle_data::{Matrix, Stream};
use disentangle_metrics::{Correlation, Effort, NamedColumns, Probabilities, ScoreInput, ScoredSplit, mcc, score};
use std::time::Instant;

const LATENTS: usize = 5;

fn main() {
    println!("{:>7} {:>10} {:>12} {:>10}", "rows", "mcc ms", "spearman ms", "score ms");
    for rows in [1_000, 10_000, 100_000] {
        let mut stream = Stream::new(0, "rows").at(rows as u32);
        let z = Matrix::from_fn(rows, LATENTS, |_, _| stream.normal());
        let zhat = Matrix::from_fn(rows, LATENTS, |i, j| z[(i, j)] + 0.1 * stream.normal());
        let time = |work: &dyn Fn()| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        };
        let correlation = |kind| drop(mcc(kind, &z, &zhat, Effort::default()).expect("the numbers are finite"));
        let named = |values: &Matrix<f64>| NamedColumns {
            names: (0..LATENTS).map(|j| format!("latent {j}")).collect(),
            values: values.clone(),
        };
        let input = ScoreInput {
            split: ScoredSplit::All,
            truth: Some(named(&z)),
            latents: named(&zhat),
            unrotated: None,
            expected: None,
            target: None,
            tasks: None,
            indicators: None,
            silence: None,
            blocks: None,
            graph: None,
            environments: None,
            changes: None,
            kernel: false,
            probabilities: Probabilities::default(),
            left_open: vec![],
            effort: Effort::default(),
        };
        println!(
            "{rows:>7} {:>10.1} {:>12.1} {:>10.1}",
            time(&|| correlation(Correlation::Pearson)),
            time(&|| correlation(Correlation::Spearman)),
            time(&|| drop(score(&input).expect("the numbers are finite"))),
        );
    }
}
