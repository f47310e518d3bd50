//! How often a checkpoint is written.

/// Time between checkpoints, in times of what the last one cost: 2 % at most.
const TIMES: f64 = 50.0;
/// Milliseconds before the first checkpoint, and between any two: it covers a first one that costs 20 ms.
const PAUSE: f64 = 1000.0;
/// Steps between checkpoints where nobody has a clock.
const STEPS: usize = 1000;

/// When the next checkpoint is due. Numbers of the fit never depend on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cadence {
    every: Option<usize>,
    last: usize,
    rest: f64,
}

impl Cadence {
    pub(super) fn new(every: Option<usize>) -> Self {
        Self { every, last: 0, rest: PAUSE }
    }

    /// A fit that goes on at this step.
    pub(super) fn resume(&mut self, step: usize) {
        self.last = step;
    }

    /// Whether it is time, `step` steps and `elapsed` milliseconds into the fit.
    pub(super) fn due(&self, step: usize, elapsed: Option<f64>) -> bool {
        match (self.every, elapsed) {
            _ if step <= self.last => false,
            (Some(every), _) => step.is_multiple_of(every.max(1)),
            (None, Some(now)) => now >= self.rest,
            (None, None) => step - self.last >= STEPS,
        }
    }

    /// Takes note of a checkpoint that was written between these milliseconds.
    pub(super) fn note(&mut self, step: usize, began: Option<f64>, ended: Option<f64>) {
        self.last = step;
        if let (Some(began), Some(ended)) = (began, ended) {
            self.rest = ended + (TIMES * (ended - began)).max(PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_default_cadence_checkpoints_take_two_percent_of_the_time_at_most() {
        for step_ms in [0.03, 1.0, 40.0] {
            for cost_ms in [0.5, 20.0, 300.0] {
                let (mut cadence, mut now, mut spent, mut first) = (Cadence::new(None), 0.0, 0.0, 0.0);
                for step in 1..200_000 {
                    now += step_ms;
                    if cadence.due(step, Some(now)) {
                        cadence.note(step, Some(now), Some(now + cost_ms));
                        first = if first == 0.0 { cost_ms } else { first };
                        (now, spent) = (now + cost_ms, spent + cost_ms);
                    }
                }
                // What the first one costs is not known before it is written.
                assert!(spent > 0.0 && spent - first <= 0.02 * now, "{step_ms} {cost_ms}: {spent} of {now}");
            }
        }
    }

    #[test]
    fn a_given_cadence_is_kept_in_steps_also_after_a_resumption() {
        let due = |cadence: &Cadence| (1..=30).filter(|&s| cadence.due(s, Some(1e9))).collect::<Vec<_>>();
        let mut cadence = Cadence::new(Some(10));
        assert_eq!(due(&cadence), [10, 20, 30]);
        cadence.resume(14);
        assert_eq!(due(&cadence), [20, 30]);
    }

    #[test]
    fn without_a_clock_steps_are_counted() {
        let mut cadence = Cadence::new(None);
        assert!(!cadence.due(STEPS - 1, None) && cadence.due(STEPS, None));
        cadence.note(STEPS, None, None);
        assert!(!cadence.due(STEPS + 1, None) && cadence.due(2 * STEPS, None));
    }
}
