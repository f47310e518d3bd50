//! Against golden/metrics.json, written by golden/metrics.py with NumPy, SciPy, scikit-learn and statsmodels.

use crate::{BARE, assert_close};
use disentangle_data::{Labels, Matrix};
use disentangle_metrics::{ChangesInput, Correlation, LinearFit, assign, ate, changes, correlation, mcc, r2, weak_mcc};
use serde_json::Value;

pub fn golden() -> Value {
    serde_json::from_str(include_str!("../../../../golden/metrics.json")).expect("the golden file is JSON")
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

pub fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(|v| v.as_f64().expect("a number")).collect()
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

pub fn matrix(value: &Value) -> Matrix<f64> {
    let rows: Vec<Vec<f64>> = list(value).iter().map(numbers).collect();
    Matrix::new(rows.len(), rows[0].len(), rows.concat()).expect("a rectangular array")
}

pub fn flags(value: &Value) -> Vec<bool> {
    list(value).iter().map(|v| v.as_bool().expect("a flag")).collect()
}

pub fn marks(value: &Value) -> Matrix<bool> {
    let rows: Vec<Vec<bool>> = list(value).iter().map(flags).collect();
    Matrix::new(rows.len(), rows[0].len(), rows.concat()).expect("a rectangular array")
}

pub fn matching(value: &Value) -> Vec<Option<usize>> {
    list(value).iter().map(|j| j.as_u64().map(|j| j as usize)).collect()
}

#[test]
fn correlations_matchings_and_mcc_agree_with_scipy() {
    for case in list(&golden()["cases"]) {
        let (z, zhat) = (matrix(&case["truth"]), matrix(&case["latents"]));
        for (key, kind) in [("pearson", Correlation::Pearson), ("spearman", Correlation::Spearman)] {
            let (what, expected) = (format!("{}, {key}", case["name"]), &case[key]);
            let found = correlation(kind, &z, &zhat).expect("finite");
            // atol: rounding of sums over 60 rows.
            for (c, e) in found.data().iter().zip(matrix(&expected["correlation"]).data()) {
                assert_close(c.expect("no column is constant"), *e, 1e-13, &what);
            }
            let score = mcc(kind, &z, &zhat, BARE).expect("finite");
            assert_close(score.value.expect("defined"), number(&expected["value"]), 1e-13, &what);
            assert_eq!(score.matching, matching(&expected["matching"]), "{what}");
            for (c, e) in score.per_latent.iter().zip(numbers(&expected["perLatent"])) {
                assert_close(c.expect("defined"), e, 1e-13, &what);
            }
        }
    }
}

#[test]
fn canonical_correlations_and_weak_mcc_agree_with_scikit_learn() {
    for case in list(&golden()["cases"]) {
        let weak = weak_mcc(&matrix(&case["truth"]), &matrix(&case["latents"])).expect("finite");
        let what = format!("weak, {}", case["name"]);
        // atol: scikit-learn iterates to 1e-14 in the squared change of its weights, about 1e-7 in the weights.
        for (c, e) in weak.canonical.iter().zip(numbers(&case["weak"]["canonical"])) {
            assert_close(*c, e, 1e-6, &what);
        }
        assert_eq!(weak.canonical.len(), list(&case["weak"]["canonical"]).len());
        // atol: near-ties of a variate may change places in the ranks.
        assert_close(weak.value.expect("defined"), number(&case["weak"]["value"]), 1e-4, &what);
    }
}

#[test]
fn r2_agrees_with_scikit_learn_in_both_directions() {
    for case in list(&golden()["cases"]) {
        let (z, zhat) = (matrix(&case["truth"]), matrix(&case["latents"]));
        for (key, outputs, inputs) in [("r2", &z, &zhat), ("r2Reverse", &zhat, &z)] {
            let found = r2(outputs, inputs).expect("finite");
            assert_close(found.value.expect("defined"), number(&case[key]["value"]), 1e-12, key);
            for (c, e) in found.per_latent.iter().zip(numbers(&case[key]["perLatent"])) {
                assert_close(c.expect("defined"), e, 1e-12, key);
            }
        }
    }
}

#[test]
fn assignments_cost_what_scipy_finds() {
    for case in list(&golden()["assignments"]) {
        let cost = matrix(&case["cost"]);
        let found = assign(&cost).expect("finite");
        let certificate = found.certify(&cost);
        assert!(certificate.holds(), "{}: {certificate:?}", case["name"]);
        assert_close(found.cost, number(&case["total"]), certificate.tolerance, "total");
    }
}

#[test]
fn least_squares_agrees_with_scikit_learn() {
    let case = &golden()["regression"];
    let fit = LinearFit::new(&matrix(&case["inputs"]), &matrix(&case["outputs"])).expect("finite");
    // Scales of the inputs span four orders of magnitude; tolerance relative to each coefficient.
    let expected = matrix(&case["coefficients"]);
    for (c, e) in fit.coefficients.data().iter().zip(expected.data()) {
        assert_close(*c, *e, 1e-11 * e.abs().max(1.0), "coefficient");
    }
    for (c, e) in fit.intercept.iter().zip(numbers(&case["intercept"])) {
        assert_close(*c, e, 1e-10 * e.abs().max(1.0), "intercept");
    }
}

#[test]
fn repeated_and_constant_inputs_fit_as_numpy_fits_them() {
    let case = &golden()["repeatedColumns"];
    let (x, y) = (matrix(&case["inputs"]), matrix(&case["outputs"]));
    let fit = LinearFit::new(&x, &y).expect("finite");
    assert_eq!(fit.rank as u64, case["rank"].as_u64().expect("a count"));
    for (c, e) in fit.predict(&x).data().iter().zip(matrix(&case["fitted"]).data()) {
        assert_close(*c, *e, 1e-12, "fitted");
    }
    assert_close(r2(&y, &x).expect("finite").value.expect("defined"), number(&case["r2"]), 1e-12, "r2");
}

#[test]
fn effects_and_errors_by_environment_agree_with_scikit_learn() {
    let case = &golden()["effects"];
    let codes: Vec<u32> = numbers(&case["codes"]).iter().map(|&c| c as u32).collect();
    let labels = Labels { column: "site".into(), levels: (0..6).map(|e| format!("site {e}")).collect(), codes };
    let (z, zhat, y) = (matrix(&case["truth"]), matrix(&case["latents"]), numbers(&case["target"]));
    let found = ate(&z, &zhat, &matching(&case["matching"]), &y, &labels, 0).expect("finite");
    let expected = numbers(&case["ate"]);
    assert_eq!(found.per_environment.len(), expected.len());
    for (c, e) in found.per_environment.iter().zip(&expected) {
        assert_close(c.value.expect("defined"), *e, 1e-11, &c.environment);
    }
    let mean = expected.iter().sum::<f64>() / expected.len() as f64;
    assert_close(found.value.expect("defined"), mean, 1e-11, "effects");
}

#[test]
fn recovered_changes_agree_with_scikit_learn() {
    let case = &golden()["changes"];
    let input =
        ChangesInput { truth: matrix(&case["truth"]), real: marks(&case["real"]), observed: flags(&case["observed"]) };
    let found = changes(&input, &matching(&case["matching"])).expect("the shapes agree");
    for (name, value) in [("precision", found.precision), ("recall", found.recall), ("f1", found.f1)] {
        assert_close(value.expect("defined"), number(&case[name]), 1e-15, name);
    }
}
