//! Recovered blocks, against scikit-learn and by hand.

use crate::golden::{golden, list, matrix, number, numbers};
use crate::{assert_close, input, named, normal};
use disentangle_data::{Code, Matrix, Stream};
use disentangle_metrics::{ScoreInput, blocks, r2, score};
use serde_json::Value;

fn places(value: &Value) -> Vec<Vec<usize>> {
    list(value).iter().map(|block| numbers(block).into_iter().map(|place| place as usize).collect()).collect()
}

#[test]
fn recovered_blocks_agree_with_scikit_learn() {
    for case in list(&golden()["blocks"]) {
        let name = case["name"].as_str().expect("a name");
        let found =
            blocks(&places(&case["blocks"]), &matrix(&case["truth"]), &matrix(&case["latents"])).expect("sound");
        let given: Vec<Vec<usize>> = found.blocks.iter().map(|block| block.latents.clone()).collect();
        assert_eq!(given, places(&case["given"]), "{name}");
        for (b, block) in found.blocks.iter().enumerate() {
            let what = format!("{name}, block {b}");
            assert_close(block.r2, numbers(&case["r2"])[b], 1e-12, &what);
            assert_close(block.leakage, numbers(&case["leakage"])[b], 1e-12, &what);
            assert_close(block.dependence, numbers(&case["dependence"])[b], 1e-12, &what);
        }
        let explained: Vec<f64> =
            found.explained.concat().into_iter().map(|e| e.expect("no latent is constant")).collect();
        for (got, expected) in explained.iter().zip(matrix(&case["explained"]).data()) {
            assert_close(*got, *expected, 1e-12, name);
        }
        for (key, value) in [("within", found.within), ("across", found.across)] {
            assert_close(value.expect("defined"), number(&case[key]), 1e-12, name);
        }
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
        assert_close(found.value.expect("defined"), mean(numbers(&case["r2"])), 1e-12, name);
        assert_close(found.leakage.expect("defined"), mean(numbers(&case["leakage"])), 1e-12, name);
        assert_close(found.dependence.expect("defined"), mean(numbers(&case["dependence"])), 1e-12, name);
    }
}

#[test]
fn what_is_mixed_within_blocks_is_found_and_what_is_mixed_across_them_leaks() {
    let z = normal(400, 3, &mut Stream::new(1, "blocks"));
    let parts = [vec![0], vec![1, 2]];
    let mixed =
        |weights: [[f64; 3]; 3]| Matrix::from_fn(400, 3, |i, j| (0..3).map(|k| z[(i, k)] * weights[k][j]).sum::<f64>());
    // The second block comes first, each of its latents a mixture of both.
    let within = blocks(&parts, &z, &mixed([[0.0, 0.0, 4.0], [1.0, 1.0, 0.0], [-1.0, 2.0, 0.0]])).expect("sound");
    let given: Vec<&[usize]> = within.blocks.iter().map(|block| &block.latents[..]).collect();
    assert_eq!(given, [&[2][..], &[0, 1]]);
    assert_close(within.value.expect("defined"), 1.0, 1e-12, "within");
    let (leakage, dependence) = (within.leakage.expect("defined"), within.dependence.expect("defined"));
    assert_close(leakage, dependence, 1e-12, "what blocks share and nothing else");
    assert!(leakage < 0.05, "{leakage}");
    let across = blocks(&parts, &z, &mixed([[1.0, 1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])).expect("sound");
    assert!(across.leakage > Some(0.2) && across.value < Some(0.8), "{across:?}");
    // The space was found all the same.
    assert_close(
        r2(&z, &mixed([[1.0, 1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])).expect("sound").value.expect("defined"),
        1.0,
        1e-12,
        "r2",
    );
}

#[test]
fn a_block_without_a_latent_has_nothing_and_a_latent_without_a_block_takes_no_part() {
    let z = normal(300, 3, &mut Stream::new(2, "blocks"));
    let parts = [vec![0, 1], vec![2]];
    let few = blocks(&parts, &z, &z.select_cols(&[0, 1])).expect("sound");
    assert_eq!((few.blocks[1].latents.len(), few.blocks[1].r2, few.blocks[0].leakage), (0, 0.0, 0.0));
    assert_close(few.value.expect("defined"), 0.5, 1e-12, "half is found");
    // One latent is constant and one noise: neither is anybody's.
    let noise = normal(300, 1, &mut Stream::new(3, "blocks"));
    let more = Matrix::from_fn(300, 5, |i, j| match j {
        0 => 7.0,
        4 => noise[(i, 0)],
        _ => z[(i, j - 1)],
    });
    let found = blocks(&parts, &z, &more).expect("sound");
    assert_eq!((&found.blocks[0].latents[..], &found.blocks[1].latents[..]), (&[1, 2][..], &[3][..]));
    assert!(found.explained[0].iter().all(Option::is_none) && found.explained[4][0].is_some());
    assert_close(found.value.expect("defined"), 1.0, 1e-12, "all is found");
}

#[test]
fn where_blocks_cannot_be_scored_there_is_a_reason_and_blocks_must_part_the_latents() {
    let z = normal(50, 3, &mut Stream::new(4, "blocks"));
    let constant = Matrix::from_fn(50, 3, |i, j| if j == 1 { 2.0 } else { z[(i, j)] });
    let parts = [vec![0, 1], vec![2]];
    for (truth, latents, why) in [
        (&constant, &z, "true latent 1 is constant"),
        (&z, &Matrix::zeros(50, 2), "every estimated latent is constant"),
        (&z.select_rows(&[0, 1, 2, 3]), &z.select_rows(&[0, 1, 2, 3]).select_cols(&[0]), "4 rows fit 4 coefficients"),
    ] {
        let found = blocks(&parts, truth, latents).expect("sound");
        assert_eq!((found.value, found.leakage, found.blocks.len()), (None, None, 0));
        assert!(found.reason.as_deref().is_some_and(|reason| reason.contains(why)), "{:?}", found.reason);
    }
    for wrong in
        [vec![vec![0, 1]], vec![vec![0, 1], vec![1, 2]], vec![vec![0, 1, 2], vec![]], vec![vec![0, 1], vec![3]]]
    {
        assert_eq!(blocks(&wrong, &z, &z).expect_err("no partition").code, Code::MetricShape, "{wrong:?}");
    }
}

#[test]
fn blocks_are_of_the_latents_before_a_rotation_and_the_notes_name_them() {
    let u = normal(300, 3, &mut Stream::new(5, "blocks"));
    let turned = Matrix::from_fn(300, 3, |i, j| u[(i, j)] + u[(i, (j + 1) % 3)]);
    let input =
        ScoreInput { unrotated: Some(named(u.clone())), blocks: Some(vec![vec![0], vec![1, 2]]), ..input(turned, u) };
    let scores = score(&input).expect("sound");
    assert_close(scores.blocks.expect("known").value.expect("defined"), 1.0, 1e-12, "before the rotation");
    assert!(scores.notes.iter().any(|note| note.contains("`blocks`")), "{:?}", scores.notes);
    let rotated = score(&ScoreInput { unrotated: None, ..input }).expect("sound").blocks.expect("known");
    assert!(rotated.value < Some(0.9), "{rotated:?}");
}
