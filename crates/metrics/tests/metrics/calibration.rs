//! Calibration, against scikit-learn, against simulation and by hand.

use crate::assert_close;
use crate::golden::{flags, list, number, numbers};
use disentangle_data::{Code, Matrix};
use disentangle_metrics::calibration::of;
use disentangle_metrics::{Events, Probabilities, calibration};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../../../../golden/calibration.json")).expect("the golden file is JSON")
}

#[test]
fn calibration_agrees_with_scikit_learn() {
    for case in list(&golden()["cases"]) {
        let (said, truth) = (numbers(&case["probability"]), flags(&case["truth"]));
        let found = of(said.iter().copied().zip(truth.iter().copied())).expect("between 0 and 1");
        // atol: rounding of sums over 600 entries.
        assert_close(found.error.expect("defined"), number(&case["error"]), 1e-13, "error");
        assert_close(found.brier.expect("defined"), number(&case["brier"]), 1e-13, "Brier score");
        let curve: Vec<f64> = found.bins.iter().map(|bin| bin.probability).collect();
        for (ours, theirs) in curve.iter().zip(numbers(&case["mean"])) {
            assert_close(*ours, theirs, 1e-13, "mean of a bin");
        }
        for (bin, (share, entries)) in
            found.bins.iter().zip(numbers(&case["share"]).iter().zip(numbers(&case["entries"])))
        {
            assert_close(bin.share, *share, 1e-13, "share of a bin");
            assert_eq!(bin.entries as f64, entries);
        }
        assert_eq!(found.bins.len(), numbers(&case["mean"]).len());
        // rtol: shares of bins near 0 and 1 are not normal, and a bin's spread is taken at its mean probability; without the factor of
        // sqrt(2/pi) it would be 25 % too large.
        let by_chance = number(&case["byChance"]);
        assert_close(found.by_chance.expect("defined"), by_chance, 0.08 * by_chance, "by chance");
    }
}

#[test]
fn both_ends_have_a_bin_and_sound_certainty_has_no_error() {
    let found = of([(0.0, false), (0.0, false), (1.0, true)].into_iter()).expect("between 0 and 1");
    assert_eq!((found.error, found.by_chance, found.brier, found.entries), (Some(0.0), Some(0.0), Some(0.0), 3));
    assert_eq!(found.bins.iter().map(|bin| bin.from).collect::<Vec<_>>(), [0.0, 0.9]);
    let wrong = of([(0.0, true), (1.0, false)].into_iter()).expect("between 0 and 1");
    assert_eq!((wrong.error, wrong.brier, wrong.brier_of_share), (Some(1.0), Some(1.0), Some(0.25)));
    let nothing = of(std::iter::empty()).expect("nothing");
    assert_eq!((nothing.error, nothing.brier_of_share, nothing.bins.len()), (None, None, 0));
    for outside in [-0.1, 1.1, f64::NAN] {
        assert_eq!(of([(outside, true)].into_iter()).expect_err("refused").code, Code::MetricShape);
    }
}

#[test]
fn latents_are_paired_by_the_matching_and_edges_keep_their_direction() {
    // True latent 0 is column 1, latent 1 is unmatched, latent 2 is column 0.
    let matching = [Some(1), None, Some(0)];
    let silent = Matrix::new(2, 3, vec![true, true, false, false, true, true]).expect("2 x 3");
    let said = Matrix::new(2, 2, vec![0.0, 1.0, 1.0, 0.0]).expect("2 x 2");
    let edges = Matrix::from_fn(3, 3, |i, j| f64::from(u8::from((i, j) == (0, 2))));
    // The edge 0 -> 2 is that from column 1 to column 0.
    let sure = Matrix::new(2, 2, vec![0.0, 0.0, 1.0, 0.0]).expect("2 x 2");
    let probabilities = Probabilities { silence: Some(said.clone()), causes: None, edges: Some(sure.clone()) };
    let known = Events { silence: Some(&silent), causes: Some(&silent), edges: Some(&edges) };
    let all = [Some(0), None, Some(1)];
    let found = calibration(&probabilities, known, &all, &matching).expect("fits").expect("something is known");
    assert_eq!((found.value, found.causes.is_none()), (Some(0.0), true));
    let entries = |of: &Option<disentangle_metrics::Calibration>| of.as_ref().map(|of| of.entries);
    assert_eq!((entries(&found.silence), entries(&found.edges)), (Some(4), Some(2)));
    let turned = calibration(&probabilities, known, &matching, &all).expect("fits").expect("something is known");
    assert_eq!(turned.edges.and_then(|edges| edges.error), Some(1.0));

    let unmatched = calibration(&probabilities, known, &[None; 3], &[None; 3]).expect("fits").expect("known");
    assert!(unmatched.value.is_none() && unmatched.reason.is_some());
    let nothing = calibration(&Probabilities::default(), known, &matching, &matching).expect("fits");
    assert_eq!(nothing, None);
    let short = Probabilities { silence: Some(Matrix::zeros(1, 2)), ..Probabilities::default() };
    let narrow = Probabilities { edges: Some(Matrix::zeros(1, 1)), ..Probabilities::default() };
    for wrong in [short, narrow] {
        let refused = calibration(&wrong, known, &matching, &matching).expect_err("does not fit");
        assert_eq!(refused.code, Code::MetricShape);
    }
}
