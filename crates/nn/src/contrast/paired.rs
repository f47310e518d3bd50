//! The symmetric contrastive loss of two sets of codes in one pass: no matrix of scores is kept for the way back.

use super::{info_nce, negative_squared_distances};
use crate::element::{Element, for_real, with_values};
use crate::fused::fused;
use crate::loss::{fixed_sum, scalar, scalar_storage};
use candle_core::{CpuStorage, CustomOp2, Error, Layout, Result, Shape, Tensor};
use disentangle_data::simd::vectorised;
use disentangle_numerics::real::Real;

/// Mean of [`info_nce`] of the scores `-|a_i - b_j|^2 / temperature` and of their transpose: `a [n, k]`, `b [n, k]` give a scalar.
///
/// # Errors
/// Different shapes, no rows, or those of candle.
pub fn paired_info_nce(a: &Tensor, b: &Tensor, temperature: f64) -> Result<Tensor> {
    let (n, k) = a.dims2()?;
    if b.dims2()? != (n, k) || n == 0 {
        return Err(Error::Msg(format!("contrast of shapes {:?} and {:?}", a.shape(), b.shape())).bt());
    }
    if !fused(a.device()) {
        return paired_info_nce_expression(a, b, temperature);
    }
    let (a, b) = (a.contiguous()?, b.contiguous()?);
    for_real!(a.dtype(), T => {
        let found = with_values(&a, |a: &[T]| with_values(&b, |b: &[T]| pass(a, b, k, T::of(1.0 / temperature))))??;
        a.apply_op2(&b, Paired { value: found.value, gradients: [found.of_a, found.of_b].map(T::to_storage) })
    })
}

/// The same as candle expressions.
///
/// # Errors
/// Those of candle.
pub fn paired_info_nce_expression(a: &Tensor, b: &Tensor, temperature: f64) -> Result<Tensor> {
    let scores = negative_squared_distances(a, b, temperature)?;
    (info_nce(&scores)? + info_nce(&scores.t()?)?)? * 0.5
}

struct Found<T> {
    value: f64,
    of_a: Vec<T>,
    of_b: Vec<T>,
}

/// Value and gradients of `a` and `b` (n x k); `rate` is one over the temperature.
fn pass<T: Real>(a: &[T], b: &[T], k: usize, rate: T) -> Found<T> {
    let n = a.len() / k;
    // Columns of b one after the other: the loops below run along them.
    let columns: Vec<T> = (0..k).flat_map(|c| b.iter().skip(c).step_by(k).copied()).collect();
    let mut scores = vec![T::ZERO; n * n];
    let (mut column_tops, mut column_sums) = (vec![T::ZERO; n], vec![T::ZERO; n]);
    let (mut row_sums, mut weights, mut per_column) = (vec![T::ZERO; n], vec![T::ZERO; n], vec![T::ZERO; n]);
    let (mut of_a, mut of_b) = (vec![T::ZERO; n * k], vec![T::ZERO; n * k]);
    let (share, twice) = (T::of(0.5 / n as f64), rate + rate);
    let mut total = 0.0;
    vectorised!({
        for (i, row) in scores.chunks_exact_mut(n).enumerate() {
            for (c, column) in columns.chunks_exact(n).enumerate() {
                let own = a[i * k + c];
                for (s, &b) in row.iter_mut().zip(column) {
                    *s -= rate * (own - b) * (own - b);
                }
            }
            for (top, &s) in column_tops.iter_mut().zip(&*row) {
                *top = if i == 0 || s > *top { s } else { *top };
            }
        }
        for (i, row) in scores.chunks_exact(n).enumerate() {
            // The best of all columns, so that no exponential overflows; a NaN anywhere reaches the sums.
            let top = row.iter().fold(row[0], |top, &s| if s > top { s } else { top });
            for (((w, sum), &s), &column_top) in weights.iter_mut().zip(&mut column_sums).zip(row).zip(&column_tops) {
                *w = (s - top).exp();
                *sum += (s - column_top).exp();
            }
            row_sums[i] = top
                + T::of(fixed_sum(
                    &weights,
                    &weights,
                    #[inline(always)]
                    |w, _| w,
                ))
                .ln();
            total += row_sums[i].wide() - 2.0 * row[i].wide();
        }
        for (sum, &top) in column_sums.iter_mut().zip(&column_tops) {
            *sum = top + sum.ln();
            total += sum.wide();
        }
        for (i, row) in scores.chunks_exact(n).enumerate() {
            let of_row = row_sums[i];
            for ((w, &s), &of_column) in weights.iter_mut().zip(row).zip(&column_sums) {
                *w = share * ((s - of_row).exp() + (s - of_column).exp());
            }
            weights[i] -= share + share;
            for (sum, &w) in per_column.iter_mut().zip(&weights) {
                *sum += w;
            }
            let per_row = T::of(fixed_sum(
                &weights,
                &weights,
                #[inline(always)]
                |w, _| w,
            ));
            for (c, column) in columns.chunks_exact(n).enumerate() {
                let own = a[i * k + c];
                let with_b = T::of(fixed_sum(
                    &weights,
                    column,
                    #[inline(always)]
                    |w, b| w * b,
                ));
                of_a[i * k + c] = twice * (with_b - own * per_row);
                for (sum, &w) in of_b[c * n..(c + 1) * n].iter_mut().zip(&weights) {
                    *sum += w * own;
                }
            }
        }
        for (c, column) in columns.chunks_exact(n).enumerate() {
            for ((sum, &b), &weight) in of_b[c * n..(c + 1) * n].iter_mut().zip(column).zip(&per_column) {
                *sum = twice * (*sum - b * weight);
            }
        }
    });
    // Column after column so far.
    let of_b = (0..n).flat_map(|j| of_b.iter().skip(j).step_by(n).copied()).collect();
    Found { value: 0.5 * total / n as f64 - (n as f64).ln(), of_a, of_b }
}

struct Paired {
    value: f64,
    gradients: [CpuStorage; 2],
}

impl CustomOp2 for Paired {
    fn name(&self) -> &'static str {
        "paired-info-nce"
    }

    fn cpu_fwd(&self, a: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        for_real!(a.dtype(), T => Ok(scalar_storage::<T>(self.value)))
    }

    fn bwd(&self, a: &Tensor, b: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        for_real!(gradient.dtype(), T => {
            let scale = scalar::<T>(gradient)?;
            let of = |storage: &CpuStorage, like: &Tensor| {
                let values: Vec<T> = storage.as_slice::<T>()?.iter().map(|&g| scale * g).collect();
                Tensor::from_vec(values, like.shape(), like.device())
            };
            let da = a.track_op().then(|| of(&self.gradients[0], a)).transpose()?;
            let db = b.track_op().then(|| of(&self.gradients[1], b)).transpose()?;
            Ok((da, db))
        })
    }
}
