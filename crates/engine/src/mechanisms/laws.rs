//! What every set of mechanisms is held to, on linear-Gaussian mechanisms whose interventions are known in closed form.

use super::*;

/// `z_j = sum_i weights[i][j] z_i + shift[e][j] + n_j`, `n_j ~ N(0, sd_j^2)`, for latents numbered from causes to effects.
pub struct LinearGaussian {
    /// k x k, `[i][j]`: i -> j.
    pub weights: Matrix<f64>,
    /// Environments x k.
    pub shift: Matrix<f64>,
    /// Of each noise.
    pub sd: Vec<f64>,
}

impl Mechanisms for LinearGaussian {
    fn order(&self) -> Vec<usize> {
        (0..self.sd.len()).collect()
    }

    fn causes(&self, latent: usize) -> Vec<usize> {
        (0..latent).filter(|&cause| self.weights[(cause, latent)] != 0.0).collect()
    }

    fn by_environment(&self) -> bool {
        self.shift.rows() > 1
    }

    fn mean(&self, latent: usize, latents: &Matrix<f64>, environments: &[u32]) -> Result<Vec<f64>> {
        let of_row = |(row, &at): (usize, &u32)| {
            let causes = (0..latent).map(|cause| self.weights[(cause, latent)] * latents[(row, cause)]);
            causes.sum::<f64>() + self.shift[(at as usize, latent)]
        };
        Ok(environments.iter().enumerate().map(of_row).collect())
    }

    fn draw(&self, latent: usize, environments: &[u32], stream: &mut Stream) -> Result<Vec<f64>> {
        Ok(environments.iter().map(|_| self.sd[latent] * stream.normal()).collect())
    }
}

/// z1 -> z2 -> z4, z1 -> z3 -> z4, in two environments.
pub fn diamond() -> LinearGaussian {
    let mut weights = Matrix::zeros(4, 4);
    (weights[(0, 1)], weights[(0, 2)], weights[(1, 3)], weights[(2, 3)]) = (0.9, -0.6, 1.5, 0.7);
    let shift = Matrix::from_fn(2, 4, |environment, latent| environment as f64 * (0.5 + latent as f64));
    LinearGaussian { weights, shift, sd: vec![1.0, 0.5, 0.8, 0.3] }
}

#[test]
fn a_latent_set_to_the_value_it_has_leaves_its_row_alone_to_the_bit() {
    let mechanisms = diamond();
    let environments: Vec<u32> = (0..20).map(|row| row % 2).collect();
    let rows = sample(&mechanisms, 4, &environments, &Settings::new(), 3).expect("finite");
    for row in 0..20 {
        for latent in 0..4 {
            let one = rows.select_rows(&[row]);
            let set = Settings::from([(latent, one[(0, latent)])]);
            let same = counterfactual(&mechanisms, &one, &environments[row..=row], &set).expect("finite");
            assert_eq!(same, one, "row {row}, latent {latent}");
        }
    }
}

#[test]
fn a_counterfactual_moves_by_the_total_effects_and_nothing_upstream() {
    let mechanisms = diamond();
    let environments = vec![1; 8];
    let rows = sample(&mechanisms, 4, &environments, &Settings::new(), 5).expect("finite");
    // Effects along paths: z1 on z4 is .9 x 1.5 - .6 x .7.
    let total = [[1.0, 0.9, -0.6, 0.93], [0.0, 1.0, 0.0, 1.5], [0.0, 0.0, 1.0, 0.7], [0.0, 0.0, 0.0, 1.0]];
    for (latent, effects) in total.iter().enumerate() {
        let after =
            counterfactual(&mechanisms, &rows, &environments, &Settings::from([(latent, 2.0)])).expect("finite");
        for row in 0..8 {
            let step = 2.0 - rows[(row, latent)];
            for (j, effect) in effects.iter().enumerate() {
                let (got, want) = (after[(row, j)], rows[(row, j)] + step * effect);
                // Sums of a few numbers of size one: rounding only.
                assert!((got - want).abs() < 1e-12, "row {row}: z{} by z{}: {got} {want}", j + 1, latent + 1);
                assert!(*effect != 0.0 || got.to_bits() == rows[(row, j)].to_bits());
            }
        }
    }
}

#[test]
fn samples_have_the_moments_of_the_closed_form() {
    let mechanisms = diamond();
    let n = 40_000;
    let drawn = sample(&mechanisms, 4, &vec![1; n], &Settings::from([(1, -1.0)]), 11).expect("finite");
    let mean = |j: usize| drawn.col(j).iter().sum::<f64>() / n as f64;
    let covariance = |i: usize, j: usize| {
        let (mi, mj) = (mean(i), mean(j));
        drawn.col(i).iter().zip(drawn.col(j)).map(|(a, b)| (a - mi) * (b - mj)).sum::<f64>() / n as f64
    };
    // In environment 1 under do(z2 = -1): z1 = .5 + n1, z3 = -.6 z1 + 2.5 + n3, z4 = -1.5 + .7 z3 + 3.5 + n4.
    let means = [0.5, -1.0, 2.2, -1.5 + 0.7 * 2.2 + 3.5];
    let var3 = 0.36 + 0.64;
    let expected = [((0, 0), 1.0), ((0, 1), 0.0), ((0, 2), -0.6), ((2, 2), var3), ((2, 3), 0.7 * var3), ((3, 3), 0.58)];
    for (j, want) in means.into_iter().enumerate() {
        // Standard error 1 / sqrt(n) = .005, four of them.
        assert!((mean(j) - want).abs() < 0.02, "mean of z{}: {} {want}", j + 1, mean(j));
    }
    for ((i, j), want) in expected {
        // Standard error of a variance of 1: sqrt(2 / n) = .007, four of them.
        assert!((covariance(i, j) - want).abs() < 0.03, "covariance {i} {j}: {} {want}", covariance(i, j));
    }
}

#[test]
fn samples_of_one_seed_are_paired_and_more_rows_leave_the_first_alone() {
    let mechanisms = diamond();
    let draw = |n: usize, set: Settings| sample(&mechanisms, 4, &vec![0; n], &set, 2).expect("finite");
    let (few, many) = (draw(5, Settings::new()), draw(9, Settings::new()));
    assert_eq!(few, many.select_rows(&[0, 1, 2, 3, 4]));
    let moved = draw(5, Settings::from([(2, few[(0, 2)] + 1.0)]));
    assert_eq!((few.col(0), few.col(1)), (moved.col(0), moved.col(1)));
    // The first row differs by the effect of one unit of z3 on z4, with the same noise.
    assert!((moved[(0, 3)] - few[(0, 3)] - 0.7).abs() < 1e-12);
}

#[test]
fn mechanisms_out_of_order_and_numbers_that_overflow_are_refused() {
    struct Backwards(LinearGaussian);
    impl Mechanisms for Backwards {
        fn order(&self) -> Vec<usize> {
            vec![3, 2, 1, 0]
        }
        fn causes(&self, latent: usize) -> Vec<usize> {
            self.0.causes(latent)
        }
        fn mean(&self, latent: usize, latents: &Matrix<f64>, environments: &[u32]) -> Result<Vec<f64>> {
            self.0.mean(latent, latents, environments)
        }
        fn draw(&self, latent: usize, environments: &[u32], stream: &mut Stream) -> Result<Vec<f64>> {
            self.0.draw(latent, environments, stream)
        }
    }
    let failure = sample(&Backwards(diamond()), 4, &[0], &Settings::new(), 0).expect_err("z4 before its causes");
    assert_eq!(failure.code, Code::MetricGraph);
    let failure = sample(&diamond(), 4, &[0], &Settings::from([(1, f64::MAX)]), 0).expect_err("1.5 times the largest");
    assert_eq!(failure.code, Code::NumericNotFinite);
}
