//! Nulls and intervals against what theory says about them.

use crate::{assert_close, normal};
use disentangle_data::orthonormal::random_rotation;
use disentangle_data::{Code, Matrix, Stream};
use disentangle_metrics::{Correlation, Effort, mcc, mcc_of_groups};

#[test]
fn the_unrelated_null_of_one_latent_is_that_of_a_correlation_of_nothing() {
    let mut stream = Stream::new(1, "one");
    let (z, zhat) = (normal(400, 1, &mut stream), normal(400, 1, &mut stream));
    for kind in [Correlation::Pearson, Correlation::Spearman] {
        let effort = Effort { seed: 3, resamples: 0, draws: 2000 };
        let null = mcc(kind, &z, &zhat, effort).expect("finite").nulls.unrelated.expect("drawn");
        // |N(0, 1/(n-1))|: mean .0399, standard deviation .0302; five standard errors of 2000 draws.
        assert_close(null.mean, (2.0 / (std::f64::consts::PI * 399.0)).sqrt(), 0.0034, "mean");
        // 95 % quantile 1.96 / sqrt 399 = .0981, with a standard error of .0012.
        assert_close(null.q95, 1.96 / 399f64.sqrt(), 0.006, "95 % quantile");
        assert_eq!(null.draws, 2000);
    }
}

#[test]
fn the_rotation_null_of_two_independent_latents_is_that_of_a_random_angle() {
    let z = normal(4000, 2, &mut Stream::new(2, "two"));
    let effort = Effort { seed: 0, resamples: 0, draws: 2000 };
    let null = mcc(Correlation::Pearson, &z, &z, effort).expect("finite").nulls.rotation.expect("drawn");
    // Mean of max(|cos|, |sin|) = 2 sqrt 2 / pi, standard deviation .0895: five standard errors are .010; the sample's own
    // correlation of about .016 moves it by less.
    assert_close(null.mean, 8f64.sqrt() / std::f64::consts::PI, 0.015, "mean");
    assert_close(null.sd, 0.0895, 0.01, "standard deviation");
    let one =
        mcc(Correlation::Pearson, &z.select_cols(&[0]), &z, effort).expect("finite").nulls.rotation.expect("drawn");
    assert_close(one.mean, 1.0, 1e-12, "a single latent has one axis");
}

#[test]
fn a_linear_mix_scores_low_but_its_linear_reference_is_perfect() {
    let mut stream = Stream::new(3, "mix");
    let z = normal(800, 3, &mut stream);
    let turn = random_rotation(3, &mut stream);
    let mixed = Matrix::from_fn(800, 3, |i, j| (0..3).map(|k| z[(i, k)] * turn[(k, j)]).sum());
    for (kind, least) in [(Correlation::Pearson, 1.0 - 1e-9), (Correlation::Spearman, 1.0 - 1e-9)] {
        let score = mcc(kind, &z, &mixed, Effort::default()).expect("finite");
        assert!(score.value.expect("defined") < 0.97);
        let reference = score.nulls.linear.expect("drawn");
        assert!(reference.mean > least && reference.sd < 1e-6, "{reference:?}");
    }
}

#[test]
fn nulls_and_intervals_are_functions_of_the_seed() {
    let mut stream = Stream::new(4, "seed");
    let z = normal(60, 2, &mut stream);
    let zhat = Matrix::from_fn(60, 2, |i, j| z[(i, j)] + stream.normal());
    let at = |seed| mcc(Correlation::Pearson, &z, &zhat, Effort { seed, ..Effort::default() }).expect("finite");
    assert_eq!(at(1), at(1));
    let (one, other) = (at(1), at(2));
    assert_eq!((one.value, &one.matching), (other.value, &other.matching));
    assert!(one.interval != other.interval && one.nulls != other.nulls && one.out_of_sample != other.out_of_sample);
}

#[test]
fn intervals_hold_the_true_correlation_nineteen_times_in_twenty() {
    // 200 rows are resampled one by one, 5,000 in groups.
    for (rows, repeats) in [(200, 300), (5000, 100)] {
        let mut stream = Stream::new(6, "coverage").at(rows as u32);
        let mut inside = 0;
        for seed in 0..repeats {
            let z = normal(rows, 1, &mut stream);
            let zhat = Matrix::from_fn(rows, 1, |i, _| 0.6 * z[(i, 0)] + 0.8 * stream.normal());
            let effort = Effort { seed, resamples: 200, draws: 0 };
            let [low, high] = mcc(Correlation::Pearson, &z, &zhat, effort).expect("finite").interval.expect("defined");
            inside += u64::from(low <= 0.6 && 0.6 <= high);
        }
        // .95 less a little for a percentile interval of 200 resamples, within four standard errors of the repeats.
        let coverage = inside as f64 / repeats as f64;
        let slack = 4.0 * (0.05 * 0.95 / repeats as f64).sqrt();
        assert_close(coverage, 0.94, slack, &format!("coverage at {rows} rows"));
    }
}

/// Rows of 40 groups of 25, in which most of what an estimate lacks is common to all rows of a group.
fn grouped(stream: &mut Stream) -> (Matrix<f64>, Matrix<f64>, Vec<u32>) {
    let groups: Vec<u32> = (0..1000).map(|row| row / 25).collect();
    let of_group = normal(40, 2, stream);
    let common = |row: usize, side: usize| 0.9 * of_group[(row / 25, side)];
    let z = Matrix::from_fn(1000, 1, |row, _| common(row, 0) + 0.19f64.sqrt() * stream.normal());
    let zhat = Matrix::from_fn(1000, 1, |row, _| {
        0.6 * z[(row, 0)] + 0.8 * (common(row, 1) + 0.19f64.sqrt() * stream.normal())
    });
    (z, zhat, groups)
}

#[test]
fn intervals_over_groups_hold_the_true_correlation_where_those_over_rows_are_too_narrow() {
    let (mut stream, repeats) = (Stream::new(6, "groups"), 300);
    let mut inside = [0u64; 2];
    for seed in 0..repeats {
        let (z, zhat, groups) = grouped(&mut stream);
        let effort = Effort { seed, resamples: 200, draws: 0 };
        for (inside, groups) in inside.iter_mut().zip([Some(groups.as_slice()), None]) {
            let score = mcc_of_groups(Correlation::Pearson, &z, &zhat, groups, effort).expect("finite");
            assert_eq!(score.interval_groups, groups.map(|_| 40));
            let [low, high] = score.interval.expect("defined");
            *inside += u64::from(low <= 0.6 && 0.6 <= high);
        }
    }
    // Percentile intervals of 40 groups hold a little less than .95.
    let [by_group, by_row] = inside.map(|inside| inside as f64 / repeats as f64);
    assert!((0.86..=0.98).contains(&by_group) && by_row < 0.5, "{by_group} over groups, {by_row} over rows");
}

#[test]
fn groups_of_equal_rows_have_the_interval_of_one_row_each() {
    let mut stream = Stream::new(8, "copies");
    let z = normal(300, 2, &mut stream);
    let zhat = Matrix::from_fn(300, 2, |i, j| z[(i, j)] + 0.7 * stream.normal());
    let times = |copies: usize| {
        let rows: Vec<usize> = (0..300 * copies).map(|row| row % 300).collect();
        let groups: Vec<u32> = rows.iter().map(|&row| 7 * row as u32).collect();
        let (z, zhat) = (z.select_rows(&rows), zhat.select_rows(&rows));
        let effort = Effort { seed: 3, resamples: 500, draws: 0 };
        mcc_of_groups(Correlation::Pearson, &z, &zhat, Some(&groups), effort).expect("finite")
    };
    let (one, four) = (times(1), times(4));
    let [one, four] = [one, four].map(|score| score.interval.expect("defined"));
    // The same draws of the same groups, so the same numbers but for rounding.
    assert_close(one[0], four[0], 1e-9, "low");
    assert_close(one[1], four[1], 1e-9, "high");
}

#[test]
fn fewer_than_ten_groups_are_not_resampled() {
    let mut stream = Stream::new(9, "few");
    let z = normal(100, 1, &mut stream);
    let zhat = Matrix::from_fn(100, 1, |i, _| z[(i, 0)] + stream.normal());
    let of = |count: u32| {
        // Only every other number has rows.
        let groups: Vec<u32> = (0..100).map(|row| 2 * (row % count)).collect();
        mcc_of_groups(Correlation::Pearson, &z, &zhat, Some(&groups), Effort::default()).expect("finite")
    };
    assert_eq!((of(9).interval_groups, of(10).interval_groups), (None, Some(10)));
    let plain = mcc(Correlation::Pearson, &z, &zhat, Effort::default()).expect("finite");
    assert_eq!(of(9).interval, plain.interval);
    assert_ne!(of(10).interval, plain.interval);
    let short = mcc_of_groups(Correlation::Pearson, &z, &zhat, Some(&[1; 99]), Effort::default());
    assert_eq!(short.expect_err("a row has no group").code, Code::MetricShape);
}

#[test]
fn the_interval_lies_around_the_score() {
    let mut stream = Stream::new(7, "around");
    for draw in 0..20 {
        let z = normal(300, 3, &mut stream);
        let zhat = Matrix::from_fn(300, 4, |i, j| if j < 3 { z[(i, j)] } else { 0.0 } + 0.8 * stream.normal());
        let effort = Effort { seed: draw, resamples: 200, draws: 0 };
        for kind in [Correlation::Pearson, Correlation::Spearman] {
            let score = mcc(kind, &z, &zhat, effort).expect("finite");
            let ([low, high], value) = (score.interval.expect("defined"), score.value.expect("defined"));
            assert!(low < value && value < high && high - low < 0.15, "{low} {value} {high}");
        }
    }
}
