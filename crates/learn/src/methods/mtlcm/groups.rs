//! How certain it is that a latent is causal, or spurious, in a task.
//!
//! In every task each latent has a strength e = rho / sqrt(1 - rho^2), rho its correlation with the target: the
//! signal-to-noise ratio of its regression on the target, whatever its unit. Spurious latents are made from the target and
//! follow it closely; causal ones are single causes among others and noise. Over all tasks and latents the strengths are a
//! mixture of two normals around 0,
//!
//!   e ~ share N(0, causal^2) + (1 - share) N(0, spurious^2) ,   causal < spurious ,
//!
//! fitted by expectation maximisation (*Maximum likelihood from incomplete data via the EM algorithm*, Dempster, Laird,
//! Rubin, 1977, <https://doi.org/10.1111/j.2517-6161.1977.tb01600.x>); the posterior of the first group is the probability
//! that the latent is causal. A spurious effect may be close to 0: that is why it is never certain that a latent is causal.

/// Two groups of strengths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Groups {
    /// Share of the causal group.
    pub share: f64,
    /// Spread of strengths of causal latents.
    pub causal: f64,
    /// Spread of strengths of spurious latents.
    pub spurious: f64,
}

const ITERATIONS: usize = 2000;
const TOLERANCE: f64 = 1e-10;
/// Least spread: exact zeros must not make a group of their own.
const LEAST: f64 = 1e-6;

impl Groups {
    /// The most likely groups of these strengths.
    pub fn of(strengths: &[f64]) -> Self {
        let mut sizes: Vec<f64> = strengths.iter().map(|e| e.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let at = |share: f64| sizes.get((share * sizes.len() as f64) as usize).copied().unwrap_or(1.0).max(LEAST);
        let mut groups = Self { share: 0.5, causal: at(0.2), spurious: at(0.8).max(2.0 * at(0.2)) };
        for _ in 0..ITERATIONS {
            let next = groups.improved(&sizes);
            let change = (next.share - groups.share).abs();
            groups = next;
            if change < TOLERANCE {
                break;
            }
        }
        groups
    }

    /// One step of expectation maximisation.
    fn improved(self, sizes: &[f64]) -> Self {
        let (mut weight, mut causal, mut spurious) = (0.0, 0.0, 0.0);
        for &e in sizes {
            let p = self.causal_probability(e);
            weight += p;
            causal += p * e * e;
            spurious += (1.0 - p) * e * e;
        }
        let n = sizes.len() as f64;
        let spread = |squares: f64, weight: f64| if weight > 0.0 { (squares / weight).sqrt().max(LEAST) } else { LEAST };
        let (a, b) = (spread(causal, weight), spread(spurious, n - weight));
        Self { share: weight / n.max(1.0), causal: a.min(b), spurious: a.max(b) }
    }

    /// Probability that a latent of this strength is causal.
    pub fn causal_probability(self, strength: f64) -> f64 {
        let log_density = |share: f64, spread: f64| share.ln() - spread.ln() - 0.5 * (strength / spread).powi(2);
        let odds = log_density(1.0 - self.share, self.spurious) - log_density(self.share, self.causal);
        // A share of 0 or 1 gives an infinite ratio of odds, and with it a probability of 0 or 1.
        1.0 / (1.0 + odds.exp())
    }

    /// How many times larger spurious strengths are than causal ones: near 1 there are no two groups.
    pub fn separation(self) -> f64 {
        self.spurious / self.causal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    #[test]
    fn the_groups_that_made_the_strengths_are_found_and_their_probabilities_are_frequencies() {
        let mut stream = Stream::new(1, "groups");
        let labelled: Vec<(bool, f64)> = (0..20_000)
            .map(|_| {
                let causal = stream.uniform() < 0.3;
                (causal, stream.normal() * if causal { 0.4 } else { 6.0 })
            })
            .collect();
        let groups = Groups::of(&labelled.iter().map(|l| l.1).collect::<Vec<_>>());
        assert!((groups.share - 0.3).abs() < 0.02 && (groups.causal - 0.4).abs() < 0.03, "{groups:?}");
        assert!((groups.spurious - 6.0).abs() < 0.2 && groups.separation() > 10.0, "{groups:?}");
        for (low, high) in [(0.2, 0.5), (0.5, 0.8), (0.8, 1.0)] {
            let probability = |l: &&(bool, f64)| groups.causal_probability(l.1);
            let inside: Vec<_> = labelled.iter().filter(|l| (low..high).contains(&probability(l))).collect();
            let mean = inside.iter().map(probability).sum::<f64>() / inside.len() as f64;
            let causal = inside.iter().filter(|l| l.0).count() as f64 / inside.len() as f64;
            // Hundreds of entries in each bin: five standard errors.
            assert!((causal - mean).abs() < 5.0 * (0.25 / inside.len() as f64).sqrt(), "{low}: {mean} {causal}");
        }
    }

    #[test]
    fn strengths_of_one_kind_give_finite_probabilities() {
        for strengths in [vec![0.0; 30], vec![2.0; 30], vec![1.0], vec![], vec![0.0, 5.0]] {
            let groups = Groups::of(&strengths);
            assert!([0.0, 1.0, 1e6].iter().all(|&e| (0.0..=1.0).contains(&groups.causal_probability(e))), "{groups:?}");
            assert!(groups.separation().is_finite() && groups.separation() >= 1.0, "{groups:?}");
        }
    }
}
