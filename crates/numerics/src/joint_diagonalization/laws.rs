//! Laws of joint diagonalization: derivatives against differences, a known answer, monotone sweeps, honest errors.

use super::newton::direction;
use super::*;
use crate::linalg::{inverse, product};

const BOUNDS: Bounds = Bounds { least: 0.01, most: 1.0 };

fn normal(rows: usize, cols: usize, stream: &mut Stream) -> Matrix<f64> {
    Matrix::from_fn(rows, cols, |_, _| stream.normal())
}

fn diagonal(values: &[f64]) -> Matrix<f64> {
    Matrix::from_fn(values.len(), values.len(), |i, j| if i == j { values[i] } else { 0.0 })
}

/// Covariance of `rows` draws with these variances.
fn sampled(variances: &[f64], rows: usize, stream: &mut Stream) -> Matrix<f64> {
    let x = Matrix::from_fn(rows, variances.len(), |_, j| variances[j].sqrt() * stream.normal());
    product(&x.transposed(), &x).map(|v| v / rows as f64)
}

/// Variances of t x k, some of them beyond the bounds.
fn spread(t: usize, k: usize, stream: &mut Stream) -> Vec<Vec<f64>> {
    (0..t).map(|_| (0..k).map(|_| (6.0 * stream.uniform() - 5.0).exp()).collect()).collect()
}

fn solved(covariances: &Covariances, starts: usize, seed: u64) -> Diagonalization {
    diagonalize(covariances, starts, seed, |_, _| true).expect("every direction varies").expect("it is not stopped")
}

fn moved(covariances: &Covariances, point: &Point, changes: &[(usize, usize, f64)]) -> f64 {
    let k = covariances.size();
    let mut by = diagonal(&vec![1.0; k]);
    changes.iter().for_each(|&(i, j, e)| by[(i, j)] += e);
    covariances.at(product(&by, &point.map)).value
}

#[test]
fn the_relative_gradient_is_that_of_central_differences() {
    let mut stream = Stream::new(1, "laws");
    let matrices: Vec<_> = spread(7, 4, &mut stream).iter().map(|v| sampled(v, 9, &mut stream)).collect();
    let covariances = Covariances::new(&matrices, &[3.0, 1.0, 2.0, 5.0, 1.0, 1.0, 0.5], BOUNDS);
    let point = covariances.at(normal(4, 4, &mut stream));
    let below = point.residuals.data().iter().filter(|&&r| r < BOUNDS.least).count();
    let above = point.residuals.data().iter().filter(|&&r| r > BOUNDS.most).count();
    assert!(above > 0 && below + above < 28, "{below} {above}");
    let gradient = covariances.gradient(&point, &covariances.mapped(&point));
    let h = 1e-5;
    for i in 0..4 {
        for j in 0..4 {
            let slope =
                (moved(&covariances, &point, &[(i, j, h)]) - moved(&covariances, &point, &[(i, j, -h)])) / (2.0 * h);
            // Differences of order h^2 over third derivatives, and rounding over h.
            assert!((slope - gradient[(i, j)]).abs() < 1e-6 * slope.abs().max(1.0), "{i} {j}: {slope} {gradient:?}");
        }
    }
}

#[test]
fn at_diagonal_matrices_the_blocks_of_the_curvature_are_those_of_second_differences() {
    let mut stream = Stream::new(2, "laws");
    let matrices: Vec<_> = spread(6, 3, &mut stream).iter().map(|v| diagonal(v)).collect();
    let covariances = Covariances::new(&matrices, &[1.0; 6], BOUNDS);
    let point = covariances.at(diagonal(&[1.1, 0.9, 1.3]));
    let curvature = covariances.curvature(&point);
    let h = 1e-3;
    let second = |a: (usize, usize), b: (usize, usize)| {
        let at = |s: f64, t: f64| moved(&covariances, &point, &[(a.0, a.1, s * h), (b.0, b.1, t * h)]);
        (at(1.0, 1.0) - at(1.0, -1.0) - at(-1.0, 1.0) + at(-1.0, -1.0)) / (4.0 * h * h)
    };
    for (i, j) in [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)] {
        // Twice the same entry moves it by 2 h.
        let own = second((i, j), (i, j));
        assert!((own - curvature[(i, j)]).abs() < 1e-3 * own.abs(), "{i} {j}: {own} {}", curvature[(i, j)]);
        assert!((second((i, j), (j, i)) - 1.0).abs() < 1e-3, "{i} {j}");
        assert!(second((i, j), (i, i)).abs() < 1e-3, "{i} {j}");
    }
    for i in 0..3 {
        assert!(second((i, i), (i, i)) <= 1.0 + curvature[(i, i)] + 1e-3, "{i}");
    }
}

#[test]
fn the_direction_of_a_step_goes_down_also_where_blocks_are_not_positive() {
    let gradient = Matrix::new(2, 2, vec![0.1, 0.3, -0.2, -0.4]).expect("four values");
    let curvature = Matrix::new(2, 2, vec![1.0, 0.5, 0.5, 1.0]).expect("four values");
    let step = direction(&gradient, &curvature);
    let slope: f64 = step.data().iter().zip(gradient.data()).map(|(a, b)| a * b).sum();
    assert!(slope < 0.0 && step.data().iter().all(|e| e.abs() <= 0.7), "{step:?}");
}

#[test]
fn a_family_that_one_map_makes_diagonal_is_solved_up_to_order_and_sign() {
    let mut stream = Stream::new(3, "laws");
    let k = 5;
    let mixing = normal(k, k, &mut stream);
    // Variances at a bound fix the scale of every direction.
    let variances: Vec<Vec<f64>> =
        (0..30).map(|_| (0..k).map(|_| if stream.uniform() < 0.5 { 1.0 } else { 0.04 }).collect()).collect();
    let matrices: Vec<_> =
        variances.iter().map(|v| product(&product(&mixing, &diagonal(v)), &mixing.transposed())).collect();
    let covariances = Covariances::new(&matrices, &[1.0; 30], BOUNDS);
    let found = solved(&covariances, 4, 0);
    let truth = covariances.at(inverse(&mixing).expect("regular"));
    assert!(found.point.value <= truth.value + 1e-5, "{} {}", found.point.value, truth.value);
    let both = product(&found.point.map, &mixing);
    for i in 0..k {
        let row: Vec<f64> = both.row(i).iter().map(|v| v.abs()).collect();
        let (largest, sum) = row.iter().fold((0.0f64, 0.0), |(m, s), &v| (m.max(v), s + v));
        assert!(largest / sum > 0.999, "row {i} is mixed: {row:?}");
    }
    assert_eq!(found.objectives.len(), 4);
    let best = found.objectives.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(best, found.point.value);
}

#[test]
fn no_sweep_raises_the_objective() {
    let mut stream = Stream::new(4, "laws");
    let matrices: Vec<_> = spread(12, 20, &mut stream).iter().map(|v| sampled(v, 25, &mut stream)).collect();
    let covariances = Covariances::new(&matrices, &[1.0; 12], BOUNDS);
    let start = covariances.at(normal(20, 20, &mut stream));
    let swept = projection::sweeps(&covariances, start.map.clone()).expect("positive definite");
    let ended = newton::descend(&covariances, swept.clone());
    assert!(swept.value < start.value && ended.value <= swept.value, "{} {}", swept.value, ended.value);
    let gradient = covariances.gradient(&ended, &covariances.mapped(&ended));
    let largest = gradient.data().iter().fold(0.0f64, |m, g| m.max(g.abs()));
    // A gain below 1e-6 leaves slopes of its root, over curvatures of order one and more.
    assert!(largest < 0.05, "{largest}");
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let mut stream = Stream::new(5, "laws");
    let matrices: Vec<_> = spread(8, 6, &mut stream).iter().map(|v| sampled(v, 20, &mut stream)).collect();
    let covariances = Covariances::new(&matrices, &[1.0; 8], BOUNDS);
    let run = |seed| solved(&covariances, 3, seed);
    assert_eq!(run(7).point.map, run(7).point.map);
    assert_eq!(run(7).objectives[0], run(8).objectives[0]);
    assert_eq!(run(7).objectives, run(7).objectives);
}

#[test]
fn a_solve_ends_between_starts_when_it_is_told_to() {
    let covariances = Covariances::new(&[diagonal(&[0.5, 0.2]), diagonal(&[0.1, 0.9])], &[1.0, 1.0], BOUNDS);
    let mut told = Vec::new();
    let stopped = diagonalize(&covariances, 9, 0, |done, best| {
        told.push((done, best));
        done < 2
    });
    assert!(stopped.expect("every direction varies").is_none());
    assert!(told.len() == 3 && told[0].1 == f64::INFINITY && told[2].1.is_finite(), "{told:?}");
}

#[test]
fn a_direction_without_variance_is_refused_with_the_number_of_them() {
    let flat = diagonal(&[0.5, 0.0, 0.2]);
    let covariances = Covariances::new(&[flat.clone(), flat], &[1.0, 1.0], BOUNDS);
    let failure = diagonalize(&covariances, 1, 0, |_, _| true).expect_err("rank 2");
    assert_eq!(failure.code, Code::NumericSingular);
    assert!(failure.message.starts_with("1 of 3 directions"), "{failure}");
}

#[test]
fn errors_of_mixing_are_the_spread_over_repeated_data() {
    let mut stream = Stream::new(6, "laws");
    let (k, rows, repeats) = (3, 100, 300);
    let variances: Vec<Vec<f64>> = (0..8).map(|_| (0..k).map(|_| 0.05 + 0.7 * stream.uniform()).collect()).collect();
    let mut squares = Matrix::<f64>::zeros(k, k);
    let mut expected = Matrix::<f64>::zeros(k, k);
    for _ in 0..repeats {
        let matrices: Vec<_> = variances.iter().map(|v| sampled(v, rows, &mut stream)).collect();
        let covariances = Covariances::new(&matrices, &[1.0; 8], BOUNDS);
        // From the truth, so that order and sign stay.
        let point = newton::descend(&covariances, covariances.at(diagonal(&[1.0; 3])));
        let errors = covariances.mixing_errors(&point, 8 * rows);
        for i in 0..k {
            for j in (0..k).filter(|&j| j != i) {
                // In units of the diagonal: the scale of a row is free inside the bounds.
                squares[(i, j)] += (point.map[(i, j)] / point.map[(i, i)]).powi(2) / f64::from(repeats);
                let unit = point.map[(j, j)] / point.map[(i, i)];
                expected[(i, j)] += errors[(i, j)] * unit / f64::from(repeats);
            }
        }
    }
    for (square, expected) in squares.data().iter().zip(expected.data()).filter(|(_, e)| **e > 0.0) {
        // A standard deviation from 300 repeats is known to 4 %; three of them.
        assert!((square.sqrt() / expected - 1.0).abs() < 0.13, "{} {expected}", square.sqrt());
    }
}
