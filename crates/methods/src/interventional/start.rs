//! What the noise-aware model stands on: which inputs and environments take part, and the linear answer that it starts from.

use super::arrangement::Arrangement;
use disentangle_data::{Matrix, Result};
use disentangle_engine::method::State;
use disentangle_numerics::linalg::{inverse, product};
use disentangle_numerics::single_change::Moments;
use std::collections::BTreeMap;

/// Names of solved results. 2 x d: mean and standard deviation of each input in the reference.
pub const SCALE: &str = "reference-scale";
/// 1 x the used inputs: their places.
pub const USED: &str = "nonlinear-inputs";
/// Fitted environments x 3: place, latent that it changes (-1: the reference, which comes first), share of the training rows.
pub const FITTED: &str = "nonlinear-environments";
/// k x d, k x d, 1 x d, d x d, 1 x changes; gone after training. Latents of inputs, inputs of latents with their intercept, the triangular factor
/// of the precision of what these leave, the mean of the changed latent in each environment.
pub const ENCODER: &str = "start-encoder";
pub const DECODER: &str = "start-decoder";
pub const INTERCEPT: &str = "start-intercept";
pub const NOISE: &str = "start-noise";
pub const SHIFTS: &str = "start-shifts";

/// Added to the variance of what the linear answer leaves, in units of the reference.
const LEFT: f64 = 0.02;

/// The inputs and environments that take part.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    pub inputs: Vec<usize>,
    pub scale: (Vec<f64>, Vec<f64>),
    pub reference: usize,
    /// Place of each environment that changes a latent, and the latent.
    pub changes: Vec<(usize, usize)>,
    /// Shares of the training rows: the reference, then those that change a latent.
    pub shares: Vec<f64>,
}

impl Start {
    /// As it was kept; `None` where it was not.
    pub fn of(solved: &BTreeMap<String, Matrix<f64>>) -> Option<Self> {
        let (scale, used, fitted) = (solved.get(SCALE)?, solved.get(USED)?, solved.get(FITTED)?);
        let place = |at: usize| fitted[(at, 0)] as usize;
        Some(Self {
            inputs: used.row(0).iter().map(|&j| j as usize).collect(),
            scale: (scale.row(0).to_vec(), scale.row(1).to_vec()),
            reference: place(0),
            changes: (1..fitted.rows()).map(|at| (place(at), fitted[(at, 1)] as usize)).collect(),
            shares: fitted.col(2),
        })
    }

    pub fn latents(&self) -> usize {
        self.changes.iter().map(|&(_, latent)| latent + 1).max().unwrap_or(0)
    }

    pub fn is_fitted(&self, environment: usize) -> bool {
        environment == self.reference || self.changes.iter().any(|&(at, _)| at == environment)
    }
}

/// Keeps where the descents start: at latents (k x all inputs, in units of the reference) of unit variance there.
///
/// # Errors
/// `NUMERIC_SINGULAR`.
pub fn keep(latents: &Matrix<f64>, arrangement: &Arrangement, state: &mut State) -> Result<()> {
    let (used, (mean, unit)) = (&arrangement.usable, &arrangement.scale);
    let d = used.len();
    let (environments, targets) = arrangement.fitted();
    let parts: Vec<&Moments> = environments.iter().map(|&u| arrangement.at(u)).collect();
    let rows: f64 = parts.iter().map(|part| part.rows).sum();
    let fitted = Matrix::from_fn(parts.len(), 3, |at, column| match column {
        0 => environments[at] as f64,
        1 => targets[at].map_or(-1.0, |latent| latent as f64),
        _ => parts[at].rows / rows,
    });
    let pooled = Moments::pooled(parts.iter().copied());
    let of_latents = pooled.mapped(latents);
    let back = product(&product(&pooled.covariance, &latents.transposed()), &inverse(&of_latents.covariance)?);
    let explained = product(&product(&back, &of_latents.covariance), &back.transposed());
    let left = Matrix::from_fn(d, d, |i, j| {
        let at = (used[i], used[j]);
        pooled.covariance[at] - explained[at] + if i == j { LEFT } else { 0.0 }
    });
    let intercept = |j: usize| {
        let of_mean: f64 = of_latents.mean.iter().enumerate().map(|(l, mean)| back[(j, l)] * mean).sum();
        pooled.mean[j] - of_mean
    };
    let shifts: Vec<f64> = parts
        .iter()
        .zip(&targets)
        .filter_map(|(part, target)| target.map(|latent| part.mapped(latents).mean[latent]))
        .collect();
    let k = latents.rows();
    for (name, matrix) in [
        (SCALE, Matrix::from_fn(2, mean.len(), |row, j| if row == 0 { mean[j] } else { unit[j] })),
        (USED, Matrix::from_fn(1, d, |_, j| used[j] as f64)),
        (FITTED, fitted),
        (ENCODER, Matrix::from_fn(k, d, |i, j| latents[(i, used[j])])),
        (DECODER, Matrix::from_fn(k, d, |i, j| back[(used[j], i)])),
        (INTERCEPT, Matrix::from_fn(1, d, |_, j| intercept(used[j]))),
        (NOISE, whitening(&left)),
        (SHIFTS, Matrix::new(1, shifts.len(), shifts)?),
    ] {
        state.solved.insert(name.into(), matrix);
    }
    Ok(())
}

/// Forgets where the descents started.
pub fn forget(state: &mut State) {
    for name in [ENCODER, DECODER, INTERCEPT, NOISE, SHIFTS] {
        state.solved.remove(name);
    }
}

/// The lower triangular W with W S W' = 1, with the logarithms of its diagonal in their place: the factor that the decoder starts from.
fn whitening(covariance: &Matrix<f64>) -> Matrix<f64> {
    let d = covariance.rows();
    let mut w = Matrix::<f64>::zeros(d, d);
    // Row i: input i less its regression on those before it, which the rows above have made uncorrelated.
    for i in 0..d {
        let mut row = vec![0.0; d];
        row[i] = 1.0;
        for above in 0..i {
            let shared: f64 = (0..=above).map(|j| w[(above, j)] * covariance[(i, j)]).sum();
            (0..=above).for_each(|j| row[j] -= shared * w[(above, j)]);
        }
        let variance: f64 = (0..=i).map(|j| row[j] * covariance[(i, j)]).sum();
        let scale = 1.0 / variance.max(LEFT * 1e-3).sqrt();
        w.row_mut(i).iter_mut().zip(&row).for_each(|(w, row)| *w = row * scale);
    }
    (0..d).for_each(|i| w[(i, i)] = w[(i, i)].ln());
    w
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_makes_a_covariance_white() {
        let root = Matrix::from_fn(4, 4, |i, j| ((i * 7 + j * 3) % 5) as f64 / 3.0 + if i == j { 2.0 } else { 0.0 });
        let covariance = product(&root, &root.transposed());
        let mut w = whitening(&covariance);
        (0..4).for_each(|i| w[(i, i)] = w[(i, i)].exp());
        let white = product(&product(&w, &covariance), &w.transposed());
        for (at, value) in white.data().iter().enumerate() {
            assert!((value - f64::from(u8::from(at % 5 == 0))).abs() < 1e-10, "{white:?}");
        }
        assert!((0..4).all(|i| (i + 1..4).all(|j| w[(i, j)] == 0.0)));
    }
}
