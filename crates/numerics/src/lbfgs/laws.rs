//! Laws of L-BFGS: closed forms, SciPy's optimum, honest outcomes.

use super::*;
use serde_json::Value;

fn bowl(scales: &[f64], centre: &[f64], x: &[f64]) -> (f64, Vec<f64>) {
    let g: Vec<f64> = x.iter().zip(centre).zip(scales).map(|((x, c), s)| s * (x - c)).collect();
    (g.iter().zip(x).zip(centre).map(|((g, x), c)| 0.5 * g * (x - c)).sum::<f64>() + 3.0, g)
}

#[test]
fn quadratics_are_solved_to_machine_precision() {
    for scales in [vec![1.0], vec![1.0, 100.0, 1e4], (0..30).map(|i| 1.0 + f64::from(i * i)).collect()] {
        let centre: Vec<f64> = (0..scales.len()).map(|i| (i as f64 * 1.7).sin()).collect();
        let settings = LbfgsSettings { gradient_tolerance: 1e-13, ..LbfgsSettings::default() };
        let got = lbfgs(&vec![2.0; scales.len()], settings, |x| bowl(&scales, &centre, x));
        assert_eq!(got.outcome, LbfgsOutcome::Converged, "{got:?}");
        for (x, c) in got.x.iter().zip(&centre) {
            assert!((x - c).abs() < 1e-13, "{x} is not {c}");
        }
        assert!(got.iterations < 500, "{} iterations", got.iterations);
    }
}

fn rosenbrock(x: &[f64]) -> (f64, Vec<f64>) {
    let mut gradient = vec![0.0; x.len()];
    let mut value = 0.0;
    for i in 0..x.len() - 1 {
        let (bend, off) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
        value += 100.0 * bend * bend + off * off;
        gradient[i] += -400.0 * bend * x[i] - 2.0 * off;
        gradient[i + 1] += 200.0 * bend;
    }
    (value, gradient)
}

#[test]
fn the_valley_of_rosenbrock_is_followed_to_its_end() {
    for start in [vec![-1.2, 1.0], (0..20).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 }).collect()] {
        let got = lbfgs(&start, LbfgsSettings::default(), rosenbrock);
        assert_eq!(got.outcome, LbfgsOutcome::Converged);
        assert!(got.x.iter().all(|x| (x - 1.0).abs() < 1e-7), "{got:?}");
        // SciPy's L-BFGS-B needs 46 evaluations from (-1.2, 1) at tolerance 1e-8.
        assert!(start.len() > 2 || got.evaluations < 60, "{} evaluations", got.evaluations);
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

#[test]
fn an_ill_conditioned_logistic_regression_reaches_the_optimum_of_scipy() {
    let golden: Value = serde_json::from_str(include_str!("../../../../golden/lbfgs.json")).expect("golden numbers");
    let rows: Vec<Vec<f64>> = golden["x"].as_array().expect("rows").iter().map(numbers).collect();
    let (labels, want) = (numbers(&golden["y"]), numbers(&golden["optimum"]));
    let ridge = golden["ridge"].as_f64().expect("a number");
    let loss = |w: &[f64]| {
        let mut value = 0.5 * ridge * dot(w, w);
        let mut gradient: Vec<f64> = w.iter().map(|w| ridge * w).collect();
        for (row, y) in rows.iter().zip(&labels) {
            let margin = dot(row, w);
            value += margin.max(0.0) + (-margin.abs()).exp().ln_1p() - y * margin;
            axpy(&mut gradient, 1.0 / (1.0 + (-margin).exp()) - y, row);
        }
        (value, gradient)
    };
    let settings = LbfgsSettings { iterations: 20_000, gradient_tolerance: 1e-9, ..LbfgsSettings::default() };
    let got = lbfgs(&vec![0.0; want.len()], settings, loss);
    assert_eq!(got.outcome, LbfgsOutcome::Converged, "{got:?}");
    assert!((got.value - golden["value"].as_f64().expect("a number")).abs() < 1e-10);
    for (got, want) in got.x.iter().zip(&want) {
        // The tolerance on the gradient over the least curvature, which the script prints.
        assert!((got - want).abs() < 1e-6 * (1.0 + want.abs()), "{got} is not {want}");
    }
}

#[test]
fn the_accepted_point_never_rises_and_fulfils_the_strong_wolfe_conditions() {
    let from = [-1.2, 1.0];
    let (value, gradient) = rosenbrock(&from);
    let direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let at = Point { x: from.to_vec(), value, gradient };
    let slope = dot(&at.gradient, &direction);
    for first in [1e-8, 1e-3, 1.0, 1e6] {
        let next = line_search(&at, &direction, (first, 0.0), &mut rosenbrock).expect("a step");
        let step = (next.x[0] - from[0]) / direction[0];
        assert!(next.value <= value + SUFFICIENT * step * slope);
        assert!(dot(&next.gradient, &direction).abs() <= CURVATURE * slope.abs());
    }
}

#[test]
fn a_constant_added_to_the_value_changes_no_point_that_is_visited() {
    // The valley is a thousandth deep; the rounding of the sum with 2^20 is 2^-33. What counted as equal before, a share of the value,
    // was a tenth of the whole valley.
    let small = |x: &[f64], constant: f64| {
        let (value, gradient) = rosenbrock(x);
        (1e-3 * value + constant, gradient.iter().map(|g| 1e-3 * g).collect::<Vec<f64>>())
    };
    let visited = |constant: f64| {
        let mut points = Vec::new();
        let settings = LbfgsSettings { gradient_tolerance: 1e-7, ..LbfgsSettings::default() };
        let found = lbfgs(&[-1.2, 1.0], settings, |x| {
            points.push(x.to_vec());
            small(x, constant)
        });
        assert_eq!(found.outcome, LbfgsOutcome::Converged, "{constant}: {found:?}");
        points
    };
    let (plain, lifted) = (visited(0.0), visited(f64::from(1 << 20)));
    // Near the end the rounding of the lifted value decides differently: the first twenty points are far from it.
    for (a, b) in plain.iter().zip(&lifted).take(20) {
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4), "{a:?} {b:?}");
    }
    assert!(lifted.last().expect("a point").iter().all(|x| (x - 1.0).abs() < 1e-3), "{lifted:?}");
}

#[test]
fn steps_out_of_the_domain_are_shortened() {
    // x - ln x is infinite or undefined left of zero; the first full step from 10 lands far outside.
    let got = lbfgs(&[10.0], LbfgsSettings::default(), |x| (1e3 * (x[0] - x[0].ln()), vec![1e3 * (1.0 - 1.0 / x[0])]));
    assert_eq!(got.outcome, LbfgsOutcome::Converged);
    assert!((got.x[0] - 1.0).abs() < 1e-10);
}

#[test]
fn outcomes_are_told_apart() {
    let few = LbfgsSettings { iterations: 3, ..LbfgsSettings::default() };
    assert_eq!(lbfgs(&[-1.2, 1.0], few, rosenbrock).outcome, LbfgsOutcome::IterationLimit);
    let nan = lbfgs(&[0.5], few, |_| (f64::NAN, vec![0.0]));
    assert_eq!((nan.outcome, nan.x), (LbfgsOutcome::NonFinite, vec![0.5]));
    // A gradient of the wrong sign: no step along it lowers the value.
    let wrong = lbfgs(&[0.5], few, |x| (x[0] * x[0], vec![-2.0 * x[0]]));
    assert_eq!((wrong.outcome, wrong.value), (LbfgsOutcome::Stalled, 0.25));
    let hole = lbfgs(&[0.5], few, |x| if x[0] == 0.5 { (1.0, vec![1.0]) } else { (f64::NAN, vec![f64::NAN]) });
    assert_eq!((hole.outcome, hole.value), (LbfgsOutcome::Stalled, 1.0));
    let still = lbfgs(&[], few, |_| (1.0, vec![]));
    assert_eq!((still.outcome, still.iterations), (LbfgsOutcome::Converged, 0));
}
