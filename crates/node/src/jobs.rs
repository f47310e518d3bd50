//! Fits as jobs: each on its own named thread, watched by callbacks, stopped by a flag. Never libuv's pool: four fits
//! there would freeze every file read of the user's service.

use crate::convert::{self, NativeDataset, NativeMatrix, json, parse};
use crate::failure::{NativeFailure, guard, guarded};
use crate::locks::{LOCKS, unlock_all};
use crate::models::{MODELS, close_all};
use crate::owned::Owned;
use disentangle_data::memory::{self, Budget};
use disentangle_data::{Code, Dataset, Failure, Result};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::observe::{Event, Observer};
use disentangle_methods::METHODS;
use napi::bindgen_prelude::{Either, Env, Function, Uint8Array, Uint32Array};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};

/// candle walks its graph recursively: a deep network needs a deep stack. Only touched pages cost memory.
pub const STACK: usize = 64 << 20;
/// About ten events a second.
const PAUSE: Duration = Duration::from_millis(100);

/// What a fit yields.
#[napi(object, object_from_js = false)]
pub struct NativeRun {
    /// JSON.
    pub outcome: String,
    /// JSON.
    pub history: String,
    /// JSON.
    pub summary: String,
    /// n x k.
    pub latents: NativeMatrix,
    /// n x p, for methods with private variables.
    pub private: Option<NativeMatrix>,
    /// Kept rows of the data set.
    pub rows: Uint32Array,
    /// 0 train, 1 validation, 2 test, per kept row.
    pub split: Uint8Array,
    /// The model's bytes.
    pub model: Uint8Array,
    /// JSON, every default written out.
    pub config: String,
    /// Of the data set.
    pub fingerprint: String,
}

type End = Either<NativeRun, NativeFailure>;
/// Weak: a progress callback must not keep the process alive. Bounded: events that nobody takes are dropped.
type OnEvent = ThreadsafeFunction<String, (), String, napi::Status, false, true, 16>;
type OnEnd = ThreadsafeFunction<End, (), End, napi::Status, false>;

struct Job {
    cancel: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

static JOBS: Owned<Job> = Owned::new();

/// When an environment (the process, or a worker thread) ends, its fits are stopped and waited for.
#[napi(module_exports)]
pub fn init(_: napi::bindgen_prelude::Object, env: Env) -> napi::Result<()> {
    let hooked = guarded(|| {
        env.add_env_cleanup_hook(thread::current().id(), |owner| {
            // Nobody is left to be told.
            let _ = guarded(|| stop_all(owner));
            let _ = guarded(|| unlock_all(owner));
            let _ = guarded(|| close_all(owner));
        })
        .map_err(|e| Failure::new(Code::InternalPanic, format!("no clean-up hook could be added: {e}")))
    });
    hooked.map(drop).map_err(|failure| napi::Error::from_reason(failure.message))
}

fn stop_all(owner: ThreadId) -> Result<()> {
    let own = JOBS.take_all(owner);
    own.iter().for_each(|job| job.cancel.store(true, Ordering::Relaxed));
    for job in own {
        // A fit's thread has its own guard; a join error could only repeat what it has said.
        let _ = job.thread.join();
    }
    Ok(())
}

/// Checks how a fit is to run, before a folder is taken for its checkpoints. The same as `fit` does.
#[napi(catch_unwind)]
pub fn check_fit_options(options: String) -> Either<(), NativeFailure> {
    guard(|| convert::options::<FitOptions>(&options).map(drop))
}

/// Starts a fit; yields its job number. `on_end` is called once, with the run or the failure. `options` is JSON:
/// `{ checkpoint?: { dir, every? }, resume?, budgets?: { steps?, elapsedMs? } }`.
#[napi(js_name = "fit", catch_unwind)]
pub fn fit_start(
    config: String,
    dataset: NativeDataset,
    options: String,
    on_event: Function<String, ()>,
    on_end: Function<End, ()>,
) -> Either<u32, NativeFailure> {
    guard(|| {
        let config: Value = parse(&config)?;
        let options: FitOptions = convert::options(&options)?;
        let refused = |e: napi::Error| Failure::new(Code::InternalPanic, format!("a callback was refused: {e}"));
        let on_event: OnEvent =
            on_event.build_threadsafe_function().weak::<true>().max_queue_size::<16>().build().map_err(refused)?;
        let on_end: OnEnd = on_end.build_threadsafe_function().build().map_err(refused)?;
        run_job("disentangle-fit", STACK, move |cancel| {
            let mut watch = Watch { cancel, on_event, began: Instant::now(), last: None };
            let end = guarded(|| {
                let dataset: Dataset = dataset.try_into()?;
                watch.on_event.call(r#"{"kind":"taken"}"#.to_owned(), ThreadsafeFunctionCallMode::NonBlocking);
                native(fit(METHODS, &config, dataset, &options, &mut watch)?)
            });
            let end = end.map_or_else(|failure| Either::B(failure.into()), Either::A);
            on_end.call(end, ThreadsafeFunctionCallMode::NonBlocking);
        })
    })
}

/// Runs a body on a thread of its own, as a job of this environment; yields its number.
pub fn run_job(name: &str, stack: usize, body: impl FnOnce(Arc<AtomicBool>) + Send + 'static) -> Result<u32> {
    let cancel = Arc::new(AtomicBool::new(false));
    let flag = cancel.clone();
    let budget = memory::allowed();
    memory::probe(stack, "a thread for the work")?;
    JOBS.add(thread::current().id(), |id| {
        let thread = thread::Builder::new()
            .name(format!("{name}-{id}"))
            .stack_size(stack)
            .spawn(move || {
                memory::allow(budget);
                body(flag);
                drop(JOBS.take(id));
            })
            .map_err(|e| Failure::new(Code::MemoryLimit, format!("no thread could be started: {e}")))?;
        Ok(Job { cancel, thread })
    })
}

/// What the calls of this environment, and the jobs that it starts, may still take of memory, in bytes, and the limit in words. Without:
/// what the system gives.
#[napi(catch_unwind)]
pub fn allow_memory(bytes: Option<f64>, limit: Option<String>) {
    memory::allow(bytes.map(|bytes| Budget { bytes: bytes as u64, limit: limit.unwrap_or_default() }));
}

/// Asks for memory for something that this environment begins now; `MEMORY_LIMIT` when less is left.
#[napi(catch_unwind)]
pub fn claim_memory(bytes: f64, what: String) -> Either<(), NativeFailure> {
    guard(|| memory::claim(bytes as u64, &what))
}

/// Asks a job to stop: a fit at its next step, a reader at its next block. A job that has ended is ignored.
#[napi(catch_unwind)]
pub fn cancel(job: u32) -> Either<(), NativeFailure> {
    guard(|| {
        // One that has ended is not there.
        let _ = JOBS.look(job, |job| job.cancel.store(true, Ordering::Relaxed));
        Ok(())
    })
}

/// For tests: how much this environment holds by number, `[jobs, models, folders]`.
#[napi(catch_unwind)]
pub fn held() -> Either<Vec<u32>, NativeFailure> {
    let own = thread::current().id();
    guard(|| Ok([JOBS.count(own), MODELS.count(own), LOCKS.count(own)].map(|count| count as u32).to_vec()))
}

fn native(run: RunResult) -> Result<NativeRun> {
    Ok(NativeRun {
        outcome: json(&run.outcome)?.to_string(),
        history: json(&run.history)?.to_string(),
        summary: json(&run.summary)?.to_string(),
        latents: run.latents.into(),
        private: run.private.map(Into::into),
        rows: run.rows.into(),
        split: run.split.iter().map(|&part| part as u8).collect::<Vec<u8>>().into(),
        model: run.model.into(),
        config: run.config.to_string(),
        fingerprint: run.fingerprint,
    })
}

/// Forwards events: progress about ten times a second, all others and the last step of each stage always.
struct Watch {
    cancel: Arc<AtomicBool>,
    on_event: OnEvent,
    began: Instant,
    last: Option<Instant>,
}

impl Observer for Watch {
    fn event(&mut self, event: &Event) {
        if let Ok(text) = json(event) {
            self.on_event.call(text.to_string(), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    fn due(&mut self) -> bool {
        let due = self.last.is_none_or(|last| last.elapsed() >= PAUSE);
        if due {
            self.last = Some(Instant::now());
        }
        due
    }

    fn elapsed_ms(&self) -> Option<f64> {
        Some(self.began.elapsed().as_secs_f64() * 1e3)
    }
}
