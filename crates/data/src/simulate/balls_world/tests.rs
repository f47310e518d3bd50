use super::world::{COLORS, INSIDE, SPREAD};
use super::*;
use crate::simulate::{golden, simulate};
use serde_json::json;

fn world(config: Value) -> Dataset {
    golden::drawn("balls-world", config)
}

fn column(dataset: &Dataset, table: &str, column: usize) -> Vec<f64> {
    dataset.truth[table].values.col(column).into_iter().map(f64::from).collect()
}

/// The values of a latent in the rows where it is frozen, or moves.
fn of(dataset: &Dataset, latent: usize, frozen: bool) -> Vec<f64> {
    let silent = column(dataset, "silent", latent);
    let values = column(dataset, "latents", latent);
    values.into_iter().zip(silent).filter(|(_, s)| (*s == 1.0) == frozen).map(|(z, _)| z).collect()
}

#[test]
fn a_world_has_the_numbers_of_an_independent_program() {
    // golden/balls_world.py
    let configs = golden::compare("balls-world", include_str!("../../../../../golden/balls_world.json"));
    assert_eq!(configs.len(), 4);
}

#[test]
fn mean_places_are_apart_and_moving_balls_are_spread_about_them() {
    let n = 20_000;
    let data = world(json!({"seed": 1, "rows": n, "balls": 6, "size": 10}));
    let mean = |latent: usize| of(&data, latent, true)[0];
    for ball in 0..6 {
        for axis in [2 * ball, 2 * ball + 1] {
            assert!((0.3..0.7).contains(&mean(axis)), "{axis}");
            assert!(of(&data, axis, true).iter().all(|&z| z == mean(axis)), "{axis}");
            let moving = of(&data, axis, false);
            assert!(moving.iter().all(|z| INSIDE.contains(z)));
            // The cut on one side at 2.5 standard deviations or more moves the mean by at most 0.0018 and leaves at least 0.95
            // of the variance; beside that five standard errors, 0.0037 and 0.053 of it.
            let count = moving.len() as f64;
            let average = moving.iter().sum::<f64>() / count;
            let variance = moving.iter().map(|z| (z - average).powi(2)).sum::<f64>() / count;
            assert!((average - mean(axis)).abs() < 0.0055, "{axis}: {average}");
            assert!((0.9..1.06).contains(&(variance / SPREAD.powi(2))), "{axis}: {variance}");
        }
        for other in 0..ball {
            let apart = (mean(2 * ball) - mean(2 * other)).hypot(mean(2 * ball + 1) - mean(2 * other + 1));
            assert!(apart > 0.2, "{ball} {other}: {apart}");
        }
    }
}

#[test]
fn balls_freeze_as_a_whole_or_by_coordinate_each_on_its_own() {
    let n = 20_000;
    for (frozen, probability) in [("balls", 0.1), ("coordinates", 0.3), ("balls", 1.0), ("coordinates", 0.0)] {
        let data = world(json!({"seed": 2, "rows": n, "size": 10, "frozen": frozen, "frozenProbability": probability}));
        let silent: Vec<Vec<f64>> = (0..4).map(|latent| column(&data, "silent", latent)).collect();
        let share = |at: &dyn Fn(usize) -> bool| (0..n).filter(|&row| at(row)).count() as f64 / n as f64;
        // Five standard errors of a share.
        let close = |share: f64, p: f64| (share - p).abs() <= 5.0 * (p * (1.0 - p) / n as f64).sqrt();
        for i in 0..4 {
            assert!(close(share(&|row| silent[i][row] == 1.0), probability), "{frozen}");
            for j in 0..i {
                let together = share(&|row| silent[i][row] == 1.0 && silent[j][row] == 1.0);
                let expected = if frozen == "balls" && i / 2 == j / 2 { probability } else { probability.powi(2) };
                assert!(close(together, expected), "{frozen} {i} {j}: {together}");
            }
        }
        assert_eq!(data.truth.contains_key("blocks"), frozen == "balls");
    }
}

#[test]
fn blocks_are_the_balls() {
    let data = world(json!({"rows": 2, "balls": 3}));
    let blocks = &data.truth["blocks"];
    assert_eq!(blocks.rows, ["ball1", "ball2", "ball3"]);
    assert_eq!(blocks.columns, ["ball1.x", "ball1.y", "ball2.x", "ball2.y", "ball3.x", "ball3.y"]);
    assert_eq!(blocks.values.row(1), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    assert_eq!(
        (blocks.columns.clone(), &data.truth["silent"].columns),
        (data.truth["latents"].columns.clone(), &blocks.columns)
    );
}

/// Where the paint of a picture is, in pixels from the lower left corner, and how much: by the channel that differs most from
/// white.
fn paint(data: &Dataset, row: usize, size: usize) -> ([f64; 2], f64) {
    let color = COLORS[0].map(|value| f64::from(value) / 255.0);
    let share = |pixel: usize| (1.0 - f64::from(data.inputs[(row, pixel)])) / (1.0 - color[0]);
    let shares: Vec<f64> = (0..size * size).map(share).collect();
    let sum: f64 = shares.iter().sum();
    let at = |of: &dyn Fn(usize) -> f64| shares.iter().enumerate().map(|(p, s)| s * of(p)).sum::<f64>() / sum;
    let x = at(&|pixel| (pixel % size) as f64 + 0.5);
    let y = at(&|pixel| size as f64 - (pixel / size) as f64 - 0.5);
    ([x, y], sum)
}

#[test]
fn a_ball_is_drawn_where_its_latents_say_with_y_upwards() {
    for (centers, radius) in [("whole", 6.0), ("exact", 6.4)] {
        let data = world(json!({"seed": 3, "rows": 200, "balls": 1, "centers": centers}));
        let mut whole = 0;
        for row in 0..200 {
            let place = [0, 1].map(|axis| 64.0 * f64::from(data.truth["latents"].values[(row, axis)]));
            if !place.iter().all(|p| (8.0..56.0).contains(p)) {
                continue;
            }
            whole += 1;
            let (at, area) = paint(&data, row, 64);
            // 120 pixels of 24 bits each.
            assert!((area - std::f64::consts::PI * radius * radius).abs() < 1e-4, "{area}");
            for axis in 0..2 {
                match centers {
                    "whole" => assert!((at[axis] - place[axis].floor() - 0.5).abs() < 1e-4, "{at:?} {place:?}"),
                    // The paint of a pixel counts as if it were in its middle. The first harmonic of that error, a sawtooth,
                    // over the disc is r J1(2 pi r) / pi = 0.25, of an area of 129.
                    _ => assert!((at[axis] - place[axis]).abs() < 5e-3, "{at:?} {place:?}"),
                }
            }
        }
        assert!(whole > 150, "{whole} balls are wholly on the picture");
    }
}

#[test]
fn balls_have_their_colors_on_white_and_later_ones_lie_on_top() {
    let data = world(json!({"seed": 4, "rows": 300, "balls": 12, "meanDistance": 0, "size": 32}));
    let pixel = |row: usize, place: [f64; 2]| {
        let [column, line] = place.map(|share| (32.0 * share).floor() as usize);
        [0, 1, 2].map(|c| data.inputs[(row, c * 1024 + (31 - line) * 32 + column)])
    };
    for row in 0..300 {
        let places: Vec<[f64; 2]> =
            data.truth["latents"].values.row(row).chunks(2).map(|p| [p[0], p[1]].map(f64::from)).collect();
        for ball in 0..12 {
            let middle = |place: [f64; 2]| place.map(|share| (32.0 * share).floor());
            let under = |other: &[f64; 2]| {
                let (a, b) = (middle(places[ball]), middle(*other));
                (a[0] - b[0]).hypot(a[1] - b[1]) < 4.0
            };
            if !places[ball + 1..].iter().any(under) {
                let seen = pixel(row, places[ball]);
                let close = |(a, b): (f32, u8)| (f64::from(a) - f64::from(b) / 255.0).abs() < 1e-6;
                assert!(seen.into_iter().zip(COLORS[ball]).all(close), "{row} {ball}: {seen:?}");
            }
        }
        if places.iter().all(|place| place[0] > 0.2) {
            assert!((0..3).all(|c| data.inputs[(row, c * 1024)] == 1.0), "{row}: white where no ball is");
        }
    }
}

#[test]
fn more_rows_leave_the_first_and_drawing_leaves_the_latents_as_they_were() {
    let few = world(json!({"seed": 5, "rows": 40, "size": 16, "balls": 3}));
    let more = world(json!({"seed": 5, "rows": 60, "size": 16, "balls": 3}));
    let first: Vec<usize> = (0..40).collect();
    assert_eq!(more.inputs.select_rows(&first), few.inputs);
    let exact = json!({"seed": 5, "rows": 40, "size": 20, "balls": 3, "centers": "exact", "radius": 0.2});
    assert_eq!(world(exact).truth, few.truth);
}

#[test]
fn a_source_draws_the_data_set_from_its_streams_and_other_rows_from_others() {
    let config = BallsWorldConfig { seed: 6, rows: 50, size: 16, ..BallsWorldConfig::default() };
    let dataset = balls_world(&config).expect("a valid configuration");
    let source = source(&config).expect("a world");
    assert_eq!(source.first_inputs(50), dataset.inputs);
    let streams = |step: u32| move |name: &str| Stream::new(7, name).at(step);
    let batch = |step: u32| source.inputs(0..50, &streams(step));
    assert_eq!(batch(1), batch(1));
    assert_ne!(batch(1), batch(2));
    assert_ne!(batch(1), dataset.inputs);
}

#[test]
fn bad_values_are_refused_with_their_path() {
    for (config, code, path) in [
        (json!({"balls": 0}), Code::ConfigOutOfRange, "balls"),
        (json!({"balls": 13}), Code::ConfigOutOfRange, "balls"),
        (json!({"balls": 12}), Code::ConfigConflict, "meanDistance"),
        (json!({"size": 8}), Code::ConfigOutOfRange, "radius"),
        (json!({"size": 7}), Code::ConfigOutOfRange, "size"),
        (json!({"radius": 0}), Code::ConfigOutOfRange, "radius"),
        (json!({"frozen": "all"}), Code::ConfigOutOfRange, "frozen"),
        (json!({"frozenProbability": 1.1}), Code::ConfigOutOfRange, "frozenProbability"),
        (json!({"rows": 100_000}), Code::ConfigOutOfRange, "rows"),
        (json!({"rows": 1_000_000_000, "size": 1024}), Code::ConfigOutOfRange, "rows"),
    ] {
        let failure = simulate("balls-world", config.clone()).expect_err("refused");
        assert_eq!((failure.code, failure.path.as_deref()), (code, Some(path)), "{config}: {failure}");
    }
    simulate("balls-world", json!({"size": 8, "rows": 1, "centers": "exact"}))
        .expect("less than a pixel can be drawn exactly");
}

#[test]
fn the_provenance_replays_the_world() {
    let dataset = world(json!({"rows": 3, "size": 16, "frozen": "coordinates", "centers": "exact"}));
    assert_eq!(world(dataset.provenance["config"].clone()), dataset);
}
