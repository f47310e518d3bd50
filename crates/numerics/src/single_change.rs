//! The likelihood of single mechanism changes: k noises in a code of k columns, of which every environment changes one at most.
//!
//! Model: in environment u the rows of an invertible matrix M_u turn the code y into independent Gaussian noises. M_u is B, the same for
//! all environments, but for one row, that of the latent t(u) which u changes. With shares p_u of the rows, and V_j the covariance
//! of y over all environments that leave j alone, about one mean,
//!
//!   minimise  sum_j 1/2 w_j log(b_j V_j b_j') + sum_u 1/2 p_u log(c_u S_u c_u') - sum_u p_u log |det M_u| ,
//!
//! w_j the share of these environments and S_u the covariance within u. The best changed row for a given B is c_u = S_u^-1 a_t(u) with
//! a_j the columns of A = B^-1, which leaves B alone:
//!
//!   minimise over B  sum_j 1/2 w_j log(b_j V_j b_j') - log |det B| - sum_u 1/2 p_u log(a_t(u)' S_u^-1 a_t(u)) .
//!
//! Less `sum_u 1/2 p_u log det S_u`, the likelihood with a mean and a covariance of its own for each environment, the value is the *gap*, in
//! nats per row: 0 where single changes explain everything that a linear model can see, about `degrees / (2 rows)` by chance.

use crate::lbfgs::{LbfgsOutcome, LbfgsSettings, lbfgs};
use crate::linalg::{apply, dot, inverse, log_abs_det, product};
use crate::moments::{covariance_of_rows, means_of_rows};
use disentangle_data::{Code, Failure, Matrix, Result};

/// Rows of one environment, summed up.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Number of rows.
    pub rows: f64,
    /// Mean of each column.
    pub mean: Vec<f64>,
    /// Covariance of the columns.
    pub covariance: Matrix<f64>,
}

impl Moments {
    /// Of the given rows; a row may be given several times.
    pub fn of(values: &Matrix, rows: &[usize]) -> Self {
        let (mean, covariance) = (means_of_rows(values, rows), covariance_of_rows(values, rows));
        Self { rows: rows.len() as f64, mean, covariance }
    }

    /// Those of `map` (k x d) times the rows.
    pub fn mapped(&self, map: &Matrix<f64>) -> Self {
        let covariance = product(&product(map, &self.covariance), &map.transposed());
        Self { rows: self.rows, mean: apply(map, &self.mean), covariance }
    }

    /// Those of all rows together.
    pub fn pooled<'a>(parts: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let rows: f64 = parts.clone().map(|part| part.rows).sum();
        let d = parts.clone().next().map_or(0, |part| part.mean.len());
        let mut mean = vec![0.0; d];
        for part in parts.clone() {
            mean.iter_mut().zip(&part.mean).for_each(|(m, v)| *m += part.rows / rows * v);
        }
        let mut covariance = Matrix::zeros(d, d);
        for part in parts {
            let off: Vec<f64> = part.mean.iter().zip(&mean).map(|(v, m)| v - m).collect();
            for i in 0..d {
                for j in 0..d {
                    covariance[(i, j)] += part.rows / rows * (part.covariance[(i, j)] + off[i] * off[j]);
                }
            }
        }
        Self { rows, mean, covariance }
    }
}

/// The problem: environments, and the latent that each changes.
#[derive(Debug, Clone)]
pub struct SingleChanges {
    k: usize,
    rows: f64,
    environments: Vec<Environment>,
    /// V_j and w_j of each latent.
    unchanged: Vec<(Matrix<f64>, f64)>,
    /// The likelihood of free means and covariances.
    free: f64,
}

#[derive(Debug, Clone)]
struct Environment {
    share: f64,
    target: Option<usize>,
    precision: Matrix<f64>,
}

/// What a minimisation found.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// B (k x k): rows turn codes into noises.
    pub noises: Matrix<f64>,
    /// The changed row of each environment; `None` where nothing changes.
    pub changed: Vec<Option<Vec<f64>>>,
    /// What single changes cost in likelihood, in nats per row.
    pub gap: f64,
    /// Share of the starts that reached the best value.
    pub agreement: f64,
    /// Whether the gradient vanished there.
    pub converged: bool,
}

/// Values that differ by less, in nats per row, are one optimum.
const SAME: f64 = 1e-6;

impl SingleChanges {
    /// `targets[u]` is the latent, below `k`, that environment u changes. Moments are those of codes with `k` columns.
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` for a covariance without an inverse.
    pub fn new(moments: &[Moments], targets: &[Option<usize>], k: usize) -> Result<Self> {
        let rows: f64 = moments.iter().map(|part| part.rows).sum();
        let mut environments = Vec::with_capacity(moments.len());
        let mut free = 0.0;
        for (part, &target) in moments.iter().zip(targets) {
            let share = part.rows / rows;
            free += 0.5 * share * log_abs_det(&part.covariance);
            environments.push(Environment { share, target, precision: inverse(&part.covariance)? });
        }
        let unchanged = (0..k)
            .map(|j| {
                let parts = moments.iter().zip(targets).filter(|(_, target)| **target != Some(j)).map(|(part, _)| part);
                let pooled = Moments::pooled(parts);
                (pooled.covariance, pooled.rows / rows)
            })
            .collect();
        Ok(Self { k, rows, environments, unchanged, free })
    }

    /// Free parameters of one mean and covariance for each environment, less those of single changes: the gap is about this over twice
    /// the rows where they are all that there is.
    pub fn degrees(&self) -> usize {
        let changed = self.environments.iter().filter(|at| at.target.is_some()).count();
        let free = self.environments.len() * (self.k + self.k * (self.k + 1) / 2);
        free.saturating_sub((self.k + changed) * (self.k + 1))
    }

    /// The gap that chance alone gives.
    pub fn chance(&self) -> f64 {
        self.degrees() as f64 / (2.0 * self.rows)
    }

    /// Standard deviation of the gap by chance.
    pub fn chance_sd(&self) -> f64 {
        (2.0 * self.degrees() as f64).sqrt() / (2.0 * self.rows)
    }

    /// The gap at B (row by row), and its gradient.
    pub fn gap(&self, b: &[f64]) -> (f64, Vec<f64>) {
        let k = self.k;
        let b = Matrix::new(k, k, b.to_vec()).expect("k x k");
        let Ok(a) = inverse(&b) else { return (f64::INFINITY, vec![0.0; k * k]) };
        let mut value = -log_abs_det(&b) - self.free;
        let mut gradient = Matrix::from_fn(k, k, |i, j| -a[(j, i)]);
        for (j, (v, w)) in self.unchanged.iter().enumerate() {
            let moved = apply(v, b.row(j));
            let variance = dot(&moved, b.row(j));
            value += 0.5 * w * variance.ln();
            gradient.row_mut(j).iter_mut().zip(&moved).for_each(|(g, m)| *g += w * m / variance);
        }
        for at in &self.environments {
            let Some(target) = at.target else { continue };
            let column = a.col(target);
            let row = apply(&at.precision, &column);
            let q = dot(&row, &column);
            value -= 0.5 * at.share * q.ln();
            // d a_t = -A dB a_t.
            let back: Vec<f64> = (0..k).map(|i| (0..k).map(|l| a[(l, i)] * row[l]).sum::<f64>()).collect();
            for i in 0..k {
                let scale = at.share * back[i] / q;
                gradient.row_mut(i).iter_mut().zip(&column).for_each(|(g, c)| *g += scale * c);
            }
        }
        (value, gradient.into_data())
    }

    /// The best of the minima from these starts (each k x k, invertible).
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` when no start leads to an invertible B.
    pub fn minimise(&self, starts: &[Matrix<f64>], iterations: u32) -> Result<Changes> {
        let settings = LbfgsSettings { memory: 20, iterations, gradient_tolerance: 1e-7 };
        let minima: Vec<_> = starts.iter().map(|start| lbfgs(start.data(), settings, |b| self.gap(b))).collect();
        let best = minima.iter().filter(|at| at.value.is_finite()).min_by(|a, b| a.value.total_cmp(&b.value));
        let Some(best) = best else {
            return Err(Failure::new(Code::NumericSingular, "single mechanism changes: no start has an inverse"));
        };
        let noises = Matrix::new(self.k, self.k, best.x.clone())?;
        let a = inverse(&noises)?;
        let row = |at: &Environment| at.target.map(|target| apply(&at.precision, &a.col(target)));
        let reached = minima.iter().filter(|at| at.value <= best.value + SAME).count();
        Ok(Changes {
            changed: self.environments.iter().map(row).collect(),
            gap: best.value,
            agreement: reached as f64 / minima.len() as f64,
            converged: matches!(best.outcome, LbfgsOutcome::Converged | LbfgsOutcome::Stalled),
            noises,
        })
    }
}

#[cfg(test)]
mod laws;
