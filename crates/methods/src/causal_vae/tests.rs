//! Terms and gradients against NumPy in double precision, golden/causal_vae.py; and what the method finds with labels.

use super::*;
use crate::METHODS;
use crate::golden::{import, numbers};
use disentangle_data::dataset::Table;
use disentangle_data::simulate::simulate;
use disentangle_data::{Code, Dataset};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::observe::Silent;
use disentangle_metrics::graph::Graph;
use disentangle_nn::{DType, Device, Tensor};
use serde_json::{Value, json};

fn tensor(rows: &Value) -> Tensor {
    let (count, values) = (rows.as_array().expect("rows").len(), numbers(rows));
    let cols = values.len() / count;
    Tensor::from_vec(values, (count, cols), &Device::Cpu).expect("rows of one length")
}

#[test]
fn terms_and_gradients_of_every_parameter_are_those_of_an_independent_implementation() {
    let cases: Value = serde_json::from_str(include_str!("../../../../golden/causal_vae.json")).expect("it is JSON");
    for case in cases.as_array().expect("two cases") {
        let config: CausalVaeConfig = serde_json::from_value(case["options"].clone()).expect("options");
        let (inputs, labels, noise) = (tensor(&case["inputs"]), tensor(&case["targets"]), tensor(&case["noise"]));
        let dimensions = Dimensions {
            inputs: inputs.dims()[1],
            views: disentangle_data::views::whole(inputs.dims()[1]),
            parents: Vec::new(),
            environments: 0,
            targets: labels.dims()[1],
            tasks: 0,
            binary: Vec::new(),
        };
        let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
        let network = CausalNetwork::new(&mut params, &dimensions, &config, 0).expect("a network");
        import(&mut params, &case["parameters"]);
        let terms = network.terms(&inputs, &labels, &noise).expect("a loss");
        assert_eq!(terms.len(), case["terms"].as_object().expect("by name").len());
        for term in &terms {
            let (got, want) = (term.value.to_scalar::<f64>().expect("a scalar"), numbers(&case["terms"][term.name])[0]);
            assert!((got - want).abs() < 1e-11 * want.abs().max(1.0), "{}: {got} {want}", term.name);
        }
        let total = terms.into_iter().map(|t| t.value).reduce(|a, b| (a + b).expect("scalars")).expect("terms");
        let gradients = params.gradients(&total).expect("gradients");
        for (i, param) in params.iter().enumerate() {
            let got = gradients.tensor(i).expect("readable").expect("every parameter receives a gradient");
            let got = got.flatten_all().and_then(|flat| flat.to_vec1::<f64>()).expect("flat");
            let want = numbers(&case["gradients"][param.name()]);
            assert_eq!(got.len(), want.len());
            for (got, want) in got.iter().zip(&want) {
                assert!((got - want).abs() < 1e-10 * want.abs().max(1.0), "{}: {got} {want}", param.name());
            }
        }
    }
}

/// Two modalities of the same rows, whose true latents are the labels.
fn labelled() -> Dataset {
    let config = json!({"seed": 1, "points": 2000, "inputsPerModality": 6, "privatePerModality": 0, "mechanism": "linear",
        "noiseFirst": 0.3, "noiseLast": 0.3});
    let mut data = simulate("modality-world", config).expect("a world");
    let Table { columns, values, .. } = data.truth["latents"].clone();
    data.targets = Some(Table {
        columns: columns.iter().map(|name| format!("label of {name}")).collect(),
        rows: Vec::new(),
        values,
    });
    data
}

fn fitted(data: &Dataset, changes: Value) -> Result<RunResult> {
    let mut config = json!({"method": "causal-vae", "steps": 600, "learningRate": 5e-3, "seed": 1});
    config.as_object_mut().expect("options").extend(changes.as_object().expect("options").clone());
    fit(METHODS, &config, data, &FitOptions::default(), &mut Silent)
}

/// Squared correlation.
fn shared(a: &[f64], b: &[f64]) -> f64 {
    let centred = |v: &[f64]| {
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        v.iter().map(|v| v - mean).collect::<Vec<f64>>()
    };
    let (a, b) = (centred(a), centred(b));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(&a, &b).powi(2) / (dot(&a, &a) * dot(&b, &b))
}

#[test]
fn with_labels_each_latent_is_its_label_and_the_graph_has_no_cycle() {
    let data = labelled();
    let run = fitted(&data, json!({})).expect("it fits");
    let (latents, truth) = (run.latents.to_f64(), data.truth["latents"].values.to_f64());
    assert_eq!((latents.cols(), run.summary.latents.names.len()), (4, 4));
    for i in 0..4 {
        let r2 = shared(&latents.col(i), &truth.col(i));
        assert!(r2 > 0.8, "z{}: {r2}", i + 1);
    }
    let told = run.summary.conditioned.expect("it is conditioned on its labels");
    assert_eq!((told.on.as_str(), told.columns.len()), ("target", 4));
    let graph = run.summary.graph.expect("a graph");
    let order = graph.order.expect("an order");
    for (place, &i) in order.iter().enumerate() {
        assert!(order[..=place].iter().all(|&before| graph.weights[i][before] == 0.0), "{:?}", graph.weights);
    }
    // Labels one to one: z1 of m1 and z1 of m2 belong together, and so do both z2.
    let joined = |i: usize, j: usize| graph.weights[i][j] != 0.0 || graph.weights[j][i] != 0.0;
    assert!(joined(0, 2) && joined(1, 3), "{:?}", graph.weights);
}

#[test]
fn edges_that_close_a_cycle_or_are_weak_are_left_out() {
    let weights = Matrix::new(3, 3, vec![9.0, 0.9, 0.2, 0.5, 9.0, 0.8, 0.6, 0.0, 9.0]).expect("nine");
    let kept = strongest(&weights, 0.3);
    let order = |kept: &Matrix<f64>| Graph::dag(kept).expect("no cycle").causal_order();
    // From the largest down: 1 -> 2, 2 -> 3; then 3 -> 1 and 2 -> 1 close cycles.
    assert_eq!(kept.data(), [0.0, 0.9, 0.0, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0]);
    assert_eq!(order(&kept), Some(vec![0, 1, 2]));
    let kept = strongest(&Matrix::new(2, 2, vec![0.0, 0.0, -0.4, 0.0]).expect("four"), 0.0);
    assert_eq!((kept.data(), order(&kept)), ([0.0, 0.0, -0.4, 0.0].as_slice(), Some(vec![1, 0])));
}

#[test]
fn several_latents_of_a_label_have_the_same_causes_and_gaps_among_labels_are_allowed() {
    let mut data = labelled();
    data.targets.as_mut().expect("labels").values.row_mut(5)[1] = f32::NAN;
    let run = fitted(&data, json!({"latentDim": 2, "steps": 100})).expect("it fits");
    assert_eq!(run.latents.cols(), 8);
    let graph = run.summary.graph.expect("a graph").weights;
    assert!((0..4).all(|i| (0..4).all(|j| graph[i][j] == graph[i + 4][j + 4] && graph[i][j + 4] == 0.0)));
}

#[test]
fn no_labels_and_more_latents_than_inputs_are_refused() {
    let mut none = labelled();
    none.targets = None;
    assert_eq!(fitted(&none, json!({})).expect_err("no labels").code, Code::DataNeedsTarget);
    let failure = fitted(&labelled(), json!({"latentDim": 4})).expect_err("16 latents of 12 inputs");
    assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigOutOfRange, Some("latentDim")));
}
