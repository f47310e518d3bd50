//! An addon that is built on a new Linux and loads on an older one.
//!
//! glibc keeps the first version of a function beside every later one, and a linker takes the newest: `pow` of 2.29, `pthread_create` of
//! 2.34. `glibc.c` asks for the first ones by name. A release is linked by zig, which knows the versions of all names, for other
//! machines too; `scripts/release.mjs --glibc FILE` says what an addon asks for.

use std::path::PathBuf;
use std::process::Command;

/// Names that the standard library does without where the system has none.
const OPTIONAL: [&str; 2] = ["gettid", "posix_spawn_file_actions_addchdir_np"];

/// Links the first versions, where this is a build on glibc for itself.
pub fn link_first_versions() {
    println!("cargo:rerun-if-changed=glibc.rs");
    println!("cargo:rerun-if-changed=glibc.c");
    let of = |name: &str| std::env::var(name).unwrap_or_default();
    let gnu = of("CARGO_CFG_TARGET_OS") == "linux" && of("CARGO_CFG_TARGET_ENV") == "gnu";
    let known = ["x86_64", "aarch64"].contains(&of("CARGO_CFG_TARGET_ARCH").as_str());
    // A linker of its own, such as zig's, knows what it links against.
    if !gnu || !known || of("HOST") != of("TARGET") || !of("RUSTC_LINKER").is_empty() {
        return;
    }
    let object = PathBuf::from(of("OUT_DIR")).join("glibc.o");
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-fPIC", "-fno-builtin", "-w", "-c", "glibc.c", "-o"]).arg(&object);
    let made = compiler.status();
    assert!(made.is_ok_and(|status| status.success()), "{compiler:?} failed: Rust links with the same compiler");
    println!("cargo:rustc-cdylib-link-arg={}", object.display());
    // Where the first versions are before 2.34; a newer system has these files as well, empty.
    println!(
        "cargo:rustc-cdylib-link-arg=-Wl,--push-state,--no-as-needed,-l:libpthread.so.0,-l:libdl.so.2,--pop-state"
    );
    for name in OPTIONAL {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--defsym={name}=0");
    }
}
