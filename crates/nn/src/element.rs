//! Numbers as candle stores them: what the fused operations take from its tensors and give back.

use candle_core::{CpuStorage, DType, Error, Result, WithDType};
use disentangle_numerics::real::Real;

/// A floating-point type that tensors hold and the fused operations are written for.
pub trait Element: Real + WithDType {
    /// Hands values to candle without a copy.
    fn to_storage(values: Vec<Self>) -> CpuStorage {
        Self::to_cpu_storage_owned(values)
    }
    /// Takes values from candle without a copy.
    ///
    /// # Errors
    /// A storage of another type.
    fn from_storage(storage: CpuStorage) -> Result<Vec<Self>> {
        Self::cpu_storage_data(storage)
    }
}

impl Element for f32 {}

impl Element for f64 {}

/// Runs `$body` with `$t` bound to `f32` or `f64`, whichever `$dtype` says.
macro_rules! for_real {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            candle_core::DType::F32 => {
                type $t = f32;
                $body
            }
            candle_core::DType::F64 => {
                type $t = f64;
                $body
            }
            other => Err($crate::element::unsupported(other)),
        }
    };
}
pub(crate) use for_real;

pub(crate) fn unsupported(dtype: DType) -> Error {
    Error::Msg(format!("the layers compute in f32 or f64, not in {dtype:?}")).bt()
}

/// The values of a contiguous CPU storage.
pub(crate) fn slice<'a, T: Element>(storage: &'a CpuStorage, layout: &candle_core::Layout) -> Result<&'a [T]> {
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(&storage.as_slice::<T>()?[from..to]),
        None => Err(Error::Msg("a fused operation was given a strided tensor".into()).bt()),
    }
}

/// Calls `work` with the values of a contiguous tensor on the CPU.
pub(crate) fn with_values<T: Element, R>(tensor: &candle_core::Tensor, work: impl FnOnce(&[T]) -> R) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        candle_core::Storage::Cpu(storage) => Ok(work(slice(storage, layout)?)),
        _ => Err(Error::Msg("a fused operation was given a tensor that is not on the CPU".into()).bt()),
    }
}

/// A gradient for an input that asks for one.
pub(crate) fn give<T: Element>(input: &candle_core::Tensor, values: Vec<T>) -> Result<Option<candle_core::Tensor>> {
    input.track_op().then(|| candle_core::Tensor::from_vec(values, input.shape(), input.device())).transpose()
}
