//! CausalVAE: latents that are concepts with a label each, and a linear causal layer between them.
//!
//! Objective, with labels u, `z = (I - A')^-1 e` and `e ~ q(e | x)`:
//!
//!   minimise   E |x - f(z)|^2 / (2 s^2) + 0.3 KL(q(e | x) || N(0, I)) + KL(q(z | x) || N(u, I))
//!            + E |z - g(A o z)|^2 + E |u - A' u|^2 + 3 h(A) + h(A)^2 / 2 ,
//!
//! `h(A) = tr (I + A o A / c)^c - c` for c labels, 0 where A has no cycle; `g_i` sees latent i through its causes alone, `A_ji z_j`.
//!
//! Assumes that every latent has a label, that labels determine the distribution of their latents, and linear causes.
//! Then the labels identify the latents: what is identified is what was told.
//!
//! Reference: see `INFO`; the weights of the terms are those of its program,
//! <https://github.com/huawei-noah/trustworthyAI/tree/master/research/CausalVAE>.
//!
//! Differs from the paper:
//! - the encoder sees x alone, so that new rows have latents without labels;
//! - inputs are real numbers with a Gaussian of fixed variance, not pixels between 0 and 1; one decoder sees all latents;
//! - labels are numbers, standardised as targets are: `u - A' u` has no logistic function;
//! - KL(q(z | x) || N(u, I)) is that of the whole normal distribution of z, with its correlations;
//! - A begins at 0, so that the order of the labels says nothing; in the program it begins with ones above the diagonal;
//! - one latent for each label (`latentDim: 4` takes the published four); small networks with LeakyReLU in place of ELU; the learning rate
//!   falls along a cosine; latents are scaled to unit variance.

mod network;

use crate::conditional_vae::{VaeDescent, account};
use crate::descent_options::{DECAY, DescentOptions};
use crate::regression::{at_most, scale_latents};
use disentangle_data::prepare::Prepared;
use disentangle_data::{Matrix, Result, memory};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{Dimensions, Findings, Method, Network, Recipe, Stage, State};
use disentangle_engine::results::{CausalGraph, Conditioned, OutcomeKind, latent_names};
use disentangle_metrics::cards::Invariance;
use disentangle_metrics::graph::without_cycles;
use disentangle_nn::{Params, internal};
use network::CausalNetwork;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of `causal-vae`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CausalVaeConfig {
    /// Number of latents of each label. The first latents, one for each label, stand before the second ones.
    #[schemars(range(min = 1, max = 256))]
    pub latent_dim: usize,
    /// Widths of the hidden layers of encoder and decoder (LeakyReLU, slope 0.1).
    #[schemars(length(min = 1, max = 8), inner(range(min = 1, max = 65536)))]
    pub hidden: Vec<usize>,
    /// Width of the hidden layer of the networks that compute a latent from its causes.
    #[schemars(range(min = 1, max = 65536))]
    pub mask_hidden: usize,
    /// Variance of an input given the latents, in squared standard deviations of the input. It is not learned.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1000.0))]
    pub decoder_variance: f64,
    /// Least magnitude of a weight that counts as an edge.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub edge_threshold: f64,
    /// Gradient steps.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: usize,
    /// Peak learning rate of Adam.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: f64,
    /// How a step is taken, and when the descent ends.
    #[serde(flatten)]
    pub descent: DescentOptions<VaeDescent>,
}

impl Default for CausalVaeConfig {
    fn default() -> Self {
        Self {
            latent_dim: 1,
            hidden: vec![50, 50],
            mask_hidden: 32,
            decoder_variance: 0.3,
            edge_threshold: 0.3,
            steps: 4_000,
            learning_rate: 2e-3,
            descent: DescentOptions::default(),
        }
    }
}

/// The method with its options.
#[derive(Debug, Clone)]
pub struct CausalVae {
    config: CausalVaeConfig,
}

impl Specification for CausalVae {
    type Config = CausalVaeConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "causal-vae",
        title: "CausalVAE",
        summary: "Baseline: a variational auto-encoder whose latents are labeled concepts with linear causes among them. It needs a label of every latent, as targets.",
        needs: &["target"],
        gives: &["latents", "graph", "decoder"],
        identifies: "the latents whose labels it is shown, by these labels",
        left_open: &[Invariance::Scale, Invariance::Shift],
        reference: Reference {
            title: "CausalVAE: disentangled representation learning via neural structural causal models",
            authors: "Mengyue Yang, Furui Liu, Zhitang Chen, Xinwei Shen, Jianye Hao, Jun Wang",
            year: 2021,
            url: "https://arxiv.org/abs/2004.08697",
        },
        baseline_of: Some("multimodal"),
    };

    fn new(config: CausalVaeConfig) -> Self {
        Self { config }
    }
}

impl CausalVae {
    fn recipe(&self) -> Recipe {
        self.config.descent.recipe("bound", self.config.steps, self.config.learning_rate, DECAY)
    }

    /// The edges of the causal layer, by their weights (labels x labels, cause and effect), for every group of latents.
    fn graph(&self, weights: &Matrix<f64>) -> CausalGraph {
        let labels = weights.rows();
        let kept = strongest(weights, self.config.edge_threshold);
        let k = labels * self.config.latent_dim;
        let weight = |i: usize, j: usize| if i / labels == j / labels { kept[(i % labels, j % labels)] } else { 0.0 };
        let basis = format!(
            "Weights of the linear causal layer, of magnitude {} and more, the largest first as long as they close no cycle.",
            self.config.edge_threshold
        );
        CausalGraph::of(latent_names(k), &Matrix::from_fn(k, k, weight), basis)
    }
}

/// Entries of at least `threshold` off the diagonal, from the largest down, without those that close a cycle.
fn strongest(weights: &Matrix<f64>, threshold: f64) -> Matrix<f64> {
    let c = weights.rows();
    let mut edges: Vec<(usize, usize)> =
        (0..c).flat_map(|i| (0..c).map(move |j| (i, j))).filter(|(i, j)| i != j).collect();
    edges.retain(|&at| weights[at] != 0.0 && weights[at].abs() >= threshold);
    edges.sort_by(|&a, &b| weights[b].abs().total_cmp(&weights[a].abs()));
    without_cycles(weights, edges).0
}

impl Method for CausalVae {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        let labels = data.needs_target(Self::INFO.name)?.names.len();
        data.needs_rows(Self::INFO.name)?;
        let k = labels.saturating_mul(self.config.latent_dim);
        at_most(k, data.inputs.cols())?;
        // Every latent of every row of a batch beside all of its possible causes, with gradients.
        let values =
            (self.config.descent.batch_size.min(data.inputs.rows()) as u64).saturating_mul((k * labels) as u64);
        memory::claim(values.saturating_mul(16), "the causes of each latent in a batch")
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        vec![Stage::Descent(self.recipe()), Stage::Solve("scale")]
    }

    fn network(
        &self,
        dimensions: &Dimensions,
        params: &mut Params,
        seed: u64,
    ) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(Box::new(CausalNetwork::new(params, dimensions, &self.config, seed)?))
    }

    fn solve(&self, _: &str, data: &Prepared, state: &mut State, _: &mut Solving<'_>) -> Result<OutcomeKind> {
        scale_latents(data, state)?;
        Ok(OutcomeKind::Converged)
    }

    fn findings(&self, data: &Prepared, state: &State, _: &Matrix) -> Result<Findings> {
        let conditioned = Conditioned {
            on: "target".into(),
            columns: data.targets.as_ref().map(|targets| targets.names.clone()).unwrap_or_default(),
            environments: None,
            unused: data.environments.as_ref().map(|environments| environments.column.clone()),
        };
        let network = state.network_as::<CausalNetwork>().expect("a method gets back the network that it made");
        let graph = self.graph(&network.weights().map_err(internal)?);
        let found = account::findings::<CausalNetwork>(data, state)?;
        Ok(Findings { conditioned: Some(conditioned), graph: Some(graph), ..found })
    }
}

#[cfg(test)]
mod tests;
