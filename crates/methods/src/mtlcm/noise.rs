//! Noise in a measured representation: h = A z + noise, the same in every direction. Where A is nearly singular, it is no longer
//! small beside the latents it hides.

use super::moments::Representation;
use disentangle_data::Matrix;
use disentangle_numerics::joint_diagonalization::{Denoised, NoiseSize, Point};
use disentangle_numerics::linalg::dot;

/// Noise leaves variance in a latent in every task. A latent whose quietest task leaves less than this many times sigma_s^2 can
/// hold no noise that matters.
const QUIET: f64 = 1.0;

/// What is known of the noise before any descent; `None` where it need not be looked for. `given`: its standard deviation, if the
/// user says so.
pub fn expected(
    given: Option<f64>,
    point: &Point,
    spurious: f64,
    representation: &Representation,
) -> Option<NoiseSize> {
    let quietest = |i: usize| point.residuals.col(i).into_iter().fold(f64::INFINITY, f64::min);
    let loud = (0..point.map.rows()).any(|i| quietest(i) > QUIET * spurious);
    match given {
        Some(sd) => (sd > 0.0).then_some(NoiseSize::Known(sd * sd)),
        // Noise is in every direction: it cannot be larger than the least variance.
        None => loud.then(|| NoiseSize::Below(representation.spectrum[representation.directions.rows() - 1])),
    }
}

/// Whether noise explains codes better than their being exact: `gain` is what the objective fell by, over `rows` rows.
pub fn believed(size: NoiseSize, gain: f64, rows: f64) -> bool {
    // Schwarz's criterion for one more parameter.
    matches!(size, NoiseSize::Known(_)) || gain * rows > 0.5 * rows.ln()
}

/// Covariance of noise of size 1 in white coordinates, k x k.
pub fn shape(representation: &Representation) -> Matrix<f64> {
    let k = representation.directions.rows();
    Matrix::from_fn(k, k, |i, j| if i == j { representation.spectrum[i].recip() } else { 0.0 })
}

/// The map whose latents are nearest to the true ones, from white coordinates w: E[z | w] = B (I - s N) w, since the covariance of
/// w is the identity. Each principal direction counts by the share of it that is no noise. Rows are scaled so that latents keep
/// the variance of the true ones.
pub fn nearest(found: &Denoised, representation: &Representation) -> Matrix<f64> {
    let (k, noise) = (found.map.rows(), shape(representation));
    let shares: Vec<f64> = (0..k).map(|j| (1.0 - found.size * noise[(j, j)]).max(0.0)).collect();
    let rows = (0..k).flat_map(|i| {
        let exact = found.map.row(i);
        let shrunk: Vec<f64> = exact.iter().zip(&shares).map(|(b, share)| b * share).collect();
        // b (I - s N) b' is the variance of the latent without noise.
        let scale = (dot(&shrunk, exact) / dot(&shrunk, &shrunk)).sqrt();
        shrunk.into_iter().map(move |b| b * scale).collect::<Vec<_>>()
    });
    Matrix::new(k, k, rows.collect()).expect("k rows of k")
}
