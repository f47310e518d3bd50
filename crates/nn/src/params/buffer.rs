//! Numbers of a model that no gradient moves.

use crate::fused::fused;
use crate::host;
use candle_core::{DType, Device, Result, Tensor};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Numbers that belong to a model but that no gradient moves, such as running statistics. They lie where they are computed with: on the
/// device of the parameters. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Buffer {
    pub(super) name: String,
    dtype: DType,
    values: Arc<Mutex<Place>>,
}

#[derive(Debug)]
enum Place {
    /// For fused operations.
    Slice(Vec<f64>),
    /// For expressions.
    Tensor(Tensor),
}

impl Buffer {
    pub(super) fn new(name: &str, values: Vec<f64>, (dtype, device): (DType, &Device)) -> Result<Self> {
        let place = if fused(device) {
            Place::Slice(values)
        } else {
            let count = values.len();
            Place::Tensor(host::placed_on(values, count, (dtype, device))?)
        };
        Ok(Self { name: name.to_owned(), dtype, values: Arc::new(Mutex::new(place)) })
    }

    fn lock(&self) -> MutexGuard<'_, Place> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A value as the type of the parameters holds it.
    fn narrow(&self, value: f64) -> f64 {
        if self.dtype == DType::F64 { value } else { f64::from(value as f32) }
    }

    /// The number of its values.
    pub fn count(&self) -> usize {
        match &*self.lock() {
            Place::Slice(values) => values.len(),
            Place::Tensor(tensor) => tensor.elem_count(),
        }
    }

    /// Its values, on the host.
    ///
    /// # Errors
    /// Those of copying from the device.
    pub fn get(&self) -> Result<Vec<f64>> {
        match &*self.lock() {
            Place::Slice(values) => Ok(values.clone()),
            Place::Tensor(tensor) => host::doubles(tensor),
        }
    }

    /// Its values as a flat tensor of the type and on the device of `like`.
    ///
    /// # Errors
    /// Those of copying to the device, where they do not lie there.
    pub fn tensor(&self, like: &Tensor) -> Result<Tensor> {
        match &*self.lock() {
            Place::Slice(values) => host::placed(values.clone(), values.len(), like),
            Place::Tensor(tensor) => tensor.to_dtype(like.dtype()),
        }
    }

    /// Changes each value, rounded to the type of the parameters: what a checkpoint holds is what goes on.
    ///
    /// # Errors
    /// Those of copying from the device and back.
    pub fn change(&self, mut new: impl FnMut(usize, f64) -> f64) -> Result<()> {
        let mut change = |values: &mut [f64]| {
            values.iter_mut().enumerate().for_each(|(i, value)| *value = self.narrow(new(i, *value)));
        };
        match &mut *self.lock() {
            Place::Slice(values) => change(values),
            Place::Tensor(tensor) => {
                let mut values = host::doubles(tensor)?;
                change(&mut values);
                *tensor = host::placed(values, tensor.shape(), tensor)?;
            }
        }
        Ok(())
    }

    /// Moves all values by `share` of the way to `target`, a flat tensor in double precision, without leaving its device.
    ///
    /// # Errors
    /// Those of candle.
    pub(crate) fn approach(&self, target: &Tensor, share: f64) -> Result<()> {
        match &mut *self.lock() {
            // Built for fused operations, asked for expressions: a test compares both.
            Place::Slice(values) => {
                let target = host::doubles(target)?;
                let moved = |(value, to): (&mut f64, f64)| *value = self.narrow(*value + share * (to - *value));
                values.iter_mut().zip(target).for_each(moved);
            }
            Place::Tensor(tensor) => {
                let old = tensor.to_dtype(DType::F64)?;
                *tensor = (&old + ((target - &old)? * share)?)?.to_dtype(self.dtype)?.detach();
            }
        }
        Ok(())
    }
}
