//! Times the assignment on uniform random costs, n = 10..2000, and checks each certificate.
//!
//! `cargo run --release -p disentangle-metrics --example assignment` prints one line per size: the fastest and the median
//! of at least five runs in microseconds, and the cost. The same matrices can be had from any Philox4x32-10.

use disentangle_data::{Matrix, Stream};
use disentangle_metrics::assign;
use std::time::Instant;

fn main() {
    println!("{:>6} {:>12} {:>12} {:>14}  certificate", "n", "min us", "median us", "cost");
    for n in [10, 20, 50, 100, 200, 500, 1000, 2000] {
        let mut stream = Stream::new(0, "assignment").at(n as u32);
        let cost = Matrix::from_fn(n, n, |_, _| stream.uniform());
        let mut times = Vec::new();
        let mut found = None;
        for _ in 0..(200_000 / (n * n)).clamp(5, 500) {
            let start = Instant::now();
            found = Some(assign(std::hint::black_box(&cost)).expect("uniform costs are finite"));
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
        times.sort_by(f64::total_cmp);
        let found = found.expect("at least five runs");
        let verdict = if found.certify(&cost).holds() { "holds" } else { "BROKEN" };
        println!("{n:>6} {:>12.1} {:>12.1} {:>14.9}  {verdict}", times[0], times[times.len() / 2], found.cost);
        assert_eq!(verdict, "holds");
    }
}
