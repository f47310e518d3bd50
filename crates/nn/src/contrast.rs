//! Cross-entropies over the columns of each row, and the contrastive loss built on them.

mod paired;

pub use paired::{paired_info_nce, paired_info_nce_expression};

use super::element::{for_real, slice, with_values};
use super::loss::{scalar, scalar_storage};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp1, DType, Error, Layout, Result, Shape, Tensor};
use disentangle_data::simd::vectorised;
use disentangle_numerics::real::Real;

/// Mean over the rows of `log sum_j exp(logits[i, j]) - logits[i, codes[i]]`: `logits [n, c]`, `codes [n]` give a
/// scalar.
///
/// # Errors
/// No rows, another number of codes, a code that is not below c, or those of candle.
pub fn cross_entropy(logits: &Tensor, codes: &[u32]) -> Result<Tensor> {
    let (n, c) = logits.dims2()?;
    if codes.len() != n || n == 0 {
        return Err(Error::Msg(format!("cross-entropy: logits [{n}, {c}], {} codes", codes.len())).bt());
    }
    if let Some(code) = codes.iter().find(|&&code| code as usize >= c) {
        return Err(Error::Msg(format!("cross-entropy: code {code} of {c} classes")).bt());
    }
    if !fused(logits.device()) {
        return cross_entropy_expression(logits, codes);
    }
    logits.contiguous()?.apply_op1(CrossEntropy { codes: codes.to_vec() })
}

/// The same as a candle expression.
///
/// # Errors
/// Those of candle.
pub fn cross_entropy_expression(logits: &Tensor, codes: &[u32]) -> Result<Tensor> {
    let n = codes.len();
    // `gather` takes no transposed tensor.
    let logits = logits.contiguous()?;
    let top = logits.detach().max_keepdim(1)?;
    let sums = logits.broadcast_sub(&top)?.exp()?.sum_keepdim(1)?.log()?.broadcast_add(&top)?;
    let index = Tensor::from_slice(codes, (n, 1), logits.device())?;
    (sums - logits.gather(&index, 1)?)?.mean_all()
}

/// InfoNCE: mean over the rows of `-log(exp(scores[i, i]) / mean_j exp(scores[i, j]))`, where row i and column i belong
/// together: `scores [n, n]`, already divided by the temperature, give a scalar, 0 for scores that say nothing.
/// *Representation Learning with Contrastive Predictive Coding* (van den Oord, Li, Vinyals, 2018), equation 4, with
/// the mean in place of the sum, <https://arxiv.org/abs/1807.03748>.
///
/// Add the loss of the transposed scores for the symmetric form.
///
/// # Errors
/// Scores that are not square, no rows, or those of candle.
pub fn info_nce(scores: &Tensor) -> Result<Tensor> {
    let (n, m) = scores.dims2()?;
    if n != m {
        return Err(Error::Msg(format!("contrastive scores [{n}, {m}] are not square")).bt());
    }
    let codes: Vec<u32> = (0..n as u32).collect();
    cross_entropy(scores, &codes)?.affine(1.0, -(n as f64).ln())
}

/// `-|a_i - b_j|^2 / temperature` for all pairs of rows: `a [n, d]`, `b [m, d]` give `[n, m]`.
///
/// # Errors
/// Shapes that do not fit, or those of candle.
pub fn negative_squared_distances(a: &Tensor, b: &Tensor, temperature: f64) -> Result<Tensor> {
    let (squares_a, squares_b) = (a.sqr()?.sum_keepdim(1)?, b.sqr()?.sum_keepdim(1)?.t()?);
    let products = a.matmul(&b.t()?)?.affine(2.0, 0.0)?;
    products.broadcast_sub(&squares_a)?.broadcast_sub(&squares_b)? * (1.0 / temperature)
}

struct CrossEntropy {
    codes: Vec<u32>,
}

/// The largest entry and the sum of all exponentials relative to it.
#[inline(always)]
fn soft_sum<T: Real>(row: &[T]) -> (T, T) {
    let top = row.iter().fold(row[0], |top, &v| if v > top { v } else { top });
    // A NaN anywhere reaches the sum; the comparison above may pass it over.
    (top, row.iter().fold(T::ZERO, |sum, &v| sum + (v - top).exp()))
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (n, c) = layout.shape().dims2()?;
        for_real!(logits.dtype(), T => {
            let logits = slice::<T>(logits, layout)?;
            let mut total = 0.0;
            vectorised!({
                for (row, &code) in logits.chunks_exact(c).zip(&self.codes) {
                    let (top, sum) = soft_sum(row);
                    total += (sum.ln() + (top - row[code as usize])).wide();
                }
            });
            Ok(scalar_storage::<T>(total / n as f64))
        })
    }

    fn bwd(&self, logits: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let (n, c) = logits.dims2()?;
        for_real!(logits.dtype(), T => {
            let factor = scalar::<T>(gradient)? * T::of(1.0 / n as f64);
            let values = with_values(logits, |logits: &[T]| {
                let mut out = vec![T::ZERO; n * c];
                vectorised!({
                    let rows = logits.chunks_exact(c).zip(out.chunks_exact_mut(c)).zip(&self.codes);
                    for ((row, out), &code) in rows {
                        let (top, sum) = soft_sum(row);
                        for (out, &v) in out.iter_mut().zip(row) {
                            *out = factor * ((v - top).exp() / sum);
                        }
                        out[code as usize] -= factor;
                    }
                });
                out
            })?;
            Tensor::from_vec(values, logits.shape(), logits.device()).map(Some)
        })
    }
}

/// `weight * sum_g |x_g|`, a scalar: the Euclidean norms of the rows of `x [g, k]`, subgradient 0 where a row is zero.
///
/// # Errors
/// Not two dimensions, or those of candle.
pub fn group_l1(x: &Tensor, weight: f64) -> Result<Tensor> {
    x.dims2()?;
    if !fused(x.device()) {
        return group_l1_expression(x, weight);
    }
    x.contiguous()?.apply_op1(GroupL1 { weight })
}

/// The same as a candle expression.
///
/// # Errors
/// Those of candle.
pub fn group_l1_expression(x: &Tensor, weight: f64) -> Result<Tensor> {
    // The root has no derivative at zero: x / norm with a norm of 1 there, a constant, has.
    let norms = x.detach().to_dtype(DType::F64)?.sqr()?.sum_keepdim(1)?.sqrt()?;
    let zeros = norms.zeros_like()?;
    let rates = norms.eq(&zeros)?.where_cond(&zeros, &norms.recip()?)?.to_dtype(x.dtype())?;
    (x * x.detach().broadcast_mul(&rates)?)?.sum_all()? * weight
}

struct GroupL1 {
    weight: f64,
}

/// Norms in double precision: the square of a small entry is not lost.
fn norm<T: Real>(row: &[T]) -> f64 {
    row.iter().map(|v| v.wide() * v.wide()).sum::<f64>().sqrt()
}

impl CustomOp1 for GroupL1 {
    fn name(&self) -> &'static str {
        "group-l1"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (_, k) = layout.shape().dims2()?;
        for_real!(x.dtype(), T => {
            let sum: f64 = slice::<T>(x, layout)?.chunks(k.max(1)).map(norm).sum();
            Ok(scalar_storage::<T>(self.weight * sum))
        })
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let (_, k) = x.dims2()?;
        for_real!(x.dtype(), T => {
            let factor = scalar::<T>(gradient)?.wide() * self.weight;
            let values: Vec<T> = with_values(x, |x: &[T]| {
                let row = |row: &[T]| {
                    let norm = norm(row);
                    let rate = if norm == 0.0 { 0.0 } else { factor / norm };
                    row.iter().map(|v| T::of(v.wide() * rate)).collect::<Vec<T>>()
                };
                x.chunks(k.max(1)).flat_map(row).collect()
            })?;
            Tensor::from_vec(values, x.shape(), x.device()).map(Some)
        })
    }
}
