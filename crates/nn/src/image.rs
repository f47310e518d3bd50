//! Layers of images `[n, channels, height, width]`: convolution, its transpose, max-pooling.
//!
//! A convolution is one matrix product per image over its unfolded patches; the transposed one folds them back.

mod patches;
mod pool;

use super::activation::{Activation, add_bias_and_activate, pull_back};
use super::element::{Element, for_real, give, slice, with_values};
use candle_core::{CpuStorage, CustomOp3, Error, Layout, Result, Shape, Tensor};
use disentangle_numerics::compute::Compute;
use disentangle_numerics::product::{Order, Product, Write, multiply};
use disentangle_numerics::real::Real;
use patches::{Grid, fold, unfold};

pub use pool::{max_pool2d, max_pool2d_expression};

/// How a square kernel moves over an image, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stride {
    /// Pixels between two positions, at least 1.
    pub step: usize,
    /// Zeros around the image.
    pub padding: usize,
}

/// `activation(x * kernel + bias)`: `x [n, in, h, w]`, `kernel [out, in, k, k]`, `bias [out]` give `[n, out, h', w']`
/// with `h' = (h + 2 padding - k) / step + 1`, as in PyTorch.
///
/// # Errors
/// Shapes that do not fit together, a kernel larger than the padded image, or those of candle.
pub fn conv2d(x: &Tensor, kernel: &Tensor, bias: &Tensor, stride: Stride, activation: Activation) -> Result<Tensor> {
    run(x, kernel, bias, Conv { kind: Kind::Plain, stride, activation, compute: Compute::current() })
}

/// The transpose of [`conv2d`]: `x [n, in, h, w]`, `kernel [in, out, k, k]`, `bias [out]` give `[n, out, h', w']` with
/// `h' = (h - 1) step - 2 padding + k`, as in PyTorch.
///
/// # Errors
/// Shapes that do not fit together, an image without pixels, or those of candle.
pub fn conv2d_transposed(
    x: &Tensor,
    kernel: &Tensor,
    bias: &Tensor,
    stride: Stride,
    activation: Activation,
) -> Result<Tensor> {
    run(x, kernel, bias, Conv { kind: Kind::Transposed, stride, activation, compute: Compute::current() })
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
    let y = x.conv2d(kernel, padding, step, 1, 1)?;
    activation.expression(&y.broadcast_add(&bias.reshape((1, (), 1, 1))?)?)
}

/// The same as [`conv2d_transposed`] as a candle expression.
///
/// # Errors
/// Those of candle.
pub fn conv2d_transposed_expression(
    x: &Tensor,
    kernel: &Tensor,
    bias: &Tensor,
    Stride { step, padding }: Stride,
    activation: Activation,
) -> Result<Tensor> {
    let y = x.conv_transpose2d(kernel, padding, 0, step, 1)?;
    activation.expression(&y.broadcast_add(&bias.reshape((1, (), 1, 1))?)?)
}

fn run(x: &Tensor, kernel: &Tensor, bias: &Tensor, op: Conv) -> Result<Tensor> {
    if x.device().is_cpu() {
        return x.contiguous()?.apply_op3(&kernel.contiguous()?, &bias.contiguous()?, op);
    }
    match op.kind {
        Kind::Plain => conv2d_expression(x, kernel, bias, op.stride, op.activation),
        Kind::Transposed => conv2d_transposed_expression(x, kernel, bias, op.stride, op.activation),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Transposed,
}

struct Conv {
    kind: Kind,
    stride: Stride,
    activation: Activation,
    compute: Compute,
}

/// The sizes of one convolution: a plain one goes from the fine grid to the coarse one, a transposed one back.
#[derive(Clone, Copy)]
struct Sizes {
    n: usize,
    /// Channels of the coarse side: rows of the kernel matrix `[coarse, grid.patch()]`.
    coarse: usize,
    grid: Grid,
    /// Entries of one image of the input and of the output, and of one channel of the output.
    input: usize,
    output: usize,
    plane: usize,
}

impl Conv {
    fn sizes(&self, x: &Shape, kernel: &Shape, bias: &Shape) -> Result<(Sizes, Shape)> {
        let ((n, inputs, height, width), (first, second, k, other)) = (x.dims4()?, kernel.dims4()?);
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
        let grid = match self.kind {
            Kind::Plain if height + padded < k || width + padded < k => return refuse(),
            Kind::Plain => Grid {
                channels: inputs,
                fine: (height, width),
                coarse: ((height + padded - k) / step + 1, (width + padded - k) / step + 1),
                kernel: k,
                stride: self.stride,
            },
            Kind::Transposed if (height - 1) * step + k <= padded || (width - 1) * step + k <= padded => {
                return refuse();
            }
            Kind::Transposed => Grid {
                channels: outputs,
                fine: ((height - 1) * step + k - padded, (width - 1) * step + k - padded),
                coarse: (height, width),
                kernel: k,
                stride: self.stride,
            },
        };
        let (coarse, out) = if self.kind == Kind::Plain { (outputs, grid.coarse) } else { (inputs, grid.fine) };
        let plane = out.0 * out.1;
        let sizes = Sizes { n, coarse, grid, input: inputs * height * width, output: outputs * plane, plane };
        Ok((sizes, Shape::from((n, outputs, out.0, out.1))))
    }

    /// The images of one shard: `y` is written.
    fn forward<T: Real>(&self, s: Sizes, x: &[T], kernel: &[T], bias: &[T], y: &mut [T], compute: Compute) {
        let (patch, places) = (s.grid.patch(), s.grid.places());
        let mut columns = vec![T::ZERO; patch * places];
        for (x, y) in x.chunks_exact(s.input).zip(y.chunks_exact_mut(s.output)) {
            let kernel_of = |order| (kernel, order);
            match self.kind {
                Kind::Plain => {
                    unfold(x, &s.grid, &mut columns);
                    let size = Product { rows: s.coarse, inner: patch, cols: places };
                    multiply(size, kernel_of(Order::Plain), (&columns, Order::Plain), y, Write::Replace, compute);
                }
                Kind::Transposed => {
                    let size = Product { rows: patch, inner: s.coarse, cols: places };
                    let x = (x, Order::Plain);
                    multiply(size, kernel_of(Order::Transposed), x, &mut columns, Write::Replace, compute);
                    y.fill(T::ZERO);
                    fold(&columns, &s.grid, y);
                }
            }
            for (plane, &b) in y.chunks_exact_mut(s.plane).zip(bias) {
                add_bias_and_activate(plane, &vec![b; s.plane], self.activation);
            }
        }
    }

    /// The images of one shard: `dx` is written, the gradients of kernel and bias are added to.
    fn backward<T: Real>(
        &self,
        s: Sizes,
        [x, kernel, y, gradient]: [&[T]; 4],
        [dx, d_kernel, d_bias]: [&mut [T]; 3],
        compute: Compute,
    ) {
        let (patch, places) = (s.grid.patch(), s.grid.places());
        let mut columns = vec![T::ZERO; patch * places];
        let mut dz = vec![T::ZERO; s.output];
        let images = x.chunks_exact(s.input).zip(dx.chunks_exact_mut(s.input));
        let outputs = y.chunks_exact(s.output).zip(gradient.chunks_exact(s.output));
        for ((x, dx), (y, gradient)) in images.zip(outputs) {
            dz.copy_from_slice(gradient);
            for ((dz, y), db) in dz.chunks_exact_mut(s.plane).zip(y.chunks_exact(s.plane)).zip(&mut *d_bias) {
                let mut sums = vec![T::ZERO; s.plane];
                pull_back(dz, y, &mut sums, self.activation);
                *db += sums.iter().fold(T::ZERO, |sum, &v| sum + v);
            }
            let of_kernel = Product { rows: s.coarse, inner: places, cols: patch };
            match self.kind {
                Kind::Plain => {
                    unfold(x, &s.grid, &mut columns);
                    let (dz, c) = ((&dz[..], Order::Plain), (&columns[..], Order::Transposed));
                    multiply(of_kernel, dz, c, d_kernel, Write::Add, compute);
                    let size = Product { rows: patch, inner: s.coarse, cols: places };
                    multiply(size, (kernel, Order::Transposed), dz, &mut columns, Write::Replace, compute);
                    fold(&columns, &s.grid, dx);
                }
                Kind::Transposed => {
                    unfold(&dz, &s.grid, &mut columns);
                    let c = (&columns[..], Order::Transposed);
                    multiply(of_kernel, (x, Order::Plain), c, d_kernel, Write::Add, compute);
                    let size = Product { rows: s.coarse, inner: patch, cols: places };
                    multiply(size, (kernel, Order::Plain), (&columns, Order::Plain), dx, Write::Replace, compute);
                }
            }
        }
    }
}

impl Sizes {
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
        for_real!(x.dtype(), T => {
            let (x, kernel, bias) = (slice::<T>(x, lx)?, slice::<T>(kernel, lk)?, slice::<T>(bias, lb)?);
            let mut y = vec![T::ZERO; s.n * s.output];
            let (x_a, x_b) = x.split_at(s.split() * s.input);
            let (y_a, y_b) = y.split_at_mut(s.split() * s.output);
            s.compute(self.compute).join(
                |compute| self.forward(s, x_a, kernel, bias, y_a, compute),
                |compute| self.forward(s, x_b, kernel, bias, y_b, compute),
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
        let gradient = gradient.contiguous()?;
        for_real!(x.dtype(), T => {
            let mut dx = vec![T::ZERO; s.n * s.input];
            let shard = || (vec![T::ZERO; kernel.elem_count()], vec![T::ZERO; bias.elem_count()]);
            let ((mut dk, mut db), (mut dk_b, mut db_b)) = (shard(), shard());
            with_values(x, |x: &[T]| with_values(kernel, |k: &[T]| with_values(y, |y: &[T]| {
                with_values(&gradient, |g: &[T]| {
                    let (images, outputs) = (s.split() * s.input, s.split() * s.output);
                    let (dx_a, dx_b) = dx.split_at_mut(images);
                    let (a, b) = ((&x[..images], &y[..outputs], &g[..outputs]), (&x[images..], &y[outputs..], &g[outputs..]));
                    s.compute(self.compute).join(
                        |compute| self.backward(s, [a.0, k, a.1, a.2], [dx_a, &mut dk, &mut db], compute),
                        |compute| self.backward(s, [b.0, k, b.1, b.2], [dx_b, &mut dk_b, &mut db_b], compute),
                    );
                })
            })))????;
            dk.iter_mut().zip(&dk_b).for_each(|(sum, &part)| *sum += part);
            db.iter_mut().zip(&db_b).for_each(|(sum, &part)| *sum += part);
            Ok((give(x, dx)?, give(kernel, dk)?, give(bias, db)?))
        })
    }
}
