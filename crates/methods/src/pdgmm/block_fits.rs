//! Whole fits in which latents are silent together: of a table, and of pictures.

use crate::METHODS;
use disentangle_data::simulate::simulate;
use disentangle_data::{Code, Dataset, Failure, Result};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::model::Model;
use disentangle_engine::observe::Silent;
use disentangle_engine::results::Status;
use disentangle_metrics::blocks::{BlockScores, blocks};
use serde_json::{Value, json};

fn attempt(data: &Dataset, changes: Value) -> Result<RunResult> {
    let mut config = json!({"method": "pdgmm", "seed": 3});
    let Value::Object(changes) = changes else { panic!("options are an object") };
    config.as_object_mut().expect("an object").extend(changes);
    fit(METHODS, &config, data, &FitOptions::default(), &mut Silent)
}

fn refused(data: &Dataset, changes: Value) -> Failure {
    attempt(data, changes).expect_err("it is refused")
}

fn table(changes: Value) -> Dataset {
    let mut config = json!({"latents": 4, "blocks": [2, 2], "rows": 6000, "layers": 1, "seed": 11});
    let Value::Object(changes) = changes else { panic!("options are an object") };
    config.as_object_mut().expect("an object").extend(changes);
    simulate("silent-world", config).expect("a valid world")
}

fn balls(rows: usize, frozen: &str) -> Dataset {
    let config = json!({"balls": 2, "rows": rows, "size": 32, "frozen": frozen, "centers": "exact", "seed": 5});
    simulate("balls-world", config).expect("a valid world")
}

fn scored(data: &Dataset, run: &RunResult) -> BlockScores {
    blocks(&[vec![0, 1], vec![2, 3]], &data.truth["latents"].values.to_f64(), &run.latents.to_f64())
        .expect("the same rows")
}

/// F1 of what is called silent, each latent found standing for the true block that it was given to.
fn f1(data: &Dataset, run: &RunResult, scores: &BlockScores) -> f64 {
    let silence = run.summary.silence.as_ref().expect("silence is reported");
    let silent = &data.truth["silent"].values;
    let (mut both, mut either) = (0, 0);
    for block in &scores.blocks {
        for (&truth, &found) in block.truth.iter().zip(&block.latents) {
            for row in 0..run.latents.rows() {
                let (is, called) = (silent[(row, truth)] != 0.0, silence.called(run.latents.row(row), found));
                both += 2 * usize::from(is && called);
                either += usize::from(is) + usize::from(called);
            }
        }
    }
    f64::from(both as u32) / f64::from(either as u32)
}

fn status(run: &RunResult, id: &str) -> Status {
    run.summary.assumptions.iter().find(|a| a.id == id).expect("it is checked").status
}

#[test]
fn blocks_of_a_table_are_found_blindly_and_with_the_oracle_though_they_depend_on_each_other() {
    for edges in [0, 1] {
        let data = table(json!({"edgesPerLatent": edges}));
        let blind = attempt(&data, json!({"latentDim": 4, "blockSize": 2})).expect("it fits");
        let scores = scored(&data, &blind);
        let (value, dependence) = (scores.value.expect("a score"), scores.dependence.expect("a score"));
        assert!(value > 0.99 && scores.leakage.expect("a score") < dependence + 0.02, "{edges} edges: {scores:?}");
        assert!(f1(&data, &blind, &scores) > 0.95, "{edges} edges: {}", f1(&data, &blind, &scores));
        assert_eq!((status(&blind, "silent-entries"), status(&blind, "silent-apart")), (Status::Ok, Status::Ok));
        let told = attempt(&data, json!({"latentDim": 4, "blockSize": 2, "oracle": ["silent"]})).expect("it fits");
        assert!(scored(&data, &told).value.expect("a score") > 0.99);
    }
}

#[test]
fn balls_in_pictures_are_blocks_which_new_pictures_have_too() {
    let data = balls(1500, "balls");
    let small = json!({"latentDim": 4, "blockSize": 2, "keypoints": {"steps": 250, "channels": 8, "hidden": 32}});
    let run = attempt(&data, small).expect("it fits");
    let scores = scored(&data, &run);
    assert!(scores.value.expect("a score") > 0.9 && scores.leakage.expect("a score") < 0.03, "{scores:?}");
    assert!(f1(&data, &run, &scores) > 0.8, "{}", f1(&data, &run, &scores));
    assert!(!run.summary.reconstruction.is_empty(), "there is a decoder");
    let model = Model::open(METHODS, &run.model).expect("it opens");
    let again = model.transform(&data.inputs, &data.input_names).expect("it transforms");
    assert_eq!(again, run.latents);
}

#[test]
fn blocks_and_pictures_that_do_not_fit_are_refused_with_what_to_do() {
    let (data, pictures) = (table(json!({"rows": 400})), balls(60, "balls"));
    for (data, changes, code, path) in [
        (&data, json!({"latentDim": 4, "blockSize": 3}), Code::ConfigConflict, Some("blockSize")),
        (&pictures, json!({"latentDim": 3, "blockSize": 2}), Code::ConfigConflict, Some("blockSize")),
        (&pictures, json!({"latentDim": 1, "blockSize": 2}), Code::ConfigConflict, Some("blockSize")),
        (&pictures, json!({"blockSize": 2}), Code::ConfigConflict, Some("latentDim")),
        (&pictures, json!({"latentDim": 4, "keypoints": {"count": 1}}), Code::ConfigConflict, Some("keypoints.count")),
        (&pictures, json!({"latentDim": 4}), Code::DataTooFewRows, None),
        (&data, json!({"latentDim": 4, "representation": "keypoints"}), Code::DataNeedsImages, Some("representation")),
        (&data, json!({"latentDim": 4, "blockSize": 2, "algorithm": "paper"}), Code::ConfigConflict, Some("blockSize")),
        (
            &data,
            json!({"latentDim": 4, "blockSize": 2, "flow": {"use": "always"}}),
            Code::ConfigConflict,
            Some("flow.use"),
        ),
        (
            &pictures,
            json!({"latentDim": 4, "algorithm": "paper", "representation": "keypoints"}),
            Code::ConfigConflict,
            Some("representation"),
        ),
    ] {
        let failure = refused(data, changes.clone());
        assert_eq!((failure.code, failure.path.as_deref()), (code, path), "{changes}: {failure}");
        assert!(failure.hint.is_some(), "{changes}: {failure}");
    }
}

#[test]
fn pictures_that_are_too_small_are_columns_with_a_warning_unless_asked_for_by_name() {
    let config =
        json!({"balls": 1, "rows": 900, "size": 8, "radius": 0.2, "centers": "exact", "frozenProbability": 0.3});
    let data = simulate("balls-world", config).expect("a valid world");
    let warned = |run: &RunResult| run.summary.warnings.iter().any(|warning| warning.code == "IMAGES_AS_COLUMNS");
    assert!(warned(&attempt(&data, json!({"latentDim": 2})).expect("it fits")));
    let asked = attempt(&data, json!({"latentDim": 2, "representation": "inputs"})).expect("it fits");
    assert!(!warned(&asked));
    let failure = refused(&data, json!({"latentDim": 2, "representation": "keypoints"}));
    assert_eq!(failure.code, Code::DataNeedsImages);
}
