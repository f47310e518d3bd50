//! Times the MCC alone, without interval and nulls, of matrices from files, for benchmark/mcc.mjs:
//! `cargo run --release -p disentangle-metrics --example mcc -- pearson|spearman ROWS COLUMNS TRUTH ESTIMATE SECONDS`.
//!
//! The files hold doubles, little endian, row by row. Prints `{value, us}` as JSON.

// A benchmark is made of clock readings, and this one takes arguments.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use disentangle_data::Matrix;
use disentangle_metrics::{Correlation, assign, correlation};
use std::time::Instant;

fn matrix(rows: usize, columns: usize, file: &str) -> Matrix<f64> {
    let bytes = std::fs::read(file).expect("the file can be read");
    let values: Vec<f64> = bytes.as_chunks::<8>().0.iter().map(|&eight| f64::from_le_bytes(eight)).collect();
    Matrix::new(rows, columns, values).expect("the file holds rows x columns doubles")
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, rows, columns, truth, estimate, seconds] = arguments.as_slice() else {
        panic!("KIND ROWS COLUMNS TRUTH ESTIMATE SECONDS were expected");
    };
    let kind = if kind == "spearman" { Correlation::Spearman } else { Correlation::Pearson };
    let (rows, columns) = (rows.parse().expect("a number of rows"), columns.parse().expect("a number of columns"));
    let (truth, estimate) = (matrix(rows, columns, truth), matrix(rows, columns, estimate));
    let seconds: f64 = seconds.parse().expect("a number of seconds");
    let (mut times, mut value, began) = (Vec::new(), 0.0, Instant::now());
    while times.is_empty() || began.elapsed().as_secs_f64() < seconds {
        let start = Instant::now();
        let found = correlation(kind, &truth, &estimate).expect("the numbers are finite");
        let cost = Matrix::from_fn(columns, columns, |i, j| -found[(i, j)].expect("no column is constant").abs());
        value = -assign(&cost).expect("the costs are finite").cost / columns as f64;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    println!(r#"{{"value":{value},"us":{times:?}}}"#);
}
