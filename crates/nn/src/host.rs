//! The one way from a device to the host and back. `clippy.toml` forbids every other one to what is not a test, so that a count of what
//! is read here is a count of all that a step reads.
#![allow(clippy::disallowed_methods, reason = "this is where it is allowed")]

use candle_core::{DType, Device, Result, Tensor};
use std::cell::Cell;

thread_local! {
    static STEPPING: Cell<bool> = const { Cell::new(false) };
    static READ: Cell<usize> = const { Cell::new(0) };
}

/// Does `work` as part of a step: what it reads is counted.
pub fn within_step<T>(work: impl FnOnce() -> T) -> T {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            STEPPING.set(self.0);
        }
    }
    let _before = Before(STEPPING.replace(true));
    work()
}

/// How many tensors of more than one entry the steps of this thread have read so far. A device waits at each of them; at single numbers,
/// such as the value of a loss, it has to.
pub fn read_within_steps() -> usize {
    READ.get()
}

fn note(tensor: &Tensor) {
    if STEPPING.get() && tensor.elem_count() > 1 {
        READ.set(READ.get() + 1);
    }
}

/// The entries of a tensor, row-major, in double precision.
///
/// # Errors
/// Those of copying from the device.
pub fn doubles(tensor: &Tensor) -> Result<Vec<f64>> {
    note(tensor);
    // The type is changed on the host: no device needs to know how.
    tensor.flatten_all()?.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec1()
}

/// The same in single precision.
///
/// # Errors
/// Those of copying from the device.
pub fn singles(tensor: &Tensor) -> Result<Vec<f32>> {
    note(tensor);
    tensor.flatten_all()?.to_device(&Device::Cpu)?.to_dtype(DType::F32)?.to_vec1()
}

/// Entries of a tensor of whole numbers, row-major.
///
/// # Errors
/// Another type than `U32`, or those of copying from the device.
pub fn codes(tensor: &Tensor) -> Result<Vec<u32>> {
    note(tensor);
    tensor.flatten_all()?.to_device(&Device::Cpu)?.to_vec1()
}

/// The value of a scalar.
///
/// # Errors
/// More than one entry, or those of copying from the device.
pub fn number(scalar: &Tensor) -> Result<f64> {
    scalar.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_scalar()
}

/// Values of this shape, row-major, as a tensor of the type and on the device of `like`.
///
/// # Errors
/// Another number of values, or those of copying to the device.
pub fn placed(values: Vec<f64>, shape: impl Into<candle_core::Shape>, like: &Tensor) -> Result<Tensor> {
    placed_on(values, shape, (like.dtype(), like.device()))
}

/// The same of this type on this device.
///
/// # Errors
/// As [`placed`].
pub fn placed_on(
    values: Vec<f64>,
    shape: impl Into<candle_core::Shape>,
    (dtype, device): (DType, &Device),
) -> Result<Tensor> {
    // The type is changed before the copy: half of the bytes, and the same rounding everywhere.
    Tensor::from_vec(values, shape.into(), &Device::Cpu)?.to_dtype(dtype)?.to_device(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_that_a_step_reads_are_counted_and_single_numbers_are_not() -> Result<()> {
        let x = placed_on(vec![1.0, 2.5], 2, (DType::F32, &Device::Cpu))?;
        let read = || {
            assert_eq!((doubles(&x)?, singles(&x)?), (vec![1.0, 2.5], vec![1.0, 2.5]));
            assert_eq!(codes(&Tensor::new(&[3u32, 4], &Device::Cpu)?)?, [3, 4]);
            assert_eq!(number(&x.sum_all()?)?, 3.5);
            assert_eq!(singles(&x.narrow(0, 1, 1)?)?, [2.5]);
            Ok::<_, candle_core::Error>(())
        };
        let before = read_within_steps();
        read()?;
        assert_eq!(read_within_steps() - before, 0);
        within_step(read)?;
        assert_eq!(read_within_steps() - before, 3);
        assert!(std::panic::catch_unwind(|| within_step(|| panic!("on purpose"))).is_err());
        read()?;
        assert_eq!(read_within_steps() - before, 3);
        Ok(())
    }
}
