//! The inner loops of the assignment: one pass over a contiguous row in the widest SIMD the machine has.
//!
//! A compiler may not reorder comparisons that pick a minimum, so the lanes are written out. Each function returns the same
//! bits for every width: it only subtracts and compares, and ties go to the lowest index.

use pulp::bytemuck::cast_slice;
use pulp::{Arch, Simd, WithSimd};

/// The two smallest reduced costs of a row (equal when tied) and the lowest column that has the first.
pub(crate) struct Smallest {
    pub first: f64,
    pub at: usize,
    pub second: f64,
}

/// The two smallest of `row - price`; infinite where there are fewer entries.
pub(crate) fn two_smallest(arch: Arch, row: &[f64], price: &[f64]) -> Smallest {
    arch.dispatch(TwoSmallest { row, price })
}

struct TwoSmallest<'a> {
    row: &'a [f64],
    price: &'a [f64],
}

impl WithSimd for TwoSmallest<'_> {
    type Output = Smallest;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Smallest {
        let (rows, row_tail) = S::as_simd_f64s(self.row);
        let (prices, price_tail) = S::as_simd_f64s(self.price);
        let mut first = simd.splat_f64s(f64::INFINITY);
        let (mut second, mut at) = (first, simd.splat_u64s(0));
        let (mut base, width) = (simd.splat_u64s(0), simd.splat_u64s(S::F64_LANES as u64));
        for (&c, &v) in rows.iter().zip(prices) {
            let h = simd.sub_f64s(c, v);
            let less = simd.less_than_f64s(h, first);
            let beaten = simd.select_f64s(less, first, h);
            second = simd.select_f64s(simd.less_than_f64s(beaten, second), beaten, second);
            first = simd.select_f64s(less, h, first);
            at = simd.select_u64s(less, base, at);
            base = simd.add_u64s(base, width);
        }
        let mut best = Smallest { first: f64::INFINITY, at: usize::MAX, second: f64::INFINITY };
        let mut take = |h: f64, j: usize| {
            if h < best.first || (h == best.first && j < best.at) {
                best.second = best.first;
                (best.first, best.at) = (h, j);
            } else if h < best.second {
                best.second = h;
            }
        };
        for (l, (&h, &at)) in scalars::<S>(&first).iter().zip(cast_slice::<_, u64>(&[at])).enumerate() {
            take(h, at as usize + l);
        }
        scalars::<S>(&second).iter().for_each(|&h| take(h, usize::MAX));
        for (l, (c, v)) in row_tail.iter().zip(price_tail).enumerate() {
            take(c - v, rows.len() * S::F64_LANES + l);
        }
        best
    }
}

/// Shortest distances to all columns so far, and the row each was reached from.
pub(crate) struct Distances {
    pub to: Vec<f64>,
    pub from: Vec<u64>,
}

/// Lowers each distance to `row - price - shift` where that is less, noting row `i`; returns the least distance and the
/// lowest column that has it.
pub(crate) fn relax(
    arch: Arch,
    distances: &mut Distances,
    row: &[f64],
    price: &[f64],
    i: usize,
    shift: f64,
) -> (f64, usize) {
    arch.dispatch(Relax { distances, row, price, i: i as u64, shift })
}

struct Relax<'a> {
    distances: &'a mut Distances,
    row: &'a [f64],
    price: &'a [f64],
    i: u64,
    shift: f64,
}

impl WithSimd for Relax<'_> {
    type Output = (f64, usize);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (f64, usize) {
        let (rows, row_tail) = S::as_simd_f64s(self.row);
        let (prices, price_tail) = S::as_simd_f64s(self.price);
        let (distances, distance_tail) = S::as_mut_simd_f64s(&mut self.distances.to);
        let (froms, from_tail) = S::as_mut_simd_u64s(&mut self.distances.from);
        let (i, shift) = (simd.splat_u64s(self.i), simd.splat_f64s(self.shift));
        let (mut least, mut at) = (simd.splat_f64s(f64::INFINITY), simd.splat_u64s(0));
        let (mut base, width) = (simd.splat_u64s(0), simd.splat_u64s(S::F64_LANES as u64));
        for (((&c, &v), d), f) in rows.iter().zip(prices).zip(&mut *distances).zip(froms) {
            let h = simd.sub_f64s(simd.sub_f64s(c, v), shift);
            let shorter = simd.less_than_f64s(h, *d);
            *d = simd.select_f64s(shorter, h, *d);
            *f = simd.select_u64s(shorter, i, *f);
            let less = simd.less_than_f64s(*d, least);
            least = simd.select_f64s(less, *d, least);
            at = simd.select_u64s(less, base, at);
            base = simd.add_u64s(base, width);
        }
        let mut best = (f64::INFINITY, usize::MAX);
        let mut take = |h: f64, j: usize| {
            if h < best.0 || (h == best.0 && j < best.1) {
                best = (h, j);
            }
        };
        for (l, (&h, &at)) in scalars::<S>(&least).iter().zip(cast_slice::<_, u64>(&[at])).enumerate() {
            take(h, at as usize + l);
        }
        let tail = row_tail.iter().zip(price_tail).zip(distance_tail).zip(from_tail);
        for (l, (((c, v), d), f)) in tail.enumerate() {
            let h = c - v - self.shift;
            if h < *d {
                (*d, *f) = (h, self.i);
            }
            take(*d, rows.len() * S::F64_LANES + l);
        }
        best
    }
}

fn scalars<S: Simd>(lanes: &S::f64s) -> &[f64] {
    cast_slice(std::slice::from_ref(lanes))
}
