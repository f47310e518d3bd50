//! The graph of the latents, how sure its edges are, and the mechanisms along them.
//!
//! Noises B y and latents C y give B C^-1 = D (I - A): the effect of latent j on latent i is A_ij. Edges are effects of at least
//! `leastEdge` and three standard errors, as resamples of the rows tell them, environment by environment. The certainty of an edge is the
//! probability that there is an effect ([`chance_of_effect`]), times the share of resamples in which it has that size.
//! An edge that few resamples have and that closes a cycle is left out: causes form none.

use super::arrangement::Arrangement;
use super::config::InterventionalConfig;
use disentangle_data::{Code, Failure, Matrix, Result, Stream};
use disentangle_engine::mechanisms::Mechanisms;
use disentangle_engine::method::{Solving, State};
use disentangle_metrics::graph::{self, Graph};
use disentangle_numerics::linalg::{dot, inverse, product, solve_positive};
use disentangle_numerics::single_change::{Changes, Moments, SingleChanges};

/// Names of the solved results. k x k, from row to column: effects of at least `leastEdge`, in standard deviations of the reference.
pub const WEIGHTS: &str = "graph";
/// k x k: probability of the edge.
pub const CERTAINTY: &str = "certainty";
/// k x k: effects that were left out of the graph, since they close a cycle; absent where there are none.
pub const LEFT_OUT: &str = "left-out";
/// k x k: coefficient of the cause (row) in the mechanism of the effect (column).
const COEFFICIENTS: &str = "coefficients";
/// Environments x k: mean of the noise, its standard deviation, and 1 where the environment cuts the latent off from its causes.
const NOISE_MEANS: &str = "noise-means";
const NOISE_SDS: &str = "noise-sds";
const CUT: &str = "cut";

/// A latent whose own noise has less of a part in it than this has no mechanism that could be inverted.
const OWN: f64 = 1e-9;
const ITERATIONS: u32 = 200;
/// An edge that is less probable is undecided.
pub const SURE: f64 = 0.9;
/// An effect within so many standard errors of none, as resamples tell them, is no edge.
const STANDARD_ERRORS: f64 = 3.0;
/// Standard deviation of the effects that there are, before one was looked for, in those of the reference.
const TYPICAL: f64 = 0.5;
/// Odds of an effect from one latent on another, before it was looked for: of a pair each way and none at all, 1 to 1 to 2.
const PRIOR_ODDS: f64 = 1.0 / 3.0;

/// What is resampled.
pub struct Resampling<'a> {
    /// Training rows of each fitted environment.
    pub rows: Vec<Vec<usize>>,
    /// Codes of all rows.
    pub codes: Matrix,
    /// The latent that each fitted environment changes.
    pub targets: &'a [Option<usize>],
}

/// The graph and, where it is acyclic, the mechanisms.
pub struct Causes {
    weights: Matrix<f64>,
    left_out: Matrix<f64>,
    certainty: Option<Matrix<f64>>,
    mechanisms: Option<[Matrix<f64>; 4]>,
}

/// One changed row per latent: where several environments change it, the mean of their directions.
pub fn changed_rows(changes: &Changes, targets: &[Option<usize>]) -> Matrix<f64> {
    let k = changes.noises.rows();
    let mut causes = Matrix::<f64>::zeros(k, k);
    for (row, target) in changes.changed.iter().zip(targets) {
        let (Some(row), Some(target)) = (row, target) else { continue };
        let norm = dot(row, row).sqrt();
        let sign = if dot(row, causes.row(*target)) < 0.0 { -1.0 } else { 1.0 };
        causes.row_mut(*target).iter_mut().zip(row).for_each(|(c, r)| *c += sign * r / norm);
    }
    for latent in 0..k {
        let norm = dot(causes.row(latent), causes.row(latent)).sqrt();
        causes.row_mut(latent).iter_mut().for_each(|c| *c /= norm);
    }
    causes
}

impl Causes {
    /// `rows` (k x k) turn codes into latents of unit variance in the reference, `latents` (k x d) inputs in its units. `None`: cancelled.
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR`.
    pub fn of(
        config: &InterventionalConfig,
        arrangement: &Arrangement,
        (rows, latents): (&Matrix<f64>, &Matrix<f64>),
        changes: &Changes,
        resampling: &Resampling<'_>,
        solving: &mut Solving<'_>,
    ) -> Result<Option<Self>> {
        let k = rows.rows();
        let effects = effects(&changes.noises, rows)?;
        let (mut counts, mut squares) = (Matrix::<f64>::zeros(k, k), Matrix::<f64>::zeros(k, k));
        for resample in 0..config.resamples {
            let found = resampling.again(changes, rows, resample, solving.seed)?;
            for (at, (again, effect)) in found.data().iter().zip(effects.data()).enumerate() {
                counts.data_mut()[at] += f64::from(u8::from(again.abs() >= config.least_edge));
                squares.data_mut()[at] += (again - effect).powi(2);
            }
            solving.progress(resample + 1, config.resamples, changes.gap);
            if solving.cancelled() {
                return Ok(None);
            }
        }
        let error = |i: usize, j: usize| (squares[(i, j)] / config.resamples.max(1) as f64).sqrt();
        let edge = |i: usize, j: usize| effects[(i, j)].abs() >= config.least_edge.max(STANDARD_ERRORS * error(i, j));
        let found = Matrix::from_fn(k, k, |i, j| if edge(i, j) { effects[(i, j)] } else { 0.0 });
        let sure = |i: usize, j: usize| {
            chance_of_effect(effects[(i, j)], error(i, j)) * counts[(i, j)] / config.resamples as f64
        };
        let certainty =
            (config.resamples > 0).then(|| Matrix::from_fn(k, k, |i, j| if i == j { 0.0 } else { sure(i, j) }));
        let (weights, left_out) = without_cycles(found, certainty.as_ref());
        let acyclic = order(&weights).is_some();
        let mechanisms = acyclic.then(|| mechanisms_along(&weights, arrangement, latents)).transpose()?;
        Ok(Some(Self { weights, left_out, certainty, mechanisms }))
    }

    /// Into the solved results.
    pub fn keep(self, state: &mut State) {
        state.solved.insert(WEIGHTS.into(), self.weights);
        if self.left_out.data().iter().any(|&effect| effect != 0.0) {
            state.solved.insert(LEFT_OUT.into(), self.left_out);
        }
        state.solved.extend(self.certainty.map(|certainty| (CERTAINTY.to_owned(), certainty)));
        for (name, part) in
            [COEFFICIENTS, NOISE_MEANS, NOISE_SDS, CUT].into_iter().zip(self.mechanisms.into_iter().flatten())
        {
            state.solved.insert(name.into(), part);
        }
    }
}

impl Resampling<'_> {
    /// Effects of one resample of the rows, in the orientation of the latents that `rows` give.
    fn again(&self, changes: &Changes, rows: &Matrix<f64>, resample: usize, seed: u64) -> Result<Matrix<f64>> {
        let mut stream = Stream::new(seed, "interventional/resamples").at(resample as u32);
        let mut draw = |rows: &Vec<usize>| {
            let drawn: Vec<usize> = rows.iter().map(|_| rows[stream.below(rows.len())]).collect();
            Moments::of(&self.codes, &drawn)
        };
        let moments: Vec<Moments> = self.rows.iter().map(&mut draw).collect();
        let problem = SingleChanges::new(&moments, self.targets, self.codes.cols())?;
        let found = problem.minimise(std::slice::from_ref(&changes.noises), ITERATIONS)?;
        let mut latents = changed_rows(&found, self.targets);
        for latent in 0..latents.rows() {
            // As long as they are in the rows of all data, and the same way around.
            let along = dot(latents.row(latent), rows.row(latent));
            let scale = dot(rows.row(latent), rows.row(latent)).sqrt() * if along < 0.0 { -1.0 } else { 1.0 };
            latents.row_mut(latent).iter_mut().for_each(|value| *value *= scale);
        }
        effects(&found.noises, &latents)
    }
}

/// Effects (k x k, from row to column), in units of the latents that `rows` give.
fn effects(noises: &Matrix<f64>, rows: &Matrix<f64>) -> Result<Matrix<f64>> {
    let k = rows.rows();
    let both = product(noises, &inverse(rows)?);
    if let Some(latent) = (0..k).find(|&i| both[(i, i)].abs() < OWN * dot(both.row(i), both.row(i)).sqrt()) {
        let message = format!("latent {} has no noise of its own", latent + 1);
        return Err(Failure::new(Code::NumericSingular, message).hint("leave out one of its environments"));
    }
    Ok(Matrix::from_fn(k, k, |from, to| if from == to { 0.0 } else { -both[(to, from)] / both[(to, to)] }))
}

/// Probability that there is an effect, by Bayes' rule: an estimate with this standard error is normal around 0 without one, and with one
/// around an effect that is normal with the spread [`TYPICAL`]. Of two resamples or more the error is positive wherever they differ.
fn chance_of_effect(estimate: f64, error: f64) -> f64 {
    if error <= 0.0 {
        return f64::from(u8::from(estimate != 0.0));
    }
    let (without, with) = (error.powi(2), error.powi(2) + TYPICAL.powi(2));
    let log_odds =
        PRIOR_ODDS.ln() + 0.5 * (without / with).ln() + 0.5 * estimate.powi(2) * (without.recip() - with.recip());
    1.0 / (1.0 + (-log_odds).exp())
}

/// The latents from causes to effects; `None` for a cycle.
pub fn order(weights: &Matrix<f64>) -> Option<Vec<usize>> {
    Graph::dag(weights).ok().and_then(|graph| graph.causal_order())
}

/// The effects of a graph, and those left out of it: undecided ones that close a cycle, the least certain first. A cycle of
/// edges that are sure stays, for it says that interventions are not what the method assumes.
fn without_cycles(found: Matrix<f64>, certainty: Option<&Matrix<f64>>) -> (Matrix<f64>, Matrix<f64>) {
    let k = found.rows();
    let nothing = Matrix::<f64>::zeros(k, k);
    let Some(certainty) = certainty else { return (found, nothing) };
    let edges = (0..k).flat_map(|i| (0..k).map(move |j| (i, j))).filter(|&at| found[at] != 0.0);
    let (sure, mut open): (Vec<_>, Vec<_>) = edges.partition(|&at| certainty[at] >= SURE);
    if graph::without_cycles(&found, sure.iter().copied()).1 != nothing {
        return (found, nothing);
    }
    let first = |a: &(usize, usize), b: &(usize, usize)| {
        certainty[*b].total_cmp(&certainty[*a]).then(found[*b].abs().total_cmp(&found[*a].abs())).then(a.cmp(b))
    };
    open.sort_by(first);
    graph::without_cycles(&found, sure.into_iter().chain(open))
}

/// Least squares of each latent on its causes over the environments that leave it alone; its mean and spread in the others.
fn mechanisms_along(
    weights: &Matrix<f64>,
    arrangement: &Arrangement,
    latents: &Matrix<f64>,
) -> Result<[Matrix<f64>; 4]> {
    let (k, environments) = (weights.rows(), arrangement.verdicts.len());
    let mut coefficients = Matrix::<f64>::zeros(k, k);
    let (mut means, mut sds, mut cut) =
        (Matrix::zeros(environments, k), Matrix::zeros(environments, k), Matrix::zeros(environments, k));
    let fitted: Vec<(usize, Option<usize>, Moments)> = {
        let (places, targets) = arrangement.fitted();
        places.into_iter().zip(targets).map(|(u, target)| (u, target, arrangement.at(u).mapped(latents))).collect()
    };
    for latent in 0..k {
        let causes: Vec<usize> = (0..k).filter(|&from| weights[(from, latent)] != 0.0).collect();
        let unchanged = fitted.iter().filter(|(_, target, _)| *target != Some(latent)).map(|(.., part)| part);
        let pooled = Moments::pooled(unchanged);
        let gram = Matrix::from_fn(causes.len(), causes.len(), |a, b| pooled.covariance[(causes[a], causes[b])]);
        let right: Vec<f64> = causes.iter().map(|&from| pooled.covariance[(from, latent)]).collect();
        let solved = if causes.is_empty() { Vec::new() } else { solve_positive(&gram, &right)? };
        let mean =
            pooled.mean[latent] - causes.iter().zip(&solved).map(|(&from, c)| c * pooled.mean[from]).sum::<f64>();
        let variance = pooled.covariance[(latent, latent)] - dot(&solved, &right);
        causes.iter().zip(&solved).for_each(|(&from, &c)| coefficients[(from, latent)] = c);
        for u in 0..environments {
            (means[(u, latent)], sds[(u, latent)]) = (mean, variance.max(0.0).sqrt());
        }
        for (u, _, part) in fitted.iter().filter(|(_, target, _)| *target == Some(latent)) {
            means[(*u, latent)] = part.mean[latent];
            sds[(*u, latent)] = part.covariance[(latent, latent)].max(0.0).sqrt();
            cut[(*u, latent)] = 1.0;
        }
    }
    Ok([coefficients, means, sds, cut])
}

/// The mechanisms of a state, where it has them.
///
/// # Errors
/// `ARTIFACT_CORRUPT` for a part of them.
pub fn mechanisms(state: &State) -> Result<Option<Box<dyn Mechanisms + '_>>> {
    if !state.solved.contains_key(COEFFICIENTS) {
        return Ok(None);
    }
    let part = |name: &str| {
        state.solved.get(name).ok_or_else(|| Failure::new(Code::ArtifactCorrupt, format!("the model lacks {name:?}")))
    };
    let coefficients = part(COEFFICIENTS)?;
    let Some(order) = order(coefficients) else {
        return Err(Failure::new(Code::ArtifactCorrupt, "the mechanisms of the model form a cycle"));
    };
    Ok(Some(Box::new(Linear {
        coefficients,
        order,
        means: part(NOISE_MEANS)?,
        sds: part(NOISE_SDS)?,
        cut: part(CUT)?,
    })))
}

/// z_i = sum_j a_ji z_j + n_i, without the sum where the environment of the row intervenes on i.
struct Linear<'a> {
    coefficients: &'a Matrix<f64>,
    order: Vec<usize>,
    means: &'a Matrix<f64>,
    sds: &'a Matrix<f64>,
    cut: &'a Matrix<f64>,
}

impl Mechanisms for Linear<'_> {
    fn order(&self) -> Vec<usize> {
        self.order.clone()
    }

    fn causes(&self, latent: usize) -> Vec<usize> {
        (0..self.coefficients.rows()).filter(|&from| self.coefficients[(from, latent)] != 0.0).collect()
    }

    fn by_environment(&self) -> bool {
        true
    }

    fn mean(&self, latent: usize, latents: &Matrix<f64>, environments: &[u32]) -> Result<Vec<f64>> {
        let causes = self.causes(latent);
        let of = |(row, &at): (usize, &u32)| {
            if self.cut[(at as usize, latent)] == 1.0 {
                return 0.0;
            }
            causes.iter().map(|&cause| self.coefficients[(cause, latent)] * latents[(row, cause)]).sum()
        };
        Ok(environments.iter().enumerate().map(of).collect())
    }

    fn draw(&self, latent: usize, environments: &[u32], stream: &mut Stream) -> Result<Vec<f64>> {
        let drawn = |&at: &u32| self.means[(at as usize, latent)] + self.sds[(at as usize, latent)] * stream.normal();
        Ok(environments.iter().map(drawn).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_metrics::calibration;

    fn square(values: [f64; 9]) -> Matrix<f64> {
        Matrix::new(3, 3, values.to_vec()).expect("3 x 3")
    }

    #[test]
    fn effects_are_as_often_there_as_they_are_probable() {
        let mut stream = Stream::new(7, "effects");
        let drawn: Vec<(f64, bool)> = (0..40_000)
            .map(|_| {
                let is_there = stream.uniform() < 0.25;
                let error = 0.02 + 0.3 * stream.uniform();
                let effect = if is_there { TYPICAL * stream.normal() } else { 0.0 };
                (chance_of_effect(effect + error * stream.normal(), error), is_there)
            })
            .collect();
        let found = calibration::of(drawn.into_iter()).expect("between 0 and 1");
        // atol: three times what chance gives, .011. Without the prior odds the error is .16, with half or twice the spread .05.
        assert!(found.error < found.by_chance.map(|chance| 3.0 * chance), "{found:?}");
        assert!(found.brier < found.brier_of_share.map(|share| 0.6 * share), "{found:?}");
        assert_eq!(
            (chance_of_effect(0.0, 0.0), chance_of_effect(0.3, 0.0), chance_of_effect(9.0, 1e-9)),
            (0.0, 1.0, 1.0)
        );
    }

    /// z1 -> z2 -> z3 -> z1, and z1 -> z3.
    fn circle() -> Matrix<f64> {
        square([0.0, 0.5, 0.4, 0.0, 0.0, 0.6, -0.2, 0.0, 0.0])
    }

    #[test]
    fn an_undecided_effect_that_closes_a_cycle_is_left_out_and_the_others_stay() {
        let certainty = square([0.0, 1.0, 0.5, 0.0, 0.0, 1.0, 0.7, 0.0, 0.0]);
        let (weights, left_out) = without_cycles(circle(), Some(&certainty));
        assert_eq!(weights, square([0.0, 0.5, 0.4, 0.0, 0.0, 0.6, 0.0, 0.0, 0.0]));
        assert_eq!(left_out, square([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.2, 0.0, 0.0]));
    }

    #[test]
    fn of_undecided_effects_the_most_certain_ones_come_first() {
        // Without z1 -> z2 the way back from z3 closes the cycle with z1 -> z3 only, which fewer resamples have.
        let certainty = square([0.0, 0.3, 0.6, 0.0, 0.0, 1.0, 0.8, 0.0, 0.0]);
        let (weights, left_out) = without_cycles(circle(), Some(&certainty));
        assert_eq!(weights, square([0.0, 0.0, 0.0, 0.0, 0.0, 0.6, -0.2, 0.0, 0.0]));
        assert_eq!(left_out, square([0.0, 0.5, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]));
        assert_eq!(order(&weights), Some(vec![1, 2, 0]));
    }

    #[test]
    fn a_cycle_of_effects_that_are_sure_stays_as_it_was_found() {
        let certainty = square([0.0, 0.9, 0.2, 0.0, 0.0, 1.0, 0.95, 0.0, 0.0]);
        for certainty in [Some(&certainty), None] {
            let (weights, left_out) = without_cycles(circle(), certainty);
            assert_eq!((weights, left_out), (circle(), Matrix::zeros(3, 3)));
        }
    }
}
