//! Regression tasks, in one form wherever they come from.
//!
//! Long form: one row per sample and task, `task` labels and one target. Wide form: one row per sample, one target per task,
//! NaN where a sample has no value for a task.

use super::environments::listed;
use super::{Prepared, Targets};
use crate::dataset::{Labels, Role};
use crate::failure::{Code, Failure, Result};
use crate::split::{Split, rows_by_level};

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
        is_binary(self.values.iter().copied())
    }
}

/// Whether there are exactly two distinct values, NaN aside.
pub(crate) fn is_binary(values: impl Iterator<Item = f32>) -> bool {
    let mut two: [Option<f32>; 2] = [None; 2];
    for value in values.filter(|value| !value.is_nan()) {
        match two {
            [Some(a), _] if a == value => {}
            [_, Some(b)] if b == value => {}
            [None, _] => two[0] = Some(value),
            [_, None] => two[1] = Some(value),
            _ => return false,
        }
    }
    two[1].is_some()
}

impl Prepared {
    /// The form of the tasks; `None` where the data name none.
    pub fn task_form(&self) -> Option<TaskForm> {
        let targets = self.targets.as_ref().map_or(0, |targets| targets.names.len());
        match self.labels.contains_key(&Role::Task) {
            true if targets == 1 => Some(TaskForm::Long),
            false if targets > 1 => Some(TaskForm::Wide),
            _ => None,
        }
    }

    /// The tasks, from either form, in order of labels or columns: at least two, each with training rows over which its
    /// target varies.
    ///
    /// # Errors
    /// `DATA_NEEDS_TASKS`, `DATA_NEEDS_TARGET`, `DATA_TOO_FEW_ROWS` (a task without a training row), `DATA_CONSTANT_COLUMN`.
    pub fn tasks(&self, method: &str) -> Result<Vec<Task>> {
        let tasks = match (self.labels.get(&Role::Task), &self.targets) {
            (None, Some(targets)) if targets.names.len() > 1 => wide(targets),
            (None, _) => {
                let message =
                    format!("{method} needs several tasks, the data have no task labels and no second target");
                return Err(needs_tasks(message));
            }
            (Some(labels), _) => {
                let targets = self.needs_target(method)?;
                if targets.names.len() > 1 {
                    let count = targets.names.len();
                    let message = format!("column {:?} labels tasks, and there are {count} targets", labels.column);
                    return Err(needs_tasks(message).with("targets", count));
                }
                long(labels, targets)?
            }
        };
        if tasks.len() < 2 {
            let message = format!("{method} needs at least 2 tasks, the data have {}", tasks.len());
            return Err(needs_tasks(message).with("tasks", tasks.len()));
        }
        self.learnable(&tasks)?;
        Ok(tasks)
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
                .hint("nothing can be learnt from them: leave them out, or give them more rows")
                .with("tasks", constant));
        }
        Ok(())
    }
}

fn needs_tasks(message: String) -> Failure {
    Failure::new(Code::DataNeedsTasks, message)
        .hint("name the column of tasks with `task` and one target with `target`, or several targets with `target`")
}

fn long(labels: &Labels, targets: &Targets) -> Result<Vec<Task>> {
    let groups = rows_by_level(labels, targets.values.rows())?;
    let tasks = groups.into_iter().zip(&labels.levels).filter(|(rows, _)| !rows.is_empty());
    Ok(tasks
        .map(|(rows, name)| Task {
            name: name.clone(),
            values: rows.iter().map(|&row| targets.values[(row, 0)]).collect(),
            rows,
        })
        .collect())
}

fn wide(targets: &Targets) -> Vec<Task> {
    let task = |(column, name): (usize, &String)| {
        let known = (0..targets.values.rows()).map(|row| (row, targets.values[(row, column)]));
        let (rows, values) = known.filter(|(_, value)| !value.is_nan()).unzip();
        Task { name: name.clone(), rows, values }
    };
    targets.names.iter().enumerate().map(task).collect()
}

#[cfg(test)]
mod tests;
