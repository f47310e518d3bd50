//! Products with at most eight columns, the last layers of this field: there `gemm` fills a register of sixteen with
//! the five columns of the result, these loops fill it with terms or rows.
//!
//! The compiler does not find these vectors by itself, hence pulp's explicit ones. Sums are taken in lanes: the bits
//! depend on the width of the machine's registers, as those of `gemm` do on its caches, never on threads.

pub mod rectified;

use super::{Order, Product, Write};
use pulp::{Arch, Simd, WithSimd};

/// Most columns.
const COLUMNS: usize = 8;
/// Fewest terms (or rows of the result) for which rearranging pays: two of the widest registers.
const LENGTH: usize = 32;

/// Whether the loops below are the faster way; the right factor lies as it is multiplied.
pub(super) fn fits(size: Product, left: Order) -> bool {
    let long = match left {
        Order::Plain => size.inner,
        Order::Transposed => size.rows,
    };
    (1..=COLUMNS).contains(&size.cols) && long >= LENGTH
}

/// `out = a b` or `out += a b` for sizes that [`fits`] accepts.
///
/// # Panics
/// When a slice has not the length that the sizes ask for.
pub(super) fn multiply(size: Product, a: (&[f32], Order), b: &[f32], out: &mut [f32], write: Write) {
    let Product { rows, inner, cols } = size;
    assert!(a.0.len() == rows * inner && b.len() == inner * cols && out.len() == rows * cols, "sizes fit the product");
    if write == Write::Replace {
        out.fill(0.0);
    }
    match cols {
        1 => run::<1>(size, a, b, out),
        2 => run::<2>(size, a, b, out),
        3 => run::<3>(size, a, b, out),
        4 => run::<4>(size, a, b, out),
        5 => run::<5>(size, a, b, out),
        6 => run::<6>(size, a, b, out),
        7 => run::<7>(size, a, b, out),
        COLUMNS => run::<COLUMNS>(size, a, b, out),
        more => unreachable!("{more} columns are not narrow"),
    }
}

fn run<const C: usize>(size: Product, (a, order): (&[f32], Order), b: &[f32], out: &mut [f32]) {
    match order {
        Order::Plain => {
            let inner = size.inner;
            let mut columns = vec![0.0; inner * C];
            for (k, row) in b.chunks_exact(C).enumerate() {
                for (j, &value) in row.iter().enumerate() {
                    columns[j * inner + k] = value;
                }
            }
            Arch::new().dispatch(RowsByColumns::<C> { inner, a, columns: &columns, out });
        }
        Order::Transposed => Arch::new().dispatch(SumOfOuter::<C> { rows: size.rows, a, b, out }),
    }
}

/// Adds the product of each row of `a [n, inner]` with each of the C `columns [C, inner]` to `out [n, C]`.
struct RowsByColumns<'a, const C: usize> {
    inner: usize,
    a: &'a [f32],
    columns: &'a [f32],
    out: &'a mut [f32],
}

impl<const C: usize> WithSimd for RowsByColumns<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Rows side by side, as many as the registers hold sums of: one alone would wait for its own additions.
        match registers::<S>() / C {
            4.. => self.run::<S, 4>(simd),
            2..=3 => self.run::<S, 2>(simd),
            _ => self.run::<S, 1>(simd),
        }
    }
}

/// Registers for sums: the machine's but for those that the terms pass through.
fn registers<S: Simd>() -> usize {
    if S::F32_LANES >= 16 { 24 } else { 12 }
}

impl<const C: usize> RowsByColumns<'_, C> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let Self { inner, a, columns, out } = self;
        let columns = std::array::from_fn(|j| &columns[j * inner..][..inner]);
        let whole = a.len() / inner / R * R;
        let (a, a_rest) = a.split_at(whole * inner);
        let (out, out_rest) = out.split_at_mut(whole * C);
        for (rows, out) in a.chunks_exact(R * inner).zip(out.chunks_exact_mut(R * C)) {
            add_products::<S, C, R>(simd, inner, rows, columns, out);
        }
        for (row, out) in a_rest.chunks_exact(inner).zip(out_rest.chunks_exact_mut(C)) {
            add_products::<S, C, 1>(simd, inner, row, columns, out);
        }
    }
}

/// The products of R rows. Each sum has its own order of terms, whatever rows are beside it.
#[inline(always)]
fn add_products<S: Simd, const C: usize, const R: usize>(
    simd: S,
    inner: usize,
    rows: &[f32],
    columns: [&[f32]; C],
    out: &mut [f32],
) {
    let rows: [_; R] = std::array::from_fn(|i| S::as_simd_f32s(&rows[i * inner..][..inner]));
    let columns = columns.map(|column| S::as_simd_f32s(column));
    let count = inner / S::F32_LANES;
    // Slices of one length, as the compiler can see: the loop then has no checks.
    let (vectors, weights) =
        (rows.map(|(vectors, _)| &vectors[..count]), columns.map(|(vectors, _)| &vectors[..count]));
    let mut sums = [[simd.splat_f32s(0.0); R]; C];
    for k in 0..count {
        for j in 0..C {
            for i in 0..R {
                sums[j][i] = simd.mul_add_f32s(vectors[i][k], weights[j][k], sums[j][i]);
            }
        }
    }
    for j in 0..C {
        for i in 0..R {
            let tail = rows[i].1.iter().zip(columns[j].1).fold(0.0, |sum, (&x, &w)| sum + x * w);
            out[i * C + j] += simd.reduce_sum_f32s(sums[j][i]) + tail;
        }
    }
}

/// Adds `a' b` to `out [rows, C]`, with `a [n, rows]` and `b [n, C]`: outer products summed in row order.
struct SumOfOuter<'a, const C: usize> {
    rows: usize,
    a: &'a [f32],
    b: &'a [f32],
    out: &'a mut [f32],
}

impl<const C: usize> WithSimd for SumOfOuter<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rows, a, b, out } = self;
        let width = 2 * S::F32_LANES;
        for first in (0..rows).step_by(width) {
            // A ragged end reaches back over rows that are done, rather than falling to single numbers.
            let from = first.min(rows - width);
            let mut low = [simd.splat_f32s(0.0); C];
            let mut high = [simd.splat_f32s(0.0); C];
            for (a, b) in a.chunks_exact(rows).zip(b.chunks_exact(C)) {
                let (x, _) = S::as_simd_f32s(&a[from..from + width]);
                for j in 0..C {
                    let weight = simd.splat_f32s(b[j]);
                    low[j] = simd.mul_add_f32s(x[0], weight, low[j]);
                    high[j] = simd.mul_add_f32s(x[1], weight, high[j]);
                }
            }
            for j in 0..C {
                let mut block = [0f32; 2 * 64];
                let (vectors, _) = S::as_mut_simd_f32s(&mut block[..width]);
                (vectors[0], vectors[1]) = (low[j], high[j]);
                for (l, &sum) in block[..width].iter().enumerate().skip(first - from) {
                    out[(from + l) * C + j] += sum;
                }
            }
        }
    }
}
