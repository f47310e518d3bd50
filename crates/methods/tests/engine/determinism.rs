//! The same seed gives the same bits.

use crate::small::*;
use disentangle_engine::fit::fit;
use disentangle_engine::model::Model;
use disentangle_engine::observe::Silent;
use disentangle_methods::METHODS;
use serde_json::json;

#[test]
fn a_seed_gives_the_same_bits_again_on_two_threads_watched_and_with_checkpoints() {
    let data = world();
    for config in configs(&json!({})) {
        let want = essence(&undisturbed(&config, &data));
        assert_eq!(essence(&undisturbed(&config, &data)), want, "{config} again");
        let mut two = config.clone();
        two["threads"] = 2.into();
        assert_eq!(essence(&undisturbed(&two, &data)), want, "{config} on two threads");
        let dir = tempfile::tempdir().expect("a temporary folder");
        let run = fit(METHODS, &config, &data, &checkpoints(dir.path(), 3), &mut Silent).expect("the fit runs");
        assert_eq!(essence(&run), want, "{config} with checkpoints");
        let run = watched(&config, &data, &Default::default(), &mut Meddler::default()).expect("the fit runs");
        assert_eq!(essence(&run), want, "{config} watched");
    }
}

#[test]
fn another_seed_gives_other_latents() {
    let data = world();
    for entry in METHODS {
        let latents = |seed: u64| undisturbed(&config(entry, json!({ "seed": seed })), &data).latents;
        assert_ne!(latents(5), latents(6), "{}", entry.info.name);
    }
}

#[test]
fn a_model_read_from_its_bytes_gives_the_latents_of_the_run() {
    let data = world();
    for config in configs(&json!({})) {
        let run = undisturbed(&config, &data);
        let rows: Vec<usize> = run.rows.iter().map(|&i| i as usize).collect();
        let model = Model::open(METHODS, &run.model).expect("it opens");
        let latents = model.transform(&data.inputs.select_rows(&rows), &data.input_names).expect("it transforms");
        assert_eq!(latents, run.latents, "{config}");
        assert_eq!(model.header.latents.len(), latents.cols());
    }
}
