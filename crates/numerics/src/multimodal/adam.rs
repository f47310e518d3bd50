//! Adam on a slice of either precision.

use crate::real::Real;
use disentangle_data::simd::vectorised;

const FIRST: f64 = 0.9;
const SECOND: f64 = 0.999;
const SMALL: f64 = 1e-8;

/// Moments.
#[derive(Debug, Clone)]
pub(super) struct Adam<T> {
    steps: i32,
    first: Vec<T>,
    second: Vec<T>,
}

impl<T: Real> Adam<T> {
    pub(super) fn new(len: usize) -> Self {
        Self { steps: 0, first: vec![T::ZERO; len], second: vec![T::ZERO; len] }
    }

    /// One step against `factor` times the gradient.
    pub(super) fn step(&mut self, values: &mut [T], gradient: &[T], factor: f64, rate: f64) {
        self.steps += 1;
        let corrected = (1.0 - SECOND.powi(self.steps)).sqrt();
        let (rate, small) = (T::of(rate * corrected / (1.0 - FIRST.powi(self.steps))), T::of(SMALL * corrected));
        let (a, b, c, d) = (T::of(FIRST), T::of(1.0 - FIRST), T::of(SECOND), T::of(1.0 - SECOND));
        let factor = T::of(factor);
        let (first, second) = (&mut self.first, &mut self.second);
        vectorised!({
            for (((value, &g), m), v) in values.iter_mut().zip(gradient).zip(first.iter_mut()).zip(second.iter_mut()) {
                let g = g * factor;
                *m = a * *m + b * g;
                *v = c * *v + d * g * g;
                *value -= rate * *m / (v.sqrt() + small);
            }
        });
    }
}

/// The factor that cuts a gradient down to a norm.
pub(super) fn clip<T: Real>(gradient: &[T], norm: f64) -> f64 {
    // Lanes of their own, which a compiler can keep in registers; the same bits on every machine.
    let mut lanes = [0f64; 16];
    let chunks = gradient.chunks_exact(lanes.len());
    let rest: f64 = chunks.remainder().iter().map(|g| g.wide().powi(2)).sum();
    vectorised!({
        for chunk in chunks {
            for (lane, g) in lanes.iter_mut().zip(chunk) {
                *lane += g.wide() * g.wide();
            }
        }
    });
    let squares = lanes.iter().sum::<f64>() + rest;
    (norm / squares.sqrt().max(1e-6)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_are_those_that_are_derived_by_hand() {
        let (mut adam, mut values) = (Adam::new(2), [1.0f64, -1.0]);
        adam.step(&mut values, &[3.0, -0.2], 1.0, 0.1);
        // Corrected moments of one step are the gradient and its square: a step of the rate, whatever the gradient.
        assert!((values[0] - 0.9).abs() < 1e-8 && (values[1] + 0.9).abs() < 1e-7, "{values:?}");
        adam.step(&mut values, &[0.0, 0.0], 1.0, 0.1);
        // Moments .9 x .1 g and .999 x .001 g^2, corrected by 1 - .9^2 and 1 - .999^2.
        let step = 0.1 * (0.09 / 0.19) / (0.000_999f64 / 0.001_999).sqrt();
        assert!((values[0] - (0.9 - step)).abs() < 1e-8, "{values:?}");
    }

    #[test]
    fn a_gradient_is_cut_down_to_the_norm_and_never_lengthened() {
        assert_eq!(clip(&[3.0, 4.0], 1.0), 0.2);
        assert_eq!(clip(&[3.0, 4.0], 6.0), 1.0);
        // Longer than what is summed at once: the norm of 40 ones is the root of 40.
        assert!((clip(&[1.0f32; 40], 1.0) - 40f64.sqrt().recip()).abs() < 1e-12);
    }
}
