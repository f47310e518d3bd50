//! Linear-Gaussian latent causes, one environment without and many with interventions, behind a linear or curved mixing.
//!
//! Without an intervention every latent follows its parents: z_i = sum_j w_ij z_j + s_i n_i, n_i ~ N(0, 1). An intervention on
//! latent i replaces its mechanism:
//!
//!   perfect   z_i = s_i (m + c n_i)                            soft   z_i = r sum_j w_ij z_j + s_i (m + c n_i)
//!
//! with a shift m and a scale c of its own in each environment. All other mechanisms stay. Measured is
//!
//!   x_j = h_j' z + b (g_j' z)^2 / 2 + sigma (1 + a |signal_j|) e_j
//!
//! with rows h_j and g_j of length 1; the curved term stands in the last inputs only, and the noise may grow with the signal.
//!
//! References: *Linear causal disentanglement via interventions* (Squires, Seigal, Bhate, Uhler, 2023),
//! <https://arxiv.org/abs/2211.16467>, for perfect and soft interventions on one latent each.

use crate::dataset::{Dataset, Labels, Role, Table};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::simulate::{numbered, refuse_huge};
use crate::stream::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map as Object, Value};
use std::collections::BTreeMap;

/// For the catalogue.
pub const SUMMARY: &str = "Linear-Gaussian latent causes, one of which is changed in each environment; linear or curved mixing, noisy inputs.";

/// What an intervention leaves of the mechanism of its latent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interventions {
    /// Nothing: the latent does not depend on its parents any more.
    #[default]
    Perfect,
    /// A share of the influence of its parents, `softness`.
    Soft,
}

/// Configuration of the simulator `intervention-world`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InterventionWorldConfig {
    /// Seed of every random number.
    #[schemars(range(min = 0))]
    pub seed: u64,
    /// Number of latents.
    #[schemars(range(min = 1, max = 100))]
    pub latents: usize,
    /// Number of input columns, at least `latents`. Default: twice as many as latents.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1, max = 100_000))]
    pub inputs: Option<usize>,
    /// Rows of the environment without an intervention.
    #[schemars(range(min = 2, max = 1_000_000))]
    pub reference_points: usize,
    /// Rows of each environment with an intervention.
    #[schemars(range(min = 2, max = 1_000_000))]
    pub points_per_environment: usize,
    /// Probability of each edge of the graph, along a random order of the latents.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub edge_probability: f64,
    /// Least magnitude of the weight of an edge.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub weight_least: f64,
    /// Largest magnitude of the weight of an edge.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub weight_most: f64,
    /// Least standard deviation of a noise.
    #[schemars(range(min = 1e-3, max = 100.0))]
    pub noise_scale_least: f64,
    /// Largest standard deviation of a noise.
    #[schemars(range(min = 1e-3, max = 100.0))]
    pub noise_scale_most: f64,
    /// What an intervention leaves of the mechanism of its latent.
    pub interventions: Interventions,
    /// Share of the influence of its parents that a soft intervention leaves.
    #[schemars(range(min = -10.0, max = 10.0))]
    pub softness: f64,
    /// Environments that intervene on each latent.
    #[schemars(range(min = 1, max = 100))]
    pub environments_per_latent: usize,
    /// Further environments, each of which intervenes on two random latents at once.
    #[schemars(range(min = 0, max = 1000))]
    pub double_environments: usize,
    /// Numbers of the latents, from 1, that no environment intervenes on alone. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(range(min = 1, max = 100)))]
    pub missing: Vec<usize>,
    /// Least shift of the mean by an intervention, in standard deviations of the noise of its latent.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub shift_least: f64,
    /// Largest shift of the mean by an intervention.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub shift_most: f64,
    /// Least standard deviation under an intervention, in standard deviations of the noise without it.
    #[schemars(range(min = 1e-3, max = 100.0))]
    pub changed_scale_least: f64,
    /// Largest standard deviation under an intervention.
    #[schemars(range(min = 1e-3, max = 100.0))]
    pub changed_scale_most: f64,
    /// Number of inputs, the last ones, that also depend on the square of a direction of the latents.
    #[schemars(range(min = 0, max = 100_000))]
    pub curved_inputs: usize,
    /// Factor on that square.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub curvature: f64,
    /// Standard deviation of the noise of the inputs.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub input_noise: f64,
    /// By what share that grows for each unit of the signal of an input.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub noise_growth: f64,
}

impl Default for InterventionWorldConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            latents: 4,
            inputs: None,
            reference_points: 4000,
            points_per_environment: 1000,
            edge_probability: 0.5,
            weight_least: 0.5,
            weight_most: 1.0,
            noise_scale_least: 0.5,
            noise_scale_most: 1.5,
            interventions: Interventions::Perfect,
            softness: 0.5,
            environments_per_latent: 1,
            double_environments: 0,
            missing: Vec::new(),
            shift_least: 1.0,
            shift_most: 2.0,
            changed_scale_least: 0.5,
            changed_scale_most: 1.5,
            curved_inputs: 0,
            curvature: 0.5,
            input_noise: 0.0,
            noise_growth: 0.0,
        }
    }
}

/// A changed mechanism.
struct Change {
    latent: usize,
    mean: f64,
    scale: f64,
}

/// Everything that is drawn once.
struct World {
    order: Vec<usize>,
    /// `weights[(i, j)]` of the edge i -> j.
    weights: Matrix<f64>,
    scales: Vec<f64>,
    /// d x k, rows of length 1.
    mixing: Matrix<f64>,
    /// One direction of the latents for each curved input.
    curved: Matrix<f64>,
}

/// Simulates an intervention world: the environment `reference`, then `e1`, `e2`, ... one after the other, in an order of the latents
/// that says nothing. Truth: `latents` and `noises` (n x k); `graph` (k x k, an entry (i, j) is the weight of i -> j);
/// `interventions` (environments x k, 1 = changed there); `mixing` (d x k, without the curved terms).
///
/// Environments draw from their own step of each stream: more of them, or more rows, leave the first ones as they were.
///
/// # Errors
/// `CONFIG_CONFLICT`, `CONFIG_OUT_OF_RANGE`.
pub fn intervention_world(config: &InterventionWorldConfig) -> Result<Dataset> {
    check(config)?;
    let k = config.latents;
    let d = config.inputs.unwrap_or(2 * k);
    let config = InterventionWorldConfig { inputs: Some(d), ..config.clone() };
    let world = World::draw(&config, d);
    let hit = targets(&config);
    let sizes: Vec<usize> =
        (0..=hit.len()).map(|u| if u == 0 { config.reference_points } else { config.points_per_environment }).collect();
    let n = sizes.iter().sum();
    let (mut inputs, mut latents, mut noises) = (Matrix::zeros(n, d), Matrix::zeros(n, k), Matrix::zeros(n, k));
    let mut changed = Matrix::zeros(sizes.len(), k);
    let mut row = 0;
    for (u, &points) in sizes.iter().enumerate() {
        let changes = if u == 0 { Vec::new() } else { changes(&config, u as u32, &hit[u - 1]) };
        changes.iter().for_each(|change| changed[(u, change.latent)] = 1.0);
        let stream = |name: &str| Stream::new(config.seed, &format!("intervention-world/{name}")).at(u as u32);
        let (mut noise, mut of_inputs) = (stream("noise"), stream("input-noise"));
        for _ in 0..points {
            let (z, e) = world.sample(&config, &changes, &mut noise);
            let x = world.measure(&config, &z, &mut of_inputs);
            store(latents.row_mut(row), &z);
            store(noises.row_mut(row), &e);
            store(inputs.row_mut(row), &x);
            row += 1;
        }
    }
    let latent_names = numbered("z", k);
    let names: Vec<String> = std::iter::once("reference".to_owned()).chain(numbered("e", hit.len())).collect();
    let input_names = numbered("x", d);
    let about = |rows: &[String], values: Matrix| Table { columns: latent_names.clone(), rows: rows.to_vec(), values };
    let truth = BTreeMap::from([
        ("latents".to_owned(), about(&[], latents)),
        ("noises".to_owned(), about(&[], noises)),
        ("graph".to_owned(), about(&latent_names, world.weights.map(|w| w as f32))),
        ("interventions".to_owned(), about(&names, changed)),
        ("mixing".to_owned(), about(&input_names, world.mixing.map(|h| h as f32))),
    ]);
    let codes = sizes.iter().enumerate().flat_map(|(u, &points)| std::iter::repeat_n(u as u32, points)).collect();
    Ok(Dataset {
        name: "intervention-world".into(),
        inputs,
        input_names,
        labels: BTreeMap::from([(Role::Environment, Labels { column: "environment".into(), levels: names, codes })]),
        truth,
        provenance: Object::from_iter([
            ("simulator".to_owned(), Value::from("intervention-world")),
            ("config".to_owned(), serde_json::to_value(&config).expect("a configuration serialises")),
        ]),
        ..Dataset::default()
    })
}

/// The latents that each environment with an intervention changes.
fn targets(config: &InterventionWorldConfig) -> Vec<Vec<usize>> {
    let order = Stream::new(config.seed, "intervention-world/targets").permutation(config.latents);
    let single: Vec<usize> = order.into_iter().filter(|latent| !config.missing.contains(&(latent + 1))).collect();
    let mut hit: Vec<Vec<usize>> =
        (0..config.environments_per_latent).flat_map(|_| single.iter().map(|&latent| vec![latent])).collect();
    let doubles = Stream::new(config.seed, "intervention-world/doubles");
    hit.extend((0..config.double_environments).map(|i| {
        let mut pair = doubles.at(i as u32).permutation(config.latents)[..2].to_vec();
        pair.sort_unstable();
        pair
    }));
    hit
}

fn changes(config: &InterventionWorldConfig, environment: u32, latents: &[usize]) -> Vec<Change> {
    let mut stream = Stream::new(config.seed, "intervention-world/interventions").at(environment);
    let change = |&latent: &usize| {
        let size = between(config.shift_least, config.shift_most, &mut stream);
        let mean = if stream.below(2) == 0 { -size } else { size };
        Change { latent, mean, scale: between(config.changed_scale_least, config.changed_scale_most, &mut stream) }
    };
    latents.iter().map(change).collect()
}

fn between(least: f64, most: f64, stream: &mut Stream) -> f64 {
    least + (most - least) * stream.uniform()
}

impl World {
    fn draw(config: &InterventionWorldConfig, d: usize) -> Self {
        let k = config.latents;
        let stream = |name: &str| Stream::new(config.seed, &format!("intervention-world/{name}"));
        let order = stream("order").permutation(k);
        let (mut edges, mut sizes) = (stream("edges"), stream("weights"));
        let mut weights = Matrix::zeros(k, k);
        for (later, &to) in order.iter().enumerate() {
            for &from in &order[..later] {
                if edges.uniform() < config.edge_probability {
                    let size = between(config.weight_least, config.weight_most, &mut sizes);
                    weights[(from, to)] = if sizes.below(2) == 0 { -size } else { size };
                }
            }
        }
        let mut scales = stream("scales");
        Self {
            order,
            weights,
            scales: (0..k).map(|_| between(config.noise_scale_least, config.noise_scale_most, &mut scales)).collect(),
            mixing: directions(d, k, &mut stream("mixing")),
            curved: directions(config.curved_inputs, k, &mut stream("curves")),
        }
    }

    /// Latents of one row, and the noises of their mechanisms.
    fn sample(&self, config: &InterventionWorldConfig, changes: &[Change], noise: &mut Stream) -> (Vec<f64>, Vec<f64>) {
        let k = self.order.len();
        let mut noises: Vec<f64> = (0..k).map(|_| noise.normal()).collect();
        for (i, noise) in noises.iter_mut().enumerate() {
            if let Some(change) = changes.iter().find(|change| change.latent == i) {
                *noise = change.mean + change.scale * *noise;
            }
            *noise *= self.scales[i];
        }
        let mut latents = vec![0.0; k];
        for &i in &self.order {
            let kept = match (changes.iter().any(|change| change.latent == i), config.interventions) {
                (false, _) => 1.0,
                (true, Interventions::Perfect) => 0.0,
                (true, Interventions::Soft) => config.softness,
            };
            let parents: f64 = (0..k).map(|j| self.weights[(j, i)] * latents[j]).sum();
            latents[i] = kept * parents + noises[i];
        }
        (latents, noises)
    }

    fn measure(&self, config: &InterventionWorldConfig, z: &[f64], noise: &mut Stream) -> Vec<f64> {
        let dot = |row: &[f64]| row.iter().zip(z).map(|(a, b)| a * b).sum::<f64>();
        let (d, curved) = (self.mixing.rows(), self.curved.rows());
        let signal = |j: usize| {
            let bent = if j + curved < d { 0.0 } else { dot(self.curved.row(j + curved - d)) };
            dot(self.mixing.row(j)) + config.curvature * bent * bent / 2.0
        };
        let measured = |j: usize| {
            let signal = signal(j);
            match config.input_noise {
                0.0 => signal,
                sd => signal + sd * (1.0 + config.noise_growth * signal.abs()) * noise.normal(),
            }
        };
        (0..d).map(measured).collect()
    }
}

/// Rows of length 1 (rows x k), uniform over all directions.
fn directions(rows: usize, k: usize, stream: &mut Stream) -> Matrix<f64> {
    let mut out = Matrix::from_fn(rows, k, |_, _| stream.normal());
    for i in 0..rows {
        let norm = out.row(i).iter().map(|v| v * v).sum::<f64>().sqrt();
        out.row_mut(i).iter_mut().for_each(|v| *v /= norm);
    }
    out
}

fn store(to: &mut [f32], from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, &from)| *to = from as f32);
}

fn check(config: &InterventionWorldConfig) -> Result<()> {
    let k = config.latents;
    let d = config.inputs.unwrap_or(2 * k);
    let refuse = |code, path: &str, message: String, hint: &str| {
        Err(Failure::new(code, format!("{path}: {message}")).at(path).hint(hint))
    };
    if d < k {
        let message = format!("{d} is not >= {k}, the number of latents");
        return refuse(Code::ConfigOutOfRange, "inputs", message, "leave `inputs` out, or set fewer `latents`");
    }
    if config.curved_inputs > d {
        let message = format!("{} is not <= {d}, the number of inputs", config.curved_inputs);
        return refuse(Code::ConfigOutOfRange, "curvedInputs", message, "set fewer `curvedInputs`, or more `inputs`");
    }
    for (name, path, least, most) in [
        ("weightLeast", "weightMost", config.weight_least, config.weight_most),
        ("noiseScaleLeast", "noiseScaleMost", config.noise_scale_least, config.noise_scale_most),
        ("shiftLeast", "shiftMost", config.shift_least, config.shift_most),
        ("changedScaleLeast", "changedScaleMost", config.changed_scale_least, config.changed_scale_most),
    ] {
        if most < least {
            let message = format!("{most} is not >= {name}, {least}");
            return refuse(Code::ConfigConflict, path, message, &format!("set a larger `{path}`"));
        }
    }
    if let Some(latent) = config.missing.iter().find(|&&latent| latent > k) {
        let message = format!("there is no latent {latent}, they are numbered 1 to {k}");
        return refuse(Code::ConfigOutOfRange, "missing", message, "give numbers of latents, or set more `latents`");
    }
    if config.double_environments > 0 && k < 2 {
        let message = "two latents at once need at least 2 `latents`".to_owned();
        return refuse(Code::ConfigConflict, "doubleEnvironments", message, "set more `latents`");
    }
    let environments = targets(config).len() as u128;
    let rows = config.reference_points as u128 + environments * config.points_per_environment as u128;
    refuse_huge(
        rows * (d + 2 * k) as u128 + (d * k) as u128,
        "pointsPerEnvironment",
        "simulate fewer environments, rows or columns",
    )
}

#[cfg(test)]
mod tests;
