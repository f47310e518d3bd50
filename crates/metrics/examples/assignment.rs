//! Times the assignment on uniform random costs, n = 10..2000, and checks each certificate.
//!
//! `cargo run --release -p disentangle-metrics --example assignment` prints one line per size: the fastest and the median
//! of at least five runs in microseconds, and the cost. The same matrices can be had from any Philox4x32-10. With
//! `-- N FILE` it reads the N x N doubles (little endian, row by row) of FILE instead and prints `{cost, us}` as JSON,
//! for benchmark/assignment.mjs.

// A benchmark is made of clock readings, and this one takes arguments.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use disentangle_data::{Matrix, Stream};
use disentangle_metrics::{Assignment, assign};
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [n, file] = arguments.as_slice() {
        return of_file(n.parse().expect("N is a number"), file);
    }
    println!("{:>6} {:>12} {:>12} {:>14}  certificate", "n", "min us", "median us", "cost");
    for n in [10, 20, 50, 100, 200, 500, 1000, 2000] {
        let mut stream = Stream::new(0, "assignment").at(n as u32);
        let cost = Matrix::from_fn(n, n, |_, _| stream.uniform());
        let (found, times) = timed(&cost);
        let verdict = if found.certify(&cost).holds() { "holds" } else { "BROKEN" };
        println!("{n:>6} {:>12.1} {:>12.1} {:>14.9}  {verdict}", times[0], times[times.len() / 2], found.cost);
        assert_eq!(verdict, "holds");
    }
}

fn timed(cost: &Matrix<f64>) -> (Assignment, Vec<f64>) {
    let mut times = Vec::new();
    let mut found = None;
    for _ in 0..(200_000 / (cost.rows() * cost.rows())).clamp(5, 500) {
        let start = Instant::now();
        found = Some(assign(std::hint::black_box(cost)).expect("the costs are finite"));
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    (found.expect("at least five runs"), times)
}

fn of_file(n: usize, file: &str) {
    let bytes = std::fs::read(file).expect("the file can be read");
    let values: Vec<f64> = bytes.as_chunks::<8>().0.iter().map(|&eight| f64::from_le_bytes(eight)).collect();
    let cost = Matrix::new(n, n, values).expect("the file holds n x n doubles");
    let (found, times) = timed(&cost);
    assert!(found.certify(&cost).holds(), "the certificate is broken");
    println!(r#"{{"cost":{},"us":{times:?}}}"#, found.cost);
}
