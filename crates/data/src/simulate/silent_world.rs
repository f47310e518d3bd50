//! Latents of which some are switched off in every row, seen through a deep piecewise affine mixing.
//!
//! 1. A random graph has exactly `edgesPerLatent` edges for each latent; `z_j = sum_i w_ij z_i + e_j`, with weights uniform
//!    on ±[0.2, 1] and `e` of mean 0 and variance 1.
//! 2. 5 n random masks of n latents leave the asked share of them active; equal ones count once. With one active latent
//!    the masks are the n that there are. A latent that is not active is `t_i = mean_i + silentAt sd_i`, both estimated on
//!    5000 rows of (1).
//! 3. `z R` turns every plane of two latents by `rotationDegrees`.
//! 4. `x = a(... a(z Q_1) ...) Q_m`: layers with orthonormal rows, and between them activations, most with a slope of their own.
//!
//! Reference: *Identifiability of potentially degenerate Gaussian mixture models with piecewise affine mixing*, section 5,
//! <https://arxiv.org/abs/2604.13218>. What the paper leaves open (number of masks, layers, the estimate of t) is its code's.
//! Of the sigmoid of its appendix E.1 neither says more than the name: here it is the plain logistic function.
//!
//! Row i has mask i modulo their number. The published code emits equal chunks, one mask after the other: the same shares,
//! but there a batch of consecutive rows has one mask, and more rows would change the masks of the first ones.

mod latents;
mod mixing;
mod world;

use crate::dataset::{Dataset, Table};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::simulate::source::Source;
use crate::simulate::{numbered, refuse_huge};
use crate::stream::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map as Object, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use world::World;

/// For the catalogue.
pub const SUMMARY: &str =
    "Causally related latents of which some are switched off in every row, mixed by a deep network.";

/// How many latents are active, the others being silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActiveShare {
    /// One latent, or one block.
    One,
    /// Half of them, rounded down.
    #[default]
    Half,
    /// Three quarters of them, rounded down.
    ThreeQuarters,
    /// All of them: nothing is silent. A model fitted on a world is tried so on its causes as they are.
    All,
}

/// What stands between two layers of the mixing; s is a slope of each layer, uniform on [0.5, 1.5].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MixingActivation {
    /// max(s h, h): piecewise affine, as the theory has it.
    #[default]
    Leaky,
    /// s h + (1 - s) log(1 + exp h): the same without a kink.
    Smooth,
    /// 1 / (1 + exp -h): bounded, without a slope of its own. Its derivative is at most 1/4, so what is left of the latents
    /// shrinks from layer to layer, beside constants that do not: after ten layers single precision holds few digits of it.
    Sigmoid,
}

/// The noise of each latent, of mean 0 and variance 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LatentNoise {
    /// Normal.
    #[default]
    Gaussian,
    /// Exponential, skewed to the right.
    Exponential,
    /// Gumbel, skewed to the right.
    Gumbel,
}

/// How latents depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dependence {
    /// Along the edges of the graph.
    #[default]
    Graph,
    /// Not at all: each is its own noise. Masks, silent values and mixing stay those of the graph, so that a model fitted on
    /// such a world can be tried on this one.
    None,
}

/// Configuration of the simulator `silent-world`. The defaults are those of the paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SilentWorldConfig {
    /// Seed of every random number.
    #[schemars(range(min = 0))]
    pub seed: u64,
    /// Number of rows. Masks take turns, so that all have equally many.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub rows: usize,
    /// Number of latents.
    #[schemars(range(min = 2, max = 1_000))]
    pub latents: usize,
    /// Number of input columns, at least `latents`. Default: as many as latents.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 2, max = 100_000))]
    pub inputs: Option<usize>,
    /// Edges of the graph, for each latent; at most half of the number of other latents.
    #[schemars(range(min = 0, max = 500))]
    pub edges_per_latent: usize,
    /// How latents depend on each other: along the edges of the graph, or not at all, all else being equal.
    pub dependence: Dependence,
    /// The noise of each latent, of mean 0 and variance 1: the theory has Gaussian noise.
    pub noise: LatentNoise,
    /// How many latents are active in a row; the others are silent.
    pub active: ActiveShare,
    /// Sizes of blocks of latents that are active or silent together, in order, `latents` in all. Default: every latent on
    /// its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(range(min = 1, max = 1_000)))]
    pub blocks: Vec<usize>,
    /// Where silent latents stand: so many standard deviations above their mean.
    #[schemars(range(min = -1e3, max = 1e3))]
    pub silent_at: f64,
    /// Angle by which the latents are turned in every plane of two of them, in degrees, before they are mixed.
    #[schemars(range(min = -360.0, max = 360.0))]
    pub rotation_degrees: f64,
    /// Layers of the mixing; 1 is linear.
    #[schemars(range(min = 1, max = 20))]
    pub layers: usize,
    /// What stands between two layers of the mixing.
    pub activation: MixingActivation,
    /// Standard deviation of the noise of the inputs.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub observation_noise: f64,
}

impl Default for SilentWorldConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            rows: 20_000,
            latents: 10,
            inputs: None,
            edges_per_latent: 1,
            dependence: Dependence::Graph,
            noise: LatentNoise::Gaussian,
            active: ActiveShare::Half,
            blocks: Vec::new(),
            silent_at: 0.0,
            rotation_degrees: 0.0,
            layers: 10,
            activation: MixingActivation::Leaky,
            observation_noise: 0.0,
        }
    }
}

impl SilentWorldConfig {
    fn inputs(&self) -> usize {
        self.inputs.unwrap_or(self.latents)
    }

    fn block_sizes(&self) -> Vec<usize> {
        if self.blocks.is_empty() { vec![1; self.latents] } else { self.blocks.clone() }
    }
}

/// Simulates a silent world. Truth: `latents` (n x k, as they are mixed); `unrotated` (n x k, before the rotation, where there
/// is one); `silent` (n x k, 1 = switched off, about the latents before the rotation); `blocks` (blocks x k, 1 = belongs to
/// it), where any were asked for; `graph` (k x k, an entry (i, j) is the weight of i -> j); `mixing` (inputs x k, x = mixing z),
/// where it is linear.
///
/// More rows leave the first ones as they were; the noise of the inputs leaves the latents as they were.
///
/// # Errors
/// `CONFIG_CONFLICT`, `CONFIG_OUT_OF_RANGE`.
pub fn silent_world(config: &SilentWorldConfig) -> Result<Dataset> {
    check(config)?;
    let config = SilentWorldConfig { inputs: Some(config.inputs()), ..config.clone() };
    let world = World::draw(&config);
    let rows = world.rows(0..config.rows, &own_streams(config.seed));
    let latent_names = numbered("z", config.latents);
    let input_names = numbered("x", config.inputs());
    let about = |rows: &[String], values: Matrix| Table { columns: latent_names.clone(), rows: rows.to_vec(), values };
    let mut truth = BTreeMap::from([
        ("latents".to_owned(), about(&[], rows.latents)),
        ("silent".to_owned(), about(&[], rows.silent)),
        ("graph".to_owned(), about(&latent_names, world.graph().map(|weight| weight as f32))),
    ]);
    if let Some(unrotated) = rows.unrotated {
        truth.insert("unrotated".to_owned(), about(&[], unrotated));
    }
    if !config.blocks.is_empty() {
        let names = numbered("b", config.blocks.len());
        truth.insert("blocks".to_owned(), about(&names, membership(&config.blocks)));
    }
    if let Some(mixing) = world.linear_mixing() {
        truth.insert("mixing".to_owned(), about(&input_names, mixing.map(|a| a as f32)));
    }
    Ok(Dataset {
        name: "silent-world".into(),
        inputs: rows.inputs,
        input_names,
        truth,
        provenance: Object::from_iter([
            ("simulator".to_owned(), Value::from("silent-world")),
            ("config".to_owned(), serde_json::to_value(&config).expect("a configuration serialises")),
        ]),
        ..Dataset::default()
    })
}

/// blocks x latents, 1 where a latent belongs to a block.
fn membership(sizes: &[usize]) -> Matrix {
    let block_of: Vec<usize> = sizes.iter().enumerate().flat_map(|(b, &size)| std::iter::repeat_n(b, size)).collect();
    Matrix::from_fn(sizes.len(), block_of.len(), |b, i| f32::from(u8::from(block_of[i] == b)))
}

/// The world of a configuration as a source of more rows.
///
/// # Errors
/// As [`silent_world`].
pub fn source(config: &SilentWorldConfig) -> Result<Arc<dyn Source>> {
    check(config)?;
    Ok(Arc::new(World::draw(config)))
}

/// Where the numbers of the data set come from; fresh rows have streams of their own.
fn own_streams(seed: u64) -> impl Fn(&str) -> Stream {
    move |name| Stream::new(seed, &format!("silent-world/{name}"))
}

fn check(config: &SilentWorldConfig) -> Result<()> {
    let (n, d) = (config.latents, config.inputs());
    let refuse = |code, path: &str, message: String, hint: String| {
        Err(Failure::new(code, format!("{path}: {message}")).at(path).hint(hint))
    };
    if d < n {
        let message = format!("{d} is not >= {n}, the number of latents");
        return refuse(Code::ConfigOutOfRange, "inputs", message, "leave `inputs` out, or set fewer `latents`".into());
    }
    if 2 * config.edges_per_latent > n - 1 {
        let message = format!("{} is not <= {}, half of the other latents", config.edges_per_latent, (n - 1) / 2);
        return refuse(Code::ConfigOutOfRange, "edgesPerLatent", message, "set more `latents` or fewer edges".into());
    }
    let blocks = config.block_sizes();
    if blocks.iter().sum::<usize>() != n {
        let message = format!("{} latents in blocks, but there are {n}", blocks.iter().sum::<usize>());
        return refuse(Code::ConfigConflict, "blocks", message, format!("give sizes that sum to {n}"));
    }
    if blocks.len() < 2 {
        let message = "one block, which would be silent always or never".to_owned();
        return refuse(Code::ConfigOutOfRange, "blocks", message, "give at least 2 blocks".into());
    }
    let values = config.rows as u128 * (d + 3 * n) as u128 + (config.layers * d * d) as u128;
    refuse_huge(values, "rows", "simulate fewer rows or fewer columns")
}

#[cfg(test)]
mod tests;
