//! What starts are compared by, and what is read off the best one: the objective with the best set of causes for every latent.

use super::density::{Density, Workspace};
use super::steps::gather;
use crate::lane_products::BLOCK;
use crate::real::Real;
use disentangle_data::Result;

/// Rows that are computed at once.
const CHUNK: usize = 256;
const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_8;

/// What parameters are worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// Minus the mean log density of a row with the best sets, and what their causes cost.
    pub objective: f64,
    /// Place of the best set of each latent.
    pub best: Vec<usize>,
    /// What each latent loses with each of its sets, nats a row.
    pub costs: Vec<Vec<f64>>,
}

/// Evaluates parameters on the given rows of the codes (modality by modality, width x rows).
pub fn evaluate<T: Real>(
    density: &Density,
    parameters: &[T],
    codes: &[Vec<T>],
    rows: std::ops::Range<usize>,
    penalty: f64,
) -> Evaluated {
    let sets = density.sets();
    let mut costs: Vec<Vec<f64>> = (0..sets.latents()).map(|latent| vec![0.0; sets.of(latent).len()]).collect();
    let log_scales: Vec<Vec<T>> = (0..sets.latents()).map(|latent| density.log_scales(parameters, latent)).collect();
    let mut rest = 0.0;
    in_chunks(density, parameters, codes, rows.clone(), |workspace, count| {
        rest += (0..count).map(|row| density.rest(workspace, row)).sum::<f64>();
        let n = workspace.n;
        for (latent, costs) in costs.iter_mut().enumerate() {
            for ((cost, &set), &log_scale) in costs.iter_mut().zip(sets.of(latent)).zip(&log_scales[latent]) {
                density.means(parameters, latent, |_| set, workspace);
                let z = &workspace.z[latent * n..latent * n + count];
                let inverse = (-log_scale.wide()).exp();
                let squares: f64 =
                    z.iter().zip(density.mean_of(workspace)).map(|(&z, &mean)| (z - mean).wide().powi(2)).sum();
                *cost += 0.5 * squares * inverse * inverse + count as f64 * (log_scale.wide() + HALF_LOG_TAU);
            }
        }
    });
    let n = rows.len() as f64;
    costs.iter_mut().flatten().for_each(|cost| *cost /= n);
    let best: Vec<usize> = costs.iter().enumerate().map(|(i, costs)| sets.best(i, costs, penalty)).collect();
    let of = |(latent, &place): (usize, &usize)| {
        costs[latent][place] + penalty * f64::from(sets.of(latent)[place].count_ones())
    };
    let objective = best.iter().enumerate().map(of).sum::<f64>() + rest / n + density.common(parameters);
    Evaluated { objective, best, costs }
}

/// Latents and private variables of the given rows of the codes, modality by modality (width x as many rows).
pub fn latents<T: Real>(
    density: &Density,
    parameters: &[T],
    codes: &[Vec<T>],
    rows: std::ops::Range<usize>,
) -> Vec<Vec<T>> {
    let widths: Vec<usize> = density.shape().modalities.iter().map(|modality| modality.width).collect();
    let mut out: Vec<Vec<T>> = widths.iter().map(|width| vec![T::ZERO; width * rows.len()]).collect();
    let (total, mut from) = (rows.len(), 0);
    in_chunks(density, parameters, codes, rows, |workspace, count| {
        let n = workspace.n;
        for (m, out) in out.iter_mut().enumerate() {
            for (unit, values) in density.variables(workspace, m).chunks_exact(n).enumerate() {
                out[unit * total + from..][..count].copy_from_slice(&values[..count]);
            }
        }
        from += count;
    });
    out
}

/// Codes (width x n) of latents and private variables of a modality (width x n).
///
/// # Errors
/// `NUMERIC_SINGULAR`.
pub fn codes<T: Real>(density: &Density, parameters: &[T], modality: usize, variables: &[T]) -> Result<Vec<T>> {
    let width = density.shape().modalities[modality].width;
    let (flow, at, _) = density.flows().nth(modality).expect("a modality of the density");
    let n = variables.len() / width;
    let mut padded = on_blocks(variables, n);
    let wide = padded.len() / width;
    flow.invert(&parameters[at..at + flow.len()], &mut padded, wide)?;
    Ok(padded.chunks_exact(wide).flat_map(|unit| unit[..n].to_vec()).collect())
}

/// Means of a latent given the causes of a set, of latents z (latents x n).
pub fn means<T: Real>(density: &Density, parameters: &[T], latent: usize, set: u32, z: &[T]) -> Vec<T> {
    let n = z.len() / density.sets().latents();
    let padded = on_blocks(z, n);
    let mut workspace = density.workspace(padded.len() / density.sets().latents());
    workspace.z.copy_from_slice(&padded);
    density.means(parameters, latent, |_| set, &mut workspace);
    density.mean_of(&workspace)[..n].to_vec()
}

/// Standard deviation of the noise of a latent with the set of causes at a place.
pub fn noise<T: Real>(density: &Density, parameters: &[T], latent: usize, place: usize) -> f64 {
    density.log_scales(parameters, latent)[place].wide().exp()
}

/// Columns of n numbers, each continued by zeros to whole blocks of lanes.
fn on_blocks<T: Real>(values: &[T], n: usize) -> Vec<T> {
    let rest = n.next_multiple_of(BLOCK) - n;
    values
        .chunks_exact(n.max(1))
        .flat_map(|unit| unit.iter().copied().chain(std::iter::repeat_n(T::ZERO, rest)))
        .collect()
}

/// Chunk after chunk through the flows; the rows beyond the last one repeat it.
fn in_chunks<T: Real>(
    density: &Density,
    parameters: &[T],
    codes: &[Vec<T>],
    rows: std::ops::Range<usize>,
    mut work: impl FnMut(&mut Workspace<T>, usize),
) {
    let mut workspace = density.workspace(CHUNK.min(rows.len().next_multiple_of(BLOCK)).max(BLOCK));
    for from in rows.clone().step_by(workspace.n) {
        let count = workspace.n.min(rows.end - from);
        let chunk: Vec<u32> = (0..workspace.n).map(|row| (from + row.min(count - 1)) as u32).collect();
        for (m, table) in codes.iter().enumerate() {
            let n = table.len() / density.shape().modalities[m].width;
            gather(table, n, &chunk, density.codes(&mut workspace, m));
        }
        density.through_flows(parameters, &mut workspace);
        work(&mut workspace, count);
    }
}
