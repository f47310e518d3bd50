use super::*;
use crate::simulate::simulate;
use serde_json::json;

fn world(config: TreeWorldConfig) -> Dataset {
    let dataset = tree_world(&config).expect("a valid configuration");
    dataset.check_shapes().expect("all parts fit together");
    dataset
}

fn small() -> TreeWorldConfig {
    TreeWorldConfig { seed: 5, depth: 4, points_per_environment: 2000, ..TreeWorldConfig::default() }
}

fn moment(values: impl Iterator<Item = f64> + Clone, power: i32) -> f64 {
    let count = values.clone().count() as f64;
    values.map(|v| v.powi(power)).sum::<f64>() / count
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let product =
        |x: &[f64], mx: f64, y: &[f64], my: f64| x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>();
    product(a, mean_a, b, mean_b) / (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt()
}

/// Mean correlation of each latent with its own best prediction: the MCC of E[z | x], whose matching is the identity.
fn oracle(dataset: &Dataset) -> f64 {
    let (z, expected) = (dataset.truth["latents"].values.to_f64(), dataset.truth["expected"].values.to_f64());
    (0..z.cols()).map(|j| correlation(&z.col(j), &expected.col(j))).sum::<f64>() / z.cols() as f64
}

#[test]
fn inputs_have_the_moments_of_a_standard_normal() {
    let dataset = world(small());
    let x = dataset.inputs.data().iter().map(|&x| f64::from(x));
    // n = 960,000: standard errors .001, .0014, .004, .01; five of each.
    assert!(moment(x.clone(), 1).abs() < 0.0052);
    assert!((moment(x.clone(), 2) - 1.0).abs() < 0.0073);
    assert!(moment(x.clone(), 3).abs() < 0.02);
    assert!((moment(x, 4) - 3.0).abs() < 0.05);
}

#[test]
fn latent_and_target_noise_have_the_asked_size_in_both_units() {
    for (unit, variance) in [(NoiseUnit::StandardDeviation, 0.01), (NoiseUnit::Variance, 0.1)] {
        let dataset = world(TreeWorldConfig { noise_unit: unit, ..small() });
        let (z, expected) = (&dataset.truth["latents"].values, &dataset.truth["expected"].values);
        let noise = z.data().iter().zip(expected.data()).map(|(&z, &m)| f64::from(z) - f64::from(m));
        // n = 300,000: relative standard error of a variance .0026, of the mean in sds .0018; five of each.
        assert!((moment(noise.clone(), 2) / variance - 1.0).abs() < 0.013);
        assert!(moment(noise, 1).abs() < 0.0092 * f64::sqrt(variance));

        let (heads, y) = (&dataset.truth["heads"].values, &dataset.targets.as_ref().expect("a target").values);
        let environments = &dataset.labels[&Role::Environment];
        let tree = dataset.tree.as_ref().expect("a tree");
        let residuals: Vec<f64> = (0..dataset.rows())
            .map(|row| {
                let node = tree.index_of(environments.label(row)).expect("labels are nodes");
                let fit: f64 = heads.row(node).iter().zip(z.row(row)).map(|(&w, &z)| f64::from(w) * f64::from(z)).sum();
                f64::from(y[(row, 0)]) - fit
            })
            .collect();
        // n = 60,000: .0058 and .0041; five of each.
        assert!((moment(residuals.iter().copied(), 2) / variance - 1.0).abs() < 0.029);
        assert!(moment(residuals.iter().copied(), 1).abs() < 0.021 * f64::sqrt(variance));
        for j in 0..z.cols() {
            let column: Vec<f64> = z.col(j).into_iter().map(f64::from).collect();
            assert!(correlation(&column, &residuals).abs() < 0.021, "the target's noise is its own");
        }
    }
}

#[test]
fn the_best_prediction_of_the_latents_scores_what_the_noise_allows() {
    // A small world sees few maps W, which move the score by some .0005; the paper's .98 rules the variance out.
    let score = |seed, noise_unit| oracle(&world(TreeWorldConfig { seed, noise_unit, ..small() }));
    let mean = |unit| (0..5).map(|seed| score(seed, unit)).sum::<f64>() / 5.0;
    let (sd, variance) = (mean(NoiseUnit::StandardDeviation), mean(NoiseUnit::Variance));
    assert!((sd - 0.9936).abs() < 0.001, "{sd}");
    assert!((variance - 0.941).abs() < 0.005, "{variance}");
}

#[test]
fn the_linear_map_makes_expected_latents_linear_in_the_inputs() {
    let dataset = world(TreeWorldConfig { map: LatentMap::Linear, inputs: 3, points_per_environment: 10, ..small() });
    let tanh = world(TreeWorldConfig { inputs: 3, points_per_environment: 10, ..small() });
    let (linear, bent) = (&dataset.truth["expected"].values, &tanh.truth["expected"].values);
    let mut stream = Stream::new(5, "tree-world/map");
    let mixing = Matrix::from_fn(3, 5, |_, _| stream.normal());
    for row in 0..dataset.rows() {
        for j in 0..5 {
            let mixed: f64 = (0..3).map(|i| f64::from(dataset.inputs[(row, i)]) * mixing[(i, j)]).sum();
            assert!((f64::from(linear[(row, j)]) - mixed).abs() < 1e-5);
            assert!((f64::from(bent[(row, j)]) - mixed.tanh()).abs() < 1e-6);
        }
    }
}

#[test]
fn heads_are_the_roots_head_plus_the_changes_on_the_path() {
    let dataset = world(TreeWorldConfig { changes: Some(3), points_per_environment: 1, ..small() });
    let (heads, changes) = (&dataset.truth["heads"], &dataset.truth["changes"]);
    let tree = dataset.tree.as_ref().expect("a tree");
    assert_eq!((&heads.rows, &changes.rows), (&tree.names, &tree.names));
    assert_eq!(changes.values.row(tree.root()), [0.0; 5]);
    for node in 0..tree.len() {
        for j in 0..5 {
            let path: f32 = tree.path_to_root(node).iter().map(|&edge| changes.values[(edge, j)]).sum();
            assert!((heads.values[(node, j)] - heads.values[(tree.root(), j)] - path).abs() < 1e-5);
        }
    }
}

#[test]
fn every_edge_has_the_asked_number_of_changes_of_the_asked_size_at_uniform_places() {
    for count in 0..=5 {
        let config =
            TreeWorldConfig { depth: 11, points_per_environment: 1, changes: Some(count), inputs: 1, ..small() };
        let changes = world(config).truth["changes"].values.clone();
        let edges = changes.rows() - 1;
        let mut places = [0usize; 5];
        let mut values = Vec::new();
        for node in 1..=edges {
            let row = changes.row(node);
            assert_eq!(row.iter().filter(|&&delta| delta != 0.0).count(), count);
            row.iter().zip(&mut places).for_each(|(&delta, place)| *place += usize::from(delta != 0.0));
            values.extend(row.iter().filter(|&&delta| delta != 0.0).map(|&delta| f64::from(delta)));
        }
        // Binomial(4094, count / 5): standard deviation at most 32; five of them.
        assert!(places.iter().all(|place| place.abs_diff(edges * count / 5) < 160), "{places:?}");
        if count > 0 {
            // 4094 values or more: standard errors .0078 of the mean, .0055 of the variance; five of each.
            assert!(moment(values.iter().copied(), 1).abs() < 0.04);
            assert!((moment(values.iter().copied(), 2) - 0.25).abs() < 0.028);
        }
    }
}

#[test]
fn changes_by_probability_are_bernoulli() {
    let probability =
        |p| TreeWorldConfig { change_probability: Some(p), depth: 11, points_per_environment: 1, inputs: 1, ..small() };
    let share = |p| {
        let changes = world(probability(p)).truth["changes"].values.clone();
        changes.data().iter().filter(|&&delta| delta != 0.0).count() as f64 / (5.0 * 4094.0)
    };
    // n = 20,470: standard error .0032; five of them.
    assert!((share(0.3) - 0.3).abs() < 0.016);
    assert_eq!((share(0.0), share(1.0)), (0.0, 1.0));
}

#[test]
fn environments_are_all_nodes_but_the_root_or_only_the_leaves() {
    let dataset = world(TreeWorldConfig { depth: 3, points_per_environment: 2, ..small() });
    let tree = dataset.tree.as_ref().expect("a tree");
    assert_eq!((tree.len(), tree.depth(), tree.root()), (15, 3, 0));
    assert_eq!(tree.names[0], "n1");
    assert_eq!(tree.parents[14], Some(6));
    let environments = &dataset.labels[&Role::Environment];
    assert_eq!(environments.levels, tree.names[1..]);
    assert_eq!(&environments.codes[..5], [0, 0, 1, 1, 2]);

    let leaves = world(TreeWorldConfig { depth: 3, points_per_environment: 2, leaves_only: true, ..small() });
    assert_eq!(leaves.labels[&Role::Environment].levels, tree.names[7..]);
    assert_eq!(leaves.truth["heads"], dataset.truth["heads"]);
    assert_eq!(leaves.inputs.row(0), dataset.inputs.row(12), "a node's rows do not depend on who else is observed");
}

#[test]
fn more_points_leave_the_first_ones_as_they_were() {
    let few = world(TreeWorldConfig { points_per_environment: 3, ..small() });
    let many = world(TreeWorldConfig { points_per_environment: 7, ..small() });
    for environment in 0..30 {
        assert_eq!(few.inputs.row(environment * 3 + 2), many.inputs.row(environment * 7 + 2));
        assert_eq!(
            few.truth["latents"].values.row(environment * 3 + 2),
            many.truth["latents"].values.row(environment * 7 + 2)
        );
    }
}

#[test]
fn a_seed_gives_the_same_bits_and_another_seed_others() {
    let config = TreeWorldConfig { points_per_environment: 3, ..small() };
    let fingerprint = world(config.clone()).fingerprint();
    assert_eq!(world(config.clone()).fingerprint(), fingerprint);
    assert_ne!(world(TreeWorldConfig { seed: 6, ..config }).fingerprint(), fingerprint);
}

#[test]
fn a_world_has_the_numbers_of_an_independent_program() {
    // golden/tree_world.py. Whoever changes these numbers changes every simulated result ever reported.
    let golden: Value = serde_json::from_str(include_str!("../../../../../golden/tree_world.json")).expect("JSON");
    let dataset = simulate("tree-world", golden["config"].clone()).expect("runs");
    let truth = |name: &str| &dataset.truth[name].values;
    for (name, values) in [
        ("inputs", &dataset.inputs),
        ("latents", truth("latents")),
        ("expected", truth("expected")),
        ("heads", truth("heads")),
        ("changes", truth("changes")),
        ("targets", &dataset.targets.as_ref().expect("a target").values),
    ] {
        let golden = golden[name].as_array().expect("numbers");
        assert_eq!(golden.len(), values.data().len(), "{name}");
        for (expected, got) in golden.iter().zip(values.data()) {
            // Rounded to f32 here, not there.
            let expected = expected.as_f64().expect("a number");
            assert!((expected - f64::from(*got)).abs() < 2e-6, "{name}: {expected} is not {got}");
        }
    }
}

#[test]
fn bad_values_are_refused_with_their_path() {
    for (config, code, path) in [
        (json!({"depth": 0}), Code::ConfigOutOfRange, "depth"),
        (json!({"depth": 60}), Code::ConfigOutOfRange, "depth"),
        (json!({"depth": "7"}), Code::ConfigWrongType, "depth"),
        (json!({"detph": 7}), Code::ConfigUnknownKey, "detph"),
        (json!({"changes": 6}), Code::ConfigOutOfRange, "changes"),
        (json!({"changes": null}), Code::ConfigWrongType, "changes"),
        (json!({"changes": 1, "changeProbability": 0.5}), Code::ConfigConflict, "changeProbability"),
        (json!({"changeProbability": 1.5}), Code::ConfigOutOfRange, "changeProbability"),
        (json!({"noise": -1}), Code::ConfigOutOfRange, "noise"),
        (json!({"map": "cubic"}), Code::ConfigOutOfRange, "map"),
        (json!({"seed": -1}), Code::ConfigOutOfRange, "seed"),
        (json!({"pointsPerEnvironment": 1_000_000, "inputs": 10_000}), Code::ConfigOutOfRange, "pointsPerEnvironment"),
    ] {
        let failure = simulate("tree-world", config.clone()).expect_err("refused");
        assert_eq!((failure.code, failure.path.as_deref()), (code, Some(path)), "{config}: {failure}");
    }
}

#[test]
fn the_provenance_replays_the_world() {
    let dataset =
        simulate("tree-world", json!({"depth": 2, "pointsPerEnvironment": 3, "changeProbability": 0.5})).expect("runs");
    let again = simulate("tree-world", dataset.provenance["config"].clone()).expect("the configuration is complete");
    assert_eq!(again, dataset);
}
