//! The formulas against PyTorch and NumPy in double precision: golden/pdgmm.py.

use super::contrast::{Contrast, Moment, Sharp, Spikes};
use super::descent::{Path, descend, objective};
use super::flow::{Flow, FlowOptions, Sizes};
use super::oracle::known_planes;
use super::spike::{Bounds, Mixture};
use disentangle_data::{Matrix, Stream};
use disentangle_engine::results::{Slab, Spike};
use disentangle_nn::Params;
use disentangle_nn::{DType, Device, Tensor};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../../../../golden/pdgmm.json")).expect("it is JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

fn singles(value: &Value) -> Vec<f32> {
    numbers(value).into_iter().map(|v| v as f32).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// Sums of 200 rows in single precision.
const ATOL: f64 = 3e-6;

fn assert_objective(contrast: &dyn Contrast, golden: &Value, want: &Value) {
    let w = Matrix::new(3, 3, numbers(&golden["w"])).expect("nine numbers");
    let (value, gradient) =
        objective(&singles(&golden["rows"]), &w, contrast, number(&golden["repulsion"])).expect("regular");
    assert!((value - number(&want["objective"])).abs() < ATOL, "{value}");
    for (got, want) in gradient.data().iter().zip(numbers(&want["gradient"])) {
        assert!((got - want).abs() < ATOL, "{got} is not {want}");
    }
}

#[test]
fn value_and_gradient_of_the_sharp_contrast_are_pytorchs() {
    let golden = golden();
    let want = &golden["sharp"];
    let of = |name: &str| singles(&want[name]);
    let sharp = Sharp { centres: of("centres"), sizes: of("sizes"), widths: of("widths") };
    assert_objective(&sharp, &golden, want);
}

#[test]
fn value_and_gradient_of_the_spikes_are_pytorchs() {
    let golden = golden();
    let want = &golden["spikes"];
    let of = |part: &str, name: &str, i: usize| number(&want[part][name][i]);
    let part = |i| Mixture {
        spike: Spike { mean: of("spike", "mean", i), sd: of("spike", "sd", i), weight: of("spike", "weight", i) },
        slab: Slab { mean: of("slab", "mean", i), sd: of("slab", "sd", i) },
    };
    assert_objective(&Spikes { parts: (0..3).map(part).collect() }, &golden, want);
}

#[test]
fn a_step_of_expectation_maximisation_is_numpys() {
    let golden = &golden()["mixture"];
    let mixture = |of: &Value| {
        let (spike, slab) = (numbers(&of["spike"]), numbers(&of["slab"]));
        Mixture {
            spike: Spike { mean: spike[0], sd: spike[1], weight: spike[2] },
            slab: Slab { mean: slab[0], sd: slab[1] },
        }
    };
    let values: Vec<(f64, f64)> = numbers(&golden["values"]).into_iter().map(|v| (v, 1.0)).collect();
    let (got, density) =
        mixture(&golden["before"]).step(&values, Bounds { least: number(&golden["before"]["least"]), most: 1.0 });
    assert!((density - number(&golden["density"])).abs() < 1e-12);
    let flat = |m: Mixture| [m.spike.mean, m.spike.sd, m.spike.weight, m.slab.mean, m.slab.sd];
    for (got, want) in flat(got).into_iter().zip(flat(mixture(&golden["after"]))) {
        assert!((got - want).abs() < 1e-12, "{got} is not {want}");
    }
}

/// A flow with the golden parameters, in double precision.
fn flow(golden: &Value) -> (Flow, Params) {
    let options = FlowOptions {
        layers: golden["layers"].as_u64().expect("a count") as usize,
        hidden: golden["hidden"].as_u64().map(|width| width as usize),
        noise: number(&golden["noise"]),
        ..FlowOptions::default()
    };
    let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
    let flow = Flow::new(&mut params, Sizes { codes: 3, latents: 3 }, &options, 0).expect("a flow");
    let mut all = params.export().expect("exports");
    for parameter in all.iter_mut().filter(|p| !p.name.starts_with("whitening")) {
        parameter.values = singles(&golden["parameters"][&parameter.name]);
    }
    params.import(&all).expect("every parameter in its shape");
    (flow, params)
}

fn rows(golden: &Value) -> Tensor {
    Tensor::from_vec(numbers(&golden["rows"]), (200, 3), &Device::Cpu).expect("fits")
}

#[test]
fn the_flows_loss_and_the_gradients_of_every_parameter_are_pytorchs() {
    let golden = golden();
    let want = &golden["flow"];
    let (flow, params) = flow(want);
    let terms = flow.terms(&rows(&golden)).expect("a loss");
    for term in &terms {
        let got = term.value.to_scalar::<f64>().expect("a scalar");
        assert!((got - number(&want["terms"][term.name])).abs() < 1e-10, "{}: {got}", term.name);
    }
    let total = terms.into_iter().map(|t| t.value).reduce(|a, b| (a + b).expect("scalars")).expect("two terms");
    let gradients = params.gradients(&total).expect("gradients");
    for (i, param) in params.iter().enumerate() {
        let got = gradients.tensor(i).expect("readable").expect("a gradient").to_vec1::<f64>().expect("flat");
        let want = numbers(&want["gradients"][param.name()]);
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-10, "{}: {got} is not {want}", param.name());
        }
    }
}

#[test]
fn a_flow_begins_as_the_identity() {
    let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
    let flow = Flow::new(&mut params, Sizes { codes: 3, latents: 3 }, &FlowOptions::default(), 0).expect("a flow");
    let x = rows(&golden());
    let gap = (flow.encode(&x).expect("a code") - &x).and_then(|d| d.abs()?.max_all()?.to_scalar::<f64>());
    assert!(gap.expect("a number") < 1e-12);
}

/// Rows on which each of two latents is silent half of the time, white up to a rotation; the planes' normals on them.
fn crossing(n: usize, silent_at: f64) -> (Matrix, Matrix, Matrix<f64>) {
    let mut stream = Stream::new(3, "crossing");
    let silent = Matrix::from_fn(n, 2, |_, _| f32::from(stream.uniform() < 0.5));
    let mut draw = |silent: f32| if silent > 0.5 { silent_at } else { stream.normal() };
    let latents = Matrix::from_fn(n, 2, |i, j| draw(silent[(i, j)]));
    // The variance of a latent: within the parts, and between them.
    let sd = (0.5 + 0.25 * silent_at.powi(2)).sqrt();
    let (c, s) = (0.8, 0.6);
    let normals = Matrix::new(2, 2, vec![c, s, -s, c]).expect("four numbers");
    let mean = 0.5 * silent_at;
    let rows = Matrix::from_fn(n, 2, |i, j| {
        ((0..2).map(|l| normals[(l, j)] * (latents[(i, l)] - mean)).sum::<f64>() / sd) as f32
    });
    (rows, silent, normals)
}

fn assert_rows(got: &Matrix<f64>, want: &Matrix<f64>) {
    for i in 0..want.rows() {
        let cosine = |a: usize| disentangle_numerics::linalg::dot(got.row(a), want.row(i)).abs();
        let best = (0..got.rows()).map(cosine).fold(0.0, f64::max);
        assert!(best > 0.999, "row {i}: {best}");
    }
}

#[test]
fn a_descent_ends_on_the_planes_with_either_contrast() {
    let start = Matrix::new(2, 2, vec![1.0, 0.1, 0.1, 1.0]).expect("four numbers");
    let path = Path { steps: 100, length: (0.2, 0.005), repulsion: (0.5, 0.1) };
    for (silent_at, contrast) in
        [(0.0, &mut Sharp::default() as &mut dyn Contrast), (2.0, &mut Spikes::default() as &mut dyn Contrast)]
    {
        let (rows, _, normals) = crossing(4000, silent_at);
        let found = descend(&rows, &start, path, contrast, |_| true).expect("regular").expect("not cancelled");
        assert_rows(&found, &normals);
    }
}

#[test]
fn a_cancelled_descent_gives_nothing() {
    let (rows, _, normals) = crossing(100, 0.0);
    let path = Path { steps: 10, length: (0.2, 0.1), repulsion: (0.5, 0.1) };
    assert!(descend(&rows, &normals, path, &mut Sharp::default(), |_| false).expect("regular").is_none());
}

#[test]
fn rows_known_to_be_silent_give_their_planes_and_too_few_are_refused() {
    let (rows, silent, normals) = crossing(500, 0.0);
    assert_rows(&known_planes(&rows, &silent, 1).expect("enough rows"), &normals);
    let never = Matrix::zeros(500, 2);
    let failure = known_planes(&rows, &never, 1).expect_err("no row is silent");
    assert_eq!(failure.code, disentangle_data::Code::DataTooFewRows);
}

#[test]
fn a_batch_of_silent_values_alone_still_has_a_scale() {
    let mut sharp = Sharp::default();
    sharp.adapt(&[0.0; 40], 2, Moment { step: 0, at: 0.0, length: 0.1 });
    let mut y = [0.0f32; 40];
    assert!(sharp.slopes(&mut y).is_finite() && y.iter().all(|v| v.is_finite()));
}
