//! The network: an autoencoder where its code is learnt from, then either the flow or the published stacks.

use super::autoencoder::{self, Autoencoder};
use super::flow::{FLOW, Flow, Sizes};
use super::stacks::Stacks;
use super::{Algorithm, PdgmmConfig, Representation, published};
use disentangle_data::Matrix;
use disentangle_engine::method::{Batch, Dimensions, Network, Term};
use disentangle_nn::{Error, Layer, Params, Result, Tensor};

/// What codes go through.
#[derive(Debug)]
pub struct PdgmmNetwork {
    autoencoder: Option<Autoencoder>,
    second: Second,
}

/// What stands on the code.
#[derive(Debug)]
enum Second {
    Flow(Flow),
    Stacks(Stacks),
}

impl PdgmmNetwork {
    /// Adds the parameters for `k` latents.
    ///
    /// # Errors
    /// Those of candle.
    pub fn new(config: &PdgmmConfig, d: &Dimensions, k: usize, params: &mut Params, seed: u64) -> Result<Self> {
        let (autoencoder, codes) = match config.settled_representation() {
            Representation::Inputs => (None, d.inputs),
            Representation::Autoencoder => {
                (Some(Autoencoder::new(params, (d.inputs, k), &config.autoencoder, seed)?), k)
            }
        };
        let second = match config.algorithm {
            Algorithm::Planes => {
                Second::Flow(Flow::new(params, Sizes { codes, latents: k }, &config.flow_options(), seed)?)
            }
            Algorithm::Paper => Second::Stacks(Stacks::new(params, k, &config.published, config.sparsity, seed)?),
        };
        Ok(Self { autoencoder, second })
    }

    /// The map of the published stage, where that is what stands on the code.
    ///
    /// # Errors
    /// Those of candle.
    pub fn merged(&self) -> Result<Option<Matrix<f64>>> {
        match &self.second {
            Second::Flow(_) => Ok(None),
            Second::Stacks(stacks) => stacks.merged().map(Some),
        }
    }

    /// White codes of inputs (b, k), and the mean of log |det| of the flow there.
    ///
    /// # Errors
    /// Those of candle; stacks have no flow.
    pub fn white_and_volume(&self, inputs: &Tensor) -> Result<(Tensor, f64)> {
        let Second::Flow(flow) = &self.second else { return Err(Error::Msg("there is no flow".into()).bt()) };
        let code = self.code(inputs)?;
        Ok((flow.white(&code)?, flow.volume(&code)?))
    }

    /// Codes of inputs, outside any graph.
    fn code(&self, inputs: &Tensor) -> Result<Tensor> {
        match &self.autoencoder {
            Some(autoencoder) => autoencoder.encode(inputs),
            None => Ok(inputs.clone()),
        }
    }
}

impl Network for PdgmmNetwork {
    fn loss(&self, batch: &Batch) -> Result<Vec<Term>> {
        match (batch.stage, &self.autoencoder, &self.second) {
            (autoencoder::STAGE, Some(autoencoder), _) => autoencoder.terms(&batch.inputs, batch.phase),
            (FLOW, _, Second::Flow(flow)) => flow.terms_with_noise(batch),
            (published::STAGE, _, Second::Stacks(stacks)) => stacks.terms(&batch.inputs, batch.phase),
            (stage, ..) => Err(Error::Msg(format!("{stage:?} is not trained")).bt()),
        }
    }

    fn view(&self, stage: &str, inputs: &Tensor) -> Result<Option<Tensor>> {
        match (stage, &self.second) {
            (FLOW, Second::Flow(flow)) => flow.white(&self.code(inputs)?).map(Some),
            (published::STAGE, Second::Stacks(_)) => self.code(inputs).map(Some),
            _ => Ok(None),
        }
    }

    fn encode(&self, inputs: &Tensor) -> Result<Tensor> {
        let code = self.code(inputs)?;
        match &self.second {
            Second::Flow(flow) => flow.encode(&code),
            Second::Stacks(stacks) => stacks.encode(&code),
        }
    }

    fn decode(&self, codes: &Tensor) -> Result<Option<Tensor>> {
        let code = match &self.second {
            Second::Flow(flow) => flow.decode(codes)?,
            Second::Stacks(stacks) => stacks.decode(codes)?,
        };
        match &self.autoencoder {
            Some(autoencoder) => autoencoder.decode(&code).map(Some),
            None => Ok(Some(code)),
        }
    }

    fn encoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        let mut layers = match &self.autoencoder {
            Some(autoencoder) => autoencoder.encoder_layers()?,
            None => Vec::new(),
        };
        layers.extend(match &self.second {
            Second::Flow(flow) => flow.encoder_layers()?,
            Second::Stacks(stacks) => stacks.encoder_layers()?,
        });
        Ok(Some(layers))
    }

    fn decoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        let mut layers = match &self.second {
            Second::Flow(flow) => flow.decoder_layers()?,
            Second::Stacks(stacks) => stacks.decoder_layers(),
        };
        layers.extend(self.autoencoder.iter().flat_map(Autoencoder::decoder_layers));
        Ok(Some(layers))
    }
}
