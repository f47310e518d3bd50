//! Tests of independence: against SciPy and statsmodels, and what they refuse.

use crate::golden::{flags, golden, list, matrix, number, numbers};
use crate::{assert_close, normal};
use disentangle_data::{Code, Matrix, Stream};
use disentangle_metrics::{Correction, Decision, FisherZ, Given, Independence, adjusted, check_indicators, tally};

#[test]
fn partial_correlations_and_their_p_values_agree_with_scipy() {
    let case = &golden()["independence"];
    let tests = FisherZ::of(&matrix(&case["values"])).expect("every variable varies");
    for expected in list(&case["tests"]) {
        let index = |key: &str| expected[key].as_u64().expect("an index") as usize;
        let given: Vec<usize> = numbers(&expected["given"]).iter().map(|&v| v as usize).collect();
        let found = tests.test(index("a"), index("b"), &given).expect("sound");
        let what = expected.to_string();
        assert_close(found.correlation, number(&expected["correlation"]), 1e-12, &what);
        // Relative: p-values reach down to 1e-40. Rounding of a strong correlation grows in its tail.
        let p = number(&expected["p"]);
        assert!((found.p / p - 1.0).abs() < 1e-9, "{}: {what}", found.p);
    }
}

#[test]
fn a_test_does_not_depend_on_the_order_in_which_variables_are_named() {
    let tests = FisherZ::of(&normal(30, 5, &mut Stream::new(1, "z"))).expect("every variable varies");
    let one = tests.test(0, 3, &[1, 2, 4]).expect("sound");
    for (a, b, given) in [(3, 0, [1, 2, 4]), (0, 3, [4, 1, 2]), (3, 0, [2, 4, 1])] {
        assert_eq!(tests.test(a, b, &given).expect("sound"), one);
    }
}

#[test]
fn a_correlation_matrix_gives_the_tests_of_its_data() {
    let z = normal(40, 3, &mut Stream::new(2, "z"));
    let correlation =
        disentangle_metrics::correlation(disentangle_metrics::Correlation::Pearson, &z, &z).expect("finite");
    let known = FisherZ::from_correlation(correlation.map(|r| r.expect("varies")), 40).expect("correlations");
    let found = FisherZ::of(&z).expect("varies");
    for (a, b, given) in [(0, 1, vec![]), (0, 2, vec![1])] {
        let pair = [&known, &found].map(|tests| tests.test(a, b, &given).expect("sound"));
        assert_close(pair[0].p, pair[1].p, 1e-13, "p");
    }
}

#[test]
fn variables_that_leave_nothing_to_test_are_failures_and_not_nan() {
    let z = normal(20, 4, &mut Stream::new(3, "z"));
    let with = |f: &dyn Fn(usize) -> f64| Matrix::from_fn(20, 4, |i, j| if j == 3 { f(i) } else { z[(i, j)] });
    let constant = FisherZ::of(&with(&|_| 5.0)).expect_err("constant");
    assert_eq!((constant.code, &constant.context["column"]), (Code::DataConstantColumn, &3.into()));
    // In single precision, as latents are stored.
    let single = |v: f64| f64::from(v as f32);
    let copy = FisherZ::of(&with(&|i| single(-2.0 * z[(i, 0)]))).expect("varies");
    let sum = FisherZ::of(&with(&|i| single(z[(i, 0)] + z[(i, 1)]))).expect("varies");
    for (tests, a, b, given) in
        [(&copy, 0, 3, vec![]), (&copy, 1, 0, vec![3]), (&sum, 0, 3, vec![1]), (&sum, 2, 3, vec![0, 1])]
    {
        let failure = tests.test(a, b, &given).expect_err("determined");
        assert_eq!(failure.code, Code::NumericSingular, "{failure}");
    }
    assert!(copy.test(1, 3, &[2]).is_ok() && sum.test(0, 3, &[2]).is_ok());
}

#[test]
fn what_cannot_be_tested_is_a_failure() {
    let tests = FisherZ::of(&normal(6, 4, &mut Stream::new(4, "z"))).expect("varies");
    assert!(tests.test(0, 1, &[2, 3]).is_ok());
    let few = FisherZ::of(&normal(5, 4, &mut Stream::new(4, "z"))).expect("varies");
    assert_eq!(few.test(0, 1, &[2, 3]).expect_err("five rows").code, Code::DataTooFewRows);
    for (a, b, given) in [(0, 0, vec![]), (0, 4, vec![]), (0, 1, vec![1]), (0, 1, vec![2, 2])] {
        assert_eq!(tests.test(a, b, &given).expect_err("misnamed").code, Code::MetricShape);
    }
    for wrong in [Matrix::zeros(2, 3), Matrix::zeros(0, 0)] {
        assert_eq!(FisherZ::from_correlation(wrong, 9).expect_err("not square").code, Code::MetricShape);
    }
    for wrong in [f64::NAN, 1.1] {
        let m = Matrix::from_fn(2, 2, |i, j| if i == j { 1.0 } else { wrong });
        assert_eq!(FisherZ::from_correlation(m, 9).expect_err("no correlation").code, Code::DataNotFinite);
    }
}

#[test]
fn adjusted_p_values_agree_with_scipy_and_statsmodels() {
    for case in list(&golden()["corrections"]) {
        for (key, correction) in [("benjamini-hochberg", Correction::BenjaminiHochberg), ("holm", Correction::Holm)] {
            let found = adjusted(&numbers(&case["p"]), correction).expect("p-values");
            let expected = numbers(&case[key]);
            assert_eq!(found.len(), expected.len());
            found.iter().zip(&expected).for_each(|(c, e)| assert_close(*c, *e, 1e-15, key));
        }
    }
    assert!(adjusted(&[], Correction::Holm).expect("no tests").is_empty());
    for wrong in [f64::NAN, -0.1, 1.1] {
        assert_eq!(adjusted(&[0.5, wrong], Correction::Holm).expect_err("refused").code, Code::DataNotFinite);
    }
}

#[test]
fn the_check_of_indicators_agrees_with_scipy_and_statsmodels() {
    let case = &golden()["indicatorCheck"];
    let causal = flags(&case["causal"]);
    let found = check_indicators(
        &matrix(&case["latents"]),
        &numbers(&case["target"]),
        &causal,
        Decision { alpha: number(&case["alpha"]), correction: Correction::BenjaminiHochberg },
    )
    .expect("sound");
    assert_close(found.least, number(&case["least"]), 1e-14, "least");
    let mut connected = vec![false; causal.len()];
    for (given, key) in [(Given::Target, "target"), (Given::Nothing, "nothing")] {
        let expected = &case["families"][key];
        let family: Vec<_> = found.pairs.iter().filter(|pair| pair.given == given).collect();
        let dependent = flags(&expected["dependent"]);
        assert_eq!(family.len(), dependent.len());
        for (k, pair) in family.iter().enumerate() {
            assert_close(pair.correlation, numbers(&expected["correlation"])[k], 1e-12, key);
            assert_close(pair.p, numbers(&expected["p"])[k], 1e-12, key);
            assert_close(pair.adjusted, numbers(&expected["adjusted"])[k], 1e-12, key);
            assert_eq!(pair.dependent, dependent[k], "{pair:?}");
            if given == Given::Target && pair.dependent {
                (connected[pair.first], connected[pair.second]) = (true, true);
            }
        }
    }
    assert_eq!(found.causal, connected);
    assert_eq!(found.same_set, Some(connected == causal));
}

/// A task whose graph is known: latents 0 and 1 cause the target, 2 and 3 are its effects.
fn task(rows: usize, stream: &mut Stream) -> (Matrix<f64>, Vec<f64>) {
    let mut z = normal(rows, 4, stream);
    let y: Vec<f64> = (0..rows).map(|i| z[(i, 0)] - 1.2 * z[(i, 1)] + stream.normal()).collect();
    for i in 0..rows {
        z[(i, 2)] = 0.8 * y[i] + 0.5 * z[(i, 2)];
        z[(i, 3)] = -0.6 * y[i] + 0.5 * z[(i, 3)];
    }
    (z, y)
}

#[test]
fn tests_and_true_indicators_agree_and_wrong_ones_are_found_out() {
    let (z, mut y) = task(4000, &mut Stream::new(5, "task"));
    y[7] = f64::NAN;
    let decision = Decision { alpha: 0.001, correction: Correction::Holm };
    let right = check_indicators(&z, &y, &[true, true, false, false], decision).expect("sound");
    assert_eq!((right.rows, right.same_set), (3999, Some(true)));
    assert!(right.pairs.iter().all(|pair| pair.dependent == pair.predicted), "{:?}", right.pairs);
    assert_eq!(right.pairs.len(), 12);
    let counts = tally([&right, &right], Given::Target);
    assert_eq!((counts.dependent, counts.dependent_agree), (2, 2));
    assert_eq!((counts.independent, counts.independent_agree), (10, 10));

    let wrong = check_indicators(&z, &y, &[true, true, true, false], decision).expect("sound");
    assert_eq!(wrong.same_set, Some(false));
    let counts = tally([&wrong], Given::Target);
    // Of the pairs (0,1), (0,2), (1,2) that three causes predict to be dependent only the first is.
    assert_eq!((counts.dependent, counts.dependent_agree), (3, 1));
    // Given nothing, (0,2) and (1,2) should then be independent and are not; (0,1) is, the three others are dependent.
    let marginal = tally([&wrong], Given::Nothing);
    assert_eq!((marginal.independent, marginal.independent_agree), (3, 1));
    assert_eq!((marginal.dependent, marginal.dependent_agree), (3, 3));
    let lone = check_indicators(&z, &y, &[true, false, false, false], decision).expect("sound");
    assert_eq!(lone.same_set, None);
}

#[test]
fn half_of_the_dependences_of_the_stated_strength_are_found() {
    let mut found = 0;
    let mut least = 0.0;
    for seed in 0..400 {
        let mut stream = Stream::new(seed, "power");
        // Given y, which has nothing to do with them, the two latents are correlated as strongly as the check says.
        let r: f64 = 0.198_566_5;
        let mut z = normal(100, 2, &mut stream);
        (0..100).for_each(|i| z[(i, 1)] = r * z[(i, 0)] + (1.0 - r * r).sqrt() * z[(i, 1)]);
        let y: Vec<f64> = (0..100).map(|_| stream.normal()).collect();
        let check = check_indicators(&z, &y, &[true, true], Decision::default()).expect("sound");
        least = check.least;
        found += usize::from(check.pairs[0].dependent);
    }
    assert_close(least, 0.198_566_5, 2e-3, "least");
    // Three standard deviations of 400 fair coins.
    assert!((170..=230).contains(&found), "{found} of 400");
}

#[test]
fn a_check_that_cannot_be_made_is_a_failure() {
    let (z, y) = task(30, &mut Stream::new(6, "task"));
    let causal = [true, true, false, false];
    let code = |z: &Matrix<f64>, y: &[f64], causal: &[bool], alpha: f64| {
        let decision = Decision { alpha, correction: Correction::Holm };
        check_indicators(z, y, causal, decision).expect_err("refused").code
    };
    assert_eq!(code(&z, &y[1..], &causal, 0.05), Code::MetricShape);
    assert_eq!(code(&z, &y, &causal[1..], 0.05), Code::MetricShape);
    assert_eq!(code(&z.select_cols(&[0]), &y, &causal[..1], 0.05), Code::MetricShape);
    assert_eq!(code(&z, &[3.0; 30], &causal, 0.05), Code::DataConstantColumn);
    assert_eq!(code(&z, &[f64::NAN; 30], &causal, 0.05), Code::DataConstantColumn);
    assert_eq!(code(&z, &z.col(2), &causal, 0.05), Code::NumericSingular);
    assert_eq!(code(&z.select_rows(&[0, 1, 2, 3]), &y[..4], &causal, 0.05), Code::DataTooFewRows);
    for alpha in [0.0, 1.0, f64::NAN] {
        assert_eq!(code(&z, &y, &causal, alpha), Code::ConfigOutOfRange);
    }
}

#[test]
fn variables_that_are_switched_off_are_tested_in_the_rows_in_which_all_of_a_test_are_active() {
    let mut stream = Stream::new(6, "active");
    let z = normal(200, 4, &mut stream);
    let active = Matrix::from_fn(200, 4, |_, _| stream.below(3) > 0);
    let off = Matrix::from_fn(200, 4, |i, j| if active[(i, j)] { z[(i, j)] + z[(i, 0)] } else { 9.0 });
    let tests = FisherZ::of_active(&off, &active).expect("sound");
    for order in [vec![0, 1], vec![1, 2], vec![0, 2, 1], vec![1, 3, 0], vec![0, 3, 1, 2]] {
        let rows: Vec<usize> = (0..200).filter(|&row| order.iter().all(|&j| active[(row, j)])).collect();
        let places: Vec<usize> = (2..order.len()).collect();
        let alone = FisherZ::of(&off.select_rows(&rows).select_cols(&order)).expect("varies");
        let (found, expected) =
            (tests.test(order[0], order[1], &order[2..]).expect("sound"), alone.test(0, 1, &places).expect("sound"));
        assert_close(found.correlation, expected.correlation, 1e-12, "correlation");
        assert!((found.p / expected.p - 1.0).abs() < 1e-9, "{order:?}: {found:?} {expected:?}");
    }

    let all = FisherZ::of_active(&z, &Matrix::from_fn(200, 4, |_, _| true)).expect("sound");
    let whole = FisherZ::of(&z).expect("varies");
    for given in [vec![], vec![2], vec![2, 3]] {
        let pair = [&all, &whole].map(|tests| tests.test(0, 1, &given).expect("sound"));
        assert_close(pair[0].p, pair[1].p, 1e-12, "all are active");
    }
}

#[test]
fn correlations_of_pairs_that_do_not_fit_together_are_no_obstacle() {
    // 0 and 1 agree where 2 is off, 1 and 2 agree where 0 is off, 0 and 2 disagree where 1 is off: the matrix of the correlations of
    // pairs has a negative eigenvalue. In the rows in which all are active nothing depends on anything.
    let mut stream = Stream::new(8, "pairs");
    let n = 900;
    let (noise, common) = (normal(n, 3, &mut stream), normal(n, 1, &mut stream));
    let off = |i: usize| i % 4; // 3: none.
    let active = Matrix::from_fn(n, 3, |i, j| off(i) != j);
    let z = Matrix::from_fn(n, 3, |i, j| match off(i) {
        3 => noise[(i, j)],
        1 if j == 2 => -common[(i, 0)] + 0.05 * noise[(i, j)],
        _ => common[(i, 0)] + 0.05 * noise[(i, j)],
    });
    let pairwise = |i: usize, j: usize| {
        let rows: Vec<usize> = (0..n).filter(|&row| off(row) == 3 - i - j).collect();
        FisherZ::of(&z.select_rows(&rows).select_cols(&[i, j]))
            .expect("varies")
            .test(0, 1, &[])
            .expect("sound")
            .correlation
    };
    let matrix = Matrix::from_fn(3, 3, |i, j| if i < j { pairwise(i, j) } else { f64::from(u8::from(i == j)) });
    let known = FisherZ::from_correlation(matrix, n / 4).expect("correlations");
    assert_eq!(known.test(0, 1, &[2]).expect_err("indefinite").code, Code::NumericSingular);
    let found =
        FisherZ::of_active(&z, &active).expect("sound").test(0, 1, &[2]).expect("all three are active in 225 rows");
    assert!(found.p > 0.01 && found.correlation.abs() < 0.2, "{found:?}");
}

#[test]
fn variables_that_are_hardly_ever_active_together_cannot_be_tested() {
    let z = normal(400, 2, &mut Stream::new(7, "active"));
    let refused = |active: &Matrix<bool>| FisherZ::of_active(&z, active).expect_err("refused");
    let turns = |wrong: usize| Matrix::from_fn(400, 2, |i, j| i % 2 == j || i < wrong);
    let never = refused(&turns(0));
    assert_eq!((never.code, never.context["rows"].as_u64()), (Code::DataTooFewRows, Some(0)));
    assert!(
        never.message.starts_with("variables 0 and 1 are active together in 0 of the 200 rows"),
        "{}",
        never.message
    );
    // 9 rows that are called active by mistake are no evidence, 40 of 220 may be some.
    assert_eq!(refused(&turns(9)).code, Code::DataTooFewRows);
    assert!(FisherZ::of_active(&z, &turns(40)).is_ok());
    assert_eq!(refused(&Matrix::zeros(400, 3)).code, Code::MetricShape);
    let still = Matrix::from_fn(400, 2, |i, j| if i < 20 && j == 0 { 1.0 } else { z[(i, j)] });
    let early = FisherZ::of_active(&still, &Matrix::from_fn(400, 2, |i, _| i < 20)).expect("active together");
    assert_eq!(early.test(0, 1, &[]).expect_err("constant there").code, Code::DataConstantColumn);
}
