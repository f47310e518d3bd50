//! iVAE: a variational auto-encoder whose latents have a distribution that depends on the target or the environment.
//!
//! Objective: `minimise over f, q, l   E_q [|x - f(z)|^2 / (2 s^2)] + KL(q(z | x) || N(m(u), diag exp(l(u))))`. u is the target, and
//! m = 0; without a target u is the environment, and m and l are learnt for each.
//!
//! Assumes that the latents are independent given u, that u changes their variances (for environments: means and variances) in at
//! least as many ways as there are latents (twice as many) plus one, and that they determine x up to small noise. Then it identifies them up to order, sign and scale.
//!
//! Reference: see `INFO`.
//!
//! Differs from the paper:
//! - the encoder sees x alone (see `crate::conditional_vae`);
//! - the divergence from the prior is computed in closed form, not at the sample;
//! - the learning rate falls along a cosine, not when the loss stands still;
//! - inputs and targets are standardised unless `standardize` says otherwise; latents are scaled to unit variance.

use crate::conditional_vae::{Condition, ConditionalVae, Prior, VaeOptions, Variant};
use disentangle_engine::entry::{MethodInfo, Reference};
use disentangle_metrics::cards::Invariance;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of `ivae`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IvaeConfig {
    /// Networks and training.
    #[serde(flatten)]
    pub vae: VaeOptions,
}

/// What makes the family `ivae`.
#[derive(Debug, Clone, Copy)]
pub struct IvaeVariant;

/// The method.
pub type Ivae = ConditionalVae<IvaeVariant>;

/// Where iVAE was published.
pub const REFERENCE: Reference = Reference {
    title: "Variational autoencoders and nonlinear ICA: a unifying framework",
    authors: "Ilyes Khemakhem, Diederik P. Kingma, Ricardo Pio Monti, Aapo Hyvärinen",
    year: 2020,
    url: "https://arxiv.org/abs/1907.04809",
};

impl Variant for IvaeVariant {
    type Config = IvaeConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "ivae",
        title: "Identifiable VAE",
        summary: "A variational auto-encoder whose latents are independent given the target or the environment, with a distribution that depends on it.",
        needs: &["target or environment"],
        gives: &["latents", "decoder"],
        identifies: "the latents up to order, sign and scale, when they are independent given the target or the environment and it changes their distribution in enough ways",
        left_open: &[Invariance::Permutation, Invariance::Sign, Invariance::Scale, Invariance::Shift],
        reference: REFERENCE,
        baseline_of: Some("mtlcm"),
    };

    fn options(config: &IvaeConfig) -> &VaeOptions {
        &config.vae
    }

    fn prior(_: &IvaeConfig) -> Prior {
        Prior::Gaussian
    }

    fn condition(_: &IvaeConfig) -> Condition {
        Condition::TargetsOrEnvironment
    }
}
