//! Scores about tasks: one matching per task, and recovered causal indicators.

use crate::golden::{flags, golden, list, marks, matching, matrix, number, numbers};
use crate::{BARE, assert_close, normal};
use disentangle_data::{Code, Labels, Matrix, Stream};
use disentangle_metrics::{Correlation, Effort, IndicatorsInput, indicators, mcc, task_mcc};

fn labels(codes: &[usize]) -> Labels {
    let names: Vec<String> = codes.iter().map(|code| format!("t{code}")).collect();
    Labels::encode("task", &names)
}

#[test]
fn every_task_is_matched_on_its_own_as_scipy_matches_it() {
    let case = &golden()["byTask"];
    let codes: Vec<u32> = numbers(&case["codes"]).iter().map(|&c| c as u32).collect();
    let tasks = Labels { column: "task".into(), levels: (0..5).map(|t| t.to_string()).collect(), codes };
    let (z, zhat) = (matrix(&case["truth"]), matrix(&case["latents"]));
    for (key, kind) in [("pearson", Correlation::Pearson), ("spearman", Correlation::Spearman)] {
        let found = task_mcc(kind, &z, &zhat, &tasks, BARE).expect("finite");
        let expected = numbers(&case["perTask"][key]);
        assert_eq!(found.per_task.len(), expected.len());
        for (task, e) in found.per_task.iter().zip(&expected) {
            assert_close(task.value.expect("defined"), *e, 1e-13, &task.task);
        }
        let mean = expected.iter().sum::<f64>() / expected.len() as f64;
        assert_close(found.value.expect("defined"), mean, 1e-13, key);
        // Each task has latents in an order of its own, which one matching for all rows cannot follow.
        assert!(mean > 0.85 && mcc(kind, &z, &zhat, BARE).expect("finite").value.expect("defined") < 0.6);
    }
}

#[test]
fn one_task_scores_what_all_rows_score() {
    let mut stream = Stream::new(1, "tasks");
    let (z, zhat) = (normal(50, 3, &mut stream), normal(50, 4, &mut stream));
    for kind in [Correlation::Pearson, Correlation::Spearman] {
        let found = task_mcc(kind, &z, &zhat, &labels(&[0; 50]), BARE).expect("finite");
        assert_eq!(found.value, mcc(kind, &z, &zhat, BARE).expect("finite").value);
        assert_eq!((found.per_task[0].rows, found.left_out, found.unrelated), (50, 0, None));
    }
}

#[test]
fn latents_that_know_nothing_score_what_shuffled_ones_score() {
    let mut stream = Stream::new(2, "tasks");
    let codes: Vec<usize> = (0..1000).map(|i| i % 50).collect();
    let (z, zhat) = (normal(1000, 6, &mut stream), normal(1000, 6, &mut stream));
    let effort = Effort { draws: 100, ..BARE };
    let found = task_mcc(Correlation::Pearson, &z, &zhat, &labels(&codes), effort).expect("finite");
    let (value, unrelated) = (found.value.expect("defined"), found.unrelated.expect("drawn"));
    // With 20 rows for 6 latents chance alone reaches a third; each of the means of 50 tasks has a standard error below .01.
    assert!(unrelated > 0.3 && (value - unrelated).abs() < 0.03, "{value} {unrelated}");
    assert_eq!(found, task_mcc(Correlation::Pearson, &z, &zhat, &labels(&codes), effort).expect("finite"));
}

#[test]
fn small_tasks_are_left_out_and_a_latent_that_is_constant_in_one_gives_null_and_the_reason() {
    let z = normal(10, 2, &mut Stream::new(3, "tasks"));
    let tasks = labels(&[0, 0, 0, 0, 0, 1, 1, 2, 2, 2]);
    let found = task_mcc(Correlation::Pearson, &z, &z, &tasks, BARE).expect("finite");
    assert_eq!((found.left_out, found.per_task.len()), (1, 2));
    assert_close(found.value.expect("defined"), 1.0, 1e-15, "itself");

    let still = Matrix::from_fn(10, 2, |i, j| if i > 6 && j == 1 { 4.0 } else { z[(i, j)] });
    let found = task_mcc(Correlation::Spearman, &z, &still, &tasks, Effort::default()).expect("finite");
    assert_eq!((found.value, found.unrelated, found.per_task[1].value), (None, None, None));
    assert!(found.per_task[0].value.is_some());
    assert_eq!(found.reason.as_deref(), Some("in task t2 estimated latent 1 is constant"));

    let pairs = task_mcc(Correlation::Pearson, &z, &z, &labels(&[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]), BARE).expect("finite");
    assert!(pairs.value.is_none() && pairs.reason.is_some() && pairs.left_out == 5);
}

#[test]
fn recovered_causes_agree_with_scikit_learn() {
    let case = &golden()["causes"];
    let input = IndicatorsInput { truth: marks(&case["truth"]), called: marks(&case["called"]) };
    let found = indicators(&input, &matching(&case["matching"])).expect("fits");
    for (name, value) in
        [("exact", found.exact), ("accuracy", found.accuracy), ("precision", found.precision), ("recall", found.recall)]
    {
        assert_close(value.expect("defined"), number(&case[name]), 1e-15, name);
    }
    let causes: usize = list(&case["truth"]).iter().map(|task| flags(task).iter().filter(|&&c| c).count()).sum();
    assert_eq!(found.true_positives + found.false_negatives, causes);
    assert_eq!(found.tasks, input.truth.rows());
}

#[test]
fn causes_without_a_match_are_missed_and_calls_without_one_are_false() {
    // True latent 0 is column 1, latent 1 is unmatched, columns 0 and 2 are nobody's.
    let truth = Matrix::new(3, 2, vec![true, false, false, true, false, false]).expect("3 x 2");
    let called = Matrix::new(3, 3, vec![false, true, false, false, false, false, false, false, true]).expect("3 x 3");
    let found = indicators(&IndicatorsInput { truth: truth.clone(), called }, &[Some(1), None]).expect("fits");
    let counts = [found.true_positives, found.false_positives, found.false_negatives, found.true_negatives];
    assert_eq!(counts, [1, 1, 1, 4]);
    assert_eq!((found.exact, found.accuracy), (Some(1.0 / 3.0), Some(5.0 / 7.0)));

    let none = indicators(&IndicatorsInput { truth: Matrix::zeros(0, 2), called: Matrix::zeros(0, 2) }, &[None; 2]);
    let none = none.expect("fits");
    assert!(none.exact.is_none() && none.precision.is_none() && none.recall.is_none() && none.reason.is_some());
    for (rows, matching) in [(2, vec![None; 2]), (3, vec![None]), (3, vec![Some(2), None])] {
        let input = IndicatorsInput { truth: truth.clone(), called: Matrix::zeros(rows, 2) };
        assert_eq!(indicators(&input, &matching).expect_err("does not fit").code, Code::MetricShape);
    }
}
