//! Whole fits of MTLCM to simulated tasks.

use crate::METHODS;
use disentangle_data::dataset::{Dataset, Role, Table};
use disentangle_data::simulate::simulate;
use disentangle_data::{Code, Matrix};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::method::MAP;
use disentangle_engine::model::Model;
use disentangle_engine::observe::Silent;
use disentangle_engine::results::{OutcomeKind, Status};
use disentangle_metrics::columns::Correlation;
use disentangle_metrics::correlation::correlation;
use disentangle_metrics::matching::Matching;
use disentangle_numerics::linalg::product;
use serde_json::{Value, json};

fn world(changes: Value) -> Dataset {
    let mut config = json!({"tasks": 60, "pointsPerTask": 100, "latents": 5, "causes": 2, "seed": 1});
    merge(&mut config, changes);
    simulate("task-world", config).expect("a valid world")
}

fn merge(config: &mut Value, changes: Value) {
    let Value::Object(changes) = changes else { panic!("options are an object") };
    config.as_object_mut().expect("an object").extend(changes);
}

fn run(data: &Dataset, changes: Value) -> RunResult {
    let mut config = json!({"method": "mtlcm", "representation": "inputs"});
    merge(&mut config, changes);
    fit(METHODS, &config, data, &FitOptions::default(), &mut Silent).expect("the fit runs")
}

/// Mean |Pearson| of matched columns, and the estimate's column for each true latent.
fn matched(data: &Dataset, latents: &Matrix) -> (f64, Vec<usize>) {
    let truth = data.truth["latents"].values.to_f64();
    let table = correlation(Correlation::Pearson, &truth, &latents.to_f64()).expect("the same rows");
    let matching = Matching::best(&table).expect("finite");
    let columns = matching.columns.iter().map(|c| c.expect("as many latents as true ones")).collect();
    (matching.mean().expect("no latent is constant"), columns)
}

/// Entries in the order of the true latents: (is a cause, what `of` gives).
fn entries(data: &Dataset, columns: &[usize], of: &[Vec<f64>]) -> Vec<(bool, f64)> {
    let causes = &data.truth["causes"].values;
    (0..causes.rows())
        .flat_map(|t| (0..causes.cols()).map(move |i| (t, i)))
        .map(|(t, i)| (causes[(t, i)] > 0.5, of[t][columns[i]]))
        .collect()
}

#[test]
fn latents_and_roles_of_the_papers_linear_world_are_found() {
    let data = world(json!({}));
    let run = run(&data, json!({}));
    assert_eq!(run.outcome.kind, OutcomeKind::Converged);
    let (mcc, columns) = matched(&data, &run.latents);
    assert!(mcc > 0.99, "{mcc}");
    let roles = run.summary.tasks.expect("roles");
    assert_eq!((roles.names.len(), roles.objectives.len()), (60, 5));
    let entries = entries(&data, &columns, &roles.probabilities);
    let right = entries.iter().filter(|(cause, p)| *cause == (*p >= 0.5)).count() as f64 / entries.len() as f64;
    // Spurious latents with effects near 0 look causal: no method can do much better.
    assert!(right > 0.93, "{right}");
    for assumption in run.summary.assumptions.iter().filter(|a| a.id != "independent") {
        assert_eq!(assumption.status, Status::Ok, "{assumption:?}");
    }
}

#[test]
fn noise_of_the_inputs_is_found_and_told_where_it_hides_latents() {
    // The least direction of this map is no wider than the noise.
    let data = world(json!({"tasks": 200, "latents": 10, "seed": 5}));
    let fact =
        |run: &RunResult, id: &str| run.summary.facts.iter().find(|fact| fact.id == id).and_then(|fact| fact.value);
    let found = run(&data, json!({"starts": 2}));
    let exact = run(&data, json!({"starts": 2, "sigmaObserved": 0}));
    let (mcc, columns) = matched(&data, &found.latents);
    let (before, _) = matched(&data, &exact.latents);
    assert!(mcc > before + 0.03, "{mcc} {before}");
    // Noise of 0.01 in inputs with standard deviations from 2.2 to 3.4.
    let noise = fact(&found, "noise").expect("it is there");
    assert!((0.0028..0.0048).contains(&noise), "{noise}");
    assert!(fact(&exact, "noise").is_none());
    assert!(fact(&found, "logLikelihood") > fact(&exact, "logLikelihood"));
    assert!(found.summary.warnings.iter().any(|warning| warning.code == "REPRESENTATION_NOISE"));
    let entries = entries(&data, &columns, &found.summary.tasks.expect("roles").probabilities);
    let right = entries.iter().filter(|(cause, p)| *cause == (*p >= 0.5)).count() as f64 / entries.len() as f64;
    assert!(right > 0.9, "{right}");
    let told = run(&data, json!({"starts": 2, "sigmaObserved": noise}));
    assert!((fact(&told, "noise").expect("it is told") / noise - 1.0).abs() < 1e-12);
}

#[test]
fn probabilities_of_being_causal_are_frequencies() {
    let mut all = Vec::new();
    for seed in 0..6 {
        let data = world(json!({"seed": 20 + seed, "latents": 8}));
        let run = run(&data, json!({"starts": 1}));
        let (_, columns) = matched(&data, &run.latents);
        all.extend(entries(&data, &columns, &run.summary.tasks.expect("roles").probabilities));
    }
    for (low, high) in [(0.0, 0.05), (0.05, 0.5), (0.5, 0.8), (0.8, 1.0)] {
        let inside: Vec<_> = all.iter().filter(|(_, p)| (low..=high).contains(p)).collect();
        let share =
            |pick: &dyn Fn(&(bool, f64)) -> f64| inside.iter().map(|e| pick(e)).sum::<f64>() / inside.len() as f64;
        let (mean, causal) = (share(&|e| e.1), share(&|e| f64::from(u8::from(e.0))));
        let error = (0.25 / inside.len() as f64).sqrt();
        // Entries of one task depend on each other, and effects are not quite normal: a tenth beside four standard errors.
        assert!((mean - causal).abs() < 0.1 + 4.0 * error, "{low}-{high}: {mean} {causal} of {}", inside.len());
    }
}

#[test]
fn latents_of_single_tasks_keep_their_variances_where_the_model_holds_to_the_letter() {
    let data = world(json!({"standardize": false}));
    let run = run(&data, json!({}));
    let (mcc, columns) = matched(&data, &run.latents);
    assert!(mcc > 0.99, "{mcc}");
    let roles = run.summary.tasks.expect("roles");
    // Variances of 1 and of 0.01 are told apart by 50 rows.
    for (of, middle) in [(&roles.probabilities, 0.5), (&roles.log_ratios, 0.0)] {
        let wrong = entries(&data, &columns, of).iter().filter(|(cause, v)| *cause != (*v >= middle)).count();
        assert!(wrong < 3, "{wrong} of 300");
    }
}

#[test]
fn the_published_descent_finds_the_same_latents() {
    let data = world(json!({"latents": 3, "tasks": 60}));
    let ours = run(&data, json!({}));
    let theirs = run(&data, json!({"algorithm": "paper", "published": {"epochs": 150, "batchSize": 256}}));
    let ((ours, _), (theirs, _)) = (matched(&data, &ours.latents), matched(&data, &theirs.latents));
    assert!(ours > 0.99 && theirs > 0.97, "{ours} {theirs}");
}

#[test]
fn a_singular_representation_is_reduced_and_the_rank_is_told() {
    let mut data = world(json!({}));
    let (n, d) = (data.inputs.rows(), data.inputs.cols());
    let copy = |i: usize, j: usize| match j < d {
        true => data.inputs[(i, j)],
        false => data.inputs[(i, 0)] - 2.0 * data.inputs[(i, 1)],
    };
    data.inputs = Matrix::from_fn(n, d + 1, copy);
    data.input_names.push("copy".into());
    let run = run(&data, json!({}));
    assert_eq!(run.latents.cols(), d);
    assert!(matched(&data, &run.latents).0 > 0.99);
    let choice = run.summary.choices.iter().find(|choice| choice.parameter == "latentDim").expect("it is told");
    assert_eq!((choice.chosen, choice.curve.len()), (5, 1), "a copy is no direction, and there is no noise");
    let facts = serde_json::to_string(&run.summary.facts).expect("plain data");
    assert!(!facts.contains("NaN"), "{facts}");
}

#[test]
fn a_fixed_number_keeps_the_leading_directions() {
    let data = world(json!({}));
    for algorithm in ["joint-diagonalization", "paper"] {
        let run = run(&data, json!({"latentDim": 3, "algorithm": algorithm, "published": {"epochs": 3}}));
        assert_eq!(run.latents.cols(), 3);
        assert!(run.latents.data().iter().all(|v| v.is_finite()));
        let map = run.summary.map.expect("a map");
        assert_eq!((map.values.len(), map.values[0].len()), (3, 5));
    }
}

#[test]
fn the_former_name_of_the_algorithm_is_still_read() {
    let data = world(json!({}));
    let [former, named] = ["joint-diagonalisation", "joint-diagonalization"]
        .map(|algorithm| run(&data, json!({"latentDim": 3, "algorithm": algorithm})));
    assert_eq!(former.latents.data(), named.latents.data());
}

#[test]
fn more_latents_than_inputs_are_refused() {
    let config = json!({"method": "mtlcm", "representation": "inputs", "latentDim": 6});
    let failure = fit(METHODS, &config, &world(json!({})), &FitOptions::default(), &mut Silent).expect_err("5 inputs");
    assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigOutOfRange, Some("latentDim")));
}

#[test]
fn a_target_among_the_inputs_is_told_as_what_it_is() {
    let mut data = world(json!({}));
    let target = data.targets.as_ref().expect("a target").values.clone();
    let (n, d) = (data.inputs.rows(), data.inputs.cols());
    data.inputs = Matrix::from_fn(n, d + 1, |i, j| if j < d { data.inputs[(i, j)] } else { target[(i, 0)] });
    data.input_names.push("y-again".into());
    let config = json!({"method": "mtlcm", "representation": "inputs"});
    let failure =
        fit(METHODS, &config, &data, &FitOptions::default(), &mut Silent).expect_err("nothing is left of y given y");
    assert_eq!(failure.code, Code::NumericSingular);
    assert!(failure.message.contains("targets explain part of the representation wholly"), "{failure}");
}

#[test]
fn tasks_with_few_rows_and_few_tasks_are_told() {
    let data = world(json!({"tasks": 4, "pointsPerTask": 8}));
    let run = run(&data, json!({}));
    let codes: Vec<&str> = run.summary.warnings.iter().map(|w| w.code.as_str()).collect();
    assert!(codes.contains(&"TASK_FEWER_ROWS_THAN_LATENTS") && codes.contains(&"TASKS_TOO_FEW"), "{codes:?}");
    let roles = serde_json::to_string(&run.summary.tasks).expect("plain data");
    assert!(!roles.contains("NaN") && run.latents.data().iter().all(|v| v.is_finite()), "{roles}");
}

#[test]
fn wide_tasks_with_gaps_are_fitted() {
    let mut data = world(json!({"tasks": 1, "pointsPerTask": 600, "standardize": false}));
    let z = data.truth["latents"].values.clone();
    let gap = |i: usize, t: usize| (i + t).is_multiple_of(7);
    // Targets that are latents and noise; what follows them are the others.
    let target = |i: usize, t: usize| {
        let wave = ((i * 37 + t * 101) % 113) as f32 / 113.0 - 0.5;
        if gap(i, t) { f32::NAN } else { z[(i, t % 5)] + 2.0 * wave }
    };
    let columns: Vec<String> = (0..12).map(|t| format!("y{t}")).collect();
    data.targets = Some(Table { columns: columns.clone(), rows: Vec::new(), values: Matrix::from_fn(600, 12, target) });
    data.labels.remove(&Role::Task);
    let run = run(&data, json!({}));
    let roles = run.summary.tasks.expect("roles");
    assert_eq!(roles.names, columns);
    assert!(roles.rows.iter().all(|&n| (200..300).contains(&n)), "{:?}", roles.rows);
}

#[test]
fn a_model_read_back_gives_the_latents_of_the_fit() {
    let data = world(json!({}));
    let run = run(&data, json!({}));
    let model = Model::open(METHODS, &run.model).expect("it opens");
    let again = model.transform(&data.inputs, &data.input_names).expect("the same columns");
    assert_eq!(again, run.latents);
}

#[test]
fn order_and_scale_of_latents_do_not_depend_on_the_seed_of_the_starts() {
    let data = world(json!({}));
    // The seed also splits the rows: all of them are kept for training here.
    let all = json!({"train": 1.0, "validation": 0.0, "test": 0.0});
    let maps: Vec<Matrix<f64>> = [3, 4]
        .map(|seed| {
            let map = run(&data, json!({"seed": seed, "split": all})).summary.map.expect(MAP);
            Matrix::new(5, 5, map.values.concat()).expect("5 x 5")
        })
        .into();
    let between = product(&maps[0], &disentangle_numerics::linalg::inverse(&maps[1]).expect("regular"));
    let off =
        (0..25).map(|at| between.data()[at] - f64::from(u8::from(at % 6 == 0))).fold(0.0f64, |m, v| m.max(v.abs()));
    // Each ends when a step gains less than 1e-6: the root of it, over curvatures of order one.
    assert!(off < 0.02, "{between:?}");
}
