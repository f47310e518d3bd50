//! Constraints by Lagrangians: the loss gets a term, and multipliers climb on the violations.
//!
//! Lagrangian (after Arrow, Hurwicz, Uzawa, 1958): `L = f + sum_i m_i g_i`, `m += rate * g`, projected.
//!
//! A violation is a signed number: `g <= 0` is asked of [`Relation::AtMost`], `g = 0` of [`Relation::Equal`].
//! Simultaneous training takes both gradients at the same point: one evaluation for [`Multipliers::term`] and
//! [`Multipliers::step`]. Alternating training evaluates the violations again after the step of the parameters. With an optimiser that looks ahead, the multipliers look ahead
//! too: [`Multipliers::extrapolate`].

use super::{AdamSettings, StepSize};
use candle_core::{Error, Result, Tensor};
use serde::{Deserialize, Serialize};

/// What is asked of a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// At most zero; the multiplier is never negative.
    AtMost,
    /// Zero; the multiplier may have either sign.
    Equal,
}

/// One constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// Its name in records.
    pub name: String,
    /// What is asked of its violation.
    pub relation: Relation,
}

impl Constraint {
    /// `violation <= 0`.
    pub fn at_most(name: &str) -> Self {
        Self { name: name.to_owned(), relation: Relation::AtMost }
    }

    /// `violation = 0`.
    pub fn equal(name: &str) -> Self {
        Self { name: name.to_owned(), relation: Relation::Equal }
    }
}

/// How multipliers climb.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ascent {
    /// By `lr * violation`.
    Gradient,
    /// By Adam on the violation (weight decay is not used).
    Adam(AdamSettings),
}

/// Settings of [`Multipliers`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultiplierSettings {
    /// How multipliers climb.
    pub ascent: Ascent,
    /// Largest magnitude of a multiplier, > 0; it keeps a constraint that cannot be met from drowning the loss.
    pub cap: f64,
}

impl Default for MultiplierSettings {
    fn default() -> Self {
        Self { ascent: Ascent::Gradient, cap: f64::INFINITY }
    }
}

/// One constraint at one step: what a history records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConstraintRecord {
    /// Name of the constraint.
    pub name: String,
    /// Updates of the multiplier so far, this one included.
    pub step: u64,
    /// The violation that the update saw, signed.
    pub violation: f64,
    /// The multiplier after the update.
    pub multiplier: f64,
}

/// One constraint's numbers; everything a resumed run needs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Multiplier {
    value: f64,
    /// Adam's moments and count.
    first: f64,
    second: f64,
    moves: u64,
    /// Where to return after an extrapolation.
    origin: Option<f64>,
}

/// The multipliers of all constraints of a problem, in double precision.
#[derive(Debug, Clone, PartialEq)]
pub struct Multipliers {
    constraints: Vec<Constraint>,
    settings: MultiplierSettings,
    list: Vec<Multiplier>,
    steps: u64,
}

impl Multipliers {
    /// Multipliers at zero.
    pub fn new(constraints: &[Constraint], settings: MultiplierSettings) -> Self {
        let start = Multiplier { value: 0.0, first: 0.0, second: 0.0, moves: 0, origin: None };
        Self { constraints: constraints.to_vec(), settings, list: vec![start; constraints.len()], steps: 0 }
    }

    /// The current multipliers, in the order of the constraints.
    pub fn values(&self) -> Vec<f64> {
        self.list.iter().map(|m| m.value).collect()
    }

    /// The term to be added to the loss, in candle's graph: `violations [m]` give a scalar; the multipliers are constants.
    ///
    /// # Errors
    /// Another number of violations than constraints, or those of candle.
    pub fn term(&self, violations: &Tensor) -> Result<Tensor> {
        if violations.dims() != [self.list.len()] {
            let shape = violations.shape();
            return Err(Error::Msg(format!("{} constraints and violations of shape {shape:?}", self.list.len())).bt());
        }
        let pull = Tensor::new(self.values(), violations.device())?.to_dtype(violations.dtype())?;
        (violations * pull)?.sum_all()
    }

    /// Looks ahead: each multiplier climbs, [`Multipliers::step`] returns before it climbs itself.
    ///
    /// # Panics
    /// Another number of violations than constraints.
    pub fn extrapolate(&mut self, violations: &[f64], size: StepSize) {
        for m in &mut self.list {
            m.origin = Some(m.value);
        }
        self.climb(violations, size);
    }

    /// Each multiplier climbs along its violation and is projected; the record of every constraint.
    ///
    /// # Panics
    /// Another number of violations than constraints.
    pub fn step(&mut self, violations: &[f64], size: StepSize) -> Vec<ConstraintRecord> {
        for m in &mut self.list {
            m.value = m.origin.take().unwrap_or(m.value);
        }
        self.climb(violations, size);
        self.steps += 1;
        let record = |((constraint, m), &violation): ((&Constraint, &Multiplier), &f64)| ConstraintRecord {
            name: constraint.name.clone(),
            step: self.steps,
            violation,
            multiplier: m.value,
        };
        self.constraints.iter().zip(&self.list).zip(violations).map(record).collect()
    }

    fn climb(&mut self, violations: &[f64], size: StepSize) {
        assert_eq!(violations.len(), self.list.len(), "one violation for each constraint");
        let cap = self.settings.cap;
        for ((constraint, m), &violation) in self.constraints.iter().zip(&mut self.list).zip(violations) {
            let violation = violation * size.gradient_scale;
            let step = match self.settings.ascent {
                Ascent::Gradient => size.lr * violation,
                Ascent::Adam(settings) => size.lr * m.adam(violation, settings),
            };
            let floor = if constraint.relation == Relation::AtMost { 0.0 } else { -cap };
            // `clamp` keeps NaN, `max` and `min` would hide it.
            m.value = (m.value + step).clamp(floor, cap);
        }
    }

    /// Everything a resumed run needs: updates so far and the numbers of each constraint.
    pub fn state(&self) -> (u64, Vec<Multiplier>) {
        (self.steps, self.list.clone())
    }

    /// Goes on from a state.
    ///
    /// # Errors
    /// A state of another number of constraints.
    pub fn restore(&mut self, (steps, list): (u64, Vec<Multiplier>)) -> Result<()> {
        if list.len() != self.list.len() {
            return Err(Error::Msg(format!("{} multipliers for {} constraints", list.len(), self.list.len())).bt());
        }
        (self.steps, self.list) = (steps, list);
        Ok(())
    }
}

impl Multiplier {
    fn adam(&mut self, g: f64, AdamSettings { beta1, beta2, eps, .. }: AdamSettings) -> f64 {
        self.moves += 1;
        self.first = beta1 * self.first + (1.0 - beta1) * g;
        self.second = beta2 * self.second + (1.0 - beta2) * g * g;
        let t = self.moves as f64;
        let (mean, square) = (self.first / (1.0 - beta1.powf(t)), self.second / (1.0 - beta2.powf(t)));
        mean / (square.sqrt() + eps)
    }
}

#[cfg(test)]
mod laws;
