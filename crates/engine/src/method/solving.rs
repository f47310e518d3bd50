//! What a solved stage is given besides its data and its state.

use crate::observe::{Event, Observer, Progress};
use crate::results::StageHistory;
use std::collections::BTreeMap;

/// The side of a solved stage that faces the user: cancelling, progress and curves.
pub struct Solving<'a> {
    /// Seed of every random number.
    pub seed: u64,
    /// Curves of the stage, kept in the history where there are any.
    pub curves: StageHistory,
    observer: &'a mut dyn Observer,
}

impl<'a> Solving<'a> {
    /// Announces the stage.
    pub fn new(name: String, seed: u64, observer: &'a mut dyn Observer) -> Self {
        observer.event(&Event::Stage { name: name.clone() });
        Self { seed, curves: StageHistory { name, ..StageHistory::default() }, observer }
    }

    /// Whether the user wants the fit to stop.
    pub fn cancelled(&self) -> bool {
        self.observer.cancelled()
    }

    /// Tells where the stage stands, when somebody wants to know: iterations so far, at most, and the objective.
    pub fn progress(&mut self, step: usize, steps: usize, loss: f64) {
        if self.observer.due() {
            let stage = self.curves.name.clone();
            let terms = BTreeMap::new();
            self.observer.event(&Event::Progress(Progress { stage, step, steps, loss, terms, validation: None }));
        }
    }
}
