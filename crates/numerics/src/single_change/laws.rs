use super::*;
use crate::linalg::orthonormal;
use disentangle_data::Stream;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    rows: Vec<f64>,
    targets: Vec<Option<usize>>,
    means: Vec<Vec<f64>>,
    covariances: Vec<Vec<Vec<f64>>>,
    gap: f64,
    noises: Vec<Vec<f64>>,
    changed: Vec<Vec<f64>>,
}

/// golden/interventional.py
fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../../golden/interventional.json")).expect("JSON")
}

fn problem(golden: &Golden) -> (Vec<Moments>, SingleChanges) {
    let moments: Vec<Moments> = (0..golden.rows.len())
        .map(|u| Moments {
            rows: golden.rows[u],
            mean: golden.means[u].clone(),
            covariance: Matrix::new(3, 3, golden.covariances[u].concat()).expect("3 x 3"),
        })
        .collect();
    let changes = SingleChanges::new(&moments, &golden.targets, 3).expect("covariances have inverses");
    (moments, changes)
}

fn starts(count: usize) -> Vec<Matrix<f64>> {
    let mut stream = Stream::new(1, "starts");
    (0..count).map(|_| orthonormal(&Matrix::from_fn(3, 3, |_, _| stream.normal()))).collect()
}

#[test]
fn the_gradient_is_that_of_central_differences() {
    let (_, changes) = problem(&golden());
    for start in starts(5) {
        let b = start.data();
        let (_, gradient) = changes.gap(b);
        for i in 0..9 {
            let at = |step: f64| {
                let mut moved = b.to_vec();
                moved[i] += step;
                changes.gap(&moved).0
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            // Third derivatives times 1e-10, and rounding of the value over the step.
            assert!(
                (gradient[i] - difference).abs() < 1e-7 * difference.abs().max(1.0),
                "{i}: {} {difference}",
                gradient[i]
            );
        }
    }
}

#[test]
fn the_minimum_is_that_of_an_independent_program_with_changed_rows_left_free() {
    let golden = golden();
    let (moments, changes) = problem(&golden);
    let found = changes.minimise(&starts(6), 1000).expect("it minimises");
    assert!(found.converged && found.agreement > 0.0);
    // Both stop at a gradient of 1e-7: values agree to its square, directions to its size over the curvature.
    assert!((found.gap - golden.gap).abs() < 1e-8, "{} {}", found.gap, golden.gap);
    let unit = |row: &[f64]| {
        let sd = dot(row, &apply(&moments[0].covariance, row)).sqrt();
        let largest = row.iter().fold(0.0f64, |m, v| if v.abs() > m.abs() { *v } else { m });
        row.iter().map(|v| v / sd * largest.signum()).collect::<Vec<f64>>()
    };
    for (j, want) in golden.noises.iter().enumerate() {
        for (got, want) in unit(found.noises.row(j)).iter().zip(want) {
            assert!((got - want).abs() < 1e-4, "{j}: {got} {want}");
        }
    }
    for (u, row) in found.changed.iter().enumerate() {
        let Some(row) = row else { continue };
        for (got, want) in unit(row).iter().zip(&golden.changed[u]) {
            assert!((got - want).abs() < 1e-4, "{u}: {got} {want}");
        }
    }
}

#[test]
fn the_gap_is_zero_for_moments_of_the_model_and_positive_for_a_second_change() {
    // Three noises, mixed; environment 1 changes the first, environment 2 the second.
    let mix = Matrix::new(3, 3, vec![1.0, 0.4, 0.2, -0.3, 1.0, 0.5, 0.1, -0.6, 1.0]).expect("3 x 3");
    let part = |rows: f64, mean: [f64; 3], variance: [f64; 3]| {
        let covariance = Matrix::from_fn(3, 3, |i, j| if i == j { variance[i] } else { 0.0 });
        Moments { rows, mean: mean.to_vec(), covariance }.mapped(&mix)
    };
    let plain = part(50.0, [0.0; 3], [1.0, 2.0, 0.5]);
    let first = part(20.0, [2.0, 0.0, 0.0], [0.3, 2.0, 0.5]);
    let second = part(30.0, [0.0, 1.0, 0.0], [1.0, 3.0, 0.5]);
    let third = part(30.0, [0.0, 0.0, -1.0], [1.0, 2.0, 1.5]);
    let both = part(30.0, [1.0, 0.0, -1.0], [2.0, 2.0, 1.5]);
    let targets = [None, Some(0), Some(1), Some(2)];
    let gap = |last: &Moments| {
        let moments = [plain.clone(), first.clone(), second.clone(), last.clone()];
        let changes = SingleChanges::new(&moments, &targets, 3).expect("covariances have inverses");
        (changes.minimise(&starts(4), 1000).expect("it minimises").gap, changes.degrees())
    };
    // The square root of rounding is the best that a value says of its minimum.
    assert!(gap(&third).0.abs() < 1e-9, "{}", gap(&third).0);
    assert!(gap(&both).0 > 0.01, "{}", gap(&both).0);
    // 4 (3 + 6) moments, less 3 (3 + 1) for noises and as many for three changed rows.
    assert_eq!(gap(&third).1, 12);
}

#[test]
fn pooled_moments_are_those_of_all_rows() {
    let mut stream = Stream::new(2, "rows");
    let values = Matrix::from_fn(30, 2, |_, _| stream.normal() as f32);
    let (all, first, rest): (Vec<usize>, Vec<usize>, Vec<usize>) =
        ((0..30).collect(), (0..11).collect(), (11..30).collect());
    let pooled = Moments::pooled([Moments::of(&values, &first), Moments::of(&values, &rest)].iter());
    let whole = Moments::of(&values, &all);
    for (got, want) in pooled.covariance.data().iter().zip(whole.covariance.data()) {
        assert!((got - want).abs() < 1e-12);
    }
    assert!((pooled.mean[1] - whole.mean[1]).abs() < 1e-12);
}
