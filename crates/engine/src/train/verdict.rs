//! How a descent that took all its steps ended, by its validation loss beside the noise of that loss. The truth is never asked.
//!
//! The loss of the same blocks of validation rows is looked at three times: where it was lowest, where nine tenths of the learning rate were
//! spent, and at the end. Differences of a block between two times have the rows in common, so that their spread over blocks is the noise of the
//! difference. A schedule that anneals its rate comes to rest by itself; so what counts as late is a share of the rate that is spent, not of the
//! steps.

use crate::results::OutcomeKind;
use disentangle_nn::optim::Schedule;
use serde::{Deserialize, Serialize};

/// Validations without which nothing is said.
const FEWEST: usize = 5;
/// Blocks of validation rows, and the least number of them that have a spread.
pub(super) const BLOCKS: usize = 16;
const FEWEST_BLOCKS: usize = 4;
/// Rows in all blocks, at most: a difference is known well from few rows, for they are the same.
pub(super) const BLOCK_ROWS: usize = 2048;
/// Share of the learning rate after which a descent should have come to rest.
const SPENT: f64 = 0.9;
/// A change below this share of the loss, or of a fifth of its whole fall where that is less, is none that matters: of a log density,
/// which may lie anywhere, only the fall has a size.
const STILL: f64 = 0.05;
const OF_FALL: f64 = 0.2;
/// A change within so many standard errors is noise.
const SURE: f64 = 3.0;

/// Losses of the blocks at two of the three times.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Marks {
    /// Where the validation loss was lowest.
    pub lowest: Vec<f64>,
    /// That step.
    pub lowest_step: usize,
    /// Where most of the learning rate was spent.
    pub late: Vec<f64>,
}

/// The last of the given steps (ascending) at which at most [`SPENT`] of the learning rate is spent.
pub(super) fn late(schedule: Schedule, steps: usize, looked: impl Iterator<Item = usize>) -> usize {
    // Schedules are smooth: a thousand points give their sums.
    let points = steps.clamp(1, 1000);
    let factor = |point: usize| schedule.factor((point * steps / points) as u64, steps as u64);
    let factors: Vec<f64> = (0..points).map(factor).collect();
    let total: f64 = factors.iter().sum();
    let spent = |step: usize| factors[..(step * points).div_ceil(steps.max(1)).min(points)].iter().sum::<f64>();
    looked.take_while(|&step| spent(step) <= SPENT * total).last().unwrap_or(0)
}

/// Mean and standard error of what changed between two times.
#[derive(Debug, Clone, Copy)]
struct Change {
    mean: f64,
    error: f64,
}

impl Change {
    /// Of blocks; `None` where they are too few.
    fn of(then: &[f64], now: &[f64]) -> Option<Self> {
        let n = now.len() as f64;
        if now.len() < FEWEST_BLOCKS || then.len() != now.len() {
            return None;
        }
        let differences: Vec<f64> = now.iter().zip(then).map(|(now, then)| now - then).collect();
        let mean = differences.iter().sum::<f64>() / n;
        let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Some(Self { mean, error: (variance / n).sqrt() })
    }

    /// Of the loss itself, whose noise is not known.
    fn without_noise(mean: f64) -> Self {
        Self { mean, error: 0.0 }
    }

    fn matters(self, material: f64) -> bool {
        self.mean.abs() > material && self.mean.abs() > SURE * self.error
    }
}

/// By all validation losses, the blocks before and `now`. Where something is held beside the loss, the lowest loss is not the aim, and a
/// rise says nothing.
pub(super) fn verdict(values: &[f64], marks: &Marks, now: &[f64], held: bool) -> OutcomeKind {
    let (Some(first), Some(last), true) = (values.first(), values.last(), values.len() >= FEWEST) else {
        return OutcomeKind::StepLimit;
    };
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let material = STILL * last.abs().min(OF_FALL * (first - lowest));
    let before = values[values.len() - 1 - values.len() / 5];
    let rise = Change::of(&marks.lowest, now).unwrap_or(Change::without_noise(last - lowest));
    let late = Change::of(&marks.late, now).unwrap_or(Change::without_noise(last - before));
    if !held && rise.mean > 0.0 && rise.matters(material) {
        return OutcomeKind::Rising;
    }
    if late.matters(material) { OutcomeKind::StepLimit } else { OutcomeKind::Converged }
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    /// Blocks around a level: each has one of its own, and noise at every look.
    fn blocks(level: f64, noise: f64, look: u32) -> Vec<f64> {
        let (mut own, mut stream) = (Stream::new(1, "verdict/blocks"), Stream::new(1, "verdict/looks").at(look));
        (0..BLOCKS).map(|_| level + 0.5 * own.normal() + noise * stream.normal()).collect()
    }

    fn ended(values: &[f64], (lowest, late, now): (f64, f64, f64), noise: f64) -> OutcomeKind {
        let marks = Marks { lowest: blocks(lowest, noise, 1), lowest_step: 0, late: blocks(late, noise, 2) };
        verdict(values, &marks, &blocks(now, noise, 3), false)
    }

    #[test]
    fn a_loss_that_rests_has_converged_one_that_falls_has_not_and_one_that_rose_says_so() {
        // Losses of 1 to .04, as of a standardized target.
        let resting: Vec<f64> = (0..26).map(|i| 0.04 + 0.96 * (-f64::from(i)).exp()).collect();
        assert_eq!(ended(&resting, (0.04, 0.04, 0.04), 1e-4), OutcomeKind::Converged);
        let falling: Vec<f64> = (0..26).map(|i| 1.0 - 0.03 * f64::from(i)).collect();
        assert_eq!(ended(&falling, (0.25, 0.4, 0.25), 1e-2), OutcomeKind::StepLimit);
        // Down to .04, then up to .05: within 5 % over the last fifth, and risen by a quarter.
        let rising: Vec<f64> =
            (0..26).map(|i| if i < 5 { 1.0 - 0.192 * f64::from(i) } else { 0.05 - 0.01 / f64::from(i) }).collect();
        assert_eq!(ended(&rising, (0.04, 0.0495, 0.05), 1e-3), OutcomeKind::Rising);
        let marks = Marks { lowest: blocks(0.04, 1e-3, 1), lowest_step: 4, late: blocks(0.0495, 1e-3, 2) };
        assert_eq!(verdict(&rising, &marks, &blocks(0.05, 1e-3, 3), true), OutcomeKind::Converged, "something is held");
        // The same rise in noise as large is none.
        assert_eq!(ended(&rising, (0.04, 0.0495, 0.05), 0.1), OutcomeKind::Converged);
        assert_eq!(ended(&rising[..4], (0.04, 0.0495, 0.05), 0.1), OutcomeKind::StepLimit, "too few looks");
    }

    #[test]
    fn a_constant_added_to_a_log_density_that_falls_by_much_changes_nothing() {
        let curve = |at: f64| (0..26).map(move |i| at + 400.0 * (-0.3 * f64::from(i)).exp()).collect::<Vec<f64>>();
        for (late, end) in [(0.0, OutcomeKind::Converged), (9.0, OutcomeKind::StepLimit)] {
            for at in [-5000.0, 1000.0] {
                assert_eq!(ended(&curve(at), (at, at + late, at), 0.1), end, "{at}");
            }
        }
    }

    #[test]
    fn noise_is_called_a_change_as_seldom_as_its_threshold_says() {
        let resting = vec![1.0; 26];
        let mut called = 0;
        for world in 0..2000 {
            let marks = Marks { lowest: Vec::new(), lowest_step: 0, late: blocks(1.0, 0.1, 2 * world + 10) };
            let now = blocks(1.0, 0.1, 2 * world + 11);
            called += u32::from(
                verdict(&resting, &Marks { lowest: now.clone(), ..marks }, &now, false) != OutcomeKind::Converged,
            );
        }
        // Beyond three of Student's t with 15 degrees of freedom: .009, 18 of 2000 with standard deviation 4.2; five of them.
        assert!((1..40).contains(&called), "{called} of 2000");
    }

    #[test]
    fn late_is_where_the_rate_is_spent_and_not_where_the_steps_are() {
        let looked = || (0..=25).map(|i| 40 * i);
        assert_eq!(late(Schedule::Constant, 1000, looked()), 880);
        // By hand: without warm-up the cosine has spent s + sin(pi s) / pi of its rate at the share s, .9 at s = .596.
        assert_eq!(late(Schedule::Cosine { warmup: 0.0, floor: 0.0 }, 1000, looked()), 560);
        assert_eq!(late(Schedule::Constant, 3, 0..=3), 2);
    }
}
