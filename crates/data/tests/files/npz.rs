use crate::{check_manners, file, golden, unhex};
use disentangle_data::read::npz::{members, read};

#[test]
fn arrays_are_listed_and_read_from_stored_and_compressed_archives() {
    let golden = golden();
    for kind in ["stored", "compressed"] {
        let (_folder, path) = file("a.npz", &unhex(golden["archives"][kind].as_str().expect("digits")));
        let listed = serde_json::to_value(members(&path).expect("a good archive")).expect("plain data");
        assert_eq!(listed, golden["archives"]["members"], "{kind}");
        for name in ["inputs", "inputs.npy"] {
            let array = read(&path, name).expect("a good array");
            assert_eq!((array.shape, array.data), (vec![2, 3], vec![0., 1., 2., 3., 4., 5.]), "{kind}");
        }
        assert_eq!(read(&path, "codes").expect("a good array").data, [1.0, 2.0]);
        assert_eq!(read(&path, "scalar").expect("a good array").data, [0.5]);
    }
}

#[test]
fn an_array_that_is_not_there_or_not_numeric_is_named() {
    let (_folder, path) = file("a.npz", &unhex(golden()["archives"]["stored"].as_str().expect("digits")));
    let failure = read(&path, "input").expect_err("no such array");
    assert_eq!(failure.code.as_str(), "DATA_NOT_FOUND");
    assert_eq!(failure.hint.as_deref(), Some("did you mean \"inputs\"?"));
    check_manners(&failure);
    let failure = read(&path, "names").expect_err("text");
    assert_eq!(failure.code.as_str(), "DATA_UNSUPPORTED");
    assert!(failure.path.as_deref().is_some_and(|place| place.ends_with("a.npz:names")), "{failure:?}");
}

#[test]
fn each_damaged_archive_is_refused_with_its_code_and_a_fix() {
    let golden = golden();
    for case in golden["archives"]["refused"].as_array().expect("a list") {
        let name = &case["name"];
        let (_folder, path) = file("a.npz", &unhex(case["hex"].as_str().expect("digits")));
        let failure = members(&path).and_then(|_| read(&path, "inputs")).map(|_| ()).expect_err("damaged");
        assert_eq!(failure.code.as_str(), case["code"], "{name}: {failure}");
        assert!(failure.message.contains(case["message"].as_str().expect("words")), "{name}: {failure}");
        assert!(failure.hint.is_some(), "{name}");
        check_manners(&failure);
    }
}

#[test]
fn a_missing_archive_is_not_found() {
    let (folder, _path) = file("cells.npz", b"");
    let failure = members(&folder.path().join("cell.npz")).expect_err("no such file");
    assert_eq!(failure.code.as_str(), "DATA_NOT_FOUND");
    assert_eq!(failure.hint.as_deref(), Some("did you mean \"cells.npz\"?"));
}
