//! Linear coefficient of determination: how much of each true latent a linear map of the estimated ones explains.
//!
//! - Formula: `1 - sum (z - fit)^2 / sum (z - mean z)^2` for each true latent, ordinary least squares with an intercept on
//!   all latents; the value is the plain mean over the true latents (scikit-learn's `uniform_average`).
//! - Range 0 to 1, 1 is best. Fitted and scored on the same rows: with few rows per latent it is high by chance alone.
//! - Repeated or constant latents are harmless. A constant true latent, no latent that varies, or no more rows than free
//!   coefficients: null and a reason.
//! - Invariant to every invertible affine map of the latents: 1 says that the right space was found, not the right axes.
//! - The direction of the pdGMM paper, latents explained by the truth, is `r2(latents, truth)`.
//! - Source: *Correlation and causation* (Wright, 1921), <https://naldc.nal.usda.gov/catalog/IND43966364>; conventions of
//!   scikit-learn's `r2_score`, <https://scikit-learn.org/stable/modules/model_evaluation.html>.

use crate::columns::{Correlation, UnitColumns, refuse_unpaired};
use crate::linear::LinearFit;
use crate::matching::mean_of;
use disentangle_data::{Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Linear R2. `value` is null where it is not defined, and then `reason` says why.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct R2 {
    /// Mean over the true latents, 0 to 1.
    pub value: Option<f64>,
    /// Why `value` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// R2 of each true latent; null where it is constant.
    pub per_latent: Vec<Option<f64>>,
}

/// R2 of `outputs` (n x d) explained by an affine map of `inputs` (n x e).
///
/// # Errors
/// `METRIC_SHAPE`, `DATA_NOT_FINITE`; `NUMERIC_NOT_FINITE` when the decomposition does not converge.
pub fn r2(outputs: &Matrix<f64>, inputs: &Matrix<f64>) -> Result<R2> {
    refuse_unpaired(&[("what is explained", outputs), ("what explains it", inputs)])?;
    let unit = UnitColumns::new(Correlation::Pearson, outputs);
    let undefined = |reason: String| R2 { value: None, reason: Some(reason), per_latent: vec![None; outputs.cols()] };
    let fit = LinearFit::new(inputs, &unit.values)?;
    if fit.rank == 0 {
        return Ok(undefined("every estimated latent is constant".into()));
    }
    if outputs.rows() <= fit.rank + 1 {
        return Ok(undefined(format!(
            "{} rows fit {} coefficients perfectly whatever they are",
            outputs.rows(),
            fit.rank + 1
        )));
    }
    let fitted = fit.predict(inputs);
    let per_latent: Vec<Option<f64>> = (0..outputs.cols())
        .map(|j| {
            // The columns have length 1, so the residual is already the unexplained share.
            let residual: f64 = (0..outputs.rows()).map(|i| (unit.values[(i, j)] - fitted[(i, j)]).powi(2)).sum();
            (!unit.constant[j]).then(|| (1.0 - residual).clamp(0.0, 1.0))
        })
        .collect();
    let reason = unit.constant.iter().position(|&c| c).map(|j| format!("true latent {j} is constant"));
    Ok(R2 { value: mean_of(&per_latent), reason, per_latent })
}
