use super::latents::{Causes, rotation};
use super::mixing::Mixing;
use super::*;
use crate::simulate::{
    golden::{self, truth},
    simulate,
};
use serde_json::json;

fn world(config: SilentWorldConfig) -> Dataset {
    let dataset = silent_world(&config).expect("a valid configuration");
    dataset.check_shapes().expect("all parts fit together");
    dataset
}

fn small() -> SilentWorldConfig {
    SilentWorldConfig { seed: 3, rows: 600, latents: 6, ..SilentWorldConfig::default() }
}

fn silent(dataset: &Dataset, row: usize) -> Vec<bool> {
    dataset.truth["silent"].values.row(row).iter().map(|&s| s == 1.0).collect()
}

/// Mean and variance (divided by n).
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n)
}

fn close(a: &Matrix<f64>, b: &Matrix<f64>, error: f64) -> bool {
    a.rows() == b.rows() && a.cols() == b.cols() && a.data().iter().zip(b.data()).all(|(a, b)| (a - b).abs() < error)
}

fn times(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    Matrix::from_fn(a.rows(), b.cols(), |i, j| (0..a.cols()).map(|k| a[(i, k)] * b[(k, j)]).sum())
}

fn identity(n: usize) -> Matrix<f64> {
    Matrix::from_fn(n, n, |i, j| f64::from(u8::from(i == j)))
}

#[test]
fn a_world_has_the_numbers_of_an_independent_program() {
    // golden/silent_world.py
    let configs = golden::compare("silent-world", include_str!("../../../../../golden/silent_world.json"));
    assert_eq!(configs.len(), 5);
}

#[test]
fn a_graph_has_exactly_the_asked_edges_no_cycle_and_weights_away_from_zero() {
    for (latents, edges_per_latent) in [(5, 2), (10, 0), (10, 1), (10, 3), (3, 1)] {
        for seed in 0..5 {
            let dataset = world(SilentWorldConfig { seed, latents, edges_per_latent, rows: 2, ..small() });
            let weights = truth(&dataset, "graph");
            let sizes: Vec<f64> = weights.data().iter().copied().filter(|w| *w != 0.0).collect();
            assert_eq!(sizes.len(), edges_per_latent * latents);
            assert!(sizes.iter().all(|w| (0.2..=1.0).contains(&(w.abs() as f32))), "{sizes:?}");
            // A matrix whose power n is zero has no cycle.
            let power = (1..latents).fold(weights.clone(), |power, _| times(&power, &weights));
            assert!(power.data().iter().all(|&w| w == 0.0), "{weights:?}");
        }
    }
}

#[test]
fn edges_join_all_pairs_in_both_directions_alike() {
    let mut counts = Matrix::<f64>::zeros(4, 4);
    for seed in 0..2000 {
        let weights = Causes::draw(&SilentWorldConfig { seed, latents: 4, ..small() }).weights;
        counts = Matrix::from_fn(4, 4, |i, j| counts[(i, j)] + f64::from(u8::from(weights[(i, j)] != 0.0)));
    }
    // 4 of 6 pairs, one of two directions each: binomial(2000, 1/3), standard deviation 21; five of them.
    assert!((0..4).all(|i| (0..4).all(|j| i == j || (counts[(i, j)] - 2000.0 / 3.0).abs() < 105.0)), "{counts:?}");
}

#[test]
fn latents_follow_their_causes_with_noise_of_mean_0_and_variance_1() {
    for (noise, kurtosis) in [(LatentNoise::Gaussian, 3.0), (LatentNoise::Exponential, 9.0), (LatentNoise::Gumbel, 5.4)]
    {
        let config = SilentWorldConfig { noise, edges_per_latent: 2, ..small() };
        let causes = Causes::draw(&config);
        let mut stream = Stream::new(1, "test");
        let mut z = vec![0.0; 6];
        let mut noises: Vec<f64> = Vec::new();
        for _ in 0..20_000 {
            causes.fill(&mut z, &mut stream);
            noises.extend((0..6).map(|j| z[j] - (0..6).map(|i| causes.weights[(i, j)] * z[i]).sum::<f64>()));
        }
        // n = 120,000: standard errors at most .003 and .008; five of each. Fourth moments of skewed noise are heavier.
        let (mean, variance) = moments(&noises);
        assert!(mean.abs() < 0.015 && (variance - 1.0).abs() < 0.04, "{noise:?}: {mean} {variance}");
        let fourth = noises.iter().map(|e| (e - mean).powi(4)).sum::<f64>() / noises.len() as f64;
        assert!((fourth / kurtosis - 1.0).abs() < 0.2, "{noise:?}: {fourth}");
    }
}

#[test]
fn the_asked_share_of_latents_is_active_and_masks_take_turns() {
    for (active, count) in [(ActiveShare::One, 1), (ActiveShare::Half, 3), (ActiveShare::ThreeQuarters, 4)] {
        let dataset = world(SilentWorldConfig { active, ..small() });
        let masks: std::collections::BTreeSet<Vec<bool>> = (0..600).map(|row| silent(&dataset, row)).collect();
        assert!(masks.iter().all(|mask| mask.iter().filter(|&&silent| !silent).count() == count));
        // At most 5 n, equal ones once; with one active latent exactly n.
        assert!(if count == 1 { masks.len() == 6 } else { masks.len() <= 30 && masks.len() > 6 }, "{}", masks.len());
        for row in masks.len()..600 {
            assert_eq!(silent(&dataset, row), silent(&dataset, row - masks.len()));
        }
        assert!((0..6).all(|i| masks.iter().any(|mask| mask[i]) && masks.iter().any(|mask| !mask[i])));
    }
}

#[test]
fn with_all_active_nothing_is_silent_and_what_was_active_stays_as_it_was() {
    let (all, half) = (world(SilentWorldConfig { active: ActiveShare::All, ..small() }), world(small()));
    assert!(all.truth["silent"].values.data().iter().all(|&silent| silent == 0.0));
    assert_eq!(all.truth["graph"], half.truth["graph"]);
    for row in 0..600 {
        for (j, is_silent) in silent(&half, row).into_iter().enumerate() {
            let [whole, part] = [&all, &half].map(|dataset| dataset.truth["latents"].values[(row, j)]);
            assert_eq!(whole == part, !is_silent, "row {row}, latent {j}");
        }
    }
}

#[test]
fn every_latent_is_silent_somewhere_and_active_somewhere_even_where_masks_are_few() {
    for seed in 0..300 {
        let config = SilentWorldConfig { seed, latents: 4, active: ActiveShare::ThreeQuarters, rows: 20, ..small() };
        let dataset = world(config);
        let columns = dataset.truth["silent"].values.clone();
        assert!((0..4).all(|j| columns.col(j).contains(&1.0) && columns.col(j).contains(&0.0)), "seed {seed}");
    }
}

#[test]
fn silent_latents_stand_still_so_many_deviations_above_their_mean() {
    let active = world(SilentWorldConfig { rows: 40_000, active: ActiveShare::ThreeQuarters, ..small() });
    for silent_at in [-1.0, 0.0, 2.0] {
        let dataset = world(SilentWorldConfig { silent_at, ..small() });
        for j in 0..6 {
            let of = |dataset: &Dataset, wanted: bool| -> Vec<f64> {
                let rows = (0..dataset.rows()).filter(|&row| silent(dataset, row)[j] == wanted);
                rows.map(|row| f64::from(dataset.truth["latents"].values[(row, j)])).collect()
            };
            let still = of(&dataset, true);
            assert!(still.iter().all(|&z| z == still[0]), "latent {j}");
            // Mean and deviation on 5000 rows there and on 20,000 or more here: five standard errors.
            let (mean, variance) = moments(&of(&active, false));
            let error =
                5.0 * variance.sqrt() * (1.0 + 0.5 * silent_at * silent_at).sqrt() * (1.0 / 5e3_f64 + 1.0 / 2e4).sqrt();
            assert!((still[0] - mean - silent_at * variance.sqrt()).abs() < error, "latent {j}");
        }
    }
}

#[test]
fn blocks_are_silent_together_and_differ_from_each_other() {
    let dataset = world(SilentWorldConfig { latents: 10, blocks: vec![1, 1, 3, 5], ..small() });
    for row in 0..dataset.rows() {
        let mask = silent(&dataset, row);
        assert!([&mask[2..5], &mask[5..10]].iter().all(|block| block.iter().all(|&s| s == block[0])), "{mask:?}");
    }
    let differ =
        |i: usize, j: usize| (0..dataset.rows()).any(|row| silent(&dataset, row)[i] != silent(&dataset, row)[j]);
    assert!(differ(0, 1) && differ(0, 2) && differ(1, 5) && differ(2, 5));
    let told = &dataset.truth["blocks"];
    assert_eq!(told.rows, ["b1", "b2", "b3", "b4"]);
    assert_eq!(told.values.row(2), [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert!((0..10).all(|i| told.values.col(i).iter().sum::<f32>() == 1.0));
    assert!(!world(small()).truth.contains_key("blocks"));
}

#[test]
fn layers_have_orthonormal_rows_and_more_inputs_than_latents_keep_all_of_them() {
    let mixing = Mixing::draw(&SilentWorldConfig { inputs: Some(9), layers: 4, ..small() });
    assert_eq!((mixing.layers.len(), mixing.layers[0].rows(), mixing.layers[0].cols()), (4, 6, 9));
    for layer in &mixing.layers {
        assert!(close(&times(layer, &layer.transposed()), &identity(layer.rows()), 1e-12));
    }
    assert_eq!(world(SilentWorldConfig { inputs: Some(9), ..small() }).inputs.cols(), 9);
}

#[test]
fn one_layer_is_the_mixing_of_the_truth() {
    let dataset = world(SilentWorldConfig { inputs: Some(8), layers: 1, ..small() });
    let expected = times(&truth(&dataset, "latents"), &truth(&dataset, "mixing").transposed());
    assert!(close(&dataset.inputs.to_f64(), &expected, 1e-5));
    assert_eq!(dataset.truth["mixing"].rows, dataset.input_names);
    assert!(!world(small()).truth.contains_key("mixing"));
}

#[test]
fn a_mixing_is_piecewise_affine_or_smooth_and_bends_between_its_layers() {
    let draw = |layers, activation| Mixing::draw(&SilentWorldConfig { layers, activation, ..small() });
    let z = [0.3, -1.2, 0.8, 0.1, -0.4, 2.0];
    let scaled = |by: f64| z.map(|z| by * z);
    for layers in [2, 10] {
        let leaky = draw(layers, MixingActivation::Leaky);
        // Kinks stand at 0 only: along a ray from the origin the map is linear, and back through it it is not.
        let (once, twice, back) = (leaky.apply(&z), leaky.apply(&scaled(2.0)), leaky.apply(&scaled(-1.0)));
        assert!(once.iter().zip(&twice).all(|(a, b)| (2.0 * a - b).abs() < 1e-12));
        assert!(once.iter().zip(&back).any(|(a, b)| (a + b).abs() > 1e-3));
        // Seen from far, the smooth mixing has a kink at 0 as well.
        let smooth = draw(layers, MixingActivation::Smooth);
        let far = |by: f64| smooth.apply(&scaled(by)).into_iter().map(|x| x / by).collect::<Vec<_>>();
        assert!(far(1e5).iter().zip(&far(2e5)).all(|(a, b)| (a - b).abs() < 1e-3));
        assert!(leaky.apply(&z).iter().zip(&smooth.apply(&z)).any(|(a, b)| (a - b).abs() > 1e-2));
    }
}

#[test]
fn the_smooth_activation_has_no_kink_and_does_not_overflow() {
    for slope in [0.5, 1.5] {
        let value = |h: f64| MixingActivation::Smooth.value(h, slope);
        let step = 1e-4;
        let curvature = (value(step) - 2.0 * value(0.0) + value(-step)) / (step * step);
        // (1 - s) times the second derivative of log(1 + exp h) at 0, a quarter.
        assert!((curvature - 0.25 * (1.0 - slope)).abs() < 1e-4, "{curvature}");
        assert!((value(1e3) - 1e3).abs() < 1e-9 && (value(-1e3) + slope * 1e3).abs() < 1e-9);
    }
}

#[test]
fn the_sigmoid_activation_is_symmetric_about_a_half_and_does_not_overflow() {
    let value = |h: f64| MixingActivation::Sigmoid.value(h, 0.7);
    assert_eq!((value(-1e3), value(0.0), value(1e3)), (0.0, 0.5, 1.0));
    for h in [0.1, 1.0, 5.0] {
        // The hyperbolic tangent is the same function in another unit; the slope of the layer plays no part.
        assert!((value(h) - 0.5 * (1.0 + (0.5 * h).tanh())).abs() < 1e-15);
        assert!((value(h) + value(-h) - 1.0).abs() < 1e-15 && value(h) == MixingActivation::Sigmoid.value(h, 1.3));
    }
}

#[test]
fn a_rotation_is_the_product_of_turns_in_all_planes() {
    let degrees = 30.0f64;
    let (sin, cos) = degrees.to_radians().sin_cos();
    let plane = |i: usize, j: usize| {
        Matrix::from_fn(3, 3, |a, b| match (a, b) {
            _ if a == b && (a == i || a == j) => cos,
            _ if (a, b) == (i, j) => -sin,
            _ if (a, b) == (j, i) => sin,
            _ => f64::from(u8::from(a == b)),
        })
    };
    let expected = times(&plane(1, 2), &times(&plane(0, 2), &plane(0, 1)));
    assert!(close(&rotation(3, degrees), &expected, 1e-15));

    let turned = world(SilentWorldConfig { rotation_degrees: 30.0, ..small() });
    let straight = world(small());
    assert_eq!(turned.truth["unrotated"], straight.truth["latents"]);
    assert_eq!(turned.truth["silent"], straight.truth["silent"]);
    let expected = times(&truth(&straight, "latents"), &rotation(6, 30.0));
    assert!(close(&truth(&turned, "latents"), &expected, 1e-5));
    assert!(!straight.truth.contains_key("unrotated"));
}

#[test]
fn independent_latents_keep_masks_silent_values_and_mixing() {
    let config = SilentWorldConfig { silent_at: 1.0, edges_per_latent: 2, layers: 1, ..small() };
    let dependent = world(config.clone());
    let independent = world(SilentWorldConfig { dependence: Dependence::None, ..config });
    for name in ["silent", "mixing"] {
        assert_eq!(dependent.truth[name], independent.truth[name], "{name}");
    }
    assert!(independent.truth["graph"].values.data().iter().all(|&w| w == 0.0));
    let (with, without) = (&dependent.truth["latents"].values, &independent.truth["latents"].values);
    assert_ne!(with, without);
    for row in 0..dependent.rows() {
        let mask = silent(&dependent, row);
        assert!((0..6).filter(|&j| mask[j]).all(|j| with[(row, j)] == without[(row, j)]));
    }
}

#[test]
fn more_rows_leave_the_first_and_noise_of_the_inputs_leaves_the_latents_as_they_were() {
    let few = world(small());
    let more = world(SilentWorldConfig { rows: 900, ..small() });
    let first: Vec<usize> = (0..600).collect();
    assert_eq!(more.inputs.select_rows(&first), few.inputs);
    assert_eq!(more.truth["latents"].values.select_rows(&first), few.truth["latents"].values);
    let noisy = world(SilentWorldConfig { observation_noise: 0.5, ..small() });
    assert_eq!(noisy.truth["latents"], few.truth["latents"]);
    let noise: Vec<f64> = noisy.inputs.data().iter().zip(few.inputs.data()).map(|(a, b)| f64::from(a - b)).collect();
    // n = 3600: standard errors .0083 and .0059; five of each.
    let (mean, variance) = moments(&noise);
    assert!(mean.abs() < 0.042 && (variance - 0.25).abs() < 0.03, "{mean} {variance}");
}

#[test]
fn a_source_draws_the_data_set_from_its_streams_and_other_rows_from_others() {
    for config in [small(), SilentWorldConfig { observation_noise: 0.1, inputs: Some(8), ..small() }] {
        let dataset = world(config.clone());
        let source = source(&config).expect("a world");
        assert_eq!(source.first_inputs(600), dataset.inputs);
        let streams = |step: u32| move |name: &str| Stream::new(7, name).at(step);
        let batch = |step: u32| source.inputs(0..50, &streams(step));
        assert_eq!(batch(1), batch(1));
        assert_ne!(batch(1), batch(2));
        assert_ne!(batch(1).data(), &dataset.inputs.data()[..50 * dataset.inputs.cols()]);
    }
}

#[test]
fn bad_values_are_refused_with_their_path() {
    for (config, code, path) in [
        (json!({"rows": 0}), Code::ConfigOutOfRange, "rows"),
        (json!({"latents": 1}), Code::ConfigOutOfRange, "latents"),
        (json!({"latents": 10, "inputs": 9}), Code::ConfigOutOfRange, "inputs"),
        (json!({"latents": 5, "edgesPerLatent": 3}), Code::ConfigOutOfRange, "edgesPerLatent"),
        (json!({"latents": 2}), Code::ConfigOutOfRange, "edgesPerLatent"),
        (json!({"edgesPerLatent": -1}), Code::ConfigOutOfRange, "edgesPerLatent"),
        (json!({"active": "most"}), Code::ConfigOutOfRange, "active"),
        (json!({"blocks": [5, 4]}), Code::ConfigConflict, "blocks"),
        (json!({"blocks": [10]}), Code::ConfigOutOfRange, "blocks"),
        (json!({"blocks": [0, 10]}), Code::ConfigOutOfRange, "blocks.0"),
        (json!({"layers": 0}), Code::ConfigOutOfRange, "layers"),
        (json!({"layers": 21}), Code::ConfigOutOfRange, "layers"),
        (json!({"activation": "relu"}), Code::ConfigOutOfRange, "activation"),
        (json!({"noise": 0.1}), Code::ConfigWrongType, "noise"),
        (json!({"observationNoise": -0.1}), Code::ConfigOutOfRange, "observationNoise"),
        (json!({"silentAt": null}), Code::ConfigWrongType, "silentAt"),
        (json!({"rotation": 15}), Code::ConfigUnknownKey, "rotation"),
        (json!({"latents": 1000, "rows": 1_000_000_000}), Code::ConfigOutOfRange, "rows"),
    ] {
        let failure = simulate("silent-world", config.clone()).expect_err("refused");
        assert_eq!((failure.code, failure.path.as_deref()), (code, Some(path)), "{config}: {failure}");
    }
}

#[test]
fn the_provenance_replays_the_world() {
    for changes in [json!({}), json!({"rotationDegrees": 15, "blocks": [4, 3, 3], "observationNoise": 0.1})] {
        let mut config = changes;
        config["rows"] = json!(7);
        let dataset = simulate("silent-world", config).expect("runs");
        let again =
            simulate("silent-world", dataset.provenance["config"].clone()).expect("the configuration is complete");
        assert_eq!(again, dataset);
    }
    let other = SilentWorldConfig { seed: 4, ..small() };
    assert_ne!(world(other).fingerprint(), world(small()).fingerprint());
}
