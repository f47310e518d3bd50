//! What linear methods stand on: a network that passes inputs on, and the principal axes of the inputs.

use crate::linalg::symmetric_eigen;
use crate::method::{Batch, CENTER, Network, State, Term};
use crate::regression::{covariance, means};
use crate::results::Fact;
use candle_core::{Error, Tensor};
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result};

/// A network without parameters whose code is its input: for methods whose latents are a solved linear map
/// (`method::MAP`) of the standardised inputs. Such a method has no stage of descent.
#[derive(Debug, Clone, Copy)]
pub struct IdentityNetwork;

impl Network for IdentityNetwork {
    fn loss(&self, _: &Batch) -> candle_core::Result<Vec<Term>> {
        Err(Error::Msg("a network without parameters has no loss".into()).bt())
    }

    fn encode(&self, inputs: &Tensor) -> candle_core::Result<Tensor> {
        Ok(inputs.clone())
    }

    fn decode(&self, codes: &Tensor) -> candle_core::Result<Option<Tensor>> {
        Ok(Some(codes.clone()))
    }
}

/// Name of the solved row of variances along all principal axes, descending.
const VARIANCES: &str = "variances";

/// Variances below this share of the largest are rounding: inputs have seven digits, so squares of their errors stay
/// below it.
const NEGLIGIBLE: f64 = 1e-12;

/// Orthogonal directions of the training inputs, from the largest variance down.
#[derive(Debug, Clone)]
pub struct PrincipalAxes {
    /// Variance along each axis, descending, d.
    pub variances: Vec<f64>,
    /// One axis per row, of length one, its largest entry positive, d x d.
    pub axes: Matrix<f64>,
    /// Where they cross: the mean of each input, d.
    pub center: Vec<f64>,
}

impl PrincipalAxes {
    /// Of the training rows of the standardised inputs.
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` when no input varies.
    pub fn of(data: &Prepared) -> Result<Self> {
        Self::of_rows(&data.inputs.select_rows(&data.rows_of(Split::Train)))
    }

    /// Of given rows (n x d).
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` when no column varies.
    pub fn of_rows(rows: &Matrix) -> Result<Self> {
        let (ascending, vectors) = symmetric_eigen(&covariance(rows))?;
        let d = ascending.len();
        let variances: Vec<f64> = ascending.iter().rev().map(|&v| v.max(0.0)).collect();
        let axes = Matrix::from_fn(d, d, |i, j| sign(&vectors, d - 1 - i) * vectors[(j, d - 1 - i)]);
        if variances.first().is_none_or(|&largest| largest <= 0.0) {
            return Err(Failure::new(
                Code::NumericSingular,
                format!("none of the {d} inputs varies over the training rows"),
            )
            .hint("choose inputs that vary"));
        }
        Ok(Self { variances, axes, center: means(rows) })
    }

    /// The map to unit variances along the first `k` axes, or as many as there are with a variance above rounding:
    /// r x d.
    pub fn whitening(&self, k: usize) -> Matrix<f64> {
        let d = self.variances.len();
        Matrix::from_fn(k.min(rank(&self.variances)), d, |i, j| self.axes[(i, j)] / self.variances[i].sqrt())
    }

    /// Adds the variances to the solved results, for [`account`], and the center, for the way back from latents.
    pub fn keep(&self, state: &mut State) {
        let d = self.variances.len();
        state.solved.insert(CENTER.into(), Matrix::from_fn(1, d, |_, j| self.center[j]));
        state.solved.insert(VARIANCES.into(), Matrix::from_fn(1, d, |_, j| self.variances[j]));
    }
}

/// Eigenvectors come with either sign: the entry of the largest magnitude decides.
fn sign(vectors: &Matrix<f64>, column: usize) -> f64 {
    let largest = vectors.col(column).into_iter().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
    largest.signum()
}

/// Effective rank: how many variances (descending) stand above rounding.
pub fn rank(variances: &[f64]) -> usize {
    let largest = variances.first().copied().unwrap_or(0.0);
    variances.iter().filter(|&&v| v > NEGLIGIBLE * largest).count()
}

/// What the variances say of a method that keeps `k` axes: facts, and a warning when the inputs span fewer directions.
pub fn account(state: &State, k: usize) -> (Vec<Fact>, Vec<Warning>) {
    let Some(variances) = state.solved.get(VARIANCES).map(|row| row.row(0)) else { return Default::default() };
    let rank = rank(variances);
    let kept = variances.iter().take(k.min(rank)).sum::<f64>() / variances.iter().sum::<f64>();
    let facts = vec![
        Fact::new("explained-variance", "share of the inputs' variance in the latents", kept),
        Fact::new("input-rank", "effective rank of the inputs", rank as f64),
    ];
    let short = (rank < k).then(|| {
        let columns = variances.len();
        let message = format!("the {columns} input columns span {rank} directions: {rank} latents instead of {k}");
        Warning::new("INPUTS_RANK", message).hint(format!("choose latentDim <= {rank}, or leave out copies of columns"))
    });
    (facts, short.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_rank_counts_variances_above_rounding() {
        assert_eq!(rank(&[4.0, 1.0, 1e-6, 1e-13, 0.0]), 3);
        assert_eq!(rank(&[]), 0);
    }
}
