//! The heads from candle's operations alone: all tasks of a kind at once, so that a device computes whatever number of tasks in the same
//! few operations.

use super::{ARMIJO, HALVINGS, NEWTON_STEPS, SEPARABLE, SETTLED, TaskKind, TaskRows, entropy, moments, ridges};
use crate::determinant::factorised;
use crate::{Activation, host};
use candle_core::{D, DType, Result, Tensor};

/// See [`super::task_loss`].
pub(super) fn mean_share(h: &Tensor, tasks: &[TaskRows], ridge: f64) -> Result<Tensor> {
    let k = h.dim(1)?;
    let counts = |task: &&TaskRows| task.rows.len() >= k + 2 && moments(&task.values).1 > 0.0;
    let counting: Vec<&TaskRows> = tasks.iter().filter(counts).collect();
    let mut sum = h.zeros_like()?.sum_all()?;
    for kind in [TaskKind::Regression, TaskKind::Binary] {
        let of_kind: Vec<&TaskRows> = counting.iter().copied().filter(|task| task.kind == kind).collect();
        if !of_kind.is_empty() {
            sum = (sum + shares(h, &of_kind, kind, ridge)?.sum_all()?)?;
        }
    }
    sum / counting.len().max(1) as f64
}

/// What the best head of each of `t` tasks of one kind leaves: (t).
fn shares(h: &Tensor, tasks: &[&TaskRows], kind: TaskKind, ridge: f64) -> Result<Tensor> {
    let t = tasks.len();
    let stack = Stack::of(h, tasks)?;
    let (heads, intercepts) = match kind {
        TaskKind::Regression => stack.least_squares(ridge)?,
        TaskKind::Binary => stack.logistic(ridge)?,
    };
    let like = |constant: &Tensor| constant.to_dtype(h.dtype());
    let predictions = stack.rows.matmul(&like(&heads)?)?.broadcast_add(&like(&intercepts)?)?;
    let (targets, weights) = (like(&stack.targets)?, like(&stack.weights)?);
    let (each, scales): (_, Vec<f64>) = match kind {
        TaskKind::Regression => {
            ((predictions - targets)?.sqr()?, tasks.iter().map(|task| moments(&task.values).1).collect())
        }
        TaskKind::Binary => {
            let losses = (Activation::Softplus.expression(&predictions)? - (&predictions * targets)?)?;
            (losses, tasks.iter().map(|task| entropy(moments(&task.values).0)).collect())
        }
    };
    (each * weights)?.sum((1, 2))?.div(&host::placed(scales, t, h)?)
}

/// The rows of `t` tasks, one after the other, each filled up to the `n` of the longest with rows of no weight. Its code is in double
/// precision and outside the graph; `rows` is in it.
struct Stack {
    /// (t, n, k)
    rows: Tensor,
    /// (t, n, k), less its mean.
    code: Tensor,
    /// (t, 1, k)
    centre: Tensor,
    /// (t, n, 1); those of a task add up to 1.
    weights: Tensor,
    /// (t, n, 1)
    targets: Tensor,
    /// (t, 1, 1)
    means: Tensor,
}

impl Stack {
    fn of(h: &Tensor, tasks: &[&TaskRows]) -> Result<Self> {
        let (t, k) = (tasks.len(), h.dim(1)?);
        let n = tasks.iter().map(|task| task.rows.len()).max().unwrap_or(0);
        let (mut index, mut weights, mut targets) = (vec![0u32; t * n], vec![0.0; t * n], vec![0.0; t * n]);
        for (i, task) in tasks.iter().enumerate() {
            let at = i * n..i * n + task.rows.len();
            index[at.clone()].copy_from_slice(&task.rows);
            weights[at.clone()].fill(1.0 / task.rows.len() as f64);
            targets[at].copy_from_slice(&task.values);
        }
        let place =
            |values: Vec<f64>, shape: (usize, usize, usize)| host::placed_on(values, shape, (DType::F64, h.device()));
        let rows = h.index_select(&Tensor::from_vec(index, t * n, h.device())?, 0)?.reshape((t, n, k))?;
        let (weights, targets) = (place(weights, (t, n, 1))?, place(targets, (t, n, 1))?);
        let means = place(tasks.iter().map(|task| moments(&task.values).0).collect(), (t, 1, 1))?;
        let wide = rows.detach().to_dtype(DType::F64)?;
        let centre = wide.broadcast_mul(&weights)?.sum_keepdim(1)?;
        let code = wide.broadcast_sub(&centre)?;
        Ok(Self { rows, code, centre, weights, targets, means })
    }

    /// The inverse (t, k, k) of the covariance of the code of each task with the first ridge that makes it one, and that ridge (t, 1, 1).
    fn whitened(&self, ridge: f64) -> Result<(Tensor, Tensor)> {
        let (t, _, k) = self.code.dims3()?;
        let covariance = transposed(&self.code)?.matmul(&self.code.broadcast_mul(&self.weights)?)?;
        let eye = Tensor::eye(k, DType::F64, self.code.device())?.unsqueeze(0)?;
        let scale = (covariance.broadcast_mul(&eye)?.sum_keepdim((1, 2))? / k as f64)?;
        // Zero for a code that does not vary, NaN for one that is not finite.
        let hopeless = (&scale * 0.0)?;
        let mut found = (hopeless.broadcast_as((t, k, k))?.contiguous()?, hopeless.zeros_like()?);
        let mut tried = ridges(ridge).to_vec();
        tried.dedup();
        for ridge in tried.into_iter().rev() {
            let ridges = (&scale * ridge)?;
            let (_, inverse) = factorised(&covariance.broadcast_add(&eye.broadcast_mul(&ridges)?)?)?;
            let sums = inverse.sum_keepdim((1, 2))?;
            let finite = (&sums * 0.0)?.eq(&sums.zeros_like()?)?;
            let of_entries = finite.broadcast_as((t, k, k))?.contiguous()?;
            found = (of_entries.where_cond(&inverse, &found.0)?, finite.where_cond(&ridges, &found.1)?);
        }
        Ok(found)
    }

    /// Heads (t, k, 1) and intercepts (t, 1, 1) of the code as it is.
    fn least_squares(&self, ridge: f64) -> Result<(Tensor, Tensor)> {
        let (inverse, _) = self.whitened(ridge)?;
        let pulled = (self.targets.broadcast_sub(&self.means)? * &self.weights)?;
        let heads = inverse.matmul(&transposed(&self.code)?.matmul(&pulled)?)?;
        let intercepts = (&self.means - self.centre.matmul(&heads)?)?;
        Ok((heads, intercepts))
    }

    /// The same by Newton's method on the mean logistic loss with the ridge: all tasks step together, and for each of them all halvings of
    /// its step are tried at once.
    fn logistic(&self, ridge: f64) -> Result<(Tensor, Tensor)> {
        let (t, n, k) = self.code.dims3()?;
        let device = self.code.device();
        let (_, ridges) = self.whitened(ridge)?;
        let zero = ridges.zeros_like()?;
        // A column of ones carries the intercept, which is free.
        let wide = Tensor::cat(&[&self.code, &Tensor::ones((t, n, 1), DType::F64, device)?], 2)?;
        let penalties = Tensor::cat(&[&ridges.broadcast_as((t, k, 1))?.contiguous()?, &zero], 1)?;
        let odds = (&self.means / self.means.affine(-1.0, 1.0)?)?.log()?;
        let mut beta = Tensor::cat(&[&zero.broadcast_as((t, k, 1))?.contiguous()?, &odds], 1)?;
        let diagonal = Tensor::eye(k + 1, DType::F64, device)?.unsqueeze(0)?;
        let curvature = diagonal.broadcast_mul(&(&penalties + SEPARABLE)?)?;
        // Not to move at all comes first.
        let lengths: Vec<f64> = [0.0].into_iter().chain((0..HALVINGS).map(|h| 0.5f64.powi(h))).collect();
        let count = lengths.len();
        let lengths = host::placed_on(lengths, (1, 1, count), (DType::F64, device))?;
        for _ in 0..NEWTON_STEPS {
            let predictions = wide.matmul(&beta)?;
            let chances = Activation::Sigmoid.expression(&predictions)?;
            let errors = ((&chances - &self.targets)? * &self.weights)?;
            let slope = (transposed(&wide)?.matmul(&errors)? + (&penalties * &beta)?)?;
            let doubts = ((&chances * chances.affine(-1.0, 1.0)?)? * &self.weights)?;
            let hessian = transposed(&wide)?.matmul(&wide.broadcast_mul(&doubts)?)?.broadcast_add(&curvature)?;
            let step = factorised(&hessian)?.1.matmul(&slope)?;
            let decrement = (&step * &slope)?.sum_keepdim(1)?;

            let moved = predictions.broadcast_sub(&wide.matmul(&step)?.broadcast_mul(&lengths)?)?;
            let losses = (Activation::Softplus.expression(&moved)? - moved.broadcast_mul(&self.targets)?)?;
            let fit = losses.broadcast_mul(&self.weights)?.sum_keepdim(1)?;
            let there = beta.broadcast_sub(&step.broadcast_mul(&lengths)?)?;
            let values = (fit + (there.sqr()?.broadcast_mul(&penalties)?.sum_keepdim(1)? * 0.5)?)?;
            let asked = decrement.broadcast_mul(&(&lengths * ARMIJO)?)?;
            let enough = values.le(&values.narrow(D::Minus1, 0, 1)?.broadcast_sub(&asked)?)?;
            let length = enough.to_dtype(DType::F64)?.broadcast_mul(&lengths)?.max_keepdim(D::Minus1)?;

            let moves = length.gt(&zero)?;
            let of_entries = moves.broadcast_as((t, k + 1, 1))?.contiguous()?;
            let by = of_entries.where_cond(&step.broadcast_mul(&length)?, &step.zeros_like()?)?;
            beta = (beta - by)?;
            let goes_on = (moves.to_dtype(DType::F64)? * decrement.ge(SETTLED)?.to_dtype(DType::F64)?)?;
            if host::number(&goes_on.sum_all()?)? == 0.0 {
                break;
            }
        }
        let heads = beta.narrow(1, 0, k)?.contiguous()?;
        let intercepts = (beta.narrow(1, k, 1)?.contiguous()? - self.centre.matmul(&heads)?)?;
        Ok((heads, intercepts))
    }
}

fn transposed(x: &Tensor) -> Result<Tensor> {
    x.transpose(1, 2)?.contiguous()
}
