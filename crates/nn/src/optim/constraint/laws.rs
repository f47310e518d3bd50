//! Laws of constraints: exact primal and dual solutions, and records that say what happened.

use super::*;
use crate::optim::{ExtraAdam, Extrapolation, Sgd, SgdSettings};
use crate::{Init, Params};
use candle_core::Device;

/// When the multipliers climb.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    Simultaneous,
    Alternating,
}

fn close(name: &str, got: &[f64], want: &[f64], atol: f64) {
    assert_eq!(got.len(), want.len(), "{name}");
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() < atol, "{name}: {got:?} is not {want:?}");
    }
}

/// min |x - p|^2 / 2 subject to rows `a_i . x - b_i`, by gradient steps.
struct Projection {
    p: Vec<f64>,
    rows: Vec<(Vec<f64>, f64)>,
}

impl Projection {
    fn violations(&self, x: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|(a, b)| a.iter().zip(x).map(|(a, x)| a * x).sum::<f64>() - b).collect()
    }

    fn gradient(&self, x: &[f64], pull: &[f64]) -> Vec<f64> {
        let toward = |i: usize| self.rows.iter().zip(pull).map(|((a, _), m)| m * a[i]).sum::<f64>();
        (0..x.len()).map(|i| x[i] - self.p[i] + toward(i)).collect()
    }

    fn train(&self, constraints: &[Constraint], settings: MultiplierSettings, order: Order) -> (Vec<f64>, Multipliers) {
        let mut x = vec![0.0; self.p.len()];
        let mut multipliers = Multipliers::new(constraints, settings);
        for _ in 0..4000 {
            let before = self.violations(&x);
            let gradient = self.gradient(&x, &multipliers.values());
            x.iter_mut().zip(&gradient).for_each(|(x, g)| *x -= 0.1 * g);
            let seen = if order == Order::Alternating { self.violations(&x) } else { before };
            multipliers.step(&seen, StepSize::new(0.1));
        }
        (x, multipliers)
    }
}

#[test]
fn the_projection_on_a_half_space_has_its_closed_form_and_its_multiplier() {
    // x = p - m a, m = max(0, a.p - b) / |a|^2.
    let p = vec![2.0, 1.0, -1.0];
    for (b, want_x, want_m) in [(1.0, vec![4.0 / 3.0, -1.0 / 3.0, -1.0 / 3.0], 2.0 / 3.0), (6.0, p.clone(), 0.0)] {
        let problem = Projection { p: p.clone(), rows: vec![(vec![1.0, 2.0, -1.0], b)] };
        for order in [Order::Simultaneous, Order::Alternating] {
            let (x, m) = problem.train(&[Constraint::at_most("half-space")], MultiplierSettings::default(), order);
            close(&format!("primal {order:?}"), &x, &want_x, 1e-9);
            close(&format!("dual {order:?}"), &m.values(), &[want_m], 1e-9);
        }
    }
}

#[test]
fn an_equality_has_a_multiplier_of_either_sign() {
    // x1 + x2 = 4 pulls (1, 1) up, so the multiplier is (2 - 4) / 2 = -1.
    let problem = Projection { p: vec![1.0, 1.0], rows: vec![(vec![1.0, 1.0], 4.0)] };
    for order in [Order::Simultaneous, Order::Alternating] {
        let (x, m) = problem.train(&[Constraint::equal("sum")], MultiplierSettings::default(), order);
        close("primal", &x, &[2.0, 2.0], 1e-9);
        close("dual", &m.values(), &[-1.0], 1e-9);
    }
}

#[test]
fn a_capped_multiplier_gives_the_exact_solution_of_the_capped_penalty() {
    // With m stopped at 1/4, the minimiser of |x - p|^2 / 2 + m a.x is p - a / 4.
    let problem = Projection { p: vec![2.0, 1.0, -1.0], rows: vec![(vec![1.0, 2.0, -1.0], 1.0)] };
    let settings = MultiplierSettings { cap: 0.25, ..MultiplierSettings::default() };
    let (x, m) = problem.train(&[Constraint::at_most("half-space")], settings, Order::Simultaneous);
    close("primal", &x, &[1.75, 0.5, -0.75], 1e-9);
    assert_eq!(m.values(), [0.25]);
}

/// `min |x - c|^2 / 2` with `mean |x| <= budget`: `c` shrunk by `m / n`, with the `m` that spends the budget exactly.
const CENTRE: [f64; 4] = [3.0, -2.0, 0.5, -0.25];
const BUDGET: f64 = 0.75;
/// Two entries survive: (3 - s) + (2 - s) = 4 * 3/4, so s = 1 and the multiplier is n s = 4.
const SPARSE: [f64; 4] = [2.0, -1.0, 0.0, 0.0];
const PRICE: f64 = 4.0;

fn sparse_problem() -> Result<(Params, Tensor)> {
    let mut params = Params::new(&Device::Cpu);
    params.insert("x", &[4], &Init::Values(CENTRE.to_vec()), 0)?;
    Ok((params, Tensor::from_slice(&CENTRE.map(|c| c as f32), 4, &Device::Cpu)?))
}

fn sparse_loss(params: &Params, centre: &Tensor) -> Result<(Tensor, Tensor)> {
    let x = params.get("x")?.as_tensor();
    let loss = ((x - centre)?.sqr()?.sum_all()? * 0.5)?;
    let budget = (crate::l1(x, 0.25)? - BUDGET)?.reshape(1)?;
    Ok((loss, budget))
}

fn numbers(t: &Tensor) -> Result<Vec<f64>> {
    t.to_dtype(candle_core::DType::F64)?.to_vec1()
}

#[test]
fn a_sparsity_budget_is_spent_exactly_at_its_price() -> Result<()> {
    for order in [Order::Simultaneous, Order::Alternating] {
        let (params, centre) = sparse_problem()?;
        let mut multipliers = Multipliers::new(&[Constraint::at_most("sparsity")], MultiplierSettings::default());
        let mut sgd = Sgd::new(&params, SgdSettings::default());
        for step in 0..6000 {
            // A falling rate: subgradient steps of constant size tremble around the kink at zero.
            let rate = 0.05 / (1.0 + f64::from(step) / 200.0);
            let (loss, budget) = sparse_loss(&params, &centre)?;
            let gradients = params.gradients(&(loss + multipliers.term(&budget)?)?)?;
            sgd.step(&params, &gradients, StepSize::new(rate))?;
            let seen = if order == Order::Alternating { sparse_loss(&params, &centre)?.1 } else { budget };
            multipliers.step(&numbers(&seen)?, StepSize::new(20.0 * rate));
        }
        close(&format!("primal {order:?}"), &numbers(params.get("x")?)?, &SPARSE, 5e-3);
        close(&format!("dual {order:?}"), &multipliers.values(), &[PRICE], 2e-2);
    }
    Ok(())
}

#[test]
fn multipliers_look_ahead_together_with_extra_adam() -> Result<()> {
    for extrapolation in [Extrapolation::SecondGradient, Extrapolation::FromThePast] {
        let (params, centre) = sparse_problem()?;
        let ascent = Ascent::Adam(AdamSettings::default());
        let settings = MultiplierSettings { ascent, ..MultiplierSettings::default() };
        let mut multipliers = Multipliers::new(&[Constraint::at_most("sparsity")], settings);
        let mut extra = ExtraAdam::new(&params, AdamSettings::default(), extrapolation);
        let mut past = vec![0.0];
        for step in 0..6000 {
            let factor = 1.0 / (1.0 + f64::from(step) / 500.0);
            let (primal, dual) = (StepSize::new(0.01 * factor), StepSize::new(0.02 * factor));
            if extrapolation == Extrapolation::SecondGradient {
                let (loss, budget) = sparse_loss(&params, &centre)?;
                let gradients = params.gradients(&(loss + multipliers.term(&budget)?)?)?;
                extra.extrapolate(&params, &gradients, primal)?;
                multipliers.extrapolate(&numbers(&budget)?, dual);
            } else {
                extra.extrapolate_from_the_past(&params, primal)?;
                multipliers.extrapolate(&past, dual);
            }
            let (loss, budget) = sparse_loss(&params, &centre)?;
            let gradients = params.gradients(&(loss + multipliers.term(&budget)?)?)?;
            extra.step(&params, &gradients, primal)?;
            past = numbers(&budget)?;
            multipliers.step(&past, dual);
        }
        close(&format!("primal {extrapolation:?}"), &numbers(params.get("x")?)?, &SPARSE, 2e-2);
        close(&format!("dual {extrapolation:?}"), &multipliers.values(), &[PRICE], 5e-2);
    }
    Ok(())
}

#[test]
fn the_term_is_the_multipliers_times_the_violations_and_pulls_by_them() -> Result<()> {
    let constraints = [Constraint::at_most("a"), Constraint::equal("b"), Constraint::at_most("c")];
    let mut multipliers = Multipliers::new(&constraints, MultiplierSettings::default());
    multipliers.step(&[1.0, -0.5, 0.25], StepSize::new(1.0));
    let at = [0.3, 0.7, -0.6];
    let mut params = Params::with_dtype(&Device::Cpu, candle_core::DType::F64);
    let var = params.insert("g", &[3], &Init::Values(at.to_vec()), 0)?;
    let term = multipliers.term(var.as_tensor())?;
    assert!((term.to_scalar::<f64>()? - (0.3 - 0.35 - 0.15)).abs() < 1e-14);
    close("graph", &numbers(&params.gradients(&term)?.tensor(0)?.expect("a gradient"))?, &[1.0, -0.5, 0.25], 1e-14);
    assert!(multipliers.term(&Tensor::zeros(2, candle_core::DType::F64, &Device::Cpu)?).is_err());
    Ok(())
}

#[test]
fn nan_stays_visible_and_a_restored_state_goes_on_with_the_same_bits() {
    let constraints = [Constraint::at_most("a"), Constraint::equal("b")];
    for ascent in [Ascent::Gradient, Ascent::Adam(AdamSettings::default())] {
        let settings = MultiplierSettings { ascent, cap: 10.0 };
        let mut whole = Multipliers::new(&constraints, settings);
        let violations = |i: u32| [(f64::from(i)).sin(), (f64::from(i) * 0.7).cos()];
        (0..5).for_each(|i| drop(whole.step(&violations(i), StepSize::new(0.3))));
        let mut again = Multipliers::new(&constraints, settings);
        again.restore(whole.state()).expect("the same constraints");
        (5..9).for_each(|i| {
            assert_eq!(whole.step(&violations(i), StepSize::new(0.3)), again.step(&violations(i), StepSize::new(0.3)))
        });
        let records = whole.step(&[f64::NAN, f64::NAN], StepSize::new(0.3));
        assert!(records.iter().all(|r| r.violation.is_nan() && r.multiplier.is_nan()));
        assert!(whole.values().iter().all(|m| m.is_nan()));
        assert!(Multipliers::new(&constraints[..1], settings).restore(whole.state()).is_err());
    }
}
