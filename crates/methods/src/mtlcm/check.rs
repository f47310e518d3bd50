//! The indicators against tests of independence, task by task: see `disentangle_metrics::indicator_check`.
//!
//! The map makes latents uncorrelated given the target on training rows, so these agree by construction: other rows are
//! tested, unless tasks have too few of them.

use disentangle_data::prepare::{Prepared, Task};
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result};
use disentangle_engine::results::{IndicatorTests, TestedRows};
use disentangle_metrics::indicator_check::{Decision, Given, IndicatorCheck, check_indicators, tally};
use disentangle_numerics::linalg::median;

/// Rows of a task that tests are run on, at least: below, only correlations above .3 to .4 are found.
const LEAST_ROWS: usize = 30;

/// Tests the calls `causal` (tasks x k) on `latents` (n x k); `None` with one latent, or where no task can be tested.
pub fn indicator_tests(
    data: &Prepared,
    tasks: &[Task],
    latents: &Matrix,
    causal: &Matrix<bool>,
) -> Result<Option<IndicatorTests>> {
    if latents.cols() < 2 {
        return Ok(None);
    }
    let held: Vec<Vec<usize>> = tasks.iter().map(|task| places(task, |row| data.split[row] != Split::Train)).collect();
    let tested = match held.iter().all(|places| places.len() >= LEAST_ROWS) {
        true => TestedRows::HeldOut,
        false => TestedRows::All,
    };
    let mut checks = Vec::with_capacity(tasks.len());
    for (t, (task, held)) in tasks.iter().zip(held).enumerate() {
        let places = if tested == TestedRows::HeldOut { held } else { places(task, |_| true) };
        let rows: Vec<usize> = places.iter().map(|&at| task.rows[at]).collect();
        let target: Vec<f64> = places.iter().map(|&at| f64::from(task.values[at])).collect();
        let latents = latents.select_rows(&rows).to_f64();
        match check_indicators(&latents, &target, causal.row(t), Decision::default()) {
            Ok(check) => checks.push(check),
            Err(failure) if is_of_the_task(&failure) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(summed(tested, &checks, tasks.len()))
}

fn places(task: &Task, keep: impl Fn(usize) -> bool) -> Vec<usize> {
    (0..task.rows.len()).filter(|&at| keep(task.rows[at])).collect()
}

/// Too few rows, no variation, or one variable that determines another: the other tasks can still be tested.
fn is_of_the_task(failure: &Failure) -> bool {
    matches!(failure.code, Code::DataTooFewRows | Code::DataConstantColumn | Code::NumericSingular)
}

fn summed(rows: TestedRows, checks: &[IndicatorCheck], tasks: usize) -> Option<IndicatorTests> {
    let first = checks.first()?;
    let comparable = checks.iter().filter_map(|check| check.same_set);
    Some(IndicatorTests {
        rows,
        tasks: checks.len(),
        skipped: tasks - checks.len(),
        decision: first.decision,
        least: median(checks.iter().map(|check| check.least).collect()),
        given_target: tally(checks, Given::Target),
        given_nothing: tally(checks, Given::Nothing),
        comparable: comparable.clone().count(),
        same_set: comparable.filter(|&same| same).count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::prepare::{PrepareConfig, prepare};
    use disentangle_data::simulate::task_world::{TaskWorldConfig, task_world};

    /// The true latents of a world with the true indicators.
    fn tested(points_per_task: usize) -> IndicatorTests {
        let config = TaskWorldConfig { tasks: 20, points_per_task, latents: Some(4), ..TaskWorldConfig::default() };
        let dataset = task_world(&config).expect("a valid world");
        let data = prepare(&dataset, &PrepareConfig::default(), 1).expect("finite");
        let causes = dataset.truth["causes"].values.map(|c| c > 0.5);
        let tasks = data.tasks("test").expect("twenty tasks");
        let latents = dataset.truth["latents"].values.select_rows(&data.kept);
        indicator_tests(&data, &tasks, &latents, &causes).expect("finite").expect("tasks that can be tested")
    }

    #[test]
    fn with_enough_rows_the_truth_agrees_with_the_tests_on_rows_that_nothing_was_fitted_to() {
        let tests = tested(4000);
        assert_eq!((tests.rows, tests.tasks, tests.skipped), (TestedRows::HeldOut, 20, 0));
        let of = |all: usize, agree: usize| agree as f64 / all as f64;
        // Two of four latents are causal: one dependent pair of six given the target.
        assert_eq!((tests.given_target.dependent, tests.given_target.independent), (20, 100));
        assert!(of(100, tests.given_target.independent_agree) > 0.9, "{tests:?}");
        assert!(tests.given_nothing.dependent_agree > 80, "{tests:?}");
    }

    #[test]
    fn tasks_with_few_rows_are_tested_on_all_of_them_and_say_how_little_that_finds() {
        let tests = tested(50);
        assert_eq!((tests.rows, tests.comparable), (TestedRows::All, 20));
        assert!(tests.least > 0.2 && tests.least < 0.3, "{}", tests.least);
        assert!(tested(4000).least < tests.least);
    }
}
