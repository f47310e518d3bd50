//! A descent with everything that a checkpoint must not forget: multipliers, steps that look ahead, running statistics
//! and draws. Maximise the agreement of a direction with the target, its length held below 1.

use crate::small::*;
use disentangle_data::prepare::{PrepareConfig, Prepared, prepare};
use disentangle_data::split::Split;
use disentangle_data::{Matrix, Result};
use disentangle_engine::checkpoint::{CheckpointOptions, Checkpoints, Identity};
use disentangle_engine::method::Solving;
use disentangle_engine::method::*;
use disentangle_engine::observe::Silent;
use disentangle_engine::results::{ConstraintCurve, History, Outcome, OutcomeKind};
use disentangle_engine::train::{Session, train};
use disentangle_nn::optim::{AdamSettings, Constraint, Extrapolation, MultiplierSettings, Schedule};
use disentangle_nn::{Affine, BatchNorm, Init, NamedValues, Params};
use disentangle_nn::{Device, Tensor, Var};
use serde_json::json;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

const STEPS: usize = 600;

struct Held {
    extrapolation: Option<Extrapolation>,
    /// Learning rate of the multiplier.
    climb: f64,
}

struct HeldNetwork {
    norm: BatchNorm,
    direction: Var,
}

impl Network for HeldNetwork {
    fn loss(&self, batch: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        let inputs = match batch.phase {
            Phase::Train => self.norm.forward(&batch.inputs)?,
            Phase::Evaluate => self.norm.apply(&batch.inputs)?,
        };
        let noise = Tensor::new(1e-3 * batch.draws.clone().normal() as f32, &Device::Cpu)?;
        let agreement = inputs.matmul(&self.direction.unsqueeze(1)?)?.squeeze(1)?.mul(&batch.targets)?.mean_all()?;
        let length = (self.direction.sqr()?.sum_all()? - 1.0)?;
        Ok(vec![Term { name: "agreement", value: (agreement.neg()? + noise)? }, Term { name: "length", value: length }])
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        self.norm.apply(inputs)
    }
}

impl Method for Held {
    fn config(&self) -> serde_json::Value {
        json!({})
    }
    fn check(&self, _: &Prepared) -> Result<()> {
        Ok(())
    }
    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        vec![Stage::Descent(Recipe {
            name: "held",
            steps: STEPS,
            batches: Batching::Rows(32),
            learning_rate: 0.02,
            adam: AdamSettings { beta1: 0.0, ..AdamSettings::default() },
            extrapolation: self.extrapolation,
            constraints: Some(Constraints {
                list: vec![Constraint::at_most("length")],
                settings: MultiplierSettings::default(),
                learning_rate: self.climb,
            }),
            rates: Vec::new(),
            schedule: Schedule::Constant,
            clip: Some(10.0),
            patience: 0,
            keep: Keep::Last,
        })]
    }
    fn network(&self, d: &Dimensions, params: &mut Params, seed: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        let norm = BatchNorm::new(params, "norm", d.inputs, Affine::None)?;
        let direction = params.insert("direction", &[d.inputs], &Init::Normal { sd: 0.1 }, seed)?;
        Ok(Box::new(HeldNetwork { norm, direction }))
    }
    fn solve(&self, _: &str, _: &Prepared, _: &mut State, _: &mut Solving<'_>) -> Result<OutcomeKind> {
        unreachable!("nothing is solved")
    }
    fn findings(&self, _: &Prepared, _: &State, _: &Matrix) -> Result<Findings> {
        Ok(Findings::default())
    }
}

struct Ended {
    outcome: Outcome,
    history: History,
    weights: Vec<NamedValues>,
}

fn data() -> Prepared {
    prepare(&world(), &PrepareConfig::default(), 5).expect("a valid world")
}

/// A fit from the newest checkpoint in the folder on, if there is one; killed after so many steps of this process.
fn run(method: &Held, data: &Prepared, dir: &Path, kill_at: Option<usize>) -> Option<Ended> {
    let identity = Identity { config: json!({}), fingerprint: String::new() };
    let options = CheckpointOptions { dir: dir.into(), every: Some(7) };
    let (checkpoints, found) = Checkpoints::resume(&options, identity, &|config| config).expect("a folder of this fit");
    let mut standing = found.standing;
    let weights = std::mem::take(&mut standing.weights);
    let mut state = weights.state(method, &Dimensions::of(data), &Device::Cpu, 5).expect("the same network");
    let (mut killer, mut silent) = (Meddler { kill_at, ..Meddler::default() }, Silent);
    let session = match kill_at {
        Some(_) => Session::new(data, 5, &mut killer),
        None => Session::new(data, 5, &mut silent),
    };
    let mut session = Session { checkpoints: Some(Box::new(checkpoints)), standing, ..session };
    let outcome = catch_unwind(AssertUnwindSafe(|| train(method, &mut state, &mut session))).ok()?;
    Some(Ended {
        outcome: outcome.expect("an outcome"),
        history: std::mem::take(&mut session.standing.history),
        weights: state.params.export().expect("exports"),
    })
}

fn whole(method: &Held, data: &Prepared) -> Ended {
    let dir = tempfile::tempdir().expect("a temporary folder");
    run(method, data, dir.path(), None).expect("nobody kills it")
}

/// Means of the standardized inputs times the target over the training rows: the gradient of the agreement.
fn pull(data: &Prepared) -> Vec<f64> {
    let rows = data.rows_of(Split::Train);
    let targets = &data.targets.as_ref().expect("the world has a target").values;
    let over = |value: &dyn Fn(usize) -> f64| rows.iter().map(|&row| value(row)).sum::<f64>() / rows.len() as f64;
    let of_input = |j: usize| {
        let input = |row: usize| f64::from(data.inputs[(row, j)]);
        let mean = over(&input);
        let sd = over(&|row| (input(row) - mean).powi(2)).sqrt();
        over(&|row| (input(row) - mean) / sd * f64::from(targets[(row, 0)]))
    };
    (0..data.inputs.cols()).map(of_input).collect()
}

const KINDS: [Option<Extrapolation>; 3] = [None, Some(Extrapolation::SecondGradient), Some(Extrapolation::FromThePast)];

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

#[test]
fn a_constraint_is_met_with_its_multiplier_and_every_step_of_it_is_on_record() {
    let data = data();
    // Lagrange: the gradient of the agreement, a, equals 2 m w with |w| = 1, so w = a / |a|, the agreement is |a| and m = |a| / 2.
    let pull = pull(&data);
    let strength = norm(&pull);
    for extrapolation in KINDS {
        let Ended { history, weights, .. } = whole(&Held { extrapolation, climb: 0.02 }, &data);
        let stage = &history.stages[0];
        let [ConstraintCurve { name, violations, multipliers }] = &stage.constraints[..] else {
            panic!("one constraint")
        };
        assert_eq!(name, "length");
        assert!([violations, multipliers].iter().all(|c| c.len() == stage.steps.len()));
        // Of the last hundred steps: batches of 32 rows move the agreement by a few percent, the multiplier by less.
        let late = |curve: &[f64]| curve[curve.len() - 100..].iter().sum::<f64>() / 100.0;
        let (agreement, multiplier) = (-late(&stage.terms["agreement"]), late(multipliers));
        assert!((agreement / strength - 1.0).abs() < 0.06, "{extrapolation:?}: {agreement}, expected {strength}");
        assert!((2.0 * multiplier / strength - 1.0).abs() < 0.04, "{extrapolation:?}: {multiplier} at {strength}");
        assert!(late(violations).abs() < 0.02, "{extrapolation:?}: {}", late(violations));
        let found = &weights.iter().find(|w| w.name == "direction").expect("it is a parameter").values;
        let found: Vec<f64> = found.iter().map(|&v| f64::from(v)).collect();
        let along = found.iter().zip(&pull).map(|(w, a)| w * a).sum::<f64>() / (norm(&found) * strength);
        assert!(along > 0.99, "{extrapolation:?}: {found:?} along {pull:?}");
        assert!(stage.terms.contains_key("constraints") && !stage.terms.contains_key("length"));
        assert!(weights.iter().any(|w| w.name == "norm.variance" && w.values.iter().all(|v| *v != 1.0)));
    }
}

#[test]
fn multipliers_look_aheads_running_statistics_and_draws_resume_to_the_same_bits() {
    let data = data();
    for extrapolation in KINDS {
        let method = Held { extrapolation, climb: 0.02 };
        let want = whole(&method, &data);
        let dir = tempfile::tempdir().expect("a temporary folder");
        for steps in [5, 11, 50, 133] {
            assert!(run(&method, &data, dir.path(), Some(steps)).is_none(), "it is killed");
        }
        let got = run(&method, &data, dir.path(), None).expect("nobody kills it");
        assert_eq!((got.history, got.weights), (want.history, want.weights), "{extrapolation:?}");
    }
}

#[test]
fn a_multiplier_that_leaves_the_finite_numbers_ends_the_fit_by_its_name() {
    let Ended { outcome, .. } = whole(&Held { extrapolation: None, climb: f64::NAN }, &data());
    assert_eq!((outcome.kind, outcome.step), (OutcomeKind::NonFinite, 0), "{outcome:?}");
    assert_eq!(outcome.term.as_deref(), Some("multiplier of length"));
}
