//! The tasks of a data set, before anything is learnt from them.

use super::{ColumnList, LISTED};
use crate::dataset::{Dataset, Role};
use crate::prepare::tasks::{Task, TaskForm, collect};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tasks: labels with one target, or several targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskDescription {
    /// `long`: one row per sample and task; `wide`: one target per task.
    pub form: String,
    /// Number of tasks that have a target.
    pub count: usize,
    /// Number of tasks whose target has exactly two values.
    pub binary: usize,
    /// Tasks whose target never varies; methods that learn tasks refuse them.
    pub constant: ColumnList,
    /// Rows of the smallest task.
    pub fewest_rows: usize,
    /// Rows of the largest task.
    pub most_rows: usize,
    /// One entry per task, in order of labels or columns.
    pub tasks: Vec<TaskSummary>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskSummary {
    /// The label, or the name of the target column.
    pub task: String,
    /// Rows that have its target.
    pub rows: usize,
    /// Whether its target has exactly two values.
    pub binary: bool,
}

/// `None` where the data name no tasks, or none has a target.
pub(super) fn tasks(dataset: &Dataset) -> Option<TaskDescription> {
    let targets = dataset.targets.as_ref()?;
    let (form, tasks) = collect(dataset.labels.get(&Role::Task), &targets.columns, &targets.values)?;
    let sizes = || tasks.iter().map(|task| task.rows.len());
    let constant: Vec<&Task> = tasks.iter().filter(|task| task.is_constant()).collect();
    Some(TaskDescription {
        form: match form {
            TaskForm::Long => "long".to_owned(),
            TaskForm::Wide => "wide".to_owned(),
        },
        count: tasks.len(),
        binary: tasks.iter().filter(|task| task.is_binary()).count(),
        constant: ColumnList {
            count: constant.len(),
            first: constant.into_iter().take(LISTED).map(|task| task.name.clone()).collect(),
        },
        fewest_rows: sizes().min()?,
        most_rows: sizes().max()?,
        tasks: tasks
            .iter()
            .map(|task| TaskSummary { task: task.name.clone(), rows: task.rows.len(), binary: task.is_binary() })
            .collect(),
    })
}
