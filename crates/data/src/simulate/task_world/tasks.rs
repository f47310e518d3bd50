//! The rows of one task: causes, target and what follows it.

use super::TaskWorldConfig;
use crate::matrix::Matrix;
use crate::stream::Stream;

/// Noise of the latents that follow the target.
const SPURIOUS_NOISE: f64 = 0.1;

/// Draws tasks, each from its own step of every stream.
pub(super) struct Tasks<'a> {
    config: &'a TaskWorldConfig,
    latents: usize,
    streams: [Stream; 6],
}

/// One task.
pub(super) struct Task {
    /// Which latents cause the target.
    pub is_cause: Vec<bool>,
    /// Effects on the target for causes, effects of the target for all others; in units of `latents`.
    pub coefficients: Vec<f64>,
    /// points x D.
    pub latents: Matrix<f64>,
    /// One per point.
    pub targets: Vec<f64>,
}

impl<'a> Tasks<'a> {
    pub fn new(config: &'a TaskWorldConfig, latents: usize) -> Self {
        let names = ["causes", "weights", "gammas", "target-sd", "latents", "target-noise"];
        let streams = names.map(|name| Stream::new(config.seed, &format!("task-world/{name}")));
        Self { config, latents, streams }
    }

    pub fn draw(&self, task: u32) -> Task {
        let [mut places, mut weights, mut gammas, mut sd, mut normals, mut noise] =
            self.streams.each_ref().map(|stream| stream.at(task));
        let (d, points) = (self.latents, self.config.points_per_task);
        let mut is_cause = vec![false; d];
        places.permutation(d).into_iter().take(self.config.causes).for_each(|place| is_cause[place] = true);
        let mut coefficients: Vec<f64> =
            is_cause.iter().map(|&cause| if cause { weights.normal() } else { 2.0 * gammas.uniform() - 1.0 }).collect();
        let sd = 2.0 + sd.uniform();
        let mut latents = Matrix::from_fn(points, d, |_, _| normals.normal());
        let targets = (0..points)
            .map(|i| {
                let z = latents.row_mut(i);
                let of_causes: f64 = (0..d).filter(|&j| is_cause[j]).map(|j| coefficients[j] * z[j]).sum();
                let y = of_causes + sd * noise.normal();
                for j in (0..d).filter(|&j| !is_cause[j]) {
                    z[j] = coefficients[j] * y + SPURIOUS_NOISE * z[j];
                }
                y
            })
            .collect();
        if self.config.standardize {
            for j in 0..d {
                let unit = standardise(&mut latents, j);
                coefficients[j] *= if is_cause[j] { unit } else { 1.0 / unit };
            }
        }
        Task { is_cause, coefficients, latents, targets }
    }
}

/// Column `j` at mean 0 and standard deviation 1; returns what the standard deviation (divided by n) was.
fn standardise(values: &mut Matrix<f64>, j: usize) -> f64 {
    let n = values.rows() as f64;
    let column = values.col(j);
    let mean = column.iter().sum::<f64>() / n;
    let sd = (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    (0..values.rows()).for_each(|i| values[(i, j)] = (values[(i, j)] - mean) / sd);
    sd
}
