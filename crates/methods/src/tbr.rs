//! TBR: latents from rows in many environments that form a tree, whose linear heads change sparsely along its edges.
//!
//! Objective (the paper's joint loss):
//!   minimise over Psi, w_0, Delta   mean_i (y_i - w_e(i) . Psi(x_i))^2 + lambda sum_a |delta_a|_1 ,
//!   w_e = w_0 + sum of delta_a over the edges from the root to e.
//!
//! Assumes that the target is linear in the latents with a head per environment, that a head differs from its parent's
//! in few coordinates, and that the changes together reach every latent. Identifies the latents up to order, sign and
//! scale when changes are sparse; only their combination in the target when nothing changes.
//!
//! Reference: see `REFERENCE`.
//!
//! Differs from the paper:
//! - `joint-rotation` (default) adds a stage that the paper does not have: heads by least squares per environment, and
//!   the linear map under which their differences along the tree are sparse (`crate::rotation`); `paper` has none;
//! - its optimiser is Adam (.9, .98) at 1e-2 with warm-up and cosine for few steps; `paper` is Adam at 1e-3, constant;
//! - a head with few rows is drawn towards the joint head, with the weight of k rows;
//! - inputs and target are standardised unless `standardize` says otherwise; heads are reported in units of the target;
//! - the parameters with the lowest validation loss are kept (`keep`).

mod assumptions;
mod solve;

use crate::regression::{Encoder, EncoderOptions, LatentDim};
use disentangle_data::prepare::Prepared;
use disentangle_data::{Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{
    Batch, Candidates, Dimensions, Findings, Method, Network, Recipe, Stage, State, Term,
};
use disentangle_engine::results::OutcomeKind;
use disentangle_metrics::cards::Invariance;
use disentangle_nn::optim::{AdamSettings, Schedule};
use disentangle_nn::{Init, Layer, Params, Topology, head_product, l1, mean_squared_error, tree_heads};
use disentangle_nn::{Tensor, Var};
use disentangle_numerics::linalg::dot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where TBR was published.
pub const REFERENCE: Reference = Reference {
    title: "Sparsity regularization via tree-structured environments for disentangled representations",
    authors: "Elliot Layne, Jason Hartford, Sébastien Lachapelle, Mathieu Blanchette, Dhanya Sridhar",
    year: 2024,
    url: "https://arxiv.org/abs/2405.20482",
};

/// How TBR is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// The joint loss for few steps, then the sparse rotation in closed form.
    #[default]
    JointRotation,
    /// The published procedure: the joint loss alone.
    Paper,
}

/// Options of `tbr`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TbrConfig {
    /// How to fit: `joint-rotation` is faster and at least as good on the paper's data; `paper` is the published one.
    pub algorithm: Algorithm,
    /// Encoder, latent dimension and training.
    #[serde(flatten)]
    pub encoder: EncoderOptions,
    /// Weight of the L1 norm of the changes (the paper's lambda).
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub sparsity: f64,
    /// Random starts of the sparse rotation.
    #[schemars(range(min = 1, max = 10_000))]
    pub starts: usize,
    /// Changes smaller than this do not count as real, in standard deviations of the target per standard deviation of
    /// the latent.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub change_threshold: f64,
    /// Changes below this many standard errors do not count as real.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub change_errors: f64,
}

impl Default for TbrConfig {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::JointRotation,
            encoder: EncoderOptions::default(),
            sparsity: 1e-3,
            starts: 10,
            change_threshold: 0.02,
            change_errors: 4.0,
        }
    }
}

/// The method with its options settled.
#[derive(Debug, Clone)]
pub struct Tbr {
    config: TbrConfig,
}

impl Specification for Tbr {
    type Config = TbrConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "tbr",
        title: "Tree-based regularization",
        summary: "Latents from rows in many environments that form a tree, whose linear heads change sparsely along its edges.",
        needs: &["environment", "target", "tree"],
        gives: &["latents", "one linear head per environment", "sparse changes along the tree"],
        identifies: "the latents up to order, sign and scale, when the changes are sparse and reach every latent",
        left_open: &[Invariance::Permutation, Invariance::Sign, Invariance::Scale, Invariance::Shift],
        reference: REFERENCE,
        baseline_of: None,
    };

    fn new(mut config: TbrConfig) -> Self {
        match config.algorithm {
            Algorithm::JointRotation => config.encoder.settle(1500, 1e-2),
            Algorithm::Paper => config.encoder.settle(15_000, 1e-3),
        }
        Self { config }
    }
}

struct TbrNetwork {
    encoder: Encoder,
    root: Var,
    changes: Var,
    tree: Topology,
    sparsity: f64,
}

impl Network for TbrNetwork {
    fn loss(&self, batch: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        let h = self.encoder.forward(&batch.inputs)?;
        let heads = tree_heads(&self.root, &self.changes, &self.tree)?;
        let prediction = head_product(&h, &heads, &batch.nodes)?;
        Ok(vec![
            Term { name: "fit", value: mean_squared_error(&prediction, &batch.targets)? },
            Term { name: "changes", value: l1(&self.changes, self.sparsity)? },
        ])
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        self.encoder.apply(inputs)
    }

    fn encoder_layers(&self) -> disentangle_nn::Result<Option<Vec<Layer>>> {
        Ok(Some(self.encoder.layers()))
    }
}

impl Method for Tbr {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        data.needs_target("tbr")?;
        data.needs_environments("tbr")?;
        data.needs_tree("tbr")?;
        data.needs_rows("tbr")?;
        self.config.encoder.check(data.inputs.cols())
    }

    fn candidates(&self, data: &Prepared) -> Option<Candidates> {
        self.config.encoder.candidates(data.inputs.cols())
    }

    fn with_candidate(&self, value: usize) -> Box<dyn Method> {
        let mut chosen = self.clone();
        chosen.config.encoder.latent_dim = LatentDim::Fixed(value);
        Box::new(chosen)
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        let encoder = &self.config.encoder;
        match self.config.algorithm {
            Algorithm::JointRotation => {
                vec![Stage::Descent(encoder.recipe("joint", (0.9, 0.98))), Stage::Solve(solve::ROTATION)]
            }
            Algorithm::Paper => {
                let constant = Recipe {
                    adam: AdamSettings { weight_decay: encoder.weight_decay, ..AdamSettings::default() },
                    schedule: Schedule::Constant,
                    ..encoder.recipe("joint", (0.9, 0.999))
                };
                vec![Stage::Descent(constant), Stage::Solve(solve::SCALE)]
            }
        }
    }

    fn network(
        &self,
        dimensions: &Dimensions,
        params: &mut Params,
        seed: u64,
    ) -> disentangle_nn::Result<Box<dyn Network>> {
        let (k, nodes) = (self.config.encoder.fixed_dim(), dimensions.parents.len());
        let encoder = Encoder::new(params, dimensions.inputs, &self.config.encoder, seed)?;
        let root = params.insert(solve::ROOT, &[k], &Init::Normal { sd: 0.1 }, seed)?;
        let changes = params.insert(solve::CHANGES, &[nodes, k], &Init::ZEROS, seed)?;
        let tree = Topology::new(&dimensions.parents)?;
        Ok(Box::new(TbrNetwork { encoder, root, changes, tree, sparsity: self.config.sparsity }))
    }

    fn solve(&self, stage: &str, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
        match stage {
            solve::ROTATION => solve::rotate(&self.config, data, state, solving.seed)?,
            _ => solve::scale(data, state)?,
        }
        Ok(OutcomeKind::Converged)
    }

    fn predict(&self, state: &State, latents: &Matrix, nodes: &[u32]) -> Option<Vec<f32>> {
        let heads = state.solved.get(solve::HEADS)?;
        let row = |i: usize| latents.row(i).iter().map(|&z| f64::from(z)).collect::<Vec<f64>>();
        Some(nodes.iter().enumerate().map(|(i, &node)| dot(&row(i), heads.row(node as usize)) as f32).collect())
    }

    fn findings(&self, data: &Prepared, state: &State, latents: &Matrix) -> Result<Findings> {
        assumptions::findings(&self.config, data, state, latents)
    }
}
