//! Lower-triangular maps: each column is a sum over the columns before it, as in a structural causal model.

use super::element::{Element, for_real, give, slice, with_values};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp2, D, Error, Layout, Result, Shape, Tensor};
use disentangle_numerics::real::Real;

/// `y_i = exp(w_ii) x_i + sum_{j < i} w_ij x_j` for each row: `x [n, d]` and `w [d, d]`, or one matrix per row
/// (`w [n, d, d]`), give `[n, d]`.
///
/// Entries of `w` above the diagonal are ignored and get gradient 0; multiply `w` by a mask of zeros and ones to keep
/// the arcs of a graph only. The log-determinant is [`triangular_log_det`].
///
/// # Errors
/// Shapes that do not fit, or those of candle.
pub fn triangular(x: &Tensor, w: &Tensor) -> Result<Tensor> {
    run(x, w, Direction::Forward)
}

/// The x with `triangular(x, w) = y`, by forward substitution.
///
/// # Errors
/// Shapes that do not fit, or those of candle.
pub fn triangular_inverse(y: &Tensor, w: &Tensor) -> Result<Tensor> {
    run(y, w, Direction::Inverse)
}

/// `sum_i w_ii`: a scalar for `w [d, d]`, `[n]` for `w [n, d, d]`.
///
/// # Errors
/// Those of candle.
pub fn triangular_log_det(w: &Tensor) -> Result<Tensor> {
    let d = w.dim(D::Minus1)?;
    w.broadcast_mul(&Tensor::eye(d, w.dtype(), w.device())?)?.sum(D::Minus1)?.sum(D::Minus1)
}

/// The same as [`triangular`] as a candle expression.
///
/// # Errors
/// Those of candle.
pub fn triangular_expression(x: &Tensor, w: &Tensor) -> Result<Tensor> {
    let l = lower(w)?;
    match l.rank() {
        2 => x.matmul(&l.t()?),
        _ => l.broadcast_mul(&x.unsqueeze(1)?)?.sum(2),
    }
}

/// The same as [`triangular_inverse`] as a candle expression.
///
/// # Errors
/// Those of candle.
pub fn triangular_inverse_expression(y: &Tensor, w: &Tensor) -> Result<Tensor> {
    let (n, d) = y.dims2()?;
    let l = lower(w)?.broadcast_as((n, d, d))?;
    let mut columns: Vec<Tensor> = Vec::with_capacity(d);
    for i in 0..d {
        let row = l.narrow(1, i, 1)?.squeeze(1)?;
        let mut rest = y.narrow(1, i, 1)?;
        for (j, x) in columns.iter().enumerate() {
            rest = (rest - (row.narrow(1, j, 1)? * x)?)?;
        }
        columns.push(rest.div(&row.narrow(1, i, 1)?)?);
    }
    Tensor::cat(&columns, 1)
}

/// The matrix that is applied: exponentials on the diagonal, zeros above it.
fn lower(w: &Tensor) -> Result<Tensor> {
    let d = w.dim(D::Minus1)?;
    let eye = Tensor::eye(d, w.dtype(), w.device())?;
    let strict = (Tensor::tril2(d, w.dtype(), w.device())? - &eye)?;
    // Where an entry above the diagonal were large, its exponential times zero would be NaN: mask first.
    let diagonal = w.broadcast_mul(&eye)?.exp()?.broadcast_mul(&eye)?;
    w.broadcast_mul(&strict)? + diagonal
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Inverse,
}

fn run(x: &Tensor, w: &Tensor, direction: Direction) -> Result<Tensor> {
    let (n, d) = x.dims2()?;
    if w.dims() != [d, d] && w.dims() != [n, d, d] {
        return Err(Error::Msg(format!("triangular map: x [{n}, {d}], w {:?}", w.shape())).bt());
    }
    if fused(x.device()) {
        return x.contiguous()?.apply_op2(&w.contiguous()?, Triangular(direction));
    }
    match direction {
        Direction::Forward => triangular_expression(x, w),
        Direction::Inverse => triangular_inverse_expression(x, w),
    }
}

struct Triangular(Direction);

/// The matrix of row i: the shared one, or its own.
fn of_row<T>(w: &[T], d: usize, i: usize) -> &[T] {
    let from = if w.len() == d * d { 0 } else { i * d * d };
    &w[from..from + d * d]
}

/// `x` is overwritten by its image.
fn map<T: Real>(x: &mut [T], w: &[T]) {
    let d = x.len();
    for i in (0..d).rev() {
        let mut sum = w[i * d + i].exp() * x[i];
        for j in 0..i {
            sum += w[i * d + j] * x[j];
        }
        x[i] = sum;
    }
}

/// `y` is overwritten by its preimage.
fn solve<T: Real>(y: &mut [T], w: &[T]) {
    let d = y.len();
    for i in 0..d {
        let mut rest = y[i];
        for j in 0..i {
            rest -= w[i * d + j] * y[j];
        }
        y[i] = rest * (-w[i * d + i]).exp();
    }
}

/// `g` is overwritten by the transpose's image of it.
fn map_adjoint<T: Real>(g: &mut [T], w: &[T]) {
    let d = g.len();
    for j in 0..d {
        let mut sum = w[j * d + j].exp() * g[j];
        for i in j + 1..d {
            sum += w[i * d + j] * g[i];
        }
        g[j] = sum;
    }
}

/// `g` is overwritten by the transpose's preimage of it.
fn solve_adjoint<T: Real>(g: &mut [T], w: &[T]) {
    let d = g.len();
    for j in (0..d).rev() {
        let mut rest = g[j];
        for i in j + 1..d {
            rest -= w[i * d + j] * g[i];
        }
        g[j] = rest * (-w[j * d + j]).exp();
    }
}

/// Adds `scale * g_i x_j` below the diagonal and `scale * g_i exp(w_ii) x_i` on it.
fn add_outer<T: Real>(dw: &mut [T], w: &[T], g: &[T], x: &[T], scale: T) {
    let d = g.len();
    for i in 0..d {
        for j in 0..i {
            dw[i * d + j] += scale * g[i] * x[j];
        }
        dw[i * d + i] += scale * g[i] * w[i * d + i].exp() * x[i];
    }
}

impl Triangular {
    /// The gradients of input and matrix; `gradient` becomes the first.
    fn backward<T: Real>(&self, x: &[T], w: &[T], y: &[T], gradient: Vec<T>, d: usize) -> (Vec<T>, Vec<T>) {
        let mut dx = gradient;
        let mut dw = vec![T::ZERO; w.len()];
        for (i, g) in dx.chunks_exact_mut(d).enumerate() {
            let own = of_row(w, d, i);
            let from = if w.len() == d * d { 0 } else { i * d * d };
            let dw = &mut dw[from..from + d * d];
            match self.0 {
                Direction::Forward => {
                    add_outer(dw, own, g, &x[i * d..][..d], T::ONE);
                    map_adjoint(g, own);
                }
                // x = L^-1 y: the adjoint of y first, then minus its outer product with the result.
                Direction::Inverse => {
                    solve_adjoint(g, own);
                    add_outer(dw, own, g, &y[i * d..][..d], -T::ONE);
                }
            }
        }
        (dx, dw)
    }
}

impl CustomOp2 for Triangular {
    fn name(&self) -> &'static str {
        "triangular"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, w: &CpuStorage, lw: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (_, d) = lx.shape().dims2()?;
        for_real!(x.dtype(), T => {
            let (mut out, w) = (slice::<T>(x, lx)?.to_vec(), slice::<T>(w, lw)?);
            for (i, row) in out.chunks_exact_mut(d.max(1)).enumerate() {
                match self.0 {
                    Direction::Forward => map(row, of_row(w, d, i)),
                    Direction::Inverse => solve(row, of_row(w, d, i)),
                }
            }
            Ok((T::to_storage(out), lx.shape().clone()))
        })
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, y: &Tensor, gradient: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, d) = x.dims2()?;
        for_real!(x.dtype(), T => {
            let gradient: Vec<T> = with_values(&gradient.contiguous()?, <[T]>::to_vec)?;
            let (dx, dw) = with_values(x, |x: &[T]| {
                with_values(w, |w: &[T]| with_values(y, |y: &[T]| self.backward(x, w, y, gradient, d.max(1))))
            })???;
            Ok((give(x, dx)?, give(w, dw)?))
        })
    }
}
