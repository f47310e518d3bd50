//! The values of a latent that is sometimes silent: a narrow part around its silent value, and a wide one.
//!
//!   p(y) = w N(y; b, s^2) + (1 - w) N(y; c, t^2) ,   s <= t ,
//!
//! by expectation maximisation from several places of the spike.

use disentangle_engine::results::{Slab, Spike};
use disentangle_numerics::moments::positive;

/// A spike and a slab.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixture {
    /// The narrow part, with its share of all values.
    pub spike: Spike,
    /// The wide part.
    pub slab: Slab,
}

/// How wide a spike may be, in widths of its slab.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Least width.
    pub least: f64,
    /// Largest width.
    pub most: f64,
}

/// A look at one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Log density of the value.
    pub log_density: f64,
    /// Probability that it belongs to the spike.
    pub silent: f64,
}

/// Quantiles of the values at which the spike may begin: a silent value may lie in either tail.
const PLACES: [f64; 3] = [0.05, 0.5, 0.95];
/// Steps from every place; the best one goes on.
const STEPS: usize = 10;
/// Gain in mean log density below which there is nothing more to find.
const STILL: f64 = 1e-7;
/// Least width of a slab, for values of unit size.
const LEAST_SLAB: f64 = 1e-6;
/// Least and largest share of the spike while it is looked for: an empty part could never come back.
const SHARES: (f64, f64) = (0.005, 0.995);

impl Mixture {
    /// Of these values, each with its count: from several places, the best of which goes on for at most `more` steps.
    ///
    /// # Panics
    /// Without values.
    pub fn of(values: &[(f64, f64)], bounds: Bounds, more: usize) -> Self {
        let (mean, sd) = moments(values);
        let sd = positive(sd);
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let start = |place: f64| {
            let spike = Spike { mean: quantile(&sorted, place), sd: 0.3 * sd, weight: 0.4 };
            let mut mixture = Self { spike, slab: Slab { mean, sd: 1.1 * sd } };
            (0..STEPS).for_each(|_| mixture = mixture.step(values, bounds).0);
            (mixture.step(values, bounds).1, mixture)
        };
        let starts = PLACES.map(start);
        let (mut before, mut mixture) =
            starts.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).expect("there are several places");
        for _ in 0..more {
            let (next, density) = mixture.step(values, bounds);
            if (0.0..STILL).contains(&(density - before)) {
                break;
            }
            (before, mixture) = (density, next);
        }
        mixture
    }

    /// One step of expectation maximisation, and the mean log density before it.
    pub fn step(&self, values: &[(f64, f64)], bounds: Bounds) -> (Self, f64) {
        let n: f64 = values.iter().map(|v| v.1).sum();
        let look = self.looks();
        // Sums of 1, y and y^2 in the spike and over all values, about a centre near both parts.
        let centre = self.slab.mean;
        let (mut density, mut spike, mut all) = (0.0, [0.0; 3], [0.0; 2]);
        for &(value, count) in values {
            let look = look(value);
            let (y, silent) = (value - centre, count * look.silent);
            density += count * look.log_density;
            (spike[0], spike[1], spike[2]) = (spike[0] + silent, spike[1] + silent * y, spike[2] + silent * y * y);
            (all[0], all[1]) = (all[0] + count * y, all[1] + count * y * y);
        }
        let slab = [n - spike[0], all[0] - spike[1], all[1] - spike[2]];
        let part = |[count, sum, squares]: [f64; 3]| {
            let count = count.max(f64::MIN_POSITIVE);
            let mean = sum / count;
            (centre + mean, (squares / count - mean * mean).max(0.0).sqrt())
        };
        let (b, s) = part(spike);
        let (c, t) = part(slab);
        let t = t.max(LEAST_SLAB);
        let s = s.clamp(bounds.least * t, bounds.most * t);
        let weight = (spike[0] / n).clamp(SHARES.0, SHARES.1);
        (Self { spike: Spike { mean: b, sd: s, weight }, slab: Slab { mean: c, sd: t } }, density / n)
    }

    /// Density and membership of a value.
    pub fn looks(&self) -> impl Fn(f64) -> Look {
        let Self { spike, slab } = *self;
        let constant = -0.5 * std::f64::consts::TAU.ln();
        let spike_constant = constant + spike.weight.ln() - spike.sd.ln();
        let slab_constant = constant + (1.0 - spike.weight).ln() - slab.sd.ln();
        move |value| {
            let silent = spike_constant - 0.5 * ((value - spike.mean) / spike.sd).powi(2);
            let heard = slab_constant - 0.5 * ((value - slab.mean) / slab.sd).powi(2);
            let log_density = silent.max(heard) + (-(silent - heard).abs()).exp().ln_1p();
            Look { log_density, silent: (silent - log_density).exp() }
        }
    }

    /// Middle and half width of the interval of values that are silent more probably than not; the half width is 0 where
    /// there are none.
    pub fn interval(&self) -> (f64, f64) {
        let Self { spike, slab } = self;
        let (narrow, wide) = (spike.sd.powi(-2), slab.sd.powi(-2));
        let gap = narrow - wide;
        if gap <= 0.0 {
            return (spike.mean, 0.0);
        }
        let odds = (spike.weight / (1.0 - spike.weight)).ln() + (slab.sd / spike.sd).ln();
        let square = 2.0 * odds / gap + narrow * wide * ((spike.mean - slab.mean) / gap).powi(2);
        ((narrow * spike.mean - wide * slab.mean) / gap, square.max(0.0).sqrt())
    }
}

/// Mean and standard deviation of values with their counts.
pub fn moments(values: &[(f64, f64)]) -> (f64, f64) {
    let n: f64 = values.iter().map(|v| v.1).sum();
    let mean = values.iter().map(|(v, count)| count * v).sum::<f64>() / n;
    (mean, (values.iter().map(|(v, count)| count * (v - mean).powi(2)).sum::<f64>() / n).sqrt())
}

/// The value below which a share of the counts lies, of values in ascending order.
fn quantile(sorted: &[(f64, f64)], share: f64) -> f64 {
    let wanted = share * sorted.iter().map(|v| v.1).sum::<f64>();
    let mut sum = 0.0;
    let found = sorted.iter().find(|(_, count)| {
        sum += count;
        sum >= wanted
    });
    found.or(sorted.last()).expect("there are values").0
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    const WIDE: Bounds = Bounds { least: 1e-3, most: 1.0 };

    fn values(mixture: &Mixture, n: usize) -> Vec<(f64, f64)> {
        let mut stream = Stream::new(4, "spike");
        let mut draw = || match stream.uniform() < mixture.spike.weight {
            true => mixture.spike.mean + mixture.spike.sd * stream.normal(),
            false => mixture.slab.mean + mixture.slab.sd * stream.normal(),
        };
        (0..n).map(|_| (draw(), 1.0)).collect()
    }

    fn mixture(b: f64, s: f64, weight: f64, c: f64, t: f64) -> Mixture {
        Mixture { spike: Spike { mean: b, sd: s, weight }, slab: Slab { mean: c, sd: t } }
    }

    #[test]
    fn the_parts_of_a_mixture_are_found_wherever_the_spike_lies() {
        for want in
            [mixture(0.1, 0.1, 0.5, 0.0, 1.0), mixture(2.0, 0.2, 0.25, 0.0, 1.0), mixture(-6.0, 0.3, 0.6, 3.0, 2.0)]
        {
            let got = Mixture::of(&values(&want, 20_000), WIDE, 100);
            let numbers = |m: &Mixture| [m.spike.mean, m.spike.sd, m.spike.weight, m.slab.mean, m.slab.sd];
            // Means and spreads of 5000 values and more have errors of 1.4 % of the spread, twice that where the parts overlap. A spike
            // whose spread is taken about the slab's mean misses by .04 in the first mixture.
            let bounds =
                [want.spike.sd, want.spike.sd, 0.2, want.slab.sd, want.slab.sd].map(|scale| 0.08 * scale + 0.005);
            for ((got, want), bound) in numbers(&got).into_iter().zip(numbers(&want)).zip(bounds) {
                assert!((got - want).abs() < bound, "{got} is not {want} within {bound}");
            }
        }
    }

    #[test]
    fn no_step_of_expectation_maximisation_lowers_the_density() {
        let values = values(&mixture(1.0, 0.3, 0.4, 0.0, 1.0), 500);
        let mut at = mixture(-1.0, 0.5, 0.5, 0.5, 2.0);
        let mut before = f64::NEG_INFINITY;
        for _ in 0..50 {
            let (next, density) = at.step(&values, Bounds { least: 0.0, most: f64::INFINITY });
            assert!(density >= before - 1e-12, "{density} after {before}");
            (at, before) = (next, density);
        }
    }

    #[test]
    fn a_value_is_silent_exactly_inside_the_interval() {
        for m in [mixture(0.1, 0.1, 0.5, 0.0, 1.0), mixture(2.0, 0.5, 0.1, 0.0, 1.0), mixture(0.0, 0.9, 0.01, 0.0, 1.0)]
        {
            let (value, threshold) = m.interval();
            for i in -400..400 {
                let z = f64::from(i) * 0.01;
                let inside = (z - value).abs() <= threshold && threshold > 0.0;
                assert_eq!(m.looks()(z).silent >= 0.5, inside, "{m:?} at {z}: {value} {threshold}");
            }
        }
    }

    #[test]
    fn values_that_do_not_vary_give_finite_numbers() {
        let m = Mixture::of(&[(2.0, 1.0); 50], WIDE, 100);
        assert!([m.spike.mean, m.spike.sd, m.spike.weight, m.slab.mean, m.slab.sd].iter().all(|v| v.is_finite()));
        assert!(m.looks()(2.0).log_density.is_finite());
    }
}
