//! The invariants of ARCHITECTURE.md, each a function from the repository's files to what violates it.

mod circles;
mod docs;
mod manifests;
mod rust;
mod size;
mod streams;
mod typescript;
mod violation;

use crate::tree::Tree;
pub use violation::Violation;

/// An invariant: its sentence, and what finds the places that break it.
pub struct Invariant {
    /// The sentence as ARCHITECTURE.md may say it.
    pub sentence: &'static str,
    /// Finds what breaks it.
    pub find: fn(&Tree) -> Vec<Violation>,
}

/// All invariants that can be read off the files.
pub const INVARIANTS: &[Invariant] = &[
    Invariant { sentence: "candle is named by one crate, napi by one", find: manifests::engines_stay_in_their_crate },
    Invariant { sentence: "no crate uses one that stands above it", find: manifests::crates_keep_their_floors },
    Invariant {
        sentence: "no modules of a crate use each other in a circle",
        find: circles::modules_stand_on_each_other,
    },
    Invariant {
        sentence: "no circle of files is over 5 in crates/, none is in src/",
        find: circles::circles_of_files_are_small,
    },
    Invariant { sentence: "the lock file of npm names no host", find: manifests::npm_lock_names_no_host },
    Invariant { sentence: "only src/native.ts loads the addon", find: typescript::addon_is_loaded_once },
    Invariant { sentence: "importing the library loads no other package", find: typescript::the_import_is_light },
    Invariant { sentence: "the report reads records only", find: typescript::report_never_reaches_the_addon },
    Invariant { sentence: "core crates touch nothing but their arguments", find: rust::core_is_pure },
    Invariant { sentence: "no two files draw from one stream", find: streams::streams_have_names_of_their_own },
    Invariant { sentence: "unsafe code is confined to the kernels", find: rust::unsafe_is_confined },
    Invariant { sentence: "every unsafe block says why it is sound", find: rust::unsafe_is_explained },
    Invariant { sentence: "every crate denies unsafe code", find: rust::crates_deny_unsafe },
    Invariant { sentence: "no source file is over 500 lines", find: size::files_are_short },
    Invariant { sentence: "the node crate is under 1200 lines of code", find: size::node_crate_is_thin },
    Invariant { sentence: "every golden file has the script that made it", find: size::goldens_have_scripts },
    Invariant { sentence: "every to-do names its issue", find: size::todos_name_issues },
    Invariant { sentence: "every method has its file, golden numbers and page", find: docs::methods_are_complete },
    Invariant { sentence: "every link in the documents is alive", find: docs::links_are_alive },
    Invariant { sentence: "the README shows a program that is run", find: docs::readme_shows_an_example },
];

/// Checks all invariants and prints each. Returns the number of violations.
pub fn run(tree: &Tree) -> usize {
    let mut count = 0;
    for invariant in INVARIANTS {
        let violations = (invariant.find)(tree);
        println!("{} {}", if violations.is_empty() { "ok  " } else { "FAIL" }, invariant.sentence);
        for violation in &violations {
            println!("     {violation}");
        }
        count += violations.len();
    }
    println!("     {}", circles::largest(tree));
    count
}
