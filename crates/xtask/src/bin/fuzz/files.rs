//! Binary files: arrays, archives, sparse matrices, IDX, images, compressed files.

use crate::drive::{Ask, Target};
use crate::tables::of_file;
use disentangle_data::read::{idx, images, npy, npz, scipy, unpack};
use disentangle_data::{Code, Failure};
use std::path::Path;
use std::rc::Rc;

const ARRAYS: [&[u8]; 3] = [
    include_bytes!("../../../../../__test__/fixtures/data/matrix.npy"),
    include_bytes!("../../../../../__test__/fixtures/data/pickled.npy"),
    include_bytes!("../../../../../__test__/fixtures/formats/text.npy"),
];
const ARCHIVES: [&[u8]; 4] = [
    include_bytes!("../../../../../__test__/fixtures/data/arrays.npz"),
    include_bytes!("../../../../../__test__/fixtures/formats/collision.npz"),
    include_bytes!("../../../../../__test__/fixtures/formats/positional.npz"),
    include_bytes!("../../../../../__test__/fixtures/formats/labels.npz"),
];
const SPARSE: [&[u8]; 5] = [
    include_bytes!("../../../../../__test__/fixtures/formats/csr.npz"),
    include_bytes!("../../../../../__test__/fixtures/formats/csc.npz"),
    include_bytes!("../../../../../__test__/fixtures/formats/coo.npz"),
    include_bytes!("../../../../../__test__/fixtures/formats/bsr.npz"),
    include_bytes!("../../../../../__test__/fixtures/formats/dia.npz"),
];
const IDX: [&[u8]; 3] = [
    &[0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4],
    &[0, 0, 0x0d, 1, 0, 0, 0, 1, 63, 192, 0, 0],
    &[0, 0, 0x0e, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 191, 208, 0, 0, 0, 0, 0, 0],
];
/// Two frames of Zstandard with one of remarks between them.
const FRAMES: &[u8] =
    b"\x28\xb5\x2f\xfd\x24\x02\x11\x00\x00a\n\x50\x2a\x4d\x18\x02\x00\x00\x00no\x28\xb5\x2f\xfd\x20\x02\x11\x00\x00b\n";
/// 2 x 2 pixels of 8 bits, grey: signature, IHDR, IDAT (stored), IEND; checksums are written later.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x02\x08\0\0\0\0----\
\0\0\0\x11IDAT\x78\x01\x01\x06\0\xf9\xff\0\x01\x02\0\x03\x04\0\x1d\0\x0b----\0\0\0\0IEND----";
/// A palette of two colours, 2 x 1 pixels of one bit.
const PALETTE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x01\x03\0\0\0----\
\0\0\0\x06PLTE\x01\x02\x03\x04\x05\x06----\0\0\0\x0dIDAT\x78\x01\x01\x02\0\xfd\xff\0\x40\0\x42\0\x41----\0\0\0\0IEND----";

/// The chunks of a PNG with checksums that fit them: damage is to reach what is behind.
fn checked(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut at = 8;
    while let Some(length) = out.get(at..at + 4) {
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let Some(end) =
            at.checked_add(8).and_then(|begin| begin.checked_add(length)).filter(|&end| end + 4 <= out.len())
        else {
            break;
        };
        let sum = crc32(&out[at + 4..end]).to_be_bytes();
        out[end..end + 4].copy_from_slice(&sum);
        at = end + 4;
    }
    out
}

/// CRC-32 of PNG, <https://www.w3.org/TR/png-3/#D-CRCAppendix>.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

/// 8 x 8 pixels, one grey, as a JPEG.
fn jpeg() -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    bytes.extend([1; 64]);
    bytes.extend([0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    for class in [0x00, 0x10] {
        bytes.extend([0xff, 0xc4, 0, 20, class, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0b0011_1111, 0xff, 0xd9]);
    bytes
}

/// The targets.
pub fn targets(dir: &Path) -> Vec<Target> {
    let seeds = |all: &[&[u8]]| all.iter().map(|bytes| bytes.to_vec()).collect::<Vec<_>>();
    let of_image = |ending: &str| {
        let folder = dir.join(format!("images-{ending}"));
        std::fs::create_dir_all(&folder).expect("the folder can be written");
        let read = of_file(folder.join(format!("a.{ending}")), |path| {
            images::read(path.parent().expect("a folder")).map(drop)
        });
        let ask: Ask = match ending {
            "png" => Rc::new(move |bytes| read(&checked(bytes))),
            _ => read,
        };
        ask
    };
    let out = dir.join("out");
    let unpacked = out.clone();
    vec![
        Target {
            name: "npy",
            share: 270,
            seeds: seeds(&ARRAYS),
            ask: Rc::new(|bytes| {
                let texts = npy::decode_text(bytes, &[0]);
                let array = npy::decode(bytes)?;
                assert_eq!(array.data.len(), array.shape.iter().product::<usize>());
                // Numbers of a vector or a matrix are texts too.
                texts.map(drop).or_else(|failure| if failure.code == Code::DataShape { Ok(()) } else { Err(failure) })
            }),
        },
        Target { name: "npz", share: 20, seeds: seeds(&ARCHIVES), ask: of_file(dir.join("a.npz"), read_archive) },
        Target { name: "scipy", share: 20, seeds: seeds(&SPARSE), ask: of_file(dir.join("s.npz"), read_sparse) },
        Target { name: "idx", share: 170, seeds: seeds(&IDX), ask: Rc::new(|bytes| idx::decode(bytes).map(drop)) },
        Target { name: "png", share: 20, seeds: seeds(&[PNG, PALETTE]), ask: of_image("png") },
        Target { name: "jpeg", share: 20, seeds: vec![jpeg()], ask: of_image("jpg") },
        Target {
            name: "zip",
            share: 10,
            seeds: seeds(&ARCHIVES),
            ask: of_file(dir.join("a.zip"), move |path| {
                for member in unpack::zip_members(path)? {
                    unpack::unzip(path, &member.name, &out)?;
                }
                Ok(())
            }),
        },
        Target {
            name: "zstd",
            share: 15,
            seeds: seeds(&[FRAMES]),
            ask: of_file(dir.join("a.zst"), move |path| unpack::unzstd(path, &unpacked)),
        },
    ]
}

fn read_archive(path: &Path) -> Result<(), Failure> {
    for member in npz::members(path)? {
        let texts = npz::read_text(path, &member.name, &[0]);
        npz::read(path, &member.name)?;
        texts.map(drop).or_else(|failure| if failure.code == Code::DataShape { Ok(()) } else { Err(failure) })?;
    }
    Ok(())
}

fn read_sparse(path: &Path) -> Result<(), Failure> {
    let about = scipy::about(path)?;
    let chosen: Vec<usize> = (0..about.columns.min(3)).collect();
    let matrix = scipy::read(path, &chosen)?;
    assert_eq!((matrix.rows(), matrix.cols()), (about.rows, chosen.len()));
    Ok(())
}
