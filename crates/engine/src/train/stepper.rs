//! One step of a descent: the loss and its gradients, then parameters and multipliers move.

use super::standing::Descent;
use super::watch::culprit;
use crate::method::{Batch, Constraints, Recipe, State};
use disentangle_data::Result;
use disentangle_nn::internal;
use disentangle_nn::optim::{
    Adam, ConstraintRecord, ExtraAdam, Extrapolation, Multipliers, OptimState, StepSize, clip_factor,
};
use disentangle_nn::{Gradients, Params, Tensor, host};

/// Term under which the multipliers' part of the loss is recorded.
const CONSTRAINTS: &str = "constraints";

/// The optimiser of a recipe, with the multipliers of its constraints.
#[derive(Debug)]
pub struct Stepper<'a> {
    recipe: &'a Recipe,
    optimiser: Optimiser,
    multipliers: Option<Multipliers>,
    /// Violations of the step before: multipliers look ahead along them, as the parameters along their past gradient.
    past: Vec<f64>,
}

#[derive(Debug)]
enum Optimiser {
    Adam(Adam),
    Extra(ExtraAdam, Extrapolation),
}

/// What a step has seen.
pub(super) struct Taken {
    pub(super) terms: Vec<(&'static str, f64)>,
    pub(super) gradient_norm: f64,
    pub(super) records: Vec<ConstraintRecord>,
}

impl Taken {
    pub(super) fn loss(&self) -> f64 {
        self.terms.iter().map(|(_, value)| value).sum()
    }
}

/// The loss at one point.
struct Point {
    terms: Vec<(&'static str, f64)>,
    violations: Vec<f64>,
    gradients: Gradients,
    norm: f64,
}

impl<'a> Stepper<'a> {
    /// At rest.
    pub(super) fn new(recipe: &'a Recipe, params: &Params) -> Self {
        let optimiser = match recipe.extrapolation {
            None => Optimiser::Adam(Adam::new(params, recipe.adam).with_groups(params, &recipe.rates)),
            Some(kind) => Optimiser::Extra(ExtraAdam::new(params, recipe.adam, kind), kind),
        };
        let count = recipe.constraints.as_ref().map_or(0, |constraints| constraints.list.len());
        let multipliers = recipe.constraints.as_ref().map(|c| Multipliers::new(&c.list, c.settings));
        Self { recipe, optimiser, multipliers, past: vec![0.0; count] }
    }

    /// Goes on from where a descent stood; takes what only a checkpoint holds.
    pub(super) fn resume(&mut self, mut descent: Descent, params: &Params) -> Result<Descent> {
        let moments = std::mem::take(&mut descent.moments);
        let state = OptimState { steps: self.updates(descent.step), moments };
        match &mut self.optimiser {
            Optimiser::Adam(adam) => adam.restore(params, &state),
            Optimiser::Extra(extra, _) => extra.restore(params, &state),
        }
        .map_err(internal)?;
        if let (Some(multipliers), Some(state)) = (&mut self.multipliers, descent.multipliers.take()) {
            multipliers.restore(state).map_err(internal)?;
            self.past = std::mem::take(&mut descent.past_violations);
        }
        Ok(descent)
    }

    /// Updates of the moments after so many steps: looking ahead counts as well.
    fn updates(&self, steps: usize) -> u64 {
        match self.optimiser {
            Optimiser::Adam(_) => steps as u64,
            Optimiser::Extra(..) => 2 * steps as u64,
        }
    }

    /// The descent with everything that a checkpoint holds.
    ///
    /// # Errors
    /// Those of copying from the device.
    pub(super) fn kept(&self, params: &Params, descent: &Descent) -> Result<Descent> {
        let moments = match &self.optimiser {
            Optimiser::Adam(adam) => adam.state(params),
            Optimiser::Extra(extra, _) => extra.state(params),
        }
        .map_err(internal)?
        .moments;
        let multipliers = self.multipliers.as_ref().map(Multipliers::state);
        Ok(Descent { moments, multipliers, past_violations: self.past.clone(), ..descent.clone() })
    }

    /// One step; or the name of the term, parameter, multiplier or gradient that is not finite.
    pub(super) fn step(
        &mut self,
        batch: &Batch,
        step: usize,
        state: &State,
    ) -> Result<std::result::Result<Taken, String>> {
        host::within_step(|| self.step_counted(batch, step, state))
    }

    fn step_counted(
        &mut self,
        batch: &Batch,
        step: usize,
        state: &State,
    ) -> Result<std::result::Result<Taken, String>> {
        let Recipe { learning_rate, schedule, clip, steps, .. } = self.recipe;
        let lr = learning_rate * schedule.factor(step as u64, *steps as u64);
        let size = |norm| StepSize { lr, gradient_scale: clip.map_or(1.0, |limit| clip_factor(norm, limit)) };
        let climb = StepSize::new(self.recipe.constraints.as_ref().map_or(0.0, |c| c.learning_rate));
        if let Optimiser::Extra(_, Extrapolation::SecondGradient) = self.optimiser {
            let first = match self.evaluate(batch, state)? {
                Ok(point) => point,
                Err(name) => return Ok(Err(name)),
            };
            if let Optimiser::Extra(extra, _) = &mut self.optimiser {
                extra.extrapolate(&state.params, &first.gradients, size(first.norm)).map_err(internal)?;
            }
            self.look_ahead(&first.violations, climb);
        } else if let Optimiser::Extra(extra, _) = &mut self.optimiser {
            extra.extrapolate_from_the_past(&state.params, StepSize::new(lr)).map_err(internal)?;
            let past = std::mem::take(&mut self.past);
            self.look_ahead(&past, climb);
        }
        let Point { terms, violations, gradients, norm } = match self.evaluate(batch, state)? {
            Ok(point) => point,
            Err(name) => return Ok(Err(name)),
        };
        match &mut self.optimiser {
            Optimiser::Adam(adam) => adam.step(&state.params, &gradients, size(norm)),
            Optimiser::Extra(extra, _) => extra.step(&state.params, &gradients, size(norm)),
        }
        .map_err(internal)?;
        let records = self.multipliers.as_mut().map(|m| m.step(&violations, climb)).unwrap_or_default();
        if let Some(broken) = records.iter().find(|r| !r.multiplier.is_finite()) {
            return Ok(Err(format!("multiplier of {}", broken.name)));
        }
        self.past = violations;
        Ok(Ok(Taken { terms, gradient_norm: norm, records }))
    }

    fn look_ahead(&mut self, violations: &[f64], climb: StepSize) {
        if let Some(multipliers) = &mut self.multipliers {
            multipliers.extrapolate(violations, climb);
        }
    }

    /// The loss with its gradients where the parameters are; or the name of what is not finite.
    fn evaluate(&self, batch: &Batch, state: &State) -> Result<std::result::Result<Point, String>> {
        let mut terms = state.network.loss(batch).map_err(internal)?;
        let values: Vec<_> = terms.iter().map(|t| Ok((t.name, number(&t.value)?))).collect::<Result<_>>()?;
        if let Some((name, _)) = values.iter().find(|(_, value)| !value.is_finite()) {
            return Ok(Err(culprit(state, name)?));
        }
        let (held, mut values): (Vec<_>, Vec<_>) = values.into_iter().partition(|(name, _)| self.holds(name));
        let mut violations = Vec::new();
        let mut pull = None;
        if let (Some(Constraints { list, .. }), Some(multipliers)) = (&self.recipe.constraints, &self.multipliers) {
            let find = |name: &str| terms.iter().find(|t| t.name == name).expect("a held term is a term of the loss");
            let tensors: Vec<Tensor> = list.iter().map(|c| find(&c.name).value.clone()).collect();
            violations =
                list.iter().filter_map(|c| held.iter().find(|(name, _)| *name == c.name)).map(|h| h.1).collect();
            let stacked = Tensor::stack(&tensors, 0).map_err(internal)?;
            let term = multipliers.term(&stacked).map_err(internal)?;
            values.push((CONSTRAINTS, number(&term)?));
            pull = Some(term);
        }
        terms.retain(|t| !self.holds(t.name));
        let mut sum = terms.into_iter().map(|t| t.value).chain(pull);
        let first = sum.next().expect("a loss has at least one term");
        let total = sum.try_fold(first, |a, b| a + b).map_err(internal)?;
        let gradients = state.params.gradients(&total).map_err(internal)?;
        let norm = gradients.norm().map_err(internal)?;
        if !norm.is_finite() {
            return Ok(Err(broken_gradient(&state.params, &gradients)?));
        }
        Ok(Ok(Point { terms: values, violations, gradients, norm }))
    }

    fn holds(&self, name: &str) -> bool {
        self.recipe.constraints.as_ref().is_some_and(|c| c.list.iter().any(|c| c.name == name))
    }
}

fn broken_gradient(params: &Params, gradients: &Gradients) -> Result<String> {
    for (i, param) in params.iter().enumerate() {
        let values = gradients.tensor(i).and_then(|tensor| tensor.as_ref().map_or(Ok(Vec::new()), host::singles));
        if values.map_err(internal)?.iter().any(|v| !v.is_finite()) {
            return Ok(format!("gradient of {}", param.name()));
        }
    }
    Ok("gradient".into())
}

/// The value of a scalar.
pub(super) fn number(scalar: &Tensor) -> Result<f64> {
    host::number(scalar).map_err(internal)
}
