//! One stage of gradient descent.

use super::batches::{Asked, Batches, batch_of, fresh_batch};
use super::encode::view;
use super::session::{Place, Session};
use super::stepper::Stepper;
use super::watch::Watch;
use crate::method::{Phase, Recipe, State};
use crate::observe::Event;
use crate::results::{Outcome, OutcomeKind};
use disentangle_data::prepare::Prepared;
use disentangle_data::{Result, Stream};
use std::borrow::Cow;

/// Minimises the network's loss by the recipe, from where the session stands; the curves join its history.
///
/// # Errors
/// Failures of candle and of writing checkpoints. Divergence and numbers that are not finite are outcomes; the best (or
/// last good) parameters stay.
pub fn descend(recipe: &Recipe, state: &mut State, session: &mut Session<'_>) -> Result<Outcome> {
    let (seen, name) = (seen(session.data, recipe.name, state)?, format!("{}{}", session.label, recipe.name));
    let data = seen.as_ref();
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
            let kind = watch.verdict(&descent, state)?;
            let term = (kind == OutcomeKind::Rising).then(|| format!("step {}", descent.marks.lowest_step));
            break Outcome { kind, step: at, term };
        }
        if let Some(outcome) = session.stop(Place::Step(state, &descent, &stepper))? {
            break outcome;
        }
        session.keep_if_due(Place::Step(state, &descent, &stepper))?;
        let draws = draws.at(descent.step as u32);
        let batch = match &data.source {
            Some(source) => fresh_batch(source, recipe, (session.seed, descent.step), draws, state)?,
            None => {
                let progress = recipe.progress(descent.step);
                let asked = Asked { stage: recipe.name, phase: Phase::Train, progress };
                batch_of(data, &batches.at(descent.step), draws, asked, state.params.device())?
            }
        };
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

/// The data as a descent sees them: with what resting layers make of the inputs in their place, where there are such.
fn seen<'a>(data: &'a Prepared, stage: &str, state: &State) -> Result<Cow<'a, Prepared>> {
    Ok(match view(state, stage, &data.inputs)? {
        None => Cow::Borrowed(data),
        Some(inputs) => Cow::Owned(data.with_inputs(inputs)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::Keep;
    use crate::method::{Batch, Batching, Network, Term};
    use crate::observe::Silent;
    use disentangle_data::prepare::{PrepareConfig, Standardize, prepare};
    use disentangle_data::{Dataset, Matrix};
    use disentangle_nn::optim::Schedule;
    use disentangle_nn::{Device, Tensor, Var};
    use disentangle_nn::{Init, Params, mean_squared_error};

    /// Learns the mean of what it sees; the second descent stands on a layer that doubles and turns the sign.
    struct Mean(Var);

    impl Network for Mean {
        fn loss(&self, batch: &Batch) -> disentangle_nn::Result<Vec<Term>> {
            let mean = self.0.broadcast_as(batch.inputs.shape())?;
            Ok(vec![Term { name: "fit", value: mean_squared_error(&mean, &batch.inputs)? }])
        }

        fn view(&self, stage: &str, inputs: &Tensor) -> disentangle_nn::Result<Option<Tensor>> {
            (stage == "second").then(|| inputs * -2.0).transpose()
        }

        fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
            Ok(inputs.clone())
        }
    }

    #[test]
    fn a_descent_sees_the_output_of_the_layers_it_stands_on_in_training_and_in_validation() {
        let data = Dataset {
            inputs: Matrix::from_fn(5000, 1, |i, _| 1.0 + (i % 3) as f32),
            input_names: vec!["x".into()],
            ..Dataset::default()
        };
        let config = PrepareConfig { standardize: Standardize::None, ..PrepareConfig::default() };
        let data = prepare(&data, &config, 0).expect("prepares");
        for (stage, mean) in [("first", 2.0), ("second", -4.0)] {
            let mut params = Params::new(&Device::Cpu);
            let network = Box::new(Mean(params.insert("mean", &[1], &Init::ZEROS, 0).expect("a parameter")));
            let mut state = State { params, network, solved: Default::default() };
            let recipe = Recipe {
                keep: Keep::Best,
                ..Recipe::plain(stage, 400, Batching::Rows(500), 0.05, Schedule::Cosine { warmup: 0.03, floor: 1e-4 })
            };
            let mut silent = Silent;
            let mut session = Session::new(&data, 0, &mut silent);
            descend(&recipe, &mut state, &mut session).expect("it descends");
            let got = state.params.export().expect("exports")[0].values[0];
            // The mean over 2500 training rows of a standard deviation of at most 1.7.
            assert!((got - mean).abs() < 0.15, "{stage}: {got} is not {mean}");
            let validation = session.standing.history.stages[0].validation.as_ref().expect("a quarter of the rows");
            let variance = 2.0 / 3.0 * f64::from(mean / 2.0).powi(2);
            assert!(validation.values.last().is_some_and(|v| (v / variance - 1.0).abs() < 0.1), "{validation:?}");
        }
    }
}
