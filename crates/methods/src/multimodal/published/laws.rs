//! The published objective against NumPy, row by row, and its gradient against central differences: golden/multimodal_published.py.

use super::network::PublishedNetwork;
use super::{STAGE, recipe};
use crate::golden::{import, numbers};
use crate::multimodal::config::{Algorithm, MultimodalConfig, PerModality, PublishedOptions};
use disentangle_data::View;
use disentangle_engine::method::{Dimensions, Network};
use disentangle_nn::{DType, Device, Params, Tensor};
use serde_json::Value;
use std::collections::BTreeMap;

fn flat(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().and_then(|t| t.to_dtype(DType::F64)?.to_vec1()).expect("numbers")
}

fn golden() -> Value {
    serde_json::from_str(include_str!("../../../../../golden/multimodal_published.json")).expect("JSON")
}

/// Two modalities of 4 and 3 columns, 2 + 1 and 1 + 1.
fn network(params: &mut Params) -> PublishedNetwork {
    let config = MultimodalConfig {
        algorithm: Algorithm::Paper,
        latent_dim: PerModality::Each(BTreeMap::from([("a".into(), 2), ("b".into(), 1)])),
        private_dim: PerModality::Same(1),
        ..MultimodalConfig::default()
    };
    let view = |name: &str, start: usize, end: usize| View { name: name.into(), start, end, image: None };
    let dimensions = Dimensions {
        inputs: 7,
        views: vec![view("a", 0, 4), view("b", 4, 7)],
        parents: vec![],
        targets: 0,
        environments: 0,
        tasks: 0,
        binary: vec![],
    };
    PublishedNetwork::new(&config, &dimensions, params, 0).expect("a network")
}

fn with_golden_values(golden: &Value) -> (Params, PublishedNetwork) {
    let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
    let network = network(&mut params);
    import(&mut params, &golden["parameters"]);
    (params, network)
}

fn inputs(golden: &Value) -> Tensor {
    Tensor::from_vec(numbers(&golden["inputs"]), (6, 7), &Device::Cpu).expect("fits")
}

#[test]
fn the_objective_and_its_gradient_are_those_of_numpy() {
    let golden = golden();
    let (params, network) = with_golden_values(&golden);
    let terms = network.terms(&inputs(&golden)).expect("a loss");
    let mut total = Tensor::zeros((), DType::F64, &Device::Cpu).expect("a scalar");
    assert_eq!(terms.len(), 3);
    for term in terms {
        let (got, want) = (flat(&term.value)[0], golden["terms"][term.name].as_f64().expect("a term"));
        assert!((got - want).abs() < 1e-12 * want.abs().max(1.0), "{}: {got} is not {want}", term.name);
        total = (total + term.value).expect("scalars");
    }
    let gradients = params.gradients(&total).expect("gradients");
    for (i, param) in params.iter().enumerate() {
        let got = gradients.tensor(i).expect("readable").map(|got| flat(&got));
        for (at, want) in numbers(&golden["gradients"][param.name()]).into_iter().enumerate() {
            let got = got.as_ref().map_or(0.0, |got| got[at]);
            // Central differences with steps of 1e-5.
            assert!((got - want).abs() < 1e-8, "{} {at}: {got} is not {want}", param.name());
        }
    }
}

#[test]
fn no_gradient_of_the_data_reaches_the_adjacency_and_within_a_modality_none_at_all() {
    let golden = golden();
    let (params, network) = with_golden_values(&golden);
    let at = params.iter().position(|param| param.name() == "adjacency").expect("it is there");
    for (name, want) in [
        ("reconstruction", [0.0; 9]),
        ("independence", [0.0; 9]),
        ("sparsity", {
            let mut pull = [0.0; 9];
            // From the first modality's two latents to the one of the second.
            (pull[6], pull[7]) = (1e-3, 1e-3);
            pull
        }),
    ] {
        let term =
            network.terms(&inputs(&golden)).expect("a loss").into_iter().find(|t| t.name == name).expect("named");
        let gradients = params.gradients(&term.value).expect("gradients");
        let got = gradients.tensor(at).expect("readable").map_or([0.0; 9].to_vec(), |got| flat(&got));
        assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-15), "{name}: {got:?}");
    }
}

#[test]
fn codes_are_latents_then_private_variables_and_the_layers_that_are_written_down_are_them() {
    let golden = golden();
    let (_, network) = with_golden_values(&golden);
    let codes = network.encode(&inputs(&golden)).expect("codes");
    assert_eq!(codes.dims(), [6, 5]);
    let back = network.decode(&codes).expect("decodes").expect("a decoder");
    assert_eq!(back.dims(), [6, 7]);
    let want = golden["terms"]["reconstruction"].as_f64().expect("a term") / 2.0;
    let (made, given) = (flat(&back), flat(&inputs(&golden)));
    let error = |columns: std::ops::Range<usize>| {
        let count = 6 * columns.len();
        let squares = (0..6).flat_map(|row| columns.clone().map(move |j| row * 7 + j));
        squares.map(|at| (made[at] - given[at]).powi(2)).sum::<f64>() / count as f64
    };
    assert!((error(0..4) + error(4..7) - want).abs() < 1e-12);
    assert!(network.encoder_layers().expect("layers").is_some() && network.decoder_layers().expect("layers").is_some());
}

#[test]
fn the_descent_is_that_of_the_paper() {
    let recipe = recipe(&PublishedOptions::default());
    assert_eq!((recipe.name, recipe.steps, recipe.learning_rate), (STAGE, 3000, 2e-6));
    assert_eq!(recipe.schedule.factor(9_999, 30_000), 1.0);
    assert!((recipe.schedule.factor(20_000, 30_000) - 0.99f64.powi(2)).abs() < 1e-15);
}
