//! Layers of images `[n, height, width, channels]`: convolution, its transpose, max-pooling; and the way from and to channels that
//! come first.
//!
//! A convolution is a product of unfolded patches and the kernel, many images at once; the transposed one folds them back. With the
//! channels last a line of a patch is a piece of a line of the image, and what comes out are rows of channels as of a dense layer.

mod patches;
mod pool;
mod turn;

use super::activation::{Activation, add_bias_and_activate, pull_back};
use super::element::{Element, for_real, give, slice, with_values};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp3, Error, Layout, Result, Shape, Tensor};
use disentangle_numerics::compute::Compute;
use disentangle_numerics::product::{Order, Product, Write, multiply};
use disentangle_numerics::real::Real;
use patches::{Grid, fold, unfold};
use std::ops::Range;
use turn::turn;

pub use pool::{max_pool2d, max_pool2d_expression};
pub use turn::{channels_first, channels_last};

/// How a square kernel moves over an image, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stride {
    /// Pixels between two positions, at least 1.
    pub step: usize,
    /// Zeros around the image.
    pub padding: usize,
}

/// `activation(x * kernel + bias)`: `x [n, h, w, in]`, `kernel [out, in, k, k]`, `bias [out]` give `[n, h', w', out]`
/// with `h' = (h + 2 padding - k) / step + 1`, as in PyTorch.
///
/// # Errors
/// Shapes that do not fit together, a kernel larger than the padded image, or those of candle.
pub fn conv2d(x: &Tensor, kernel: &Tensor, bias: &Tensor, stride: Stride, activation: Activation) -> Result<Tensor> {
    run(x, kernel, bias, Conv { kind: Kind::Plain, stride, activation, compute: Compute::current() })
}

/// The transpose of [`conv2d`]: `x [n, h, w, in]`, `kernel [in, out, k, k]`, `bias [out]` give `[n, h', w', out]` with
/// `h' = (h - 1) step - 2 padding + k + more.0`, as in PyTorch. `more`, below `step`, are the rows and columns that [`conv2d`]
/// of a larger image does not reach or reaches in part: with it the transpose gives back any size.
///
/// # Errors
/// Shapes that do not fit together, an image without pixels, or those of candle.
pub fn conv2d_transposed(
    x: &Tensor,
    kernel: &Tensor,
    bias: &Tensor,
    (stride, more): (Stride, (usize, usize)),
    activation: Activation,
) -> Result<Tensor> {
    run(x, kernel, bias, Conv { kind: Kind::Transposed { more }, stride, activation, compute: Compute::current() })
}

/// The same as [`conv2d`] as a candle expression.
///
/// # Errors
/// Those of candle.
pub fn conv2d_expression(
    x: &Tensor,
    kernel: &Tensor,
    bias: &Tensor,
    Stride { step, padding }: Stride,
    activation: Activation,
) -> Result<Tensor> {
    let (_, height, width, _) = x.dims4()?;
    let (_, _, k, _) = kernel.dims4()?;
    // What no place reaches is cut off beforehand: candle's gradient knows one remainder for rows and columns.
    let reached = |side: usize| (side + 2 * padding - k) / step * step + k;
    let padded = x.pad_with_zeros(1, padding, padding)?.pad_with_zeros(2, padding, padding)?;
    let seen = padded.narrow(1, 0, reached(height))?.narrow(2, 0, reached(width))?;
    let y = seen.permute((0, 3, 1, 2))?.contiguous()?.conv2d(kernel, 0, step, 1, 1)?;
    activation.expression(&y.permute((0, 2, 3, 1))?.contiguous()?.broadcast_add(bias)?)
}

/// The same as [`conv2d_transposed`] as a candle expression.
///
/// # Errors
/// Those of candle.
pub fn conv2d_transposed_expression(
    x: &Tensor,
    kernel: &Tensor,
    bias: &Tensor,
    (Stride { step, padding }, more): (Stride, (usize, usize)),
    activation: Activation,
) -> Result<Tensor> {
    let x = x.permute((0, 3, 1, 2))?.contiguous()?;
    let y = x.conv_transpose2d(kernel, padding, more.0.max(more.1), step, 1)?;
    // candle adds as many rows as columns.
    let (_, _, height, width) = y.dims4()?;
    let (rows, columns) = (height - more.1.saturating_sub(more.0), width - more.0.saturating_sub(more.1));
    let y = y.narrow(2, 0, rows)?.narrow(3, 0, columns)?;
    activation.expression(&y.permute((0, 2, 3, 1))?.contiguous()?.broadcast_add(bias)?)
}

fn run(x: &Tensor, kernel: &Tensor, bias: &Tensor, op: Conv) -> Result<Tensor> {
    if fused(x.device()) {
        return x.contiguous()?.apply_op3(&kernel.contiguous()?, &bias.contiguous()?, op);
    }
    match op.kind {
        Kind::Plain => conv2d_expression(x, kernel, bias, op.stride, op.activation),
        Kind::Transposed { more } => conv2d_transposed_expression(x, kernel, bias, (op.stride, more), op.activation),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// With so many rows and columns beyond the least that have this convolution.
    Transposed {
        more: (usize, usize),
    },
}

struct Conv {
    kind: Kind,
    stride: Stride,
    activation: Activation,
    compute: Compute,
}

/// The sizes of one convolution: a plain one goes from the fine images to the coarse ones, a transposed one back.
#[derive(Clone, Copy)]
struct Sizes {
    n: usize,
    /// Channels of the coarse side: rows of the kernel as a matrix `[coarse, grid.patch()]`.
    coarse: usize,
    grid: Grid,
}

/// Entries of the patches that are unfolded at once: with what is made of them they stay in the second-level cache.
const BLOCK: usize = 1 << 17;

impl Sizes {
    /// Entries of a coarse image.
    fn places(&self) -> usize {
        self.grid.places() * self.coarse
    }

    /// The rows of so many coarse images, counted through all of them, in blocks.
    fn blocks(self, images: usize) -> impl Iterator<Item = Range<usize>> {
        let (row, all) = (self.grid.coarse.1 * self.grid.patch(), images * self.grid.coarse.0);
        let block = (BLOCK / row.max(1)).clamp(1, all.max(1));
        (0..all).step_by(block).map(move |from| from..(from + block).min(all))
    }

    /// Entries of the largest block.
    fn room(self, images: usize) -> usize {
        self.blocks(images).next().map_or(0, |rows| rows.len() * self.grid.coarse.1 * self.grid.patch())
    }

    /// The entries of rows of coarse images.
    fn entries(&self, rows: &Range<usize>) -> Range<usize> {
        let row = self.grid.coarse.1 * self.coarse;
        rows.start * row..rows.end * row
    }

    /// Places, or rows of a product, in rows of coarse images.
    fn product(&self, rows: &Range<usize>) -> usize {
        rows.len() * self.grid.coarse.1
    }

    /// `coarse [.., coarse] = unfold(fine) kernel^T`.
    fn gather<T: Real>(&self, fine: &[T], kernel: &[T], coarse: &mut [T], images: usize, compute: Compute) {
        let mut patches = vec![T::ZERO; self.room(images)];
        for rows in self.blocks(images) {
            let size = Product { rows: self.product(&rows), inner: self.grid.patch(), cols: self.coarse };
            let patches = &mut patches[..size.rows * size.inner];
            let coarse = &mut coarse[self.entries(&rows)];
            unfold(fine, &self.grid, rows, patches);
            multiply(size, (patches, Order::Plain), (kernel, Order::Transposed), coarse, Write::Replace, compute);
        }
    }

    /// `fine += fold(coarse kernel)`.
    fn scatter<T: Real>(&self, coarse: &[T], kernel: &[T], fine: &mut [T], images: usize, compute: Compute) {
        let mut patches = vec![T::ZERO; self.room(images)];
        for rows in self.blocks(images) {
            let size = Product { rows: self.product(&rows), inner: self.coarse, cols: self.grid.patch() };
            let patches = &mut patches[..size.rows * size.cols];
            let coarse = &coarse[self.entries(&rows)];
            multiply(size, (coarse, Order::Plain), (kernel, Order::Plain), patches, Write::Replace, compute);
            fold(patches, &self.grid, rows, fine);
        }
    }

    /// `gradient += coarse^T unfold(fine)`, the gradient of the kernel; and, where it is wanted, `back = unfold(fine) kernel^T`.
    fn weigh<T: Real>(
        &self,
        (fine, coarse): (&[T], &[T]),
        gradient: &mut [T],
        mut back: Option<(&[T], &mut [T])>,
        images: usize,
        compute: Compute,
    ) {
        let mut patches = vec![T::ZERO; self.room(images)];
        for rows in self.blocks(images) {
            let (count, patch, entries) = (self.product(&rows), self.grid.patch(), self.entries(&rows));
            let patches = &mut patches[..count * patch];
            unfold(fine, &self.grid, rows, patches);
            let size = Product { rows: self.coarse, inner: count, cols: patch };
            let left = (&coarse[entries.clone()], Order::Transposed);
            multiply(size, left, (patches, Order::Plain), gradient, Write::Add, compute);
            if let Some((kernel, back)) = &mut back {
                let size = Product { rows: count, inner: patch, cols: self.coarse };
                let kernel = (*kernel, Order::Transposed);
                multiply(size, (patches, Order::Plain), kernel, &mut back[entries], Write::Replace, compute);
            }
        }
    }

    /// Images of the first of two shards; all of them where a second thread would not pay. It depends on sizes only,
    /// and the shards' gradients are added in order: one and two threads give the same bits.
    fn split(self) -> usize {
        const SHARED_WORK: usize = 1_000_000;
        let work = self.n * self.coarse * self.grid.patch() * self.grid.places();
        if work >= SHARED_WORK { self.n.div_ceil(2) } else { self.n }
    }

    /// The threads that two shards may use; one where there is one shard.
    fn compute(self, compute: Compute) -> Compute {
        if self.split() < self.n { compute } else { Compute::SINGLE }
    }
}

impl Conv {
    fn sizes(&self, x: &Shape, kernel: &Shape, bias: &Shape) -> Result<(Sizes, Shape)> {
        let ((n, height, width, inputs), (first, second, k, other)) = (x.dims4()?, kernel.dims4()?);
        let Stride { step, padding } = self.stride;
        let refuse = || {
            let message = format!("{:?} convolution: x {x:?}, kernel {kernel:?}, bias {bias:?}", self.kind);
            Err(Error::Msg(format!("{message} and {:?} do not fit together", self.stride)).bt())
        };
        let (from, outputs) = if self.kind == Kind::Plain { (second, first) } else { (first, second) };
        let padded = 2 * padding;
        if k != other || k == 0 || step == 0 || from != inputs || bias.dims() != [outputs] || height * width == 0 {
            return refuse();
        }
        let (channels, fine, coarse) = match self.kind {
            Kind::Plain if height + padded < k || width + padded < k => return refuse(),
            Kind::Plain => {
                let coarse = ((height + padded - k) / step + 1, (width + padded - k) / step + 1);
                (inputs, (height, width), coarse)
            }
            Kind::Transposed { more: (rows, columns) } => {
                let (tall, wide) = ((height - 1) * step + k + rows, (width - 1) * step + k + columns);
                if rows.max(columns) >= step || tall <= padded || wide <= padded {
                    return refuse();
                }
                (outputs, (tall - padded, wide - padded), (height, width))
            }
        };
        let grid = Grid { channels, fine, coarse, kernel: k, stride: self.stride };
        let out = if self.kind == Kind::Plain { coarse } else { fine };
        Ok((Sizes { n, coarse: first, grid }, Shape::from((n, out.0, out.1, outputs))))
    }

    /// Entries of one image of the input and of the output.
    fn entries(&self, s: Sizes) -> (usize, usize) {
        match self.kind {
            Kind::Plain => (s.grid.pixels(), s.places()),
            Kind::Transposed { .. } => (s.places(), s.grid.pixels()),
        }
    }

    /// The images of one shard; `y` holds zeros.
    fn forward<T: Real>(&self, s: Sizes, x: &[T], kernel: &[T], bias: &[T], y: &mut [T], compute: Compute) {
        let images = x.len() / self.entries(s).0;
        match self.kind {
            Kind::Plain => s.gather(x, kernel, y, images, compute),
            Kind::Transposed { .. } => s.scatter(x, kernel, y, images, compute),
        }
        add_bias_and_activate(y, bias, self.activation);
    }

    /// The images of one shard: `dx` holds zeros, or is empty where it is not wanted; the gradients of kernel and bias are added to.
    fn backward<T: Real>(
        &self,
        s: Sizes,
        [x, kernel, y, gradient]: [&[T]; 4],
        [dx, d_kernel, d_bias]: [&mut [T]; 3],
        compute: Compute,
    ) {
        let images = x.len() / self.entries(s).0;
        let mut dz = gradient.to_vec();
        pull_back(&mut dz, y, d_bias, self.activation);
        let wanted = !dx.is_empty();
        match self.kind {
            Kind::Plain => {
                s.weigh((x, &dz), d_kernel, None, images, compute);
                if wanted {
                    s.scatter(&dz, kernel, dx, images, compute);
                }
            }
            Kind::Transposed { .. } => {
                s.weigh((&dz, x), d_kernel, wanted.then_some((kernel, dx)), images, compute);
            }
        }
    }

    /// A kernel `[coarse, fine, k, k]` with the order of patches: lines, pixels, channels.
    fn turned<T: Real>(s: Sizes, kernel: &[T]) -> Vec<T> {
        let mut turned = vec![T::ZERO; kernel.len()];
        turn(kernel, (s.grid.channels, s.grid.kernel * s.grid.kernel), &mut turned);
        turned
    }
}

impl CustomOp3 for Conv {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        kernel: &CpuStorage,
        lk: &Layout,
        bias: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (s, shape) = self.sizes(lx.shape(), lk.shape(), lb.shape())?;
        let (input, output) = self.entries(s);
        for_real!(x.dtype(), T => {
            let (x, kernel, bias) = (slice::<T>(x, lx)?, Self::turned(s, slice::<T>(kernel, lk)?), slice::<T>(bias, lb)?);
            let mut y = vec![T::ZERO; s.n * output];
            let (x_a, x_b) = x.split_at(s.split() * input);
            let (y_a, y_b) = y.split_at_mut(s.split() * output);
            s.compute(self.compute).join(
                |compute| self.forward(s, x_a, &kernel, bias, y_a, compute),
                |compute| self.forward(s, x_b, &kernel, bias, y_b, compute),
            );
            Ok((T::to_storage(y), shape))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        bias: &Tensor,
        y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (s, _) = self.sizes(x.shape(), kernel.shape(), bias.shape())?;
        let (input, output) = self.entries(s);
        let gradient = gradient.contiguous()?;
        for_real!(x.dtype(), T => {
            let wanted = if x.track_op() { input } else { 0 };
            let mut dx = vec![T::ZERO; s.n * wanted];
            let shard = || (vec![T::ZERO; kernel.elem_count()], vec![T::ZERO; bias.elem_count()]);
            let ((mut dk, mut db), (mut dk_b, mut db_b)) = (shard(), shard());
            with_values(x, |x: &[T]| with_values(kernel, |k: &[T]| with_values(y, |y: &[T]| {
                with_values(&gradient, |g: &[T]| {
                    let k = Self::turned(s, k);
                    let at = s.split();
                    let (dx_a, dx_b) = dx.split_at_mut(at * wanted);
                    let ((x_a, x_b), (y_a, y_b)) = (x.split_at(at * input), y.split_at(at * output));
                    let (g_a, g_b) = g.split_at(at * output);
                    s.compute(self.compute).join(
                        |compute| self.backward(s, [x_a, &k, y_a, g_a], [dx_a, &mut dk, &mut db], compute),
                        |compute| self.backward(s, [x_b, &k, y_b, g_b], [dx_b, &mut dk_b, &mut db_b], compute),
                    );
                })
            })))????;
            dk.iter_mut().zip(&dk_b).for_each(|(sum, &part)| *sum += part);
            db.iter_mut().zip(&db_b).for_each(|(sum, &part)| *sum += part);
            let mut d_kernel = vec![T::ZERO; dk.len()];
            turn(&dk, (s.grid.kernel * s.grid.kernel, s.grid.channels), &mut d_kernel);
            let dx = x.track_op().then(|| Tensor::from_vec(dx, x.shape(), x.device())).transpose()?;
            Ok((dx, give(kernel, d_kernel)?, give(bias, db)?))
        })
    }
}
