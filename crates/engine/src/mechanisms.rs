//! How latents cause each other, and what follows from setting some of them: abduction, action, prediction.
//!
//! A method says for each latent how its value comes from its causes and from a noise of its own ([`Mechanisms`]); what is
//! made of an intervention stands here, once for all methods.
//!
//! - Counterfactual: the noise of each row is inferred from its latents, the set latents take their values, and all latents
//!   downstream follow with the noise of their row. A latent whose causes did not change keeps its value to the bit.
//! - Sample: noise is drawn instead. The noise of latent i depends on the seed and i alone, so that two interventions with
//!   one seed are paired, and more rows leave the first ones as they were.
//! - Source: *Causality* (Judea Pearl, 2009), section 7.1, <https://doi.org/10.1017/CBO9780511803161>.

use disentangle_data::{Code, Failure, Matrix, Result, Stream};
use std::collections::BTreeMap;

/// How latents come from their causes: for each latent `z_i = m_i(causes of i, noise of i, environment)`, invertible in the
/// noise. All numbers are in the units in which the latents are given away, after any solved map.
///
/// Each function is asked for one latent over all rows at once. `latents` is n x k, of which only the causes of the latent
/// (for the noise also the latent itself) may be read: other columns may not be known yet.
pub trait Mechanisms {
    /// The latents from causes to effects, each once.
    fn order(&self) -> Vec<usize>;

    /// The causes of a latent: all stand before it in the order.
    fn causes(&self, latent: usize) -> Vec<usize>;

    /// Whether a mechanism or a noise depends on the environment of a row.
    fn by_environment(&self) -> bool {
        false
    }

    /// What the causes make of the latent in each row, before its noise.
    ///
    /// # Errors
    /// Those of computing it.
    fn mean(&self, latent: usize, latents: &Matrix<f64>, environments: &[u32]) -> Result<Vec<f64>>;

    /// The noise with which [`Mechanisms::value`] gives each row its value of the latent; additive unless a method says otherwise.
    ///
    /// # Errors
    /// Those of computing it.
    fn noise(&self, latent: usize, latents: &Matrix<f64>, environments: &[u32]) -> Result<Vec<f64>> {
        let mean = self.mean(latent, latents, environments)?;
        Ok(mean.into_iter().enumerate().map(|(row, mean)| latents[(row, latent)] - mean).collect())
    }

    /// The value of the latent in each row, from its causes and its noise.
    ///
    /// # Errors
    /// Those of computing it.
    fn value(&self, latent: usize, latents: &Matrix<f64>, noise: &[f64], environments: &[u32]) -> Result<Vec<f64>> {
        let mean = self.mean(latent, latents, environments)?;
        Ok(mean.into_iter().zip(noise).map(|(mean, noise)| mean + noise).collect())
    }

    /// Draws the noise of the latent for each row, as many numbers for every row: more rows must leave the first ones alone.
    ///
    /// # Errors
    /// Those of computing it.
    fn draw(&self, latent: usize, environments: &[u32], stream: &mut Stream) -> Result<Vec<f64>>;
}

/// Values that latents are set to, by place.
pub type Settings = BTreeMap<usize, f64>;

/// What the rows `latents` (n x k) would have been, had the latents in `set` had these values.
///
/// # Errors
/// `METRIC_GRAPH` for mechanisms out of order, `NUMERIC_NOT_FINITE`, those of the mechanisms.
pub fn counterfactual(
    mechanisms: &dyn Mechanisms,
    latents: &Matrix<f64>,
    environments: &[u32],
    set: &Settings,
) -> Result<Matrix<f64>> {
    let (n, k) = (latents.rows(), latents.cols());
    let mut after = latents.clone();
    let mut changed = Matrix::<bool>::from_fn(n, k, |_, _| false);
    for latent in checked_order(mechanisms, k)? {
        if let Some(&value) = set.get(&latent) {
            (0..n).for_each(|row| after[(row, latent)] = value);
        } else {
            let causes = mechanisms.causes(latent);
            let rows: Vec<usize> = (0..n).filter(|&row| causes.iter().any(|&cause| changed[(row, cause)])).collect();
            if rows.is_empty() {
                continue;
            }
            let at: Vec<u32> = rows.iter().map(|&row| environments[row]).collect();
            let noise = mechanisms.noise(latent, &latents.select_rows(&rows), &at)?;
            let values = mechanisms.value(latent, &after.select_rows(&rows), &noise, &at)?;
            rows.iter().zip(values).for_each(|(&row, value)| after[(row, latent)] = value);
        }
        (0..n).for_each(|row| changed[(row, latent)] = after[(row, latent)] != latents[(row, latent)]);
    }
    finite(after)
}

/// Rows drawn from the mechanisms, one for each environment in `environments`, with the latents in `set` at their values.
///
/// # Errors
/// As [`counterfactual`].
pub fn sample(
    mechanisms: &dyn Mechanisms,
    latents: usize,
    environments: &[u32],
    set: &Settings,
    seed: u64,
) -> Result<Matrix<f64>> {
    let n = environments.len();
    let mut drawn = Matrix::zeros(n, latents);
    for latent in checked_order(mechanisms, latents)? {
        let values = match set.get(&latent) {
            Some(&value) => vec![value; n],
            None => {
                let mut stream = Stream::new(seed, &format!("mechanisms/noise/{latent}"));
                let noise = mechanisms.draw(latent, environments, &mut stream)?;
                mechanisms.value(latent, &drawn, &noise, environments)?
            }
        };
        values.into_iter().enumerate().for_each(|(row, value)| drawn[(row, latent)] = value);
    }
    finite(drawn)
}

/// The order, once each of `k` latents is known to stand in it once and after its causes.
fn checked_order(mechanisms: &dyn Mechanisms, k: usize) -> Result<Vec<usize>> {
    let order = mechanisms.order();
    let mut known = vec![false; k];
    for &latent in &order {
        let causes = if latent < k { mechanisms.causes(latent) } else { Vec::new() };
        if latent >= k || known[latent] || causes.iter().any(|&cause| cause >= k || !known[cause]) {
            return Err(out_of_order(k));
        }
        known[latent] = true;
    }
    if order.len() == k { Ok(order) } else { Err(out_of_order(k)) }
}

fn out_of_order(k: usize) -> Failure {
    let message = format!("mechanisms: expected an order of {k} latents in which each stands once, after its causes");
    Failure::new(Code::MetricGraph, message).hint("this is a bug in the method; please report it")
}

/// Latents as they are given away: NaN is never a result.
fn finite(latents: Matrix<f64>) -> Result<Matrix<f64>> {
    let Some(at) = latents.data().iter().position(|value| !value.is_finite()) else { return Ok(latents) };
    let (row, latent) = (at / latents.cols(), at % latents.cols());
    let message = format!("latent {} of row {row} is not finite after the intervention", latent + 1);
    Err(Failure::new(Code::NumericNotFinite, message).hint("set values that are closer to those of the training rows"))
}

#[cfg(test)]
pub mod laws;
