//! Determinants and inverses from candle's operations alone, so that no device has to wait for the host.

use candle_core::{D, DType, Result, Tensor};

/// `log |det w|` (b) and the inverse (b, d, d) of each of `w (b, d, d)`, in double precision, outside any graph; minus infinity and NaN for a
/// singular one.
///
/// Gram-Schmidt on the columns: W T = Q with Q orthonormal and T triangular, so the inverse is T Q' and the determinant the product of the
/// lengths that are left. Each column is projected twice, after which Q is orthonormal to rounding (*On the rounding error analysis of
/// Gram-Schmidt*, Giraud, Langou, Rozloznik, van den Eshof, 2005, <https://doi.org/10.1007/s00211-005-0615-4>).
pub(crate) fn factorised(w: &Tensor) -> Result<(Tensor, Tensor)> {
    let (b, d, _) = w.dims3()?;
    let w = w.detach().to_dtype(DType::F64)?;
    let eye = Tensor::eye(d, DType::F64, w.device())?.unsqueeze(0)?.broadcast_as((b, d, d))?.contiguous()?;
    let (mut q, mut t): (Vec<Tensor>, Vec<Tensor>) = (Vec::with_capacity(d), Vec::with_capacity(d));
    let mut log_det = Tensor::zeros((b, 1, 1), DType::F64, w.device())?;
    for j in 0..d {
        let mut left = w.narrow(D::Minus1, j, 1)?.contiguous()?;
        let mut combined = eye.narrow(D::Minus1, j, 1)?.contiguous()?;
        if j > 0 {
            let (q, t) = (Tensor::cat(&q, 2)?, Tensor::cat(&t, 2)?);
            let transposed = q.transpose(1, 2)?.contiguous()?;
            for _ in 0..2 {
                let shares = transposed.matmul(&left)?;
                left = (left - q.matmul(&shares)?)?;
                combined = (combined - t.matmul(&shares)?)?;
            }
        }
        let length = left.sqr()?.sum_keepdim(1)?.sqrt()?;
        log_det = (log_det + length.log()?)?;
        let rate = length.recip()?;
        // A column that depends on those before it has no direction, but must not spoil the lengths of those after it.
        let finite = length.gt(&length.zeros_like()?)?.where_cond(&rate, &length.zeros_like()?)?;
        q.push(left.broadcast_mul(&finite)?);
        t.push(combined.broadcast_mul(&rate)?);
    }
    let inverse = Tensor::cat(&t, 2)?.matmul(&Tensor::cat(&q, 2)?.transpose(1, 2)?.contiguous()?)?;
    Ok((log_det.reshape(b)?, inverse))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use disentangle_data::{Matrix, Stream};
    use disentangle_numerics::linalg;

    #[test]
    fn several_matrices_at_once_have_the_determinants_and_inverses_of_a_factorisation_with_pivots() -> Result<()> {
        // The last has a zero in the first corner, where elimination without pivots would stop; the one before a condition of 10^6.
        let mut stream = Stream::new(5, "matrices");
        let mut all: Vec<Matrix<f64>> = (0..3).map(|_| Matrix::from_fn(6, 6, |_, _| stream.normal())).collect();
        all[1] = Matrix::from_fn(6, 6, |i, j| all[1][(i, j)] * 10f64.powi(-(j as i32)) * 10.0);
        all[2][(0, 0)] = 0.0;
        let values: Vec<f64> = all.iter().flat_map(|m| m.data().to_vec()).collect();
        let (log_det, inverse) = factorised(&Tensor::from_vec(values, (3, 6, 6), &Device::Cpu)?)?;
        for (i, m) in all.iter().enumerate() {
            let got = log_det.get(i)?.to_scalar::<f64>()?;
            assert!((got - linalg::log_abs_det(m)).abs() < 1e-11, "{got}");
            let wanted = linalg::inverse(m).expect("an inverse");
            let largest = wanted.data().iter().fold(0f64, |a, b| a.max(b.abs()));
            for (got, wanted) in inverse.get(i)?.flatten_all()?.to_vec1::<f64>()?.iter().zip(wanted.data()) {
                // Double precision times the condition.
                assert!((got - wanted).abs() < 1e-9 * largest, "{got} is not {wanted}");
            }
        }
        Ok(())
    }
}
