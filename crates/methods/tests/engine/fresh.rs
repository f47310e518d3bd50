//! Rows drawn while learning: the laws of given rows hold for them as well.

use crate::small::*;
use disentangle_data::simulate::simulate;
use disentangle_data::{Code, Dataset};
use disentangle_engine::fit::{FitOptions, fit};
use disentangle_engine::observe::Silent;
use disentangle_methods::METHODS;
use serde_json::{Value, json};

/// Stage 1 of nothing: a method without targets that descends.
const METHOD: &str = "vade";

fn silent_world() -> Dataset {
    simulate("silent-world", json!({"latents": 4, "rows": 400, "layers": 3, "seed": 1})).expect("a valid world")
}

fn fresh(changes: Value) -> Value {
    let entry = descents().find(|entry| entry.info.name == METHOD).expect("a method without targets");
    let mut all = json!({"rows": "fresh"});
    all.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
    config(entry, all)
}

#[test]
fn fresh_rows_are_other_rows_and_validation_stays_on_the_data_set() {
    let data = silent_world();
    let (given, drawn) = (undisturbed(&fresh(json!({"rows": "given"})), &data), undisturbed(&fresh(json!({})), &data));
    let stage = |run: &disentangle_engine::fit::RunResult| run.history.stages[0].clone();
    assert_ne!(stage(&given).terms, stage(&drawn).terms);
    let first = |run| stage(run).validation.expect("a quarter of the rows").values[0];
    assert_eq!(first(&given), first(&drawn), "before the first step nothing was drawn");
    assert_eq!(drawn.latents.rows(), 400);
}

#[test]
fn a_step_may_see_more_fresh_rows_than_the_data_set_has() {
    let data = silent_world();
    let terms = |rows: &str, batch: usize| {
        let run = undisturbed(&fresh(json!({"rows": rows, "batchSize": batch})), &data);
        run.history.stages[0].terms["reconstruction"].clone()
    };
    // All 200 training rows are the largest batch of given ones.
    assert_eq!(terms("given", 200), terms("given", 1000));
    assert_ne!(terms("fresh", 200), terms("fresh", 1000));
}

#[test]
fn a_killed_fit_on_fresh_rows_resumes_to_the_same_bits_on_one_thread_and_on_two() {
    let data = silent_world();
    let want = essence(&undisturbed(&fresh(json!({})), &data));
    for threads in [1, 2] {
        let config = fresh(json!({ "threads": threads }));
        assert_eq!(essence(&undisturbed(&config, &data)), want, "{threads} threads");
        for at in [1, 7, 20, STEPS - 1] {
            let dir = tempfile::tempdir().expect("a temporary folder");
            assert!(killed(&config, &data, &checkpoints(dir.path(), 7), at));
            let run = fit(METHODS, &config, &data, &resumed(dir.path(), 7), &mut Silent).expect("it resumes");
            assert_eq!(essence(&run), want, "killed at {at}");
        }
    }
}

#[test]
fn data_that_no_simulator_goes_on_drawing_are_refused_before_the_first_step() {
    let failure = fit(METHODS, &fresh(json!({})), &world(), &FitOptions::default(), &mut Silent).expect_err("labels");
    assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigConflict, Some("rows")));
    let own = Dataset { provenance: serde_json::Map::new(), ..silent_world() };
    let failure = fit(METHODS, &fresh(json!({})), &own, &FitOptions::default(), &mut Silent).expect_err("no simulator");
    assert_eq!(failure.code, Code::DataNeedsSimulator);
}

#[test]
fn a_method_without_gradient_steps_refuses_fresh_rows() {
    let failure = fit(
        METHODS,
        &json!({"method": "pca", "latentDim": 2, "rows": "fresh"}),
        &silent_world(),
        &FitOptions::default(),
        &mut Silent,
    )
    .expect_err("it would leave them aside");
    assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigConflict, Some("rows")));
}
