//! A stack of dense layers as one operation: hidden activations live in reused workspaces, and the gradients of weights
//! and biases are written where the optimiser reads them.

use super::activation::Activation;
use super::compute::Compute;
use super::dense::{dense_expression, forward, pull_back_activation};
use super::kernels::{Order, Product, Write, multiply};
use super::params::{Held, Init, Param, Params};
use super::real::{Real, for_real, with_values};
use candle_core::{CpuStorage, CustomOp2, Error, Layout, Result, Shape, Storage, Tensor, op::BackpropOp};
use std::sync::{Arc, Mutex, PoisonError};

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
        if sizes.len() < 2 || sizes.contains(&0) {
            return Err(Error::Msg(format!("{name}: a network cannot have the sizes {sizes:?}")).bt());
        }
        let mut layers = Vec::with_capacity(sizes.len() - 1);
        for (i, pair) in sizes.windows(2).enumerate() {
            let (inputs, outputs) = (pair[0], pair[1]);
            let init = Init::Uniform { fan_in: inputs };
            let (weight, bias) = (format!("{name}.{i}.weight"), format!("{name}.{i}.bias"));
            params.insert(&weight, &[inputs, outputs], &init, seed)?;
            params.insert(&bias, &[outputs], &init, seed)?;
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
        if !x.device().is_cpu() {
            return self.forward_expression(x);
        }
        let x = x.contiguous()?;
        let n = self.rows(&x)?;
        let (output, hidden) = for_real!(x.dtype(), T => {
            let mut hidden = self.workspaces.take::<T>(n * self.layers[..self.layers.len() - 1].iter().map(|l| l.outputs).sum::<usize>())?;
            let output = self.run::<T>(&x, n, Keep::All(&mut hidden))?;
            Ok((T::to_storage(output), T::to_storage(hidden)))
        })?;
        let pass = Pass {
            layers: self.layers.clone(),
            workspaces: self.workspaces.clone(),
            compute: Compute::current(),
            output: Mutex::new(Some(output)),
            hidden: Some(hidden),
        };
        // The first weight stands for all: it ties the operation to the graph even when `x` is plain data.
        x.apply_op2(self.layers[0].weight.var(), pass)
    }

    /// The same numbers without a graph: for validation and for encoding new data.
    ///
    /// # Errors
    /// As [`Mlp::forward`].
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        if !x.device().is_cpu() {
            return Ok(self.forward_expression(x)?.detach());
        }
        let x = x.contiguous()?;
        let n = self.rows(&x)?;
        let storage = for_real!(x.dtype(), T => Ok(T::to_storage(self.run::<T>(&x, n, Keep::Last)?)))?;
        Ok(Tensor::from_storage(Storage::Cpu(storage), (n, self.outputs()), BackpropOp::none(), false))
    }

    /// The same as [`Mlp::forward`], layer by layer as candle expressions.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward_expression(&self, x: &Tensor) -> Result<Tensor> {
        self.layers.iter().try_fold(x.clone(), |x, l| dense_expression(&x, l.weight.var(), l.bias.var(), l.activation))
    }

    /// The number of input columns.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs
    }

    /// The number of output columns.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }

    fn rows(&self, x: &Tensor) -> Result<usize> {
        let (n, inputs) = x.dims2()?;
        if inputs != self.inputs() || x.dtype() != self.layers[0].weight.var().dtype() {
            let (want, dtype) = (self.inputs(), self.layers[0].weight.var().dtype());
            return Err(Error::Msg(format!("{want} columns of {dtype:?} were expected, got {x:?}")).bt());
        }
        Ok(n)
    }

    fn run<T: Real>(&self, x: &Tensor, n: usize, mut keep: Keep<'_, T>) -> Result<Vec<T>> {
        let compute = Compute::current();
        let mut output = Vec::new();
        let mut from = 0;
        for (i, layer) in self.layers.iter().enumerate() {
            let last = i + 1 == self.layers.len();
            let sizes = (n, layer.inputs, layer.outputs);
            with_values(layer.weight.var(), |w: &[T]| {
                with_values(layer.bias.var(), |b: &[T]| match &mut keep {
                    Keep::All(hidden) => {
                        let (before, after) = hidden.split_at_mut(from);
                        let mut into = |x: &[T]| match last {
                            true => {
                                output = vec![T::ZERO; n * layer.outputs];
                                forward((x, w, b), sizes, &mut output, layer.activation, compute);
                            }
                            false => {
                                forward((x, w, b), sizes, &mut after[..n * layer.outputs], layer.activation, compute);
                            }
                        };
                        match i {
                            0 => with_values(x, into),
                            _ => Ok(into(&before[from - n * layer.inputs..])),
                        }
                    }
                    Keep::Last => {
                        let mut next = vec![T::ZERO; n * layer.outputs];
                        let done = match i {
                            0 => with_values(x, |x| forward((x, w, b), sizes, &mut next, layer.activation, compute)),
                            _ => Ok(forward((&output, w, b), sizes, &mut next, layer.activation, compute)),
                        };
                        output = next;
                        done
                    }
                })
            })???;
            from += n * layer.outputs;
        }
        Ok(output)
    }
}

/// Which activations outlive the forward pass.
enum Keep<'a, T> {
    All(&'a mut Vec<T>),
    Last,
}

/// Buffers of finished passes, waiting for the next one: a training step then touches the same memory every time.
#[derive(Debug, Default)]
struct Workspaces(Mutex<Vec<CpuStorage>>);

impl Workspaces {
    /// Enough for two passes in flight; more would only hold memory.
    const KEPT: usize = 6;

    fn take<T: Real>(&self, count: usize) -> Result<Vec<T>> {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut values = match spare {
            Some(storage) if storage.as_slice::<T>().is_ok() => T::from_storage(storage)?,
            _ => Vec::new(),
        };
        values.resize(count, T::ZERO);
        Ok(values)
    }

    fn give_back(&self, storage: CpuStorage) {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < Self::KEPT {
            spare.push(storage);
        }
    }
}

/// One forward pass, waiting for its backward pass.
struct Pass {
    layers: Arc<[Layer]>,
    workspaces: Arc<Workspaces>,
    compute: Compute,
    output: Mutex<Option<CpuStorage>>,
    hidden: Option<CpuStorage>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(hidden) = self.hidden.take() {
            self.workspaces.give_back(hidden);
        }
    }
}

impl Pass {
    fn backward<T: Real>(&self, x: &[T], y: &[T], gradient: &[T], input: Input) -> Result<Option<Vec<T>>> {
        let hidden = match &self.hidden {
            Some(hidden) => hidden.as_slice::<T>()?,
            None => &[],
        };
        let n = y.len() / self.layers[self.layers.len() - 1].outputs;
        let widest = self.layers.iter().map(|l| l.outputs).max().unwrap_or(0);
        let mut dz = self.workspaces.take::<T>(n * widest)?;
        let mut next = self.workspaces.take::<T>(n * widest)?;
        dz[..gradient.len()].copy_from_slice(gradient);
        let mut end = hidden.len();
        let mut dx = None;
        for (i, layer) in self.layers.iter().enumerate().rev() {
            let (inputs, outputs) = (layer.inputs, layer.outputs);
            let y = if i + 1 == self.layers.len() { y } else { &hidden[end..end + n * outputs] };
            let x = if i == 0 { x } else { &hidden[end - n * inputs..end] };
            let dz_layer = &mut dz[..n * outputs];
            layer.bias.slot().accumulate(outputs, |db: &mut [T], held| {
                if held == Held::Nothing {
                    db.fill(T::ZERO);
                }
                pull_back_activation(dz_layer, y, db, layer.activation);
            })?;
            let dz_layer = (&*dz_layer, Order::Plain);
            layer.weight.slot().accumulate(inputs * outputs, |dw: &mut [T], held| {
                let write = if held == Held::Nothing { Write::Replace } else { Write::Add };
                let size = Product { rows: inputs, inner: n, cols: outputs };
                multiply(size, (x, Order::Transposed), dz_layer, dw, write, self.compute);
            })?;
            let size = Product { rows: n, inner: outputs, cols: inputs };
            let pull = |dx: &mut [T]| {
                with_values(layer.weight.var(), |w: &[T]| {
                    multiply(size, dz_layer, (w, Order::Transposed), dx, Write::Replace, self.compute);
                })
            };
            if i > 0 {
                pull(&mut next[..n * inputs])?;
                std::mem::swap(&mut dz, &mut next);
                end -= n * inputs;
            } else if input == Input::Tracked {
                let mut values = vec![T::ZERO; n * inputs];
                pull(&mut values)?;
                dx = Some(values);
            }
        }
        self.workspaces.give_back(T::to_storage(dz));
        self.workspaces.give_back(T::to_storage(next));
        Ok(dx)
    }
}

/// Whether the input of the network needs a gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Tracked,
    Data,
}

impl CustomOp2 for Pass {
    fn name(&self) -> &'static str {
        "mlp"
    }

    fn cpu_fwd(&self, _: &CpuStorage, lx: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let output = self.output.lock().unwrap_or_else(PoisonError::into_inner).take();
        let output = output.ok_or_else(|| Error::Msg("a pass through a network runs once".into()).bt())?;
        Ok((output, Shape::from((lx.shape().dims2()?.0, self.layers[self.layers.len() - 1].outputs))))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, y: &Tensor, gradient: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let input = if x.track_op() { Input::Tracked } else { Input::Data };
        for_real!(x.dtype(), T => {
            let dx = with_values(x, |x: &[T]| {
                with_values(y, |y: &[T]| with_values(&gradient, |g: &[T]| self.backward(x, y, g, input)))
            })????;
            Ok((dx.map(|dx| Tensor::from_vec(dx, x.shape(), x.device())).transpose()?, None))
        })
    }
}
