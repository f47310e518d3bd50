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
mod inputs;
mod reference;
mod solve;
mod summary;

use crate::linear::IdentityNetwork;
use disentangle_data::prepare::Prepared;
use disentangle_data::{Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::mechanisms::Mechanisms;
use disentangle_engine::method::{Dimensions, Findings, Method, Network, Solving, Stage, State};
use disentangle_engine::results::OutcomeKind;
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const NAME: &str = <Interventional as Specification>::INFO.name;

/// What interventions leave of the mechanism of their latent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "InterventionKind")]
pub enum Kind {
    /// Nothing: the latent does not depend on its causes there.
    #[default]
    Perfect,
    /// Something: latents are then the noises of the mechanisms, and there is no graph.
    Soft,
}

/// Options of `interventional`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct InterventionalConfig {
    /// Name of the environment without an intervention. Absent: the one from which all others differ by a single change, where the
    /// likelihood tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reference: Option<String>,
    /// What interventions leave of the mechanism of their latent. Latents and graph need `perfect` ones; with `soft` the latents are the
    /// noises of the mechanisms. One environment per latent cannot tell which they are.
    pub interventions: Kind,
    /// Environments that move the mean of fewer inputs are set aside: a cause of a single input is not told from a fault of it.
    #[schemars(range(min = 1, max = 1000))]
    pub least_inputs: usize,
    /// Least move of a mean that counts, in standard deviations of the reference.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 100.0))]
    pub least_shift: f64,
    /// Standard errors that a move has to exceed as well.
    #[schemars(range(min = 1.0, max = 1000.0))]
    pub standard_errors: f64,
    /// Inputs that may be left out because no linear model fits them, at most a third of all.
    #[schemars(range(min = 0, max = 3))]
    pub most_left_out: usize,
    /// Starts of the last minimization, the first at the discriminant directions, the others random; the likelihood chooses.
    #[schemars(range(min = 1, max = 10_000))]
    pub starts: usize,
    /// Iterations of L-BFGS, at most.
    #[schemars(range(min = 1, max = 100_000))]
    pub iterations: u32,
    /// Least effect of one latent on another, in standard deviations of both in the reference, that is an
    /// edge; it has to be three standard errors large as well, where rows are resampled.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub least_edge: f64,
    /// Resamples of the rows, from which the standard errors and the certainty of the edges come.
    #[schemars(range(min = 0, max = 10_000))]
    pub resamples: usize,
}

impl Default for InterventionalConfig {
    fn default() -> Self {
        Self {
            reference: None,
            interventions: Kind::Perfect,
            least_inputs: 2,
            least_shift: 0.15,
            standard_errors: 8.0,
            most_left_out: 3,
            starts: 4,
            iterations: 1000,
            least_edge: 0.1,
            resamples: 40,
        }
    }
}

/// The method with its options.
#[derive(Debug, Clone)]
pub struct Interventional {
    config: InterventionalConfig,
}

impl Specification for Interventional {
    type Config = InterventionalConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "interventional",
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
