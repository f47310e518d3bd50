//! VAE and beta-VAE: a variational auto-encoder whose latents have a standard normal prior.
//!
//! Objective: `minimise over f, q   E_q [|x - f(z)|^2 / (2 s^2)] + beta KL(q(z | x) || N(0, I))`, beta = 1 in the VAE.
//!
//! Assumes that the latents are independent and normal. It identifies none: whatever rotates them leaves prior and reconstruction
//! as they are. That a posterior of independent latents prefers some axes is no guarantee.
//!
//! Reference: see `INFO`; beta from *beta-VAE: learning basic visual concepts with a constrained variational framework* (Higgins et
//! al., 2017), <https://openreview.net/forum?id=Sy2fzU9gl>.
//!
//! Differs from the papers:
//! - inputs are real numbers with a Gaussian of fixed variance, not pixels between 0 and 1;
//! - the learning rate falls along a cosine;
//! - inputs are standardised unless `standardize` says otherwise; latents are scaled to unit variance.

use crate::conditional_vae::{Condition, ConditionalVae, Prior, VaeOptions, Variant};
use disentangle_engine::entry::{MethodInfo, Reference};
use disentangle_metrics::cards::Invariance;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of `vae`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VaeConfig {
    /// Weight of the divergence from the prior. 1 is the VAE; more is the beta-VAE, which gives up reconstruction for latents that
    /// each tell less of a row.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub beta: f64,
    /// Networks and training.
    #[serde(flatten)]
    pub vae: VaeOptions,
}

impl Default for VaeConfig {
    fn default() -> Self {
        Self { beta: 1.0, vae: VaeOptions::default() }
    }
}

/// What makes the family `vae`.
#[derive(Debug, Clone, Copy)]
pub struct VaeVariant;

/// The method.
pub type Vae = ConditionalVae<VaeVariant>;

impl Variant for VaeVariant {
    type Config = VaeConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "vae",
        title: "VAE and beta-VAE",
        summary: "Baseline: a variational auto-encoder with a standard normal prior, or with `beta` above 1 a beta-VAE.",
        needs: &[],
        gives: &["latents", "decoder"],
        identifies: "no axes: a rotation of the latents changes neither prior nor reconstruction",
        left_open: &[Invariance::Linear],
        reference: Reference {
            title: "Auto-encoding variational Bayes",
            authors: "Diederik P. Kingma, Max Welling",
            year: 2014,
            url: "https://arxiv.org/abs/1312.6114",
        },
        baseline_of: Some("latent-anm"),
    };

    fn options(config: &VaeConfig) -> &VaeOptions {
        &config.vae
    }

    fn prior(config: &VaeConfig) -> Prior {
        Prior::Standard(config.beta)
    }

    fn condition(_: &VaeConfig) -> Condition {
        Condition::Nothing
    }
}
