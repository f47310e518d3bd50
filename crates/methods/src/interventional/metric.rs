//! The inverse covariance of the usable inputs in the reference, and that of any set of them from it.
//!
//! With P the inverse for all inputs, I those that stay and O those that are left out, the inverse for I alone is
//!
//!   P_II - P_IO P_OO^-1 P_OI .
//!
//! So hundreds of sets cost products with vectors, and one decomposition.

use disentangle_data::{Matrix, Result};
use disentangle_numerics::linalg::{apply, inverse, symmetric_eigen};
use disentangle_numerics::single_change::Moments;

/// Variance of a direction of the inputs, as a share of that of one input, above which it is none of rounding.
const RANK: f64 = 1e-4;

#[derive(Debug, PartialEq)]
pub struct Metric {
    /// P, usable inputs x usable inputs.
    inverse: Matrix<f64>,
    rank: usize,
}

/// The same for the inputs that stay.
#[derive(Debug)]
pub struct Without<'a> {
    whole: &'a Metric,
    /// Places of the others.
    out: Vec<usize>,
    /// P_OO^-1.
    back: Matrix<f64>,
}

impl Metric {
    /// Of these inputs.
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR`, `NUMERIC_NOT_FINITE`.
    pub fn of(reference: &Moments, inputs: &[usize]) -> Result<Self> {
        let covariance = among(reference, inputs);
        Ok(Self { inverse: inverse(&covariance)?, rank: rank(&covariance)? })
    }

    /// The inverse covariance times `v`.
    pub fn times(&self, v: &[f64]) -> Vec<f64> {
        apply(&self.inverse, v)
    }

    /// Without the inputs at these places.
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR`.
    pub fn without(&self, out: Vec<usize>) -> Result<Without<'_>> {
        let back = inverse(&Matrix::from_fn(out.len(), out.len(), |a, b| self.inverse[(out[a], out[b])]))?;
        Ok(Without { whole: self, out, back })
    }

    /// Directions that vary in so many inputs fewer, at least: each takes away one at most.
    pub fn least_rank_without(&self, fewer: usize) -> usize {
        self.rank.saturating_sub(fewer)
    }
}

impl Without<'_> {
    /// The inverse covariance of the inputs that stay times `v`, which is 0 at the places of the others, as the result is.
    pub fn times(&self, v: &[f64]) -> Vec<f64> {
        let mut all = self.whole.times(v);
        let own = apply(&self.back, &self.out.iter().map(|&o| all[o]).collect::<Vec<f64>>());
        for (&o, own) in self.out.iter().zip(&own) {
            all.iter_mut().zip(self.whole.inverse.row(o)).for_each(|(value, p)| *value -= p * own);
        }
        self.out.iter().for_each(|&o| all[o] = 0.0);
        all
    }
}

/// The covariance of these inputs.
pub fn among(moments: &Moments, inputs: &[usize]) -> Matrix<f64> {
    Matrix::from_fn(inputs.len(), inputs.len(), |i, j| moments.covariance[(inputs[i], inputs[j])])
}

/// Directions in which inputs with this covariance vary by more than rounding.
///
/// # Errors
/// `NUMERIC_NOT_FINITE`, `NUMERIC_SINGULAR`.
pub fn rank(covariance: &Matrix<f64>) -> Result<usize> {
    Ok(symmetric_eigen(covariance)?.0.into_iter().filter(|&value| value > RANK).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;
    use disentangle_numerics::linalg::product;

    /// Seven inputs with noise of their own, of which six directions vary: the last input is the sum of the first two.
    fn moments() -> Moments {
        let mut stream = Stream::new(3, "metric");
        let mut map = Matrix::from_fn(7, 9, |_, _| stream.normal());
        for j in 0..9 {
            map[(6, j)] = map[(0, j)] + map[(1, j)];
        }
        let mut covariance = product(&map, &map.transposed());
        (0..7).for_each(|i| covariance[(i, i)] += 1e-6);
        Moments { rows: 100.0, mean: vec![0.0; 7], covariance }
    }

    #[test]
    fn a_set_of_inputs_has_the_inverse_of_its_own_covariance() {
        let moments = moments();
        let usable = [0, 2, 3, 4, 5, 6];
        let metric = Metric::of(&moments, &usable).expect("it has an inverse");
        for out in [vec![], vec![0], vec![1, 4], vec![0, 2, 5]] {
            let stay: Vec<usize> = (0..usable.len()).filter(|at| !out.contains(at)).collect();
            let inputs: Vec<usize> = stay.iter().map(|&at| usable[at]).collect();
            let own = inverse(&among(&moments, &inputs)).expect("it has an inverse");
            let want = apply(&own, &stay.iter().map(|&at| at as f64 - 2.5).collect::<Vec<f64>>());
            let v: Vec<f64> = (0..6).map(|at| if stay.contains(&at) { at as f64 - 2.5 } else { 0.0 }).collect();
            let found = metric.without(out.clone()).expect("it has an inverse").times(&v);
            // Two ways to the same numbers, of covariances whose condition is below 1e4.
            stay.iter()
                .zip(&want)
                .for_each(|(&at, want)| assert!((found[at] - want).abs() < 1e-10, "{found:?} {want}"));
            out.iter().for_each(|&at| assert_eq!(found[at], 0.0));
        }
    }

    #[test]
    fn directions_are_counted_and_each_input_left_out_takes_one_at_most() {
        let moments = moments();
        let all: Vec<usize> = (0..7).collect();
        let metric = Metric::of(&moments, &all).expect("it has an inverse");
        assert_eq!(metric.least_rank_without(0), 6);
        assert_eq!(metric.least_rank_without(2), 4);
        assert!(rank(&among(&moments, &all[2..])).expect("finite") >= metric.least_rank_without(2));
    }
}
