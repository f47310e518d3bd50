//! Each metric at a perfect result, at a useless one, at one derived by hand, and where it is not defined.

use crate::{BARE, assert_close, normal};
use disentangle_data::{Code, Labels, Matrix, Stream};
use disentangle_metrics::{
    ChangesInput, Correlation, Effort, Mcc, agreement, ate, changes, correlation, mcc, r2, weak_mcc,
};

const KINDS: [Correlation; 2] = [Correlation::Pearson, Correlation::Spearman];

fn columns(columns: &[&[f64]]) -> Matrix<f64> {
    Matrix::from_fn(columns[0].len(), columns.len(), |i, j| columns[j][i])
}

#[test]
fn latents_in_another_order_sign_scale_and_origin_are_perfect() {
    let z = normal(80, 3, &mut Stream::new(1, "z"));
    let zhat = Matrix::from_fn(80, 3, |i, j| [-3.0, 1e-6, 40.0][j] * z[(i, (j + 1) % 3)] + [5.0, 0.0, -1e3][j]);
    for kind in KINDS {
        let score = mcc(kind, &z, &zhat, Effort::default()).expect("finite");
        assert_close(score.value.expect("defined"), 1.0, 1e-9, "mcc");
        assert_eq!(score.matching, [Some(2), Some(0), Some(1)]);
        assert_close(score.out_of_sample.expect("defined"), 1.0, 1e-9, "out of sample");
        assert!(score.interval.expect("defined").iter().all(|bound| (bound - 1.0).abs() < 1e-9));
    }
    assert_close(r2(&z, &zhat).expect("finite").value.expect("defined"), 1.0, 1e-9, "r2");
    assert_close(weak_mcc(&z, &zhat).expect("finite").value.expect("defined"), 1.0, 1e-9, "weak");
    let agreement = agreement(&[z.clone(), zhat, z]).expect("finite");
    assert_eq!(agreement.pairs.len(), 3);
    assert_close(agreement.strong.expect("defined"), 1.0, 1e-9, "strong agreement");
    assert_close(agreement.weak.expect("defined"), 1.0, 1e-9, "weak agreement");
}

#[test]
fn unrelated_latents_score_what_their_null_says() {
    let mut stream = Stream::new(2, "unrelated");
    let (z, zhat) = (normal(500, 4, &mut stream), normal(500, 4, &mut stream));
    for kind in KINDS {
        let score = mcc(kind, &z, &zhat, Effort::default()).expect("finite");
        let null = score.nulls.unrelated.expect("drawn");
        assert_close(score.value.expect("defined"), null.mean, 4.0 * null.sd, "mcc of unrelated latents");
        // The matching has something to choose from, so the luck is visible; out of sample it is not kept.
        assert!(null.mean > 0.03 && null.mean < 0.12, "{}", null.mean);
        let reference = score.nulls.linear.expect("drawn");
        assert!(reference.q95 < 0.2, "{reference:?}");
    }
    // Expected R2 of 4 unrelated regressors is 4 / 499.
    assert!(r2(&z, &zhat).expect("finite").value.expect("defined") < 0.03);
}

#[test]
fn a_score_derived_by_hand() {
    // Centred and summed by hand: corr(z1, e1) = 4 / 5, corr(z2, e1) = -2 / (2 sqrt 5), corr(z1, e2) = 0, corr(z2, e2) = -1.
    let z = columns(&[&[1.0, 2.0, 3.0, 4.0], &[1.0, -1.0, -1.0, 1.0]]);
    let zhat = columns(&[&[1.0, 2.0, 4.0, 3.0], &[-1.0, 1.0, 1.0, -1.0]]);
    let score = mcc(Correlation::Pearson, &z, &zhat, BARE).expect("finite");
    let expected = [[0.8, 0.0], [1.0 / 5f64.sqrt(), 1.0]];
    for (row, expected) in score.correlation.iter().zip(expected) {
        row.iter().zip(expected).for_each(|(c, e)| assert_close(c.expect("defined"), e, 1e-15, "correlation"));
    }
    assert_eq!(score.matching, [Some(0), Some(1)]);
    assert_close(score.value.expect("defined"), 0.9, 1e-15, "mcc");
    // z1 on e1 and e2: e1 explains .64, and what e2 adds is (0 + .8 / sqrt 5)^2 / (1 - 1 / 5) = .16. z2 is e2.
    let r2 = r2(&z, &zhat).expect("finite");
    assert_close(r2.per_latent[0].expect("defined"), 0.8, 1e-14, "r2 of z1");
    assert_close(r2.per_latent[1].expect("defined"), 1.0, 1e-14, "r2 of z2");
    assert_close(r2.value.expect("defined"), 0.9, 1e-14, "r2");
}

#[test]
fn tied_values_share_their_ranks() {
    // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5).
    let a = columns(&[&[0.0, 7.0, 7.0, 9.0]]);
    let b = columns(&[&[1.0, 2.0, 3.0, 100.0]]);
    let found = correlation(Correlation::Spearman, &a, &b).expect("finite")[(0, 0)].expect("defined");
    assert_close(found, 4.5 / 22.5f64.sqrt(), 1e-15, "spearman");
    let zeros = columns(&[&[-0.0, 0.0, 1.0]]);
    let ordered = columns(&[&[0.0, 0.0, 1.0]]);
    let found = correlation(Correlation::Spearman, &zeros, &ordered).expect("finite")[(0, 0)].expect("defined");
    assert_close(found, 1.0, 1e-15, "both zeros are one value");
}

#[test]
fn true_latents_without_a_match_count_zero() {
    let z = normal(50, 2, &mut Stream::new(3, "z"));
    let score = mcc(Correlation::Pearson, &z, &z.select_cols(&[1]), Effort::default()).expect("finite");
    assert_close(score.value.expect("defined"), 0.5, 1e-12, "half of the latents are there");
    assert_eq!((score.matching.as_slice(), score.per_latent[0]), ([None, Some(0)].as_slice(), Some(0.0)));
    assert!(score.interval.expect("defined").iter().all(|bound| (bound - 0.5).abs() < 1e-9));
    assert_close(score.out_of_sample.expect("defined"), 0.5, 1e-12, "out of sample");
}

#[test]
fn a_collapsed_latent_takes_no_part_and_a_constant_true_one_gives_null_and_the_reason() {
    let z = normal(40, 2, &mut Stream::new(4, "z"));
    let varies_by_rounding = |i: usize| 3.0 + f64::from(f32::EPSILON) * 0.5 * (i % 2) as f64;
    for dead in [|_| 0.0, |_| -7.25, varies_by_rounding] {
        let half = Matrix::from_fn(40, 2, |i, j| if j == 0 { z[(i, 1)] } else { dead(i) });
        let none = Matrix::from_fn(40, 2, |i, _| dead(i));
        for kind in KINDS {
            for (truth, estimate, who) in [(&half, &z, "true latent 1"), (&z, &none, "estimated latents 0, 1")] {
                let score = mcc(kind, truth, estimate, Effort::default()).expect("finite");
                assert_eq!(score.value, None);
                assert!(score.reason.as_ref().is_some_and(|r| r.contains(who) && r.contains("constant")), "{score:?}");
                assert_eq!((score.interval, score.out_of_sample), (None, None));
                assert_eq!(score.nulls, Default::default());
            }
            // The pair that is defined is still shown.
            let score = mcc(kind, &half, &z, BARE).expect("finite");
            assert_eq!((score.per_latent[1], score.correlation.iter().flatten().flatten().count()), (None, 2));
            assert_close(score.per_latent[0].expect("defined"), 1.0, 1e-12, "the live latent");
            // One that collapsed scores as one that is not there.
            let effort = Effort::default();
            let [collapsed, absent] =
                [&half, &half.select_cols(&[0])].map(|e| mcc(kind, &z, e, effort).expect("finite"));
            assert_eq!(
                (collapsed.matching.as_slice(), collapsed.per_latent[0]),
                ([None, Some(0)].as_slice(), Some(0.0))
            );
            assert_close(collapsed.value.expect("defined"), 0.5, 1e-12, "half of the latents are there");
            assert_eq!(collapsed.reason, None);
            // Sums over one column and over two are taken in another order.
            let numbers = |score: &Mcc| {
                let [lower, upper] = score.interval.expect("defined");
                [lower, upper, score.value.expect("defined"), score.out_of_sample.expect("defined")]
            };
            for (got, wanted) in numbers(&collapsed).into_iter().zip(numbers(&absent)) {
                assert_close(got, wanted, 1e-12, "as one that is not there");
            }
            let unrelated = |score: &Mcc| score.nulls.unrelated.as_ref().expect("defined").mean;
            assert_close(unrelated(&collapsed), unrelated(&absent), 1e-12, "unrelated latents");
        }
        let weak = weak_mcc(&z, &half).expect("finite");
        assert!(weak.value.is_none() && weak.reason.is_some() && weak.canonical.is_empty());
        let explained = r2(&half, &z).expect("finite");
        assert_eq!((explained.value, explained.per_latent[1]), (None, None));
        assert!(explained.reason.is_some_and(|r| r.contains("true latent 1 is constant")));
        // For a regression a constant latent is harmless as long as another one varies.
        assert!(r2(&z, &half).expect("finite").value.is_some());
    }
    let dead = Matrix::from_fn(40, 2, |_, j| j as f64);
    let nothing = r2(&z, &dead).expect("finite");
    assert!(nothing.value.is_none() && nothing.reason.is_some());
}

#[test]
fn too_few_rows_give_null_and_the_reason() {
    let z = normal(3, 2, &mut Stream::new(5, "z"));
    for rows in 0..3 {
        let few = z.select_rows(&(0..rows).collect::<Vec<_>>());
        let score = mcc(Correlation::Pearson, &few, &few, Effort::default()).expect("finite");
        assert!(score.value.is_none() && score.reason.is_some(), "{rows} rows");
    }
    assert!(r2(&z, &z).expect("finite").value.is_none(), "three rows, three coefficients");
    assert!(weak_mcc(&z, &z).expect("finite").value.is_none());
}

#[test]
fn repeated_latents_have_no_canonical_variates_but_an_r2() {
    let z = normal(40, 2, &mut Stream::new(6, "z"));
    let twice = z.select_cols(&[0, 0]);
    let weak = weak_mcc(&z, &twice).expect("finite");
    assert!(weak.value.is_none() && weak.reason.is_some_and(|r| r.contains("span 1")));
    assert_close(r2(&z, &twice).expect("finite").per_latent[0].expect("defined"), 1.0, 1e-12, "r2");
}

#[test]
fn huge_and_tiny_numbers_correlate_as_others_do() {
    let z = normal(30, 1, &mut Stream::new(7, "z"));
    for scale in [1e-300, 1e-38, 1e38, 1e300] {
        let score = mcc(Correlation::Pearson, &z, &z.map(|v| v * scale), BARE).expect("finite");
        assert_close(score.value.expect("defined"), 1.0, 1e-12, "mcc");
    }
}

#[test]
fn matrices_that_do_not_fit_or_are_not_finite_are_failures() {
    let z = normal(10, 2, &mut Stream::new(8, "z"));
    let shorter = z.select_rows(&[0, 1, 2]);
    let mut holed = z.clone();
    holed[(4, 1)] = f64::NAN;
    let empty = Matrix::zeros(10, 0);
    for (other, code) in [(&shorter, Code::MetricShape), (&empty, Code::MetricShape), (&holed, Code::DataNotFinite)] {
        assert_eq!(mcc(Correlation::Pearson, &z, other, BARE).expect_err("refused").code, code);
        assert_eq!(weak_mcc(&z, other).expect_err("refused").code, code);
        assert_eq!(r2(&z, other).expect_err("refused").code, code);
        assert_eq!(correlation(Correlation::Spearman, &z, other).expect_err("refused").code, code);
    }
}

#[test]
fn changes_are_counted_by_hand() {
    // True latent 0 is column 1, latent 1 is unmatched, column 0 is nobody's. Node 2 is not observed.
    let input = ChangesInput {
        truth: Matrix::new(3, 2, vec![0.5, 0.0, 0.0, -1.0, 9.0, 9.0]).expect("3 x 2"),
        real: Matrix::new(3, 2, vec![true, true, false, true, true, true]).expect("3 x 2"),
        observed: vec![true, true, false],
    };
    let found = changes(&input, &[Some(1), None]).expect("the shapes agree");
    assert_eq!((found.true_positives, found.false_positives, found.false_negatives), (1, 2, 1));
    assert_eq!((found.precision, found.recall, found.f1), (Some(1.0 / 3.0), Some(0.5), Some(0.4)));
    assert_eq!(found.observed_edges, 2);

    let perfect = ChangesInput { real: input.truth.map(|v| v != 0.0), ..input.clone() };
    assert_eq!(changes(&perfect, &[Some(0), Some(1)]).expect("fits").f1, Some(1.0));
    let silent = ChangesInput { real: Matrix::zeros(3, 2), ..input.clone() };
    let found = changes(&silent, &[Some(0), Some(1)]).expect("fits");
    assert_eq!((found.precision, found.recall, found.f1), (None, Some(0.0), Some(0.0)));
    let nothing = ChangesInput { truth: Matrix::zeros(3, 2), ..input.clone() };
    let found = changes(&nothing, &[Some(0), Some(1)]).expect("fits");
    assert!(found.f1.is_none() && found.reason.is_some());
    assert_eq!(changes(&input, &[Some(2), None]).expect_err("no column 2").code, Code::MetricShape);
}

#[test]
fn effects_of_the_true_latents_have_no_error_and_missing_ones_their_square() {
    // y = 2 z1 in one environment and -3 z1 + z2 in the other, without noise.
    let z = normal(60, 2, &mut Stream::new(9, "z"));
    let labels = Labels::encode("site", &(0..60).map(|i| if i < 30 { "a" } else { "b" }).collect::<Vec<_>>());
    let y: Vec<f64> = (0..60).map(|i| if i < 30 { 2.0 * z[(i, 0)] } else { -3.0 * z[(i, 0)] + z[(i, 1)] }).collect();
    let flipped = Matrix::from_fn(60, 2, |i, j| -4.0 * z[(i, 1 - j)]);
    let found = ate(&z, &flipped, &[Some(1), Some(0)], &y, &labels, 0).expect("finite");
    assert_close(found.value.expect("defined"), 0.0, 1e-20, "perfect");
    // Nothing matched: the mean square of the true effects per standard deviation.
    let found = ate(&z, &flipped, &[None, None], &y, &labels, 0).expect("finite");
    let sd = |j: usize| {
        let mean = z.col(j).iter().sum::<f64>() / 60.0;
        (z.col(j).iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 60.0).sqrt()
    };
    let expected = [(2.0 * sd(0)).powi(2) / 2.0, ((3.0 * sd(0)).powi(2) + sd(1).powi(2)) / 2.0];
    for (c, e) in found.per_environment.iter().zip(expected) {
        assert_close(c.value.expect("defined"), e, 1e-12, &c.environment);
    }
}

#[test]
fn effects_need_environments_with_enough_rows() {
    let z = normal(40, 2, &mut Stream::new(10, "z"));
    let names: Vec<String> = (0..40).map(|i| if i < 36 { format!("site {}", i / 3) } else { "large".into() }).collect();
    let labels = Labels::encode("site", &names);
    let y = z.col(0);
    let found = ate(&z, &z, &[Some(0), Some(1)], &y, &labels, 0).expect("finite");
    assert_eq!(found.per_environment.len(), 1);
    assert_eq!((found.per_environment[0].environment.as_str(), found.per_environment[0].rows), ("large", 4));
    let missing: Vec<f64> = y.iter().enumerate().map(|(i, y)| if i == 39 { f64::NAN } else { *y }).collect();
    let found = ate(&z, &z, &[Some(0), Some(1)], &missing, &labels, 0).expect("finite");
    assert!(found.value.is_none() && found.reason.is_some() && found.per_environment.is_empty());
}
