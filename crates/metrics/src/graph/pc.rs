//! The graph of variables from tests of independence: the PC algorithm, the same for every order of the variables.
//!
//! 1. Skeleton. All pairs start joined. At size 0, 1, 2, ... of the sets given, each pair that is still joined is tested
//!    given every set of that size among the neighbors of either variable; a p-value above alpha parts the pair. Neighbors
//!    are those at the start of the size ("stable").
//! 2. Colliders. For i - j - k with i and k parted: i -> j <- k, unless j is in one of the sets that parted i and k.
//! 3. Meek's rules ([`cpdag`](super::cpdag)).
//!
//! - Conflicts: colliders are taken from the largest p-value of their separation on, and one that would turn an arrow of a
//!   stronger one round is dropped and listed (of equal p-values the first in order is taken). A line that Meek's rules direct
//!   both ways stays a line and is listed. In exact tests of a DAG there are neither, and the result is its CPDAG.
//! - All sets of the size that parts a pair are tried, not only the first that parts it: the collider rule then does not
//!   depend on which comes first. The set that is told is the one with the largest p-value.
//! - Assumes no hidden common causes and no independence that is not in the graph.
//! - Sources: *Causation, prediction, and search* (Spirtes, Glymour, Scheines, 2000),
//!   <https://doi.org/10.7551/mitpress/1754.001.0001>; stable: *Order-independent constraint-based causal structure learning*
//!   (Colombo, Maathuis, 2014), <https://jmlr.org/papers/v15/colombo14a.html>.

use super::cpdag::{close, extension};
use super::{Edges, Graph};
use crate::independence::Independence;
use crate::indicator_check::refuse_level;
use disentangle_data::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the graph is searched.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PcConfig {
    /// Level of each test, above 0 and below 1: a p-value above it parts a pair.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub alpha: f64,
    /// Largest number of variables given; null: as many as there are neighbors.
    pub depth: Option<usize>,
    /// Threads that share the tests of one size. The result is the same for any number.
    #[schemars(range(min = 1, max = 256))]
    pub threads: usize,
}

impl Default for PcConfig {
    fn default() -> Self {
        Self { alpha: 0.05, depth: None, threads: 1 }
    }
}

/// The graph that tests speak for, with what spoke for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PcGraph {
    /// Level of each test.
    pub alpha: f64,
    /// Arrows and lines.
    pub graph: Edges,
    /// Every pair without an edge, and what parts it.
    pub separations: Vec<Separation>,
    /// Every edge, and the test that came closest to parting it.
    pub evidence: Vec<Evidence>,
    /// `[i, j, k]`: colliders i -> j <- k that the tests speak for and stronger ones against.
    pub dropped: Vec<[usize; 3]>,
    /// Edges that Meek's rules direct both ways, left as lines.
    pub opposed: Vec<[usize; 2]>,
    /// Whether some DAG has this skeleton, these arrows and no other colliders; where not, the tests contradict each other.
    pub consistent: bool,
    /// Tests made.
    pub tests: usize,
}

/// What parts two variables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Separation {
    /// The first variable.
    pub first: usize,
    /// The second, later than the first.
    pub second: usize,
    /// The set with the largest p-value of those that part them.
    pub given: Vec<usize>,
    /// That p-value.
    pub p: f64,
    /// Variables in any set of that size that parts them.
    pub members: Vec<usize>,
}

/// How close tests came to parting two variables that stay joined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The first variable.
    pub first: usize,
    /// The second, later than the first.
    pub second: usize,
    /// The set given in the test with the largest p-value.
    pub given: Vec<usize>,
    /// That p-value, at most alpha.
    pub p: f64,
}

/// Searches the graph of all variables that `test` knows.
///
/// # Errors
/// `CONFIG_OUT_OF_RANGE` for a level outside 0 to 1; those of the test.
pub fn pc(test: &(impl Independence + Sync), config: PcConfig) -> Result<PcGraph> {
    refuse_level(config.alpha)?;
    let mut found = skeleton(test, config)?;
    let mut dropped = Vec::new();
    for [i, j, k] in colliders(&found.graph, &found.separations) {
        if found.graph.arrow(j, i) || found.graph.arrow(j, k) {
            dropped.push([i, j, k]);
        } else {
            found.graph.direct(i, j);
            found.graph.direct(k, j);
        }
    }
    let opposed = close(&mut found.graph);
    Ok(PcGraph {
        alpha: config.alpha,
        graph: found.graph.edges(),
        separations: found.separations,
        evidence: found.joined,
        consistent: extension(&found.graph).is_some(),
        dropped,
        opposed,
        tests: found.tests,
    })
}

struct Skeleton {
    graph: Graph,
    joined: Vec<Evidence>,
    separations: Vec<Separation>,
    tests: usize,
}

fn skeleton(test: &(impl Independence + Sync), config: PcConfig) -> Result<Skeleton> {
    let n = test.variables();
    let pairs = (0..n).flat_map(|first| (first + 1..n).map(move |second| (first, second)));
    let joined = pairs.map(|(first, second)| Evidence { first, second, given: Vec::new(), p: 0.0 }).collect();
    let mut out = Skeleton { graph: Graph::complete(n), joined, separations: Vec::new(), tests: 0 };
    for size in 0..=config.depth.unwrap_or(n) {
        if (0..n).all(|i| out.graph.neighbors(i).len() <= size) {
            break;
        }
        let tried = shared(&out.joined, config.threads, |pair| search(test, &out.graph, pair, size, config.alpha))?;
        out.joined = Vec::new();
        for Tried { closest, members, tests } in tried {
            out.tests += tests;
            let Evidence { first, second, given, p } = closest;
            if p > config.alpha {
                out.graph.remove(first, second);
                out.separations.push(Separation { first, second, given, p, members });
            } else {
                out.joined.push(Evidence { first, second, given, p });
            }
        }
    }
    out.separations.sort_by_key(|pair| (pair.first, pair.second));
    Ok(out)
}

/// The tests of one pair given sets of one size.
struct Tried {
    /// The largest p-value so far, of any size.
    closest: Evidence,
    members: Vec<usize>,
    tests: usize,
}

fn search(test: &impl Independence, graph: &Graph, pair: &Evidence, size: usize, alpha: f64) -> Result<Tried> {
    let (i, j) = (pair.first, pair.second);
    let beside = |a: usize, b: usize| graph.neighbors(a).into_iter().filter(|&v| v != b).collect::<Vec<usize>>();
    let (of_first, of_second) = (beside(i, j), beside(j, i));
    // A set of neighbors of both is tried once.
    let rest = subsets(&of_second, size).filter(|set| !set.iter().all(|v| of_first.contains(v)));
    let mut tried = Tried { closest: pair.clone(), members: Vec::new(), tests: 0 };
    for set in subsets(&of_first, size).chain(rest) {
        let p = test.test(i, j, &set)?.p;
        tried.tests += 1;
        if p > alpha {
            tried.members.extend(&set);
        }
        if p > tried.closest.p {
            (tried.closest.given, tried.closest.p) = (set, p);
        }
    }
    tried.members.sort_unstable();
    tried.members.dedup();
    Ok(tried)
}

/// All sets of `size` items, in lexicographic order of places.
fn subsets(items: &[usize], size: usize) -> impl Iterator<Item = Vec<usize>> {
    let count = items.len();
    let first = (size <= count).then(|| (0..size).collect::<Vec<usize>>());
    let next = move |places: &Vec<usize>| {
        let last = (0..size).rev().find(|&k| places[k] < count - size + k)?;
        let mut next = places.clone();
        (last..size).for_each(|k| next[k] = places[last] + 1 + k - last);
        Some(next)
    };
    std::iter::successors(first, next).map(|places| places.iter().map(|&place| items[place]).collect())
}

/// `f` of every item, in order; items are dealt to threads in runs.
fn shared<T: Sync, U: Send>(items: &[T], threads: usize, f: impl Fn(&T) -> Result<U> + Sync) -> Result<Vec<U>> {
    if threads <= 1 || items.len() <= 1 {
        return items.iter().map(f).collect();
    }
    let f = &f;
    let parts: Vec<Result<Vec<U>>> = std::thread::scope(|scope| {
        let run = |part: &'_ [T]| part.iter().map(f).collect::<Result<Vec<U>>>();
        let parts = items.chunks(items.len().div_ceil(threads));
        let running: Vec<_> = parts.map(|part| scope.spawn(move || run(part))).collect();
        running.into_iter().map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let parts: Vec<Vec<U>> = parts.into_iter().collect::<Result<_>>()?;
    Ok(parts.into_iter().flatten().collect())
}

/// Colliders `[i, j, k]` that the separations speak for, the surest separation first.
fn colliders(graph: &Graph, separations: &[Separation]) -> Vec<[usize; 3]> {
    let mut surest: Vec<&Separation> = separations.iter().collect();
    surest.sort_by(|a, b| b.p.total_cmp(&a.p));
    let of_pair = |pair: &&Separation| {
        let (i, k) = (pair.first, pair.second);
        let between = graph.neighbors(i).into_iter().filter(|&j| graph.adjacent(j, k));
        between.filter(|j| !pair.members.contains(j)).map(|j| [i, j, k]).collect::<Vec<_>>()
    };
    surest.iter().flat_map(of_pair).collect()
}
