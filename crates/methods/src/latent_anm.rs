//! Latent additive noise models: causes whose mechanisms and noise shift between environments, with their nonlinear graph.
//!
//! Model: x = f(z), f injective; in environment u, z_i = m_i(z_parents, u) + n_i with n_i ~ N(mean_i(u), variance_i(u)).
//!
//! Objective: the exact likelihood of rows given their environment through an invertible flow y = g(x), z = y A,
//!
//!   minimise  mean_u sum_i log Var_u(z_i - m_i) / 2 - E log |det dg/dx| - log |det A| + sparsity mean_u |c(u)|_1 ,
//!   m_i = w_i(u) MLP_i( c_ij(u) z_j , j < i )   in causal order,
//!
//! after three stages that make it easy: the flow with a free covariance in every environment, from several starts; A by joint
//! diagonalisation of these covariances; the order by exact search over least squares (`disentangle_numerics::shift`).
//!
//! Assumes that every latent's mechanism and noise change between environments, in more than twice as many environments as
//! latents, and that no mechanism has a part that is the same in all of them. Identifies the latents up to order, sign, scale and
//! shift, and with them the graph.
//!
//! Reference: see `REFERENCE`.
//!
//! Differs from the paper:
//! - the exact likelihood of an invertible flow in place of a variational autoencoder's bound;
//! - the causal order is found, not given;
//! - a mechanism has a coefficient w_i(u) of its output beside those of its inputs: l(u) f(z) is then among them;
//! - fewer latents than inputs are reached by a linear reduction, the leading principal axes.

mod causes;
mod identified;
mod network;
mod solve;
mod solved;
mod summary;

use crate::regression::at_most;
use causes::Causes;
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::mechanisms::Mechanisms;
use disentangle_engine::method::{
    Batching, Dimensions, Findings, Keep, Method, Network, Recipe, Solving, Stage, State,
};
use disentangle_engine::results::OutcomeKind;
use disentangle_engine::rows;
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;
use disentangle_nn::optim::{AdamSettings, RateGroup, Schedule};
use disentangle_numerics::principal_axes::{PrincipalAxes, rank};
use disentangle_numerics::shift::{Kind, MOST_LATENTS};
use network::AnmNetwork;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where latent additive noise models with shifts were published.
pub const REFERENCE: Reference = Reference {
    title: "Identifiable latent neural causal models",
    authors: "Yuhang Liu, Zhen Zhang, Dong Gong, Mingming Gong, Biwei Huang, Anton van den Hengel, Kun Zhang, Javen Qinfeng Shi",
    year: 2024,
    url: "https://arxiv.org/abs/2403.15711",
};

/// Descents.
const STARTS: &str = "starts";
const FLOW: &str = "flow";
const MECHANISMS: &str = "mechanisms";
const JOINT: &str = "joint";
/// Descents of [`LatentAnmConfig::parts`].
const PARTS: usize = 4;
/// Starts that are trained for long.
const FINALISTS: usize = 2;
/// Rows of a step, over all environments, and of one environment.
const STEP_ROWS: usize = 3000;
const LEAST_ROWS: usize = 20;
/// Gradient steps over which the learning rate rises.
const RAMP: f64 = 50.0;
/// Training rows that each environment needs, for each latent.
const ROWS_PER_LATENT: usize = 3;

/// What the latents are found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "LatentAnmRepresentation")]
pub enum Representation {
    /// An invertible flow of the inputs, or of their leading principal axes.
    #[default]
    Flow,
    /// The inputs themselves, each of which is a latent.
    Inputs,
}

/// Options of `latent-anm`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LatentAnmConfig {
    /// What the latents are found in. `flow`: an invertible network, which is learned; `inputs`: nothing is unmixed, the inputs
    /// themselves are the causes, sorted by their order, and only their graph and mechanisms are learned.
    pub representation: Representation,
    /// Number of latents, at most 12. Absent: as many as inputs. Fewer than inputs: the leading principal axes of the inputs are
    /// unmixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1, max = 12))]
    pub latent_dim: Option<usize>,
    /// What a latent may be of those before it: `mlp`, `polynomial` or `linear`, with coefficients of each environment, or `none`:
    /// independent latents in every environment, which is iVAE by exact likelihood.
    pub mechanisms: Kind,
    /// Random starts of the flow; the two best after a short descent are trained for long.
    #[schemars(range(min = 1, max = 100))]
    pub starts: usize,
    /// Bends of the flow.
    #[schemars(range(min = 1, max = 64))]
    pub layers: usize,
    /// Units of each of the two hidden layers of a mechanism.
    #[schemars(range(min = 1, max = 1024))]
    pub units: usize,
    /// Weight of the L1 norm of the coefficients (the paper's regularizer).
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub sparsity: f64,
    /// Steps and rows.
    pub training: TrainingOptions,
}

/// How long the descents are, and what they see.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "LatentAnmTraining")]
pub struct TrainingOptions {
    /// Gradient steps over all descents, shared out between them. Absent: 5600.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: Option<usize>,
    /// Rows of every environment in a step. Absent: 3000 shared out over the environments, at least 20.
    #[schemars(range(min = 2, max = 1_048_576))]
    pub environment_rows: Option<usize>,
}

impl Default for LatentAnmConfig {
    fn default() -> Self {
        Self {
            representation: Representation::Flow,
            latent_dim: None,
            mechanisms: Kind::Mlp,
            starts: 8,
            layers: 4,
            units: 24,
            sparsity: 1e-3,
            training: TrainingOptions::default(),
        }
    }
}

impl LatentAnmConfig {
    /// Number of latents from inputs of `d` columns.
    fn latents(&self, d: usize) -> usize {
        self.latent_dim.unwrap_or(d)
    }

    /// Whether the inputs themselves are the latents.
    fn observed(&self) -> bool {
        self.representation == Representation::Inputs
    }

    /// Parts of the steps: starts, flow, mechanisms, joint. Baselines have as many, but for mechanisms where there are none.
    fn parts(&self) -> [usize; PARTS] {
        match (self.observed(), self.mechanisms) {
            (true, Kind::None) => [0; PARTS],
            (true, _) => [0, 0, 1000, 0],
            (false, Kind::None) => [500, 2000, 0, 3000],
            (false, _) => [500, 2000, 100, 3000],
        }
    }

    /// Steps of each descent, which sum to all steps.
    fn shared_steps(&self) -> [usize; PARTS] {
        let mut parts = self.parts();
        if self.starts <= FINALISTS {
            parts[0] = 0;
        }
        let (whole, steps) = (parts.iter().sum::<usize>(), self.training.steps.expect("settled"));
        let mut before = 0;
        parts.map(|part| {
            let until = |part: usize| (part * steps).checked_div(whole).unwrap_or(0);
            let from = until(before);
            before += part;
            until(before) - from
        })
    }
}

/// The method with its options settled.
#[derive(Debug, Clone)]
pub struct LatentAnm {
    config: LatentAnmConfig,
}

impl Specification for LatentAnm {
    type Config = LatentAnmConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "latent-anm",
        title: "Latent additive noise model",
        summary: "Causes whose mechanisms and noise shift between environments, and their nonlinear graph.",
        needs: &["environment"],
        gives: &["latents", "graph", "mechanisms", "decoder"],
        identifies: "the latents up to order, sign, scale and shift, when every mechanism changes between environments as a whole",
        left_open: &[Invariance::Permutation, Invariance::Sign, Invariance::Scale, Invariance::Shift],
        reference: REFERENCE,
        baseline_of: None,
    };

    fn new(mut config: LatentAnmConfig) -> Self {
        config.training.steps = Some(config.training.steps.unwrap_or_else(|| config.parts().iter().sum()));
        Self { config }
    }
}

impl LatentAnm {
    /// The peak rate, with factors on it, of a descent.
    fn recipe(&self, data: &Prepared, name: &'static str, steps: usize) -> Stage {
        let (learning_rate, rates) = match name {
            STARTS | FLOW => (1e-2, Vec::new()),
            _ => (4e-2, vec![RateGroup { prefix: "flow.".into(), factor: 0.5 }]),
        };
        let environments = rows::per_node(data, Split::Train).into_iter().filter(|&rows| rows > 0).count();
        let each = self.config.training.environment_rows.unwrap_or((STEP_ROWS / environments.max(1)).max(LEAST_ROWS));
        Stage::Descent(Recipe {
            name,
            steps,
            batches: Batching::Environments(each),
            learning_rate,
            adam: AdamSettings::default(),
            extrapolation: None,
            constraints: None,
            rates,
            schedule: Schedule::Cosine { warmup: (RAMP / steps as f64).min(0.2), floor: 0.01 },
            clip: Some(5.0),
            patience: 0,
            keep: Keep::Last,
        })
    }
}

impl Method for LatentAnm {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        let d = data.inputs.cols();
        let k = self.config.latents(d);
        let environments = data.needs_environments(Self::INFO.name)?;
        data.needs_rows(Self::INFO.name)?;
        at_most(k, d)?;
        if self.config.observed() && k != d {
            return Err(Failure::new(
                Code::ConfigConflict,
                format!("latentDim: with `representation: inputs` each of the {d} inputs is a latent, not {k}"),
            )
            .at("latentDim")
            .hint("leave latentDim out, and choose inputs with `inputs`"));
        }
        if k > MOST_LATENTS {
            return Err(Failure::new(
                Code::ConfigOutOfRange,
                format!("latentDim: {d} inputs would be {k} latents, the search over causal orders takes at most {MOST_LATENTS}"),
            )
            .at("latentDim")
            .hint(format!("set latentDim <= {MOST_LATENTS}")));
        }
        let span = rank(&PrincipalAxes::leading(data, k)?.variances);
        if k > span {
            return Err(Failure::new(
                Code::ConfigOutOfRange,
                format!("latentDim: the inputs span {span} directions, {k} latents were asked for"),
            )
            .at("latentDim")
            .hint(format!("set latentDim <= {span}"))
            .with("rank", span));
        }
        let train = data.rows_of(Split::Train);
        for (u, name) in environments.names.iter().enumerate() {
            let rows: Vec<usize> = train.iter().copied().filter(|&row| data.nodes[row] as usize == u).collect();
            let least = (ROWS_PER_LATENT * k).max(k + 2);
            if rows.is_empty() {
                continue;
            }
            if rows.len() < least {
                return Err(Failure::new(
                    Code::DataTooFewRows,
                    format!(
                        "environment {name:?} has {} training rows for {k} latents, expected at least {least}",
                        rows.len()
                    ),
                )
                .hint("give that environment more rows, leave it out, or choose a smaller latentDim")
                .with("environment", name.as_str())
                .with("rows", rows.len()));
            }
            let of = data.inputs.select_rows(&rows);
            if let Some(column) = (0..d).find(|&j| (1..rows.len()).all(|i| of[(i, j)] == of[(0, j)]) && k == d) {
                return Err(constant(name, Some(&data.input_names[column])));
            }
            let own = PrincipalAxes::leading_of_rows(&of, k).map_or(0, |axes| rank(&axes.variances));
            if own < k {
                return Err(constant(name, None));
            }
        }
        Ok(())
    }

    fn stages(&self, data: &Prepared) -> Vec<Stage> {
        let d = data.inputs.cols();
        let [starts, flow, rest @ ..] = self.config.shared_steps();
        let mut stages = Vec::new();
        if self.config.observed() {
            stages.push(Stage::Solve(solve::SORT));
        } else {
            stages.extend((self.config.latents(d) < d).then_some(Stage::Solve(solve::REDUCE)));
            stages.extend((starts > 0).then(|| self.recipe(data, STARTS, starts)));
            stages.extend((self.config.starts > FINALISTS).then_some(Stage::Solve(solve::CHOOSE)));
            stages.extend((flow > 0).then(|| self.recipe(data, FLOW, flow)));
            stages.push(Stage::Solve(solve::UNMIX));
        }
        // A single latent has no mechanism.
        let alone = self.config.latents(d) == 1;
        for (name, steps) in [MECHANISMS, JOINT].into_iter().zip(rest) {
            let nothing = steps == 0 || (alone && name == MECHANISMS);
            stages.extend((!nothing).then(|| self.recipe(data, name, steps)));
        }
        stages.push(Stage::Solve(solve::GRAPH));
        stages
    }

    fn network(&self, d: &Dimensions, params: &mut Params, seed: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(Box::new(AnmNetwork::new(&self.config, d, params, seed)?))
    }

    fn solve(&self, stage: &str, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
        solve::solve(&self.config, stage, data, state, solving)
    }

    fn latent_names(&self, _: &Dimensions, inputs: &[String], state: &State, latents: usize) -> Vec<String> {
        solved::names(inputs, state, latents)
    }

    fn mechanisms<'a>(&'a self, state: &'a State) -> Result<Option<Box<dyn Mechanisms + 'a>>> {
        let d = state.network_as::<AnmNetwork>().expect("this method made the network").inputs();
        let environments = state.solved.get(solved::NOISE[0]).map_or(0, Matrix::rows);
        let causes = Causes::of(network::Sizes::of(&self.config, d, environments), state)?;
        Ok(causes.map(|causes| Box::new(causes) as Box<dyn Mechanisms + 'a>))
    }

    fn findings(&self, data: &Prepared, state: &State, latents: &Matrix) -> Result<Findings> {
        Ok(summary::findings(&self.config, data, state, latents))
    }
}

fn constant(environment: &str, column: Option<&str>) -> Failure {
    let what = match column {
        Some(column) => format!("input {column:?} never varies"),
        None => "the inputs span fewer directions than latents".to_owned(),
    };
    Failure::new(Code::DataConstantColumn, format!("environment {environment:?}: {what}"))
        .hint("leave that environment out, choose inputs that vary in every environment, or a smaller latentDim")
        .with("environment", environment)
}

#[cfg(test)]
mod fits;
