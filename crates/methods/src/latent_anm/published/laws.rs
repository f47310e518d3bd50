//! Every term and every gradient of the published bound against golden/latent_anm_published.py, and what follows from its form.

use super::*;
use crate::golden::{import, numbers};
use disentangle_data::views::whole;
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../../../../../golden/latent_anm_published.json")).expect("it is JSON")
}

fn table(value: &Value) -> Tensor {
    let (values, rows) = (numbers(value), value.as_array().expect("rows").len());
    let cols = values.len() / rows;
    Tensor::from_vec(values, (rows, cols), &Device::Cpu).expect("fits")
}

fn built(golden: &Value, case: &Value, dtype: DType) -> (Params, PublishedNetwork) {
    let inputs = table(&case["inputs"]).dims()[1];
    let latents = table(&case["noise"]).dims()[1];
    let dimensions = Dimensions {
        inputs,
        views: whole(inputs),
        parents: Vec::new(),
        environments: golden["environments"].as_u64().expect("a count") as usize,
        targets: 0,
        tasks: 0,
        binary: Vec::new(),
    };
    let options = PublishedOptions {
        units: golden["units"].as_u64().map(|units| units as usize),
        decoder_variance: golden["variance"].as_f64().expect("a variance"),
        ..PublishedOptions::default()
    };
    let kind: Kind = serde_json::from_value(case["mechanisms"].clone()).expect("a kind");
    let sparsity = golden["sparsity"].as_f64().expect("a weight");
    let mut params = Params::with_dtype(&Device::Cpu, dtype);
    let network = PublishedNetwork::new(&mut params, &dimensions, (kind, latents), (&options, sparsity), 0);
    let network = network.expect("a network");
    import(&mut params, &case["parameters"]);
    (params, network)
}

fn nodes(case: &Value) -> Vec<u32> {
    numbers(&case["nodes"]).into_iter().map(|node| node as u32).collect()
}

#[test]
fn terms_and_gradients_of_every_parameter_are_those_of_an_independent_implementation() {
    let golden = golden();
    for case in golden["cases"].as_array().expect("cases") {
        let kind = &case["mechanisms"];
        let (params, network) = built(&golden, case, DType::F64);
        let (inputs, noise) = (table(&case["inputs"]), table(&case["noise"]));
        let terms = network.terms(&inputs, &nodes(case), &noise, Phase::Train).expect("a loss");
        assert_eq!(terms.len(), case["terms"].as_object().expect("terms").len(), "{kind}");
        for term in &terms {
            let got = term.value.to_scalar::<f64>().expect("a scalar");
            let want = case["terms"][term.name].as_f64().expect("a term");
            // Sums in another order.
            assert!((got - want).abs() < 1e-11 * want.abs().max(1.0), "{kind} {}: {got} {want}", term.name);
        }
        let total = terms.into_iter().map(|t| t.value).reduce(|a, b| (a + b).expect("scalars")).expect("terms");
        let gradients = params.gradients(&total).expect("gradients");
        for (i, param) in params.iter().enumerate() {
            let got = gradients.tensor(i).expect("readable").expect("every parameter receives a gradient");
            let want = numbers(&case["gradients"][param.name()]);
            for (got, want) in got.flatten_all().and_then(|g| g.to_vec1::<f64>()).expect("flat").iter().zip(&want) {
                assert!((got - want).abs() < 1e-10 * want.abs().max(1.0), "{kind} {}: {got} {want}", param.name());
            }
        }
    }
}

#[test]
fn codes_are_samples_without_noise_and_layers_that_are_written_down_compute_the_same() {
    let golden = golden();
    for case in golden["cases"].as_array().expect("cases") {
        let (_, network) = built(&golden, case, DType::F32);
        let inputs = table(&case["inputs"]).to_dtype(DType::F32).expect("single");
        let codes = network.encode(&inputs).expect("codes");
        let noiseless = network.encoder.mean(&inputs).expect("means");
        let first = |t: &Tensor| t.narrow(1, 0, 1).and_then(|t| t.flatten_all()?.to_vec1::<f32>()).expect("a column");
        assert_eq!(first(&codes), first(&noiseless), "the first latent has no mechanism");
        let written = network.encoder_layers().expect("layers");
        assert_eq!(written.is_none(), case["mechanisms"] == "polynomial");
    }
}

#[test]
fn mechanisms_are_what_the_prior_adds_and_magnitudes_are_means_over_environments() {
    let golden = golden();
    let cases = golden["cases"].as_array().expect("cases");
    let linear = cases.iter().find(|case| case["mechanisms"] == "linear").expect("there is one");
    let (_, network) = built(&golden, linear, DType::F32);
    let z = Matrix::from_fn(2, 3, |_, j| [1.0, 0.0, 0.0][j]);
    // With a linear mechanism of one parent at 1, its value is the coefficient.
    let values: Vec<Vec<f64>> =
        (1..3).map(|i| network.mechanism(i, &z, &[0, 2]).expect("finite").expect("a mechanism")).collect();
    let magnitudes = network.magnitudes(&[0, 2]).expect("finite");
    for (i, values) in (1..3).zip(values) {
        let mean = values.iter().map(|v| v.abs()).sum::<f64>() / 2.0;
        assert!((magnitudes[(0, i)] - mean).abs() < 1e-6, "z{}", i + 1);
    }
    assert_eq!((magnitudes[(1, 0)], magnitudes[(2, 1)]), (0.0, 0.0));
    assert_eq!(network.mechanism(0, &z, &[0, 2]).expect("finite"), None);
}
