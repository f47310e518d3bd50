//! A hyper-parameter that the user left open, decided by validation error.

use super::summarise::squared_errors;
use crate::method::{Batching, Candidates, Dimensions, Method, Recipe, Stage, State};
use crate::results::{Candidate, Choice, Outcome, OutcomeKind};
use crate::train::{self, Finished, Place, Score, Session, Weights};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Result, memory};
use disentangle_nn::Device;

/// A trained method, and how its open hyper-parameter was chosen.
pub(super) struct Fitted {
    pub(super) method: Box<dyn Method>,
    pub(super) state: State,
    pub(super) outcome: Outcome,
    pub(super) choice: Option<Choice>,
}

/// Trains the method, once per candidate where a hyper-parameter is open, from where the session stands; takes the
/// smallest candidate that is good enough.
pub(super) fn choose(method: Box<dyn Method>, device: &Device, session: &mut Session<'_>) -> Result<Fitted> {
    let open = method.candidates(session.data);
    let values: Vec<Option<usize>> = match &open {
        Some(Candidates { values, .. }) => values.iter().copied().map(Some).collect(),
        None => vec![None],
    };
    let of = |value: &Option<usize>| value.map(|value| method.with_candidate(value));
    while let Some(value) = values.get(session.standing.finished.len()) {
        if !session.standing.finished.is_empty() && session.stop(Place::Candidate)?.is_some() {
            break;
        }
        session.label = match (&open, value) {
            // Where there is nothing to choose from, nothing has to be told apart.
            (Some(Candidates { parameter, .. }), Some(value)) if values.len() > 1 => format!("{parameter}={value} "),
            _ => String::new(),
        };
        let candidate = of(value);
        let finished = run(candidate.as_deref().unwrap_or(method.as_ref()), device, session)?;
        let standing = &mut session.standing;
        standing.finished.push(finished);
        (standing.stage, standing.outcome) = (0, None);
    }
    let finished = &session.standing.finished;
    let (at, choice) = match &open {
        Some(Candidates { decided: Some(choice), .. }) => (0, Some(choice.clone())),
        Some(Candidates { parameter, values, .. }) => best(parameter, values, finished),
        None => (0, None),
    };
    let method = of(&values[at]).unwrap_or(method);
    let dimensions = Dimensions::of(session.data);
    let state = finished[at].weights.state(method.as_ref(), &dimensions, device, session.seed)?;
    let outcome = outcome(&finished[at].outcome, session);
    Ok(Fitted { method, state, outcome, choice })
}

fn run(method: &dyn Method, device: &Device, session: &mut Session<'_>) -> Result<Finished> {
    let resumed = std::mem::take(&mut session.standing.weights);
    let mut state = resumed.state(method, &Dimensions::of(session.data), device, session.seed)?;
    memory::claim(training(method, &state, session.data), "training")?;
    let outcome = train::train(method, &mut state, session)?;
    let whole = !matches!(outcome.kind, OutcomeKind::Cancelled | OutcomeKind::NonFinite | OutcomeKind::Diverged);
    let score = if whole { validation_error(method, session.data, &state)? } else { None };
    Ok(Finished { outcome, score, weights: Weights::of(&state)? })
}

/// Bytes that gradient steps take beside the data: of each parameter its value, gradient, two moments, and the best so far; of each row of
/// a batch its inputs, and what every layer gives, forwards and backwards; layers of images say it themselves.
fn training(method: &dyn Method, state: &State, data: &Prepared) -> u64 {
    let rows = |stage: &Stage| match stage {
        Stage::Descent(Recipe { batches: Batching::Rows(rows), .. }) => (*rows).min(data.rows()),
        _ => 0,
    };
    let rows = method.stages(data).iter().map(rows).max().unwrap_or(0) as u64;
    let shapes = state.params.iter().map(|param| param.var().dims());
    let (values, outputs) = shapes.fold((0u64, 0u64), |(values, outputs), shape| {
        let layer = if shape.len() == 2 { shape[0] as u64 } else { 0 };
        (values.saturating_add(shape.iter().map(|&n| n as u64).product()), outputs.saturating_add(layer))
    });
    let images = state.network.held_per_row() as u64;
    let row = outputs.saturating_mul(2).saturating_add(images).saturating_add(data.inputs.cols() as u64);
    values.saturating_mul(5).saturating_add(row.saturating_mul(rows)).saturating_mul(4)
}

/// Mean squared error on the validation rows, where the method predicts a target and has got that far.
fn validation_error(method: &dyn Method, data: &Prepared, state: &State) -> Result<Option<Score>> {
    let squares = match method.validation_errors(data, state)? {
        None => squared_errors(method, data, state, &data.rows_of(Split::Validation), None)?,
        own => own,
    };
    let Some(squares) = squares.filter(|squares| !squares.is_empty()) else { return Ok(None) };
    let n = squares.len().max(1) as f64;
    let mean = squares.iter().sum::<f64>() / n;
    let variance = squares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n;
    Ok(Some(Score { mean, error: (variance / n).sqrt() }))
}

/// Index of the smallest candidate within one standard error, or 2 %, of the best; the first when none has a score.
fn best(parameter: &str, values: &[usize], finished: &[Finished]) -> (usize, Option<Choice>) {
    let scored: Vec<(usize, Score)> = finished.iter().enumerate().filter_map(|(i, f)| Some((i, f.score?))).collect();
    let Some((_, lowest)) = scored.iter().min_by(|a, b| a.1.mean.total_cmp(&b.1.mean)) else { return (0, None) };
    let bound = lowest.mean + lowest.error.max(0.02 * lowest.mean);
    let (at, _) = scored.iter().find(|(_, score)| score.mean <= bound).expect("the lowest lies within its bound");
    let choice = Choice {
        parameter: parameter.into(),
        chosen: values[*at],
        rule: "the smallest value whose validation error is within one standard error, or 2 %, of the lowest".into(),
        curve: scored.iter().map(|(i, s)| Candidate { value: values[*i], validation: s.mean }).collect(),
    };
    (*at, Some(choice))
}

/// How the whole fit ended: what stopped it; otherwise how the chosen candidate ended, after the steps of all.
fn outcome(chosen: &Outcome, session: &Session<'_>) -> Outcome {
    match (session.stopped, chosen.kind) {
        (Some(stop), _) => stop.outcome(session.standing.step),
        (None, OutcomeKind::NonFinite | OutcomeKind::Diverged) => chosen.clone(),
        (None, _) => Outcome { step: session.standing.step, ..chosen.clone() },
    }
}
