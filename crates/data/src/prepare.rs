//! From a data set to what methods learn from: finite, standardised, split, environments as nodes of the tree.

mod columns;
mod config;
mod environments;
mod fresh;
mod incomplete;
pub(crate) mod moments;
mod oracle;
mod outliers;
mod rows;
mod scale;
mod standardiser;
pub(crate) mod tasks;

pub use columns::{align_columns, standardise_new};
pub use config::{ImageScale, Missing, MissingTarget, PrepareConfig, Standardize, Warning};
pub use environments::Environments;
pub use fresh::{FreshRows, Rows};
pub use scale::Targets;
pub use standardiser::Standardiser;
pub use tasks::{Task, TaskForm, least_tasks};

use crate::dataset::{Dataset, Labels, Role, Table};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::memory;
use crate::offsets::Offsets;
use crate::split::{Split, SplitBy, SplitConfig, split};
use crate::tree::Tree;
use crate::views::{self, View};
use environments::listed;
use incomplete::IncompleteRows;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// All that a method sees. Rows are the kept rows, in the order of the data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// n x d, standardised, finite.
    pub inputs: Matrix,
    /// Further training rows that lack views, NaN where they do, on the same scale; no rows unless they were asked for
    /// ([`prepare_incomplete`]). Nothing else is about them.
    pub incomplete: Matrix,
    /// One name per input column.
    pub input_names: Vec<String>,
    /// Named ranges of the input columns, at least one: modalities and images.
    pub views: Vec<View>,
    /// How inputs were standardised; new data are treated alike.
    pub standardiser: Standardiser,
    /// What replaces a missing input, in units of the columns and relative to `offsets`; `None` where missing inputs are refused.
    pub fill: Option<Vec<f32>>,
    /// What was subtracted from inputs and targets before they were rounded to 32 bits; the standardisers know it.
    pub offsets: Offsets,
    /// Targets, where there are any.
    pub targets: Option<Targets>,
    /// Environments, where rows are labelled.
    pub environments: Option<Environments>,
    /// Index into `environments.names` of each row; 0 for every row without environments.
    pub nodes: Vec<u32>,
    /// The tree over the environments.
    pub tree: Option<Tree>,
    /// Labels of the other roles.
    pub labels: BTreeMap<Role, Labels>,
    /// Truth that the run asked to look at, by name; tables about rows have the kept rows.
    pub oracle: BTreeMap<String, Table>,
    /// Where gradient steps take their rows from, in place of the training rows.
    pub source: Option<FreshRows>,
    /// What each row is used for.
    pub split: Vec<Split>,
    /// Index of each row in the data set.
    pub kept: Vec<usize>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// Checks, cleans, splits and standardises a data set. A pure function of its arguments. A data set that is given away, not lent,
/// lends its memory to the result: inputs are often all that fits.
///
/// # Errors
/// Those of [`Dataset::check_shapes`] and [`split`]; `DATA_NOT_FINITE`, `DATA_TOO_FEW_ROWS`, `DATA_CONSTANT_COLUMN`,
/// `DATA_UNKNOWN_ENVIRONMENT`, `DATA_NEEDS_TRUTH`; `CONFIG_CONFLICT` and `DATA_NEEDS_SIMULATOR` for fresh rows.
pub fn prepare<'a>(dataset: impl Into<Cow<'a, Dataset>>, config: &PrepareConfig, seed: u64) -> Result<Prepared> {
    prepare_cow(dataset.into(), config, seed, false)
}

/// The same for a method that learns from rows that lack views, too: they are in [`Prepared::incomplete`], but for those of environments that
/// are kept apart from training.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_incomplete<'a>(
    dataset: impl Into<Cow<'a, Dataset>>,
    config: &PrepareConfig,
    seed: u64,
) -> Result<Prepared> {
    prepare_cow(dataset.into(), config, seed, true)
}

fn prepare_cow(mut dataset: Cow<'_, Dataset>, config: &PrepareConfig, seed: u64, incomplete: bool) -> Result<Prepared> {
    dataset.check_shapes()?;
    let in_part = IncompleteRows::of(&dataset, incomplete);
    let (mut kept, dropped) =
        rows::kept_rows(&dataset, (|row, column| in_part.lacks(row, column), in_part.empty()), config)?;
    let mut warnings: Vec<Warning> = dropped.into_iter().collect();
    let mut split = parts(&dataset, &kept, config, seed)?;
    let whole = kept.len();
    let apart = config.split.by == SplitBy::Environments || !config.split.holdout.is_empty();
    let trained_in_part = incomplete::take_out(&in_part, (&mut kept, &mut split), apart);
    let n = kept.len();
    if n < 2 {
        let mut dropped: String = warnings.iter().map(|warning| format!("; {}", warning.message)).collect();
        if whole > n {
            dropped += &format!("; {} lack a modality", whole - n);
        }
        let rows = if n == 1 { "row" } else { "rows" };
        let message = format!("{n} usable {rows}, expected at least 2{dropped}");
        let hint = match dropped.is_empty() {
            true => "give more rows",
            false if whole > n => "give more rows that have every modality: results are about those",
            false => "choose fewer input columns with `inputs`, or another policy for missing values with `missing`",
        };
        return Err(Failure::new(Code::DataTooFewRows, message).hint(hint).with("rows", n));
    }
    let mut labels: BTreeMap<Role, Labels> =
        dataset.labels.iter().map(|(&role, labels)| (role, of_rows(role, labels, &kept))).collect();
    let environment_labels = labels.remove(&Role::Environment);
    let train: Vec<usize> = (0..n).filter(|&row| split[row] == Split::Train).collect();
    if train.len() < 2 {
        return Err(Failure::new(Code::DataTooFewRows, format!("{} training rows, at least 2", train.len()))
            .hint("give more rows or a larger fraction `train`"));
    }

    let (environments, nodes) = match &environment_labels {
        None => (None, memory::spread(0, n, "the environments of the rows")),
        Some(labels) => {
            let (environments, nodes) = environments::nodes(labels, dataset.tree.as_ref())?;
            warnings.extend(dataset.tree.as_ref().and_then(|tree| environments::empty_leaves(tree, &nodes)));
            warnings.extend(untrained(&environments, &nodes, &split, &config.split));
            (Some(environments), nodes)
        }
    };
    if dataset.tree.is_some() && environments.is_none() {
        warnings.push(
            Warning::new("TREE_WITHOUT_ENVIRONMENTS", "the tree is not used: the data name no environments")
                .hint("name the column of environments"),
        );
    }
    let world = fresh::world(&dataset, config);
    let views = dataset.views();
    let values_in_part = dataset.inputs.select_rows(&trained_in_part);
    let values = match &mut dataset {
        Cow::Borrowed(dataset) => dataset.inputs.select_rows(&kept),
        Cow::Owned(dataset) => std::mem::take(&mut dataset.inputs).into_rows(&kept),
    };
    let row_name = |row: usize| rows::row_name(&dataset.row_ids, kept[row]);
    let tables = views.iter().filter(|view| view.image.is_none()).flat_map(View::columns);
    warnings.extend(outliers::told((&values, &dataset.input_names), tables, row_name, "inputs"));
    let inputs = scale::inputs(values, &dataset.input_names, &views, &train, config)?;
    let incomplete = incomplete::scaled(values_in_part, &views, &inputs)?;
    warnings.extend(inputs.warning);
    warnings.extend(incomplete::told(whole - n, &incomplete, &views));
    let source = world?.map(|world| FreshRows { world, standardiser: inputs.standardiser.clone() });
    let (oracle, told) = oracle::tables(&dataset, &config.oracle, &kept)?;
    warnings.extend(told);
    warnings.extend(dataset.targets.as_ref().and_then(|Table { columns, values, .. }| {
        let row_name = |row: usize| rows::row_name(&dataset.row_ids, row);
        outliers::told((values, columns), 0..columns.len(), row_name, "targets")
    }));
    let targets = dataset.targets.as_ref().map(|targets| scale::targets(targets, &kept, &train, config)).transpose()?;
    let offsets = &dataset.offsets;
    // What models keep is in units of the columns themselves.
    let targets =
        targets.map(|targets| Targets { standardiser: targets.standardiser.shifted(&offsets.targets), ..targets });
    Ok(Prepared {
        inputs: inputs.values,
        incomplete,
        input_names: dataset.input_names.clone(),
        views,
        standardiser: inputs.standardiser.shifted(&offsets.inputs),
        fill: inputs.fill,
        offsets: offsets.clone(),
        targets,
        environments,
        nodes,
        tree: dataset.tree.clone(),
        labels,
        oracle,
        source,
        split,
        kept,
        warnings,
    })
}

impl Prepared {
    /// The same rows with other inputs in place of these, which are not copied.
    pub fn with_inputs(&self, inputs: Matrix) -> Self {
        Self {
            inputs,
            incomplete: self.incomplete.clone(),
            input_names: self.input_names.clone(),
            views: self.views.clone(),
            standardiser: self.standardiser.clone(),
            fill: self.fill.clone(),
            offsets: self.offsets.clone(),
            targets: self.targets.clone(),
            environments: self.environments.clone(),
            nodes: self.nodes.clone(),
            tree: self.tree.clone(),
            labels: self.labels.clone(),
            oracle: self.oracle.clone(),
            source: self.source.clone(),
            split: self.split.clone(),
            kept: self.kept.clone(),
            warnings: self.warnings.clone(),
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.kept.len()
    }

    /// Rows of one part of the split, in order.
    pub fn rows_of(&self, part: Split) -> Vec<usize> {
        (0..self.rows()).filter(|&row| self.split[row] == part).collect()
    }

    /// As many rows as input columns, for a method that cannot do with fewer.
    ///
    /// # Errors
    /// `DATA_TOO_FEW_ROWS`.
    pub fn needs_rows(&self, method: &str) -> Result<()> {
        let (n, d) = (self.rows(), self.inputs.cols());
        if n >= d {
            return Ok(());
        }
        let dropped = self.warnings.iter().filter(|warning| warning.code == "ROWS_DROPPED");
        let dropped: String = dropped.map(|warning| format!("; {}", warning.message)).collect();
        let message = format!("{method} needs at least as many rows as input columns: {n} rows, {d} columns{dropped}");
        Err(Failure::new(Code::DataTooFewRows, message)
            .hint(
                "choose fewer input columns with `inputs`, or a method that takes fewer rows than columns, such as pca",
            )
            .with("rows", n)
            .with("columns", d))
    }

    /// The targets, for a method that cannot do without.
    ///
    /// # Errors
    /// `DATA_NEEDS_TARGET`.
    pub fn needs_target(&self, method: &str) -> Result<&Targets> {
        self.targets.as_ref().ok_or_else(|| {
            Failure::new(Code::DataNeedsTarget, format!("{method} needs a target, the data have none"))
                .hint("name the target column with `target`")
        })
    }

    /// The views, for a method that needs so many modalities.
    ///
    /// # Errors
    /// `DATA_NEEDS_MODALITIES`.
    pub fn needs_modalities(&self, method: &str, wanted: RangeInclusive<usize>) -> Result<&[View]> {
        let count = self.views.len();
        if wanted.contains(&count) {
            return Ok(&self.views);
        }
        let (least, most) = (*wanted.start(), *wanted.end());
        let number = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let number = if most == usize::MAX { format!("at least {least}") } else { number };
        let message =
            format!("{method} needs {number} modalities, the data have {count}: {}", views::listed(&self.views));
        Err(Failure::new(Code::DataNeedsModalities, message)
            .hint("name each table with `modalities`, on the command line --modality a=a.csv --modality b=b.csv --join id")
            .with("modalities", count))
    }

    /// The environments, for a method that needs rows from at least two of them.
    ///
    /// # Errors
    /// `DATA_NEEDS_ENVIRONMENTS`.
    pub fn needs_environments(&self, method: &str) -> Result<&Environments> {
        let count = self.nodes.iter().collect::<std::collections::BTreeSet<_>>().len();
        match &self.environments {
            Some(environments) if count >= 2 => Ok(environments),
            Some(environments) => Err(Failure::new(
                Code::DataNeedsEnvironments,
                format!(
                    "{method} needs rows from at least 2 environments, column {:?} has {count}",
                    environments.column
                ),
            )
            .hint("give rows from several environments, or use a method without environments")
            .with("environments", count)),
            None => Err(Failure::new(
                Code::DataNeedsEnvironments,
                format!("{method} needs environments, the data name none"),
            )
            .hint("name the column of environments with `environment`")),
        }
    }

    /// The tree, for a method that cannot do without.
    ///
    /// # Errors
    /// `DATA_NEEDS_TREE`.
    pub fn needs_tree(&self, method: &str) -> Result<&Tree> {
        self.tree.as_ref().ok_or_else(|| {
            Failure::new(
                Code::DataNeedsTree,
                format!("{method} needs a tree over the environments, the data have none"),
            )
            .hint("give one with `tree`: a Newick file, a parent-child table, or \"dendrogram\"")
        })
    }
}

/// What each of the kept rows is used for.
fn parts(dataset: &Dataset, kept: &[usize], config: &PrepareConfig, seed: u64) -> Result<Vec<Split>> {
    let of = |role: Role| dataset.labels.get(&role).map(|labels| of_rows(role, labels, kept));
    let (environments, tasks) = (of(Role::Environment), of(Role::Task));
    split(environments.as_ref(), tasks.as_ref(), kept.len(), &config.split, seed).map_err(under_split)
}

/// The split has its own section of the configuration.
fn under_split(mut failure: Failure) -> Failure {
    failure.path = failure.path.map(|path| format!("split.{path}"));
    failure
}

/// Labels of the kept rows; the levels stay, but for tasks: one without rows has no number.
fn of_rows(role: Role, labels: &Labels, kept: &[usize]) -> Labels {
    match role {
        Role::Task => {
            let kept: Vec<&str> = kept.iter().map(|&row| labels.label(row)).collect();
            Labels::encode(labels.column.as_str(), &kept)
        }
        Role::Environment => Labels { codes: kept.iter().map(|&row| labels.codes[row]).collect(), ..labels.clone() },
    }
}

/// Environments that have rows but none to train on, although nobody held them out.
fn untrained(environments: &Environments, nodes: &[u32], split: &[Split], config: &SplitConfig) -> Option<Warning> {
    if config.by == SplitBy::Environments {
        return None;
    }
    let (mut rows, mut trained) = (vec![false; environments.names.len()], vec![false; environments.names.len()]);
    for (&node, &part) in nodes.iter().zip(split) {
        rows[node as usize] = true;
        trained[node as usize] |= part == Split::Train;
    }
    let without: Vec<&str> = (0..rows.len())
        .filter(|&node| rows[node] && !trained[node])
        .map(|node| environments.names[node].as_str())
        .filter(|name| !config.holdout.iter().any(|held| held == name))
        .collect();
    (!without.is_empty()).then(|| {
        Warning::new(
            "ENVIRONMENT_NOT_TRAINED",
            format!("environments too small for a training row: {}", listed(&without)),
        )
        .hint("give them at least 3 rows, or a larger fraction `train`")
    })
}

#[cfg(test)]
mod tests;
