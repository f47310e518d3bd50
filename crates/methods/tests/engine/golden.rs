//! Models and checkpoints of released versions, made by `cargo run --release -p disentangle-methods --example artifacts`,
//! are read by this one.

use crate::small::*;
use disentangle_data::simulate::simulate;
use disentangle_engine::container::Container;
use disentangle_engine::fit::fit;
use disentangle_engine::model::Model;
use disentangle_methods::METHODS;
use std::fs;
use std::path::{Path, PathBuf};

struct Artifact {
    place: PathBuf,
    latents: Container,
}

fn artifacts() -> Vec<Artifact> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden");
    let folders = |path: &Path| -> Vec<PathBuf> {
        fs::read_dir(path)
            .expect("it can be listed")
            .map(|e| e.expect("an entry").path())
            .filter(|p| p.is_dir())
            .collect()
    };
    let named = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("artifacts-"));
    let list: Vec<Artifact> = folders(&golden)
        .iter()
        .filter(|p| named(p))
        .flat_map(|version| folders(version))
        .map(|place| {
            let bytes = fs::read(place.join("latents.dsn")).expect("it is there");
            Artifact { latents: Container::from_bytes(&bytes).expect("whole"), place }
        })
        .collect();
    assert!(!list.is_empty(), "no golden artifacts in {}", golden.display());
    list
}

/// Another processor adds in another order: float32 rounding, many times over.
const TOLERANCE: f32 = 1e-3;

#[test]
fn models_of_released_versions_give_the_latents_they_gave() {
    for Artifact { place, latents } in artifacts() {
        let data = simulate("tree-world", latents.header["world"].clone()).expect("a world");
        let model = Model::open(METHODS, &fs::read(place.join("model.dsn")).expect("it is there")).expect("it opens");
        let given = model.transform(&data.inputs, &data.input_names).expect("it transforms");
        let (shape, want) = latents.f32("latents").expect("latents");
        assert_eq!(shape, [given.rows(), given.cols()]);
        let apart = given.data().iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < TOLERANCE, "{}: {apart}", place.display());
    }
}

#[test]
fn checkpoints_of_released_versions_resume() {
    for Artifact { place, latents } in artifacts() {
        let data = simulate("tree-world", latents.header["world"].clone()).expect("a world");
        let dir = tempfile::tempdir().expect("a temporary folder");
        for entry in fs::read_dir(place.join("checkpoint")).expect("it can be listed") {
            let entry = entry.expect("an entry");
            fs::copy(entry.path(), dir.path().join(entry.file_name())).expect("it can be copied");
        }
        let mut observer = Meddler::default();
        let run = fit(METHODS, &latents.header["config"], &data, &resumed(dir.path(), 1000), &mut observer)
            .expect("it resumes");
        assert!(observer.steps > 0 && observer.steps == run.outcome.step, "{}: {:?}", place.display(), run.outcome);
        let first = serde_json::to_value(&observer.events[0]).expect("plain data");
        assert_eq!((&first["kind"], &first["step"]), (&"resumed".into(), &10.into()), "{}", place.display());
    }
}
