use super::*;
use crate::simulate::{
    golden::{self, truth},
    simulate,
};
use serde_json::json;

fn world(config: Value) -> Dataset {
    golden::drawn("intervention-world", config)
}

#[test]
fn a_world_has_the_numbers_of_an_independent_program() {
    // golden/intervention_world.py
    let configs = golden::compare("intervention-world", include_str!("../../../../../golden/intervention_world.json"));
    assert_eq!(configs.len(), 3);
}

#[test]
fn an_intervention_changes_the_mechanism_of_its_latent_and_of_no_other() {
    for (kind, share) in [("perfect", 0.0), ("soft", 0.4)] {
        let data = world(json!({"seed": 4, "interventions": kind, "softness": 0.4, "edgeProbability": 1}));
        let (z, noises, weights) = (truth(&data, "latents"), truth(&data, "noises"), truth(&data, "graph"));
        let changed = truth(&data, "interventions");
        assert!((0..5).all(|u| changed.row(u).iter().sum::<f64>() == f64::from(u8::from(u > 0))));
        for (row, &u) in data.labels[&Role::Environment].codes.iter().enumerate() {
            for i in 0..4 {
                let parents: f64 = (0..4).map(|j| weights[(j, i)] * z[(row, j)]).sum();
                let kept = if changed[(u as usize, i)] == 1.0 { share } else { 1.0 };
                // Single precision of numbers below a hundred.
                assert!((z[(row, i)] - kept * parents - noises[(row, i)]).abs() < 1e-4, "{kind} {row} {i}");
            }
        }
    }
}

#[test]
fn more_rows_leave_the_first_ones_as_they_were() {
    let base = json!({"seed": 2, "referencePoints": 5, "pointsPerEnvironment": 3, "latents": 3, "inputNoise": 0.1});
    let mut more = base.clone();
    (more["referencePoints"], more["pointsPerEnvironment"]) = (8.into(), 7.into());
    let (first, long) = (world(base), world(more));
    for i in 0..5 {
        assert_eq!(first.inputs.row(i), long.inputs.row(i));
    }
    for u in 0..3 {
        for i in 0..3 {
            assert_eq!(first.inputs.row(5 + 3 * u + i), long.inputs.row(8 + 7 * u + i));
        }
    }
}

#[test]
fn a_latent_that_is_missing_is_never_changed_alone_and_doubles_change_two() {
    let data = world(json!({"missing": [2], "doubleEnvironments": 3, "environmentsPerLatent": 2}));
    let changed = truth(&data, "interventions");
    assert_eq!(changed.rows(), 1 + 2 * 3 + 3);
    for u in 1..changed.rows() {
        let hit = changed.row(u).iter().sum::<f64>();
        assert_eq!(hit, if u <= 6 { 1.0 } else { 2.0 });
        assert!(u > 6 || changed[(u, 1)] == 0.0);
    }
}

#[test]
fn what_contradicts_itself_is_refused_with_its_path() {
    for (config, path) in [
        (json!({"latents": 5, "inputs": 4}), "inputs"),
        (json!({"inputs": 6, "curvedInputs": 7}), "curvedInputs"),
        (json!({"weightLeast": 2, "weightMost": 1}), "weightMost"),
        (json!({"noiseScaleLeast": 2, "noiseScaleMost": 1}), "noiseScaleMost"),
        (json!({"shiftLeast": 2, "shiftMost": 1}), "shiftMost"),
        (json!({"changedScaleLeast": 2, "changedScaleMost": 1}), "changedScaleMost"),
        (json!({"latents": 3, "missing": [4]}), "missing"),
        (json!({"latents": 1, "doubleEnvironments": 1}), "doubleEnvironments"),
        (json!({"pointsPerEnvironment": 1_000_000, "latents": 100, "inputs": 10_000}), "pointsPerEnvironment"),
    ] {
        let failure = simulate("intervention-world", config.clone()).expect_err("it contradicts itself");
        assert_eq!(failure.path.as_deref(), Some(path), "{config}");
        assert!(failure.hint.is_some(), "{config}");
    }
}
