//! Recovered silence, against scikit-learn and by hand.

use crate::golden::{golden, marks, matching, number};
use crate::{assert_close, input, named, normal};
use disentangle_data::{Code, Matrix, Stream};
use disentangle_metrics::{ScoreInput, SilenceInput, score, silence};

#[test]
fn recovered_silence_agrees_with_scikit_learn() {
    let case = &golden()["silence"];
    let input = SilenceInput { truth: marks(&case["truth"]), called: marks(&case["called"]) };
    let found = silence(&input, &matching(&case["matching"])).expect("fits");
    for (name, value) in
        [("f1", found.f1), ("precision", found.precision), ("recall", found.recall), ("f1OfAll", found.f1_of_all)]
    {
        assert_close(value.expect("defined"), number(&case[name]), 1e-15, name);
    }
    assert_eq!(found.entries, input.truth.data().len());
}

#[test]
fn silence_without_a_match_is_missed_and_a_column_without_one_is_nobodys() {
    // True latent 0 is column 1, latent 1 is unmatched, columns 0 and 2 are nobody's.
    let truth = Matrix::new(3, 2, vec![true, false, false, true, false, false]).expect("3 x 2");
    let called = Matrix::new(3, 3, vec![true, true, true, true, true, true, true, false, true]).expect("3 x 3");
    let found = silence(&SilenceInput { truth: truth.clone(), called }, &[Some(1), None]).expect("fits");
    let counts = [found.true_positives, found.false_positives, found.false_negatives, found.entries];
    assert_eq!(counts, [1, 1, 1, 6]);
    assert_eq!((found.f1, found.f1_of_all), (Some(0.5), Some(0.5)));
    for (rows, matching) in [(2, vec![None; 2]), (3, vec![None]), (3, vec![Some(2), None])] {
        let input = SilenceInput { truth: truth.clone(), called: Matrix::zeros(rows, 2) };
        assert_eq!(silence(&input, &matching).expect_err("does not fit").code, Code::MetricShape);
    }
}

#[test]
fn where_nothing_is_silent_there_is_no_f1_but_a_reason() {
    let called = Matrix::new(2, 1, vec![true, false]).expect("2 x 1");
    let found = silence(&SilenceInput { truth: Matrix::zeros(2, 1), called }, &[Some(0)]).expect("fits");
    assert_eq!((found.f1, found.recall, found.f1_of_all, found.precision), (None, None, None, Some(0.0)));
    assert_eq!(found.reason.as_deref(), Some("no entry is silent in truth"));
}

#[test]
fn where_the_truth_was_rotated_silence_belongs_to_the_latents_before_that() {
    let u = normal(300, 2, &mut Stream::new(1, "silence"));
    // A rotation by 60 degrees, after which each latent is closest to the other one of before.
    let (sin, cos) = 60f64.to_radians().sin_cos();
    let z = Matrix::from_fn(300, 2, |i, j| {
        if j == 0 { cos * u[(i, 0)] - sin * u[(i, 1)] } else { sin * u[(i, 0)] + cos * u[(i, 1)] }
    });
    let truth = u.map(|v| v.abs() < 0.3);
    let input = ScoreInput {
        unrotated: Some(named(u.clone())),
        silence: Some(SilenceInput { called: truth.clone(), truth }),
        ..input(z, u)
    };
    let scores = score(&input).expect("sound");
    assert_eq!((&scores.mcc.matching[..], scores.mcc.value < Some(0.9)), (&[Some(1), Some(0)][..], true));
    assert_close(scores.mcc_unrotated.expect("known").value.expect("defined"), 1.0, 1e-12, "before the rotation");
    assert_eq!(scores.silence.expect("known").f1, Some(1.0));
    let rotated = score(&ScoreInput { unrotated: None, ..input }).expect("sound").silence.expect("known");
    assert!(rotated.f1 < Some(0.7), "{rotated:?}");
}
