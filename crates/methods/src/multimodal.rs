//! Several modalities of the same subjects, one causal graph: latents of each modality, private variables, edges within and between.
//!
//! Model: x_m = f_m(z_m, eta_m) for each modality m, f_m injective; eta independent; z_i = m_i(z_causes) + n_i, causes among the latents
//! before it, modality after modality.
//!
//! Steps: a code of each modality by an autoencoder with a linear path; an invertible flow from each code to (z, eta), trained together
//! with the mechanisms by the exact likelihood, where every row draws a set of causes for every latent by an annealed free energy:
//!
//!   minimise  E_q sum_i nll_i(z_i | S_i) + nll(eta) - log |det|  + sparsity E_q |S| - T H(q),   q(S) ~ exp(-(cost_i(S) + sparsity |S|) / T)
//!
//! from several starts, of which the better ones go on; then the objective with the best set of every latent decides. Copies of the
//! solution, turned within each modality and trained again, show which latents the data leave open; what seems to fit as well with other
//! latents is trained further beside the solution before it counts. Where all agree, another autoencoder is asked (`another`).
//!
//! Assumes that causes stand in earlier modalities, or before in their own, and links that no mixing within a modality can remove:
//! one-to-one links of unequal strength, or strongly curved ones. Identifies the latents up to order within their modality and an
//! invertible function of each; and the graph between modalities.
//!
//! Reference: see `INFO`.
//!
//! Differs from the paper, which `algorithm: paper` follows (`published`):
//! - the exact likelihood of flows and additive mechanisms in place of an objective whose graph gets no gradient and whose log-determinant
//!   is incomplete;
//! - sets of causes are drawn, not read off a matrix of weights; edges within modalities cost what those between them cost;
//! - the sizes can be chosen from the data.

mod agreement;
mod another;
mod causes;
mod check;
mod coders;
mod config;
mod descend;
mod doubts;
mod hidden;
mod images;
mod layers;
mod network;
mod published;
mod read_off;
mod rows;
mod solved;
mod summary;

pub use config::{Algorithm, MultimodalConfig, PerModality, PublishedOptions, TrainingOptions};

use crate::linear::IdentityNetwork;
use config::NAME;
use disentangle_data::prepare::Prepared;
use disentangle_data::split::SplitConfig;
use disentangle_data::{Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::mechanisms::Mechanisms;
use disentangle_engine::method::{ByView, Dimensions, Findings, Method, Network, Solving, Stage, State};
use disentangle_engine::results::{OutcomeKind, latent_names};
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;
use network::MultimodalNetwork;
use published::PublishedNetwork;
use std::collections::BTreeMap;

/// The method with its options.
#[derive(Debug, Clone)]
pub struct Multimodal {
    config: MultimodalConfig,
}

impl Specification for Multimodal {
    type Config = MultimodalConfig;

    const INFO: MethodInfo = MethodInfo {
        name: NAME,
        title: "Several modalities, one causal graph",
        summary: "Latents of several modalities of the same subjects, what each keeps to itself, and one causal graph.",
        needs: &["modalities"],
        gives: &["latents", "graph", "mechanisms", "decoder"],
        identifies: "the latents up to order within their modality and an invertible function of each, and the graph between modalities, when no mixing within a modality can remove a link",
        left_open: &[Invariance::Permutation, Invariance::Sign, Invariance::Scale, Invariance::Shift],
        reference: Reference {
            title: "Causal representation learning from multi-modal biological observations",
            authors: "Yuewen Sun, Lingjing Kong, Guangyi Chen, Loka Li, Gongxu Luo, Zijian Li, Yixuan Zhang, Yujia Zheng, Mengyue Yang, Petar Stojanov, Eran Segal, Eric P. Xing, Kun Zhang",
            year: 2024,
            url: "https://arxiv.org/abs/2411.06518",
        },
        baseline_of: None,
    };

    fn new(config: MultimodalConfig) -> Self {
        Self { config: config.settled() }
    }

    // The likelihood of training rows compares starts, and sizes are judged on rows that are held back among them: validation rows would
    // decide nothing.
    fn split() -> SplitConfig {
        SplitConfig { train: 0.8, validation: 0.0, test: 0.2, ..SplitConfig::default() }
    }
}

impl Method for Multimodal {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn learns_from_incomplete(&self) -> bool {
        self.config.algorithm == Algorithm::Likelihood
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        check::check(&self.config, data)
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        match self.config.algorithm {
            Algorithm::Likelihood => vec![Stage::Solve(descend::AUTOENCODERS), Stage::Solve(descend::LATENTS)],
            Algorithm::Paper => {
                vec![Stage::Descent(published::recipe(&self.config.published)), Stage::Solve(published::SCALED)]
            }
        }
    }

    fn network(&self, d: &Dimensions, params: &mut Params, seed: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(match self.config.algorithm {
            Algorithm::Likelihood => Box::new(IdentityNetwork),
            Algorithm::Paper => Box::new(PublishedNetwork::new(&self.config, d, params, seed)?),
        })
    }

    fn solved_network(
        &self,
        solved: &BTreeMap<String, Matrix<f64>>,
        params: &mut Params,
        seed: u64,
    ) -> disentangle_nn::Result<Option<Box<dyn Network>>> {
        if self.config.algorithm == Algorithm::Paper || !solved.contains_key(solved::SIZES) {
            return Ok(None);
        }
        Ok(Some(Box::new(MultimodalNetwork::new(&self.config, solved, params, seed)?)))
    }

    fn solve(&self, stage: &str, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
        match stage {
            descend::AUTOENCODERS => descend::autoencoders((self, &self.config), data, state, solving),
            published::SCALED => published::scale(&self.config, data, state, solving.seed),
            _ => descend::latents(&self.config, data, state, solving),
        }
    }

    fn latent_names(&self, dimensions: &Dimensions, _: &[String], state: &State, latents: usize) -> Vec<String> {
        solved::names(dimensions, state).unwrap_or_else(|| latent_names(latents))
    }

    fn by_view(&self, dimensions: &Dimensions, state: &State) -> Option<ByView> {
        solved::by_view(dimensions, state)
    }

    fn mechanisms<'a>(&'a self, state: &'a State) -> Result<Option<Box<dyn Mechanisms + 'a>>> {
        causes::mechanisms(state)
    }

    fn findings(&self, data: &Prepared, state: &State, latents: &Matrix) -> Result<Findings> {
        match self.config.algorithm {
            Algorithm::Likelihood => Ok(summary::findings(&self.config, data, state, latents.cols())),
            Algorithm::Paper => published::findings(&self.config, data, state, latents.cols()),
        }
    }
}

#[cfg(test)]
mod fits;
