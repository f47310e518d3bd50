//! Curves, validation, the best parameters so far, and what they say of a descent. The truth is never asked.

use super::batches::{Asked, Units, batch_of};
use super::encode::CHUNK;
use super::standing::{Descent, Sums};
use super::stepper::{Taken, number};
use super::verdict::{self, BLOCK_ROWS, BLOCKS};
use crate::method::{Keep, Phase, Recipe, State};
use crate::observe::Progress;
use crate::results::{ConstraintCurve, Curve, OutcomeKind};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Result, Stream};
use disentangle_nn::internal;

/// Points of a loss curve, and validations, per stage: enough to draw, few enough to read.
const POINTS: usize = 200;
const VALIDATIONS: usize = 25;
/// Validation rows that are looked at, at most.
const VALIDATION_ROWS: usize = 8192;
/// A validation loss above the first one by so many times its size is called divergence.
const DIVERGENCE: f64 = 1e3;

/// What a descent is watched with: nothing here changes while it runs.
pub(super) struct Watch<'a> {
    recipe: &'a Recipe,
    data: &'a Prepared,
    /// Validation rows, in parts that are looked at together.
    parts: Vec<Vec<usize>>,
    /// Some of them, dealt into blocks: where there are few units, one for each.
    blocks: Vec<Vec<usize>>,
    /// The validation after which little of the learning rate is left.
    late: usize,
    draws: Stream,
}

impl<'a> Watch<'a> {
    pub(super) fn new(recipe: &'a Recipe, data: &'a Prepared, seed: u64) -> Self {
        let units = Units::of(data, Split::Validation, recipe.batches);
        let order = Stream::new(seed, "validation-rows").permutation(units.len());
        let mut rows = 0;
        let mut picked: Vec<usize> = order
            .into_iter()
            .take_while(|&i| {
                let room = rows < VALIDATION_ROWS;
                rows += units.get(i).len();
                room
            })
            .collect();
        picked.sort_unstable();
        let mut blocks = vec![Vec::new(); BLOCKS.min(picked.len())];
        let mut dealt = 0;
        for (at, &unit) in picked.iter().enumerate() {
            if dealt < BLOCK_ROWS {
                blocks[at % BLOCKS].extend_from_slice(units.get(unit));
                dealt += units.get(unit).len();
            }
        }
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for unit in picked.into_iter().map(|i| units.get(i)) {
            match parts.last_mut() {
                Some(part) if part.len() + unit.len() <= CHUNK => part.extend(unit),
                _ => parts.push(unit.to_vec()),
            }
        }
        let looked = (0..=recipe.steps).filter(|&step| due(recipe, step, VALIDATIONS));
        let late = verdict::late(recipe.schedule, recipe.steps, looked);
        Self { recipe, data, parts, blocks, late, draws: Stream::new(seed, "validation-draws") }
    }

    /// A descent before its first step, or the name of what is not finite already.
    pub(super) fn begin(&self, name: String, state: &State) -> Result<(Descent, Option<String>)> {
        let mut descent = Descent::default();
        descent.curves.name = name;
        let culprit = self.validate(&mut descent, state)?;
        Ok((descent, culprit))
    }

    /// Takes note of a step; gives the name of what has left the finite numbers.
    pub(super) fn note(&self, descent: &mut Descent, taken: &Taken, state: &State) -> Result<Option<String>> {
        let Sums { steps, terms, gradient_norm } = &mut descent.since;
        for (name, value) in taken.terms.iter().copied().chain([("total", taken.loss())]) {
            match terms.get_mut(name) {
                Some(sum) => *sum += value,
                None => drop(terms.insert(name.to_owned(), value)),
            }
        }
        *steps += 1;
        *gradient_norm += taken.gradient_norm;
        if due(self.recipe, descent.step, POINTS) {
            let norm = state.params.norm().map_err(internal)?;
            if !norm.is_finite() {
                return Ok(Some(culprit(state, "parameters")?));
            }
            let Sums { steps, terms, gradient_norm } = std::mem::take(&mut descent.since);
            let curves = &mut descent.curves;
            curves.steps.push(descent.step);
            curves.gradient_norms.push(gradient_norm / steps as f64);
            curves.parameter_norms.push(norm);
            if curves.constraints.is_empty() {
                curves.constraints = taken.records.iter().map(|r| ConstraintCurve::new(&r.name)).collect();
            }
            for (curve, record) in curves.constraints.iter_mut().zip(&taken.records) {
                curve.violations.push(record.violation);
                curve.multipliers.push(record.multiplier);
            }
            for (name, sum) in terms {
                curves.terms.entry(name).or_default().push(sum / steps as f64);
            }
        }
        if due(self.recipe, descent.step, VALIDATIONS) { self.validate(descent, state) } else { Ok(None) }
    }

    fn validate(&self, descent: &mut Descent, state: &State) -> Result<Option<String>> {
        let Some(loss) = self.validation_loss(descent.step, state)? else {
            if state.params.norm().map_err(internal)?.is_finite() {
                descent.good = state.params.export().map_err(internal)?;
            }
            return Ok(None);
        };
        if !loss.is_finite() {
            return Ok(Some(culprit(state, "validation")?));
        }
        let curve = descent.curves.validation.get_or_insert_with(Curve::default);
        curve.steps.push(descent.step);
        curve.values.push(loss);
        if descent.lowest.is_none_or(|lowest| loss < lowest) {
            (descent.lowest, descent.waited) = (Some(loss), 0);
            (descent.marks.lowest, descent.marks.lowest_step) = (self.block_losses(state)?, descent.step);
            descent.good = state.params.export().map_err(internal)?;
        } else {
            descent.waited += 1;
        }
        if descent.step == self.late {
            descent.marks.late = self.block_losses(state)?;
        }
        Ok(None)
    }

    /// The data term of each block, as at the end of the descent: a loss that sharpens on the way is another loss before.
    fn block_losses(&self, state: &State) -> Result<Vec<f64>> {
        let loss = |(i, rows): (usize, &Vec<usize>)| {
            let draws = self.draws.at((self.parts.len() + i) as u32);
            self.data_term(rows, draws, 1.0, state)
        };
        self.blocks.iter().enumerate().map(loss).collect()
    }

    /// Mean of the data term over the validation rows.
    fn validation_loss(&self, step: usize, state: &State) -> Result<Option<f64>> {
        if self.parts.is_empty() {
            return Ok(None);
        }
        let (mut sum, mut count) = (0.0, 0);
        for (i, rows) in self.parts.iter().enumerate() {
            // The same draws at every validation: what changes is the model alone.
            let draws = self.draws.at(i as u32);
            sum += self.data_term(rows, draws, self.recipe.progress(step), state)? * rows.len() as f64;
            count += rows.len();
        }
        Ok(Some(sum / count as f64))
    }

    /// Mean of the data term over these rows.
    fn data_term(&self, rows: &[usize], draws: Stream, progress: f64, state: &State) -> Result<f64> {
        let asked = Asked { stage: self.recipe.name, phase: Phase::Evaluate, progress };
        let batch = batch_of(self.data, rows, draws, asked, state.params.device())?;
        let terms = state.network.loss(&batch).map_err(internal)?;
        number(&terms[0].value)
    }

    pub(super) fn progress(&self, descent: &Descent, taken: &Taken) -> Progress {
        Progress {
            stage: descent.curves.name.clone(),
            step: descent.step,
            steps: self.recipe.steps,
            loss: taken.loss(),
            terms: taken.terms.iter().map(|&(name, value)| (name.to_owned(), value)).collect(),
            validation: values(descent).last().copied(),
        }
    }

    /// Whether the validation losses so far end the descent.
    pub(super) fn ends(&self, descent: &Descent) -> Option<OutcomeKind> {
        let losses = (values(descent).first(), values(descent).last());
        if matches!(losses, (Some(first), Some(last)) if last - first > DIVERGENCE * first.abs().max(1e-12)) {
            return Some(OutcomeKind::Diverged);
        }
        let patient = self.recipe.patience == 0 || descent.waited < self.recipe.patience;
        (!patient && descent.step < self.recipe.steps).then_some(OutcomeKind::EarlyStop)
    }

    /// Outcome of a descent that took all its steps.
    ///
    /// # Errors
    /// Those of the loss.
    pub(super) fn verdict(&self, descent: &Descent, state: &State) -> Result<OutcomeKind> {
        let now = self.block_losses(state)?;
        Ok(verdict::verdict(values(descent), &descent.marks, &now, self.recipe.constraints.is_some()))
    }

    /// Goes back to good parameters, where the recipe or the outcome asks for it.
    pub(super) fn settle(&self, descent: &Descent, end: OutcomeKind, state: &State) -> Result<()> {
        let failed = matches!(end, OutcomeKind::NonFinite | OutcomeKind::Diverged);
        match (failed || self.recipe.keep == Keep::Best) && !descent.good.is_empty() {
            true => state.params.import(&descent.good).map_err(internal),
            false => Ok(()),
        }
    }
}

/// Whether something that is done so many times in a stage is due after a step.
fn due(recipe: &Recipe, step: usize, times: usize) -> bool {
    step.is_multiple_of((recipe.steps / times).max(1)) || step == recipe.steps
}

fn values(descent: &Descent) -> &[f64] {
    descent.curves.validation.as_ref().map(|curve| curve.values.as_slice()).unwrap_or_default()
}

/// The first parameter that is not finite; where all are, what was being computed.
pub(super) fn culprit(state: &State, computed: &str) -> Result<String> {
    let exported = state.params.export().map_err(internal)?;
    let parameter = exported.into_iter().find(|p| p.values.iter().any(|v| !v.is_finite()));
    Ok(parameter.map_or_else(|| computed.to_owned(), |p| p.name))
}
