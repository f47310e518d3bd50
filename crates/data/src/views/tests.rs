use super::*;

const PHOTO: Image = Image { channels: 2, height: 1, width: 3 };

fn table(name: &str, start: usize, end: usize) -> View {
    View { name: name.into(), start, end, image: None }
}

fn mixed() -> Vec<View> {
    vec![table("rna", 0, 2), View { name: "photo".into(), start: 2, end: 8, image: Some(PHOTO) }, table("age", 8, 9)]
}

fn names() -> Vec<String> {
    let pixels = ["photo.0.0.0", "photo.0.0.1", "photo.0.0.2", "photo.1.0.0", "photo.1.0.1", "photo.1.0.2"];
    ["a", "b"].iter().chain(&pixels).chain(&["c"]).map(|&name| name.to_owned()).collect()
}

#[test]
fn pixels_are_named_from_the_shape_and_left_out_of_what_is_written() {
    let views = mixed();
    check(&views, &names()).expect("they fit");
    let written = outside_images(&views, &names());
    assert_eq!(written, ["a", "b", "c"]);
    assert_eq!(with_pixels(&views, written, 9).expect("three names"), names());
    assert_eq!(with_pixels(&views, names(), 9).expect("all names"), names(), "pixels may be named");
    let failure = with_pixels(&views, vec!["a".into()], 9).expect_err("one name for three columns");
    assert_eq!((failure.code, &failure.context["expected"]), (Code::DataShape, &serde_json::json!(3)));
}

#[test]
fn a_unit_is_a_column_of_a_table_or_a_channel_of_an_image() {
    let views = mixed();
    assert_eq!(units(&views), [0..1, 1..2, 2..5, 5..8, 8..9]);
    assert_eq!(spread(&views, vec![1, 2, 3, 4, 5]), [1, 2, 3, 3, 3, 4, 4, 4, 5]);
    assert_eq!(squeeze(&views, &[1, 2, 3, 3, 3, 4, 4, 4, 5]), [1, 2, 3, 4, 5]);
    assert_eq!(unit_name(&views, &names(), &(5..8)), "photo (channel 1)");
    assert_eq!(unit_name(&views, &names(), &(8..9)), "c");
}

#[test]
fn views_that_overlap_leave_gaps_or_do_not_fit_their_images_are_refused() {
    let wrong = |views: Vec<View>| check(&views, &names()).expect_err("it is refused").message;
    assert_eq!(wrong(vec![table("a", 0, 5), table("b", 4, 9)]), "views \"a\" (0..5) and \"b\" (4..9) overlap");
    assert_eq!(wrong(vec![table("a", 0, 3), table("b", 4, 9)]), "columns 3..4 before view \"b\" belong to no view");
    assert_eq!(wrong(vec![table("a", 0, 8)]), "the views end at column 8, the inputs have 9");
    assert_eq!(wrong(vec![table("a", 0, 0), table("b", 0, 9)]), "view \"a\" has no column");
    assert!(wrong(vec![table("a", 0, 3), table("a", 3, 9)]).contains("two are called \"a\""));
    let image = |image| View { name: "p".into(), start: 0, end: 9, image: Some(image) };
    let square = Image { channels: 1, height: 2, width: 2 };
    assert_eq!(wrong(vec![image(square)]), "view \"p\" has 9 columns, an image of 1 x 2 x 2 has 4");
    let nine = Image { channels: 1, height: 3, width: 3 };
    assert_eq!(wrong(vec![image(nine)]), "view \"p\": a pixel is called \"a\", expected \"p.0.0.0\"");
}

#[test]
fn one_view_of_all_columns_says_no_more_than_none() {
    assert!(is_plain(&[]) && is_plain(&whole(3)));
    assert!(!is_plain(&[table("rna", 0, 3)]) && !is_plain(&mixed()));
    assert_eq!(or_whole(&[], 3), whole(3));
}
