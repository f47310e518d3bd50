use super::*;
use crate::simulate::{golden, simulate};
use serde_json::json;

#[test]
fn a_world_has_the_numbers_of_an_independent_program() {
    // golden/chamber_world.py
    let configs = golden::compare("chamber-world", include_str!("../../../../../golden/chamber_world.json"));
    assert_eq!(configs.len(), 1);
}

#[test]
fn latents_of_the_reference_have_unit_variance_and_interventions_move_their_own() {
    let points = 20_000;
    let data = simulate("chamber-world", json!({"pointsPerEnvironment": points})).expect("a valid configuration");
    data.check_shapes().expect("all parts fit together");
    let sd = deviations();
    for i in 0..5 {
        let moments = |u: usize| {
            let of = |row: usize| f64::from(data.truth["latents"].values[(row, i)]);
            let rows = u * points..(u + 1) * points;
            let mean = rows.clone().map(of).sum::<f64>() / points as f64;
            (mean, rows.map(|row| (of(row) - mean).powi(2)).sum::<f64>() / points as f64)
        };
        // Five standard errors of a mean and of a variance of so many normal values.
        let (mean, variance) = moments(0);
        assert!(mean.abs() < 0.036 && (variance - 1.0).abs() < 0.05, "{i}: {mean} {variance}");
        let (mean, variance) = moments(i + 1);
        let expected = CHANGED_VARIANCES[i] / sd[i].powi(2);
        assert!((mean - CHANGED_MEANS[i] / sd[i]).abs() < 0.036 * expected.sqrt(), "{i}: {mean}");
        assert!((variance / expected - 1.0).abs() < 0.05, "{i}: {variance}");
    }
}

#[test]
fn sensors_behind_both_polarizers_alone_see_their_difference() {
    let base = [0.0, 0.0, 0.0, 0.5, 0.5];
    let turned = [0.0, 0.0, 0.0, 1.5, 1.5];
    let crossed = [0.0, 0.0, 0.0, 0.5, 5.0];
    let (base, turned, crossed) = (sensors(&base), sensors(&turned), sensors(&crossed));
    for j in 0..7 {
        assert!((base[j] - turned[j]).abs() < 1e-9, "{j}: turned together, they let the same light through");
    }
    assert_eq!(base[..4], crossed[..4]);
    // cos^2 of 81 degrees is 0.0245: little more than what crossed polarizers let through.
    assert!(crossed[4] < 0.1 * base[4] && crossed[5] < 0.1 * base[5]);
}
