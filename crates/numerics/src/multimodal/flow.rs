//! The flow of one modality: from its code to its latents and private variables, with the exact log-determinant.
//!
//! y -> x W, then (a, b) -> (a, b exp(s(a)) + t(a)) with `s = 2 tanh(. / 2)`; so several times, then a last map with a shift.

use crate::lane_products::{affine, back, outer};
use crate::linalg::{inverse, log_abs_det, orthonormal};
use crate::perceptron::{Bend, Perceptron};
use crate::real::Real;
use disentangle_data::simd::vectorised;
use disentangle_data::{Matrix, Result, Stream};

/// The bound of the log-scales of couplings.
pub const SCALE_BOUND: f64 = 2.0;
/// Scale of the last weights of a coupling at the start.
const LAST: f64 = 0.05;
/// Slope of hidden units below 0.
pub const SLOPE: f64 = 0.1;
pub(super) const BEND: Bend = Bend::Leaky(SLOPE);

/// Its shape. Parameters are one slice: the maps, the shift, the networks of the couplings.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Flow {
    width: usize,
    layers: usize,
    /// Of the couplings; `None` for a code of one number, which has nothing to be coupled with.
    net: Option<Perceptron>,
}

/// The numbers of a flow.
#[derive(Debug, Clone)]
pub struct FlowParts<'a, T> {
    /// layers + 1 maps (width x width): `x_j = sum_i map[i][j] y_i`.
    pub maps: Vec<&'a [T]>,
    /// Added after the last map.
    pub shift: &'a [T],
    /// Of each coupling the network and its parameters: of the first half of the numbers, rounded up, to `a` and `t` of the others, which
    /// become `x exp(2 tanh(a / 2)) + t`. `None` for codes of one number.
    pub nets: Vec<Option<(&'a Perceptron, &'a [T])>>,
}

/// What the way back needs, of n rows.
#[derive(Debug)]
pub(super) struct Trace<T> {
    /// Inputs of the maps, layers + 1 of them, and after them the outputs of the last one.
    units: Vec<T>,
    /// After the maps, before the couplings.
    mixed: Vec<T>,
    /// Log-scales of the couplings, and shifts.
    scales: Vec<T>,
    hidden: Vec<T>,
    gradient: Vec<T>,
    other: Vec<T>,
    spare: [Vec<T>; 2],
    pub(super) log_det: Vec<T>,
}

impl Flow {
    /// Over codes of `width` numbers, with so many couplings of so many hidden units.
    pub(super) fn new(width: usize, layers: usize, units: usize) -> Self {
        let kept = width.div_ceil(2);
        let net = (kept < width).then(|| Perceptron::new(vec![kept, units, units, 2 * (width - kept)], BEND));
        Self { width, layers, net }
    }

    fn square(&self) -> usize {
        self.width * self.width
    }

    fn moved(&self) -> usize {
        self.width / 2
    }

    fn nets(&self) -> usize {
        (self.layers + 1) * self.square() + self.width
    }

    /// Number of parameters.
    pub(super) fn len(&self) -> usize {
        self.nets() + self.layers * self.net.as_ref().map_or(0, Perceptron::len)
    }

    fn map<'a, T>(&self, parameters: &'a [T], layer: usize) -> &'a [T] {
        &parameters[layer * self.square()..][..self.square()]
    }

    /// Its numbers.
    pub(super) fn parts<'a, T>(&'a self, parameters: &'a [T]) -> FlowParts<'a, T> {
        let net = |layer: usize| self.net_at(layer).map(|(net, at)| (net, &parameters[at..at + net.len()]));
        FlowParts {
            maps: (0..=self.layers).map(|layer| self.map(parameters, layer)).collect(),
            shift: &parameters[(self.layers + 1) * self.square()..][..self.width],
            nets: (0..self.layers).map(net).collect(),
        }
    }

    fn map_of<T: Real>(&self, parameters: &[T], layer: usize) -> Matrix<f64> {
        let map = self.map(parameters, layer);
        Matrix::from_fn(self.width, self.width, |i, j| map[i * self.width + j].wide())
    }

    /// Initial parameters: random rotations, couplings that hardly move anything.
    pub(super) fn initial<T: Real>(&self, stream: &mut Stream) -> Vec<T> {
        let mut parameters = Vec::with_capacity(self.len());
        for _ in 0..=self.layers {
            parameters.extend(rotation(self.width, stream).data().iter().map(|&v| T::of(v)));
        }
        parameters.extend(std::iter::repeat_n(T::ZERO, self.width));
        if let Some(net) = &self.net {
            (0..self.layers).for_each(|_| parameters.extend(net.initial::<T>(stream, LAST, net.inputs())));
        }
        parameters
    }

    /// Turns what comes out by a random rotation.
    pub(super) fn turn<T: Real>(&self, parameters: &mut [T], stream: &mut Stream) {
        let turn = rotation(self.width, stream);
        let last = self.layers * self.square();
        for row in parameters[last..last + self.square() + self.width].chunks_exact_mut(self.width) {
            let before: Vec<f64> = row.iter().map(|v| v.wide()).collect();
            for (j, to) in row.iter_mut().enumerate() {
                *to = T::of(before.iter().enumerate().map(|(i, v)| v * turn[(i, j)]).sum());
            }
        }
    }

    pub(super) fn trace<T: Real>(&self, n: usize) -> Trace<T> {
        let some = |count: usize| vec![T::ZERO; count * n];
        let (hidden, widest) = self.net.as_ref().map_or((0, 0), |net| (net.hidden(), net.widest()));
        Trace {
            units: some((self.layers + 2) * self.width),
            mixed: some(self.layers * self.width),
            scales: some(2 * self.layers * self.moved()),
            hidden: some(self.layers * hidden),
            gradient: some(self.width),
            other: some(self.width + 2 * self.moved()),
            spare: [some(widest), some(widest)],
            log_det: vec![T::ZERO; n],
        }
    }

    /// Of the codes in `trace`, with the part of the log-determinant that differs between rows.
    pub(super) fn forward<T: Real>(&self, parameters: &[T], trace: &mut Trace<T>, n: usize) {
        let (wide, moved) = (self.width * n, self.moved() * n);
        let stay = wide - moved;
        trace.log_det.fill(T::ZERO);
        for layer in 0..self.layers {
            let (from, to) = trace.units[layer * wide..(layer + 2) * wide].split_at_mut(wide);
            let map = self.map(parameters, layer);
            let Some((net, at)) = self.net_at(layer) else {
                affine(to, from, n, map, None);
                continue;
            };
            let mixed = &mut trace.mixed[layer * wide..][..wide];
            affine(mixed, from, n, map, None);
            let hidden = &mut trace.hidden[layer * net.hidden() * n..][..net.hidden() * n];
            let scales = &mut trace.scales[layer * 2 * moved..][..2 * moved];
            net.forward(&parameters[at..at + net.len()], &mixed[..stay], n, hidden, scales);
            let (scales, shifts) = scales.split_at_mut(moved);
            to[..stay].copy_from_slice(&mixed[..stay]);
            let (two, half) = (T::of(2.0), T::of(0.5));
            for unit in 0..self.moved() {
                let range = unit * n..(unit + 1) * n;
                let (scales, shifts) = (&mut scales[range.clone()], &shifts[range.clone()]);
                let (b, to) = (&mixed[stay..][range.clone()], &mut to[stay..][range]);
                let log_det = &mut trace.log_det[..];
                vectorised!({
                    for ((((s, &t), &b), to), ld) in
                        scales.iter_mut().zip(shifts).zip(b).zip(to.iter_mut()).zip(log_det.iter_mut())
                    {
                        let scale = two * (half * *s).tanh();
                        *s = scale;
                        *ld += scale;
                        *to = b * scale.exp() + t;
                    }
                });
            }
        }
        let (from, to) = trace.units[self.layers * wide..].split_at_mut(wide);
        let shift = &parameters[(self.layers + 1) * self.square()..][..self.width];
        affine(&mut to[..wide], from, n, self.map(parameters, self.layers), Some(shift));
    }

    /// The network of a coupling, and where its parameters begin.
    fn net_at(&self, layer: usize) -> Option<(&Perceptron, usize)> {
        self.net.as_ref().map(|net| (net, self.nets() + layer * net.len()))
    }

    /// Adds the gradient by the parameters. In `trace` lies that by what came out (`Trace::gradient`); that by the log-determinant of each
    /// row is `by_log_det`, and their sum `by_all`.
    pub(super) fn backward<T: Real>(
        &self,
        parameters: &[T],
        trace: &mut Trace<T>,
        n: usize,
        (by_log_det, by_all): (&[T], T),
        gradient: &mut [T],
    ) {
        let (wide, moved) = (self.width * n, self.moved() * n);
        let stay = wide - moved;
        let mut unused = vec![T::ZERO; self.width];
        for layer in (0..=self.layers).rev() {
            let Trace { units, mixed, scales, hidden, gradient: d, other, spare: [a, b], .. } = trace;
            if layer < self.layers
                && let Some((net, at)) = self.net_at(layer)
            {
                let mixed = &mixed[layer * wide..][..wide];
                let hidden = &hidden[layer * net.hidden() * n..][..net.hidden() * n];
                let scales = &scales[layer * 2 * moved..][..moved];
                let (by_a, by_net) = other.split_at_mut(stay);
                let (by_scale, by_shift) = by_net[..2 * moved].split_at_mut(moved);
                let quarter = T::of(0.25);
                let (d_stay, d_moved) = d.split_at_mut(stay);
                let source = &mixed[stay..];
                for unit in 0..self.moved() {
                    let range = unit * n..(unit + 1) * n;
                    let (d, scales, source) =
                        (&mut d_moved[range.clone()], &scales[range.clone()], &source[range.clone()]);
                    let (by_scale, by_shift) = (&mut by_scale[range.clone()], &mut by_shift[range]);
                    vectorised!({
                        for (((((d, &s), &b), by_s), by_t), &by_ld) in d
                            .iter_mut()
                            .zip(scales)
                            .zip(source)
                            .zip(by_scale.iter_mut())
                            .zip(by_shift.iter_mut())
                            .zip(by_log_det)
                        {
                            let grown = *d * s.exp();
                            *by_t = *d;
                            *by_s = (grown * b + by_ld) * (T::ONE - quarter * s * s);
                            *d = grown;
                        }
                    });
                }
                let to = &mut gradient[at..at + net.len()];
                let from = &parameters[at..at + net.len()];
                net.backward(from, (&mixed[..stay], hidden), n, &by_net[..2 * moved], (to, by_a), [a, b]);
                vectorised!({
                    for (d, &by) in d_stay.iter_mut().zip(by_a.iter()) {
                        *d += by;
                    }
                });
            }
            let at = layer * self.square();
            let to = &mut gradient[at..at + self.square()];
            outer(to, &mut unused, &units[layer * wide..][..wide], d, n);
            let map = self.map_of(parameters, layer);
            match inverse(&map) {
                Ok(inverse) => {
                    for (p, to) in to.iter_mut().enumerate() {
                        *to += by_all * T::of(inverse[(p % self.width, p / self.width)]);
                    }
                }
                // A flow that has become singular has left the numbers; the search goes on without it.
                Err(_) => to.fill(T::of(f64::NAN)),
            }
            if layer == self.layers {
                let shift = &mut gradient[(self.layers + 1) * self.square()..][..self.width];
                shift.iter_mut().zip(&unused).for_each(|(to, &by)| *to += by);
            }
            if layer > 0 {
                back(&mut other[..wide], d, n, self.map(parameters, layer));
                d.copy_from_slice(&other[..wide]);
            }
        }
    }

    /// The part of the log-determinant that is the same for all rows.
    pub(super) fn log_det<T: Real>(&self, parameters: &[T]) -> f64 {
        (0..=self.layers).map(|layer| log_abs_det(&self.map_of(parameters, layer))).sum()
    }

    /// The codes (width x n) of what came out (width x n), in place.
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR`.
    pub(super) fn invert<T: Real>(&self, parameters: &[T], values: &mut [T], n: usize) -> Result<()> {
        let (wide, moved) = (self.width * n, self.moved() * n);
        let stay = wide - moved;
        let mut before = vec![T::ZERO; wide];
        let shift = &parameters[(self.layers + 1) * self.square()..][..self.width];
        for (unit, &shift) in values.chunks_exact_mut(n).zip(shift) {
            unit.iter_mut().for_each(|v| *v -= shift);
        }
        let (mut hidden, mut made) = (Vec::new(), vec![T::ZERO; 2 * moved]);
        for layer in (0..=self.layers).rev() {
            if layer < self.layers
                && let Some((net, at)) = self.net_at(layer)
            {
                hidden.resize(net.hidden() * n, T::ZERO);
                let (a, b) = values.split_at_mut(stay);
                net.forward(&parameters[at..at + net.len()], a, n, &mut hidden, &mut made);
                let (scales, shifts) = made.split_at(moved);
                for ((b, &s), &t) in b.iter_mut().zip(scales).zip(shifts) {
                    *b = (*b - t) * (-(T::of(2.0) * (T::of(0.5) * s).tanh())).exp();
                }
            }
            let inverse = inverse(&self.map_of(parameters, layer))?;
            let inverse: Vec<T> = inverse.data().iter().map(|&v| T::of(v)).collect();
            affine(&mut before, values, n, &inverse, None);
            values.copy_from_slice(&before);
        }
        Ok(())
    }
}

impl<T: Real> Trace<T> {
    /// Where the codes go in.
    pub(super) fn codes(&mut self, count: usize) -> &mut [T] {
        &mut self.units[..count]
    }

    /// What came out, `count` numbers.
    pub(super) fn out(&self, count: usize) -> &[T] {
        &self.units[self.units.len() - count..]
    }

    /// The gradient by what came out.
    pub(super) fn by_out(&mut self) -> &mut [T] {
        &mut self.gradient
    }
}

fn rotation(width: usize, stream: &mut Stream) -> Matrix<f64> {
    orthonormal(&Matrix::from_fn(width, width, |_, _| stream.normal()))
}
