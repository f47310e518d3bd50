//! One stage of gradient descent.

use super::batches::{Batches, batch_of};
use super::internal;
use super::observe::Event;
use super::session::{Place, Session};
use super::standing::Descent;
use super::watch::{Watch, culprit};
use crate::method::{Batch, Recipe, State};
use crate::nn::{Gradients, Params};
use crate::optim::{Adam, OptimState, StepSize, clip_factor};
use crate::results::{Outcome, OutcomeKind};
use candle_core::{DType, Device, Tensor};
use disentangle_data::{Result, Stream};

/// Minimises the network's loss by the recipe, from where the session stands; the curves join its history.
///
/// # Errors
/// Failures of candle and of writing checkpoints. Divergence and numbers that are not finite are outcomes; the best (or
/// last good) parameters stay.
pub fn descend(recipe: &Recipe, state: &mut State, session: &mut Session<'_>) -> Result<Outcome> {
    let (data, name) = (session.data, format!("{}{}", session.label, recipe.name));
    let watch = Watch::new(recipe, data, session.seed);
    let mut batches = Batches::of(data, recipe.batches, session.seed);
    let draws = Stream::new(session.seed, "draws");
    let mut adam = Adam::new(&state.params, recipe.adam);
    session.observer.event(&Event::Stage { name: name.clone() });
    let (mut descent, mut broken) = match session.standing.descent.take() {
        Some(descent) => (resume(descent, &mut adam, &state.params)?, None),
        None => watch.begin(name, state)?,
    };
    let (mut last, mut told) = (None, descent.step);
    let end = loop {
        let at = session.standing.step;
        if let Some(term) = broken {
            break Outcome { kind: OutcomeKind::NonFinite, step: at, term: Some(term) };
        }
        if let Some(kind) = watch.ends(&descent) {
            break Outcome { kind, step: at, term: None };
        }
        if descent.step == recipe.steps {
            break Outcome { kind: watch.verdict(&descent), step: at, term: None };
        }
        if let Some(outcome) = session.stop(Place::Step(state, &descent, &adam))? {
            break outcome;
        }
        session.keep_if_due(Place::Step(state, &descent, &adam))?;
        let draws = draws.at(descent.step as u32);
        let batch = batch_of(data, &batches.at(descent.step), draws, state.params.device())?;
        let taken = match step(recipe, &batch, descent.step, state, &mut adam)? {
            Ok(taken) => taken,
            Err(term) => break Outcome { kind: OutcomeKind::NonFinite, step: at, term: Some(term) },
        };
        descent.step += 1;
        session.standing.step += 1;
        broken = watch.note(&mut descent, &taken, state)?;
        if session.observer.due() {
            told = descent.step;
            session.observer.event(&Event::Progress(watch.progress(&descent, &taken)));
        }
        last = Some(taken);
    };
    if let (Some(taken), true) = (last, told != descent.step) {
        session.observer.event(&Event::Progress(watch.progress(&descent, &taken)));
    }
    watch.settle(&descent, end.kind, state)?;
    session.standing.history.stages.push(descent.curves);
    Ok(end)
}

fn resume(mut descent: Descent, adam: &mut Adam, params: &Params) -> Result<Descent> {
    let state = OptimState { steps: descent.step as u64, moments: std::mem::take(&mut descent.moments) };
    adam.restore(params, &state).map_err(internal)?;
    Ok(descent)
}

/// What a step has seen.
pub(super) struct Taken {
    pub(super) terms: Vec<(&'static str, f64)>,
    pub(super) gradient_norm: f64,
}

impl Taken {
    pub(super) fn loss(&self) -> f64 {
        self.terms.iter().map(|(_, value)| value).sum()
    }
}

/// One step; or, with nothing changed, the name of the term, parameter or gradient that is not finite.
fn step(
    recipe: &Recipe,
    batch: &Batch,
    step: usize,
    state: &State,
    adam: &mut Adam,
) -> Result<std::result::Result<Taken, String>> {
    let terms = state.network.loss(batch).map_err(internal)?;
    let values: Vec<_> = terms.iter().map(|t| Ok((t.name, number(&t.value)?))).collect::<Result<_>>()?;
    if let Some((name, _)) = values.iter().find(|(_, value)| !value.is_finite()) {
        return Ok(Err(culprit(state, name)?));
    }
    let mut sum = terms.into_iter().map(|t| t.value);
    let first = sum.next().expect("a loss has at least one term");
    let total = sum.try_fold(first, |a, b| a + b).map_err(internal)?;
    let gradients = state.params.gradients(&total).map_err(internal)?;
    let norm = gradients.norm().map_err(internal)?;
    if !norm.is_finite() {
        return Ok(Err(broken_gradient(&state.params, &gradients)?));
    }
    let lr = recipe.learning_rate * recipe.schedule.factor(step as u64, recipe.steps as u64);
    let gradient_scale = recipe.clip.map_or(1.0, |limit| clip_factor(norm, limit));
    adam.step(&state.params, &gradients, StepSize { lr, gradient_scale }).map_err(internal)?;
    Ok(Ok(Taken { terms: values, gradient_norm: norm }))
}

fn broken_gradient(params: &Params, gradients: &Gradients) -> Result<String> {
    for (i, param) in params.iter().enumerate() {
        let values = gradients.tensor(i).and_then(|tensor| match tensor {
            Some(tensor) => tensor.to_device(&Device::Cpu)?.to_vec1::<f32>(),
            None => Ok(Vec::new()),
        });
        if values.map_err(internal)?.iter().any(|v| !v.is_finite()) {
            return Ok(format!("gradient of {}", param.name()));
        }
    }
    Ok("gradient".into())
}

/// The value of a scalar.
pub(super) fn number(scalar: &Tensor) -> Result<f64> {
    scalar.to_dtype(DType::F64).and_then(|value| value.to_scalar::<f64>()).map_err(internal)
}
