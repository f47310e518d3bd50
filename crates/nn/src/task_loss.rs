//! Regression through heads that are solved for: each task's linear head is the best one for the batch, so that only the
//! code is learnt by gradient. Variable projection: *The Differentiation of Pseudo-Inverses and Nonlinear Least Squares
//! Problems Whose Variables Separate* (Golub, Pereyra, 1973), <https://doi.org/10.1137/0710036>.

mod expression;

use super::element::{for_real, slice};
use super::loss::{scalar, scalar_storage};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp1, Error, Layout, Result, Shape, Tensor};
use disentangle_data::Matrix;
use disentangle_numerics::linalg::{apply, dot, inverse, solve_positive};
use disentangle_numerics::logistic::{sigmoids, softplus};
use disentangle_numerics::real::Real;
use std::sync::{Arc, Mutex, PoisonError};

/// How a task's target is distributed around its linear prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// Normal, with a variance of the task's own.
    Regression,
    /// Bernoulli with the prediction as log-odds; values are 0 and 1.
    Binary,
}

/// One task in a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRows {
    /// How its target is distributed.
    pub kind: TaskKind,
    /// Rows of the batch that have its target. Tasks next to each other that share the list share its factorisation.
    pub rows: Arc<[u32]>,
    /// The target at these rows.
    pub values: Vec<f64>,
}

/// Mean over tasks of the share of the deviance that the best linear head with an intercept leaves: `mse / variance` for
/// regression, the logistic loss over its value without latents for two classes. `h [n, k]` gives a scalar.
///
/// All tasks pull alike, so that few latents go where most is to be explained. The likelihood, with each task's noise
/// profiled out, is the sum of the logarithms of these shares: it goes after the tasks that can be fitted best, and with
/// more such tasks than latents it is chance which ones (measured: docs/methods/mtlcm.md).
///
/// `ridge` is relative to the mean variance of the code. Heads are constants in the backward pass; without a ridge that
/// is the exact gradient, because the loss is flat in them. Tasks with fewer than k + 2 rows or a constant target here do
/// not count; without any that counts the loss is 0.
///
/// # Errors
/// A row that is not below n, or those of candle.
pub fn task_loss(h: &Tensor, tasks: Vec<TaskRows>, ridge: f64) -> Result<Tensor> {
    let n = h.dim(0)?;
    if let Some(row) = tasks.iter().flat_map(|task| task.rows.iter()).find(|&&row| row as usize >= n) {
        return Err(Error::Msg(format!("task loss: row {row} of {n}")).bt());
    }
    if !fused(h.device()) {
        return task_loss_expression(h, &tasks, ridge);
    }
    h.contiguous()?.apply_op1(TaskLoss { tasks, ridge, gradient: Mutex::default() })
}

/// The same as [`task_loss`], as candle expressions; the heads are solved for on the device, too.
///
/// # Errors
/// Those of candle.
pub fn task_loss_expression(h: &Tensor, tasks: &[TaskRows], ridge: f64) -> Result<Tensor> {
    expression::mean_share(h, tasks, ridge)
}

struct TaskLoss {
    tasks: Vec<TaskRows>,
    ridge: f64,
    /// Of the loss in the code, n x k: known as soon as the heads are.
    gradient: Mutex<Vec<f64>>,
}

impl TaskLoss {
    fn run(&self, h: &[f64], k: usize) -> (f64, Vec<f64>) {
        let solved = solve_all(&self.tasks, h, k, self.ridge);
        let mut gradient = vec![0.0; h.len()];
        let share = 1.0 / solved.len().max(1) as f64;
        for (task, solved) in &solved {
            for (&row, slope) in task.rows.iter().zip(&solved.slopes) {
                let out = &mut gradient[row as usize * k..][..k];
                out.iter_mut().zip(&solved.head).for_each(|(out, w)| *out += share * slope * w);
            }
        }
        (share * solved.iter().map(|(_, solved)| solved.loss).sum::<f64>(), gradient)
    }
}

impl CustomOp1 for TaskLoss {
    fn name(&self) -> &'static str {
        "task-loss"
    }

    fn cpu_fwd(&self, h: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        let (_, k) = layout.shape().dims2()?;
        for_real!(h.dtype(), T => {
            let wide: Vec<f64> = slice::<T>(h, layout)?.iter().map(|v| v.wide()).collect();
            let (loss, gradient) = self.run(&wide, k);
            *self.gradient.lock().unwrap_or_else(PoisonError::into_inner) = gradient;
            Ok(scalar_storage::<T>(loss))
        })
    }

    fn bwd(&self, h: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        for_real!(h.dtype(), T => {
            let g = scalar::<T>(gradient)?.wide();
            let slopes = self.gradient.lock().unwrap_or_else(PoisonError::into_inner);
            let values: Vec<T> = slopes.iter().map(|slope| T::of(g * slope)).collect();
            Tensor::from_vec(values, h.shape(), h.device()).map(Some)
        })
    }
}

/// Most steps of Newton's method for a head of two classes.
const NEWTON_STEPS: usize = 30;
/// Most halvings of one of them.
const HALVINGS: i32 = 20;
/// Share of what a step promises that it has to give.
const ARMIJO: f64 = 1e-4;
/// What a step promises when nothing is left to gain.
const SETTLED: f64 = 1e-16;
/// Added to the curvature: keeps perfectly separated classes solvable.
const SEPARABLE: f64 = 1e-9;

/// A task's best head on the batch, and what it leaves.
struct Solved {
    head: Vec<f64>,
    loss: f64,
    /// Derivative of the loss in each prediction.
    slopes: Vec<f64>,
}

/// Mean and variance of a target.
fn moments(y: &[f64]) -> (f64, f64) {
    let n = y.len() as f64;
    let mean = y.iter().sum::<f64>() / n;
    (mean, y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n)
}

/// Mean negative log-likelihood of a target of two classes without any latent.
fn entropy(mean: f64) -> f64 {
    -(mean * mean.ln() + (1.0 - mean) * (1.0 - mean).ln())
}

/// The ridges that are tried: a singular covariance needs one even where none was asked for.
fn ridges(asked: f64) -> [f64; 3] {
    [asked, asked.max(1e-9), asked.max(1e-5)]
}

/// The tasks that count, with their heads.
fn solve_all<'a>(tasks: &'a [TaskRows], h: &[f64], k: usize, ridge: f64) -> Vec<(&'a TaskRows, Solved)> {
    let mut out = Vec::new();
    let mut design: Option<Design> = None;
    for task in tasks.iter().filter(|task| task.rows.len() >= k + 2) {
        if design.as_ref().is_none_or(|design| !Arc::ptr_eq(&design.rows, &task.rows)) {
            design = Some(Design::of(&task.rows, h, k, ridge));
        }
        let solved = design.as_ref().and_then(|design| design.solve(task));
        out.extend(solved.map(|solved| (task, solved)));
    }
    out
}

/// The code of the rows of a task.
struct Design {
    rows: Arc<[u32]>,
    /// n x k, centred.
    code: Matrix<f64>,
    /// Added to the diagonal of the covariance.
    ridge: f64,
    /// Inverse of the covariance with the ridge; zero for a code that does not vary, NaN for one that is not finite.
    inverse: Matrix<f64>,
}

impl Design {
    fn of(rows: &Arc<[u32]>, h: &[f64], k: usize, ridge: f64) -> Self {
        let n = rows.len();
        let row = |i: usize| &h[rows[i] as usize * k..][..k];
        let centre: Vec<f64> = (0..k).map(|j| (0..n).map(|i| row(i)[j]).sum::<f64>() / n as f64).collect();
        let code = Matrix::from_fn(n, k, |i, j| row(i)[j] - centre[j]);
        let mut covariance = Matrix::<f64>::zeros(k, k);
        for i in 0..n {
            add_outer(&mut covariance, code.row(i), 1.0 / n as f64);
        }
        let scale = (0..k).map(|j| covariance[(j, j)]).sum::<f64>() / k as f64;
        let found = ridges(ridge).into_iter().find_map(|ridge| {
            let mut ridged = covariance.clone();
            (0..k).for_each(|j| ridged[(j, j)] += ridge * scale);
            Some((ridge * scale, inverse(&ridged).ok()?))
        });
        let hopeless = if scale.is_finite() { 0.0 } else { f64::NAN };
        let (ridge, inverse) = found.unwrap_or((0.0, Matrix::zeros(k, k).map(|_: f64| hopeless)));
        Self { rows: rows.clone(), code, ridge, inverse }
    }

    /// The best head, unless the target does not vary.
    fn solve(&self, task: &TaskRows) -> Option<Solved> {
        let (n, y) = (task.values.len() as f64, &task.values);
        let (mean, variance) = moments(y);
        if variance <= 0.0 {
            return None;
        }
        let (head, offset) = match task.kind {
            TaskKind::Regression => (self.least_squares(y, mean), mean),
            TaskKind::Binary => self.logistic(y, mean),
        };
        let prediction: Vec<f64> = (0..y.len()).map(|i| offset + dot(self.code.row(i), &head)).collect();
        let pairs = || prediction.iter().zip(y);
        let entropy = entropy(mean);
        let (loss, slopes) = match task.kind {
            TaskKind::Regression => {
                let mse = pairs().map(|(p, y)| (p - y).powi(2)).sum::<f64>() / n;
                let factor = 2.0 / (n * variance);
                (mse / variance, pairs().map(|(p, y)| factor * (p - y)).collect())
            }
            TaskKind::Binary => {
                let nll = pairs().map(|(&p, y)| softplus(p) - p * y).sum::<f64>() / n;
                (nll / entropy, pairs().map(|(&p, y)| (sigmoids(p).0 - y) / (n * entropy)).collect())
            }
        };
        Some(Solved { head, loss, slopes })
    }

    fn least_squares(&self, y: &[f64], mean: f64) -> Vec<f64> {
        let n = y.len() as f64;
        let mut right = vec![0.0; self.code.cols()];
        for (i, y) in y.iter().enumerate() {
            right.iter_mut().zip(self.code.row(i)).for_each(|(r, v)| *r += (y - mean) * v / n);
        }
        apply(&self.inverse, &right)
    }

    /// Newton's method on the mean logistic loss with the ridge; head and intercept of the centred code.
    fn logistic(&self, y: &[f64], mean: f64) -> (Vec<f64>, f64) {
        let (n, k) = (y.len(), self.code.cols());
        // A column of ones carries the intercept, which is free.
        let wide = Matrix::from_fn(n, k + 1, |i, j| if j < k { self.code[(i, j)] } else { 1.0 });
        let penalty = |j: usize| if j < k { self.ridge } else { 0.0 };
        let value = |beta: &[f64]| {
            let fit: f64 = (0..n).map(|i| dot(wide.row(i), beta)).zip(y).map(|(p, y)| softplus(p) - p * y).sum();
            fit / n as f64 + 0.5 * beta.iter().enumerate().map(|(j, b)| penalty(j) * b * b).sum::<f64>()
        };
        let mut beta = vec![0.0; k + 1];
        beta[k] = (mean / (1.0 - mean)).ln();
        let mut here = value(&beta);
        for _ in 0..NEWTON_STEPS {
            let (mut hessian, mut slope) = (Matrix::<f64>::zeros(k + 1, k + 1), vec![0.0; k + 1]);
            for (i, y) in y.iter().enumerate() {
                let (p, _) = sigmoids(dot(wide.row(i), &beta));
                slope.iter_mut().zip(wide.row(i)).for_each(|(s, v)| *s += (p - y) * v / n as f64);
                add_outer(&mut hessian, wide.row(i), p * (1.0 - p) / n as f64);
            }
            for j in 0..=k {
                slope[j] += penalty(j) * beta[j];
                hessian[(j, j)] += penalty(j) + SEPARABLE;
            }
            let Ok(step) = solve_positive(&hessian, &slope) else { break };
            let decrement = dot(&step, &slope);
            let moved = |t: f64| beta.iter().zip(&step).map(|(b, s)| b - t * s).collect::<Vec<f64>>();
            let better = (0..HALVINGS).map(|halvings| 0.5f64.powi(halvings)).find_map(|t| {
                let there = moved(t);
                let value = value(&there);
                (value <= here - ARMIJO * t * decrement).then_some((there, value))
            });
            let Some((there, value)) = better else { break };
            (beta, here) = (there, value);
            if decrement < SETTLED {
                break;
            }
        }
        if !here.is_finite() {
            return (vec![f64::NAN; k], f64::NAN);
        }
        let intercept = beta[k];
        beta.truncate(k);
        (beta, intercept)
    }
}

/// `sum += weight * row row'`
fn add_outer(sum: &mut Matrix<f64>, row: &[f64], weight: f64) {
    for (a, &va) in row.iter().enumerate() {
        sum.row_mut(a).iter_mut().zip(row).for_each(|(s, vb)| *s += weight * va * vb);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use disentangle_data::Stream;

    fn code(n: usize, k: usize) -> Vec<f64> {
        let mut stream = Stream::new(3, "code");
        (0..n * k).map(|_| stream.normal()).collect()
    }

    fn loss(h: &[f64], k: usize, task: TaskRows, ridge: f64) -> f64 {
        let h = Tensor::from_slice(h, (h.len() / k, k), &Device::Cpu).expect("fits");
        let loss = |task| task_loss(&h, vec![task], ridge).and_then(|loss| loss.to_scalar()).expect("a loss");
        let (fused, plain): (f64, f64) = (loss(task.clone()), crate::by_expressions(|| loss(task)));
        // Newton's method stops where what is left is rounding.
        assert!((fused - plain).abs() < 1e-8 * fused.abs().max(1.0), "{plain} by expressions is not {fused}");
        fused
    }

    #[test]
    fn a_linear_target_leaves_nothing_whatever_the_map_of_the_code() {
        let h = code(40, 3);
        let values: Vec<f64> = h.chunks(3).map(|z| 2.0 * z[0] - z[2] + 7.0).collect();
        let task = TaskRows { kind: TaskKind::Regression, rows: (0..40).collect(), values };
        let turned: Vec<f64> = h.chunks(3).flat_map(|z| [z[0] + z[1] - 4.0, z[1] * 9.0, z[2] - 0.3 * z[0]]).collect();
        for h in [h, turned] {
            assert!(loss(&h, 3, task.clone(), 0.0) < 1e-12);
        }
    }

    #[test]
    fn a_target_of_chance_leaves_all_and_separated_classes_nothing() {
        let h = code(60, 2);
        let rows: Arc<[u32]> = (0..60).collect();
        let task = |values: Vec<f64>| TaskRows { kind: TaskKind::Binary, rows: rows.clone(), values };
        let zeros = vec![0.0; 120];
        let third = (0..60).map(|i| f64::from(i % 3 == 0)).collect();
        assert!((loss(&zeros, 2, task(third), 1e-4) - 1.0).abs() < 1e-9);
        let apart = h.chunks(2).map(|z| f64::from(z[0] > z[1])).collect();
        let left = loss(&h, 2, task(apart), 1e-6);
        assert!(left.is_finite() && left < 0.1, "{left}");
    }

    #[test]
    fn tasks_that_cannot_be_solved_here_do_not_count() {
        let h = code(5, 4);
        let few =
            TaskRows { kind: TaskKind::Regression, rows: (0..5).collect(), values: vec![1.0, 2.0, 3.0, 4.0, 5.0] };
        assert_eq!(loss(&h, 4, few.clone(), 1e-4), 0.0);
        assert_eq!(loss(&h, 1, TaskRows { values: vec![2.0; 5], ..few }, 1e-4), 0.0);
    }
}
