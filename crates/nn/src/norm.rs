//! Batch normalisation: *Batch Normalization* (Ioffe, Szegedy, 2015), <https://arxiv.org/abs/1502.03167>.

use super::element::{Element, for_real, give, slice, with_values};
use super::layers::{Layer, Numbers};
use super::params::{Buffer, Init, Params};
use crate::fused::fused;
use crate::host;
use candle_core::{CpuStorage, CustomOp3, DType, Error, Layout, Result, Shape, Tensor, Var};
use disentangle_data::simd::vectorised;
use disentangle_numerics::real::Real;

/// Whether a normalisation learns a scale and a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affine {
    /// Scale `<name>.scale` (begins at 1) and shift `<name>.shift` (begins at 0) are parameters.
    Learnt,
    /// Mean 0 and variance 1 as they are.
    None,
}

/// The statistics that new data are normalised with.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningStatistics {
    /// Mean of each column.
    pub mean: Vec<f64>,
    /// Unbiased variance of each column.
    pub variance: Vec<f64>,
}

/// Normalises every column of a batch to mean 0 and variance 1. Cloning shares parameters and statistics.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    scale: Tensor,
    shift: Tensor,
    mean: Buffer,
    variance: Buffer,
}

impl BatchNorm {
    /// Added to the variance: a constant column would otherwise be divided by zero. PyTorch's default.
    pub const EPS: f64 = 1e-5;
    /// Share of each new batch in the running statistics. PyTorch's default.
    pub const MOMENTUM: f64 = 0.1;

    /// A normalisation of `cols` columns.
    ///
    /// # Errors
    /// A name that exists already.
    pub fn new(params: &mut Params, name: &str, cols: usize, affine: Affine) -> Result<Self> {
        let (scale, shift) = match affine {
            Affine::Learnt => {
                let tensor = |var: Var| var.as_tensor().clone();
                let scale = tensor(params.insert(&format!("{name}.scale"), &[cols], &Init::Constant(1.0), 0)?);
                (scale, tensor(params.insert(&format!("{name}.shift"), &[cols], &Init::ZEROS, 0)?))
            }
            Affine::None => (
                Tensor::ones(cols, params.dtype(), params.device())?,
                Tensor::zeros(cols, params.dtype(), params.device())?,
            ),
        };
        let mean = params.insert_buffer(&format!("{name}.mean"), vec![0.0; cols])?;
        let variance = params.insert_buffer(&format!("{name}.variance"), vec![1.0; cols])?;
        Ok(Self { scale, shift, mean, variance })
    }

    /// Normalises `x [n, cols]` by its own mean and (biased) variance, and moves the running statistics towards them.
    ///
    /// One row has no variance: it is normalised by the running statistics, which it leaves alone.
    ///
    /// # Errors
    /// Another number of columns, or those of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let n = self.rows(x)?;
        if n <= 1 {
            return self.apply(x);
        }
        let unbiased = n as f64 / (n as f64 - 1.0);
        if !fused(x.device()) {
            let wide = x.detach().to_dtype(DType::F64)?;
            let mean = wide.mean_keepdim(0)?;
            let variance = wide.broadcast_sub(&mean)?.sqr()?.mean(0)?;
            self.mean.approach(&mean.flatten_all()?, Self::MOMENTUM)?;
            self.variance.approach(&(variance * unbiased)?, Self::MOMENTUM)?;
            return self.forward_expression(x);
        }
        let (mean, variance) = column_statistics(&x.detach())?;
        let toward = |old: f64, new: f64| old + Self::MOMENTUM * (new - old);
        self.mean.change(|j, old| toward(old, mean[j]))?;
        self.variance.change(|j, old| toward(old, unbiased * variance[j]))?;
        self.normalise(x, &mean, &variance, Statistics::OfTheBatch)
    }

    /// Normalises by the running statistics: for validation and new data.
    ///
    /// # Errors
    /// As [`BatchNorm::forward`].
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        self.rows(x)?;
        if fused(x.device()) {
            let RunningStatistics { mean, variance } = self.statistics()?;
            return self.normalise(x, &mean, &variance, Statistics::Fixed);
        }
        let sd = (self.variance.tensor(x)? + Self::EPS)?.sqrt()?;
        let scaled = x.broadcast_sub(&self.mean.tensor(x)?)?.broadcast_div(&sd)?;
        scaled.broadcast_mul(&self.scale)?.broadcast_add(&self.shift)
    }

    /// The inverse of [`BatchNorm::apply`], outside any graph.
    ///
    /// # Errors
    /// As [`BatchNorm::forward`].
    pub fn invert(&self, y: &Tensor) -> Result<Tensor> {
        self.rows(y)?;
        let scaled = y.broadcast_sub(&self.shift)?.broadcast_div(&self.scale)?;
        let variance = self.variance.tensor(&self.scale.to_dtype(DType::F64)?)?;
        let sd = (variance + Self::EPS)?.sqrt()?.to_dtype(y.dtype())?;
        Ok(scaled.broadcast_mul(&sd)?.broadcast_add(&self.mean.tensor(y)?)?.detach())
    }

    /// The normalisation of [`BatchNorm::forward`] as a candle expression, without the running statistics.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward_expression(&self, x: &Tensor) -> Result<Tensor> {
        let centred = x.broadcast_sub(&x.mean_keepdim(0)?)?;
        let scaled = centred.broadcast_div(&(centred.sqr()?.mean_keepdim(0)? + Self::EPS)?.sqrt()?)?;
        scaled.broadcast_mul(&self.scale)?.broadcast_add(&self.shift)
    }

    /// What [`BatchNorm::apply`] computes.
    ///
    /// # Errors
    /// Those of candle.
    pub fn layer(&self) -> Result<Layer> {
        let RunningStatistics { mean, variance } = self.statistics()?;
        let factor =
            host::doubles(&self.scale)?.into_iter().zip(variance).map(|(scale, v)| scale / (v + Self::EPS).sqrt());
        let (center, factor, shift) =
            (Numbers::row(mean), Numbers::row(factor), Numbers::row(host::doubles(&self.shift)?));
        Ok(Layer::Scale { center, factor, shift })
    }

    /// What [`BatchNorm::invert`] computes.
    ///
    /// # Errors
    /// Those of candle.
    pub fn inverse_layer(&self) -> Result<Layer> {
        let RunningStatistics { mean, variance } = self.statistics()?;
        let factor =
            host::doubles(&self.scale)?.into_iter().zip(variance).map(|(scale, v)| (v + Self::EPS).sqrt() / scale);
        let (center, factor, shift) =
            (Numbers::row(host::doubles(&self.shift)?), Numbers::row(factor), Numbers::row(mean));
        Ok(Layer::Scale { center, factor, shift })
    }

    /// The running statistics: a part of the model, kept as buffers `<name>.mean` and `<name>.variance`.
    ///
    /// # Errors
    /// Those of copying from the device.
    pub fn statistics(&self) -> Result<RunningStatistics> {
        Ok(RunningStatistics { mean: self.mean.get()?, variance: self.variance.get()? })
    }

    fn rows(&self, x: &Tensor) -> Result<usize> {
        let (n, cols) = x.dims2()?;
        if cols != self.scale.elem_count() {
            return Err(Error::Msg(format!("batch norm of {} columns, got {cols}", self.scale.elem_count())).bt());
        }
        Ok(n)
    }

    fn normalise(&self, x: &Tensor, mean: &[f64], variance: &[f64], statistics: Statistics) -> Result<Tensor> {
        let rate = variance.iter().map(|v| 1.0 / (v + Self::EPS).sqrt()).collect();
        let op = Normalise { mean: mean.to_vec(), rate, statistics };
        x.contiguous()?.apply_op3(&self.scale, &self.shift, op)
    }
}

/// Mean and biased variance of each column, in double precision and row order; the mean is taken away before squaring.
fn column_statistics(x: &Tensor) -> Result<(Vec<f64>, Vec<f64>)> {
    let (n, cols) = x.dims2()?;
    let x = x.contiguous()?;
    for_real!(x.dtype(), T => with_values(&x, |x: &[T]| {
        let mut mean = vec![0.0; cols];
        let mut variance = vec![0.0; cols];
        vectorised!({
            for row in x.chunks_exact(cols) {
                for (sum, v) in mean.iter_mut().zip(row) {
                    *sum += v.wide();
                }
            }
            mean.iter_mut().for_each(|sum| *sum /= n as f64);
            for row in x.chunks_exact(cols) {
                for ((sum, v), mean) in variance.iter_mut().zip(row).zip(mean.iter()) {
                    *sum += (v.wide() - mean) * (v.wide() - mean);
                }
            }
            variance.iter_mut().for_each(|sum| *sum /= n as f64);
        });
        (mean, variance)
    }))
}

/// Whether the gradient passes through mean and variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statistics {
    OfTheBatch,
    Fixed,
}

/// `(x - mean) * rate * scale + shift`
struct Normalise {
    mean: Vec<f64>,
    rate: Vec<f64>,
    statistics: Statistics,
}

impl Normalise {
    fn constants<T: Real>(&self) -> (Vec<T>, Vec<T>) {
        let narrow = |values: &[f64]| values.iter().map(|&v| T::of(v)).collect();
        (narrow(&self.mean), narrow(&self.rate))
    }

    /// The gradients of input, scale and shift.
    fn backward<T: Real>(&self, x: &[T], scale: &[T], gradient: &[T]) -> (Vec<T>, Vec<T>, Vec<T>) {
        let cols = scale.len();
        let (mean, rate) = self.constants::<T>();
        // Sums over rows: in double precision, as mean and variance are.
        let (mut d_scale, mut d_shift) = (vec![0.0; cols], vec![0.0; cols]);
        let mut dx = vec![T::ZERO; x.len()];
        let share = match self.statistics {
            Statistics::OfTheBatch => T::of(cols as f64 / x.len() as f64),
            Statistics::Fixed => T::ZERO,
        };
        vectorised!({
            for (x, g) in x.chunks_exact(cols).zip(gradient.chunks_exact(cols)) {
                for j in 0..cols {
                    d_scale[j] += g[j].wide() * ((x[j] - mean[j]) * rate[j]).wide();
                    d_shift[j] += g[j].wide();
                }
            }
        });
        let [d_scale, d_shift] = [d_scale, d_shift].map(|sum| sum.into_iter().map(T::of).collect::<Vec<T>>());
        vectorised!({
            let rows = x.chunks_exact(cols).zip(gradient.chunks_exact(cols)).zip(dx.chunks_exact_mut(cols));
            for ((x, g), dx) in rows {
                for j in 0..cols {
                    let whitened = (x[j] - mean[j]) * rate[j];
                    dx[j] = scale[j] * rate[j] * (g[j] - share * (d_shift[j] + whitened * d_scale[j]));
                }
            }
        });
        (dx, d_scale, d_shift)
    }
}

impl CustomOp3 for Normalise {
    fn name(&self) -> &'static str {
        "batch-norm"
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
            let (mean, rate) = self.constants::<T>();
            let cols = scale.len();
            let mut y = vec![T::ZERO; x.len()];
            vectorised!({
                for (x, y) in x.chunks_exact(cols).zip(y.chunks_exact_mut(cols)) {
                    for j in 0..cols {
                        y[j] = (x[j] - mean[j]) * rate[j] * scale[j] + shift[j];
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
                with_values(scale, |s: &[T]| with_values(&gradient, |g: &[T]| self.backward(x, s, g)))
            })???;
            Ok((give(x, dx)?, give(scale, d_scale)?, give(shift, d_shift)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn gradients_of_many_rows_keep_the_digits_of_single_precision() {
        let normalise = Normalise { mean: vec![0.5], rate: vec![2.0], statistics: Statistics::OfTheBatch };
        let rows = 300_000;
        let x: Vec<f32> = (0..rows).map(|i| (i % 7) as f32 / 4.0).collect();
        let g: Vec<f32> = (0..rows).map(|i| 0.1 + (i % 3) as f32 / 64.0).collect();
        let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
        let (_, scale, shift) = normalise.backward::<f32>(&x, &[1.0], &g);
        let (_, of_scale, of_shift) = normalise.backward::<f64>(&wide(&x), &[1.0], &wide(&g));
        for (got, want) in [(scale[0], of_scale[0]), (shift[0], of_shift[0])] {
            // Half a unit in the last place, of a sum whose terms are exact or nearly so.
            assert!((f64::from(got) - want).abs() < 1e-7 * want.abs(), "{got} {want}");
        }
    }

    #[test]
    fn running_statistics_follow_pytorch_and_one_row_leaves_them_alone() -> Result<()> {
        follow_pytorch()?;
        let before = host::read_within_steps();
        crate::by_expressions(follow_pytorch)?;
        assert_eq!(host::read_within_steps(), before, "a normalisation read its statistics");
        Ok(())
    }

    fn follow_pytorch() -> Result<()> {
        let mut params = Params::new(&Device::Cpu);
        let norm = BatchNorm::new(&mut params, "norm", 2, Affine::Learnt)?;
        let x = Tensor::new(&[[1f32, 5.0], [3.0, 5.0], [5.0, 5.0]], &Device::Cpu)?;
        let y = host::within_step(|| norm.forward(&x))?.to_vec2::<f32>()?;
        // Column 1: mean 3, biased variance 8/3; column 2 is constant and becomes zero, not NaN.
        assert!((y[2][0] - 2.0 / (8.0f32 / 3.0 + 1e-5).sqrt()).abs() < 1e-6 && y[0][1] == 0.0);
        let got = norm.statistics()?;
        // 0.9 * old + 0.1 * new, with the unbiased variance 4.
        for (got, want) in got.mean.iter().chain(&got.variance).zip([0.3, 0.5, 1.3, 0.9]) {
            assert!((got - want).abs() < 1e-7, "{got} is not {want}");
        }
        let one = host::within_step(|| norm.forward(&x.narrow(0, 0, 1)?))?.to_vec2::<f32>()?;
        assert!((one[0][0] - 0.7 / (1.3f32 + 1e-5).sqrt()).abs() < 1e-6);
        assert_eq!(norm.statistics()?, got);
        let kept = params.export()?;
        norm.forward(&(x * 2.0)?)?;
        assert_ne!(norm.statistics()?, got);
        params.import(&kept)?;
        assert_eq!(norm.statistics()?, got, "they travel with the parameters");
        Ok(())
    }
}
