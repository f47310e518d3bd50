//! Weak mean correlation coefficient: agreement of two representations up to a linear map.
//!
//! - Formula: canonical correlation analysis with `min(d, e)` components, both sides projected on their canonical variates,
//!   then the mean |Spearman| of the variates matched one to one.
//! - Range 0 to 1, 1 is best. In sample: with few rows per latent it is high by chance alone.
//! - Canonical variates are unique up to sign where canonical correlations differ; any basis within equal ones.
//! - A constant column, a side that spans fewer than `min(d, e)` directions, or no more rows than latents: null and a reason.
//! - Invariant to every invertible affine map of either side.
//! - Source: *ICE-BeeM: identifiable conditional energy-based deep models based on nonlinear ICA* (Khemakhem, Monti, Kingma,
//!   Hyvarinen, 2020), <https://arxiv.org/abs/2002.11537>; canonical variates: *Relations between two sets of variates*
//!   (Hotelling, 1936), <https://doi.org/10.2307/2333955>.

use crate::columns::{Correlation, UnitColumns, correlations, inner_products, product, refuse_unpaired, view};
use crate::linear::Span;
use crate::matching::Matching;
use crate::matching::why_undefined;
use disentangle_data::{Code, Failure, Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Agreement up to a linear map. `value` is null where it is not defined, and then `reason` says why.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WeakMcc {
    /// Mean |Spearman| of the matched canonical variates, 0 to 1.
    pub value: Option<f64>,
    /// Why `value` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Canonical correlations (Pearson), largest first; empty where `value` is null.
    pub canonical: Vec<f64>,
}

/// Variates are ranked in so many steps of their length: those of equal rows differ by rounding, and share a rank.
const STEPS: f64 = 1e9;

/// The weak mean correlation coefficient of two representations (n x d and n x e) of the same rows.
///
/// # Errors
/// `METRIC_SHAPE`, `DATA_NOT_FINITE`; `NUMERIC_NOT_FINITE` when a decomposition does not converge.
pub fn weak_mcc(a: &Matrix<f64>, b: &Matrix<f64>) -> Result<WeakMcc> {
    refuse_unpaired(&[("first representation", a), ("second representation", b)])?;
    let unit = [UnitColumns::new(Correlation::Pearson, a), UnitColumns::new(Correlation::Pearson, b)];
    let undefined = |reason: String| WeakMcc { reason: Some(reason), ..WeakMcc::default() };
    if let Some(reason) = why_undefined(a.rows(), &unit[0], &unit[1]) {
        return Ok(undefined(reason));
    }
    let components = a.cols().min(b.cols());
    let most = a.cols().max(b.cols());
    if a.rows() <= most + 1 {
        return Ok(undefined(format!("{} rows fit {most} latents perfectly whatever they are", a.rows())));
    }
    let spans = [Span::new(&unit[0])?, Span::new(&unit[1])?];
    for (which, span) in ["true", "estimated"].iter().zip(&spans) {
        let rank = span.basis.cols();
        if rank < components {
            return Ok(undefined(format!("the {which} latents span {rank} directions, {components} are needed")));
        }
    }
    let between = inner_products(&spans[0].basis, &spans[1].basis);
    let svd = view(&between).thin_svd().map_err(|_| {
        Failure::new(Code::NumericNotFinite, "the canonical correlations of two representations were not found")
    })?;
    let left = Matrix::from_fn(between.rows(), components, |i, k| svd.U()[(i, k)]);
    let right = Matrix::from_fn(between.cols(), components, |i, k| svd.V()[(i, k)]);
    let variates = [product(&spans[0].basis, &left), product(&spans[1].basis, &right)];
    let ranked = variates.map(|v| UnitColumns::new(Correlation::Spearman, &v.map(|v| (v * STEPS).round())));
    Ok(WeakMcc {
        value: Matching::best(&correlations(&ranked[0], &ranked[1]))?.mean(),
        reason: None,
        canonical: svd.S().column_vector().iter().take(components).map(|s| s.min(1.0)).collect(),
    })
}
