//! How often a checkpoint is written.

/// Time between checkpoints, in times of what the last one cost, and time of the fit, in times of what all have cost: 2 %
/// at most.
const TIMES: f64 = 50.0;
/// Milliseconds before the first checkpoint, whose cost is not known yet, and between any two. A first one of 20 ms is
/// covered (300,000 numbers, by the example `checkpoint_cost`); a dearer one is paid off before the next.
const PAUSE: f64 = 1000.0;
/// Steps between checkpoints where nobody has a clock.
const STEPS: usize = 1000;

/// When the next checkpoint is due. Numbers of the fit never depend on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cadence {
    every: Option<usize>,
    last: usize,
    rest: f64,
    spent: f64,
}

impl Cadence {
    pub(super) fn new(every: Option<usize>) -> Self {
        Self { every, last: 0, rest: PAUSE, spent: 0.0 }
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
            let cost = ended - began;
            self.spent += cost;
            self.rest = (ended + (TIMES * cost).max(PAUSE)).max(TIMES * (self.spent + cost));
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
                let (mut cadence, mut now, mut spent, mut written) = (Cadence::new(None), 0.0, 0.0, 0);
                for step in 1..200_000 {
                    now += step_ms;
                    if cadence.due(step, Some(now)) {
                        cadence.note(step, Some(now), Some(now + cost_ms));
                        (now, spent, written) = (now + cost_ms, spent + cost_ms, written + 1);
                        // What the first one costs is not known before it is written.
                        assert!(written == 1 || spent <= 0.02 * now, "{step_ms} {cost_ms}: {spent} of {now}");
                    }
                }
                assert!(written > 0, "{step_ms} {cost_ms}");
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
