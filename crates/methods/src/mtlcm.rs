//! MTLCM: a linear causal model of a representation that many tasks share; each task has its own causes, all other latents
//! follow its target.
//!
//! Model (c in [0, 1]: 1 causal, 0 spurious; h the representation, y the target, t the task):
//!   p(h | y, t) = N(A g_t y, A diag(v_t) A' + sigma_o^2 I) ,   g_t = gamma_t (1 - c_t) ,   v_t = sigma_s^2 (1 - c_t) + c_t .
//!
//! `joint-diagonalization`: with sigma_o negligible, c and gamma of each task have closed forms and only B = A^-1 is left:
//!   minimise over B   1/2 sum_t p_t sum_i (log v_ti + r_ti / v_ti) - log |det B| ,
//!   r_ti = b_i' R_t b_i ,   v_ti = clamp(r_ti, sigma_s^2, 1) ,   R_t = S_hh - s_hy s_hy' / s_yy within task t ,
//! with p_t the share of rows. See `joint_diagonalization`. Where noise in the inputs may matter, a last descent on the likelihood with
//! sigma_o estimates it, and the latents are E[z | h] (`noise`).
//!
//! Assumes that every task splits the same latents into causes and effects of its target, that splits differ between tasks,
//! and that latents are independent given target and task. Identifies the latents up to order, sign and scale.
//!
//! Reference: see `REFERENCE`.
//!
//! Differs from the paper:
//! - `joint-diagonalization` (default) maximises the same likelihood without sigma_o, from several starts, then estimates sigma_o where
//!   it may matter; `paper` is Adam on mini-batches of (row, task) pairs with sigma_o given, as in the published code, in double
//!   precision;
//! - codes and targets are centred within each task: the model has no intercept, and data have means;
//! - MTRN, the first stage unless `representation` says otherwise, solves for its heads in every step (`task_loss`): the paper
//!   trains them beside the encoder, as `recipe` `paper` does here; targets with two values get a logistic head;
//! - a singular representation is reduced to the directions it fills; the paper assumes that A is invertible;
//! - pairs of a batch in the same task share one Cholesky factor in `paper`; the numbers are the same;
//! - where the loss is negative, the schedule of `paper` asks for a fall, PyTorch's allows a small rise;
//! - inputs and targets are standardised as columns unless `standardize` says otherwise;
//! - indicators come with a probability (see `groups`), which decides the calls, and with a log-likelihood ratio; the paper
//!   reports no uncertainty.

mod assumptions;
mod check;
mod density;
mod evidence;
mod groups;
mod marginal;
mod moments;
mod mtrn;
mod noise;
mod published;
mod solve;
mod summary;

use crate::linear::{IdentityNetwork, latents_of_inputs};
use crate::regression::{Auto, LatentDim, at_most};
use disentangle_data::prepare::Prepared;
use disentangle_data::{Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{Candidates, Dimensions, Findings, Method, Network, Stage, State};
use disentangle_engine::results::OutcomeKind;
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;
use mtrn::MtrnOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where MTLCM was published.
pub const REFERENCE: Reference = Reference {
    title: "Leveraging task structures for improved identifiability in neural network representations",
    authors: "Wenlin Chen, Julien Horwood, Juyeon Heo, José Miguel Hernández-Lobato",
    year: 2023,
    url: "https://arxiv.org/abs/2306.14861",
};

const NAME: &str = <Mtlcm as Specification>::INFO.name;

/// How MTLCM is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "MtlcmAlgorithm")]
pub enum Algorithm {
    /// Indicators and coefficients in closed form, the map by joint diagonalization.
    #[default]
    JointDiagonalization,
    /// The published procedure: the marginal likelihood by Adam.
    Paper,
}

/// What the linear causal model is fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Representation {
    /// A network trained to predict all targets through linear heads.
    #[default]
    Mtrn,
    /// The inputs themselves: latents are a linear map of them.
    Inputs,
}

/// Options of `mtlcm`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MtlcmConfig {
    /// What the linear causal model is fitted to. `mtrn`: a network trained to predict all targets; `inputs`: the inputs
    /// themselves, so that the latents are a linear map of them.
    pub representation: Representation,
    /// How to fit: `joint-diagonalization` takes milliseconds to seconds; `paper` is the published one and takes minutes.
    pub algorithm: Algorithm,
    /// Number of latents. `auto`: with `mtrn` the smallest number whose validation error is as good as any up to
    /// `maxLatentDim`; with `inputs` as many as a model of them with noise says, or their rank where it finds no noise. Where `inputs`
    /// have more directions, the leading ones are kept.
    pub latent_dim: LatentDim,
    /// Largest number of latents that `auto` tries with `mtrn`.
    #[schemars(range(min = 1, max = 256))]
    pub max_latent_dim: usize,
    /// Encoder and training of `mtrn`.
    #[serde(flatten)]
    pub mtrn: MtrnOptions,
    /// Starts of the joint diagonalization, the first at the whitened representation, the others random; the likelihood chooses.
    #[schemars(range(min = 1, max = 10_000))]
    pub starts: usize,
    /// Standard deviation of spurious latents given the target, as a share of that of causal ones.
    #[schemars(range(min = 1e-4, max = 0.9))]
    pub sigma_spurious: f64,
    /// Standard deviation of the representation given the latents; 0 takes it as exact. Absent: estimated by the default
    /// algorithm where `inputs` are the representation and noise could matter, 0 behind `mtrn`, 0.01 for `paper`.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub sigma_observed: Option<f64>,
    /// A latent counts as causal in a task if that is more probable than not; this counts as certain if it is right with at
    /// least this probability.
    #[schemars(range(min = 0.5, max = 1.0))]
    pub indicator_confidence: f64,
    /// Training of `algorithm` `paper`.
    pub published: PublishedOptions,
}

/// Training of the published linear causal model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PublishedOptions {
    /// Passes over all (row, task) pairs.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub epochs: usize,
    /// First passes in which the coefficients of spurious latents stay as they were drawn.
    #[schemars(range(min = 0, max = 10_000_000))]
    pub gamma_warm_up: usize,
    /// (Row, task) pairs per step.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub batch_size: usize,
    /// First learning rate; halved, down to 0.005, whenever the loss has not fallen for 100 passes.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: f64,
}

impl Default for PublishedOptions {
    fn default() -> Self {
        Self { epochs: 1000, gamma_warm_up: 0, batch_size: 1024, learning_rate: 0.1 }
    }
}

impl Default for MtlcmConfig {
    fn default() -> Self {
        Self {
            representation: Representation::Mtrn,
            algorithm: Algorithm::JointDiagonalization,
            latent_dim: LatentDim::Auto(Auto::Auto),
            max_latent_dim: 8,
            mtrn: MtrnOptions::default(),
            starts: 5,
            sigma_spurious: 0.1,
            sigma_observed: None,
            indicator_confidence: 0.9,
            published: PublishedOptions::default(),
        }
    }
}

impl MtlcmConfig {
    /// Number of latents from a representation of `d` columns, if it has so many directions.
    fn wanted(&self, d: usize) -> usize {
        match self.latent_dim {
            LatentDim::Fixed(k) => k,
            LatentDim::Auto(_) => d,
        }
    }

    /// Name of the solved stage.
    fn stage(&self) -> &'static str {
        match self.algorithm {
            Algorithm::JointDiagonalization => "joint diagonalization",
            Algorithm::Paper => "marginal likelihood",
        }
    }
}

/// The method with its options settled.
#[derive(Debug, Clone)]
pub struct Mtlcm {
    config: MtlcmConfig,
}

impl Specification for Mtlcm {
    type Config = MtlcmConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "mtlcm",
        title: "Multi-task linear causal model",
        summary: "Latents of many tasks, each of which splits them into causes of its target and latents that follow it.",
        needs: &["task", "target"],
        gives: &["latents", "causal indicators per task", "coefficients per task"],
        identifies: "the latents up to order, sign and scale, when tasks split them differently",
        left_open: &[Invariance::Permutation, Invariance::Sign, Invariance::Scale, Invariance::Shift],
        reference: REFERENCE,
        baseline_of: None,
    };

    fn new(mut config: MtlcmConfig) -> Self {
        config.mtrn.settle();
        Self { config }
    }
}

impl Method for Mtlcm {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        let tasks = solve::tasks(data)?;
        data.needs_rows(NAME)?;
        let LatentDim::Fixed(k) = self.config.latent_dim else { return Ok(()) };
        if self.config.representation == Representation::Mtrn {
            data.needs_points(&tasks, k + 2, NAME)?;
        }
        at_most(k, data.inputs.cols())
    }

    fn candidates(&self, data: &Prepared) -> Option<Candidates> {
        match (self.config.representation, self.config.latent_dim) {
            (Representation::Mtrn, LatentDim::Auto(_)) => {
                let most = self.config.max_latent_dim.min(data.inputs.cols());
                Some(Candidates::tried("latentDim", (1..=most).collect()))
            }
            (Representation::Inputs, LatentDim::Auto(_)) => {
                latents_of_inputs(data).ok().map(|choice| Candidates::decided("latentDim", choice))
            }
            (_, LatentDim::Fixed(_)) => None,
        }
    }

    fn with_candidate(&self, value: usize) -> Box<dyn Method> {
        Box::new(Self { config: MtlcmConfig { latent_dim: LatentDim::Fixed(value), ..self.config.clone() } })
    }

    fn stages(&self, data: &Prepared) -> Vec<Stage> {
        let solve = Stage::Solve(self.config.stage());
        match self.config.representation {
            Representation::Mtrn => {
                let k = self.config.wanted(data.inputs.cols());
                vec![Stage::Descent(self.config.mtrn.descent(data, k)), solve]
            }
            Representation::Inputs => vec![solve],
        }
    }

    fn network(&self, d: &Dimensions, params: &mut Params, seed: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(match self.config.representation {
            Representation::Mtrn => {
                Box::new(self.config.mtrn.network(d, self.config.wanted(d.inputs), params, seed)?)
            }
            Representation::Inputs => Box::new(IdentityNetwork),
        })
    }

    fn solve(&self, _: &str, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
        solve::solve(&self.config, data, state, solving)
    }

    fn validation_errors(&self, data: &Prepared, state: &State) -> Result<Option<Vec<f64>>> {
        solve::validation_errors(data, state).map(Some)
    }

    fn findings(&self, data: &Prepared, state: &State, latents: &Matrix) -> Result<Findings> {
        summary::findings(&self.config, data, state, latents)
    }
}

#[cfg(test)]
mod fits;
#[cfg(test)]
mod laws;
