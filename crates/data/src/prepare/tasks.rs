//! Regression tasks, in one form wherever they come from.
//!
//! Long form: one row per sample and task, `task` labels and one target. Wide form: one row per sample, one target per task,
//! NaN where a sample has no value for a task.

mod distinct;

pub use distinct::least_tasks;

use super::Prepared;
use super::environments::listed;
use crate::dataset::{Labels, Role};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::split::Split;

/// One regression task: the rows that have its target.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The label, or the name of the target column.
    pub name: String,
    /// Indices of kept rows, ascending.
    pub rows: Vec<usize>,
    /// Its target at these rows, finite, as prepared: standardised as a column, not per task.
    pub values: Vec<f32>,
}

/// How data name their tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskForm {
    /// One row per sample and task: labels and one target.
    Long,
    /// One row per sample: one target per task.
    Wide,
}

impl Task {
    /// Whether the target has exactly two distinct values.
    pub fn is_binary(&self) -> bool {
        let first = self.values.first();
        let Some(second) = self.values.iter().find(|&value| Some(value) != first) else { return false };
        self.values.iter().all(|value| value == second || Some(value) == first)
    }

    /// Whether the target has fewer than two distinct values.
    pub fn is_constant(&self) -> bool {
        self.values.windows(2).all(|pair| pair[0] == pair[1])
    }
}

/// The form of the tasks and all that have rows, out of labels and targets (n x t); `None` where they name none.
pub(crate) fn collect(labels: Option<&Labels>, names: &[String], values: &Matrix) -> Option<(TaskForm, Vec<Task>)> {
    let form = form(labels, names)?;
    let mut tasks = match labels {
        Some(labels) => long(labels, values),
        None => wide(names, values),
    };
    tasks.retain(|task| !task.rows.is_empty());
    Some((form, tasks))
}

fn form(labels: Option<&Labels>, names: &[String]) -> Option<TaskForm> {
    match labels {
        Some(_) if names.len() == 1 => Some(TaskForm::Long),
        None if names.len() > 1 => Some(TaskForm::Wide),
        _ => None,
    }
}

impl Prepared {
    /// The form of the tasks; `None` where the data name none.
    pub fn task_form(&self) -> Option<TaskForm> {
        form(self.labels.get(&Role::Task), &self.targets.as_ref()?.names)
    }

    /// The tasks, from either form, in order of labels or columns: at least two, each with training rows over which its
    /// target varies.
    ///
    /// # Errors
    /// `DATA_NEEDS_TASKS`, `DATA_NEEDS_TARGET`, `DATA_TOO_FEW_ROWS` (a task without a training row), `DATA_CONSTANT_COLUMN`.
    pub fn tasks(&self, method: &str) -> Result<Vec<Task>> {
        let Some((_, tasks)) = self.collected() else {
            let Some(labels) = self.labels.get(&Role::Task) else {
                let message =
                    format!("{method} needs several tasks, the data have no task labels and no second target");
                return Err(needs_tasks(message));
            };
            let count = self.needs_target(method)?.names.len();
            let message = format!("column {:?} labels tasks, and there are {count} targets", labels.column);
            return Err(needs_tasks(message).with("targets", count));
        };
        if tasks.len() < 2 {
            let message = format!("{method} needs at least 2 tasks, the data have {}", tasks.len());
            return Err(needs_tasks(message).with("tasks", tasks.len()));
        }
        self.learnable(&tasks)?;
        Ok(tasks)
    }

    fn collected(&self) -> Option<(TaskForm, Vec<Task>)> {
        let targets = self.targets.as_ref()?;
        collect(self.labels.get(&Role::Task), &targets.names, &targets.values)
    }

    /// Fails unless every task has at least `least` training rows.
    ///
    /// # Errors
    /// `DATA_TOO_FEW_ROWS` naming the tasks.
    pub fn needs_points(&self, tasks: &[Task], least: usize, method: &str) -> Result<()> {
        let points = |task: &Task| self.training(task).count();
        let few: Vec<&Task> = tasks.iter().filter(|task| points(task) < least).collect();
        let Some(fewest) = few.iter().map(|task| points(task)).min() else { return Ok(()) };
        let names: Vec<&str> = few.iter().map(|task| task.name.as_str()).collect();
        let message = format!(
            "{method} needs at least {least} training rows in every task; {} of {} tasks have fewer, the smallest {fewest}: {}",
            few.len(),
            tasks.len(),
            listed(&names)
        );
        Err(Failure::new(Code::DataTooFewRows, message)
            .hint("give these tasks more rows, leave them out, or choose a smaller latentDim")
            .with("tasks", names)
            .with("rows", fewest)
            .with("needed", least))
    }

    /// Indices of the tasks, in either form, whose target has exactly two distinct values.
    pub fn binary_tasks(&self) -> Vec<usize> {
        let tasks = self.collected().map_or_else(Vec::new, |(_, tasks)| tasks);
        (0..tasks.len()).filter(|&task| tasks[task].is_binary()).collect()
    }

    /// The training values of a task.
    fn training<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = f32> + 'a {
        task.rows.iter().zip(&task.values).filter(|&(&row, _)| self.split[row] == Split::Train).map(|(_, &value)| value)
    }

    /// Fails unless the target of every task varies over its training rows.
    fn learnable(&self, tasks: &[Task]) -> Result<()> {
        let names = |pick: &dyn Fn(&Task) -> bool| -> Vec<&str> {
            tasks.iter().filter(|task| pick(task)).map(|task| task.name.as_str()).collect()
        };
        let empty = names(&|task| self.training(task).next().is_none());
        if !empty.is_empty() {
            return Err(Failure::new(
                Code::DataTooFewRows,
                format!("tasks without a training row: {}", listed(&empty)),
            )
            .hint("give them more rows, leave them out, or choose a larger fraction `train`")
            .with("tasks", empty));
        }
        let constant = names(&|task| {
            let mut values = self.training(task);
            let first = values.next();
            values.all(|value| Some(value) == first)
        });
        if !constant.is_empty() {
            let message = format!("tasks whose target never varies over their training rows: {}", listed(&constant));
            return Err(Failure::new(Code::DataConstantColumn, message)
                .hint("nothing can be learned from them: leave them out, or give them more rows")
                .with("tasks", constant));
        }
        Ok(())
    }
}

fn needs_tasks(message: String) -> Failure {
    Failure::new(Code::DataNeedsTasks, message)
        .hint("name the column of tasks with `task` and one target with `target`, or several targets with `target`")
}

fn long(labels: &Labels, values: &Matrix) -> Vec<Task> {
    let empty = |name: &String| Task { name: name.clone(), rows: Vec::new(), values: Vec::new() };
    let mut tasks: Vec<Task> = labels.levels.iter().map(empty).collect();
    for (row, &code) in labels.codes.iter().enumerate() {
        let (task, value) = (&mut tasks[code as usize], values[(row, 0)]);
        // An empty label is a missing one.
        if !value.is_nan() && !task.name.is_empty() {
            task.rows.push(row);
            task.values.push(value);
        }
    }
    tasks
}

fn wide(names: &[String], values: &Matrix) -> Vec<Task> {
    let task = |(column, name): (usize, &String)| {
        let known = (0..values.rows()).map(|row| (row, values[(row, column)]));
        let (rows, values) = known.filter(|(_, value)| !value.is_nan()).unzip();
        Task { name: name.clone(), rows, values }
    };
    names.iter().enumerate().map(task).collect()
}

#[cfg(test)]
mod tests;
