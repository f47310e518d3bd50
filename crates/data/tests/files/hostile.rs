//! Random and mutated bytes: a reader answers with a value or a typed failure, never with a panic.

use crate::{check_manners, file, golden, unhex};
use disentangle_data::folder;
use disentangle_data::read::csv::{CsvOptions, CsvSelection, KindOptions, columns, kinds, read as read_csv, survey};
use disentangle_data::read::{mtx, npy, npz, scipy, unpack};
use disentangle_data::write::{NpyData, write_npy};
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;

/// Good and bad files from which mutations start.
static ARRAYS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let golden = golden();
    let list = |key: &str| golden[key].as_array().expect("a list").clone();
    list("arrays").iter().chain(&list("refused")).map(|case| unhex(case["hex"].as_str().expect("digits"))).collect()
});
static ARCHIVES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let golden = golden();
    ["stored", "compressed"].map(|kind| unhex(golden["archives"][kind].as_str().expect("digits"))).to_vec()
});
/// What SciPy wrote: golden/formats.py.
const SPARSE: [&[u8]; 4] = [
    include_bytes!("../../../../__test__/fixtures/formats/csr.npz"),
    include_bytes!("../../../../__test__/fixtures/formats/csc.npz"),
    include_bytes!("../../../../__test__/fixtures/formats/coo.npz"),
    include_bytes!("../../../../__test__/fixtures/formats/labels.npz"),
];
const MARKETS: [&[u8]; 4] = [
    include_bytes!("../../../../__test__/fixtures/formats/general.mtx"),
    include_bytes!("../../../../__test__/fixtures/formats/symmetric.mtx"),
    include_bytes!("../../../../__test__/fixtures/formats/dense.mtx"),
    b"%%MatrixMarket matrix coordinate pattern skew-symmetric\n% a remark\n3 3 2\n2 1\n3 1\n",
];
/// Two frames of Zstandard with one of remarks between them.
const FRAMES: &[u8] =
    b"\x28\xb5\x2f\xfd\x24\x02\x11\x00\x00a\n\x50\x2a\x4d\x18\x02\x00\x00\x00no\x28\xb5\x2f\xfd\x20\x02\x11\x00\x00b\n";
const TABLES: [&[u8]; 4] = [
    b"id,x,env\na,1.5,\"b,\"\"c\"\nd,,e\n",
    b"\xEF\xBB\xBFx;y\r\n1,5;2\r\n-inf;1e39\r\n",
    b"a\tb\tc\n\"1\n2\"\t3\t4\n",
    b"x|x|\n\r\r\n1|2|\xC3\xA4\n",
];

const MANIFEST: &[u8] = br#"{"format":1,"name":"n","rows":2,"inputs":{"file":"inputs.npy"},"inputNames":["x"],
"labels":{"environment":{"column":"e","levels":["a","b"],"file":"environment.npy"}},
"tree":{"names":["r","a","b"],"parents":[null,0,0],"lengths":[0,1,2.5]},
"truth":{"z":{"columns":["q"],"rows":["a","b"],"file":"inputs.npy"}},"rowIds":["1","2"]}"#;

/// Bytes overwritten, inserted and removed, then perhaps cut short.
fn mutated(originals: &[Vec<u8>]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..4u8);
    let edits = prop::collection::vec(edit, 0..12);
    let start = prop::sample::select(originals.to_vec());
    (start, edits, any::<prop::sample::Index>(), 0..4u8).prop_map(|(mut bytes, edits, cut, whether)| {
        for (index, byte, kind) in edits {
            let at = index.index(bytes.len().max(1)).min(bytes.len());
            match kind {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                _ if at < bytes.len() => bytes[at] = byte,
                _ => {}
            }
        }
        if whether == 0 {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        bytes
    })
}

fn check_csv(path: &Path) {
    for quote in [Some('"'), None] {
        let options = CsvOptions { quote, ..CsvOptions::default() };
        let found = match columns(path, &options) {
            Ok(found) => found.columns,
            Err(failure) => return check_manners(&failure),
        };
        match kinds(path, &KindOptions { options: options.clone(), ..KindOptions::default() }) {
            Ok(kinds) => assert_eq!(kinds.len(), found.len()),
            Err(failure) => check_manners(&failure),
        }
        match survey(path, &KindOptions { options: options.clone(), ..KindOptions::default() }) {
            Ok(all) => assert_eq!(all.kinds.len(), found.len()),
            Err(failure) => check_manners(&failure),
        }
        for (numeric, text) in [(found.clone(), vec![]), (vec![], found.clone()), (vec!["x".into()], vec![])] {
            let selection = CsvSelection { options: options.clone(), numeric, text, ..CsvSelection::default() };
            match read_csv(path, &selection) {
                Ok(table) => {
                    assert_eq!(table.numeric.rows(), table.rows);
                    assert!(table.numeric.data().iter().all(|v| !v.is_infinite()));
                    assert!(table.text.iter().all(|column| column.len() == table.rows));
                }
                Err(failure) => check_manners(&failure),
            }
        }
    }
}

fn check_npy(bytes: &[u8]) {
    if let Ok(array) = npy::decode(bytes) {
        assert_eq!(array.data.len(), array.shape.iter().product::<usize>());
    }
    for columns in [[0].as_slice(), &[1], &[1, 0]] {
        if let Ok(texts) = npy::decode_text(bytes, columns) {
            assert!(texts.iter().all(|texts| texts.len() <= bytes.len()));
        }
        if let (Ok(exact), Ok(array)) = (npy::decode_exact(bytes, columns), npy::decode(bytes)) {
            let width = array.shape.get(1).copied().unwrap_or(1);
            for (place, &value) in exact.iter().enumerate() {
                let rounded = array.data[place / columns.len() * width + columns[place % columns.len()]];
                assert!(value as f32 == rounded || (value.is_nan() && rounded.is_nan()));
            }
        }
    }
}

fn check_npz(bytes: &[u8]) {
    let (_folder, path) = file("a.npz", bytes);
    match npz::members(&path) {
        Err(failure) => check_manners(&failure),
        Ok(members) => {
            for member in members {
                match npz::read(&path, &member.name) {
                    Ok(array) => assert_eq!(array.data.len(), array.shape.iter().product::<usize>()),
                    Err(failure) => check_manners(&failure),
                }
            }
        }
    }
}

fn check_sparse(bytes: &[u8]) {
    let (_folder, path) = file("a.npz", bytes);
    match scipy::about(&path) {
        Err(failure) => check_manners(&failure),
        Ok(about) => {
            let chosen: Vec<usize> = (0..about.columns.min(3)).collect();
            match scipy::read(&path, &chosen) {
                Ok(matrix) => assert_eq!((matrix.rows(), matrix.cols()), (about.rows, chosen.len())),
                Err(failure) => check_manners(&failure),
            }
        }
    }
}

fn check_market(bytes: &[u8]) {
    let (_folder, path) = file("a.mtx", bytes);
    for orientation in [mtx::Orientation::AsWritten, mtx::Orientation::Transposed] {
        if let Err(failure) = mtx::read(&path, orientation, &[0]) {
            check_manners(&failure);
        }
    }
}

fn check_packed(bytes: &[u8]) {
    let (folder, path) = file("a", bytes);
    let target = folder.path().join("out");
    if let Err(failure) = unpack::unzstd(&path, &target) {
        check_manners(&failure);
    }
    match unpack::zip_members(&path) {
        Err(failure) => check_manners(&failure),
        Ok(members) => {
            for member in members {
                if let Err(failure) = unpack::unzip(&path, &member.name, &target) {
                    check_manners(&failure);
                }
            }
        }
    }
}

fn check_folder(manifest: &[u8]) {
    let (folder, _path) = file("dataset.json", manifest);
    write_npy(&folder.path().join("inputs.npy"), &[2, 1], NpyData::F32(&[1.0, 2.0])).expect("it can be written");
    write_npy(&folder.path().join("environment.npy"), &[2], NpyData::U32(&[0, 1])).expect("it can be written");
    match folder::read(folder.path()) {
        Ok(dataset) => assert_eq!(dataset.check_shapes(), Ok(())),
        Err(failure) => check_manners(&failure),
    }
}

/// 400 cases, or as many as PROPTEST_CASES asks for.
fn deep() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.max(400), ..usual }
}

proptest! {
    #![proptest_config(deep())]

    #[test]
    fn no_bytes_make_the_csv_reader_panic(
        bytes in prop_oneof![
            mutated(&TABLES.map(<[u8]>::to_vec)),
            prop::collection::vec(any::<u8>(), 0..200),
            "[\"',;|x1e.\\-\\t\\r\\n]{0,60}".prop_map(String::into_bytes),
        ]
    ) {
        let (_folder, path) = file("t.csv", &bytes);
        check_csv(&path);
    }

    #[test]
    fn no_bytes_make_the_npy_reader_panic(
        bytes in prop_oneof![
            4 => mutated(&ARRAYS),
            1 => prop::collection::vec(any::<u8>(), 0..200),
            2 => "[{}()\\[\\]',: 0-9a-z<|_L\\\\]{0,80}".prop_map(|header| {
                let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
                bytes.extend((header.len() as u16).to_le_bytes());
                bytes.extend(header.into_bytes());
                bytes
            }),
        ]
    ) {
        check_npy(&bytes);
    }

    #[test]
    fn no_bytes_make_the_npz_reader_panic(
        bytes in prop_oneof![mutated(&ARCHIVES), prop::collection::vec(any::<u8>(), 0..200)]
    ) {
        check_npz(&bytes);
    }

    #[test]
    fn no_bytes_make_the_reader_of_sparse_matrices_panic(bytes in mutated(&SPARSE.map(<[u8]>::to_vec))) {
        check_sparse(&bytes);
    }

    #[test]
    fn no_bytes_make_the_reader_of_matrix_market_panic(bytes in mutated(&MARKETS.map(<[u8]>::to_vec))) {
        check_market(&bytes);
    }

    #[test]
    fn no_bytes_make_unpacking_panic(bytes in prop_oneof![mutated(&[FRAMES.to_vec()]), mutated(&ARCHIVES)]) {
        check_packed(&bytes);
    }

    #[test]
    fn no_description_makes_the_folder_reader_panic(manifest in mutated(&[MANIFEST.to_vec()])) {
        check_folder(&manifest);
    }
}

#[test]
fn the_description_from_which_mutations_start_is_good() {
    let (folder, _path) = file("dataset.json", MANIFEST);
    write_npy(&folder.path().join("inputs.npy"), &[2], NpyData::F32(&[1.0, 2.0])).expect("it can be written");
    write_npy(&folder.path().join("environment.npy"), &[2], NpyData::U32(&[0, 1])).expect("it can be written");
    let dataset = folder::read(folder.path()).expect("a vector is one column");
    assert_eq!((dataset.rows(), dataset.truth["z"].rows.len()), (2, 2));
}

#[test]
fn frames_are_unpacked_one_after_the_other_and_checked() {
    let unpacked = |bytes: &[u8]| {
        let (folder, path) = file("a.zst", bytes);
        let target = folder.path().join("out");
        unpack::unzstd(&path, &target).map(|()| std::fs::read(target).expect("it was written"))
    };
    // Without a checksum, so that the frames stay short.
    let plain = [&FRAMES[..4], &[0x20], &FRAMES[5..]].concat();
    assert_eq!(unpacked(&plain).expect("two frames"), b"a\nb\n");
    assert!(unpacked(&plain[..plain.len() - 1]).is_err());
    // With a checksum that is none.
    let checked = [&FRAMES[..11], &[1, 2, 3, 4]].concat();
    assert!(unpacked(&checked).expect_err("another checksum").message.contains("checksum"));
}

#[test]
fn a_shape_that_lies_allocates_nothing() {
    let market = b"%%MatrixMarket matrix coordinate real general\n1000000000000 1000 1000000000000\n1 1 1\n";
    let (_folder, path) = file("a.mtx", market);
    let failure = mtx::read(&path, mtx::Orientation::AsWritten, &[0, 1]).expect_err("eight terabytes");
    assert!(failure.message.contains("does not fit"), "{failure}");
    let header = b"{'descr': '<U1', 'fortran_order': False, 'shape': (1000000000000, 2), }\n";
    let bytes = [b"\x93NUMPY\x01\x00".as_slice(), &(header.len() as u16).to_le_bytes(), header, b"abcd"].concat();
    assert!(npy::decode_text(bytes.as_slice(), &[1]).expect_err("four bytes").message.contains("truncated"));
}

#[test]
fn a_symmetric_matrix_that_is_not_square_is_refused() {
    for symmetry in ["symmetric", "skew-symmetric"] {
        for shape in ["2 3 1", "3 2 1"] {
            let market = format!("%%MatrixMarket matrix coordinate real {symmetry}\n{shape}\n2 1 5\n");
            let (_folder, path) = file("a.mtx", market.as_bytes());
            for failure in [
                mtx::about(&path).map(drop).expect_err("it is read"),
                mtx::read(&path, mtx::Orientation::AsWritten, &[0, 1]).map(drop).expect_err("it is read"),
                mtx::read(&path, mtx::Orientation::Transposed, &[0, 1]).map(drop).expect_err("it is read"),
            ] {
                assert_eq!(failure.code.as_str(), "DATA_CORRUPT");
                assert!(failure.message.contains("must be square"), "{failure}");
                crate::check_manners(&failure);
            }
        }
    }
}

#[test]
fn a_column_of_text_is_refused_where_the_array_is_longer_than_its_shape() {
    for (descr, entries) in [("<U1", 2 * 4), ("<i8", 2 * 8), ("|S3", 2 * 3)] {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (2,), }}\n");
        let bytes = |count: usize| {
            let zeros = vec![0; count];
            [b"\x93NUMPY\x01\x00".as_slice(), &(header.len() as u16).to_le_bytes(), header.as_bytes(), &zeros].concat()
        };
        assert_eq!(npy::decode_text(bytes(entries).as_slice(), &[0]).expect("it fits")[0].len(), 2, "{descr}");
        let failure = npy::decode_text(bytes(entries + 1).as_slice(), &[0]).expect_err("one byte too many");
        assert!(failure.message.contains("too long"), "{descr}: {failure}");
        assert_eq!(failure.context["found"], entries + 1);
    }
}
