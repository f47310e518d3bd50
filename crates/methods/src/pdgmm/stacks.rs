//! Stage 2 of pdGMM as published: an affine autoencoder of the code, written as two deep stacks of layers without activation.
//!
//!   minimise  mean_ij (c_ij - chat_ij)^2   subject to  mean_ij |zhat_ij| <= budget ,
//!   zhat = norm(g(c)) ,   chat = f(zhat) .
//!
//! The depth only shapes the descent: each stack is one affine map. It is read off at the points 0, e_1, .., e_n, and the map
//! is applied to the rows: the same function and the same gradients of every layer, for n + 1 rows through the stack.

use super::Sparsity;
use super::published::PublishedOptions;
use disentangle_data::Matrix;
use disentangle_engine::method::{Phase, Term};
use disentangle_nn::{Activation, Affine, BatchNorm, Layer, Mlp, Params, dense, host, l1, mean_squared_error};
use disentangle_nn::{Result, Tensor};

/// Name of the held term.
pub const SPARSITY: &str = "sparsity";

/// A stack of layers without activation, evaluated as the affine map that it is.
#[derive(Debug)]
struct Stack {
    layers: Mlp,
    /// 0, e_1, .., e_n: (n + 1, n).
    points: Tensor,
}

impl Stack {
    fn new(params: &mut Params, name: &str, sizes: &[usize], seed: u64) -> Result<Self> {
        let layers = Mlp::new(params, name, sizes, Activation::Identity, Activation::Identity, seed)?;
        let points = affine_points(sizes[0], params)?;
        Ok(Self { layers, points })
    }

    /// Through the layers in the graph, with gradients.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (weight, offset) = affine(&self.layers.forward(&self.points)?)?;
        dense(x, &weight, &offset, Activation::Identity)
    }
}

/// 0, e_1, .., e_n, where an affine map of n columns tells what it is: (n + 1, n).
fn affine_points(n: usize, params: &Params) -> Result<Tensor> {
    let (dtype, device) = (params.dtype(), params.device());
    Tensor::cat(&[Tensor::zeros((1, n), dtype, device)?, Tensor::eye(n, dtype, device)?], 0)
}

/// The map (n, m) and the offset (m) of an affine function from its values at 0, e_1, .., e_n.
fn affine(values: &Tensor) -> Result<(Tensor, Tensor)> {
    let offset = values.narrow(0, 0, 1)?;
    let weight = values.narrow(0, 1, values.dim(0)? - 1)?.broadcast_sub(&offset)?;
    Ok((weight, offset.squeeze(0)?))
}

/// Encoder stack g with its normalisation, and decoder stack f.
#[derive(Debug)]
pub struct Stacks {
    encoder: Stack,
    norm: BatchNorm,
    decoder: Stack,
    /// Mean magnitude of a latent that is allowed; `None`: any.
    budget: Option<f64>,
}

impl Stacks {
    /// Adds the parameters `stacks.encoder.*`, `stacks.norm.*` and `stacks.decoder.*`, for codes of `n` columns.
    ///
    /// # Errors
    /// Those of candle.
    pub fn new(
        params: &mut Params,
        n: usize,
        options: &PublishedOptions,
        sparsity: Sparsity,
        seed: u64,
    ) -> Result<Self> {
        let sizes = options.sizes(n);
        let encoder = Stack::new(params, "stacks.encoder", &sizes, seed)?;
        let norm = BatchNorm::new(params, "stacks.norm", n, Affine::Learnt)?;
        let decoder = Stack::new(params, "stacks.decoder", &sizes, seed)?;
        let budget = match sparsity {
            Sparsity::Held => Some(options.budget),
            Sparsity::None => None,
        };
        Ok(Self { encoder, norm, decoder, budget })
    }

    /// The terms of the loss on codes `c (b, n)`: `reconstruction`, and with a budget `sparsity`, by how much it is overspent.
    /// Training moves the running statistics of the normalisation.
    ///
    /// # Errors
    /// Those of candle.
    pub fn terms(&self, c: &Tensor, phase: Phase) -> Result<Vec<Term>> {
        let z = self.encoder.forward(c)?;
        let z = match phase {
            Phase::Train => self.norm.forward(&z)?,
            Phase::Evaluate => self.norm.apply(&z)?,
        };
        let reconstruction = mean_squared_error(&self.decoder.forward(&z)?, c)?;
        let mut terms = vec![Term { name: "reconstruction", value: reconstruction }];
        if let Some(budget) = self.budget {
            let value = (l1(&z, 1.0 / z.elem_count() as f64)? - budget)?;
            terms.push(Term { name: SPARSITY, value });
        }
        Ok(terms)
    }

    /// Latents (b, n) of codes (b, n), by the running statistics and outside any graph.
    ///
    /// # Errors
    /// Those of candle.
    pub fn encode(&self, c: &Tensor) -> Result<Tensor> {
        let (weight, offset) = affine(&self.encoder.layers.apply(&self.encoder.points)?)?;
        Ok(self.norm.apply(&dense(c, &weight, &offset, Activation::Identity)?)?.detach())
    }

    /// Codes (b, n) of latents (b, n), outside any graph.
    ///
    /// # Errors
    /// Those of candle.
    pub fn decode(&self, z: &Tensor) -> Result<Tensor> {
        let (weight, offset) = affine(&self.decoder.layers.apply(&self.decoder.points)?)?;
        Ok(dense(z, &weight, &offset, Activation::Identity)?.detach())
    }

    /// What [`Stacks::encode`] computes.
    ///
    /// # Errors
    /// Those of candle.
    pub fn encoder_layers(&self) -> Result<Vec<Layer>> {
        Ok([self.encoder.layers.layers(), vec![self.norm.layer()?]].concat())
    }

    /// What [`Stacks::decode`] computes.
    pub fn decoder_layers(&self) -> Vec<Layer> {
        self.decoder.layers.layers()
    }

    /// Encoder and normalisation as the one map that they are, n x n: latents = map x code, up to a shift.
    ///
    /// # Errors
    /// Those of candle.
    pub fn merged(&self) -> Result<Matrix<f64>> {
        let (weight, _) = affine(&self.encode(&self.encoder.points)?)?;
        let n = weight.dim(0)?;
        let weight = host::doubles(&weight)?;
        Ok(Matrix::from_fn(n, n, |i, j| weight[j * n + i]))
    }
}
