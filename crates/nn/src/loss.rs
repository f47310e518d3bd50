//! Losses and penalties, each one operation on the CPU.

use super::element::{Element, for_real, slice, with_values};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Error, Layout, Result, Shape, Tensor};
use disentangle_data::simd::vectorised;
use disentangle_numerics::real::Real;

/// Mean of the squared differences of two tensors of the same shape; a scalar.
///
/// # Errors
/// Different shapes, no entries, or those of candle.
pub fn mean_squared_error(prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
    if prediction.dims() != target.dims() || prediction.elem_count() == 0 {
        let (p, t) = (prediction.shape(), target.shape());
        return Err(Error::Msg(format!("mean squared error of shapes {p:?} and {t:?}")).bt());
    }
    if !fused(prediction.device()) {
        return (prediction - target)?.sqr()?.mean_all();
    }
    prediction.contiguous()?.apply_op2(&target.contiguous()?, MeanSquaredError)
}

/// `weight * sum |x|`, a scalar, with subgradient sign(x), sign(0) = 0: entries at exactly zero stay there.
///
/// # Errors
/// Those of candle.
pub fn l1(x: &Tensor, weight: f64) -> Result<Tensor> {
    if !fused(x.device()) {
        // candle's abs' is 1 at 0; a product with the sign, a constant, is not.
        return (x * x.sign()?.detach())?.sum_all()? * weight;
    }
    x.contiguous()?.apply_op1(L1 { weight })
}

/// A sum in double precision over sixteen fixed lanes: fast, accurate and the same bits on every machine.
#[inline(always)]
pub(crate) fn fixed_sum<T: Real>(a: &[T], b: &[T], term: impl Fn(T, T) -> T) -> f64 {
    const LANES: usize = 16;
    let mut lanes = [0f64; LANES];
    let (chunks_a, chunks_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = chunks_a.remainder().iter().zip(chunks_b.remainder());
    for (a, b) in chunks_a.zip(chunks_b) {
        for ((lane, &a), &b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += term(a, b).wide();
        }
    }
    for (lane, (&a, &b)) in lanes.iter_mut().zip(rest) {
        *lane += term(a, b).wide();
    }
    lanes.iter().sum()
}

/// The one entry of a scalar gradient.
pub(crate) fn scalar<T: Element>(gradient: &Tensor) -> Result<T> {
    with_values(gradient, |g: &[T]| g[0])
}

pub(crate) fn scalar_storage<T: Element>(value: f64) -> (CpuStorage, Shape) {
    (T::to_storage(vec![T::of(value)]), Shape::from(()))
}

struct MeanSquaredError;

impl MeanSquaredError {
    /// `factor * (a - b)`
    fn difference<T: Element>(a: &Tensor, b: &Tensor, factor: T) -> Result<Tensor> {
        let values = with_values(a, |a: &[T]| {
            with_values(b, |b: &[T]| {
                let mut out = Vec::with_capacity(a.len());
                vectorised!(out.extend(a.iter().zip(b).map(|(&a, &b)| factor * (a - b))));
                out
            })
        })??;
        Tensor::from_vec(values, a.shape(), a.device())
    }
}

impl CustomOp2 for MeanSquaredError {
    fn name(&self) -> &'static str {
        "mean-squared-error"
    }

    fn cpu_fwd(&self, a: &CpuStorage, la: &Layout, b: &CpuStorage, lb: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        for_real!(a.dtype(), T => {
            let (a, b) = (slice::<T>(a, la)?, slice::<T>(b, lb)?);
            let sum = vectorised!(fixed_sum(a, b, #[inline(always)] |a, b| (a - b) * (a - b)));
            Ok(scalar_storage::<T>(sum / a.len() as f64))
        })
    }

    fn bwd(&self, a: &Tensor, b: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        for_real!(a.dtype(), T => {
            let factor = scalar::<T>(gradient)? * T::of(2.0 / a.elem_count() as f64);
            let da = a.track_op().then(|| Self::difference(a, b, factor)).transpose()?;
            let db = b.track_op().then(|| Self::difference(b, a, factor)).transpose()?;
            Ok((da, db))
        })
    }
}

struct L1 {
    weight: f64,
}

impl CustomOp1 for L1 {
    fn name(&self) -> &'static str {
        "l1"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        for_real!(x.dtype(), T => {
            let x = slice::<T>(x, layout)?;
            let sum = vectorised!(fixed_sum(x, x, #[inline(always)] |x, _| x.abs()));
            Ok(scalar_storage::<T>(self.weight * sum))
        })
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        for_real!(x.dtype(), T => {
            let g = scalar::<T>(gradient)? * T::of(self.weight);
            let sign = |x: T| if x > T::ZERO { g } else if x < T::ZERO { -g } else { x * g };
            let values: Vec<T> = with_values(x, |x: &[T]| x.iter().map(|&x| sign(x)).collect())?;
            Tensor::from_vec(values, x.shape(), x.device()).map(Some)
        })
    }
}
