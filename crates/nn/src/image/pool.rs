//! Max-pooling.

use crate::element::{Element, for_real, slice, with_values};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp1, Error, Layout, Result, Shape, Tensor};
use disentangle_data::simd::vectorised;
use disentangle_numerics::real::Real;

/// The largest entry of each `size` x `size` window, windows side by side: `x [n, h, w, c]` gives
/// `[n, h / size, w / size, c]`; pixels beyond the last whole window are not seen. The first of equal entries gets the
/// gradient.
///
/// # Errors
/// A window of no pixels or larger than the image, or those of candle.
pub fn max_pool2d(x: &Tensor, size: usize) -> Result<Tensor> {
    let (_, height, width, _) = x.dims4()?;
    if size == 0 || size > height.min(width) {
        return Err(Error::Msg(format!("max-pool: windows of {size} in an image of {height} x {width}")).bt());
    }
    if !fused(x.device()) {
        return max_pool2d_expression(x, size);
    }
    x.contiguous()?.apply_op1(MaxPool { size })
}

/// The same as a candle expression; equal entries share the gradient.
///
/// # Errors
/// Those of candle.
pub fn max_pool2d_expression(x: &Tensor, size: usize) -> Result<Tensor> {
    let (n, height, width, c) = x.dims4()?;
    let (rows, cols) = (height / size, width / size);
    let whole = x.narrow(1, 0, rows * size)?.narrow(2, 0, cols * size)?.contiguous()?;
    whole.reshape((n * rows, size, cols, size * c))?.max(1)?.reshape((n, rows, cols, size, c))?.max(3)
}

struct MaxPool {
    size: usize,
}

/// Windows of images `[n, height, width, channels]`.
#[derive(Clone, Copy)]
struct Windows {
    size: usize,
    width: usize,
    channels: usize,
    rows: usize,
    cols: usize,
    height: usize,
}

impl Windows {
    fn of(shape: &Shape, size: usize) -> Result<(usize, Self)> {
        let (n, height, width, channels) = shape.dims4()?;
        Ok((n, Self { size, width, channels, rows: height / size, cols: width / size, height }))
    }

    /// Calls `work` with the place of every window among the windows and, in order, the first entry of each of its pixels.
    #[inline(always)]
    fn pixels(&self, n: usize, mut work: impl FnMut(usize, usize, usize)) {
        let Self { size, width, channels, rows, cols, height } = *self;
        for window in 0..n * rows * cols {
            let (image, row, col) = (window / (rows * cols), window / cols % rows, window % cols);
            for i in 0..size * size {
                let (y, x) = (row * size + i / size, col * size + i % size);
                work(window * channels, i, ((image * height + y) * width + x) * channels);
            }
        }
    }
}

impl CustomOp1 for MaxPool {
    fn name(&self) -> &'static str {
        "max-pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (n, windows) = Windows::of(layout.shape(), self.size)?;
        let Windows { rows, cols, channels: c, .. } = windows;
        for_real!(x.dtype(), T => {
            let x = slice::<T>(x, layout)?;
            let mut y = vec![T::ZERO; n * rows * cols * c];
            vectorised!(windows.pixels(n, |window, i, pixel| {
                let (best, pixel) = (&mut y[window..window + c], &x[pixel..pixel + c]);
                if i == 0 {
                    best.copy_from_slice(pixel);
                } else {
                    for (best, &v) in best.iter_mut().zip(pixel) {
                        // A NaN wins, and stays: every comparison with it is false.
                        *best = if v <= *best || best.wide().is_nan() { *best } else { v };
                    }
                }
            }));
            Ok((T::to_storage(y), Shape::from((n, rows, cols, c))))
        })
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        if !x.track_op() {
            return Ok(None);
        }
        let gradient = gradient.contiguous()?;
        let (n, windows) = Windows::of(x.shape(), self.size)?;
        let c = windows.channels;
        for_real!(x.dtype(), T => {
            let mut dx = vec![T::ZERO; x.elem_count()];
            with_values(x, |x: &[T]| with_values(y, |y: &[T]| with_values(&gradient, |g: &[T]| {
                // What is left to be given away in this window: the first winner takes it.
                let mut left = vec![T::ZERO; c];
                vectorised!(windows.pixels(n, |window, i, pixel| {
                    if i == 0 {
                        left.copy_from_slice(&g[window..window + c]);
                    }
                    let pairs = left.iter_mut().zip(&mut dx[pixel..pixel + c]);
                    for ((left, dx), (&v, &best)) in pairs.zip(x[pixel..pixel + c].iter().zip(&y[window..window + c])) {
                        let wins = v == best || (v.wide().is_nan() && best.wide().is_nan());
                        *dx = if wins { *left } else { T::ZERO };
                        *left = if wins { T::ZERO } else { *left };
                    }
                }));
            })))???;
            Tensor::from_vec(dx, x.shape(), x.device()).map(Some)
        })
    }
}
