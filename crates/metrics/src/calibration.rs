//! Calibration: whether what is called likely comes true as often as it is called likely.
//!
//! - Formula: expected calibration error, `sum over bins b of n_b / n |mean p in b - share of true in b|`, over ten bins of equal
//!   width; Brier score `1/n sum (p - y)^2`. The value is the largest error among the kinds of probabilities there are.
//! - Range 0 to 1, 0 is best. Beside it `byChance`: about the error that sound probabilities would have with so few entries, `sum over bins
//!   of sqrt(2/pi m_b (1 - m_b) n_b) / n`, m_b the mean probability: the mean size of a normal deviate with the spread of a share.
//! - A latent without a match takes no part: nobody said a probability for it.
//! - Invariant to order, sign, scale and shift of the latents, through the matching.
//! - Source: *Obtaining well calibrated probabilities using Bayesian binning* (Naeini, Cooper, Hauskrecht, 2015),
//!   <https://ojs.aaai.org/index.php/AAAI/article/view/9602>; *Verification of forecasts expressed in terms of probability* (Brier,
//!   1950), <https://doi.org/10.1175/1520-0493(1950)078%3C0001:VOFEIT%3E2.0.CO;2>.

use crate::confusion::share;
use disentangle_data::{Code, Failure, Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::FRAC_2_PI;

/// Bins of equal width between 0 and 1.
const BINS: usize = 10;

/// What a method says is how likely. Columns, or nodes, are its latents.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Probabilities {
    /// That a latent is switched off in a row, n x e.
    pub silence: Option<Matrix<f64>>,
    /// That a latent causes the target of a task, tasks x e.
    pub causes: Option<Matrix<f64>>,
    /// That there is an edge i -> j, e x e.
    pub edges: Option<Matrix<f64>>,
}

/// What is true of that, where it is known. Columns, or nodes, are the true latents.
#[derive(Debug, Clone, Copy, Default)]
pub struct Events<'a> {
    /// Whether a latent is switched off in a row, n x d.
    pub silence: Option<&'a Matrix<bool>>,
    /// Whether a latent causes the target of a task, tasks x d.
    pub causes: Option<&'a Matrix<bool>>,
    /// Weights of the true edges, 0 where there is none, d x d.
    pub edges: Option<&'a Matrix<f64>>,
}

/// Calibration of all probabilities that a method gave and whose truth is known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationScores {
    /// The largest expected calibration error of those below.
    pub value: Option<f64>,
    /// Why `value` is null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Of what is said of silent entries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub silence: Option<Calibration>,
    /// Of what is said of the causes of tasks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub causes: Option<Calibration>,
    /// Of what is said of the edges of the graph, over ordered pairs of latents.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub edges: Option<Calibration>,
}

/// How one kind of probabilities compares with what is true.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Calibration {
    /// Expected calibration error, 0 to 1; null of no entries.
    pub error: Option<f64>,
    /// About the error that sound probabilities would have by chance with so many entries.
    pub by_chance: Option<f64>,
    /// Brier score: mean squared difference of probability and truth, 0 to 1.
    pub brier: Option<f64>,
    /// The Brier score of whoever says the overall share each time.
    pub brier_of_share: Option<f64>,
    /// Entries compared.
    pub entries: usize,
    /// The reliability curve: bins that have entries, from the least probable up.
    pub bins: Vec<CalibrationBin>,
}

/// Entries of similar probability.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalibrationBin {
    /// Least probability of the bin; the greatest is .1 more.
    pub from: f64,
    /// Entries in it.
    pub entries: usize,
    /// Their mean probability.
    pub probability: f64,
    /// Share of them that is true.
    pub share: f64,
}

/// Compares what was said with what is true under a matching: `matching[i]` = column of the estimate for true latent i, `of_causes` that for
/// silence and edges, which belong to the latents before a rotation. `None` where nothing was said, or nothing is known.
///
/// # Errors
/// `METRIC_SHAPE` when rows, latents and matching do not fit, or a probability lies outside 0 to 1.
pub fn calibration(
    said: &Probabilities,
    known: Events<'_>,
    matching: &[Option<usize>],
    of_causes: &[Option<usize>],
) -> Result<Option<CalibrationScores>> {
    let by_column = |said: &Option<Matrix<f64>>, known: Option<&Matrix<bool>>, matching: &[Option<usize>]| {
        said.as_ref().zip(known).map(|(said, known)| columns(said, known, matching)).transpose()
    };
    let silence = by_column(&said.silence, known.silence, of_causes)?;
    let causes = by_column(&said.causes, known.causes, matching)?;
    let edges = said.edges.as_ref().zip(known.edges).map(|(said, known)| pairs(said, known, of_causes)).transpose()?;
    let kinds: Vec<&Calibration> = [&silence, &causes, &edges].into_iter().flatten().collect();
    if kinds.is_empty() {
        return Ok(None);
    }
    let value = kinds.iter().filter_map(|kind| kind.error).reduce(f64::max);
    let reason = value.is_none().then(|| "no latent that a probability was given for has a match".to_owned());
    Ok(Some(CalibrationScores { value, reason, silence, causes, edges }))
}

/// Of entries (row, true latent).
fn columns(said: &Matrix<f64>, known: &Matrix<bool>, matching: &[Option<usize>]) -> Result<Calibration> {
    if said.rows() != known.rows() || !fits(matching, known.cols(), said.cols()) {
        return refuse(said, (known.rows(), known.cols()), matching);
    }
    let matched: Vec<(usize, usize)> = pairs_of(matching).collect();
    of((0..known.rows()).flat_map(|row| matched.iter().map(move |&(i, j)| (said[(row, j)], known[(row, i)]))))
}

/// Of ordered pairs of different true latents.
fn pairs(said: &Matrix<f64>, known: &Matrix<f64>, matching: &[Option<usize>]) -> Result<Calibration> {
    let square = said.rows() == said.cols() && known.rows() == known.cols();
    if !square || !fits(matching, known.cols(), said.cols()) {
        return refuse(said, (known.rows(), known.cols()), matching);
    }
    let matched: Vec<(usize, usize)> = pairs_of(matching).collect();
    let ordered = matched.iter().flat_map(|from| matched.iter().map(move |to| (from, to)));
    of(ordered
        .filter(|(from, to)| from.0 != to.0)
        .map(|(from, to)| (said[(from.1, to.1)], known[(from.0, to.0)] != 0.0)))
}

fn pairs_of(matching: &[Option<usize>]) -> impl Iterator<Item = (usize, usize)> {
    matching.iter().enumerate().filter_map(|(i, match_)| match_.map(|j| (i, j)))
}

fn fits(matching: &[Option<usize>], truths: usize, columns: usize) -> bool {
    matching.len() == truths && matching.iter().flatten().all(|&j| j < columns)
}

fn refuse(said: &Matrix<f64>, known: (usize, usize), matching: &[Option<usize>]) -> Result<Calibration> {
    let (rows, cols) = (said.rows(), said.cols());
    let message =
        format!("probabilities {rows} x {cols}, truth {} x {}, matching of {}", known.0, known.1, matching.len());
    Err(Failure::new(Code::MetricShape, message)
        .hint("give one row for each row of the truth in the same order, and one column for each latent"))
}

/// Calibration of probabilities beside what is true.
///
/// # Errors
/// `METRIC_SHAPE` for a probability outside 0 to 1.
pub fn of(entries: impl Iterator<Item = (f64, bool)>) -> Result<Calibration> {
    let mut bins = [(0usize, 0.0, 0usize); BINS];
    let mut squares = 0.0;
    for (probability, is_true) in entries {
        if !(0.0..=1.0).contains(&probability) {
            return Err(Failure::new(Code::MetricShape, format!("a probability of {probability}, expected 0 to 1")));
        }
        let bin = &mut bins[((probability * BINS as f64) as usize).min(BINS - 1)];
        *bin = (bin.0 + 1, bin.1 + probability, bin.2 + usize::from(is_true));
        squares += (probability - f64::from(u8::from(is_true))).powi(2);
    }
    let n: usize = bins.iter().map(|(entries, ..)| entries).sum();
    let overall = share(bins.iter().map(|(.., true_ones)| true_ones).sum(), n);
    let mean = |sum: f64| (n > 0).then(|| sum / n as f64);
    let bins: Vec<CalibrationBin> = bins
        .iter()
        .enumerate()
        .filter(|(_, (entries, ..))| *entries > 0)
        .map(|(at, &(entries, sum, true_ones))| CalibrationBin {
            from: at as f64 / BINS as f64,
            entries,
            probability: sum / entries as f64,
            share: true_ones as f64 / entries as f64,
        })
        .collect();
    let summed = |f: &dyn Fn(&CalibrationBin) -> f64| bins.iter().map(f).sum::<f64>();
    Ok(Calibration {
        error: mean(summed(&|bin| bin.entries as f64 * (bin.probability - bin.share).abs())),
        by_chance: mean(summed(&|bin| {
            (FRAC_2_PI * bin.probability * (1.0 - bin.probability).max(0.0) * bin.entries as f64).sqrt()
        })),
        brier: mean(squares),
        brier_of_share: overall.map(|share| share * (1.0 - share)),
        entries: n,
        bins,
    })
}
