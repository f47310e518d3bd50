use super::*;
use crate::simulate::{
    golden::{self, truth},
    simulate,
};
use serde_json::json;

fn world(config: Value) -> Dataset {
    golden::drawn("modality-world", config)
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let centred = |v: &[f64]| {
        let mean = v.iter().sum::<f64>() / n;
        v.iter().map(|v| v - mean).collect::<Vec<f64>>()
    };
    let (a, b) = (centred(a), centred(b));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
}

#[test]
fn a_world_has_the_numbers_of_an_independent_program() {
    // golden/modality_world.py
    let configs = golden::compare("modality-world", include_str!("../../../../../golden/modality_world.json"));
    assert_eq!(configs.len(), 6);
}

#[test]
fn each_modality_is_a_view_and_everything_is_named_after_it() {
    let data = world(json!({"points": 4, "modalities": 3, "inputsPerModality": 4}));
    let views: Vec<_> = data.views.iter().map(|view| (view.name.as_str(), view.columns())).collect();
    assert_eq!(views, [("m1", 0..4), ("m2", 4..8), ("m3", 8..12)]);
    assert_eq!(data.input_names[4], "m2.x1");
    assert_eq!(data.truth["latents"].columns, ["m1.z1", "m1.z2", "m2.z1", "m2.z2", "m3.z1", "m3.z2"]);
    assert_eq!(data.truth["private"].columns, ["m1.p1", "m2.p1", "m3.p1"]);
}

#[test]
fn more_rows_leave_the_first_ones_as_they_were() {
    let of = |points: usize| world(json!({"seed": 2, "points": points, "mechanism": "mlp", "observationNoise": 0.1}));
    let (few, many) = (of(3), of(9));
    assert_eq!(few.inputs.data(), &many.inputs.data()[..few.inputs.data().len()]);
}

#[test]
fn every_latent_has_unit_variance_and_noise_of_its_own_size() {
    for mechanism in ["monotone", "linear", "tanh", "sine", "leaky", "mlp"] {
        let data =
            world(json!({"seed": 3, "points": 20_000, "modalities": 3, "edgesWithin": 1, "mechanism": mechanism}));
        let (z, noises) = (truth(&data, "latents"), truth(&data, "noises"));
        for i in 0..6 {
            let sd = |values: Vec<f64>| (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt();
            // Five standard errors of the 4,096 rows that it was scaled by, and of these 20,000: .055 and .025, heavy tails aside.
            assert!((sd(z.col(i)) - 1.0).abs() < 0.08, "{mechanism}: z{i} {}", sd(z.col(i)));
            let size = match i {
                0 => 1.0,
                _ => [0.3, 0.7][i % 2],
            };
            assert!((sd(noises.col(i)) / size - 1.0).abs() < 0.025, "{mechanism}: e{i}");
            // A noise is independent of what stands before it: five standard errors.
            (0..i).for_each(|j| assert!(correlation(&noises.col(i), &z.col(j)).abs() < 0.036, "{mechanism}: {i} {j}"));
        }
    }
}

#[test]
fn latents_hang_together_along_the_graph_only_and_private_variables_with_nothing() {
    let data = world(json!({"seed": 4, "points": 20_000, "mechanism": "linear"}));
    let (z, p, graph) = (truth(&data, "latents"), truth(&data, "private"), truth(&data, "graph"));
    for (i, j) in (0..4).flat_map(|j| (0..j).map(move |i| (i, j))) {
        // One to one: z = sqrt(1 - s^2) times the parent, with its sign, plus noise; elsewhere five standard errors of zero.
        let expected = match (i, j) {
            (0, 2) | (1, 3) => [0.91f64, 0.51][j % 2].sqrt() * graph[(i, j)].signum(),
            _ => 0.0,
        };
        assert_eq!(graph[(i, j)] != 0.0, expected != 0.0);
        assert!((correlation(&z.col(i), &z.col(j)) - expected).abs() < 0.036, "{i} {j}");
    }
    for (i, j) in (0..4).flat_map(|i| (0..2).map(move |j| (i, j))) {
        assert!(correlation(&z.col(i), &p.col(j)).abs() < 0.036);
    }
    assert!(correlation(&p.col(0), &p.col(1)).abs() < 0.036);
}

#[test]
fn a_modality_is_measured_from_its_own_latents_and_private_variables_alone_and_gives_them_back() {
    // Rows of one modality that are apart in latents and private variables stay apart: two rectifiers shrink by at most 0.04.
    let data = world(json!({"seed": 1, "points": 200}));
    let (x, z, p) = (data.inputs.to_f64(), truth(&data, "latents"), truth(&data, "private"));
    let apart = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    for m in 0..2 {
        let measured = |row: usize| x.row(row)[m * 15..][..15].to_vec();
        let own = |row: usize| [&z.row(row)[m * 2..][..2], &p.row(row)[m..][..1]].concat();
        for (a, b) in (0..200).flat_map(|a| (0..a).map(move |b| (a, b))) {
            let ratio = apart(&measured(a), &measured(b)) / apart(&own(a), &own(b));
            assert!((0.039..1.001).contains(&ratio), "{m}: rows {a} and {b}: {ratio}");
        }
    }
}

#[test]
fn the_sparsity_ratio_counts_links_and_links_are_one_to_one_without_it() {
    let links = |config: Value| truth(&world(config), "graph").data().iter().filter(|w| **w != 0.0).count();
    for (sparsity, expected) in [(0.0, 4), (0.25, 3), (0.5, 2), (0.75, 1), (1.0, 0)] {
        assert_eq!(links(json!({"points": 2, "sparsity": sparsity})), expected);
    }
    let three = json!({"points": 2, "latentsPerModality": 3, "inputsPerModality": 20});
    assert_eq!(links(three.clone()), 3);
    // The paper's case 2: one link beside those from one to one.
    let mut drawn = three;
    drawn["sparsity"] = json!(0.55);
    let data = world(drawn);
    let graph = truth(&data, "graph");
    assert_eq!(graph.data().iter().filter(|w| **w != 0.0).count(), 4);
    assert!(graph[(0, 5)] != 0.0, "z1 of the first has two children");
    assert_eq!(truth(&data, "distinctLinks").data(), [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn what_contradicts_itself_is_refused_with_its_path() {
    for (config, path) in [
        (json!({"inputsPerModality": 2}), "inputsPerModality"),
        (json!({"edgesWithin": 2}), "edgesWithin"),
        (json!({"weightLeast": 2, "weightMost": 1}), "weightMost"),
        (json!({"points": 10_000_000, "inputsPerModality": 10_000}), "points"),
        (json!({"modalities": 1}), "modalities"),
        (json!({"noiseFirst": 2}), "noiseFirst"),
    ] {
        let failure = simulate("modality-world", config.clone()).expect_err("it contradicts itself");
        assert_eq!(failure.path.as_deref(), Some(path), "{config}");
    }
}
