//! What linear methods stand on: a network that passes inputs on, and the principal axes of the inputs.

use crate::method::{Batch, Network, Term};
use candle_core::{Error, Result, Tensor};

/// A network without parameters whose code is its input: for methods whose latents are a solved linear map
/// (`method::MAP`) of the standardised inputs. Such a method has no stage of descent.
#[derive(Debug, Clone, Copy)]
pub struct IdentityNetwork;

impl Network for IdentityNetwork {
    fn loss(&self, _: &Batch) -> Result<Vec<Term>> {
        Err(Error::Msg("a network without parameters has no loss".into()).bt())
    }

    fn encode(&self, inputs: &Tensor) -> Result<Tensor> {
        Ok(inputs.clone())
    }
}
