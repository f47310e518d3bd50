//! Terms and gradients against PyTorch in double precision (golden/vade.py), and fits.

use super::*;
use crate::METHODS;
use disentangle_data::{Dataset, Stream};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::method::{Batch, Phase};
use disentangle_engine::observe::Silent;
use disentangle_nn::NamedValues;
use disentangle_nn::{DType, Device, Tensor};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Golden {
    options: VadeConfig,
    inputs: Vec<Vec<f64>>,
    noise: Vec<Vec<f64>>,
    parameters: BTreeMap<String, Vec<f64>>,
    terms: BTreeMap<String, f64>,
    gradients: BTreeMap<String, Vec<f64>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../../golden/vade.json")).expect("it is JSON")
}

fn tensor(rows: &[Vec<f64>]) -> Tensor {
    Tensor::new(rows.to_vec(), &Device::Cpu).expect("rows of one length")
}

#[test]
fn terms_and_gradients_of_every_parameter_are_those_of_pytorch() {
    let golden = golden();
    let inputs = golden.inputs[0].len();
    let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
    let network = VadeNetwork::new(&mut params, inputs, &golden.options.settled(), 0).expect("a network");
    let exported = params.export().expect("exports");
    assert_eq!(exported.len(), golden.parameters.len());
    let given: Vec<NamedValues> = exported
        .into_iter()
        .map(|p| NamedValues { values: golden.parameters[&p.name].iter().map(|&v| v as f32).collect(), ..p })
        .collect();
    params.import(&given).expect("the golden file has every parameter in its shape");
    let terms = network.terms(&tensor(&golden.inputs), &tensor(&golden.noise)).expect("a loss");
    assert_eq!(terms.len(), golden.terms.len());
    for term in &terms {
        let (got, want) = (term.value.to_scalar::<f64>().expect("a scalar"), golden.terms[term.name]);
        assert!((got - want).abs() < 1e-11 * want.abs().max(1.0), "{}: {got} {want}", term.name);
    }
    let total = terms.into_iter().map(|t| t.value).reduce(|a, b| (a + b).expect("scalars")).expect("terms");
    let gradients = params.gradients(&total).expect("gradients");
    for (i, param) in params.iter().enumerate() {
        let got = gradients.tensor(i).expect("readable").expect("every parameter receives a gradient");
        let got = got.flatten_all().and_then(|flat| flat.to_vec1::<f64>()).expect("flat");
        for (got, want) in got.iter().zip(&golden.gradients[param.name()]) {
            assert!((got - want).abs() < 1e-10 * want.abs().max(1.0), "{}: {got} {want}", param.name());
        }
    }
}

#[test]
fn the_divergence_is_zero_where_the_posterior_is_the_prior() {
    let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
    let mixture = mixture::Mixture::new(&mut params, (2, 1), Means::Apart, 0).expect("a mixture");
    let log_variance = params.get("mixture.logVariance").expect("a parameter").as_tensor().t().expect("a row");
    let mean = params.get("mixture.mean").expect("a parameter").as_tensor().t().expect("a row");
    let at = |mean: &Tensor, sample: &Tensor| {
        mixture.divergence(mean, &log_variance, sample).and_then(|kl| kl.to_scalar::<f64>()).expect("a number")
    };
    let sample = Tensor::new(vec![vec![0.3, -2.0]], &Device::Cpu).expect("a row");
    assert!(at(&mean, &sample).abs() < 1e-12);
    // KL(N(m + d, S), N(m, S)) = d' S^-1 d / 2.
    let apart = at(&(&mean + &sample).expect("one shape"), &sample);
    let variance: Vec<f64> = log_variance.flatten_all().and_then(|v| v.exp()?.to_vec1()).expect("two numbers");
    assert!((apart - 0.5 * (0.09 / variance[0] + 4.0 / variance[1])).abs() < 1e-12);
}

#[test]
fn samples_depend_on_the_step_and_on_nothing_else() {
    let golden = golden();
    let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
    let network =
        VadeNetwork::new(&mut params, golden.inputs[0].len(), &golden.options.clone().settled(), 0).expect("a network");
    let loss = |step: u32| {
        let batch = Batch {
            inputs: tensor(&golden.inputs),
            targets: Tensor::from_vec(Vec::<f64>::new(), 0, &Device::Cpu).expect("none"),
            given: Vec::new(),
            nodes: Vec::new(),
            tasks: Vec::new(),
            draws: Stream::new(4, "draws").at(step),
            stage: network::STAGE,
            phase: Phase::Train,
            progress: 0.0,
        };
        network.loss(&batch).expect("a loss")[0].value.to_scalar::<f64>().expect("a scalar")
    };
    assert_eq!(loss(7), loss(7));
    assert_ne!(loss(7), loss(8));
}

/// Three clusters on a line in the first two of three inputs, curved.
fn clusters() -> Dataset {
    let mut stream = Stream::new(3, "clusters");
    let rows = (0..1500).map(|i| {
        let at = 3.0 * (i % 3) as f64 - 3.0 + 0.3 * stream.normal();
        [at + 0.05 * stream.normal(), 0.3 * at * at + 0.05 * stream.normal(), 0.05 * stream.normal() - 0.5 * at]
    });
    let values: Vec<f32> = rows.flatten().map(|v| v as f32).collect();
    Dataset {
        inputs: Matrix::new(1500, 3, values).expect("three columns"),
        input_names: ["a", "b", "c"].map(str::to_owned).into(),
        ..Dataset::default()
    }
}

fn fitted(changes: Value) -> RunResult {
    let mut config = json!({
        "method": "vade", "latentDim": 1, "components": 4, "hidden": [32], "steps": 1500, "batchSize": 128,
        "decoderVariance": 0.05, "learningRate": 5e-3, "seed": 1,
    });
    config.as_object_mut().expect("options").extend(changes.as_object().expect("options").clone());
    fit(METHODS, &config, &clusters(), &FitOptions::default(), &mut Silent).expect("it fits")
}

fn fact(run: &RunResult, id: &str) -> f64 {
    run.summary.facts.iter().find(|fact| fact.id == id).and_then(|fact| fact.value).expect("it is known")
}

#[test]
fn clusters_on_a_curve_stay_apart_in_one_latent() {
    let run = fitted(json!({}));
    assert!(fact(&run, "reconstruction") > 0.95, "{:?}", run.summary.facts);
    assert!((1.0..=4.0).contains(&fact(&run, "components")), "{:?}", run.summary.facts);
    // Three clusters far apart: nearly all of the latent's variance lies between them.
    let latents: Vec<f64> = run.latents.data().iter().map(|&z| f64::from(z)).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let within: Vec<f64> = (0..3)
        .flat_map(|cluster| {
            let members: Vec<f64> = latents.iter().skip(cluster).step_by(3).copied().collect();
            let centre = mean(&members);
            members.into_iter().map(move |z| (z - centre).powi(2))
        })
        .collect();
    let centre = mean(&latents);
    let whole: Vec<f64> = latents.iter().map(|z| (z - centre).powi(2)).collect();
    assert!(mean(&within) < 0.1 * mean(&whole), "{} of {}", mean(&within), mean(&whole));
}

#[test]
fn an_autoencoder_trained_first_hands_on_its_code() {
    let autoencoder = json!({ "width": 8, "steps": 400, "batchSize": 128 });
    let run =
        fitted(json!({ "representation": "autoencoder", "autoencoder": autoencoder, "latentDim": 2, "steps": 400 }));
    let names: Vec<&str> = run.history.stages.iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(names, ["autoencoder", "bound"]);
    assert!(run.history.stages[0].terms.contains_key("prior") && run.history.stages[1].terms.contains_key("kl"));
    assert!(fact(&run, "reconstruction") > 0.6, "{:?}", run.summary.facts);
}

#[test]
fn the_published_recipe_fills_what_is_left_open_and_nothing_else() {
    let settled = |options: Value| Vade::new(serde_json::from_value(options).expect("options"));
    let paper = settled(json!({ "recipe": "paper", "latentDim": 7 }));
    let config = paper.config();
    for (key, value) in [
        ("representation", json!("autoencoder")),
        ("hidden", json!([512, 512, 2048])),
        ("means", json!("zero")),
        ("components", json!(35)),
        ("steps", json!(5001)),
        ("batchSize", json!(6144)),
        ("learningRate", json!(1e-4)),
    ] {
        assert_eq!(config[key], value, "{key}");
    }
    assert_eq!(paper.recipe().schedule, Schedule::Constant);
    let own = json!({ "recipe": "paper", "hidden": [8], "steps": 3, "means": "apart", "representation": "inputs" });
    let config = settled(own.clone()).config();
    assert!(own.as_object().expect("options").iter().all(|(key, value)| config[key] == *value), "{config}");
    assert_ne!(settled(json!({})).recipe().schedule, Schedule::Constant);
}

#[test]
fn components_begin_apart_or_with_all_means_at_0_and_log_variances_and_weights_alike() {
    let begun = |means: Means| {
        let mut params = Params::new(&Device::Cpu);
        mixture::Mixture::new(&mut params, (3, 4), means, 9).expect("a mixture");
        params.export().expect("exports").into_iter().map(|p| (p.name, p.values)).collect::<BTreeMap<_, _>>()
    };
    let (apart, zero) = (begun(Means::Apart), begun(Means::Zero));
    assert!(
        zero["mixture.mean"].iter().all(|&mean| mean == 0.0) && apart["mixture.mean"].iter().all(|&mean| mean != 0.0)
    );
    assert_eq!(apart["mixture.logVariance"], zero["mixture.logVariance"]);
    assert!(zero["mixture.logVariance"].iter().all(|&v| v != 0.0) && zero["mixture.logits"].iter().all(|&l| l == 0.0));
}
