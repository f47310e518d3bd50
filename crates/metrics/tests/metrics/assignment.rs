use disentangle_data::{Code, Matrix, Stream};
use disentangle_metrics::{Assignment, assign};
use proptest::prelude::*;

fn solved(cost: &Matrix<f64>) -> Assignment {
    let found = assign(cost).expect("the costs are finite");
    let certificate = found.certify(cost);
    assert!(certificate.holds(), "{} x {}: {certificate:?}", cost.rows(), cost.cols());
    found
}

/// Least cost over all ways to give each row its own column; needs rows <= cols.
fn exhaustive(cost: &Matrix<f64>, row: usize, taken: &mut [bool]) -> f64 {
    if row == cost.rows() {
        return 0.0;
    }
    let mut best = f64::INFINITY;
    for j in 0..cost.cols() {
        if !taken[j] {
            taken[j] = true;
            best = best.min(cost[(row, j)] + exhaustive(cost, row + 1, taken));
            taken[j] = false;
        }
    }
    best
}

fn matrices(entry: impl Strategy<Value = f64> + Clone) -> impl Strategy<Value = Matrix<f64>> {
    (0usize..=6, 0usize..=7).prop_flat_map(move |(n, m)| {
        proptest::collection::vec(entry.clone(), n * m)
            .prop_map(move |data| Matrix::new(n, m, data).expect("the sizes agree"))
    })
}

fn check_against_exhaustive_search(cost: &Matrix<f64>) -> Result<(), TestCaseError> {
    let found = solved(cost);
    let wide = if cost.rows() > cost.cols() { cost.transposed() } else { cost.clone() };
    let best = exhaustive(&wide, 0, &mut vec![false; wide.cols()]);
    let largest = cost.data().iter().fold(0.0f64, |a, c| a.max(c.abs()));
    // atol: a few roundings of the largest cost.
    prop_assert!((found.cost - best).abs() <= 1e-12 * largest, "{} against {best}", found.cost);
    prop_assert_eq!(found.row_to_col.iter().flatten().count(), cost.rows().min(cost.cols()));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn no_pairing_is_cheaper_for_real_costs(cost in matrices(-1.0f64..1.0)) {
        check_against_exhaustive_search(&cost)?;
    }

    #[test]
    fn no_pairing_is_cheaper_for_costs_full_of_ties(cost in matrices((0i32..4).prop_map(f64::from))) {
        check_against_exhaustive_search(&cost)?;
    }

    #[test]
    fn no_pairing_is_cheaper_for_costs_of_very_different_size(cost in matrices((-12i32..12).prop_map(|e| 10f64.powi(e)))) {
        check_against_exhaustive_search(&cost)?;
    }

    #[test]
    fn rows_and_columns_play_the_same_part(cost in matrices(-1.0f64..1.0)) {
        let (one, other) = (solved(&cost), solved(&cost.transposed()));
        prop_assert!((one.cost - other.cost).abs() < 1e-12);
    }
}

#[test]
fn certificates_hold_on_large_matrices_of_every_kind() {
    let mut stream = Stream::new(5, "costs");
    for (n, m) in [(120, 120), (60, 200), (200, 60), (1, 90), (90, 1)] {
        let (x, y): (Vec<f64>, Vec<f64>) =
            ((0..n).map(|_| stream.normal()).collect(), (0..m).map(|_| stream.normal()).collect());
        solved(&Matrix::from_fn(n, m, |_, _| stream.uniform()));
        solved(&Matrix::from_fn(n, m, |_, _| stream.below(3) as f64));
        solved(&Matrix::from_fn(n, m, |i, j| (x[i] - y[j]).abs()));
        solved(&Matrix::from_fn(n, m, |i, j| x[i] * y[j]));
        solved(&Matrix::from_fn(n, m, |i, j| 2f64.powi(-((i + j) as i32 % 60))));
        solved(&Matrix::from_fn(n, m, |i, j| ((i + 1) * (j + 1)) as f64));
    }
}

#[test]
fn products_of_indices_cost_what_theory_says() {
    // Machol and Wien: cost (i + 1)(j + 1) is least on the other diagonal, n (n + 1)(n + 2) / 6.
    for n in 1..=60usize {
        let found = solved(&Matrix::from_fn(n, n, |i, j| ((i + 1) * (j + 1)) as f64));
        assert_eq!(found.cost, (n * (n + 1) * (n + 2) / 6) as f64);
        assert!(found.row_to_col.iter().enumerate().all(|(i, j)| *j == Some(n - 1 - i)));
    }
}

#[test]
fn among_equal_costs_the_lowest_index_wins() {
    for n in [1, 2, 9, 40] {
        let found = solved(&Matrix::from_fn(n, n, |_, _| 3.5));
        assert!(found.row_to_col.iter().enumerate().all(|(i, j)| *j == Some(i)), "{:?}", found.row_to_col);
    }
    assert_eq!(solved(&Matrix::zeros(2, 4)).row_to_col, [Some(0), Some(1)]);
    assert_eq!(solved(&Matrix::zeros(3, 2)).row_to_col, [Some(0), Some(1), None]);
}

#[test]
fn empty_and_single_matrices_have_assignments() {
    assert_eq!(solved(&Matrix::zeros(0, 3)), Assignment { row_to_col: vec![], cost: 0.0, u: vec![], v: vec![0.0; 3] });
    assert_eq!(solved(&Matrix::zeros(3, 0)).row_to_col, [None; 3]);
    let one = solved(&Matrix::from_fn(1, 1, |_, _| -2.5));
    assert_eq!((one.row_to_col.as_slice(), one.cost), ([Some(0)].as_slice(), -2.5));
}

#[test]
fn costs_that_are_not_finite_are_refused_with_their_place() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
        let failure = assign(&Matrix::from_fn(2, 3, |i, j| if (i, j) == (1, 2) { bad } else { 0.0 }))
            .expect_err("one cost is not finite");
        assert_eq!(failure.code, Code::DataNotFinite);
        assert_eq!((&failure.context["row"], &failure.context["column"]), (&1.into(), &2.into()));
    }
}

#[test]
fn a_worse_pairing_or_wrong_prices_have_no_certificate() {
    let cost = Matrix::from_fn(3, 3, |i, j| if i == j { 0.0 } else { 1.0 });
    let best = solved(&cost);
    let swapped = Assignment { row_to_col: vec![Some(1), Some(0), Some(2)], ..best.clone() };
    let doubled = Assignment { row_to_col: vec![Some(1), Some(1), Some(2)], ..best.clone() };
    let partial = Assignment { row_to_col: vec![Some(0), None, Some(2)], ..best.clone() };
    let dearer = Assignment { u: best.u.iter().map(|u| u + 0.1).collect(), ..best.clone() };
    let unknown = Assignment { v: vec![f64::NAN; 3], ..best };
    for wrong in [swapped, doubled, partial, dearer, unknown] {
        assert!(!wrong.certify(&cost).holds(), "{wrong:?}");
    }
    // On the longer side an unpaired column must cost nothing.
    let wide = Matrix::zeros(1, 2);
    let priced = Assignment { v: vec![0.0, -1.0], ..solved(&wide) };
    assert!(!priced.certify(&wide).holds());
}
