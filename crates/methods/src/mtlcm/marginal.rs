//! The marginal likelihood of codes given target and task, as published, with its gradient.
//!
//!   p(h | y, t) = N(h; A g_t y, Sigma_t) ,   g_t = gamma_t (1 - c_t) ,   c_t = sigmoid(a_t) ,
//!   Sigma_t = A diag(v_t) A' + sigma_o^2 I ,   v_t = sigma_s^2 (1 - c_t) + c_t

use super::moments::{Moments, Points};
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_numerics::linalg::apply;
use disentangle_numerics::logistic::sigmoids;
use faer::linalg::solvers::{Llt, Solve};
use faer::{Mat, MatRef, Side};

/// What is observed: pairs of a row and a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// n x k: codes of rows.
    pub codes: Matrix<f64>,
    /// Mean code of the rows of each task, tasks x k.
    pub means: Matrix<f64>,
    /// (row, task) of each pair.
    pub pairs: Vec<(usize, usize)>,
    /// Target of each pair, less its mean in the task.
    pub targets: Vec<f64>,
}

/// Fixed standard deviations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Of spurious latents given the target.
    pub spurious: f64,
    /// Of codes given latents.
    pub observed: f64,
}

/// Added to Sigma where it has no Cholesky factor.
const JITTER: f64 = 1e-6;

/// The parameters in one slice: A (k x k, row by row), then a, then gamma (tasks x k each).
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Number of latents.
    pub latents: usize,
    /// Number of tasks.
    pub tasks: usize,
}

impl Layout {
    /// Where gamma begins: what stands before is A and a.
    pub fn gamma(self) -> usize {
        self.latents * (self.latents + self.tasks)
    }

    /// Number of parameters.
    pub fn len(self) -> usize {
        self.latents * (self.latents + 2 * self.tasks)
    }

    /// A.
    pub fn mixing(self, parameters: &[f64]) -> Matrix<f64> {
        let k = self.latents;
        Matrix::from_fn(k, k, |i, j| parameters[i * k + j])
    }

    /// c, tasks x k.
    pub fn indicators(self, parameters: &[f64]) -> Matrix<f64> {
        let k = self.latents;
        Matrix::from_fn(self.tasks, k, |t, i| sigmoids(parameters[k * k + t * k + i]).0)
    }
}

impl Pairs {
    /// Codes `coordinates * h` (n x k) of rows, at the rows of every task; `moments` are those of h.
    pub fn new(codes: &Matrix<f64>, points: &[Points], moments: &[Moments], coordinates: &Matrix<f64>) -> Self {
        let means: Vec<f64> = moments.iter().flat_map(|m| apply(coordinates, &m.code)).collect();
        let of = |(task, points): (usize, &Points)| -> Vec<((usize, usize), f64)> {
            let centred = points.targets.iter().map(|y| y - moments[task].target);
            points.rows.iter().map(|&row| (row, task)).zip(centred).collect()
        };
        let (pairs, targets) = points.iter().enumerate().flat_map(of).unzip();
        let means = Matrix::new(moments.len(), codes.cols(), means).expect("one mean per task and coordinate");
        Self { codes: codes.clone(), means, pairs, targets }
    }

    /// The layout of parameters for these pairs.
    pub fn layout(&self) -> Layout {
        Layout { latents: self.codes.cols(), tasks: self.means.rows() }
    }

    /// Minus the mean log density of the pairs `batch`; its gradient is written to `gradient`, of the length of the layout.
    ///
    /// # Errors
    /// `NUMERIC_NOT_FINITE` when a covariance has no Cholesky factor even with 1e-6 on its diagonal.
    pub fn loss(&self, batch: &[usize], parameters: &[f64], noise: Noise, gradient: &mut [f64]) -> Result<f64> {
        let Layout { latents: k, tasks } = self.layout();
        gradient.fill(0.0);
        let mut by_task: Vec<Vec<usize>> = vec![Vec::new(); tasks];
        batch.iter().for_each(|&pair| by_task[self.pairs[pair].1].push(pair));
        let mixing = MatRef::from_row_major_slice(&parameters[..k * k], k, k);
        let (start_a, start_gamma) = (k * k, self.layout().gamma());
        let share = 1.0 / batch.len() as f64;
        let mut loss = 0.5 * k as f64 * std::f64::consts::TAU.ln();
        // d loss / d A, k x k.
        let mut slope = Mat::<f64>::zeros(k, k);
        for (task, pairs) in by_task.iter().enumerate().filter(|(_, pairs)| !pairs.is_empty()) {
            let at = task * k;
            let gamma = &parameters[start_gamma + at..start_gamma + at + k];
            let c: Vec<f64> = parameters[start_a + at..start_a + at + k].iter().map(|&a| sigmoids(a).0).collect();
            let g: Vec<f64> = c.iter().zip(gamma).map(|(c, gamma)| gamma * (1.0 - c)).collect();
            let v: Vec<f64> = c.iter().map(|c| noise.spurious.powi(2) * (1.0 - c) + c).collect();
            let scaled = Mat::from_fn(k, k, |i, j| mixing[(i, j)] * v[j]); // A V
            let factor = factor(&scaled * mixing.transpose(), noise.observed)?;

            let y: Vec<f64> = pairs.iter().map(|&pair| self.targets[pair]).collect();
            let code = |i: usize, s: usize| self.codes[(self.pairs[pairs[s]].0, i)] - self.means[(task, i)];
            let effect = mixing * Mat::from_fn(k, 1, |i, _| g[i]); // A g
            let errors = Mat::from_fn(k, pairs.len(), |i, s| code(i, s) - effect[(i, 0)] * y[s]);
            let weighted = factor.solve(&errors); // Sigma^-1 e
            let inner: f64 =
                (0..pairs.len()).flat_map(|s| (0..k).map(move |i| (i, s))).map(|at| errors[at] * weighted[at]).sum();
            let log_det = 2.0 * (0..k).map(|i| factor.L()[(i, i)].ln()).sum::<f64>();
            loss += 0.5 * share * (inner + pairs.len() as f64 * log_det);

            // With K = m Sigma^-1 - sum Sigma^-1 e e' Sigma^-1 the derivative by Sigma is K / 2.
            let inverse = factor.solve(Mat::<f64>::identity(k, k));
            let spread = &weighted * weighted.transpose();
            let by_sigma = Mat::from_fn(k, k, |i, j| share * (pairs.len() as f64 * inverse[(i, j)] - spread[(i, j)]));
            let pulled = &weighted * Mat::from_fn(pairs.len(), 1, |s, _| share * y[s]); // sum y Sigma^-1 e
            slope += &by_sigma * &scaled - &pulled * Mat::from_fn(1, k, |_, j| g[j]);
            let by_v = &by_sigma * mixing;
            let by_g = mixing.transpose() * &pulled;
            for i in 0..k {
                let by_v = 0.5 * (0..k).map(|l| mixing[(l, i)] * by_v[(l, i)]).sum::<f64>();
                let by_c = by_v * (1.0 - noise.spurious.powi(2)) + by_g[(i, 0)] * gamma[i];
                gradient[start_a + at + i] = by_c * c[i] * (1.0 - c[i]);
                gradient[start_gamma + at + i] = -by_g[(i, 0)] * (1.0 - c[i]);
            }
        }
        for i in 0..k {
            (0..k).for_each(|j| gradient[i * k + j] = slope[(i, j)]);
        }
        Ok(loss)
    }
}

/// The Cholesky factor of `sigma + observed^2 I`.
fn factor(mut sigma: Mat<f64>, observed: f64) -> Result<Llt<f64>> {
    let k = sigma.nrows();
    (0..k).for_each(|i| sigma[(i, i)] += observed * observed);
    sigma
        .llt(Side::Lower)
        .or_else(|_| {
            (0..k).for_each(|i| sigma[(i, i)] += JITTER);
            sigma.llt(Side::Lower)
        })
        .map_err(|_| {
            Failure::new(
                Code::NumericNotFinite,
                format!("a {k} x {k} covariance of the codes is not positive definite"),
            )
            .hint("a smaller learning rate, a larger sigmaObserved, or the default algorithm goes around this")
        })
}
