//! Fits that are stopped on the way.

use super::*;
use disentangle_engine::observe::{Event, Observer};
use disentangle_engine::results::OutcomeKind;

/// Stops a fit once a stage has told of a step.
struct Stop {
    stage: &'static str,
    now: bool,
}

impl Observer for Stop {
    fn event(&mut self, event: &Event) {
        if let Event::Progress(progress) = event {
            self.now |= progress.stage == self.stage;
        }
    }

    fn cancelled(&self) -> bool {
        self.now
    }
}

#[test]
fn in_either_stage_they_end_as_cancelled() {
    let data = world(600, 1, false);
    for stage in ["autoencoders", "latents"] {
        let config = json!({"method": "multimodal", "latentDim": 2, "privateDim": 1, "training": {"steps": 200}});
        let run = fit(METHODS, &config, &data, &FitOptions::default(), &mut Stop { stage, now: false });
        assert_eq!(run.expect("no failure").outcome.kind, OutcomeKind::Cancelled, "{stage}");
    }
}
