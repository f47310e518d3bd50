//! One stage of gradient descent.

use super::batches::{Batches, batch_of};
use super::internal;
use super::observe::{Event, Observer, Progress};
use crate::method::{Keep, Recipe, State};
use crate::nn::NamedValues;
use crate::optim::{Adam, StepSize};
use crate::results::{Curve, Outcome, OutcomeKind, StageHistory};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Result, Stream};
use std::collections::BTreeMap;

/// Points of a loss curve, and validations, per stage: enough to draw, few enough to read.
const POINTS: usize = 200;
const VALIDATIONS: usize = 25;
/// Validation rows that are looked at, at most.
const VALIDATION_ROWS: usize = 8192;
/// A validation loss this many times the first one is called divergence.
const DIVERGENCE: f64 = 1e3;
/// The stage has converged when the validation loss moved by less than this share over the last fifth of the steps.
const STILL: f64 = 0.01;

/// Minimises the network's loss by the recipe.
///
/// # Errors
/// Failures of candle. Divergence and numbers that are not finite are outcomes; the best (or last good) parameters stay.
pub fn descend(
    recipe: &Recipe,
    data: &Prepared,
    state: &mut State,
    seed: u64,
    label: &str,
    observer: &mut dyn Observer,
) -> Result<(Outcome, StageHistory)> {
    let mut watch = Watch::new(recipe, data, state, seed, label)?;
    let mut batches = Batches::new(data.rows_of(Split::Train), recipe.batch_size, seed);
    let mut adam = Adam::new(&state.params, recipe.adam);
    observer.event(&Event::Stage { name: watch.history.name.clone() });
    let mut end = None;
    for step in 0..recipe.steps {
        if observer.cancelled() {
            end = Some(Outcome { kind: OutcomeKind::Cancelled, step, term: None });
            break;
        }
        let batch = batch_of(data, &batches.at(step), state.params.device())?;
        let terms = state.network.loss(&batch).map_err(internal)?;
        let values = values_of(&terms)?;
        if let Some((name, _)) = values.iter().find(|(_, v)| !v.is_finite()) {
            end = Some(Outcome { kind: OutcomeKind::NonFinite, step, term: Some((*name).to_owned()) });
            break;
        }
        let mut sum = terms.into_iter().map(|t| t.value);
        let first = sum.next().expect("a loss has at least one term");
        let total = sum.try_fold(first, |a, b| a + b).map_err(internal)?;
        let gradients = state.params.gradients(&total).map_err(internal)?;
        if !gradients.norm().map_err(internal)?.is_finite() {
            end = Some(Outcome { kind: OutcomeKind::NonFinite, step, term: Some("gradient".into()) });
            break;
        }
        let rate = recipe.learning_rate * recipe.schedule.factor(step as u64, recipe.steps as u64);
        adam.step(&state.params, &gradients, StepSize::new(rate)).map_err(internal)?;
        watch.note(step + 1, &values, state, data)?;
        observer.event(&Event::Progress(watch.progress(step + 1, &values)));
        if watch.diverged() {
            end = Some(Outcome { kind: OutcomeKind::Diverged, step: step + 1, term: None });
            break;
        }
    }
    let end = end.unwrap_or_else(|| Outcome { kind: watch.verdict(), step: recipe.steps, term: None });
    watch.keep_best(state)?;
    Ok((end, watch.history))
}

fn values_of(terms: &[crate::method::Term]) -> Result<Vec<(&'static str, f64)>> {
    terms
        .iter()
        .map(|t| {
            let value =
                t.value.to_dtype(candle_core::DType::F64).and_then(|v| v.to_scalar::<f64>()).map_err(internal)?;
            Ok((t.name, value))
        })
        .collect()
}

/// Curves, validation and the best parameters so far.
struct Watch {
    recipe: Recipe,
    history: StageHistory,
    since: BTreeMap<&'static str, (f64, usize)>,
    rows: Vec<usize>,
    best: Option<(f64, Vec<NamedValues>)>,
}

impl Watch {
    fn new(recipe: &Recipe, data: &Prepared, state: &State, seed: u64, label: &str) -> Result<Self> {
        let mut rows = data.rows_of(Split::Validation);
        let mut stream = Stream::new(seed, "validation-rows");
        if rows.len() > VALIDATION_ROWS {
            rows = stream.permutation(rows.len()).into_iter().take(VALIDATION_ROWS).map(|i| rows[i]).collect();
            rows.sort_unstable();
        }
        let history = StageHistory { name: format!("{label}{}", recipe.name), ..StageHistory::default() };
        let mut watch = Self { recipe: recipe.clone(), history, since: BTreeMap::new(), rows, best: None };
        watch.validate(0, state, data)?;
        Ok(watch)
    }

    fn note(&mut self, step: usize, values: &[(&'static str, f64)], state: &State, data: &Prepared) -> Result<()> {
        let total = values.iter().map(|(_, v)| v).sum();
        for &(name, value) in values.iter().chain(&[("total", total)]) {
            let (sum, count) = self.since.entry(name).or_default();
            *sum += value;
            *count += 1;
        }
        let due = |times: usize| step % (self.recipe.steps / times).max(1) == 0 || step == self.recipe.steps;
        if due(POINTS) {
            self.history.steps.push(step);
            for (name, (sum, count)) in std::mem::take(&mut self.since) {
                self.history.terms.entry(name.to_owned()).or_default().push(sum / count as f64);
            }
        }
        if due(VALIDATIONS) {
            self.validate(step, state, data)?;
        }
        Ok(())
    }

    fn validate(&mut self, step: usize, state: &State, data: &Prepared) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let (mut sum, mut count) = (0.0, 0usize);
        for rows in self.rows.chunks(super::CHUNK) {
            let batch = batch_of(data, rows, state.params.device())?;
            let terms = state.network.loss(&batch).map_err(internal)?;
            sum += values_of(&terms[..1])?[0].1 * rows.len() as f64;
            count += rows.len();
        }
        let value = sum / count as f64;
        let curve = self.history.validation.get_or_insert_with(Curve::default);
        if !value.is_finite() {
            return Ok(());
        }
        curve.steps.push(step);
        curve.values.push(value);
        if self.recipe.keep == Keep::Best && self.best.as_ref().is_none_or(|(lowest, _)| value < *lowest) {
            self.best = Some((value, state.params.export().map_err(internal)?));
        }
        Ok(())
    }

    fn progress(&self, step: usize, values: &[(&'static str, f64)]) -> Progress {
        Progress {
            stage: self.history.name.clone(),
            step,
            steps: self.recipe.steps,
            loss: values.iter().map(|(_, v)| v).sum(),
            terms: values.iter().map(|&(name, value)| (name.to_owned(), value)).collect(),
            validation: self.history.validation.as_ref().and_then(|curve| curve.values.last().copied()),
        }
    }

    fn diverged(&self) -> bool {
        let values = self.history.validation.as_ref().map(|curve| curve.values.as_slice()).unwrap_or_default();
        matches!((values.first(), values.last()), (Some(first), Some(last)) if *last > DIVERGENCE * first.max(1e-12))
    }

    fn verdict(&self) -> OutcomeKind {
        let values = self.history.validation.as_ref().map(|curve| curve.values.as_slice()).unwrap_or_default();
        let (Some(last), true) = (values.last(), values.len() >= 5) else { return OutcomeKind::StepLimit };
        let before = values[values.len() - 1 - values.len() / 5];
        if (before - last).abs() <= STILL * last.abs() { OutcomeKind::Converged } else { OutcomeKind::StepLimit }
    }

    fn keep_best(&self, state: &State) -> Result<()> {
        match &self.best {
            Some((_, values)) => state.params.import(values).map_err(internal),
            None => Ok(()),
        }
    }
}
