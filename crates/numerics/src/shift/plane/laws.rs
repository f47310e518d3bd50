use super::super::order::search;
use super::*;
use disentangle_data::simulate::simulate;
use serde_json::{Value, json};

fn world(seed: u64, changes: Value) -> (Matrix, Vec<u32>) {
    let mut config = json!({"seed": seed, "latents": 2, "environments": 20, "pointsPerEnvironment": 200});
    let Value::Object(changes) = changes else { panic!("options are an object") };
    changes.into_iter().for_each(|(key, value)| config[key] = value);
    let data = simulate("shift-world", config).expect("a valid world");
    let codes = data.labels.values().next().expect("environments").codes.clone();
    (data.truth["latents"].values.clone(), codes)
}

fn gaps(z: &Matrix, environments: &[u32]) -> Vec<Option<f64>> {
    let found = search(z, environments).expect("it searches");
    apart(z, environments, &found).into_iter().map(|plane| plane.map(|plane| plane.gap)).collect()
}

/// Any map but one that keeps axes.
const MIXED: [[f64; 3]; 3] = [[0.8, -0.7, 0.2], [0.6, 0.9, -0.5], [-0.3, 0.4, 1.1]];

fn mixed(z: &Matrix) -> Matrix {
    let k = z.cols();
    Matrix::from_fn(z.rows(), k, |r, i| (0..k).map(|j| f64::from(z[(r, j)]) * MIXED[j][i]).sum::<f64>() as f32)
}

#[test]
fn one_curve_explains_no_less_than_lines_of_the_environments_and_no_more_than_free_curves_of_each() {
    for (seed, link) in [(1, "tanh"), (2, "sin"), (3, "linear")] {
        let (z, environments) = world(seed, json!({"link": link, "gain": 1.5}));
        let (z, _) = standardised(&z.to_f64());
        let none = Order {
            order: vec![0, 1],
            parents: vec![vec![], vec![]],
            evidence: Matrix::zeros(2, 2),
            margin: 0.0,
            cost: 0.0,
        };
        let plane = Plane::new(&z, &environments, &none, [0, 1]).expect("two latents are a plane");
        let seen = plane.seen(0.4);
        // Both in closed form: least squares of y on x, and on all functions of x, in every environment.
        let line = |of: &Seen| {
            let m = &of.moments;
            0.5 * of.rows * (m[(Y, Y)] - m[(X, Y)] * m[(X, Y)] / m[(X, X)]).ln()
        };
        let free = |of: &Seen| {
            let columns: Vec<usize> = (0..=FUNCTIONS).chain([Y]).collect();
            let mut m = Matrix::from_fn(columns.len(), columns.len(), |a, b| of.moments[(columns[a], columns[b])]);
            eliminate(&mut m, FUNCTIONS + 1);
            0.5 * of.rows * m[(FUNCTIONS + 1, FUNCTIONS + 1)].ln()
        };
        let (lines, curves) = (seen.iter().map(line).sum::<f64>(), seen.iter().map(free).sum::<f64>());
        let shared = shared_curve(&seen);
        // Values beyond four standard deviations are cut for functions alone: a nat of slack.
        assert!(shared < lines + 1.0 && shared > curves - 1.0, "{link}: {curves} < {shared} < {lines}");
    }
}

#[test]
fn what_the_mixing_can_absorb_changes_no_cost() {
    let (z, environments) = world(4, json!({}));
    let moments = |line: f64| {
        let moved = Matrix::from_fn(z.rows(), 2, |r, j| z[(r, j)] + if j == 1 { line as f32 * z[(r, 0)] } else { 0.0 });
        let (moved, sds) = standardised(&moved.to_f64());
        let found = search(&moved.map(|v| v as f32), &environments).expect("it searches");
        let plane = Plane::new(&moved, &environments, &found, [0, 1]).expect("two latents are a plane");
        // In units of the latents: y is across z_1 in standard deviations.
        plane.cost(0.0) + z.rows() as f64 * (plane.across() * sds[1]).ln()
    };
    // The same least squares but for what alternations leave.
    assert!((moments(0.0) - moments(1.5)).abs() < 1.0, "{} {}", moments(0.0), moments(1.5));
}

#[test]
fn axes_that_nothing_tells_apart_have_no_gap_and_those_of_bent_mechanisms_have_one() {
    for seed in 1..4 {
        let (z, environments) = world(seed, json!({"noiseMean": 0, "noiseScaleMost": 0.2}));
        for gap in gaps(&mixed(&z), &environments).into_iter().flatten() {
            assert!(gap < 10.0, "seed {seed}: {gap}");
        }
        let (z, environments) = world(seed, json!({"link": "linear", "pointsPerEnvironment": 600}));
        assert!(gaps(&z, &environments).into_iter().all(|gap| gap.expect("they depend on each other") < 10.0));
        let (z, environments) = world(seed, json!({"pointsPerEnvironment": 600}));
        assert!(gaps(&z, &environments).into_iter().all(|gap| gap.expect("they depend on each other") > 10.0));
    }
}

#[test]
fn latents_that_depend_on_none_are_in_no_plane() {
    let (z, environments) = world(1, json!({"latents": 3, "graph": "random", "edgeProbability": 0}));
    assert_eq!(gaps(&z, &environments), [None; 3]);
}

#[test]
fn environments_count_by_their_rows_beside_a_line_that_all_of_them_share() {
    // Nothing bends: functions say nothing of x and y, and what is left is the least of a sum over the slope of one line.
    let of = |rows: f64, xy: f64, yy: f64| {
        let mut moments = Matrix::from_fn(FUNCTIONS + 2, FUNCTIONS + 2, |a, b| f64::from(u8::from(a == b)));
        (moments[(X, Y)], moments[(Y, X)], moments[(Y, Y)]) = (xy, xy, yy);
        Seen { rows, moments, effects: 0.0 }
    };
    let seen = [of(100.0, 0.5, 1.0), of(900.0, -0.2, 2.0)];
    let at = |slope: f64| {
        let variance = |of: &Seen| of.moments[(Y, Y)] - 2.0 * slope * of.moments[(X, Y)] + slope * slope;
        seen.iter().map(|of| 0.5 * of.rows * variance(of).ln()).sum::<f64>()
    };
    let least = (-10_000..=10_000).map(|step| at(f64::from(step) * 1e-4)).fold(f64::INFINITY, f64::min);
    let found = shared_curve(&seen);
    // What eight alternations and the ridge leave.
    assert!((found - least).abs() < 1e-3, "{found} {least}");
}
