//! The planes of white codes on which latents are silent.
//!
//! All rows descend together with the contrast [`Sharp`], which takes silent values for the middle of the others: from independent
//! components, for latents that are silent now and then are far from normal, and from anywhere. The rows that it finds say whether
//! silent values are the middle: where spikes lie beside it, rows descend again with [`Spikes`], which must then win by evidence.
//! [`Spikes`] alone will not do: a free place for every spike is soon filled by the bends of the mixing.

use super::contrast::{Contrast, MOST, Sharp, Spikes, WIDTH, counted, mean_sizes, medians};
use super::descent::{Path, descend, unit_rows};
use super::spike::{Bounds, Mixture};
use disentangle_data::{Matrix, Result, Stream};
use disentangle_engine::method::Solving;
use disentangle_numerics::directions::along;
use disentangle_numerics::ica::{self, Limits, fast_ica};
use disentangle_numerics::linalg::{log_abs_det, median, orthonormal};

/// Independent components are a start, they need not converge.
const COMPONENTS: Limits = Limits { iterations: 100, tolerance: 1e-4 };
/// With [`Sharp`], from the components and from anywhere.
const SHARP: [Path; 2] = [
    Path { steps: 150, length: (0.3, 0.01), repulsion: (0.3, 0.05) },
    Path { steps: 300, length: (0.5, 0.01), repulsion: (1.0, 0.05) },
];
/// With [`Spikes`].
const SPIKES: [Path; 2] = [Path { repulsion: (0.5, 0.3), ..SHARP[0] }, Path { repulsion: (1.0, 0.3), ..SHARP[1] }];
/// Part of the log-determinant in the score.
const REPULSION: f64 = 0.1;
/// Distance of spikes from the middle, in widths of the slab, up to which they count as being there.
const MIDDLE: f64 = 0.1;
/// Spikes beside the middle are believed when that distance times the gain in log density, per row and latent, is larger: the
/// more a place of its own changes, the less it must gain.
const EVIDENCE: f64 = 0.01;
/// Spikes in the score.
const SCORED: Bounds = Bounds { least: WIDTH, most: MOST };
const STEPS: usize = 15;
/// Rows that the score looks at, at most.
pub const COMPARED: usize = 12_000;
/// Rows that are used, at most.
pub const ROWS: usize = 40_000;

/// One row of unit length for the plane of each latent, on white codes `rows` (n x k, in random order): k x k. `None` when the
/// user cancels.
///
/// # Errors
/// `NUMERIC_SINGULAR` when directions collapse.
pub fn planes(rows: &Matrix, solving: &mut Solving<'_>) -> Result<Option<Matrix<f64>>> {
    let anywhere = any_rotation(rows.cols(), solving.seed);
    let steps = COMPONENTS.iterations + 2 * (SHARP[0].steps + SHARP[1].steps);
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
    let starts = [&components.directions, &anywhere];
    let Some((_, sharp)) = best(rows, starts, SHARP, Sharp::default, size, &mut go_on)? else { return Ok(None) };
    let beside = beside(rows, &sharp);
    if beside <= MIDDLE {
        return Ok(Some(sharp));
    }
    let Some((scored, spikes)) = best(rows, starts, SPIKES, Spikes::default, score, &mut go_on)? else {
        return Ok(None);
    };
    let gain = (score(rows, &sharp) - scored) / rows.cols() as f64;
    Ok(Some(if beside * gain > EVIDENCE { spikes } else { sharp }))
}

/// The planes with the lowest score that descents from several starts end on, and that score; `None` when the user cancels.
fn best<C: Contrast>(
    rows: &Matrix,
    starts: [&Matrix<f64>; 2],
    paths: [Path; 2],
    contrast: impl Fn() -> C,
    score: impl Fn(&Matrix, &Matrix<f64>) -> f64,
    mut go_on: impl FnMut(f64) -> bool,
) -> Result<Option<(f64, Matrix<f64>)>> {
    let mut best: Option<(f64, Matrix<f64>)> = None;
    for (start, path) in starts.into_iter().zip(paths) {
        let Some(found) = descend(rows, start, path, &mut contrast(), &mut go_on)? else { return Ok(None) };
        let score = score(rows, &found);
        if best.as_ref().is_none_or(|(lowest, _)| score < *lowest) {
            best = Some((score, found));
        }
    }
    Ok(best)
}

/// `sum_i log E |y_i - median| - eta log |det W|` of rows of unit length: what the planes of [`Sharp`] are compared by.
fn size(rows: &Matrix, w: &Matrix<f64>) -> f64 {
    let k = w.rows();
    let y = along(&rows.data()[..COMPARED.min(rows.rows()) * k], w);
    mean_sizes(&y, &medians(&y, k)).iter().map(|size| size.ln()).sum::<f64>() - REPULSION * log_abs_det(w)
}

/// How far spikes lie from the middle of the other values along directions `w`, in widths of those: the median over directions.
fn beside(rows: &Matrix, w: &Matrix<f64>) -> f64 {
    let distance = |values: &Vec<(f64, f64)>| {
        let Mixture { spike, slab } = Mixture::of(values, SCORED, STEPS);
        (spike.mean - slab.mean).abs() / slab.sd
    };
    median(compared(rows, w).iter().map(distance).collect())
}

/// What solutions `w` (rows of unit length) are compared by, without truth: minus the mean log density of a spike and a slab along
/// each row, less a part of log |det W|. Lower is sharper.
pub fn score(rows: &Matrix, w: &Matrix<f64>) -> f64 {
    let density = |values: &Vec<(f64, f64)>| Mixture::of(values, SCORED, STEPS).step(values, SCORED).1;
    -compared(rows, w).iter().map(density).sum::<f64>() - REPULSION * log_abs_det(w)
}

/// Mean log density of white rows that were not fitted to, of spikes and slabs of the rows that were, along directions `w` (k x k).
pub fn log_density(fitted: &Matrix, held: &Matrix, w: &Matrix<f64>) -> f64 {
    let of = |fitted: &[(f64, f64)], held: &[(f64, f64)]| Mixture::of(fitted, SCORED, STEPS).step(held, SCORED).1;
    let (fitted, held) = (compared(fitted, w), compared(held, w));
    fitted.iter().zip(&held).map(|(fitted, held)| of(fitted, held)).sum::<f64>() + log_abs_det(w)
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
