//! Train N steps, stop, resume: the same bits as without the stop.

use crate::small::*;
use disentangle_data::Code;
use disentangle_data::simulate::simulate;
use disentangle_engine::container::Container;
use disentangle_engine::fit::{FitOptions, fit};
use disentangle_engine::observe::{Event, Silent};
use disentangle_engine::train::Budgets;
use disentangle_methods::METHODS;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const EVERY: usize = 7;

fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_killed_fit_resumes_to_the_same_bits_wherever_it_was_killed() {
    let data = world();
    for threads in [1, 2] {
        for config in configs(&json!({ "threads": threads })) {
            let want = essence(&undisturbed(&config, &data));
            for at in [1, EVERY - 1, EVERY, 20, STEPS - 1, STEPS, STEPS + 3, 2 * STEPS, 3 * STEPS - 1] {
                let dir = tempfile::tempdir().expect("a temporary folder");
                killed(&config, &data, &checkpoints(dir.path(), EVERY), at);
                let run = fit(METHODS, &config, &data, &resumed(dir.path(), EVERY), &mut Silent).expect("it resumes");
                assert_eq!(essence(&run), want, "{config} killed at {at}");
            }
        }
    }
}

#[test]
fn a_chain_of_kills_ends_in_the_same_bits() {
    let data = world();
    for config in descending(&json!({})) {
        let want = essence(&undisturbed(&config, &data));
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut kills = 0;
        for at in (3..3 * STEPS).step_by(11) {
            kills += usize::from(killed(&config, &data, &resumed(dir.path(), 4), at));
        }
        assert!(kills >= 3, "{config}");
        let run = fit(METHODS, &config, &data, &resumed(dir.path(), 4), &mut Silent).expect("it resumes");
        assert_eq!(essence(&run), want, "{config}");
    }
}

#[test]
fn a_cancelled_fit_leaves_a_checkpoint_of_its_last_step_and_resumes_to_the_same_bits() {
    let data = world();
    for config in configs(&json!({})) {
        let want = essence(&undisturbed(&config, &data));
        for at in [0, 1, 17, STEPS, STEPS + 1].into_iter().filter(|&at| at <= steps_of(&config)) {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let mut observer = Meddler { cancel_at: Some(at), ..Meddler::default() };
            let run = watched(&config, &data, &checkpoints(dir.path(), 1000), &mut observer).expect("it stops");
            assert_eq!((run.outcome.kind.as_str(), run.outcome.step), ("cancelled", at), "{config}");
            assert_eq!(files(dir.path()), [format!("step-{at}.dsn")], "{config}");
            let run = fit(METHODS, &config, &data, &resumed(dir.path(), 1000), &mut Silent).expect("it resumes");
            assert_eq!(essence(&run), want, "{config} cancelled at {at}");
        }
    }
}

#[test]
fn a_budget_of_steps_can_be_raised_later() {
    let data = world();
    for config in descending(&json!({})) {
        let want = essence(&undisturbed(&config, &data));
        let dir = tempfile::tempdir().expect("a temporary folder");
        let budgets = Budgets { steps: Some(STEPS / 2), elapsed_ms: None };
        let options = FitOptions { budgets, ..checkpoints(dir.path(), 1000) };
        let run = fit(METHODS, &config, &data, &options, &mut Silent).expect("it ends");
        assert_eq!((run.outcome.kind.as_str(), run.outcome.step), ("step-limit", STEPS / 2));
        assert_eq!(run.outcome.term.as_deref(), Some("budget of steps"));
        let run = fit(METHODS, &config, &data, &resumed(dir.path(), 1000), &mut Silent).expect("it resumes");
        assert_eq!(essence(&run), want, "{config}");
    }
}

#[test]
fn a_fit_may_resume_on_another_number_of_threads() {
    let data = world();
    for config in descending(&json!({})) {
        let want = essence(&undisturbed(&config, &data));
        let dir = tempfile::tempdir().expect("a temporary folder");
        assert!(killed(&config, &data, &checkpoints(dir.path(), EVERY), 23));
        let mut two = config.clone();
        two["threads"] = 2.into();
        let run = fit(METHODS, &two, &data, &resumed(dir.path(), EVERY), &mut Silent).expect("it resumes");
        assert_eq!(essence(&run), want, "{config}");
    }
}

#[test]
fn the_last_three_checkpoints_are_kept_and_a_damaged_newest_falls_back_and_says_so() {
    let data = world();
    let config = config_of_first(json!({}));
    let want = essence(&undisturbed(&config, &data));
    let dir = tempfile::tempdir().expect("a temporary folder");
    assert!(killed(&config, &data, &checkpoints(dir.path(), 5), 33));
    assert_eq!(files(dir.path()), ["step-20.dsn", "step-25.dsn", "step-30.dsn"]);
    let newest = fs::read(dir.path().join("step-30.dsn")).expect("it is there");
    fs::write(dir.path().join("step-30.dsn"), &newest[..newest.len() / 2]).expect("it can be cut");
    let mut observer = Meddler::default();
    let run = watched(&config, &data, &resumed(dir.path(), 5), &mut observer).expect("it resumes");
    let told = Event::Resumed { step: 25, file: Some("step-25.dsn".into()), damaged: vec!["step-30.dsn".into()] };
    assert_eq!(observer.events[0], told);
    assert_eq!(essence(&run), want);
}

#[test]
fn with_no_checkpoint_that_is_whole_the_fit_begins_again_and_says_so() {
    let data = world();
    let config = config_of_first(json!({}));
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::write(dir.path().join("step-30.dsn"), b"not a checkpoint").expect("it can be written");
    let mut observer = Meddler::default();
    let run = watched(&config, &data, &resumed(dir.path(), 5), &mut observer).expect("it begins");
    assert_eq!(observer.events[0], Event::Resumed { step: 0, file: None, damaged: vec!["step-30.dsn".into()] });
    assert_eq!(essence(&run), essence(&undisturbed(&config, &data)));
}

#[test]
fn another_configuration_and_other_data_are_refused_with_all_differences() {
    let data = world();
    let config = config_of_first(json!({}));
    let dir = tempfile::tempdir().expect("a temporary folder");
    assert!(killed(&config, &data, &checkpoints(dir.path(), 5), 12));
    let mut other = config_of_first(json!({ "seed": 6, "split": { "train": 0.6, "validation": 0.2, "test": 0.2 } }));
    other["keep"] = "last".into();
    let mut changed = data.clone();
    changed.inputs.data_mut()[0] += 1.0;
    let failure = fit(METHODS, &other, &changed, &resumed(dir.path(), 5), &mut Silent).expect_err("another fit");
    assert_eq!(failure.code, Code::CheckpointMismatch);
    let differences = failure.context["differences"].as_array().expect("a list");
    let mut paths: Vec<&str> = differences.iter().filter_map(|d| d["path"].as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["data", "keep", "seed", "split.test", "split.train", "split.validation"]);
    let seed = differences.iter().find(|d| d["path"] == "seed").expect("listed");
    assert_eq!((&seed["checkpoint"], &seed["now"]), (&json!(5), &json!(6)));
}

#[test]
fn a_checkpoint_of_a_newer_format_is_refused_by_its_number() {
    let data = world();
    let config = config_of_first(json!({}));
    let dir = tempfile::tempdir().expect("a temporary folder");
    assert!(killed(&config, &data, &checkpoints(dir.path(), 5), 7));
    let path = dir.path().join("step-5.dsn");
    let mut container = Container::from_bytes(&fs::read(&path).expect("it is there")).expect("whole");
    container.header["format"] = 99.into();
    fs::write(&path, container.to_bytes()).expect("it can be written");
    let failure = fit(METHODS, &config, &data, &resumed(dir.path(), 5), &mut Silent).expect_err("format 99");
    assert_eq!((failure.code, &failure.context["found"]), (Code::ArtifactVersion, &json!(99)));
    assert_eq!(failure.context["differences"][0]["path"], "format");
}

#[test]
fn a_new_fit_does_not_touch_the_checkpoints_of_another() {
    let data = world();
    let config = config_of_first(json!({}));
    let dir = tempfile::tempdir().expect("a temporary folder");
    assert!(killed(&config, &data, &checkpoints(dir.path(), 5), 12));
    let before = files(dir.path());
    let failure =
        fit(METHODS, &config, &data, &checkpoints(dir.path(), 5), &mut Silent).expect_err("it holds checkpoints");
    assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigConflict, Some("checkpoint.dir")));
    assert_eq!(files(dir.path()), before);
}

#[test]
fn a_fit_cannot_resume_from_nowhere() {
    let options = FitOptions { resume: true, ..FitOptions::default() };
    let failure = fit(METHODS, &config_of_first(json!({})), &world(), &options, &mut Silent).expect_err("no folder");
    assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigMissing, Some("checkpoint")));
}

#[test]
fn a_checkpoint_that_cannot_be_written_ends_the_fit_with_a_typed_failure() {
    let data = world();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("file");
    fs::write(&file, b"in the way").expect("it can be written");
    let failure =
        fit(METHODS, &config_of_first(json!({})), &data, &checkpoints(&file, 5), &mut Silent).expect_err("a file");
    assert_eq!(failure.code, Code::FileWrite);
}

fn config_of_first(changes: Value) -> Value {
    config(&disentangle_methods::METHODS[0], changes)
}

#[test]
fn another_truth_that_the_method_is_shown_is_refused_and_truth_that_it_is_not_shown_may_change() {
    let world = json!({ "latents": 3, "layers": 3, "rows": 600, "seed": 2 });
    let data = simulate("silent-world", world).expect("a valid world");
    let flow = json!({ "use": "always", "layers": 2, "steps": 30, "batchSize": 64 });
    let config = json!({ "method": "pdgmm", "latentDim": 3, "oracle": ["silent"], "flow": flow, "seed": 5 });
    let dir = tempfile::tempdir().expect("a temporary folder");
    assert!(killed(&config, &data, &checkpoints(dir.path(), 5), 12));
    let changed = |name: &str| {
        let mut other = data.clone();
        other.truth.get_mut(name).expect("it is known").values.data_mut()[0] += 1.0;
        fit(METHODS, &config, &other, &resumed(dir.path(), 5), &mut Silent)
    };
    let failure = changed("silent").expect_err("other masks");
    assert_eq!(failure.code, Code::CheckpointMismatch);
    let differences = failure.context["differences"].as_array().expect("a list");
    assert_eq!(differences.iter().map(|d| d["path"].as_str()).collect::<Vec<_>>(), [Some("data")]);
    assert_eq!(essence(&changed("latents").expect("it resumes")), essence(&undisturbed(&config, &data)));
}
