//! One stage of gradient descent.

use super::batches::{Batches, batch_of};
use super::observe::Event;
use super::session::{Place, Session};
use super::stepper::Stepper;
use super::watch::Watch;
use crate::method::{Phase, Recipe, State};
use crate::results::{Outcome, OutcomeKind};
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
    let mut stepper = Stepper::new(recipe, &state.params);
    session.observer.event(&Event::Stage { name: name.clone() });
    let (mut descent, mut broken) = match session.standing.descent.take() {
        Some(descent) => (stepper.resume(descent, &state.params)?, None),
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
        if let Some(outcome) = session.stop(Place::Step(state, &descent, &stepper))? {
            break outcome;
        }
        session.keep_if_due(Place::Step(state, &descent, &stepper))?;
        let draws = draws.at(descent.step as u32);
        let asked = (recipe.name, Phase::Train);
        let batch = batch_of(data, &batches.at(descent.step), draws, asked, state.params.device())?;
        let taken = match stepper.step(&batch, descent.step, state)? {
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
