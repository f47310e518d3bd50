use super::*;
use crate::simulate::{golden, simulate};
use serde_json::json;

fn world(config: Value) -> Dataset {
    golden::drawn("chemistry-world", config)
}

#[test]
fn a_world_has_the_numbers_of_an_independent_program() {
    // golden/chemistry_world.py
    let configs = golden::compare("chemistry-world", include_str!("../../../../../golden/chemistry_world.json"));
    assert_eq!(configs.len(), 3);
}

#[test]
fn latents_and_their_truth_are_those_of_a_shift_world_under_other_names() {
    let options = json!({"seed": 4, "environments": 3, "pointsPerEnvironment": 5, "link": "sin", "place": "inside",
        "gain": 2, "coefficientLeast": 0.2, "coefficientMost": 2, "signs": "positive", "noiseMean": 1,
        "noiseScaleLeast": 0.2, "noiseScaleMost": 0.5, "unshifted": [2], "unshiftedTerm": "added",
        "unshiftedLink": "tanh", "unshiftedGain": 3});
    let mut causes = options.clone();
    causes["latents"] = json!(3);
    let (pictures, causes) = (world(options), golden::drawn("shift-world", causes));
    assert_eq!(pictures.labels, causes.labels);
    assert_eq!(pictures.truth.keys().collect::<Vec<_>>(), causes.truth.keys().collect::<Vec<_>>());
    for (name, table) in &pictures.truth {
        assert_eq!(table.values, causes.truth[name].values, "{name}");
    }
    assert_eq!(pictures.truth["latents"].columns, ["diamond", "triangle", "square"]);
    assert_eq!(pictures.truth["coefficients"].columns, ["diamond -> triangle", "triangle -> square"]);
    assert_eq!(pictures.truth["graph"].rows, ["diamond", "triangle", "square"]);
    assert_eq!(pictures.truth["noiseMeans"].rows, ["e1", "e2", "e3"]);
}

/// The latent of a color: the map backwards, by which of the three is missing.
fn latent(color: [f64; 3]) -> f64 {
    let [r, g, b] = color;
    let hue = match (r, g, b) {
        (_, _, 0.0) if r >= g => g,
        (_, _, 0.0) => 2.0 - r,
        (0.0, _, _) if g >= b => 2.0 + b,
        (0.0, _, _) => 4.0 - g,
        _ => 4.0 + r,
    };
    2.0 * (PI * (hue / 5.0 - 0.5)).tan()
}

#[test]
fn latents_can_be_read_off_the_pictures() {
    for z in (-100..=100).map(|i| f64::from(i) / 5.0) {
        assert!((latent(color(z)) - z).abs() < 1e-9, "{z}");
    }
    let data = world(json!({"seed": 2, "environments": 5, "pointsPerEnvironment": 20, "size": 25}));
    for row in 0..data.rows() {
        for (i, object) in OBJECTS.iter().enumerate() {
            // The pixel in the middle of its cell of 5 x 5 pixels.
            let [column, line] = object.cell.map(|cell| 5 * cell as usize + 2);
            let channel = |c: usize| f64::from(data.inputs[(row, c * 625 + line * 25 + column)]);
            let (z, read) = (f64::from(data.truth["latents"].values[(row, i)]), latent([0, 1, 2].map(channel)));
            // Colors have 24 bits: an error of 6e-8, times the slope of the map backwards, at most 0.4 pi (4 + z^2) / 2.
            assert!((z - read).abs() < 1e-6 * (4.0 + z * z), "{z} {read}");
        }
    }
}

#[test]
fn objects_have_their_own_pixels_and_their_area() {
    for size in [10, 50, 64] {
        let masks = OBJECTS.each_ref().map(|object| mask(object, size));
        for (mask, share) in masks.iter().zip([0.5, 0.5, 1.0]) {
            let area: f64 = mask.iter().map(|(_, share)| share).sum();
            assert!((area - share * (size as f64 / 5.0).powi(2)).abs() < 1e-9, "{size}");
        }
        let mut pixels: Vec<usize> = masks.iter().flatten().map(|(pixel, _)| *pixel).collect();
        let all = pixels.len();
        pixels.sort_unstable();
        pixels.dedup();
        assert_eq!(pixels.len(), all, "{size}");
    }
}

#[test]
fn more_rows_and_another_size_leave_the_latents_as_they_were() {
    let few = world(json!({"seed": 1, "environments": 2, "pointsPerEnvironment": 3, "size": 16}));
    let many = world(json!({"seed": 1, "environments": 2, "pointsPerEnvironment": 5, "size": 16}));
    assert_eq!((few.inputs.row(0), few.inputs.row(3)), (many.inputs.row(0), many.inputs.row(5)));
    let large = world(json!({"seed": 1, "environments": 2, "pointsPerEnvironment": 3, "size": 32}));
    assert_eq!(few.truth, large.truth);
    assert_eq!(large.views[0].image, Some(Image { channels: 3, height: 32, width: 32 }));
}

#[test]
fn what_contradicts_itself_is_refused_with_its_path() {
    for (config, path) in [
        (json!({"coefficientLeast": 2, "coefficientMost": 1}), "coefficientMost"),
        (json!({"noiseScaleLeast": 2, "noiseScaleMost": 1}), "noiseScaleMost"),
        (json!({"unshiftedLink": "polynomial"}), "unshiftedLink"),
        (json!({"link": "polynomial", "place": "inside"}), "link"),
        (json!({"unshifted": [4]}), "unshifted.0"),
        (json!({"size": 9}), "size"),
        (json!({"latents": 3}), "latents"),
        (json!({"pointsPerEnvironment": 2000}), "pointsPerEnvironment"),
    ] {
        let failure = simulate("chemistry-world", config.clone()).expect_err("it contradicts itself");
        assert_eq!(failure.path.as_deref(), Some(path), "{config}");
    }
}

#[test]
fn the_provenance_replays_the_world() {
    let dataset = world(json!({"environments": 2, "pointsPerEnvironment": 2, "size": 10, "unshifted": [2]}));
    assert_eq!(world(dataset.provenance["config"].clone()), dataset);
}
