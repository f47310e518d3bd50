//! `y = activation(x W + b)` as one operation.
//!
//! Weights lie as `[in, out]`, the transpose of PyTorch's: then the product reads them without repacking.

use super::activation::{Activation, add_bias_and_activate, add_column_sums, pull_back};
use super::element::{Element, for_real, slice, with_values};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp3, Error, Layout, Result, Shape, Tensor};
use disentangle_numerics::compute::Compute;
use disentangle_numerics::product::{Order, Product, Write, multiply};
use disentangle_numerics::real::Real;

struct Dense {
    activation: Activation,
    compute: Compute,
}

/// `activation(x w + b)`: `x [n, in]`, `w [in, out]`, `b [out]` give `[n, out]`.
///
/// On the CPU one fused operation in `f32` or `f64`; elsewhere [`dense_expression`].
///
/// # Errors
/// Shapes that do not fit together, or those of candle.
pub fn dense(x: &Tensor, w: &Tensor, b: &Tensor, activation: Activation) -> Result<Tensor> {
    if !fused(x.device()) {
        return dense_expression(x, w, b, activation);
    }
    let op = Dense { activation, compute: Compute::current() };
    x.contiguous()?.apply_op3(&w.contiguous()?, &b.contiguous()?, op)
}

/// The same as [`dense`], as a candle expression: the path of other devices and the oracle of the fused one.
///
/// # Errors
/// Those of candle.
pub fn dense_expression(x: &Tensor, w: &Tensor, b: &Tensor, activation: Activation) -> Result<Tensor> {
    activation.expression(&x.matmul(w)?.broadcast_add(b)?)
}

/// The forward pass over slices; `y` need not be initialised.
pub(crate) fn forward<T: Real>(
    (x, w, b): (&[T], &[T], &[T]),
    (n, inputs, outputs): (usize, usize, usize),
    y: &mut [T],
    activation: Activation,
    compute: Compute,
) {
    let size = Product { rows: n, inner: inputs, cols: outputs };
    multiply(size, (x, Order::Plain), (w, Order::Plain), y, Write::Replace, compute);
    add_bias_and_activate(y, b, activation);
}

/// The gradient of the pre-activation, in place, and of the bias, added.
pub(crate) fn pull_back_activation<T: Real>(gradient: &mut [T], y: &[T], bias: &mut [T], activation: Activation) {
    match activation {
        Activation::Identity => add_column_sums(gradient, bias),
        _ => pull_back(gradient, y, bias, activation),
    }
}

impl Dense {
    fn shapes(x: &Shape, w: &Shape, b: &Shape) -> Result<(usize, usize, usize)> {
        let ((n, inputs), (rows, outputs)) = (x.dims2()?, w.dims2()?);
        if rows != inputs || b.dims() != [outputs] {
            return Err(Error::Msg(format!("dense: x {x:?}, w {w:?} and b {b:?} do not fit together")).bt());
        }
        Ok((n, inputs, outputs))
    }

    fn backward<T: Element>(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        y: &Tensor,
        gradient: &Tensor,
    ) -> Result<[Option<Tensor>; 3]> {
        let (n, inputs, outputs) = Self::shapes(x.shape(), w.shape(), b.shape())?;
        let mut dz = with_values(&gradient.contiguous()?, <[T]>::to_vec)?;
        let mut db = vec![T::ZERO; outputs];
        with_values(y, |y| pull_back_activation(&mut dz, y, &mut db, self.activation))?;
        let product = |rows, inner, cols, a: (&[T], Order), b: (&[T], Order)| {
            let mut out = vec![T::ZERO; rows * cols];
            multiply(Product { rows, inner, cols }, a, b, &mut out, Write::Replace, self.compute);
            Tensor::from_vec(out, (rows, cols), x.device())
        };
        let dz = (dz.as_slice(), Order::Plain);
        let dx = match x.track_op() {
            true => Some(with_values(w, |w| product(n, outputs, inputs, dz, (w, Order::Transposed)))??),
            false => None,
        };
        let dw = match w.track_op() {
            true => Some(with_values(x, |x| product(inputs, n, outputs, (x, Order::Transposed), dz))??),
            false => None,
        };
        let db = b.track_op().then(|| Tensor::from_vec(db, outputs, x.device())).transpose()?;
        Ok([dx, dw, db])
    }
}

impl CustomOp3 for Dense {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let sizes = Self::shapes(x_layout.shape(), w_layout.shape(), b_layout.shape())?;
        for_real!(x.dtype(), T => {
            let mut y = vec![T::ZERO; sizes.0 * sizes.2];
            let inputs = (slice(x, x_layout)?, slice(w, w_layout)?, slice(b, b_layout)?);
            forward::<T>(inputs, sizes, &mut y, self.activation, self.compute);
            Ok((T::to_storage(y), Shape::from((sizes.0, sizes.2))))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [dx, dw, db] = for_real!(x.dtype(), T => self.backward::<T>(x, w, b, y, gradient))?;
        Ok((dx, dw, db))
    }
}
