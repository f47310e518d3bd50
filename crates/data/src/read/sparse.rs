//! Chosen columns of a sparse matrix as a dense one: only these are ever held.

use crate::failure::{Code, Failure, Result};
use crate::matrix::Matrix;
use crate::memory;
use std::ops::AddAssign;

/// Numbers that a dense matrix may have whatever its entries: 1 GiB.
const ALWAYS: usize = 1 << 28;
/// Numbers that it may have for each entry that is there: a shape that claims more lies, or belongs to a matrix of nothing but zeros.
const PER_ENTRY: usize = 1 << 12;

/// A dense matrix that is filled entry by entry.
pub(super) struct Dense<T> {
    rows: usize,
    width: usize,
    /// Where each column of the sparse matrix goes.
    slots: Vec<Option<usize>>,
    data: Vec<T>,
}

impl<T: Copy + Default + AddAssign> Dense<T> {
    /// Zeros for the chosen columns of a matrix of `shape`, in the order chosen; `entries` are those that the file has room for.
    pub fn new(shape: (usize, usize), chosen: &[usize], entries: usize) -> Result<Self> {
        let (rows, columns) = shape;
        if let Some(column) = chosen.iter().find(|column| **column >= columns) {
            return Err(Failure::new(Code::DataShape, format!("a matrix of {columns} columns has no column {column}"))
                .hint("choose one of its columns"));
        }
        let mut slots = vec![None; chosen.iter().map(|column| column + 1).max().unwrap_or(0)];
        for (slot, &column) in chosen.iter().enumerate() {
            slots[column] = Some(slot);
        }
        let most = ALWAYS.max(entries.saturating_mul(PER_ENTRY));
        let size = rows.checked_mul(chosen.len()).filter(|size| *size <= most).ok_or_else(|| too_large(shape))?;
        let data = memory::filled(T::default(), size, "the chosen columns of the sparse matrix")?;
        Ok(Self { rows, width: chosen.len(), slots, data })
    }

    /// Adds an entry: a matrix may hold one in several parts.
    pub fn add(&mut self, row: usize, column: usize, value: T) {
        if let Some(Some(slot)) = self.slots.get(column) {
            self.data[row * self.width + slot] += value;
        }
    }

    /// The numbers, row-major.
    pub fn into_data(self) -> Vec<T> {
        self.data
    }
}

impl Dense<f32> {
    /// The filled matrix.
    pub fn finish(self) -> Result<Matrix> {
        Matrix::new(self.rows, self.width, self.data)
    }
}

fn too_large((rows, columns): (usize, usize)) -> Failure {
    Failure::new(Code::DataCorrupt, format!("a dense {rows} x {columns} matrix does not fit into memory"))
        .hint("choose fewer columns as inputs; if the shape is wrong, write the file again")
        .with("rows", rows)
        .with("columns", columns)
}
