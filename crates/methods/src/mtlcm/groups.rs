//! How certain it is that a latent is causal, or spurious, in a task.
//!
//! Two numbers say it. The strength e = rho / sqrt(1 - rho^2), rho the correlation of latent and target within the task, is
//! the signal-to-noise ratio of a regression on the target, whatever the unit of the latent: spurious latents are made from
//! the target and follow it closely; causal ones are single causes among others and noise. The variance r that the target
//! leaves unexplained tells them apart too, when latents keep their variances, and nothing beside e when every latent is
//! standardised within every task (then r = 1 / (1 + e^2)). So, over all tasks and latents, in two groups g:
//!
//!   e ~ N(0, spread_g^2) ,   log r | e ~ N(level_g + slope_g log(1 + e^2), noise_g^2) ,   spread_causal < spread_spurious ,
//!
//! fitted by expectation maximisation (*Maximum likelihood from incomplete data via the EM algorithm*, Dempster, Laird,
//! Rubin, 1977, <https://doi.org/10.1111/j.2517-6161.1977.tb01600.x>): on e alone from several starts, then few steps with r,
//! which must not lead away from what e says. The posterior of the causal group is the probability. A spurious effect may be
//! close to 0: that is why being causal is less certain than being spurious.

/// What is seen of one latent in one task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// e squared.
    square: f64,
    /// log(1 + e^2): log of the latent's variance over the unexplained one.
    log_total: f64,
    /// log r.
    log_residual: f64,
}

impl Seen {
    /// Of a latent whose variance the target explains and leaves as given.
    pub fn of(explained: f64, residual: f64) -> Self {
        // A latent that the target explains wholly is spurious for sure, and no number is infinite.
        let residual = residual.max(1e-12 * explained).max(f64::MIN_POSITIVE);
        let square = explained.max(0.0) / residual;
        Self { square, log_total: square.ln_1p(), log_residual: residual.ln() }
    }
}

/// One group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// Share of all latents and tasks.
    pub share: f64,
    /// Standard deviation of e around 0.
    pub spread: f64,
    /// log r at e = 0, its slope on log(1 + e^2), and its standard deviation; `None` while only e is looked at.
    line: Option<[f64; 3]>,
}

/// The two groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Groups {
    /// Those of small strengths.
    pub causal: Group,
    /// Those of large ones.
    pub spurious: Group,
}

/// Steps of each start, of the best start after that, and with residuals.
const STEPS: [usize; 3] = [30, 500, 2];
/// Shares of causal ones with residuals, over those without, beyond which residuals speak of something else: of latents
/// lost in noise, for example.
const TRUSTED: std::ops::RangeInclusive<f64> = 0.5..=2.0;
const TOLERANCE: f64 = 1e-7;
/// First spreads of the causal group, as shares of that of all.
const STARTS: [f64; 4] = [0.5, 0.2, 0.07, 0.02];
/// Least spread: exact zeros must not make a group of their own.
const LEAST_SPREAD: f64 = 1e-6;

impl Group {
    fn log_density(self, seen: Seen) -> f64 {
        let rest = self.line.map_or(0.0, |[level, slope, noise]| {
            let off = (seen.log_residual - level - slope * seen.log_total) / noise;
            -0.5 * off * off - noise.ln()
        });
        (self.share / self.spread).ln() - 0.5 * seen.square / (self.spread * self.spread) + rest
    }

    /// The most likely group of these weights; `noise`: least standard deviation of log r.
    fn of(all: &[Seen], weights: &[f64], noise: Option<f64>) -> Self {
        let total = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let mean = |f: &dyn Fn(&Seen) -> f64| all.iter().zip(weights).map(|(s, w)| w * f(s)).sum::<f64>() / total;
        let line = noise.map(|least| {
            let (x, u) = (mean(&|s| s.log_total), mean(&|s| s.log_residual));
            let xx = mean(&|s| (s.log_total - x).powi(2));
            let xu = mean(&|s| (s.log_total - x) * (s.log_residual - u));
            let slope = if xx > 1e-12 { xu / xx } else { 0.0 };
            let level = u - slope * x;
            let noise = mean(&|s| (s.log_residual - level - slope * s.log_total).powi(2)).sqrt();
            [level, slope, noise.max(least)]
        });
        let spread = mean(&|s| s.square).sqrt().max(LEAST_SPREAD);
        Self { share: total / all.len() as f64, spread, line }
    }
}

impl Groups {
    /// The most likely groups of what is seen in tasks of typically so many rows.
    pub fn of(all: &[Seen], rows: f64) -> Self {
        let whole = (all.iter().map(|s| s.square).sum::<f64>() / all.len().max(1) as f64).sqrt().max(LEAST_SPREAD);
        let start = |share: f64| {
            let group = |share: f64, spread: f64| Group { share, spread: spread.max(LEAST_SPREAD), line: None };
            let groups = Self { causal: group(0.2, share * whole), spurious: group(0.8, whole) };
            groups.improved(all, STEPS[0], None)
        };
        let starts = STARTS.map(start);
        let likelihoods = starts.map(|groups| groups.log_likelihood(all));
        let best =
            (0..STARTS.len()).max_by(|&a, &b| likelihoods[a].total_cmp(&likelihoods[b])).expect("there are starts");
        // A sample variance of so many rows is known up to this factor: smaller differences of log r are chance.
        let noise = (2.0 / rows.max(2.0)).sqrt();
        let strengths = starts[best].improved(all, STEPS[1], None);
        let both = strengths.improved(all, STEPS[2], Some(noise));
        if TRUSTED.contains(&(both.causal.share / strengths.causal.share)) { both } else { strengths }
    }

    /// Steps of expectation maximisation.
    fn improved(mut self, all: &[Seen], steps: usize, noise: Option<f64>) -> Self {
        for _ in 0..if all.is_empty() { 0 } else { steps } {
            let causal: Vec<f64> = all.iter().map(|&seen| self.causal_probability(seen)).collect();
            let spurious: Vec<f64> = causal.iter().map(|p| 1.0 - p).collect();
            let (a, b) = (Group::of(all, &causal, noise), Group::of(all, &spurious, noise));
            let next =
                if a.spread <= b.spread { Self { causal: a, spurious: b } } else { Self { causal: b, spurious: a } };
            let change = (next.causal.share - self.causal.share).abs();
            self = next;
            if noise.is_none() && change < TOLERANCE {
                break;
            }
        }
        self
    }

    fn log_likelihood(self, all: &[Seen]) -> f64 {
        let one = |&seen: &Seen| {
            let (a, b) = (self.causal.log_density(seen), self.spurious.log_density(seen));
            a.max(b) + (-(a - b).abs()).exp().ln_1p()
        };
        all.iter().map(one).sum()
    }

    /// Probability that a latent of which this is seen is causal.
    pub fn causal_probability(self, seen: Seen) -> f64 {
        // A group without members has a log share of minus infinity, and with it probability 0.
        1.0 / (1.0 + (self.spurious.log_density(seen) - self.causal.log_density(seen)).exp())
    }

    /// How many times larger spurious strengths are than causal ones: near 1 there are no two groups.
    pub fn separation(self) -> f64 {
        self.spurious.spread / self.causal.spread
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    /// Labelled entries, so many of them causal; with `standardised`, r is a function of e.
    fn drawn(standardised: bool, share: f64) -> Vec<(bool, Seen)> {
        let mut stream = Stream::new(1, "groups");
        (0..20_000)
            .map(|_| {
                let causal = stream.uniform() < share;
                let square = (stream.normal() * if causal { 0.4 } else { 6.0 }).powi(2);
                let total = 1.0 / (1.0 + square);
                let kept = if causal { total } else { 0.01 };
                let residual = if standardised { total } else { kept } * (0.1 * stream.normal()).exp();
                (causal, Seen::of(square * residual, residual))
            })
            .collect()
    }

    fn groups(drawn: &[(bool, Seen)]) -> Groups {
        Groups::of(&drawn.iter().map(|d| d.1).collect::<Vec<_>>(), 200.0)
    }

    #[test]
    fn the_groups_behind_the_numbers_are_found_and_probabilities_are_frequencies() {
        for share in [0.02, 0.3, 0.9] {
            let drawn = drawn(true, share);
            let groups = groups(&drawn);
            let Groups { causal, spurious } = groups;
            // Of few causal ones, many lie where spurious ones do: their spread is known to a quarter only.
            assert!((causal.share - share).abs() < 0.02 && (causal.spread - 0.4).abs() < 0.15, "{groups:?}");
            assert!((spurious.spread - 6.0).abs() < 0.3 && groups.separation() > 10.0, "{groups:?}");
            for (low, high) in [(0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.0)] {
                let probability = |d: &(bool, Seen)| groups.causal_probability(d.1);
                let inside: Vec<_> = drawn.iter().filter(|d| (low..high).contains(&probability(d))).collect();
                let mean = inside.iter().map(|d| probability(d)).sum::<f64>() / inside.len().max(1) as f64;
                let causal = inside.iter().filter(|d| d.0).count() as f64 / inside.len().max(1) as f64;
                // Five standard errors of a share.
                let error = (0.25 / inside.len().max(1) as f64).sqrt();
                assert!((causal - mean).abs() < 5.0 * error, "{share} {low}: {mean} {causal} of {}", inside.len());
            }
        }
    }

    #[test]
    fn variances_decide_where_latents_keep_theirs() {
        let drawn = drawn(false, 0.3);
        let groups = groups(&drawn);
        let wrong = drawn.iter().filter(|d| d.0 != (groups.causal_probability(d.1) > 0.5)).count();
        assert!(wrong < 5, "{wrong} of 20000");
    }

    #[test]
    fn numbers_of_one_kind_give_finite_probabilities() {
        let same = |explained: f64| vec![Seen::of(explained, 0.5); 30];
        let one = |explained: f64| Seen::of(explained, 0.0);
        for all in [same(0.0), same(2.0), vec![one(1.0)], vec![], vec![one(0.0), one(5.0)]] {
            let groups = Groups::of(&all, 10.0);
            let fine = |explained: f64| (0.0..=1.0).contains(&groups.causal_probability(one(explained)));
            assert!([0.0, 1.0, 1e6].into_iter().all(fine), "{groups:?}");
            assert!(groups.separation().is_finite() && groups.separation() >= 1.0, "{groups:?}");
        }
    }
}
