//! What a caller sees of a running fit, and how it stops one.

use serde::Serialize;
use std::collections::BTreeMap;

/// Something that happened during a fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Event {
    /// A stage begins.
    Stage {
        /// Its name.
        name: String,
    },
    /// A step was taken.
    Progress(Progress),
}

/// Where a descent stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Name of the stage.
    pub stage: String,
    /// Steps taken in this stage.
    pub step: usize,
    /// Steps the stage will take at most.
    pub steps: usize,
    /// Total loss of the last step.
    pub loss: f64,
    /// Its weighted terms by name.
    pub terms: BTreeMap<String, f64>,
    /// Latest loss on validation rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<f64>,
}

/// Watches a fit. Both calls happen on the fit's own thread, once a step: they must be quick.
pub trait Observer {
    /// Takes note of an event. Whoever forwards events thins them out: the core knows no clock.
    fn event(&mut self, event: &Event);

    /// Whether the user wants the fit to stop.
    fn cancelled(&self) -> bool;
}

/// Watches nothing and never stops.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: &Event) {}

    fn cancelled(&self) -> bool {
        false
    }
}
