//! Mechanisms of latents in causal order, forwards and backwards on the lanes of one environment u:
//!
//!   linear       m_i = sum_{j<i} c_ij(u) z_j ,
//!   polynomial   m_i = sum_{j<i} c_ij(u) z_j + q_ij(u) z_j^2 ,
//!   mlp          m_i = w_i(u) MLP_i( c_ij(u) z_j , j < i )   with two hidden layers of leaky units.
//!
//! Tables over environments are packed by pairs: (i, j) stands at i (i - 1) / 2 + j.

use super::lanes::{PARTS, combine, correlate, inner, settle, totals};
use crate::real::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Slope of the hidden units left of zero.
const SLOPE: f64 = 0.2;

/// What a latent may be of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "AnmMechanisms")]
pub enum Kind {
    /// A small network for each latent, the same in all environments; what it is given, and what it gives, is scaled by
    /// coefficients of the environment.
    #[default]
    Mlp,
    /// A polynomial of degree 2 without products, with coefficients of the environment.
    Polynomial,
    /// Linear, with coefficients of the environment.
    Linear,
    /// Nothing: latents are independent in every environment (iVAE by exact likelihood).
    None,
}

/// Sizes of mechanisms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MechanismShape {
    /// What they are.
    pub kind: Kind,
    /// Latents.
    pub latents: usize,
    /// Environments.
    pub environments: usize,
    /// Hidden units of each layer.
    pub hidden: usize,
}

impl MechanismShape {
    /// Pairs of a latent and one before it.
    pub fn pairs(self) -> usize {
        self.latents * (self.latents - 1) / 2
    }

    /// Entries of each parameter: scales, second (quadratic coefficients or gains), and the layers of the networks.
    pub fn sizes(self) -> [usize; 7] {
        let (k, h, u) = (self.latents, self.hidden, self.environments);
        match self.kind {
            Kind::None => [0; 7],
            Kind::Linear => [u * self.pairs(), 0, 0, 0, 0, 0, 0],
            Kind::Polynomial => [u * self.pairs(), u * self.pairs(), 0, 0, 0, 0, 0],
            Kind::Mlp => [u * self.pairs(), u * k, k * k * h, k * h, k * h * h, k * h, k * h],
        }
    }
}

/// First place of a latent in a packed table of pairs.
pub fn pair(i: usize) -> usize {
    i * i.saturating_sub(1) / 2
}

/// Parameters: environments x pairs; environments x pairs or x latents; weights and biases of the networks (k x k x h, k x h,
/// k x h x h, k x h, k x h).
#[derive(Debug, Clone, Copy)]
pub struct Mechanisms<'a, T> {
    /// Sizes.
    pub shape: MechanismShape,
    /// In the order of [`MechanismShape::sizes`].
    pub values: [&'a [T]; 7],
}

/// Partial sums of the gradient: tables over environments are finished at once, the layers in the end.
#[derive(Debug, Clone)]
pub(super) struct MechanismSums<T> {
    tables: [Vec<f64>; 2],
    layers: [Vec<T>; 5],
}

impl<T: Real> MechanismSums<T> {
    pub(super) fn new(shape: MechanismShape) -> Self {
        let sizes = shape.sizes();
        Self {
            tables: [vec![0.0; sizes[0]], vec![0.0; sizes[1]]],
            layers: std::array::from_fn(|l| vec![T::ZERO; sizes[l + 2] * PARTS]),
        }
    }

    pub(super) fn settle(&self, into: &mut [Vec<f64>]) {
        for (to, from) in into.iter_mut().zip(&self.tables) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        }
        for (to, from) in into[2..].iter_mut().zip(&self.layers) {
            settle(to, from);
        }
    }
}

/// Workspace of one latent's network.
#[derive(Debug, Clone)]
pub(super) struct Units<T> {
    scaled: Vec<T>,
    first: Vec<T>,
    second: Vec<T>,
    out: Vec<T>,
    pull_first: Vec<T>,
    pull_second: Vec<T>,
    pull_scaled: Vec<T>,
}

impl<T> Default for Units<T> {
    fn default() -> Self {
        let [scaled, first, second, out, pull_first, pull_second, pull_scaled] = std::array::from_fn(|_| Vec::new());
        Self { scaled, first, second, out, pull_first, pull_second, pull_scaled }
    }
}

impl<T: Real> Mechanisms<'_, T> {
    /// m_i of lanes z (latents x n) in environment u, to `out` (n).
    #[inline(always)]
    pub(super) fn forward(&self, u: usize, i: usize, z: &[T], n: usize, units: &mut Units<T>, out: &mut [T]) {
        let MechanismShape { kind, latents: k, hidden: h, .. } = self.shape;
        let pairs = self.shape.pairs();
        let at = u * pairs + pair(i);
        if i == 0 || kind == Kind::None {
            out.fill(T::ZERO);
            return;
        }
        let c = &self.values[0][at..at + i];
        match kind {
            Kind::Linear => combine(out, &z[..i * n], n, |_| T::ZERO, |j, _| c[j]),
            Kind::Polynomial => {
                let q = &self.values[1][at..at + i];
                out.fill(T::ZERO);
                for j in 0..i {
                    for (out, &z) in out.iter_mut().zip(&z[j * n..(j + 1) * n]) {
                        *out += (c[j] + q[j] * z) * z;
                    }
                }
            }
            _ => {
                let [_, gains, w1, b1, w2, b2, w3] = self.values;
                let Units { scaled, first, second, out: unit, .. } = units;
                scaled.resize(i * n, T::ZERO);
                first.resize(h * n, T::ZERO);
                second.resize(h * n, T::ZERO);
                unit.resize(n, T::ZERO);
                for j in 0..i {
                    for (s, &z) in scaled[j * n..(j + 1) * n].iter_mut().zip(&z[j * n..(j + 1) * n]) {
                        *s = c[j] * z;
                    }
                }
                combine(first, scaled, n, |o| b1[i * h + o], |j, o| w1[(i * k + j) * h + o]);
                leaky(first);
                combine(second, first, n, |o| b2[i * h + o], |j, o| w2[(i * h + j) * h + o]);
                leaky(second);
                combine(unit, second, n, |_| T::ZERO, |j, _| w3[i * h + j]);
                let gain = gains[u * k + i];
                for (out, &v) in out.iter_mut().zip(unit.iter()) {
                    *out = gain * v;
                }
            }
        }
    }

    /// Adds the gradient of a loss with slopes `pull` (n) in m_i, after `forward` for the same latent; `into` (latents x n)
    /// receives that in z.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    pub(super) fn backward(
        &self,
        (u, i): (usize, usize),
        z: &[T],
        pull: &[T],
        n: usize,
        units: &mut Units<T>,
        sums: &mut MechanismSums<T>,
        into: &mut [T],
    ) {
        let MechanismShape { kind, latents: k, hidden: h, .. } = self.shape;
        if i == 0 || kind == Kind::None {
            return;
        }
        let at = u * self.shape.pairs() + pair(i);
        let c = &self.values[0][at..at + i];
        match kind {
            Kind::Linear | Kind::Polynomial => {
                let q = (kind == Kind::Polynomial).then(|| &self.values[1][at..at + i]);
                for j in 0..i {
                    let zj = &z[j * n..(j + 1) * n];
                    sums.tables[0][at + j] += inner(zj, pull);
                    let bend = q.map_or(T::ZERO, |q| q[j] + q[j]);
                    let mut squares = 0.0;
                    for ((into, &z), &p) in into[j * n..(j + 1) * n].iter_mut().zip(zj).zip(pull) {
                        *into += p * (c[j] + bend * z);
                        squares += (p * z * z).wide();
                    }
                    if q.is_some() {
                        sums.tables[1][at + j] += squares;
                    }
                }
            }
            _ => {
                let [_, gains, w1, _, w2, _, w3] = self.values;
                let Units { scaled, first, second, out, pull_first, pull_second, pull_scaled } = units;
                pull_first.resize(h * n, T::ZERO);
                pull_second.resize(h * n, T::ZERO);
                pull_scaled.resize(i * n, T::ZERO);
                let gain = gains[u * k + i];
                sums.tables[1][u * k + i] += inner(out, pull);
                for v in out.iter_mut().zip(pull) {
                    *v.0 = gain * *v.1;
                }
                let [s1, sb1, s2, sb2, s3] = &mut sums.layers;
                correlate(&mut s3[i * h * PARTS..][..h * PARTS], second, out, n);
                combine(pull_second, out, n, |_| T::ZERO, |_, o| w3[i * h + o]);
                through_leaky(pull_second, second);
                correlate(&mut s2[i * h * h * PARTS..][..h * h * PARTS], first, pull_second, n);
                totals(&mut sb2[i * h * PARTS..][..h * PARTS], pull_second, n);
                combine(pull_first, pull_second, n, |_| T::ZERO, |l, o| w2[(i * h + o) * h + l]);
                through_leaky(pull_first, first);
                correlate(&mut s1[i * k * h * PARTS..][..i * h * PARTS], scaled, pull_first, n);
                totals(&mut sb1[i * h * PARTS..][..h * PARTS], pull_first, n);
                combine(pull_scaled, pull_first, n, |_| T::ZERO, |l, o| w1[(i * k + o) * h + l]);
                for j in 0..i {
                    let (zj, pj) = (&z[j * n..(j + 1) * n], &pull_scaled[j * n..(j + 1) * n]);
                    sums.tables[0][at + j] += inner(zj, pj);
                    for (into, &p) in into[j * n..(j + 1) * n].iter_mut().zip(pj) {
                        *into += c[j] * p;
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn leaky<T: Real>(values: &mut [T]) {
    let slope = T::of(SLOPE);
    for v in values {
        let low = slope * *v;
        *v = if *v > T::ZERO { *v } else { low };
    }
}

#[inline(always)]
fn through_leaky<T: Real>(pull: &mut [T], value: &[T]) {
    let slope = T::of(SLOPE);
    for (p, &v) in pull.iter_mut().zip(value) {
        let low = slope * *p;
        *p = if v > T::ZERO { *p } else { low };
    }
}
