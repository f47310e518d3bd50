//! The published procedure of pdGMM in the engine: an autoencoder, then stacks on its code under a held budget.

use crate::small::*;
use disentangle_data::simulate::simulate;
use disentangle_data::{Code, Dataset};
use disentangle_engine::fit::{FitOptions, fit};
use disentangle_engine::model::Model;
use disentangle_engine::observe::Silent;
use disentangle_methods::METHODS;
use serde_json::{Value, json};

const FIRST: usize = 20;
const SECOND: usize = 30;

fn silent_world() -> Dataset {
    let config = json!({ "latents": 3, "rows": 600, "layers": 2, "seed": 3 });
    simulate("silent-world", config).expect("a valid world")
}

fn paper(changes: Value) -> Value {
    let mut config = json!({
        "method": "pdgmm", "algorithm": "paper", "latentDim": 3, "seed": 5,
        "autoencoder": { "width": 4, "steps": FIRST, "batchSize": 64 },
        "published": { "width": 5, "steps": SECOND, "batchSize": 64, "learningRate": 1e-2, "multiplierLearningRate": 1e-2 },
    });
    for (key, value) in changes.as_object().expect("changes are an object") {
        config[key] = value.clone();
    }
    config
}

#[test]
fn it_resumes_to_the_same_bits_in_either_stage() {
    let data = silent_world();
    let config = paper(json!({}));
    let want = essence(&undisturbed(&config, &data));
    assert_eq!(essence(&undisturbed(&paper(json!({ "threads": 2 })), &data)), want, "on two threads");
    for at in [7, FIRST, FIRST + 1, FIRST + SECOND - 1] {
        let dir = tempfile::tempdir().expect("a temporary folder");
        assert!(killed(&config, &data, &checkpoints(dir.path(), 5), at), "killed at {at}");
        let run = fit(METHODS, &config, &data, &resumed(dir.path(), 5), &mut Silent).expect("it resumes");
        assert_eq!(essence(&run), want, "killed at {at}");
    }
}

#[test]
fn a_multiplier_climbs_while_the_budget_is_overspent_and_brings_the_latents_down() {
    let mut config = paper(json!({}));
    config["published"]["budget"] = 0.0.into();
    let run = undisturbed(&config, &silent_world());
    let [first, second] = run.history.stages.as_slice() else { panic!("two stages: {:?}", run.history) };
    assert_eq!((first.name.as_str(), second.name.as_str()), ("autoencoder", "published"));
    assert!(first.constraints.is_empty());
    let curve = &second.constraints[0];
    assert_eq!((curve.name.as_str(), curve.multipliers.len()), ("sparsity", SECOND));
    assert!(curve.violations.iter().all(|v| *v > 0.0), "any latent overspends nothing: {curve:?}");
    assert!(curve.multipliers.windows(2).all(|pair| pair[0] < pair[1]), "{curve:?}");
    assert!(curve.violations[SECOND - 1] < curve.violations[0], "{curve:?}");
}

#[test]
fn without_sparsity_the_first_stage_is_the_same_and_nothing_is_held() {
    let data = silent_world();
    let (held, free) =
        (undisturbed(&paper(json!({})), &data), undisturbed(&paper(json!({ "sparsity": "none" })), &data));
    assert_eq!(held.history.stages[0], free.history.stages[0]);
    assert!(free.history.stages[1].constraints.is_empty());
    assert_ne!(held.latents, free.latents);
}

#[test]
fn the_merged_map_is_told_and_new_rows_get_the_latents_of_the_run() {
    for representation in ["autoencoder", "inputs"] {
        let data = silent_world();
        let run = undisturbed(&paper(json!({ "representation": representation })), &data);
        let map = run.summary.map.as_ref().expect("a map");
        assert_eq!((map.stage.as_str(), map.values.len(), map.values[0].len()), ("published", 3, 3));
        let latents = Model::open(METHODS, &run.model).expect("it opens").transform(&data.inputs, &data.input_names);
        assert_eq!(latents.expect("it transforms"), run.latents, "{representation}");
    }
}

#[test]
fn on_the_inputs_latents_are_the_merged_map_of_them_up_to_a_shift() {
    let data = silent_world();
    let run = undisturbed(&paper(json!({ "representation": "inputs", "standardize": "none" })), &data);
    let map = &run.summary.map.as_ref().expect("a map").values;
    for row in 1..data.rows() {
        for (latent, weights) in map.iter().enumerate() {
            let moved = |j: usize| f64::from(data.inputs[(row, j)]) - f64::from(data.inputs[(0, j)]);
            let want: f64 = weights.iter().enumerate().map(|(j, w)| w * moved(j)).sum();
            let got = f64::from(run.latents[(row, latent)]) - f64::from(run.latents[(0, latent)]);
            // Single precision through eight layers.
            assert!((got - want).abs() < 1e-4 * want.abs().max(1.0), "row {row}: {got} is not {want}");
        }
    }
}

#[test]
fn it_is_shown_no_oracle_and_an_oracle_needs_its_truth() {
    let refused = |config: &Value, data: &Dataset| {
        fit(METHODS, config, data, &FitOptions::default(), &mut Silent).expect_err("refused").code
    };
    let mut data = silent_world();
    assert_eq!(refused(&paper(json!({ "oracle": ["silent"] })), &data), Code::ConfigConflict);
    data.truth.clear();
    let planes = json!({ "method": "pdgmm", "latentDim": 3, "oracle": ["silent"] });
    assert_eq!(refused(&planes, &data), Code::DataNeedsTruth);
}
