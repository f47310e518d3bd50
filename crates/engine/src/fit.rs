//! From a configuration and a data set to a result: prepare, choose, train, summarise.

mod choose;
mod counterfactuals;
mod decoded;
mod pictures;
mod summarise;

use crate::checkpoint::{CheckpointOptions, Checkpoints, Found, Identity};
use crate::entry::Entry;
use crate::method::{Method, Stage};
use crate::model;
use crate::observe::{Event, Observer};
use crate::plan::{Plan, canonical, defining, settled};
use crate::results::{History, Outcome, Summary};
use crate::train::{self, Budgets, Keeper, Session, Standing};
use choose::choose;
use disentangle_data::prepare::{Prepared, Warning, prepare, prepare_incomplete};
use disentangle_data::split::Split;
use disentangle_data::{Code, Dataset, Failure, Matrix, Result};
use disentangle_nn::device::{self, Opened};
use disentangle_numerics::compute::Compute;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use summarise::summarise;

/// Everything a fit gives.
#[derive(Debug)]
pub struct RunResult {
    /// How it ended.
    pub outcome: Outcome,
    /// Loss curves.
    pub history: History,
    /// What was found.
    pub summary: Summary,
    /// Latents of the kept rows, in file order, n x k.
    pub latents: Matrix,
    /// Their private variables, n x p, for methods that set such apart.
    pub private: Option<Matrix>,
    /// Indices of the kept rows in the data set.
    pub rows: Vec<u32>,
    /// What each kept row was used for.
    pub split: Vec<Split>,
    /// The model as bytes (see `container`).
    pub model: Vec<u8>,
    /// The configuration with everything settled.
    pub config: Value,
    /// Fingerprint of the data set.
    pub fingerprint: String,
}

/// How a fit runs, beside what it computes: with the same configuration, data and version, runs that end by themselves
/// give the same bits whatever stands here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FitOptions {
    /// Where checkpoints go. Absent: there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "CheckpointOptions")]
    pub checkpoint: Option<CheckpointOptions>,
    /// Go on from the newest checkpoint that is whole, or from the beginning where there is none.
    pub resume: bool,
    /// What the fit may use up.
    pub budgets: Budgets,
}

/// Fits the method of a configuration, one of the given, to a data set. One that is given away, not lent, is not copied.
///
/// # Errors
/// `CONFIG_*`, `DATA_*` and `CHECKPOINT_MISMATCH` before anything is computed; `NUMERIC_*` from solved stages;
/// `FILE_WRITE` from checkpoints. Not converging is an outcome.
pub fn fit<'a>(
    methods: &'static [Entry],
    config: &Value,
    dataset: impl Into<Cow<'a, Dataset>>,
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<RunResult> {
    fit_cow(methods, config, dataset.into(), options, observer)
}

fn fit_cow(
    methods: &'static [Entry],
    config: &Value,
    dataset: Cow<'_, Dataset>,
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<RunResult> {
    let plan = Plan::check(methods, config)?;
    let defined = defining(&plan.canonical());
    let Plan { entry, options: run, method } = plan;
    dataset.check_shapes()?;
    let (fingerprint, shown) = (dataset.fingerprint(), dataset.fingerprint_shown(&run.prepare.oracle));
    let mut data = match method.learns_from_incomplete() {
        true => prepare_incomplete(dataset, &run.prepare, run.seed)?,
        false => prepare(dataset, &run.prepare, run.seed)?,
    };
    method.check(&data)?;
    refuse_idle_source(entry, method.as_ref(), &data)?;
    let Opened { device, instead } = device::open(run.device)?;
    data.warnings.extend(instead.map(|tried| {
        Warning::new("DEVICE_FALLBACK", format!("device: \"auto\" takes the processor: {tried}"))
            .hint(format!("set device to \"cpu\" where that is meant, or {}", device::HINT))
    }));
    let identity = Identity { config: defined, fingerprint: shown };
    let (checkpoints, standing) = begin(options, identity, observer, &|config| settled(methods, config))?;
    let checkpoints = checkpoints.map(|folder| Box::new(folder) as Box<dyn Keeper>);
    let session = Session::new(&data, run.seed, observer);
    let mut session = Session { checkpoints, standing, budgets: options.budgets, ..session };
    Compute::with_threads(run.threads).run(|| {
        let fitted = choose(method, &device, &mut session)?;
        let latents = train::encode(&fitted.state, &data.inputs)?;
        let private = train::private(&fitted.state, &data.inputs)?;
        let summary = summarise(entry, &data, &fitted, (&latents, private.as_ref()))?;
        let config = canonical(entry, &run, fitted.method.as_ref());
        let names = summary.latents.names.clone();
        let model = model::pack(&config, &data, &fitted.state, names, &fingerprint)?;
        Ok(RunResult {
            outcome: fitted.outcome,
            history: std::mem::take(&mut session.standing.history),
            summary,
            latents,
            private,
            rows: data.kept.iter().map(|&i| i as u32).collect(),
            split: data.split.clone(),
            model,
            config,
            fingerprint,
        })
    })
}

/// Fresh rows are for gradient steps; a method without any would leave them aside in silence.
fn refuse_idle_source(entry: &Entry, method: &dyn Method, data: &Prepared) -> Result<()> {
    let descends = || method.stages(data).iter().any(|stage| matches!(stage, Stage::Descent(_)));
    if data.source.is_none() || descends() {
        return Ok(());
    }
    let message = format!("rows: {} takes no gradient steps that could see fresh rows", entry.info.name);
    Err(Failure::new(Code::ConfigConflict, message).at("rows").hint("leave `rows` out"))
}

/// Opens the checkpoint folder; tells from where a resumed fit goes on.
fn begin(
    options: &FitOptions,
    identity: Identity,
    observer: &mut dyn Observer,
    upgrade: &dyn Fn(Value) -> Value,
) -> Result<(Option<Checkpoints>, Standing)> {
    match (&options.checkpoint, options.resume) {
        (None, false) => Ok((None, Standing::default())),
        (None, true) => Err(Failure::new(Code::ConfigMissing, "checkpoint is missing: a fit resumes from its folder")
            .at("checkpoint")
            .hint("give checkpoint.dir")),
        (Some(place), false) => Ok((Some(Checkpoints::begin(place, identity)?), Standing::default())),
        (Some(place), true) => {
            let (checkpoints, Found { standing, file, damaged }) = Checkpoints::resume(place, identity, upgrade)?;
            observer.event(&Event::Resumed { step: standing.step, file, damaged });
            Ok((Some(checkpoints), standing))
        }
    }
}
