//! New data for a fitted model: the same columns, cleaned and standardised as the training data were.

use super::Standardiser;
use super::environments::listed;
use super::rows::{Flaw, refuse};
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::views::{self, Image, View};
use std::collections::BTreeMap;

/// The columns `expected`, in that order, out of a matrix (n x `given`). Others are ignored. A matrix without names is taken
/// as it is when it has as many columns. `views` are those of `expected`: an image of another size is not cut.
///
/// # Errors
/// `DATA_COLUMN_MISMATCH` naming what is missing, `DATA_DUPLICATE_COLUMN`, `DATA_SHAPE`.
pub fn align_columns(expected: &[String], views: &[View], given: &[String], matrix: &Matrix) -> Result<Matrix> {
    if given.is_empty() && matrix.cols() == expected.len() {
        return Ok(matrix.clone());
    }
    if given.is_empty() {
        return Err(Failure::new(
            Code::DataColumnMismatch,
            format!("{} columns without names, the model was fitted on {}", matrix.cols(), expected.len()),
        )
        .hint("give the columns the model was fitted on, in the same order, or name them")
        .with("expected", expected.len())
        .with("got", matrix.cols()));
    }
    if given.len() != matrix.cols() {
        return Err(Failure::new(Code::DataShape, format!("{} names for {} columns", given.len(), matrix.cols())));
    }
    refuse_other_images(views, given)?;
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    given.iter().enumerate().for_each(|(place, name)| places.entry(name).or_default().push(place));
    let mut chosen = Vec::with_capacity(expected.len());
    let mut missing = Vec::new();
    for name in expected {
        match places.get(name.as_str()).map(Vec::as_slice) {
            Some(&[place]) => chosen.push(place),
            Some(_) => {
                return Err(Failure::new(Code::DataDuplicateColumn, format!("two columns are called {name:?}"))
                    .hint("rename or remove one of them")
                    .with("column", name.as_str()));
            }
            None => missing.push(name.as_str()),
        }
    }
    if !missing.is_empty() && views.len() > 1 {
        let message = format!(
            "the model was fitted on {} views, {}: {} of {} input columns are missing: {}",
            views.len(),
            views::listed(views),
            missing.len(),
            expected.len(),
            listed(&missing)
        );
        let flags: Vec<String> = views.iter().map(|view| format!("--modality {}=FILE", view.name)).collect();
        return Err(Failure::new(Code::DataColumnMismatch, message)
            .hint(format!("give every view: {} --join COLUMN, or a MuData file with them", flags.join(" ")))
            .with("missing", missing));
    }
    if !missing.is_empty() {
        return Err(Failure::new(
            Code::DataColumnMismatch,
            format!("{} of {} input columns are missing: {}", missing.len(), expected.len(), listed(&missing)),
        )
        .hint("the model needs all columns it was fitted on; order and further columns do not matter")
        .with("missing", missing));
    }
    Ok(if chosen.iter().copied().eq(0..matrix.cols()) { matrix.clone() } else { matrix.select_cols(&chosen) })
}

/// Pixels are found by name; those of a larger image would be found in part.
fn refuse_other_images(views: &[View], given: &[String]) -> Result<()> {
    for View { name, image, .. } in views {
        let Some(image) = image else { continue };
        let pixels: Vec<[usize; 3]> = given.iter().filter_map(|column| pixel_of(name, column)).collect();
        let side = |axis: usize| pixels.iter().map(|at| at[axis] + 1).max().unwrap_or(0);
        let got = Image { channels: side(0), height: side(1), width: side(2) };
        if !pixels.is_empty() && got != *image {
            return Err(Failure::new(
                Code::DataColumnMismatch,
                format!(
                    "view {name:?}: the images are {got}, the model was fitted on {image} (channels x height x width)"
                ),
            )
            .hint("bring the images to the size of those that the model was fitted on")
            .with("got", got.to_string())
            .with("expected", image.to_string()));
        }
    }
    Ok(())
}

/// Channel, row and column of a pixel of this view, from its name.
fn pixel_of(view: &str, column: &str) -> Option<[usize; 3]> {
    let mut parts = column.strip_prefix(view)?.strip_prefix('.')?.split('.').map(|part| part.parse().ok());
    let at = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(at)
}

/// New inputs (n x d, aligned) as the model saw its own, in place: checked, missing values replaced by `fill` (one per column; without
/// it they are refused), standardised. All rows stay: results come back row by row.
///
/// # Errors
/// `DATA_NOT_FINITE`, `DATA_SHAPE`.
pub fn standardise_new(
    mut inputs: Matrix,
    names: &[String],
    standardiser: &Standardiser,
    fill: Option<&[f32]>,
) -> Result<Matrix> {
    if names.len() != inputs.cols() {
        return Err(Failure::new(Code::DataShape, format!("{} names for {} columns", names.len(), inputs.cols())));
    }
    let none = |_: usize, _: usize| false;
    refuse(&inputs, names, &[], Flaw::Infinite, none)?;
    match fill {
        None => refuse(&inputs, names, &[], Flaw::Missing, none)
            .map_err(|failure| failure.hint("leave these rows out, or fit with `missing` set to \"mean\""))?,
        Some(fill) if fill.len() != inputs.cols() => {
            let message = format!("{} fill values for {} columns", fill.len(), inputs.cols());
            return Err(Failure::new(Code::DataShape, message));
        }
        Some(fill) => drop(fill_gaps(&mut inputs, fill)),
    }
    standardiser.apply_in_place(inputs)
}

/// Replaces missing values by one number per column; says how many there were.
pub(super) fn fill_gaps(values: &mut Matrix, by: &[f32]) -> usize {
    let mut filled = 0;
    for (place, value) in values.data_mut().iter_mut().enumerate() {
        if value.is_nan() {
            *value = by[place % by.len()];
            filled += 1;
        }
    }
    filled
}
