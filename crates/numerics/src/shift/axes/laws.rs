use super::*;
use crate::joint_diagonalization::{Bounds, Covariances, diagonalize};
use crate::moments::covariance_of_rows;
use disentangle_data::simulate::simulate;
use serde_json::{Value, json};

const RANDOM: Random = Random { starts: 5, seed: 7 };

/// True latents, a linear map of them of unit variance, and the environment of each row.
fn world(changes: Value) -> (Matrix, Matrix, Vec<u32>) {
    let mut config = json!({"seed": 5, "latents": 3, "environments": 30, "pointsPerEnvironment": 500});
    let Value::Object(changes) = changes else { panic!("options are an object") };
    changes.into_iter().for_each(|(key, value)| config[key] = value);
    let data = simulate("shift-world", config).expect("a valid world");
    let truth = data.truth["latents"].values.clone();
    let map = |i: usize, j: usize| 0.3 + ((3 * i + 5 * j + i * j * j) as f64).sin();
    let mean: Vec<f64> = column_means(&truth);
    let mixed = Matrix::from_fn(truth.rows(), truth.cols(), |r, j| {
        (0..truth.cols()).map(|i| (f64::from(truth[(r, i)]) - mean[i]) * map(i, j)).sum::<f64>() as f32
    });
    (truth, mixed, data.labels.values().next().expect("environments").codes.clone())
}

fn column_means(z: &Matrix) -> Vec<f64> {
    (0..z.cols()).map(|j| (0..z.rows()).map(|r| f64::from(z[(r, j)])).sum::<f64>() / z.rows() as f64).collect()
}

/// The axes that joint diagonalization finds.
fn diagonal(codes: &Matrix, environments: &[u32]) -> Matrix<f64> {
    let of = |u: u32| (0..codes.rows()).filter(|&r| environments[r] == u).collect::<Vec<_>>();
    let count = environments.iter().max().expect("rows") + 1;
    let matrices: Vec<Matrix<f64>> = (0..count).map(|u| covariance_of_rows(codes, &of(u))).collect();
    let covariances = Covariances::new(&matrices, &vec![1.0; matrices.len()], Bounds { least: 1e-9, most: 1e9 });
    diagonalize(&covariances, 6, 0, |_, _| true).expect("it runs").expect("it ends").point.map
}

/// The least of the largest correlations of each true latent with any found one.
fn least_correlation(truth: &Matrix, found: &Matrix) -> f64 {
    let (t, f) = (column_means(truth), column_means(found));
    let product = |a: &Matrix, i: usize, am: f64, b: &Matrix, j: usize, bm: f64| -> f64 {
        (0..a.rows()).map(|r| (f64::from(a[(r, i)]) - am) * (f64::from(b[(r, j)]) - bm)).sum()
    };
    let correlation = |i: usize, j: usize| {
        let own = product(truth, i, t[i], truth, i, t[i]) * product(found, j, f[j], found, j, f[j]);
        (product(truth, i, t[i], found, j, f[j]) / own.sqrt()).abs()
    };
    let best = |i: usize| (0..found.cols()).map(|j| correlation(i, j)).fold(0.0, f64::max);
    (0..truth.cols()).map(best).fold(1.0, f64::min)
}

#[test]
fn the_gradient_is_that_of_central_differences() {
    for (changes, chosen) in [(json!({}), vec![0, 1, 2, 3]), (json!({"place": "inside"}), vec![0, 2])] {
        let (_, codes, environments) = world(changes);
        let (rows, total) = (Rows::of(&codes, &environments, MANY, 0), covariance(&codes));
        let at: Vec<f64> = (0..9).map(|e| f64::from(u8::from(e % 4 == 0)) + 0.4 * (e as f64 * 1.7).sin()).collect();
        let (_, gradient) = rows.misfit(&at, &total, &chosen);
        for e in 0..9 {
            let value = |step: f64| {
                let mut moved = at.clone();
                moved[e] += step;
                rows.misfit(&moved, &total, &chosen).0
            };
            let want = (value(1e-3) - value(-1e-3)) / 2e-3;
            // The differences err by some 1e-6 for their step, and as much for functions in single precision.
            assert!((gradient[e] - want).abs() < 1e-5 * (1.0 + want.abs()), "entry {e}: {} is not {want}", gradient[e]);
        }
    }
}

#[test]
fn with_lines_alone_the_misfit_is_that_of_free_covariances_whatever_the_axes() {
    let (_, codes, environments) = world(json!({"latents": 2, "noiseScaleLeast": 1}));
    let (rows, total) = (Rows::of(&codes, &environments, usize::MAX, 0), covariance(&codes));
    let of = |u: u32| (0..codes.rows()).filter(|&r| environments[r] == u).collect::<Vec<_>>();
    let free = |u: u32| 0.5 * log_abs_det(&covariance_of_rows(&codes, &of(u)));
    let want = (0..30).map(free).sum::<f64>() / 30.0;
    for at in [[1.0, 0.0, 0.0, 1.0], [3.0, 0.4, -1.0, 0.2]] {
        let (value, _) = rows.misfit(&at, &total, &[0]);
        // The ridge: about half of a thousandth over the share of the variance that is left.
        assert!((value - want).abs() < 5e-3, "{value} is not {want}");
    }
}

#[test]
fn bent_effects_give_axes_that_joint_diagonalization_misses() {
    let inside =
        json!({"place": "inside", "gain": 2, "signs": "positive", "coefficientLeast": 0.2, "coefficientMost": 2});
    for (changes, kind, least) in [
        (inside, Kind::Mlp, 0.98),
        (json!({"link": "quadratic", "gain": 1.5}), Kind::Mlp, 0.99),
        (json!({"link": "quadratic", "gain": 1.5}), Kind::Polynomial, 0.99),
    ] {
        let (truth, codes, environments) = world(changes);
        let start = diagonal(&codes, &environments);
        let before = least_correlation(&truth, &latents(&codes, &unit(&start, &covariance(&codes))));
        let axes = likeliest(&codes, &environments, &start, kind, RANDOM, || true).expect("it runs").expect("it ends");
        let after = least_correlation(&truth, &latents(&codes, &axes));
        assert!(before < 0.95 && after > least, "{kind:?}: {before} became {after}");
    }
}

#[test]
fn straight_effects_keep_the_axes_and_sort_them_and_no_thread_changes_a_bit() {
    let (_, codes, environments) = world(json!({"pointsPerEnvironment": 100}));
    let start = diagonal(&codes, &environments);
    let sorted =
        likeliest(&codes, &environments, &start, Kind::Linear, RANDOM, || true).expect("it runs").expect("it ends");
    let scaled = unit(&start, &covariance(&codes));
    assert!((0..3).all(|i| (0..3).any(|j| sorted.row(i) == scaled.row(j))));
    let on = |threads: usize| {
        let run = || likeliest(&codes, &environments, &start, Kind::Mlp, RANDOM, || true).expect("it runs");
        Compute::with_threads(threads).run(run).expect("it ends")
    };
    assert_eq!(on(1), on(2));
}

#[test]
fn a_fit_that_is_cancelled_ends_without_axes() {
    let (_, codes, environments) = world(json!({"pointsPerEnvironment": 100}));
    let start = diagonal(&codes, &environments);
    let mut left = 3;
    let stop = || {
        left -= 1;
        left > 0
    };
    assert_eq!(likeliest(&codes, &environments, &start, Kind::Mlp, RANDOM, stop).expect("it runs"), None);
}
