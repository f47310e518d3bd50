//! The trainable numbers of a model, by name and in order, and their gradients.

mod buffer;

pub use buffer::Buffer;

use super::element::{Element, for_real, with_values};
use crate::fused::fused;
use crate::host;
use candle_core::{CpuStorage, DType, Device, Error, Result, Tensor, Var};
use disentangle_data::Stream;
use disentangle_data::simd::vectorised;
use disentangle_numerics::real::Real;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a parameter begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Init {
    /// Uniform on ±1/sqrt(fan_in), as PyTorch's dense and convolution layers begin (weights and biases).
    Uniform {
        /// The number of inputs of one unit, at least 1.
        fan_in: usize,
    },
    /// Uniform on ±sqrt(6 / (fan_in + fan_out)): *Understanding the difficulty of training deep feedforward neural
    /// networks* (Glorot, Bengio, 2010), equation 16, <https://proceedings.mlr.press/v9/glorot10a.html>.
    Glorot {
        /// The number of inputs of the layer.
        fan_in: usize,
        /// The number of its outputs.
        fan_out: usize,
    },
    /// Normal with mean 0.
    Normal {
        /// Standard deviation.
        sd: f64,
    },
    /// Every entry the same.
    Constant(f64),
    /// These values, row-major.
    Values(Vec<f64>),
}

impl Init {
    /// All zeros.
    pub const ZEROS: Init = Init::Constant(0.0);

    /// `count` initial values of the parameter `name`: a pure function of (seed, name), whatever else exists.
    fn draw(&self, count: usize, name: &str, seed: u64) -> Result<Vec<f64>> {
        let mut stream = Stream::new(seed, &format!("init/{name}"));
        Ok(match self {
            Init::Uniform { fan_in } => uniform(&mut stream, count, 1.0 / (*fan_in.max(&1) as f64).sqrt()),
            Init::Glorot { fan_in, fan_out } => {
                uniform(&mut stream, count, (6.0 / (fan_in + fan_out).max(1) as f64).sqrt())
            }
            Init::Normal { sd } => (0..count).map(|_| sd * stream.normal()).collect(),
            Init::Constant(value) => vec![*value; count],
            Init::Values(values) if values.len() == count => values.clone(),
            Init::Values(values) => {
                return Err(Error::Msg(format!("{name}: {} values for {count} entries", values.len())).bt());
            }
        })
    }
}

/// `count` numbers, uniform on ±bound.
fn uniform(stream: &mut Stream, count: usize, bound: f64) -> Vec<f64> {
    (0..count).map(|_| bound * (2.0 * stream.uniform() - 1.0)).collect()
}

/// Where fused networks leave a parameter's gradient during a backward pass.
///
/// candle's own store pays an allocation, a fill and an addition for each gradient; a network that writes here pays
/// one product.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<Buffers>);

#[derive(Debug, Default)]
struct Buffers {
    /// The sum so far of the running backward pass.
    filled: Option<CpuStorage>,
    /// The buffer of an earlier pass, with stale content.
    spare: Option<CpuStorage>,
}

impl Slot {
    fn buffers(&self) -> MutexGuard<'_, Buffers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The buffer to write to, and whether it already holds a part of the sum; [`Slot::put`] closes it.
    pub(crate) fn open<T: Element>(&self, count: usize) -> Result<(Vec<T>, Held)> {
        let mut buffers = self.buffers();
        let held = if buffers.filled.is_some() { Held::Part } else { Held::Nothing };
        Ok(match buffers.filled.take().or_else(|| buffers.spare.take()) {
            Some(storage) => (T::from_storage(storage)?, held),
            None => (vec![T::ZERO; count], held),
        })
    }

    /// The written buffer.
    pub(crate) fn put(&self, storage: CpuStorage) {
        self.buffers().filled = Some(storage);
    }

    fn take(&self) -> Option<CpuStorage> {
        self.buffers().filled.take()
    }

    fn give_back(&self, storage: CpuStorage) {
        self.buffers().spare = Some(storage);
    }
}

/// Whether a gradient buffer holds a part of the sum; otherwise its content is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    Nothing,
    Part,
}

/// One named parameter.
#[derive(Debug, Clone)]
pub struct Param {
    name: String,
    var: Var,
    slot: Arc<Slot>,
}

impl Param {
    /// Its name, such as `encoder.0.weight`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its current value, tracked by candle's graph.
    pub fn var(&self) -> &Var {
        &self.var
    }

    pub(crate) fn slot(&self) -> &Slot {
        &self.slot
    }
}

/// An ordered store of named trainable parameters, all of one type on one device, and of the buffers beside them.
///
/// Iteration follows insertion and passes over buffers. Cloning shares the numbers.
#[derive(Debug, Clone)]
pub struct Params {
    device: Device,
    dtype: DType,
    list: Vec<Param>,
    buffers: Vec<Buffer>,
    index: BTreeMap<String, usize>,
}

impl Params {
    /// An empty store of `f32` parameters.
    pub fn new(device: &Device) -> Self {
        Self::with_dtype(device, DType::F32)
    }

    /// An empty store of `F32` or `F64` parameters.
    pub fn with_dtype(device: &Device, dtype: DType) -> Self {
        Self { device: device.clone(), dtype, list: Vec::new(), buffers: Vec::new(), index: BTreeMap::new() }
    }

    /// Adds a parameter; its initial value depends on (seed, name, shape, init) only.
    ///
    /// # Errors
    /// A name that exists already, or `Init::Values` of another size than the shape.
    pub fn insert(&mut self, name: &str, shape: &[usize], init: &Init, seed: u64) -> Result<Var> {
        if self.index.contains_key(name) {
            return Err(Error::Msg(format!("two parameters named {name}")).bt());
        }
        let values = init.draw(shape.iter().product(), name, seed)?;
        let var = Var::from_tensor(&host::placed_on(values, shape, (self.dtype, &self.device))?)?;
        self.index.insert(name.to_owned(), self.list.len());
        self.list.push(Param { name: name.to_owned(), var: var.clone(), slot: Arc::default() });
        Ok(var)
    }

    /// Adds a buffer with these values.
    ///
    /// # Errors
    /// A name that exists already.
    pub fn insert_buffer(&mut self, name: &str, values: Vec<f64>) -> Result<Buffer> {
        if self.index.contains_key(name) || self.buffers.iter().any(|buffer| buffer.name == name) {
            return Err(Error::Msg(format!("two parameters named {name}")).bt());
        }
        let buffer = Buffer::new(name, values, (self.dtype, &self.device))?;
        self.buffers.push(buffer.clone());
        Ok(buffer)
    }

    /// The parameter of this name.
    ///
    /// # Errors
    /// No such parameter.
    pub fn get(&self, name: &str) -> Result<&Var> {
        Ok(&self.param(name)?.var)
    }

    /// The parameter of this name with its gradient slot.
    pub(crate) fn param(&self, name: &str) -> Result<&Param> {
        match self.index.get(name) {
            Some(&i) => Ok(&self.list[i]),
            None => Err(Error::Msg(format!("no parameter named {name}")).bt()),
        }
    }

    /// All parameters, in the order in which they were inserted.
    pub fn iter(&self) -> std::slice::Iter<'_, Param> {
        self.list.iter()
    }

    /// The number of parameters (tensors, not entries).
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is no parameter.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The device of all parameters.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The type of all parameters.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// All values, by name, in order, buffers last: what checkpoints and artifacts hold.
    ///
    /// # Errors
    /// Those of copying from the device.
    pub fn export(&self) -> Result<Vec<NamedValues>> {
        let trained = self.list.iter().map(|p| {
            Ok(NamedValues { name: p.name.clone(), shape: p.var.dims().to_vec(), values: host::singles(&p.var)? })
        });
        let buffers = self.buffers.iter().map(|buffer| {
            let values: Vec<f32> = buffer.get()?.into_iter().map(|v| v as f32).collect();
            Ok(NamedValues { name: buffer.name.clone(), shape: vec![values.len()], values })
        });
        trained.chain(buffers).collect()
    }

    /// Names and shapes of [`Params::export`].
    fn shapes(&self) -> Vec<(&str, Vec<usize>)> {
        let trained = self.list.iter().map(|p| (p.name.as_str(), p.var.dims().to_vec()));
        trained.chain(self.buffers.iter().map(|b| (b.name.as_str(), vec![b.count()]))).collect()
    }

    /// Replaces all values. The names, their order and the shapes must be those of this store.
    ///
    /// # Errors
    /// Another list of names or another shape; nothing is changed then.
    pub fn import(&self, values: &[NamedValues]) -> Result<()> {
        let ours = self.shapes();
        let fits = |(v, (name, shape)): (&NamedValues, &(&str, Vec<usize>))| {
            v.name == *name && v.shape == *shape && v.values.len() == shape.iter().product::<usize>()
        };
        if values.len() != ours.len() || !values.iter().zip(&ours).all(fits) {
            let names = |list: Vec<String>| list.join(", ");
            let ours = names(ours.iter().map(|(name, shape)| format!("{name} {shape:?}")).collect());
            let given = names(values.iter().map(|v| format!("{} {:?}", v.name, v.shape)).collect());
            return Err(Error::Msg(format!("parameters [{given}] are not those of the model, [{ours}]")).bt());
        }
        for (value, param) in values.iter().zip(&self.list) {
            let values = value.values.iter().map(|&v| f64::from(v)).collect();
            param.var.set(&host::placed(values, value.shape.as_slice(), &param.var)?)?;
        }
        for (value, buffer) in values[self.list.len()..].iter().zip(&self.buffers) {
            buffer.change(|i, _| f64::from(value.values[i]))?;
        }
        Ok(())
    }

    /// The Euclidean norm over all entries, summed in double precision in order.
    ///
    /// # Errors
    /// Those of copying from the device.
    pub fn norm(&self) -> Result<f64> {
        let mut sum = Squares::default();
        for param in &self.list {
            sum.add(&param.var)?;
        }
        sum.root()
    }

    /// The gradients of `loss` (one number) with respect to every parameter it depends on.
    ///
    /// Use this instead of candle's `backward`: the fused networks of [`crate::nn`] leave their gradients here.
    /// Two backward passes over the same parameters must not run at the same time.
    ///
    /// # Errors
    /// Those of candle and of the fused operations.
    pub fn gradients(&self, loss: &Tensor) -> Result<Gradients> {
        for param in &self.list {
            if let Some(stale) = param.slot.take() {
                param.slot.give_back(stale);
            }
        }
        let mut store = loss.backward()?;
        let mut list = Vec::with_capacity(self.list.len());
        for param in &self.list {
            let tracked = store.remove(&param.var);
            list.push(match (param.slot.take(), tracked) {
                (None, None) => Gradient::None,
                (None, Some(tensor)) => Gradient::Tensor(tensor.contiguous()?),
                (Some(storage), None) => Gradient::Slot { storage: Some(storage), slot: param.slot.clone() },
                (Some(storage), Some(tensor)) => {
                    let part = for_real!(self.dtype, T => {
                        Tensor::from_vec(T::from_storage(storage)?, tensor.shape(), &self.device)
                    })?;
                    Gradient::Tensor((tensor + part)?)
                }
            });
        }
        Ok(Gradients { list })
    }
}

/// A parameter's values as plain data.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedValues {
    /// The parameter's name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its entries, row-major.
    pub values: Vec<f32>,
}

#[derive(Debug)]
enum Gradient {
    None,
    Tensor(Tensor),
    Slot { storage: Option<CpuStorage>, slot: Arc<Slot> },
}

impl Drop for Gradient {
    fn drop(&mut self) {
        if let Gradient::Slot { storage, slot } = self
            && let Some(storage) = storage.take()
        {
            slot.give_back(storage);
        }
    }
}

/// The gradients of one backward pass, in the order of the parameters.
#[derive(Debug)]
pub struct Gradients {
    list: Vec<Gradient>,
}

impl Gradients {
    /// The number of parameters of the store they belong to.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether the store had no parameter.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether the loss depended on parameter `i`.
    pub fn has(&self, i: usize) -> bool {
        !matches!(self.list[i], Gradient::None)
    }

    /// Calls `work` with the gradient of parameter `i` on the CPU, or with `None` when the loss did not depend on it.
    ///
    /// # Errors
    /// `T` is not the type of the parameters, or they are not on the CPU.
    pub fn with<T: Element, R>(&self, i: usize, work: impl FnOnce(Option<&[T]>) -> R) -> Result<R> {
        match &self.list[i] {
            Gradient::None | Gradient::Slot { storage: None, .. } => Ok(work(None)),
            Gradient::Slot { storage: Some(storage), .. } => Ok(work(Some(storage.as_slice::<T>()?))),
            Gradient::Tensor(tensor) => with_values(tensor, |values| work(Some(values))),
        }
    }

    /// The gradient of parameter `i` as a flat tensor.
    ///
    /// # Errors
    /// Those of candle.
    pub fn tensor(&self, i: usize) -> Result<Option<Tensor>> {
        match &self.list[i] {
            Gradient::None | Gradient::Slot { storage: None, .. } => Ok(None),
            Gradient::Tensor(tensor) => Ok(Some(tensor.flatten_all()?)),
            Gradient::Slot { storage: Some(storage), .. } => {
                let values = storage.clone();
                for_real!(values_dtype(&values), T => {
                    let values = T::from_storage(values)?;
                    let count = values.len();
                    Tensor::from_vec(values, count, &Device::Cpu).map(Some)
                })
            }
        }
    }

    /// The Euclidean norm over all entries, summed in double precision in order; NaN when an entry is NaN.
    ///
    /// # Errors
    /// Those of copying from the device.
    pub fn norm(&self) -> Result<f64> {
        let mut sum = Squares::default();
        for gradient in &self.list {
            match gradient {
                Gradient::None | Gradient::Slot { storage: None, .. } => {}
                Gradient::Tensor(tensor) => sum.add(tensor)?,
                Gradient::Slot { storage: Some(storage), .. } => {
                    sum.here += for_real!(values_dtype(storage), T => Ok(sum_of_squares(storage.as_slice::<T>()?)))?;
                }
            }
        }
        sum.root()
    }
}

fn values_dtype(storage: &CpuStorage) -> DType {
    use candle_core::backend::BackendStorage;
    storage.dtype()
}

/// A sum of squares in double precision, in order. What lies on a device is added up there, so that one number is read.
#[derive(Default)]
struct Squares {
    here: f64,
    on_device: Option<Tensor>,
}

impl Squares {
    fn add(&mut self, tensor: &Tensor) -> Result<()> {
        if fused(tensor.device()) {
            self.here += for_real!(tensor.dtype(), T => with_values::<T, f64>(tensor, sum_of_squares))?;
            return Ok(());
        }
        let squares = tensor.detach().to_dtype(DType::F64)?.sqr()?.sum_all()?;
        self.on_device = Some(match self.on_device.take() {
            Some(sum) => (sum + squares)?,
            None => squares,
        });
        Ok(())
    }

    fn root(self) -> Result<f64> {
        let there = self.on_device.as_ref().map_or(Ok(0.0), host::number)?;
        Ok((self.here + there).sqrt())
    }
}

/// Sum of squares in double precision, in eight fixed lanes: the same bits on every machine.
pub(crate) fn sum_of_squares<T: Real>(values: &[T]) -> f64 {
    vectorised!({
        let mut lanes = [0f64; 8];
        let chunks = values.chunks_exact(8);
        let rest = chunks.remainder();
        for chunk in chunks {
            for (lane, v) in lanes.iter_mut().zip(chunk) {
                *lane += v.wide() * v.wide();
            }
        }
        for (lane, v) in lanes.iter_mut().zip(rest) {
            *lane += v.wide() * v.wide();
        }
        lanes.iter().sum()
    })
}

#[cfg(test)]
mod tests;
