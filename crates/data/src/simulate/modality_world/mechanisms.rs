//! How latents follow their parents, each scaled to unit variance.

use super::{Mechanism, ModalityWorldConfig, leaky};
use crate::matrix::Matrix;
use crate::stream::Stream;

/// Rows that mean and standard deviation of the mechanisms are taken over.
const REFERENCE: usize = 4096;
/// Hidden units of a random network.
const HIDDEN: usize = 8;

/// All that is drawn once.
pub(super) struct Mechanisms {
    /// Parents of each latent.
    pub parents: Vec<Vec<usize>>,
    latents: Vec<Latent>,
}

/// One latent: its function of its parents, and its noise.
struct Latent {
    mechanism: Mechanism,
    weights: Vec<f64>,
    network: Option<Network>,
    mean: f64,
    sd: f64,
    noise: f64,
}

/// `tanh(x A + b) c`.
struct Network {
    inner: Matrix<f64>,
    shift: Vec<f64>,
    outer: Vec<f64>,
}

impl Mechanisms {
    pub fn draw(config: &ModalityWorldConfig, parents: Vec<Vec<usize>>) -> Self {
        let stream = |name: &str| Stream::new(config.seed, &format!("modality-world/{name}"));
        let (mut weights, networks, reference) = (stream("weights"), stream("networks"), stream("reference"));
        let mut latents: Vec<Latent> = Vec::with_capacity(parents.len());
        let mut sample: Vec<Vec<f64>> = Vec::with_capacity(parents.len());
        for (i, own) in parents.iter().enumerate() {
            let weight = |_: &usize| {
                let size = config.weight_least + (config.weight_most - config.weight_least) * weights.uniform();
                if weights.below(2) == 0 { -size } else { size }
            };
            let mut latent = Latent {
                mechanism: config.mechanism,
                weights: own.iter().map(weight).collect(),
                network: (config.mechanism == Mechanism::Mlp && !own.is_empty())
                    .then(|| Network::draw(own.len(), &mut networks.at(i as u32))),
                mean: 0.0,
                sd: 1.0,
                noise: if own.is_empty() { 1.0 } else { noise(config, i % config.latents_per_modality) },
            };
            if !own.is_empty() {
                let values: Vec<f64> = (0..REFERENCE).map(|row| latent.raw(own, |j| sample[j][row])).collect();
                let (mean, sd) = moments(&values);
                latent = Latent { mean, sd, ..latent };
            }
            let mut own_noise = reference.at(i as u32);
            sample.push(
                (0..REFERENCE)
                    .map(|row| latent.value(own, |j| sample[j][row]) + latent.noise * own_noise.normal())
                    .collect(),
            );
            latents.push(latent);
        }
        Self { parents, latents }
    }

    /// Latents of one row, and the noises of their mechanisms.
    pub fn sample(&self, noise: &mut Stream) -> (Vec<f64>, Vec<f64>) {
        let own: Vec<f64> = self.latents.iter().map(|latent| latent.noise * noise.normal()).collect();
        let mut z = vec![0.0; own.len()];
        for (i, (latent, parents)) in self.latents.iter().zip(&self.parents).enumerate() {
            z[i] = latent.value(parents, |j| z[j]) + own[i];
        }
        (z, own)
    }

    /// Weight of each edge i -> j at (i, j).
    pub fn weights(&self) -> Matrix {
        let mut graph = Matrix::zeros(self.latents.len(), self.latents.len());
        for (i, (latent, parents)) in self.latents.iter().zip(&self.parents).enumerate() {
            parents.iter().zip(&latent.weights).for_each(|(&from, &weight)| graph[(from, i)] = weight as f32);
        }
        graph
    }
}

/// Standard deviation of the noise of latent `own` of a modality.
fn noise(config: &ModalityWorldConfig, own: usize) -> f64 {
    let steps = config.latents_per_modality.saturating_sub(1).max(1) as f64;
    config.noise_first + (config.noise_last - config.noise_first) * own as f64 / steps
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
}

impl Latent {
    /// What the parents give, before it is scaled.
    fn raw(&self, parents: &[usize], z: impl Fn(usize) -> f64) -> f64 {
        if let Some(network) = &self.network {
            let scaled: Vec<f64> = parents.iter().zip(&self.weights).map(|(&j, weight)| weight * z(j)).collect();
            return network.value(&scaled);
        }
        parents.iter().zip(&self.weights).map(|(&j, weight)| weight * self.mechanism.value(z(j))).sum()
    }

    /// What the parents give: mean 0, and with the noise unit variance.
    fn value(&self, parents: &[usize], z: impl Fn(usize) -> f64) -> f64 {
        if parents.is_empty() {
            return 0.0;
        }
        (1.0 - self.noise * self.noise).sqrt() * (self.raw(parents, z) - self.mean) / self.sd
    }
}

impl Mechanism {
    /// The function of one parent.
    fn value(self, a: f64) -> f64 {
        match self {
            Mechanism::Monotone => a + 0.5 * (2.0 * a).sin(),
            Mechanism::Linear => a,
            Mechanism::Tanh => (1.5 * a).tanh(),
            Mechanism::Sine => (1.5 * a).sin(),
            Mechanism::Leaky => leaky(a),
            Mechanism::Mlp => unreachable!("a network sees all parents at once"),
        }
    }
}

impl Network {
    fn draw(parents: usize, stream: &mut Stream) -> Self {
        let mut normals = |rows: usize, cols: usize| Matrix::from_fn(rows, cols, |_, _| stream.normal());
        Self {
            inner: normals(parents, HIDDEN),
            shift: normals(1, HIDDEN).into_data(),
            outer: normals(1, HIDDEN).into_data(),
        }
    }

    fn value(&self, x: &[f64]) -> f64 {
        let unit = |h: usize| {
            let sum: f64 = x.iter().enumerate().map(|(i, x)| x * self.inner[(i, h)]).sum();
            self.outer[h] * (sum + self.shift[h]).tanh()
        };
        (0..HIDDEN).map(unit).sum()
    }
}
