//! Against scikit-learn (golden/factor_analysis.py), and where a closed form is known.

use super::{FactorAnalysisConfig, few_enough, free_covariances};
use crate::METHODS;
use disentangle_data::{Code, Dataset, Matrix, Stream};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::model::Model;
use disentangle_engine::observe::Silent;
use disentangle_engine::results::Status;
use disentangle_numerics::factor_model::{FactorModel, Limits, maximise};
use disentangle_numerics::linalg::{inverse, log_abs_det, product};
use disentangle_numerics::varimax::varimax;
use serde_json::{Value, json};
use std::f64::consts::TAU;

fn golden() -> Vec<Value> {
    let cases: Value =
        serde_json::from_str(include_str!("../../../../golden/factor_analysis.json")).expect("it is JSON");
    cases.as_array().expect("cases").clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

/// Inputs, which single precision holds exactly.
fn inputs(value: &Value) -> Matrix {
    matrix(value).map(|v| v as f32)
}

fn matrix(value: &Value) -> Matrix<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().expect("rows").iter().map(numbers).collect();
    Matrix::new(rows.len(), rows[0].len(), rows.concat()).expect("rows of one length")
}

fn assert_close(got: &[f64], want: &[f64], atol: f64) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() < atol, "{got} {want}");
    }
}

/// So tight that the maximum is met in single precision of the latents.
fn limits() -> Limits {
    let FactorAnalysisConfig { least_noise, .. } = FactorAnalysisConfig::default();
    Limits { iterations: 100_000, tolerance: 1e-11, least_noise }
}

fn factors(case: &Value) -> usize {
    case["factors"].as_u64().expect("a count") as usize
}

fn all(rows: &Matrix) -> Vec<usize> {
    (0..rows.rows()).collect()
}

/// Draws of a factor model with given loadings (d x k) and noise (d), n rows.
fn drawn(loadings: &Matrix<f64>, noise: &[f64], n: usize, seed: u64) -> Matrix {
    let mut stream = Stream::new(seed, "factor-analysis/laws");
    let mut out = Matrix::zeros(n, noise.len());
    for i in 0..n {
        let z: Vec<f64> = (0..loadings.cols()).map(|_| stream.normal()).collect();
        for (j, psi) in noise.iter().enumerate() {
            let common: f64 = loadings.row(j).iter().zip(&z).map(|(l, z)| l * z).sum();
            out[(i, j)] = (common + psi.sqrt() * stream.normal()) as f32;
        }
    }
    out
}

fn dataset(rows: &Matrix) -> Dataset {
    let input_names = (0..rows.cols()).map(|j| format!("x{j}")).collect();
    Dataset { inputs: rows.clone(), input_names, ..Dataset::default() }
}

fn fitted(rows: &Matrix, options: Value) -> RunResult {
    let mut config = json!({"method": "factor-analysis"});
    config.as_object_mut().expect("an object").extend(options.as_object().expect("options").clone());
    fit(METHODS, &config, &dataset(rows), &FitOptions::default(), &mut Silent).expect("the fit runs")
}

fn fact(run: &RunResult, id: &str) -> f64 {
    run.summary.facts.iter().find(|f| f.id == id).and_then(|f| f.value).expect("a fact")
}

/// What varimax maximises.
fn criterion(loadings: &Matrix<f64>) -> f64 {
    let d = loadings.rows() as f64;
    (0..loadings.cols())
        .map(|f| {
            let squares: Vec<f64> = loadings.col(f).iter().map(|b| b * b).collect();
            squares.iter().map(|s| s * s).sum::<f64>() / d - (squares.iter().sum::<f64>() / d).powi(2)
        })
        .sum()
}

/// L L', which no rotation changes.
fn shared(loadings: &Matrix<f64>) -> Matrix<f64> {
    product(loadings, &loadings.transposed())
}

#[test]
fn noise_loadings_latents_and_likelihoods_are_scikit_learns() {
    for case in golden() {
        let (train, test) = (inputs(&case["train"]), inputs(&case["test"]));
        let (model, ended) = maximise(&train, &all(&train), factors(&case), limits(), |_| true).expect("finite");
        // scikit-learn stops when its log-likelihood gains less than 1e-10: near a maximum that is 1e-5 in the parameters.
        assert_close(&model.noise, &numbers(&case["noise"]), 1e-4);
        let likelihood = |name: &str| case[name].as_f64().expect("a number");
        assert!((ended.log_likelihood - likelihood("logLikelihood")).abs() < 1e-9, "{ended:?}");
        assert!((model.log_likelihood(&train, &all(&train)).expect("regular") - ended.log_likelihood).abs() < 1e-10);
        assert!((model.log_likelihood(&test, &all(&test)).expect("regular") - likelihood("heldOut")).abs() < 1e-5);
        for rotation in ["none", "varimax"] {
            let loadings = if rotation == "none" { model.loadings.clone() } else { varimax(&model.loadings) };
            assert_close(loadings.data(), matrix(&case[rotation]["loadings"]).data(), 1e-4);
            let (map, offset) = FactorModel { loadings, ..model.clone() }.posterior().expect("regular");
            let latents = product(&train.to_f64(), &map.transposed());
            let latents = Matrix::from_fn(latents.rows(), latents.cols(), |i, f| latents[(i, f)] + offset[f]);
            assert_close(latents.data(), matrix(&case[rotation]["latents"]).data(), 2e-4);
        }
    }
}

#[test]
fn a_fit_and_its_model_give_the_posterior_means_in_units_of_the_inputs_too() {
    for case in golden() {
        let train = inputs(&case["train"]);
        for rotation in ["none", "varimax"] {
            let run = fitted(
                &train,
                json!({
                    "latentDim": case["factors"], "rotation": rotation, "standardize": "none", "tolerance": 1e-11,
                    "iterations": 100_000, "split": {"train": 1.0, "validation": 0.0, "test": 0.0},
                }),
            );
            assert_eq!(run.outcome.kind.as_str(), "converged");
            // Latents of order one in single precision, of scikit-learn's parameters to 1e-4.
            assert_close(run.latents.to_f64().data(), matrix(&case[rotation]["latents"]).data(), 3e-4);
            assert!(run.summary.latents.mean.iter().all(|mean| mean.abs() < 1e-5), "{:?}", run.summary.latents.mean);
            let model = Model::open(METHODS, &run.model).expect("it opens");
            let names: Vec<String> = (0..train.cols()).map(|j| format!("x{j}")).collect();
            assert_eq!(model.transform(&train, &names).expect("finite"), run.latents);
            let loadings = run.summary.loadings.expect("they are told");
            assert_close(&loadings.noise, &numbers(&case["noise"]), 1e-4);
            assert_close(&loadings.values.values.concat(), matrix(&case[rotation]["loadings"]).data(), 1e-4);
        }
    }
}

#[test]
fn the_likelihood_never_falls_and_ends_where_its_gradient_is_zero() {
    let case = &golden()[1];
    let train = inputs(&case["train"]);
    let mut seen = Vec::new();
    let (model, _) = maximise(&train, &all(&train), factors(case), limits(), |at| {
        seen.push(at.log_likelihood);
        true
    })
    .expect("finite");
    // Rounding of a sum over 400 rows.
    assert!(seen.windows(2).all(|pair| pair[1] > pair[0] - 1e-12), "{seen:?}");
    let at = |model: &FactorModel| model.log_likelihood(&train, &all(&train)).expect("regular");
    let h = 1e-4;
    for j in 0..model.noise.len() {
        let moved = |by: f64| {
            let mut noise = model.noise.clone();
            noise[j] += by;
            at(&FactorModel { noise, ..model.clone() })
        };
        assert!(((moved(h) - moved(-h)) / (2.0 * h)).abs() < 1e-6, "noise of input {j}");
        for f in 0..model.loadings.cols() {
            let moved = |by: f64| {
                let mut loadings = model.loadings.clone();
                loadings[(j, f)] += by;
                at(&FactorModel { loadings, ..model.clone() })
            };
            assert!(((moved(h) - moved(-h)) / (2.0 * h)).abs() < 1e-6, "loading of input {j} on factor {f}");
        }
    }
}

#[test]
fn the_likelihood_of_rows_is_that_of_their_gaussian() {
    let case = &golden()[0];
    let (train, test) = (inputs(&case["train"]), inputs(&case["test"]));
    let (model, _) = maximise(&train, &all(&train), 2, limits(), |_| true).expect("finite");
    let d = model.noise.len();
    let shared = shared(&model.loadings);
    let covariance = Matrix::from_fn(d, d, |i, j| shared[(i, j)] + if i == j { model.noise[i] } else { 0.0 });
    let precision = inverse(&covariance).expect("regular");
    let quadratic: f64 = (0..test.rows())
        .map(|i| {
            let apart: Vec<f64> = (0..d).map(|j| f64::from(test[(i, j)]) - model.mean[j]).collect();
            (0..d).map(|a| apart[a] * (0..d).map(|b| precision[(a, b)] * apart[b]).sum::<f64>()).sum::<f64>()
        })
        .sum();
    let want = -0.5 * (d as f64 * TAU.ln() + log_abs_det(&covariance) + quadratic / test.rows() as f64);
    assert!((model.log_likelihood(&test, &all(&test)).expect("regular") - want).abs() < 1e-10);
}

#[test]
fn varimax_turns_within_the_space_to_the_highest_criterion_whatever_the_start() {
    let case = &golden()[1];
    let loadings = matrix(&case["none"]["loadings"]);
    let rotated = varimax(&loadings);
    assert_close(shared(&rotated).data(), shared(&loadings).data(), 1e-12);
    assert!(criterion(&rotated) > criterion(&loadings));
    assert_close(varimax(&rotated).data(), rotated.data(), 1e-10);
    // Any small turn of any two factors lowers it.
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        for angle in [1e-3f64, -1e-3] {
            let (sin, cos) = angle.sin_cos();
            let turned = Matrix::from_fn(rotated.rows(), 3, |j, f| match f {
                _ if f == a => cos * rotated[(j, a)] + sin * rotated[(j, b)],
                _ if f == b => cos * rotated[(j, b)] - sin * rotated[(j, a)],
                _ => rotated[(j, f)],
            });
            assert!(criterion(&turned) < criterion(&rotated));
        }
    }
}

#[test]
fn with_fewer_rows_than_inputs_the_smaller_matrix_gives_the_same_fit() {
    let loadings = Matrix::from_fn(12, 2, |j, f| if j % 2 == f { 1.0 } else { 0.2 });
    let rows = drawn(&loadings, &[0.5; 12], 9, 3);
    let few = Limits { iterations: 40, ..limits() };
    let (wide, ended) = maximise(&rows, &all(&rows), 2, few, |_| true).expect("finite");
    // Every row twice has the same moments, and enough rows for the other matrix.
    let twice: Vec<usize> = (0..18).map(|i| i % 9).collect();
    let (tall, other) = maximise(&rows, &twice, 2, few, |_| true).expect("finite");
    assert_close(&wide.noise, &tall.noise, 1e-9);
    assert_close(wide.loadings.data(), tall.loadings.data(), 1e-9);
    assert!((ended.log_likelihood - other.log_likelihood).abs() < 1e-9);
    let (map, _) = wide.posterior().expect("regular");
    assert!(map.data().iter().all(|v| v.is_finite()));
}

#[test]
fn an_input_that_a_factor_explains_in_full_is_named_as_a_heywood_case() {
    let loadings = Matrix::from_fn(6, 1, |_, _| 1.0);
    let mut rows = drawn(&loadings, &[0.5; 6], 300, 5);
    // A copy: nothing of either is its own.
    (0..300).for_each(|i| rows[(i, 5)] = 2.0 * rows[(i, 4)]);
    let run = fitted(&rows, json!({"latentDim": 2}));
    let warning = run.summary.warnings.iter().find(|w| w.code == "HEYWOOD_CASE").expect("a warning");
    assert!(warning.message.ends_with("2 of 6: x4, x5"), "{}", warning.message);
    let noise = run.summary.loadings.expect("they are told").noise;
    assert!((noise[4] - 0.005).abs() < 1e-6 && noise[0] > 0.1, "{noise:?}");
    let plain = fitted(&drawn(&loadings, &[0.5; 6], 300, 5), json!({"latentDim": 1}));
    assert_eq!(plain.summary.warnings, []);
}

#[test]
fn what_did_not_converge_says_so() {
    let run = fitted(&inputs(&golden()[0]["train"]), json!({"latentDim": 2, "iterations": 2}));
    assert_eq!((run.outcome.kind.as_str(), fact(&run, "iterations")), ("step-limit", 2.0));
    let warning = run.summary.warnings.iter().find(|w| w.code == "FACTORS_NOT_CONVERGED").expect("a warning");
    assert!(warning.message.starts_with("after 2 iterations a noise variance still moved by"), "{}", warning.message);
}

#[test]
fn more_factors_than_covariances_determine_are_a_violated_assumption() {
    // 6 covariances and 4 variances against 2 x 4 loadings less one rotation and 4 variances.
    assert_eq!((free_covariances(4, 1), free_covariances(4, 2), free_covariances(6, 3)), (2, -1, 0));
    assert_eq!(few_enough(6, 3, free_covariances(6, 3)).status, Status::Ok);
    let violated = few_enough(4, 2, free_covariances(4, 2));
    assert_eq!(violated.status, Status::Violated);
    assert!(violated.finding.starts_with("4 inputs determine at most 1 factors"), "{}", violated.finding);
}

#[test]
fn pure_noise_has_empty_factors_or_small_ones_and_more_factors_than_inputs_are_refused() {
    let identity = Matrix::from_fn(8, 4, |i, j| if i / 2 == j { if i % 2 == 0 { 1.0 } else { -1.0 } } else { 0.0 });
    // Uncorrelated to the last digit: no factor has anything to explain.
    let (model, ended) = maximise(&identity, &all(&identity), 2, limits(), |_| true).expect("finite");
    assert!(model.loadings.data().iter().all(|&l| l == 0.0), "{:?}", model.loadings);
    assert_eq!(ended.iterations, 1);
    let failure = fit(
        METHODS,
        &json!({"method": "factor-analysis", "latentDim": 5}),
        &dataset(&drawn(&Matrix::zeros(4, 1), &[1.0; 4], 50, 1)),
        &FitOptions::default(),
        &mut Silent,
    )
    .expect_err("four inputs");
    assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigOutOfRange, Some("latentDim")));
}

#[test]
fn a_column_that_never_varies_is_refused_by_its_name() {
    let mut rows = drawn(&Matrix::zeros(3, 1), &[1.0; 3], 40, 2);
    (0..40).for_each(|i| rows[(i, 1)] = 7.0);
    let config = json!({"method": "factor-analysis", "latentDim": 1, "standardize": "none"});
    let failure =
        fit(METHODS, &config, &dataset(&rows), &FitOptions::default(), &mut Silent).expect_err("x1 is constant");
    assert_eq!(failure.code, Code::DataConstantColumn);
    assert!(failure.message.contains("x1"), "{failure}");
}
