//! Encoder, decoder and prior, on the inputs or on the code of an autoencoder.

use super::Representation;
use super::mixture::Mixture;
use super::{SETTLED, VadeConfig};
use crate::conditional_vae::account::{Look, Looked};
use crate::pdgmm::autoencoder::{self, Autoencoder};
use disentangle_engine::method::{Batch, Network, Phase, Term};
use disentangle_engine::results::Fact;
use disentangle_nn::{
    Activation, Affine, BatchNorm, Layer, Mlp, Params, mean_squared_error, normals_like, reparameterise,
};
use disentangle_nn::{Result, Tensor};

/// Name of the descent.
pub(super) const STAGE: &str = "bound";
/// A component is in use when it most likely made at least this share of the rows.
const IN_USE: f64 = 0.01;

#[derive(Debug)]
pub(super) struct VadeNetwork {
    code: Option<Code>,
    /// To means and log-variances of the posterior, side by side.
    encoder: Mlp,
    decoder: Mlp,
    mixture: Mixture,
    components: usize,
    variance: f64,
}

/// What stands in place of the inputs. Its own loss lets the code shrink, so it is standardised before it is modelled.
#[derive(Debug)]
struct Code {
    autoencoder: Autoencoder,
    norm: BatchNorm,
}

impl VadeNetwork {
    pub(super) fn new(params: &mut Params, inputs: usize, config: &VadeConfig, seed: u64) -> Result<Self> {
        let k = config.latent_dim;
        let components = config.components.expect(SETTLED);
        let code = match config.representation.expect(SETTLED) {
            Representation::Inputs => None,
            Representation::Autoencoder => Some(Code {
                autoencoder: Autoencoder::new(params, (inputs, k), &config.autoencoder, seed)?,
                norm: BatchNorm::new(params, "code", k, Affine::None)?,
            }),
        };
        let seen = if code.is_some() { k } else { inputs };
        let hidden = config.hidden.iter().flatten().copied();
        let down: Vec<usize> = std::iter::once(seen).chain(hidden.clone()).chain([2 * k]).collect();
        let up: Vec<usize> = std::iter::once(k).chain(hidden.rev()).chain([seen]).collect();
        let mut mlp =
            |name: &str, sizes: &[usize]| Mlp::new(params, name, sizes, Activation::Relu, Activation::Identity, seed);
        let (encoder, decoder) = (mlp("encoder", &down)?, mlp("decoder", &up)?);
        let mixture = Mixture::new(params, (k, components), config.means.expect(SETTLED), seed)?;
        Ok(Self { code, encoder, decoder, mixture, components, variance: config.decoder_variance })
    }

    /// The terms of the loss on what is modelled, (b, d), with the given `noise (b, k)` of the sample.
    pub(super) fn terms(&self, modelled: &Tensor, noise: &Tensor) -> Result<Vec<Term>> {
        let [mean, log_variance] = self.halves(&self.encoder.forward(modelled)?)?;
        let sample = reparameterise(&mean, &log_variance, noise)?;
        // -log p(x | z) without its constant: a sum over columns, a mean over rows.
        let weight = self.decoder.outputs() as f64 / (2.0 * self.variance);
        let reconstruction = (mean_squared_error(&self.decoder.forward(&sample)?, modelled)? * weight)?;
        let kl = self.mixture.divergence(&mean, &log_variance, &sample)?;
        Ok(vec![Term { name: "reconstruction", value: reconstruction }, Term { name: "kl", value: kl }])
    }

    /// What is modelled of inputs.
    fn modelled(&self, inputs: &Tensor) -> Result<Tensor> {
        match &self.code {
            Some(Code { autoencoder, norm }) => norm.apply(&autoencoder.encode(inputs)?),
            None => Ok(inputs.clone()),
        }
    }

    /// Means and log-variances.
    fn halves(&self, moments: &Tensor) -> Result<[Tensor; 2]> {
        let k = self.decoder.inputs();
        Ok([moments.narrow(1, 0, k)?.contiguous()?, moments.narrow(1, k, k)?.contiguous()?])
    }
}

impl Network for VadeNetwork {
    fn loss(&self, batch: &Batch) -> Result<Vec<Term>> {
        let modelled = match (&self.code, batch.phase) {
            (Some(Code { autoencoder, .. }), phase) if batch.stage == autoencoder::STAGE => {
                return autoencoder.terms(&batch.inputs, phase);
            }
            (Some(Code { norm, .. }), Phase::Train) => norm.forward(&batch.inputs)?,
            (Some(Code { norm, .. }), Phase::Evaluate) => norm.apply(&batch.inputs)?,
            (None, _) => batch.inputs.clone(),
        };
        let noise = normals_like(&mut batch.draws.clone(), &modelled, self.decoder.inputs())?;
        self.terms(&modelled, &noise)
    }

    fn view(&self, stage: &str, inputs: &Tensor) -> Result<Option<Tensor>> {
        match &self.code {
            Some(Code { autoencoder, .. }) if stage == STAGE => autoencoder.encode(inputs).map(Some),
            _ => Ok(None),
        }
    }

    fn encode(&self, inputs: &Tensor) -> Result<Tensor> {
        let [mean, _] = self.halves(&self.encoder.apply(&self.modelled(inputs)?)?)?;
        Ok(mean)
    }

    fn decode(&self, codes: &Tensor) -> Result<Option<Tensor>> {
        let modelled = self.decoder.apply(codes)?;
        match &self.code {
            Some(Code { autoencoder, norm }) => autoencoder.decode(&norm.invert(&modelled)?).map(Some),
            None => Ok(Some(modelled)),
        }
    }

    fn encoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        let mut layers = match &self.code {
            Some(Code { autoencoder, norm }) => [autoencoder.encoder_layers()?, vec![norm.layer()?]].concat(),
            None => Vec::new(),
        };
        layers.extend(self.encoder.layers());
        layers.push(Layer::Narrow { start: 0, count: self.decoder.inputs() });
        Ok(Some(layers))
    }

    fn decoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        let mut layers = self.decoder.layers();
        if let Some(Code { autoencoder, norm }) = &self.code {
            layers.push(norm.inverse_layer()?);
            layers.extend(autoencoder.decoder_layers());
        }
        Ok(Some(layers))
    }
}

impl Look for VadeNetwork {
    fn look(&self, inputs: &Tensor) -> Result<Looked> {
        let seen = self.modelled(inputs)?;
        let [mean, log_variance] = self.halves(&self.encoder.apply(&seen)?)?;
        let mut counts = vec![0usize; self.components];
        self.mixture.likeliest(&mean)?.into_iter().for_each(|component| counts[component as usize] += 1);
        let least = IN_USE * inputs.dim(0)? as f64;
        let in_use = counts.iter().filter(|&&count| count as f64 >= least.max(1.0)).count();
        Ok(Looked {
            decoded: self.decoder.apply(&mean)?,
            variance: log_variance.exp()?,
            facts: vec![Fact::new(
                "components",
                "components that are the likeliest of at least one row in a hundred",
                in_use as f64,
            )],
            mean,
            seen,
        })
    }
}
