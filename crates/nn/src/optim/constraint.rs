//! Constraints by Lagrangians: the loss gets a term, and multipliers climb on the violations.
//!
//! Lagrangian (after Arrow, Hurwicz, Uzawa, 1958): `L = f + sum_i m_i g_i`, `m += rate * g`, projected. Augmented Lagrangian:
//! *Numerical Optimization* (Nocedal, Wright, 2006), equation 17.36 with inequalities as in section 17.4.
//!
//! A violation is a signed number: `g <= 0` is asked of [`Relation::AtMost`], `g = 0` of [`Relation::Equal`].
//! Simultaneous training takes both gradients at the same point: one evaluation for [`Multipliers::term`] and
//! [`Multipliers::step`]. Alternating training evaluates the violations again after the step of the parameters, and
//! the method of multipliers after a whole minimisation. With an optimiser that looks ahead, the multipliers look ahead
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
    /// By `penalty * violation`, the method of multipliers; the learning rate is not used.
    Penalty,
}

/// The weight of the quadratic term of an augmented Lagrangian, and when it grows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Penalty {
    /// Weight at the start, >= 0; 0 is the plain Lagrangian.
    pub start: f64,
    /// Multiplies the weight of a constraint whose violation did not shrink enough between two steps, >= 1.
    pub growth: f64,
    /// A violation must shrink to this share of its smallest one so far, in (0, 1).
    pub progress: f64,
    /// Largest weight.
    pub max: f64,
}

impl Penalty {
    /// No quadratic term: the plain Lagrangian.
    pub const NONE: Penalty = Penalty { start: 0.0, growth: 1.0, progress: 1.0, max: 0.0 };

    /// The same weight throughout.
    pub fn constant(weight: f64) -> Self {
        Self { start: weight, growth: 1.0, progress: 1.0, max: weight }
    }
}

/// Settings of [`Multipliers`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultiplierSettings {
    /// How multipliers climb.
    pub ascent: Ascent,
    /// The quadratic term.
    pub penalty: Penalty,
    /// Largest magnitude of a multiplier, > 0; it keeps a constraint that cannot be met from drowning the loss.
    pub cap: f64,
}

impl Default for MultiplierSettings {
    fn default() -> Self {
        Self { ascent: Ascent::Gradient, penalty: Penalty::NONE, cap: f64::INFINITY }
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
    /// The weight of the quadratic term after the update.
    pub penalty: f64,
}

/// One constraint's numbers; everything a resumed run needs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Multiplier {
    value: f64,
    penalty: f64,
    /// Least magnitude of the violation so far.
    least: Option<f64>,
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
        let start = Multiplier {
            value: 0.0,
            penalty: settings.penalty.start,
            least: None,
            first: 0.0,
            second: 0.0,
            moves: 0,
            origin: None,
        };
        Self { constraints: constraints.to_vec(), settings, list: vec![start; constraints.len()], steps: 0 }
    }

    /// The current multipliers, in the order of the constraints.
    pub fn values(&self) -> Vec<f64> {
        self.list.iter().map(|m| m.value).collect()
    }

    /// The term to be added to the loss, and its derivative in each violation: the multipliers the primal step feels.
    ///
    /// # Panics
    /// Another number of violations than constraints.
    pub fn value_and_pull(&self, violations: &[f64]) -> (f64, Vec<f64>) {
        assert_eq!(violations.len(), self.list.len(), "one violation for each constraint");
        let mut value = 0.0;
        let mut pull = Vec::with_capacity(violations.len());
        for ((constraint, m), &g) in self.constraints.iter().zip(&self.list).zip(violations) {
            let slope = m.value + m.penalty * g;
            // Where the shifted violation of an inequality is negative, the term is constant in it. The comparison is
            // false for NaN, which must stay visible.
            let idle = constraint.relation == Relation::AtMost && m.penalty > 0.0 && slope < 0.0;
            value += if idle { -0.5 * m.value * m.value / m.penalty } else { (m.value + 0.5 * m.penalty * g) * g };
            pull.push(if idle { 0.0 } else { slope });
        }
        (value, pull)
    }

    /// The same term in candle's graph: `violations [m]` give a scalar; the multipliers are constants.
    ///
    /// # Errors
    /// Another number of violations than constraints, or those of candle.
    pub fn term(&self, violations: &Tensor) -> Result<Tensor> {
        if violations.dims() != [self.list.len()] {
            let shape = violations.shape();
            return Err(Error::Msg(format!("{} constraints and violations of shape {shape:?}", self.list.len())).bt());
        }
        let detached = violations.detach().to_dtype(candle_core::DType::F64)?.to_vec1::<f64>()?;
        let (value, pull) = self.value_and_pull(&detached);
        let linear: f64 = pull.iter().zip(&detached).map(|(p, g)| p * g).sum();
        let pull = Tensor::new(pull, violations.device())?.to_dtype(violations.dtype())?;
        // The tangent has the value and the gradient of the term, whatever its shape.
        (violations * pull)?.sum_all()?.affine(1.0, value - linear)
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

    /// Each multiplier climbs along its violation and is projected, penalties grow; the record of every constraint.
    ///
    /// # Panics
    /// Another number of violations than constraints.
    pub fn step(&mut self, violations: &[f64], size: StepSize) -> Vec<ConstraintRecord> {
        for m in &mut self.list {
            m.value = m.origin.take().unwrap_or(m.value);
        }
        self.climb(violations, size);
        self.steps += 1;
        let Penalty { growth, progress, max, .. } = self.settings.penalty;
        let mut records = Vec::with_capacity(self.list.len());
        for ((constraint, m), &violation) in self.constraints.iter().zip(&mut self.list).zip(violations) {
            let size = match constraint.relation {
                Relation::AtMost if violation < 0.0 => 0.0,
                _ => violation.abs(),
            };
            if m.least.is_some_and(|least| size > progress * least) {
                m.penalty = (m.penalty * growth).min(max);
            }
            m.least = Some(m.least.map_or(size, |least| least.min(size)));
            records.push(ConstraintRecord {
                name: constraint.name.clone(),
                step: self.steps,
                violation,
                multiplier: m.value,
                penalty: m.penalty,
            });
        }
        records
    }

    fn climb(&mut self, violations: &[f64], size: StepSize) {
        assert_eq!(violations.len(), self.list.len(), "one violation for each constraint");
        let cap = self.settings.cap;
        for ((constraint, m), &violation) in self.constraints.iter().zip(&mut self.list).zip(violations) {
            let violation = violation * size.gradient_scale;
            let step = match self.settings.ascent {
                Ascent::Gradient => size.lr * violation,
                Ascent::Penalty => m.penalty * violation,
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
