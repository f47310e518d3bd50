//! Images as modalities, read by convolutions.

use super::*;

const SIDE: usize = 8;

/// Two modalities of images with a spot: its place from left to right is the latent, that of `right` follows that of `left`; from top to
/// bottom it is private.
fn spots(rows: usize) -> Dataset {
    let mut stream = Stream::new(21, "test/spots");
    let mut z = Matrix::<f32>::zeros(rows, 2);
    let mut inputs = Matrix::<f32>::zeros(rows, 2 * SIDE * SIDE);
    for row in 0..rows {
        let cause = stream.normal();
        let effect = 0.9 * (cause + 0.5 * (2.0 * cause).sin()) / 1.1 + 0.45 * stream.normal();
        for (m, across) in [cause, effect].into_iter().enumerate() {
            z[(row, m)] = across as f32;
            let place = |v: f64| 3.5 + 1.1 * v.clamp(-2.8, 2.8);
            let (x, y) = (place(across), place(stream.normal()));
            for at in 0..SIDE * SIDE {
                let square = ((at % SIDE) as f64 - x).powi(2) + ((at / SIDE) as f64 - y).powi(2);
                inputs[(row, m * SIDE * SIDE + at)] = (-square / 2.0).exp() as f32;
            }
        }
    }
    let image = Image { channels: 1, height: SIDE, width: SIDE };
    let view = |name: &str, m: usize| View {
        name: name.into(),
        start: m * SIDE * SIDE,
        end: (m + 1) * SIDE * SIDE,
        image: Some(image),
    };
    let names = ["left.z1", "right.z1"].map(String::from).to_vec();
    Dataset {
        inputs,
        input_names: ["left", "right"].iter().flat_map(|name| pixel_names(name, image)).collect(),
        views: vec![view("left", 0), view("right", 1)],
        truth: BTreeMap::from([("latents".to_owned(), Table { columns: names, rows: Vec::new(), values: z })]),
        ..Dataset::default()
    }
}

#[test]
fn places_in_images_are_found_where_dense_layers_bend_them() {
    let data = spots(1500);
    let few = json!({"latentDim": 1, "privateDim": 1, "copies": 0, "anotherCode": false});
    let run = attempt(&data, few.clone()).expect("the fit runs");
    let left = |run: &RunResult| -> Vec<f64> {
        run.summary.facts.iter().filter(|fact| fact.id.starts_with("left-")).filter_map(|fact| fact.value).collect()
    };
    let strengths = |run: &RunResult| -> Vec<f64> {
        let table = beside_truth(&data, run);
        (0..2).map(|i| table[(i, i)].expect("they vary").abs()).collect()
    };
    let mut dense = few;
    dense["encoder"] = json!("mlp");
    let flat = attempt(&data, dense).expect("the fit runs");
    assert!(strengths(&run).iter().all(|&s| s > 0.95), "{:?}", strengths(&run));
    assert!(left(&run).iter().all(|&left| left < 0.05), "{:?}", left(&run));
    assert!(left(&flat).iter().zip(left(&run)).all(|(flat, read)| *flat > 1.5 * read));

    // The model gives back what it was given, and what is computed from a row does not depend on the rows beside it.
    let model = Model::open(METHODS, &run.model).expect("it opens");
    let inputs = data.inputs.select_rows(&(0..20).collect::<Vec<_>>());
    let all = model.transform(&inputs, &data.input_names).expect("latents");
    let rows: Vec<usize> = run.rows[..20].iter().map(|&row| row as usize).collect();
    let kept = model.transform(&data.inputs.select_rows(&rows), &data.input_names).expect("latents");
    // Convolutions of another number of rows are summed in another order.
    let close = |a: &Matrix, b: &Matrix| a.data().iter().zip(b.data()).all(|(a, b)| (a - b).abs() < 1e-4);
    assert!(close(&kept, &run.latents.select_rows(&(0..20).collect::<Vec<_>>())));
    // A larger image is not cut, also where it comes alone.
    let larger = Image { channels: 1, height: SIDE + 1, width: SIDE + 1 };
    let names: Vec<String> = pixel_names("left", larger).collect();
    let pixels = Matrix::<f32>::zeros(3, larger.len());
    let given = GivenRows { inputs: &pixels, names: &names, offsets: &[], environments: None };
    let refused = model.variables(given, Variables::Latents).expect_err("another size");
    assert!(refused.code == Code::DataColumnMismatch && refused.message.contains("1 x 9 x 9"), "{refused}");
    let one = model.transform(&data.inputs.select_rows(&[7]), &data.input_names).expect("latents");
    assert!(close(&one, &all.select_rows(&[7])));
}

#[test]
fn sizes_of_images_are_chosen_by_the_same_rule() {
    let open = json!({"latentDim": "auto", "privateDim": "auto", "maxLatentDim": 3, "copies": 0, "anotherCode": false});
    let run = attempt(&spots(1500), open).expect("the fit runs");
    let chosen: Vec<(&str, usize)> = run.summary.choices.iter().map(|c| (c.parameter.as_str(), c.chosen)).collect();
    let want = [
        ("latentDim + privateDim of left", 2),
        ("latentDim of left", 1),
        ("latentDim + privateDim of right", 2),
        ("latentDim of right", 1),
    ];
    assert_eq!(chosen, want);
}

#[test]
fn convolutions_are_refused_where_there_is_nothing_to_read() {
    let (refused, message) = code(&world(400, 5, false), json!({"encoder": "convolutional"}));
    assert!(refused == Code::DataNeedsImages && message.starts_with("encoder: "), "{message}");
    let paper = json!({"encoder": "convolutional", "algorithm": "paper"});
    let (refused, message) = code(&spots(100), paper);
    assert!(refused == Code::ConfigConflict && message.contains("flat"), "{message}");
    let mut large = world(80, 1, false);
    let wide = Matrix::from_fn(80, 5000, |row, j| (row * j) as f32);
    large.inputs = Matrix::from_fn(80, 5006, |i, j| if j < 6 { large.inputs[(i, j)] } else { wide[(i, j - 6)] });
    let shape = Image { channels: 1, height: 50, width: 100 };
    large.input_names.truncate(COLUMNS);
    large.input_names.extend(pixel_names("protein", shape));
    large.views[1] = View { name: "protein".into(), start: 6, end: 5006, image: Some(shape) };
    let (refused, message) = code(&large, json!({"encoder": "mlp"}));
    assert!(refused == Code::ConfigConflict && message.contains("5000 numbers"), "{message}");
}
