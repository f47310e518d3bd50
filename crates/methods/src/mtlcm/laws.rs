//! The formulas of MTLCM against SciPy and PyTorch (golden/mtlcm.py), against differences and against simulations.

use super::density::Density;
use super::evidence::{Evidence, causal_weights, explained};
use super::marginal::{Noise, Pairs};
use super::moments::{Moments, Points, Representation, conjugate};
use super::published::{Published, Settings};
use disentangle_data::{Matrix, Stream};
use disentangle_numerics::joint_diagonalization::{Bounds, Covariances, diagonalize};
use disentangle_numerics::linalg::{inverse, product};
use serde_json::Value;

const BOUNDS: Bounds = Bounds { least: 0.01, most: 1.0 };

fn golden() -> Value {
    let path = format!("{}/../../golden/mtlcm.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("it is kept with its script")).expect("it is JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

fn matrix(value: &Value) -> Matrix<f64> {
    let rows = value.as_array().expect("rows").len();
    let data = numbers(value);
    Matrix::new(rows, data.len() / rows, data).expect("a full matrix")
}

/// Codes, the rows of every task, and their moments.
fn tasks(golden: &Value) -> (Matrix, Vec<Points>, Vec<Moments>) {
    let codes = matrix(&golden["codes"]).map(|v| v as f32);
    let targets = matrix(&golden["targets"]);
    let n = targets.cols();
    let points: Vec<Points> = (0..targets.rows())
        .map(|t| Points { rows: (t * n..(t + 1) * n).collect(), targets: targets.row(t).to_vec() })
        .collect();
    let moments = points.iter().map(|points| Moments::of(&codes, points)).collect();
    (codes, points, moments)
}

fn covariances(moments: &[Moments], coordinates: &Matrix<f64>) -> Covariances {
    let residuals: Vec<_> = moments.iter().map(|m| conjugate(coordinates, &m.residual())).collect();
    Covariances::new(&residuals, &vec![1.0; moments.len()], BOUNDS)
}

fn identity(k: usize) -> Matrix<f64> {
    Matrix::from_fn(k, k, |i, j| f64::from(u8::from(i == j)))
}

fn constant(k: usize) -> f64 {
    0.5 * k as f64 * std::f64::consts::TAU.ln()
}

#[test]
fn the_objective_is_the_gaussian_likelihood_with_indicators_and_coefficients_at_their_best() {
    let golden = golden();
    let (_, _, moments) = tasks(&golden);
    let point = covariances(&moments, &identity(4)).at(matrix(&golden["profile"]["map"]));
    let want = golden["profile"]["value"].as_f64().expect("a number");
    // SciPy's profile over 8 numbers per task ends where its gradient is of order 1e-6.
    assert!((point.value + constant(4) - want).abs() < 1e-6, "{} {want}", point.value + constant(4));
}

#[test]
fn the_solution_is_scipys_up_to_order_and_sign() {
    let golden = &golden();
    let (_, _, moments) = tasks(golden);
    let whitening = Representation::of(&moments, 4).expect("finite").whitening();
    let found = diagonalize(&covariances(&moments, &whitening), 6, 0, |_, _| true);
    let found = found.expect("every direction varies").expect("it is not stopped");
    let map = product(&found.point.map, &whitening);
    let value = covariances(&moments, &identity(4)).at(map.clone()).value;
    let golden = &golden["solution"];
    let want = golden["objective"].as_f64().expect("a number");
    // Ours ends when a step gains less than 1e-6.
    assert!((value - want).abs() < 1e-5, "{value} {want}");
    assert!((want + constant(4) - golden["likelihood"].as_f64().expect("a number")).abs() < 1e-6);
    let between = product(&map, &inverse(&matrix(&golden["map"])).expect("regular"));
    for i in 0..4 {
        let row: Vec<f64> = between.row(i).iter().map(|v| v.abs()).collect();
        let (largest, sum) = row.iter().fold((0.0f64, 0.0), |(m, s), &v| (m.max(v), s + v));
        assert!((largest - 1.0).abs() < 0.01 && sum - largest < 0.02, "row {i}: {row:?}");
    }
}

fn pairs(golden: &Value) -> (Pairs, Vec<usize>, Vec<f64>, Noise) {
    let (codes, points, moments) = tasks(golden);
    let pairs = Pairs::new(&codes.to_f64(), &points, &moments, &identity(4));
    let golden = &golden["marginal"];
    let batch = numbers(&golden["batch"]).into_iter().map(|v| v as usize).collect();
    let noise = Noise { spurious: 0.1, observed: golden["observed"].as_f64().expect("a number") };
    (pairs, batch, numbers(&golden["parameters"]), noise)
}

#[test]
fn the_marginal_likelihood_and_its_gradient_are_those_of_pytorch() {
    let golden = golden();
    let (pairs, batch, parameters, noise) = pairs(&golden);
    let mut gradient = vec![f64::NAN; parameters.len()];
    let loss = pairs.loss(&batch, &parameters, noise, &mut gradient).expect("positive definite");
    let want = golden["marginal"]["loss"].as_f64().expect("a number");
    assert!((loss - want).abs() < 1e-9 * want.abs(), "{loss} {want}");
    for (i, (got, want)) in gradient.iter().zip(numbers(&golden["marginal"]["gradient"])).enumerate() {
        // Condition numbers of 1e4 leave twelve digits of sixteen.
        assert!((got - want).abs() < 1e-8 * want.abs().max(1.0), "{i}: {got} {want}");
    }
}

#[test]
fn the_gradient_of_the_marginal_likelihood_is_that_of_central_differences() {
    let (pairs, batch, parameters, noise) = pairs(&golden());
    let mut gradient = vec![0.0; parameters.len()];
    let mut scratch = gradient.clone();
    pairs.loss(&batch, &parameters, noise, &mut gradient).expect("positive definite");
    let h = 1e-6;
    for i in 0..parameters.len() {
        let mut at = |step: f64| {
            let mut moved = parameters.clone();
            moved[i] += step;
            pairs.loss(&batch, &moved, noise, &mut scratch).expect("positive definite")
        };
        let slope = (at(h) - at(-h)) / (2.0 * h);
        // Rounding of a loss of some hundreds over h, and h^2 times third derivatives.
        assert!((slope - gradient[i]).abs() < 1e-5 * gradient[i].abs().max(10.0), "{i}: {slope} {}", gradient[i]);
    }
}

#[test]
fn ratios_regressions_and_densities_are_those_of_scipy() {
    let golden = golden();
    let (codes, points, moments) = tasks(&golden);
    let golden = &golden["evidence"];
    let map = matrix(&golden["map"]);
    // In double precision: latents of single precision would lose the digits compared here.
    let mapped: Vec<Moments> = moments.iter().map(|m| m.mapped(&map)).collect();
    let evidence = Evidence::of(&mapped, 0.01, None);
    for (got, want) in evidence.log_ratios.data().iter().zip(numbers(&golden["logRatios"])) {
        assert!((got - want).abs() < 1e-9 * want.abs().max(1.0), "{got} {want}");
    }
    let chosen = golden["causal"].as_array().expect("lists");
    let (want_weights, want_explained) = (matrix(&golden["weights"]), numbers(&golden["explained"]));
    for (t, m) in mapped.iter().enumerate() {
        let mut causal = [false; 4];
        numbers(&chosen[t % 4]).into_iter().for_each(|i| causal[i as usize] = true);
        let weights = causal_weights(m, &causal).expect("enough rows");
        for (got, want) in weights.iter().zip(want_weights.row(t)) {
            assert!((got - want).abs() < 1e-9 * want.abs().max(1.0), "{got} {want}");
        }
        let got = explained(m, &weights).expect("the target varies");
        assert!((got - want_explained[t]).abs() < 1e-9, "{got} {}", want_explained[t]);
    }
    let latents = product(&codes.to_f64(), &map.transposed()).map(|v| v as f32);
    let variances = matrix(&golden["indicators"]).map(|c| 0.01 * (1.0 - c) + c);
    for (noise, want) in [(None, &golden["density"]), (golden["noise"].as_f64(), &golden["noisyDensity"])] {
        let model = Density::new(&map, latents.clone(), mapped.clone(), variances.clone(), noise);
        let (got, want) = (model.mean_log(&points).expect("there are rows"), want.as_f64().expect("a number"));
        // Latents in single precision, over variances down to 0.01.
        assert!((got - want).abs() < 1e-4 * want.abs().max(1.0), "{noise:?}: {got} {want}");
    }
}

#[test]
fn a_task_with_no_more_rows_than_causes_has_no_regression() {
    let m =
        Moments { rows: 3, code: vec![0.0; 2], target: 0.0, codes: identity(2), both: vec![0.3, 0.1], targets: 1.0 };
    assert!(causal_weights(&m, &[true, true]).is_none());
    assert_eq!(causal_weights(&m, &[true, false]), Some(vec![0.3, 0.0]));
    let collinear = Moments { codes: Matrix::from_fn(2, 2, |_, _| 1.0), rows: 30, ..m };
    assert!(causal_weights(&collinear, &[true, true]).is_none());
}

/// Where the model holds to the letter, the log-likelihood ratio is an affine map of a chi-square with rows - 2 degrees of
/// freedom under either role: its mean and variance are known.
#[test]
fn the_log_likelihood_ratio_has_its_known_distribution_under_both_roles() {
    let mut stream = Stream::new(1, "ratios");
    let (rows, repeats, spurious) = (40, 4000, 0.04f64);
    for (role, variance) in [("causal", 1.0), ("spurious", spurious)] {
        let ratios: Vec<f64> = (0..repeats)
            .map(|_| {
                let targets: Vec<f64> = (0..rows).map(|_| 3.0 * stream.normal()).collect();
                let effect = if role == "causal" { 0.0 } else { 0.5 };
                let latents: Vec<f32> =
                    targets.iter().map(|y| (effect * y + variance.sqrt() * stream.normal()) as f32).collect();
                let codes = Matrix::new(rows, 1, latents).expect("one column");
                let moments = Moments::of(&codes, &Points { rows: (0..rows).collect(), targets });
                Evidence::of(&[moments], spurious, None).log_ratios[(0, 0)]
            })
            .collect();
        let freedom = rows as f64 - 2.0;
        let slope = 0.5 * variance * (1.0 / spurious - 1.0);
        let (want_mean, want_variance) =
            (0.5 * rows as f64 * spurious.ln() + slope * freedom, slope * slope * 2.0 * freedom);
        let mean = ratios.iter().sum::<f64>() / repeats as f64;
        let got_variance = ratios.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / repeats as f64;
        // Five standard errors of a mean; the variance of a variance of a chi-square is a few per cent.
        assert!((mean - want_mean).abs() < 5.0 * (want_variance / repeats as f64).sqrt(), "{role}: {mean} {want_mean}");
        assert!((got_variance / want_variance - 1.0).abs() < 0.15, "{role}: {got_variance} {want_variance}");
    }
}

fn settings(epochs: usize) -> Settings {
    Settings {
        epochs,
        gamma_warm_up: 1,
        batch_size: 100,
        learning_rate: 0.1,
        noise: Noise { spurious: 0.1, observed: 0.01 },
    }
}

#[test]
fn the_published_descent_goes_down_and_leaves_gamma_alone_while_it_warms_up() {
    let (pairs, _, _, _) = pairs(&golden());
    let mut descent = Published::new(&pairs, settings(60), 3);
    let start = descent.standing.parameters.clone();
    let losses: Vec<f64> = (0..descent.steps()).map(|_| descent.step().expect("positive definite")).collect();
    assert_eq!((descent.epoch_steps(), losses.len()), (8, 480));
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    assert!(mean(&losses[472..]) < mean(&losses[..8]) - 1.0, "{} {}", mean(&losses[..8]), mean(&losses[472..]));
    let mut warm = Published::new(&pairs, settings(60), 3);
    (0..8).for_each(|_| assert!(warm.step().is_ok()));
    let gamma = pairs.layout().gamma();
    assert_eq!(warm.standing.parameters[gamma..], start[gamma..]);
    assert_ne!(warm.standing.parameters[..gamma], start[..gamma]);
    warm.step().expect("positive definite");
    assert_ne!(warm.standing.parameters[gamma..], start[gamma..]);
}

#[test]
fn a_published_descent_goes_on_from_where_it_stood_with_the_same_bits() {
    let (pairs, _, _, _) = pairs(&golden());
    let run = |descent: &mut Published<'_>, steps: usize| (0..steps).for_each(|_| assert!(descent.step().is_ok()));
    let mut whole = Published::new(&pairs, settings(9), 3);
    run(&mut whole, 29);
    let mut first = Published::new(&pairs, settings(9), 3);
    run(&mut first, 13);
    let mut second = Published::new(&pairs, settings(9), 3);
    second.standing = first.standing.clone();
    run(&mut second, 16);
    assert_eq!(second.standing, whole.standing);
}
