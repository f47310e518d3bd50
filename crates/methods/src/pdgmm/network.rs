//! The network: an autoencoder where its code is learnt from, then either the flow or the published stacks.

use super::autoencoder::{self, Autoencoder};
use super::flow::{FLOW, Flow, Sizes};
use super::keypoints::{self, Keypoints};
use super::stacks::Stacks;
use super::{Algorithm, PdgmmConfig, Representation, published};
use disentangle_data::Matrix;
use disentangle_engine::method::{Batch, Dimensions, Network, Term};
use disentangle_nn::{Error, Layer, Params, Result, Tensor};

/// What codes go through.
#[derive(Debug)]
pub struct PdgmmNetwork {
    first: First,
    second: Second,
}

/// Where codes come from.
#[derive(Debug)]
enum First {
    Inputs,
    Autoencoder(Autoencoder),
    Keypoints(Keypoints),
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
        let config = &config.of(&d.views);
        let (first, codes) = match config.settled_representation() {
            Representation::Inputs | Representation::Auto => (First::Inputs, d.inputs),
            Representation::Autoencoder => {
                (First::Autoencoder(Autoencoder::new(params, (d.inputs, k), &config.autoencoder, seed)?), k)
            }
            Representation::Keypoints => {
                let image = keypoints::image_of(&d.views).map_err(|reason| Error::Msg(reason).bt())?;
                let found = Keypoints::new(params, image, k, &config.keypoints, seed)?;
                let codes = found.code();
                (First::Keypoints(found), codes)
            }
        };
        let second = match config.algorithm {
            Algorithm::Planes => {
                Second::Flow(Flow::new(params, Sizes { codes, latents: k }, &config.flow_options(), seed)?)
            }
            Algorithm::Paper => Second::Stacks(Stacks::new(params, k, &config.published, config.sparsity, seed)?),
        };
        Ok(Self { first, second })
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

    /// Codes of inputs, outside any graph and before they are made white.
    ///
    /// # Errors
    /// Those of candle.
    pub fn code(&self, inputs: &Tensor) -> Result<Tensor> {
        match &self.first {
            First::Inputs => Ok(inputs.clone()),
            First::Autoencoder(autoencoder) => autoencoder.encode(inputs),
            First::Keypoints(found) => found.encode(inputs),
        }
    }
}

impl Network for PdgmmNetwork {
    fn loss(&self, batch: &Batch) -> Result<Vec<Term>> {
        match (batch.stage, &self.first, &self.second) {
            (autoencoder::STAGE, First::Autoencoder(autoencoder), _) => autoencoder.terms(&batch.inputs, batch.phase),
            (keypoints::STAGE, First::Keypoints(found), _) => found.terms(batch),
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
        match &self.first {
            First::Inputs => Ok(Some(code)),
            First::Autoencoder(autoencoder) => autoencoder.decode(&code).map(Some),
            First::Keypoints(found) => found.decode(&code).map(Some),
        }
    }

    fn encoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        let mut layers = match &self.first {
            First::Inputs => Vec::new(),
            First::Autoencoder(autoencoder) => autoencoder.encoder_layers()?,
            // The softmax over pixels is not written down.
            First::Keypoints(_) => return Ok(None),
        };
        layers.extend(match &self.second {
            Second::Flow(flow) => flow.encoder_layers()?,
            Second::Stacks(stacks) => stacks.encoder_layers()?,
        });
        Ok(Some(layers))
    }

    fn decoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        if let First::Keypoints(_) = self.first {
            return Ok(None);
        }
        let mut layers = match &self.second {
            Second::Flow(flow) => flow.decoder_layers()?,
            Second::Stacks(stacks) => stacks.decoder_layers(),
        };
        if let First::Autoencoder(autoencoder) = &self.first {
            layers.extend(autoencoder.decoder_layers());
        }
        Ok(Some(layers))
    }

    fn held_per_row(&self) -> usize {
        match &self.first {
            First::Keypoints(found) => 2 * found.entries(),
            First::Inputs | First::Autoencoder(_) => 0,
        }
    }
}
