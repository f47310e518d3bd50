//! pdGMM: latents that are sometimes silent. Each latent is switched off, at a fixed value, in part of the rows; the rows where
//! latent i is silent lie on the plane {z_i = t_i}.
//!
//! Model: x = f(z) with f piecewise affine and injective, z ~ sum_j pi_j N(m_j, S_j) with degenerate S_j: a row of component j
//! has the latents outside its mask at their silent values t_i; which mask a row has is not known.
//!
//! `planes`, on codes c that are an affine map of z up to a bend: first, on white codes h = K (c - mean), rows w_i of unit length
//! (`planes`, `contrast`, `descent`) by
//!
//!   minimise  sum_i log E |w_i . h - b_i| - eta log |det W| ,
//!
//! from independent components and from anywhere. Second, where there are spikes that it can make sharper (`solve`), a flow of
//! couplings (`flow`). Third, the planes again, on what the flow made of the codes.
//!
//! Assumes that every latent is silent in some rows and heard in others, in varied company. Identifies the latents up to order,
//! sign, scale and shift.
//!
//! Reference: see `REFERENCE`.
//!
//! Differs from the paper:
//! - `planes` (default) looks for the planes themselves, on the inputs, in seconds; `paper` is the published procedure: an
//!   autoencoder, then an affine autoencoder under a budget of mean |z|, for hours;
//! - the published stacks of linear layers are evaluated as the affine map that they are (`stacks`): the same numbers;
//! - the autoencoder takes small batches and a rate that rises and falls unless `autoencoder.recipe` is `paper`;
//! - silent values need not be the means of the latents;
//! - latents come with the probability that an entry is silent; the paper reports none;
//! - inputs are standardised as columns unless `standardize` says otherwise.

pub(crate) mod autoencoder;
mod config;
mod contrast;
mod descent;
mod flow;
mod network;
mod oracle;
mod planes;
mod published;
mod silence;
mod solve;
mod spike;
mod stacks;
mod summary;

pub use config::{Algorithm, PdgmmConfig, Representation, Sparsity};

use crate::linear::latents_of_inputs;
use crate::regression::{LatentDim, at_most};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{Candidates, Dimensions, Findings, Method, Network, Stage, State};
use disentangle_engine::results::{LatentMap, OutcomeKind, rows_of};
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;
use disentangle_nn::internal;
use disentangle_numerics::principal_axes::{PrincipalAxes, rank};
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
        summary: "Latents that are silent, at a fixed value, in part of the rows.",
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

/// Training rows per latent without which planes cannot be told from chance.
const ROWS_PER_LATENT: usize = 10;

impl Method for Pdgmm {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        data.needs_rows(Self::INFO.name)?;
        let d = data.inputs.cols();
        let (k, rank) = match self.config.latent_dim {
            LatentDim::Fixed(k) => (k, rank(&PrincipalAxes::leading(data, k)?.variances)),
            LatentDim::Auto(_) => {
                let k = latents_of_inputs(data)?.chosen;
                (k, k)
            }
        };
        at_most(k, d)?;
        match (self.config.settled_representation(), self.config.algorithm) {
            (Representation::Inputs, _) if k > rank => {
                return Err(Failure::new(
                    Code::ConfigOutOfRange,
                    format!("latentDim: the inputs span {rank} directions, {k} latents were asked for"),
                )
                .at("latentDim")
                .hint(format!("choose latentDim <= {rank}, or auto"))
                .with("rank", rank));
            }
            (Representation::Inputs, Algorithm::Paper) if k != d => {
                return Err(Failure::new(
                    Code::ConfigConflict,
                    format!(
                        "representation: algorithm paper on the inputs has as many latents as inputs, {d}, got {k}"
                    ),
                )
                .at("representation")
                .hint("choose representation autoencoder, or algorithm planes"));
            }
            _ => {}
        }
        let rows = data.rows_of(Split::Train).len();
        if rows < ROWS_PER_LATENT * k {
            let least = ROWS_PER_LATENT * k;
            return Err(Failure::new(
                Code::DataTooFewRows,
                format!("{rows} training rows for {k} latents, expected at least {least}"),
            )
            .hint("give more rows, or choose a smaller latentDim")
            .with("rows", rows));
        }
        match data.oracle.get(SILENT).map(|silent| silent.values.cols()) {
            Some(columns) if columns != k => Err(Failure::new(
                Code::ConfigConflict,
                format!("oracle: the truth {SILENT:?} has {columns} latents, latentDim is {k}"),
            )
            .at("oracle")
            .hint(format!("choose latentDim {columns}"))),
            _ => Ok(()),
        }
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
        let config = &self.config;
        let mut stages = Vec::new();
        if config.settled_representation() == Representation::Autoencoder {
            stages.push(Stage::Descent(config.autoencoder.recipe()));
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
        let found = summary::findings(data, state, latents);
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
mod fits;
#[cfg(test)]
mod laws;
