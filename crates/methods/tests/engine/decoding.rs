//! The way back from latents to inputs, over all methods: exact where a method is, and what the summary says of it otherwise.

use crate::small::{config, undisturbed, world};
use disentangle_data::simulate::simulate;
use disentangle_data::split::Split;
use disentangle_data::{Code, Dataset, Matrix};
use disentangle_engine::fit::RunResult;
use disentangle_engine::model::{Intervention, Model};
use disentangle_methods::METHODS;
use serde_json::{Value, json};

fn round_trip(run: &RunResult, data: &Dataset) -> (Model, Matrix, Matrix) {
    let model = Model::open(METHODS, &run.model).expect("a model");
    let latents = model.transform(&data.inputs, &data.input_names).expect("finite");
    let back = model.decode(&latents, &model.header.latents.clone()).expect("it decodes");
    (model, latents, back)
}

/// Squared distance of rows from what came back, in standard deviations, over inputs and rows.
fn mse(model: &Model, data: &Dataset, back: &Matrix, rows: &[usize]) -> f64 {
    let sd = &model.header.input_scale.sd;
    let of_row = |&row: &usize| {
        let pairs = data.inputs.row(row).iter().zip(back.row(row)).zip(sd);
        pairs.map(|((x, y), sd)| ((f64::from(*x) - f64::from(*y)) / sd).powi(2)).sum::<f64>()
    };
    rows.iter().map(of_row).sum::<f64>() / (rows.len() * data.inputs.cols()) as f64
}

#[test]
fn every_method_decodes_as_its_summary_says_or_says_that_it_cannot() {
    let data = world();
    for entry in METHODS {
        let name = entry.info.name;
        let run = undisturbed(&config(entry, json!({})), &data);
        let model = Model::open(METHODS, &run.model).expect("a model");
        let told = &run.summary.reconstruction;
        let decodes = entry.info.gives.contains(&"decoder");
        assert_eq!(decodes, !told.is_empty(), "{name} gives {:?}", entry.info.gives);
        if told.is_empty() {
            let k = model.header.latents.len();
            let failure = model.decode(&Matrix::zeros(1, k), &[]).expect_err("no decoder");
            assert_eq!((failure.code, failure.hint.is_some()), (Code::ModelNoDecoder, true), "{name}");
            assert!(run.summary.traversals.is_empty(), "{name}");
            continue;
        }
        let (_, latents, back) = round_trip(&run, &data);
        assert_eq!(run.summary.traversals.len(), latents.cols(), "{name}");
        for row in told {
            let part = [Split::Train, Split::Validation, Split::Test]
                [["train", "validation", "test"].iter().position(|split| *split == row.split).expect("a part")];
            let rows: Vec<usize> = (0..run.rows.len()).filter(|&i| run.split[i] == part).collect();
            let found = mse(&model, &data, &back, &rows);
            // The same numbers by another way: through single precision, and back to the units of the inputs.
            assert!((found - row.mse).abs() < 1e-4 * row.mse + 1e-6, "{name}: {found} {}", row.mse);
        }
    }
}

/// Rows of full rank, far from zero where nothing is standardised.
fn shifted() -> Dataset {
    let mut data = world();
    let d = data.inputs.cols();
    (0..data.inputs.rows()).for_each(|row| (0..d).for_each(|j| data.inputs[(row, j)] += 3.0 * j as f32));
    data
}

fn fitted(config: Value, data: &Dataset) -> RunResult {
    undisturbed(&config, data)
}

#[test]
fn methods_that_lose_nothing_give_inputs_back() {
    let data = shifted();
    let largest = data.inputs.data().iter().fold(0.0f32, |most, x| most.max(x.abs()));
    for (method, standardize) in [("pca", "inputs"), ("pca", "none"), ("fast-ica", "inputs"), ("fast-ica", "none")] {
        let standardize = if standardize == "none" { json!("none") } else { Value::Null };
        let mut config = json!({ "method": method, "latentDim": 8 });
        if !standardize.is_null() {
            config["standardize"] = standardize;
        }
        let (_, _, back) = round_trip(&fitted(config, &data), &data);
        for (got, want) in back.data().iter().zip(data.inputs.data()) {
            // Single precision, times the ratio of the largest to the least standard deviation along an axis (some hundreds).
            assert!((got - want).abs() < 3e-4 * largest, "{method}: {got} {want}");
        }
    }
}

#[test]
fn what_principal_components_drop_comes_back_as_its_mean() {
    let data = shifted();
    for standardize in
        [json!({ "method": "pca", "latentDim": 3 }), json!({ "method": "pca", "latentDim": 3, "standardize": "none" })]
    {
        let run = fitted(standardize, &data);
        let fact = run.summary.facts.iter().find(|fact| fact.id == "explained-variance").and_then(|fact| fact.value);
        let train = &run.summary.reconstruction[0];
        // By the theorem of Eckart and Young both are the share of the first three variances.
        assert!((train.explained.expect("it varies") - fact.expect("a share")).abs() < 1e-5, "{train:?} {fact:?}");
        let (model, latents, back) = round_trip(&run, &data);
        let again = model.transform(&back, &data.input_names).expect("finite");
        for (got, want) in again.data().iter().zip(latents.data()) {
            // What was projected is projected onto itself.
            assert!((got - want).abs() < 1e-3, "{got} {want}");
        }
    }
}

/// Rows of the training part, mean of each column.
fn means(values: &Matrix, run: &RunResult) -> Vec<f64> {
    let rows: Vec<usize> = (0..run.rows.len()).filter(|&i| run.split[i] == Split::Train).collect();
    let sum = |j: usize| rows.iter().map(|&row| f64::from(values[(row, j)])).sum::<f64>();
    (0..values.cols()).map(|j| sum(j) / rows.len() as f64).collect()
}

#[test]
fn what_a_linear_method_drops_comes_back_around_the_mean_of_the_inputs() {
    let data = shifted();
    for config in [
        json!({ "method": "pca" }),
        json!({ "method": "fast-ica" }),
        json!({ "method": "factor-analysis" }),
        json!({ "method": "mtlcm", "representation": "inputs" }),
        json!({ "method": "pdgmm", "flow": { "use": "never" } }),
    ] {
        for standardize in ["none", "inputs"] {
            let mut config = config.clone();
            config.as_object_mut().expect("an object").extend([
                ("latentDim".to_owned(), json!(3)),
                ("standardize".to_owned(), json!(standardize)),
                ("seed".to_owned(), json!(5)),
            ]);
            let run = fitted(config.clone(), &data);
            let (_, _, back) = round_trip(&run, &data);
            for (j, (got, want)) in means(&back, &run).into_iter().zip(means(&data.inputs, &run)).enumerate() {
                // The mean of latents is 0, and 0 decodes to the mean: both up to single precision, for inputs of up to some tens.
                assert!((got - want).abs() < 1e-3, "{config}: mean of input {j} is {want}, decoded {got}");
            }
            // Three of eight directions: more than the mean alone, whose share is 0.
            let train = &run.summary.reconstruction[0];
            assert!(train.explained.is_some_and(|share| share > 0.1), "{config}: {train:?}");
        }
    }
}

#[test]
fn a_representation_by_its_inputs_is_undone_where_no_direction_is_dropped() {
    let data = shifted();
    let config = json!({
        "method": "mtlcm", "representation": "inputs", "latentDim": 8, "standardize": "none", "sigmaObserved": 0.0,
    });
    let (_, _, back) = round_trip(&fitted(config, &data), &data);
    let largest = data.inputs.data().iter().fold(0.0f32, |most, x| most.max(x.abs()));
    for (got, want) in back.data().iter().zip(data.inputs.data()) {
        // As for the other linear methods: single precision, times the condition of the map.
        assert!((got - want).abs() < 1e-2 * largest, "{got} {want}");
    }
}

#[test]
fn a_flow_and_the_autoencoders_are_undone_step_by_step() {
    let world = json!({ "latents": 4, "rows": 600, "inputs": 4, "layers": 1, "seed": 2 });
    let data = simulate("silent-world", world).expect("a world");
    let bent = json!({ "method": "pdgmm", "latentDim": 4, "flow": { "use": "always", "steps": 30 }, "seed": 1 });
    let (model, _, back) = round_trip(&fitted(bent, &data), &data);
    let rows: Vec<usize> = (0..data.inputs.rows()).collect();
    // Eight couplings and their rotations in single precision, and the map: none loses more than a digit or two.
    let found = mse(&model, &data, &back, &rows);
    assert!(found < 1e-6, "{found}");
    let options = json!({ "steps": 800, "width": 16, "batchSize": 128, "learningRate": 3e-3 });
    for config in [
        json!({ "method": "pdgmm", "latentDim": 4, "representation": "autoencoder", "autoencoder": options.clone() }),
        json!({ "method": "vade", "latentDim": 4, "representation": "autoencoder", "autoencoder": options,
                "steps": 400, "decoderVariance": 0.01, "hidden": [64, 64] }),
    ] {
        let (model, _, back) = round_trip(&fitted(config.clone(), &data), &data);
        // Trained for a moment only: better than the mean, whose error is 1.
        let found = mse(&model, &data, &back, &rows);
        assert!(found < 0.9, "{config}: {found}");
    }
}

#[test]
fn the_summary_and_the_account_of_a_variational_autoencoder_agree() {
    let data = world();
    for name in ["ivae", "icarl", "vade"] {
        let entry = METHODS.iter().find(|entry| entry.info.name == name).expect("a method");
        let run = undisturbed(&config(entry, json!({})), &data);
        let fact = run.summary.facts.iter().find(|fact| fact.id == "reconstruction").and_then(|fact| fact.value);
        let row = run.summary.reconstruction.iter().find(|row| row.split == "validation").expect("validation rows");
        // The decoder sees the latents scaled and scaled back: rounding.
        assert!((row.explained.expect("it varies") - fact.expect("a share")).abs() < 1e-5, "{name}: {row:?} {fact:?}");
    }
}

#[test]
fn methods_without_mechanisms_say_so() {
    let data = world();
    let run = fitted(json!({ "method": "pca", "latentDim": 2 }), &data);
    let model = Model::open(METHODS, &run.model).expect("a model");
    let request = Intervention { set: [("z1".to_owned(), 1.0)].into(), ..Intervention::default() };
    let failure = model.intervene(&request, None).expect_err("no mechanisms");
    assert_eq!((failure.code, failure.hint.is_some()), (Code::ModelNoMechanisms, true));
}

#[test]
fn factors_decode_to_the_mean_and_the_loadings_of_the_model() {
    let data = shifted();
    let run = fitted(json!({ "method": "factor-analysis", "latentDim": 2 }), &data);
    let model = Model::open(METHODS, &run.model).expect("a model");
    let loadings = run.summary.loadings.expect("it gives them").values.values;
    let scale = &model.header.input_scale;
    let latents = Matrix::new(3, 2, vec![0.0, 0.0, 1.0, 0.0, 0.5, -2.0]).expect("3 x 2");
    let decoded = model.decode(&latents, &[]).expect("it decodes");
    for row in 0..3 {
        for j in 0..data.inputs.cols() {
            let z = latents.row(row).iter().zip(&loadings[j]).map(|(&z, l)| f64::from(z) * l).sum::<f64>();
            let (got, want) = (f64::from(decoded[(row, j)]), scale.mean[j] + scale.sd[j] * z);
            // Single precision; the mean of standardised rows is 0 up to rounding.
            assert!((got - want).abs() < 1e-4, "{got} {want}");
        }
    }
}
