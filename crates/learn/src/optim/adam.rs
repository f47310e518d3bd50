//! Adam and AdamW: *Adam: A Method for Stochastic Optimization* (Kingma, Ba, 2015), <https://arxiv.org/abs/1412.6980>;
//! *Decoupled Weight Decay Regularization* (Loshchilov, Hutter, 2019), <https://arxiv.org/abs/1711.05101>.

use super::groups::{RateGroup, factors};
use super::in_place::{export, import, update, with_gradient, zeros};
use super::{OptimState, StepSize};
use crate::nn::simd::vectorised;
use crate::nn::{Gradients, Params};
use candle_core::{Result, Var};

/// Settings of [`Adam`]; the defaults are PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamSettings {
    /// Decay of the running mean of the gradient, in \[0, 1).
    pub beta1: f64,
    /// Decay of the running mean of its square, in \[0, 1).
    pub beta2: f64,
    /// Added to the root of the second moment, > 0.
    pub eps: f64,
    /// Decoupled weight decay (AdamW): each step first multiplies by `1 - lr * weight_decay`; 0 is Adam.
    pub weight_decay: f64,
}

impl Default for AdamSettings {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 }
    }
}

/// Adam with decoupled weight decay.
#[derive(Debug, Clone)]
pub struct Adam {
    settings: AdamSettings,
    factors: Vec<f64>,
    steps: u64,
    first: Vec<Vec<f32>>,
    second: Vec<Vec<f32>>,
}

/// The scalars of one pass, in the parameter's precision.
#[derive(Clone, Copy)]
pub(super) struct Pass {
    rate: f64,
    shrink: f64,
    beta1: f32,
    beta2: f32,
    root: f32,
    eps: f32,
    scale: f32,
}

/// The same for one parameter.
#[derive(Clone, Copy)]
struct Update {
    pass: Pass,
    rate: f32,
    decay: f32,
}

impl Pass {
    fn with_factor(self, factor: f64) -> Update {
        Update { pass: self, rate: (self.rate * factor) as f32, decay: (1.0 - self.shrink * factor) as f32 }
    }
}

impl Update {
    #[inline(always)]
    fn run(self, p: &mut f32, m: &mut f32, v: &mut f32, g: f32) {
        let Pass { beta1, beta2, root, eps, scale, .. } = self.pass;
        let g = g * scale;
        *m = beta1 * *m + (1.0 - beta1) * g;
        *v = beta2 * *v + (1.0 - beta2) * (g * g);
        *p = *p * self.decay - self.rate * *m / (v.sqrt() * root + eps);
    }
}

impl Adam {
    /// Moments at zero.
    pub fn new(params: &Params, settings: AdamSettings) -> Self {
        let factors = vec![1.0; params.len()];
        Self { settings, factors, steps: 0, first: zeros(params), second: zeros(params) }
    }

    /// The same with factors on the learning rate (and with it the weight decay) of groups of parameters.
    pub fn with_groups(self, params: &Params, groups: &[RateGroup]) -> Self {
        Self { factors: factors(params, groups), ..self }
    }

    /// One step; parameters without a gradient stay as they are.
    ///
    /// # Errors
    /// Parameters that are not `f32`, or those of candle.
    pub fn step(&mut self, params: &Params, gradients: &Gradients, size: StepSize) -> Result<()> {
        let pass = self.begin(size);
        for (i, param) in params.iter().enumerate() {
            let mut outcome = Ok(());
            with_gradient(params, gradients, i, |g| outcome = self.apply(i, param.var(), g, pass))?;
            outcome?;
        }
        Ok(())
    }

    /// Counts a step and prepares its scalars.
    pub(super) fn begin(&mut self, size: StepSize) -> Pass {
        self.steps += 1;
        let AdamSettings { beta1, beta2, eps, weight_decay } = self.settings;
        let t = self.steps as f64;
        Pass {
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            rate: size.lr / (1.0 - beta1.powf(t)),
            shrink: size.lr * weight_decay,
            root: (1.0 / (1.0 - beta2.powf(t)).sqrt()) as f32,
            eps: eps as f32,
            scale: size.gradient_scale as f32,
        }
    }

    /// Moves parameter `i` along its gradient.
    pub(super) fn apply(&mut self, i: usize, var: &Var, gradient: &[f32], pass: Pass) -> Result<()> {
        let (m, v) = (&mut self.first[i], &mut self.second[i]);
        let one = pass.with_factor(self.factors[i]);
        update(var, |p| {
            vectorised!({
                for (((p, m), v), &g) in p.iter_mut().zip(&mut *m).zip(&mut *v).zip(gradient) {
                    one.run(p, m, v, g);
                }
            });
        })
    }

    /// Everything a resumed run needs.
    pub fn state(&self, params: &Params) -> OptimState {
        let mut moments = export("first", params, &self.first);
        moments.extend(export("second", params, &self.second));
        OptimState { steps: self.steps, moments }
    }

    /// Goes on from a state.
    ///
    /// # Errors
    /// A state of other parameters.
    pub fn restore(&mut self, params: &Params, state: &OptimState) -> Result<()> {
        let rest = import("first", params, &mut self.first, &state.moments)?;
        import("second", params, &mut self.second, rest)?;
        self.steps = state.steps;
        Ok(())
    }
}
