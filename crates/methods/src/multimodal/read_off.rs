//! From the solution to what the state keeps: latents as they are given away, the graph, what ties with it, what other solutions say.

use super::agreement::matched;
use super::descend::{MARGIN, Problem};
use super::solved::{self, Size};
use disentangle_data::prepare::Prepared;
use disentangle_data::{Matrix, Result};
use disentangle_engine::method::{CENTER, MAP, OFFSET};
use disentangle_numerics::moments::positive;
use disentangle_numerics::multimodal::{COLD, Evaluated, Sets, evaluate, latents, noise};
use std::collections::BTreeMap;

/// Sets of causes within so many nats a row of the best one tie with it.
pub(super) const TIE: f64 = 0.02;
/// Correlation with its match below which a latent is another one.
pub(super) const SAME: f64 = 0.95;
/// Sets of causes of each latent, and graphs, that are kept at most.
const LISTED: usize = 5;

/// A solution that fits as well as the best one of its group.
pub(super) struct Solution {
    /// 0: starts; 1: copies.
    pub group: usize,
    /// Modality by modality (width x rows).
    pub variables: Vec<Vec<f32>>,
    pub evaluated: Evaluated,
}

/// Everything that the state keeps of parameters.
pub(super) fn read_off(
    problem: &Problem<'_>,
    sizes: &[Size],
    data: &Prepared,
    rows: &[usize],
    parameters: &[f32],
    compared: &[Solution],
) -> Result<BTreeMap<String, Matrix<f64>>> {
    let (density, sparsity) = (problem.density, problem.config.sparsity);
    let sets = density.sets();
    let d = sets.latents();
    let found = evaluate(density, parameters, problem.codes, 0..problem.n, sparsity);
    let variables = latents(density, parameters, problem.codes, 0..problem.n);
    let (scaled, variable_means) = scaled(sizes, data, rows, &variables);
    let mut at = vec![0; d];
    (0..d).for_each(|latent| at[scaled[(0, latent)] as usize] = latent);
    let place = |latent: usize| scaled[(0, latent)] as usize;

    let mut solved = BTreeMap::new();
    let total: usize = sizes.iter().map(|size| size.width).sum();
    let entry = |i: usize, j: usize| if place(i) == j { scaled[(1, i)] } else { 0.0 };
    solved.insert(MAP.into(), Matrix::from_fn(d, total, entry));
    solved.insert(OFFSET.into(), Matrix::from_fn(1, d, |_, i| -scaled[(1, i)] * scaled[(2, i)]));
    solved.insert(CENTER.into(), Matrix::new(1, total, variable_means)?);

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
        let likely = Sets::probabilities(&of, COLD);
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
    solved.insert(solved::WEIGHTS.into(), weights);
    solved.insert(solved::CERTAINTY.into(), certainty);
    solved.insert(solved::SCORES.into(), Matrix::new(scores.len() / 3, 3, scores)?);

    let agreement = agreement(problem, sizes, parameters, compared, (&at, &graph), &mut ties)?;
    let near = |group: usize| compared.iter().filter(|solution| solution.group == group).count() as f64;
    let apart: f64 = found.costs.iter().zip(&found.best).map(|(costs, &best)| costs[0] - costs[best]).sum();
    solved.insert(
        solved::OBJECTIVES.into(),
        Matrix::new(1, 4, vec![found.objective, found.objective + apart, near(0), near(1)])?,
    );
    solved.insert(solved::AGREEMENT.into(), agreement);
    solved.insert(solved::TIES.into(), listed(ties, &graph)?);
    solved.insert(solved::SCALED.into(), scaled);
    Ok(solved)
}

/// Least correlation of each latent with its match in the other solutions, and how many these are; graphs of those with the same latents
/// that differ are added to the ties.
fn agreement(
    problem: &Problem<'_>,
    sizes: &[Size],
    parameters: &[f32],
    compared: &[Solution],
    (at, graph): (&[usize], &[u32]),
    ties: &mut Vec<(f64, Vec<u32>)>,
) -> Result<Matrix<f64>> {
    let d = at.len();
    let sets = problem.density.sets();
    let mut least = Matrix::from_fn(2, d, |row, _| if row == 0 { 1.0 } else { 0.0 });
    let Some(rows) = compared.first().map(|solution| solution.variables[0].len() / sizes[0].width) else {
        return Ok(least);
    };
    let these = latents(problem.density, parameters, problem.codes, 0..rows);
    for solution in compared {
        let found = matched(sizes, &these, &solution.variables)?;
        let same = found.correlations.iter().all(|&c| c >= SAME);
        for (place, &c) in found.correlations.iter().enumerate() {
            let latent = at[place];
            least[(0, latent)] = least[(0, latent)].min(c);
            least[(1, latent)] += 1.0;
        }
        if !same {
            continue;
        }
        let mut theirs = vec![0; d];
        found.with.iter().enumerate().for_each(|(place, &with)| theirs[with] = at[place]);
        let mut other = vec![0u32; d];
        for (node, &best) in solution.evaluated.best.iter().enumerate() {
            let set = sets.of(node)[best];
            other[theirs[node]] =
                (0..d).filter(|cause| set >> cause & 1 == 1).fold(0, |bits, cause| bits | 1 << theirs[cause]);
        }
        if other != graph {
            ties.push((MARGIN, other));
        }
    }
    Ok(least)
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

/// How latents are given away: within their modality the one first that goes with most of the inputs, mean 0 and standard deviation 1, the
/// input that it goes with most rising with it. Also the means of all variables, latents first, as the network gives them.
fn scaled(sizes: &[Size], data: &Prepared, rows: &[usize], variables: &[Vec<f32>]) -> (Matrix<f64>, Vec<f64>) {
    let d: usize = sizes.iter().map(|size| size.latents).sum();
    let mut scaled = Matrix::zeros(3, d);
    let (mut means, mut private) = (Vec::new(), Vec::new());
    let mut first = 0;
    for (size, variables) in sizes.iter().zip(variables) {
        let n = rows.len() as f64;
        let mut found = Vec::new();
        for (unit, values) in variables.chunks_exact(rows.len()).enumerate() {
            let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
            if unit >= size.latents {
                private.push(mean);
                continue;
            }
            means.push(mean);
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
            found.push((first + unit, whole, sign / sd, mean));
        }
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        for (latent, (place, _, factor, mean)) in found.into_iter().enumerate() {
            (scaled[(0, first + latent)], scaled[(1, first + latent)], scaled[(2, first + latent)]) =
                (place as f64, factor, mean);
        }
        first += size.latents;
    }
    means.extend(private);
    (scaled, means)
}
