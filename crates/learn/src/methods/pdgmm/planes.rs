//! The planes of white codes on which latents are silent.
//!
//! Independent components are the start: latents that are silent now and then are far from normal. From there all rows descend
//! together with the contrast [`Sharp`], which takes silent values for the middle of the others. The rows that it finds say whether
//! they are: where spikes lie beside the middle, rows descend again with [`Spikes`], from the components and from anywhere, and the
//! lowest score wins. [`Spikes`] alone will not do: where spikes are weak it follows the shape of the other values.

use super::contrast::{Contrast, MOST, Sharp, Spikes, WIDTH, counted};
use super::descent::{Path, descend, unit_rows};
use super::spike::{Bounds, Mixture};
use crate::directions::along;
use crate::ica::{self, Limits, fast_ica};
use crate::linalg::{log_abs_det, orthonormal};
use crate::train::Solving;
use disentangle_data::{Matrix, Result, Stream};

/// Independent components are a start, they need not converge.
const COMPONENTS: Limits = Limits { iterations: 100, tolerance: 1e-4 };
/// From the components, and from anywhere.
const NEAR: Path = Path { steps: 150, length: (0.3, 0.01), repulsion: (0.3, 0.1) };
const FAR: Path = Path { steps: 300, repulsion: (1.0, 0.3), ..NEAR };
/// Part of the log-determinant in the score.
const REPULSION: f64 = 0.1;
/// Distance of spikes from the middle, in widths of the slab, up to which they count as being there.
const BESIDE: f64 = 0.2;
/// Spikes in the score.
const SCORED: Bounds = Bounds { least: WIDTH, most: MOST };
const STEPS: usize = 15;
/// Rows that the score looks at, at most.
const COMPARED: usize = 12_000;
/// Rows that are used, at most.
pub const ROWS: usize = 40_000;

/// One row of unit length for the plane of each latent, on white codes `rows` (n x k, in random order): k x k. `None` when the
/// user cancels.
///
/// # Errors
/// `NUMERIC_SINGULAR` when directions collapse.
pub fn planes(rows: &Matrix, solving: &mut Solving<'_>) -> Result<Option<Matrix<f64>>> {
    let anywhere = any_rotation(rows.cols(), solving.seed);
    let steps = COMPONENTS.iterations + 2 * NEAR.steps + FAR.steps;
    let (mut done, mut cancelled) = (0, false);
    let mut go_on = |value: f64| {
        done += 1;
        solving.progress(done, steps, value);
        !solving.cancelled()
    };
    let components = fast_ica(rows, &anywhere, ica::Contrast::LogCosh, COMPONENTS, |at| {
        cancelled = !go_on(at.turn);
        !cancelled
    })?;
    if cancelled {
        return Ok(None);
    }
    let mut search =
        |start: &Matrix<f64>, path: Path, contrast: &mut dyn Contrast| descend(rows, start, path, contrast, &mut go_on);
    let Some(sharp) = search(&components.directions, NEAR, &mut Sharp::default())? else { return Ok(None) };
    if beside(rows, &sharp) <= BESIDE {
        return Ok(Some(sharp));
    }
    let Some(near) = search(&components.directions, NEAR, &mut Spikes::default())? else { return Ok(None) };
    let Some(far) = search(&anywhere, FAR, &mut Spikes::default())? else { return Ok(None) };
    let scored = [sharp, near, far].map(|w| (score(rows, &w), w));
    Ok(scored.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, w)| w))
}

/// How far spikes lie from the middle of the other values along directions `w`, in widths of those: the median over directions.
fn beside(rows: &Matrix, w: &Matrix<f64>) -> f64 {
    let distance = |values: &Vec<(f64, f64)>| {
        let Mixture { spike, slab } = Mixture::of(values, SCORED, STEPS);
        (spike.mean - slab.mean).abs() / slab.sd
    };
    let mut distances: Vec<f64> = compared(rows, w).iter().map(distance).collect();
    distances.sort_unstable_by(f64::total_cmp);
    distances[distances.len() / 2]
}

/// What solutions `w` (rows of unit length) are compared by, without truth: minus the mean log density of a spike and a slab along
/// each row, less a part of log |det W|. Lower is sharper.
pub fn score(rows: &Matrix, w: &Matrix<f64>) -> f64 {
    let density = |values: &Vec<(f64, f64)>| Mixture::of(values, SCORED, STEPS).step(values, SCORED).1;
    -compared(rows, w).iter().map(density).sum::<f64>() - REPULSION * log_abs_det(w)
}

/// Values of the first rows along each direction, counted.
fn compared(rows: &Matrix, w: &Matrix<f64>) -> Vec<Vec<(f64, f64)>> {
    let k = w.rows();
    counted(&along(&rows.data()[..COMPARED.min(rows.rows()) * k], w), k)
}

/// A rotation of white codes that no plane was looked for in: where a search may begin, and the ablation.
pub fn any_rotation(k: usize, seed: u64) -> Matrix<f64> {
    let mut stream = Stream::new(seed, "planes");
    unit_rows(orthonormal(&Matrix::from_fn(k, k, |_, _| stream.normal())))
}
