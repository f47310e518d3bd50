//! Whether there are as many different tasks as the theorems ask for.

use super::Task;
use crate::prepare::{Prepared, Warning};
use std::collections::BTreeMap;

/// Standardised targets that differ by less are the same: f32 rounds numbers of any unit far below this.
const SAME: f64 = 1e-4;

/// Number of rows, and the bits of the first one's inputs. Copies agree in both, so few tasks have to be compared.
type Beginning = (usize, Vec<u32>);

/// The least number of different tasks with which `latent_dim` latents can be identified up to order and scale.
///
/// *Leveraging task structures for improved identifiability in neural network representations*: Theorem 3.2 asks for D tasks
/// with linearly independent weights; Theorem 3.4 for 2 D + 1 pairs (y, task) whose natural parameters differ in 2 D
/// independent directions. Half of these parameters, the variances, depend on the task alone, so T tasks reach at most
/// T - 1 of their D directions: D + 1 tasks are necessary. They are sufficient only when they differ enough.
pub fn least_tasks(latent_dim: usize) -> usize {
    latent_dim + 1
}

impl Prepared {
    /// Pairs (first, copy) of tasks that have the same rows, or rows with the same inputs, and the same target up to its
    /// unit; every copy stands once, beside the first of its kind.
    pub fn copies(&self, tasks: &[Task]) -> Vec<(usize, usize)> {
        let mut alike: BTreeMap<Beginning, Vec<(usize, Scale)>> = BTreeMap::new();
        let mut copies = Vec::new();
        for (t, task) in tasks.iter().enumerate() {
            let Some(&row) = task.rows.first() else { continue };
            let begin = self.inputs.row(row).iter().map(|value| value.to_bits()).collect();
            let firsts = alike.entry((task.rows.len(), begin)).or_default();
            let scale = Scale::of(task);
            match firsts.iter().find(|(first, other)| self.same(&tasks[*first], other, task, &scale)) {
                Some(&(first, _)) => copies.push((first, t)),
                None => firsts.push((t, scale)),
            }
        }
        copies
    }

    /// What a method with this many latents should tell about its tasks.
    pub fn task_warnings(&self, tasks: &[Task], latent_dim: usize) -> Vec<Warning> {
        let copies = self.copies(tasks);
        let pair = |&(a, b): &(usize, usize)| format!("{:?} and {:?}", tasks[a].name, tasks[b].name);
        let identical = (!copies.is_empty()).then(|| {
            let first: Vec<String> = copies.iter().take(4).map(pair).collect();
            let more = match copies.len().saturating_sub(4) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let message = format!("tasks that are the same but for their unit: {}{more}", first.join(", "));
            Warning::new("TASKS_IDENTICAL", message)
                .hint("keep one of each: a copy tells nothing new about the latents")
        });
        let (had, needed) = (tasks.len() - copies.len(), least_tasks(latent_dim));
        let too_few = (had < needed).then(|| {
            let message = format!("{latent_dim} latents need at least {needed} different tasks, the data have {had}");
            Warning::new("TASKS_TOO_FEW", message)
                .hint("with fewer the theorem does not hold: choose a smaller latentDim, or add tasks")
        });
        identical.into_iter().chain(too_few).collect()
    }

    fn same(&self, a: &Task, of_a: &Scale, b: &Task, of_b: &Scale) -> bool {
        let targets = |sign: f64| {
            a.values.iter().zip(&b.values).all(|(&a, &b)| (of_a.apply(a) - sign * of_b.apply(b)).abs() < SAME)
        };
        let rows = || a.rows.iter().zip(&b.rows).all(|(&a, &b)| a == b || self.inputs.row(a) == self.inputs.row(b));
        (targets(1.0) || targets(-1.0)) && rows()
    }
}

/// Mean and standard deviation of a task's target.
struct Scale {
    mean: f64,
    sd: f64,
}

impl Scale {
    fn of(task: &Task) -> Self {
        let n = task.values.len() as f64;
        let mean = task.values.iter().map(|&value| f64::from(value)).sum::<f64>() / n;
        let variance = task.values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / n;
        Self { mean, sd: variance.sqrt() }
    }

    fn apply(&self, value: f32) -> f64 {
        (f64::from(value) - self.mean) / self.sd
    }
}
