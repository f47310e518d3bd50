//! The density that the model gives to codes.

use super::moments::{Moments, Points};
use super::solve::{NOISE, UNMIXING};
use disentangle_data::{Matrix, Result};
use disentangle_engine::method::State;
use disentangle_engine::train;
use disentangle_numerics::linalg::{apply, dot, inverse, log_abs_det, product};

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
    /// Of what was solved: the variances of latents in each task, tasks x k, and where noise was found the map that leaves it in.
    /// `inputs` and `latents` (n x k) belong to all kept rows, `moments` are those of the latents on the rows `train` that were
    /// fitted, `map` (k x d) gave the latents.
    ///
    /// # Errors
    /// Those of encoding.
    pub fn of(
        state: &State,
        map: &Matrix<f64>,
        variances: Matrix<f64>,
        (inputs, latents): (&Matrix, &Matrix),
        (train, moments): (&[Points], &[Moments]),
    ) -> Result<Self> {
        let (Some(size), Some(unmixing)) = (state.solved.get(NOISE), state.solved.get(UNMIXING)) else {
            return Ok(Self::new(map, latents.clone(), moments.to_vec(), variances, None));
        };
        let codes = train::codes(state, inputs)?.to_f64();
        let noisy = product(&codes, &unmixing.transposed()).map(|v| v as f32);
        let moments = train.iter().map(|points| Moments::of(&noisy, points)).collect();
        Ok(Self::new(unmixing, noisy, moments, variances, Some(size[(0, 0)])))
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

    /// n x k: latents of all rows, noise and all.
    pub fn latents(&self) -> &Matrix {
        &self.latents
    }

    /// Their moments in each task over the rows that were fitted.
    pub fn moments(&self) -> &[Moments] {
        &self.moments
    }

    /// Share of the variance of each latent given target and task that is no noise, tasks x k; `None` without noise.
    pub fn kept(&self) -> Option<Matrix<f64>> {
        let share = |noise: &Matrix<f64>| {
            let (tasks, k) = (self.variances.rows(), self.variances.cols());
            Matrix::from_fn(tasks, k, |t, i| self.variances[(t, i)] / (self.variances[(t, i)] + noise[(i, i)]))
        };
        self.noise.as_ref().map(share)
    }

    /// Mean log density of rows per row, in the space that the map keeps, with the slopes of the rows that were fitted; `None`
    /// without rows.
    pub fn mean_log(&self, points: &[Points]) -> Option<f64> {
        let k = self.variances.cols();
        let (mut sum, mut rows) = (0.0, 0);
        for (t, points) in points.iter().enumerate() {
            let (moments, variances) = (&self.moments[t], self.variances.row(t));
            let slopes = moments.slopes();
            let (log_det, precision) = match &self.noise {
                None => (variances.iter().map(|v| v.ln()).sum::<f64>(), None),
                Some(noise) => {
                    let p = Matrix::from_fn(k, k, |i, j| noise[(i, j)] + if i == j { variances[i] } else { 0.0 });
                    (log_abs_det(&p), Some(inverse(&p).ok()?))
                }
            };
            let mut errors = vec![0.0; k];
            for (&row, y) in points.rows.iter().zip(&points.targets) {
                for (i, error) in errors.iter_mut().enumerate() {
                    *error = f64::from(self.latents[(row, i)]) - moments.code[i] - slopes[i] * (y - moments.target);
                }
                let form = match &precision {
                    None => errors.iter().zip(variances).map(|(e, v)| e * e / v).sum(),
                    Some(inverse) => dot(&errors, &apply(inverse, &errors)),
                };
                sum -= 0.5 * (log_det + form);
            }
            rows += points.rows.len();
        }
        (rows > 0).then(|| sum / rows as f64 + self.volume - 0.5 * k as f64 * std::f64::consts::TAU.ln())
    }
}
