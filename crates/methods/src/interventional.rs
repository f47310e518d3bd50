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
//! Where the likelihood says that no linear model of single changes holds, a nonlinear one with noise that depends on the latents
//! starts from the discriminant directions P x (`noise_aware`), and no graph is given.
//!
//! Assumes single interventions that move the mean, and perfect ones for the latents and the graph (soft ones leave the noises); the
//! nonlinear model, that latents are independent in the reference. Identifies the latents up to order, sign and scale.
//!
//! Reference: see `INFO`.
//!
//! Differs from the paper:
//! - the means are used beside the covariances, and the likelihood in place of a decomposition of precision matrices;
//! - environments and inputs are screened first; several environments may intervene on one latent;
//! - the paper assumes inputs without noise: here the gap between the likelihoods says what noise and curvature cost;
//! - the nonlinear model is not of the paper.

mod arrangement;
mod causes;
mod config;
mod inputs;
mod metric;
mod noise;
mod noise_aware;
mod reference;
mod solve;
mod start;
mod summary;

use crate::linear::IdentityNetwork;
use config::NAME;
pub use config::{InterventionalConfig, Kind, Nonlinear};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::SplitConfig;
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::mechanisms::Mechanisms;
use disentangle_engine::method::{Batching, Dimensions, Findings, Method, Network, Recipe, Solving, Stage, State};
use disentangle_engine::results::OutcomeKind;
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;
use disentangle_nn::optim::Schedule;
use noise_aware::{BOUND, NoiseAware, WEIGHTED};
use std::collections::BTreeMap;

/// Share of the steps that are on the bound of one draw.
const FIRST: f64 = 0.3;
/// Share of the steps of a descent over which the learning rate rises, and the norm that gradients are cut down to.
const WARMUP: f64 = 0.05;
const CLIP: f64 = 5.0;

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

    // Moments, rows of B and C, edges and mixtures all come from the likelihood of training rows: the gap is compared with that of chance,
    // edges are judged by resamples of the same rows, and the descents run for a fixed number of steps. Nothing is chosen by validation rows,
    // so there are none; a fifth is kept to judge.
    fn split() -> SplitConfig {
        SplitConfig { train: 0.8, validation: 0.0, test: 0.2, ..SplitConfig::default() }
    }
}

impl Interventional {
    /// The bound of one draw over the first steps, at a constant rate, then that of several.
    fn descents(&self, data: &Prepared) -> [Recipe; 2] {
        let InterventionalConfig { steps, batch_size, learning_rate, .. } = self.config;
        let first = ((steps as f64 * FIRST) as usize).clamp(1, steps - 1);
        let recipe = |name, steps, schedule| Recipe {
            clip: Some(CLIP),
            ..Recipe::plain(name, steps, Batching::Rows(batch_size.min(data.rows())), learning_rate, schedule)
        };
        let falling = Schedule::Cosine { warmup: WARMUP, floor: 0.01 };
        [
            recipe(BOUND, first, Schedule::Cosine { warmup: WARMUP, floor: 1.0 }),
            recipe(WEIGHTED, steps - first, falling),
        ]
    }
}

impl Method for Interventional {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        data.needs_environments(NAME)?;
        if data.source.is_some() {
            let message = format!("rows: the moments of {NAME} are those of the given rows");
            return Err(Failure::new(Code::ConfigConflict, message).at("rows").hint("leave `rows` out"));
        }
        if let (Nonlinear::On, Kind::Soft) = (self.config.nonlinear, self.config.interventions) {
            let message = "nonlinear: the nonlinear model is one of perfect interventions".to_owned();
            return Err(Failure::new(Code::ConfigConflict, message)
                .at("nonlinear")
                .hint("leave `interventions: soft` out, or choose `nonlinear: off`"));
        }
        reference::named(&self.config, data).map(drop)
    }

    fn stages(&self, data: &Prepared) -> Vec<Stage> {
        let linear = Stage::Solve(solve::LINEAR);
        match self.config.nonlinear {
            Nonlinear::Off => vec![linear],
            _ => {
                let [first, second] = self.descents(data);
                vec![linear, Stage::Descent(first), Stage::Descent(second), Stage::Solve(solve::SCALE)]
            }
        }
    }

    fn wants(&self, _: &str, state: &State) -> bool {
        state.network_as::<NoiseAware>().is_some()
    }

    fn network(&self, _: &Dimensions, _: &mut Params, _: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(Box::new(IdentityNetwork))
    }

    fn solved_network(
        &self,
        solved: &BTreeMap<String, Matrix<f64>>,
        params: &mut Params,
        seed: u64,
    ) -> disentangle_nn::Result<Option<Box<dyn Network>>> {
        if start::Start::of(solved).is_none() {
            return Ok(None);
        }
        Ok(Some(Box::new(NoiseAware::new(params, &self.config, solved, seed)?)))
    }

    fn solve(&self, stage: &str, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
        match stage {
            solve::LINEAR => solve::solve(self, data, state, solving),
            _ => solve::scale(data, state),
        }
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
