//! A decoder that gives numbers near the latents of the rows and none further out: what it gives is told, the rest is a warning. The same
//! with the wrong sign: what it gives is further from the inputs than their mean is.

use disentangle_data::prepare::Prepared;
use disentangle_data::{Dataset, Matrix, Result};
use disentangle_engine::entry::{Entry, MethodInfo, Reference, Specification};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::method::{Batch, Dimensions, Findings, Method, Network, Solving, Stage, State, Term};
use disentangle_engine::model::Model;
use disentangle_engine::observe::Silent;
use disentangle_engine::results::OutcomeKind;
use disentangle_nn::{Error, Params, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Options {
    /// Whether it decodes with the wrong sign.
    wrong: bool,
}

#[derive(Clone, Copy)]
struct Cliff {
    sign: f64,
}

/// Where the decoder ends: rows of a uniform distribution reach 1.74 standard deviations, traversals 2.
const EDGE: f64 = 1.9;

impl Network for Cliff {
    fn loss(&self, _: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        Err(Error::Msg("nothing is trained".into()).bt())
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        Ok(inputs.clone())
    }

    /// A root that is none beyond the edge.
    fn decode(&self, codes: &Tensor) -> disentangle_nn::Result<Option<Tensor>> {
        let inside = ((codes.sqr()? * -1.0)? + EDGE * EDGE)?.sqrt()?;
        Ok(Some(((codes * self.sign)? + (inside * 0.0)?)?))
    }
}

impl Specification for Cliff {
    type Config = Options;

    const INFO: MethodInfo = MethodInfo {
        name: "cliff",
        title: "Cliff",
        summary: "Decodes near the rows.",
        needs: &[],
        gives: &["latents", "decoder"],
        identifies: "nothing",
        left_open: &[],
        reference: Reference { title: "none", authors: "none", year: 2000, url: "https://example.org" },
        baseline_of: None,
    };

    fn new(Options { wrong }: Options) -> Self {
        Self { sign: if wrong { -1.0 } else { 1.0 } }
    }
}

impl Method for Cliff {
    fn config(&self) -> serde_json::Value {
        json!({ "wrong": self.sign < 0.0 })
    }

    fn check(&self, _: &Prepared) -> Result<()> {
        Ok(())
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        vec![Stage::Solve("nothing")]
    }

    fn network(&self, _: &Dimensions, _: &mut Params, _: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(Box::new(*self))
    }

    fn solve(&self, _: &str, _: &Prepared, _: &mut State, _: &mut Solving<'_>) -> Result<OutcomeKind> {
        Ok(OutcomeKind::Converged)
    }

    fn findings(&self, _: &Prepared, _: &State, _: &Matrix) -> Result<Findings> {
        Ok(Findings::default())
    }
}

static METHODS: &[Entry] = &[Entry::of::<Cliff>()];

fn fitted(wrong: bool) -> RunResult {
    // Uniform in both columns, in other orders.
    let inputs = Matrix::from_fn(200, 2, |i, j| if j == 0 { i as f32 } else { (i * 77 % 200) as f32 });
    let data = Dataset { inputs, input_names: vec!["a".into(), "b".into()], ..Dataset::default() };
    let config = json!({ "method": "cliff", "wrong": wrong });
    fit(METHODS, &config, &data, &FitOptions::default(), &mut Silent).expect("it runs")
}

#[test]
fn reconstruction_is_told_where_traversals_leave_the_finite_numbers() {
    let run = fitted(false);
    let told = &run.summary.reconstruction;
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|row| row.mse < 1e-12), "{told:?}");
    assert!(run.summary.traversals.is_empty(), "no part of a traversal is shown");
    let warning = run.summary.warnings.iter().find(|warning| warning.code == "DECODER_NOT_FINITE").expect("a warning");
    assert!(warning.message.contains("two deviations off") && warning.hint.is_some(), "{warning:?}");
    let model = Model::open(METHODS, &run.model).expect("a model");
    for _ in 0..2 {
        let back = model.decode(&Matrix::zeros(1, 2), &[]).expect("it decodes");
        assert!((back[(0, 0)] - 99.5).abs() < 5.0, "{back:?}");
        model.decode(&Matrix::from_fn(1, 2, |_, _| 3.0), &[]).expect_err("beyond the edge");
    }
}

#[test]
fn what_is_decoded_worse_than_the_mean_is_told() {
    let run = fitted(true);
    // The error is (2 x)^2, the mean of which is 4 times the variance up to the mean of few rows.
    assert!(run.summary.reconstruction.iter().all(|row| row.explained.is_some_and(|share| share < -2.5)));
    let warning = run.summary.warnings.iter().find(|warning| warning.code == "DECODER_WORSE_THAN_MEAN");
    let warning = warning.expect("a warning");
    assert!(warning.message.contains("train rows (4.00 times its error)"), "{warning:?}");
    // It stands beside what was not finite further out.
    assert!(run.summary.warnings.iter().any(|warning| warning.code == "DECODER_NOT_FINITE"));
    assert!(fitted(false).summary.warnings.iter().all(|warning| warning.code != "DECODER_WORSE_THAN_MEAN"));
}
