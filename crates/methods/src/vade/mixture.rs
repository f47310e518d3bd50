//! The prior of VaDE: `p(z) = sum_c pi_c N(z; m_c, diag s_c^2)`.

use super::Means;
use disentangle_nn::{Activation, Init, Params, dense, host};
use disentangle_nn::{Result, Tensor, Var};

/// Weights, means and variances of K components, trained with the networks.
#[derive(Debug)]
pub(super) struct Mixture {
    /// Logarithms of the weights, up to a constant: (K).
    logits: Var,
    /// (k, K)
    mean: Var,
    /// (k, K)
    log_variance: Var,
}

impl Mixture {
    /// Equal weights and standard normal log-variances.
    pub(super) fn new(
        params: &mut Params,
        (latents, components): (usize, usize),
        means: Means,
        seed: u64,
    ) -> Result<Self> {
        let shape = [latents, components];
        let begin = match means {
            Means::Apart => Init::Normal { sd: 1.0 },
            Means::Zero => Init::ZEROS,
        };
        Ok(Self {
            logits: params.insert("mixture.logits", &[components], &Init::ZEROS, seed)?,
            mean: params.insert("mixture.mean", &shape, &begin, seed)?,
            log_variance: params.insert("mixture.logVariance", &shape, &Init::Normal { sd: 1.0 }, seed)?,
        })
    }

    /// `KL(q(z, c | x) || p(z, c))`, a mean over rows, for posteriors `N(mean, exp log_variance)` (b, k each) whose components
    /// are those that made the `sample` (b, k).
    pub(super) fn divergence(&self, mean: &Tensor, log_variance: &Tensor, sample: &Tensor) -> Result<Tensor> {
        let components = self.components()?;
        let of_sample = components.log_joint(sample, &sample.sqr()?)?;
        let log_responsibility = of_sample.broadcast_sub(&of_sample.log_sum_exp(1)?.unsqueeze(1)?)?;
        let expected = components.log_joint(mean, &(mean.sqr()? + log_variance.exp()?)?)?;
        let of_components = (log_responsibility.exp()? * (log_responsibility - expected)?)?.sum(1)?;
        let entropy = (log_variance.affine(0.5, 0.5)?).sum(1)?;
        (of_components - entropy)?.mean_all()
    }

    /// The component that most likely made each row of `z (b, k)`, outside any graph.
    pub(super) fn likeliest(&self, z: &Tensor) -> Result<Vec<u32>> {
        host::codes(&self.components()?.log_joint(z, &z.sqr()?)?.detach().argmax(1)?)
    }

    fn components(&self) -> Result<Components> {
        let (logits, mean, log_variance) = (&self.logits, &self.mean, &self.log_variance);
        let precision = log_variance.neg()?.exp()?;
        let pull = (mean.as_tensor() * &precision)?;
        let weights = logits.broadcast_sub(&logits.log_sum_exp(0)?)?;
        let norms = ((mean.as_tensor() * &pull)? + log_variance.as_tensor())?.sum(0)?;
        Ok(Components {
            quadratic: Tensor::cat(&[pull, (precision * -0.5)?], 0)?,
            constant: (weights - (norms * 0.5)?)?,
        })
    }
}

/// `log pi_c + log N(z; m_c, s_c)` without its constant, as a linear function of z and its squares.
struct Components {
    /// (2 k, K)
    quadratic: Tensor,
    /// (K)
    constant: Tensor,
}

impl Components {
    /// Its expectation (b, K) over latents with these moments (b, k each).
    fn log_joint(&self, first: &Tensor, second: &Tensor) -> Result<Tensor> {
        dense(&Tensor::cat(&[first, second], 1)?, &self.quadratic, &self.constant, Activation::Identity)
    }
}
