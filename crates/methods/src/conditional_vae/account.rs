//! What a fitted variational auto-encoder says about itself: how well it reconstructs, and which latents carry anything.

use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::split::Split;
use disentangle_data::{Matrix, Result};
use disentangle_engine::method::{Findings, Network, State};
use disentangle_engine::results::Fact;
use disentangle_engine::results::latent_names;
use disentangle_nn::{Tensor, host, internal};

/// Rows that are looked at, at most.
const ROWS: usize = 4096;
/// A latent whose posterior mean varies by less than this share of its whole variance tells nothing of a row.
const SILENT: f64 = 0.01;

/// A network that can be looked at.
pub(crate) trait Look {
    /// What it makes of inputs (b, d), outside any graph.
    fn look(&self, inputs: &Tensor) -> disentangle_nn::Result<Looked>;
}

/// What a network makes of some rows.
pub(crate) struct Looked {
    /// What is reconstructed, (b, d).
    pub seen: Tensor,
    /// Means of the posterior, (b, k).
    pub mean: Tensor,
    /// Variances of the posterior, (b, k).
    pub variance: Tensor,
    /// What the decoder makes of the means, (b, d).
    pub decoded: Tensor,
    /// What else there is to say.
    pub facts: Vec<Fact>,
}

/// Facts and warnings on validation rows, or training rows where there are none.
pub(crate) fn findings<N: Look + Network>(data: &Prepared, state: &State) -> Result<Findings> {
    let network = state.network_as::<N>().expect("a method gets back the network that it made");
    let validation = data.rows_of(Split::Validation);
    let mut rows = if validation.is_empty() { data.rows_of(Split::Train) } else { validation };
    rows.truncate(ROWS);
    let inputs = data.inputs.select_rows(&rows);
    let looked = Tensor::from_slice(inputs.data(), (inputs.rows(), inputs.cols()), state.params.device())
        .and_then(|inputs| network.look(&inputs));
    let Looked { seen, mean, variance, decoded, facts } = looked.map_err(internal)?;
    let [seen, mean, variance, decoded] = [matrix(&seen)?, matrix(&mean)?, matrix(&variance)?, matrix(&decoded)?];

    let signal = signal(&mean, &variance);
    let silent: Vec<String> = latent_names(signal.len())
        .into_iter()
        .zip(&signal)
        .filter(|(_, share)| **share < SILENT)
        .map(|(name, _)| name)
        .collect();
    let active = signal.len() - silent.len();
    let warning = (!silent.is_empty()).then(|| {
        let message =
            format!("{} of {} latents carry nothing of the inputs: {}", silent.len(), signal.len(), silent.join(", "));
        Warning::new("LATENTS_COLLAPSED", message)
            .hint("choose a smaller latentDim or decoderVariance: the prior outweighs what these latents would explain")
    });
    let mut all = vec![
        Fact::new("active-latents", "latents that carry something of the inputs", active as f64),
        Fact::new(
            "reconstruction",
            "share of the inputs' variance that the decoder gives back",
            explained(&seen, &decoded),
        ),
    ];
    all.extend(facts);
    Ok(Findings { facts: all, warnings: warning.into_iter().collect(), ..Findings::default() })
}

fn matrix(tensor: &Tensor) -> Result<Matrix> {
    let (rows, cols) = tensor.dims2().map_err(internal)?;
    Matrix::new(rows, cols, host::singles(tensor).map_err(internal)?)
}

/// Of each latent: variance of the posterior mean over it plus the mean posterior variance.
fn signal(mean: &Matrix, variance: &Matrix) -> Vec<f64> {
    (0..mean.cols())
        .map(|j| {
            let between = spread(&mean.col(j));
            between / (between + average(&variance.col(j)))
        })
        .collect()
}

/// One minus the squared error over the variance, both summed over all columns.
fn explained(inputs: &Matrix, decoded: &Matrix) -> f64 {
    let error: f64 = inputs.data().iter().zip(decoded.data()).map(|(x, y)| f64::from(x - y).powi(2)).sum();
    let total: f64 = (0..inputs.cols()).map(|j| spread(&inputs.col(j))).sum::<f64>() * inputs.rows() as f64;
    1.0 - error / total
}

fn average(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len().max(1) as f64
}

fn spread(values: &[f32]) -> f64 {
    let mean = average(values);
    values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latent_with_the_posterior_of_its_prior_is_silent() {
        let mean = Matrix::from_fn(100, 2, |i, j| if j == 0 { (i as f32 / 50.0) - 1.0 } else { 0.01 * (i % 2) as f32 });
        let variance = Matrix::from_fn(100, 2, |_, j| if j == 0 { 0.01 } else { 1.0 });
        let signal = signal(&mean, &variance);
        assert!(signal[0] > 0.9 && signal[1] < SILENT, "{signal:?}");
    }

    #[test]
    fn what_is_given_back_exactly_is_explained_and_the_mean_is_not() {
        let inputs = Matrix::from_fn(10, 2, |i, j| (i * (j + 1)) as f32);
        let mean = Matrix::from_fn(10, 2, |_, j| 4.5 * (j + 1) as f32);
        assert_eq!(explained(&inputs, &inputs), 1.0);
        assert!(explained(&inputs, &mean).abs() < 1e-12);
    }
}
