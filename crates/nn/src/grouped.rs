//! Many small networks of one shape at once: one per latent, each with its own input and weights.

use super::activation::Activation;
use super::dense::{forward, pull_back_activation};
use super::element::{Element, for_real, give, slice, with_values};
use super::params::{Init, Params};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp3, Error, Layout, Result, Shape, Tensor};
use disentangle_numerics::compute::Compute;
use disentangle_numerics::product::{Order, Product, Write, multiply};
use disentangle_numerics::real::Real;

/// `activation(x_g w_g + b_g)` for each group g: `x [g, n, in]`, `w [g, in, out]`, `b [g, out]` give `[g, n, out]`.
///
/// # Errors
/// Shapes that do not fit together, or those of candle.
pub fn grouped_dense(x: &Tensor, w: &Tensor, b: &Tensor, activation: Activation) -> Result<Tensor> {
    if !fused(x.device()) {
        return grouped_dense_expression(x, w, b, activation);
    }
    let op = Grouped { activation, compute: Compute::current() };
    x.contiguous()?.apply_op3(&w.contiguous()?, &b.contiguous()?, op)
}

/// The same as a candle expression.
///
/// # Errors
/// Those of candle.
pub fn grouped_dense_expression(x: &Tensor, w: &Tensor, b: &Tensor, activation: Activation) -> Result<Tensor> {
    activation.expression(&x.contiguous()?.matmul(&w.contiguous()?)?.broadcast_add(&b.unsqueeze(1)?)?)
}

/// `activation(x (w o mask) + b)`: a dense layer without the connections where `mask [in, out]` is 0.
///
/// # Errors
/// Shapes that do not fit together, or those of candle.
pub fn masked_dense(x: &Tensor, w: &Tensor, mask: &Tensor, b: &Tensor, activation: Activation) -> Result<Tensor> {
    super::dense(x, &(w * mask)?, b, activation)
}

/// Networks of the same layers for `groups` inputs, with parameters `<name>.<i>.weight` (`[groups, in, out]`) and
/// `<name>.<i>.bias` (`[groups, out]`). Cloning shares them.
#[derive(Debug, Clone)]
pub struct GroupedMlp {
    groups: usize,
    layers: Vec<(Tensor, Tensor, Activation)>,
}

impl GroupedMlp {
    /// Layers of these sizes in every group, input first; initial values as PyTorch's (uniform on ±1/sqrt(inputs)).
    ///
    /// # Errors
    /// No group, fewer than two sizes, a size of zero, or a name that exists already.
    pub fn new(
        params: &mut Params,
        name: &str,
        groups: usize,
        sizes: &[usize],
        [hidden, output]: [Activation; 2],
        seed: u64,
    ) -> Result<Self> {
        if groups == 0 || sizes.len() < 2 || sizes.contains(&0) {
            return Err(Error::Msg(format!("{name}: {groups} networks cannot have the sizes {sizes:?}")).bt());
        }
        let mut layers = Vec::with_capacity(sizes.len() - 1);
        for (i, pair) in sizes.windows(2).enumerate() {
            let init = Init::Uniform { fan_in: pair[0] };
            let weight = params.insert(&format!("{name}.{i}.weight"), &[groups, pair[0], pair[1]], &init, seed)?;
            let bias = params.insert(&format!("{name}.{i}.bias"), &[groups, pair[1]], &init, seed)?;
            let activation = if i + 2 == sizes.len() { output } else { hidden };
            layers.push((weight.as_tensor().clone(), bias.as_tensor().clone(), activation));
        }
        Ok(Self { groups, layers })
    }

    /// `x [n, groups * in]`, the inputs of group after group, give `[n, groups * out]` in the same order.
    ///
    /// # Errors
    /// Another number of columns, or those of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.through(x, grouped_dense)
    }

    /// The same as [`GroupedMlp::forward`], layer by layer as candle expressions.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward_expression(&self, x: &Tensor) -> Result<Tensor> {
        self.through(x, grouped_dense_expression)
    }

    fn through(
        &self,
        x: &Tensor,
        layer: impl Fn(&Tensor, &Tensor, &Tensor, Activation) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let (n, cols) = x.dims2()?;
        let inputs = self.layers[0].0.dim(1)?;
        if cols != self.groups * inputs {
            return Err(Error::Msg(format!("{} networks of {inputs} inputs, got {cols} columns", self.groups)).bt());
        }
        let mut x = x.reshape((n, self.groups, inputs))?.transpose(0, 1)?.contiguous()?;
        for (w, b, activation) in &self.layers {
            x = layer(&x, w, b, *activation)?;
        }
        let outputs = x.dim(2)?;
        x.transpose(0, 1)?.reshape((n, self.groups * outputs))
    }
}

struct Grouped {
    activation: Activation,
    compute: Compute,
}

/// The sizes of one group, and how many there are.
#[derive(Clone, Copy)]
struct Sizes {
    groups: usize,
    n: usize,
    inputs: usize,
    outputs: usize,
}

impl Sizes {
    fn of(x: &Shape, w: &Shape, b: &Shape) -> Result<Self> {
        let ((groups, n, inputs), (others, rows, outputs)) = (x.dims3()?, w.dims3()?);
        if groups != others || rows != inputs || b.dims() != [groups, outputs] {
            return Err(Error::Msg(format!("grouped dense: x {x:?}, w {w:?} and b {b:?} do not fit together")).bt());
        }
        Ok(Self { groups, n, inputs, outputs })
    }

    /// Calls `work` with each group and its part of `out`, on as many threads as pay; groups never share a sum, so the
    /// bits do not depend on it.
    fn each<T: Real>(self, compute: Compute, out: &mut [T], work: &(impl Fn(usize, &mut [T]) + Sync)) {
        let size = out.len().checked_div(self.groups).unwrap_or(0);
        self.span(compute, 0, self.groups, (out, size), work);
    }

    fn span<T: Real>(
        self,
        compute: Compute,
        first: usize,
        count: usize,
        (out, size): (&mut [T], usize),
        work: &(impl Fn(usize, &mut [T]) + Sync),
    ) {
        /// Multiplications below which waking a second thread costs more than it saves.
        const SHARED_WORK: usize = 2_000_000;
        if compute.threads() > 1 && count > 1 && count * self.n * self.inputs * self.outputs >= SHARED_WORK {
            let half = count / 2;
            let (left, right) = out.split_at_mut(half * size);
            compute.join(
                |compute| self.span(compute, first, half, (left, size), work),
                |compute| self.span(compute, first + half, count - half, (right, size), work),
            );
            return;
        }
        for g in 0..count {
            work(first + g, &mut out[g * size..(g + 1) * size]);
        }
    }

    fn backward<T: Real>(self, op: &Grouped, [x, w, y, gradient]: [&[T]; 4]) -> [Vec<T>; 3] {
        let Self { groups, n, inputs, outputs } = self;
        let mut dz = gradient.to_vec();
        let mut db = vec![T::ZERO; groups * outputs];
        for g in 0..groups {
            let part = g * n * outputs..(g + 1) * n * outputs;
            let db = &mut db[g * outputs..(g + 1) * outputs];
            pull_back_activation(&mut dz[part.clone()], &y[part], db, op.activation);
        }
        let slice = |values: &'_ [T], g: usize, size: usize| g * size..(g * size + size).min(values.len());
        let mut dx = vec![T::ZERO; x.len()];
        self.each(op.compute, &mut dx, &|g, dx| {
            let (dz, w) = (&dz[slice(&dz, g, n * outputs)], &w[slice(w, g, inputs * outputs)]);
            let size = Product { rows: n, inner: outputs, cols: inputs };
            multiply(size, (dz, Order::Plain), (w, Order::Transposed), dx, Write::Replace, Compute::SINGLE);
        });
        let mut dw = vec![T::ZERO; w.len()];
        self.each(op.compute, &mut dw, &|g, dw| {
            let (x, dz) = (&x[slice(x, g, n * inputs)], &dz[slice(&dz, g, n * outputs)]);
            let size = Product { rows: inputs, inner: n, cols: outputs };
            multiply(size, (x, Order::Transposed), (dz, Order::Plain), dw, Write::Replace, Compute::SINGLE);
        });
        [dx, dw, db]
    }
}

impl CustomOp3 for Grouped {
    fn name(&self) -> &'static str {
        "grouped-dense"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        w: &CpuStorage,
        lw: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let sizes = Sizes::of(lx.shape(), lw.shape(), lb.shape())?;
        let Sizes { groups, n, inputs, outputs } = sizes;
        for_real!(x.dtype(), T => {
            let (x, w, b) = (slice::<T>(x, lx)?, slice::<T>(w, lw)?, slice::<T>(b, lb)?);
            let mut y = vec![T::ZERO; groups * n * outputs];
            sizes.each(self.compute, &mut y, &|g, y: &mut [T]| {
                let x = &x[g * n * inputs..(g + 1) * n * inputs];
                let (w, b) = (&w[g * inputs * outputs..(g + 1) * inputs * outputs], &b[g * outputs..(g + 1) * outputs]);
                forward((x, w, b), (n, inputs, outputs), y, self.activation, Compute::SINGLE);
            });
            Ok((T::to_storage(y), Shape::from((groups, n, outputs))))
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
        let sizes = Sizes::of(x.shape(), w.shape(), b.shape())?;
        let gradient = gradient.contiguous()?;
        for_real!(x.dtype(), T => {
            let [dx, dw, db] = with_values(x, |xs: &[T]| with_values(w, |ws: &[T]| {
                with_values(y, |ys: &[T]| with_values(&gradient, |g: &[T]| sizes.backward(self, [xs, ws, ys, g])))
            }))????;
            Ok((give(x, dx)?, give(w, dw)?, give(b, db)?))
        })
    }
}
