//! Microseconds per training step (forward, backward, Adam): `cargo run --release -p disentangle-learn --example steps
//! [-- NAME [THREADS] [--json]]`. Minimum and median over blocks, on one and two threads; `--json` prints the time of
//! every block, one object a line, for benchmark/steps.mjs.

// A program has a clock and arguments; the library has neither.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use candle_core::{Device, Result, Tensor};
use disentangle_data::Stream;
use disentangle_learn::nn::{Activation, Compute, Mlp, Params, mean_squared_error};
use disentangle_learn::optim::{Adam, AdamSettings, StepSize};
use std::time::Instant;

const BLOCKS: usize = 101;
const NETS: &[(&str, &[usize], usize)] = &[
    ("8-8", &[8, 8], 8),
    ("16-64-32-5", &[16, 64, 32, 5], 64),
    ("64-128-5", &[64, 128, 5], 512),
    ("64-128-16-128-64", &[64, 128, 16, 128, 64], 128),
    ("16-256-64-5", &[16, 256, 64, 5], 1024),
    ("128-512-64-512-128", &[128, 512, 64, 512, 128], 256),
];

fn normal(shape: (usize, usize), name: &str) -> Result<Tensor> {
    let mut stream = Stream::new(1, name);
    let values: Vec<f32> = (0..shape.0 * shape.1).map(|_| stream.normal() as f32).collect();
    Tensor::from_vec(values, shape, &Device::Cpu)
}

fn blocks(sizes: &[usize], batch: usize, threads: usize) -> Result<Vec<f64>> {
    let mut params = Params::new(&Device::Cpu);
    let net = Mlp::new(&mut params, "net", sizes, Activation::LeakyRelu(0.01), Activation::Identity, 1)?;
    let mut adam = Adam::new(&params, AdamSettings::default());
    let x = normal((batch, sizes[0]), "x")?;
    let target = normal((batch, sizes[sizes.len() - 1]), "y")?;
    let mut step = || -> Result<()> {
        let loss = mean_squared_error(&net.forward(&x)?, &target)?;
        adam.step(&params, &params.gradients(&loss)?, StepSize::new(1e-3))
    };
    Compute::with_threads(threads).run(|| {
        let warm = Instant::now();
        step()?;
        while warm.elapsed().as_millis() < 50 {
            step()?;
        }
        let once = Instant::now();
        step()?;
        let repeats = (2_000_000 / once.elapsed().as_nanos().max(1)).clamp(1, 500) as u32;
        let mut times = Vec::with_capacity(BLOCKS);
        for _ in 0..BLOCKS {
            let start = Instant::now();
            for _ in 0..repeats {
                step()?;
            }
            times.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(repeats));
        }
        times.sort_by(f64::total_cmp);
        Ok(times)
    })
}

fn main() -> Result<()> {
    let (flags, words): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let json = flags.iter().any(|flag| flag == "--json");
    let only = words.first();
    let counts = match words.get(1).and_then(|count| count.parse().ok()) {
        Some(count) => vec![count],
        None => vec![1, 2],
    };
    if !json {
        println!("{:<22} {:>6} {:>8} {:>10} {:>10}", "net", "batch", "threads", "min us", "median us");
    }
    for (name, sizes, batch) in NETS.iter().filter(|net| only.is_none_or(|only| net.0 == only)) {
        for &threads in &counts {
            let times = blocks(sizes, *batch, threads)?;
            if json {
                println!(r#"{{"work":"{name}","batch":{batch},"threads":{threads},"us":{times:?}}}"#);
            } else {
                println!("{name:<22} {batch:>6} {threads:>8} {:>10.1} {:>10.1}", times[0], times[BLOCKS / 2]);
            }
        }
    }
    Ok(())
}
