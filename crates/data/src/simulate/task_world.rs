//! Many regression tasks on shared latents, of which every task has its own causes.
//!
//! Of D latents, task t has `causes` at random places: `z_C ~ N(0, I)`, `y = w_t . z_C + N(0, s_t^2)`, and all others follow
//! the target: `z_S = gamma_t y + N(0, 0.1^2)`, with `w ~ N(0, 1)`, `gamma ~ U(-1, 1)`, `s ~ U(2, 3)`. Measured is `x = A z`
//! with a little noise, or a network of z.
//!
//! Reference: *Leveraging task structures for improved identifiability in neural network representations*, sections 3.2 and
//! 4.1. What the paper leaves open (s, gamma, the size of the noise, latents standardised within tasks) is its code's.

mod mixing;
mod tasks;

use crate::dataset::{Dataset, Labels, Role, Table};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::simulate::row::store;
use crate::simulate::{numbered, refuse_huge};
use crate::stream::Stream;
use mixing::Map;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map as Object, Value};
use std::collections::BTreeMap;
use tasks::Tasks;

/// For the catalogue.
pub const SUMMARY: &str =
    "Many regression tasks on shared latents: each task has its own few causes, all other latents follow its target.";

/// How latents become inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mixing {
    /// The inputs are the latents.
    Identity,
    /// A matrix of standard normal entries.
    #[default]
    Random,
    /// A random rotation or reflection.
    Orthogonal,
    /// A random network with one hidden layer of rectified units, as wide as the inputs.
    Network,
}

/// Configuration of the simulator `task-world`. The defaults are those of the paper's linear experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TaskWorldConfig {
    /// Seed of every random number.
    #[schemars(range(min = 0))]
    pub seed: u64,
    /// Number of tasks.
    #[schemars(range(min = 1, max = 100_000))]
    pub tasks: usize,
    /// Rows of each task; every task draws its own.
    #[schemars(range(min = 2, max = 1_000_000))]
    pub points_per_task: usize,
    /// Number of latents. Default: 10, and with a network half the inputs, at most 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1, max = 1_000))]
    pub latents: Option<usize>,
    /// Latents that cause the target of a task, at most `latents`; all others follow it.
    #[schemars(range(min = 1, max = 1_000))]
    pub causes: usize,
    /// How latents become inputs.
    pub mixing: Mixing,
    /// Number of input columns. Default: as many as latents, and 100 with a network, the only mixing that can have more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1, max = 100_000))]
    pub inputs: Option<usize>,
    /// Standard deviation of the noise of the inputs. Default: 0.01, and 0 with a network.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", range(min = 0.0, max = 1e6))]
    pub noise: Option<f64>,
    /// Whether every latent is brought to mean 0 and standard deviation 1 within each task, before it is mixed.
    pub standardize: bool,
}

impl Default for TaskWorldConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            tasks: 200,
            points_per_task: 100,
            latents: None,
            causes: 2,
            mixing: Mixing::Random,
            inputs: None,
            noise: None,
            standardize: true,
        }
    }
}

/// What was left open in a configuration, settled.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    latents: usize,
    inputs: usize,
    noise: f64,
}

/// Simulates a task world in long form: tasks `t1`, `t2`, ... one after the other, one target `y`. Truth: `latents` (n x D);
/// `causes` (tasks x D, 1 = causes the target); `coefficients` (tasks x D, in units of the given latents: effects on the
/// target for causes, effects of the target for all others); `mixing` (inputs x D), unless it is a network.
///
/// Every task draws from its own step of each stream: more tasks leave the first ones as they were.
///
/// # Errors
/// `CONFIG_CONFLICT`, `CONFIG_OUT_OF_RANGE`.
pub fn task_world(config: &TaskWorldConfig) -> Result<Dataset> {
    let sizes = settled(config)?;
    let config = TaskWorldConfig {
        latents: Some(sizes.latents),
        inputs: Some(sizes.inputs),
        noise: Some(sizes.noise),
        ..config.clone()
    };
    let tasks = Tasks::new(&config, sizes.latents);
    let map = Map::draw(config.mixing, sizes.latents, sizes.inputs, config.seed);
    let noise = Stream::new(config.seed, "task-world/input-noise");
    let (n, points) = (config.tasks * config.points_per_task, config.points_per_task);
    let mut inputs = Matrix::zeros(n, sizes.inputs);
    let mut latents = Matrix::zeros(n, sizes.latents);
    let mut targets = Matrix::zeros(n, 1);
    let mut causes = Matrix::zeros(config.tasks, sizes.latents);
    let mut coefficients = Matrix::zeros(config.tasks, sizes.latents);
    for t in 0..config.tasks {
        let task = tasks.draw(t as u32);
        let mut noise = noise.at(t as u32);
        for i in 0..points {
            let row = t * points + i;
            let z = task.latents.row(i);
            store(latents.row_mut(row), z.iter().copied());
            targets[(row, 0)] = task.targets[i] as f32;
            let x = map.apply(z);
            store(inputs.row_mut(row), x.into_iter().map(|x| x + sizes.noise * noise.normal()));
        }
        store(causes.row_mut(t), task.is_cause.iter().map(|&is_cause| f64::from(u8::from(is_cause))));
        store(coefficients.row_mut(t), task.coefficients.iter().copied());
    }

    let names = numbered("t", config.tasks);
    let latent_names = numbered("z", sizes.latents);
    let input_names = numbered("x", sizes.inputs);
    let about = |rows: &[String], values: Matrix| Table { columns: latent_names.clone(), rows: rows.to_vec(), values };
    let mut truth = BTreeMap::from([
        ("latents".to_owned(), about(&[], latents)),
        ("causes".to_owned(), about(&names, causes)),
        ("coefficients".to_owned(), about(&names, coefficients)),
    ]);
    if let Map::Linear(matrix) = &map {
        truth.insert("mixing".to_owned(), about(&input_names, matrix.map(|a| a as f32)));
    }
    let labels = Labels {
        column: "task".into(),
        levels: names,
        codes: (0..config.tasks as u32).flat_map(|task| std::iter::repeat_n(task, points)).collect(),
    };
    Ok(Dataset {
        name: "task-world".into(),
        inputs,
        input_names,
        labels: BTreeMap::from([(Role::Task, labels)]),
        targets: Some(Table { columns: vec!["y".into()], rows: Vec::new(), values: targets }),
        truth,
        provenance: Object::from_iter([
            ("simulator".to_owned(), Value::from("task-world")),
            ("config".to_owned(), serde_json::to_value(&config).expect("a configuration serialises")),
        ]),
        ..Dataset::default()
    })
}

/// What was left open, filled in, once all values fit together.
fn settled(config: &TaskWorldConfig) -> Result<Sizes> {
    let network = config.mixing == Mixing::Network;
    let (latents, inputs) = match network {
        true => {
            let inputs = config.inputs.unwrap_or(100);
            (config.latents.unwrap_or((inputs / 2).clamp(1, 20)), inputs)
        }
        false => {
            let latents = config.latents.or(config.inputs).unwrap_or(10);
            (latents, config.inputs.unwrap_or(latents))
        }
    };
    if inputs != latents && !network {
        let message = format!("inputs: {inputs}, but a linear mixing of {latents} latents has {latents}");
        return Err(Failure::new(Code::ConfigConflict, message)
            .at("inputs")
            .hint("leave `inputs` out, or set `mixing` to \"network\""));
    }
    let at_most = |path: &str, value: usize, most: usize, of: &str| match value <= most {
        true => Ok(()),
        false => {
            Err(Failure::new(Code::ConfigOutOfRange, format!("{path}: {value} is not <= {most}, the number of {of}"))
                .at(path))
        }
    };
    at_most("latents", latents, inputs, "inputs")?;
    at_most("causes", config.causes, latents, "latents")?;
    let rows = config.tasks as u128 * config.points_per_task as u128;
    let values = rows * (inputs + latents + 1) as u128 + (2 * config.tasks * latents) as u128;
    refuse_huge(values, "pointsPerTask", "simulate fewer tasks, fewer points or fewer columns")?;
    Ok(Sizes { latents, inputs, noise: config.noise.unwrap_or(if network { 0.0 } else { 0.01 }) })
}

#[cfg(test)]
mod tests;
