//! The density that the model gives to codes.

use super::evidence::CAUSAL_VARIANCE;
use super::moments::{Moments, Points};
use super::solve::{INDICATORS, NOISE, UNMIXING};
use crate::linalg::{apply, dot, inverse, log_abs_det, product};
use crate::method::{MAP, State};
use crate::train;
use disentangle_data::{Matrix, Result};

/// A fitted model: p(h | y, t) in the space of its latents, with their noise where there is some.
#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    /// n x k: latents of all rows, noise and all.
    latents: Matrix,
    /// Their moments in each task over the rows that were fitted.
    moments: Vec<Moments>,
    /// Variance of latents given target and task, tasks x k.
    variances: Matrix<f64>,
    /// Covariance of the noise in the latents, k x k.
    noise: Option<Matrix<f64>>,
    /// log volume of a latent's space per volume of the space of codes that the map keeps.
    volume: f64,
}

impl Density {
    /// Of what was solved; `inputs` and `latents` (n x k) belong to all kept rows, `moments` are those of the latents on the rows
    /// `train` that were fitted. `None` before anything was solved.
    ///
    /// # Errors
    /// Those of encoding.
    pub fn of(
        state: &State,
        inputs: &Matrix,
        latents: &Matrix,
        train: &[Points],
        moments: &[Moments],
        spurious: f64,
    ) -> Result<Option<Self>> {
        let solved = |name: &str| state.solved.get(name);
        let (Some(map), Some(indicators)) = (solved(MAP), solved(INDICATORS)) else { return Ok(None) };
        let variances = indicators.map(|c| spurious * (1.0 - c) + CAUSAL_VARIANCE * c);
        // The latents that are reported leave out as much noise as they can: the model is one of those with all of it.
        Ok(Some(match (solved(NOISE), solved(UNMIXING)) {
            (Some(size), Some(unmixing)) => {
                let codes = train::codes(state, inputs)?.to_f64();
                let noisy = product(&codes, &unmixing.transposed()).map(|v| v as f32);
                let moments = train.iter().map(|points| Moments::of(&noisy, points)).collect();
                Self::new(unmixing, noisy, moments, variances, Some(size[(0, 0)]))
            }
            _ => Self::new(map, latents.clone(), moments.to_vec(), variances, None),
        }))
    }

    /// Of the latents `map` h, k x d, with their moments and variances in each task, and the variance of the noise of h.
    pub fn new(
        map: &Matrix<f64>,
        latents: Matrix,
        moments: Vec<Moments>,
        variances: Matrix<f64>,
        noise: Option<f64>,
    ) -> Self {
        let spread = product(map, &map.transposed());
        let volume = 0.5 * log_abs_det(&spread);
        Self { latents, moments, variances, noise: noise.map(|size| spread.map(|v| v * size)), volume }
    }

    /// Mean log density of rows per row, in the space that the map keeps, with the slopes of the rows that were fitted; `None`
    /// without rows.
    pub fn mean_log(&self, points: &[Points]) -> Option<f64> {
        let k = self.variances.cols();
        let (mut sum, mut rows) = (0.0, 0);
        for (t, points) in points.iter().enumerate() {
            let (moments, variances) = (&self.moments[t], self.variances.row(t));
            let slopes = moments.slopes();
            let precision = match &self.noise {
                None => None,
                Some(noise) => {
                    let p = Matrix::from_fn(k, k, |i, j| noise[(i, j)] + if i == j { variances[i] } else { 0.0 });
                    Some((log_abs_det(&p), inverse(&p).ok()?))
                }
            };
            for (&row, y) in points.rows.iter().zip(&points.targets) {
                let error =
                    |i: usize| f64::from(self.latents[(row, i)]) - moments.code[i] - slopes[i] * (y - moments.target);
                sum -= 0.5
                    * match &precision {
                        None => (0..k).map(|i| variances[i].ln() + error(i).powi(2) / variances[i]).sum::<f64>(),
                        Some((log_det, inverse)) => {
                            let errors: Vec<f64> = (0..k).map(error).collect();
                            log_det + dot(&errors, &apply(inverse, &errors))
                        }
                    };
            }
            rows += points.rows.len();
        }
        (rows > 0).then(|| sum / rows as f64 + self.volume - 0.5 * k as f64 * std::f64::consts::TAU.ln())
    }
}
