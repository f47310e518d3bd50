//! Loss and gradients against NumPy in double precision, golden/mcl.py; and what the method finds where its assumptions hold.

use super::*;
use crate::METHODS;
use crate::golden::{import, numbers};
use disentangle_data::simulate::simulate;
use disentangle_data::{Dataset, Stream};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::method::Phase;
use disentangle_engine::observe::Silent;
use disentangle_nn::{DType, Device};
use serde_json::{Value, json};

fn views(widths: &[usize]) -> Vec<View> {
    let starts = widths.iter().scan(0, |at, width| Some(std::mem::replace(at, *at + width)));
    let view = |(m, (start, width)): (usize, (usize, &usize))| View {
        name: format!("m{}", m + 1),
        start,
        end: start + width,
        image: None,
    };
    starts.zip(widths).enumerate().map(view).collect()
}

#[test]
fn loss_and_gradients_of_every_parameter_are_those_of_an_independent_implementation() {
    let cases: Value = serde_json::from_str(include_str!("../../../../golden/mcl.json")).expect("it is JSON");
    for case in cases.as_array().expect("two cases") {
        let config: MclConfig = serde_json::from_value(case["options"].clone()).expect("options");
        let widths: Vec<usize> = numbers(&case["views"]).into_iter().map(|width| width as usize).collect();
        let inputs = widths.iter().sum();
        let dimensions = Dimensions {
            inputs,
            views: views(&widths),
            parents: Vec::new(),
            environments: 0,
            targets: 0,
            tasks: 0,
            binary: Vec::new(),
        };
        let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
        let network = MclNetwork::new(&mut params, &dimensions, &config, 0).expect("a network");
        import(&mut params, &case["parameters"]);
        let rows = numbers(&case["inputs"]);
        let batch = Batch {
            inputs: Tensor::from_vec(rows.clone(), (rows.len() / inputs, inputs), &Device::Cpu).expect("a matrix"),
            targets: Tensor::from_vec(Vec::<f64>::new(), 0, &Device::Cpu).expect("none"),
            given: Vec::new(),
            nodes: Vec::new(),
            tasks: Vec::new(),
            draws: Stream::new(0, "draws"),
            stage: "contrast",
            phase: Phase::Train,
            progress: 0.0,
        };
        let terms = network.loss(&batch).expect("a loss");
        let (got, want) = (terms[0].value.to_scalar::<f64>().expect("a scalar"), numbers(&case["contrast"])[0]);
        assert!((got - want).abs() < 1e-12, "{got} {want}");
        let gradients = params.gradients(&terms[0].value).expect("gradients");
        for (i, param) in params.iter().enumerate() {
            let got = gradients.tensor(i).expect("readable").expect("every parameter receives a gradient");
            let want = numbers(&case["gradients"][param.name()]);
            for (got, want) in got.to_vec1::<f64>().expect("flat").iter().zip(&want) {
                assert!((got - want).abs() < 1e-11, "{}: {got} {want}", param.name());
            }
        }
    }
}

fn fitted(data: &Dataset) -> Result<RunResult> {
    in_batches(data, 250)
}

fn in_batches(data: &Dataset, size: usize) -> Result<RunResult> {
    let config = json!({"method": "mcl", "latentDim": 2, "steps": 400, "batchSize": size, "seed": 1});
    fit(METHODS, &config, data, &FitOptions::default(), &mut Silent)
}

fn modalities(changes: Value) -> Dataset {
    let mut config = json!({"seed": 1, "points": 3000, "inputsPerModality": 6, "noiseFirst": 0.2, "noiseLast": 0.2});
    config.as_object_mut().expect("options").extend(changes.as_object().expect("options").clone());
    simulate("modality-world", config).expect("a world")
}

/// Share of the variance of column `of` that is linear in the columns `by`.
fn explained(of: &[f64], by: &[Vec<f64>]) -> f64 {
    let unit = |mut v: Vec<f64>| {
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        v.iter_mut().for_each(|v| *v -= mean);
        let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        v.iter_mut().for_each(|v| *v /= norm);
        v
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let of = unit(of.to_vec());
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for column in by {
        let mut column = unit(column.clone());
        for b in &basis {
            let share = dot(b, &column);
            column.iter_mut().zip(b).for_each(|(c, b)| *c -= share * b);
        }
        basis.push(unit(column));
    }
    basis.iter().map(|b| dot(b, &of).powi(2)).sum()
}

#[test]
fn what_both_modalities_share_is_found_and_what_one_alone_sees_is_left_out() {
    let data = modalities(json!({"mechanism": "linear"}));
    let run = fitted(&data).expect("it fits");
    assert_eq!(run.summary.latents.names, ["m1.z1", "m1.z2", "m2.z1", "m2.z2"]);
    let latents = run.latents.to_f64();
    let of_modality = |m: usize| vec![latents.col(2 * m), latents.col(2 * m + 1)];
    for m in 0..2 {
        for i in 0..2 {
            let share = explained(&data.truth["latents"].values.to_f64().col(2 * m + i), &of_modality(m));
            assert!(share > 0.85, "z{} of m{}: {share}", i + 1, m + 1);
        }
        let private = explained(&data.truth["private"].values.to_f64().col(m), &of_modality(m));
        assert!(private < 0.05, "private of m{}: {private}", m + 1);
    }
    let shared = run.summary.facts.iter().find(|fact| fact.id == "shared").and_then(|fact| fact.value);
    assert!(shared.is_some_and(|shared| shared > 0.9), "{shared:?}");
}

#[test]
fn steps_of_one_row_and_of_more_than_can_be_compared_are_refused() {
    let data = modalities(json!({"points": 60}));
    for size in [1, 65_537] {
        let failure = in_batches(&data, size).expect_err("out of range");
        assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigOutOfRange, Some("batchSize")));
        assert!(failure.message.contains(&size.to_string()), "{failure}");
    }
    in_batches(&data, 2).expect("a row has another");
}

#[test]
fn one_modality_three_and_too_many_latents_are_refused_with_the_numbers() {
    let mut one = modalities(json!({"points": 60}));
    one.views.clear();
    let failure = fitted(&one).expect_err("one table");
    assert_eq!(failure.code, Code::DataNeedsModalities);
    assert!(failure.message.contains("needs 2 modalities, the data have 1"), "{failure}");
    let failure = fitted(&modalities(json!({"points": 60, "modalities": 3}))).expect_err("three");
    assert!(failure.message.contains("the data have 3: m1 (6 columns), m2 (6 columns), m3 (6 columns)"), "{failure}");
    let narrow = json!({"points": 60, "latentsPerModality": 1, "privatePerModality": 0, "inputsPerModality": 1});
    let failure = fitted(&modalities(narrow)).expect_err("two latents of one column");
    assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigOutOfRange, Some("latentDim")));
}

#[test]
fn large_images_have_convolutions_and_small_ones_are_taken_as_they_are() {
    use disentangle_data::views::{Image, pixel_names};
    let image = |channels, side| Image { channels, height: side, width: side };
    let sides = [image(3, 14), image(2, 24)];
    let mut all = views(&[sides[0].len(), sides[1].len()]);
    all.iter_mut().zip(sides).for_each(|(view, image)| view.image = Some(image));
    let columns = all[1].end;
    let mut stream = Stream::new(4, "test/mcl");
    let inputs = Matrix::from_fn(40, columns, |_, _| stream.normal() as f32);
    let names = all.iter().zip(sides).flat_map(|(view, image)| pixel_names(&view.name, image)).collect();
    let data = Dataset { inputs, input_names: names, views: all.clone(), ..Dataset::default() };
    assert!(encoders::image_of(&all[0]).is_none() && encoders::image_of(&all[1]).is_some());
    let config = json!({"method": "mcl", "steps": 4, "hidden": [6], "standardize": "none", "batchSize": 20});
    let failure = fit(METHODS, &config, &data, &FitOptions::default(), &mut Silent);
    // More columns than rows are refused, of images as of tables.
    assert_eq!(failure.expect_err("refused").code, Code::DataTooFewRows);
    let mut params = Params::new(&Device::Cpu);
    let dimensions = Dimensions {
        inputs: columns,
        views: all,
        parents: Vec::new(),
        environments: 0,
        targets: 0,
        tasks: 0,
        binary: Vec::new(),
    };
    let network = MclNetwork::new(&mut params, &dimensions, &MclConfig::default(), 0).expect("a network");
    let x = Tensor::from_vec(data.inputs.data().to_vec(), (40, columns), &Device::Cpu).expect("a matrix");
    assert_eq!(network.encode(&x).expect("codes").dims(), [40, 4]);
    assert!(network.encoder_layers().expect("none").is_none() && network.held_per_row() > 0);
}
