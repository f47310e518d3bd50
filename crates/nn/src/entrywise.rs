//! Formulas of up to three entries, written once as scalars and run as one operation over whole tensors.

use super::element::{Element, for_real, give, slice, with_values};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp3, Error, Layout, Result, Shape, Tensor};
use disentangle_data::simd::vectorised;
use disentangle_numerics::real::Real;

/// A smooth function of three entries; one that ignores the third is given a constant there.
pub(super) trait Formula: Copy + Send + Sync + 'static {
    /// Its name in error messages.
    const NAME: &'static str;

    fn value<T: Real>(self, a: T, b: T, c: T) -> T;

    /// The partial derivatives.
    fn slopes<T: Real>(self, a: T, b: T, c: T) -> [T; 3];

    /// The same over tensors of one shape: the path of other devices and the oracle of the fused one.
    fn expression(self, a: &Tensor, b: &Tensor, c: &Tensor) -> Result<Tensor>;
}

/// What becomes of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    /// One per entry: `[n, d]`.
    Entries,
    /// Summed over the columns of each row: `[n]`.
    RowSums,
}

/// The formula over `a [n, d]`, to whose shape `b` and `c` are broadcast.
pub(super) fn entrywise<F: Formula>(formula: F, fold: Fold, [a, b, c]: [&Tensor; 3]) -> Result<Tensor> {
    if a.rank() != 2 {
        return Err(Error::Msg(format!("{}: rows and columns were expected, got {:?}", F::NAME, a.shape())).bt());
    }
    let (b, c) = (b.broadcast_as(a.shape())?, c.broadcast_as(a.shape())?);
    if fused(a.device()) {
        return a.contiguous()?.apply_op3(&b.contiguous()?, &c.contiguous()?, Entrywise { formula, fold });
    }
    let values = formula.expression(a, &b, &c)?;
    match fold {
        Fold::Entries => Ok(values),
        Fold::RowSums => values.sum(1),
    }
}

struct Entrywise<F> {
    formula: F,
    fold: Fold,
}

impl<F: Formula> CustomOp3 for Entrywise<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        la: &Layout,
        b: &CpuStorage,
        lb: &Layout,
        c: &CpuStorage,
        lc: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (n, cols) = la.shape().dims2()?;
        let formula = self.formula;
        for_real!(a.dtype(), T => {
            let (a, b, c) = (slice::<T>(a, la)?, slice::<T>(b, lb)?, slice::<T>(c, lc)?);
            let mut values = vec![T::ZERO; a.len()];
            vectorised!({
                for (((out, &a), &b), &c) in values.iter_mut().zip(a).zip(b).zip(c) {
                    *out = formula.value(a, b, c);
                }
            });
            if self.fold == Fold::Entries {
                return Ok((T::to_storage(values), la.shape().clone()));
            }
            let mut sums = vec![T::ZERO; n];
            for (sum, row) in sums.iter_mut().zip(values.chunks_exact(cols.max(1))) {
                *sum = row.iter().fold(T::ZERO, |sum, &v| sum + v);
            }
            Ok((T::to_storage(sums), Shape::from(n)))
        })
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        c: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (n, cols) = a.dims2()?;
        let gradient = match self.fold {
            Fold::Entries => gradient.contiguous()?,
            Fold::RowSums => gradient.broadcast_as(n)?.reshape((n, 1))?.broadcast_as((n, cols))?.contiguous()?,
        };
        let formula = self.formula;
        for_real!(a.dtype(), T => {
            let count = n * cols;
            let mut slopes = [vec![T::ZERO; count], vec![T::ZERO; count], vec![T::ZERO; count]];
            with_values(a, |a: &[T]| with_values(b, |b: &[T]| with_values(c, |c: &[T]| with_values(&gradient, |g: &[T]| {
                let [da, db, dc] = &mut slopes;
                vectorised!({
                    let (a, b, c, g) = (&a[..count], &b[..count], &c[..count], &g[..count]);
                    let (da, db, dc) = (&mut da[..count], &mut db[..count], &mut dc[..count]);
                    for k in 0..count {
                        let [sa, sb, sc] = formula.slopes(a[k], b[k], c[k]);
                        (da[k], db[k], dc[k]) = (g[k] * sa, g[k] * sb, g[k] * sc);
                    }
                });
            }))))????;
            let [da, db, dc] = slopes;
            Ok((give(a, da)?, give(b, db)?, give(c, dc)?))
        })
    }
}

/// Holds the fused form of a formula to its expression, value and gradients.
#[cfg(test)]
pub(super) fn assert_expression_agrees<F: Formula>(formula: F) -> Result<()> {
    use super::{Init, Params};
    let mut params = Params::with_dtype(&candle_core::Device::Cpu, candle_core::DType::F64);
    for name in ["a", "b", "c"] {
        params.insert(name, &[5, 3], &Init::Normal { sd: 1.5 }, 3)?;
    }
    let [a, b, c] = [params.get("a")?.as_tensor(), params.get("b")?.as_tensor(), params.get("c")?.as_tensor()];
    let outputs = [entrywise(formula, Fold::Entries, [a, b, c])?, formula.expression(a, b, c)?];
    let gap = |x: &Tensor, y: &Tensor| (x - y)?.abs()?.max_all()?.to_scalar::<f64>();
    assert!(gap(&outputs[0], &outputs[1])? < 1e-11, "{}", F::NAME);
    let weights = a.detach().sin()?;
    let [fused, plain] = outputs.map(|y| params.gradients(&(y * &weights)?.sum_all()?));
    let (fused, plain) = (fused?, plain?);
    for i in 0..3 {
        let fused = fused.tensor(i)?.expect("every input has a gradient");
        let plain = plain.tensor(i)?.map_or_else(|| fused.zeros_like(), Ok)?;
        assert!(gap(&fused, &plain)? < 1e-11, "{}, input {i}", F::NAME);
    }
    Ok(())
}
