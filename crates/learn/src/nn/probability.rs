//! Log-likelihoods and divergences, summed over the columns of each row, and reparameterised samples.
//!
//! Gaussians are diagonal and given by mean and log variance: no value of the network can make a variance negative.

use super::real::{Real, for_real, slice, with_values};
use super::simd::vectorised;
use candle_core::{CpuStorage, CustomOp3, DType, Device, Error, Layout, Result, Shape, Tensor};
use disentangle_data::Stream;

/// `sum_j log N(x_j; mean_j, exp(log_variance_j))` of each row: three `[n, d]` give `[n]`.
///
/// # Errors
/// Shapes that cannot be broadcast to that of `x`, or those of candle.
pub fn gaussian_log_likelihood(x: &Tensor, mean: &Tensor, log_variance: &Tensor) -> Result<Tensor> {
    row_sums(x, mean, log_variance, Term::GaussianLogLikelihood)
}

/// `KL(N(mean, exp(log_variance)) || N(prior_mean, exp(prior_log_variance)))` of each row: four `[n, d]` give `[n]`.
///
/// # Errors
/// Shapes that cannot be broadcast to that of `mean`, or those of candle.
pub fn gaussian_kl(
    mean: &Tensor,
    log_variance: &Tensor,
    prior_mean: &Tensor,
    prior_log_variance: &Tensor,
) -> Result<Tensor> {
    row_sums(&mean.broadcast_sub(prior_mean)?, log_variance, prior_log_variance, Term::GaussianKl)
}

/// `sum_j x_j logit_j - log(1 + exp(logit_j))` of each row, the log-likelihood of x in \[0, 1\]: two `[n, d]` give `[n]`.
///
/// # Errors
/// Shapes that cannot be broadcast to that of `x`, or those of candle.
pub fn bernoulli_log_likelihood(x: &Tensor, logits: &Tensor) -> Result<Tensor> {
    row_sums(x, logits, &logits.detach(), Term::Bernoulli)
}

/// A sample `mean + exp(log_variance / 2) * noise` whose gradient reaches mean and log variance; `noise` from
/// [`normals`].
///
/// # Errors
/// Shapes that do not fit, or those of candle.
pub fn reparameterise(mean: &Tensor, log_variance: &Tensor, noise: &Tensor) -> Result<Tensor> {
    mean.broadcast_add(&(log_variance * 0.5)?.exp()?.broadcast_mul(noise)?)
}

/// Standard normal numbers, a pure function of (seed, name, step, shape).
///
/// # Errors
/// Those of candle.
pub fn normals(shape: &[usize], seed: u64, name: &str, step: u32, dtype: DType, device: &Device) -> Result<Tensor> {
    let mut stream = Stream::new(seed, name).at(step);
    let values: Vec<f64> = (0..shape.iter().product()).map(|_| stream.normal()).collect();
    Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(dtype)?.to_device(device)
}

/// What is summed over the columns, as a function of three entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    /// x, mean, log variance.
    GaussianLogLikelihood,
    /// difference of means, log variance, log variance of the prior.
    GaussianKl,
    /// x, logit, ignored.
    Bernoulli,
}

impl Term {
    #[inline(always)]
    fn value<T: Real>(self, a: T, b: T, c: T) -> T {
        let half = T::of(0.5);
        match self {
            Term::GaussianLogLikelihood => {
                let d = a - b;
                -half * (T::of(std::f64::consts::TAU.ln()) + c + d * d * (-c).exp())
            }
            Term::GaussianKl => half * (c - b + (b.exp() + a * a) * (-c).exp() - T::ONE),
            Term::Bernoulli => {
                let positive = if b < T::ZERO { T::ZERO } else { b };
                a * b - positive - (-b.abs()).exp().ln_1p_of_unit()
            }
        }
    }

    /// The partial derivatives.
    #[inline(always)]
    fn slopes<T: Real>(self, a: T, b: T, c: T) -> [T; 3] {
        let half = T::of(0.5);
        match self {
            Term::GaussianLogLikelihood => {
                let pull = (a - b) * (-c).exp();
                [-pull, pull, half * ((a - b) * pull - T::ONE)]
            }
            Term::GaussianKl => {
                let precision = (-c).exp();
                let ratio = b.exp() * precision;
                [a * precision, half * (ratio - T::ONE), half * (T::ONE - ratio - a * a * precision)]
            }
            Term::Bernoulli => [b, a - T::ONE / (T::ONE + (-b).exp()), T::ZERO],
        }
    }

    fn expression(self, a: &Tensor, b: &Tensor, c: &Tensor) -> Result<Tensor> {
        let entries = match self {
            Term::GaussianLogLikelihood => {
                ((c + (a - b)?.sqr()?.mul(&c.neg()?.exp()?)?)? + std::f64::consts::TAU.ln())? * -0.5
            }
            Term::GaussianKl => (((c - b)? + (b.exp()? + a.sqr()?)?.mul(&c.neg()?.exp()?)?)? - 1.0)? * 0.5,
            Term::Bernoulli => (a * b)? - super::Activation::Softplus.expression(b)?,
        };
        entries?.sum(1)
    }
}

fn row_sums(a: &Tensor, b: &Tensor, c: &Tensor, term: Term) -> Result<Tensor> {
    if a.rank() != 2 {
        return Err(Error::Msg(format!("{term:?}: rows and columns were expected, got {:?}", a.shape())).bt());
    }
    let (b, c) = (b.broadcast_as(a.shape())?, c.broadcast_as(a.shape())?);
    if !a.device().is_cpu() {
        return term.expression(a, &b, &c);
    }
    a.contiguous()?.apply_op3(&b.contiguous()?, &c.contiguous()?, RowSums(term))
}

struct RowSums(Term);

impl CustomOp3 for RowSums {
    fn name(&self) -> &'static str {
        "row-sums"
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
        let term = self.0;
        for_real!(a.dtype(), T => {
            let (a, b, c) = (slice::<T>(a, la)?, slice::<T>(b, lb)?, slice::<T>(c, lc)?);
            let mut terms = vec![T::ZERO; a.len()];
            let mut sums = vec![T::ZERO; n];
            vectorised!({
                for (((out, &a), &b), &c) in terms.iter_mut().zip(a).zip(b).zip(c) {
                    *out = term.value(a, b, c);
                }
            });
            for (sum, row) in sums.iter_mut().zip(terms.chunks_exact(cols.max(1))) {
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
        let gradient = gradient.broadcast_as(n)?.contiguous()?;
        let term = self.0;
        for_real!(a.dtype(), T => {
            let count = n * cols;
            let mut slopes = [vec![T::ZERO; count], vec![T::ZERO; count], vec![T::ZERO; count]];
            with_values(a, |a: &[T]| with_values(b, |b: &[T]| with_values(c, |c: &[T]| with_values(&gradient, |g: &[T]| {
                let [da, db, dc] = &mut slopes;
                vectorised!({
                    for (i, &g) in g.iter().enumerate() {
                        for k in i * cols..(i + 1) * cols {
                            let [sa, sb, sc] = term.slopes(a[k], b[k], c[k]);
                            (da[k], db[k], dc[k]) = (g * sa, g * sb, g * sc);
                        }
                    }
                });
            }))))????;
            let give = |input: &Tensor, values: Vec<T>| {
                input.track_op().then(|| Tensor::from_vec(values, input.shape(), input.device())).transpose()
            };
            let [da, db, dc] = slopes;
            Ok((give(a, da)?, give(b, db)?, give(c, dc)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[f64]) -> Tensor {
        Tensor::from_slice(values, (1, values.len()), &Device::Cpu).expect("a row")
    }

    fn only(t: Result<Tensor>) -> f64 {
        t.and_then(|t| t.to_vec1::<f64>()).expect("one row")[0]
    }

    #[test]
    fn the_terms_have_their_closed_forms() {
        let (zero, one) = (row(&[0.0]), row(&[1.0]));
        let ln_tau = std::f64::consts::TAU.ln();
        assert!((only(gaussian_log_likelihood(&one, &zero, &zero)) + 0.5 * (ln_tau + 1.0)).abs() < 1e-15);
        // N(1, e^1) from N(0, 1): (0 - 1 + e + 1 - 1) / 2.
        assert!((only(gaussian_kl(&one, &one, &zero, &zero)) - 0.5 * (std::f64::consts::E - 1.0)).abs() < 1e-15);
        assert_eq!(only(gaussian_kl(&one, &one, &one, &one)), 0.0);
        assert!((only(bernoulli_log_likelihood(&one, &zero)) + 2f64.ln()).abs() < 1e-15);
        assert!((only(bernoulli_log_likelihood(&one, &row(&[800.0])))).abs() < 1e-15);
    }

    #[test]
    fn samples_are_keyed_by_seed_name_and_step() -> Result<()> {
        let draw = |seed, step| normals(&[3, 2], seed, "z", step, DType::F32, &Device::Cpu)?.to_vec2::<f32>();
        assert_eq!(draw(1, 4)?, draw(1, 4)?);
        assert_ne!(draw(1, 4)?, draw(1, 5)?);
        assert_ne!(draw(1, 4)?, draw(2, 4)?);
        let sample = reparameterise(&row(&[1.0]), &row(&[4f64.ln()]), &row(&[-0.5]))?.to_vec2::<f64>()?;
        assert!(sample[0][0].abs() < 1e-15);
        Ok(())
    }
}
