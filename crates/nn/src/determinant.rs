//! Log-determinants and inverses of small square matrices, computed in double precision whatever the type: by faer, or elsewhere than on
//! the processor by Gram-Schmidt.

mod factorised;

pub(crate) use factorised::factorised;

use super::element::{Element, for_real, slice};
use super::params::{Init, Params};
use crate::fused::fused;
use crate::host;
use candle_core::{CpuStorage, CustomOp1, DType, Error, Layout, Result, Shape, Tensor};
use disentangle_data::{Matrix, Stream};
use disentangle_numerics::linalg;
use disentangle_numerics::real::Real;

/// `log |det w|` of `w [d, d]`, a scalar with gradient `w^-T`; minus infinity, and a gradient of NaN, for a singular w.
///
/// # Errors
/// A matrix that is not square, or those of candle.
pub fn log_abs_det(w: &Tensor) -> Result<Tensor> {
    side(w)?;
    if fused(w.device()) {
        return w.contiguous()?.apply_op1(LogAbsDet);
    }
    log_abs_det_expression(w)
}

/// The same from candle's expressions.
fn log_abs_det_expression(w: &Tensor) -> Result<Tensor> {
    let (log_det, inverse) = factorised(&w.unsqueeze(0)?)?;
    let adjoint = inverse.squeeze(0)?.t()?.to_dtype(w.dtype())?;
    let value = log_det.squeeze(0)?.to_dtype(w.dtype())?;
    // The tangent at w: the value, and a difference of zero that has its gradient. Of a singular w that is NaN, and the value alone is given.
    let tangent = (w * adjoint)?.sum_all()?;
    let found = ((&tangent - tangent.detach())? + &value)?;
    let regular = (&value * 0.0)?.eq(&value.zeros_like()?)?;
    regular.where_cond(&found, &value)
}

/// The inverse of `w [d, d]`, all NaN for a singular one.
///
/// # Errors
/// A matrix that is not square, or those of candle.
pub fn matrix_inverse(w: &Tensor) -> Result<Tensor> {
    side(w)?;
    if fused(w.device()) {
        return w.contiguous()?.apply_op1(Inverse);
    }
    matrix_inverse_expression(w)
}

/// The same from candle's expressions.
fn matrix_inverse_expression(w: &Tensor) -> Result<Tensor> {
    // One step of Newton from the inverse stays there and has its gradient.
    let v = factorised(&w.unsqueeze(0)?)?.1.squeeze(0)?.to_dtype(w.dtype())?;
    v.affine(2.0, 0.0)? - v.matmul(w)?.matmul(&v)?
}

/// The covariance (divided by n) of the columns of `z [n, d]`, with `ridge` added to its diagonal: `[d, d]`.
///
/// # Errors
/// No rows, or those of candle.
pub fn batch_covariance(z: &Tensor, ridge: f64) -> Result<Tensor> {
    let (n, d) = z.dims2()?;
    if n == 0 {
        return Err(Error::Msg("the covariance of no rows".into()).bt());
    }
    let centred = z.broadcast_sub(&z.mean_keepdim(0)?)?;
    let products = centred.t()?.matmul(&centred)? * (1.0 / n as f64);
    products + (Tensor::eye(d, z.dtype(), z.device())? * ridge)?
}

/// `log det` of the covariance of the columns of `z [n, d]` plus `ridge` on its diagonal, a scalar, in double precision
/// inside. Without a ridge it is minus infinity where n <= d.
///
/// # Errors
/// No rows, or those of candle.
pub fn covariance_log_det(z: &Tensor, ridge: f64) -> Result<Tensor> {
    log_abs_det(&batch_covariance(&z.to_dtype(DType::F64)?, ridge)?)?.to_dtype(z.dtype())
}

/// `y = x W + b` with a square W, its log-determinant and its inverse: a layer of a flow. Cloning shares parameters.
#[derive(Debug, Clone)]
pub struct InvertibleLinear {
    weight: Tensor,
    bias: Tensor,
}

impl InvertibleLinear {
    /// A random rotation `<name>.weight` (`[d, d]`) and a shift `<name>.bias` (`[d]`) of zero.
    ///
    /// # Errors
    /// A name that exists already.
    pub fn new(params: &mut Params, name: &str, d: usize, seed: u64) -> Result<Self> {
        let name_of_weight = format!("{name}.weight");
        let mut stream = Stream::new(seed, &format!("init/{name_of_weight}"));
        let rotation = linalg::orthonormal(&Matrix::from_fn(d, d, |_, _| stream.normal()));
        let weight = params.insert(&name_of_weight, &[d, d], &Init::Values(rotation.data().to_vec()), seed)?;
        let bias = params.insert(&format!("{name}.bias"), &[d], &Init::ZEROS, seed)?;
        Ok(Self { weight: weight.as_tensor().clone(), bias: bias.as_tensor().clone() })
    }

    /// `x [n, d]` gives `[n, d]`.
    ///
    /// # Errors
    /// Another number of columns, or those of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        super::dense(x, &self.weight, &self.bias, super::Activation::Identity)
    }

    /// `log |det W|`, the same for every row: a scalar.
    ///
    /// # Errors
    /// Those of candle.
    pub fn log_det(&self) -> Result<Tensor> {
        log_abs_det(&self.weight)
    }

    /// The x whose value is `y [n, d]`.
    ///
    /// # Errors
    /// Another number of columns, or those of candle.
    pub fn inverse(&self, y: &Tensor) -> Result<Tensor> {
        y.broadcast_sub(&self.bias)?.matmul(&matrix_inverse(&self.weight)?)
    }
}

fn side(w: &Tensor) -> Result<usize> {
    match w.dims2()? {
        (rows, cols) if rows == cols => Ok(rows),
        (rows, cols) => Err(Error::Msg(format!("a determinant of a [{rows}, {cols}] matrix")).bt()),
    }
}

/// The inverse, all NaN where there is none: a run sees that its numbers left the finite ones, and stops.
fn inverse(m: &Matrix<f64>) -> Matrix<f64> {
    linalg::inverse(m).unwrap_or_else(|_| Matrix::from_fn(m.rows(), m.cols(), |_, _| f64::NAN))
}

fn log_det(m: &Matrix<f64>) -> f64 {
    if m.data().iter().any(|v| v.is_nan()) { f64::NAN } else { linalg::log_abs_det(m) }
}

fn matrix<T: Real>(values: &[T], d: usize) -> Matrix<f64> {
    Matrix::from_fn(d, d, |i, j| values[i * d + j].wide())
}

struct LogAbsDet;

impl CustomOp1 for LogAbsDet {
    fn name(&self) -> &'static str {
        "log-abs-det"
    }

    fn cpu_fwd(&self, w: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (d, _) = layout.shape().dims2()?;
        for_real!(w.dtype(), T => {
            let value = log_det(&matrix(slice::<T>(w, layout)?, d));
            Ok(super::loss::scalar_storage::<T>(value))
        })
    }

    fn bwd(&self, w: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let inverse = inverse(&matrix(&host::doubles(w)?, side(w)?));
        let adjoint = host::placed(inverse.into_data(), w.shape(), w)?.t()?.contiguous()?;
        adjoint.broadcast_mul(gradient).map(Some)
    }
}

struct Inverse;

impl CustomOp1 for Inverse {
    fn name(&self) -> &'static str {
        "matrix-inverse"
    }

    fn cpu_fwd(&self, w: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (d, _) = layout.shape().dims2()?;
        for_real!(w.dtype(), T => {
            let inverse = inverse(&matrix(slice::<T>(w, layout)?, d));
            Ok((T::to_storage(inverse.data().iter().map(|&v| T::of(v)).collect()), layout.shape().clone()))
        })
    }

    fn bwd(&self, _: &Tensor, v: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let adjoint = v.t()?;
        adjoint.matmul(&gradient.contiguous()?)?.matmul(&adjoint)?.neg().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn an_invertible_layer_begins_as_a_rotation_and_its_inverse_undoes_it() -> Result<()> {
        let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
        let layer = InvertibleLinear::new(&mut params, "turn", 4, 3)?;
        assert!(layer.log_det()?.to_scalar::<f64>()?.abs() < 1e-14);
        let x = Tensor::arange(0f64, 12., &Device::Cpu)?.reshape((3, 4))?.sin()?;
        let back = (layer.inverse(&layer.forward(&x)?)? - x)?.abs()?.max_all()?.to_scalar::<f64>()?;
        assert!(back < 1e-13, "{back}");
        Ok(())
    }

    #[test]
    fn a_singular_matrix_has_no_volume_and_no_inverse() -> Result<()> {
        let w = Tensor::zeros((2, 2), DType::F32, &Device::Cpu)?;
        for (log_det, inverse) in [
            (log_abs_det(&w)?, matrix_inverse(&w)?),
            crate::by_expressions(|| Ok::<_, Error>((log_abs_det(&w.detach())?, matrix_inverse(&w)?)))?,
        ] {
            assert_eq!(log_det.to_scalar::<f32>()?, f32::NEG_INFINITY);
            assert!(inverse.to_vec2::<f32>()?.iter().flatten().all(|v| v.is_nan()));
        }
        assert_eq!(covariance_log_det(&Tensor::ones((1, 2), DType::F32, &Device::Cpu)?, 1.0)?.to_scalar::<f32>()?, 0.0);
        Ok(())
    }

    #[test]
    fn other_devices_compute_the_same() -> Result<()> {
        let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
        let w = params.insert("w", &[4, 4], &Init::Normal { sd: 1.0 }, 3)?;
        let weights = w.detach().sin()?;
        let pairs = [
            [log_abs_det(&w)?, log_abs_det_expression(&w)?],
            [(matrix_inverse(&w)? * &weights)?.sum_all()?, (matrix_inverse_expression(&w)? * &weights)?.sum_all()?],
        ];
        for [fused, plain] in pairs {
            assert!((fused.to_scalar::<f64>()? - plain.to_scalar::<f64>()?).abs() < 1e-12);
            let gradient = |loss: &Tensor| params.gradients(loss)?.tensor(0)?.expect("a gradient").to_vec1::<f64>();
            for (fused, plain) in gradient(&fused)?.into_iter().zip(gradient(&plain)?) {
                assert!((fused - plain).abs() < 1e-11 * (1.0 + plain.abs()), "{fused} is not {plain}");
            }
        }
        Ok(())
    }
}
