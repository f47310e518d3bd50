//! Links the addon as Node expects it, against the first versions of what it takes from glibc, and tells it which sources its numbers
//! come from.

mod glibc;

use std::path::{Path, PathBuf};

/// What decides a number: these crates, and the versions of what they stand on.
const NUMERICAL: [&str; 7] = [
    "../data/src",
    "../numerics/src",
    "../metrics/src",
    "../nn/src",
    "../engine/src",
    "../methods/src",
    "../../Cargo.lock",
];

fn main() {
    napi_build::setup();
    glibc::link_first_versions();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for place in NUMERICAL {
        println!("cargo:rerun-if-changed={place}");
        for file in files(Path::new(place)) {
            let text = std::fs::read(&file).expect("cargo has just listed the sources");
            hash = fnv(hash, file.to_string_lossy().replace('\\', "/").as_bytes());
            // Line ends are the checkout's, not the code's.
            hash = fnv(hash, &text.into_iter().filter(|byte| *byte != b'\r').collect::<Vec<_>>());
        }
    }
    println!("cargo:rustc-env=DISENTANGLE_SOURCES={hash:016x}");
}

/// A file, or those of a folder in order of their names.
fn files(place: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(place) else { return vec![place.to_owned()] };
    let mut inside: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    inside.sort();
    inside.iter().flat_map(|path| files(path)).collect()
}

/// FNV-1a: tells sources apart, guards against nobody.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
