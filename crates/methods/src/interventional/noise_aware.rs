//! The noise-aware model: latents behind curved inputs whose noise depends on them.
//!
//! p(z | u): independent mixtures of Gaussians, one per latent, and one of its own for each environment that changes the latent.
//! p(x | z): Gaussian, its mean linear in z plus a network, its precision given by a full triangular factor that a network makes of z.
//! q(z | x): Gaussian, its mean linear in x plus a network, its covariance given by a full triangular factor that a network makes of x.
//! Minimised is minus the bound on log p(x | u) of one draw of q, then that of several (Burda, Grosse, Salakhutdinov 2015,
//! <https://arxiv.org/abs/1509.00519>). The code of a row is the mean of p(z | x), from weighted draws of q, with the prior a mixture over the
//! environments in the shares of their training rows, as the environment of a new row is not known; where it is, that of this environment.

mod settle;

pub use settle::settle;

use super::config::InterventionalConfig;
use super::start::{self, Start};
use disentangle_data::{Matrix, Stream};
use disentangle_engine::method::{Batch, Network, Phase, Term};
use disentangle_nn::{
    Activation, Error, Init, Mlp, Params, Result, Tensor, Var, dense, host, mixture_log_density, normals_like,
    triangular, triangular_log_det,
};
use std::collections::BTreeMap;

/// Name of the descent on the bound of one draw.
pub const BOUND: &str = "bound";
/// Name of the descent on that of several.
pub const WEIGHTED: &str = "weighted bound";

/// Draws from which the code of a row is computed, half of them mirror images of the others, and rows that are computed at once.
const DRAWS: usize = 64;
const BLOCK: usize = 64;
/// Noise that is added to the inputs in training, in standard deviations of the reference: an input that the latents determine, or that is
/// rounded, has no density.
const JITTER: f64 = 5e-3;
/// Standard deviation of q at the start, and its logarithm's place on the diagonal of the factor.
const SPREAD: f64 = 0.4;
/// Scale of inputs and latents in front of the networks, of the last weights at the start, and range of the log standard deviations.
const IN: f64 = 0.5;
const SMALL: f64 = 0.01;
const LOG_SDS: (f64, f64) = (-4.0, 3.0);
const HIDDEN: Activation = Activation::Elu;

/// The network.
#[derive(Debug)]
pub struct NoiseAware {
    encoder: Curve,
    decoder: Curve,
    mixtures: [Var; 3],
    start: Start,
    draws: usize,
    k: usize,
    d: usize,
}

/// A linear map plus a network, which gives a triangular factor as well.
#[derive(Debug)]
struct Curve {
    network: Mlp,
    weight: Var,
    bias: Var,
}

impl Curve {
    fn new(
        params: &mut Params,
        name: &str,
        hidden: &[usize],
        linear: (&Matrix<f64>, &[f64]),
        factor: &Matrix<f64>,
        seed: u64,
    ) -> Result<Self> {
        let (inputs, outputs) = (linear.0.rows(), linear.0.cols());
        let wide = outputs + outputs * outputs;
        let sizes: Vec<usize> = std::iter::once(inputs).chain(hidden.iter().copied()).chain([wide]).collect();
        let network = Mlp::new(params, name, &sizes, HIDDEN, Activation::Identity, seed)?;
        let last = params.get(&format!("{name}.{}.weight", hidden.len()))?;
        last.set(&(last.as_tensor() * SMALL)?.detach())?;
        let bias: Vec<f64> = std::iter::repeat_n(0.0, outputs).chain(factor.data().iter().copied()).collect();
        let last = params.get(&format!("{name}.{}.bias", hidden.len()))?;
        last.set(&host::placed(bias, wide, last)?)?;
        let weight = Init::Values(linear.0.data().to_vec());
        Ok(Self {
            network,
            weight: params.insert(&format!("{name}.linear.weight"), &[inputs, outputs], &weight, seed)?,
            bias: params.insert(&format!("{name}.linear.bias"), &[outputs], &Init::Values(linear.1.to_vec()), seed)?,
        })
    }

    /// Means (n, outputs) and factors (n, outputs, outputs), in candle's graph or outside of it.
    fn at(&self, x: &Tensor, graph: Graph) -> Result<(Tensor, Tensor)> {
        let (n, outputs) = (x.dim(0)?, self.bias.dims()[0]);
        let small = (x * IN)?;
        let (made, weight, bias) = match graph {
            Graph::Kept => {
                (self.network.forward(&small)?, self.weight.as_tensor().clone(), self.bias.as_tensor().clone())
            }
            Graph::None => (self.network.apply(&small)?, self.weight.detach(), self.bias.detach()),
        };
        let mean = (dense(x, &weight, &bias, Activation::Identity)? + made.narrow(1, 0, outputs)?)?;
        let factor = made.narrow(1, outputs, outputs * outputs)?.contiguous()?.reshape((n, outputs, outputs))?;
        Ok((mean, factor))
    }
}

/// What p(z | x) says of n rows.
#[derive(Debug)]
pub struct Posterior {
    /// Means (n, k) and covariances (n, k, k) of the latents.
    pub mean: Tensor,
    pub covariance: Tensor,
    /// The inputs less what the decoder makes of the latents, on average (n, d), in units of the reference.
    pub left: Tensor,
}

#[derive(Debug, Clone, Copy)]
enum Graph {
    Kept,
    None,
}

impl NoiseAware {
    /// Adds its parameters, with the values that the solved results start from, or any where these are gone: a trained model needs none.
    pub fn new(
        params: &mut Params,
        config: &InterventionalConfig,
        solved: &BTreeMap<String, Matrix<f64>>,
        seed: u64,
    ) -> Result<Self> {
        let start = Start::of(solved).ok_or_else(|| Error::Msg("the model lacks its environments".into()).bt())?;
        let (k, d, components) = (start.latents(), start.inputs.len(), config.mixture_components);
        let spread = Matrix::from_fn(k, k, |i, j| if i == j { SPREAD.ln() } else { 0.0 });
        let none = |rows, cols| Matrix::<f64>::zeros(rows, cols);
        let part = |name: &str, rows, cols| solved.get(name).cloned().unwrap_or_else(|| none(rows, cols));
        let encoder = part(start::ENCODER, k, d).transposed();
        let (decoder, intercept) = (part(start::DECODER, k, d), part(start::INTERCEPT, 1, d));
        let noise = part(start::NOISE, d, d);
        let encoder = Curve::new(params, "encoder", &config.hidden, (&encoder, &vec![0.0; k]), &spread, seed)?;
        let decoder = Curve::new(params, "decoder", &config.hidden, (&decoder, intercept.row(0)), &noise, seed)?;
        let rows = k + start.changes.len();
        let shifts = part(start::SHIFTS, 1, start.changes.len());
        let place = |c: usize| match components {
            1 => 0.0,
            _ => 3.0 * c as f64 / (components - 1) as f64 - 1.5,
        };
        let mut mean = Matrix::from_fn(rows, components, |_, c| place(c));
        for (change, &shift) in shifts.row(0).iter().enumerate() {
            mean.row_mut(k + change).iter_mut().for_each(|mean| *mean += shift);
        }
        let mut mixture =
            |name: &str, init: Init| params.insert(&format!("mixtures.{name}"), &[rows, components], &init, seed);
        let mixtures = [
            mixture("mean", Init::Values(mean.into_data()))?,
            mixture("logSd", Init::Constant(0.5f64.ln()))?,
            mixture("logit", Init::ZEROS)?,
        ];
        Ok(Self { encoder, decoder, mixtures, start, draws: config.importance_samples, k, d })
    }

    /// The used inputs, in units of the reference.
    fn seen(&self, inputs: &Tensor) -> Result<Tensor> {
        let (device, used) = (inputs.device(), &self.start.inputs);
        let row = |values: Vec<f64>| host::placed(values, (1, self.d), inputs);
        let index: Vec<u32> = used.iter().map(|&j| j as u32).collect();
        let chosen = inputs.index_select(&Tensor::from_vec(index, self.d, device)?, 1)?;
        let (mean, unit) = &self.start.scale;
        let (mean, unit): (Vec<f64>, Vec<f64>) = used.iter().map(|&j| (mean[j], 1.0 / unit[j])).unzip();
        chosen.broadcast_sub(&row(mean)?)?.broadcast_mul(&row(unit)?)
    }

    /// Means, log standard deviations and logits of all mixtures, side by side.
    fn table(&self, graph: Graph) -> Result<Tensor> {
        let [mean, log_sd, logit] = &self.mixtures;
        let table = Tensor::cat(&[mean.as_tensor(), &log_sd.clamp(LOG_SDS.0, LOG_SDS.1)?, logit.as_tensor()], 1)?;
        Ok(match graph {
            Graph::Kept => table,
            Graph::None => table.detach(),
        })
    }

    /// Rows of the table for the latents of one environment.
    fn mixtures_of(&self, environment: usize) -> Vec<u32> {
        let mut which: Vec<u32> = (0..self.k as u32).collect();
        for (change, &(at, latent)) in self.start.changes.iter().enumerate() {
            if at == environment {
                which[latent] = (self.k + change) as u32;
            }
        }
        which
    }

    /// Draws z (m n, k) of q with log q less log p(x | z), of inputs in units of the reference; `noise` is (m n, k).
    fn draw(&self, x: &Tensor, noise: &Tensor, m: usize, graph: Graph) -> Result<(Tensor, Tensor)> {
        let (mean, factor) = self.encoder.at(x, graph)?;
        let log_det = triangular_log_det(&factor)?;
        let (mean, factor, x, log_det) = match m {
            1 => (mean, factor, x.clone(), log_det),
            _ => (mean.repeat((m, 1))?, factor.repeat((m, 1, 1))?, x.repeat((m, 1))?, log_det.repeat(m)?),
        };
        let z = (mean + triangular(noise, &factor)?)?;
        let (mean, precision) = self.decoder.at(&z, graph)?;
        let white = triangular(&(x - mean)?, &precision)?;
        let likelihood = ((triangular_log_det(&precision)? - (white.sqr()?.sum(1)? * 0.5)?)?
            - 0.5 * self.d as f64 * std::f64::consts::TAU.ln())?;
        let entropy = ((log_det + (noise.sqr()?.sum(1)? * 0.5)?)? + 0.5 * self.k as f64 * std::f64::consts::TAU.ln())?;
        Ok((z, (likelihood + entropy)?))
    }

    /// Logarithms of the probabilities of all environments, the reference first, then as `Start::changes`: a row of them for each row
    /// whose environment is known or took no part in the fit, or one row for all.
    fn chances(&self, environments: Option<&[u32]>, like: &Tensor) -> Result<Tensor> {
        let unknown: Vec<f64> = self.start.shares.iter().map(|share| share.ln()).collect();
        let of = |&environment: &u32| {
            let environment = environment as usize;
            let changed = self.start.changes.iter().position(|&(at, _)| at == environment).map(|change| change + 1);
            let known = (environment == self.start.reference).then_some(0).or(changed);
            let only = |known| (0..unknown.len()).map(|at| if at == known { 0.0 } else { f64::NEG_INFINITY }).collect();
            known.map_or_else(|| unknown.clone(), only)
        };
        let rows = environments.map_or(1, <[u32]>::len);
        let flat: Vec<f64> = environments.map_or_else(|| unknown.clone(), |rows| rows.iter().flat_map(of).collect());
        host::placed(flat, (rows, unknown.len()), like)
    }

    /// log p(z), with the environment a mixture of these chances.
    fn prior(&self, z: &Tensor, chances: &Tensor) -> Result<Tensor> {
        let table = self.table(Graph::None)?;
        let n = z.dim(0)?;
        let reference = mixture_log_density(z, &table, (0..n).flat_map(|_| 0..self.k as u32).collect())?;
        let all = reference.sum_keepdim(1)?;
        let latents: Vec<u32> = self.start.changes.iter().map(|&(_, latent)| latent as u32).collect();
        let changes = latents.len();
        let latents = Tensor::from_vec(latents, changes, z.device())?;
        let which = (0..n).flat_map(|_| (self.k as u32)..(self.k + changes) as u32).collect();
        let changed = mixture_log_density(&z.index_select(&latents, 1)?.contiguous()?, &table, which)?;
        let changed = (changed - reference.index_select(&latents, 1)?)?.broadcast_add(&all)?;
        Tensor::cat(&[&all, &changed], 1)?.broadcast_add(chances)?.log_sum_exp(1)
    }

    /// What p(z | x) says of rows; with `environments`, as many as rows, p(z | x, u).
    pub fn posterior(&self, inputs: &Tensor, environments: Option<&[u32]>) -> Result<Posterior> {
        let (mut covariances, mut expected) = (Vec::new(), Vec::new());
        let mean = self.means(inputs, environments, |z, weight, mean| {
            let apart = z.broadcast_sub(&mean.unsqueeze(0)?)?;
            let weighted = apart.broadcast_mul(weight)?.permute((1, 2, 0))?.contiguous()?;
            covariances.push(weighted.matmul(&apart.transpose(0, 1)?.contiguous()?)?);
            let n = z.dim(1)?;
            let (made, _) = self.decoder.at(&z.reshape((DRAWS * n, self.k))?, Graph::None)?;
            expected.push(made.reshape((DRAWS, n, self.d))?.broadcast_mul(weight)?.sum(0)?);
            Ok(())
        })?;
        let left = (self.seen(inputs)? - Tensor::cat(&expected, 0)?)?;
        Ok(Posterior { mean, covariance: Tensor::cat(&covariances, 0)?, left })
    }

    /// Means (n, k), from the same draws for every row: the same row has the same code wherever it stands. `take` is given the draws
    /// (DRAWS, m, k) of a block of rows, their weights and their means.
    fn means(
        &self,
        inputs: &Tensor,
        environments: Option<&[u32]>,
        mut take: impl FnMut(&Tensor, &Tensor, &Tensor) -> Result<()>,
    ) -> Result<Tensor> {
        let mut stream = Stream::new(0, "interventional/posterior");
        let like = Tensor::zeros((DRAWS / 2, 1), inputs.dtype(), inputs.device())?;
        let half = normals_like(&mut stream, &like, self.k)?;
        let noise = Tensor::cat(&[&half, &half.neg()?], 0)?;
        let mut means = Vec::new();
        let total = inputs.dim(0)?;
        for from in (0..total).step_by(BLOCK) {
            let n = BLOCK.min(total - from);
            let x = self.seen(&inputs.narrow(0, from, n)?.contiguous()?)?;
            let noise = noise.unsqueeze(1)?.broadcast_as((DRAWS, n, self.k))?.contiguous()?;
            let (z, log_weight) = self.draw(&x, &noise.reshape((DRAWS * n, self.k))?, DRAWS, Graph::None)?;
            let chances = self.chances(environments.map(|all| &all[from..from + n]), &x)?;
            let chances = if environments.is_some() { chances.repeat((DRAWS, 1))? } else { chances };
            let log_weight = (log_weight + self.prior(&z, &chances)?)?.reshape((DRAWS, n))?;
            let weight = log_weight.broadcast_sub(&log_weight.log_sum_exp(0)?.unsqueeze(0)?)?.exp()?.unsqueeze(2)?;
            let z = z.reshape((DRAWS, n, self.k))?;
            let mean = z.broadcast_mul(&weight)?.sum(0)?;
            take(&z, &weight, &mean)?;
            means.push(mean);
        }
        Tensor::cat(&means, 0)
    }
}

impl Network for NoiseAware {
    fn loss(&self, batch: &Batch) -> Result<Vec<Term>> {
        let term = |value| Ok(vec![Term { name: "bound", value }]);
        let rows: Vec<u32> = (0..batch.nodes.len() as u32)
            .filter(|&row| self.start.is_fitted(batch.nodes[row as usize] as usize))
            .collect();
        if rows.is_empty() {
            return term((self.mixtures[0].as_tensor() * 0.0)?.sum_all()?);
        }
        let n = rows.len();
        let index = Tensor::from_slice(&rows, n, batch.inputs.device())?;
        let mut x = self.seen(&batch.inputs.index_select(&index, 0)?)?;
        let mut draws = batch.draws.clone();
        if batch.phase == Phase::Train {
            x = (&x + (normals_like(&mut draws, &x, self.d)? * JITTER)?)?;
        }
        let m = if batch.stage == BOUND { 1 } else { self.draws };
        let like = Tensor::zeros((m * n, 1), x.dtype(), x.device())?;
        let noise = normals_like(&mut draws, &like, self.k)?;
        let (z, log_weight) = self.draw(&x, &noise, m, Graph::Kept)?;
        let which: Vec<u32> =
            rows.iter().flat_map(|&row| self.mixtures_of(batch.nodes[row as usize] as usize)).collect();
        let prior = mixture_log_density(&z, &self.table(Graph::Kept)?, which.repeat(m))?.sum(1)?;
        let log_weight = (log_weight + prior)?;
        let bound = match m {
            1 => log_weight,
            _ => (log_weight.reshape((m, n))?.log_sum_exp(0)? - (m as f64).ln())?,
        };
        term(bound.mean_all()?.neg()?)
    }

    fn encode(&self, inputs: &Tensor) -> Result<Tensor> {
        self.means(inputs, None, |_, _, _| Ok(()))
    }

    fn by_environment(&self) -> bool {
        true
    }

    fn encode_in(&self, inputs: &Tensor, environments: &[u32]) -> Result<Tensor> {
        self.means(inputs, Some(environments), |_, _, _| Ok(()))
    }

    fn decode(&self, codes: &Tensor) -> Result<Option<Tensor>> {
        let (mean, _) = self.decoder.at(codes, Graph::None)?;
        let (center, unit) = &self.start.scale;
        let rows = codes.dim(0)?;
        let column = |j: usize| {
            let center = Tensor::full(center[j], (rows, 1), codes.device())?.to_dtype(codes.dtype())?;
            match self.start.inputs.iter().position(|&used| used == j) {
                // An input that took no part stays where it is in the reference.
                None => Ok(center),
                Some(at) => (mean.narrow(1, at, 1)? * unit[j])? + center,
            }
        };
        let columns: Vec<Tensor> = (0..center.len()).map(column).collect::<Result<_>>()?;
        Tensor::cat(&columns, 1).map(Some)
    }
}

#[cfg(test)]
mod tests;
