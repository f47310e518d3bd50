//! Max-pooling.

use crate::element::{Element, for_real, slice, with_values};
use candle_core::{CpuStorage, CustomOp1, Error, Layout, Result, Shape, Tensor};
use disentangle_numerics::real::Real;

/// The largest entry of each `size` x `size` window, windows side by side: `x [n, c, h, w]` gives
/// `[n, c, h / size, w / size]`; pixels beyond the last whole window are not seen. The first of equal entries gets the
/// gradient.
///
/// # Errors
/// A window of no pixels or larger than the image, or those of candle.
pub fn max_pool2d(x: &Tensor, size: usize) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    if size == 0 || size > height.min(width) {
        return Err(Error::Msg(format!("max-pool: windows of {size} in an image of {height} x {width}")).bt());
    }
    if !x.device().is_cpu() {
        return max_pool2d_expression(x, size);
    }
    x.contiguous()?.apply_op1(MaxPool { size })
}

/// The same as a candle expression; equal entries share the gradient.
///
/// # Errors
/// Those of candle.
pub fn max_pool2d_expression(x: &Tensor, size: usize) -> Result<Tensor> {
    let (n, c, height, width) = x.dims4()?;
    let (rows, cols) = (height / size, width / size);
    let whole = x.narrow(2, 0, rows * size)?.narrow(3, 0, cols * size)?.contiguous()?;
    whole.reshape((n, c * rows, size, cols, size))?.max(4)?.max(2)?.reshape((n, c, rows, cols))
}

struct MaxPool {
    size: usize,
}

impl MaxPool {
    /// The index of the largest entry of every window, in order.
    fn winners<T: Real>(&self, x: &[T], shape: &Shape) -> Result<Vec<usize>> {
        let (n, c, height, width) = shape.dims4()?;
        let size = self.size;
        let mut winners = Vec::with_capacity(n * c * (height / size) * (width / size));
        for plane in 0..n * c {
            for row in 0..height / size {
                for col in 0..width / size {
                    let corner = (plane * height + row * size) * width + col * size;
                    let mut best = corner;
                    for i in 0..size * size {
                        let at = corner + i / size * width + i % size;
                        // A NaN wins, and stays: every comparison with it is false.
                        if x[at] > x[best] || (x[at].wide().is_nan() && !x[best].wide().is_nan()) {
                            best = at;
                        }
                    }
                    winners.push(best);
                }
            }
        }
        Ok(winners)
    }
}

impl CustomOp1 for MaxPool {
    fn name(&self) -> &'static str {
        "max-pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (n, c, height, width) = layout.shape().dims4()?;
        for_real!(x.dtype(), T => {
            let x = slice::<T>(x, layout)?;
            let values = self.winners(x, layout.shape())?.into_iter().map(|at| x[at]).collect();
            Ok((T::to_storage(values), Shape::from((n, c, height / self.size, width / self.size))))
        })
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let gradient = gradient.contiguous()?;
        for_real!(x.dtype(), T => {
            let winners = with_values(x, |values: &[T]| self.winners(values, x.shape()))??;
            let mut dx = vec![T::ZERO; x.elem_count()];
            with_values(&gradient, |g: &[T]| winners.iter().zip(g).for_each(|(&at, &g)| dx[at] += g))?;
            Tensor::from_vec(dx, x.shape(), x.device()).map(Some)
        })
    }
}
