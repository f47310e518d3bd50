//! A method that gives a graph, a decoder and mechanisms, from the fit to the model read back: all that the engine makes of them.
//!
//! The method is linear-Gaussian: inputs are the latents, each regressed on those before it, environments shift them. What it must
//! give is known in closed form.

use disentangle_data::dataset::{Labels, Role};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Dataset, Failure, Matrix, Result, Stream};
use disentangle_engine::entry::{Entry, MethodInfo, Reference, Specification};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::mechanisms::Mechanisms;
use disentangle_engine::method::{Batch, Dimensions, Findings, Method, Network, Solving, Stage, State, Term};
use disentangle_engine::model::{GivenRows, Intervention, Model};
use disentangle_engine::observe::Silent;
use disentangle_engine::results::{CausalGraph, OutcomeKind, latent_names};
use disentangle_nn::{Error, Params, Tensor};
use disentangle_numerics::linalg::solve_positive;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Options {}

struct Scm;

struct Same;

impl Network for Same {
    fn loss(&self, _: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        Err(Error::Msg("nothing is trained".into()).bt())
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        Ok(inputs.clone())
    }

    fn decode(&self, codes: &Tensor) -> disentangle_nn::Result<Option<Tensor>> {
        Ok(Some(codes.clone()))
    }
}

impl Specification for Scm {
    type Config = Options;

    const INFO: MethodInfo = MethodInfo {
        name: "scm",
        title: "Linear causes",
        summary: "Each input regressed on those before it.",
        needs: &["environment"],
        gives: &["latents", "graph", "mechanisms"],
        identifies: "the weights",
        left_open: &[],
        reference: Reference { title: "none", authors: "none", year: 2000, url: "https://example.org" },
        baseline_of: None,
    };

    fn new(_: Options) -> Self {
        Self
    }
}

/// Weights below this are no edges.
const EDGE: f64 = 0.1;

impl Method for Scm {
    fn config(&self) -> serde_json::Value {
        json!({})
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        data.needs_environments("scm").map(drop)
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        vec![Stage::Solve("regressions")]
    }

    fn network(&self, _: &Dimensions, _: &mut Params, _: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(Box::new(Same))
    }

    /// Least squares of each latent on those before it and on the environments.
    fn solve(&self, _: &str, data: &Prepared, state: &mut State, _: &mut Solving<'_>) -> Result<OutcomeKind> {
        let rows = data.rows_of(Split::Train);
        let (k, e) = (data.inputs.cols(), data.needs_environments("scm")?.names.len());
        let (mut weights, mut shift, mut sd) = (Matrix::zeros(k, k), Matrix::zeros(e, k), Matrix::zeros(1, k));
        for j in 0..k {
            let features = |row: usize| {
                let before = (0..j).map(|i| f64::from(data.inputs[(row, i)]));
                let at = (0..e).map(|at| f64::from(u8::from(data.nodes[row] as usize == at)));
                before.chain(at).collect::<Vec<f64>>()
            };
            let width = j + e;
            let (mut gram, mut right) = (Matrix::zeros(width, width), vec![0.0; width]);
            for &row in &rows {
                let (f, y) = (features(row), f64::from(data.inputs[(row, j)]));
                for a in 0..width {
                    right[a] += f[a] * y;
                    (0..width).for_each(|b| gram[(a, b)] += f[a] * f[b]);
                }
            }
            let solved = solve_positive(&gram, &right)?;
            (0..j).filter(|&i| solved[i].abs() > EDGE).for_each(|i| weights[(i, j)] = solved[i]);
            (0..e).for_each(|at| shift[(at, j)] = solved[j + at]);
            let left = |&row: &usize| {
                let fitted: f64 = features(row).iter().zip(&solved).map(|(f, s)| f * s).sum();
                (f64::from(data.inputs[(row, j)]) - fitted).powi(2)
            };
            sd[(0, j)] = (rows.iter().map(left).sum::<f64>() / rows.len() as f64).sqrt();
        }
        for (name, values) in [("weights", weights), ("shift", shift), ("sd", sd)] {
            state.solved.insert(name.into(), values);
        }
        Ok(OutcomeKind::Converged)
    }

    fn mechanisms<'a>(&'a self, state: &'a State) -> Result<Option<Box<dyn Mechanisms + 'a>>> {
        assert!(state.network_as::<Same>().is_some(), "a method gets back the network that it made");
        let part = |name: &str| state.solved.get(name).ok_or_else(|| Failure::new(Code::ArtifactCorrupt, name));
        Ok(Some(Box::new(Linear { weights: part("weights")?, shift: part("shift")?, sd: part("sd")? })))
    }

    fn findings(&self, _: &Prepared, state: &State, latents: &Matrix) -> Result<Findings> {
        let graph = CausalGraph::of(latent_names(latents.cols()), &state.solved["weights"], "least squares");
        Ok(Findings { graph: Some(graph), ..Findings::default() })
    }
}

struct Linear<'a> {
    weights: &'a Matrix<f64>,
    shift: &'a Matrix<f64>,
    sd: &'a Matrix<f64>,
}

impl Mechanisms for Linear<'_> {
    fn order(&self) -> Vec<usize> {
        (0..self.weights.rows()).collect()
    }

    fn causes(&self, latent: usize) -> Vec<usize> {
        (0..latent).filter(|&i| self.weights[(i, latent)] != 0.0).collect()
    }

    fn by_environment(&self) -> bool {
        true
    }

    fn mean(&self, latent: usize, latents: &Matrix<f64>, at: &[u32]) -> Result<Vec<f64>> {
        let cause = |row: usize| (0..latent).map(|i| self.weights[(i, latent)] * latents[(row, i)]).sum::<f64>();
        Ok(at.iter().enumerate().map(|(row, &at)| cause(row) + self.shift[(at as usize, latent)]).collect())
    }

    fn draw(&self, latent: usize, at: &[u32], stream: &mut Stream) -> Result<Vec<f64>> {
        Ok(at.iter().map(|_| self.sd[(0, latent)] * stream.normal()).collect())
    }
}

static METHODS: &[Entry] = &[Entry::of::<Scm>()];

const N: usize = 4000;

/// z1 -> z2 -> z3 with weights 2 and -1, in units of ten; the second environment shifts z1 by 5.
fn world() -> Dataset {
    let mut stream = Stream::new(3, "world");
    let mut inputs = Matrix::zeros(N, 3);
    for row in 0..N {
        let z1 = stream.normal() + if row % 2 == 1 { 5.0 } else { 0.0 };
        let z2 = 2.0 * z1 + stream.normal();
        let z3 = -z2 + stream.normal();
        for (j, z) in [z1, z2, z3].into_iter().enumerate() {
            inputs[(row, j)] = (10.0 * z) as f32 + 7.0;
        }
    }
    let sites: Vec<&str> = (0..N).map(|row| ["a", "b"][row % 2]).collect();
    let mut data = Dataset { inputs, input_names: ["x", "y", "w"].map(String::from).to_vec(), ..Dataset::default() };
    data.labels.insert(Role::Environment, Labels::encode("site", &sites));
    data
}

fn fitted(data: &Dataset) -> RunResult {
    fit(METHODS, &json!({ "method": "scm" }), data, &FitOptions::default(), &mut Silent).expect("it fits")
}

fn set(pairs: &[(&str, f64)]) -> Intervention {
    let set = pairs.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
    Intervention { set, ..Intervention::default() }
}

#[test]
fn a_fit_gives_the_graph_what_comes_back_and_what_each_latent_does() {
    let run = fitted(&world());
    let graph = run.summary.graph.expect("the method finds one");
    assert_eq!(graph.edges().expect("a graph").edges().arrows, [[0, 1], [1, 2]]);
    assert_eq!(graph.order, Some(vec![0, 1, 2]));
    assert_eq!(run.summary.reconstruction.len(), 3);
    assert!(run.summary.reconstruction.iter().all(|row| row.mse < 1e-12 && row.explained > Some(0.999_999)));
    let [first, _, last] = &run.summary.traversals[..] else { panic!("one for each latent") };
    assert_eq!(first.latents.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["z2", "z3"]);
    assert!(last.latents.is_empty(), "z3 causes nothing");
    assert_eq!(last.inputs.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["w"]);
    // In units of the inputs: y moves by 2 per unit of x, by the law of the world. Standard error of a weight: 1 / sqrt(N).
    let of = |name: &str| &first.inputs.iter().find(|r| r.name == name).expect("it moves").values;
    let (x, y) = (of("x"), of("y"));
    let slope = (y[8] - y[0]) / (x[8] - x[0]);
    assert!((slope - 2.0).abs() < 0.06, "{slope}");
}

#[test]
fn counterfactuals_of_a_model_read_back_move_by_the_weights_and_come_in_units_of_the_inputs() {
    let data = world();
    let model = Model::open(METHODS, &fitted(&data).model).expect("a model");
    let labels = &data.labels[&Role::Environment];
    let given = GivenRows { inputs: &data.inputs, names: &data.input_names, offsets: &[], environments: Some(labels) };
    let before = model.transform(&data.inputs, &data.input_names).expect("finite");
    // Back and forth: single precision of numbers up to a hundred.
    let back = model.decode(&before, &model.header.latents).expect("it decodes");
    for (got, want) in back.data().iter().zip(data.inputs.data()) {
        assert!((got - want).abs() < 1e-4, "{got} {want}");
    }
    let after = model.intervene(&set(&[("z2", 1.5)]), Some(given)).expect("it says");
    let inputs = after.inputs.expect("it decodes");
    let scale = &model.header.input_scale;
    let y = 1.5 * scale.sd[1] + scale.mean[1];
    for row in 0..N {
        assert_eq!(after.latents[(row, 0)].to_bits(), before[(row, 0)].to_bits());
        assert_eq!(after.latents[(row, 1)], 1.5);
        // w follows y with weight -1; its noise stays. Five standard errors of the weight, times the largest step.
        let moved = f64::from(inputs[(row, 2)] - data.inputs[(row, 2)]);
        let step = y - f64::from(data.inputs[(row, 1)]);
        assert!((moved + step).abs() < 0.05 * step.abs() + 1e-3, "{moved} {step}");
    }
    assert_eq!(after.environments, labels.codes);
    // What a latent is already changes nothing, to the bit.
    let one = data.inputs.select_rows(&[5]);
    let at = Labels::encode("site", &["b"]);
    let given = GivenRows { inputs: &one, names: &data.input_names, offsets: &[], environments: Some(&at) };
    let same = model.intervene(&set(&[("z1", f64::from(before[(5, 0)]))]), Some(given)).expect("it says");
    assert_eq!(same.latents, before.select_rows(&[5]));
}

#[test]
fn drawn_rows_follow_the_law_of_the_world_under_the_intervention() {
    let model = Model::open(METHODS, &fitted(&world()).model).expect("a model");
    let request = Intervention { count: Some(20_000), environment: Some("b".into()), ..set(&[("z2", 0.0)]) };
    let drawn = model.intervene(&request, None).expect("it draws");
    let inputs = drawn.inputs.expect("it decodes");
    let scale = &model.header.input_scale;
    let moments = |j: usize| {
        let column: Vec<f64> = inputs.col(j).into_iter().map(f64::from).collect();
        let mean = column.iter().sum::<f64>() / column.len() as f64;
        (mean, (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / column.len() as f64).sqrt())
    };
    // x: 7 + 10 (5 + n). w: -(y - 7) + 7 + 10 n with y at the mean of the training rows.
    let ((mean_x, sd_x), (mean_w, sd_w)) = (moments(0), moments(2));
    // Standard errors: 10 / sqrt(N / 2) = .22 of the fitted shift, four of them, and of the weight.
    assert!((mean_x - 57.0).abs() < 1.0 && (sd_x - 10.0).abs() < 0.5, "{mean_x} {sd_x}");
    assert!((mean_w - (14.0 - scale.mean[1])).abs() < 2.0 && (sd_w - 10.0).abs() < 0.5, "{mean_w} {sd_w}");
    assert!(drawn.environments.iter().all(|&at| at == 1));
    // Left open: each environment in turn; one seed is one sample.
    let turns = model.intervene(&Intervention { count: Some(4), ..set(&[("z1", 0.0)]) }, None).expect("it draws");
    assert_eq!(turns.environments, [0, 1, 0, 1]);
    let again = model.intervene(&Intervention { count: Some(4), ..set(&[("z1", 0.0)]) }, None).expect("it draws");
    assert_eq!(turns, again);
}

#[test]
fn what_cannot_be_asked_is_refused_with_its_code() {
    let data = world();
    let model = Model::open(METHODS, &fitted(&data).model).expect("a model");
    let rows = GivenRows { inputs: &data.inputs, names: &data.input_names, offsets: &[], environments: None };
    let refused = |request: &Intervention, rows| model.intervene(request, rows).expect_err("refused");
    let z9 = refused(&set(&[("z33", 1.0)]), None);
    assert_eq!((z9.code, z9.path.as_deref()), (Code::ConfigUnknownKey, Some("do.z33")));
    assert!(z9.hint.is_some_and(|hint| hint.contains("did you mean \"z3\"?")));
    assert_eq!(refused(&set(&[]), None).code, Code::ConfigMissing);
    assert_eq!(refused(&set(&[("z1", f64::NAN)]), None).code, Code::ConfigOutOfRange);
    assert_eq!(refused(&set(&[("z1", 1e300)]), None).code, Code::ConfigOutOfRange);
    assert_eq!(refused(&set(&[("z1", 0.0)]), Some(rows)).code, Code::DataNeedsEnvironments);
    let labels = Labels::encode("site", &vec!["c"; N]);
    let elsewhere = GivenRows { environments: Some(&labels), ..rows };
    let unknown = refused(&set(&[("z1", 0.0)]), Some(elsewhere));
    assert_eq!(unknown.code, Code::DataUnknownEnvironment);
    assert!(
        unknown.hint.is_some_and(|hint| !hint.contains("attach")),
        "rows of an intervention are attached to nothing"
    );
    let counted = Intervention { count: Some(3), ..set(&[("z1", 0.0)]) };
    assert_eq!(refused(&counted, Some(rows)).code, Code::ConfigConflict);
    let elsewhere = Intervention { environment: Some("c".into()), ..set(&[("z1", 0.0)]) };
    assert_eq!(refused(&elsewhere, None).code, Code::DataUnknownEnvironment);
    // 3e38 standard deviations decode to what 32 bits cannot hold.
    assert_eq!(refused(&set(&[("z1", 3e38)]), None).code, Code::NumericNotFinite);
    let latents = Matrix::zeros(2, 2);
    for names in [vec![], vec!["z1".to_owned(), "q".to_owned()]] {
        assert_eq!(model.decode(&latents, &names).expect_err("2 of 3").code, Code::DataColumnMismatch);
    }
    let gap = Matrix::from_fn(1, 3, |_, j| if j == 1 { f32::NAN } else { 0.0 });
    assert_eq!(model.decode(&gap, &[]).expect_err("a gap").code, Code::DataNotFinite);
}
