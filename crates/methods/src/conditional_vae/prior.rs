//! The families of priors p(z | u).

use super::VaeOptions;
use super::condition::Reader;
use super::layers::{HIDDEN, sizes};
use disentangle_engine::method::Term;
use disentangle_nn::{Activation, Init, Mlp, Params, Ridges, gaussian_kl, score_matching};
use disentangle_nn::{Result, Tensor, Var};

/// The family of a prior.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prior {
    /// N(0, I), whose divergence counts so many times. It is conditioned on nothing.
    Standard(f64),
    /// N(m(u), diag exp(l(u))): latents are independent given u. m is 0 where u is a target.
    Gaussian,
    /// log p(z | u) = sum_h lambda_h(u) tanh(w_h . z + b_h) + a(u) . z - exp(r(u)) . z^2 / 2 - log Z(u), with so many ridge
    /// functions: latents may depend on each other given u. Every such density is proper, for tanh is bounded.
    ExponentialFamily(usize),
}

impl Prior {
    /// Number of sufficient statistics of a density of `k` latents.
    pub(super) fn statistics(self, k: usize) -> usize {
        match self {
            Prior::Standard(_) | Prior::Gaussian => 2 * k,
            Prior::ExponentialFamily(ridges) => 2 * k + ridges,
        }
    }
}

/// A sample of the posterior and its moments, (b, k) each.
pub(super) struct Posterior<'a> {
    pub(super) mean: &'a Tensor,
    pub(super) log_variance: &'a Tensor,
    pub(super) sample: &'a Tensor,
}

#[derive(Debug)]
pub(super) enum PriorNetwork {
    Standard { weight: f64 },
    Gaussian { mean: Option<Mlp>, log_variance: Mlp },
    ExponentialFamily { weight: Var, bias: Var, coefficients: Mlp, natural: Mlp },
}

impl PriorNetwork {
    pub(super) fn new(
        prior: Prior,
        params: &mut Params,
        conditions: &Reader,
        options: &VaeOptions,
        seed: u64,
    ) -> Result<Self> {
        let k = options.latent_dim;
        let mlp = |params: &mut Params, name: &str, outputs: usize| {
            let sizes = sizes(conditions.width(), &options.hidden, outputs);
            Mlp::glorot(params, name, &sizes, HIDDEN, Activation::Identity, seed)
        };
        match prior {
            Prior::Standard(weight) => Ok(Self::Standard { weight }),
            Prior::Gaussian => {
                let located = matches!(conditions, Reader::Environments(_));
                let mean = located.then(|| mlp(params, "prior.mean", k)).transpose()?;
                Ok(Self::Gaussian { mean, log_variance: mlp(params, "prior.logVariance", k)? })
            }
            Prior::ExponentialFamily(ridges) => {
                let (fan_in, fan_out) = (k, ridges);
                Ok(Self::ExponentialFamily {
                    weight: params.insert(
                        "statistics.weight",
                        &[k, ridges],
                        &Init::Glorot { fan_in, fan_out },
                        seed,
                    )?,
                    bias: params.insert("statistics.bias", &[ridges], &Init::Uniform { fan_in }, seed)?,
                    coefficients: mlp(params, "prior.coefficients", ridges)?,
                    natural: mlp(params, "prior.natural", 2 * k)?,
                })
            }
        }
    }

    /// The terms that draw posterior and prior together, means over the rows of `u (b, c)`.
    pub(super) fn terms(&self, u: &Tensor, posterior: &Posterior<'_>) -> Result<Vec<Term>> {
        let Posterior { mean, log_variance, sample } = posterior;
        match self {
            Self::Standard { weight } => {
                let zeros = mean.zeros_like()?;
                let kl = gaussian_kl(mean, log_variance, &zeros, &zeros)?;
                Ok(vec![Term { name: "kl", value: (kl.mean_all()? * *weight)? }])
            }
            Self::Gaussian { mean: location, log_variance: scale } => {
                let location = location.as_ref().map_or_else(|| mean.zeros_like(), |location| location.forward(u))?;
                let kl = gaussian_kl(mean, log_variance, &location, &scale.forward(u)?)?;
                Ok(vec![Term { name: "kl", value: kl.mean_all()? }])
            }
            Self::ExponentialFamily { weight, bias, coefficients, natural } => {
                let ridges = Ridges { weight: weight.as_tensor().clone(), bias: bias.as_tensor().clone() };
                let density = Density::new(ridges, coefficients.forward(u)?, &natural.forward(u)?)?;
                // The normaliser of the prior is unknown, so the bound must not train the prior: it would make every
                // value large. Score matching trains it, on samples that it must not move.
                let entropy = (log_variance.sum(1)? * 0.5)?;
                let bound = (density.detached().log_value(sample)? + entropy)?.neg()?;
                let (score, slopes) = density.derivatives(&sample.detach())?;
                Ok(vec![
                    Term { name: "prior", value: bound.mean_all()? },
                    Term { name: "score-matching", value: score_matching(&score, &slopes)?.mean_all()? },
                ])
            }
        }
    }
}

/// An unnormalised density of each row.
struct Density {
    ridges: Ridges,
    /// lambda (b, m)
    coefficients: Tensor,
    /// a (b, k)
    linear: Tensor,
    /// exp(r) (b, k)
    precision: Tensor,
}

impl Density {
    fn new(ridges: Ridges, coefficients: Tensor, natural: &Tensor) -> Result<Self> {
        let k = natural.dim(1)? / 2;
        let (linear, precision) = (natural.narrow(1, 0, k)?, natural.narrow(1, k, k)?.exp()?);
        Ok(Self { ridges, coefficients, linear, precision })
    }

    fn detached(&self) -> Self {
        let ridges = Ridges { weight: self.ridges.weight.detach(), bias: self.ridges.bias.detach() };
        let (coefficients, linear) = (self.coefficients.detach(), self.linear.detach());
        Self { ridges, coefficients, linear, precision: self.precision.detach() }
    }

    /// log p(z | u) + log Z(u), (b).
    fn log_value(&self, z: &Tensor) -> Result<Tensor> {
        let ridges = (self.ridges.forward(z)? * &self.coefficients)?.sum(1)?;
        let polynomial = (z * (&self.linear - (&self.precision * z)?.affine(0.5, 0.0)?)?)?.sum(1)?;
        ridges + polynomial
    }

    /// Gradient and diagonal of the Hessian of the log-density in z, (b, k) each.
    fn derivatives(&self, z: &Tensor) -> Result<(Tensor, Tensor)> {
        let (score, slopes) = self.ridges.derivatives(z, &self.coefficients)?;
        let score = ((score + &self.linear)? - (&self.precision * z)?)?;
        Ok((score, (slopes - &self.precision)?))
    }
}
