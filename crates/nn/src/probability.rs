//! Log-likelihoods and divergences, summed over the columns of each row, and reparameterised samples.
//!
//! Gaussians are diagonal and given by mean and log variance: no value of the network can make a variance negative.

use super::entrywise::{Fold, Formula, entrywise};
use crate::host;
use candle_core::{DType, Device, Result, Tensor};
use disentangle_data::Stream;
use disentangle_numerics::real::Real;

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

/// `sum_j slope_j + score_j^2 / 2` of each row, whose mean a model's score minimises where it is that of the data:
/// `score [n, d]` is the gradient of the model's log-density in its argument and `slopes [n, d]` the diagonal of its
/// Hessian; they give `[n]`. *Estimation of Non-Normalized Statistical Models by Score Matching* (Hyvarinen, 2005),
/// equation 4, <https://jmlr.org/papers/v6/hyvarinen05a.html>.
///
/// # Errors
/// Shapes that do not fit, or those of candle.
pub fn score_matching(score: &Tensor, slopes: &Tensor) -> Result<Tensor> {
    row_sums(score, slopes, &slopes.detach(), Term::ScoreMatching)
}

/// `sum_j (sd * score_j + noise_j)^2 / 2` of each row: the `score [n, d]` of the model at `x + sd * noise` against that
/// of the noise; no second derivatives. *A Connection Between Score Matching and Denoising Autoencoders* (Vincent,
/// 2011), equation 9, times sd^2, <https://doi.org/10.1162/NECO_a_00142>.
///
/// # Errors
/// Shapes that do not fit, or those of candle.
pub fn denoising_score_matching(score: &Tensor, noise: &Tensor, sd: f64) -> Result<Tensor> {
    row_sums(&(score * sd)?, noise, &noise.detach(), Term::DenoisingScoreMatching)
}

/// A sample `mean + exp(log_variance / 2) * noise` whose gradient reaches mean and log variance; `noise` from
/// [`normals`].
///
/// # Errors
/// Shapes that do not fit, or those of candle.
pub fn reparameterise(mean: &Tensor, log_variance: &Tensor, noise: &Tensor) -> Result<Tensor> {
    mean.broadcast_add(&(log_variance * 0.5)?.exp()?.broadcast_mul(noise)?)
}

/// The next standard normal numbers of a stream: `cols` for each row of `like`, of its type and on its device.
///
/// # Errors
/// Those of candle.
pub fn normals_like(stream: &mut Stream, like: &Tensor, cols: usize) -> Result<Tensor> {
    drawn(stream, &[like.dim(0)?, cols], like.dtype(), like.device())
}

/// Standard normal numbers, a pure function of (seed, name, step, shape).
///
/// # Errors
/// Those of candle.
pub fn normals(shape: &[usize], seed: u64, name: &str, step: u32, dtype: DType, device: &Device) -> Result<Tensor> {
    drawn(&mut Stream::new(seed, name).at(step), shape, dtype, device)
}

fn drawn(stream: &mut Stream, shape: &[usize], dtype: DType, device: &Device) -> Result<Tensor> {
    let count = shape.iter().product();
    if dtype == DType::F32 {
        let mut values = vec![0f32; count];
        stream.fill_normals(&mut values, |v| v as f32);
        return Tensor::from_vec(values, shape, device);
    }
    let mut values = vec![0f64; count];
    stream.fill_normals(&mut values, |v| v);
    host::placed_on(values, shape, (dtype, device))
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
    /// score, its diagonal derivative, ignored.
    ScoreMatching,
    /// scaled score, noise, ignored.
    DenoisingScoreMatching,
}

impl Formula for Term {
    const NAME: &'static str = "row-sums";

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
            Term::ScoreMatching => b + half * a * a,
            Term::DenoisingScoreMatching => half * (a + b) * (a + b),
        }
    }

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
            Term::ScoreMatching => [a, T::ONE, T::ZERO],
            Term::DenoisingScoreMatching => [a + b, a + b, T::ZERO],
        }
    }

    fn expression(self, a: &Tensor, b: &Tensor, c: &Tensor) -> Result<Tensor> {
        match self {
            Term::GaussianLogLikelihood => {
                ((c + (a - b)?.sqr()?.mul(&c.neg()?.exp()?)?)? + std::f64::consts::TAU.ln())? * -0.5
            }
            Term::GaussianKl => (((c - b)? + (b.exp()? + a.sqr()?)?.mul(&c.neg()?.exp()?)?)? - 1.0)? * 0.5,
            Term::Bernoulli => (a * b)? - super::Activation::Softplus.expression(b)?,
            Term::ScoreMatching => b + (a.sqr()? * 0.5)?,
            Term::DenoisingScoreMatching => (a + b)?.sqr()? * 0.5,
        }
    }
}

fn row_sums(a: &Tensor, b: &Tensor, c: &Tensor, term: Term) -> Result<Tensor> {
    entrywise(term, Fold::RowSums, [a, b, c])
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

    #[test]
    fn other_devices_compute_the_same() -> Result<()> {
        let all = [
            Term::GaussianLogLikelihood,
            Term::GaussianKl,
            Term::Bernoulli,
            Term::ScoreMatching,
            Term::DenoisingScoreMatching,
        ];
        all.into_iter().try_for_each(super::super::entrywise::assert_expression_agrees)
    }
}
