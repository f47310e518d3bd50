//! The published procedure against PyTorch in double precision with every layer run on every row: golden/pdgmm_published.py.

use super::{PublishedOptions, Sparsity};
use crate::pdgmm::autoencoder::{Autoencoder, AutoencoderOptions, AutoencoderRecipe};
use crate::pdgmm::stacks::Stacks;
use disentangle_data::prepare::{PrepareConfig, Standardize, prepare};
use disentangle_data::split::SplitConfig;
use disentangle_data::{Dataset, Matrix};
use disentangle_engine::method::{Batch, Network, Phase, Recipe, State, Term};
use disentangle_engine::observe::Silent;
use disentangle_engine::results::OutcomeKind;
use disentangle_engine::train::{Session, descend};
use disentangle_nn::optim::Schedule;
use disentangle_nn::{DType, Device, Tensor};
use disentangle_nn::{NamedValues, Params};
use serde_json::Value;
use std::collections::BTreeMap;

fn golden(part: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../../../../../golden/pdgmm_published.json")).expect("JSON");
    all[part].clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

fn table(value: &Value, dtype: DType) -> Tensor {
    let (values, rows) = (numbers(value), value.as_array().expect("rows").len());
    let cols = values.len() / rows;
    Tensor::from_vec(values, (rows, cols), &Device::Cpu).and_then(|t| t.to_dtype(dtype)).expect("fits")
}

fn count(value: &Value) -> usize {
    value.as_u64().expect("a count") as usize
}

/// Gives parameters their golden values; buffers stay as they begin.
fn import(params: &Params, golden: &Value) {
    let given: Vec<NamedValues> = params
        .export()
        .expect("exports")
        .into_iter()
        .map(|p| match golden.get(&p.name) {
            None => p,
            Some(values) => NamedValues { values: numbers(values).into_iter().map(|v| v as f32).collect(), ..p },
        })
        .collect();
    assert_eq!(golden.as_object().expect("parameters").len(), params.len(), "every parameter has its golden values");
    params.import(&given).expect("in their shapes");
}

fn close(what: &str, got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "{what}: {got} is not {want}");
    }
}

fn flat(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().and_then(|t| t.to_dtype(DType::F64)?.to_vec1()).expect("numbers")
}

/// Terms, and the gradients of their sum with these weights, beside the golden ones.
fn terms_and_gradients(params: &Params, terms: Vec<Term>, weights: &[f64], golden: &Value) {
    assert_eq!(terms.len(), weights.len());
    let mut total: Option<Tensor> = None;
    for (term, weight) in terms.into_iter().zip(weights) {
        let want = golden["terms"][term.name].as_f64().expect("a term");
        close(term.name, &flat(&term.value), &[want], 1e-12);
        let weighted = (term.value * *weight).expect("a scalar");
        total = Some(match total {
            None => weighted,
            Some(sum) => (sum + weighted).expect("scalars"),
        });
    }
    let gradients = params.gradients(&total.expect("a loss has terms")).expect("gradients");
    for (i, param) in params.iter().enumerate() {
        let got = gradients.tensor(i).expect("readable").expect("every parameter receives a gradient");
        close(param.name(), &flat(&got), &numbers(&golden["gradients"][param.name()]), 1e-10);
    }
}

fn statistics(params: &Params, norm: &str, golden: &Value, tolerance: f64) {
    for (buffer, want) in [("mean", &golden["mean"]), ("variance", &golden["variance"])] {
        let name = format!("{norm}.{buffer}");
        let exported = params.export().expect("exports").into_iter().find(|p| p.name == name).expect("a buffer");
        let got: Vec<f64> = exported.values.iter().map(|&v| f64::from(v)).collect();
        close(&name, &got, &numbers(want), tolerance);
    }
}

#[test]
fn the_autoencoder_has_the_loss_the_gradients_and_the_codes_of_pytorch() {
    let golden = golden("autoencoder");
    let x = table(&golden["inputs"], DType::F64);
    let options = AutoencoderOptions { width: count(&golden["width"]), ..AutoencoderOptions::default() };
    let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
    let shape = (x.dims()[1], count(&golden["latents"]));
    let autoencoder = Autoencoder::new(&mut params, shape, &options, 0).expect("a network");
    import(&params, &golden["parameters"]);
    let terms = autoencoder.terms(&x, Phase::Train).expect("a loss");
    terms_and_gradients(&params, terms, &[1.0, 1.0], &golden);
    // Exports have seven digits, the buffers themselves sixteen.
    statistics(&params, "autoencoder.norm", &golden["statistics"], 1e-7);
    let codes = autoencoder.encode(&x).expect("codes");
    close("codes", &flat(&codes), &numbers(&golden["codes"]), 1e-12);
}

fn stacks(golden: &Value, sparsity: Sparsity, dtype: DType) -> (Params, Stacks, PublishedOptions) {
    let options = PublishedOptions {
        width: count(&golden["width"]),
        budget: golden["budget"].as_f64().expect("a budget"),
        ..PublishedOptions::default()
    };
    let mut params = Params::with_dtype(&Device::Cpu, dtype);
    let columns = golden["codes"][0].as_array().expect("a row").len();
    let stacks = Stacks::new(&mut params, columns, &options, sparsity, 0).expect("a network");
    import(&params, &golden["parameters"]);
    (params, stacks, options)
}

#[test]
fn merged_stacks_have_the_loss_and_the_gradients_of_every_layer_run_on_every_row() {
    let golden = golden("stacks");
    let (params, stacks, _) = stacks(&golden, Sparsity::Held, DType::F64);
    let codes = table(&golden["codes"], DType::F64);
    let terms = stacks.terms(&codes, Phase::Train).expect("a loss");
    let multiplier = golden["multiplier"].as_f64().expect("a multiplier");
    terms_and_gradients(&params, terms, &[1.0, multiplier], &golden);
    statistics(&params, "stacks.norm", &golden["statistics"], 1e-7);
}

#[test]
fn the_merged_map_is_the_encoder() {
    let golden = golden("stacks");
    let (_, stacks, _) = stacks(&golden, Sparsity::Held, DType::F64);
    let codes = table(&golden["codes"], DType::F64);
    stacks.terms(&codes, Phase::Train).expect("a loss");
    let merged = stacks.merged().expect("a map");
    close("map", merged.data(), &numbers(&golden["merged"]["map"]), 1e-11);
    let offset = numbers(&golden["merged"]["offset"]);
    let rows = codes.to_vec2::<f64>().expect("rows");
    let want: Vec<f64> = rows
        .iter()
        .flat_map(|row| {
            let of = |i: usize| offset[i] + merged.row(i).iter().zip(row).map(|(m, c)| m * c).sum::<f64>();
            (0..offset.len()).map(of).collect::<Vec<_>>()
        })
        .collect();
    close("latents", &flat(&stacks.encode(&codes).expect("latents")), &want, 1e-11);
}

struct Alone(Stacks);

impl Network for Alone {
    fn loss(&self, batch: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        self.0.terms(&batch.inputs, batch.phase)
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        self.0.encode(inputs)
    }
}

/// Where the engine goes from the golden parameters, on all rows at once.
fn descended(golden: &Value, sparsity: Sparsity) -> (State, disentangle_engine::results::StageHistory) {
    let (params, stacks, options) = stacks(golden, sparsity, DType::F32);
    let descent = &golden["descent"];
    let rate = |key: &str| descent[key].as_f64().expect("a rate");
    let options = PublishedOptions {
        steps: descent["history"].as_array().expect("steps").len(),
        learning_rate: rate("learningRate"),
        multiplier_learning_rate: rate("multiplierLearningRate"),
        ..options
    };
    let codes = table(&golden["codes"], DType::F32);
    let (rows, cols) = codes.dims2().expect("a matrix");
    let data = Dataset {
        inputs: Matrix::new(rows, cols, codes.flatten_all().and_then(|c| c.to_vec1()).expect("codes")).expect("fits"),
        input_names: (0..cols).map(|j| format!("c{j}")).collect(),
        ..Dataset::default()
    };
    let config = PrepareConfig {
        standardize: Standardize::None,
        split: SplitConfig { train: 1.0, validation: 0.0, test: 0.0, ..SplitConfig::default() },
        ..PrepareConfig::default()
    };
    let data = prepare(&data, &config, 0).expect("prepares");
    let mut state = State { params, network: Box::new(Alone(stacks)), solved: BTreeMap::new() };
    let mut silent = Silent;
    let mut session = Session::new(&data, 0, &mut silent);
    let outcome = descend(&options.recipe(sparsity), &mut state, &mut session).expect("it descends");
    assert_eq!(outcome.kind, OutcomeKind::StepLimit);
    (state, session.standing.history.stages.remove(0))
}

#[test]
fn parameters_and_multiplier_follow_the_published_steps() {
    let golden = golden("stacks");
    let (state, history) = descended(&golden, Sparsity::Held);
    let descent = &golden["descent"];
    let curve = |key: &str| {
        let steps = descent["history"].as_array().expect("steps").iter();
        steps.map(|step| step[key].as_f64().expect("a number")).collect::<Vec<_>>()
    };
    close("loss", &history.terms["reconstruction"], &curve("loss"), 2e-5);
    close("violation", &history.constraints[0].violations, &curve("violation"), 2e-5);
    close("multiplier", &history.constraints[0].multipliers, &curve("multiplier"), 2e-5);
    // The normalisation takes the offset of the encoder away: the gradients of its biases are rounding, which Adam enlarges.
    for param in state.params.iter().filter(|p| !(p.name().contains("encoder") && p.name().ends_with("bias"))) {
        close(param.name(), &flat(param.var()), &numbers(&descent["parameters"][param.name()]), 1e-4);
    }
}

#[test]
fn without_sparsity_nothing_is_held() {
    let (state, history) = descended(&golden("stacks"), Sparsity::None);
    assert!(history.constraints.is_empty());
    assert_eq!(history.terms.keys().collect::<Vec<_>>(), ["reconstruction", "total"]);
    assert!(state.params.norm().expect("a norm").is_finite());
}

#[test]
fn the_recipes_are_the_published_ones() {
    let paper = AutoencoderOptions { recipe: AutoencoderRecipe::Paper, ..AutoencoderOptions::default() }.recipe();
    let of = |recipe: &Recipe| (recipe.steps, recipe.learning_rate, recipe.schedule);
    assert_eq!(of(&paper), (5001, 1e-4, Schedule::Constant));
    let published = PublishedOptions::default();
    assert_eq!(of(&published.recipe(Sparsity::Held)), (80_001, 1e-4, Schedule::Constant));
    assert_eq!(published.sizes(4), [4, 40, 200, 200, 200, 200, 40, 4]);
}

#[test]
fn a_budget_that_is_not_kept_is_told_where_it_was_asked_for() {
    let options = PublishedOptions { budget: 0.25, ..PublishedOptions::default() };
    let account = |values: [f32; 4], sparsity| {
        let (fact, warning) = options.account(sparsity, &Matrix::new(2, 2, values.to_vec()).expect("a matrix"));
        (fact.value, warning.map(|w| w.message))
    };
    assert_eq!(account([0.5, -0.5, 0.0, 0.0], Sparsity::Held), (Some(0.25), None));
    let told = "the mean magnitude of a latent is 0.500, the budget is 0.25".to_owned();
    assert_eq!(account([0.5, -0.5, 0.5, 0.5], Sparsity::Held), (Some(0.5), Some(told)));
    assert_eq!(account([0.5, -0.5, 0.5, 0.5], Sparsity::None), (Some(0.5), None));
}
