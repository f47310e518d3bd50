use super::*;
use crate::simulate::{
    golden::{self, truth},
    simulate,
};
use serde_json::json;

fn world(config: Value) -> Dataset {
    golden::drawn("shift-world", config)
}

#[test]
fn a_world_has_the_numbers_of_an_independent_program() {
    // golden/shift_world.py
    let configs = golden::compare("shift-world", include_str!("../../../../../golden/shift_world.json"));
    assert_eq!(configs.len(), 6);
}

#[test]
fn what_the_mechanisms_leave_is_noise_of_the_environment() {
    let data = world(json!({"seed": 5, "environments": 6, "pointsPerEnvironment": 4000, "latents": 3}));
    let (z, coefficients) = (truth(&data, "latents"), truth(&data, "coefficients"));
    let (means, scales) = (truth(&data, "noiseMeans"), truth(&data, "noiseScales"));
    for u in 0..6 {
        for i in 0..3 {
            let noise: Vec<f64> = (u * 4000..(u + 1) * 4000)
                .map(|row| z[(row, i)] - if i == 0 { 0.0 } else { coefficients[(u, i - 1)] * z[(row, i - 1)].tanh() })
                .collect();
            let mean = noise.iter().sum::<f64>() / 4000.0;
            let sd = (noise.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 4000.0).sqrt();
            // Five standard errors: sd / 63 and sd / 89.
            assert!((mean - means[(u, i)]).abs() < 0.08 * scales[(u, i)], "{u} {i}");
            assert!((sd / scales[(u, i)] - 1.0).abs() < 0.056, "{u} {i}");
        }
    }
}

#[test]
fn more_rows_and_more_environments_leave_the_first_ones_as_they_were() {
    let base = json!({"seed": 2, "environments": 2, "pointsPerEnvironment": 3, "latents": 3, "observationNoise": 0.1});
    let of = |key: &str, value: usize| {
        let mut config = base.clone();
        config[key] = value.into();
        world(config)
    };
    let first = world(base.clone());
    let many = of("environments", 5);
    assert_eq!(first.inputs.data(), &many.inputs.data()[..first.inputs.data().len()]);
    let long = of("pointsPerEnvironment", 7);
    for u in 0..2 {
        for i in 0..3 {
            assert_eq!(first.inputs.row(3 * u + i), long.inputs.row(7 * u + i));
        }
    }
}

#[test]
fn every_mixing_is_injective_on_its_rows() {
    // Rows that are apart stay apart: the least ratio of distances over neighboring rows is bounded away from zero.
    for mixing in ["identity", "leaky", "coupling", "smooth"] {
        let data = world(json!({"seed": 1, "environments": 4, "pointsPerEnvironment": 50, "mixing": mixing}));
        let (x, z) = (data.inputs.to_f64(), truth(&data, "latents"));
        let distance = |m: &Matrix<f64>, a: usize, b: usize| -> f64 {
            m.row(a).iter().zip(m.row(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
        };
        for (a, b) in (0..200).flat_map(|a| (0..a).map(move |b| (a, b))) {
            // Two leaky layers shrink by at most 0.04, two smooth ones by 0.01.
            assert!(distance(&x, a, b) > 5e-3 * distance(&z, a, b), "{mixing}: rows {a} and {b}");
        }
    }
}

#[test]
fn more_inputs_than_latents_lie_in_a_flat_space_unless_they_are_widened_first() {
    let rank = |widening: &str| {
        let config =
            json!({"environments": 3, "pointsPerEnvironment": 60, "latents": 2, "inputs": 5, "widening": widening});
        let x = world(config).inputs.to_f64();
        let centred = |j: usize| {
            let column = x.col(j);
            let mean = column.iter().sum::<f64>() / column.len() as f64;
            column.into_iter().map(|v| v - mean).collect::<Vec<f64>>()
        };
        // Gram and Schmidt over the columns: how many directions are left above rounding.
        let mut basis: Vec<Vec<f64>> = Vec::new();
        for mut column in (0..5).map(centred) {
            for b in &basis {
                let share: f64 = b.iter().zip(&column).map(|(a, c)| a * c).sum();
                column.iter_mut().zip(b).for_each(|(c, b)| *c -= share * b);
            }
            let norm = column.iter().map(|v| v * v).sum::<f64>().sqrt();
            if norm > 1e-3 {
                basis.push(column.into_iter().map(|v| v / norm).collect());
            }
        }
        basis.len()
    };
    assert_eq!((rank("last"), rank("first")), (2, 5));
}

#[test]
fn what_contradicts_itself_is_refused_with_its_path() {
    for (config, path) in [
        (json!({"latents": 5, "inputs": 4}), "inputs"),
        (json!({"latents": 3, "inputs": 4, "mixing": "identity"}), "inputs"),
        (json!({"coefficientLeast": 2, "coefficientMost": 1}), "coefficientMost"),
        (json!({"noiseScaleLeast": 2, "noiseScaleMost": 1}), "noiseScaleMost"),
        (json!({"latents": 6, "link": "polynomial"}), "latents"),
        (json!({"link": "polynomial", "place": "inside"}), "link"),
        (json!({"unshiftedLink": "polynomial"}), "unshiftedLink"),
        (json!({"latents": 3, "unshifted": [4]}), "unshifted"),
        (json!({"environments": 100_000, "pointsPerEnvironment": 1_000_000}), "pointsPerEnvironment"),
    ] {
        let failure = simulate("shift-world", config.clone()).expect_err("it contradicts itself");
        assert_eq!(failure.path.as_deref(), Some(path), "{config}");
        assert!(failure.hint.is_some(), "{config}");
    }
}

#[test]
fn the_size_of_a_world_is_that_of_what_it_holds() {
    // Layers as wide as the latents, before a linear map to many inputs.
    let flat = json!({"environments": 1, "pointsPerEnvironment": 2, "latents": 5, "inputs": 10_000, "layers": 20});
    assert_eq!(simulate("shift-world", flat.clone()).expect("a few thousand numbers a layer").inputs.cols(), 10_000);
    let mut bent = flat;
    bent["widening"] = json!("first");
    simulate("shift-world", bent).expect_err("layers of a hundred million numbers each");
    // Rows fit, coefficients of as many edges in as many environments do not.
    let many = json!({"environments": 100_000, "pointsPerEnvironment": 20, "latents": 100, "graph": "random"});
    let failure = simulate("shift-world", many).expect_err("half a billion coefficients");
    assert!(failure.message.contains("too large"), "{failure}");
}

#[test]
fn sources_are_mixed_as_a_world_of_the_same_seed_mixes_its_latents() {
    let world = world(json!({"latents": 4, "environments": 3, "pointsPerEnvironment": 50, "seed": 7}));
    let mixed = super::mixed(&world.truth["latents"].values, 7).expect("it mixes");
    for (a, b) in mixed.data().iter().zip(world.inputs.data()) {
        // Latents were rounded to 32 bits before they were mixed.
        assert!((a - b).abs() <= 1e-5 * (1.0 + b.abs()), "{a} {b}");
    }
    assert_eq!(super::mixed(&Matrix::zeros(0, 4), 7).expect_err("no rows").code, Code::DataEmpty);
}
