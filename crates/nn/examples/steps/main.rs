//! Microseconds per training step (forward, backward, Adam), per product and per draw of normals:
//! `cargo run --release -p disentangle-nn --example steps [-- WORK [THREADS] [--json] [--seconds=S] [--count=N]]`.
//!
//! WORK is a network of [`nets::NETS`] or [`images::net`], a product such as `2048x2048x2048`, or `normals-N`. Minimum and median over
//! blocks, on one and two threads; `--json` prints the time of every block, one object a line, for benchmark/.
//! `--count=N` runs N steps and says nothing: for programs that count instructions. `--device=cuda` takes a GPU, with the feature `cuda`.

// A program has a clock and arguments; the library has neither.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

mod images;
mod kernels;
mod nets;

use candle_core::{Device, Error, Result};
use disentangle_nn::device::{DeviceChoice, open};
use disentangle_numerics::compute::Compute;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Something to do again and again.
type Work = Box<dyn FnMut() -> Result<()>>;

static DEVICE: OnceLock<Device> = OnceLock::new();

/// Where the networks are computed.
fn device() -> &'static Device {
    DEVICE.get_or_init(|| Device::Cpu)
}

const BLOCK: Duration = Duration::from_millis(2);
const WARM_UP: Duration = Duration::from_millis(50);

fn work(name: &str) -> Result<Work> {
    let unknown = || Error::Msg(format!("{name} is no network, product or draw")).bt();
    nets::net(name).or_else(|| images::net(name)).or_else(|| kernels::kernel(name)).unwrap_or_else(|| Err(unknown()))
}

/// Microseconds per call, block by block.
fn blocks(mut work: Work, limit: Duration) -> Result<Vec<f64>> {
    let warm = Instant::now();
    work()?;
    while warm.elapsed() < WARM_UP {
        work()?;
    }
    // A device computes on after it was asked.
    device().synchronize()?;
    let once = Instant::now();
    work()?;
    device().synchronize()?;
    let repeats = (BLOCK.as_nanos() / once.elapsed().as_nanos().max(1)).clamp(1, 500) as u32;
    let (mut times, began) = (Vec::new(), Instant::now());
    while times.is_empty() || began.elapsed() < limit {
        let start = Instant::now();
        for _ in 0..repeats {
            work()?;
        }
        device().synchronize()?;
        times.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(repeats));
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn main() -> Result<()> {
    let (flags, words): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let value = |name: &str| flags.iter().find_map(|flag| flag.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
    if flags.iter().any(|flag| flag == "--device=cuda") {
        let opened = open(DeviceChoice::Cuda).map_err(|failure| Error::Msg(failure.message).bt())?;
        DEVICE.get_or_init(|| opened.device);
    }
    let json = flags.iter().any(|flag| flag == "--json");
    let limit = Duration::from_secs_f64(value("--seconds").unwrap_or(0.2));
    let counts = words.get(1).and_then(|count| count.parse().ok()).map_or(vec![1, 2], |count| vec![count]);
    let names = words.first().map_or(nets::names(), |name| vec![name.clone()]);
    if let Some(count) = value("--count") {
        let mut work = work(&names[0])?;
        return (0..count as usize).try_for_each(|_| work());
    }
    if !json {
        println!("{:<24} {:>8} {:>12} {:>12}", "work", "threads", "min us", "median us");
    }
    for name in names {
        for &threads in &counts {
            let times = Compute::with_threads(threads).run(|| blocks(work(&name)?, limit))?;
            if json {
                println!(r#"{{"work":"{name}","threads":{threads},"us":{times:?}}}"#);
            } else {
                println!("{name:<24} {threads:>8} {:>12.1} {:>12.1}", times[0], times[times.len() / 2]);
            }
        }
    }
    Ok(())
}
