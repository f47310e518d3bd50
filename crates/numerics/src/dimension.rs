//! How many latents lie behind inputs with noise, by the covariance of the inputs alone.
//!
//! Inputs x = H z + e with fewer latents z than inputs have a covariance of low rank plus a diagonal. Candidates are k latents and a noise of
//! every input (factor analysis), k latents and one noise for all, in the units in which the inputs were measured (probabilistic
//! principal components), and as many latents as inputs, without noise. All are judged by the Bayesian information criterion:
//!
//!   n F_k - f_k ln n ,   F = ln |Sigma| + tr(S Sigma^-1) - ln |S| - d ,
//!
//! with S the covariance of n rows of d inputs, F the discrepancy of the best Sigma of a candidate, and f_k the degrees of freedom that it
//! leaves. The last candidate has F = 0 and f = 0. The statistics keep their distribution where latents are far from normal but independent of
//! the noise (*The asymptotic chi-square distribution*, Amemiya, Anderson, 1990, <https://doi.org/10.1214/aos/1176347760>).
//!
//! Parallel analysis and the evidence of principal components (Minka, 2000) will not do here: the first finds no latent whose variance is
//! below the mean, so none of as many latents as inputs; the second takes noise to be alike after every input was scaled to unit variance, and
//! finds all directions.
//!
//! Source of the profile likelihood of the noises and its gradient: *Some contributions to maximum likelihood factor analysis* (Jöreskog,
//! 1967), <https://doi.org/10.1007/BF02289658>; of the other: *Probabilistic principal component analysis* (Tipping, Bishop, 1999).

use crate::lbfgs::{LbfgsSettings, lbfgs};
use crate::linalg::{inverse, symmetric_eigen};
use crate::principal_axes::rank;
use disentangle_data::{Matrix, Result};

/// Latents that leave more than this share of the variance of the inputs to noise are no explanation of them: independent latents
/// under a rotation look like noise, too.
const MOST_NOISE: f64 = 0.25;
/// Inputs up to which every input has a noise of its own: each candidate costs a hundred eigen-decompositions.
const OWN_NOISE: usize = 40;
/// Least noise of an input, as a share of its variance: the likelihood is flat below.
const LEAST_NOISE: f64 = 1e-7;
/// The descent over the noises.
const SETTINGS: LbfgsSettings = LbfgsSettings { memory: 10, iterations: 100, gradient_tolerance: 1e-6 };

/// A number of latents, and what decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// The number.
    pub latents: usize,
    /// The criterion of every candidate that explains enough, ascending; the last one has as many latents as the inputs have
    /// directions, and 0.
    pub curve: Vec<(usize, f64)>,
}

/// Chooses by the covariance (d x d) of `rows` rows of inputs that were divided by `units` (d). Inputs that lie in a subspace have no
/// noise, and as many latents as that has dimensions; so do inputs with fewer rows than columns as far as can be told.
///
/// # Errors
/// `NUMERIC_NOT_FINITE`, `NUMERIC_SINGULAR`.
pub fn dimension(covariance: &Matrix<f64>, units: &[f64], rows: usize) -> Result<Dimension> {
    let d = covariance.rows();
    let directions = rank(&spectrum(covariance)?);
    let mut curve = Vec::new();
    if directions == d && rows > d {
        let widest = units.iter().copied().fold(0.0, f64::max);
        let measured = Matrix::from_fn(d, d, |i, j| covariance[(i, j)] * (units[i] / widest) * (units[j] / widest));
        let alike = spectrum(&measured)?;
        for k in 1..d {
            let own = if d <= OWN_NOISE { own_noise(covariance, k)? } else { None };
            let best = own.into_iter().chain(one_noise(&alike, k)).filter(|fit| fit.noise <= MOST_NOISE);
            let criterion = |fit: Fit| rows as f64 * fit.discrepancy - fit.freedom * (rows as f64).ln();
            if let Some(least) = best.map(criterion).min_by(f64::total_cmp) {
                curve.push((k, least));
            }
        }
    }
    curve.push((directions, 0.0));
    let chosen = curve.iter().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(directions, |&(k, _)| k);
    Ok(Dimension { latents: chosen, curve })
}

/// How well a candidate fits.
struct Fit {
    /// F.
    discrepancy: f64,
    /// f.
    freedom: f64,
    /// Mean share of the variance of the inputs that is noise.
    noise: f64,
}

/// Eigenvalues, descending.
fn spectrum(covariance: &Matrix<f64>) -> Result<Vec<f64>> {
    Ok(symmetric_eigen(covariance)?.0.into_iter().rev().map(|v| v.max(0.0)).collect())
}

/// `k` latents and one noise; `None` where that leaves no freedom.
fn one_noise(spectrum: &[f64], k: usize) -> Option<Fit> {
    let left = spectrum.len() - k;
    let freedom = ((left - 1) * (left + 2)) as f64 / 2.0;
    let tail = &spectrum[k..];
    let noise = tail.iter().sum::<f64>() / left as f64;
    let discrepancy = left as f64 * noise.ln() - tail.iter().map(|v| v.ln()).sum::<f64>();
    let share = noise * spectrum.len() as f64 / spectrum.iter().sum::<f64>();
    (freedom > 0.0 && discrepancy.is_finite()).then_some(Fit { discrepancy, freedom, noise: share })
}

/// `k` latents and a noise of every input; `None` where that leaves no freedom.
fn own_noise(covariance: &Matrix<f64>, k: usize) -> Result<Option<Fit>> {
    let d = covariance.rows();
    let freedom = (((d - k) * (d - k)) as f64 - (d + k) as f64) / 2.0;
    if freedom <= 0.0 {
        return Ok(None);
    }
    let precision = inverse(covariance)?;
    let least: Vec<f64> = (0..d).map(|j| (LEAST_NOISE * covariance[(j, j)]).ln()).collect();
    // What no other input says of it is the most that its noise can be; Jöreskog's start.
    let start: Vec<f64> = (0..d)
        .map(|j| ((1.0 - 0.5 * k as f64 / d as f64) / precision[(j, j)]).max(f64::MIN_POSITIVE).ln().max(least[j]))
        .collect();
    let found = lbfgs(&start, SETTINGS, |logs| {
        let held: Vec<f64> = logs.iter().zip(&least).map(|(log, least)| log.max(*least)).collect();
        let (value, mut gradient) = profile(covariance, &held, k).unwrap_or((f64::NAN, vec![f64::NAN; d]));
        gradient
            .iter_mut()
            .zip(logs.iter().zip(&least))
            .for_each(|(g, (log, least))| *g *= f64::from(u8::from(log >= least)));
        (value, gradient)
    });
    let noise = |j: usize| found.x[j].max(least[j]).exp() / covariance[(j, j)];
    let share = (0..d).map(noise).sum::<f64>() / d as f64;
    Ok(found.value.is_finite().then_some(Fit { discrepancy: found.value, freedom, noise: share }))
}

/// F with the best `k` loadings under given noises, and its gradient in their logarithms: with the eigenvalues t and vectors w of
/// Psi^-1/2 S Psi^-1/2 beyond the first k, F = sum_m (t_m - ln t_m - 1) and dF / d ln psi_i = sum_m (1 - t_m) w_im^2.
fn profile(covariance: &Matrix<f64>, logs: &[f64], k: usize) -> Result<(f64, Vec<f64>)> {
    let d = logs.len();
    let scale: Vec<f64> = logs.iter().map(|log| (-0.5 * log).exp()).collect();
    let (values, vectors) = symmetric_eigen(&Matrix::from_fn(d, d, |i, j| covariance[(i, j)] * scale[i] * scale[j]))?;
    // Ascending: the first d - k.
    let (mut value, mut gradient) = (0.0, vec![0.0; d]);
    for (m, &t) in values[..d - k].iter().enumerate() {
        value += t - t.ln() - 1.0;
        gradient.iter_mut().enumerate().for_each(|(i, g)| *g += (1.0 - t) * vectors[(i, m)].powi(2));
    }
    Ok((value, gradient))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moments::covariance;
    use disentangle_data::Stream;
    use disentangle_data::orthonormal::random_rotation;

    /// Rows of latents that are zero half of the time, mixed, with noise of the size `noise(input)`.
    fn inputs(mixing: &Matrix<f64>, rows: usize, noise: impl Fn(usize) -> f64, stream: &mut Stream) -> Matrix {
        let (d, k) = (mixing.rows(), mixing.cols());
        let mut values = Matrix::zeros(rows, d);
        for row in 0..rows {
            let z: Vec<f64> = (0..k).map(|_| if stream.below(2) == 0 { 0.0 } else { stream.normal() }).collect();
            for j in 0..d {
                values[(row, j)] = (crate::linalg::dot(mixing.row(j), &z) + noise(j) * stream.normal()) as f32;
            }
        }
        values
    }

    /// Standardised, as methods see them, with the units that they were divided by.
    fn chosen(values: &Matrix) -> usize {
        let raw = covariance(values);
        let units: Vec<f64> = (0..raw.rows()).map(|j| raw[(j, j)].sqrt()).collect();
        let scaled = Matrix::from_fn(raw.rows(), raw.rows(), |i, j| raw[(i, j)] / units[i] / units[j]);
        dimension(&scaled, &units, values.rows()).expect("finite").latents
    }

    fn drawn(d: usize, k: usize, rows: usize, noise: impl Fn(usize) -> f64 + Copy) -> Vec<usize> {
        let of = |world: u32| {
            let mut stream = Stream::new(3, "dimension/worlds").at(world);
            let mixing = Matrix::from_fn(d, k, |_, _| stream.normal());
            chosen(&inputs(&mixing, rows, noise, &mut stream))
        };
        (0..20).map(of).collect()
    }

    #[test]
    fn latents_behind_noise_are_counted_and_the_noise_is_not() {
        let right = |found: &[usize], k: usize| found.iter().filter(|&&n| n == k).count();
        for (d, k, size) in [(8, 3, 0.05), (8, 3, 0.3), (8, 6, 0.05), (12, 5, 0.3)] {
            let found = drawn(d, k, 1000, |_| size);
            assert!(right(&found, k) >= 19, "{k} of {d} behind {size}: {found:?}");
        }
        let found = drawn(8, 3, 1000, |j| 0.05 * (1 + j) as f64);
        assert!(right(&found, 3) >= 19, "noise of every input: {found:?}");
    }

    #[test]
    fn without_noise_there_are_as_many_latents_as_directions() {
        for (d, k) in [(5, 5), (10, 10), (8, 3)] {
            let found = drawn(d, k, 1000, |_| 0.0);
            assert!(found.iter().filter(|&&n| n == k).count() >= 19, "{k} of {d}: {found:?}");
        }
        // Independent latents under a rotation have the covariance of noise.
        let mut stream = Stream::new(4, "dimension/rotated");
        let turned = random_rotation(8, &mut stream);
        assert_eq!(chosen(&inputs(&turned, 3000, |_| 0.0, &mut stream)), 8);
    }

    #[test]
    fn the_profile_and_its_gradient_are_the_discrepancy_and_central_differences() {
        let mut stream = Stream::new(5, "dimension/profile");
        let h = Matrix::from_fn(6, 2, |_, _| stream.normal());
        let psi: Vec<f64> = (0..6).map(|j| 0.1 + 0.1 * f64::from(j)).collect();
        let exact =
            Matrix::from_fn(6, 6, |i, j| crate::linalg::dot(h.row(i), h.row(j)) + if i == j { psi[i] } else { 0.0 });
        let logs: Vec<f64> = psi.iter().map(|v| v.ln()).collect();
        let (value, gradient) = profile(&exact, &logs, 2).expect("finite");
        assert!(
            value.abs() < 1e-12 && gradient.iter().all(|g| g.abs() < 1e-10),
            "the truth has no discrepancy: {value}"
        );
        let other: Vec<f64> = logs.iter().enumerate().map(|(j, v)| v + 0.2 * (j as f64).sin()).collect();
        let (_, gradient) = profile(&exact, &other, 2).expect("finite");
        for j in 0..6 {
            let at = |by: f64| {
                let moved: Vec<f64> = other.iter().enumerate().map(|(i, v)| if i == j { v + by } else { *v }).collect();
                profile(&exact, &moved, 2).expect("finite").0
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((gradient[j] - difference).abs() < 1e-7, "{j}: {} {difference}", gradient[j]);
        }
    }

    #[test]
    fn one_noise_has_the_discrepancy_of_unequal_variances() {
        // By hand: variances 4, 2, 1 with one latent: noise 1.5, F = 2 ln 1.5 - ln 2, and two degrees of freedom.
        let fit = one_noise(&[4.0, 2.0, 1.0], 1).expect("freedom");
        assert!((fit.discrepancy - (2.0 * 1.5f64.ln() - 2f64.ln())).abs() < 1e-14);
        assert_eq!((fit.freedom, fit.noise), (2.0, 1.5 * 3.0 / 7.0));
        assert!(one_noise(&[4.0, 2.0, 1.0], 2).is_none());
    }
}
