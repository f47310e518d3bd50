//! The one module with `unsafe`: a raw-pointer call into the `gemm` crate, behind a function that checks every length.
//!
//! What breaks if you touch it: `gemm` trusts its pointers and strides, and writes all of the destination only when
//! `read_dst` is false. Bits do not depend on the number of threads: `gemm` splits the destination, never the sum.

use super::{Order, Product, Write};
use crate::compute::Compute;
use crate::real::Real;
use gemm::Parallelism;

/// `out = a b` or `out += a b`; an operand marked `Transposed` is stored as its transpose.
///
/// # Panics
/// When a slice has not the length that the sizes ask for.
pub(super) fn multiply<T: Real>(
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
    let parallelism = match compute.threads() {
        1 => Parallelism::None,
        threads => Parallelism::Rayon(threads),
    };
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
            parallelism,
        );
    }
}
