//! Encoder, decoder and prior of the family.

use super::account::{Look, Looked};
use super::condition::{Condition, Reader};
use super::prior::{Posterior, Prior, PriorNetwork};
use super::{Decoder, VaeOptions};
use disentangle_engine::method::{Batch, Dimensions, Network, Term};
use disentangle_nn::{Activation, Layer, Mlp, Params, mean_squared_error, normals_like, reparameterise};
use disentangle_nn::{Result, Tensor};

/// Of all hidden layers.
pub(super) const HIDDEN: Activation = Activation::LeakyRelu(0.1);

/// Sizes of the layers of a network, input first.
pub(super) fn sizes(inputs: usize, hidden: &[usize], outputs: usize) -> Vec<usize> {
    std::iter::once(inputs).chain(hidden.iter().copied()).chain([outputs]).collect()
}

#[derive(Debug)]
pub(super) struct VaeNetwork {
    mean: Mlp,
    log_variance: Mlp,
    decoder: Mlp,
    prior: PriorNetwork,
    pub(super) condition: Reader,
    variance: f64,
}

impl VaeNetwork {
    pub(super) fn new(
        params: &mut Params,
        dimensions: &Dimensions,
        options: &VaeOptions,
        prior: Prior,
        condition: Condition,
        seed: u64,
    ) -> Result<Self> {
        let (d, k) = (dimensions.inputs, options.latent_dim);
        let mlp = |params: &mut Params, name: &str, sizes: &[usize]| {
            Mlp::glorot(params, name, sizes, HIDDEN, Activation::Identity, seed)
        };
        let encoder = sizes(d, &options.hidden, k);
        let hidden = match options.decoder {
            Decoder::Mlp => options.hidden.as_slice(),
            Decoder::Linear => &[],
        };
        let mean = mlp(params, "encoder.mean", &encoder)?;
        let log_variance = mlp(params, "encoder.logVariance", &encoder)?;
        let decoder = mlp(params, "decoder", &sizes(k, hidden, d))?;
        let condition = Reader::new(condition, params, dimensions, seed)?;
        let prior = PriorNetwork::new(prior, params, &condition, options, seed)?;
        Ok(Self { mean, log_variance, decoder, prior, condition, variance: options.decoder_variance })
    }

    /// The terms of the loss with the given conditions `u (b, c)` and `noise (b, k)` of the sample.
    pub(super) fn terms(&self, inputs: &Tensor, u: &Tensor, noise: &Tensor) -> Result<Vec<Term>> {
        let (mean, log_variance) = (self.mean.forward(inputs)?, self.log_variance.forward(inputs)?);
        let sample = reparameterise(&mean, &log_variance, noise)?;
        // -log p(x | z) without its constant: a sum over inputs, a mean over rows.
        let weight = self.decoder.outputs() as f64 / (2.0 * self.variance);
        let reconstruction = (mean_squared_error(&self.decoder.forward(&sample)?, inputs)? * weight)?;
        let posterior = Posterior { mean: &mean, log_variance: &log_variance, sample: &sample };
        let mut terms = vec![Term { name: "reconstruction", value: reconstruction }];
        terms.extend(self.prior.terms(u, &posterior)?);
        Ok(terms)
    }
}

impl Network for VaeNetwork {
    fn loss(&self, batch: &Batch) -> Result<Vec<Term>> {
        let mut draws = batch.draws.clone();
        let u = self.condition.read(batch, &mut draws)?;
        let noise = normals_like(&mut draws, &batch.inputs, self.mean.outputs())?;
        self.terms(&batch.inputs, &u, &noise)
    }

    fn encode(&self, inputs: &Tensor) -> Result<Tensor> {
        self.mean.apply(inputs)
    }

    fn decode(&self, codes: &Tensor) -> Result<Option<Tensor>> {
        self.decoder.apply(codes).map(Some)
    }

    fn encoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        Ok(Some(self.mean.layers()))
    }

    fn decoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        Ok(Some(self.decoder.layers()))
    }
}

impl Look for VaeNetwork {
    fn look(&self, inputs: &Tensor) -> Result<Looked> {
        let mean = self.mean.apply(inputs)?;
        Ok(Looked {
            decoded: self.decoder.apply(&mean)?,
            variance: self.log_variance.apply(inputs)?.exp()?,
            facts: Vec::new(),
            seen: inputs.clone(),
            mean,
        })
    }
}
