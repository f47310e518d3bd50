//! Learning rates over a run, as factors on the base rate.

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// A factor on the learning rate as a pure function of (step, steps).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Schedule {
    /// 1 throughout.
    Constant,
    /// Linear warm-up from nearly 0 over the first `warmup` share of the steps, then half a cosine down to `floor`.
    Cosine {
        /// Share of the steps, in \[0, 1).
        warmup: f64,
        /// Last factor, in \[0, 1].
        floor: f64,
    },
    /// Half a cosine from `start` up to 1 over the first `rise` share, then half a cosine down to `floor`; *Super-
    /// Convergence* (Smith, Topin, 2018), <https://arxiv.org/abs/1708.07120>, in PyTorch's two-phase form.
    OneCycle {
        /// Share of the steps that rise, in (0, 1).
        rise: f64,
        /// First factor.
        start: f64,
        /// Last factor.
        floor: f64,
    },
    /// Multiplied by `decay` after every `every` steps, PyTorch's `StepLR`.
    Steps {
        /// Steps between two reductions, at least 1.
        every: u64,
        /// What the factor is multiplied by, in (0, 1].
        decay: f64,
    },
}

impl Schedule {
    /// The factor of step `step` (from 0) of a run of `steps`; beyond the end it stays at the last one.
    pub fn factor(self, step: u64, steps: u64) -> f64 {
        let last = steps.saturating_sub(1).max(1) as f64;
        let at = (step as f64).min(last);
        match self {
            Schedule::Constant => 1.0,
            Schedule::Cosine { warmup, floor } => {
                let rising = (warmup * steps as f64).floor();
                if at < rising {
                    return (at + 1.0) / (rising + 1.0);
                }
                ease(1.0, floor, (at - rising) / (last - rising).max(1.0))
            }
            Schedule::OneCycle { rise, start, floor } => {
                let top = (rise * steps as f64 - 1.0).max(0.0);
                match at < top {
                    true => ease(start, 1.0, at / top),
                    false => ease(1.0, floor, (at - top) / (last - top).max(f64::MIN_POSITIVE)),
                }
            }
            Schedule::Steps { every, decay } => decay.powf((at as u64 / every.max(1)) as f64),
        }
    }
}

/// Half a cosine from `from` (share 0) to `to` (share 1).
fn ease(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) * 0.5 * (1.0 + (PI * share.min(1.0)).cos())
}

/// Reduces a factor whenever a watched value stops falling.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// Multiplies the factor at each reduction, in (0, 1).
    pub reduction: f64,
    /// Observations without improvement that are borne before a reduction.
    pub patience: u64,
    /// Least factor.
    pub floor: f64,
    factor: f64,
    best: f64,
    waited: u64,
}

impl Plateau {
    /// Relative fall that counts as an improvement: smaller ones are noise.
    const IMPROVEMENT: f64 = 1e-4;

    /// A factor of 1 that has seen nothing yet.
    pub fn new(reduction: f64, patience: u64, floor: f64) -> Self {
        Self { reduction, patience, floor, factor: 1.0, best: f64::INFINITY, waited: 0 }
    }

    /// Takes note of one observation and returns the factor from now on.
    pub fn observe(&mut self, value: f64) -> f64 {
        if value < self.best - Self::IMPROVEMENT * self.best.abs().min(f64::MAX) {
            (self.best, self.waited) = (value, 0);
        } else {
            self.waited += 1;
        }
        if self.waited > self.patience {
            (self.factor, self.waited) = ((self.factor * self.reduction).max(self.floor), 0);
        }
        self.factor
    }

    /// The factor in force.
    pub fn factor(&self) -> f64 {
        self.factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosine_warms_up_linearly_and_ends_exactly_on_its_floor() {
        let schedule = Schedule::Cosine { warmup: 0.1, floor: 0.01 };
        let f: Vec<f64> = (0..100).map(|i| schedule.factor(i, 100)).collect();
        assert!((f[0] - 1.0 / 11.0).abs() < 1e-15 && f[10] == 1.0);
        assert!(f[..11].windows(2).all(|w| w[0] < w[1]) && f[10..].windows(2).all(|w| w[0] > w[1]));
        assert!((f[99] - 0.01).abs() < 1e-15 && schedule.factor(1000, 100) == f[99]);
        assert_eq!(Schedule::Cosine { warmup: 0.0, floor: 0.0 }.factor(0, 10), 1.0);
    }

    #[test]
    fn one_cycle_follows_pytorch() {
        // torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=10, pct_start=.3, div_factor=25,
        // final_div_factor=1e4): top at step 2, phases by half cosines.
        let schedule = Schedule::OneCycle { rise: 0.3, start: 0.04, floor: 4e-6 };
        let want = [0.04, 0.52, 1.0, 0.950_484_6];
        for (i, want) in want.iter().enumerate() {
            assert!((schedule.factor(i as u64, 10) - want).abs() < 1e-6, "{i}");
        }
        assert!((schedule.factor(9, 10) - 4e-6).abs() < 1e-12);
    }

    #[test]
    fn steps_reduce_the_factor_after_every_so_many() {
        let schedule = Schedule::Steps { every: 10, decay: 0.5 };
        let got = [0, 9, 10, 29, 30, 99].map(|step| schedule.factor(step, 31));
        assert_eq!(got, [1.0, 1.0, 0.5, 0.25, 0.125, 0.125]);
    }

    #[test]
    fn every_schedule_is_finite_for_runs_of_any_length() {
        let all = [
            Schedule::Steps { every: 7, decay: 0.9 },
            Schedule::Constant,
            Schedule::Cosine { warmup: 0.03, floor: 1e-4 },
            Schedule::OneCycle { rise: 0.3, start: 0.04, floor: 4e-6 },
        ];
        for schedule in all {
            for steps in 0..40 {
                for step in 0..=steps {
                    let f = schedule.factor(step, steps);
                    assert!((0.0..=1.0).contains(&f), "{schedule:?} {step}/{steps}: {f}");
                }
            }
        }
    }

    #[test]
    fn a_plateau_halves_after_its_patience_and_stops_at_its_floor() {
        let mut plateau = Plateau::new(0.5, 1, 0.2);
        assert_eq!(plateau.observe(3.0), 1.0);
        assert_eq!(plateau.observe(2.0), 1.0);
        assert_eq!(plateau.observe(2.0), 1.0);
        assert_eq!(plateau.observe(2.0), 0.5);
        assert_eq!((plateau.observe(f64::NAN), plateau.observe(f64::NAN)), (0.5, 0.25));
        assert_eq!((plateau.observe(2.5), plateau.observe(2.5)), (0.25, 0.2));
        assert_eq!(plateau.factor(), 0.2);
    }
}
