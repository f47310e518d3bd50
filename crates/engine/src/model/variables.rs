//! Latents and private variables of rows, of which some may lack views.

use super::{GivenRows, Model, align_offsets};
use crate::train;
use disentangle_data::prepare::align_columns;
use disentangle_data::{Code, Failure, Matrix, Result, View};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What is asked of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variables {
    /// Latents.
    Latents,
    /// Private variables, which have no part in the graph.
    Private,
}

/// Variables of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// n x as many as there are names; NaN where a row lacks the view that they come from.
    pub values: Matrix,
    /// Their names.
    pub columns: Vec<String>,
}

impl Model {
    /// Variables of new rows. Where each comes from one view alone, the rows may lack views: those of views without a column are left out,
    /// and where all numbers of a view are missing in a row, the variables of that view are NaN there.
    ///
    /// # Errors
    /// As [`Model::transform_rows`]; `CONFIG_CONFLICT` for private variables of a method without such, `DATA_NEEDS_MODALITIES` for a row
    /// that lacks every view.
    pub fn variables(&self, rows: GivenRows<'_>, wanted: Variables) -> Result<Encoded> {
        let by_view = self.plan.method.by_view(&self.header.dimensions, &self.state);
        let private = by_view.iter().flat_map(|of| &of.private);
        let (columns, of): (Vec<String>, Vec<usize>) = match wanted {
            Variables::Private => private.cloned().unzip(),
            Variables::Latents => {
                (self.header.latents.clone(), by_view.as_ref().map_or(Vec::new(), |of| of.latents.clone()))
            }
        };
        if columns.is_empty() && wanted == Variables::Private {
            let message = format!("{} has no private variables here", self.plan.entry.info.name);
            return Err(Failure::new(Code::ConfigConflict, message)
                .at("private")
                .hint("leave `private` out, or fit multimodal with a privateDim above 0"));
        }
        let Some(_) = by_view else { return Ok(Encoded { values: self.transform_rows(rows)?, columns }) };
        let (inputs, given) = self.placed(rows)?;
        let views = &self.header.dimensions.views;
        let lacks: Vec<Vec<bool>> = (0..inputs.rows())
            .map(|row| views.iter().map(|view| view.is_missing_in(inputs.row(row))).collect())
            .collect();
        if let Some(row) = lacks.iter().position(|lacks| lacks.iter().all(|&lacks| lacks)) {
            let message = format!("row {} has no number in any modality", row + 1);
            return Err(Failure::new(Code::DataNeedsModalities, message)
                .hint("leave the row out: there is nothing to encode")
                .with("row", row + 1));
        }
        let seen = self.seen_in_part(inputs, rows, &lacks)?;
        let values = match wanted {
            Variables::Latents => train::encode(&self.state, &seen)?,
            Variables::Private => train::private(&self.state, &seen)?.expect("there are names of them"),
        };
        let kept: Vec<usize> = (0..columns.len()).filter(|&j| given[of[j]]).collect();
        let at = |row: usize, j: usize| if lacks[row][of[kept[j]]] { f32::NAN } else { values[(row, kept[j])] };
        Ok(Encoded {
            values: Matrix::from_fn(values.rows(), kept.len(), at),
            columns: kept.into_iter().map(|j| columns[j].clone()).collect(),
        })
    }

    /// The input columns of the model, NaN where the rows have none of a view; and which views they have.
    fn placed(&self, rows: GivenRows<'_>) -> Result<(Matrix, Vec<bool>)> {
        let (expected, views) = (&self.header.inputs, &self.header.dimensions.views);
        let names: BTreeSet<&String> = rows.names.iter().collect();
        let has = |name: &String| names.contains(name);
        let given: Vec<bool> = views.iter().map(|view| expected[view.columns()].iter().any(has)).collect();
        let whole = given.iter().all(|&given| given) || given.iter().all(|&given| !given);
        if whole {
            let inputs = align_columns(expected, views, rows.names, rows.inputs)?;
            return Ok((inputs, vec![true; views.len()]));
        }
        let there: Vec<usize> =
            views.iter().zip(&given).filter(|(_, given)| **given).flat_map(|(view, _)| view.columns()).collect();
        let names: Vec<String> = there.iter().map(|&column| expected[column].clone()).collect();
        let mut end = 0;
        let place = |(view, given): (&View, &bool)| {
            let start = end;
            end += if *given { view.columns().len() } else { 0 };
            given.then(|| View { start, end, ..view.clone() })
        };
        let views: Vec<View> = views.iter().zip(&given).filter_map(place).collect();
        let some = align_columns(&names, &views, rows.names, rows.inputs)?;
        let mut inputs = Matrix::from_fn(some.rows(), expected.len(), |_, _| f32::NAN);
        for row in 0..some.rows() {
            there.iter().enumerate().for_each(|(j, &column)| inputs[(row, column)] = some[(row, j)]);
        }
        Ok((inputs, given))
    }

    /// Placed columns as the network takes them: where a row lacks a view, at the mean.
    fn seen_in_part(&self, mut inputs: Matrix, rows: GivenRows<'_>, lacks: &[Vec<bool>]) -> Result<Matrix> {
        let views = &self.header.dimensions.views;
        let absent: Vec<(usize, usize)> = (0..lacks.len())
            .flat_map(|row| (0..views.len()).map(move |view| (row, view)))
            .filter(|&(row, view)| lacks[row][view])
            .collect();
        for &(row, view) in &absent {
            views[view].columns().for_each(|column| inputs[(row, column)] = 0.0);
        }
        let offsets = match rows.offsets {
            [] => Cow::Borrowed(rows.offsets),
            offsets => Cow::Owned(align_offsets(&self.header.inputs, rows.names, offsets)?),
        };
        let mut seen = self.seen(&inputs, &[], &offsets)?;
        for (row, view) in absent {
            views[view].columns().for_each(|column| seen[(row, column)] = 0.0);
        }
        Ok(seen)
    }
}
