//! A phenotype on real data: measured causes, a drawn effect that changes sparsely along the tree of the environments.
//!
//! `y = w_e . s(z) + noise`, where z are the measured causes (the truth `latents`), s brings each to mean 0 and standard
//! deviation 1, and the heads w_e are drawn as in the tree world. So the answer is known where the inputs are real.
//!
//! Reference: *Sparsity regularization via tree-structured environments for disentangled representations*, the gene
//! expression experiments.

use crate::dataset::{Dataset, Role, Table};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::simulate::sparse_heads::SparseHeads;
use crate::stream::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How the phenotype is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PhenotypeConfig {
    /// Seed of every random number.
    #[schemars(range(min = 0))]
    pub seed: u64,
    /// Non-zero changes on each edge, at most the number of causes; 0 is the negative control.
    #[schemars(range(min = 0, max = 1_000))]
    pub changes: usize,
    /// Standard deviation of the non-zero changes.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub change_sd: f64,
    /// Standard deviation of the noise of the phenotype.
    #[schemars(range(min = 0.0, max = 1e6))]
    pub noise: f64,
}

impl Default for PhenotypeConfig {
    fn default() -> Self {
        Self { seed: 0, changes: 1, change_sd: 0.5, noise: 0.1 }
    }
}

/// The same data with a drawn target `phenotype`; the truth gains `heads` and `changes` (nodes x k).
///
/// # Errors
/// `METRIC_NEEDS_TRUTH` (no true latents), `DATA_NEEDS_TREE`, `DATA_NEEDS_ENVIRONMENTS`, `DATA_UNKNOWN_ENVIRONMENT`,
/// `DATA_CONSTANT_COLUMN`, `CONFIG_OUT_OF_RANGE`.
pub fn phenotype(dataset: &Dataset, config: &PhenotypeConfig) -> Result<Dataset> {
    let causes = dataset.truth.get("latents").ok_or_else(|| {
        Failure::new(Code::MetricNeedsTruth, "a phenotype is drawn from true latents, and the data have none")
            .hint("name the columns of the causes with `truth`")
    })?;
    let tree = dataset.tree.as_ref().ok_or_else(|| {
        Failure::new(Code::DataNeedsTree, "a phenotype changes along a tree, and the data have none")
            .hint("give one with `tree`, for example \"dendrogram\"")
    })?;
    let labels = dataset.labels.get(&Role::Environment).ok_or_else(|| {
        Failure::new(Code::DataNeedsEnvironments, "a phenotype changes between environments, and the data name none")
            .hint("name the column of environments with `environment`")
    })?;
    let k = causes.values.cols();
    if config.changes > k {
        let message = format!("changes: {} is not <= {k}, the number of causes", config.changes);
        return Err(Failure::new(Code::ConfigOutOfRange, message).at("changes"));
    }
    let nodes: Vec<usize> = labels
        .levels
        .iter()
        .map(|level| {
            tree.index_of(level).ok_or_else(|| {
                let message = format!("column {:?}: {level:?} names no node of the tree", labels.column);
                Failure::new(Code::DataUnknownEnvironment, message).with("environment", level.as_str())
            })
        })
        .collect::<Result<_>>()?;
    let z = standardised(causes)?;
    let recipe =
        SparseHeads { latents: k, changes: config.changes, change_probability: None, change_sd: config.change_sd };
    let (heads, changes) = recipe.draw(tree, config.seed, "phenotype");
    let mut noise = Stream::new(config.seed, "phenotype/noise");
    let target = Matrix::from_fn(dataset.rows(), 1, |i, _| {
        let head = heads.row(nodes[labels.codes[i] as usize]);
        let effect: f64 = z.row(i).iter().zip(head).map(|(z, w)| z * w).sum();
        (effect + config.noise * noise.normal()) as f32
    });
    let of_nodes = |values: &Matrix<f64>| Table {
        columns: causes.columns.clone(),
        rows: tree.names.clone(),
        values: values.map(|v| v as f32),
    };
    let mut out = dataset.clone();
    out.offsets.targets.clear();
    out.targets = Some(Table { columns: vec!["phenotype".into()], rows: Vec::new(), values: target });
    out.truth.insert("heads".into(), of_nodes(&heads));
    out.truth.insert("changes".into(), of_nodes(&changes));
    let settings = serde_json::to_value(config).expect("a configuration serialises");
    out.provenance.insert("phenotype".into(), settings);
    out.provenance.insert("causes".into(), Value::from(causes.columns.clone()));
    Ok(out)
}

/// The causes at mean 0 and standard deviation 1, so that every one of them can matter.
fn standardised(causes: &Table) -> Result<Matrix<f64>> {
    let mut z = causes.values.to_f64();
    let n = z.rows() as f64;
    for (j, name) in causes.columns.iter().enumerate() {
        let column = z.col(j);
        let mean = column.iter().sum::<f64>() / n;
        let sd = (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
        if !sd.is_finite() {
            return Err(Failure::new(Code::DataNotFinite, format!("cause {name:?} has values that are not finite")));
        }
        if sd <= 1e-12 * mean.abs().max(f64::MIN_POSITIVE) {
            return Err(Failure::new(Code::DataConstantColumn, format!("cause {name:?} never varies"))
                .hint("leave it out of `truth`"));
        }
        (0..z.rows()).for_each(|i| z[(i, j)] = (z[(i, j)] - mean) / sd);
    }
    Ok(z)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::tree_world::{TreeWorldConfig, tree_world};

    fn world() -> Dataset {
        let config = TreeWorldConfig { depth: 3, points_per_environment: 200, ..TreeWorldConfig::default() };
        tree_world(&config).expect("a small world")
    }

    #[test]
    fn the_target_is_the_heads_times_the_standardised_causes_plus_noise() {
        let data = phenotype(&world(), &PhenotypeConfig::default()).expect("drawn");
        let (z, labels) = (standardised(&data.truth["latents"]).expect("varies"), &data.labels[&Role::Environment]);
        let (heads, tree) = (&data.truth["heads"].values, data.tree.as_ref().expect("a tree"));
        let target = &data.targets.as_ref().expect("a target").values;
        let residuals: Vec<f64> = (0..data.rows())
            .map(|i| {
                let node = tree.index_of(labels.label(i)).expect("a node");
                let effect: f64 = (0..z.cols()).map(|j| z[(i, j)] * f64::from(heads[(node, j)])).sum();
                f64::from(target[(i, 0)]) - effect
            })
            .collect();
        let variance = residuals.iter().map(|r| r * r).sum::<f64>() / residuals.len() as f64;
        // Noise .1: variance .01, relative standard error sqrt(2 / 2800) = .027; four of them.
        assert!((variance / 0.01 - 1.0).abs() < 0.11, "{variance}");
    }

    #[test]
    fn every_edge_changes_as_many_effects_as_asked_for() {
        for changes in [0, 2] {
            let config = PhenotypeConfig { changes, ..PhenotypeConfig::default() };
            let data = phenotype(&world(), &config).expect("drawn");
            let table = &data.truth["changes"].values;
            for node in 1..table.rows() {
                assert_eq!(table.row(node).iter().filter(|v| **v != 0.0).count(), changes);
            }
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let config = PhenotypeConfig::default();
        let code = |edit: &dyn Fn(&mut Dataset)| {
            let mut data = world();
            edit(&mut data);
            phenotype(&data, &config).expect_err("something is missing").code
        };
        assert_eq!(code(&|d| d.truth.clear()), Code::MetricNeedsTruth);
        assert_eq!(code(&|d| d.tree = None), Code::DataNeedsTree);
        assert_eq!(code(&|d| d.labels.clear()), Code::DataNeedsEnvironments);
        let many = PhenotypeConfig { changes: 6, ..config.clone() };
        assert_eq!(phenotype(&world(), &many).expect_err("five causes").code, Code::ConfigOutOfRange);
    }
}
