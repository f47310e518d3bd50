//! Invertible maps: value, log-determinant, inverse.

use super::{Builder, Case};
use crate::*;
use candle_core::{DType, Result, Tensor};

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

    let mut b = Builder::new(dtype);
    let w = b.input(&[3, 3])?;
    let w2 = w.clone();
    all.push(b.case(
        "log-determinant",
        Box::new(move || log_abs_det(&w)),
        Box::new(move || {
            let at = |i, j| w2.narrow(0, i, 1)?.narrow(1, j, 1)?.reshape(());
            let minor = |a, b, c, d| (at(1, a)? * at(2, b)?)? - (at(1, c)? * at(2, d)?)?;
            let det = ((at(0, 0)? * minor(1, 2, 2, 1)?)? + (at(0, 1)? * minor(2, 0, 0, 2)?)?)?;
            (det + (at(0, 2)? * minor(0, 1, 1, 0)?)?)?.sqr()?.log()? * 0.5
        }),
    ));

    let mut b = Builder::new(dtype);
    let (x, w) = (b.input(&[n, 2])?, b.input(&[2, 2])?);
    let (x2, w2) = (x.clone(), w.clone());
    all.push(b.case(
        "product with an inverse",
        Box::new(move || x.matmul(&matrix_inverse(&w)?)),
        Box::new(move || {
            let at = |i, j| w2.narrow(0, i, 1)?.narrow(1, j, 1);
            let det = ((at(0, 0)? * at(1, 1)?)? - (at(0, 1)? * at(1, 0)?)?)?;
            let top = Tensor::cat(&[at(1, 1)?, at(0, 1)?.neg()?], 1)?;
            let bottom = Tensor::cat(&[at(1, 0)?.neg()?, at(0, 0)?], 1)?;
            x2.matmul(&Tensor::cat(&[top, bottom], 0)?.broadcast_div(&det)?)
        }),
    ));

    let mut b = Builder::new(dtype);
    let z = b.input(&[n, 2])?;
    let z2 = z.clone();
    all.push(b.case(
        "log-determinant of a batch covariance",
        Box::new(move || covariance_log_det(&z, 0.1)),
        Box::new(move || {
            let centred = z2.broadcast_sub(&z2.mean_keepdim(0)?)?;
            let (u, v) = (centred.narrow(1, 0, 1)?, centred.narrow(1, 1, 1)?);
            let (a, d) = ((u.sqr()?.mean_all()? + 0.1)?, (v.sqr()?.mean_all()? + 0.1)?);
            ((a * d)? - (u * v)?.mean_all()?.sqr()?)?.log()
        }),
    ));

    for shared in [true, false] {
        let shape: &[usize] = if shared { &[4, 4] } else { &[n, 4, 4] };
        let mut b = Builder::new(dtype);
        let (x, w) = (b.input(&[n, 4])?, b.input(shape)?);
        let (x2, w2) = (x.clone(), w.clone());
        all.push(b.case(
            format!("triangular map, shared {shared}"),
            Box::new(move || triangular(&x, &w)),
            Box::new(move || triangular_expression(&x2, &w2)),
        ));

        let mut b = Builder::new(dtype);
        let (x, w) = (b.input(&[n, 4])?, b.input(shape)?);
        let (x2, w2) = (x.clone(), w.clone());
        all.push(b.case(
            format!("inverse triangular map, shared {shared}"),
            Box::new(move || {
                let w = (&w * 0.3)?;
                triangular_inverse(&x, &w)?.broadcast_add(&triangular_log_det(&w)?.mean_all()?)
            }),
            Box::new(move || {
                let w2 = (&w2 * 0.3)?;
                let trace: Result<Vec<Tensor>> =
                    (0..4).map(|i| w2.narrow(w2.rank() - 1, i, 1)?.narrow(w2.rank() - 2, i, 1)?.mean_all()).collect();
                let sum = trace?.into_iter().try_fold(Tensor::zeros((), dtype, x2.device())?, |a, b| a + b)?;
                triangular_inverse_expression(&x2, &w2)?.broadcast_add(&sum)
            }),
        ));
    }

    for toward in [Toward::Image, Toward::Preimage] {
        for (bins, d) in [(2, 2), (5, 3)] {
            let kind = Spline { bins, bound: 1.3 };
            let mut b = Builder::new(dtype);
            let (x, raw) = (b.input(&[n, d])?, b.input(&[n, d * kind.parameters()])?);
            let (x2, raw2) = (x.clone(), raw.clone());
            all.push(b.case(
                format!("spline of {bins} bins toward its {toward:?}"),
                Box::new(move || {
                    let (y, log_det) = spline(&x, &raw, kind, toward)?;
                    Tensor::cat(&[y, log_det.unsqueeze(1)?], 1)
                }),
                Box::new(move || {
                    let (y, log_det) = spline_expression(&x2, &raw2, kind, toward)?;
                    Tensor::cat(&[y, log_det.unsqueeze(1)?], 1)
                }),
            ));
        }
    }
    Ok(all)
}
