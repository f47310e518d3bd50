//! Name and options of the method.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const NAME: &str = "interventional";

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

/// Whether something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Nonlinear {
    /// Where no linear model of single changes holds.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
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
    /// Environments that move the mean of fewer inputs than this are set aside: a cause that acts on one input cannot be told from a fault of
    /// that input.
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
    /// Whether the noise-aware nonlinear model is fitted after the linear one: `auto` where no linear model of single changes holds, with at most
    /// 64 inputs and 16 latents.
    pub nonlinear: Nonlinear,
    /// Widths of the hidden layers of its networks (ELU).
    #[schemars(length(min = 1, max = 8), inner(range(min = 1, max = 65536)))]
    pub hidden: Vec<usize>,
    /// Gaussians in the distribution of each of its latents, in the reference and in each environment that changes it.
    #[schemars(range(min = 1, max = 100))]
    pub mixture_components: usize,
    /// Gradient steps of it; the first 30 % are on the bound of one draw.
    #[schemars(range(min = 2, max = 100_000_000))]
    pub steps: usize,
    /// Rows per step; at most all training rows.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub batch_size: usize,
    /// Peak learning rate of Adam.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: f64,
    /// Draws per row in the importance-weighted bound.
    #[schemars(range(min = 1, max = 1000))]
    pub importance_samples: usize,
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
            nonlinear: Nonlinear::Auto,
            hidden: vec![64, 64],
            mixture_components: 6,
            steps: 6000,
            batch_size: 128,
            learning_rate: 5e-3,
            importance_samples: 8,
        }
    }
}
