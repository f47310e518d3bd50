//! A stack of dense layers as one operation: hidden activations live in reused workspaces, and the gradients of weights
//! and biases are written where the optimiser reads them.

mod pass;
mod sweep;

use super::activation::Activation;
use super::dense::dense_expression;
use super::element::{Element, for_real, with_values};
use super::layers::{self, Numbers};
use super::params::{Init, Param, Params};
use crate::fused::fused;
use crate::host;
use candle_core::{Error, Result, Storage, Tensor, op::BackpropOp};
use disentangle_data::Matrix;
use disentangle_numerics::compute::Compute;
use disentangle_numerics::real::Real;
use pass::{Pass, Workspaces};
use std::sync::Arc;
use sweep::{Partition, View, forward_all, forward_block};

#[derive(Debug)]
struct Layer {
    weight: Param,
    bias: Param,
    inputs: usize,
    outputs: usize,
    activation: Activation,
}

/// A multi-layer perceptron whose parameters `<name>.<i>.weight` (`[in, out]`) and `<name>.<i>.bias` (`[out]`) live in
/// a [`Params`]. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Mlp {
    layers: Arc<[Layer]>,
    workspaces: Arc<Workspaces>,
}

impl Mlp {
    /// Layers of these sizes, input first; initial values as PyTorch's (uniform on ±1/sqrt(inputs)).
    ///
    /// # Errors
    /// Fewer than two sizes, a size of zero, or a name that exists already.
    pub fn new(
        params: &mut Params,
        name: &str,
        sizes: &[usize],
        hidden: Activation,
        output: Activation,
        seed: u64,
    ) -> Result<Self> {
        Self::begin(params, name, sizes, (hidden, output), |inputs, _| Init::Uniform { fan_in: inputs }, seed)
    }

    /// The same with weights by [`Init::Glorot`]; biases as before.
    ///
    /// # Errors
    /// As [`Mlp::new`].
    pub fn glorot(
        params: &mut Params,
        name: &str,
        sizes: &[usize],
        hidden: Activation,
        output: Activation,
        seed: u64,
    ) -> Result<Self> {
        let init = |fan_in, fan_out| Init::Glorot { fan_in, fan_out };
        Self::begin(params, name, sizes, (hidden, output), init, seed)
    }

    fn begin(
        params: &mut Params,
        name: &str,
        sizes: &[usize],
        (hidden, output): (Activation, Activation),
        init: impl Fn(usize, usize) -> Init,
        seed: u64,
    ) -> Result<Self> {
        if sizes.len() < 2 || sizes.contains(&0) {
            return Err(Error::Msg(format!("{name}: a network cannot have the sizes {sizes:?}")).bt());
        }
        let mut layers = Vec::with_capacity(sizes.len() - 1);
        for (i, pair) in sizes.windows(2).enumerate() {
            let (inputs, outputs) = (pair[0], pair[1]);
            let (weight, bias) = (format!("{name}.{i}.weight"), format!("{name}.{i}.bias"));
            params.insert(&weight, &[inputs, outputs], &init(inputs, outputs), seed)?;
            params.insert(&bias, &[outputs], &Init::Uniform { fan_in: inputs }, seed)?;
            let activation = if i + 2 == sizes.len() { output } else { hidden };
            let (weight, bias) = (params.param(&weight)?.clone(), params.param(&bias)?.clone());
            layers.push(Layer { weight, bias, inputs, outputs, activation });
        }
        Ok(Self { layers: layers.into(), workspaces: Arc::default() })
    }

    /// The network's output for `x [n, in]`, `[n, out]`, in candle's graph. Take gradients with [`Params::gradients`].
    ///
    /// # Errors
    /// Another number of columns, or those of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if !fused(x.device()) {
            return self.forward_expression(x);
        }
        let x = x.contiguous()?;
        let partition = self.partition(&x)?;
        let (hidden, output) = for_real!(x.dtype(), T => {
            let mut hidden = self.workspaces.take::<T>(partition.rows * self.hidden())?;
            let mut output = vec![T::ZERO; partition.rows * self.outputs()];
            self.with_views(|views| {
                with_values(&x, |x: &[T]| forward_all(views, &partition, x, &mut hidden, &mut output, Compute::current()))
            })??;
            Ok((T::to_storage(hidden), T::to_storage(output)))
        })?;
        let pass = Pass::new(self.layers.clone(), self.workspaces.clone(), partition, hidden, output);
        // The first weight stands for all: it ties the operation to the graph even when `x` is plain data.
        x.apply_op2(self.layers[0].weight.var(), pass)
    }

    /// The same numbers without a graph and in little memory: for validation and for encoding new data.
    ///
    /// # Errors
    /// As [`Mlp::forward`].
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        if !fused(x.device()) {
            return Ok(self.forward_expression(x)?.detach());
        }
        let x = x.contiguous()?;
        let partition = self.partition(&x)?;
        let storage = for_real!(x.dtype(), T => {
            let mut hidden = self.workspaces.take::<T>(partition.block.min(partition.rows) * self.hidden())?;
            let mut output = vec![T::ZERO; partition.rows * self.outputs()];
            let (inputs, outputs) = (self.inputs(), self.outputs());
            self.with_views(|views| with_values(&x, |x: &[T]| {
                for rows in partition.blocks() {
                    let (x, y) = (&x[rows.start * inputs..rows.end * inputs], &mut output[rows.start * outputs..rows.end * outputs]);
                    forward_block(views, x, &mut hidden, y, rows.len(), Compute::SINGLE);
                }
            }))??;
            self.workspaces.give_back(T::to_storage(hidden));
            Ok(T::to_storage(output))
        })?;
        Ok(Tensor::from_storage(Storage::Cpu(storage), (partition.rows, self.outputs()), BackpropOp::none(), false))
    }

    /// The same as [`Mlp::forward`], layer by layer as candle expressions.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward_expression(&self, x: &Tensor) -> Result<Tensor> {
        self.layers.iter().try_fold(x.clone(), |x, l| dense_expression(&x, l.weight.var(), l.bias.var(), l.activation))
    }

    /// What it computes, layer by layer.
    pub fn layers(&self) -> Vec<layers::Layer> {
        let named = |param: &Param| Numbers::Named(param.name().into());
        let layer = |l: &Layer| layers::Layer::Dense {
            weight: named(&l.weight),
            bias: Some(named(&l.bias)),
            activation: l.activation,
        };
        self.layers.iter().map(layer).collect()
    }

    /// What networks of the same depth and activations compute side by side, each on columns of its own: block-diagonal layers.
    ///
    /// # Errors
    /// Networks that differ in depth or activations, none, or those of candle.
    pub fn side_by_side(networks: &[Self]) -> Result<Vec<layers::Layer>> {
        let first = networks.first().ok_or_else(|| Error::Msg("no networks side by side".into()).bt())?;
        let alike = |other: &Self| {
            let activations = other.layers.iter().map(|l| l.activation);
            other.layers.len() == first.layers.len() && activations.eq(first.layers.iter().map(|l| l.activation))
        };
        if !networks.iter().all(alike) {
            return Err(Error::Msg("networks side by side differ in depth or activations".into()).bt());
        }
        (0..first.layers.len()).map(|at| beside(networks.iter().map(|network| &network.layers[at]))).collect()
    }

    /// The number of input columns.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs
    }

    /// The number of output columns.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }

    /// The widths of all hidden layers together.
    fn hidden(&self) -> usize {
        self.layers[..self.layers.len() - 1].iter().map(|l| l.outputs).sum()
    }

    fn partition(&self, x: &Tensor) -> Result<Partition> {
        let (n, inputs) = x.dims2()?;
        let dtype = self.layers[0].weight.var().dtype();
        if inputs != self.inputs() || x.dtype() != dtype {
            return Err(Error::Msg(format!("{} columns of {dtype:?} were expected, got {x:?}", self.inputs())).bt());
        }
        Ok(Partition::new(n, &self.layers))
    }

    fn with_views<T: Element, R>(&self, work: impl FnOnce(&[View<'_, T>]) -> R) -> Result<R> {
        pass::with_views(&self.layers, work)
    }
}

/// Layers that each act on columns of their own, as one.
fn beside<'a>(parts: impl Iterator<Item = &'a Layer> + Clone) -> Result<layers::Layer> {
    let (inputs, outputs) = parts.clone().fold((0, 0), |(i, o), part| (i + part.inputs, o + part.outputs));
    let (mut weight, mut bias) = (Matrix::zeros(inputs, outputs), Vec::with_capacity(outputs));
    let (mut row, mut col) = (0, 0);
    let mut activation = Activation::Identity;
    for part in parts {
        let own = host::singles(part.weight.var())?;
        for (i, own) in own.chunks_exact(part.outputs).enumerate() {
            weight.row_mut(row + i)[col..col + part.outputs].copy_from_slice(own);
        }
        bias.extend(host::doubles(part.bias.var())?);
        (row, col, activation) = (row + part.inputs, col + part.outputs, part.activation);
    }
    Ok(layers::Layer::Dense { weight: Numbers::Single(weight), bias: Some(Numbers::row(bias)), activation })
}
