//! From a configuration and a data set to a result: prepare, choose, train, summarise.

use crate::method::{Candidates, Dimensions, Findings, Method, State};
use crate::methods::Entry;
use crate::model;
use crate::nn::{Compute, Params};
use crate::plan::{Plan, canonical};
use crate::regression::latent_names;
use crate::results::{
    Assumption, Candidate, Choice, ErrorRow, Fact, History, LatentSummary, Outcome, OutcomeKind, Status, Summary,
};
use crate::rows;
use crate::train::{self, Observer};
use disentangle_data::prepare::{Prepared, prepare};
use disentangle_data::split::Split;
use disentangle_data::{Dataset, Matrix, Result};
use serde_json::Value;
use std::collections::BTreeMap;

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

/// Fits the method of a configuration to a data set.
///
/// # Errors
/// `CONFIG_*` and `DATA_*` before anything is computed; `NUMERIC_*` from solved stages. Not converging is an outcome.
pub fn fit(config: &Value, dataset: &Dataset, observer: &mut dyn Observer) -> Result<RunResult> {
    let Plan { entry, options, method } = Plan::check(config)?;
    dataset.check_shapes()?;
    let data = prepare(dataset, &options.prepare, options.seed)?;
    method.check(&data)?;
    let device = crate::device::open(options.device)?;
    Compute::with_threads(options.threads).run(|| {
        let fitted = choose(method, &data, options.seed, &device, observer)?;
        let latents = train::encode(&fitted.state, &data.inputs)?;
        let summary = summarise(entry, &data, &fitted, &latents)?;
        let config = canonical(entry, &options, fitted.method.as_ref());
        let fingerprint = dataset.fingerprint();
        let model = model::pack(&config, &data, &fitted.state, &fingerprint)?;
        Ok(RunResult {
            outcome: fitted.outcome,
            history: fitted.history,
            summary,
            latents,
            rows: data.kept.iter().map(|&i| i as u32).collect(),
            split: data.split.clone(),
            model,
            config,
            fingerprint,
        })
    })
}

/// A trained method, and how its open hyper-parameter was chosen.
struct Fitted {
    method: Box<dyn Method>,
    state: State,
    outcome: Outcome,
    history: History,
    choice: Option<Choice>,
}

/// What the parameters depend on.
pub fn dimensions(data: &Prepared) -> Dimensions {
    Dimensions { inputs: data.inputs.cols(), parents: rows::parents(data) }
}

fn run(
    method: Box<dyn Method>,
    data: &Prepared,
    seed: u64,
    device: &candle_core::Device,
    label: &str,
    observer: &mut dyn Observer,
) -> Result<Fitted> {
    let mut params = Params::new(device);
    let network = method.network(&dimensions(data), &mut params, seed).map_err(train::internal)?;
    let mut state = State { params, network, solved: BTreeMap::new() };
    let (outcome, history) = train::train(method.as_ref(), data, &mut state, seed, label, observer)?;
    Ok(Fitted { method, state, outcome, history, choice: None })
}

/// Trains the method, once per candidate where a hyper-parameter is open, and takes the smallest that is good enough.
fn choose(
    method: Box<dyn Method>,
    data: &Prepared,
    seed: u64,
    device: &candle_core::Device,
    observer: &mut dyn Observer,
) -> Result<Fitted> {
    let Some(Candidates { parameter, values }) = method.candidates(data) else {
        return run(method, data, seed, device, "", observer);
    };
    let mut tried: Vec<(Candidate, f64, Fitted)> = Vec::new();
    let mut history = History::default();
    for value in values {
        let label = format!("{parameter}={value} ");
        let fitted = run(method.with_candidate(value), data, seed, device, &label, observer)?;
        history.stages.extend(fitted.history.stages.iter().cloned());
        let stopped = fitted.outcome.kind == OutcomeKind::Cancelled;
        let (validation, error) = validation_error(data, &fitted)?;
        tried.push((Candidate { value, validation }, error, fitted));
        if stopped {
            break;
        }
    }
    let curve: Vec<Candidate> = tried.iter().map(|(candidate, ..)| *candidate).collect();
    let (at, rule) = smallest_good(&curve, &tried.iter().map(|(_, error, _)| *error).collect::<Vec<_>>());
    let steps = tried.iter().map(|(.., fitted)| fitted.outcome.step).sum();
    let (candidate, _, mut fitted) = tried.swap_remove(at);
    fitted.outcome.step = steps;
    fitted.history = history;
    fitted.choice = Some(Choice { parameter: parameter.into(), chosen: candidate.value, rule, curve });
    Ok(fitted)
}

/// Index of the smallest candidate within one standard error, or 2 %, of the best.
fn smallest_good(curve: &[Candidate], errors: &[f64]) -> (usize, String) {
    let best = (0..curve.len()).min_by(|&a, &b| curve[a].validation.total_cmp(&curve[b].validation)).unwrap_or(0);
    let bound = curve[best].validation + errors[best].max(0.02 * curve[best].validation);
    let at = curve.iter().position(|c| c.validation <= bound).unwrap_or(best);
    let rule = "the smallest value whose validation error is within one standard error, or 2 %, of the lowest";
    (at, rule.to_owned())
}

/// Mean squared error on the validation rows, in squared units of the target, and its standard error.
fn validation_error(data: &Prepared, fitted: &Fitted) -> Result<(f64, f64)> {
    let rows = data.rows_of(Split::Validation);
    let Some(squares) = squared_errors(data, fitted, &rows, None)? else { return Ok((f64::MAX, 0.0)) };
    let n = squares.len().max(1) as f64;
    let mean = squares.iter().sum::<f64>() / n;
    let variance = squares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n;
    Ok((mean, (variance / n).sqrt()))
}

/// Squared errors of the predicted target in its own units; `None` for methods that predict none.
fn squared_errors(
    data: &Prepared,
    fitted: &Fitted,
    picked: &[usize],
    latents: Option<&Matrix>,
) -> Result<Option<Vec<f64>>> {
    let encoded = match latents {
        Some(latents) => latents.select_rows(picked),
        None => train::encode(&fitted.state, &data.inputs.select_rows(picked))?,
    };
    let nodes: Vec<u32> = picked.iter().map(|&i| data.nodes[i]).collect();
    let Some(predicted) = fitted.method.predict(&fitted.state, &encoded, &nodes) else { return Ok(None) };
    let (unit, target) = (rows::target_unit(data), rows::target(data, picked));
    Ok(Some(predicted.iter().zip(&target).map(|(p, y)| (f64::from(p - y) * unit).powi(2)).collect()))
}

fn summarise(entry: &Entry, data: &Prepared, fitted: &Fitted, latents: &Matrix) -> Result<Summary> {
    let Findings { heads, tree, map, mut assumptions, mut warnings, facts } =
        fitted.method.findings(data, &fitted.state, latents)?;
    let errors = error_rows(data, fitted, latents)?;
    assumptions.extend(predictable(&errors));
    warnings.splice(0..0, data.warnings.iter().cloned());
    Ok(Summary {
        method: entry.info.name.into(),
        latents: latent_summary(&latents.select_rows(&data.rows_of(Split::Train))),
        errors,
        heads,
        tree,
        map,
        choices: fitted.choice.iter().cloned().collect(),
        assumptions,
        warnings,
        facts: with_parameters(facts, &fitted.state),
    })
}

fn with_parameters(mut facts: Vec<Fact>, state: &State) -> Vec<Fact> {
    let count: usize = state.params.iter().map(|p| p.var().elem_count()).sum();
    facts.push(Fact::new("parameters", "trained parameters", count as f64));
    facts
}

fn latent_summary(latents: &Matrix) -> LatentSummary {
    let n = latents.rows().max(1) as f64;
    let column = |j: usize| (0..latents.rows()).map(move |i| f64::from(latents[(i, j)]));
    let mean: Vec<f64> = (0..latents.cols()).map(|j| column(j).sum::<f64>() / n).collect();
    let sd = (0..latents.cols()).map(|j| (column(j).map(|v| (v - mean[j]).powi(2)).sum::<f64>() / n).sqrt()).collect();
    LatentSummary { names: latent_names(latents.cols()), mean, sd }
}

/// Errors per split, over all rows and per environment, beside those of predicting the mean of the training rows.
fn error_rows(data: &Prepared, fitted: &Fitted, latents: &Matrix) -> Result<Vec<ErrorRow>> {
    let all: Vec<usize> = (0..data.inputs.rows()).collect();
    let Some(squares) = squared_errors(data, fitted, &all, Some(latents))? else { return Ok(Vec::new()) };
    let (unit, target) = (rows::target_unit(data), rows::target(data, &all));
    let train_rows = data.rows_of(Split::Train);
    let mean = train_rows.iter().map(|&i| f64::from(target[i])).sum::<f64>() / train_rows.len().max(1) as f64;
    let names = rows::environment_names(data);
    let mut out = Vec::new();
    for (split, word) in [(Split::Train, "train"), (Split::Validation, "validation"), (Split::Test, "test")] {
        let rows = data.rows_of(split);
        let row = |environment: Option<String>, rows: &[usize]| {
            let n = rows.len() as f64;
            let mse = rows.iter().map(|&i| squares[i]).sum::<f64>() / n;
            let mean_mse = rows.iter().map(|&i| ((f64::from(target[i]) - mean) * unit).powi(2)).sum::<f64>() / n;
            ErrorRow { split: word.into(), environment, rows: rows.len(), mse, mean_mse }
        };
        if rows.is_empty() {
            continue;
        }
        out.push(row(None, &rows));
        for (node, name) in names.iter().enumerate() {
            let here: Vec<usize> = rows.iter().copied().filter(|&i| data.nodes[i] as usize == node).collect();
            if !here.is_empty() {
                out.push(row(Some(name.clone()), &here));
            }
        }
    }
    Ok(out)
}

/// A latent code that predicts nothing means nothing.
fn predictable(errors: &[ErrorRow]) -> Option<Assumption> {
    let row = errors.iter().find(|e| e.split == "test" && e.environment.is_none())?;
    let explained = 1.0 - row.mse / row.mean_mse;
    let status = match explained {
        r if r >= 0.2 => Status::Ok,
        r if r > 0.02 => Status::Warning,
        _ => Status::Violated,
    };
    Some(Assumption {
        id: "target-predictable".into(),
        question: "Do the latents predict the target on new rows?".into(),
        status,
        finding: format!(
            "Error on test rows {:.4}, against {:.4} for the training mean: {:.1} % of the variance is explained.",
            row.mse,
            row.mean_mse,
            100.0 * explained
        ),
    })
}
