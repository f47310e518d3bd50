//! Principal components: a yardstick that looks at the variance of the inputs and at nothing else.
//!
//! Objective: `maximise over orthonormal b_1 .. b_k  sum_i Var(b_i . x)`, the first axes first; latents have unit variance.
//!
//! Assumes nothing about causes. Identifies the directions of largest variance; causes only if they are orthogonal in the
//! inputs, of different variances, and larger than everything else.
//!
//! Reference: see `INFO`.
//!
//! Differs from the paper:
//! - inputs are standardised unless `standardize` says otherwise: components of the correlation matrix;
//! - latents are scaled to unit variance over the training rows.

use crate::linear::{IdentityNetwork, account, keep};
use crate::regression::at_most;
use disentangle_data::prepare::Prepared;
use disentangle_data::{Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{Dimensions, Findings, MAP, Method, Network, Stage, State};
use disentangle_engine::results::OutcomeKind;
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;
use disentangle_numerics::principal_axes::PrincipalAxes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of `pca`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PcaConfig {
    /// Number of components. As a yardstick of another method: its number of latents.
    #[schemars(range(min = 1, max = 256))]
    pub latent_dim: usize,
}

impl Default for PcaConfig {
    fn default() -> Self {
        Self { latent_dim: 5 }
    }
}

/// The method with its options.
#[derive(Debug, Clone)]
pub struct Pca {
    config: PcaConfig,
}

impl Specification for Pca {
    type Config = PcaConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "pca",
        title: "Principal components",
        summary: "Yardstick: the directions in which the inputs vary most, without any target.",
        needs: &[],
        gives: &["latents", "decoder"],
        identifies: "the directions of largest variance; causes only by coincidence",
        left_open: &[Invariance::Linear],
        reference: Reference {
            title: "Analysis of a complex of statistical variables into principal components",
            authors: "Harold Hotelling",
            year: 1933,
            url: "https://doi.org/10.1037/h0071325",
        },
        baseline_of: None,
    };

    fn new(config: PcaConfig) -> Self {
        Self { config }
    }
}

impl Method for Pca {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        at_most(self.config.latent_dim, data.inputs.cols())
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        vec![Stage::Solve("components")]
    }

    fn network(&self, _: &Dimensions, _: &mut Params, _: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(Box::new(IdentityNetwork))
    }

    fn solve(&self, _: &str, data: &Prepared, state: &mut State, _: &mut Solving<'_>) -> Result<OutcomeKind> {
        let axes = PrincipalAxes::leading(data, self.config.latent_dim)?;
        keep(&axes, state);
        let map = axes.whitening(self.config.latent_dim);
        state.solved.insert(MAP.into(), map);
        Ok(OutcomeKind::Converged)
    }

    fn findings(&self, _: &Prepared, state: &State, _: &Matrix) -> Result<Findings> {
        let (facts, warnings) = account(state, self.config.latent_dim);
        Ok(Findings { facts, warnings, ..Findings::default() })
    }
}
