//! ExtraAdam: *A Variational Inequality Perspective on Generative Adversarial Networks* (Gidel, Berard, Vignoud,
//! Vincent, Lacoste-Julien, 2019), <https://arxiv.org/abs/1802.10551>, algorithm 4; for games between parameters,
//! such as a loss and the multipliers of its constraints, where plain steps circle the equilibrium.

use super::adam::{Adam, AdamSettings};
use super::groups::RateGroup;
use super::in_place::Moments;
use super::{OptimState, StepSize};
use crate::{Gradients, Params};
use candle_core::{Error, Result};

/// Where the gradient of the extrapolation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extrapolation {
    /// A gradient of its own at the current point: two gradients per step.
    SecondGradient,
    /// The gradient of the previous step, zero at first: one gradient per step.
    FromThePast,
}

/// Each step looks ahead (`extrapolate` or `extrapolate_from_the_past`), takes the gradient there, returns and applies
/// it (`step`). Both moves update Adam's moments.
#[derive(Debug, Clone)]
pub struct ExtraAdam {
    adam: Adam,
    origin: Moments,
    /// Which parameters are away from there: those that nothing moves need no copy.
    left: Vec<bool>,
    place: Place,
    /// Gradient of the previous step; kept only where it is used.
    past: Option<Moments>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Origin,
    Ahead,
}

impl ExtraAdam {
    /// Moments at zero.
    pub fn new(params: &Params, settings: AdamSettings, extrapolation: Extrapolation) -> Self {
        let past = (extrapolation == Extrapolation::FromThePast).then(|| Moments::zeros(params));
        let (origin, left) = (Moments::zeros(params), vec![false; params.len()]);
        Self { adam: Adam::new(params, settings), origin, left, place: Place::Origin, past }
    }

    /// The same with factors on the learning rate (and with it the weight decay) of groups of parameters.
    pub fn with_groups(self, params: &Params, groups: &[RateGroup]) -> Self {
        Self { adam: self.adam.with_groups(params, groups), ..self }
    }

    /// Looks ahead along a gradient taken at the current point.
    ///
    /// # Errors
    /// A second extrapolation without a step between, or those of [`Adam::step`].
    pub fn extrapolate(&mut self, params: &Params, gradients: &Gradients, size: StepSize) -> Result<()> {
        self.leave(params, |i| gradients.has(i))?;
        self.adam.step(params, gradients, size)
    }

    /// Looks ahead along the gradient of the previous step.
    ///
    /// # Errors
    /// Built for a second gradient; a second extrapolation without a step between; or those of candle.
    pub fn extrapolate_from_the_past(&mut self, params: &Params, size: StepSize) -> Result<()> {
        self.leave(params, |_| true)?;
        let Some(past) = &self.past else {
            return Err(Error::Msg("this optimiser keeps no past gradient".into()).bt());
        };
        let pass = self.adam.begin(size);
        for (i, param) in params.iter().enumerate() {
            self.adam.follow(i, param.var(), past, pass)?;
        }
        Ok(())
    }

    /// Returns to where the extrapolation began and moves along the gradient taken ahead.
    ///
    /// # Errors
    /// No extrapolation before it, or those of [`Adam::step`].
    pub fn step(&mut self, params: &Params, gradients: &Gradients, size: StepSize) -> Result<()> {
        if std::mem::replace(&mut self.place, Place::Origin) == Place::Origin {
            return Err(Error::Msg("a step of ExtraAdam needs an extrapolation before it".into()).bt());
        }
        for (i, param) in params.iter().enumerate().filter(|&(i, _)| self.left[i]) {
            self.origin.put_back(i, param.var())?;
        }
        if let Some(past) = &mut self.past {
            (0..params.len()).try_for_each(|i| past.take_gradient(params, gradients, i))?;
        }
        self.adam.step(params, gradients, size)
    }

    fn leave(&mut self, params: &Params, moves: impl Fn(usize) -> bool) -> Result<()> {
        if std::mem::replace(&mut self.place, Place::Ahead) == Place::Ahead {
            return Err(Error::Msg("two extrapolations of ExtraAdam without a step between".into()).bt());
        }
        for (i, param) in params.iter().enumerate() {
            self.left[i] = moves(i);
            if self.left[i] {
                self.origin.save(i, param.var())?;
            }
        }
        Ok(())
    }

    /// Everything a resumed run needs; taken between steps, not between extrapolation and step.
    ///
    /// # Errors
    /// Those of copying from the device.
    pub fn state(&self, params: &Params) -> Result<OptimState> {
        let mut state = self.adam.state(params)?;
        if let Some(past) = &self.past {
            state.moments.extend(past.export("past", params)?);
        }
        Ok(state)
    }

    /// Goes on from a state.
    ///
    /// # Errors
    /// A state of other parameters or of another kind of extrapolation.
    pub fn restore(&mut self, params: &Params, state: &OptimState) -> Result<()> {
        if let Some(past) = &mut self.past {
            past.import("past", params, state.moments.get(2 * params.len()..).unwrap_or(&[]))?;
        }
        self.place = Place::Origin;
        self.adam.restore(params, state)
    }
}
