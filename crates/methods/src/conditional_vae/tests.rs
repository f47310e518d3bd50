//! Every term and every gradient against PyTorch in double precision, golden/ivae.py; conditioned on environments against NumPy,
//! golden/ivae_environments.py, and on nothing, golden/vae.py.

use super::condition::Condition;
use super::network::VaeNetwork;
use super::{Prior, VaeOptions};
use crate::golden::import;
use disentangle_data::views::{Image, whole};
use disentangle_data::{Stream, View};
use disentangle_engine::method::{Batch, Dimensions, Network, Phase};
use disentangle_nn::{DType, Device, Tensor};
use disentangle_nn::{Gradients, Params};
use serde_json::Value;

const ENVIRONMENTS: &str = include_str!("../../../../golden/ivae_environments.json");

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        Value::Null => vec![f64::NAN],
        other => vec![other.as_f64().expect("a number")],
    }
}

fn table(value: &Value) -> Tensor {
    let (values, rows) = (numbers(value), value.as_array().expect("rows").len());
    let cols = values.len() / rows;
    Tensor::from_vec(values, (rows, cols), &Device::Cpu).expect("fits")
}

/// (b, t), t = 0 where the case has environments in place of targets.
fn targets(case: &Value) -> Tensor {
    match case["targets"].as_array().expect("rows").is_empty() {
        true => Tensor::zeros((table(&case["inputs"]).dims()[0], 0), DType::F64, &Device::Cpu).expect("no columns"),
        false => table(&case["targets"]),
    }
}

/// Codes of tasks or environments; none where the case has no such labels.
fn codes(value: &Value) -> Vec<u32> {
    value.as_array().map(|_| numbers(value).into_iter().map(|code| code as u32).collect()).unwrap_or_default()
}

fn number(value: &Value) -> usize {
    value.as_u64().expect("a count") as usize
}

fn built(case: &Value) -> (Params, VaeNetwork) {
    let options = &case["options"];
    let mut settings = options.clone();
    for foreign in ["method", "taskDim", "statistics", "beta"] {
        settings.as_object_mut().expect("options").shift_remove(foreign);
    }
    let settings: VaeOptions = serde_json::from_value(settings).expect("valid options");
    let prior = match (options.get("statistics"), options.get("beta")) {
        (Some(count), _) => Prior::ExponentialFamily(number(count)),
        (None, Some(beta)) => Prior::Standard(beta.as_f64().expect("a weight")),
        (None, None) => Prior::Gaussian,
    };
    let condition = match (options.get("taskDim"), prior) {
        (Some(width), _) => Condition::TargetAndTask(number(width)),
        (None, Prior::Standard(_)) => Condition::Nothing,
        (None, _) => Condition::TargetsOrEnvironment,
    };
    let dimensions = Dimensions {
        inputs: table(&case["inputs"]).dims()[1],
        views: whole(table(&case["inputs"]).dims()[1]),
        parents: Vec::new(),
        environments: codes(&case["environments"]).into_iter().max().map_or(0, |last| last as usize + 1),
        targets: targets(case).dims()[1],
        tasks: codes(&case["tasks"]).into_iter().max().map_or(0, |last| last as usize + 1),
        binary: Vec::new(),
    };
    let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
    let network = VaeNetwork::new(&mut params, &dimensions, &settings, prior, condition, 0).expect("a network");
    import(&mut params, &case["parameters"]);
    (params, network)
}

fn batch(case: &Value, step: u32) -> Batch {
    let targets = targets(case);
    let given = targets.to_dtype(DType::F32).and_then(|t| t.flatten_all()?.to_vec1()).expect("targets");
    Batch {
        inputs: table(&case["inputs"]),
        given,
        targets: if targets.dims()[1] == 1 { targets.squeeze(1).expect("a column") } else { targets },
        nodes: codes(&case["environments"]),
        tasks: codes(&case["tasks"]),
        draws: Stream::new(4, "draws").at(step),
        stage: "joint",
        phase: Phase::Train,
        progress: 0.0,
    }
}

#[test]
fn terms_and_gradients_of_every_parameter_are_those_of_independent_implementations() {
    for text in [
        include_str!("../../../../golden/ivae.json"),
        include_str!("../../../../golden/icarl.json"),
        include_str!("../../../../golden/vae.json"),
        ENVIRONMENTS,
    ] {
        let cases: Value = serde_json::from_str(text).expect("it is JSON");
        for case in cases.as_array().expect("two cases") {
            let name = &case["options"]["method"];
            let (params, network) = built(case);
            let batch = batch(case, 0);
            let u = network.condition.read(&batch, &mut batch.draws.clone()).expect("conditions");
            let terms = network.terms(&batch.inputs, &u, &table(&case["noise"]), Phase::Train).expect("a loss");
            assert_eq!(terms.len(), case["terms"].as_object().expect("terms").len(), "{name}");
            for term in &terms {
                let (got, want) = (term.value.to_scalar::<f64>().expect("a scalar"), &case["terms"][term.name]);
                let want = want.as_f64().expect("a term");
                assert!((got - want).abs() < 1e-11 * want.abs().max(1.0), "{name} {}: {got} {want}", term.name);
            }
            let total = terms.into_iter().map(|t| t.value).reduce(|a, b| (a + b).expect("scalars")).expect("terms");
            let gradients = params.gradients(&total).expect("gradients");
            for (i, param) in params.iter().enumerate() {
                let got = gradients.tensor(i).expect("readable").expect("every parameter receives a gradient");
                let want = numbers(&case["gradients"][param.name()]);
                for (got, want) in got.to_vec1::<f64>().expect("flat").iter().zip(&want) {
                    assert!((got - want).abs() < 1e-10 * want.abs().max(1.0), "{name} {}: {got} {want}", param.name());
                }
            }
        }
    }
}

#[test]
fn samples_depend_on_the_step_and_on_nothing_else() {
    let cases: Value = serde_json::from_str(include_str!("../../../../golden/ivae.json")).expect("it is JSON");
    let (_, network) = built(&cases[0]);
    let loss = |step: u32| {
        let terms = network.loss(&batch(&cases[0], step)).expect("a loss");
        terms[0].value.to_scalar::<f64>().expect("a scalar")
    };
    assert_eq!(loss(7), loss(7));
    assert_ne!(loss(7), loss(8));
}

/// What gradients train: the bound moves encoder and decoder, and a Gaussian prior; score matching moves the other prior.
fn objective_of(parameter: &str, term: &str, gaussian: bool) -> bool {
    let of_prior = parameter.starts_with("prior.") || parameter.starts_with("statistics.");
    gaussian || (of_prior == (term == "score-matching"))
}

#[test]
fn gradients_under_environments_are_central_differences() {
    let cases: Value = serde_json::from_str(ENVIRONMENTS).expect("it is JSON");
    for case in cases.as_array().expect("two cases") {
        let (params, network) = built(case);
        let gaussian = case["options"].get("statistics").is_none();
        let (batch, noise) = (batch(case, 0), table(&case["noise"]));
        let u = network.condition.read(&batch, &mut batch.draws.clone()).expect("conditions");
        let terms = |name: &str| -> Vec<f64> {
            let terms = network.terms(&batch.inputs, &u, &noise, Phase::Train).expect("a loss");
            let mine = terms.into_iter().filter(|term| objective_of(name, term.name, gaussian));
            mine.map(|term| term.value.to_scalar::<f64>().expect("a scalar")).collect()
        };
        let total = |name: &str| terms(name).iter().sum::<f64>();
        let loss = network.terms(&batch.inputs, &u, &noise, Phase::Train).expect("a loss");
        let loss = loss.into_iter().map(|t| t.value).reduce(|a, b| (a + b).expect("scalars")).expect("terms");
        let gradients = params.gradients(&loss).expect("gradients");
        assert_differences(&params, &gradients, &total);
    }
}

/// The first and the last entry of each parameter; `total` is the part of the loss that moves the parameter of this name.
fn assert_differences(params: &Params, gradients: &Gradients, total: &dyn Fn(&str) -> f64) {
    for (i, param) in params.iter().enumerate() {
        let got = gradients.tensor(i).expect("readable").expect("a gradient").to_vec1::<f64>().expect("flat");
        let shape = param.var().dims().to_vec();
        let start = param.var().flatten_all().and_then(|flat| flat.to_vec1::<f64>()).expect("flat");
        for at in [0, start.len() - 1] {
            let moved = |by: f64| {
                let mut values = start.clone();
                values[at] += by;
                let set = Tensor::from_vec(values, shape.clone(), &Device::Cpu).and_then(|v| param.var().set(&v));
                set.expect("the same shape");
                total(param.name())
            };
            // In f64 the differences of order h^2 = 1e-10 stand above rounding of 1e-16 / h.
            let h = 1e-5;
            let difference = (moved(h) - moved(-h)) / (2.0 * h);
            moved(0.0);
            assert!((got[at] - difference).abs() < 1e-6 * difference.abs().max(1.0), "{}: {difference}", param.name());
        }
    }
}

#[test]
fn gradients_of_images_are_central_differences() {
    let image = Image { channels: 2, height: 5, width: 4 };
    let dimensions = Dimensions {
        inputs: image.len(),
        views: vec![View { name: "photo".into(), start: 0, end: image.len(), image: Some(image) }],
        parents: Vec::new(),
        environments: 3,
        targets: 0,
        tasks: 0,
        binary: Vec::new(),
    };
    let options = VaeOptions { latent_dim: 2, hidden: vec![3], decoder_variance: 0.5, ..VaeOptions::default() };
    let waves = |rows: usize, cols: usize| {
        let values = (0..rows * cols).map(|at| (at as f64 * 0.73).sin()).collect::<Vec<_>>();
        Tensor::from_vec(values, (rows, cols), &Device::Cpu).expect("fits")
    };
    for (prior, condition) in
        [(Prior::Standard(4.0), Condition::Nothing), (Prior::Gaussian, Condition::TargetsOrEnvironment)]
    {
        let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
        let network = VaeNetwork::new(&mut params, &dimensions, &options, prior, condition, 3).expect("a network");
        assert!(
            params.get("encoder.convolution.0.weight").is_ok() && params.get("decoder.convolution.0.weight").is_ok()
        );
        let batch = Batch {
            inputs: waves(3, image.len()),
            targets: Tensor::zeros((3, 0), DType::F64, &Device::Cpu).expect("no columns"),
            given: Vec::new(),
            nodes: vec![0, 1, 2],
            tasks: Vec::new(),
            draws: Stream::new(4, "draws"),
            stage: "joint",
            phase: Phase::Train,
            progress: 0.0,
        };
        let u = network.condition.read(&batch, &mut batch.draws.clone()).expect("conditions");
        let terms = |phase| -> Tensor {
            let terms = network.terms(&batch.inputs, &u, &waves(3, 2), phase).expect("a loss");
            terms.into_iter().map(|t| t.value).reduce(|a, b| (a + b).expect("scalars")).expect("terms")
        };
        let number = |loss: Tensor| loss.to_scalar::<f64>().expect("a scalar");
        // Validation takes the way without a graph; both are the same loss.
        assert!((number(terms(Phase::Evaluate)) - number(terms(Phase::Train))).abs() < 1e-12);
        let gradients = params.gradients(&terms(Phase::Train)).expect("gradients");
        assert_differences(&params, &gradients, &|_| number(terms(Phase::Train)));
    }
}
