//! Small fits of every method, and observers that interfere with them.

use disentangle_data::dataset::Role;
use disentangle_data::prepare::prepare;
use disentangle_data::simulate::simulate;
use disentangle_data::{Dataset, Result, View};
use disentangle_engine::checkpoint::CheckpointOptions;
use disentangle_engine::entry::Entry;
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::method::Stage;
use disentangle_engine::observe::{Event, Observer, Silent};
use disentangle_engine::plan::{Plan, schema_of};
use disentangle_methods::METHODS;
use serde_json::{Map, Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Gradient steps of one candidate.
pub const STEPS: usize = 40;

/// A world with all roles that a method may need: two modalities; each environment is a task of its own, and each of the last three moves the inputs
/// along a direction of its own, as an intervention on a cause of them would.
pub fn world() -> Dataset {
    let config = json!({"depth": 3, "pointsPerEnvironment": 60, "inputs": 8, "latents": 3, "seed": 1});
    let mut world = simulate("tree-world", config).expect("a valid world");
    let environments = world.labels[&Role::Environment].clone();
    for (row, &at) in environments.codes.iter().enumerate() {
        if let Some(cause) = (at as usize + 3).checked_sub(environments.levels.len()) {
            world.inputs.row_mut(row)[2 * cause..2 * cause + 2].iter_mut().for_each(|x| *x += 4.0);
        }
    }
    world.labels.insert(Role::Task, environments);
    world.views = [("left", 0..4), ("right", 4..8)]
        .map(|(name, columns)| View { name: name.to_owned(), start: columns.start, end: columns.end, image: None })
        .into();
    world
}

/// A configuration of a method that takes milliseconds: small values of those of these options that it has.
pub fn config(entry: &Entry, changes: Value) -> Value {
    let small = json!({
        "steps": STEPS, "latentDim": 3, "maxLatentDim": 3, "hidden": [16], "batchSize": 64, "starts": 2, "seed": 5,
        "resamples": 3, "reference": "n2", "nonlinear": "on", "importanceSamples": 2,
        "training": {"steps": STEPS},
    });
    let schema = schema_of(entry);
    let mut all: Map<String, Value> = [("method".to_owned(), Value::from(entry.info.name))].into_iter().collect();
    for part in [small, changes] {
        let Value::Object(part) = part else { panic!("options are an object") };
        all.extend(part.into_iter().filter(|(key, _)| schema["properties"].get(key).is_some()));
    }
    Value::Object(all)
}

/// Methods that choose a number of latents by more rows than the small world has; their own tests do it in a larger one.
const CHOOSE_BY_MORE_ROWS: &[&str] = &["multimodal"];

/// Every method with a fixed latent dimension and, where it can choose one, with `auto`.
pub fn configs(changes: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    for entry in METHODS {
        let mut auto = changes.clone();
        auto["latentDim"] = "auto".into();
        all.push(config(entry, changes.clone()));
        if CHOOSE_BY_MORE_ROWS.contains(&entry.info.name) {
            continue;
        }
        all.extend(
            Some(config(entry, auto)).filter(|auto| auto["latentDim"] == "auto" && Plan::check(METHODS, auto).is_ok()),
        );
    }
    all
}

/// Steps of all candidates; none where a method only solves.
pub fn steps_of(config: &Value) -> usize {
    match (&config["steps"], &config["latentDim"]) {
        (Value::Null, _) => 0,
        (_, Value::String(_)) => 3 * STEPS,
        _ => STEPS,
    }
}

/// Those of `configs` that take steps.
pub fn descending(changes: &Value) -> Vec<Value> {
    configs(changes).into_iter().filter(|config| steps_of(config) > 0).collect()
}

/// Those whose network has parameters from the start, not those that grow it once a solved stage has found its shape.
pub fn descents_at_once() -> impl Iterator<Item = &'static Entry> {
    descents().filter(|entry| begins_with_descent(&config(entry, json!({}))))
}

/// Whether the first stage takes steps.
pub fn begins_with_descent(config: &Value) -> bool {
    let plan = Plan::check(METHODS, config).expect("a valid configuration");
    let data = prepare(&world(), &plan.options.prepare, plan.options.seed).expect("a valid world");
    matches!(plan.method.stages(&data).first(), Some(Stage::Descent(_)))
}

/// The methods that take steps.
pub fn descents() -> impl Iterator<Item = &'static Entry> {
    METHODS.iter().filter(|entry| schema_of(entry)["properties"].get("steps").is_some())
}

/// Everything of a run that must not depend on how it went, as text that can be compared.
pub fn essence(run: &RunResult) -> String {
    let bits: Vec<u32> = run.latents.data().iter().map(|v| v.to_bits()).collect();
    let json = json!({ "outcome": run.outcome, "history": run.history, "summary": run.summary });
    format!("{json} {bits:?} {:?}", run.model)
}

/// Checkpoints in `dir` every `every` steps.
pub fn checkpoints(dir: &Path, every: usize) -> FitOptions {
    let checkpoint = Some(CheckpointOptions { dir: dir.into(), every: Some(every) });
    FitOptions { checkpoint, ..FitOptions::default() }
}

/// The same, from the newest checkpoint on.
pub fn resumed(dir: &Path, every: usize) -> FitOptions {
    FitOptions { resume: true, ..checkpoints(dir, every) }
}

/// A fit that nobody disturbs.
pub fn undisturbed(config: &Value, data: &Dataset) -> RunResult {
    fit(METHODS, config, data, &FitOptions::default(), &mut Silent).expect("the fit runs")
}

/// Takes note of events; ends the process, or cancels, after so many steps.
#[derive(Default)]
pub struct Meddler {
    pub steps: usize,
    pub kill_at: Option<usize>,
    pub cancel_at: Option<usize>,
    pub events: Vec<Event>,
    pub milliseconds_per_step: Option<f64>,
}

impl Observer for Meddler {
    fn event(&mut self, event: &Event) {
        self.events.push(event.clone());
        match event {
            // Solved stages tell no terms, and take no gradient steps.
            Event::Progress(progress) if !progress.terms.is_empty() => self.steps += 1,
            Event::Resumed { step, .. } => self.steps = *step,
            _ => {}
        }
        if self.kill_at == Some(self.steps) {
            // Nothing of the fit runs after a panic, as nothing does after a kill.
            std::panic::resume_unwind(Box::new("killed"));
        }
    }

    fn cancelled(&self) -> bool {
        self.cancel_at.is_some_and(|at| self.steps >= at)
    }

    fn elapsed_ms(&self) -> Option<f64> {
        self.milliseconds_per_step.map(|ms| ms * self.steps as f64)
    }
}

/// A fit that is killed after so many steps; whether it was (it may have ended before).
pub fn killed(config: &Value, data: &Dataset, options: &FitOptions, at: usize) -> bool {
    let mut observer = Meddler { kill_at: Some(at), ..Meddler::default() };
    catch_unwind(AssertUnwindSafe(|| fit(METHODS, config, data, options, &mut observer).map(drop))).is_err()
}

/// A fit with an observer's events.
pub fn watched(config: &Value, data: &Dataset, options: &FitOptions, observer: &mut Meddler) -> Result<RunResult> {
    fit(METHODS, config, data, options, observer)
}
