//! Proof that an assignment is optimal, by linear programming duality.

use crate::assignment::Assignment;
use disentangle_data::Matrix;

/// How far an assignment is from each condition that together prove it optimal; all zero in exact arithmetic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Certificate {
    /// Whether `row_to_col` pairs `min(rows, cols)` rows with different columns.
    pub is_matching: bool,
    /// Largest `u[i] + v[j] - cost[i, j]` over all pairs (feasibility), at least 0.
    pub infeasibility: f64,
    /// Largest `|cost[i, j] - u[i] - v[j]|` over the chosen pairs (complementary slackness).
    pub slack: f64,
    /// Largest price above 0 on the longer side, and largest |price| of a row or column left unpaired there.
    pub price: f64,
    /// What rounding may explain: 16 machine epsilons of the largest |cost|, for each row and column.
    pub tolerance: f64,
}

impl Certificate {
    /// Whether every condition holds within the tolerance: no pairing is cheaper by more than `rows * tolerance`.
    pub fn holds(&self) -> bool {
        // `max` would drop a NaN; each comparison is false for it.
        self.is_matching
            && self.infeasibility <= self.tolerance
            && self.slack <= self.tolerance
            && self.price <= self.tolerance
    }
}

impl Assignment {
    /// Checks this assignment against the matrix it was found for: dual feasibility `u[i] + v[j] <= cost[i, j]`,
    /// complementary slackness on the chosen pairs, prices `<= 0` on the longer side and 0 for what is left unpaired there.
    pub fn certify(&self, cost: &Matrix<f64>) -> Certificate {
        let (n, m) = (cost.rows(), cost.cols());
        let fits = self.row_to_col.len() == n && self.u.len() == n && self.v.len() == m;
        let mut taken = vec![false; m];
        let distinct =
            fits && self.row_to_col.iter().flatten().all(|&j| j < m && !std::mem::replace(&mut taken[j], true));
        let largest = cost.data().iter().fold(0.0f64, |a, c| a.max(c.abs()));
        let mut certificate = Certificate {
            is_matching: distinct && taken.iter().filter(|&&t| t).count() == n.min(m),
            infeasibility: 0.0,
            slack: 0.0,
            price: 0.0,
            tolerance: 16.0 * f64::EPSILON * largest * (n + m) as f64,
        };
        if !certificate.is_matching {
            return certificate;
        }
        for (i, pair) in self.row_to_col.iter().enumerate() {
            for (j, c) in cost.row(i).iter().enumerate() {
                certificate.infeasibility = worst(certificate.infeasibility, self.u[i] + self.v[j] - c);
            }
            if let Some(j) = *pair {
                certificate.slack = worst(certificate.slack, (cost[(i, j)] - self.u[i] - self.v[j]).abs());
            }
        }
        let mut longer = |price: f64, paired: bool| {
            certificate.price = worst(certificate.price, if paired { price } else { price.abs() });
        };
        if n > m {
            self.u.iter().zip(&self.row_to_col).for_each(|(&price, pair)| longer(price, pair.is_some()));
        }
        if n < m {
            self.v.iter().zip(&taken).for_each(|(&price, &paired)| longer(price, paired));
        }
        certificate
    }
}

/// The larger of two, NaN if either is.
fn worst(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}
