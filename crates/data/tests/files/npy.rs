use crate::{check_manners, file, golden, unhex};
use disentangle_data::read::npy::{NpyArray, decode, read};
use disentangle_data::write::{NpyData, write_npy};
use proptest::prelude::*;

fn bits(array: &NpyArray) -> Vec<u64> {
    array.data.iter().map(|value| u64::from(value.to_bits())).collect()
}

#[test]
fn every_type_order_and_shape_is_read_as_numpy_reads_it() {
    let golden = golden();
    let cases = golden["arrays"].as_array().expect("a list");
    assert!(cases.len() > 35, "all types in both orders, and more");
    for case in cases {
        let name = &case["name"];
        let (_folder, path) = file("a.npy", &unhex(case["hex"].as_str().expect("digits")));
        let array = read(&path).unwrap_or_else(|failure| panic!("{name}: {failure}"));
        assert_eq!(serde_json::json!(array.shape), case["shape"], "{name}");
        if name == "not a number" {
            assert!(array.data[0].is_nan());
        } else {
            assert_eq!(serde_json::json!(bits(&array)), case["bits"], "{name}");
        }
    }
}

#[test]
fn each_refused_array_gets_its_code_and_a_fix() {
    let golden = golden();
    for case in golden["refused"].as_array().expect("a list") {
        let name = &case["name"];
        let (_folder, path) = file("a.npy", &unhex(case["hex"].as_str().expect("digits")));
        let failure = read(&path).map(|_| ()).expect_err(name.as_str().expect("a name"));
        assert_eq!(failure.code.as_str(), case["code"], "{name}: {failure}");
        assert!(failure.path.as_deref().is_some_and(|place| place.ends_with("a.npy")), "{name}");
        assert!(failure.hint.is_some(), "{name}: {failure}");
        check_manners(&failure);
    }
}

/// An array file with any header.
fn with_header(header: &str, numbers: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(numbers);
    bytes
}

#[test]
fn a_header_is_believed_only_as_far_as_the_bytes_go() {
    let header = |shape: &str| format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}");
    for (shape, words) in [
        ("(4294967296, 4294967296)", "does not fit into memory"),
        ("(18446744073709551615,)", "does not fit into memory"),
        ("(4611686018427387904,)", "does not fit into memory"),
        ("(1000000000000,)", "takes 4000000000000 bytes, found 8"),
        ("(3,)", "takes 12 bytes, found 8"),
        ("(1,)", "takes 4 bytes, found 8"),
        ("(0, 18446744073709551615)", "takes 0 bytes, found 8"),
        ("(99999999999999999999,)", "does not hold"),
        ("(-1,)", "does not hold"),
        ("2", "does not hold"),
        ("(2,), 'more': 1", "does not hold"),
    ] {
        let failure = decode(&with_header(&header(shape), &[0; 8])[..]).expect_err(shape);
        assert_eq!(failure.code.as_str(), "DATA_CORRUPT", "{shape}");
        assert!(failure.message.contains(words), "{shape}: {failure}");
    }
    let good = decode(&with_header(&header("(2,)"), &[0; 8])[..]).expect("two numbers");
    assert_eq!((good.shape, good.data), (vec![2], vec![0.0, 0.0]));
}

#[test]
fn a_truncated_array_tells_expected_and_found_bytes() {
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (100000,)}";
    let failure = decode(&with_header(header, &[0; 300_001])[..]).expect_err("truncated");
    assert_eq!(failure.context["expected"], 800_000);
    assert_eq!(failure.context["found"], 300_001);
}

#[test]
fn a_claimed_header_of_gigabytes_is_refused_unread() {
    let failure = decode(&b"\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF{"[..]).expect_err("4 GiB of header");
    assert!(failure.message.contains("claims 4294967295 bytes"), "{failure}");
}

#[test]
fn vectors_and_matrices_become_matrices_and_nothing_else_does() {
    let array = |shape: &[usize]| NpyArray { shape: shape.to_vec(), data: vec![1.0; shape.iter().product()] };
    let size = |shape: &[usize]| array(shape).into_matrix().map(|m| (m.rows(), m.cols()));
    assert_eq!(size(&[3]), Ok((3, 1)));
    assert_eq!(size(&[3, 2]), Ok((3, 2)));
    for shape in [&[][..], &[2, 3, 4]] {
        assert_eq!(size(shape).expect_err("no matrix").code.as_str(), "DATA_SHAPE");
    }
}

#[test]
fn arrays_are_written_byte_for_byte_as_numpy_writes_them() {
    let golden = golden();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.npy");
    for (name, shape, data) in [
        ("f32", &[2, 3][..], NpyData::F32(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])),
        ("f64 vector", &[2], NpyData::F64(&[0.5, -1.0])),
        ("u32", &[2], NpyData::U32(&[3, u32::MAX])),
        ("u8 cube", &[2, 2, 2], NpyData::U8(&[0, 1, 2, 3, 4, 5, 6, 7])),
        ("f32 scalar", &[], NpyData::F32(&[2.5])),
    ] {
        write_npy(&path, shape, data).expect("it can be written");
        let expected = unhex(golden["written"][name].as_str().expect("digits"));
        assert_eq!(std::fs::read(&path).expect("it is there"), expected, "{name}");
    }
}

#[test]
fn a_shape_that_the_numbers_do_not_fill_is_not_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.npy");
    for shape in [&[3][..], &[usize::MAX, 2], &[1; 65]] {
        let failure = write_npy(&path, shape, NpyData::F32(&[1.0])).expect_err("one number");
        assert_eq!(failure.code.as_str(), "DATA_SHAPE");
        assert!(!path.exists());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read_as_the_same_bits(
        shape in prop::collection::vec(0usize..6, 0..4),
        seed in any::<u32>(),
    ) {
        let count: usize = shape.iter().product();
        // Any bits at all, NaN with its payload and infinities included.
        let values: Vec<f32> = (0..count as u32).map(|i| f32::from_bits(i.wrapping_mul(0x9E37_79B9) ^ seed)).collect();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.npy");
        write_npy(&path, &shape, NpyData::F32(&values)).expect("it can be written");
        let array = read(&path).expect("it can be read");
        let expected: Vec<u64> = values.iter().map(|value| u64::from(value.to_bits())).collect();
        prop_assert_eq!(bits(&array), expected);
        prop_assert_eq!(array.shape, shape);
    }
}
