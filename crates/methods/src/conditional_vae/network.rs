//! Encoder, decoder and prior of the family.

use super::VaeOptions;
use super::account::{Look, Looked};
use super::condition::{Condition, Reader};
use super::layers::{Generator, HIDDEN, Posteriors};
use super::prior::{Posterior, Prior, PriorNetwork};
use disentangle_engine::method::{Batch, Dimensions, Network, Phase, Term};
use disentangle_engine::results::Fact;
use disentangle_nn::{Layer, Params, mean_squared_error, normals_like, reparameterise};
use disentangle_nn::{Result, Tensor};

#[derive(Debug)]
pub(super) struct VaeNetwork {
    encoder: Posteriors,
    decoder: Generator,
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
        let encoder = Posteriors::new(params, dimensions, options, HIDDEN, seed)?;
        let decoder = Generator::new(params, dimensions, options, HIDDEN, seed)?;
        let condition = Reader::new(condition, params, dimensions, seed)?;
        let prior = PriorNetwork::new(prior, params, &condition, options, seed)?;
        Ok(Self { encoder, decoder, prior, condition, variance: options.decoder_variance })
    }

    /// The terms of the loss with the given conditions `u (b, c)` and `noise (b, k)` of the sample.
    pub(super) fn terms(&self, inputs: &Tensor, u: &Tensor, noise: &Tensor, phase: Phase) -> Result<Vec<Term>> {
        let (mean, log_variance) = self.encoder.forward(inputs, phase)?;
        let sample = reparameterise(&mean, &log_variance, noise)?;
        // -log p(x | z) without its constant: a sum over inputs, a mean over rows.
        let weight = self.decoder.outputs() as f64 / (2.0 * self.variance);
        let reconstruction = (mean_squared_error(&self.decoder.forward(&sample, phase)?, inputs)? * weight)?;
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
        let noise = normals_like(&mut draws, &batch.inputs, self.encoder.latents())?;
        self.terms(&batch.inputs, &u, &noise, batch.phase)
    }

    fn encode(&self, inputs: &Tensor) -> Result<Tensor> {
        self.encoder.mean(inputs)
    }

    fn decode(&self, codes: &Tensor) -> Result<Option<Tensor>> {
        self.decoder.apply(codes).map(Some)
    }

    fn encoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        Ok(Some(self.encoder.layers()))
    }

    fn decoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        Ok(Some(self.decoder.layers()))
    }

    fn held_per_row(&self) -> usize {
        2 * (self.encoder.entries() + self.decoder.entries())
    }
}

impl Look for VaeNetwork {
    fn look(&self, inputs: &Tensor) -> Result<Looked> {
        let (mean, log_variance) = self.encoder.apply(inputs)?;
        let convolutions = self.encoder.convolutions();
        let fact = || Fact::new("convolutions", "convolutional layers of the encoder", convolutions as f64);
        Ok(Looked {
            decoded: self.decoder.apply(&mean)?,
            variance: log_variance.exp()?,
            facts: (convolutions > 0).then(fact).into_iter().collect(),
            seen: inputs.clone(),
            mean,
        })
    }
}
