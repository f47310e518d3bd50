//! What the moments of a task say of each latent, once the map is known.

use super::groups::{Groups, Seen};
use super::moments::Moments;
use disentangle_data::Matrix;
use disentangle_numerics::linalg::{dot, solve_positive};

/// Variance of causal latents given the target: the unit of the latents.
pub const CAUSAL_VARIANCE: f64 = 1.0;

/// Evidence on every latent in every task; all matrices are tasks x k.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Variance that the target leaves unexplained.
    pub residuals: Matrix<f64>,
    /// Slope of the latent on the target.
    pub slopes: Matrix<f64>,
    /// `rows / 2 * (log sigma_s^2 + r / sigma_s^2 - r)`: log-likelihood of c = 1 less that of c = 0, all else at its best.
    ///
    /// Neither hypothesis has a free variance, so no chi-square limit of Wilks applies: where latents are causal,
    /// `rows * r` is chi-square with rows - 2 degrees of freedom, where they are spurious `rows * r / sigma_s^2` is, and the
    /// ratio is an affine map of it.
    pub log_ratios: Matrix<f64>,
    /// Probability of being causal; see [`Groups`].
    pub probabilities: Matrix<f64>,
    /// The two groups behind the probabilities.
    pub groups: Groups,
}

impl Evidence {
    /// From the moments of latents in each task; `spurious` is the variance sigma_s^2, `kept` the share of each variance given the
    /// target that is no noise, tasks x k; all of it where there is none.
    pub fn of(moments: &[Moments], spurious: f64, kept: Option<&Matrix<f64>>) -> Self {
        let k = moments.first().map_or(0, |m| m.code.len());
        let slopes: Vec<Vec<f64>> = moments.iter().map(Moments::slopes).collect();
        let residuals = Matrix::from_fn(moments.len(), k, |t, i| {
            let left = (moments[t].codes[(i, i)] - slopes[t][i] * moments[t].both[i]).max(0.0);
            kept.map_or(left, |kept| left * kept[(t, i)])
        });
        let log_ratios = Matrix::from_fn(moments.len(), k, |t, i| {
            let r = residuals[(t, i)];
            0.5 * moments[t].rows as f64 * (spurious.ln() + r / spurious - CAUSAL_VARIANCE.ln() - r / CAUSAL_VARIANCE)
        });
        let seen = |(t, i): (usize, usize)| Seen::of(slopes[t][i] * moments[t].both[i], residuals[(t, i)]);
        let all: Vec<Seen> = (0..moments.len()).flat_map(|t| (0..k).map(move |i| (t, i))).map(seen).collect();
        let rows = moments.iter().map(|m| m.rows).sum::<usize>() as f64 / moments.len().max(1) as f64;
        let groups = Groups::of(&all, rows);
        let probabilities = all.iter().map(|&seen| groups.causal_probability(seen)).collect();
        Self {
            residuals,
            slopes: Matrix::from_fn(moments.len(), k, |t, i| slopes[t][i]),
            log_ratios,
            probabilities: Matrix::new(moments.len(), k, probabilities).expect("one per task and latent"),
            groups,
        }
    }
}

/// c of the model at the best variance: `(v - sigma_s^2) / (1 - sigma_s^2)`, v the residual within its bounds.
pub fn soft_indicators(residuals: &Matrix<f64>, spurious: f64) -> Matrix<f64> {
    residuals.map(|r| (r.clamp(spurious, CAUSAL_VARIANCE) - spurious) / (CAUSAL_VARIANCE - spurious))
}

/// Variances of latents given target and task from c.
pub fn variances(indicators: &Matrix<f64>, spurious: f64) -> Matrix<f64> {
    indicators.map(|c| spurious * (1.0 - c) + CAUSAL_VARIANCE * c)
}

/// Regression of the target on the latents that are called causal: their weights, 0 for all others.
///
/// `None` where a task has no more rows than causal latents and its mean, or they are collinear.
pub fn causal_weights(moments: &Moments, causal: &[bool]) -> Option<Vec<f64>> {
    let chosen: Vec<usize> = (0..causal.len()).filter(|&i| causal[i]).collect();
    if chosen.len() + 1 >= moments.rows {
        return None;
    }
    let mut weights = vec![0.0; causal.len()];
    if !chosen.is_empty() {
        let a = Matrix::from_fn(chosen.len(), chosen.len(), |i, j| moments.codes[(chosen[i], chosen[j])]);
        let b: Vec<f64> = chosen.iter().map(|&i| moments.both[i]).collect();
        let solved = solve_positive(&a, &b).ok()?;
        chosen.iter().zip(solved).for_each(|(&i, w)| weights[i] = w);
    }
    Some(weights)
}

/// Share of the target's variance over the rows behind `moments` that `weights` explain; `None` where it does not vary.
pub fn explained(moments: &Moments, weights: &[f64]) -> Option<f64> {
    let Moments { codes, both, targets, .. } = moments;
    let quadratic: f64 = (0..weights.len()).map(|i| weights[i] * dot(codes.row(i), weights)).sum();
    (*targets > 0.0).then(|| (2.0 * dot(weights, both) - quadratic) / targets)
}
