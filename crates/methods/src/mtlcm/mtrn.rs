//! MTRN: a code that many tasks share, with one linear head per task; the first stage of MTLCM.

use crate::descent_options::{Defaults, DescentOptions};
use disentangle_data::prepare::{Prepared, TaskForm};
use disentangle_data::split::Split;
use disentangle_engine::method::{Batch, Batching, Dimensions, Keep, Network, Recipe as Descent, Term};
use disentangle_engine::train::Units;
use disentangle_nn::optim::{AdamSettings, Schedule};
use disentangle_nn::{
    Activation, Init, Layer, Mlp, Params, TaskKind, TaskRows, head_product, mean_squared_error, task_loss,
};
use disentangle_nn::{Tensor, Var};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How MTRN is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "MtrnRecipe")]
pub enum Recipe {
    /// Heads are solved for in every step, the encoder follows the gradient.
    #[default]
    SolvedHeads,
    /// The published procedure: heads are parameters as well, by Adam at a constant rate.
    Paper,
}

/// What MTRN begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct MtrnDescent;

impl Defaults for MtrnDescent {
    const BATCH_SIZE: usize = 1024;
    const KEEP: Keep = Keep::Best;
}

/// Encoder and training of MTRN.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MtrnOptions {
    /// How MTRN is trained: `solved-heads` needs far fewer steps; `paper` is the published procedure.
    pub recipe: Recipe,
    /// Widths of the encoder's hidden layers (ReLU). Absent: one layer, four times as wide as the inputs, at least 64 and
    /// at most 1024.
    #[schemars(length(min = 1, max = 8), inner(range(min = 1, max = 65536)))]
    pub hidden: Option<Vec<usize>>,
    /// Gradient steps. Absent: 2000 for `solved-heads`, 40000 for `paper`.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: Option<usize>,
    /// Tasks per step, each with all its training rows, where rows belong to one task each and `recipe` is `solved-heads`; elsewhere
    /// `batchSize` counts.
    #[schemars(range(min = 1, max = 65536))]
    pub tasks_per_batch: usize,
    /// Peak learning rate of Adam. Absent: 0.01 for `solved-heads`, 0.001 for `paper`.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: Option<f64>,
    /// Decoupled weight decay. Helps when rows are few.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub weight_decay: f64,
    /// How a step is taken, and when the descent ends.
    #[serde(flatten)]
    pub descent: DescentOptions<MtrnDescent>,
}

impl Default for MtrnOptions {
    fn default() -> Self {
        Self {
            recipe: Recipe::SolvedHeads,
            hidden: None,
            steps: None,
            tasks_per_batch: 10,
            learning_rate: None,
            weight_decay: 0.0,
            descent: DescentOptions::default(),
        }
    }
}

/// Share of the code's variance that is added where heads are solved for.
const RIDGE: f64 = 1e-4;

impl MtrnOptions {
    /// Fills what depends on the recipe.
    pub fn settle(&mut self) {
        let (steps, learning_rate) = match self.recipe {
            Recipe::SolvedHeads => (2000, 1e-2),
            Recipe::Paper => (40_000, 1e-3),
        };
        self.steps.get_or_insert(steps);
        self.learning_rate.get_or_insert(learning_rate);
    }

    /// The stage of descent, for `k` latents.
    pub fn descent(&self, data: &Prepared, k: usize) -> Descent {
        let batches = match (self.recipe, data.task_form()) {
            (Recipe::SolvedHeads, Some(TaskForm::Long)) => Batching::Tasks(self.tasks_per_batch),
            _ => Batching::Rows(self.descent.batch_size),
        };
        // Heads cannot be solved for on few validation rows: these say nothing then.
        let units = Units::of(data, Split::Validation, batches);
        let largest = match batches {
            Batching::Tasks(_) => (0..units.len()).map(|i| units.get(i).len()).max().unwrap_or(0),
            Batching::Rows(_) | Batching::Environments(_) => units.len(),
        };
        let keep = if self.recipe == Recipe::SolvedHeads && largest < k + 2 { Keep::Last } else { self.descent.keep };
        Descent {
            adam: AdamSettings { weight_decay: self.weight_decay, ..AdamSettings::default() },
            batches,
            keep,
            ..self.descent.recipe(
                "mtrn",
                self.steps.unwrap_or(2000),
                self.learning_rate.unwrap_or(1e-2),
                match self.recipe {
                    Recipe::SolvedHeads => Schedule::Cosine { warmup: 0.05, floor: 1e-4 },
                    Recipe::Paper => Schedule::Constant,
                },
            )
        }
    }

    /// Adds the parameters of encoder and heads: `encoder.*`, and for `paper` `heads.weight` (tasks, k) and `heads.bias`.
    ///
    /// # Errors
    /// Those of candle.
    pub fn network(
        &self,
        d: &Dimensions,
        latents: usize,
        params: &mut Params,
        seed: u64,
    ) -> disentangle_nn::Result<Mtrn> {
        let hidden = self.hidden.clone().unwrap_or_else(|| vec![(4 * d.inputs).clamp(64, 1024)]);
        let sizes: Vec<usize> = std::iter::once(d.inputs).chain(hidden).chain([latents]).collect();
        let encoder = Mlp::new(params, "encoder", &sizes, Activation::Relu, Activation::Identity, seed)?;
        let tasks = if d.tasks > 0 { d.tasks } else { d.targets };
        let heads = match self.recipe {
            Recipe::SolvedHeads => None,
            Recipe::Paper => {
                let init = Init::Uniform { fan_in: latents };
                let weight = params.insert("heads.weight", &[tasks, latents], &init, seed)?;
                Some((weight, params.insert("heads.bias", &[tasks], &init, seed)?))
            }
        };
        let mut binary = vec![false; tasks];
        d.binary.iter().for_each(|&task| binary[task] = true);
        Ok(Mtrn { encoder, heads, binary })
    }
}

/// Encoder and heads.
#[derive(Debug)]
pub struct Mtrn {
    encoder: Mlp,
    /// Weights (tasks, k) and intercepts (tasks), where they are parameters.
    heads: Option<(Var, Var)>,
    /// Whether the target of each task has two values.
    binary: Vec<bool>,
}

impl Network for Mtrn {
    fn loss(&self, batch: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        let h = self.encoder.forward(&batch.inputs)?;
        let value = match &self.heads {
            None => task_loss(&h, self.task_rows(batch)?, RIDGE)?,
            Some((weight, bias)) => squared_errors(&h, weight, bias, batch)?,
        };
        Ok(vec![Term { name: "fit", value }])
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        self.encoder.apply(inputs)
    }

    fn encoder_layers(&self) -> disentangle_nn::Result<Option<Vec<Layer>>> {
        Ok(Some(self.encoder.layers()))
    }
}

impl Mtrn {
    /// The tasks of a batch, from either form.
    fn task_rows(&self, batch: &Batch) -> disentangle_nn::Result<Vec<TaskRows>> {
        let values: Vec<f64> = batch.given.iter().map(|&value| f64::from(value)).collect();
        let columns = if batch.tasks.is_empty() { self.binary.len() } else { 1 };
        let mut rows_of = vec![Vec::new(); self.binary.len()];
        for (at, _) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let row = at / columns;
            rows_of[batch.tasks.get(row).map_or(at % columns, |&task| task as usize)].push(row as u32);
        }
        let mut out: Vec<TaskRows> = Vec::new();
        for (task, (rows, &binary)) in rows_of.into_iter().zip(&self.binary).enumerate() {
            let value = |row: u32| values[row as usize * columns + task % columns];
            let rows: Arc<[u32]> = rows.into();
            // Tasks without gaps have the same rows: they share one list.
            let rows = match out.last() {
                Some(last) if last.rows == rows => last.rows.clone(),
                _ => rows,
            };
            let values: Vec<f64> = rows.iter().map(|&row| value(row)).collect();
            let (kind, values) = match binary {
                false => (TaskKind::Regression, values),
                true => {
                    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    (TaskKind::Binary, values.iter().map(|&v| f64::from(u8::from(v == top))).collect())
                }
            };
            if !rows.is_empty() {
                out.push(TaskRows { kind, rows, values });
            }
        }
        Ok(out)
    }
}

/// Half the mean squared error over all pairs of a row and a task with a target.
fn squared_errors(h: &Tensor, weight: &Var, bias: &Var, batch: &Batch) -> disentangle_nn::Result<Tensor> {
    if !batch.tasks.is_empty() {
        let codes = Tensor::from_slice(&batch.tasks, batch.tasks.len(), h.device())?;
        let prediction = (head_product(h, weight, &batch.tasks)? + bias.index_select(&codes, 0)?)?;
        return mean_squared_error(&prediction, &batch.targets)? * 0.5;
    }
    let prediction = h.matmul(&weight.t()?)?.broadcast_add(bias)?;
    let known = batch.targets.eq(&batch.targets)?; // NaN is not itself
    let target = known.where_cond(&batch.targets, &prediction.detach())?;
    let count = batch.given.iter().filter(|value| !value.is_nan()).count().max(1) as f64;
    (prediction - target)?.sqr()?.sum_all()? * (0.5 / count)
}
