//! iCaRL: a variational auto-encoder whose latents may depend on each other given the target or the environment.
//!
//! Objective: with p(z | u) a general exponential family (see `crate::conditional_vae::Prior`), u the target, or the
//! environment where there is no target,
//!   minimise over f, q        E_q [|x - f(z)|^2 / (2 s^2) - log p(z | u)] - H(q(z | x)) ,
//!   minimise over the prior   E_q sum_j [d^2 log p(z | u) / dz_j^2 + (d log p(z | u) / dz_j)^2 / 2]   (score matching).
//!
//! Assumes that u changes the prior in enough ways and that the latents determine x up to small noise. Then it identifies
//! them up to order and a monotone map of each.
//!
//! Reference: see `REFERENCE`.
//!
//! Differs from the paper:
//! - the encoder sees x alone (see `crate::conditional_vae`);
//! - the statistics of the prior are one layer of tanh, the last linear layer of the published network being part of its
//!   coefficients; ReLU statistics have no second derivatives that score matching could see;
//! - second derivatives are the exact diagonal of the Hessian; a public re-implementation takes row sums;
//! - the coefficient of z^2 is negative for every u, so that the prior is a density;
//! - the learning rate falls along a cosine; latents are scaled to unit variance;
//! - inputs and targets are standardised unless `standardize` says otherwise.

use crate::conditional_vae::{Condition, ConditionalVae, Prior, VaeOptions, Variant};
use disentangle_engine::entry::{MethodInfo, Reference};
use disentangle_metrics::cards::Invariance;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of `icarl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IcarlConfig {
    /// Networks and training.
    #[serde(flatten)]
    pub vae: VaeOptions,
    /// Learned statistics of the prior, each a tanh of a linear map of the latents.
    #[schemars(range(min = 1, max = 4096))]
    pub statistics: usize,
}

impl Default for IcarlConfig {
    fn default() -> Self {
        Self { vae: VaeOptions::default(), statistics: 45 }
    }
}

/// What makes the family `icarl`.
#[derive(Debug, Clone, Copy)]
pub struct IcarlVariant;

/// The method.
pub type Icarl = ConditionalVae<IcarlVariant>;

/// Where iCaRL was published.
pub const REFERENCE: Reference = Reference {
    title: "Invariant causal representation learning for out-of-distribution generalization",
    authors: "Chaochao Lu, Yuhuai Wu, José Miguel Hernández-Lobato, Bernhard Schölkopf",
    year: 2022,
    url: "https://openreview.net/forum?id=-e4EXDWXnSn",
};

impl Variant for IcarlVariant {
    type Config = IcarlConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "icarl",
        title: "Invariant causal representation learning",
        summary: "A variational auto-encoder whose latents may depend on each other given the target or the environment, with a prior learned by score matching.",
        needs: &["target or environment"],
        gives: &["latents", "decoder"],
        identifies: "the latents up to order and a monotone map of each, when the target or the environment changes their distribution in enough ways",
        left_open: &[
            Invariance::Permutation,
            Invariance::Sign,
            Invariance::Scale,
            Invariance::Shift,
            Invariance::Monotone,
        ],
        reference: REFERENCE,
        baseline_of: Some("mtlcm"),
    };

    fn options(config: &IcarlConfig) -> &VaeOptions {
        &config.vae
    }

    fn prior(config: &IcarlConfig) -> Prior {
        Prior::ExponentialFamily(config.statistics)
    }

    fn condition(_: &IcarlConfig) -> Condition {
        Condition::TargetsOrEnvironment
    }
}
