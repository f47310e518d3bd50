//! Inputs and targets on their training scale.

use super::columns::fill_gaps;
use super::environments::listed;
use super::moments::{Moments, moments};
use super::{ImageScale, Missing, PrepareConfig, Standardiser, Standardize, Warning};
use crate::dataset::Table;
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::views::{self, View};

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

/// Fits means and deviations of the kept rows on those to train on (indices into them), fills gaps, standardises: each column of a
/// table, each channel of an image.
pub(super) fn inputs(
    mut values: Matrix,
    names: &[String],
    views: &[View],
    train: &[usize],
    config: &PrepareConfig,
) -> Result<Inputs> {
    let units = views::units(views);
    let columns = moments(&values, train);
    let pooled: Vec<Moments> = units.iter().map(|unit| Moments::pooled(&columns[unit.clone()])).collect();
    let named = |pick: &dyn Fn(&Moments) -> bool| -> Vec<String> {
        let picked = pooled.iter().zip(&units).filter(|(moments, _)| pick(moments));
        picked.map(|(_, unit)| views::unit_name(views, names, unit)).collect()
    };
    // A view as a whole says more than the names of all its columns.
    let of_whole_view = |pick: &dyn Fn(&Moments) -> bool| {
        let several = views.len() > 1;
        views.iter().find(|view| several && columns[view.columns()].iter().all(pick)).map(|view| view.name.clone())
    };
    // Columns of tables can be left out by name, channels of images cannot.
    let way_out = |flawed: &[String]| match flawed.iter().find(|&name| names.contains(name)) {
        Some(column) => format!("leave them out: add \"!{column}\" to `inputs`"),
        None => "leave these channels out of the images, or the images out of the inputs".to_owned(),
    };
    let refuse = |code: Code, what: String, flawed: Vec<String>, whole: Option<String>| {
        let listed = listed(&flawed.iter().map(String::as_str).collect::<Vec<_>>());
        let (message, hint) = match whole {
            Some(view) => (format!("view {view:?}: {what}: {listed}"), format!("leave the view {view:?} out")),
            None => (format!("{what}: {listed}"), way_out(&flawed)),
        };
        Err(Failure::new(code, message).hint(hint).with("columns", flawed))
    };
    let is_empty = |column: &Moments| column.finite == 0;
    let empty = named(&is_empty);
    if !empty.is_empty() {
        let what = "input columns without a value in the training rows".to_owned();
        return refuse(Code::DataNotFinite, what, empty, of_whole_view(&is_empty));
    }
    let constant = named(&Moments::constant);
    if !constant.is_empty() {
        let what = format!("input columns that never vary over the {} training rows", train.len());
        return refuse(Code::DataConstantColumn, what, constant, of_whole_view(&Moments::constant));
    }
    let still = views.iter().find(|view| view.image.is_some() && columns[view.columns()].iter().all(Moments::constant));
    if let Some(View { name, .. }) = still {
        let message = format!("view {name:?}: all images are the same over the {} training rows", train.len());
        let hint = format!("leave the view {name:?} out");
        return Err(Failure::new(Code::DataConstantColumn, message).hint(hint).with("view", name.as_str()));
    }
    let fill: Option<Vec<f32>> = (config.missing == Missing::Mean)
        .then(|| views::spread(views, pooled.iter().map(|unit| unit.mean as f32).collect()));
    let filled = fill.as_ref().map_or(0, |fill| fill_gaps(&mut values, fill));
    let warning = (filled > 0).then(|| {
        let message = format!("missing inputs replaced by their column's mean over the training rows: {filled}");
        Warning::new("MISSING_FILLED", message)
    });
    let standardiser = match config.standardize {
        Standardize::All | Standardize::Inputs => of_views(views, &pooled, config.image_scale),
        Standardize::None => Standardiser::identity(columns.len()),
    };
    Ok(Inputs { values: standardiser.apply_in_place(values)?, standardiser, fill, warning })
}

/// One mean and deviation per column, from the moments of each unit.
fn of_views(views: &[View], pooled: &[Moments], scale: ImageScale) -> Standardiser {
    let mut place = 0;
    let mut scales = Vec::with_capacity(pooled.len());
    for view in views {
        let units = &pooled[place..place + view.units().len()];
        place += units.len();
        if view.image.is_some() && scale == ImageScale::Unit {
            // From the smallest to the largest value, as if it were mean and deviation.
            let least = units.iter().map(|unit| f64::from(unit.min)).fold(f64::INFINITY, f64::min);
            let most = units.iter().map(|unit| f64::from(unit.max)).fold(f64::NEG_INFINITY, f64::max);
            scales.extend(units.iter().map(|_| (least, most - least)));
        } else {
            scales.extend(units.iter().map(|unit| (unit.mean, unit.sd)));
        }
    }
    let (mean, sd) = scales.into_iter().unzip();
    Standardiser { mean: views::spread(views, mean), sd: views::spread(views, sd) }
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
                format!(
                    "target {name:?} never varies over the {} training rows: nothing can be learned",
                    column.finite
                ),
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

#[cfg(test)]
mod tests;
