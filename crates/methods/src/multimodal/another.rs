//! Another autoencoder. Starts, copies and the second look share one code. Where the data leave latents open, or a code holds little of its
//! modality, that code may be all that they agree on: its bends make one solution the best. So another autoencoder of each modality is
//! trained from another start, and its codes are searched on their own. The best solution there counts as another one whatever it costs: what
//! a second description of the same data does not find again is not said by the data. How far it is behind is told in the coordinates of
//! the first code, by the volume of the map from code to code.

use super::agreement::matched;
use super::coders::{Coder, Untrained, train};
use super::descend::{MANY, Problem, Searched, told, whitening};
use super::network::{MultimodalNetwork, whitened};
use super::read_off::{SAME, Solution};
use super::solved::Size;
use disentangle_data::{Matrix, Result, Stream};
use disentangle_engine::method::Solving;
use disentangle_numerics::linalg::log_abs_det;
use disentangle_numerics::multimodal::{evaluate, latents};

/// Number of the group that its solution is in.
pub(super) const ANOTHER: usize = 3;
/// The search on its codes: half of what the first one takes.
const SEARCHED: Searched = Searched { name: "multimodal/another", starts: 4, finalists: 2 };
/// Rows that the volume is measured on, and how far a white number is moved for it to either side.
const MEASURED: usize = 256;
const STEP: f32 = 0.05;

/// Another autoencoder of a modality, and what makes its codes white.
struct Other<'a> {
    of: &'a Coder,
    parameters: Vec<f32>,
    mean: Vec<f64>,
    white: Matrix<f64>,
}

impl Other<'_> {
    /// White codes (width x n) of rows (n x inputs).
    fn codes(&self, rows: &[f32]) -> Result<Vec<f32>> {
        Ok(whitened(&self.of.encode(&self.parameters, rows)?, &self.mean, &self.white))
    }
}

/// Whether all solutions that fit have the latents of the best one.
///
/// # Errors
/// `DATA_NOT_FINITE`.
pub(super) fn agreed(problem: &Problem<'_>, sizes: &[Size], best: &[f32], compared: &[Solution]) -> Result<bool> {
    let these = latents(problem.density, best, problem.codes, problem.looked_at());
    for solution in compared.iter().filter(|solution| solution.fits) {
        let found = matched(sizes, &these, &solution.variables)?;
        if found.correlations.iter().any(|&c| c < SAME) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The solution on other codes of the tables (n x inputs), beside the one with parameters `best`. `None`: it was cancelled.
///
/// # Errors
/// `NUMERIC_NOT_FINITE`, and those of candle.
pub(super) fn another_look(
    problem: &Problem<'_>,
    (network, tables): (&MultimodalNetwork, &[Matrix]),
    best: &[f32],
    solving: &mut Solving<'_>,
) -> Result<Option<Solution>> {
    let Some(others) = others(problem, network, tables, solving)? else { return Ok(None) };
    let mut codes = Vec::new();
    for (m, (other, table)) in others.iter().zip(tables).enumerate() {
        codes.push(problem.rows.spread(m, other.codes(table.data())?, other.mean.len()));
    }
    let there = Problem { codes: &codes, searched: SEARCHED, ..*problem };
    let Some(found) = there.starts(solving)? else { return Ok(None) };
    let parameters = found.taken();

    let mut volume = 0.0;
    for (m, other) in others.iter().enumerate() {
        volume += carried(network, m, other, (&problem.codes[m], problem.first(MEASURED).len()))?;
    }
    let (rows, sparsity) = (problem.first(MANY), problem.config.sparsity);
    let first = evaluate(problem.density, best, problem.codes, rows.clone(), sparsity);
    let evaluated = evaluate(problem.density, &parameters, &codes, rows, sparsity);
    let behind = evaluated.objective - volume - first.objective;
    Ok(Some(Solution {
        group: ANOTHER,
        variables: latents(problem.density, &parameters, &codes, problem.looked_at()),
        parameters,
        behind,
        fits: true,
        evaluated,
    }))
}

/// Autoencoders of the same shapes from another start, over other batches.
fn others<'a>(
    problem: &Problem<'_>,
    network: &'a MultimodalNetwork,
    tables: &'a [Matrix],
    solving: &mut Solving<'_>,
) -> Result<Option<Vec<Other<'a>>>> {
    let initial = Stream::new(solving.seed, "multimodal/another/autoencoder");
    let mut jobs: Vec<Untrained<'_>> = Vec::new();
    for (m, (of, table)) in network.coders.iter().zip(tables).enumerate() {
        jobs.push((of, table.data(), of.initial(&mut initial.at(m as u32))?));
    }
    let seed = u64::from(Stream::new(solving.seed, "multimodal/another").bits());
    let training = problem.config.autoencoders(problem.rows, seed);
    let after = told(solving, (0, training.steps));
    let Some(trained) = train(training, jobs, after)? else { return Ok(None) };
    let mut others = Vec::new();
    for ((of, table), parameters) in network.coders.iter().zip(tables).zip(trained) {
        let (mean, white) = whitening(&of.encode(&parameters, table.data())?, of.code())?;
        others.push(Other { of, parameters, mean, white });
    }
    Ok(Some(others))
}

/// Mean log |det| of the map from our white codes of a modality (width x n) to theirs, over the first `count` rows.
fn carried(
    network: &MultimodalNetwork,
    modality: usize,
    other: &Other<'_>,
    (ours, count): (&[f32], usize),
) -> Result<f64> {
    let width = other.mean.len();
    let n = ours.len() / width;
    // Each row with each of its numbers moved up and down.
    let places = 2 * width;
    let lanes = count * places;
    let mut moved = vec![0f32; width * lanes];
    for row in 0..count {
        for j in 0..width {
            let to = &mut moved[j * lanes + row * places..][..places];
            to.fill(ours[j * n + row]);
            to[2 * j] += STEP;
            to[2 * j + 1] -= STEP;
        }
    }
    let inputs = network.inputs_of(modality, &moved)?;
    let columns = inputs.len() / lanes;
    let rows: Vec<f32> = (0..lanes * columns).map(|at| inputs[at % columns * lanes + at / columns]).collect();
    let found = other.codes(&rows)?;
    let at = |row: usize, place: usize, j: usize| f64::from(found[j * lanes + row * places + place]);
    let of = |row: usize| {
        let slope = |i: usize, j: usize| (at(row, 2 * i, j) - at(row, 2 * i + 1, j)) / (2.0 * f64::from(STEP));
        log_abs_det(&Matrix::from_fn(width, width, slope))
    };
    Ok((0..count).map(of).sum::<f64>() / count as f64)
}
