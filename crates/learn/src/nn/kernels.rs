//! The one module with `unsafe`: raw-pointer calls into the `gemm` crate, behind functions that check every length.
//!
//! What breaks if you touch it: `gemm` trusts its pointers and strides, and writes all of the destination only when
//! `read_dst` is false. Bits do not depend on the number of threads: `gemm` splits the destination, never the sum.

use super::compute::Compute;
use super::real::Real;
use gemm::Parallelism;

/// How a matrix lies in its slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Row-major, as it is multiplied.
    Plain,
    /// Row-major, multiplied as its transpose.
    Transposed,
}

/// What happens to the destination of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// The product replaces it.
    Replace,
    /// The product is added to it.
    Add,
}

/// The sizes of a product: `[rows, cols] = [rows, inner] [inner, cols]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Product {
    pub rows: usize,
    pub inner: usize,
    pub cols: usize,
}

fn parallelism(compute: Compute) -> Parallelism {
    match compute.threads() {
        1 => Parallelism::None,
        threads => Parallelism::Rayon(threads),
    }
}

/// `out = a b` or `out += a b`; an operand marked `Transposed` is stored as its transpose.
///
/// # Panics
/// When a slice has not the length that the sizes ask for.
pub(crate) fn multiply<T: Real>(
    size: Product,
    (a, a_order): (&[T], Order),
    (b, b_order): (&[T], Order),
    out: &mut [T],
    write: Write,
    compute: Compute,
) {
    let Product { rows, inner, cols } = size;
    assert_eq!(a.len(), rows * inner, "the left factor has the size of the product");
    assert_eq!(b.len(), inner * cols, "the right factor has the size of the product");
    assert_eq!(out.len(), rows * cols, "the destination has the size of the product");
    let strides = |order, height: usize, width: usize| match order {
        Order::Plain => (1, width as isize),
        Order::Transposed => (height as isize, 1),
    };
    let (a_cs, a_rs) = strides(a_order, rows, inner);
    let (b_cs, b_rs) = strides(b_order, inner, cols);
    // SAFETY: the three lengths were checked above against sizes and strides; `out` is borrowed mutably, so nothing
    // overlaps it; with `Replace` the old content is not read.
    unsafe {
        gemm::gemm(
            rows,
            cols,
            inner,
            out.as_mut_ptr(),
            1,
            cols as isize,
            write == Write::Add,
            a.as_ptr(),
            a_cs,
            a_rs,
            b.as_ptr(),
            b_cs,
            b_rs,
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            parallelism(compute),
        );
    }
}
