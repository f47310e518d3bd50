//! An invertible network of affine maps and smooth leaky bends, forwards and backwards on the lanes of one environment.
//!
//!   h = x W_l + b_l ,   x' = s h + (1 - s) t softplus(h / t)   with s = exp(a_l) ,   l = 0 .. bends - 1 ,
//!
//! and a last affine map. The slope of a bend is s (1 - g) + g with g = sigmoid(h / t): between s and 1 everywhere.

use super::lanes::{PARTS, WIDTH, combine, correlate, group, group_mut, settle, totals};
use crate::real::Real;

/// Sizes of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowShape {
    /// Columns.
    pub size: usize,
    /// Bends; there is one more affine map.
    pub bends: usize,
}

impl FlowShape {
    /// Entries of all affine maps.
    pub fn weights(self) -> usize {
        (self.bends + 1) * self.size * self.size
    }

    /// Entries of all shifts.
    pub fn shifts(self) -> usize {
        (self.bends + 1) * self.size
    }

    /// Logarithms of slopes.
    pub fn slopes(self) -> usize {
        self.bends * self.size
    }
}

/// A flow's parameters.
#[derive(Debug, Clone, Copy)]
pub struct Flow<'a, T> {
    /// Sizes.
    pub shape: FlowShape,
    /// (bends + 1) x size x size; entry (i, j) leads from i to j.
    pub weights: &'a [T],
    /// (bends + 1) x size.
    pub shifts: &'a [T],
    /// bends x size.
    pub slopes: &'a [T],
    /// Softness t of the bends, > 0.
    pub softness: T,
}

/// What the way back needs.
#[derive(Debug, Clone)]
pub(super) struct Tape<T> {
    /// What each affine map was given, (bends + 1) x size x n.
    inputs: Vec<T>,
    /// g, its complement and t softplus(h / t) of each bend, bends x size x n.
    up: Vec<T>,
    down: Vec<T>,
    soft: Vec<T>,
    /// What each bend was given.
    bent: Vec<T>,
    /// size x n.
    pub out: Vec<T>,
    /// Logarithm of the product of the slopes, n.
    pub log_slopes: Vec<T>,
    product: Vec<T>,
    /// Gradients under way, size x n.
    at: Vec<T>,
    before: Vec<T>,
}

impl<T> Default for Tape<T> {
    fn default() -> Self {
        let [inputs, up, down, soft, bent, out, log_slopes, product, at, before] = std::array::from_fn(|_| Vec::new());
        Self { inputs, up, down, soft, bent, out, log_slopes, product, at, before }
    }
}

/// Partial sums of the gradient, [`PARTS`] for each entry.
#[derive(Debug, Clone)]
pub(super) struct FlowSums<T> {
    weights: Vec<T>,
    shifts: Vec<T>,
    slopes: Vec<T>,
}

impl<T: Real> FlowSums<T> {
    pub(super) fn new(shape: FlowShape) -> Self {
        let zeros = |count: usize| vec![T::ZERO; count * PARTS];
        Self { weights: zeros(shape.weights()), shifts: zeros(shape.shifts()), slopes: zeros(shape.slopes()) }
    }

    pub(super) fn settle(&self, weights: &mut [f64], shifts: &mut [f64], slopes: &mut [f64]) {
        settle(weights, &self.weights);
        settle(shifts, &self.shifts);
        settle(slopes, &self.slopes);
    }
}

/// Slopes multiplied before a logarithm is taken: far from where single precision ends.
const FACTORS: usize = 8;

impl<T: Real> Flow<'_, T> {
    /// The codes and log-slopes of lanes `x` (size x n).
    #[inline(always)]
    pub(super) fn forward(&self, x: &[T], n: usize, tape: &mut Tape<T>) {
        let FlowShape { size: d, bends } = self.shape;
        let block = d * n;
        let Tape { inputs, up, down, soft, bent, out, log_slopes, product, .. } = tape;
        inputs.resize((bends + 1) * block, T::ZERO);
        for buffer in [&mut *up, &mut *down, &mut *soft, &mut *bent] {
            buffer.resize(bends * block, T::ZERO);
        }
        out.resize(block, T::ZERO);
        log_slopes.clear();
        log_slopes.resize(n, T::ZERO);
        product.clear();
        product.resize(n, T::ONE);
        inputs[..block].copy_from_slice(x);
        let (t, inverse) = (self.softness, T::ONE / self.softness);
        for l in 0..bends {
            let (given, next) = inputs[l * block..(l + 2) * block].split_at_mut(block);
            let h = &mut bent[l * block..(l + 1) * block];
            self.affine(l, given, n, h);
            for j in 0..d {
                let s = self.slopes[l * d + j].exp();
                let at = l * block + j * n..l * block + (j + 1) * n;
                let (up, down, soft) = (&mut up[at.clone()], &mut down[at.clone()], &mut soft[at]);
                let (h, next) = (&h[j * n..(j + 1) * n], &mut next[j * n..(j + 1) * n]);
                for lane in (0..n).step_by(WIDTH) {
                    let h = group(h, lane);
                    let (up, down) = (group_mut(up, lane), group_mut(down, lane));
                    let (soft, next) = (group_mut(soft, lane), group_mut(next, lane));
                    let product = group_mut(product, lane);
                    for k in 0..WIDTH {
                        let q = h[k] * inverse;
                        let small = (-q.abs()).exp();
                        let large = T::ONE / (T::ONE + small);
                        let rest = small * large;
                        let bend = t * ((if q < T::ZERO { T::ZERO } else { q }) + small.ln_1p_of_unit());
                        up[k] = if q < T::ZERO { rest } else { large };
                        down[k] = if q < T::ZERO { large } else { rest };
                        soft[k] = bend;
                        next[k] = s * h[k] + (T::ONE - s) * bend;
                        product[k] *= s * down[k] + up[k];
                    }
                }
                if (j + 1) % FACTORS == 0 || j + 1 == d {
                    for (sum, product) in log_slopes.iter_mut().zip(product.iter_mut()) {
                        *sum += product.ln();
                        *product = T::ONE;
                    }
                }
            }
        }
        self.affine(bends, &inputs[bends * block..], n, out);
    }

    #[inline(always)]
    fn affine(&self, l: usize, given: &[T], n: usize, out: &mut [T]) {
        let d = self.shape.size;
        let (w, b) = (&self.weights[l * d * d..][..d * d], &self.shifts[l * d..][..d]);
        combine(out, given, n, |o| b[o], |i, o| w[i * d + o]);
    }

    /// Adds the gradient of a loss whose slopes in the codes are `slopes` (size x n) and in each log-slope `volume` (n).
    #[inline(always)]
    pub(super) fn backward(&self, slopes: &[T], volume: &[T], n: usize, tape: &mut Tape<T>, sums: &mut FlowSums<T>) {
        let FlowShape { size: d, bends } = self.shape;
        let block = d * n;
        let Tape { inputs, up, down, soft, bent, at, before, .. } = tape;
        at.clear();
        at.extend_from_slice(slopes);
        before.resize(block, T::ZERO);
        let inverse = T::ONE / self.softness;
        for l in (0..=bends).rev() {
            let w = &self.weights[l * d * d..][..d * d];
            correlate(&mut sums.weights[l * d * d * PARTS..][..d * d * PARTS], &inputs[l * block..][..block], at, n);
            totals(&mut sums.shifts[l * d * PARTS..][..d * PARTS], at, n);
            if l == 0 {
                break;
            }
            combine(before, at, n, |_| T::ZERO, |j, i| w[i * d + j]);
            let l = l - 1;
            for j in 0..d {
                let s = self.slopes[l * d + j].exp();
                let place = l * block + j * n..l * block + (j + 1) * n;
                let (up, down, soft, h) =
                    (&up[place.clone()], &down[place.clone()], &soft[place.clone()], &bent[place]);
                let (from, to) = (&before[j * n..(j + 1) * n], &mut at[j * n..(j + 1) * n]);
                let parts = &mut sums.slopes[(l * d + j) * PARTS..][..PARTS];
                let mut total = [T::ZERO; WIDTH];
                for lane in (0..n).step_by(WIDTH) {
                    let (up, down, soft) = (group(up, lane), group(down, lane), group(soft, lane));
                    let (h, from, volume) = (group(h, lane), group(from, lane), group(volume, lane));
                    let to = group_mut(to, lane);
                    for k in 0..WIDTH {
                        let slope = s * down[k] + up[k];
                        let pull = volume[k] / slope;
                        to[k] = from[k] * slope + pull * (T::ONE - s) * up[k] * down[k] * inverse;
                        total[k] += from[k] * s * (h[k] - soft[k]) + pull * s * down[k];
                    }
                }
                for (part, k) in parts.iter_mut().zip(0..PARTS) {
                    *part += total[k] + total[k + PARTS];
                }
            }
        }
    }
}
