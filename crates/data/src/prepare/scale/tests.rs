use crate::dataset::Dataset;
use crate::failure::{Code, Failure};
use crate::matrix::Matrix;
use crate::prepare::{ImageScale, Missing, PrepareConfig, Prepared, align_columns, prepare};
use crate::split::Split;
use crate::views::{Image, View, pixel_names};

const PHOTO: Image = Image { channels: 2, height: 1, width: 3 };

/// A column of a table and images of two channels; the first pixel of the first channel is black everywhere.
fn mixed(rows: usize) -> Dataset {
    let value = |i: usize, j: usize| match j {
        0 => (i * i % 11) as f32,
        1 => 0.0,
        _ => (50 * (j / 4) + (7 * i + 5 * j) % 13) as f32,
    };
    let names = ["age".to_owned()].into_iter().chain(pixel_names("photo", PHOTO));
    Dataset {
        inputs: Matrix::from_fn(rows, 7, value),
        input_names: names.collect(),
        views: vec![
            View { name: "table".into(), start: 0, end: 1, image: None },
            View { name: "photo".into(), start: 1, end: 7, image: Some(PHOTO) },
        ],
        ..Dataset::default()
    }
}

fn training(prepared: &Prepared, columns: std::ops::Range<usize>) -> Vec<f64> {
    let rows = prepared.rows_of(Split::Train);
    rows.iter().flat_map(|&row| prepared.inputs.row(row)[columns.clone()].iter().map(|&v| f64::from(v))).collect()
}

fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt())
}

#[test]
fn tables_are_standardized_by_column_and_images_by_channel() {
    let prepared = prepare(&mixed(30), &PrepareConfig::default(), 0).expect("it prepares");
    assert_eq!(prepared.views.len(), 2);
    for unit in [0..1, 1..4, 4..7] {
        let (mean, sd) = mean_and_sd(&training(&prepared, unit));
        // Values are 32-bit and of order one.
        assert!(mean.abs() < 1e-6 && (sd - 1.0).abs() < 1e-6, "{mean} {sd}");
    }
    let scale = &prepared.standardiser;
    assert!(scale.mean[1] == scale.mean[3] && scale.sd[1] == scale.sd[3], "one scale for all pixels of a channel");
    assert!(scale.mean[3] != scale.mean[4], "and one for each channel");
}

#[test]
fn images_can_be_brought_to_0_and_1_instead() {
    let config = PrepareConfig { image_scale: ImageScale::Unit, ..PrepareConfig::default() };
    let prepared = prepare(&mixed(30), &config, 0).expect("it prepares");
    let pixels = training(&prepared, 1..7);
    let (least, most) = pixels.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    assert_eq!((least, most), (0.0, 1.0));
    let (mean, sd) = mean_and_sd(&training(&prepared, 0..1));
    assert!(mean.abs() < 1e-6 && (sd - 1.0).abs() < 1e-6, "the table is standardized all the same");
}

#[test]
fn a_gap_in_an_image_is_filled_with_the_mean_of_its_channel() {
    let mut data = mixed(30);
    let columns = data.inputs.cols();
    (0..30).for_each(|row| data.inputs.data_mut()[row * columns + 2] = f32::NAN);
    let config = PrepareConfig { missing: Missing::Mean, ..PrepareConfig::default() };
    let prepared = prepare(&data, &config, 0).expect("a pixel without any value is filled");
    assert!(training(&prepared, 2..3).iter().all(|v| v.abs() < 1e-6), "the mean is 0 when it is standardized");
}

fn refused(data: &Dataset) -> Failure {
    prepare(data, &PrepareConfig::default(), 0).expect_err("it is refused")
}

#[test]
fn a_view_that_is_constant_or_a_channel_or_images_that_are_all_the_same_are_refused() {
    let changed = |f: &dyn Fn(usize, usize, f32) -> f32| {
        let data = mixed(30);
        Dataset { inputs: Matrix::from_fn(30, 7, |i, j| f(i, j, data.inputs[(i, j)])), ..data }
    };
    let failure = refused(&changed(&|_, j, v| if j == 0 { 3.0 } else { v }));
    assert_eq!(failure.code, Code::DataConstantColumn);
    assert!(failure.message.starts_with("view \"table\": input columns that never vary"), "{}", failure.message);
    let failure = refused(&changed(&|_, j, v| if (4..7).contains(&j) { 9.0 } else { v }));
    assert!(failure.message.ends_with("\"photo (channel 1)\""), "{}", failure.message);
    let failure = refused(&changed(&|_, j, v| if j > 0 { j as f32 } else { v }));
    assert!(failure.message.starts_with("view \"photo\": all images are the same"), "{}", failure.message);
    let failure = refused(&changed(&|_, j, v| if j == 0 { f32::NAN } else { v }));
    assert_eq!(failure.code, Code::DataNotFinite);
}

#[test]
fn fewer_rows_than_columns_are_prepared_and_refused_by_methods_that_say_so() {
    let prepared = prepare(&mixed(5), &PrepareConfig::default(), 0).expect("5 rows of 7 columns");
    let failure = prepared.needs_rows("tbr").expect_err("tbr needs more");
    assert_eq!(failure.code, Code::DataTooFewRows);
    assert_eq!(failure.message, "tbr needs at least as many rows as input columns: 5 rows, 7 columns");
    let one = Dataset { inputs: Matrix::from_fn(1, 7, |_, j| j as f32), ..mixed(1) };
    assert_eq!(refused(&one).message, "1 usable row, expected at least 2");
}

#[test]
fn views_count_in_the_fingerprint_and_the_one_of_all_columns_does_not() {
    let bare = Dataset { views: Vec::new(), ..mixed(9) };
    let whole = Dataset { views: crate::views::whole(7), ..mixed(9) };
    assert_eq!(bare.fingerprint(), whole.fingerprint());
    assert_ne!(bare.fingerprint(), mixed(9).fingerprint());
}

#[test]
fn new_rows_of_a_model_with_views_need_every_view_and_images_of_the_same_size() {
    let Dataset { inputs, input_names, views, .. } = mixed(3);
    let align = |names: &[String], inputs: &Matrix| align_columns(&input_names, &views, names, inputs);
    let turned: Vec<String> = input_names.iter().rev().cloned().collect();
    let got = align(&turned, &Matrix::from_fn(3, 7, |i, j| inputs[(i, 6 - j)])).expect("by name");
    assert_eq!(got, inputs);
    let failure = align(&input_names[..1], &Matrix::from_fn(3, 1, |_, _| 0.0)).expect_err("no photo");
    assert_eq!(failure.code, Code::DataColumnMismatch);
    assert!(
        failure.message.starts_with("the model was fitted on 2 views, table (1 columns), photo (2 x 1 x 3): 6 of 7")
    );
    assert!(
        failure.hint.is_some_and(|hint| hint.contains("--modality table=FILE --modality photo=FILE --join COLUMN"))
    );
    let wide = Image { width: 4, ..PHOTO };
    let names: Vec<String> = ["age".to_owned()].into_iter().chain(pixel_names("photo", wide)).collect();
    let failure = align(&names, &Matrix::from_fn(3, 9, |_, _| 0.0)).expect_err("another size");
    assert_eq!(
        failure.message,
        "view \"photo\": the images are 2 x 1 x 4, the model was fitted on 2 x 1 x 3 (channels x height x width)"
    );
}

#[test]
fn what_is_said_to_do_about_a_channel_can_be_done() {
    let mut data = mixed(30);
    (0..30).for_each(|i| (1..4).for_each(|j| data.inputs[(i, j)] = f32::NAN));
    let config = PrepareConfig { missing: Missing::Mean, ..PrepareConfig::default() };
    let failure = prepare(&data, &config, 0).expect_err("a channel without a value");
    assert!(failure.message.ends_with("\"photo (channel 0)\""), "{failure}");
    let hint = failure.hint.expect("a hint");
    assert!(!hint.contains('!') && hint.contains("channels"), "no column is called so: {hint}");
}
