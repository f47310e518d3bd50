//! Causally related latents whose mechanisms and noise shift from environment to environment, behind a nonlinear mixing.
//!
//! In environment u, latents follow their parents in a graph:
//!
//!   z_i = h( m_i(z, u) + n_i ) ,   n_i ~ N(mean_i(u), scale_i(u)^2) ,
//!   m_i = sum_j g l_ij(u) f_i(z_j)   (coefficient outside)   or   sum_j g f_i(l_ij(u) z_j)   (inside),
//!
//! with coefficients l_ij(u), means and scales drawn anew in every environment. Chosen latents receive a term that is the same
//! in all environments, in place of that or beside it: the theory then does not identify them. h is the identity unless a
//! post-nonlinear distortion is asked for. Measured is x = mixing(z), the same in all environments.
//!
//! Reference: *Identifiable latent neural causal models* (Liu, Zhang, Gong, Gong, Huang, van den Hengel, Zhang, Shi, 2024),
//! <https://arxiv.org/abs/2403.15711>, equations (2) and (5). Its exact mechanisms are not printed: here they are a named family.
//! `polynomial` is the chain of *Identifiable latent polynomial causal models through the lens of change* (Liu et al., 2023),
//! <https://arxiv.org/abs/2310.15580>.

mod mechanisms;
mod mixing;

use crate::dataset::{Dataset, Labels, Role, Table};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::simulate::row::store;
use crate::simulate::{numbered, refuse_huge};
use crate::stream::Stream;
use mechanisms::{Environment, Graph};
use mixing::Map;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map as Object, Value};
use std::collections::BTreeMap;

/// For the catalogue.
pub const SUMMARY: &str =
    "Causally related latents whose mechanisms and noise shift between environments, mixed by an invertible network.";

/// The function f of a mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// The parent itself.
    Linear,
    /// Hyperbolic tangent.
    #[default]
    Tanh,
    /// Sine.
    Sin,
    /// A quarter of the square.
    Quadratic,
    /// Hyperbolic tangent, sine and a quarter of the square in turn, latent after latent.
    Mixed,
    /// z2 from z1^2, z3 from z2, z4 from z2 z3, z5 from z3^2: has a graph of its own and at most 5 latents.
    Polynomial,
}

/// Where the coefficient of an environment enters a mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// It multiplies the function: l f(z).
    #[default]
    Outside,
    /// It multiplies the parent: f(l z).
    Inside,
}

/// Signs of the coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Signs {
    /// Either sign, equally often.
    #[default]
    Both,
    /// All positive.
    Positive,
}

/// The graph over the latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "ShiftGraph")]
pub enum GraphKind {
    /// z1 -> z2 -> z3 -> ...
    #[default]
    Chain,
    /// Each pair is an edge with `edgeProbability`, along a random order.
    Random,
}

/// What a latent that does not shift receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnshiftedTerm {
    /// The same mechanism in all environments, and nothing else.
    #[default]
    Only,
    /// A term that is the same in all environments beside the one that shifts.
    Added,
}

/// The monotone function h that distorts each latent after its noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Distortion {
    /// None: an additive noise model.
    #[default]
    None,
    /// 2 asinh(a): compresses large values.
    Asinh,
    /// a + a^3 / 10: expands them.
    Cubic,
}

/// How latents become inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "ShiftMixing")]
pub enum Mixing {
    /// The inputs are the latents.
    Identity,
    /// Leaky rectifiers of slope 0.2, each followed by a random rotation.
    #[default]
    Leaky,
    /// Random rotations and affine couplings of smooth networks.
    Coupling,
    /// Residual layers `x + 0.9 tanh(x P + b) S` with orthonormal P and S, each followed by a random rotation.
    Smooth,
}

/// Where more inputs than latents come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Widening {
    /// A linear map at the end: the inputs lie in a flat space of as many directions as latents.
    #[default]
    Last,
    /// A linear map at the beginning: the nonlinear layers bend that space.
    First,
}

/// Configuration of the simulator `shift-world`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ShiftWorldConfig {
    /// Seed of every random number.
    #[schemars(range(min = 0))]
    pub seed: u64,
    /// Number of environments.
    #[schemars(range(min = 1, max = 100_000))]
    pub environments: usize,
    /// Rows of each environment.
    #[schemars(range(min = 2, max = 1_000_000))]
    pub points_per_environment: usize,
    /// Number of latents.
    #[schemars(range(min = 2, max = 100))]
    pub latents: usize,
    /// Number of input columns, at least `latents`. Default: as many as latents.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 2, max = 100_000))]
    pub inputs: Option<usize>,
    /// The graph over the latents.
    pub graph: GraphKind,
    /// Probability of each edge of a random graph. Default: two edges for each latent, on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", range(min = 0.0, max = 1.0))]
    pub edge_probability: Option<f64>,
    /// The function of the mechanisms.
    pub link: Link,
    /// Where the coefficient of an environment enters: outside of the function, or inside.
    pub place: Place,
    /// Factor on every mechanism that shifts.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub gain: f64,
    /// Least magnitude of a coefficient.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub coefficient_least: f64,
    /// Largest magnitude of a coefficient.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub coefficient_most: f64,
    /// Signs of the coefficients.
    pub signs: Signs,
    /// Noise means are uniform between minus and plus this.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub noise_mean: f64,
    /// Least standard deviation of the noise.
    #[schemars(range(min = 1e-3, max = 100.0))]
    pub noise_scale_least: f64,
    /// Largest standard deviation of the noise.
    #[schemars(range(min = 1e-3, max = 100.0))]
    pub noise_scale_most: f64,
    /// Numbers of the latents, from 1, that receive a term that is the same in all environments. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(range(min = 1, max = 100)))]
    pub unshifted: Vec<usize>,
    /// Whether that term stands alone or beside the one that shifts.
    pub unshifted_term: UnshiftedTerm,
    /// Function of that term.
    pub unshifted_link: Link,
    /// Factor on that term.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub unshifted_gain: f64,
    /// Distortion of each latent after its noise (post-nonlinear model).
    pub distortion: Distortion,
    /// How latents become inputs.
    pub mixing: Mixing,
    /// Layers of the mixing. Default: 2, and 4 of couplings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1, max = 20))]
    pub layers: Option<usize>,
    /// Where more inputs than latents come from.
    pub widening: Widening,
    /// Standard deviation of the noise of the inputs.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub observation_noise: f64,
}

impl Default for ShiftWorldConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            environments: 50,
            points_per_environment: 1000,
            latents: 5,
            inputs: None,
            graph: GraphKind::Chain,
            edge_probability: None,
            link: Link::Tanh,
            place: Place::Outside,
            gain: 1.0,
            coefficient_least: 0.5,
            coefficient_most: 1.0,
            signs: Signs::Both,
            noise_mean: 2.0,
            noise_scale_least: 0.1,
            noise_scale_most: 2.0,
            unshifted: Vec::new(),
            unshifted_term: UnshiftedTerm::Only,
            unshifted_link: Link::Linear,
            unshifted_gain: 1.5,
            distortion: Distortion::None,
            mixing: Mixing::Leaky,
            layers: None,
            widening: Widening::Last,
            observation_noise: 0.0,
        }
    }
}

/// Simulates a shift world: environments `e1`, `e2`, ... one after the other. Truth: `latents` (n x k); `graph` (k x k, an entry
/// (i, j) is the mean magnitude of the coefficient of i -> j, or of the term that does not shift); `coefficients` (environments
/// x edges, with gain; of terms that shift); `noiseMeans` and `noiseScales` (environments x k); `shifting` (1 x k, 1 = no term is
/// the same in all environments); `additive` (n x k), the latents before their distortion, where there is one.
///
/// Environments draw from their own step of each stream: more of them, or more rows, leave the first ones as they were.
///
/// # Errors
/// `CONFIG_CONFLICT`, `CONFIG_OUT_OF_RANGE`.
pub fn shift_world(config: &ShiftWorldConfig) -> Result<Dataset> {
    check(config)?;
    let (k, points) = (config.latents, config.points_per_environment);
    let d = config.inputs.unwrap_or(k);
    let config = ShiftWorldConfig { inputs: Some(d), layers: Some(mixing::layers(config)), ..config.clone() };
    let graph = Graph::draw(&config);
    let map = Map::draw(&config);
    let n = config.environments * points;
    let (mut inputs, mut latents) = (Matrix::zeros(n, d), Matrix::zeros(n, k));
    let mut additive = (config.distortion != Distortion::None).then(|| Matrix::zeros(n, k));
    let edges = graph.edges();
    let mut coefficients = Matrix::zeros(config.environments, edges.len());
    let (mut means, mut scales) = (Matrix::zeros(config.environments, k), Matrix::zeros(config.environments, k));
    let observation = Stream::new(config.seed, "shift-world/observation-noise");
    let noise = Stream::new(config.seed, "shift-world/noise");
    for u in 0..config.environments {
        let environment = Environment::draw(&config, edges.len(), u as u32);
        store(coefficients.row_mut(u), environment.coefficients.iter().map(|l| config.gain * l));
        store(means.row_mut(u), environment.means.iter().copied());
        store(scales.row_mut(u), environment.scales.iter().copied());
        let (mut noise, mut observation) = (noise.at(u as u32), observation.at(u as u32));
        for i in 0..points {
            let row = u * points + i;
            let sample = graph.sample(&config, &environment, &mut noise);
            store(latents.row_mut(row), sample.latents.iter().copied());
            if let Some(additive) = &mut additive {
                store(additive.row_mut(row), sample.additive.iter().copied());
            }
            let x = map.apply(&sample.latents);
            let noisy = |x: f64| match config.observation_noise {
                0.0 => x,
                sd => x + sd * observation.normal(),
            };
            store(inputs.row_mut(row), x.into_iter().map(noisy));
        }
    }

    let latent_names = numbered("z", k);
    let names = numbered("e", config.environments);
    let about = |rows: &[String], values: Matrix| Table { columns: latent_names.clone(), rows: rows.to_vec(), values };
    let edge_names =
        edges.iter().map(|&(from, to)| format!("{} -> {}", latent_names[from], latent_names[to])).collect();
    let mut truth = BTreeMap::from([
        ("latents".to_owned(), about(&[], latents)),
        ("graph".to_owned(), about(&latent_names, graph.weights(&config, &coefficients))),
        ("coefficients".to_owned(), Table { columns: edge_names, rows: names.clone(), values: coefficients }),
        ("noiseMeans".to_owned(), about(&names, means)),
        ("noiseScales".to_owned(), about(&names, scales)),
        ("shifting".to_owned(), about(&["shifting".to_owned()], graph.shifting(&config))),
    ]);
    if let Some(additive) = additive {
        truth.insert("additive".to_owned(), about(&[], additive));
    }
    let labels = Labels {
        column: "environment".into(),
        levels: names,
        codes: (0..config.environments as u32).flat_map(|u| std::iter::repeat_n(u, points)).collect(),
    };
    Ok(Dataset {
        name: "shift-world".into(),
        inputs,
        input_names: numbered("x", d),
        labels: BTreeMap::from([(Role::Environment, labels)]),
        truth,
        provenance: Object::from_iter([
            ("simulator".to_owned(), Value::from("shift-world")),
            ("config".to_owned(), serde_json::to_value(&config).expect("a configuration serialises")),
        ]),
        ..Dataset::default()
    })
}

/// Rows of sources (n x k) as k inputs, by the leaky layers that a world of this seed has.
///
/// # Errors
/// `DATA_EMPTY` without sources.
pub fn mixed(sources: &Matrix, seed: u64) -> Result<Matrix> {
    let k = sources.cols();
    if k == 0 || sources.rows() == 0 {
        return Err(
            Failure::new(Code::DataEmpty, "there are no sources to mix").hint("give at least one row and column")
        );
    }
    let map = Map::draw(&ShiftWorldConfig { seed, latents: k, inputs: Some(k), ..ShiftWorldConfig::default() });
    let mut inputs = Matrix::zeros(sources.rows(), k);
    for row in 0..sources.rows() {
        let of: Vec<f64> = sources.row(row).iter().map(|&v| f64::from(v)).collect();
        store(inputs.row_mut(row), map.apply(&of));
    }
    Ok(inputs)
}

fn check(config: &ShiftWorldConfig) -> Result<()> {
    let (k, d) = (config.latents, config.inputs.unwrap_or(config.latents));
    let refuse = |code, path: &str, message: String, hint: &str| {
        Err(Failure::new(code, format!("{path}: {message}")).at(path).hint(hint))
    };
    if d < k {
        let message = format!("{d} is not >= {k}, the number of latents");
        return refuse(Code::ConfigOutOfRange, "inputs", message, "leave `inputs` out, or set fewer `latents`");
    }
    if config.mixing == Mixing::Identity && d != k {
        let message = format!("{d}, but without a mixing there are as many inputs as latents, {k}");
        return refuse(Code::ConfigConflict, "inputs", message, "leave `inputs` out, or choose another `mixing`");
    }
    if config.coefficient_most < config.coefficient_least {
        let message = format!("{} is not >= coefficientLeast, {}", config.coefficient_most, config.coefficient_least);
        return refuse(Code::ConfigConflict, "coefficientMost", message, "set a larger `coefficientMost`");
    }
    if config.noise_scale_most < config.noise_scale_least {
        let message = format!("{} is not >= noiseScaleLeast, {}", config.noise_scale_most, config.noise_scale_least);
        return refuse(Code::ConfigConflict, "noiseScaleMost", message, "set a larger `noiseScaleMost`");
    }
    if config.link == Link::Polynomial {
        if k > mechanisms::POLYNOMIAL_LATENTS {
            let message = format!("{k}, but the polynomial chain has at most {}", mechanisms::POLYNOMIAL_LATENTS);
            return refuse(Code::ConfigConflict, "latents", message, "set 2 to 5 `latents`, or another `link`");
        }
        if config.graph != GraphKind::Chain || config.place != Place::Outside {
            let message = "polynomial has a graph of its own, and its coefficients outside".to_owned();
            return refuse(Code::ConfigConflict, "link", message, "leave `graph` and `place` out");
        }
    }
    if config.unshifted_link == Link::Polynomial {
        let message = "polynomial describes a whole graph, not a term".to_owned();
        return refuse(Code::ConfigConflict, "unshiftedLink", message, "choose linear, tanh, sin, quadratic or mixed");
    }
    if let Some(latent) = config.unshifted.iter().find(|&&latent| latent > k) {
        let message = format!("there is no latent {latent}, they are numbered 1 to {k}");
        return refuse(Code::ConfigOutOfRange, "unshifted", message, "give numbers of latents, or set more `latents`");
    }
    let (environments, points) = (config.environments as u128, config.points_per_environment as u128);
    let edges = (k * (k - 1) / 2) as u128;
    refuse_huge(
        environments * (points * (d + 2 * k) as u128 + edges + 2 * k as u128) + mixing::numbers(config),
        "pointsPerEnvironment",
        "simulate fewer environments, rows or columns",
    )
}

#[cfg(test)]
mod tests;
