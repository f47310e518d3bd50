//! Inputs and targets on their training scale.

use super::columns::fill_gaps;
use super::environments::listed;
use super::moments::{Moments, moments};
use super::{Missing, PrepareConfig, Standardiser, Standardize, Warning};
use crate::dataset::Table;
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;

/// Targets of the kept rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Targets {
    /// One name per column.
    pub names: Vec<String>,
    /// n x t, standardised. NaN marks a gap, possible only where t > 1.
    pub values: Matrix,
    /// Back to the units of the targets.
    pub standardiser: Standardiser,
}

/// Inputs of the kept rows, n x d.
pub(super) struct Inputs {
    pub values: Matrix,
    pub standardiser: Standardiser,
    pub fill: Option<Vec<f32>>,
    pub warning: Option<Warning>,
}

/// Fits means and deviations of the kept rows on those to train on (indices into them), fills gaps, standardises.
pub(super) fn inputs(
    mut values: Matrix,
    input_names: &[String],
    train: &[usize],
    config: &PrepareConfig,
) -> Result<Inputs> {
    let columns = moments(&values, train);
    let names = |pick: &dyn Fn(&Moments) -> bool| -> Vec<&str> {
        let picked = columns.iter().zip(input_names).filter(|(column, _)| pick(column));
        picked.map(|(_, name)| name.as_str()).collect()
    };
    let empty = names(&|column| column.finite == 0);
    if !empty.is_empty() {
        return Err(Failure::new(
            Code::DataNotFinite,
            format!("input columns without a value in the training rows: {}", listed(&empty)),
        )
        .hint(format!("leave them out: add \"!{}\" to `inputs`", empty[0]))
        .with("columns", empty));
    }
    let constant = names(&Moments::constant);
    if !constant.is_empty() {
        return Err(Failure::new(
            Code::DataConstantColumn,
            format!("input columns that never vary over the {} training rows: {}", train.len(), listed(&constant)),
        )
        .hint(format!("leave them out: add \"!{}\" to `inputs`", constant[0]))
        .with("columns", constant));
    }
    let fill: Option<Vec<f32>> =
        (config.missing == Missing::Mean).then(|| columns.iter().map(|column| column.mean as f32).collect());
    let filled = fill.as_ref().map_or(0, |fill| fill_gaps(&mut values, fill));
    let warning = (filled > 0).then(|| {
        let message = format!("missing inputs replaced by their column's mean over the training rows: {filled}");
        Warning::new("MISSING_FILLED", message)
    });
    let standardiser = match config.standardize {
        Standardize::All | Standardize::Inputs => Standardiser::of(&columns),
        Standardize::None => Standardiser::identity(columns.len()),
    };
    Ok(Inputs { values: standardiser.apply_in_place(values)?, standardiser, fill, warning })
}

/// Targets of the kept rows, standardised over the training rows.
pub(super) fn targets(targets: &Table, kept: &[usize], train: &[usize], config: &PrepareConfig) -> Result<Targets> {
    let values = targets.values.select_rows(kept);
    let columns = moments(&values, train);
    for (column, name) in columns.iter().zip(&targets.columns) {
        if column.finite == 0 {
            return Err(Failure::new(
                Code::DataNotFinite,
                format!("target {name:?} has no value in the training rows"),
            )
            .hint("choose another target")
            .with("columns", vec![name.as_str()]));
        }
        if column.constant() {
            return Err(Failure::new(
                Code::DataConstantColumn,
                format!("target {name:?} never varies over the {} training rows: nothing can be learnt", column.finite),
            )
            .hint("choose another target")
            .with("columns", vec![name.as_str()]));
        }
    }
    let standardiser = match config.standardize {
        Standardize::All => Standardiser::of(&columns),
        Standardize::Inputs | Standardize::None => Standardiser::identity(columns.len()),
    };
    Ok(Targets { names: targets.columns.clone(), values: standardiser.apply_in_place(values)?, standardiser })
}
