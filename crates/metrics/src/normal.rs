//! Tails of the standard normal distribution.

use std::f64::consts::SQRT_2;

/// `P(|Z| >= |z|)`: the two-sided p-value of a standard normal statistic.
pub(crate) fn two_sided_p(z: f64) -> f64 {
    libm::erfc(z.abs() / SQRT_2)
}

/// The `z >= 0` whose two-sided p-value is `p`, for `p` above 0 and at most 1.
pub(crate) fn two_sided_z(p: f64) -> f64 {
    let (mut low, mut high) = (0.0f64, 40.0);
    // Halved until the two are neighboring numbers: exact, and no constants to get wrong.
    loop {
        let middle = low + (high - low) / 2.0;
        if middle == low || middle == high {
            return high;
        }
        if two_sided_p(middle) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_tails_of_the_normal_undo_each_other() {
        // scipy.stats.norm.ppf(.975), and 2 norm.sf(10).
        assert!((two_sided_z(0.05) - 1.959_963_984_540_054).abs() < 1e-14);
        assert!((two_sided_p(10.0) / 1.523_970_604_832_105e-23 - 1.0).abs() < 1e-13);
        for p in [1.0, 0.5, 0.01, 1e-8, 1e-200] {
            assert!((two_sided_p(two_sided_z(p)) / p - 1.0).abs() < 1e-12, "{p}");
        }
    }
}
