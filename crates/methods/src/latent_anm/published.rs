//! The published variational autoencoder (equations 9 to 12), with latents in a causal order that is given by their places.
//!
//!   prior      z_i | z_<i, u ~ N( m_i(lambda_i(u) o z_<i) + mu_i(u), exp l_i(u) )
//!   posterior  z_i | z_<i, x ~ N( m'_i(lambda'_i o z_<i) + mu'_i(x), exp l'_i(x) )
//!   inputs     x | z ~ N( f(z), variance )
//!
//!   minimise  E_q [ -log p(x | z) - log p(z | u) + log q(z | x) ] + sparsity ( mean_u |lambda(u)|_1 + |lambda'|_1 )
//!
//! at one sample of each row. lambda, mu and l are one network of the environment; polynomial and linear mechanisms have the
//! coefficients lambda, of squares too, in place of networks m. The published posterior sees u; then new rows of unknown
//! environments would have no latents. This one sees x alone, as in `crate::conditional_vae`.

use super::autoencoder::{HIDDEN, networks};
use crate::conditional_vae::{Generator, Posteriors, indicators, sizes};
use disentangle_data::Matrix;
use disentangle_engine::method::{Batch, Batching, Dimensions, Network, Phase, Recipe, Term};
use disentangle_nn::optim::Schedule;
use disentangle_nn::{Activation, DType, Device, Init, Layer, Mlp, Numbers, Params, Result, Tensor, Var};
use disentangle_nn::{gaussian_log_likelihood, host, l1, mean_squared_error, normals_like, reparameterise};
use disentangle_numerics::shift::{Kind, pair};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Name of the descent.
pub(super) const STAGE: &str = "published";
/// Name of the posterior's coefficients.
const POSTERIOR: &str = "posterior.scales";

/// Networks and training of the published algorithm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "LatentAnmPublished")]
pub struct PublishedOptions {
    /// Units of each of the two hidden layers of all networks. Absent: 30 where the data are images, behind convolutions, else 128.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1, max = 65536))]
    pub units: Option<usize>,
    /// Variance of an input given the latents, in squared standard deviations of the input.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1000.0))]
    pub decoder_variance: f64,
    /// Gradient steps.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: usize,
    /// Rows per step; at most all training rows.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub batch_size: usize,
    /// Learning rate of Adam.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: f64,
    /// Mean magnitude of a coefficient over the environments above which it is an edge of the graph.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub edge_threshold: f64,
}

impl Default for PublishedOptions {
    fn default() -> Self {
        Self {
            units: None,
            decoder_variance: 0.01,
            steps: 20_000,
            batch_size: 512,
            learning_rate: 1e-3,
            edge_threshold: 0.1,
        }
    }
}

impl PublishedOptions {
    /// The stage of descent.
    pub(super) fn recipe(&self) -> Recipe {
        Recipe {
            clip: Some(5.0),
            ..Recipe::plain(STAGE, self.steps, Batching::Rows(self.batch_size), self.learning_rate, Schedule::Constant)
        }
    }
}

/// Mechanisms of all latents, of coefficients that are packed by pairs: those of the parents, then those of their squares.
#[derive(Debug)]
struct Chain {
    kind: Kind,
    latents: usize,
    /// Of the second latent and those after it.
    networks: Vec<Mlp>,
}

impl Chain {
    fn new(params: &mut Params, name: &str, (kind, latents): (Kind, usize), units: usize, seed: u64) -> Result<Self> {
        let of = |i: usize| {
            let sizes = sizes(i, &[units; 2], 1);
            Mlp::glorot(params, &format!("{name}.{}", i + 1), &sizes, HIDDEN, Activation::Identity, seed)
        };
        let networks = if kind == Kind::Mlp { (1..latents).map(of).collect::<Result<_>>()? } else { Vec::new() };
        Ok(Self { kind, latents, networks })
    }

    /// Coefficients of one environment.
    fn coefficients(&self) -> usize {
        match self.kind {
            Kind::None => 0,
            Kind::Linear | Kind::Mlp => pair(self.latents),
            Kind::Polynomial => 2 * pair(self.latents),
        }
    }

    /// m_i (b, 1) of the latents before i (b, i) with these coefficients (b or 1, all); `None`: it has no mechanism.
    fn mean(&self, i: usize, before: &Tensor, scales: &Tensor) -> Result<Option<Tensor>> {
        if i == 0 || self.kind == Kind::None {
            return Ok(None);
        }
        let own = scales.narrow(1, pair(i), i)?;
        match self.kind {
            Kind::Polynomial => {
                let squares = scales.narrow(1, pair(self.latents) + pair(i), i)?.broadcast_mul(before)?;
                own.broadcast_add(&squares)?.mul(before)?.sum_keepdim(1)
            }
            Kind::Linear => own.broadcast_mul(before)?.sum_keepdim(1),
            _ => self.networks[i - 1].forward(&own.broadcast_mul(before)?),
        }
        .map(Some)
    }

    /// Column i of `own` (b, k) and the mechanism of that latent.
    fn added(&self, i: usize, before: &Tensor, scales: &Tensor, own: &Tensor) -> Result<Tensor> {
        let own = own.narrow(1, i, 1)?;
        self.mean(i, before, scales)?.map_or(Ok(own.clone()), |mean| mean + own)
    }

    /// z (b, k) whose noise is `n` (b, k).
    fn latents(&self, noise: &Tensor, scales: Option<&Tensor>) -> Result<Tensor> {
        let Some(scales) = scales else { return Ok(noise.clone()) };
        let mut z = noise.narrow(1, 0, 1)?;
        for i in 1..self.latents {
            let next = self.added(i, &z, scales, noise)?;
            z = Tensor::cat(&[z, next], 1)?;
        }
        Ok(z)
    }
}

/// Encoder, decoder, and the mechanisms of posterior and prior.
#[derive(Debug)]
pub(super) struct PublishedNetwork {
    encoder: Posteriors,
    decoder: Generator,
    posterior: Chain,
    posterior_scales: Option<Var>,
    prior: Chain,
    /// Coefficients, noise means and log-variances of an environment.
    of_environment: Mlp,
    environments: usize,
    variance: f64,
    sparsity: f64,
    device: Device,
}

/// What the prior says of environments (e, ...).
struct Priors {
    scales: Option<Tensor>,
    mean: Tensor,
    log_variance: Tensor,
}

impl PublishedNetwork {
    pub(super) fn new(
        params: &mut Params,
        dimensions: &Dimensions,
        (kind, latents): (Kind, usize),
        (options, sparsity): (&PublishedOptions, f64),
        seed: u64,
    ) -> Result<Self> {
        let layers = networks(latents, options.units, &dimensions.views);
        let units = layers.hidden[0];
        let encoder = Posteriors::new(params, dimensions, &layers, HIDDEN, seed)?;
        let decoder = Generator::new(params, dimensions, &layers, HIDDEN, seed)?;
        let posterior = Chain::new(params, "posterior.mechanisms", (kind, latents), units, seed)?;
        let prior = Chain::new(params, "prior.mechanisms", (kind, latents), units, seed)?;
        let coefficients = prior.coefficients();
        let small = Init::Normal { sd: 0.1 };
        let posterior_scales =
            (coefficients > 0).then(|| params.insert(POSTERIOR, &[1, coefficients], &small, seed)).transpose()?;
        let environments = dimensions.environments.max(1);
        let outputs = sizes(environments, &layers.hidden, coefficients + 2 * latents);
        let of_environment = Mlp::glorot(params, "prior.environments", &outputs, HIDDEN, Activation::Identity, seed)?;
        let variance = options.decoder_variance;
        Ok(Self {
            encoder,
            decoder,
            posterior,
            posterior_scales,
            prior,
            of_environment,
            environments,
            variance,
            sparsity,
            device: params.device().clone(),
        })
    }

    fn latents(&self) -> usize {
        self.prior.latents
    }

    /// Of these environments, in the graph.
    fn priors(&self, environments: &[u32], like: &Tensor) -> Result<Priors> {
        let told = self.of_environment.forward(&indicators(environments, self.environments, like)?)?;
        let (k, coefficients) = (self.latents(), self.prior.coefficients());
        let scales = (coefficients > 0).then(|| told.narrow(1, 0, coefficients)).transpose()?;
        Ok(Priors {
            scales,
            mean: told.narrow(1, coefficients, k)?,
            log_variance: told.narrow(1, coefficients + k, k)?,
        })
    }

    /// The terms of the loss with this `noise` (b, k) of the sample.
    pub(super) fn terms(&self, inputs: &Tensor, nodes: &[u32], noise: &Tensor, phase: Phase) -> Result<Vec<Term>> {
        let (mean, log_variance) = self.encoder.forward(inputs, phase)?;
        let drawn = reparameterise(&mean, &log_variance, noise)?;
        let z = self.posterior.latents(&drawn, self.posterior_scales.as_ref().map(|scales| scales.as_tensor()))?;
        // -log p(x | z) without its constant: a sum over inputs, a mean over rows.
        let weight = self.decoder.outputs() as f64 / (2.0 * self.variance);
        let reconstruction = (mean_squared_error(&self.decoder.forward(&z, phase)?, inputs)? * weight)?;
        // Adding a mechanism to the noise changes no volume.
        let posterior = gaussian_log_likelihood(&drawn, &mean, &log_variance)?.mean_all()?;

        let distinct: Vec<u32> = nodes.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let place = |node: &u32| distinct.binary_search(node).expect("every environment is listed") as u32;
        let places: Vec<u32> = nodes.iter().map(place).collect();
        let places = Tensor::from_vec(places, nodes.len(), inputs.device())?;
        let priors = self.priors(&distinct, inputs)?;
        let of_rows = |table: &Tensor| table.contiguous()?.index_select(&places, 0);
        let mut centers = of_rows(&priors.mean)?;
        let rows = priors.scales.as_ref().map(of_rows).transpose()?;
        if let Some(rows) = &rows {
            let mut means = vec![centers.narrow(1, 0, 1)?];
            for i in 1..self.latents() {
                means.push(self.prior.added(i, &z.narrow(1, 0, i)?, rows, &centers)?);
            }
            centers = Tensor::cat(&means, 1)?;
        }
        let prior = gaussian_log_likelihood(&z, &centers, &of_rows(&priors.log_variance)?)?.mean_all()?.neg()?;
        let mut terms = vec![
            Term { name: "reconstruction", value: reconstruction },
            Term { name: "prior", value: prior },
            Term { name: "posterior", value: posterior },
        ];
        if let (Some(scales), Some(own), true) = (&priors.scales, &self.posterior_scales, self.sparsity > 0.0) {
            let of_prior = l1(scales, self.sparsity / distinct.len() as f64)?;
            let value = (of_prior + l1(own.as_tensor(), self.sparsity)?)?;
            terms.push(Term { name: "sparsity", value });
        }
        Ok(terms)
    }

    /// m_i of rows of latents (n x k), in the environments of the rows; `None`: it has no mechanism.
    pub(super) fn mechanism(&self, i: usize, z: &Matrix<f64>, nodes: &[u32]) -> Result<Option<Vec<f64>>> {
        if i == 0 || self.prior.kind == Kind::None {
            return Ok(None);
        }
        let before: Vec<f64> = (0..z.rows()).flat_map(|row| z.row(row)[..i].to_vec()).collect();
        let device = self.device.clone();
        let before = host::placed_on(before, (z.rows(), i), (DType::F32, &device))?;
        let all: Vec<u32> = (0..self.environments as u32).collect();
        let Some(scales) = self.priors(&all, &before)?.scales else { return Ok(None) };
        let nodes = Tensor::from_slice(nodes, nodes.len(), &device)?;
        let scales = scales.contiguous()?.index_select(&nodes, 0)?;
        let mean = self.prior.mean(i, &before, &scales)?;
        mean.as_ref().map(host::doubles).transpose()
    }

    /// Mean magnitude of the coefficients over these environments, `[j][i]` of latent j in the mechanism of i, k x k; of a square and
    /// its root the sum.
    pub(super) fn magnitudes(&self, environments: &[u32]) -> Result<Matrix<f64>> {
        let k = self.latents();
        let like = Tensor::zeros((1, 1), DType::F32, &self.device)?;
        let Some(scales) = self.priors(environments, &like)?.scales else { return Ok(Matrix::zeros(k, k)) };
        let means = host::doubles(&scales.abs()?.mean(0)?)?;
        Ok(Matrix::from_fn(k, k, |j, i| match j < i {
            true => (pair(i) + j..means.len()).step_by(pair(k)).map(|at| means[at]).sum(),
            false => 0.0,
        }))
    }
}

impl Network for PublishedNetwork {
    fn loss(&self, batch: &Batch) -> Result<Vec<Term>> {
        let noise = normals_like(&mut batch.draws.clone(), &batch.inputs, self.latents())?;
        self.terms(&batch.inputs, &batch.nodes, &noise, batch.phase)
    }

    fn encode(&self, inputs: &Tensor) -> Result<Tensor> {
        let scales = self.posterior_scales.as_ref().map(|scales| scales.as_tensor().detach());
        Ok(self.posterior.latents(&self.encoder.mean(inputs)?, scales.as_ref())?.detach())
    }

    fn decode(&self, codes: &Tensor) -> Result<Option<Tensor>> {
        self.decoder.apply(codes).map(Some)
    }

    /// Each latent is a coupling: those before it pass, and it receives its mechanism.
    fn encoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        let mut layers = self.encoder.layers();
        let Some(scales) = &self.posterior_scales else { return Ok(Some(layers)) };
        let scales = host::singles(scales)?;
        let (k, kind) = (self.latents(), self.posterior.kind);
        // A square is no layer.
        if kind == Kind::Polynomial {
            return Ok(None);
        }
        for i in 1..k {
            let own = &scales[pair(i)..pair(i) + i];
            // Scales of the columns that do not pass, which are none, and after them their shifts.
            let (columns, at) = (2 * (k - i), k - i);
            let mut net = match kind {
                Kind::Mlp => vec![dense(Matrix::from_fn(i, i, |a, b| if a == b { own[a] } else { 0.0 }))],
                _ => vec![dense(Matrix::from_fn(i, 1, |a, _| own[a]))],
            };
            if kind == Kind::Mlp {
                net.extend(self.posterior.networks[i - 1].layers());
            }
            net.push(dense(Matrix::from_fn(1, columns, |_, j| f32::from(u8::from(j == at)))));
            layers.push(Layer::Coupling { start: 0, count: i, bound: 1.0, inverse: false, net });
        }
        Ok(Some(layers))
    }

    fn decoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        Ok(Some(self.decoder.layers()))
    }

    fn held_per_row(&self) -> usize {
        2 * (self.encoder.entries() + self.decoder.entries())
    }
}

fn dense(weight: Matrix) -> Layer {
    Layer::Dense { weight: Numbers::Single(weight), bias: None, activation: Activation::Identity }
}

#[cfg(test)]
mod laws;
