//! Latent causes from environments that each intervene on one of them, not knowing on which.
//!
//! Model: in the reference environment latents follow a linear causal model z = A z + n with independent noises; every other environment
//! replaces the mechanism of one latent. Inputs are linear in z. With B and C as in `disentangle_numerics::single_change`, noises are
//! n = B y and latents z = C y of the code y = P x, P = D S^-1 with the mean shifts D of the environments and S the covariance of the
//! reference; the graph is A = I - diag(B C^-1)^-1 B C^-1.
//!
//! Steps: environments whose means move too few inputs are set aside; those that move inputs in one direction share a latent; those that
//! are a combination of others change several at once and are set aside; inputs that no linear model fits are left out
//! (`inputs`); B and C by the likelihood; the graph with its certainty from resampled rows.
//!
//! Assumes single interventions that move the mean, and perfect ones for the latents and the graph (soft ones leave the noises).
//! Identifies the latents up to order, sign and scale. Where the likelihood says that no linear model of single changes holds, latents
//! are the discriminant directions P x instead, and no graph is given.
//!
//! Reference: see `INFO`.
//!
//! Differs from the paper:
//! - the means are used beside the covariances, and the likelihood in place of a decomposition of precision matrices;
//! - environments and inputs are screened first; several environments may intervene on one latent;
//! - the paper assumes inputs without noise: here the gap between the likelihoods says what noise and curvature cost.

mod arrangement;
mod causes;
mod config;
mod inputs;
mod reference;
mod solve;
mod summary;

use crate::linear::IdentityNetwork;
use config::NAME;
pub use config::{InterventionalConfig, Kind};
use disentangle_data::prepare::Prepared;
use disentangle_data::{Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::mechanisms::Mechanisms;
use disentangle_engine::method::{Dimensions, Findings, Method, Network, Solving, Stage, State};
use disentangle_engine::results::OutcomeKind;
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;

/// The method with its options.
#[derive(Debug, Clone)]
pub struct Interventional {
    config: InterventionalConfig,
}

impl Specification for Interventional {
    type Config = InterventionalConfig;

    const INFO: MethodInfo = MethodInfo {
        name: NAME,
        title: "Causes from single interventions",
        summary: "Latent causes and their graph from environments that each intervene on one of them, not knowing on which.",
        needs: &["environment"],
        gives: &["latents", "graph", "mechanisms", "decoder"],
        identifies: "the latents up to order, sign and scale, and their graph, when interventions are perfect, single, and inputs linear in the latents",
        left_open: &[Invariance::Permutation, Invariance::Sign, Invariance::Scale, Invariance::Shift],
        reference: Reference {
            title: "Linear causal disentanglement via interventions",
            authors: "Chandler Squires, Anna Seigal, Salil Bhate, Caroline Uhler",
            year: 2023,
            url: "https://arxiv.org/abs/2211.16467",
        },
        baseline_of: None,
    };

    fn new(config: InterventionalConfig) -> Self {
        Self { config }
    }
}

impl Method for Interventional {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        data.needs_environments(NAME)?;
        reference::named(&self.config, data).map(drop)
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        vec![Stage::Solve("single changes")]
    }

    fn network(&self, _: &Dimensions, _: &mut Params, _: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(Box::new(IdentityNetwork))
    }

    fn solve(&self, _: &str, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
        solve::solve(&self.config, data, state, solving)
    }

    fn mechanisms<'a>(&'a self, state: &'a State) -> Result<Option<Box<dyn Mechanisms + 'a>>> {
        causes::mechanisms(state)
    }

    fn findings(&self, data: &Prepared, state: &State, _: &Matrix) -> Result<Findings> {
        summary::findings(&self.config, data, state)
    }
}

#[cfg(test)]
mod laws;
