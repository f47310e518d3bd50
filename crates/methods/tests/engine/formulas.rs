//! Every method's loss and gradients against PyTorch in double precision, from the formulas of the paper: golden/tbr.py.

use disentangle_data::views::whole;
use disentangle_data::{Matrix, Stream};
use disentangle_engine::method::{Batch, Dimensions, Phase};
use disentangle_engine::plan::Plan;
use disentangle_methods::METHODS;
use disentangle_nn::{Device, Tensor};
use disentangle_nn::{NamedValues, Params};
use disentangle_numerics::linalg::{inverse, product};
use disentangle_numerics::rotation::sparse_rotation;
use serde_json::{Value, json};

fn golden(name: &str) -> Value {
    let path = format!("{}/../../golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("a golden file is kept with its script");
    serde_json::from_str(&text).expect("it is JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

fn floats(value: &Value) -> Vec<f32> {
    numbers(value).into_iter().map(|v| v as f32).collect()
}

/// f32 against f64 over sums of a few hundred products of order one.
const ATOL: f64 = 2e-6;

#[test]
fn loss_terms_and_gradients_of_every_parameter_are_those_of_pytorch() {
    for (method, file) in [("tbr", "tbr"), ("shared-head", "shared_head")] {
        let golden = golden(file);
        let mut config = json!({"method": method, "latentDim": golden["latents"], "hidden": golden["hidden"]});
        if let Some(sparsity) = golden.get("sparsity") {
            config["sparsity"] = sparsity.clone();
        }
        let plan = Plan::check(METHODS, &config).expect("a valid configuration");
        let inputs = floats(&golden["inputs"]);
        let rows = golden["targets"].as_array().expect("targets").len();
        let dimensions = Dimensions {
            inputs: inputs.len() / rows,
            views: whole(inputs.len() / rows),
            parents: golden["parents"]
                .as_array()
                .map(|list| list.iter().map(|p| p.as_u64().map(|p| p as usize)).collect())
                .unwrap_or_default(),
            environments: 0,
            targets: 1,
            tasks: 0,
            binary: Vec::new(),
        };
        let mut params = Params::new(&Device::Cpu);
        let network = plan.method.network(&dimensions, &mut params, 0).expect("a network");
        let given: Vec<NamedValues> = params
            .export()
            .expect("exports")
            .into_iter()
            .map(|p| NamedValues { values: floats(&golden["parameters"][&p.name]["values"]), ..p })
            .collect();
        params.import(&given).expect("the golden file has every parameter in its shape");
        let batch = Batch {
            inputs: Tensor::from_vec(inputs, (rows, dimensions.inputs), &Device::Cpu).expect("fits"),
            targets: Tensor::from_vec(floats(&golden["targets"]), rows, &Device::Cpu).expect("fits"),
            given: floats(&golden["targets"]),
            nodes: numbers(&golden["nodes"]).into_iter().map(|v| v as u32).collect(),
            tasks: Vec::new(),
            draws: Stream::new(0, "draws"),
            stage: "joint",
            phase: Phase::Train,
            progress: 0.0,
        };
        let terms = network.loss(&batch).expect("a loss");
        assert_eq!(terms.len(), golden["terms"].as_object().expect("terms").len(), "{method}");
        for term in &terms {
            let got = f64::from(term.value.to_scalar::<f32>().expect("a scalar"));
            let want = golden["terms"][term.name].as_f64().expect("a term");
            assert!((got - want).abs() < ATOL * want.abs().max(1.0), "{method} {}: {got} {want}", term.name);
        }
        let mut values = terms.into_iter().map(|t| t.value);
        let first = values.next().expect("a term");
        let total = values.fold(first, |a, b| (a + b).expect("scalars add"));
        let gradients = params.gradients(&total).expect("gradients");
        for (i, param) in params.iter().enumerate() {
            let got = gradients.tensor(i).expect("readable").expect("every parameter receives a gradient");
            let got = got.to_vec1::<f32>().expect("flat");
            for (got, want) in got.iter().zip(numbers(&golden["gradients"][param.name()])) {
                assert!((f64::from(*got) - want).abs() < ATOL * 4.0, "{method} {}: {got} {want}", param.name());
            }
        }
    }
}

#[test]
fn the_sparse_rotation_is_numpys_up_to_order_sign_and_scale() {
    let golden = &golden("tbr")["rotation"];
    let rows = golden["differences"].as_array().expect("rows").len();
    let k = golden["map"].as_array().expect("rows").len();
    let differences = Matrix::new(rows, k, numbers(&golden["differences"])).expect("fits");
    let ours = sparse_rotation(&differences, &vec![1.0; rows], 20, 0).expect("spans all dimensions");
    let objective = golden["objective"].as_f64().expect("a number");
    let best = ours.objectives.iter().copied().fold(f64::INFINITY, f64::min);
    // Both stop after 60 sweeps, so the last digits of the optimum depend on the start.
    assert!((best - objective).abs() < 1e-3, "{best} {objective}");
    let theirs = Matrix::new(k, k, numbers(&golden["map"])).expect("fits");
    let between = product(&inverse(&theirs).expect("regular"), &ours.map);
    for i in 0..k {
        let row: Vec<f64> = between.row(i).iter().map(|v| v.abs()).collect();
        let (largest, sum) = row.iter().fold((0.0f64, 0.0), |(m, s), &v| (m.max(v), s + v));
        assert!(largest / sum > 0.999, "row {i} of the map between both bases mixes: {row:?}");
    }
}

#[test]
fn where_nothing_changes_no_change_is_called_real_also_where_heads_come_from_the_tree() {
    let world =
        json!({"depth": 4, "leavesOnly": true, "pointsPerEnvironment": 80, "changes": 0, "latents": 3, "inputs": 6});
    let dataset = disentangle_data::simulate::simulate("tree-world", world).expect("a small world");
    let config = json!({"method": "tbr", "latentDim": 3, "steps": 300});
    let run = disentangle_engine::fit::fit(
        METHODS,
        &config,
        &dataset,
        &disentangle_engine::fit::FitOptions::default(),
        &mut disentangle_engine::observe::Silent,
    )
    .expect("the fit runs");
    let tree = run.summary.tree.expect("a tree");
    let called = tree.real.iter().flatten().filter(|&&real| real).count();
    let edges = tree.names.len() - 1;
    // 90 entries at four standard errors: .006 by chance, and the encoder's misfit may add one. Errors half as large call more.
    assert!(called <= 1, "{called} of {} entries are called real", edges * 3);
}
