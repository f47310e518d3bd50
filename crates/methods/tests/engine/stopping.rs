//! What ends a fit before its time, without the truth, and what it leaves behind.

use crate::small::*;
use disentangle_data::Stream;
use disentangle_data::prepare::prepare;
use disentangle_data::split::Split;
use disentangle_engine::fit::{FitOptions, RunResult};
use disentangle_engine::method::Dimensions;
use disentangle_engine::method::Phase;
use disentangle_engine::observe::Event;
use disentangle_engine::plan::{Plan, schema_of};
use disentangle_engine::train::{Asked, Budgets, batch_of};
use disentangle_methods::METHODS;
use disentangle_nn::Device;
use disentangle_nn::Params;
use serde_json::json;

#[test]
fn every_parameter_receives_a_gradient() {
    let data = world();
    for entry in descents_at_once() {
        let plan = Plan::check(METHODS, &config(entry, json!({}))).expect("a valid configuration");
        let data = prepare(&data, &plan.options.prepare, 5).expect("a valid world");
        let mut params = Params::new(&Device::Cpu);
        let network = plan.method.network(&Dimensions::of(&data), &mut params, 5).expect("a network");
        let draws = Stream::new(5, "draws");
        let batch = batch_of(
            &data,
            &data.rows_of(Split::Train),
            draws,
            Asked { stage: "joint", phase: Phase::Train, progress: 0.0 },
            &Device::Cpu,
        )
        .expect("a batch");
        let terms = network.loss(&batch).expect("a loss");
        let total = terms.into_iter().map(|t| t.value).reduce(|a, b| (a + b).expect("scalars")).expect("one term");
        let gradients = params.gradients(&total).expect("gradients");
        for (i, param) in params.iter().enumerate() {
            let gradient = gradients.tensor(i).expect("on the CPU").map(|g| g.to_vec1::<f32>().expect("flat"));
            let moved = gradient.is_some_and(|g| g.iter().any(|&v| v != 0.0));
            assert!(moved, "{}: {} never moves", entry.info.name, param.name());
        }
    }
}

#[test]
fn a_cancelled_fit_is_consistent_at_any_step() {
    let data = world();
    for config in configs(&json!({})) {
        for at in [0, 1, 2, 9, STEPS - 1, STEPS, STEPS + 1].into_iter().filter(|&at| at <= steps_of(&config)) {
            let mut observer = Meddler { cancel_at: Some(at), ..Meddler::default() };
            let run = watched(&config, &data, &FitOptions::default(), &mut observer).expect("it stops");
            assert_eq!((run.outcome.kind.as_str(), run.outcome.step), ("cancelled", at), "{config}");
            assert_eq!(run.latents.rows(), run.rows.len());
            assert!(run.latents.data().iter().all(|v| v.is_finite()));
            let curves = run.history.stages.last();
            let begun = steps_of(&config) > 0 && (at > 0 || begins_with_descent(&config));
            assert_eq!(curves.is_some(), begun, "a descent has begun, if the method has one");
            assert!(curves.is_none_or(|curves| curves.terms.values().all(|term| term.len() == curves.steps.len())));
        }
    }
}

#[test]
fn the_last_step_of_a_stage_is_told_whoever_listens() {
    struct Seldom(Meddler);
    impl disentangle_engine::observe::Observer for Seldom {
        fn event(&mut self, event: &Event) {
            self.0.event(event);
        }
        fn cancelled(&self) -> bool {
            false
        }
        fn due(&mut self) -> bool {
            false
        }
    }
    let data = world();
    for entry in descents() {
        let mut observer = Seldom(Meddler::default());
        disentangle_engine::fit::fit(METHODS, &config(entry, json!({})), &data, &FitOptions::default(), &mut observer)
            .expect("the fit runs");
        let steps: Vec<usize> = observer
            .0
            .events
            .iter()
            .filter_map(|e| match e {
                Event::Progress(progress) => Some(progress.step),
                _ => None,
            })
            .collect();
        // Each descent tells its own.
        assert_eq!(steps.iter().sum::<usize>(), STEPS, "{}: {steps:?}", entry.info.name);
    }
}

#[test]
fn without_progress_on_validation_rows_a_patient_fit_ends_early() {
    let data = world();
    for entry in descents().filter(|entry| schema_of(entry)["properties"].get("patience").is_some()) {
        // Steps of no size: the validation loss never falls.
        let stuck = config(entry, json!({ "learningRate": 1e-30, "patience": 3 }));
        let run = undisturbed(&stuck, &data);
        // 40 steps make 40 validations: the first is the lowest, the third after it is the last.
        assert_eq!((run.outcome.kind.as_str(), run.outcome.step), ("early-stop", 3), "{}", entry.info.name);
        let moving = config(entry, json!({ "patience": 40 }));
        assert_eq!(undisturbed(&moving, &data).outcome.step, STEPS);
    }
}

#[test]
fn a_budget_of_time_ends_descents_and_still_solves_for_what_they_found() {
    let data = world();
    for config in descending(&json!({})) {
        let mut observer = Meddler { milliseconds_per_step: Some(10.0), ..Meddler::default() };
        let budgets = Budgets { steps: None, elapsed_ms: Some(95.0) };
        let run =
            watched(&config, &data, &FitOptions { budgets, ..FitOptions::default() }, &mut observer).expect("it ends");
        let outcome = &run.outcome;
        assert_eq!((outcome.kind.as_str(), outcome.step), ("step-limit", 10), "{config}");
        assert_eq!(outcome.term.as_deref(), Some("budget of time"));
        let solved = |run: &RunResult| (run.summary.map.is_some(), !run.summary.errors.is_empty());
        assert_eq!(solved(&run), solved(&undisturbed(&config, &data)), "{config}: the solved stages have run");
    }
}

#[test]
fn norms_of_gradient_and_parameters_are_recorded_and_clipping_bounds_the_step() {
    let data = world();
    for entry in descents().filter(|entry| schema_of(entry)["properties"].get("clipNorm").is_some()) {
        let free = undisturbed(&config(entry, json!({})), &data);
        let clipped = undisturbed(&config(entry, json!({ "clipNorm": 1e-3 })), &data);
        for run in [&free, &clipped] {
            let curves = &run.history.stages[0];
            let n = curves.steps.len();
            assert_eq!((curves.gradient_norms.len(), curves.parameter_norms.len()), (n, n));
            assert!(curves.gradient_norms.iter().chain(&curves.parameter_norms).all(|&v| v > 0.0 && v.is_finite()));
        }
        let first = |run: &disentangle_engine::fit::RunResult| run.history.stages[0].gradient_norms[0];
        assert_eq!(first(&free), first(&clipped), "the norm before clipping is recorded");
        assert_ne!(free.latents, clipped.latents, "{}: clipping changes the steps", entry.info.name);
    }
}
