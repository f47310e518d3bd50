//! Small dense maps over lanes: unit i of n rows is `values[i * n..][..n]`, so that loops over rows vectorise whatever the number
//! of units. `n` is a multiple of [`WIDTH`]; rows beyond the last one are padding, whose gradients are zero.

use crate::real::Real;
use crate::simd::vectorised;

/// Lanes that are computed together.
pub(crate) const WIDTH: usize = 16;
/// Lanes of an accumulator of gradients.
pub(crate) const PARTS: usize = 8;
/// Units that share one pass over their inputs.
const TILE: usize = 4;

/// `n` rounded up.
pub(crate) fn padded(n: usize) -> usize {
    n.next_multiple_of(WIDTH)
}

/// The lanes from `lane` on that are computed together.
#[inline(always)]
pub(crate) fn group<T>(unit: &[T], lane: usize) -> &[T; WIDTH] {
    unit[lane..lane + WIDTH].try_into().expect("a full group of lanes")
}

/// The same to write to.
#[inline(always)]
pub(crate) fn group_mut<T>(unit: &mut [T], lane: usize) -> &mut [T; WIDTH] {
    (&mut unit[lane..lane + WIDTH]).try_into().expect("a full group of lanes")
}

/// `out_o = start(o) + sum_i weight(i, o) input_i`, for every lane.
#[inline(always)]
pub(crate) fn combine<T: Real>(
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
pub(crate) fn correlate<T: Real>(sums: &mut [T], a: &[T], b: &[T], n: usize) {
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
pub(crate) fn totals<T: Real>(sums: &mut [T], a: &[T], n: usize) {
    for (to, unit) in sums.chunks_exact_mut(PARTS).zip(a.chunks_exact(n)) {
        for few in unit.chunks_exact(PARTS) {
            to.iter_mut().zip(few).for_each(|(to, &v)| *to += v);
        }
    }
}

/// Sum of products over lanes, in double precision at the end.
#[inline(always)]
pub(crate) fn inner<T: Real>(a: &[T], b: &[T]) -> f64 {
    let mut parts = [T::ZERO; PARTS];
    for (a, b) in a.chunks_exact(PARTS).zip(b.chunks_exact(PARTS)) {
        for ((p, &a), &b) in parts.iter_mut().zip(a).zip(b) {
            *p += a * b;
        }
    }
    parts.iter().map(|p| p.wide()).sum()
}

/// The finished sums of accumulators, added to `to`.
pub(crate) fn settle<T: Real>(to: &mut [f64], sums: &[T]) {
    for (to, parts) in to.iter_mut().zip(sums.chunks_exact(PARTS)) {
        *to += parts.iter().map(|p| p.wide()).sum::<f64>();
    }
}

/// Lanes that [`affine`], [`back`] and [`outer`] take at once: `n` is a multiple of it.
pub(crate) const BLOCK: usize = 32;

/// `out_o = bias_o + sum_i weights[i][o] input_i`, with the weights of one input side by side.
pub(crate) fn affine<T: Real>(out: &mut [T], input: &[T], n: usize, weights: &[T], bias: Option<&[T]>) {
    let outs = out.len() / n;
    let start = |o: usize| bias.map_or(T::ZERO, |bias| bias[o]);
    vectorised!(tiles(out, input, n, start, |i, o| weights[i * outs + o]));
}

/// `out_i = sum_o weights[i][o] input_o`: what [`affine`] does, backwards.
pub(crate) fn back<T: Real>(out: &mut [T], input: &[T], n: usize, weights: &[T]) {
    let ins = input.len() / n;
    vectorised!(tiles(out, input, n, |_| T::ZERO, |i, o| weights[o * ins + i]));
}

#[inline(always)]
fn tiles<T: Real>(
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
        // Beyond the last unit the last one is computed again: a loop of fixed length stays in registers.
        let of: [usize; TILE] = std::array::from_fn(|t| o + t.min(tile - 1));
        for lane in (0..n).step_by(BLOCK) {
            let mut sums = of.map(|o| [start(o); BLOCK]);
            for i in 0..ins {
                let x: &[T; BLOCK] = input[i * n + lane..][..BLOCK].try_into().expect("a full block of lanes");
                for (sum, &o) in sums.iter_mut().zip(&of) {
                    let w = weight(i, o);
                    for (s, &x) in sum.iter_mut().zip(x) {
                        *s += w * x;
                    }
                }
            }
            for (t, sum) in sums.iter().enumerate().take(tile) {
                out[(o + t) * n + lane..][..BLOCK].copy_from_slice(sum);
            }
        }
        o += tile;
    }
}

/// Adds the sums over lanes of `a_i b_j` to `products` (units of a x units of b), and of `b_j` to `totals`.
pub(crate) fn outer<T: Real>(products: &mut [T], totals: &mut [T], a: &[T], b: &[T], n: usize) {
    vectorised!(outer_tiles(products, totals, a, b, n));
}

#[inline(always)]
fn outer_tiles<T: Real>(products: &mut [T], totals: &mut [T], a: &[T], b: &[T], n: usize) {
    let (rows, cols) = (a.len() / n, b.len() / n);
    for j in (0..cols).step_by(TILE) {
        let right: [&[T]; TILE] = std::array::from_fn(|t| &b[(j + t).min(cols - 1) * n..][..n]);
        for i in (0..rows).step_by(TILE) {
            let left: [&[T]; TILE] = std::array::from_fn(|t| &a[(i + t).min(rows - 1) * n..][..n]);
            let mut sums = [[[T::ZERO; WIDTH]; TILE]; TILE];
            for lane in (0..n).step_by(WIDTH) {
                let y = right.map(|unit| *group(unit, lane));
                for (sums, unit) in sums.iter_mut().zip(&left) {
                    let x = group(unit, lane);
                    for (sum, y) in sums.iter_mut().zip(&y) {
                        for ((s, &x), &y) in sum.iter_mut().zip(x).zip(y) {
                            *s += x * y;
                        }
                    }
                }
            }
            for (s, sums) in sums.iter().enumerate().take(rows - i) {
                for (t, sum) in sums.iter().enumerate().take(cols - j) {
                    products[(i + s) * cols + j + t] += folded(*sum);
                }
            }
        }
        for (t, unit) in right.iter().enumerate().take(cols - j) {
            let mut sum = [T::ZERO; WIDTH];
            for lane in (0..n).step_by(WIDTH) {
                sum.iter_mut().zip(group(unit, lane)).for_each(|(s, &y)| *s += y);
            }
            totals[j + t] += folded(sum);
        }
    }
}

/// The sum of all lanes, halves first.
#[inline(always)]
fn folded<T: Real>(mut sum: [T; WIDTH]) -> T {
    let mut width = WIDTH / 2;
    while width > 0 {
        for l in 0..width {
            let other = sum[l + width];
            sum[l] += other;
        }
        width /= 2;
    }
    sum[0]
}
