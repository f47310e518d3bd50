//! Invertible maps: value, log-determinant, inverse.

use super::{Builder, Case};
use crate::nn::*;
use candle_core::{DType, Result};

/// Every operation on a batch of `n`, with odd widths.
pub(super) fn cases(n: usize, dtype: DType) -> Result<Vec<Case>> {
    let mut all = Vec::new();
    let map = SmoothLeaky { temperature: 0.6 };
    let mut b = Builder::new(dtype);
    let (x, a) = (b.input(&[n, 5])?, b.input(&[5])?);
    let (x2, a2) = (x.clone(), a.clone());
    all.push(b.case(
        "smooth leaky",
        Box::new(move || map.forward(&x, &a)),
        Box::new(move || {
            let soft = (((&x2 / 0.6)?.exp()? + 1.0)?.log()? * 0.6)?;
            let slope = a2.exp()?.broadcast_as((n, 5))?;
            (&slope * &x2)? + (slope.affine(-1.0, 1.0)? * soft)?
        }),
    ));

    let mut b = Builder::new(dtype);
    let (x, a) = (b.input(&[n, 5])?, b.input(&[5])?);
    let (x2, a2) = (x.clone(), a.clone());
    all.push(b.case(
        "smooth leaky log-determinant",
        Box::new(move || map.log_det(&x, &a)),
        Box::new(move || {
            let up = ((&x2 / -0.6)?.exp()? + 1.0)?.recip()?;
            let slope = a2.exp()?.broadcast_as((n, 5))?;
            ((&slope * up.affine(-1.0, 1.0)?)? + up)?.log()?.sum(1)
        }),
    ));

    let mut b = Builder::new(dtype);
    let (x, a) = (b.input(&[n, 5])?, b.input(&[5])?);
    let (x2, a2) = (x.clone(), a.clone());
    all.push(b.case(
        "smooth leaky there and back",
        Box::new(move || map.inverse(&map.forward(&x, &a)?, &a)),
        Box::new(move || x2.broadcast_add(&(a2.clone() * 0.0)?)),
    ));
    Ok(all)
}
