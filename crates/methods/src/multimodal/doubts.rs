//! A second look at solutions that seem to fit as well with other latents. They are trained further, beside the best one: what had not
//! arrived yet moves on, and what the data leave open stays where it is.

use super::agreement::matched;
use super::descend::Problem;
use super::read_off::{SAME, Solution};
use super::solved::Size;
use disentangle_data::Result;
use disentangle_engine::method::Solving;
use disentangle_numerics::multimodal::{Start, latents};

/// Solutions that are looked at again at most, the closest ones.
const MOST: usize = 3;
/// Number of the group that they are in then.
pub(super) const SETTLED: usize = 2;

/// The best solution after the second look, where there is one to take; what is compared is brought up to date. `None`: it was cancelled.
///
/// # Errors
/// `DATA_NOT_FINITE`, `NUMERIC_NOT_FINITE`.
pub(super) fn second_look(
    problem: &Problem<'_>,
    sizes: &[Size],
    best: Vec<f32>,
    compared: &mut Vec<Solution>,
    solving: &mut Solving<'_>,
) -> Result<Option<Vec<f32>>> {
    let these = latents(problem.density, &best, problem.codes, problem.looked_at());
    let mut doubts = Vec::new();
    for (at, solution) in compared.iter().enumerate().filter(|(_, solution)| solution.fits) {
        let found = matched(sizes, &these, &solution.variables)?;
        if found.correlations.iter().any(|&c| c < SAME) {
            doubts.push(at);
        }
    }
    if doubts.is_empty() {
        return Ok(Some(best));
    }
    doubts.sort_by(|&a, &b| compared[a].behind.total_cmp(&compared[b].behind));
    doubts.iter().for_each(|&at| compared[at].fits = false);
    let again = std::iter::once(&best).chain(doubts.iter().take(MOST).map(|&at| &compared[at].parameters));
    let seed = solving.seed;
    let start = |(at, parameters): (usize, &Vec<f32>)| {
        let name = format!("multimodal/doubts/sets/{at}");
        Start::new(problem.density, parameters.clone(), (seed, &name), problem.batch)
    };
    let starts: Vec<Start<f32>> = again.enumerate().map(start).collect();
    let Some(settled) = problem.settled(starts, solving)? else { return Ok(None) };
    if settled.first() != 0 {
        // The others were compared with a solution that has turned out to be none.
        compared.iter_mut().for_each(|solution| solution.fits = false);
    }
    compared.extend(settled.solutions(problem, SETTLED));
    Ok(Some(settled.taken()))
}
