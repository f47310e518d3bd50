//! The yardsticks against scikit-learn and PyTorch, and on data that leave them nothing to find.

use disentangle_data::prepare::prepare;
use disentangle_data::{Code, Dataset, Matrix, Stream};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::method::Dimensions;
use disentangle_engine::method::Solving;
use disentangle_engine::method::State;
use disentangle_engine::observe::Silent;
use disentangle_engine::plan::Plan;
use disentangle_engine::results::Status;
use disentangle_engine::train::encode;
use disentangle_methods::METHODS;
use disentangle_nn::Device;
use disentangle_nn::{NamedValues, Params};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn golden(name: &str) -> Value {
    let path = format!("{}/../../golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("a golden file is kept with its script");
    serde_json::from_str(&text).expect("it is JSON")
}

fn matrix(value: &Value) -> Matrix<f64> {
    let rows = value.as_array().expect("rows");
    let flat: Vec<f64> =
        rows.iter().flat_map(|row| row.as_array().expect("a row")).map(|v| v.as_f64().expect("a number")).collect();
    Matrix::new(rows.len(), flat.len() / rows.len(), flat).expect("rows of one length")
}

fn dataset(inputs: Matrix) -> Dataset {
    let input_names = (0..inputs.cols()).map(|j| format!("x{j}")).collect();
    Dataset { inputs, input_names, ..Dataset::default() }
}

fn all_rows(config: Value) -> Value {
    let mut config = config;
    config["split"] = json!({ "train": 1.0, "validation": 0.0, "test": 0.0 });
    config
}

fn fitted(config: &Value, inputs: Matrix) -> RunResult {
    fit(METHODS, config, &dataset(inputs), &FitOptions::default(), &mut Silent).expect("the fit runs")
}

fn assert_close(got: &Matrix, want: &Matrix<f64>, atol: f64) {
    assert_eq!((got.rows(), got.cols()), (want.rows(), want.cols()));
    for (got, want) in got.data().iter().zip(want.data()) {
        assert!((f64::from(*got) - want).abs() < atol, "{got} {want}");
    }
}

fn fact(run: &RunResult, id: &str) -> f64 {
    run.summary.facts.iter().find(|f| f.id == id).and_then(|f| f.value).expect("a fact")
}

#[test]
fn principal_components_are_scikit_learns_with_their_signs() {
    let golden = golden("pca");
    let run = fitted(&all_rows(json!({"method": "pca", "latentDim": 3})), matrix(&golden["inputs"]).map(|v| v as f32));
    // Latents of order one in single precision.
    assert_close(&run.latents, &matrix(&golden["latents"]), 1e-5);
    assert!((fact(&run, "explained-variance") - golden["explained"].as_f64().expect("a share")).abs() < 1e-6);
    assert_eq!(fact(&run, "input-rank"), 5.0);
    assert_eq!((run.outcome.kind.as_str(), run.summary.warnings.len()), ("converged", 0));
}

#[test]
fn independent_components_are_scikit_learns_up_to_order_and_sign() {
    let golden = golden("fast_ica");
    let inputs = matrix(&golden["inputs"]).map(|v| v as f32);
    let run = fitted(&all_rows(json!({"method": "fast-ica", "latentDim": 3})), inputs);
    assert_eq!(run.outcome.kind.as_str(), "converged");
    let (ours, theirs) = (run.latents.to_f64(), matrix(&golden["latents"]));
    let n = ours.rows() as f64;
    let mut matched: Vec<usize> = (0..3)
        .map(|i| {
            let correlation = |j: usize| ours.col(i).iter().zip(theirs.col(j)).map(|(a, b)| a * b).sum::<f64>() / n;
            (0..3).find(|&j| correlation(j).abs() > 1.0 - 1e-6).expect("each component has its like")
        })
        .collect();
    matched.sort_unstable();
    assert_eq!(matched, [0, 1, 2]);
}

#[test]
fn the_code_of_a_random_encoder_is_pytorchs_in_unit_variance() {
    let golden = golden("random_encoder");
    let config = all_rows(
        json!({"method": "random-encoder", "latentDim": 3, "hidden": golden["hidden"], "standardize": "none"}),
    );
    let plan = Plan::check(METHODS, &config).expect("a valid configuration");
    let data = dataset(matrix(&golden["inputs"]).map(|v| v as f32));
    let data = prepare(&data, &plan.options.prepare, 0).expect("valid data");
    let mut params = Params::new(&Device::Cpu);
    let network = plan.method.network(&Dimensions::of(&data), &mut params, 0).expect("a network");
    let values = |name: &str| golden["parameters"][name].as_array().expect("every parameter is given").clone();
    let given: Vec<NamedValues> = params
        .export()
        .expect("exports")
        .into_iter()
        .map(|p| {
            let values = values(&p.name).iter().map(|v| v.as_f64().expect("a number") as f32).collect();
            NamedValues { values, ..p }
        })
        .collect();
    params.import(&given).expect("in the shapes of the network");
    let mut state = State { params, network, solved: BTreeMap::new() };
    let mut observer = Silent;
    let mut solving = Solving::new("scale".into(), 0, &mut observer);
    plan.method.solve("scale", &data, &mut state, &mut solving).expect("it is solved");
    assert_close(&encode(&state, &data.inputs).expect("finite"), &matrix(&golden["latents"]), 1e-5);
}

#[test]
fn with_fewer_rows_than_columns_both_are_still_scikit_learns() {
    let golden = golden("wide");
    let inputs = matrix(&golden["inputs"]).map(|v| v as f32);
    assert!(inputs.rows() < inputs.cols());
    let run = fitted(&all_rows(json!({"method": "pca", "latentDim": 3})), inputs.clone());
    // Latents of order one in single precision.
    assert_close(&run.latents, &matrix(&golden["pca"]), 2e-5);
    assert!((fact(&run, "explained-variance") - golden["explained"].as_f64().expect("a share")).abs() < 1e-6);
    assert_eq!(fact(&run, "input-rank"), inputs.rows() as f64 - 1.0, "all that rows about their mean can span");
    let run = fitted(&all_rows(json!({"method": "fast-ica", "latentDim": 2})), inputs.clone());
    assert_eq!(run.outcome.kind.as_str(), "converged");
    let (ours, theirs, n) = (run.latents.to_f64(), matrix(&golden["ica"]), inputs.rows() as f64);
    for i in 0..2 {
        let like = |j: usize| (ours.col(i).iter().zip(theirs.col(j)).map(|(a, b)| a * b).sum::<f64>() / n).abs();
        assert!(like(0).max(like(1)) > 1.0 - 1e-6 && like(0).min(like(1)) < 0.1, "{} {}", like(0), like(1));
    }
    let run = fitted(&all_rows(json!({"method": "random-encoder", "latentDim": 3, "hidden": [4]})), inputs.clone());
    assert_eq!((run.latents.rows(), run.latents.cols()), (inputs.rows(), 3));
    let config = json!({"method": "pca", "latentDim": inputs.cols()});
    let run = fitted(&all_rows(config), inputs.clone());
    assert_eq!(run.latents.cols(), inputs.rows() - 1);
    assert!(run.summary.warnings.iter().any(|w| w.code == "INPUTS_RANK"));
    let failure =
        fit(METHODS, &json!({"method": "vade", "latentDim": 2}), &dataset(inputs), &FitOptions::default(), &mut Silent);
    let failure = failure.expect_err("vade wants rows");
    assert_eq!(failure.code, Code::DataTooFewRows);
    assert!(failure.message.starts_with("vade needs at least as many rows as input columns: 60 rows, 90 columns"));
}

/// 300 rows of five columns: three independent ones, a copy and a sum.
fn rank_three() -> Matrix {
    let mut stream = Stream::new(8, "yardsticks");
    let free = Matrix::from_fn(300, 3, |_, _| stream.normal() as f32);
    Matrix::from_fn(300, 5, |i, j| match j {
        0..3 => free[(i, j)],
        3 => free[(i, 0)],
        _ => free[(i, 1)] + free[(i, 2)],
    })
}

#[test]
fn inputs_of_a_lower_rank_give_so_many_latents_and_say_so() {
    for method in ["pca", "fast-ica"] {
        let run = fitted(&json!({"method": method, "latentDim": 5}), rank_three());
        assert_eq!((run.latents.cols(), fact(&run, "input-rank")), (3, 3.0), "{method}");
        let warning = run.summary.warnings.iter().find(|w| w.code == "INPUTS_RANK").expect("a warning");
        assert!(warning.message.contains("span 3 directions: 3 latents instead of 5"), "{}", warning.message);
        let whole = fitted(&json!({"method": method, "latentDim": 3}), rank_three());
        assert!(whole.summary.warnings.iter().all(|w| w.code != "INPUTS_RANK"), "{method}");
    }
}

#[test]
fn gaussian_inputs_have_no_independent_directions_and_that_is_said() {
    let mut stream = Stream::new(9, "yardsticks");
    let inputs = Matrix::from_fn(2000, 4, |_, _| stream.normal() as f32);
    let run = fitted(&json!({"method": "fast-ica", "latentDim": 4, "iterations": 5}), inputs);
    assert_eq!(run.outcome.kind.as_str(), "step-limit");
    let warning = run.summary.warnings.iter().find(|w| w.code == "ICA_NOT_CONVERGED").expect("a warning");
    assert!(warning.message.starts_with("after 5 iterations a direction still turned by"), "{}", warning.message);
    let assumption = run.summary.assumptions.iter().find(|a| a.id == "non-gaussian").expect("it is checked");
    assert_eq!(assumption.status, Status::Violated, "{}", assumption.finding);
}

#[test]
fn more_latents_than_inputs_are_refused() {
    for method in ["pca", "fast-ica", "random-encoder"] {
        let config = json!({"method": method, "latentDim": 6});
        let failure =
            fit(METHODS, &config, &dataset(rank_three()), &FitOptions::default(), &mut Silent).expect_err("5 columns");
        assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigOutOfRange, Some("latentDim")), "{method}");
    }
}
