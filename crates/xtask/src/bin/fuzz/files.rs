//! Binary files: arrays, archives, sparse matrices, IDX, images, compressed files.

use crate::drive::{Ask, Target};
use crate::png;
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
    b"\x28\xb5\x2f\xfd\x20\x02\x11\x00\x00a\n\x50\x2a\x4d\x18\x02\x00\x00\x00no\x28\xb5\x2f\xfd\x20\x02\x11\x00\x00b\n";
/// A table of two columns, compressed with literals and sequences by libzstd.
const COMPRESSED: &[u8] = b"\x28\xb5\x2f\xfd\x60\x6e\x00\x05\x03\x00\x02\x86\x0d\x0c\xd0\xe5\x00\x50\x76\x53\x52\x24\x49\x08\x09\x1d\x71\x60\x29\xa7\xb9\xcb\x69\xee\x72\x9a\xbb\x9c\xe6\x2e\xa7\xb9\xcb\x69\xee\x72\x9a\xbb\x9c\xe6\x71\x60\x71\x1c\x54\x1a\x07\x14\xc6\xc1\x64\x71\x20\x51\x30\xc8\x42\x36\x24\xe0\x37\x03\x02\x72\x4c\x8e\xc9\x31\x39\x26\xc7\xe4\x98\x38\x26\xc7\xe4\x98\x1c\x93\x63\x72\x4c\x8e\x91\x63\x72\x4c\x8e\xc9\x31\x81\xb7\x21\x3d\x01";

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
            "png" => Rc::new(move |bytes| read(&png::checked(bytes)).or_else(|_| read(&png::framed(bytes)))),
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
        Target { name: "png", share: 20, seeds: png::seeds(), ask: of_image("png") },
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
            seeds: seeds(&[FRAMES, COMPRESSED]),
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
