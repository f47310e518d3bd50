use super::*;
use crate::simulate::{golden, simulate};
use serde_json::json;

fn world(config: TaskWorldConfig) -> Dataset {
    let dataset = task_world(&config).expect("a valid configuration");
    dataset.check_shapes().expect("all parts fit together");
    dataset
}

/// 100 tasks of 400 points, as drawn: not standardised, without noise of the inputs.
fn raw() -> TaskWorldConfig {
    TaskWorldConfig {
        seed: 3,
        tasks: 100,
        points_per_task: 400,
        latents: Some(5),
        noise: Some(0.0),
        standardize: false,
        ..TaskWorldConfig::default()
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Divided by n, as the standardisation.
fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64
}

/// A world taken apart: latents by task, point and place, and all else in f64.
struct Parts {
    z: Matrix<f64>,
    y: Vec<f64>,
    causes: Matrix<f64>,
    coefficients: Matrix<f64>,
    points: usize,
}

impl Parts {
    fn of(dataset: &Dataset) -> Self {
        let truth = |name: &str| dataset.truth[name].values.to_f64();
        Parts {
            z: truth("latents"),
            y: dataset.targets.as_ref().expect("a target").values.to_f64().col(0),
            causes: truth("causes"),
            coefficients: truth("coefficients"),
            points: dataset.rows() / truth("causes").rows(),
        }
    }

    fn is_cause(&self, t: usize, j: usize) -> bool {
        self.causes[(t, j)] == 1.0
    }

    fn rows(&self, t: usize) -> std::ops::Range<usize> {
        t * self.points..(t + 1) * self.points
    }

    /// What the causes leave of the target of a task.
    fn target_noise(&self, t: usize) -> Vec<f64> {
        let effect = |row: usize, j: usize| self.causes[(t, j)] * self.coefficients[(t, j)] * self.z[(row, j)];
        self.rows(t).map(|row| self.y[row] - (0..self.z.cols()).map(|j| effect(row, j)).sum::<f64>()).collect()
    }

    /// What the target leaves of a latent that follows it.
    fn spurious_noise(&self, t: usize, j: usize) -> Vec<f64> {
        self.rows(t).map(|row| self.z[(row, j)] - self.coefficients[(t, j)] * self.y[row]).collect()
    }

    fn places(&self, cause: bool) -> Vec<(usize, usize)> {
        let all = (0..self.causes.rows()).flat_map(|t| (0..self.causes.cols()).map(move |j| (t, j)));
        all.filter(|&(t, j)| self.is_cause(t, j) == cause).collect()
    }
}

#[test]
fn a_world_has_the_numbers_of_an_independent_program() {
    // golden/task_world.py
    let configs = golden::compare("task-world", include_str!("../../../../../golden/task_world.json"));
    let mixings: Vec<&Value> = configs.iter().map(|config| &config["mixing"]).collect();
    assert_eq!(mixings, ["random", "identity", "orthogonal", "network", "network"]);
}

#[test]
fn every_task_has_the_asked_number_of_causes_at_uniform_places() {
    for causes in 1..=5 {
        let config = TaskWorldConfig { causes, tasks: 2000, points_per_task: 2, ..raw() };
        let parts = Parts::of(&world(config));
        let mut places = [0usize; 5];
        for t in 0..2000 {
            assert!(parts.causes.row(t).iter().all(|&c| c == 0.0 || c == 1.0));
            assert_eq!(parts.causes.row(t).iter().sum::<f64>(), causes as f64);
            (0..5).for_each(|j| places[j] += usize::from(parts.is_cause(t, j)));
        }
        // Binomial(2000, causes / 5): standard deviation at most 22; five of them.
        assert!(places.iter().all(|place| place.abs_diff(2000 * causes / 5) < 110), "{places:?}");
    }
}

#[test]
fn coefficients_are_normal_for_causes_and_uniform_for_what_follows() {
    let parts = Parts::of(&world(TaskWorldConfig { tasks: 4000, points_per_task: 2, ..raw() }));
    let of =
        |cause: bool| -> Vec<f64> { parts.places(cause).into_iter().map(|place| parts.coefficients[place]).collect() };
    let (weights, gammas) = (of(true), of(false));
    assert_eq!((weights.len(), gammas.len()), (8000, 12000));
    // Standard errors: .011 of the mean, .016 of the variance; five of each. Fourth moment 3, standard error .11.
    assert!(mean(&weights).abs() < 0.056 && (variance(&weights) - 1.0).abs() < 0.08);
    assert!((mean(&weights.iter().map(|w| w.powi(4)).collect::<Vec<_>>()) - 3.0).abs() < 0.55);
    // Variance 1/3: standard errors .0053 and .0027; five of each.
    assert!(mean(&gammas).abs() < 0.027 && (variance(&gammas) - 1.0 / 3.0).abs() < 0.014);
    assert!(gammas.iter().all(|gamma| gamma.abs() <= 1.0) && gammas.iter().any(|gamma| gamma.abs() > 0.99));
}

#[test]
fn causes_are_standard_normal_and_the_noises_have_their_size() {
    let parts = Parts::of(&world(raw()));
    let causes: Vec<f64> = parts
        .places(true)
        .into_iter()
        .flat_map(|(t, j)| parts.rows(t).map(|row| parts.z[(row, j)]).collect::<Vec<_>>())
        .collect();
    // n = 80,000: standard errors .0035 and .005; five of each.
    assert!(mean(&causes).abs() < 0.018 && (variance(&causes) - 1.0).abs() < 0.025);
    let spurious: Vec<f64> = parts.places(false).into_iter().flat_map(|(t, j)| parts.spurious_noise(t, j)).collect();
    // n = 120,000: .0029 and .0041 of the standard deviation .1 and the variance .01; five of each.
    assert!(mean(&spurious).abs() < 0.0015 && (variance(&spurious) / 0.01 - 1.0).abs() < 0.021);
    let sds: Vec<f64> = (0..100).map(|t| variance(&parts.target_noise(t)).sqrt()).collect();
    // 400 points: relative standard error of a standard deviation .035; five of them beyond the bounds 2 and 3.
    assert!(sds.iter().all(|&sd| 2.0 * 0.82 < sd && sd < 3.0 * 1.18), "{sds:?}");
    // U(2, 3) has mean 2.5 and variance 1/12; estimation adds 400 points' .0078: standard errors .03 and .013 or less.
    assert!((mean(&sds) - 2.5).abs() < 0.15 && (variance(&sds) - 0.091).abs() < 0.065);
}

#[test]
fn the_noise_of_a_target_is_independent_of_its_causes() {
    let parts = Parts::of(&world(raw()));
    for (t, j) in parts.places(true) {
        let noise = parts.target_noise(t);
        let z: Vec<f64> = parts.rows(t).map(|row| parts.z[(row, j)]).collect();
        let (mean_z, mean_noise) = (mean(&z), mean(&noise));
        let product: Vec<f64> = z.iter().zip(&noise).map(|(z, e)| (z - mean_z) * (e - mean_noise)).collect();
        let correlation = mean(&product) / (variance(&z) * variance(&noise)).sqrt();
        // 200 correlations over 400 points: standard error .05; five of them.
        assert!(correlation.abs() < 0.25, "{correlation}");
    }
}

#[test]
fn standardised_latents_have_mean_0_and_sd_1_in_every_task_and_their_coefficients_follow() {
    let parts = Parts::of(&world(TaskWorldConfig { standardize: true, ..raw() }));
    let unscaled = Parts::of(&world(raw()));
    assert_eq!((&parts.y, &parts.causes), (&unscaled.y, &unscaled.causes));
    for t in 0..100 {
        for j in 0..5 {
            let z: Vec<f64> = parts.rows(t).map(|row| parts.z[(row, j)]).collect();
            // Rounded to f32.
            assert!(mean(&z).abs() < 1e-6 && (variance(&z) - 1.0).abs() < 1e-6);
        }
        // The same noise in other units, up to the mean that was taken off.
        let (here, there) = (parts.target_noise(t), unscaled.target_noise(t));
        assert!((variance(&here) / variance(&there) - 1.0).abs() < 1e-5);
        for j in (0..5).filter(|&j| !parts.is_cause(t, j)) {
            let unit = unscaled.coefficients[(t, j)] / parts.coefficients[(t, j)];
            let (here, there) = (parts.spurious_noise(t, j), unscaled.spurious_noise(t, j));
            // f32 numbers near 10 against a noise of .1.
            assert!((variance(&here).sqrt() * unit / variance(&there).sqrt() - 1.0).abs() < 1e-3);
        }
    }
}

#[test]
fn inputs_are_the_mixing_times_the_latents_plus_noise_of_the_asked_size() {
    for (mixing, noise) in [(Mixing::Identity, None), (Mixing::Random, Some(0.5)), (Mixing::Orthogonal, Some(0.0))] {
        let dataset = world(TaskWorldConfig { mixing, noise, tasks: 20, ..raw() });
        let (a, z) = (dataset.truth["mixing"].values.to_f64(), dataset.truth["latents"].values.to_f64());
        assert_eq!((&dataset.truth["mixing"].rows, dataset.input_names.len()), (&dataset.input_names, 5));
        let residuals: Vec<f64> = (0..dataset.rows())
            .flat_map(|row| {
                let mixed = |i: usize| -> f64 { a.row(i).iter().zip(z.row(row)).map(|(a, z)| a * z).sum() };
                (0..5).map(|i| f64::from(dataset.inputs[(row, i)]) - mixed(i)).collect::<Vec<_>>()
            })
            .collect();
        let sd = noise.unwrap_or(0.01);
        // n = 40,000: relative standard error of a standard deviation .0035; five of them; f32 rounds at 1e-6.
        assert!((variance(&residuals).sqrt() - sd).abs() < 0.018 * sd + 1e-5, "{mixing:?}");
    }
}

#[test]
fn an_orthogonal_mixing_is_orthogonal_and_turns_either_way() {
    let mut determinants = Vec::new();
    for (seed, latents) in (0..20).map(|seed| (seed, 3)).chain([(0, 100)]) {
        let config = TaskWorldConfig { seed, mixing: Mixing::Orthogonal, latents: Some(latents), tasks: 1, ..raw() };
        let a = world(TaskWorldConfig { points_per_task: 2, ..config }).truth["mixing"].values.to_f64();
        for (i, j) in (0..latents).flat_map(|i| (0..latents).map(move |j| (i, j))) {
            let product: f64 = (0..latents).map(|row| a[(row, i)] * a[(row, j)]).sum();
            assert!((product - f64::from(u8::from(i == j))).abs() < 1e-6, "f32 entries below 1");
        }
        if latents == 3 {
            let minor = |j: usize, k: usize| a[(1, j)] * a[(2, k)] - a[(1, k)] * a[(2, j)];
            determinants.push(a[(0, 0)] * minor(1, 2) - a[(0, 1)] * minor(0, 2) + a[(0, 2)] * minor(0, 1));
        }
    }
    assert!(determinants.iter().all(|det| (det.abs() - 1.0).abs() < 1e-6));
    assert!(determinants.iter().any(|&det| det > 0.0) && determinants.iter().any(|&det| det < 0.0));
}

#[test]
fn what_is_left_open_follows_the_mixing() {
    let sizes = |config: Value| {
        let mut config = config;
        config["tasks"] = json!(1);
        let dataset = simulate("task-world", config).expect("runs");
        let config = dataset.provenance["config"].clone();
        (dataset.truth["latents"].values.cols(), dataset.inputs.cols(), config["noise"].as_f64().expect("settled"))
    };
    assert_eq!(sizes(json!({})), (10, 10, 0.01));
    assert_eq!(sizes(json!({"latents": 3})), (3, 3, 0.01));
    assert_eq!(sizes(json!({"inputs": 7})), (7, 7, 0.01));
    for (inputs, latents) in [(20, 10), (50, 20), (100, 20), (200, 20)] {
        assert_eq!(sizes(json!({"mixing": "network", "inputs": inputs})), (latents, inputs, 0.0));
    }
    assert_eq!(sizes(json!({"mixing": "network"})), (20, 100, 0.0));
    assert_eq!(sizes(json!({"mixing": "network", "latents": 3, "noise": 0.1})), (3, 100, 0.1));
}

#[test]
fn more_tasks_and_more_points_leave_the_first_ones_as_they_were() {
    let few = world(TaskWorldConfig { tasks: 3, points_per_task: 4, ..raw() });
    let tasks = world(TaskWorldConfig { tasks: 5, points_per_task: 4, ..raw() });
    let points = world(TaskWorldConfig { tasks: 3, points_per_task: 6, ..raw() });
    for row in 0..12 {
        let elsewhere = row / 4 * 6 + row % 4;
        assert_eq!(few.inputs.row(row), tasks.inputs.row(row));
        assert_eq!(few.inputs.row(row), points.inputs.row(elsewhere));
    }
    assert_eq!(few.truth["causes"].values, points.truth["causes"].values);
}

#[test]
fn tasks_are_labelled_one_after_the_other_and_named_in_the_truth() {
    let dataset = world(TaskWorldConfig { tasks: 3, points_per_task: 2, ..raw() });
    let labels = &dataset.labels[&Role::Task];
    assert_eq!((labels.levels.join(" "), &labels.codes[..]), ("t1 t2 t3".to_owned(), &[0, 0, 1, 1, 2, 2][..]));
    assert_eq!((&dataset.truth["causes"].rows, &dataset.truth["coefficients"].rows), (&labels.levels, &labels.levels));
    assert!(!world(TaskWorldConfig { mixing: Mixing::Network, ..raw() }).truth.contains_key("mixing"));
}

#[test]
fn bad_values_are_refused_with_their_path() {
    for (config, code, path) in [
        (json!({"tasks": 0}), Code::ConfigOutOfRange, "tasks"),
        (json!({"pointsPerTask": 1}), Code::ConfigOutOfRange, "pointsPerTask"),
        (json!({"causes": 0}), Code::ConfigOutOfRange, "causes"),
        (json!({"causes": 11}), Code::ConfigOutOfRange, "causes"),
        (json!({"latents": 3, "causes": 4}), Code::ConfigOutOfRange, "causes"),
        (json!({"mixing": "network", "inputs": 3}), Code::ConfigOutOfRange, "causes"),
        (json!({"mixing": "network", "inputs": 5, "latents": 6}), Code::ConfigOutOfRange, "latents"),
        (json!({"inputs": 12, "latents": 10}), Code::ConfigConflict, "inputs"),
        (json!({"mixing": "affine"}), Code::ConfigOutOfRange, "mixing"),
        (json!({"noise": -1}), Code::ConfigOutOfRange, "noise"),
        (json!({"noise": null}), Code::ConfigWrongType, "noise"),
        (json!({"standardise": true}), Code::ConfigUnknownKey, "standardise"),
        (json!({"tasks": 100_000, "pointsPerTask": 1_000_000}), Code::ConfigOutOfRange, "pointsPerTask"),
    ] {
        let failure = simulate("task-world", config.clone()).expect_err("refused");
        assert_eq!((failure.code, failure.path.as_deref()), (code, Some(path)), "{config}: {failure}");
    }
}

#[test]
fn the_provenance_replays_the_world() {
    for mixing in ["random", "network"] {
        let config = json!({"tasks": 2, "pointsPerTask": 3, "mixing": mixing});
        let dataset = simulate("task-world", config).expect("runs");
        let again =
            simulate("task-world", dataset.provenance["config"].clone()).expect("the configuration is complete");
        assert_eq!(again, dataset);
        let other = TaskWorldConfig { seed: 1, tasks: 2, points_per_task: 3, ..TaskWorldConfig::default() };
        assert_ne!(world(other).fingerprint(), dataset.fingerprint());
    }
}
