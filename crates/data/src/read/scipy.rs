//! Sparse matrices as `scipy.sparse.save_npz` writes them: an archive of the arrays of one matrix.
//!
//! CSR and CSC hold for each row (column) where its entries begin (`indptr`), and for each entry its column (row); COO holds
//! both for each entry. Format: <https://docs.scipy.org/doc/scipy/reference/generated/scipy.sparse.save_npz.html>.

use super::npy;
use super::npz::with_member;
use super::sparse::Dense;
use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::memory;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;
use std::path::Path;

/// What a sparse matrix says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparseAbout {
    /// `csr`, `csc` or `coo`.
    pub format: String,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
}

/// Format and shape.
///
/// # Errors
/// As [`super::npz::read`]; `DATA_UNSUPPORTED` for the formats bsr, dia and others, `DATA_CORRUPT` for a shape that is none.
pub fn about(path: &Path) -> Result<SparseAbout> {
    let place = || path.display().to_string();
    let format = with_member(path, "format", |entry| npy::decode_scalar_text(entry))?;
    if !["csr", "csc", "coo"].contains(&format.as_str()) {
        return Err(Failure::new(
            Code::DataUnsupported,
            format!("{} is a scipy.sparse matrix in the format {format:?}, expected csr, csc or coo", path.display()),
        )
        .at(place())
        .hint("convert it: scipy.sparse.save_npz(path, matrix.tocsr())")
        .with("format", format));
    }
    let shape = whole(path, "shape")?;
    match shape[..] {
        [rows, columns] => Ok(SparseAbout { format, rows, columns }),
        _ => Err(corrupt(path, format!("the shape has {} dimensions, expected rows and columns", shape.len()))),
    }
}

/// Reads the chosen columns as a dense matrix; entries at the same place are added.
///
/// # Errors
/// As [`about`]; `DATA_CORRUPT` where the arrays do not describe a matrix.
pub fn read(path: &Path, chosen: &[usize]) -> Result<Matrix> {
    filled(path, chosen, &with_member(path, "data", |entry| npy::decode(entry))?.data)?.finish()
}

/// Reads the chosen columns as [`read`] does, with 64 bits, row-major.
///
/// # Errors
/// As [`read`].
pub fn read_exact(path: &Path, chosen: &[usize]) -> Result<Vec<f64>> {
    Ok(filled(path, chosen, &with_member(path, "data", |entry| npy::decode_exact(entry, &[0]))?)?.into_data())
}

fn filled<T: Copy + Default + AddAssign>(path: &Path, chosen: &[usize], values: &[T]) -> Result<Dense<T>> {
    let SparseAbout { format, rows, columns } = about(path)?;
    let is_coo = format == "coo";
    let minor = whole(path, if is_coo { "col" } else { "indices" })?;
    let major = if is_coo { whole(path, "row")? } else { majors(path, &format, rows, columns, values.len())? };
    if minor.len() < values.len() || major.len() < values.len() {
        return Err(corrupt(
            path,
            format!("{} entries have only {} places", values.len(), minor.len().min(major.len())),
        ));
    }
    let (row, column) = if format == "csc" { (&minor, &major) } else { (&major, &minor) };
    let mut dense =
        Dense::new((rows, columns), chosen, values.len()).map_err(|failure| failure.at(path.display().to_string()))?;
    for (entry, &value) in values.iter().enumerate() {
        let (row, column) = (row[entry], column[entry]);
        if row >= rows || column >= columns {
            return Err(corrupt(path, format!("entry {entry} lies at ({row}, {column}), outside {rows} x {columns}")));
        }
        dense.add(row, column, value);
    }
    Ok(dense)
}

/// The row (CSC: column) of each entry.
fn majors(path: &Path, format: &str, rows: usize, columns: usize, entries: usize) -> Result<Vec<usize>> {
    let starts = whole(path, "indptr")?;
    let lines = if format == "csr" { rows } else { columns };
    let is_whole = starts.len() == lines.saturating_add(1)
        && starts.first() == Some(&0)
        && starts.last() == Some(&entries)
        && starts.is_sorted();
    if !is_whole {
        return Err(corrupt(path, format!("indptr does not cut {entries} entries into {lines} lines")));
    }
    let mut majors = Vec::new();
    memory::reserve(&mut majors, entries, "reading the sparse matrix")?;
    for (line, ends) in starts.windows(2).enumerate() {
        majors.extend(std::iter::repeat_n(line, ends[1] - ends[0]));
    }
    Ok(majors)
}

/// An array of places or lengths.
fn whole(path: &Path, member: &str) -> Result<Vec<usize>> {
    let array = with_member(path, member, |entry| npy::decode_whole(entry))?;
    array
        .data
        .iter()
        .map(|&value| usize::try_from(value))
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| corrupt(path, format!("{member} holds a negative number")))
}

fn corrupt(path: &Path, message: String) -> Failure {
    Failure::new(Code::DataCorrupt, format!("{}: no scipy.sparse matrix: {message}", path.display()))
        .at(path.display().to_string())
        .hint("write it again with scipy.sparse.save_npz")
}
