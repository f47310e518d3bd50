//! Products over lanes: unit i of n rows is `values[i * n..][..n]`, so that registers hold rows, whatever the number of units.
//!
//! Small tiles of explicit vectors, as `product::narrow` has them: the compiler does not find these by itself. Bits depend on the
//! width of the machine's registers, never on threads.

use crate::real::Real;
use pulp::{Arch, Simd, WithSimd};

/// `n` is a multiple of it: two of the widest registers.
pub(crate) const BLOCK: usize = 32;
/// Units that share a pass over their inputs.
const TILE: usize = 4;

/// How weights lie.
#[derive(Clone, Copy)]
enum Side {
    /// Those of one input side by side.
    ByInput,
    /// Those of one output side by side.
    ByOutput,
}

/// `out_o = bias_o + sum_i weights[i][o] input_i`, with the weights of one input side by side.
pub(crate) fn affine<T: Real>(out: &mut [T], input: &[T], n: usize, weights: &[T], bias: Option<&[T]>) {
    product(out, input, n, (weights, Side::ByInput), bias);
}

/// `out_i = sum_o weights[i][o] input_o`: what [`affine`] does, backwards.
pub(crate) fn back<T: Real>(out: &mut [T], input: &[T], n: usize, weights: &[T]) {
    product(out, input, n, (weights, Side::ByOutput), None);
}

fn product<T: Real>(out: &mut [T], input: &[T], n: usize, (weights, side): (&[T], Side), bias: Option<&[T]>) {
    assert!(n.is_multiple_of(BLOCK), "lanes come in whole blocks");
    let (outs, ins) = (out.len() / n, input.len() / n);
    assert!(weights.len() == outs * ins && bias.is_none_or(|bias| bias.len() == outs), "weights fill their matrix");
    if let (Some(input), Some(weights)) = (T::singles(input), T::singles(weights)) {
        let bias = bias.map(|bias| T::singles(bias).expect("all have one type"));
        let out = T::singles_mut(out).expect("all have one type");
        return Arch::new().dispatch(Product { out, input, n, weights, side, bias, outs, ins });
    }
    for (o, unit) in out.chunks_exact_mut(n).enumerate() {
        unit.fill(bias.map_or(T::ZERO, |bias| bias[o]));
        for i in 0..ins {
            let w = match side {
                Side::ByInput => weights[i * outs + o],
                Side::ByOutput => weights[o * ins + i],
            };
            unit.iter_mut().zip(&input[i * n..(i + 1) * n]).for_each(|(sum, &x)| *sum += w * x);
        }
    }
}

struct Product<'a> {
    out: &'a mut [f32],
    input: &'a [f32],
    n: usize,
    weights: &'a [f32],
    side: Side,
    bias: Option<&'a [f32]>,
    outs: usize,
    ins: usize,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // As many sums as the registers hold, beside the factors.
        let tile = if S::F32_LANES >= 16 { 2 * TILE } else { TILE };
        let mut first = 0;
        while first < self.outs {
            let count = tile.min(self.outs - first);
            match count {
                1 => self.tile::<S, 1>(simd, first),
                2 => self.tile::<S, 2>(simd, first),
                3 => self.tile::<S, 3>(simd, first),
                4 => self.tile::<S, 4>(simd, first),
                5 => self.tile::<S, 5>(simd, first),
                6 => self.tile::<S, 6>(simd, first),
                7 => self.tile::<S, 7>(simd, first),
                _ => self.tile::<S, 8>(simd, first),
            }
            first += count;
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn tile<S: Simd, const O: usize>(&mut self, simd: S, first: usize) {
        let Self { n, weights, side, bias, outs, ins, .. } = *self;
        let (input, _) = S::as_simd_f32s(self.input);
        let (out, _) = S::as_mut_simd_f32s(&mut self.out[first * n..(first + O) * n]);
        let vectors = n / S::F32_LANES;
        let start: [S::f32s; O] = std::array::from_fn(|o| simd.splat_f32s(bias.map_or(0.0, |bias| bias[first + o])));
        for at in (0..vectors).step_by(2) {
            let (mut low, mut high) = (start, start);
            // Slices of known lengths: a check of every index would take longer than the products.
            match side {
                Side::ByInput => {
                    for (x, w) in input.chunks_exact(vectors).zip(weights.chunks_exact(outs)) {
                        let (x, w) = (&x[at..at + 2], &w[first..first + O]);
                        for o in 0..O {
                            let w = simd.splat_f32s(w[o]);
                            low[o] = simd.mul_add_f32s(w, x[0], low[o]);
                            high[o] = simd.mul_add_f32s(w, x[1], high[o]);
                        }
                    }
                }
                Side::ByOutput => {
                    let rows: [&[f32]; O] = std::array::from_fn(|o| &weights[(first + o) * ins..][..ins]);
                    for i in 0..ins {
                        let x = &input[i * vectors + at..][..2];
                        for o in 0..O {
                            let w = simd.splat_f32s(rows[o][i]);
                            low[o] = simd.mul_add_f32s(w, x[0], low[o]);
                            high[o] = simd.mul_add_f32s(w, x[1], high[o]);
                        }
                    }
                }
            }
            for o in 0..O {
                out[o * vectors + at] = low[o];
                out[o * vectors + at + 1] = high[o];
            }
        }
    }
}

/// Adds the sums over lanes of `a_i b_j` to `products` (units of a x units of b), and of `b_j` to `totals`.
pub(crate) fn outer<T: Real>(products: &mut [T], totals: &mut [T], a: &[T], b: &[T], n: usize) {
    assert!(n.is_multiple_of(BLOCK), "lanes come in whole blocks");
    let cols = b.len() / n;
    if let (Some(a), Some(b)) = (T::singles(a), T::singles(b)) {
        let products = T::singles_mut(products).expect("all have one type");
        let totals = T::singles_mut(totals).expect("all have one type");
        return Arch::new().dispatch(Outer { products, totals, a, b, n });
    }
    for (total, unit) in totals.iter_mut().zip(b.chunks_exact(n)) {
        *total += unit.iter().copied().sum::<T>();
    }
    for (i, a) in a.chunks_exact(n).enumerate() {
        for (j, b) in b.chunks_exact(n).enumerate() {
            products[i * cols + j] += a.iter().zip(b).map(|(&a, &b)| a * b).sum::<T>();
        }
    }
}

struct Outer<'a> {
    products: &'a mut [f32],
    totals: &'a mut [f32],
    a: &'a [f32],
    b: &'a [f32],
    n: usize,
}

impl WithSimd for Outer<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for (total, unit) in self.totals.iter_mut().zip(self.b.chunks_exact(self.n)) {
            let (vectors, _) = S::as_simd_f32s(unit);
            let mut sums = [simd.splat_f32s(0.0); 2];
            // A block is two vectors or more of them.
            for pair in vectors.chunks_exact(2) {
                sums = [simd.add_f32s(sums[0], pair[0]), simd.add_f32s(sums[1], pair[1])];
            }
            *total += simd.reduce_sum_f32s(simd.add_f32s(sums[0], sums[1]));
        }
        // As many sums as the registers hold, beside the factors.
        match S::F32_LANES >= 16 {
            true => self.run::<S, 4>(simd),
            false => self.run::<S, 2>(simd),
        }
    }
}

impl Outer<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(&mut self, simd: S) {
        let (rows, cols) = (self.a.len() / self.n, self.b.len() / self.n);
        for j in (0..cols).step_by(TILE) {
            for i in (0..rows).step_by(R) {
                match cols - j {
                    1 => self.tile::<S, R, 1>(simd, i, j),
                    2 => self.tile::<S, R, 2>(simd, i, j),
                    3 => self.tile::<S, R, 3>(simd, i, j),
                    _ => self.tile::<S, R, TILE>(simd, i, j),
                }
            }
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const R: usize, const C: usize>(&mut self, simd: S, i: usize, j: usize) {
        let (rows, cols, n) = (self.a.len() / self.n, self.b.len() / self.n, self.n);
        let vectors = n / S::F32_LANES;
        // Beyond the last unit the last one is computed again: a loop of fixed length stays in registers.
        let left: [&[S::f32s]; R] =
            std::array::from_fn(|r| &S::as_simd_f32s(&self.a[(i + r).min(rows - 1) * n..][..n]).0[..vectors]);
        let right: [&[S::f32s]; C] =
            std::array::from_fn(|c| &S::as_simd_f32s(&self.b[(j + c) * n..][..n]).0[..vectors]);
        let mut sums = [[simd.splat_f32s(0.0); C]; R];
        for at in 0..vectors {
            for r in 0..R {
                for c in 0..C {
                    sums[r][c] = simd.mul_add_f32s(left[r][at], right[c][at], sums[r][c]);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate().take(rows - i) {
            for (c, &sum) in sums.iter().enumerate() {
                self.products[(i + r) * cols + j + c] += simd.reduce_sum_f32s(sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    #[test]
    fn products_in_single_precision_are_those_in_double_precision() {
        for (ins, outs) in [(1, 1), (3, 2), (2, 3), (5, 4), (6, 14), (15, 64), (33, 7)] {
            let (n, mut stream) = (64, Stream::new(1, "test/lanes"));
            let mut draw =
                |count: usize| -> Vec<f64> { (0..count).map(|_| f64::from(stream.normal() as f32)).collect() };
            let (x, y, w, bias) = (draw(ins * n), draw(outs * n), draw(ins * outs), draw(outs));
            let single = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<f32>>();
            let close = |got: &[f32], want: &[f64]| {
                // Sums of up to 64 products of normals, with seven digits.
                got.iter().zip(want).all(|(&got, want)| (f64::from(got) - want).abs() < 1e-4)
            };
            let (mut wide, mut narrow) = (vec![0.0; outs * n], vec![0f32; outs * n]);
            affine(&mut wide, &x, n, &w, Some(&bias));
            affine(&mut narrow, &single(&x), n, &single(&w), Some(&single(&bias)));
            assert!(close(&narrow, &wide), "{ins} to {outs}");
            let by_hand: f64 = bias[outs - 1] + (0..ins).map(|i| w[i * outs + outs - 1] * x[i * n + 7]).sum::<f64>();
            assert!((wide[(outs - 1) * n + 7] - by_hand).abs() < 1e-12);
            let (mut wide, mut narrow) = (vec![0.0; ins * n], vec![0f32; ins * n]);
            back(&mut wide, &y, n, &w);
            back(&mut narrow, &single(&y), n, &single(&w));
            assert!(close(&narrow, &wide), "{outs} to {ins}");
            let (mut wide, mut narrow) =
                ((vec![1.0; ins * outs], vec![1.0; outs]), (vec![1f32; ins * outs], vec![1f32; outs]));
            outer(&mut wide.0, &mut wide.1, &x, &y, n);
            outer(&mut narrow.0, &mut narrow.1, &single(&x), &single(&y), n);
            assert!(close(&narrow.0, &wide.0) && close(&narrow.1, &wide.1), "{ins} by {outs}");
        }
    }
}
