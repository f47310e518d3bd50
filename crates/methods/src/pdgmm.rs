//! pdGMM: latents that are sometimes silent. Each latent is switched off, at a fixed value, in part of the rows; the rows where
//! latent i is silent lie on the plane {z_i = t_i}.
//!
//! Model: x = f(z) with f piecewise affine and injective, z ~ sum_j pi_j N(m_j, S_j) with degenerate S_j: a row of component j
//! has the latents outside its mask at their silent values t_i; which mask a row has is not known.
//!
//! Latents that are silent together are looked for as blocks (`blocks`). Of images c is where keypoints are (`keypoints`), a further
//! assumption: that latents are places of things. The code of dense layers on convolutions is too bent for planes.
//!
//! `planes`, on codes c that are an affine map of z up to a bend: first, on white codes h = K (c - mean), rows w_i of unit length
//! (`planes`, `contrast`, `descent`) by
//!
//!   minimise  sum_i log E |w_i . h - b_i| - eta log |det W| ,
//!
//! from independent components and from anywhere. Second, where there are spikes that it can make sharper (`solve`), a flow of
//! couplings (`flow`). Third, the planes again, on what the flow made of the codes.
//!
//! Assumes that every latent is silent in some rows and active in others, in varied company. Identifies the latents up to order,
//! sign, scale and shift.
//!
//! Reference: see `REFERENCE`.
//!
//! Differs from the paper:
//! - `planes` (default) looks for the planes themselves, on the inputs, in seconds; `paper` is the published procedure: an
//!   autoencoder, then an affine autoencoder under a budget of mean |z|, for hours;
//! - the published stacks of linear layers are evaluated as the affine map that they are (`stacks`): the same numbers;
//! - the autoencoder takes small batches and a rate that rises and falls unless `autoencoder.recipe` is `paper`;
//! - the code of images is the places of keypoints, where the paper has 128 numbers of convolutions and an MLP autoencoder on them;
//! - silent values need not be the means of the latents;
//! - latents come with the probability that an entry is silent; the paper reports none;
//! - inputs are standardised as columns unless `standardize` says otherwise.

pub(crate) mod autoencoder;
mod blocks;
mod check;
mod config;
mod contrast;
mod descent;
mod flow;
mod keypoints;
mod network;
mod oracle;
mod planes;
mod published;
mod silence;
mod solve;
mod spike;
mod stacks;
mod summary;
mod together;

pub use config::{Algorithm, PdgmmConfig, Representation, Sparsity};

use crate::linear::latents_of_inputs;
use crate::regression::LatentDim;
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{Candidates, Dimensions, Findings, Method, Network, Stage, State};
use disentangle_engine::results::{LatentMap, OutcomeKind, rows_of};
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;
use disentangle_nn::internal;
use flow::Use;
use network::PdgmmNetwork;
use oracle::SILENT;

/// Where pdGMM was published.
pub const REFERENCE: Reference = Reference {
    title: "Identifiability of potentially degenerate Gaussian mixture models with piecewise affine mixing",
    authors: "Danru Xu, Sébastien Lachapelle, Sara Magliacane",
    year: 2026,
    url: "https://arxiv.org/abs/2604.13218",
};

/// The method with its options settled.
#[derive(Debug, Clone)]
pub struct Pdgmm {
    config: PdgmmConfig,
}

impl Specification for Pdgmm {
    type Config = PdgmmConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "pdgmm",
        title: "Potentially degenerate Gaussian mixture",
        summary: "Latents that are silent, at a fixed value, in part of the rows; of tables and of images.",
        needs: &[],
        gives: &["latents", "which latent is silent in which row", "decoder"],
        identifies: "the latents up to order, sign, scale and shift, when each is silent in part of the rows",
        left_open: &[Invariance::Permutation, Invariance::Sign, Invariance::Scale, Invariance::Shift],
        reference: REFERENCE,
        baseline_of: None,
    };

    fn new(mut config: PdgmmConfig) -> Self {
        config.representation = Some(config.settled_representation());
        config.autoencoder.settle();
        Self { config }
    }
}

impl Pdgmm {
    /// The map of the published stage.
    fn merged(state: &State) -> Result<Option<LatentMap>> {
        let network = state.network_as::<PdgmmNetwork>().expect("a method gets back the network that it made");
        let map = network.merged().map_err(internal)?;
        Ok(map.map(|map| LatentMap { stage: published::STAGE.into(), values: rows_of(&map), agreement: 1.0 }))
    }
}

impl Method for Pdgmm {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        check::check(&self.config.of(&data.views), data)
    }

    fn candidates(&self, data: &Prepared) -> Option<Candidates> {
        match self.config.latent_dim {
            LatentDim::Fixed(_) => None,
            // `check` has told what fails here.
            LatentDim::Auto(_) => latents_of_inputs(data).ok().map(|choice| Candidates::decided("latentDim", choice)),
        }
    }

    fn with_candidate(&self, value: usize) -> Box<dyn Method> {
        Box::new(Self { config: PdgmmConfig { latent_dim: LatentDim::Fixed(value), ..self.config.clone() } })
    }

    fn oracles(&self) -> &'static [&'static str] {
        match self.config.algorithm {
            Algorithm::Planes => &[SILENT],
            Algorithm::Paper => &[],
        }
    }

    fn stages(&self, data: &Prepared) -> Vec<Stage> {
        let config = &self.config.of(&data.views);
        let mut stages = Vec::new();
        match config.settled_representation() {
            Representation::Inputs | Representation::Auto => {}
            Representation::Autoencoder => stages.push(Stage::Descent(config.autoencoder.recipe())),
            Representation::Keypoints => stages.push(Stage::Descent(config.keypoints.recipe())),
        }
        match config.algorithm {
            Algorithm::Paper => stages.push(Stage::Descent(config.published.recipe(config.sparsity))),
            Algorithm::Planes => {
                stages.push(Stage::Solve(solve::PLANES));
                if config.flow_options().usage != Use::Never && config.latents(data.inputs.cols()) > 1 {
                    stages.extend([Stage::Descent(config.flow.recipe()), Stage::Solve(solve::REFIT)]);
                }
            }
        }
        stages
    }

    fn wants(&self, stage: &str, state: &State) -> bool {
        stage != flow::FLOW || solve::wants_flow(state)
    }

    fn network(&self, d: &Dimensions, params: &mut Params, seed: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(Box::new(PdgmmNetwork::new(&self.config, d, self.config.latents(d.inputs), params, seed)?))
    }

    fn solve(&self, stage: &str, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
        solve::solve(&self.config, self.config.latents(data.inputs.cols()), stage, data, state, solving)
    }

    fn findings(&self, data: &Prepared, state: &State, latents: &Matrix) -> Result<Findings> {
        let found = summary::findings(&self.config, data, state, latents);
        Ok(match self.config.algorithm {
            Algorithm::Planes => found,
            Algorithm::Paper => {
                let train = latents.select_rows(&data.rows_of(Split::Train));
                let (magnitude, overspent) = self.config.published.account(self.config.sparsity, &train);
                let facts = found.facts.into_iter().chain([magnitude]).collect();
                let warnings = found.warnings.into_iter().chain(overspent).collect();
                Findings { map: Self::merged(state)?, facts, warnings, ..found }
            }
        })
    }
}

#[cfg(test)]
mod block_fits;
#[cfg(test)]
mod fits;
#[cfg(test)]
mod laws;
