//! What a fit gives back, as plain data: outcome, history and summary. TypeScript's types are generated from here.

use disentangle_data::Matrix;
use disentangle_data::prepare::Warning;
use disentangle_metrics::indicator_check::{Decision, Tally};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod decoded;
mod graph;
mod silence;

pub use decoded::{Counterfactuals, Pictures, ReconstructionRow, Response, Traversal};
pub use graph::{CausalGraph, CauseSet, GraphTie};
pub use silence::{BlockPart, Silence, SilentBlock, SilentLatent, Slab, Spike};

/// How a fit ended. Not converging is an outcome, never an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// What happened.
    pub kind: OutcomeKind,
    /// Gradient steps taken, over all stages.
    pub step: usize,
    /// The loss term, parameter or gradient behind `non-finite`; the budget behind a `step-limit` that it set; the step of the lowest
    /// validation loss behind `rising`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub term: Option<String>,
}

/// The ways in which a fit can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// The schedule ended and the validation loss had stopped moving.
    Converged,
    /// The schedule, or a budget, ended while the validation loss still moved.
    StepLimit,
    /// The schedule ended with a validation loss above its lowest one by more than its noise: what was learned after that is of the training
    /// rows alone.
    Rising,
    /// The validation loss stopped improving before the schedule ended.
    EarlyStop,
    /// The loss grew without bound.
    Diverged,
    /// A loss term or a gradient left the finite numbers; the last good state is kept.
    NonFinite,
    /// The user stopped the fit.
    Cancelled,
}

impl OutcomeKind {
    /// The word that users see.
    pub fn as_str(self) -> &'static str {
        match self {
            OutcomeKind::Converged => "converged",
            OutcomeKind::StepLimit => "step-limit",
            OutcomeKind::Rising => "rising",
            OutcomeKind::EarlyStop => "early-stop",
            OutcomeKind::Diverged => "diverged",
            OutcomeKind::NonFinite => "non-finite",
            OutcomeKind::Cancelled => "cancelled",
        }
    }
}

/// Loss terms over steps.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// In the order in which they ran.
    pub stages: Vec<StageHistory>,
}

/// The curves of one stage; all `terms` have the length of `steps`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StageHistory {
    /// For example `joint`, or `latentDim=3 joint`.
    pub name: String,
    /// Step numbers of this stage at which terms were recorded.
    pub steps: Vec<usize>,
    /// Weighted loss terms by name, and their sum as `total`. Each point is the mean since the point before.
    pub terms: BTreeMap<String, Vec<f64>>,
    /// Norm of the gradient over all parameters, before any clipping, at `steps`. Each is the mean since the point before.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub gradient_norms: Vec<f64>,
    /// Norm of all parameters, at `steps`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub parameter_norms: Vec<f64>,
    /// Held constraints, at `steps`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub constraints: Vec<ConstraintCurve>,
    /// Loss on validation rows, at its own steps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub validation: Option<Curve>,
}

/// How a constraint was held: what the step saw at each recorded point.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConstraintCurve {
    /// Name of the constraint.
    pub name: String,
    /// Its violation, signed.
    pub violations: Vec<f64>,
    /// Its multiplier after the step.
    pub multipliers: Vec<f64>,
}

impl ConstraintCurve {
    /// A curve without points.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

/// Values at steps.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Curve {
    /// Step numbers.
    pub steps: Vec<usize>,
    /// One value per step.
    pub values: Vec<f64>,
}

/// What a fit found, in numbers every method has, plus the parts only some have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Name of the method.
    pub method: String,
    /// Names, means and standard deviations of the latents over the training rows.
    pub latents: LatentSummary,
    /// The same of private variables, which have no part in the graph, for methods that set such apart.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub private: Option<LatentSummary>,
    /// Error of the predicted target by split, over all rows (`environment` absent) and per environment.
    pub errors: Vec<ErrorRow>,
    /// What the prior of the latents is conditioned on, for methods that have such a prior.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub conditioned: Option<Conditioned>,
    /// Linear heads in units of the target per standard deviation of the latent, one row per environment node.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub heads: Option<NamedMatrix>,
    /// The tree with the change on the edge above each node.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tree: Option<TreeSummary>,
    /// The role of every latent in every task.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tasks: Option<TaskRoles>,
    /// When each latent is silent, for methods that look for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub silence: Option<Silence>,
    /// How inputs depend on latents, for methods with a linear model of the inputs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub loadings: Option<Loadings>,
    /// `map`: latents = `map` x (latents before the closed-form stage); absent where there is no such stage.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub map: Option<LatentMap>,
    /// The causal graph of the latents, where the method finds one itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub graph: Option<CausalGraph>,
    /// Which latents the data identify, where the method checks it latent by latent.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub identification: Vec<Identification>,
    /// How well the inputs come back from the latents, by split, where the method has a decoder.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub reconstruction: Vec<ReconstructionRow>,
    /// What each latent does to the others and to the inputs, where the method has a decoder or mechanisms.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub traversals: Vec<Traversal>,
    /// What some rows of images would look like with other latents, where the method has a decoder and mechanisms.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub counterfactuals: Vec<Counterfactuals>,
    /// How a hyper-parameter was chosen without truth.
    pub choices: Vec<Choice>,
    /// What the method assumes, and what the data say of it.
    pub assumptions: Vec<Assumption>,
    /// What a reader of the numbers should know.
    pub warnings: Vec<Warning>,
    /// Further single numbers.
    pub facts: Vec<Fact>,
}

/// What the prior of the latents is conditioned on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conditioned {
    /// `target`, `environment`, or `target and task`.
    pub on: String,
    /// The columns that hold it.
    pub columns: Vec<String>,
    /// Environments with training rows, where the prior is conditioned on them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub environments: Option<usize>,
    /// The column of environments that the data have and the prior does not see.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unused: Option<String>,
}

/// How inputs depend on latents: input = mean + loadings x latents + noise, in units of the standardized inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Loadings {
    /// One row per input, one column per latent.
    pub values: NamedMatrix,
    /// Variance of the noise of each input.
    pub noise: Vec<f64>,
    /// Variance of each input over the training rows.
    pub variances: Vec<f64>,
}

/// Names, means and standard deviations of the latents over the training rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LatentSummary {
    /// `z1`, `z2`, ...
    pub names: Vec<String>,
    /// Mean of each latent.
    pub mean: Vec<f64>,
    /// Standard deviation of each latent.
    pub sd: Vec<f64>,
}

/// Error of the prediction of the target on one group of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorRow {
    /// `train`, `validation` or `test`.
    pub split: String,
    /// Absent: all rows of the split.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub environment: Option<String>,
    /// Number of rows.
    pub rows: usize,
    /// Mean squared error in squared units of the target.
    pub mse: f64,
    /// Mean squared error of predicting the mean of the training rows.
    pub mean_mse: f64,
}

/// A small matrix with names, for people.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedMatrix {
    /// One name per row.
    pub rows: Vec<String>,
    /// One name per column.
    pub columns: Vec<String>,
    /// Row by row.
    pub values: Vec<Vec<f64>>,
}

impl NamedMatrix {
    /// A named copy of a matrix.
    pub fn of(rows: Vec<String>, columns: Vec<String>, values: &Matrix<f64>) -> Self {
        Self { rows, columns, values: rows_of(values) }
    }
}

/// The rows of a matrix as nested vectors.
pub fn rows_of(values: &Matrix<f64>) -> Vec<Vec<f64>> {
    (0..values.rows()).map(|i| values.row(i).to_vec()).collect()
}

/// The map of a closed-form stage, and how stable it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LatentMap {
    /// Name of the stage.
    pub stage: String,
    /// k x k: latents = `values` x (latents before the stage).
    pub values: Vec<Vec<f64>>,
    /// Share of starts that reached the best objective.
    pub agreement: f64,
}

/// A tree with a change of the head on the edge above each node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TreeSummary {
    /// Node names.
    pub names: Vec<String>,
    /// Index of the parent, -1 for the root.
    pub parents: Vec<i64>,
    /// Length of the branch to the parent.
    pub lengths: Vec<f64>,
    /// Training rows at each node.
    pub rows: Vec<usize>,
    /// nodes x k: change on the edge above the node, in units of the target per standard deviation of the latent.
    pub changes: Vec<Vec<f64>>,
    /// Whether each entry of `changes` counts as real.
    pub real: Vec<Vec<bool>>,
    /// Whether both ends of the edge have rows of their own.
    pub observed: Vec<bool>,
}

/// The role of every latent in every task: a cause of the target, or a follower of it. All matrices are tasks x k.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskRoles {
    /// Task names.
    pub names: Vec<String>,
    /// Training rows of each task.
    pub rows: Vec<usize>,
    /// From 0, spurious (the latent follows the target), to 1, causal.
    pub indicators: Vec<Vec<f64>>,
    /// Probability that the latent is causal.
    pub probabilities: Vec<Vec<f64>>,
    /// Log-likelihood of the latent being causal less that of its being spurious, in the model as it stands.
    pub log_ratios: Vec<Vec<f64>>,
    /// Whether the role that the indicator names is certain enough.
    pub real: Vec<Vec<bool>>,
    /// Regression of the target on the latents called causal, in units of the target per standard deviation of the latent; 0 for
    /// all others. `null` for a task with too few rows for it.
    pub weights: Vec<Option<Vec<f64>>>,
    /// Effect of the target on the latents called spurious, in standard deviations of the latent per unit of the target; 0 for all
    /// others.
    pub effects: Vec<Vec<f64>>,
    /// Share of the target's variance on training rows that the causal latents explain.
    pub explained: Vec<Option<f64>>,
    /// The same on test rows, with the weights of the training rows; `null` without test rows.
    pub explained_test: Vec<Option<f64>>,
    /// Minus the mean log density of a row, without constants, at the end of every start.
    pub objectives: Vec<f64>,
    /// The calls against tests of independence; absent with one latent, or where no task can be tested.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "IndicatorTests")]
    pub tests: Option<IndicatorTests>,
}

/// Conditional independences between latents, tested pair by pair and task by task, against what the indicators predict. The
/// truth is not asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IndicatorTests {
    /// Which rows were tested.
    pub rows: TestedRows,
    /// Tasks tested.
    pub tasks: usize,
    /// Tasks that could not be: too few rows, or a latent or target without variation of its own.
    pub skipped: usize,
    /// How each test was decided; corrected over all pairs of a task.
    pub decision: Decision,
    /// Least |partial correlation| that a single test calls dependent, median over tasks: weaker dependence is mostly not
    /// found, and then "independent" says little.
    pub least: f64,
    /// Pairs given the target: causal latents depend on each other, all other pairs do not.
    pub given_target: Tally,
    /// Pairs given nothing: the other way round.
    pub given_nothing: Tally,
    /// Tasks whose causes tests could name: those with another number of them than one.
    pub comparable: usize,
    /// Of these, tasks for which tests name the same causes.
    pub same_set: usize,
}

/// Rows that indicators were tested on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TestedRows {
    /// Validation and test rows.
    HeldOut,
    /// All rows, since tasks have too few others: the map was fitted to most of them, so agreement is flattered.
    All,
}

/// A hyper-parameter chosen without truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// For example `latentDim`.
    pub parameter: String,
    /// The value taken.
    pub chosen: usize,
    /// The rule, in one sentence.
    pub rule: String,
    /// What each candidate gave.
    pub curve: Vec<Candidate>,
}

/// One candidate of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The candidate value.
    pub value: usize,
    /// What the rule judges it by: its error on the validation rows, in squared units of the target, unless the rule says otherwise.
    pub validation: f64,
}

/// An assumption of the method and what the data say of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assumption {
    /// For example `environments`.
    pub id: String,
    /// In plain words: "Are there enough environments?"
    pub question: String,
    /// The verdict.
    pub status: Status,
    /// One or two sentences, with the numbers.
    pub finding: String,
}

/// Verdict on an assumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The data agree.
    Ok,
    /// The data leave room for doubt.
    Warning,
    /// The data contradict it: do not trust the axes.
    Violated,
    /// It cannot be checked here.
    Unknown,
}

/// Whether the data identify a latent, as far as it shows without truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Identification {
    /// Name of the latent.
    pub latent: String,
    /// `ok`: every check passed; `violated`: one did not; `unknown`: one could not be made.
    pub status: Status,
    /// Why, with the numbers that decide.
    pub finding: String,
}

/// A single number with its meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    /// Stable identifier.
    pub id: String,
    /// For people.
    pub label: String,
    /// `null` where it is not defined.
    pub value: Option<f64>,
}

impl Fact {
    /// A fact whose value is dropped when it is not finite: NaN is never shown as a result.
    pub fn new(id: &str, label: &str, value: f64) -> Self {
        Self { id: id.into(), label: label.into(), value: value.is_finite().then_some(value) }
    }
}

/// `z1`, `z2`, ...
pub fn latent_names(k: usize) -> Vec<String> {
    (1..=k).map(|i| format!("z{i}")).collect()
}
