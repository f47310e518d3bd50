//! Multi-task iVAE: iVAE whose prior depends on the target and on the task it belongs to.
//!
//! Objective: that of `ivae` with u = (y, v_t): one target and the learnt numbers v_t of its task, over all (row, task) pairs.
//!
//! Assumes what `ivae` assumes, given target and task. Then it identifies the latents up to order, sign and scale.
//!
//! Reference: see `INFO`; there it is a baseline without published code.
//!
//! Differs from the paper: as `ivae`; and
//! - the size of v_t, which the paper does not give, is by default that of MTLCM's parameters of a task.

use crate::conditional_vae::{Condition, ConditionalVae, Prior, VaeOptions, Variant};
use crate::mtlcm;
use disentangle_engine::entry::MethodInfo;
use disentangle_metrics::cards::Invariance;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of `mt-ivae`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MtIvaeConfig {
    /// Networks and training.
    #[serde(flatten)]
    pub vae: VaeOptions,
    /// Numbers learned per task. Absent: twice `latentDim`, as many as MTLCM has per task.
    #[schemars(range(min = 1, max = 4096))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_dim: Option<usize>,
}

/// What makes the family `mt-ivae`.
#[derive(Debug, Clone, Copy)]
pub struct MtIvaeVariant;

/// The method.
pub type MtIvae = ConditionalVae<MtIvaeVariant>;

impl Variant for MtIvaeVariant {
    type Config = MtIvaeConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "mt-ivae",
        title: "Multi-task identifiable VAE",
        summary: "A variational auto-encoder whose latents are independent given target and task, with variances that depend on both.",
        needs: &["task", "target"],
        gives: &["latents", "decoder"],
        identifies: "the latents up to order, sign and scale, when they are independent given target and task, which change their variances in enough ways",
        left_open: &[Invariance::Permutation, Invariance::Sign, Invariance::Scale, Invariance::Shift],
        reference: mtlcm::REFERENCE,
        baseline_of: Some("mtlcm"),
    };

    fn settle(config: &mut MtIvaeConfig) {
        config.task_dim.get_or_insert(2 * config.vae.latent_dim);
    }

    fn options(config: &MtIvaeConfig) -> &VaeOptions {
        &config.vae
    }

    fn prior(_: &MtIvaeConfig) -> Prior {
        Prior::Gaussian
    }

    fn condition(config: &MtIvaeConfig) -> Condition {
        Condition::TargetAndTask(config.task_dim.unwrap_or(2 * config.vae.latent_dim))
    }
}
