//! Matrix products over slices.

#[allow(unsafe_code)]
mod kernels;
mod narrow;

pub use narrow::rectified;

use crate::compute::Compute;
use crate::real::Real;

/// How a matrix lies in its slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Row-major, as it is multiplied.
    Plain,
    /// Row-major, multiplied as its transpose.
    Transposed,
}

/// What happens to the destination of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// The product replaces it.
    Replace,
    /// The product is added to it.
    Add,
}

/// The sizes of a product: `[rows, cols] = [rows, inner] [inner, cols]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product {
    /// Rows of the left factor.
    pub rows: usize,
    /// Columns of the left factor, rows of the right one.
    pub inner: usize,
    /// Columns of the right factor.
    pub cols: usize,
}

/// `out = a b` or `out += a b`; an operand marked `Transposed` is stored as its transpose.
///
/// # Panics
/// When a slice has not the length that the sizes ask for.
pub fn multiply<T: Real>(
    size: Product,
    a: (&[T], Order),
    b: (&[T], Order),
    out: &mut [T],
    write: Write,
    compute: Compute,
) {
    if let (Some(left), Some(right), Order::Plain) = (T::singles(a.0), T::singles(b.0), b.1)
        && narrow::fits(size, a.1)
    {
        let out = T::singles_mut(out).expect("the destination has the type of the factors");
        return narrow::multiply(size, (left, a.1), right, out, write);
    }
    kernels::multiply(size, a, b, out, write, compute);
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    #[test]
    fn every_shape_and_order_agrees_with_the_definition_in_double_precision() {
        for (rows, inner, cols) in [(1, 1, 1), (3, 40, 5), (33, 70, 1), (70, 33, 8), (64, 32, 7), (5, 3, 9), (40, 1, 2)]
        {
            for (a_order, b_order) in
                [(Order::Plain, Order::Plain), (Order::Transposed, Order::Plain), (Order::Plain, Order::Transposed)]
            {
                let mut stream = Stream::new(5, "factors");
                let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| stream.normal() as f32).collect() };
                let (a, b) = (draw(rows * inner), draw(inner * cols));
                let at = |m: &[f32], order, height: usize, width: usize, i: usize, j: usize| match order {
                    Order::Plain => f64::from(m[i * width + j]),
                    Order::Transposed => f64::from(m[j * height + i]),
                };
                let size = Product { rows, inner, cols };
                let mut out = vec![1f32; rows * cols];
                multiply(size, (&a, a_order), (&b, b_order), &mut out, Write::Add, Compute::SINGLE);
                for i in 0..rows {
                    for j in 0..cols {
                        let term = |k| at(&a, a_order, rows, inner, i, k) * at(&b, b_order, inner, cols, k, j);
                        let want = 1.0 + (0..inner).map(term).sum::<f64>();
                        let got = f64::from(out[i * cols + j]);
                        // 2^-24 times the sum of up to 70 products of normals.
                        assert!((got - want).abs() < 1e-4, "{size:?} {a_order:?} {b_order:?}: {got} is not {want}");
                    }
                }
                let mut again = vec![f32::NAN; rows * cols];
                multiply(size, (&a, a_order), (&b, b_order), &mut again, Write::Replace, Compute::SINGLE);
                assert!(again.iter().zip(&out).all(|(r, o)| (r + 1.0 - o).abs() < 1e-4), "{size:?}");
            }
        }
    }
}
