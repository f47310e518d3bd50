//! Images whose channels come first, as files and rows have them, and images whose channels come last, as layers take them.

use crate::element::{Element, for_real, slice, with_values};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use disentangle_numerics::real::Real;

/// `x [n, channels, height, width]` as `[n, height, width, channels]`.
///
/// # Errors
/// Another rank, or those of candle.
pub fn channels_last(x: &Tensor) -> Result<Tensor> {
    let (n, c, height, width) = x.dims4()?;
    turned(x, (n, c, height * width))?.reshape((n, height, width, c))
}

/// The inverse of [`channels_last`].
///
/// # Errors
/// As [`channels_last`].
pub fn channels_first(x: &Tensor) -> Result<Tensor> {
    let (n, height, width, c) = x.dims4()?;
    turned(x, (n, height * width, c))?.reshape((n, c, height, width))
}

fn turned(x: &Tensor, (n, rows, cols): (usize, usize, usize)) -> Result<Tensor> {
    if rows == 1 || cols == 1 {
        return Ok(x.clone());
    }
    let x = x.reshape((n, rows, cols))?;
    if fused(x.device()) { x.contiguous()?.apply_op1(Turn { rows, cols }) } else { x.transpose(1, 2)?.contiguous() }
}

/// Each of the matrices `[rows, cols]` as its transpose.
pub(super) fn turn<T: Real>(matrices: &[T], (rows, cols): (usize, usize), out: &mut [T]) {
    if rows * cols == 0 {
        return;
    }
    for (matrix, out) in matrices.chunks_exact(rows * cols).zip(out.chunks_exact_mut(rows * cols)) {
        for (j, out) in out.chunks_exact_mut(rows).enumerate() {
            for (out, v) in out.iter_mut().zip(matrix[j..].iter().step_by(cols)) {
                *out = *v;
            }
        }
    }
}

struct Turn {
    rows: usize,
    cols: usize,
}

impl CustomOp1 for Turn {
    fn name(&self) -> &'static str {
        "turn"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let n = layout.shape().dims3()?.0;
        for_real!(x.dtype(), T => {
            let x = slice::<T>(x, layout)?;
            let mut out = vec![T::ZERO; x.len()];
            turn(x, (self.rows, self.cols), &mut out);
            Ok((T::to_storage(out), Shape::from((n, self.cols, self.rows))))
        })
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        if !x.track_op() {
            return Ok(None);
        }
        let gradient = gradient.contiguous()?;
        for_real!(x.dtype(), T => {
            let mut out = vec![T::ZERO; x.elem_count()];
            with_values(&gradient, |g: &[T]| turn(g, (self.cols, self.rows), &mut out))?;
            Tensor::from_vec(out, x.shape(), x.device()).map(Some)
        })
    }
}
