//! Views: named ranges of the input columns. A modality is a view, an image is a view with a shape.
//!
//! The inputs stay one row-major matrix; what knows nothing of views sees the columns as before. Pixels have no names of their
//! own in files and headers: [`pixel_names`] derives them where a message needs one.

use crate::failure::{Code, Failure, Result};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Name of the one view of data that declare none.
pub const INPUTS: &str = "inputs";

/// A named range of the input columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct View {
    /// Unique among the views.
    pub name: String,
    /// The first column.
    pub start: usize,
    /// The column after the last.
    pub end: usize,
    /// The shape, where each row of the view is an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
}

/// The shape of an image; its columns are in this order, the width running fastest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Channels, such as 1 for grey and 3 for red, green and blue.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
}

impl Image {
    /// Number of columns that one image takes.
    pub fn len(&self) -> usize {
        self.channels.saturating_mul(self.height).saturating_mul(self.width)
    }

    /// Whether it has no pixels.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Display for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} x {} x {}", self.channels, self.height, self.width)
    }
}

impl View {
    /// Its columns.
    pub fn columns(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Whether a row of all inputs lacks it: none of its columns holds a number.
    pub fn is_missing_in(&self, row: &[f32]) -> bool {
        row[self.columns()].iter().all(|value| value.is_nan())
    }

    /// What is standardized together: each column of a table, each channel of an image.
    pub fn units(&self) -> Vec<Range<usize>> {
        match self.image {
            Some(Image { height, width, .. }) => {
                self.columns().step_by(height * width).map(|first| first..first + height * width).collect()
            }
            None => self.columns().map(|column| column..column + 1).collect(),
        }
    }
}

/// The one view of data that declare none.
pub fn whole(columns: usize) -> Vec<View> {
    vec![View { name: INPUTS.to_owned(), start: 0, end: columns, image: None }]
}

/// The views, or the one of all columns where none are declared.
pub fn or_whole(views: &[View], columns: usize) -> Vec<View> {
    if views.is_empty() { whole(columns) } else { views.to_vec() }
}

/// Whether the views say no more than that there is one table.
pub fn is_plain(views: &[View]) -> bool {
    views.is_empty() || matches!(views, [View { name, image: None, .. }] if name == INPUTS)
}

/// Names of the columns of an image view: `view.channel.row.column`, all counted from 0.
pub fn pixel_names(name: &str, image: Image) -> impl Iterator<Item = String> {
    let Image { channels, height, width } = image;
    (0..channels)
        .flat_map(move |c| (0..height).flat_map(move |y| (0..width).map(move |x| format!("{name}.{c}.{y}.{x}"))))
}

fn refuse(message: String, hint: &str) -> Result<()> {
    Err(Failure::new(Code::DataShape, message).at("views").hint(hint))
}

/// Checks that the views cover so many columns one after the other, and that images have their pixels. None need be declared.
///
/// # Errors
/// `DATA_SHAPE`.
pub fn check_ranges(views: &[View], columns: usize) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    let mut expected = 0;
    for (place, view) in views.iter().enumerate() {
        let View { name, start, end, image } = view;
        if name.is_empty() || !seen.insert(name) {
            return refuse(
                format!("views: two are called {name:?}, or one has no name"),
                "give each view its own name",
            );
        }
        if end <= start {
            return refuse(format!("view {name:?} has no column"), "leave it out, or give it columns");
        }
        if *start < expected {
            let before = &views[place - 1];
            return refuse(
                format!(
                    "views {:?} ({}..{}) and {name:?} ({start}..{end}) overlap",
                    before.name, before.start, before.end
                ),
                "a column belongs to one view",
            );
        }
        if *start > expected {
            return refuse(
                format!("columns {expected}..{start} before view {name:?} belong to no view"),
                "views follow each other and cover all input columns",
            );
        }
        if let Some(image) = image
            && image.len() != end - start
        {
            return refuse(
                format!("view {name:?} has {} columns, an image of {image} has {}", end - start, image.len()),
                "an image is channels x height x width columns, the width running fastest",
            );
        }
        expected = *end;
    }
    if !views.is_empty() && expected != columns {
        return refuse(
            format!("the views end at column {expected}, the inputs have {columns}"),
            "views follow each other and cover all input columns",
        );
    }
    Ok(())
}

/// Checks the ranges, and that pixels have the names of [`pixel_names`].
///
/// # Errors
/// `DATA_SHAPE`.
pub fn check(views: &[View], names: &[String]) -> Result<()> {
    check_ranges(views, names.len())?;
    for view in views {
        if let Some(image) = view.image
            && let Some((got, want)) =
                names[view.columns()].iter().zip(pixel_names(&view.name, image)).find(|(got, want)| *got != want)
        {
            return refuse(
                format!("view {:?}: a pixel is called {got:?}, expected {want:?}", view.name),
                "leave the names of pixels out: they are view.channel.row.column",
            );
        }
    }
    Ok(())
}

/// The entries of columns outside images: what is worth writing down of names.
pub fn outside_images<T: Clone>(views: &[View], per_column: &[T]) -> Vec<T> {
    if views.is_empty() {
        return per_column.to_vec();
    }
    let tables = views.iter().filter(|view| view.image.is_none());
    tables.flat_map(|view| per_column[view.columns()].iter().cloned()).collect()
}

/// One name for each of so many columns, from those outside images. Names of pixels may be among them already.
///
/// # Errors
/// `DATA_SHAPE` when there are neither as many names as columns nor as many as columns outside images.
pub fn with_pixels(views: &[View], names: Vec<String>, columns: usize) -> Result<Vec<String>> {
    let images =
        views.iter().filter_map(|view| view.image).fold(0, |sum: usize, image| sum.saturating_add(image.len()));
    // Before any name is made: a file may claim any number of pixels.
    if images == 0 || names.len() == columns || images > columns {
        return Ok(names);
    }
    if names.len() + images != columns {
        return Err(Failure::new(
            Code::DataShape,
            format!(
                "number of input names: {}, expected {}, one per column outside images",
                names.len(),
                columns - images
            ),
        )
        .hint("pixels have no names of their own")
        .with("got", names.len())
        .with("expected", columns - images));
    }
    let mut given = names.into_iter();
    Ok(views
        .iter()
        .flat_map(|view| match view.image {
            Some(image) => pixel_names(&view.name, image).collect::<Vec<_>>(),
            None => given.by_ref().take(view.end.saturating_sub(view.start)).collect(),
        })
        .collect())
}

/// What is standardized together, over all views.
pub fn units(views: &[View]) -> Vec<Range<usize>> {
    views.iter().flat_map(View::units).collect()
}

/// The unit in words: `column "a"` or `channel 0 of view "photo"`.
pub(crate) fn unit_name(views: &[View], names: &[String], unit: &Range<usize>) -> String {
    match views.iter().find(|view| view.columns().contains(&unit.start)) {
        Some(View { name, start, image: Some(Image { height, width, .. }), .. }) => {
            format!("{name} (channel {})", (unit.start - start) / (height * width))
        }
        _ => names[unit.start].clone(),
    }
}

/// One value per unit, from one per column that is the same within a unit.
pub fn squeeze<T: Clone>(views: &[View], per_column: &[T]) -> Vec<T> {
    units(views).into_iter().map(|unit| per_column[unit.start].clone()).collect()
}

/// One value per column, from one per unit; values that are one per column already stay.
pub fn spread<T: Clone>(views: &[View], per_unit: Vec<T>) -> Vec<T> {
    let units = units(views);
    if units.len() != per_unit.len() {
        return per_unit;
    }
    units.into_iter().zip(per_unit).flat_map(|(unit, value)| std::iter::repeat_n(value, unit.len())).collect()
}

/// The views in words, for messages: `rna (45 columns), photo (3 x 28 x 28)`.
pub fn listed(views: &[View]) -> String {
    let word = |view: &View| match view.image {
        Some(image) => format!("{} ({image})", view.name),
        None => format!("{} ({} columns)", view.name, view.end - view.start),
    };
    views.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
