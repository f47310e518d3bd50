//! Small dense maps over lanes: unit i of n rows is `values[i * n..][..n]`, so that loops over rows vectorise whatever the number
//! of units. `n` is a multiple of [`WIDTH`]; rows beyond the last one are padding, whose gradients are zero.

use crate::real::Real;

/// Lanes that are computed together.
pub(super) const WIDTH: usize = 16;
/// Lanes of an accumulator of gradients.
pub(super) const PARTS: usize = 8;
/// Units that share one pass over their inputs.
const TILE: usize = 4;

/// `n` rounded up.
pub(super) fn padded(n: usize) -> usize {
    n.next_multiple_of(WIDTH)
}

/// The lanes from `lane` on that are computed together.
#[inline(always)]
pub(super) fn group<T>(unit: &[T], lane: usize) -> &[T; WIDTH] {
    unit[lane..lane + WIDTH].try_into().expect("a full group of lanes")
}

/// The same to write to.
#[inline(always)]
pub(super) fn group_mut<T>(unit: &mut [T], lane: usize) -> &mut [T; WIDTH] {
    (&mut unit[lane..lane + WIDTH]).try_into().expect("a full group of lanes")
}

/// `out_o = start(o) + sum_i weight(i, o) input_i`, for every lane.
#[inline(always)]
pub(super) fn combine<T: Real>(
    out: &mut [T],
    input: &[T],
    n: usize,
    start: impl Fn(usize) -> T,
    weight: impl Fn(usize, usize) -> T,
) {
    let (outs, ins) = (out.len() / n, input.len() / n);
    let mut o = 0;
    while o < outs {
        let tile = TILE.min(outs - o);
        for lane in (0..n).step_by(WIDTH) {
            let mut sums = [[T::ZERO; WIDTH]; TILE];
            for (t, sum) in sums.iter_mut().enumerate().take(tile) {
                *sum = [start(o + t); WIDTH];
            }
            for i in 0..ins {
                let x: &[T; WIDTH] = input[i * n + lane..][..WIDTH].try_into().expect("a full group of lanes");
                for (t, sum) in sums.iter_mut().enumerate() {
                    // Beyond the last unit the last one is computed again: a loop of fixed length stays in registers.
                    let w = weight(i, o + t.min(tile - 1));
                    for (s, &x) in sum.iter_mut().zip(x) {
                        *s += w * x;
                    }
                }
            }
            for (t, sum) in sums.iter().enumerate().take(tile) {
                out[(o + t) * n + lane..][..WIDTH].copy_from_slice(sum);
            }
        }
        o += tile;
    }
}

/// Adds `sum over lanes of a_i b_j` to the accumulator (i, j), which is `PARTS` partial sums; b has `len / n` units.
#[inline(always)]
pub(super) fn correlate<T: Real>(sums: &mut [T], a: &[T], b: &[T], n: usize) {
    let (rows, cols) = (a.len() / n, b.len() / n);
    for i in 0..rows {
        let mut j = 0;
        while j < cols {
            let tile = TILE.min(cols - j);
            let mut local = [[T::ZERO; PARTS]; TILE];
            for lane in (0..n).step_by(PARTS) {
                let x: &[T; PARTS] = a[i * n + lane..][..PARTS].try_into().expect("a full group of lanes");
                for (t, sum) in local.iter_mut().enumerate() {
                    let y: &[T; PARTS] =
                        b[(j + t.min(tile - 1)) * n + lane..][..PARTS].try_into().expect("a full group of lanes");
                    for ((s, &x), &y) in sum.iter_mut().zip(x).zip(y) {
                        *s += x * y;
                    }
                }
            }
            for (t, sum) in local.iter().enumerate().take(tile) {
                let to = &mut sums[(i * cols + j + t) * PARTS..][..PARTS];
                to.iter_mut().zip(sum).for_each(|(to, &s)| *to += s);
            }
            j += tile;
        }
    }
}

/// Adds the sums over lanes of each unit to accumulators of `PARTS` partial sums.
#[inline(always)]
pub(super) fn totals<T: Real>(sums: &mut [T], a: &[T], n: usize) {
    for (to, unit) in sums.chunks_exact_mut(PARTS).zip(a.chunks_exact(n)) {
        for few in unit.chunks_exact(PARTS) {
            to.iter_mut().zip(few).for_each(|(to, &v)| *to += v);
        }
    }
}

/// Sum of products over lanes, in double precision at the end.
#[inline(always)]
pub(super) fn inner<T: Real>(a: &[T], b: &[T]) -> f64 {
    let mut parts = [T::ZERO; PARTS];
    for (a, b) in a.chunks_exact(PARTS).zip(b.chunks_exact(PARTS)) {
        for ((p, &a), &b) in parts.iter_mut().zip(a).zip(b) {
            *p += a * b;
        }
    }
    parts.iter().map(|p| p.wide()).sum()
}

/// The finished sums of accumulators, added to `to`.
pub(super) fn settle<T: Real>(to: &mut [f64], sums: &[T]) {
    for (to, parts) in to.iter_mut().zip(sums.chunks_exact(PARTS)) {
        *to += parts.iter().map(|p| p.wide()).sum::<f64>();
    }
}
