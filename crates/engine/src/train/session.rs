//! What accompanies a fit: its data, who watches it, what ends it and where it is kept.

use super::standing::{Descent, Standing, Weights};
use super::stepper::Stepper;
use crate::method::State;
use crate::observe::{Event, Observer};
use crate::results::{Outcome, OutcomeKind};
use disentangle_data::Result;
use disentangle_data::prepare::Prepared;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a fit may use up. At a limit, descents end with the parameters they would keep, solved stages still run, and
/// the outcome is `step-limit` with the budget as its term.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Budgets {
    /// Gradient steps over all candidates and stages, counted from the beginning of the fit, also after a resumption.
    #[schemars(range(min = 1))]
    pub steps: Option<usize>,
    /// Milliseconds, counted from the start of this process's part of the fit. The result then depends on the machine.
    #[schemars(range(min = 0.0))]
    pub elapsed_ms: Option<f64>,
}

/// Keeps where a fit stands, for another process to go on from.
pub trait Keeper {
    /// Whether it is time, `step` steps and `elapsed` milliseconds into the fit.
    fn due(&self, step: usize, elapsed: Option<f64>) -> bool;

    /// Keeps it; gives the name under which it is found again.
    ///
    /// # Errors
    /// `FILE_WRITE`; what was kept before is untouched then.
    fn write(&mut self, standing: &Standing) -> Result<String>;

    /// Takes note of the time that keeping took.
    fn note(&mut self, step: usize, began: Option<f64>, ended: Option<f64>);
}

/// A running fit.
pub struct Session<'a> {
    /// What is learnt from.
    pub data: &'a Prepared,
    /// Seed of every random number.
    pub seed: u64,
    /// Who watches.
    pub observer: &'a mut dyn Observer,
    /// What may be used up.
    pub budgets: Budgets,
    /// Where checkpoints go.
    pub checkpoints: Option<Box<dyn Keeper>>,
    /// Precedes the names of stages: which candidate is under way.
    pub label: String,
    /// Where the fit stands. Parameters and moments live on the device and are copied here for a checkpoint only.
    pub standing: Standing,
    /// What ended the fit before its time. Its checkpoint is written once: later stages must not replace it.
    pub stopped: Option<Stop>,
}

/// What ends a fit before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The user.
    Cancelled,
    /// The budget of steps.
    Steps,
    /// The budget of time.
    Time,
}

impl Stop {
    pub(crate) fn outcome(self, step: usize) -> Outcome {
        let (kind, term) = match self {
            Stop::Cancelled => (OutcomeKind::Cancelled, None),
            Stop::Steps => (OutcomeKind::StepLimit, Some("budget of steps")),
            Stop::Time => (OutcomeKind::StepLimit, Some("budget of time")),
        };
        Outcome { kind, step, term: term.map(Into::into) }
    }
}

impl<'a> Session<'a> {
    /// A fit that begins now, watched, without budgets and checkpoints.
    pub fn new(data: &'a Prepared, seed: u64, observer: &'a mut dyn Observer) -> Self {
        Self {
            data,
            seed,
            observer,
            budgets: Budgets::default(),
            checkpoints: None,
            label: String::new(),
            standing: Standing::default(),
            stopped: None,
        }
    }

    /// The outcome, when the fit must end here: with a checkpoint of this very place.
    pub(crate) fn stop(&mut self, place: Place<'_>) -> Result<Option<Outcome>> {
        let Some(stop) = self.reason() else { return Ok(None) };
        if let (Place::Stage(_), Stop::Steps | Stop::Time) = (place, stop) {
            // A budget ends descents; what they have found is still solved for.
            return Ok(None);
        }
        if self.stopped.is_none() {
            self.stopped = Some(stop);
            self.keep(place)?;
        }
        Ok(Some(stop.outcome(self.standing.step)))
    }

    fn reason(&self) -> Option<Stop> {
        if self.observer.cancelled() {
            return Some(Stop::Cancelled);
        }
        let Budgets { steps, elapsed_ms } = self.budgets;
        if steps.is_some_and(|limit| self.standing.step >= limit) {
            return Some(Stop::Steps);
        }
        let limit = elapsed_ms?;
        self.observer.elapsed_ms().is_some_and(|now| now >= limit).then_some(Stop::Time)
    }

    /// Writes a checkpoint when it is time for one.
    pub(super) fn keep_if_due(&mut self, place: Place<'_>) -> Result<()> {
        match &self.checkpoints {
            Some(checkpoints) if checkpoints.due(self.standing.step, self.observer.elapsed_ms()) => self.keep(place),
            _ => Ok(()),
        }
    }

    fn keep(&mut self, place: Place<'_>) -> Result<()> {
        let Some(checkpoints) = &mut self.checkpoints else { return Ok(()) };
        let began = self.observer.elapsed_ms();
        if let Place::Stage(state) | Place::Step(state, ..) = place {
            self.standing.weights = Weights::of(state)?;
        }
        if let Place::Step(state, descent, stepper) = place {
            self.standing.descent = Some(stepper.kept(&state.params, descent)?);
        }
        let file = checkpoints.write(&self.standing)?;
        (self.standing.weights, self.standing.descent) = Default::default();
        checkpoints.note(self.standing.step, began, self.observer.elapsed_ms());
        self.observer.event(&Event::Checkpoint { step: self.standing.step, file });
        Ok(())
    }
}

/// Where in a fit a checkpoint is made, with what lives on the device there.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// Before a candidate begins.
    Candidate,
    /// Before a solved stage begins.
    Stage(&'a State),
    /// Between two steps of a descent.
    Step(&'a State, &'a Descent, &'a Stepper<'a>),
}
