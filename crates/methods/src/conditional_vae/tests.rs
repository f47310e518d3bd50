//! Every term and every gradient against PyTorch in double precision: golden/ivae.py.

use super::condition::Condition;
use super::network::VaeNetwork;
use super::{Prior, VaeOptions};
use disentangle_data::Stream;
use disentangle_engine::method::{Batch, Dimensions, Network, Phase};
use disentangle_nn::{DType, Device, Tensor};
use disentangle_nn::{NamedValues, Params};
use serde_json::Value;

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

fn number(value: &Value) -> usize {
    value.as_u64().expect("a count") as usize
}

fn built(case: &Value) -> (Params, VaeNetwork) {
    let options = &case["options"];
    let mut settings = options.clone();
    for foreign in ["method", "taskDim", "statistics"] {
        settings.as_object_mut().expect("options").shift_remove(foreign);
    }
    let settings: VaeOptions = serde_json::from_value(settings).expect("valid options");
    let prior = match options.get("statistics") {
        Some(count) => Prior::ExponentialFamily(number(count)),
        None => Prior::Gaussian,
    };
    let condition = match options.get("taskDim") {
        Some(width) => Condition::TargetAndTask(number(width)),
        None => Condition::Targets,
    };
    let dimensions = Dimensions {
        inputs: table(&case["inputs"]).dims()[1],
        parents: Vec::new(),
        targets: table(&case["targets"]).dims()[1],
        tasks: numbers(&case["tasks"]).into_iter().map(|t| t as usize + 1).max().unwrap_or(0),
        binary: Vec::new(),
    };
    let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
    let network = VaeNetwork::new(&mut params, &dimensions, &settings, prior, condition, 0).expect("a network");
    let given: Vec<NamedValues> = params
        .export()
        .expect("exports")
        .into_iter()
        .map(|p| NamedValues {
            values: numbers(&case["parameters"][&p.name]).into_iter().map(|v| v as f32).collect(),
            ..p
        })
        .collect();
    params.import(&given).expect("the golden file has every parameter in its shape");
    (params, network)
}

fn batch(case: &Value, step: u32) -> Batch {
    let targets = table(&case["targets"]);
    Batch {
        inputs: table(&case["inputs"]),
        targets: if targets.dims()[1] == 1 { targets.squeeze(1).expect("a column") } else { targets },
        nodes: Vec::new(),
        tasks: numbers(&case["tasks"]).into_iter().map(|t| t as u32).collect(),
        draws: Stream::new(4, "draws").at(step),
        stage: "joint",
        phase: Phase::Train,
    }
}

#[test]
fn terms_and_gradients_of_every_parameter_are_those_of_pytorch() {
    for text in [include_str!("../../../../golden/ivae.json"), include_str!("../../../../golden/icarl.json")] {
        let cases: Value = serde_json::from_str(text).expect("it is JSON");
        for case in cases.as_array().expect("two cases") {
            let name = &case["options"]["method"];
            let (params, network) = built(case);
            let batch = batch(case, 0);
            let u = network.condition.read(&batch, &mut batch.draws.clone()).expect("conditions");
            let terms = network.terms(&batch.inputs, &u, &table(&case["noise"])).expect("a loss");
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
