//! Small networks of dense layers over lanes, forwards and backwards, on slices: unit i of n rows is `values[i * n..][..n]`. For many
//! networks that are so small that a node in a graph costs more than what it computes.

use crate::lane_products::{BLOCK, affine, back, outer};
use crate::real::Real;
use disentangle_data::Stream;
use disentangle_data::simd::vectorised;

/// What hidden layers do to their sums.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bend {
    /// `x`, or the slope times it below 0.
    Leaky(f64),
    /// The hyperbolic tangent.
    Tanh,
}

/// Widths of a network, from inputs to outputs; the last layer is linear. Its parameters are one slice: layer after layer the weights
/// (input after input, all outputs) and the biases.
#[derive(Debug, Clone, PartialEq)]
pub struct Perceptron {
    widths: Vec<usize>,
    bend: Bend,
}

impl Perceptron {
    /// A network of these widths, inputs first.
    ///
    /// # Panics
    /// Without a layer.
    pub fn new(widths: Vec<usize>, bend: Bend) -> Self {
        assert!(widths.len() > 1, "a network has a layer");
        Self { widths, bend }
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.layers().map(|(inputs, outputs)| (inputs + 1) * outputs).sum()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers that [`Self::forward`] keeps for each row.
    pub fn hidden(&self) -> usize {
        self.widths[1..self.widths.len() - 1].iter().sum()
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.widths[0]
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// Inputs and outputs of each layer.
    pub fn layers(&self) -> impl DoubleEndedIterator<Item = (usize, usize)> + ExactSizeIterator + '_ {
        self.widths.windows(2).map(|pair| (pair[0], pair[1]))
    }

    /// Initial parameters: normal weights of variance `2 / (inputs + outputs)`, those of the last layer times `last`, and no biases.
    /// `fan` stands in for the inputs of the first layer.
    pub fn initial<T: Real>(&self, stream: &mut Stream, last: f64, fan: usize) -> Vec<T> {
        let count = self.widths.len() - 1;
        let of = |(l, (inputs, outputs)): (usize, (usize, usize))| {
            let fan = if l == 0 { fan } else { inputs };
            let sd = (2.0 / (fan + outputs) as f64).sqrt() * if l + 1 == count { last } else { 1.0 };
            let weights: Vec<T> = (0..inputs * outputs).map(|_| T::of(sd * stream.normal())).collect();
            weights.into_iter().chain(std::iter::repeat_n(T::ZERO, outputs))
        };
        self.layers().enumerate().flat_map(of).collect()
    }

    /// Outputs of `x` (inputs x n) to `out` (outputs x n); what the way back needs to `hidden`.
    pub fn forward<T: Real>(&self, parameters: &[T], x: &[T], n: usize, hidden: &mut [T], out: &mut [T]) {
        debug_assert!(n.is_multiple_of(BLOCK) && x.len() == self.inputs() * n && out.len() == self.outputs() * n);
        let (mut rest, mut at) = (hidden, 0);
        let mut input: &[T] = x;
        let last = self.widths.len() - 2;
        for (l, (inputs, outputs)) in self.layers().enumerate() {
            let (weights, bias) = parameters[at..at + (inputs + 1) * outputs].split_at(inputs * outputs);
            at += (inputs + 1) * outputs;
            if l == last {
                return affine(out, input, n, weights, Some(bias));
            }
            let (output, tail) = rest.split_at_mut(outputs * n);
            affine(output, input, n, weights, Some(bias));
            self.bend(output);
            (input, rest) = (output, tail);
        }
    }

    fn bend<T: Real>(&self, values: &mut [T]) {
        match self.bend {
            Bend::Leaky(slope) => {
                let slope = T::of(slope);
                vectorised!({
                    for v in values.iter_mut() {
                        let low = slope * *v;
                        *v = if *v > T::ZERO { *v } else { low };
                    }
                });
            }
            Bend::Tanh => vectorised!({
                for v in values.iter_mut() {
                    *v = v.tanh();
                }
            }),
        }
    }

    /// The gradient by the sums of a hidden layer, in place of that by what came out of it.
    fn unbend<T: Real>(&self, gradient: &mut [T], values: &[T]) {
        match self.bend {
            Bend::Leaky(slope) => {
                let slope = T::of(slope);
                vectorised!({
                    for (g, &v) in gradient.iter_mut().zip(values) {
                        let low = slope * *g;
                        *g = if v > T::ZERO { *g } else { low };
                    }
                });
            }
            Bend::Tanh => vectorised!({
                for (g, &v) in gradient.iter_mut().zip(values) {
                    *g *= T::ONE - v * v;
                }
            }),
        }
    }

    /// Adds the gradient by the parameters to `gradient`, and writes the one by `x` to `dx`, or nothing where that is empty. `dy` is the
    /// gradient by the outputs, `spare` two buffers of the widest layer.
    pub fn backward<T: Real>(
        &self,
        parameters: &[T],
        (x, hidden): (&[T], &[T]),
        n: usize,
        dy: &[T],
        (gradient, dx): (&mut [T], &mut [T]),
        [spare, other]: [&mut [T]; 2],
    ) {
        let (mut above, mut below) = (spare, other);
        let last = self.widths.len() - 2;
        let (mut at, mut end) = (parameters.len(), hidden.len());
        for (l, (inputs, outputs)) in self.layers().enumerate().rev() {
            at -= (inputs + 1) * outputs;
            let weights = &parameters[at..at + inputs * outputs];
            let input = if l == 0 { x } else { &hidden[end - inputs * n..end] };
            let (dw, db) = gradient[at..at + (inputs + 1) * outputs].split_at_mut(inputs * outputs);
            let dy = if l == last { dy } else { &above[..outputs * n] };
            outer(dw, db, input, dy, n);
            if l == 0 {
                if !dx.is_empty() {
                    back(dx, dy, n, weights);
                }
                return;
            }
            back(&mut below[..inputs * n], dy, n, weights);
            self.unbend(&mut below[..inputs * n], input);
            end -= inputs * n;
            std::mem::swap(&mut above, &mut below);
        }
    }

    /// The widest layer.
    pub fn widest(&self) -> usize {
        self.widths.iter().copied().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_are_those_of_central_differences() {
        for bend in [Bend::Leaky(0.1), Bend::Tanh] {
            for widths in [vec![3, 5, 6, 2], vec![1, 4, 1], vec![7, 2], vec![6, 33, 5]] {
                let net = Perceptron::new(widths, bend);
                let mut stream = Stream::new(3, "test/perceptron");
                let n = BLOCK;
                let mut parameters: Vec<f64> = net.initial(&mut stream, 1.0, net.inputs());
                parameters.iter_mut().for_each(|p| *p += 0.1 * stream.normal());
                let mut x: Vec<f64> = (0..net.inputs() * n).map(|_| stream.normal()).collect();
                let factors: Vec<f64> = (0..net.outputs() * n).map(|_| stream.normal()).collect();
                let mut hidden = vec![0.0; net.hidden() * n];
                let mut out = vec![0.0; net.outputs() * n];
                let mut value = |parameters: &[f64], x: &[f64]| {
                    net.forward(parameters, x, n, &mut hidden, &mut out);
                    let value: f64 = out.iter().zip(&factors).map(|(o, f)| o * f).sum();
                    (value, hidden.clone())
                };
                let (_, kept) = value(&parameters, &x);
                let (mut gradient, mut dx) = (vec![0.0; net.len()], vec![0.0; x.len()]);
                let (mut a, mut b) = (vec![0.0; net.widest() * n], vec![0.0; net.widest() * n]);
                net.backward(&parameters, (&x, &kept), n, &factors, (&mut gradient, &mut dx), [&mut a, &mut b]);
                let step = 1e-6;
                // Values of some hundred, with 16 digits, over the step; a bend of the leaky kind within a step of a row is rarer than 1e-4.
                let close = |got: f64, want: f64| (got - want).abs() < 1e-5 * (1.0 + want.abs());
                for p in 0..parameters.len() {
                    let kept = parameters[p];
                    parameters[p] = kept + step;
                    let up = value(&parameters, &x).0;
                    parameters[p] = kept - step;
                    let down = value(&parameters, &x).0;
                    parameters[p] = kept;
                    let want = (up - down) / (2.0 * step);
                    assert!(close(gradient[p], want), "parameter {p}: {} is not {want}", gradient[p]);
                }
                for p in (0..x.len()).step_by(7) {
                    let kept = x[p];
                    x[p] = kept + step;
                    let up = value(&parameters, &x).0;
                    x[p] = kept - step;
                    let down = value(&parameters, &x).0;
                    x[p] = kept;
                    let want = (up - down) / (2.0 * step);
                    assert!(close(dx[p], want), "input {p}: {} is not {want}", dx[p]);
                }
            }
        }
    }
}
