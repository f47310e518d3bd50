//! Which rows can be used: infinities are refused, missing values refused, dropped or left to be filled.

use super::{Missing, MissingTarget, PrepareConfig, Warning};
use crate::dataset::Dataset;
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::memory;

/// How a value can be unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Infinite,
    Missing,
}

impl Flaw {
    fn of(value: f32) -> Option<Self> {
        match value {
            v if v.is_finite() => None,
            v if v.is_nan() => Some(Flaw::Missing),
            _ => Some(Flaw::Infinite),
        }
    }
}

/// Indices of the rows that stay, in order, and what to tell about the others. What a row `lacks` of a column as a part of a view that it does
/// not have counts as no gap; of rows that are `empty` nothing can be filled.
pub(super) fn kept_rows(
    dataset: &Dataset,
    (lacks, empty): (impl Fn(usize, usize) -> bool, &[usize]),
    config: &PrepareConfig,
) -> Result<(Vec<usize>, Option<Warning>)> {
    let n = dataset.rows();
    let ids = &dataset.row_ids;
    let none = |_: usize, _: usize| false;
    refuse(&dataset.inputs, &dataset.input_names, ids, Flaw::Infinite, none)?;
    if config.missing == Missing::Error {
        refuse(&dataset.inputs, &dataset.input_names, ids, Flaw::Missing, &lacks).map_err(|failure| {
            failure.hint("set `missing` to \"drop\" or \"mean\", or leave the column out of `inputs`")
        })?;
    }
    let mut drop = memory::filled(false, n, "the choice of rows")?;
    let mut reasons = Vec::new();
    let mut reason = |what: &str, rows: Vec<usize>, drop: &mut Vec<bool>| {
        if !rows.is_empty() {
            reasons.push(format!("{} without {what}", rows.len()));
            rows.into_iter().for_each(|row| drop[row] = true);
        }
    };
    if config.missing == Missing::Drop {
        let gap = |row: usize| dataset.inputs.row(row).iter().enumerate().any(|(j, v)| v.is_nan() && !lacks(row, j));
        reason("an input", (0..n).filter(|&row| gap(row)).collect(), &mut drop);
    }
    if config.missing == Missing::Mean {
        reason("any input", empty.to_vec(), &mut drop);
    }
    for labels in dataset.labels.values() {
        let rows: Vec<usize> = (0..n).filter(|&i| labels.label(i).is_empty()).collect();
        if let (Some(&row), true) = (rows.first(), config.missing != Missing::Drop) {
            return Err(Failure::new(
                Code::DataNotFinite,
                format!(
                    "column {:?}, {}: no label; {} none",
                    labels.column,
                    row_name(ids, row),
                    counted(rows.len(), "row has", "rows have")
                ),
            )
            .hint("set `missing` to \"drop\" to leave such rows out, or fill the column")
            .with("column", labels.column.as_str())
            .with("row", row + 1)
            .with("count", rows.len()));
        }
        reason("a label", rows, &mut drop);
    }
    if let Some(targets) = &dataset.targets {
        refuse(&targets.values, &targets.columns, ids, Flaw::Infinite, none)?;
        // Several targets may have gaps; a row without any target says nothing about it.
        let rows: Vec<usize> = (0..n).filter(|&i| targets.values.row(i).iter().all(|v| v.is_nan())).collect();
        if let (Some(&row), MissingTarget::Error) = (rows.first(), config.missing_target) {
            return Err(Failure::new(
                Code::DataNotFinite,
                format!(
                    "target {:?}, {}: missing; {} no target",
                    targets.columns.join(", "),
                    row_name(ids, row),
                    counted(rows.len(), "row has", "rows have")
                ),
            )
            .hint("set `missingTarget` to \"drop\" to leave such rows out, or fill the column")
            .with("row", row + 1)
            .with("count", rows.len()));
        }
        reason("a target", rows, &mut drop);
    }
    let kept: Vec<usize> = (0..n).filter(|&i| !drop[i]).collect();
    let warning = (kept.len() < n).then(|| {
        let message = format!("{} of {n} rows were dropped: {}", n - kept.len(), reasons.join(", "));
        Warning::new("ROWS_DROPPED", message)
    });
    Ok((kept, warning))
}

/// Fails when a value has the flaw, naming the first one and counting all but those that are `allowed`, by row and column.
pub(super) fn refuse(
    values: &Matrix,
    columns: &[String],
    row_ids: &[String],
    flaw: Flaw,
    allowed: impl Fn(usize, usize) -> bool,
) -> Result<()> {
    let (d, mut first, mut counts) = (values.cols(), None, vec![0usize; values.cols()]);
    for (place, &value) in values.data().iter().enumerate() {
        if Flaw::of(value) == Some(flaw) && !allowed(place / d, place % d) {
            first.get_or_insert(place);
            counts[place % d] += 1;
        }
    }
    let Some(place) = first else { return Ok(()) };
    let (row, column) = (place / d, place % d);
    let (count, flawed) = (counts.iter().sum::<usize>(), counts.iter().filter(|&&count| count > 0).count());
    let (what, adjective, hint) = match flaw {
        Flaw::Infinite => ("an infinity", "infinite", "correct the value; numbers beyond 3.4e38 become infinite"),
        Flaw::Missing => ("a missing value", "missing", "fill in the value"),
    };
    Err(Failure::new(
        Code::DataNotFinite,
        format!(
            "column {:?}, {}: {what}; {count} {adjective} {} in {}",
            columns[column],
            row_name(row_ids, row),
            if count == 1 { "value" } else { "values" },
            counted(flawed, "column", "columns")
        ),
    )
    .hint(hint)
    .with("column", columns[column].as_str())
    .with("row", row + 1)
    .with("count", count))
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A row by its number, counted from 1 as the readers do, and by its id where rows have them.
pub(super) fn row_name(row_ids: &[String], row: usize) -> String {
    let id = row_ids.get(row).map(|id| format!(" ({id:?})")).unwrap_or_default();
    format!("row {}{id}", row + 1)
}
