//! Several modalities of the same subjects: latents of each, one causal graph over all of them, and what only one modality sees.
//!
//! Modality m measures its own latents and its own private variables, which nothing else depends on:
//!
//!   z_i = e_i                                          without parents,
//!   z_i = sqrt(1 - s_i^2) (f_i(z) - mean) / sd + s_i e_i   with parents;   x_m = mixing_m(z_m, p_m) ,
//!
//! with e_i and p_m standard normal. Edges lead from a modality to the next one, and on request along the latents of one. Mean and
//! standard deviation of f_i are those over rows of their own, so that every latent has unit variance up to their sampling error.
//!
//! Reference: *Causal representation learning from multi-modal biological observations* (Sun, Kong, Chen, Li, Luo, Li, Zhang, Zheng,
//! Yang, Stojanov, Segal, Xing, Zhang, 2025), <https://arxiv.org/abs/2411.06518>, equations (1) and (2) and appendix D.1. Its mechanisms are
//! not printed: here they are a named family. So is the size of its noise: here it differs from latent to latent, since linear
//! links of equal strength are not identified.

mod condition;
mod links;
mod mechanisms;

use crate::dataset::{Dataset, Table};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::orthonormal::orthonormal;
use crate::simulate::row::{product, store};
use crate::simulate::{numbered, refuse_huge};
use crate::stream::Stream;
use crate::views::View;
use mechanisms::Mechanisms;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map as Object, Value};
use std::collections::BTreeMap;

/// For the catalogue.
pub const SUMMARY: &str = "Several modalities with latents of their own, one causal graph over them, and private variables, each mixed by its own network.";

/// Slope of the leaky rectifiers left of zero.
const SLOPE: f64 = 0.2;

/// How a latent depends on its parents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mechanism {
    /// Sum of w (z + sin(2 z) / 2): monotone in each parent.
    #[default]
    Monotone,
    /// Sum of w z.
    Linear,
    /// Sum of w tanh(1.5 z).
    Tanh,
    /// Sum of w sin(1.5 z).
    Sine,
    /// Sum of w times a leaky rectifier of slope 0.2.
    Leaky,
    /// A random network of one hidden layer of w z, all parents together.
    Mlp,
}

/// Configuration of the simulator `modality-world`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ModalityWorldConfig {
    /// Seed of every random number.
    #[schemars(range(min = 0))]
    pub seed: u64,
    /// Number of rows.
    #[schemars(range(min = 2, max = 10_000_000))]
    pub points: usize,
    /// Number of modalities.
    #[schemars(range(min = 2, max = 20))]
    pub modalities: usize,
    /// Input columns of each modality, at least as many as its latents and private variables.
    #[schemars(range(min = 1, max = 100_000))]
    pub inputs_per_modality: usize,
    /// Latents of each modality.
    #[schemars(range(min = 1, max = 12))]
    pub latents_per_modality: usize,
    /// Private variables of each modality.
    #[schemars(range(min = 0, max = 100))]
    pub private_per_modality: usize,
    /// Share of the possible links between a modality and the next that are absent, rounded to whole links. Default: links are one to
    /// one, from each latent to the one of the same number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", range(min = 0.0, max = 1.0))]
    pub sparsity: Option<f64>,
    /// Edges within each modality, along z1 -> z2 -> ..., fewer than its latents.
    #[schemars(range(min = 0, max = 11))]
    pub edges_within: usize,
    /// How a latent depends on its parents.
    pub mechanism: Mechanism,
    /// Least magnitude of a weight of an edge, before mechanisms are scaled.
    #[schemars(range(min = 1e-3, max = 100.0))]
    pub weight_least: f64,
    /// Largest magnitude of a weight.
    #[schemars(range(min = 1e-3, max = 100.0))]
    pub weight_most: f64,
    /// Standard deviation of the noise of the first latent of each modality, where it has parents.
    #[schemars(range(min = 1e-3, max = 1.0))]
    pub noise_first: f64,
    /// Standard deviation of the noise of the last latent; those between are evenly spaced.
    #[schemars(range(min = 1e-3, max = 1.0))]
    pub noise_last: f64,
    /// Layers of each mixing: a random rotation each, with leaky rectifiers of slope 0.2 between them. With 1 it is linear.
    #[schemars(range(min = 1, max = 20))]
    pub layers: usize,
    /// Standard deviation of the noise of the inputs.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub observation_noise: f64,
}

impl Default for ModalityWorldConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            points: 10_000,
            modalities: 2,
            inputs_per_modality: 15,
            latents_per_modality: 2,
            private_per_modality: 1,
            sparsity: None,
            edges_within: 0,
            mechanism: Mechanism::Monotone,
            weight_least: 0.7,
            weight_most: 1.3,
            noise_first: 0.3,
            noise_last: 0.7,
            layers: 3,
            observation_noise: 0.0,
        }
    }
}

/// Simulates a modality world: views `m1`, `m2`, ... with columns `m1.x1`, ... Truth: `latents` (n x k, named `m1.z1`, ...), their
/// `noises`, and `private` (named `m1.p1`, ...); `graph` (k x k, an entry (i, j) is the weight of i -> j); `distinctLinks` (1 x k, 1
/// = the links of the latent to other modalities pass what [`condition`] checks of the paper's Condition 4.3).
///
/// More rows leave the first ones as they were.
///
/// # Errors
/// `CONFIG_CONFLICT`, `CONFIG_OUT_OF_RANGE`.
pub fn modality_world(config: &ModalityWorldConfig) -> Result<Dataset> {
    check(config)?;
    let ModalityWorldConfig { points: n, modalities, inputs_per_modality: d, .. } = *config;
    let (k, e) = (config.latents_per_modality, config.private_per_modality);
    let parents = links::parents(config);
    let mechanisms = Mechanisms::draw(config, parents);
    let mixings: Vec<Vec<Matrix<f64>>> = (0..modalities).map(|m| rotations(config, m)).collect();

    let stream = |name: &str| Stream::new(config.seed, &format!("modality-world/{name}"));
    let (mut noise, mut private, mut observation) = (stream("noise"), stream("private"), stream("observation-noise"));
    let mut inputs = Matrix::zeros(n, modalities * d);
    let (mut latents, mut noises) = (Matrix::zeros(n, modalities * k), Matrix::zeros(n, modalities * k));
    let mut privates = Matrix::zeros(n, modalities * e);
    for row in 0..n {
        let (z, own) = mechanisms.sample(&mut noise);
        let p: Vec<f64> = (0..modalities * e).map(|_| private.normal()).collect();
        for (m, mixing) in mixings.iter().enumerate() {
            let x = mixed(mixing, z[m * k..][..k].iter().chain(&p[m * e..][..e]).copied().collect());
            let noisy = |x: f64| match config.observation_noise {
                0.0 => x,
                sd => x + sd * observation.normal(),
            };
            store(&mut inputs.row_mut(row)[m * d..][..d], x.into_iter().map(noisy));
        }
        store(latents.row_mut(row), z);
        store(noises.row_mut(row), own);
        store(privates.row_mut(row), p);
    }

    let latent_names = named(config, "z", k);
    let distinct = condition::distinct_links(&mechanisms.parents, k);
    let about = |rows: &[String], values: Matrix| Table { columns: latent_names.clone(), rows: rows.to_vec(), values };
    let mut truth = BTreeMap::from([
        ("latents".to_owned(), about(&[], latents)),
        ("noises".to_owned(), about(&[], noises)),
        ("graph".to_owned(), about(&latent_names, mechanisms.weights())),
        (
            "distinctLinks".to_owned(),
            about(
                &["distinctLinks".to_owned()],
                Matrix::from_fn(1, distinct.len(), |_, i| f32::from(u8::from(distinct[i]))),
            ),
        ),
    ]);
    if e > 0 {
        let columns = named(config, "p", e);
        truth.insert("private".to_owned(), Table { columns, rows: Vec::new(), values: privates });
    }
    Ok(Dataset {
        name: "modality-world".into(),
        inputs,
        input_names: named(config, "x", d),
        views: (0..modalities)
            .map(|m| View { name: format!("m{}", m + 1), start: m * d, end: (m + 1) * d, image: None })
            .collect(),
        truth,
        provenance: Object::from_iter([
            ("simulator".to_owned(), Value::from("modality-world")),
            ("config".to_owned(), serde_json::to_value(config).expect("a configuration serialises")),
        ]),
        ..Dataset::default()
    })
}

/// `m1.z1`, `m1.z2`, ..., `m2.z1`, ...
fn named(config: &ModalityWorldConfig, letter: &str, each: usize) -> Vec<String> {
    let names = numbered(letter, each);
    (1..=config.modalities).flat_map(|m| names.iter().map(move |name| format!("m{m}.{name}"))).collect()
}

/// The layers of a modality's mixing: the first has orthonormal rows, as many as there are latents and private variables.
fn rotations(config: &ModalityWorldConfig, modality: usize) -> Vec<Matrix<f64>> {
    let (d, inner) = (config.inputs_per_modality, config.latents_per_modality + config.private_per_modality);
    let layer = |l: usize| {
        let mut stream = Stream::new(config.seed, &format!("modality-world/mixing/{l}")).at(modality as u32);
        let from = if l == 0 { inner } else { d };
        orthonormal(Matrix::from_fn(d, from, |_, _| stream.normal())).transposed()
    };
    (0..config.layers).map(layer).collect()
}

/// The inputs of one modality in one row.
fn mixed(layers: &[Matrix<f64>], from: Vec<f64>) -> Vec<f64> {
    layers.iter().enumerate().fold(from, |x, (l, layer)| match l {
        0 => product(&x, layer),
        _ => product(&x.into_iter().map(leaky).collect::<Vec<_>>(), layer),
    })
}

fn leaky(a: f64) -> f64 {
    if a > 0.0 { a } else { SLOPE * a }
}

fn check(config: &ModalityWorldConfig) -> Result<()> {
    let (k, d) = (config.latents_per_modality, config.inputs_per_modality);
    let inner = k + config.private_per_modality;
    let refuse = |code, path: &str, message: String, hint: &str| {
        Err(Failure::new(code, format!("{path}: {message}")).at(path).hint(hint))
    };
    if d < inner {
        let message = format!("{d} is not >= {inner}, the latents and private variables of a modality");
        return refuse(Code::ConfigOutOfRange, "inputsPerModality", message, "set more `inputsPerModality`");
    }
    if config.edges_within >= k {
        let message = format!("{} is not < {k}, the latents of a modality", config.edges_within);
        let hint = "set fewer `edgesWithin`: they are z1 -> z2 -> ...";
        return refuse(Code::ConfigOutOfRange, "edgesWithin", message, hint);
    }
    if config.weight_most < config.weight_least {
        let message = format!("{} is not >= weightLeast, {}", config.weight_most, config.weight_least);
        return refuse(Code::ConfigConflict, "weightMost", message, "set a larger `weightMost`");
    }
    let modalities = config.modalities as u128;
    refuse_huge(
        modalities
            * (config.points as u128 * (d + 2 * k + config.private_per_modality) as u128
                + config.layers as u128 * (d * d) as u128),
        "points",
        "simulate fewer rows or columns",
    )
}

#[cfg(test)]
mod tests;
