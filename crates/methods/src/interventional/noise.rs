//! How much of a linear latent is noise of the inputs.
//!
//! Inputs are x = H z + e: whatever the environment, the noise e is one of d numbers that do not go together, the signal has k dimensions.
//! So the covariance of the inputs is one of rank k plus a diagonal, which principal factors tell apart. A latent is a row c of weights on
//! the inputs, scaled to unit variance: its share of noise is sum_j c_j^2 Var(e_j). The likelihood of single changes cannot see it,
//! for a latent behind noise changes as one without.

use super::arrangement::Arrangement;
use super::metric::among;
use disentangle_data::{Matrix, Result};
use disentangle_numerics::linalg::symmetric_eigen;
use disentangle_numerics::single_change::Moments;

/// Iterations of the principal factors at most. They start at noise that all inputs have alike.
const ITERATIONS: usize = 50;
/// They have settled when no variance moves by more, in units of the reference. Many inputs need a few iterations.
const SETTLED: f64 = 1e-9;

/// For each latent (k x all inputs, of unit variance in the reference) the share of its variance there that is noise of these inputs.
///
/// # Errors
/// `NUMERIC_NOT_FINITE`.
pub fn shares(latents: &Matrix<f64>, arrangement: &Arrangement, inputs: &[usize]) -> Result<Vec<f64>> {
    // With all environments the signal is as large as it gets.
    let pooled = Moments::pooled(arrangement.fitted().0.iter().map(|&u| arrangement.at(u)));
    let variances = noise(&among(&pooled, inputs), latents.rows())?;
    let of_latent = |latent: usize| {
        let sum: f64 = inputs.iter().zip(&variances).map(|(&j, noise)| latents[(latent, j)].powi(2) * noise).sum();
        sum.clamp(0.0, 1.0)
    };
    Ok((0..latents.rows()).map(of_latent).collect())
}

/// The diagonal part of a covariance of k factors and noise; nothing where there are no more inputs than factors. Where too few inputs tell
/// one noise from another, all have the same.
fn noise(covariance: &Matrix<f64>, k: usize) -> Result<Vec<f64>> {
    let d = covariance.rows();
    if d <= k {
        return Ok(vec![0.0; d]);
    }
    let (values, _) = symmetric_eigen(covariance)?;
    let alike = values[..d - k].iter().sum::<f64>().max(0.0) / (d - k) as f64;
    let mut noise: Vec<f64> = (0..d).map(|j| alike.min(covariance[(j, j)])).collect();
    if 4 * (d - k).pow(2) < 5 * (d + k) {
        return Ok(noise);
    }
    for _ in 0..ITERATIONS {
        let signal = Matrix::from_fn(d, d, |i, j| covariance[(i, j)] - if i == j { noise[i] } else { 0.0 });
        let (values, vectors) = symmetric_eigen(&signal)?;
        let mut moved = 0.0f64;
        for (j, noise) in noise.iter_mut().enumerate() {
            let explained: f64 = (d - k..d).map(|f| values[f].max(0.0) * vectors[(j, f)].powi(2)).sum();
            let now = (covariance[(j, j)] - explained).max(0.0);
            moved = moved.max((now - *noise).abs());
            *noise = now;
        }
        if moved <= SETTLED {
            break;
        }
    }
    Ok(noise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    /// H H' + diag(noise) of d inputs and k factors.
    fn covariance(d: usize, k: usize, noise: impl Fn(usize) -> f64) -> Matrix<f64> {
        let mut stream = Stream::new(1, "loadings");
        let h = Matrix::from_fn(d, k, |_, _| stream.normal());
        Matrix::from_fn(d, d, |i, j| {
            (0..k).map(|f| h[(i, f)] * h[(j, f)]).sum::<f64>() + if i == j { noise(i) } else { 0.0 }
        })
    }

    #[test]
    fn noise_is_told_from_factors_where_there_are_inputs_enough() {
        let of = |j: usize| 0.05 + 0.02 * j as f64;
        let found = noise(&covariance(10, 2, of), 2).expect("finite");
        for (j, found) in found.iter().enumerate() {
            // Without sampling error principal factors end at the truth; 50 iterations leave a few per cent.
            assert!((found - of(j)).abs() < 0.15 * of(j), "{j}: {found} {}", of(j));
        }
        let none = noise(&covariance(10, 2, |_| 0.0), 2).expect("finite");
        assert!(none.iter().all(|&noise| noise < 1e-9), "{none:?}");
    }

    #[test]
    fn of_few_inputs_all_are_taken_to_have_the_same_noise_and_of_as_many_as_factors_none() {
        // 4 eigenvalues of which the least is the noise itself.
        let found = noise(&covariance(4, 3, |_| 0.2), 3).expect("finite");
        assert!(found.iter().all(|noise| (noise - 0.2).abs() < 1e-9), "{found:?}");
        assert_eq!(noise(&covariance(3, 3, |_| 0.2), 3).expect("finite"), [0.0; 3]);
    }
}
