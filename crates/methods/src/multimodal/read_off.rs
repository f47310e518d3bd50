//! From the solution to what the state keeps: latents as they are given away, the graph, what ties with it, what other solutions say.

use super::agreement::matched;
use super::descend::{MARGIN, Problem};
use super::hidden::{Given, TIE, UNDECIDED, hidden};
use super::solved::{self, Size};
use disentangle_data::prepare::Prepared;
use disentangle_data::{Matrix, Result};
use disentangle_engine::method::{CENTER, MAP, OFFSET, PRIVATE, PRIVATE_OFFSET};
use disentangle_numerics::moments::positive;
use disentangle_numerics::multimodal::{COLD, Evaluated, Sets, evaluate, latents, noise};
use std::collections::BTreeMap;

/// How much colder than the search the probabilities of edges are. At the temperature of the search an edge that is not there has
/// one of .25; of such edges one in 24 was there, in five kinds of worlds on the seeds 11 to 13.
const SURER: f64 = 3.0;

/// Correlation with its match below which a latent is another one.
pub(super) const SAME: f64 = 0.95;
/// Sets of causes of each latent, and graphs, that are kept at most.
const LISTED: usize = 5;

/// A solution, of starts, of copies, or of those that were looked at again.
pub(super) struct Solution {
    /// 0: starts; 1: copies; 2: after a second look; 3: on the codes of another autoencoder.
    pub group: usize,
    pub parameters: Vec<f32>,
    /// Modality by modality (width x rows).
    pub variables: Vec<Vec<f32>>,
    /// How far its objective is behind the best one of its group.
    pub behind: f64,
    /// Whether it fits as well as that one.
    pub fits: bool,
    pub evaluated: Evaluated,
}

/// Everything that the state keeps of parameters.
pub(super) fn read_off(
    problem: &Problem<'_>,
    sizes: &[Size],
    data: &Prepared,
    parameters: &[f32],
    compared: &[Solution],
) -> Result<BTreeMap<String, Matrix<f64>>> {
    let (density, sparsity) = (problem.density, problem.config.sparsity);
    let sets = density.sets();
    let d = sets.latents();
    let rows = &problem.rows.complete;
    let found = evaluate(density, parameters, problem.codes, 0..rows.len(), sparsity);
    let variables = latents(density, parameters, problem.codes, 0..rows.len());
    let mut solved = given_away(sizes, data, rows, &variables)?;
    let scaled = solved[solved::SCALED].clone();
    let mut at = vec![0; d];
    (0..d).for_each(|latent| at[scaled[(0, latent)] as usize] = latent);
    let place = |latent: usize| scaled[(0, latent)] as usize;

    let chosen = |latent: usize| sets.of(place(latent))[found.best[place(latent)]];
    let sd = |latent: usize| {
        noise(density, parameters, place(latent), found.best[place(latent)]) * scaled[(1, latent)].abs()
    };
    solved.insert(
        solved::CAUSES.into(),
        Matrix::from_fn(2, d, |row, latent| if row == 0 { f64::from(chosen(latent)) } else { sd(latent) }),
    );
    let (mut weights, mut certainty) = (Matrix::<f64>::zeros(d, d), Matrix::<f64>::zeros(d, d));
    let mut scores = Vec::new();
    let mut ties = Vec::new();
    // Bits of causes in the order of the latents.
    let ordered =
        |set: u32| (0..d).filter(|place| set >> place & 1 == 1).fold(0u32, |bits, place| bits | 1 << at[place]);
    let graph: Vec<u32> = (0..d).map(|latent| ordered(chosen(latent))).collect();
    for latent in 0..d {
        let (node, costs) = (place(latent), &found.costs[place(latent)]);
        let of = sets.scores(node, costs, sparsity);
        let likely = Sets::probabilities(&of, COLD / SURER);
        let cost = |set: u32| sets.of(node).iter().position(|&other| other == set).map(|at| costs[at]);
        for cause in (0..d).filter(|&cause| cause != latent) {
            let bit = 1 << place(cause);
            let share: f64 = sets.of(node).iter().zip(&likely).filter(|(set, _)| *set & bit != 0).map(|(_, p)| p).sum();
            certainty[(cause, latent)] = share.clamp(0.0, 1.0);
            if chosen(latent) & bit != 0 {
                let without = cost(chosen(latent) & !bit).expect("a part of a set is a set");
                let gain = without - costs[found.best[node]];
                weights[(cause, latent)] = (-(-2.0 * gain).exp_m1()).max(f64::EPSILON);
            }
        }
        let mut order: Vec<usize> = (0..of.len()).collect();
        order.sort_by(|&a, &b| of[a].total_cmp(&of[b]));
        for &set in order.iter().take(LISTED) {
            let behind = of[set] - of[found.best[node]];
            scores.extend([latent as f64, f64::from(ordered(sets.of(node)[set])), of[set]]);
            if behind > 0.0 && behind < TIE {
                let mut other = graph.clone();
                other[latent] = ordered(sets.of(node)[set]);
                ties.push((behind, other));
            }
        }
    }
    let modalities = solved::modalities(sizes);
    let noises: Vec<f64> = (0..d).map(|latent| sd(latent).powi(2)).collect();
    let weight = |cause: usize, effect: usize| weights[(cause, effect)];
    let most_causes = problem.config.most_causes;
    let links =
        hidden(&Given { modalities: &modalities, graph: &graph, noises: &noises, weights: &weight, most_causes });
    for link in links.iter().filter(|link| link.share >= UNDECIDED) {
        let mut other = graph.clone();
        other[link.effect] |= 1 << link.cause;
        ties.push((TIE, other));
    }
    let rows_of = links.iter().flat_map(|link| [link.cause as f64, link.effect as f64, link.share]).collect();
    solved.insert(solved::HIDDEN.into(), Matrix::new(links.len(), 3, rows_of)?);
    solved.insert(solved::WEIGHTS.into(), weights);
    solved.insert(solved::CERTAINTY.into(), certainty);
    solved.insert(solved::SCORES.into(), Matrix::new(scores.len() / 3, 3, scores)?);

    let Agreement { latents: agreement, solutions } =
        agreement(problem, sizes, parameters, compared, (&at, &graph), &mut ties)?;
    let near = |copies: bool| {
        compared.iter().filter(|solution| solution.fits && (solution.group > 0) == copies).count() as f64
    };
    let apart: f64 = found.costs.iter().zip(&found.best).map(|(costs, &best)| costs[0] - costs[best]).sum();
    solved.insert(
        solved::OBJECTIVES.into(),
        Matrix::new(1, 4, vec![found.objective, found.objective + apart, near(false), near(true)])?,
    );
    solved.insert(solved::AGREEMENT.into(), agreement);
    solved.insert(solved::SOLUTIONS.into(), solutions);
    solved.insert(solved::TIES.into(), listed(ties, &graph)?);
    Ok(solved)
}

/// How variables (modality by modality, width x rows) are given away: the maps from codes to latents and to private variables.
pub(super) fn given_away(
    sizes: &[Size],
    data: &Prepared,
    rows: &[usize],
    variables: &[Vec<f32>],
) -> Result<BTreeMap<String, Matrix<f64>>> {
    let Scaled { latents: scaled, private, means } = scaled(sizes, data, rows, variables);
    let (d, total) = (scaled.cols(), means.len());
    let mut solved = BTreeMap::new();
    let entry = |i: usize, j: usize| if scaled[(0, i)] as usize == j { scaled[(1, i)] } else { 0.0 };
    solved.insert(MAP.into(), Matrix::from_fn(d, total, entry));
    solved.insert(OFFSET.into(), Matrix::from_fn(1, d, |_, i| -scaled[(1, i)] * scaled[(2, i)]));
    solved.insert(CENTER.into(), Matrix::new(1, total, means)?);
    if private.cols() > 0 {
        let entry = |i: usize, j: usize| if private[(0, i)] as usize == j { private[(1, i)] } else { 0.0 };
        solved.insert(PRIVATE.into(), Matrix::from_fn(private.cols(), total, entry));
        let offset = |_: usize, i: usize| -private[(1, i)] * private[(2, i)];
        solved.insert(PRIVATE_OFFSET.into(), Matrix::from_fn(1, private.cols(), offset));
    }
    solved.insert(solved::SCALED.into(), scaled);
    Ok(solved)
}

/// What other solutions say.
struct Agreement {
    /// Least correlation of each latent with its match in those that fit as well, and how many these are.
    latents: Matrix<f64>,
    /// Of all: group, how far behind, least correlation.
    solutions: Matrix<f64>,
}

/// Graphs of solutions with the same latents that differ, and sparser ones with other latents, are added to the ties.
fn agreement(
    problem: &Problem<'_>,
    sizes: &[Size],
    parameters: &[f32],
    compared: &[Solution],
    (at, graph): (&[usize], &[u32]),
    ties: &mut Vec<(f64, Vec<u32>)>,
) -> Result<Agreement> {
    let d = at.len();
    let sets = problem.density.sets();
    let mut solutions = Vec::new();
    let mut least = Matrix::from_fn(2, d, |row, _| if row == 0 { 1.0 } else { 0.0 });
    let Some(rows) = compared.first().map(|solution| solution.variables[0].len() / sizes[0].width) else {
        return Ok(Agreement { latents: least, solutions: Matrix::zeros(0, 3) });
    };
    let these = latents(problem.density, parameters, problem.codes, 0..rows);
    for solution in compared {
        let found = matched(sizes, &these, &solution.variables)?;
        let worst = found.correlations.iter().copied().fold(1.0, f64::min);
        solutions.extend([solution.group as f64, solution.behind, worst]);
        if !solution.fits {
            continue;
        }
        let same = worst >= SAME;
        for (place, &c) in found.correlations.iter().enumerate() {
            let latent = at[place];
            least[(0, latent)] = least[(0, latent)].min(c);
            least[(1, latent)] += 1.0;
        }
        let mut theirs = vec![0; d];
        found.with.iter().enumerate().for_each(|(place, &with)| theirs[with] = at[place]);
        let mut other = vec![0u32; d];
        for (node, &best) in solution.evaluated.best.iter().enumerate() {
            let set = sets.of(node)[best];
            other[theirs[node]] =
                (0..d).filter(|cause| set >> cause & 1 == 1).fold(0, |bits, cause| bits | 1 << theirs[cause]);
        }
        // With other latents it is another graph, unless it says the same of them with fewer edges.
        if other != graph && (same || edges(&other) < edges(graph)) {
            ties.push((MARGIN, other));
        }
    }
    Ok(Agreement { latents: least, solutions: Matrix::new(solutions.len() / 3, 3, solutions)? })
}

fn edges(graph: &[u32]) -> u32 {
    graph.iter().map(|causes| causes.count_ones()).sum()
}

/// The closest few graphs that tie, each once, edge by edge.
fn listed(mut ties: Vec<(f64, Vec<u32>)>, graph: &[u32]) -> Result<Matrix<f64>> {
    ties.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    let mut kept: Vec<(f64, Vec<u32>)> = Vec::new();
    for (behind, other) in ties {
        if other != graph && kept.len() < LISTED && !kept.iter().any(|(_, seen)| *seen == other) {
            kept.push((behind, other));
        }
    }
    let mut rows = Vec::new();
    for (number, (behind, other)) in kept.iter().enumerate() {
        let before = rows.len();
        for (effect, &causes) in other.iter().enumerate() {
            for cause in (0..other.len()).filter(|cause| causes >> cause & 1 == 1) {
                rows.extend([number as f64, *behind, cause as f64, effect as f64]);
            }
        }
        if rows.len() == before {
            rows.extend([number as f64, *behind, -1.0, -1.0]);
        }
    }
    Matrix::new(rows.len() / 4, 4, rows)
}

/// How variables are given away: three rows each, their place among all codes, factor and mean.
struct Scaled {
    latents: Matrix<f64>,
    private: Matrix<f64>,
    /// Of all codes, latents first, as the network gives them.
    means: Vec<f64>,
}

/// Within their modality the variable first that goes with most of the inputs, mean 0 and standard deviation 1, the input that it goes with
/// most rising with it.
fn scaled(sizes: &[Size], data: &Prepared, rows: &[usize], variables: &[Vec<f32>]) -> Scaled {
    let latents: usize = sizes.iter().map(|size| size.latents).sum();
    let total: usize = sizes.iter().map(|size| size.width).sum();
    let (mut of_latents, mut of_private) = (Vec::new(), Vec::new());
    let mut means = vec![0.0; total];
    let (mut first, mut first_private) = (0, latents);
    for (size, variables) in sizes.iter().zip(variables) {
        let n = rows.len() as f64;
        let mut found = Vec::new();
        for (unit, values) in variables.chunks_exact(rows.len()).enumerate() {
            let place = if unit < size.latents { first + unit } else { first_private + unit - size.latents };
            let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
            means[place] = mean;
            let sd = positive((values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n).sqrt());
            let of_input = |column: usize| {
                let products = rows
                    .iter()
                    .zip(values)
                    .map(|(&row, &v)| (f64::from(v) - mean) * f64::from(data.inputs[(row, column)]));
                products.sum::<f64>() / (n * sd)
            };
            let loads: Vec<f64> = (size.start..size.end).map(of_input).collect();
            let whole: f64 = loads.iter().map(|load| load * load).sum();
            let sign = disentangle_numerics::linalg::sign_of_largest(loads);
            found.push((place, whole, sign / sd, mean));
        }
        let mut private = found.split_off(size.latents);
        for (found, to) in [(&mut found, &mut of_latents), (&mut private, &mut of_private)] {
            found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            to.extend(found.iter().map(|&(place, _, factor, mean)| [place as f64, factor, mean]));
        }
        first += size.latents;
        first_private += size.width - size.latents;
    }
    let table = |of: &[[f64; 3]]| Matrix::from_fn(3, of.len(), |row, i| of[i][row]);
    Scaled { latents: table(&of_latents), private: table(&of_private), means }
}
