//! Rows that lack modalities.

use super::*;

/// The world where of the rows from `complete` on every other one lacks protein, the others rna.
fn in_part(rows: usize, complete: usize) -> Dataset {
    let mut data = world(rows, 8, false);
    for row in complete..rows {
        let lacking = if row.is_multiple_of(2) { COLUMNS..2 * COLUMNS } else { 0..COLUMNS };
        data.inputs.row_mut(row)[lacking].fill(f32::NAN);
    }
    data
}

#[test]
fn they_teach_what_they_have() {
    let data = in_part(3000, 300);
    let run = attempt(&data, json!({"copies": 0, "anotherCode": false})).expect("the fit runs");
    assert!(run.rows.iter().all(|&row| row < 300), "the results are about complete rows");
    assert!(run.latents.data().iter().all(|v| v.is_finite()));
    let told = run.summary.warnings.iter().find(|warning| warning.code == "ROWS_INCOMPLETE").expect("told");
    assert!(told.message.starts_with("2700 rows lack a modality"), "{}", told.message);
    let few = Dataset {
        inputs: data.inputs.select_rows(&(0..300).collect::<Vec<_>>()),
        truth: BTreeMap::new(),
        ..data.clone()
    };
    let alone = attempt(&few, json!({"copies": 0, "anotherCode": false})).expect("the fit runs");
    let (with, without) = (matched(&data, &run).1, matched(&data, &alone).1);
    // The mean: where a single latent ends depends on the last bits, which differ between processors (.83 to .95 for the worst).
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    assert!(mean(&with) > 0.9 && mean(&with) > mean(&without) + 0.05, "{with:?} beside {without:?}");

    // Where all rows are complete, nothing is different.
    let whole = world(200, 8, false);
    let all = attempt(&whole, json!({"copies": 0, "training": {"steps": 100}})).expect("the fit runs");
    assert!(all.summary.warnings.iter().all(|warning| warning.code != "ROWS_INCOMPLETE"));

    // The model encodes what such rows have.
    let model = Model::open(METHODS, &run.model).expect("it opens");
    let rows = data.inputs.select_rows(&[2998, 2999]);
    let given = GivenRows { inputs: &rows, names: &data.input_names, offsets: &[], environments: None };
    let found = model.variables(given, Variables::Latents).expect("each has a modality").values;
    assert!((0..2).all(|j| found[(0, j)].is_finite() && found[(0, 2 + j)].is_nan()));
    assert!((0..2).all(|j| found[(1, j)].is_nan() && found[(1, 2 + j)].is_finite()));
}

/// Batches of the likelihood are larger than those of a modality that few rows have.
#[test]
fn a_modality_may_have_fewer_rows_than_a_step_of_the_likelihood() {
    let mut data = world(400, 8, false);
    (100..400).for_each(|row| data.inputs.row_mut(row)[COLUMNS..].fill(f32::NAN));
    let few = json!({"copies": 1, "starts": 1, "training": {"steps": 90}, "latentDim": 1, "privateDim": 2});
    let run = attempt(&data, few).expect("the fit runs");
    assert_eq!(run.rows.len(), 100);
    assert!(run.summary.facts.iter().any(|fact| fact.id == "another-code"), "another autoencoder was asked");
}

#[test]
fn the_published_algorithm_and_methods_without_modalities_of_their_own_refuse_them() {
    let data = in_part(400, 300);
    let published = json!({"algorithm": "paper", "published": {"steps": 3}});
    assert_eq!(code(&data, published).0, Code::DataNotFinite);
    let config = json!({"method": "pca", "latentDim": 2});
    let failure = fit(METHODS, &config, &data, &FitOptions::default(), &mut Silent).expect_err("gaps");
    assert_eq!(failure.code, Code::DataNotFinite);
    // Too few complete rows are told with how many lack a modality.
    let (refused, message) = code(&in_part(400, 1), json!({}));
    assert!(refused == Code::DataTooFewRows && message.contains("399 lack a modality"), "{message}");
}
