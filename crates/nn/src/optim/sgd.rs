//! Stochastic gradient descent with momentum, as in PyTorch.

use super::groups::{RateGroup, factors};
use super::in_place::{Moments, gradient_of, replace, update, with_gradient};
use super::{OptimState, StepSize};
use crate::{Gradients, Params};
use candle_core::Result;
use disentangle_data::simd::vectorised;

/// Settings of [`Sgd`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SgdSettings {
    /// Share of the previous direction that is kept, in \[0, 1).
    pub momentum: f64,
    /// Added to the gradient: `weight_decay * parameter`.
    pub weight_decay: f64,
}

/// `velocity = momentum * velocity + gradient`, `parameter -= lr * velocity`.
#[derive(Debug, Clone)]
pub struct Sgd {
    settings: SgdSettings,
    factors: Vec<f64>,
    steps: u64,
    velocity: Moments,
}

impl Sgd {
    /// At rest.
    pub fn new(params: &Params, settings: SgdSettings) -> Self {
        Self { settings, factors: vec![1.0; params.len()], steps: 0, velocity: Moments::zeros(params) }
    }

    /// The same with factors on the learning rate of groups of parameters.
    pub fn with_groups(self, params: &Params, groups: &[RateGroup]) -> Self {
        Self { factors: factors(params, groups), ..self }
    }

    /// One step; parameters without a gradient stay as they are.
    ///
    /// # Errors
    /// Parameters that are not `f32`, or those of candle.
    pub fn step(&mut self, params: &Params, gradients: &Gradients, size: StepSize) -> Result<()> {
        self.steps += 1;
        let (momentum, decay) = (self.settings.momentum as f32, self.settings.weight_decay as f32);
        let scale = size.gradient_scale as f32;
        let velocity = match &mut self.velocity {
            Moments::Slices(velocity) => velocity,
            Moments::Tensors(velocity) => {
                for (i, (param, velocity)) in params.iter().zip(velocity).enumerate() {
                    let Some(g) = gradient_of(params, gradients, i, f64::from(scale))? else { continue };
                    let lr = f64::from((size.lr * self.factors[i]) as f32);
                    replace(param.var(), |p| {
                        let pull = (g + (p * f64::from(decay))?)?;
                        let now = match velocity.take() {
                            Some(before) => ((before * f64::from(momentum))? + pull)?,
                            None => pull,
                        };
                        let moved = p - (&now * lr)?;
                        *velocity = Some(now);
                        moved
                    })?;
                }
                return Ok(());
            }
        };
        let mut outcome = Ok(());
        for (i, (param, velocity)) in params.iter().zip(velocity).enumerate() {
            let lr = (size.lr * self.factors[i]) as f32;
            with_gradient(gradients, i, |g| {
                outcome = update(param.var(), |p| {
                    vectorised!({
                        for ((p, v), &g) in p.iter_mut().zip(&mut *velocity).zip(g) {
                            *v = momentum * *v + (g * scale + decay * *p);
                            *p -= lr * *v;
                        }
                    });
                });
            })?;
            std::mem::replace(&mut outcome, Ok(()))?;
        }
        Ok(())
    }

    /// Everything a resumed run needs.
    ///
    /// # Errors
    /// Those of copying from the device.
    pub fn state(&self, params: &Params) -> Result<OptimState> {
        Ok(OptimState { steps: self.steps, moments: self.velocity.export("velocity", params)? })
    }

    /// Goes on from a state.
    ///
    /// # Errors
    /// A state of other parameters.
    pub fn restore(&mut self, params: &Params, state: &OptimState) -> Result<()> {
        self.velocity.import("velocity", params, &state.moments)?;
        self.steps = state.steps;
        Ok(())
    }
}
