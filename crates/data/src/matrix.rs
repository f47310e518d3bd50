//! A dense row-major matrix: the only shape in which numbers travel between the stages.

use crate::failure::{Code, Failure, Result};
use crate::memory::room;
use serde::{Deserialize, Serialize};

/// Row-major `rows x cols` matrix. `f32` for data and latents, `f64` inside metrics and closed-form stages.
///
/// Whatever makes a matrix asks for its memory ([`room`]): where there is too little, the job of the thread ends with `MEMORY_LIMIT`.
#[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Matrix<T = f32> {
    rows: usize,
    cols: usize,
    data: Vec<T>,
}

impl<T: Copy + Default> Matrix<T> {
    /// Wraps `data` (row-major).
    ///
    /// # Errors
    /// `DATA_SHAPE` when `data.len() != rows * cols`.
    pub fn new(rows: usize, cols: usize, data: Vec<T>) -> Result<Self> {
        if rows.checked_mul(cols) != Some(data.len()) {
            return Err(Failure::new(
                Code::DataShape,
                format!("{} values do not fill a {rows} x {cols} matrix", data.len()),
            )
            .with("values", data.len())
            .with("rows", rows)
            .with("columns", cols));
        }
        Ok(Self { rows, cols, data })
    }

    /// A matrix of zeros.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        let count = size(rows, cols);
        let mut data = room(count, MATRIX);
        data.resize(count, T::default());
        Self { rows, cols, data }
    }

    /// Builds a matrix entry by entry, row by row.
    pub fn from_fn(rows: usize, cols: usize, mut f: impl FnMut(usize, usize) -> T) -> Self {
        let mut data = room(size(rows, cols), MATRIX);
        for i in 0..rows {
            for j in 0..cols {
                data.push(f(i, j));
            }
        }
        Self { rows, cols, data }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// All values, row-major.
    pub fn data(&self) -> &[T] {
        &self.data
    }

    /// All values, row-major, writable.
    pub fn data_mut(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// Gives the values away, row-major.
    pub fn into_data(self) -> Vec<T> {
        self.data
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &[T] {
        &self.data[i * self.cols..(i + 1) * self.cols]
    }

    /// Row `i`, writable.
    pub fn row_mut(&mut self, i: usize) -> &mut [T] {
        &mut self.data[i * self.cols..(i + 1) * self.cols]
    }

    /// Column `j`, copied.
    pub fn col(&self, j: usize) -> Vec<T> {
        let mut column = room(self.rows, MATRIX);
        column.extend((0..self.rows).map(|i| self[(i, j)]));
        column
    }

    /// The given rows, in the given order.
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        let mut data = room(size(rows.len(), self.cols), MATRIX);
        for &i in rows {
            data.extend_from_slice(self.row(i));
        }
        Self { rows: rows.len(), cols: self.cols, data }
    }

    /// The given rows, which must ascend, without a copy.
    ///
    /// # Panics
    /// When a row is not there.
    pub fn into_rows(mut self, rows: &[usize]) -> Self {
        debug_assert!(rows.is_sorted_by(|a, b| a < b), "rows move towards the front only");
        for (to, &from) in rows.iter().enumerate() {
            if to != from {
                self.data.copy_within(from * self.cols..(from + 1) * self.cols, to * self.cols);
            }
        }
        self.data.truncate(rows.len() * self.cols);
        Self { rows: rows.len(), ..self }
    }

    /// The given columns, in the given order.
    pub fn select_cols(&self, cols: &[usize]) -> Self {
        Self::from_fn(self.rows, cols.len(), |i, j| self[(i, cols[j])])
    }

    /// The transpose.
    pub fn transposed(&self) -> Self {
        Self::from_fn(self.cols, self.rows, |i, j| self[(j, i)])
    }

    /// Converts every entry.
    pub fn map<U: Copy + Default>(&self, f: impl FnMut(T) -> U) -> Matrix<U> {
        let mut data = room(self.data.len(), MATRIX);
        data.extend(self.data.iter().copied().map(f));
        Matrix { rows: self.rows, cols: self.cols, data }
    }
}

const MATRIX: &str = "a table of numbers on the way to the result";

/// What does not fit an address is more than there is.
fn size(rows: usize, cols: usize) -> usize {
    rows.saturating_mul(cols)
}

impl<T: Clone> Clone for Matrix<T> {
    fn clone(&self) -> Self {
        let mut data = room(self.data.len(), MATRIX);
        data.extend_from_slice(&self.data);
        Self { rows: self.rows, cols: self.cols, data }
    }
}

impl Matrix<f32> {
    /// The same matrix in double precision.
    pub fn to_f64(&self) -> Matrix<f64> {
        self.map(f64::from)
    }
}

impl<T> std::ops::Index<(usize, usize)> for Matrix<T> {
    type Output = T;
    fn index(&self, (i, j): (usize, usize)) -> &T {
        debug_assert!(j < self.cols);
        &self.data[i * self.cols + j]
    }
}

impl<T> std::ops::IndexMut<(usize, usize)> for Matrix<T> {
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut T {
        debug_assert!(j < self.cols);
        &mut self.data[i * self.cols + j]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{self, Budget};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn rows_taken_in_place_are_the_rows_that_are_copied() {
        let matrix = Matrix::from_fn(5, 3, |i, j| (10 * i + j) as f32);
        for rows in [vec![], vec![0, 1, 2, 3, 4], vec![0, 3], vec![1, 2, 4]] {
            assert_eq!(matrix.clone().into_rows(&rows), matrix.select_rows(&rows));
        }
    }

    #[test]
    fn a_matrix_that_does_not_fit_ends_the_job_with_its_failure() {
        let makers: [fn(&Matrix) -> Matrix; 6] = [
            |_| Matrix::zeros(1 << 30, 1 << 30),
            |_| Matrix::zeros(usize::MAX, 2),
            |_| Matrix::from_fn(1 << 40, 1 << 20, |_, _| 0.0),
            |m| m.select_rows(&vec![0; 1 << 18]),
            |m| m.clone(),
            |m| m.transposed(),
        ];
        let wide = Matrix::zeros(1, 1 << 19);
        memory::allow(Some(Budget { bytes: 1 << 20, limit: "a test".into() }));
        for make in makers {
            let ended = catch_unwind(AssertUnwindSafe(|| make(&wide))).expect_err("more than 1 MiB");
            let failure = ended.downcast::<Failure>().expect("the failure itself");
            assert_eq!(failure.code, Code::MemoryLimit);
        }
        memory::allow(None);
    }

    #[test]
    fn a_matrix_refuses_a_wrong_number_of_values() {
        let failure = Matrix::new(2, 3, vec![0f32; 5]).expect_err("5 is not 6");
        assert_eq!(failure.code, Code::DataShape);
        assert_eq!(failure.context["values"], 5);
    }

    #[test]
    fn rows_columns_and_transpose_agree() {
        let m = Matrix::from_fn(2, 3, |i, j| (10 * i + j) as f32);
        assert_eq!(m.row(1), &[10., 11., 12.]);
        assert_eq!(m.col(2), vec![2., 12.]);
        assert_eq!(m.transposed()[(2, 1)], 12.);
        assert_eq!(m.select_rows(&[1]).select_cols(&[2, 0]).data(), &[12., 10.]);
    }
}
