//! Maximum likelihood of the factor model `x = mean + L z + e`, z ~ N(0, I), e ~ N(0, diag psi).

use crate::linalg::{inverse, product, sign_of_largest, symmetric_eigen};
use crate::moments::{covariance_of_rows, means_of_rows};
use disentangle_data::{Matrix, Result};
use std::f64::consts::TAU;

/// When the iteration ends.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Iterations, at most.
    pub iterations: usize,
    /// Converged when no noise variance moves by more in an iteration, in units of the variance of its input.
    pub tolerance: f64,
    /// Least noise variance, in the same units.
    pub least_noise: f64,
}

/// Where the iteration stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Iterations so far.
    pub iterations: usize,
    /// How far the noise variances moved in the last one, as in [`Limits::tolerance`].
    pub change: f64,
    /// Mean log-likelihood of a training row before it.
    pub log_likelihood: f64,
}

/// A fitted factor model.
#[derive(Debug, Clone)]
pub struct FactorModel {
    /// Means of the inputs, d.
    pub mean: Vec<f64>,
    /// Variances of the inputs, d.
    pub variances: Vec<f64>,
    /// L, d x k. Factors from the largest share of variance beside noise down; the largest loading of each is positive.
    pub loadings: Matrix<f64>,
    /// psi, d.
    pub noise: Vec<f64>,
}

/// What the likelihood sees of the training rows.
struct Moments {
    mean: Vec<f64>,
    /// Variances, d.
    variances: Vec<f64>,
    spread: Spread,
}

/// How inputs vary together: the smaller of two descriptions.
enum Spread {
    /// Their covariance, d x d.
    Inputs(Matrix<f64>),
    /// Rows less their means, n x d, where there are fewer rows than inputs.
    Rows(Matrix<f64>),
}

impl Moments {
    fn of(inputs: &Matrix, rows: &[usize]) -> Self {
        let (n, d) = (rows.len(), inputs.cols());
        let mean = means_of_rows(inputs, rows);
        if n >= d {
            let covariance = covariance_of_rows(inputs, rows);
            let variances = (0..d).map(|j| covariance[(j, j)]).collect();
            return Self { mean, variances, spread: Spread::Inputs(covariance) };
        }
        let centred = Matrix::from_fn(n, d, |i, j| f64::from(inputs[(rows[i], j)]) - mean[j]);
        let variances = (0..d).map(|j| (0..n).map(|i| centred[(i, j)].powi(2)).sum::<f64>() / n as f64).collect();
        Self { mean, variances, spread: Spread::Rows(centred) }
    }

    /// The `k` largest eigenvalues, descending, of the covariance of inputs over their noise, and its eigenvectors (k x d).
    fn leading(&self, k: usize, noise: &[f64]) -> Result<(Vec<f64>, Matrix<f64>)> {
        let scale: Vec<f64> = noise.iter().map(|psi| 1.0 / psi.sqrt()).collect();
        let d = scale.len();
        match &self.spread {
            Spread::Inputs(covariance) => {
                let scaled = Matrix::from_fn(d, d, |i, j| covariance[(i, j)] * scale[i] * scale[j]);
                let (values, vectors) = symmetric_eigen(&scaled)?;
                let values = values.into_iter().rev().take(k).map(|v| v.max(0.0)).collect();
                Ok((values, Matrix::from_fn(k, d, |f, j| vectors[(j, d - 1 - f)])))
            }
            // Products of rows have the same eigenvalues, and eigenvectors that the rows turn into those of the inputs.
            Spread::Rows(centred) => {
                let n = centred.rows();
                let scaled = Matrix::from_fn(n, d, |i, j| centred[(i, j)] * scale[j]);
                let (values, vectors) =
                    symmetric_eigen(&product(&scaled, &scaled.transposed()).map(|sum| sum / n as f64))?;
                let values: Vec<f64> = (0..k).map(|f| if f < n { values[n - 1 - f].max(0.0) } else { 0.0 }).collect();
                let left = Matrix::from_fn(k, n, |f, i| if f < n { vectors[(i, n - 1 - f)] } else { 0.0 });
                let right = product(&left, &scaled);
                let unit = |f: usize| if values[f] > 0.0 { 1.0 / (n as f64 * values[f]).sqrt() } else { 0.0 };
                let vectors = Matrix::from_fn(k, d, |f, j| right[(f, j)] * unit(f));
                Ok((values, vectors))
            }
        }
    }
}

/// The loadings that are best under given noise variances, and the mean log-likelihood of a row under both.
fn best_loadings(moments: &Moments, k: usize, noise: &[f64]) -> Result<(Matrix<f64>, f64)> {
    let (values, vectors) = moments.leading(k, noise)?;
    let d = noise.len();
    let loadings = Matrix::from_fn(d, k, |j, f| noise[j].sqrt() * (values[f] - 1.0).max(0.0).sqrt() * vectors[(f, j)]);
    let total: f64 = moments.variances.iter().zip(noise).map(|(variance, psi)| variance / psi).sum();
    let explained = |&theta: &f64| if theta > 1.0 { theta - 1.0 } else { 0.0 };
    let trace = total - values.iter().map(explained).sum::<f64>();
    let log_det = noise.iter().map(|psi| psi.ln()).sum::<f64>() + values.iter().map(|v| v.max(1.0).ln()).sum::<f64>();
    Ok((loadings, -0.5 * (d as f64 * TAU.ln() + log_det + trace)))
}

/// Fits `k` factors to rows of the inputs (no column constant over them) by expectation maximisation whose step for the loadings is
/// taken to its end: given the noise they are an eigen-decomposition. `look` sees every iteration and may stop; what stands then is
/// returned.
///
/// # Errors
/// `NUMERIC_NOT_FINITE`.
pub fn maximise(
    inputs: &Matrix,
    rows: &[usize],
    k: usize,
    limits: Limits,
    mut look: impl FnMut(&Standing) -> bool,
) -> Result<(FactorModel, Standing)> {
    let moments = Moments::of(inputs, rows);
    // All variance is noise: one and the same beginning for every unit of the inputs.
    let mut noise = moments.variances.clone();
    let mut standing = Standing { iterations: 0, change: f64::INFINITY, log_likelihood: f64::NEG_INFINITY };
    while standing.iterations < limits.iterations && standing.change > limits.tolerance {
        let (loadings, log_likelihood) = best_loadings(&moments, k, &noise)?;
        let mut change = 0f64;
        for (j, variance) in moments.variances.iter().enumerate() {
            let common: f64 = loadings.row(j).iter().map(|l| l * l).sum();
            // The bound belongs to the step: each psi has a likelihood of its own with one maximum.
            let psi = (variance - common).max(limits.least_noise * variance);
            change = change.max((psi - noise[j]).abs() / variance);
            noise[j] = psi;
        }
        standing = Standing { iterations: standing.iterations + 1, change, log_likelihood };
        if !look(&standing) {
            break;
        }
    }
    let (loadings, log_likelihood) = best_loadings(&moments, k, &noise)?;
    let Moments { mean, variances, .. } = moments;
    let model = FactorModel { mean, variances, loadings: signed(&loadings), noise };
    Ok((model, Standing { log_likelihood, ..standing }))
}

/// The same factors with the sign that makes the largest loading of each positive.
pub fn signed(loadings: &Matrix<f64>) -> Matrix<f64> {
    let signs: Vec<f64> = (0..loadings.cols()).map(|f| sign_of_largest(loadings.col(f))).collect();
    Matrix::from_fn(loadings.rows(), loadings.cols(), |j, f| signs[f] * loadings[(j, f)])
}

impl FactorModel {
    /// `I + L' psi^-1 L`, k x k: the precision of the latents of a row given its inputs.
    fn precision(&self) -> Matrix<f64> {
        let k = self.loadings.cols();
        Matrix::from_fn(k, k, |a, b| {
            let shared = (0..self.noise.len()).map(|j| self.loadings[(j, a)] * self.loadings[(j, b)] / self.noise[j]);
            shared.sum::<f64>() + f64::from(u8::from(a == b))
        })
    }

    /// The map (k x d) and the offset (k) from inputs to the means of the latents given them.
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR`.
    pub fn posterior(&self) -> Result<(Matrix<f64>, Vec<f64>)> {
        let (d, k) = (self.noise.len(), self.loadings.cols());
        let weighted = Matrix::from_fn(k, d, |f, j| self.loadings[(j, f)] / self.noise[j]);
        let map = product(&inverse(&self.precision())?, &weighted);
        let offset =
            (0..k).map(|f| -map.row(f).iter().zip(&self.mean).map(|(m, mean)| m * mean).sum::<f64>()).collect();
        Ok((map, offset))
    }

    /// Mean log-likelihood of given rows of the inputs.
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR`, `NUMERIC_NOT_FINITE`.
    pub fn log_likelihood(&self, inputs: &Matrix, rows: &[usize]) -> Result<f64> {
        let (n, d, k) = (rows.len(), self.noise.len(), self.loadings.cols());
        let precision = self.precision();
        let log_det = symmetric_eigen(&precision)?.0.into_iter().map(f64::ln).sum::<f64>()
            + self.noise.iter().map(|psi| psi.ln()).sum::<f64>();
        let covariance = inverse(&precision)?;
        let mut squares = 0.0;
        for &i in rows {
            let apart: Vec<f64> = inputs.row(i).iter().zip(&self.mean).map(|(&x, mean)| f64::from(x) - mean).collect();
            let seen: Vec<f64> =
                (0..k).map(|f| (0..d).map(|j| self.loadings[(j, f)] * apart[j] / self.noise[j]).sum()).collect();
            let shared: f64 = (0..k).map(|a| seen[a] * (0..k).map(|b| covariance[(a, b)] * seen[b]).sum::<f64>()).sum();
            squares += apart.iter().zip(&self.noise).map(|(x, psi)| x * x / psi).sum::<f64>() - shared;
        }
        Ok(-0.5 * (d as f64 * TAU.ln() + log_det + squares / n as f64))
    }

    /// The inputs whose noise variance stands at its bound (Heywood cases): factors explain all that they may.
    pub fn at_bound(&self, least_noise: f64) -> Vec<usize> {
        let bound = |j: usize| least_noise * self.variances[j] * (1.0 + 1e-9);
        (0..self.noise.len()).filter(|&j| self.noise[j] <= bound(j)).collect()
    }
}
