//! Numbers that leave the finite range, at a known step and place: the outcome names them and the last good state stays.

use crate::small::*;
use disentangle_data::prepare::{Prepared, prepare};
use disentangle_data::{Matrix, Result, Stream};
use disentangle_engine::entry::Entry;
use disentangle_engine::method::Solving;
use disentangle_engine::method::{Batch, Candidates, Dimensions, Findings, Method, Network, Phase, Stage, State, Term};
use disentangle_engine::observe::{Event, Observer};
use disentangle_engine::plan::Plan;
use disentangle_engine::results::{Outcome, OutcomeKind};
use disentangle_engine::train::{Asked, Session, batch_of, encode, train};
use disentangle_methods::METHODS;
use disentangle_nn::Params;
use disentangle_nn::{Device, Tensor, Var};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    Loss,
    Gradient,
    Parameter,
    Growth,
}

/// A method whose network fails in one step.
struct Faulty {
    inner: Box<dyn Method>,
    fault: Fault,
    at: usize,
    steps: Arc<AtomicUsize>,
}

struct FaultyNetwork {
    inner: Box<dyn Network>,
    fault: Fault,
    at: usize,
    steps: Arc<AtomicUsize>,
    victim: Var,
}

impl Network for FaultyNetwork {
    fn loss(&self, batch: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        let steps = self.steps.load(Ordering::Relaxed);
        if self.fault == Fault::Parameter && steps == self.at {
            self.victim.set(&(self.victim.as_tensor() * f64::NAN)?)?;
        }
        let mut terms = self.inner.loss(batch)?;
        let first = &mut terms[0].value;
        match self.fault {
            Fault::Loss if steps == self.at => *first = (&*first * f64::NAN)?,
            Fault::Gradient if steps == self.at => {
                // Zero, with a slope that is not finite.
                let sum = self.victim.sum_all()?;
                *first = (&*first + (&sum - sum.detach())?.sqrt()?)?;
            }
            Fault::Growth => *first = (first.abs()? * 10f64.powi(steps as i32))?,
            _ => {}
        }
        Ok(terms)
    }

    fn view(&self, stage: &str, inputs: &Tensor) -> disentangle_nn::Result<Option<Tensor>> {
        self.inner.view(stage, inputs)
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        self.inner.encode(inputs)
    }
}

impl Method for Faulty {
    fn network(&self, d: &Dimensions, params: &mut Params, seed: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        let inner = self.inner.network(d, params, seed)?;
        let victim = params.iter().nth(1).expect("a network has two parameters").var().clone();
        Ok(Box::new(FaultyNetwork { inner, fault: self.fault, at: self.at, steps: self.steps.clone(), victim }))
    }

    fn config(&self) -> serde_json::Value {
        self.inner.config()
    }
    fn check(&self, data: &Prepared) -> Result<()> {
        self.inner.check(data)
    }
    fn candidates(&self, data: &Prepared) -> Option<Candidates> {
        self.inner.candidates(data)
    }
    fn with_candidate(&self, value: usize) -> Box<dyn Method> {
        self.inner.with_candidate(value)
    }
    fn stages(&self, data: &Prepared) -> Vec<Stage> {
        self.inner.stages(data)
    }
    fn solve(&self, stage: &str, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
        self.inner.solve(stage, data, state, solving)
    }
    fn predict(&self, state: &State, latents: &Matrix, nodes: &[u32]) -> Option<Vec<f32>> {
        self.inner.predict(state, latents, nodes)
    }
    fn findings(&self, data: &Prepared, state: &State, latents: &Matrix) -> Result<Findings> {
        self.inner.findings(data, state, latents)
    }
}

/// Counts steps where the network can see them.
struct Counter(Arc<AtomicUsize>);

impl Observer for Counter {
    fn event(&mut self, event: &Event) {
        if matches!(event, Event::Progress(_)) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn cancelled(&self) -> bool {
        false
    }
}

struct Ended {
    outcome: Outcome,
    state: State,
    data: Prepared,
    term: &'static str,
    victim: String,
}

fn run(entry: &Entry, fault: Fault, at: usize, keep: &str) -> Ended {
    let plan = Plan::check(METHODS, &config(entry, json!({ "keep": keep }))).expect("a valid configuration");
    let data = prepare(&world(), &plan.options.prepare, plan.options.seed).expect("a valid world");
    let steps = Arc::new(AtomicUsize::new(0));
    let method = Faulty { inner: plan.method, fault, at, steps: steps.clone() };
    let mut params = Params::new(&Device::Cpu);
    let network = method.network(&Dimensions::of(&data), &mut params, 5).expect("a network");
    let victim = params.iter().nth(1).expect("two parameters").name().to_owned();
    let mut state = State { params, network, solved: BTreeMap::new() };
    let mut observer = Counter(steps);
    let mut session = Session::new(&data, 5, &mut observer);
    let outcome = train(&method, &mut state, &mut session).expect("an outcome, not an error");
    assert_finite(&serde_json::to_value(&session.standing.history).expect("plain data"));
    let batch = batch_of(
        &data,
        &[0, 1],
        Stream::new(0, "draws"),
        Asked { stage: "joint", phase: Phase::Train, progress: 0.0 },
        &Device::Cpu,
    )
    .expect("two rows");
    let term = method.inner.network(&Dimensions::of(&data), &mut Params::new(&Device::Cpu), 5).expect("a network");
    let term = term.loss(&batch).expect("a loss")[0].name;
    Ended { outcome, state, data, term, victim }
}

/// What is not finite would be `null`.
fn assert_finite(history: &serde_json::Value) {
    assert!(!history.to_string().contains("null"), "{history}");
}

#[test]
fn a_number_that_is_not_finite_ends_the_fit_at_its_step_with_its_name_and_the_last_good_state() {
    for entry in descents_at_once() {
        for keep in ["best", "last"] {
            for at in [0, 1, 13, STEPS - 1] {
                for fault in [Fault::Loss, Fault::Gradient, Fault::Parameter] {
                    let Ended { outcome, state, data, term, victim } = run(entry, fault, at, keep);
                    let place = format!("{} {fault:?} at {at}, keep {keep}: {outcome:?}", entry.info.name);
                    let name = match fault {
                        Fault::Gradient => format!("gradient of {victim}"),
                        Fault::Parameter => victim,
                        _ => term.to_owned(),
                    };
                    assert_eq!((outcome.kind, outcome.step), (OutcomeKind::NonFinite, at), "{place}");
                    // Before the first step it is the validation that meets a fault of step 0.
                    let met: &[&str] = if at == 0 { &[&name, "validation"] } else { &[&name] };
                    assert!(met.contains(&outcome.term.as_deref().unwrap_or_default()), "{place}");
                    if at > 0 {
                        let norm = state.params.norm().expect("a norm");
                        assert!(norm.is_finite() && encode(&state, &data.inputs).is_ok(), "{place}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_loss_that_grows_without_bound_is_called_divergence() {
    for entry in descents_at_once() {
        let Ended { outcome, state, data, .. } = run(entry, Fault::Growth, 0, "last");
        assert_eq!(outcome.kind, OutcomeKind::Diverged, "{}", entry.info.name);
        assert!(outcome.step < STEPS && encode(&state, &data.inputs).is_ok());
    }
}
