//! Layer normalisation: *Layer Normalization* (Ba, Kiros, Hinton, 2016), <https://arxiv.org/abs/1607.06450>.

use super::element::{Element, for_real, give, slice, with_values};
use super::norm::Affine;
use super::params::{Init, Params};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp3, Error, Layout, Result, Shape, Tensor};
use disentangle_data::simd::vectorised;
use disentangle_numerics::real::Real;

/// Normalises every row to mean 0 and variance 1: independent of the batch, so training and application agree. Cloning
/// shares parameters.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    scale: Tensor,
    shift: Tensor,
}

impl LayerNorm {
    /// Added to the variance: a constant row would otherwise be divided by zero. PyTorch's default.
    pub const EPS: f64 = 1e-5;

    /// A normalisation of rows of `cols` values; with [`Affine::Learnt`] the parameters are `<name>.scale` (begins at
    /// 1) and `<name>.shift` (begins at 0).
    ///
    /// # Errors
    /// A name that exists already.
    pub fn new(params: &mut Params, name: &str, cols: usize, affine: Affine) -> Result<Self> {
        let (scale, shift) = match affine {
            Affine::Learnt => (
                params.insert(&format!("{name}.scale"), &[cols], &Init::Constant(1.0), 0)?.as_tensor().clone(),
                params.insert(&format!("{name}.shift"), &[cols], &Init::ZEROS, 0)?.as_tensor().clone(),
            ),
            Affine::None => (
                Tensor::ones(cols, params.dtype(), params.device())?,
                Tensor::zeros(cols, params.dtype(), params.device())?,
            ),
        };
        Ok(Self { scale, shift })
    }

    /// `x [n, cols]` normalised row by row (biased variance), scaled and shifted: `[n, cols]`.
    ///
    /// # Errors
    /// Another number of columns, or those of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (_, cols) = x.dims2()?;
        if cols != self.scale.elem_count() || cols == 0 {
            return Err(Error::Msg(format!("layer norm of {} columns, got {cols}", self.scale.elem_count())).bt());
        }
        if !fused(x.device()) {
            return self.forward_expression(x);
        }
        x.contiguous()?.apply_op3(&self.scale, &self.shift, Normalise)
    }

    /// The same as a candle expression.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward_expression(&self, x: &Tensor) -> Result<Tensor> {
        let centred = x.broadcast_sub(&x.mean_keepdim(1)?)?;
        let scaled = centred.broadcast_div(&(centred.sqr()?.mean_keepdim(1)? + Self::EPS)?.sqrt()?)?;
        scaled.broadcast_mul(&self.scale)?.broadcast_add(&self.shift)
    }
}

struct Normalise;

/// Mean and inverse root of the variance of one row.
#[inline(always)]
fn statistics<T: Real>(row: &[T]) -> (T, T) {
    let share = T::ONE / T::of(row.len() as f64);
    let mean = sum(
        row,
        #[inline(always)]
        |v| v,
    ) * share;
    let variance = sum(
        row,
        #[inline(always)]
        |v| (v - mean) * (v - mean),
    ) * share;
    (mean, T::ONE / (variance + T::of(LayerNorm::EPS)).sqrt())
}

/// A sum over eight fixed lanes: vectorisable, and the same bits on every machine.
#[inline(always)]
fn sum<T: Real>(row: &[T], term: impl Fn(T) -> T) -> T {
    let mut lanes = [T::ZERO; 8];
    let chunks = row.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, &v) in lanes.iter_mut().zip(chunk) {
            *lane += term(v);
        }
    }
    for (lane, &v) in lanes.iter_mut().zip(rest) {
        *lane += term(v);
    }
    lanes.iter().fold(T::ZERO, |sum, &v| sum + v)
}

impl Normalise {
    /// The gradients of input, scale and shift.
    fn backward<T: Real>(x: &[T], scale: &[T], gradient: &[T]) -> (Vec<T>, Vec<T>, Vec<T>) {
        let cols = scale.len();
        let share = T::ONE / T::of(cols as f64);
        let (mut d_scale, mut d_shift) = (vec![T::ZERO; cols], vec![T::ZERO; cols]);
        let mut dx = vec![T::ZERO; x.len()];
        vectorised!({
            let rows = x.chunks_exact(cols).zip(gradient.chunks_exact(cols)).zip(dx.chunks_exact_mut(cols));
            for ((x, g), dx) in rows {
                let (mean, rate) = statistics(x);
                let (mut pull, mut along) = (T::ZERO, T::ZERO);
                for j in 0..cols {
                    let whitened = (x[j] - mean) * rate;
                    d_scale[j] += g[j] * whitened;
                    d_shift[j] += g[j];
                    dx[j] = g[j] * scale[j];
                    pull += dx[j];
                    along += dx[j] * whitened;
                }
                for j in 0..cols {
                    let whitened = (x[j] - mean) * rate;
                    dx[j] = rate * (dx[j] - share * (pull + whitened * along));
                }
            }
        });
        (dx, d_scale, d_shift)
    }
}

impl CustomOp3 for Normalise {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        scale: &CpuStorage,
        ls: &Layout,
        shift: &CpuStorage,
        lt: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        for_real!(x.dtype(), T => {
            let (x, scale, shift) = (slice::<T>(x, lx)?, slice::<T>(scale, ls)?, slice::<T>(shift, lt)?);
            let cols = scale.len();
            let mut y = vec![T::ZERO; x.len()];
            vectorised!({
                for (x, y) in x.chunks_exact(cols).zip(y.chunks_exact_mut(cols)) {
                    let (mean, rate) = statistics(x);
                    for j in 0..cols {
                        y[j] = (x[j] - mean) * rate * scale[j] + shift[j];
                    }
                }
            });
            Ok((T::to_storage(y), lx.shape().clone()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        scale: &Tensor,
        shift: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        for_real!(x.dtype(), T => {
            let (dx, d_scale, d_shift) = with_values(x, |x: &[T]| {
                with_values(scale, |s: &[T]| with_values(&gradient, |g: &[T]| Self::backward(x, s, g)))
            })???;
            Ok((give(x, dx)?, give(scale, d_scale)?, give(shift, d_shift)?))
        })
    }
}
