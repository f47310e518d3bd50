//! Multi-task iCaRL: iCaRL whose prior depends on the target and on the task it belongs to.
//!
//! Objective: that of `icarl` with u = (y, v_t): one target and the learnt numbers v_t of its task, over all (row, task) pairs.
//!
//! Assumes what `icarl` assumes, given target and task. Then it identifies the latents up to order and a monotone map of each.
//!
//! Reference: see `INFO`; there it is a baseline without published code.
//!
//! Differs from the paper: as `icarl`; and
//! - the size of v_t, which the paper does not give, is by default that of MTLCM's parameters of a task.

use crate::conditional_vae::{Condition, ConditionalVae, Prior, VaeOptions, Variant};
use crate::mtlcm;
use disentangle_engine::entry::MethodInfo;
use disentangle_metrics::cards::Invariance;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of `mt-icarl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MtIcarlConfig {
    /// Networks and training.
    #[serde(flatten)]
    pub vae: VaeOptions,
    /// Learned statistics of the prior, each a tanh of a linear map of the latents.
    #[schemars(range(min = 1, max = 4096))]
    pub statistics: usize,
    /// Numbers learned per task. Absent: twice `latentDim`, as many as MTLCM has per task.
    #[schemars(range(min = 1, max = 4096))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_dim: Option<usize>,
}

impl Default for MtIcarlConfig {
    fn default() -> Self {
        Self { vae: VaeOptions::default(), statistics: 45, task_dim: None }
    }
}

/// What makes the family `mt-icarl`.
#[derive(Debug, Clone, Copy)]
pub struct MtIcarlVariant;

/// The method.
pub type MtIcarl = ConditionalVae<MtIcarlVariant>;

impl Variant for MtIcarlVariant {
    type Config = MtIcarlConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "mt-icarl",
        title: "Multi-task invariant causal representation learning",
        summary: "A variational auto-encoder whose latents may depend on each other given target and task, with a prior learned by score matching.",
        needs: &["task", "target"],
        gives: &["latents", "decoder"],
        identifies: "the latents up to order and a monotone map of each, when target and task change their distribution in enough ways",
        left_open: &[
            Invariance::Permutation,
            Invariance::Sign,
            Invariance::Scale,
            Invariance::Shift,
            Invariance::Monotone,
        ],
        reference: mtlcm::REFERENCE,
        baseline_of: Some("mtlcm"),
    };

    fn settle(config: &mut MtIcarlConfig) {
        config.task_dim.get_or_insert(2 * config.vae.latent_dim);
    }

    fn options(config: &MtIcarlConfig) -> &VaeOptions {
        &config.vae
    }

    fn prior(config: &MtIcarlConfig) -> Prior {
        Prior::ExponentialFamily(config.statistics)
    }

    fn condition(config: &MtIcarlConfig) -> Condition {
        Condition::TargetAndTask(config.task_dim.unwrap_or(2 * config.vae.latent_dim))
    }
}
