//! Fits of images: convolutions where they fit, the laws of all fits, and what they are for.

use crate::small::*;
use disentangle_data::dataset::{Labels, Role};
use disentangle_data::memory::{self, Budget};
use disentangle_data::views::{Image, pixel_names};
use disentangle_data::{Code, Dataset, Matrix, Stream, View};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::model::Model;
use disentangle_engine::observe::Silent;
use disentangle_methods::METHODS;
use serde_json::{Value, json};

/// Images with a bright spot at a place of its own in each; two environments, in which the places differ.
pub fn spots(rows: usize, image: Image) -> Dataset {
    let Image { height, width, .. } = image;
    let mut stream = Stream::new(7, "spots");
    let mut inputs = Matrix::zeros(rows, image.len());
    let mut codes = Vec::new();
    for row in 0..rows {
        let environment = row % 2;
        let place = |side: usize, draw: f64| (0.15 + 0.7 * draw.powi(1 + environment as i32)) * side as f64;
        let (y, x) = (place(height, stream.uniform()), place(width, stream.uniform()));
        for (at, value) in inputs.row_mut(row).iter_mut().enumerate() {
            let (pixel_y, pixel_x) = (at / width % height, at % width);
            let distance = (pixel_y as f64 + 0.5 - y).powi(2) + (pixel_x as f64 + 0.5 - x).powi(2);
            *value = (255.0 * (-distance / 3.0).exp()) as f32;
        }
        codes.push(environment as u32);
    }
    let labels = Labels { column: "site".into(), levels: vec!["a".into(), "b".into()], codes };
    Dataset {
        inputs,
        input_names: pixel_names("photo", image).collect(),
        views: vec![View { name: "photo".into(), start: 0, end: image.len(), image: Some(image) }],
        labels: [(Role::Environment, labels)].into_iter().collect(),
        ..Dataset::default()
    }
}

fn image(channels: usize, height: usize, width: usize) -> Image {
    Image { channels, height, width }
}

fn small(changes: Value) -> Value {
    let mut config =
        json!({ "method": "vae", "latentDim": 2, "hidden": [8], "steps": STEPS, "batchSize": 32, "seed": 5 });
    let Value::Object(changes) = changes else { panic!("options are an object") };
    config.as_object_mut().expect("an object").extend(changes);
    config
}

fn convolutions(run: &RunResult) -> Option<f64> {
    run.summary.facts.iter().find(|fact| fact.id == "convolutions").and_then(|fact| fact.value)
}

/// The part of the variance of the test rows that comes back.
fn explained(run: &RunResult) -> f64 {
    run.summary.reconstruction.last().and_then(|row| row.explained).expect("test rows vary")
}

#[test]
fn images_have_convolutions_and_the_same_bits_again_on_two_threads_killed_and_from_bytes() {
    let data = spots(90, image(2, 9, 6));
    for config in [small(json!({})), small(json!({ "method": "ivae", "batchSize": 64 }))] {
        let run = undisturbed(&config, &data);
        assert_eq!(convolutions(&run), Some(1.0), "{config}");
        let want = essence(&run);
        assert_eq!(essence(&undisturbed(&config, &data)), want, "{config} again");
        let mut two = config.clone();
        two["threads"] = 2.into();
        assert_eq!(essence(&undisturbed(&two, &data)), want, "{config} on two threads");
        for at in [1, 20, STEPS - 1, STEPS] {
            let dir = tempfile::tempdir().expect("a temporary folder");
            killed(&config, &data, &checkpoints(dir.path(), 7), at);
            let run = fit(METHODS, &two, &data, &resumed(dir.path(), 7), &mut Silent).expect("it resumes");
            assert_eq!(essence(&run), want, "{config} killed at {at}");
        }
        let model = Model::open(METHODS, &run.model).expect("it opens");
        let latents = model.transform(&data.inputs, &data.input_names).expect("it transforms");
        assert_eq!(latents, run.latents, "{config}");
        assert_eq!(model.decode(&latents, &[]).expect("it decodes").cols(), data.inputs.cols());
    }
}

#[test]
fn every_method_of_the_family_takes_images_of_any_size_with_fewer_rows_than_pixels() {
    for (size, halvings) in [(image(1, 4, 4), 1.0), (image(1, 28, 28), 3.0), (image(3, 17, 8), 2.0)] {
        let data = spots(40, size);
        let run = undisturbed(&small(json!({ "steps": 3 })), &data);
        assert_eq!(convolutions(&run), Some(halvings), "{size}");
        assert!(run.summary.warnings.iter().all(|warning| warning.code != "IMAGES_AS_COLUMNS"));
    }
    for method in ["ivae", "icarl"] {
        let run = undisturbed(&small(json!({ "method": method, "steps": 3 })), &spots(40, image(1, 8, 8)));
        assert_eq!(convolutions(&run), Some(2.0), "{method}");
    }
}

#[test]
fn encoder_and_decoder_are_chosen_each_by_itself() {
    let data = spots(80, image(1, 8, 8));
    for (encoder, decoder, found) in [
        ("auto", "auto", Some(2.0)),
        ("convolutional", "convolutional", Some(2.0)),
        ("convolutional", "linear", Some(2.0)),
        ("mlp", "convolutional", None),
        ("mlp", "mlp", None),
    ] {
        let config = small(json!({ "encoder": encoder, "decoder": decoder, "steps": 3 }));
        let run = undisturbed(&config, &data);
        assert_eq!(convolutions(&run), found, "{config}");
        let model = Model::open(METHODS, &run.model).expect("it opens");
        let tensors = model.plain().expect("it is written down").tensors;
        let decodes_images = tensors.iter().any(|tensor| tensor.name == "trained/decoder.convolution.0.weight");
        assert_eq!(decodes_images, matches!(decoder, "auto" | "convolutional"), "{config}");
    }
    let config = small(json!({ "encoder": "mlp" }));
    let failure = fit(METHODS, &config, &spots(40, image(1, 8, 8)), &FitOptions::default(), &mut Silent);
    assert_eq!(failure.expect_err("weights for 64 columns").code, Code::DataTooFewRows);
}

#[test]
fn convolutions_that_cannot_be_are_refused_and_auto_says_what_it_takes_instead() {
    let (tiny, mut parts) = (spots(80, image(1, 3, 6)), spots(80, image(1, 8, 4)));
    let table = Dataset { views: Vec::new(), ..parts.clone() };
    parts.views = ["upper", "lower"]
        .into_iter()
        .zip([0, 16])
        .map(|(name, start)| View { name: name.into(), start, end: start + 16, image: Some(image(1, 4, 4)) })
        .collect();
    parts.input_names = ["upper", "lower"].into_iter().flat_map(|name| pixel_names(name, image(1, 4, 4))).collect();
    for (data, word) in [(&tiny, "at least 4 x 4"), (&table, "a table"), (&parts, "2 views")] {
        for option in ["encoder", "decoder"] {
            let config = small(json!({ option: "convolutional" }));
            let failure = fit(METHODS, &config, data, &FitOptions::default(), &mut Silent).expect_err(word);
            assert_eq!((failure.code, failure.path.as_deref()), (Code::DataNeedsImages, Some(option)), "{failure}");
            assert!(failure.message.contains(word) && failure.hint.is_some(), "{failure}");
        }
        let run = undisturbed(&small(json!({ "steps": 3 })), data);
        assert_eq!(convolutions(&run), None);
        let told = run.summary.warnings.iter().find(|warning| warning.code == "IMAGES_AS_COLUMNS");
        assert_eq!(told.is_some(), !data.views.is_empty(), "{word}");
        assert!(told.is_none_or(|warning| warning.message.contains(word)), "{told:?}");
        let chosen = undisturbed(&small(json!({ "steps": 3, "encoder": "mlp", "decoder": "mlp" })), data);
        assert!(chosen.summary.warnings.iter().all(|warning| warning.code != "IMAGES_AS_COLUMNS"));
    }
}

#[test]
fn feature_maps_count_among_the_memory_of_a_training() {
    let data = spots(64, image(1, 32, 32));
    let run = |bytes: u64| {
        memory::allow(Some(Budget { bytes, limit: "a test".into() }));
        let config = small(json!({ "steps": 1, "batchSize": 32 }));
        let run = fit(METHODS, &config, &data, &FitOptions::default(), &mut Silent);
        memory::allow(None);
        run
    };
    // 32 rows with 32 x (256 + 64 + 16 + 4) entries in the encoder, almost as many and an image in the decoder, twice, 4 bytes each.
    let failure = run(4 << 20).expect_err("feature maps of 5 MiB");
    assert_eq!(failure.code, Code::MemoryLimit);
    assert!(failure.message.starts_with("training needs"), "{failure}");
    run(16 << 20).expect("three times as much");
}

#[test]
fn places_come_back_from_few_latents_where_neither_components_nor_dense_layers_give_them() {
    let data = spots(600, image(1, 16, 16));
    let of = |changes: Value| {
        let training = json!({
            "steps": 500, "batchSize": 64, "hidden": [32], "learningRate": 3e-3, "decoderVariance": 0.1, "seed": 1
        });
        let mut config = small(training);
        let Value::Object(changes) = changes else { panic!("options are an object") };
        config.as_object_mut().expect("an object").extend(changes);
        explained(&undisturbed(&config, &data))
    };
    let convolutional = of(json!({}));
    let dense = of(json!({ "encoder": "mlp", "decoder": "mlp" }));
    let components = explained(&undisturbed(&json!({ "method": "pca", "latentDim": 2, "seed": 1 }), &data));
    println!("explained: convolutional {convolutional:.3}, dense {dense:.3}, pca {components:.3}");
    assert!(convolutional > components + 0.2, "{convolutional} {components}");
    assert!(convolutional > dense, "{convolutional} {dense}");
}

#[test]
fn every_latent_is_swept_in_pictures() {
    let data = spots(80, image(1, 8, 6));
    for config in [small(json!({})), json!({ "method": "pca", "latentDim": 2 })] {
        let run = undisturbed(&config, &data);
        assert_eq!(run.summary.traversals.len(), 2);
        for traversal in &run.summary.traversals {
            let [pictures] = traversal.pictures.as_slice() else { panic!("one view") };
            assert_eq!((pictures.channels, pictures.height, pictures.width), (1, 8, 6));
            assert_eq!(pictures.pixels.len(), traversal.values.len());
            assert!(pictures.pixels.iter().all(|picture| picture.len() == 2 * 48));
            assert!(pictures.lowest.abs() < 0.01 && (200.0..255.01).contains(&pictures.highest), "{pictures:?}");
            assert!(traversal.inputs.is_empty(), "single pixels say nothing");
        }
    }
    assert!(undisturbed(&small(json!({})), &world()).summary.traversals.iter().all(|t| t.pictures.is_empty()));
}
