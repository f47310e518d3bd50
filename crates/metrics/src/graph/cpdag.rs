//! From arrows that are known to all that follow from them.
//!
//! - Meek's rules direct a line b - c as b -> c when the other way would make a new collider or a cycle:
//!   (1) a -> b, a and c not adjacent; (2) b -> a -> c; (3) b - a -> c, b - d -> c, a and d not adjacent. His fourth rule
//!   is for knowledge from outside only. Rules are applied in rounds, all lines at once, so the order of nodes is nothing.
//! - No rule closes a cycle of arrows. A line that the rules then still direct both ways stays a line and is told. Neither
//!   happens in the CPDAG of a DAG.
//! - Sources: *Causal inference and causal explanation with background knowledge* (Meek, 1995),
//!   <https://arxiv.org/abs/1302.4972>; the extension: *A simple algorithm to construct a consistent extension of a partially
//!   oriented graph* (Dor, Tarsi, 1992).

use super::Graph;

/// The CPDAG of a DAG: its skeleton, its colliders, and what follows from them.
pub fn cpdag(dag: &Graph) -> Graph {
    let mut graph = dag.skeleton();
    for [i, j, k] in dag.v_structures() {
        graph.direct(i, j);
        graph.direct(k, j);
    }
    close(&mut graph);
    graph
}

/// Directs every line that Meek's rules direct; the lines `[i, j]` (i < j) that they direct both ways.
pub(crate) fn close(graph: &mut Graph) -> Vec<[usize; 2]> {
    loop {
        let lines = graph.edges().lines;
        let claims: Vec<[bool; 2]> = lines.iter().map(|&[i, j]| [follows(graph, i, j), follows(graph, j, i)]).collect();
        let mut opposed = Vec::new();
        let mut settled = true;
        for (&[i, j], claim) in lines.iter().zip(claims) {
            match claim {
                [true, true] => opposed.push([i, j]),
                [true, false] => graph.direct(i, j),
                [false, true] => graph.direct(j, i),
                [false, false] => {}
            }
            settled &= claim[0] == claim[1];
        }
        if settled {
            return opposed;
        }
    }
}

/// Whether a rule directs the line b - c as b -> c.
fn follows(graph: &Graph, b: usize, c: usize) -> bool {
    let near = graph.neighbors(b);
    let collider = || near.iter().any(|&a| a != c && graph.arrow(a, b) && !graph.adjacent(a, c));
    let cycle = || near.iter().any(|&a| graph.arrow(b, a) && graph.arrow(a, c));
    let both = || {
        let between: Vec<usize> = near.iter().copied().filter(|&a| graph.line(b, a) && graph.arrow(a, c)).collect();
        between.iter().enumerate().any(|(place, &a)| between[..place].iter().any(|&d| !graph.adjacent(a, d)))
    };
    (collider() || cycle() || both()) && !leads(graph, c, b)
}

/// Whether arrows lead from i to j.
fn leads(graph: &Graph, i: usize, j: usize) -> bool {
    let (mut seen, mut open) = (vec![false; graph.nodes()], vec![i]);
    while let Some(at) = open.pop() {
        let next: Vec<usize> = (0..graph.nodes()).filter(|&k| graph.arrow(at, k) && !seen[k]).collect();
        next.iter().for_each(|&k| seen[k] = true);
        open.extend(next);
    }
    seen[j]
}

/// A DAG with the same skeleton, arrows and colliders; `None` where there is none: then the graph contradicts itself.
pub fn extension(graph: &Graph) -> Option<Graph> {
    let mut dag = graph.clone();
    let mut left: Vec<usize> = (0..graph.nodes()).collect();
    while !left.is_empty() {
        // A node that can be a sink: no arrow leaves it, and its lines can point to it without a new collider.
        let place = left.iter().position(|&sink| {
            let near: Vec<usize> = left.iter().copied().filter(|&i| graph.adjacent(i, sink)).collect();
            near.iter().all(|&i| {
                !graph.arrow(sink, i) && (!graph.line(sink, i) || near.iter().all(|&k| k == i || graph.adjacent(i, k)))
            })
        })?;
        let sink = left.remove(place);
        left.iter().filter(|&&i| graph.line(i, sink)).for_each(|&i| dag.direct(i, sink));
    }
    Some(dag)
}
