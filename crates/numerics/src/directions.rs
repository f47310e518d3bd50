//! Many rows seen along a few directions: the two products of every search for an unmixing.
//!
//! In `f32` or `f64`; the small matrices on both sides of them stay in double precision. The same bits on any number of
//! threads.

use crate::compute::Compute;
use crate::product::{Order, Product, Write, multiply};
use crate::real::Real;
use disentangle_data::Matrix;

/// Values of the rows `x` (n x d, row-major) along each of the k `directions` (k x d): n x k.
///
/// # Panics
/// When `x` is not made of rows of d values.
pub fn along<T: Real>(x: &[T], directions: &Matrix<f64>) -> Vec<T> {
    let (k, d) = (directions.rows(), directions.cols());
    let size = Product { rows: x.len() / d, inner: d, cols: k };
    let narrow: Vec<T> = directions.data().iter().map(|&v| T::of(v)).collect();
    let mut y = vec![T::ZERO; size.rows * k];
    multiply(size, (x, Order::Plain), (&narrow, Order::Transposed), &mut y, Write::Replace, Compute::current());
    y
}

/// Sum over the rows `x` (n x d) of `weights` (n x k) times the row: k x d.
///
/// # Panics
/// When the numbers of rows differ.
pub fn pulled<T: Real>(weights: &[T], x: &[T], k: usize) -> Matrix<f64> {
    let n = weights.len() / k;
    let size = Product { rows: k, inner: n, cols: x.len() / n };
    let mut sum = vec![T::ZERO; k * size.cols];
    multiply(size, (weights, Order::Transposed), (x, Order::Plain), &mut sum, Write::Replace, Compute::current());
    Matrix::from_fn(k, size.cols, |i, j| sum[i * size.cols + j].wide())
}
