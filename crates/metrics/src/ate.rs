//! Error of the effects of the latents on the target, environment by environment.
//!
//! - Formula: in each of 10 random environments, ordinary least squares with an intercept of the target on the estimated
//!   latents and on the true ones; the value is the mean over environments of `1/d sum_i (|b_i| - |bhat_p(i)|)^2` with the
//!   matching p of the Pearson MCC. Latents, true and estimated, are first brought to mean 0 and standard deviation 1 over
//!   all scored rows, so that effects are per standard deviation.
//! - Range 0 upwards in squared units of the target, 0 is best.
//! - A true latent without a match has the estimated effect 0. Rows with a missing (NaN) target are left out.
//! - Only environments with at least two rows more than latents are drawn; one in which a latent does not vary gives null. No
//!   environment left, or no matching: null and a reason.
//! - Invariant to order, sign, scale and shift of the latents.
//! - Source: *Sparsity regularization via tree-structured environments for disentangled representations* (Layne, Hartford,
//!   Lachapelle, Blanchette, Sridhar, 2024), "causal effects", <https://arxiv.org/abs/2405.20482>.
//!   The paper does not say whether the true latents are normalised as well; here they are, so that scales agree.

use crate::columns::{Correlation, UnitColumns, refuse_infinite_targets, refuse_unequal, refuse_unpaired};
use crate::linear::LinearFit;
use crate::matching::mean_of;
use disentangle_data::{Labels, Matrix, Result, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Environments drawn, as in the paper.
const ENVIRONMENTS: usize = 10;

/// Error of the effects of the latents on the target.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ate {
    /// Mean over the environments that have a value.
    pub value: Option<f64>,
    /// Why `value` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The environments drawn, in order of the labels.
    pub per_environment: Vec<EnvironmentAte>,
}

/// Error of the effects in one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentAte {
    /// Its label.
    pub environment: String,
    /// Its rows that have a target.
    pub rows: usize,
    /// Mean squared difference of absolute effects; null where a latent does not vary within the environment.
    pub value: Option<f64>,
}

/// The error of the effects under a matching (`matching[i]` = column of the estimate for true latent i).
///
/// # Errors
/// `METRIC_SHAPE`, `DATA_NOT_FINITE`; `NUMERIC_NOT_FINITE` when a decomposition does not converge.
pub fn ate(
    truth: &Matrix<f64>,
    estimate: &Matrix<f64>,
    matching: &[Option<usize>],
    target: &[f64],
    environments: &Labels,
    seed: u64,
) -> Result<Ate> {
    refuse_unpaired(&[("true latents", truth), ("estimated latents", estimate)])?;
    refuse_unequal("targets", target.len(), truth.rows())?;
    refuse_unequal("environment labels", environments.codes.len(), truth.rows())?;
    refuse_infinite_targets(target)?;
    let unit = |m: &Matrix<f64>| UnitColumns::new(Correlation::Pearson, m).standardised();
    let (z, zhat) = (unit(truth), unit(estimate));
    let mut rows_of = vec![Vec::new(); environments.levels.len()];
    for (i, &code) in environments.codes.iter().enumerate().filter(|&(i, _)| !target[i].is_nan()) {
        rows_of[code as usize].push(i);
    }
    let fewest = truth.cols().max(estimate.cols()) + 2;
    let usable: Vec<usize> = (0..rows_of.len()).filter(|&e| rows_of[e].len() >= fewest).collect();
    let mut drawn = Stream::new(seed, "ate").permutation(usable.len());
    drawn.truncate(ENVIRONMENTS);
    drawn.sort_unstable();
    let mut per_environment = Vec::with_capacity(drawn.len());
    for e in drawn.into_iter().map(|k| usable[k]) {
        let rows = &rows_of[e];
        let y = Matrix::from_fn(rows.len(), 1, |i, _| target[rows[i]]);
        let (real, found) = (effects(&z.select_rows(rows), &y)?, effects(&zhat.select_rows(rows), &y)?);
        let value = real.zip(found).map(|(real, found)| {
            let error = |(b, pair): (&f64, &Option<usize>)| (b - pair.map_or(0.0, |j| found[j])).powi(2);
            real.iter().zip(matching).map(error).sum::<f64>() / real.len() as f64
        });
        per_environment.push(EnvironmentAte { environment: environments.levels[e].clone(), rows: rows.len(), value });
    }
    let defined: Vec<Option<f64>> = per_environment.iter().map(|e| e.value).filter(Option::is_some).collect();
    let value = mean_of(&defined);
    let reason = match (value, per_environment.is_empty()) {
        (Some(_), _) => None,
        (None, true) => Some(format!("no environment has the {fewest} rows with a target that are needed")),
        (None, false) => Some("in each environment drawn, some latent does not vary on its own".to_owned()),
    };
    Ok(Ate { value, reason, per_environment })
}

/// Absolute effect of each latent on `y`; `None` where they do not vary independently.
fn effects(latents: &Matrix<f64>, y: &Matrix<f64>) -> Result<Option<Vec<f64>>> {
    let fit = LinearFit::new(latents, y)?;
    Ok((fit.rank == latents.cols()).then(|| fit.coefficients.data().iter().map(|b| b.abs()).collect()))
}
