//! Worlds that can draw more rows than a data set holds.

use crate::matrix::Matrix;
use crate::stream::Stream;
use std::ops::Range;

/// An endless data set.
pub trait Source: std::fmt::Debug + Send + Sync {
    /// Inputs (numbers x d) of the rows of these numbers. `streams` gives the random numbers, by name, that the first of
    /// these rows begins with: other streams are other rows.
    fn inputs(&self, numbers: Range<usize>, streams: &dyn Fn(&str) -> Stream) -> Matrix;

    /// The first rows (rows x d) of the data set that the simulator gives.
    fn first_inputs(&self, rows: usize) -> Matrix;
}
