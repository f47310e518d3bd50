//! Runs the targets in turns, watches each answer, and keeps what is new.

use crate::mutator::{Random, mutated};
use disentangle_data::memory::{self, Budget};
use disentangle_data::{Code, Failure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What a reader is asked with bytes.
pub type Ask = Rc<dyn Fn(&[u8]) -> Result<(), Failure>>;

/// A reader with inputs to begin from.
#[derive(Clone)]
pub struct Target {
    /// Its format.
    pub name: &'static str,
    /// Its share of all executions, in parts of a thousand.
    pub share: u64,
    /// Good inputs, then those that were answered in a new way.
    pub seeds: Vec<Vec<u8>>,
    /// The reader.
    pub ask: Ask,
}

/// The inputs are small: no reader needs more.
const MOST_BYTES: u64 = 64 << 20;
/// A reader that takes longer hangs. Other work on the machine may stop it for a while.
const HANGS: Duration = Duration::from_secs(10);
/// Seeds of a target.
const MOST_SEEDS: usize = 400;

#[derive(Default)]
struct Tally {
    executions: u64,
    accepted: u64,
    refused: BTreeMap<&'static str, u64>,
    slowest: Duration,
    broken: Vec<String>,
    known: Answers,
}

/// Of each answer the shortest inputs: one of up to two bytes, one of up to four, of up to eight, ...
pub type Answers = BTreeMap<String, BTreeMap<u32, Vec<u8>>>;

/// This thread's readers take no more memory than that.
pub fn limit_memory() {
    memory::allow(Some(Budget { bytes: MOST_BYTES, limit: "the limit of the fuzzing".to_owned() }));
}

/// Runs `executions` damaged inputs through the targets, by their shares: what happened, and the answers of each reader.
pub fn run(
    targets: &mut [Target],
    executions: u64,
    seed: u64,
    folder: &Path,
) -> Result<(Value, BTreeMap<&'static str, Answers>), String> {
    limit_memory();
    // What a panic says stands in the report.
    std::panic::set_hook(Box::new(|_| {}));
    let began = Instant::now();
    let mut readers = serde_json::Map::new();
    let mut answers = BTreeMap::new();
    let mut broken = 0;
    let shares: u64 = targets.iter().map(|target| target.share).sum();
    for (place, target) in targets.iter_mut().enumerate() {
        let mut tally = Tally::default();
        let mut random = Random(seed.wrapping_mul(1_000_003).wrapping_add(place as u64));
        for seed in target.seeds.clone() {
            once(target, &seed, &mut tally, folder)?;
        }
        for _ in 0..executions * target.share / shares {
            let original = &target.seeds[random.below(target.seeds.len())];
            let other = &target.seeds[random.below(target.seeds.len())];
            let bytes = mutated(original, other, &mut random);
            let is_new = once(target, &bytes, &mut tally, folder)?;
            if is_new && target.seeds.len() < MOST_SEEDS {
                target.seeds.push(bytes);
            }
        }
        broken += tally.broken.len();
        eprintln!("{}: {} executions, {} broken", target.name, tally.executions, tally.broken.len());
        readers.insert(
            target.name.to_owned(),
            json!({
                "executions": tally.executions, "accepted": tally.accepted, "refused": tally.refused,
                "slowestMs": tally.slowest.as_secs_f64() * 1e3, "answers": tally.known.len(), "broken": tally.broken,
            }),
        );
        answers.insert(target.name, tally.known);
    }
    let all: u64 = readers.values().filter_map(|reader| reader["executions"].as_u64()).sum();
    let report = json!({
        "executions": all, "broken": broken, "seed": seed, "limitMiB": MOST_BYTES >> 20, "hangsAfterMs": HANGS.as_millis() as u64,
        "peakMiB": peak_mib(), "seconds": began.elapsed().as_secs_f64(), "readers": readers,
    });
    Ok((report, answers))
}

/// What a reader says to an input, and what it is to blame for.
pub struct Answer {
    /// "accepted", or a code with the first words of its message.
    pub text: String,
    /// The code of a refusal.
    code: Option<&'static str>,
    /// A broken promise.
    pub blame: Option<String>,
    took: Duration,
}

/// Asks a reader.
pub fn answer(target: &Target, bytes: &[u8]) -> Answer {
    let began = Instant::now();
    let said = catch_unwind(AssertUnwindSafe(|| (target.ask)(bytes)));
    let took = began.elapsed();
    let hangs = (took > HANGS).then(|| format!("took {} ms", took.as_millis()));
    match said {
        Ok(Ok(())) => Answer { text: "accepted".to_owned(), code: None, blame: hangs, took },
        Ok(Err(failure)) => {
            let code = failure.code.as_str();
            let is_wrong =
                failure.message.is_empty() || failure.message.contains('\n') || failure.code == Code::InternalPanic;
            let blame = is_wrong.then(|| format!("{code}: {:?}", failure.message)).or(hangs);
            Answer { text: format!("{code} {}", words(&failure.message)), code: Some(code), blame, took }
        }
        Err(panic) => {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(|&said| said.to_owned()));
            let blame = Some(format!("panic: {}", said.unwrap_or_default()));
            Answer { text: "panic".to_owned(), code: None, blame, took }
        }
    }
}

/// One execution; whether it was answered in a way that is new.
fn once(target: &Target, bytes: &[u8], tally: &mut Tally, folder: &Path) -> Result<bool, String> {
    let Answer { text, code, blame, took } = answer(target, bytes);
    tally.executions += 1;
    tally.slowest = tally.slowest.max(took);
    match code {
        Some(code) => *tally.refused.entry(code).or_default() += 1,
        None => tally.accepted += u64::from(text == "accepted"),
    }
    if let Some(blame) = blame {
        if tally.broken.len() < 20 {
            let kept = folder.join(format!("broken-{}-{}", target.name.replace(' ', "-"), tally.broken.len()));
            std::fs::write(&kept, bytes).map_err(|e| e.to_string())?;
            eprintln!("{}: {blame}; {}", target.name, kept.display());
        }
        tally.broken.push(blame);
    }
    let is_new = !tally.known.contains_key(&text);
    let size = bytes.len().max(1).ilog2();
    let shortest = tally.known.entry(text).or_default().entry(size).or_insert_with(|| bytes.to_vec());
    if bytes.len() < shortest.len() {
        *shortest = bytes.to_vec();
    }
    Ok(is_new)
}

/// What differs little between inputs: the first words of a message that hold nothing of the input.
fn words(message: &str) -> String {
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
    message.split(' ').filter(plain).take(6).collect::<Vec<_>>().join(" ")
}

/// The most that the process held.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default() / 1024
}
