//! Adam and AdamW: *Adam: A Method for Stochastic Optimization* (Kingma, Ba, 2015), <https://arxiv.org/abs/1412.6980>;
//! *Decoupled Weight Decay Regularization* (Loshchilov, Hutter, 2019), <https://arxiv.org/abs/1711.05101>.

use super::groups::{RateGroup, factors};
use super::in_place::{Moments, blend, gradient_of, replace, update, with_gradient};
use super::{OptimState, StepSize};
use crate::{Gradients, Params};
use candle_core::{Result, Tensor, Var};
use disentangle_data::simd::vectorised;
use disentangle_numerics::compute::Compute;
use std::ops::Range;

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
    first: Moments,
    second: Moments,
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

    /// The same for all entries of a parameter.
    fn all(self, var: &Var, m: &mut [f32], v: &mut [f32], gradient: &[f32]) -> Result<()> {
        update(var, |p| {
            vectorised!({
                for (((p, m), v), &g) in p.iter_mut().zip(&mut *m).zip(&mut *v).zip(gradient) {
                    self.run(p, m, v, g);
                }
            });
        })
    }

    /// The same on the device of the parameter, of a gradient that is scaled already.
    fn on_device(self, var: &Var, m: &mut Option<Tensor>, v: &mut Option<Tensor>, g: &Tensor) -> Result<()> {
        let [beta1, beta2, root, eps] =
            [self.pass.beta1, self.pass.beta2, self.pass.root, self.pass.eps].map(f64::from);
        let first = blend(m.as_ref(), g, beta1)?;
        let second = blend(v.as_ref(), &g.sqr()?, beta2)?;
        replace(var, |p| {
            let way = (&first * f64::from(self.rate))?.div(&second.sqrt()?.affine(root, eps)?)?;
            (p * f64::from(self.decay))? - way
        })?;
        (*m, *v) = (Some(first), Some(second));
        Ok(())
    }
}

/// Entries below which waking a second thread costs more than it saves.
const SHARED_ENTRIES: usize = 150_000;

/// The first parameter of the second thread: where half of the entries lie before it, or none where that would not pay.
fn middle(params: &Params) -> usize {
    let counts = || params.iter().map(|p| p.var().elem_count());
    let total: usize = counts().sum();
    if total < SHARED_ENTRIES || Compute::current().threads() == 1 {
        return params.len();
    }
    let before = counts().scan(0, |sum, count| {
        *sum += count;
        Some(*sum)
    });
    1 + before.take_while(|&sum| 2 * sum < total).count()
}

impl Adam {
    /// Moments at zero.
    pub fn new(params: &Params, settings: AdamSettings) -> Self {
        let factors = vec![1.0; params.len()];
        Self { settings, factors, steps: 0, first: Moments::zeros(params), second: Moments::zeros(params) }
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
        let (factors, list) = (&self.factors, params.iter().as_slice());
        let (first, second) = match (&mut self.first, &mut self.second) {
            (Moments::Slices(first), Moments::Slices(second)) => (first, second),
            _ => {
                for i in 0..list.len() {
                    if let Some(g) = gradient_of(params, gradients, i, f64::from(pass.scale))? {
                        self.move_on_device(i, list[i].var(), &g, pass)?;
                    }
                }
                return Ok(());
            }
        };
        let middle = middle(params);
        let (first, second) = (first.split_at_mut(middle), second.split_at_mut(middle));
        let part = |indices: Range<usize>, first: &mut [Vec<f32>], second: &mut [Vec<f32>]| {
            for ((i, m), v) in indices.zip(first).zip(second) {
                let (var, mut outcome) = (list[i].var(), Ok(()));
                let one = pass.with_factor(factors[i]);
                with_gradient(gradients, i, |g| outcome = one.all(var, m, v, g))?;
                outcome?;
            }
            Ok(())
        };
        if middle == params.len() {
            return part(0..middle, first.0, second.0);
        }
        let (a, b) = Compute::current()
            .join(|_| part(0..middle, first.0, second.0), |_| part(middle..params.len(), first.1, second.1));
        a.and(b)
    }

    fn move_on_device(&mut self, i: usize, var: &Var, gradient: &Tensor, pass: Pass) -> Result<()> {
        let one = pass.with_factor(self.factors[i]);
        match (&mut self.first, &mut self.second) {
            (Moments::Tensors(first), Moments::Tensors(second)) => {
                one.on_device(var, &mut first[i], &mut second[i], gradient)
            }
            _ => unreachable!("both moments lie where the parameters do"),
        }
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

    /// Moves parameter `i` along a gradient that was kept.
    pub(super) fn follow(&mut self, i: usize, var: &Var, kept: &Moments, pass: Pass) -> Result<()> {
        match (&mut self.first, &mut self.second, kept) {
            (Moments::Slices(first), Moments::Slices(second), Moments::Slices(kept)) => {
                pass.with_factor(self.factors[i]).all(var, &mut first[i], &mut second[i], &kept[i])
            }
            (_, _, Moments::Tensors(kept)) => {
                let gradient = match &kept[i] {
                    Some(gradient) => (gradient * f64::from(pass.scale))?,
                    None => var.as_tensor().detach().zeros_like()?,
                };
                self.move_on_device(i, var, &gradient, pass)
            }
            _ => unreachable!("moments and the kept gradient lie where the parameters do"),
        }
    }

    /// Everything a resumed run needs.
    ///
    /// # Errors
    /// Those of copying from the device.
    pub fn state(&self, params: &Params) -> Result<OptimState> {
        let mut moments = self.first.export("first", params)?;
        moments.extend(self.second.export("second", params)?);
        Ok(OptimState { steps: self.steps, moments })
    }

    /// Goes on from a state.
    ///
    /// # Errors
    /// A state of other parameters.
    pub fn restore(&mut self, params: &Params, state: &OptimState) -> Result<()> {
        let rest = self.first.import("first", params, &state.moments)?;
        self.second.import("second", params, rest)?;
        self.steps = state.steps;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Init;
    use candle_core::Device;

    /// Where three steps down a bowl lead, with what the optimiser remembers.
    fn descended(shapes: &[&[usize]], threads: usize) -> Result<(Vec<crate::NamedValues>, OptimState)> {
        let mut params = Params::new(&Device::Cpu);
        for (i, shape) in shapes.iter().enumerate() {
            params.insert(&format!("p{i}"), shape, &Init::Normal { sd: 1.0 }, 4)?;
        }
        let mut adam = Adam::new(&params, AdamSettings::default());
        Compute::with_threads(threads).run(|| {
            for _ in 0..3 {
                let squares = params.iter().map(|p| p.var().sqr()?.sum_all()).collect::<Result<Vec<_>>>()?;
                let loss = candle_core::Tensor::stack(&squares, 0)?.sum_all()?;
                adam.step(&params, &params.gradients(&loss)?, StepSize::new(0.1))?;
            }
            Ok((params.export()?, adam.state(&params)?))
        })
    }

    #[test]
    fn one_and_two_threads_move_large_models_by_the_same_bits() -> Result<()> {
        // Divided in the middle, after the first, before the last, and not at all.
        let cases: [&[&[usize]]; 4] =
            [&[&[300, 400], &[400], &[400, 300], &[5]], &[&[500, 400], &[7]], &[&[7], &[500, 400]], &[&[500, 400]]];
        for shapes in cases {
            assert_eq!(descended(shapes, 1)?, descended(shapes, 2)?, "{shapes:?}");
        }
        Ok(())
    }
}
