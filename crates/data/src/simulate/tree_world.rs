//! Environments on a tree whose heads change sparsely along its edges.
//!
//! `x ~ N(0, I)`, `z = phi(W' x) + noise`, `y = w_e . z + noise`, and `w_e = w_root +` the changes on the edges from the
//! root to e. W and w_root are standard normal; every edge has `changes` entries, at random places, from N(0, changeSd^2).
//!
//! Reference: *Sparsity regularization via tree-structured environments for disentangled representations*, Eqs. (1), (2)
//! and (22). The paper writes N(., 0.1) for the noise without saying whether 0.1 is a variance: its scores can only be
//! reached when it is a standard deviation, which is therefore the default.

use crate::dataset::{Dataset, Labels, Role, Table};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::simulate::sparse_heads::SparseHeads;
use crate::simulate::{numbered, refuse_huge};
use crate::stream::Stream;
use crate::tree::Tree;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// For the catalogue.
pub const SUMMARY: &str = "A balanced binary tree of environments with linear heads on shared latents; heads change sparsely along the edges.";

/// The function between the mixed inputs and the latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TreeWorldMap")]
pub enum LatentMap {
    /// phi(u) = tanh(u).
    #[default]
    Tanh,
    /// phi(u) = u.
    Linear,
}

/// How the number `noise` is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum NoiseUnit {
    /// In units of the latents and the target.
    #[default]
    StandardDeviation,
    /// In squared units.
    Variance,
}

/// Configuration of the simulator `tree-world`. The defaults are the paper's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TreeWorldConfig {
    /// Seed of every random number.
    #[schemars(range(min = 0))]
    pub seed: u64,
    /// Edges between the root and each leaf; the tree has 2^(depth + 1) - 1 nodes.
    #[schemars(range(min = 1, max = 14))]
    pub depth: u32,
    /// Whether only the leaves have rows; otherwise all nodes but the root have.
    pub leaves_only: bool,
    /// Rows in each observed environment.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub points_per_environment: usize,
    /// Number of input columns.
    #[schemars(range(min = 1, max = 100_000))]
    pub inputs: usize,
    /// Number of latents.
    #[schemars(range(min = 1, max = 1_000))]
    pub latents: usize,
    /// Non-zero changes on each edge, at most `latents`; 0 is the negative control.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 0, max = 1_000), extend("default" = 1))]
    pub changes: Option<usize>,
    /// Instead of `changes`: the probability with which each entry on each edge changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", range(min = 0.0, max = 1.0))]
    pub change_probability: Option<f64>,
    /// Standard deviation of the non-zero changes.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub change_sd: f64,
    /// The function between the mixed inputs and the latents.
    pub map: LatentMap,
    /// Noise of the latents and of the target.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub noise: f64,
    /// Whether `noise` is a standard deviation or a variance.
    pub noise_unit: NoiseUnit,
}

impl Default for TreeWorldConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            depth: 7,
            leaves_only: false,
            points_per_environment: 3000,
            inputs: 16,
            latents: 5,
            changes: None,
            change_probability: None,
            change_sd: 0.5,
            map: LatentMap::Tanh,
            noise: 0.1,
            noise_unit: NoiseUnit::StandardDeviation,
        }
    }
}

/// Simulates a tree world. Nodes are called `n1` (the root), `n2`, `n3`, ... in heap order, rows come environment by
/// environment; truth: `latents` and `expected` = E[z | x] (n x k), `heads` and `changes` (nodes x k, the root's change is 0).
///
/// Every node draws from its own step of each stream: more points, more depth or other observed nodes leave what was there
/// as it was.
///
/// # Errors
/// `CONFIG_CONFLICT`, `CONFIG_OUT_OF_RANGE`.
pub fn tree_world(config: &TreeWorldConfig) -> Result<Dataset> {
    let config = checked(config)?;
    let k = config.latents;
    let nodes = (1usize << (config.depth + 1)) - 1;
    let tree = balanced_tree(nodes)?;
    let recipe = SparseHeads {
        latents: k,
        changes: config.changes.unwrap_or(1),
        change_probability: config.change_probability,
        change_sd: config.change_sd,
    };
    let (heads, changes) = recipe.draw(&tree, config.seed, "tree-world");
    let first = if config.leaves_only { nodes / 2 } else { 1 };
    let environments: Vec<usize> = (first..nodes).collect();
    let rows = sample(&config, &heads, &environments);

    let labels = Labels {
        column: "environment".into(),
        levels: environments.iter().map(|&node| tree.names[node].clone()).collect(),
        codes: (0..environments.len() as u32)
            .flat_map(|code| std::iter::repeat_n(code, config.points_per_environment))
            .collect(),
    };
    let latent_names = numbered("z", k);
    let of_rows = |values: Matrix| Table { columns: latent_names.clone(), rows: Vec::new(), values };
    let of_nodes = |values: Matrix<f64>| Table {
        columns: latent_names.clone(),
        rows: tree.names.clone(),
        values: values.map(|value| value as f32),
    };
    let truth = BTreeMap::from([
        ("latents".to_owned(), of_rows(rows.latents)),
        ("expected".to_owned(), of_rows(rows.expected)),
        ("heads".to_owned(), of_nodes(heads)),
        ("changes".to_owned(), of_nodes(changes)),
    ]);
    let provenance = Map::from_iter([
        ("simulator".to_owned(), Value::from("tree-world")),
        ("config".to_owned(), serde_json::to_value(&config).expect("a configuration serialises")),
    ]);
    Ok(Dataset {
        name: "tree-world".into(),
        inputs: rows.inputs,
        input_names: numbered("x", config.inputs),
        views: Vec::new(),
        row_ids: Vec::new(),
        labels: BTreeMap::from([(Role::Environment, labels)]),
        targets: Some(Table { columns: vec!["y".into()], rows: Vec::new(), values: rows.targets }),
        tree: Some(tree),
        truth,
        provenance,
        offsets: Default::default(),
    })
}

/// The configuration with what was left open filled in, once its values fit together.
fn checked(config: &TreeWorldConfig) -> Result<TreeWorldConfig> {
    let mut config = config.clone();
    if config.changes.is_some() && config.change_probability.is_some() {
        return Err(Failure::new(Code::ConfigConflict, "changes and changeProbability exclude each other")
            .at("changeProbability")
            .hint("give the number of changes on each edge, or the probability of each"));
    }
    if config.change_probability.is_none() {
        config.changes.get_or_insert(1);
    }
    if let Some(changes) = config.changes.filter(|&changes| changes > config.latents) {
        return Err(Failure::new(
            Code::ConfigOutOfRange,
            format!("changes: {changes} is not <= {}, the number of latents", config.latents),
        )
        .at("changes"));
    }
    let nodes = (1u128 << (config.depth + 1)) - 1;
    let rows = nodes * config.points_per_environment as u128;
    let values = rows * (config.inputs + 2 * config.latents + 2) as u128 + nodes * 2 * config.latents as u128;
    refuse_huge(values, "pointsPerEnvironment", "simulate fewer points, a smaller depth or fewer columns")?;
    Ok(config)
}

fn balanced_tree(nodes: usize) -> Result<Tree> {
    let parents = (0..nodes).map(|node| node.checked_sub(1).map(|above| above / 2)).collect();
    Tree::new(numbered("n", nodes), parents, vec![1.0; nodes])
}

struct Rows {
    inputs: Matrix,
    latents: Matrix,
    expected: Matrix,
    targets: Matrix,
}

fn sample(config: &TreeWorldConfig, heads: &Matrix<f64>, environments: &[usize]) -> Rows {
    let (d, k, points) = (config.inputs, config.latents, config.points_per_environment);
    let n = environments.len() * points;
    let mixing = {
        let mut stream = Stream::new(config.seed, "tree-world/map");
        Matrix::from_fn(d, k, |_, _| stream.normal())
    };
    let sd = match config.noise_unit {
        NoiseUnit::StandardDeviation => config.noise,
        NoiseUnit::Variance => config.noise.sqrt(),
    };
    let [x_stream, z_stream, y_stream] =
        ["inputs", "latent-noise", "target-noise"].map(|name| Stream::new(config.seed, &format!("tree-world/{name}")));
    let mut rows = Rows {
        inputs: Matrix::zeros(n, d),
        latents: Matrix::zeros(n, k),
        expected: Matrix::zeros(n, k),
        targets: Matrix::zeros(n, 1),
    };
    let mut mixed = vec![0.0; k];
    for (e, &node) in environments.iter().enumerate() {
        let step = node as u32;
        let (mut x_stream, mut z_stream, mut y_stream) = (x_stream.at(step), z_stream.at(step), y_stream.at(step));
        for row in e * points..(e + 1) * points {
            mixed.fill(0.0);
            for (i, x) in rows.inputs.row_mut(row).iter_mut().enumerate() {
                *x = x_stream.normal() as f32;
                let x = f64::from(*x);
                mixed.iter_mut().zip(mixing.row(i)).for_each(|(u, w)| *u += x * w);
            }
            let (z, expected) = (rows.latents.row_mut(row), rows.expected.row_mut(row));
            let mut y = sd * y_stream.normal();
            for j in 0..k {
                let mean = match config.map {
                    LatentMap::Tanh => mixed[j].tanh(),
                    LatentMap::Linear => mixed[j],
                };
                let latent = mean + sd * z_stream.normal();
                (expected[j], z[j]) = (mean as f32, latent as f32);
                y += heads[(node, j)] * latent;
            }
            rows.targets[(row, 0)] = y as f32;
        }
    }
    rows
}

#[cfg(test)]
mod tests;
