//! R2 of kernel ridge regression: how much of each true latent a smooth map of the estimated ones explains.
//!
//! - Formula: `1 - sum (z - f)^2 / sum (z - mean z)^2` for each true latent, `f = K (K + I)^-1 z` with
//!   `k(a, b) = exp(-|a - b|^2 / e)` on e estimated latents and true ones that are both standardised; scikit-learn's
//!   `KernelRidge(alpha=1, kernel="rbf")`. The value is the plain mean over the true latents.
//! - `value` is fitted and scored on the same rows, as studies of several modalities print it: it counts what rows have by themselves as well.
//!   `out_of_sample` is fitted on a random half of the rows and scored on the other one.
//! - Range 0 to 1, 1 is best; below 0 counts as 0. At most 1,000 rows, drawn at random: the system has as many unknowns.
//! - A constant true latent, no latent that varies, or fewer than six rows: null and a reason.
//! - Invariant to the order, signs, scales and origins of the latents. Not to rotations: they are standardised one by one.
//! - Source: *Identifiability results for multimodal contrastive learning* (Daunhawer et al., 2023), <https://arxiv.org/abs/2303.09166>.

use crate::columns::{Correlation, FEWEST_ROWS, UnitColumns, refuse_unpaired};
use crate::matching::mean_of;
use disentangle_data::{Code, Failure, Matrix, Result, Stream};
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rows that are looked at, at most.
const MOST_ROWS: usize = 1000;
/// What is added to the diagonal of the kernel.
const RIDGE: f64 = 1.0;

/// R2 of kernel ridge regression. `value` is null where it is not defined, and then `reason` says why.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KernelR2 {
    /// Mean over the true latents on the rows that it was fitted to, 0 to 1.
    pub value: Option<f64>,
    /// The same on a half of the rows that it was not fitted to.
    pub out_of_sample: Option<f64>,
    /// Why `value` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// In sample, of each true latent; null where it is constant.
    pub per_latent: Vec<Option<f64>>,
    /// Out of sample, of each true latent.
    pub per_latent_out_of_sample: Vec<Option<f64>>,
    /// Rows that were looked at.
    pub rows: usize,
}

/// R2 of `truth` (n x d) explained by a smooth map of `estimate` (n x e).
///
/// # Errors
/// `METRIC_SHAPE`, `DATA_NOT_FINITE`; `NUMERIC_NOT_FINITE` when the system cannot be solved.
pub fn kernel_r2(truth: &Matrix<f64>, estimate: &Matrix<f64>, seed: u64) -> Result<KernelR2> {
    refuse_unpaired(&[("what is explained", truth), ("what explains it", estimate)])?;
    let mut rows = Stream::new(seed, "kernel r2").permutation(truth.rows());
    rows.truncate(MOST_ROWS);
    let undefined = |reason: String| KernelR2 {
        reason: Some(reason),
        per_latent: vec![None; truth.cols()],
        per_latent_out_of_sample: vec![None; truth.cols()],
        rows: rows.len(),
        ..KernelR2::default()
    };
    if rows.len() < 2 * FEWEST_ROWS {
        return Ok(undefined(format!("{} rows are too few to hold a half of them back", rows.len())));
    }
    let (first, second) = rows.split_at(rows.len() / 2);
    let (Some(inside), Some(outside)) =
        (explained(truth, estimate, &rows, None)?, explained(truth, estimate, first, Some(second))?)
    else {
        return Ok(undefined("every estimated latent is constant".into()));
    };
    let reason = inside.iter().position(Option::is_none).map(|j| format!("true latent {j} is constant"));
    Ok(KernelR2 {
        value: mean_of(&inside),
        out_of_sample: mean_of(&outside),
        reason,
        per_latent: inside,
        per_latent_out_of_sample: outside,
        rows: rows.len(),
    })
}

/// R2 of each true latent: fitted on some rows and scored on `held`, or on the same ones. `None`: no estimated latent varies.
fn explained(
    truth: &Matrix<f64>,
    estimate: &Matrix<f64>,
    fitted: &[usize],
    held: Option<&[usize]>,
) -> Result<Option<Vec<Option<f64>>>> {
    let scored = held.unwrap_or(fitted);
    let (truths, estimates) = ([fitted, scored].map(|rows| truth.select_rows(rows)), estimate.select_rows(fitted));
    let [given, wanted] = [&estimates, &truths[0]].map(|columns| UnitColumns::new(Correlation::Pearson, columns));
    let kept = given.varying();
    if kept.is_empty() {
        return Ok(None);
    }
    let [here, there] = [estimates, estimate.select_rows(scored)].map(|of| given.standardise(&of).select_cols(&kept));
    let [z, target] = truths.each_ref().map(|of| wanted.standardise(of));
    let n = fitted.len();
    let mut kernel = Mat::from_fn(n, n, |i, j| likeness(here.row(i), here.row(j)));
    (0..n).for_each(|i| kernel[(i, i)] += RIDGE);
    let singular =
        |_| Failure::new(Code::NumericNotFinite, "a kernel ridge regression met numbers that are not finite");
    let dual = kernel.llt(Side::Lower).map_err(singular)?.solve(Mat::from_fn(n, z.cols(), |i, j| z[(i, j)]));
    let across = Mat::from_fn(scored.len(), n, |i, j| likeness(there.row(i), here.row(j)));
    let found = across * dual;
    let varies = UnitColumns::new(Correlation::Pearson, &truths[1]);
    let of = |j: usize| {
        if wanted.constant[j] || varies.constant[j] {
            return None;
        }
        let mean = target.col(j).iter().sum::<f64>() / scored.len() as f64;
        let whole: f64 = target.col(j).iter().map(|v| (v - mean).powi(2)).sum();
        let left: f64 = (0..scored.len()).map(|i| (target[(i, j)] - found[(i, j)]).powi(2)).sum();
        Some((1.0 - left / whole).clamp(0.0, 1.0))
    };
    Ok(Some((0..truth.cols()).map(of).collect()))
}

fn likeness(a: &[f64], b: &[f64]) -> f64 {
    let distance: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
    (-distance / a.len() as f64).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn numbers(value: &Value) -> Vec<f64> {
        match value {
            Value::Array(list) => list.iter().flat_map(numbers).collect(),
            other => vec![other.as_f64().expect("a number")],
        }
    }

    fn matrix(value: &Value) -> Matrix<f64> {
        let (all, rows) = (numbers(value), value.as_array().expect("rows").len());
        Matrix::new(rows, all.len() / rows, all).expect("a table")
    }

    #[test]
    fn it_agrees_with_scikit_learn_in_sample_and_on_rows_that_were_held_back() {
        let golden: Value = serde_json::from_str(include_str!("../../../golden/kernel_ridge.json")).expect("JSON");
        for case in golden["cases"].as_array().expect("cases") {
            let (z, zhat) = (matrix(&case["truth"]), matrix(&case["latents"]));
            let all: Vec<usize> = (0..z.rows()).collect();
            let (first, second) = all.split_at(z.rows() / 2);
            let parts =
                [("inSample", explained(&z, &zhat, &all, None)), ("halves", explained(&z, &zhat, first, Some(second)))];
            for (key, found) in parts {
                let found = found.expect("finite").expect("latents vary");
                for (got, want) in found.iter().zip(numbers(&case[key])) {
                    let (got, want) = (got.expect("defined"), want.max(0.0));
                    assert!((got - want).abs() < 1e-10, "{}, {key}: {got} is not {want}", case["name"]);
                }
            }
        }
    }

    #[test]
    fn smooth_maps_are_seen_noise_is_not_and_in_sample_it_flatters() {
        let mut stream = Stream::new(3, "test/kernel");
        let z = Matrix::from_fn(1200, 2, |_, _| stream.normal());
        let noise = Matrix::from_fn(1200, 2, |_, _| stream.normal());
        let bent = z.map(|v| (0.7 * v).sinh());
        let good = kernel_r2(&z, &bent, 0).expect("finite");
        assert_eq!(good.rows, 1000);
        assert!(good.value.expect("defined") > 0.97 && good.out_of_sample.expect("defined") > 0.9, "{good:?}");
        let none = kernel_r2(&z, &noise, 0).expect("finite");
        let (inside, outside) = (none.value.expect("defined"), none.out_of_sample.expect("defined"));
        assert!(inside > 0.02 && outside < 0.01, "{inside} {outside}");
        let constant = kernel_r2(&z, &Matrix::from_fn(1200, 1, |_, _| 2.0), 0).expect("finite");
        assert!(constant.value.is_none() && constant.reason.is_some());
        let few = kernel_r2(&z.select_rows(&[0, 1, 2]), &bent.select_rows(&[0, 1, 2]), 0).expect("finite");
        assert!(few.value.is_none() && few.reason.expect("told").contains("3 rows"));
    }
}
