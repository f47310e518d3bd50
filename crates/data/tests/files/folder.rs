use crate::check_manners;
use disentangle_data::{Dataset, Failure, Image, Labels, Matrix, Role, Table, Tree, View, folder, views};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|i| format!("{prefix}{i}")).collect()
}

fn table(prefix: &str, rows: usize, cols: usize) -> Table {
    let values = Matrix::from_fn(rows, cols, |i, j| i as f32 - 0.5 * j as f32);
    Table { columns: names(prefix, cols), rows: vec![], values }
}

/// A data set with everything a data set can have.
fn full() -> Dataset {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<String>>();
    let tree = Tree::new(owned(&["root", "a", "b"]), vec![None, Some(0), Some(0)], vec![0.0, 1.0, 0.25]);
    Dataset {
        name: "small world".into(),
        inputs: Matrix::from_fn(4, 2, |i, j| if (i, j) == (1, 1) { f32::NAN } else { (i * 2 + j) as f32 / 3.0 }),
        input_names: owned(&["x, 1", "é\"2"]),
        views: Vec::new(),
        row_ids: names("cell", 4),
        labels: [
            (Role::Environment, Labels::encode("cell type", &["b", "a", "b", "a"])),
            (Role::Task, Labels::encode("assay", &["s", "s", "s", "t"])),
        ]
        .into(),
        targets: Some(table("y", 4, 1)),
        tree: Some(tree.expect("a good tree")),
        truth: [
            ("latents".to_owned(), table("z", 4, 2)),
            ("heads".to_owned(), Table { rows: owned(&["root", "a", "b"]), ..table("z", 3, 2) }),
            ("../Odd Name".to_owned(), table("q", 4, 1)),
        ]
        .into(),
        provenance: json!({"simulator": "none", "config": {"seed": 1}}).as_object().expect("an object").clone(),
        offsets: Default::default(),
    }
}

fn written(dataset: &Dataset) -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a temporary folder");
    let dir = home.path().join("world");
    folder::write(&dir, dataset).expect("it can be written");
    (home, dir)
}

fn entries(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Equality that takes NaN for equal to itself.
fn assert_same(a: &Dataset, b: &Dataset) {
    let hidden = |dataset: &Dataset| {
        let mut copy = dataset.clone();
        copy.inputs.data_mut().iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = -12345.0);
        copy
    };
    assert_eq!(hidden(a), hidden(b));
    assert_eq!(a.fingerprint(), b.fingerprint());
}

#[test]
fn a_data_set_comes_back_as_it_was_with_every_role() {
    let (home, dir) = written(&full());
    assert_same(&folder::read(&dir).expect("it can be read"), &full());
    assert_eq!(entries(home.path()), ["world"], "no temporary is left");
    assert_eq!(entries(&dir), ["dataset.json", "environment.npy", "inputs.npy", "targets.npy", "task.npy", "truth"]);
    assert_eq!(entries(&dir.join("truth")), ["_0.npy", "heads.npy", "latents.npy"]);
}

#[test]
fn the_inputs_alone_are_read_as_they_are_with_the_rest_and_checked() {
    let (_home, dir) = written(&full());
    let bits = |inputs: &Matrix| inputs.data().iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
    let inputs = folder::read_inputs(&dir, 4, 2).expect("they are whole");
    assert_eq!((inputs.rows(), inputs.cols(), bits(&inputs)), (4, 2, bits(&full().inputs)));
    let failure = folder::read_inputs(&dir, 4, 3).expect_err("they have two columns");
    assert_eq!(failure.code.as_str(), "DATA_SHAPE");
    let file = dir.join("inputs.npy");
    let mut bytes = fs::read(&file).expect("a file");
    *bytes.last_mut().expect("a byte") ^= 1;
    fs::write(&file, bytes).expect("it can be written");
    assert_eq!(folder::read_inputs(&dir, 4, 2).expect_err("a bit differs").code.as_str(), "DATA_CORRUPT");
}

#[test]
fn the_smallest_data_set_comes_back_too() {
    let smallest = Dataset {
        inputs: Matrix::new(1, 1, vec![2.0]).expect("one value"),
        input_names: vec!["x".into()],
        ..Dataset::default()
    };
    let (_home, dir) = written(&smallest);
    assert_same(&folder::read(&dir).expect("it can be read"), &smallest);
}

#[test]
fn a_data_set_replaces_an_earlier_one_and_an_empty_folder_but_nothing_else() {
    let (home, dir) = written(&full());
    let mut other = full();
    other.truth.clear();
    folder::write(&dir, &other).expect("a data set folder may be replaced");
    assert_same(&folder::read(&dir).expect("it can be read"), &other);
    assert_eq!(entries(home.path()), ["world"], "the old one is gone");

    let empty = home.path().join("empty");
    fs::create_dir(&empty).expect("a new folder");
    folder::write(&empty, &other).expect("an empty folder may be replaced");

    let file = home.path().join("file");
    fs::write(&file, "mine").expect("a file");
    let foreign = home.path().join("foreign");
    fs::create_dir(&foreign).expect("a new folder");
    fs::write(foreign.join("thesis.tex"), "mine").expect("a file");
    fs::write(dir.join("notes.txt"), "mine").expect("a file");
    for (place, words) in [(&file, "is a file"), (&foreign, "not a data set folder"), (&dir, "notes.txt")] {
        let failure = folder::write(place, &other).expect_err("it holds something else");
        assert_eq!(failure.code.as_str(), "FILE_WRITE");
        assert!(failure.message.contains(words), "{failure}");
        check_manners(&failure);
    }
    assert_eq!(fs::read_to_string(foreign.join("thesis.tex")).expect("still there"), "mine");
    assert_eq!(fs::read_to_string(dir.join("notes.txt")).expect("still there"), "mine");
    assert_eq!(entries(home.path()), ["empty", "file", "foreign", "world"]);
}

#[test]
fn a_data_set_whose_parts_do_not_fit_is_not_written() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut broken = full();
    broken.row_ids.pop();
    let failure = folder::write(&home.path().join("world"), &broken).expect_err("three ids for four rows");
    assert_eq!(failure.code.as_str(), "DATA_SHAPE");
    assert!(entries(home.path()).is_empty());
}

/// Reads the folder after `edit` has changed its `dataset.json`.
fn read_edited(edit: impl FnOnce(&mut Value)) -> Result<Dataset, Failure> {
    let (_home, dir) = written(&full());
    let path = dir.join("dataset.json");
    let mut json: Value = serde_json::from_slice(&fs::read(&path).expect("it is there")).expect("JSON");
    edit(&mut json);
    fs::write(&path, json.to_string()).expect("it can be written");
    folder::read(&dir)
}

type Edit = fn(&mut Value);

#[test]
fn an_edited_description_is_refused() {
    let cases: [(&str, Edit, &str, &str); 12] = [
        ("a newer format", |j| j["format"] = json!(3), "ARTIFACT_VERSION", "format 3, this version reads up to 2"),
        ("no format", |j| drop(j.as_object_mut().map(|o| o.remove("format"))), "DATA_CORRUPT", "format"),
        ("an unknown key", |j| j["inptus"] = json!(1), "DATA_CORRUPT", "inptus"),
        ("a renamed input", |j| j["inputNames"][0] = json!("x"), "DATA_CORRUPT", "fingerprint"),
        ("a renamed level", |j| j["labels"]["environment"]["levels"][0] = json!("c"), "DATA_CORRUPT", "fingerprint"),
        ("a missing level", |j| j["labels"]["environment"]["levels"] = json!(["b"]), "DATA_SHAPE", "code 1"),
        ("a wrong number of names", |j| j["inputNames"] = json!(["x"]), "DATA_SHAPE", "[4, 2]"),
        ("a wrong number of rows", |j| j["rows"] = json!(5), "DATA_SHAPE", "says [5"),
        ("a cycle", |j| j["tree"]["parents"] = json!([1, 0, 0]), "TREE_CYCLE", ""),
        ("a file outside", |j| j["inputs"]["file"] = json!("../x.npy"), "DATA_CORRUPT", "outside the folder"),
        ("an absolute file", |j| j["inputs"]["file"] = json!("/x.npy"), "DATA_CORRUPT", "outside the folder"),
        ("codes that are floats", |j| j["labels"]["task"]["file"] = json!("inputs.npy"), "DATA_UNSUPPORTED", "<u4"),
    ];
    for (name, edit, code, words) in cases {
        let failure = read_edited(edit).map(|_| ()).expect_err(name);
        assert_eq!(failure.code.as_str(), code, "{name}: {failure}");
        assert!(failure.message.contains(words), "{name}: {failure}");
        check_manners(&failure);
    }
}

#[test]
fn a_folder_made_by_hand_needs_no_digests() {
    let edited = read_edited(|json| {
        for key in ["fingerprint", "rowIds", "provenance", "truth", "tree"] {
            json.as_object_mut().expect("an object").remove(key);
        }
        json["inputs"].as_object_mut().expect("an object").remove("digest");
        json["inputNames"][0] = json!("renamed");
    });
    assert_eq!(edited.expect("a good folder").input_names[0], "renamed");
}

/// A folder that version 0.1.0 wrote, in a place where it can be changed.
fn written_by_0_1(name: &str) -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a temporary folder");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/folders-0.1.0").join(name);
    let dir = home.path().join(name);
    fs::create_dir(&dir).expect("a new folder");
    for file in entries(&from) {
        fs::copy(from.join(&file), dir.join(&file)).expect("it can be copied");
    }
    (home, dir)
}

fn notes(dataset: &Dataset) -> Vec<&str> {
    dataset.provenance["notes"].as_array().expect("a list").iter().map(|note| note.as_str().expect("text")).collect()
}

#[test]
fn segments_of_an_old_folder_become_its_environments_where_it_has_none_and_this_is_said() {
    let (_home, dir) = written_by_0_1("segment");
    let dataset = folder::read(&dir).expect("its fingerprint is that of 0.1.0");
    assert_eq!(dataset.labels, [(Role::Environment, Labels::encode("s", &["s", "s", "t", "s"]))].into());
    assert_eq!(notes(&dataset), ["the segments in \"s\" are taken as environments: `segment` is retired"]);

    folder::write(&dir, &dataset).expect("an old folder may be replaced");
    assert_eq!(entries(&dir), ["dataset.json", "environment.npy", "inputs.npy", "targets.npy"]);
    assert_same(&folder::read(&dir).expect("it can be read"), &dataset);
}

#[test]
fn environments_of_an_old_folder_win_over_its_segments_and_this_is_said() {
    let (_home, dir) = written_by_0_1("both");
    let dataset = folder::read(&dir).expect("its fingerprint is that of 0.1.0");
    assert_eq!(dataset.labels, [(Role::Environment, Labels::encode("e", &["u", "v", "u", "v"]))].into());
    let left = "the segments in \"s\" are left out: `segment` is retired, and \"e\" holds the environments";
    assert_eq!(notes(&dataset), [left]);
}

#[test]
fn an_edited_segment_of_an_old_folder_is_refused() {
    let cases: [(Edit, &str); 2] = [
        (|j| j["labels"]["segment"]["levels"][0] = json!("x"), "DATA_CORRUPT"),
        (|j| j["labels"]["segment"]["levels"] = json!(["s"]), "DATA_SHAPE"),
    ];
    for name in ["segment", "both"] {
        for (edit, code) in cases {
            let (_home, dir) = written_by_0_1(name);
            let path = dir.join("dataset.json");
            let mut json: Value = serde_json::from_slice(&fs::read(&path).expect("it is there")).expect("JSON");
            edit(&mut json);
            fs::write(&path, json.to_string()).expect("it can be written");
            let failure = folder::read(&dir).map(|_| ()).expect_err(name);
            assert_eq!(failure.code.as_str(), code, "{name}: {failure}");
        }
    }
}

#[test]
fn the_retired_role_points_to_the_one_that_took_its_place() {
    let failure = Role::named("segment").expect_err("it is retired");
    assert_eq!(failure.code.as_str(), "CONFIG_UNKNOWN_KEY");
    assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("`environment`")), "{failure}");
    check_manners(&failure);
    check_manners(&Role::named("subject").expect_err("there is none"));
    for role in [Role::Environment, Role::Task] {
        assert_eq!(Role::named(role.as_str()).expect("it is one"), role);
    }
}

#[test]
fn each_edited_truncated_or_missing_file_is_named() {
    let (_home, dir) = written(&full());
    for name in ["inputs.npy", "targets.npy", "environment.npy", "truth/heads.npy"] {
        let path = dir.join(name);
        let good = fs::read(&path).expect("it is there");
        let check = |bytes: Option<&[u8]>, code: &str| {
            match bytes {
                Some(bytes) => fs::write(&path, bytes).expect("it can be written"),
                None => fs::remove_file(&path).expect("it can be removed"),
            }
            let failure = folder::read(&dir).map(|_| ()).expect_err(name);
            assert_eq!(failure.code.as_str(), code, "{name}: {failure}");
            let place = failure.path.as_deref().unwrap_or_default().replace('\\', "/");
            assert!(place.ends_with(name), "{name}: {place}");
        };
        let mut edited = good.clone();
        edited[good.len() - 4] ^= 1;
        check(Some(&edited), "DATA_CORRUPT");
        check(Some(&good[..good.len() - 1]), "DATA_CORRUPT");
        check(None, "DATA_NOT_FOUND");
        fs::write(&path, &good).expect("it can be written");
    }
    folder::read(&dir).expect("whole again");
}

#[test]
fn what_is_no_data_set_folder_says_so() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let failure = folder::read(home.path()).expect_err("no dataset.json");
    assert_eq!(failure.code.as_str(), "DATA_UNKNOWN_FORMAT");
    check_manners(&failure);
    let failure = folder::read(&home.path().join("none")).expect_err("no such folder");
    assert_eq!(failure.code.as_str(), "DATA_NOT_FOUND");
    fs::write(home.path().join("dataset.json"), "{\n \"format\": 1,\n oops").expect("a file");
    let failure = folder::read(home.path()).expect_err("no JSON");
    assert_eq!(failure.code.as_str(), "DATA_CORRUPT");
    assert!(failure.path.as_deref().is_some_and(|place| place.ends_with("dataset.json:3:2")), "{failure:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_names_and_values_come_back(
        name in any::<String>(),
        column in any::<String>(),
        labels in prop::collection::vec(any::<String>(), 1..5),
        truth in any::<String>(),
        bits in any::<u32>(),
    ) {
        let rows = labels.len();
        let value = f32::from_bits(bits);
        let dataset = Dataset {
            name,
            inputs: Matrix::new(rows, 1, vec![if value.is_nan() { 0.0 } else { value }; rows]).expect("one column"),
            input_names: vec![column.clone()],
            labels: [(Role::Task, Labels::encode(column.clone(), &labels))].into(),
            truth: [(truth, table("z", rows, 1))].into(),
            ..Dataset::default()
        };
        let (_home, dir) = written(&dataset);
        prop_assert_eq!(folder::read(&dir).expect("it can be read"), dataset);
    }
}

#[test]
fn views_round_trip_and_pixels_are_not_named_in_the_folder() {
    let photo = Image { channels: 1, height: 2, width: 2 };
    let names = ["age".to_owned()].into_iter().chain(views::pixel_names("photo", photo));
    let dataset = Dataset {
        inputs: Matrix::from_fn(4, 5, |i, j| (i * 5 + j) as f32),
        input_names: names.collect(),
        views: vec![
            View { name: "table".into(), start: 0, end: 1, image: None },
            View { name: "photo".into(), start: 1, end: 5, image: Some(photo) },
        ],
        ..full()
    };
    let (_home, dir) = written(&dataset);
    let text = fs::read_to_string(dir.join("dataset.json")).expect("a manifest");
    assert!(!text.contains("photo.0"), "no pixel is named");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&json["format"], &json["inputNames"]), (&json!(2), &json!(["age"])));
    let read = folder::read(&dir).expect("a good folder");
    assert_same(&read, &dataset);
    assert_eq!(read.views, dataset.views);
    let (_home, plain) = written(&full());
    let json: Value =
        serde_json::from_str(&fs::read_to_string(plain.join("dataset.json")).expect("one")).expect("JSON");
    assert_eq!((&json["format"], json.get("views")), (&json!(1), None), "older versions read what has no views");
}

#[test]
fn a_manifest_whose_views_do_not_fit_is_refused_before_any_pixel_is_named() {
    let (_home, dir) = written(&full());
    let path = dir.join("dataset.json");
    let good: Value = serde_json::from_str(&fs::read_to_string(&path).expect("a manifest")).expect("JSON");
    let side = 1u64 << 20;
    for views in [
        json!([{"name": "a", "start": 0, "end": 1}, {"name": "b", "start": 0, "end": 2}]),
        json!([{"name": "a", "start": 0, "end": 2, "image": {"channels": side, "height": side, "width": side}}]),
        json!([{"name": "a", "start": 0, "end": side * side, "image": {"channels": 1, "height": side, "width": side}}]),
        json!([{"name": "a", "start": 0, "end": 2, "image": {"channels": 1, "height": 0, "width": 2}}]),
    ] {
        let mut json = good.clone();
        json["views"] = views;
        fs::write(&path, json.to_string()).expect("it can be written");
        assert_eq!(folder::read(&dir).expect_err("it is refused").code.as_str(), "DATA_SHAPE");
    }
}

#[test]
fn a_version_that_a_killed_writer_left_half_moved_and_damaged_is_refused_and_not_waited_for() {
    let (_home, dir) = written(&full());
    let commit = dir.join(".commit");
    fs::create_dir(&commit).expect("a new folder");
    fs::rename(dir.join("inputs.npy"), commit.join("inputs.npy")).expect("it moves");
    assert_same(&folder::read(&dir).expect("its files are found"), &full());
    let mut bytes = fs::read(commit.join("inputs.npy")).expect("it is there");
    *bytes.last_mut().expect("numbers") ^= 1;
    fs::write(commit.join("inputs.npy"), bytes).expect("it can be written");
    let failure = folder::read(&dir).expect_err("it is damaged");
    assert_eq!(failure.code.as_str(), "DATA_CORRUPT");
}
