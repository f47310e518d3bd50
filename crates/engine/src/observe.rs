//! What a caller sees of a running fit, and how it stops one.

use serde::Serialize;
use std::collections::BTreeMap;

/// Something that happened during a fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Event {
    /// A stage begins, or goes on after a resumption.
    Stage {
        /// Its name.
        name: String,
    },
    /// A step was taken.
    Progress(Progress),
    /// A fit was asked to resume.
    Resumed {
        /// Gradient steps it need not repeat; 0 without a checkpoint.
        step: usize,
        /// The checkpoint it goes on from.
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        /// Newer checkpoints that could not be read.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        damaged: Vec<String>,
    },
    /// A checkpoint is on disk, whole.
    Checkpoint {
        /// Gradient steps it holds.
        step: usize,
        /// Its name in the checkpoint folder.
        file: String,
    },
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

/// Watches a fit. All calls happen on the fit's own thread, once a step: they must be quick.
pub trait Observer {
    /// Takes note of an event.
    fn event(&mut self, event: &Event);

    /// Whether the user wants the fit to stop.
    fn cancelled(&self) -> bool;

    /// Whether the progress of this step is wanted; the last step of a stage is told in any case.
    fn due(&mut self) -> bool {
        true
    }

    /// Milliseconds since the fit began. The core knows no clock: without one here, budgets of time are not kept and
    /// the default cadence of checkpoints counts steps alone.
    fn elapsed_ms(&self) -> Option<f64> {
        None
    }
}

/// Watches nothing and never stops.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: &Event) {}

    fn cancelled(&self) -> bool {
        false
    }

    fn due(&mut self) -> bool {
        false
    }
}
