//! Whole fits on small worlds whose latents are known.

use crate::METHODS;
use disentangle_data::simulate::simulate;
use disentangle_data::{Code, Dataset, Matrix, Result, Stream};
use disentangle_engine::checkpoint::CheckpointOptions;
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::observe::Silent;
use disentangle_engine::results::Status;
use disentangle_engine::train::Budgets;
use disentangle_metrics::columns::Correlation;
use disentangle_metrics::correlation::correlation;
use disentangle_metrics::matching::Matching;
use disentangle_metrics::r2;
use serde_json::{Value, json};

/// Four latents, mixed linearly unless `changes` say otherwise.
fn world(changes: Value) -> Dataset {
    let mut config = json!({"latents": 4, "rows": 6000, "layers": 1, "seed": 11});
    merge(&mut config, changes);
    simulate("silent-world", config).expect("a valid world")
}

fn merge(config: &mut Value, changes: Value) {
    let Value::Object(changes) = changes else { panic!("options are an object") };
    changes.into_iter().for_each(|(key, value)| config[key] = value);
}

fn attempt(data: &Dataset, changes: Value, options: &FitOptions) -> Result<RunResult> {
    let mut config = json!({"method": "pdgmm", "seed": 3, "flow": {"use": "never"}});
    merge(&mut config, changes);
    fit(METHODS, &config, data, options, &mut Silent)
}

fn fitted(data: &Dataset, changes: Value) -> RunResult {
    attempt(data, changes, &FitOptions::default()).expect("the fit runs")
}

fn matched(data: &Dataset, run: &RunResult) -> (f64, Vec<Option<usize>>) {
    let truth = data.truth["latents"].values.to_f64();
    let table = correlation(Correlation::Pearson, &truth, &run.latents.to_f64()).expect("the same rows");
    let matching = Matching::best(&table).expect("finite");
    (matching.mean().expect("a mean"), matching.columns)
}

fn fact(run: &RunResult, id: &str) -> Option<f64> {
    run.summary.facts.iter().find(|f| f.id == id).and_then(|f| f.value)
}

fn status(run: &RunResult, id: &str) -> Status {
    run.summary.assumptions.iter().find(|a| a.id == id).expect("it is checked").status
}

#[test]
fn linearly_mixed_latents_and_their_silent_entries_are_found_wherever_silent_values_lie() {
    for changes in [json!({}), json!({"silentAt": 2.0}), json!({"active": "three-quarters"})] {
        let data = world(changes.clone());
        let run = fitted(&data, json!({}));
        let (mcc, columns) = matched(&data, &run);
        assert!(mcc > 0.99, "{changes}: {mcc}");
        let silence = run.summary.silence.as_ref().expect("silence is reported");
        let truth = &data.truth["silent"].values;
        for (i, column) in columns.iter().enumerate() {
            let j = column.expect("a match");
            let latent = &silence.latents[j];
            let called = |row: usize| (f64::from(run.latents[(row, j)]) - latent.value).abs() <= latent.threshold;
            let right = (0..truth.rows()).filter(|&row| called(row) == (truth[(row, i)] > 0.5)).count();
            let share = right as f64 / truth.rows() as f64;
            // Values heard beside the silent one by chance are called silent.
            assert!(share > 0.9, "{changes}, latent {i}: {share} of the calls are right");
        }
        assert_eq!(status(&run, "silent-entries"), Status::Ok, "{changes}");
        assert_eq!(status(&run, "sometimes-silent"), Status::Ok, "{changes}");
    }
}

#[test]
fn rows_in_the_order_of_their_masks_give_the_same_latents() {
    let mut data = world(json!({}));
    let masks = data.truth["silent"].values.clone();
    let mut order: Vec<usize> = (0..6000).collect();
    let key = |row: usize| masks.row(row).iter().fold(0, |key, &silent| 2 * key + u32::from(silent > 0.5));
    order.sort_by_key(|&row| key(row));
    data.inputs = data.inputs.select_rows(&order);
    data.truth.get_mut("latents").expect("the truth").values = data.truth["latents"].values.select_rows(&order);
    let (mcc, _) = matched(&data, &fitted(&data, json!({})));
    assert!(mcc > 0.99, "{mcc}");
}

#[test]
fn without_sparsity_latents_stay_a_rotation_and_with_the_oracle_they_are_right() {
    let data = world(json!({}));
    let free = fitted(&data, json!({"sparsity": "none"}));
    let (none, _) = matched(&data, &free);
    assert!(none < 0.95, "{none}");
    // A rotation of whitened codes: unit variances and no correlation, up to the sampling error of 3000 training rows.
    let latents = free.latents.to_f64();
    let between = correlation(Correlation::Pearson, &latents, &latents).expect("the same rows");
    for (i, j) in (0..4).flat_map(|i| (0..i).map(move |j| (i, j))) {
        assert!(between[(i, j)].expect("they vary").abs() < 0.06, "{i} {j}: {:?}", between[(i, j)]);
    }
    let oracle = fitted(&data, json!({"oracle": ["silent"], "latentDim": 4}));
    assert!(matched(&data, &oracle).0 > 0.999);
    assert!(oracle.summary.warnings.iter().any(|w| w.code == "ORACLE_TRUTH_USED"));
}

#[test]
fn exact_planes_are_left_straight_and_bent_ones_become_sharper() {
    let straight = fitted(&world(json!({})), json!({"flow": {}}));
    assert_eq!((straight.outcome.step, fact(&straight, "flowUsed")), (0, Some(0.0)));
    let data = world(json!({"layers": 10, "rows": 8000}));
    let (linear, bent) = (fitted(&data, json!({})), fitted(&data, json!({"flow": {"steps": 200}})));
    assert_eq!((bent.outcome.step, fact(&bent, "flowUsed")), (200, Some(1.0)));
    assert!(fact(&bent, "sharpnessAfterFlow") < fact(&bent, "sharpness"));
    let ((before, _), (after, _)) = (matched(&data, &linear), matched(&data, &bent));
    assert!(before < 0.975 && after > 0.985, "{after} after {before}");
    let explained = |run: &RunResult| {
        r2(&data.truth["latents"].values.to_f64(), &run.latents.to_f64())
            .expect("the same rows")
            .value
            .expect("they vary")
    };
    let (before, after) = (explained(&linear), explained(&bent));
    assert!(before < 0.95 && after > 0.975, "R2 {after} after {before}");
}

#[test]
fn heavy_tails_are_told_and_left_as_they_are() {
    // With a flow its MCC falls from .93 to .89.
    let data = world(json!({"layers": 10, "rows": 8000, "noise": "exponential", "seed": 2}));
    let (linear, auto) = (fitted(&data, json!({})), fitted(&data, json!({"flow": {"steps": 200}})));
    assert_eq!((auto.outcome.step, fact(&auto, "flowUsed")), (0, Some(0.0)));
    assert_eq!(status(&auto, "normal-tails"), Status::Warning);
    let ((kept, _), (alone, _)) = (matched(&data, &auto), matched(&data, &linear));
    // A flow that is left straight still turns codes there and back, in single precision.
    assert!((kept - alone).abs() < 1e-6, "{kept} is not {alone}");
    let normal = fitted(&world(json!({"layers": 10, "rows": 8000})), json!({}));
    assert_eq!(status(&normal, "normal-tails"), Status::Ok);
    assert!(fact(&normal, "activeKurtosis").is_some_and(|tails| tails.abs() < 0.7));
}

#[test]
fn a_flow_that_loses_the_planes_leaves_no_trace() {
    let data = world(json!({"layers": 10, "rows": 8000, "seed": 1}));
    let linear = fitted(&data, json!({}));
    let lost = fitted(&data, json!({"flow": {"steps": 3, "learningRate": 0.03}}));
    assert!(fact(&lost, "sharpnessAfterFlow") >= fact(&lost, "sharpness"), "three steps should do harm");
    assert_eq!((lost.outcome.step, fact(&lost, "flowUsed")), (3, Some(0.0)));
    for (a, b) in lost.latents.data().iter().zip(linear.latents.data()) {
        assert!((a - b).abs() < 1e-3 * b.abs().max(1.0), "{a} {b}");
    }
}

#[test]
fn a_fit_stopped_within_the_flow_resumes_to_the_same_bits() {
    let data = world(json!({"layers": 3, "rows": 3000}));
    let config = json!({"flow": {"use": "always", "layers": 2, "hidden": 16, "steps": 12, "batchSize": 256}});
    let whole = fitted(&data, config.clone());
    let dir = tempfile::tempdir().expect("a temporary folder");
    let options = |resume, steps| FitOptions {
        checkpoint: Some(CheckpointOptions { dir: dir.path().into(), every: Some(1000) }),
        resume,
        budgets: Budgets { steps, elapsed_ms: None },
    };
    let half = attempt(&data, config.clone(), &options(false, Some(5))).expect("it ends");
    assert_eq!((half.outcome.kind.as_str(), half.outcome.step), ("step-limit", 5));
    let resumed = attempt(&data, config, &options(true, None)).expect("it resumes");
    assert_eq!((resumed.latents, resumed.model), (whole.latents, whole.model));
}

/// Independent normal columns: nothing is ever silent.
fn without_silence(rows: usize, cols: usize) -> Dataset {
    let mut stream = Stream::new(5, "normal");
    let inputs = Matrix::from_fn(rows, cols, |_, _| stream.normal() as f32);
    let input_names = (0..cols).map(|j| format!("x{j}")).collect();
    Dataset { inputs, input_names, ..Dataset::default() }
}

#[test]
fn without_silent_entries_the_summary_says_so_and_no_flow_is_trained() {
    let run = fitted(&without_silence(4000, 3), json!({"flow": {}}));
    assert_eq!(status(&run, "silent-entries"), Status::Violated);
    assert_eq!((run.outcome.step, fact(&run, "flowUsed")), (0, Some(0.0)));
}

#[test]
fn what_cannot_be_fitted_is_refused_with_its_numbers() {
    let refused =
        |data: &Dataset, changes: Value| attempt(data, changes, &FitOptions::default()).expect_err("it is refused");
    let few = refused(&without_silence(40, 5), json!({}));
    assert_eq!((few.code, few.context["rows"].as_u64()), (Code::DataTooFewRows, Some(20)));
    let mut copied = without_silence(500, 3);
    let x = copied.inputs.clone();
    copied.inputs = Matrix::from_fn(500, 3, |i, j| x[(i, j.min(1))]);
    let rank = refused(&copied, json!({"latentDim": 3}));
    assert_eq!((rank.code, rank.path.as_deref()), (Code::ConfigOutOfRange, Some("latentDim")));
    assert_eq!(fitted(&copied, json!({})).latents.cols(), 2);
    let oracle = refused(&world(json!({})), json!({"oracle": ["silent"], "latentDim": 3}));
    assert_eq!((oracle.code, oracle.path.as_deref()), (Code::ConfigConflict, Some("oracle")));
}

#[test]
fn the_one_candidate_of_auto_is_not_named_in_the_stages() {
    let flow = json!({"use": "always", "layers": 2, "steps": 20, "batchSize": 128});
    let run = fitted(&world(json!({})), json!({"latentDim": "auto", "flow": flow}));
    assert_eq!(run.history.stages.iter().map(|stage| stage.name.as_str()).collect::<Vec<_>>(), ["flow"]);
    assert!(run.latents.cols() > 1);
}

#[test]
fn latents_that_are_silent_together_are_told_and_not_bent() {
    let of = |changes: Value| {
        // With hardly any noise no plane is straight enough to be left as it is.
        let flow = json!({"use": "auto", "steps": 20, "noise": 0.01});
        let run = fitted(&world(changes), json!({"latentDim": 5, "flow": flow}));
        (fact(&run, "flowUsed"), status(&run, "silent-apart"))
    };
    assert_eq!(of(json!({"latents": 5, "layers": 6, "blocks": [2, 1, 1, 1]})), (Some(0.0), Status::Violated));
    assert_eq!(of(json!({"latents": 5, "layers": 6})), (Some(1.0), Status::Ok));
}
