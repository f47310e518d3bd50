//! After the descents: the scale of the latents, how well the inputs tell them, and whether the model holds.
//!
//! The model has latents that are independent in every environment, and inputs that they determine but for noise. Both can be looked at
//! where rows say what their latents are: latents that correlate within an environment are not independent, and what the latents leave of
//! the inputs along one axis is a cause that is none of them, or one of them that was lost.

use super::NoiseAware;
use crate::interventional::start::{self, Start};
use disentangle_data::prepare::Prepared;
use disentangle_data::{Matrix, Result};
use disentangle_engine::method::{MAP, OFFSET, State};
use disentangle_nn::{Tensor, host, internal};
use disentangle_numerics::linalg::symmetric_eigen;

/// Rows of the reference that the scale of the latents comes from, at most, and rows of an environment that are looked at.
const ROWS: usize = 4096;
const LOOKED_AT: usize = 1024;

/// What the rows say of the trained model.
#[derive(Debug)]
pub struct Settled {
    /// 1 x k: the share of the variance of each latent in the reference that its code has; the rest is what the inputs leave open.
    pub reliability: Matrix<f64>,
    /// k x k: the largest correlation of each pair of latents in an environment, over what its rows say of them together: 0 where
    /// latents are independent in each environment, as the model has it.
    pub dependence: Matrix<f64>,
    /// Share of the inputs' variance in the reference that the latents leave, and the share of that along one axis.
    pub left: (f64, f64),
}

/// Scales the latents to mean 0 and unit variance in the reference.
///
/// # Errors
/// Those of candle.
pub fn settle(data: &Prepared, rows: &[Vec<usize>], state: &mut State) -> Result<Settled> {
    let start = Start::of(&state.solved).expect("it was kept before the descents");
    let network = state.network_as::<NoiseAware>().expect("the network that was built for it");
    let device = state.params.device();
    let of_rows = |environment: usize, most: usize, known: bool| {
        let mut rows = rows[environment].clone();
        rows.truncate(most);
        let inputs = data.inputs.select_rows(&rows);
        let environments = vec![environment as u32; rows.len()];
        Tensor::from_slice(inputs.data(), (inputs.rows(), inputs.cols()), device)
            .and_then(|inputs| network.posterior(&inputs, known.then_some(&environments)))
            .and_then(|posterior| Together::of(&posterior.mean, &posterior.covariance, &posterior.left))
            .map_err(internal)
    };
    let k = start.latents();
    let reference = of_rows(start.reference, ROWS, false)?;
    let sd = |j: usize| if reference.codes[(j, j)] > 0.0 { reference.codes[(j, j)].sqrt() } else { 1.0 };
    let map = Matrix::from_fn(k, k, |i, j| if i == j { 1.0 / sd(i) } else { 0.0 });
    let offset = Matrix::from_fn(1, k, |_, j| -reference.mean[j] / sd(j));
    let carried = |j: usize| reference.codes[(j, j)] / reference.whole(j, j).max(f64::MIN_POSITIVE);
    let mut dependence = Matrix::<f64>::zeros(k, k);
    for environment in std::iter::once(start.reference).chain(start.changes.iter().map(|&(at, _)| at)) {
        let at = of_rows(environment, LOOKED_AT, true)?;
        for (i, j) in (0..k).flat_map(|i| (0..k).filter(move |&j| j != i).map(move |j| (i, j))) {
            let scale = (at.whole(i, i) * at.whole(j, j)).sqrt().max(f64::MIN_POSITIVE);
            dependence[(i, j)] = dependence[(i, j)].max(at.whole(i, j).abs() / scale);
        }
    }
    let reliability = Matrix::from_fn(1, k, |_, j| carried(j));
    state.solved.insert(MAP.into(), map);
    state.solved.insert(OFFSET.into(), offset);
    start::forget(state);
    Ok(Settled { reliability, dependence, left: reference.left })
}

/// What rows say of latents together: mean and covariance of their codes, and the mean of their own covariances; and of what the
/// latents leave of the inputs.
struct Together {
    mean: Vec<f64>,
    codes: Matrix<f64>,
    open: Matrix<f64>,
    left: (f64, f64),
}

impl Together {
    fn of(means: &Tensor, covariances: &Tensor, left: &Tensor) -> disentangle_nn::Result<Self> {
        let (n, k) = means.dims2()?;
        let (mean, codes) = moments(&host::doubles(means)?, n, k);
        let open = host::doubles(&covariances.mean(0)?)?;
        let d = left.dim(1)?;
        let (_, rest) = moments(&host::doubles(left)?, n, d);
        let (values, _) = symmetric_eigen(&rest).map_err(|failure| disentangle_nn::Error::Msg(failure.message))?;
        let sum = values.iter().sum::<f64>();
        let left = (sum / d as f64, values.last().copied().unwrap_or(0.0) / sum.max(f64::MIN_POSITIVE));
        Ok(Self { mean, codes, open: Matrix::from_fn(k, k, |i, j| open[i * k + j]), left })
    }

    /// The covariance of the latents themselves.
    fn whole(&self, i: usize, j: usize) -> f64 {
        self.codes[(i, j)] + self.open[(i, j)]
    }
}

/// Mean and covariance of n rows of k numbers.
fn moments(values: &[f64], n: usize, k: usize) -> (Vec<f64>, Matrix<f64>) {
    let mean: Vec<f64> = (0..k).map(|j| values.iter().skip(j).step_by(k).sum::<f64>() / n as f64).collect();
    let covariance = Matrix::from_fn(k, k, |i, j| {
        values.chunks(k).map(|row| (row[i] - mean[i]) * (row[j] - mean[j])).sum::<f64>() / n as f64
    });
    (mean, covariance)
}
