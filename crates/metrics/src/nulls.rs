//! What the same truth would score without having been found: the three yardsticks beside every score.
//!
//! - `unrelated`: rows of the estimate permuted, matched anew. A score near it means nothing was found.
//! - `rotation`: a uniformly random orthogonal rotation of the standardised truth. What an estimate gets that finds the
//!   right subspace and no axes.
//! - `linear`: the best linear map from the estimated latents to the truth, fitted on a random half of the rows and scored
//!   on the other. An upper reference: how good it could be if what is left to undo were linear.
//!
//! Each keeps the rule of the score (kind of correlation, matching, unmatched true latents count 0). To stay cheap at any
//! size, `unrelated` uses at most 20,000 rows and the other two at most 4,000, drawn at random; with more rows the true
//! `unrelated` null is a little lower than shown.

use crate::bootstrap::quantile;
use crate::columns::{Correlation, FEWEST_ROWS, UnitColumns, correlations, product, sampled_rows};
use crate::effort::Effort;
use crate::linear::LinearFit;
use crate::matching::Matching;
use crate::matching::mcc_value;
use disentangle_data::orthonormal::random_rotation;
use disentangle_data::{Matrix, Result, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const ROWS_PERMUTED: usize = 20_000;
const ROWS_MAPPED: usize = 4_000;

/// A distribution of a score under a null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NullScore {
    /// Mean over the draws.
    pub mean: f64,
    /// Standard deviation over the draws (divisor: draws).
    pub sd: f64,
    /// 95 % quantile over the draws, interpolated linearly.
    pub q95: f64,
    /// Number of draws.
    pub draws: u32,
    /// What this null stands for, in one or two sentences.
    pub explanation: String,
}

/// The three nulls of a score; null where the score itself is not defined or there are too few rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Nulls {
    /// Latents that have nothing to do with the truth.
    pub unrelated: Option<NullScore>,
    /// A random rotation of the truth.
    pub rotation: Option<NullScore>,
    /// The best linear map from the estimated latents to the truth, out of sample: an upper reference.
    pub linear: Option<NullScore>,
}

/// All three nulls. Matrices must be finite and of equal rows.
pub(crate) fn nulls(kind: Correlation, truth: &Matrix<f64>, estimate: &Matrix<f64>, effort: Effort) -> Result<Nulls> {
    Ok(Nulls {
        unrelated: unrelated(kind, truth, estimate, effort)?,
        rotation: rotation(kind, truth, effort)?,
        linear: linear(kind, truth, estimate, effort)?,
    })
}

fn unrelated(
    kind: Correlation,
    truth: &Matrix<f64>,
    estimate: &Matrix<f64>,
    effort: Effort,
) -> Result<Option<NullScore>> {
    let stream = Stream::new(effort.seed, "unrelated");
    let rows = sampled_rows(truth.rows(), ROWS_PERMUTED, &mut Stream::new(effort.seed, "unrelated rows"));
    let z = UnitColumns::new(kind, &truth.select_rows(&rows));
    let mut zhat = UnitColumns::new(kind, &estimate.select_rows(&rows));
    let unpermuted = zhat.values.clone();
    summarise(
        effort.draws,
        "The estimated latents with their rows shuffled: what latents score that know nothing.",
        |draw| {
            zhat.values = unpermuted.select_rows(&stream.at(draw).permutation(rows.len()));
            Ok(Matching::best(&correlations(&z, &zhat))?.mean())
        },
    )
}

fn rotation(kind: Correlation, truth: &Matrix<f64>, effort: Effort) -> Result<Option<NullScore>> {
    let stream = Stream::new(effort.seed, "nulls/rotation");
    let rows = sampled_rows(truth.rows(), ROWS_MAPPED, &mut Stream::new(effort.seed, "nulls/rotation rows"));
    let truth = truth.select_rows(&rows);
    let unit = UnitColumns::new(Correlation::Pearson, &truth);
    let z = UnitColumns::new(kind, &truth);
    let explanation = "The truth turned by a random rotation: what latents score that span the right space but mix the \
                       axes.";
    summarise(effort.draws, explanation, |draw| {
        let turned = product(&unit.values, &random_rotation(truth.cols(), &mut stream.at(draw)));
        Ok(Matching::best(&correlations(&z, &UnitColumns::new(kind, &turned)))?.mean())
    })
}

fn linear(kind: Correlation, truth: &Matrix<f64>, estimate: &Matrix<f64>, effort: Effort) -> Result<Option<NullScore>> {
    let stream = Stream::new(effort.seed, "linear");
    let rows = sampled_rows(truth.rows(), ROWS_MAPPED, &mut Stream::new(effort.seed, "linear rows"));
    // With no more rows than coefficients every map fits perfectly and predicts nothing.
    if rows.len() / 2 <= (estimate.cols() + 1).max(FEWEST_ROWS) {
        return Ok(None);
    }
    let (truth, estimate) = (truth.select_rows(&rows), estimate.select_rows(&rows));
    let explanation = "The best linear map from the estimated latents to the truth, fitted on half of the rows and scored \
                       on the rest: how good it could be if the remaining ambiguity were linear.";
    summarise(effort.draws, explanation, |draw| {
        let order = stream.at(draw).permutation(rows.len());
        let (fitted, scored) = order.split_at(rows.len() / 2);
        let fit = LinearFit::new(&estimate.select_rows(fitted), &truth.select_rows(fitted))?;
        mcc_value(kind, &truth.select_rows(scored), &fit.predict(&estimate.select_rows(scored)))
    })
}

/// Mean, spread and quantile of the draws; `None` without draws or where one is not defined.
fn summarise(draws: u32, explanation: &str, draw: impl FnMut(u32) -> Result<Option<f64>>) -> Result<Option<NullScore>> {
    let scores: Option<Vec<f64>> = (0..draws).map(draw).collect::<Result<Option<Vec<f64>>>>()?;
    let Some(mut scores) = scores.filter(|s| !s.is_empty()) else {
        return Ok(None);
    };
    scores.sort_by(f64::total_cmp);
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let sd = (scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n).sqrt();
    let q95 = quantile(&scores, 0.95).expect("there is at least one draw");
    Ok(Some(NullScore { mean, sd, q95, draws, explanation: explanation.to_owned() }))
}
