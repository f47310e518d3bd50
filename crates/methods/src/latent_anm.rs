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
//! diagonalization of these covariances; the order by exact search over least squares (`disentangle_numerics::shift`).
//!
//! Assumes that every latent's mechanism and noise change between environments, in more than twice as many environments as
//! latents, and that no mechanism has a part that is the same in all of them. Identifies the latents up to order, sign, scale and
//! shift, and with them the graph.
//!
//! Reference: see `REFERENCE`.
//!
//! Differs from the paper:
//! - `flow` (default) is the exact likelihood of an invertible flow, `paper` the published variational autoencoder (`published`);
//! - `flow` finds the causal order, which is given in the paper;
//! - `flow` has a coefficient w_i(u) of a mechanism's output beside those of its inputs: l(u) f(z) is then among them;
//! - `flow` reaches fewer latents than inputs by the leading principal axes, or the code of an autoencoder (`autoencoder`);
//! - the posterior of `paper` sees the inputs alone, not the environment.

mod autoencoder;
mod causes;
mod config;
mod identified;
mod network;
mod published;
mod solve;
mod solved;
mod summary;

pub use config::{Algorithm, LatentAnmConfig, Representation};

use crate::conditional_vae::{VaeOptions, image_of, passed_over};
use crate::regression::at_most;
use causes::Causes;
use config::FINALISTS;
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::mechanisms::Mechanisms;
use disentangle_engine::method::{Batching, Dimensions, Findings, Method, Network, Recipe, Solving, Stage, State};
use disentangle_engine::results::OutcomeKind;
use disentangle_engine::rows;
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;
use disentangle_nn::optim::{RateGroup, Schedule};
use disentangle_numerics::principal_axes::{PrincipalAxes, rank};
use disentangle_numerics::shift::MOST_LATENTS;
use network::AnmNetwork;
use published::PublishedNetwork;

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
const MECHANISMS_AGAIN: &str = "mechanisms-again";
const JOINT_AGAIN: &str = "joint-again";
/// Rows of a step, over all environments, and of one environment.
const STEP_ROWS: usize = 3000;
const LEAST_ROWS: usize = 20;
/// Gradient steps over which the learning rate rises.
const RAMP: f64 = 50.0;
/// Training rows that each environment needs, for each latent.
const ROWS_PER_LATENT: usize = 3;

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
        config.settle();
        Self { config }
    }
}

impl LatentAnm {
    /// Whether an encoder is trained, of images by convolutions.
    fn learned(&self, data: &Prepared) -> bool {
        self.config.algorithm == Algorithm::Paper || self.config.coded(&data.views)
    }

    /// Refuses options that contradict each other.
    fn settings(&self) -> Result<()> {
        let asked = self.config.representation;
        if self.config.algorithm == Algorithm::Paper && asked != Representation::Auto {
            let message = "representation: `algorithm: paper` has an encoder and a decoder of its own";
            return Err(Failure::new(Code::ConfigConflict, message)
                .at("representation")
                .hint("leave representation out, or choose `algorithm: flow`"));
        }
        Ok(())
    }

    /// The peak rate, with factors on it, of a descent.
    fn recipe(&self, data: &Prepared, name: &'static str, steps: usize) -> Stage {
        let (learning_rate, rates) = match name {
            STARTS | FLOW => (1e-2, Vec::new()),
            _ => (4e-2, vec![RateGroup { prefix: "flow.".into(), factor: 0.5 }]),
        };
        let environments = rows::per_node(data, Split::Train).into_iter().filter(|&rows| rows > 0).count();
        let each = self.config.training.environment_rows.unwrap_or((STEP_ROWS / environments.max(1)).max(LEAST_ROWS));
        Stage::Descent(Recipe {
            rates,
            clip: Some(5.0),
            ..Recipe::plain(
                name,
                steps,
                Batching::Environments(each),
                learning_rate,
                Schedule::Cosine { warmup: (RAMP / steps as f64).min(0.2), floor: 0.01 },
            )
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
        // Convolutions see windows of all rows; the axes of images are not asked for, and would take long.
        let convolved = self.learned(data) && image_of(&data.views).is_ok();
        if !convolved {
            data.needs_rows(Self::INFO.name)?;
        }
        at_most(k, d)?;
        self.settings()?;
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
        let span = if convolved { k } else { rank(&PrincipalAxes::leading(data, k)?.variances) };
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
            if convolved {
                if rows.iter().all(|&row| data.inputs.row(row) == data.inputs.row(rows[0])) {
                    return Err(constant(name, None));
                }
                continue;
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
        if self.config.algorithm == Algorithm::Paper {
            let descent = Stage::Descent(self.config.published.recipe());
            return vec![descent, Stage::Solve(solve::SCALE), Stage::Solve(solve::GRAPH)];
        }
        let coded = self.config.coded(&data.views);
        let [starts, flow, rest @ ..] = self.config.shared_steps();
        let mut stages = Vec::new();
        if self.config.observed() {
            stages.push(Stage::Solve(solve::SORT));
        } else {
            stages.extend(coded.then(|| Stage::Descent(self.config.autoencoder.recipe())));
            stages.extend((!coded && self.config.latents(d) < d).then_some(Stage::Solve(solve::REDUCE)));
            stages.extend((starts > 0).then(|| self.recipe(data, STARTS, starts)));
            stages.extend((self.config.starts > FINALISTS).then_some(Stage::Solve(solve::CHOOSE)));
            stages.extend((flow > 0).then(|| self.recipe(data, FLOW, flow)));
            stages.push(Stage::Solve(solve::UNMIX));
        }
        // A single latent has no mechanism.
        let alone = self.config.latents(d) == 1;
        for (name, steps) in [MECHANISMS, JOINT, MECHANISMS_AGAIN, JOINT_AGAIN].into_iter().zip(rest) {
            let mechanisms = [MECHANISMS, MECHANISMS_AGAIN].contains(&name);
            if name == MECHANISMS_AGAIN && steps > 0 && !alone {
                stages.push(Stage::Solve(solve::TURN));
            }
            let nothing = steps == 0 || (alone && mechanisms);
            stages.extend((!nothing).then(|| self.recipe(data, name, steps)));
        }
        stages.push(Stage::Solve(solve::GRAPH));
        stages
    }

    fn network(&self, d: &Dimensions, params: &mut Params, seed: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        let latents = self.config.latents(d.inputs);
        Ok(match self.config.algorithm {
            Algorithm::Flow => Box::new(AnmNetwork::new(&self.config, d, params, seed)?),
            Algorithm::Paper => {
                let LatentAnmConfig { mechanisms, published, sparsity, .. } = &self.config;
                Box::new(PublishedNetwork::new(params, d, (*mechanisms, latents), (published, *sparsity), seed)?)
            }
        })
    }

    fn solve(&self, stage: &str, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
        solve::solve(&self.config, stage, data, state, solving)
    }

    fn latent_names(&self, _: &Dimensions, inputs: &[String], state: &State, latents: usize) -> Vec<String> {
        solved::names(inputs, state, latents)
    }

    fn mechanisms<'a>(&'a self, state: &'a State) -> Result<Option<Box<dyn Mechanisms + 'a>>> {
        Ok(Causes::of(&self.config, state)?.map(|causes| Box::new(causes) as Box<dyn Mechanisms + 'a>))
    }

    fn findings(&self, data: &Prepared, state: &State, latents: &Matrix) -> Result<Findings> {
        let mut found = summary::findings(&self.config, data, state, latents);
        let reason = passed_over(&VaeOptions::default(), &data.views);
        found.warnings.extend(reason.filter(|_| !self.config.observed()).map(|reason| {
            let message = format!("pixels are taken as columns, without their places: {reason}");
            Warning::new("IMAGES_AS_COLUMNS", message).hint("fit the images alone")
        }));
        Ok(found)
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
