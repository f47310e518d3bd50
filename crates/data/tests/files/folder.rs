use crate::check_manners;
use disentangle_data::{Dataset, Failure, Labels, Matrix, Role, Table, Tree, folder};
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
        row_ids: names("cell", 4),
        labels: [
            (Role::Environment, Labels::encode("cell type", &["b", "a", "b", "a"])),
            (Role::Segment, Labels::encode("subject", &["s", "s", "s", "t"])),
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
    assert_eq!(entries(&dir), ["dataset.json", "environment.npy", "inputs.npy", "segment.npy", "targets.npy", "truth"]);
    assert_eq!(entries(&dir.join("truth")), ["_0.npy", "heads.npy", "latents.npy"]);
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
        ("a newer format", |j| j["format"] = json!(2), "ARTIFACT_VERSION", "format 2, this version reads up to 1"),
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
        ("codes that are floats", |j| j["labels"]["segment"]["file"] = json!("inputs.npy"), "DATA_UNSUPPORTED", "<u4"),
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
