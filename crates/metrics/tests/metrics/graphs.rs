//! Graphs: against causal-learn, against d-separation, and by hand.

use crate::golden::{list, matrix, number, numbers};
use crate::normal;
use disentangle_data::{Code, Matrix, Result, Stream};
use disentangle_metrics::{
    ComparedAs, Dependence, Edges, FisherZ, FoundGraph, Graph, GraphInput, Independence, PcConfig, PcGraph, Reversal,
    compare, cpdag, extension, graph_score, method_graph_score, pc,
};
use serde_json::Value;

fn of_arrows(nodes: usize, arrows: &[[usize; 2]]) -> Graph {
    Graph::of(&Edges { nodes, arrows: arrows.to_vec(), lines: vec![] }).expect("sound edges")
}

fn edges(value: &Value) -> Edges {
    serde_json::from_value(value.clone()).expect("edges")
}

/// The oracle: p = 1 where the graph separates, 0 where it does not.
struct Separated(Graph);

impl Independence for Separated {
    fn variables(&self) -> usize {
        self.0.nodes()
    }

    /// By the moral graph of the ancestors: `a` and `b` are separated when every path in it meets `given`.
    fn test(&self, a: usize, b: usize, given: &[usize]) -> Result<Dependence> {
        let (dag, n) = (&self.0, self.0.nodes());
        let mut kept: Vec<bool> = (0..n).map(|v| v == a || v == b || given.contains(&v)).collect();
        for _ in 0..n {
            for v in 0..n {
                kept[v] |= (0..n).any(|child| kept[child] && dag.arrow(v, child));
            }
        }
        let married =
            |v: usize, w: usize| (0..n).any(|child| kept[child] && dag.arrow(v, child) && dag.arrow(w, child));
        let mut reached: Vec<bool> = (0..n).map(|v| v == a).collect();
        for _ in 0..n {
            for v in (0..n).filter(|&v| kept[v] && !given.contains(&v)) {
                reached[v] |= (0..n).any(|w| reached[w] && (dag.adjacent(v, w) || married(v, w)));
            }
        }
        Ok(Dependence { correlation: 0.0, p: if reached[b] { 0.0 } else { 1.0 } })
    }
}

fn random_dag(nodes: usize, share: f64, stream: &mut Stream) -> Graph {
    let order = stream.permutation(nodes);
    let arrows: Vec<[usize; 2]> = (0..nodes)
        .flat_map(|i| (i + 1..nodes).map(move |j| (i, j)))
        .filter(|_| stream.uniform() < share)
        .map(|(i, j)| [order[i], order[j]])
        .collect();
    of_arrows(nodes, &arrows)
}

fn golden() -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../../../golden/pc.json")).expect("the golden file is JSON");
    list(&all["cases"]).to_vec()
}

fn searched(case: &Value, threads: usize) -> PcGraph {
    let rows = case["rows"].as_u64().expect("a count") as usize;
    let test = FisherZ::from_correlation(matrix(&case["correlation"]), rows).expect("correlations");
    let depth = case["depth"].as_u64().map(|depth| depth as usize);
    pc(&test, PcConfig { alpha: number(&case["alpha"]), depth, threads }).expect("sound")
}

#[test]
fn skeletons_and_separating_sets_are_those_of_causal_learn() {
    for case in golden() {
        let found = searched(&case, 1);
        let pairs: Vec<(usize, usize, Vec<usize>)> =
            found.separations.iter().map(|s| (s.first, s.second, s.members.clone())).collect();
        let index = |value: &Value| value.as_u64().expect("an index") as usize;
        let expected: Vec<(usize, usize, Vec<usize>)> = list(&case["separations"])
            .iter()
            .map(|s| {
                let members = numbers(&s["members"]).iter().map(|&v| v as usize).collect();
                (index(&s["first"]), index(&s["second"]), members)
            })
            .collect();
        assert_eq!(pairs, expected, "{}", case["name"]);
        let alpha = number(&case["alpha"]);
        assert!(found.separations.iter().all(|s| s.p > alpha && s.given.iter().all(|v| s.members.contains(v))));
        assert!(found.evidence.iter().all(|e| e.p <= alpha));
        let n = list(&case["dag"]).len();
        assert_eq!(found.separations.len() + found.evidence.len(), n * (n - 1) / 2);
    }
}

#[test]
fn graphs_are_those_of_causal_learn_where_its_rules_agree() {
    let cases = golden();
    let agreed: Vec<&Value> = cases.iter().filter(|case| case["agreed"] == true).collect();
    assert!(agreed.len() >= 20);
    for case in agreed {
        let found = searched(case, 1);
        assert_eq!(found.graph, edges(&case["graph"]), "{}", case["name"]);
        assert!(found.dropped.is_empty() && found.opposed.is_empty(), "{}", case["name"]);
        let truth = Graph::of(&edges(&case["cpdag"])).expect("a CPDAG");
        let difference = compare(&truth, &Graph::of(&found.graph).expect("a graph"), Reversal::One).expect("fits");
        assert_eq!(Some(difference.shd as u64), case["shd"].as_u64(), "{}", case["name"]);
    }
}

#[test]
fn the_rule_for_conflicts_costs_no_more_than_any_of_causal_learn() {
    let (mut ours, mut rules, mut dropped) = (0, [0; 5], 0);
    for case in golden() {
        let found = searched(&case, 1);
        let truth = Graph::of(&edges(&case["cpdag"])).expect("a CPDAG");
        ours += compare(&truth, &Graph::of(&found.graph).expect("a graph"), Reversal::One).expect("fits").shd;
        rules.iter_mut().zip(numbers(&case["shdOfRules"])).for_each(|(sum, shd)| *sum += shd as usize);
        dropped += found.dropped.len();
    }
    assert!(dropped > 0 && rules.iter().all(|&rule| ours <= rule), "{ours}, causal-learn {rules:?}, {dropped} dropped");
}

#[test]
fn the_class_of_a_true_graph_is_that_of_causal_learn() {
    for case in golden() {
        let dag = Graph::dag(&matrix(&case["dag"])).expect("acyclic");
        assert_eq!(cpdag(&dag).edges(), edges(&case["cpdag"]), "{}", case["name"]);
    }
}

#[test]
fn any_number_of_threads_finds_the_same_bits() {
    for case in golden() {
        let one = searched(&case, 1);
        for threads in [2, 3, 64] {
            assert_eq!(searched(&case, threads), one, "{}", case["name"]);
        }
    }
}

#[test]
fn another_order_of_the_variables_gives_the_same_graph() {
    let mut stream = Stream::new(1, "orders");
    for case in golden() {
        let correlation = matrix(&case["correlation"]);
        let order = stream.permutation(correlation.cols());
        let mut turned = case.clone();
        turned["correlation"] = (0..order.len())
            .map(|i| order.iter().map(|&j| correlation[(order[i], j)]).collect::<Vec<f64>>())
            .collect::<Vec<_>>()
            .into();
        let places: Vec<Option<usize>> = order.iter().copied().map(Some).collect();
        let one = Graph::of(&searched(&case, 1).graph).expect("a graph").rearranged(&places);
        assert_eq!(searched(&turned, 1).graph, one.edges(), "{}", case["name"]);
    }
}

#[test]
fn exact_tests_of_a_chain_a_collider_and_a_diamond_give_their_classes() {
    let found = |dag: &Graph| pc(&Separated(dag.clone()), PcConfig::default()).expect("the oracle has no failures");
    let chain = found(&of_arrows(4, &[[0, 1], [1, 2], [2, 3]]));
    assert_eq!((chain.graph.arrows.len(), chain.graph.lines), (0, vec![[0, 1], [1, 2], [2, 3]]));
    assert_eq!(chain.separations.iter().find(|s| (s.first, s.second) == (0, 2)).expect("parted").given, [1]);

    let collider = found(&of_arrows(4, &[[0, 2], [1, 2], [2, 3]]));
    // 2 -> 3 by Meek's first rule: the other way there would be a collider more.
    assert_eq!((collider.graph.arrows, collider.graph.lines.len()), (vec![[0, 2], [1, 2], [2, 3]], 0));

    let diamond = found(&of_arrows(4, &[[0, 1], [0, 2], [1, 3], [2, 3]]));
    assert_eq!((diamond.graph.arrows, diamond.graph.lines), (vec![[1, 3], [2, 3]], vec![[0, 1], [0, 2]]));
    assert!(diamond.consistent && diamond.dropped.is_empty());
    let ends = diamond.separations.iter().find(|s| (s.first, s.second) == (0, 3)).expect("parted");
    assert_eq!((&ends.given, ends.p), (&vec![1, 2], 1.0));
}

#[test]
fn exact_tests_of_any_graph_give_its_class() {
    let mut stream = Stream::new(2, "graphs");
    for round in 0..60 {
        let dag = random_dag(2 + round % 7, [0.2, 0.5, 0.8][round % 3], &mut stream);
        let found = pc(&Separated(dag.clone()), PcConfig::default()).expect("the oracle has no failures");
        assert_eq!(found.graph, cpdag(&dag).edges(), "{dag:?}");
        assert!(found.consistent && found.dropped.is_empty() && found.opposed.is_empty());
    }
}

#[test]
fn a_class_extends_to_a_graph_of_the_same_class() {
    let mut stream = Stream::new(3, "graphs");
    for round in 0..100 {
        let class = cpdag(&random_dag(3 + round % 9, 0.4, &mut stream));
        let dag = extension(&class).expect("the class of a graph holds a graph");
        assert!(dag.edges().lines.is_empty() && dag.causal_order().is_some());
        assert_eq!(cpdag(&dag), class);
    }
    // A square of lines: whatever the directions, a collider appears or a cycle.
    let square = Edges { nodes: 4, arrows: vec![], lines: vec![[0, 1], [1, 2], [2, 3], [0, 3]] };
    assert!(extension(&Graph::of(&square).expect("sound")).is_none());
}

#[test]
fn meeks_third_rule_directs_the_middle_of_a_kite() {
    // 1 and 2 are not adjacent and point at 3; 0 is tied to all. 0 <- 3 would make a cycle or a new collider at 0.
    let dag = of_arrows(4, &[[0, 1], [0, 2], [0, 3], [1, 3], [2, 3]]);
    let class = cpdag(&dag);
    assert!(class.arrow(0, 3) && class.line(0, 1) && class.line(0, 2));
}

#[test]
fn differences_are_counted_by_hand() {
    let truth = Graph::of(&Edges { nodes: 5, arrows: vec![[0, 1], [1, 2], [2, 3]], lines: vec![[3, 4], [0, 4]] });
    let estimate = Graph::of(&Edges { nodes: 5, arrows: vec![[1, 0], [2, 3], [3, 4]], lines: vec![[1, 2], [1, 3]] });
    let (truth, estimate) = (truth.expect("sound"), estimate.expect("sound"));
    let one = compare(&truth, &estimate, Reversal::One).expect("fits");
    // Reversed 0-1, line for arrow 1-2, arrow for line 3-4, missing 0-4, extra 1-3.
    assert_eq!((one.reversed, one.undirected, one.directed, one.missing, one.extra, one.shd), (1, 1, 1, 1, 1, 5));
    let counts = [one.skeleton, one.arrows].map(|c| (c.true_positives, c.false_positives, c.false_negatives));
    assert_eq!(counts, [(4, 1, 1), (1, 2, 2)]);
    assert_eq!((one.skeleton.f1, one.arrows.precision), (Some(0.8), Some(1.0 / 3.0)));
    assert_eq!(compare(&truth, &estimate, Reversal::Two).expect("fits").shd, 6);
    assert_eq!(compare(&truth, &truth, Reversal::Two).expect("fits").shd, 0);
    let nothing = compare(&Graph::empty(5), &Graph::empty(5), Reversal::One).expect("fits");
    assert_eq!((nothing.shd, nothing.skeleton.f1, nothing.arrows.recall), (0, None, None));
    assert_eq!(compare(&truth, &Graph::empty(4), Reversal::One).expect_err("other nodes").code, Code::MetricGraph);
}

/// Rows of 0 -> 2 <- 1, 2 -> 3.
fn latents(rows: usize) -> Matrix<f64> {
    let mut z = normal(rows, 4, &mut Stream::new(4, "latents"));
    for i in 0..rows {
        z[(i, 2)] += z[(i, 0)] - z[(i, 1)];
        z[(i, 3)] += z[(i, 2)];
    }
    z
}

fn input() -> GraphInput {
    let truth = Matrix::from_fn(4, 4, |i, j| f64::from(u8::from([(0, 2), (1, 2), (2, 3)].contains(&(i, j)))));
    GraphInput {
        truth,
        active_truth: None,
        active_estimate: None,
        found: None,
        groups: None,
        search: PcConfig { alpha: 0.001, ..PcConfig::default() },
        reversal: Reversal::One,
    }
}

#[test]
fn the_graph_of_latents_is_scored_in_the_places_of_the_true_ones() {
    let z = latents(4000);
    // Estimates in another order and sign, and one column that is nobody's.
    let noise = normal(4000, 1, &mut Stream::new(5, "noise"));
    let order = [3, 0, 4, 2, 1];
    let zhat = Matrix::from_fn(4000, 5, |i, j| if order[j] < 4 { -2.0 * z[(i, order[j])] } else { noise[(i, 0)] });
    let matching = [Some(1), Some(4), Some(3), Some(0)];
    let score = graph_score(&input(), &z, &zhat, &matching).expect("sound");
    assert_eq!((score.shd, score.shd_on_truth), (Some(0), Some(0)));
    assert_eq!(score.truth.arrows, [[0, 2], [1, 2], [2, 3]]);
    assert_eq!(score.found.expect("found").graph.arrows, [[1, 3], [3, 0], [4, 3]]);

    // Without a match for latent 3, its edge is missing and the one of the column that is nobody's is extra.
    let lost = graph_score(&input(), &z, &zhat, &[Some(1), Some(4), Some(3), None]).expect("sound");
    let difference = lost.difference.expect("defined");
    assert_eq!((difference.missing, difference.extra, lost.shd), (1, 1, Some(2)));
}

#[test]
fn the_graph_of_latents_that_are_switched_off_is_found_where_they_are_active() {
    let mut stream = Stream::new(6, "silent");
    let z = latents(20_000);
    let active = Matrix::from_fn(20_000, 4, |_, _| stream.below(2) == 0);
    let silent = Matrix::from_fn(20_000, 4, |i, j| if active[(i, j)] { z[(i, j)] } else { 0.0 });
    let matching = [Some(0), Some(1), Some(2), Some(3)];
    let told = GraphInput { active_truth: Some(active.clone()), active_estimate: Some(active), ..input() };
    let score = graph_score(&told, &silent, &silent, &matching).expect("sound");
    assert_eq!((score.shd, score.shd_on_truth), (Some(0), Some(0)));
    // Untold, what was switched off screens nothing off: 0 and 3 depend on each other whatever 2 is.
    let untold = graph_score(&input(), &silent, &silent, &matching).expect("sound");
    assert!(untold.shd > Some(0), "{:?}", untold.difference);
}

#[test]
fn latents_that_cannot_be_tested_have_no_graph_and_a_reason() {
    let z = latents(50);
    let matching = [Some(0), Some(1), Some(2), Some(3)];
    let still = Matrix::from_fn(50, 4, |i, j| if j == 1 { 1.0 } else { z[(i, j)] });
    let twin = Matrix::from_fn(50, 4, |i, j| if j == 1 { z[(i, 0)] } else { z[(i, j)] });
    for (estimate, words) in [(still, "does not vary"), (twin, "determine")] {
        let score = graph_score(&input(), &z, &estimate, &matching).expect("sound");
        assert!(score.shd.is_none() && score.difference.is_none() && score.shd_on_truth.is_some());
        assert!(score.reason.as_ref().is_some_and(|reason| reason.contains(words)), "{:?}", score.reason);
    }
    let three = z.select_rows(&[0, 1, 2]);
    let few = graph_score(&input(), &three, &three, &matching).expect("sound");
    assert!(few.shd.is_none() && few.shd_on_truth.is_none() && few.reason.is_some() && few.reason_on_truth.is_some());
    let cycle = GraphInput { truth: Matrix::from_fn(4, 4, |i, j| f64::from(u8::from((i + 1) % 4 == j))), ..input() };
    for (input, matching) in [(cycle, &matching[..]), (input(), &matching[1..])] {
        assert_eq!(graph_score(&input, &z, &z, matching).expect_err("refused").code, Code::MetricGraph);
    }
}

/// What a method found, as edges between columns.
fn found(nodes: usize, arrows: &[[usize; 2]], lines: &[[usize; 2]]) -> FoundGraph {
    let edges = Edges { nodes, arrows: arrows.to_vec(), lines: lines.to_vec() };
    FoundGraph::Acyclic(Graph::of(&edges).expect("sound edges"))
}

/// The truth with these arrows, as it is given to a score.
fn known(nodes: usize, arrows: &[[usize; 2]]) -> GraphInput {
    let truth = Matrix::from_fn(nodes, nodes, |i, j| f64::from(u8::from(arrows.contains(&[i, j]))));
    GraphInput { truth, ..input() }
}

#[test]
fn the_graph_of_a_method_is_scored_in_the_places_of_the_true_latents() {
    let truth = known(4, &[[0, 2], [1, 2], [2, 3]]);
    let matching = [Some(1), Some(4), Some(3), Some(0)];
    let score = |found: &FoundGraph| method_graph_score(&truth, found, &matching, 5).expect("fits");
    // Perfect.
    let perfect = score(&found(5, &[[1, 3], [4, 3], [3, 0]], &[]));
    assert_eq!((perfect.shd, perfect.class_shd, perfect.shd_of_empty), (Some(0), Some(0), 3));
    assert_eq!((perfect.compared_as, perfect.truth.arrows.len()), (ComparedAs::Dag, 3));
    let difference = perfect.difference.expect("defined");
    assert_eq!((difference.skeleton.f1, difference.arrows.f1), (Some(1.0), Some(1.0)));
    // Useless: no edges, and all of them between columns that should have none.
    assert_eq!(score(&found(5, &[], &[])).shd, Some(3));
    assert_eq!(score(&found(5, &[[2, 0], [2, 1], [1, 4]], &[])).shd, Some(6));
    // By hand: 0 -> 2 is there, 1 -> 2 is reversed, 2 -> 3 is missing, and the column that is nobody's has an edge.
    let some = score(&found(5, &[[1, 3], [3, 4], [2, 0]], &[]));
    let difference = some.difference.expect("defined");
    assert_eq!((difference.reversed, difference.missing, difference.extra, some.shd), (1, 1, 1, Some(3)));
    assert_eq!((difference.skeleton.f1, difference.arrows.f1), (Some(2.0 / 3.0), Some(1.0 / 3.0)));
    let costly = GraphInput { reversal: Reversal::Two, ..truth.clone() };
    let twice = method_graph_score(&costly, &found(5, &[[1, 3], [3, 4]], &[]), &matching, 5);
    assert_eq!(twice.expect("fits").shd, Some(3));
}

#[test]
fn between_modalities_only_edges_between_them_count() {
    // Latents 0, 1 of one modality, 2, 3 of another; edges within both, and 0 -> 2 between.
    let truth = GraphInput { groups: Some(vec![0, 0, 1, 1]), ..known(4, &[[0, 1], [0, 2], [2, 3]]) };
    let matching = [Some(0), Some(1), Some(2), Some(3)];
    let score = |found: &FoundGraph| method_graph_score(&truth, found, &matching, 5).expect("fits");
    let between = |arrows: &[[usize; 2]]| score(&found(5, arrows, &[])).between_modalities.expect("there are groups");
    // Perfect between them, whatever is within: 2 -> 3 reversed, 0 -> 1 missing.
    let perfect = score(&found(5, &[[0, 2], [3, 2]], &[]));
    assert_eq!((perfect.shd, perfect.between_modalities.map(|found| found.shd)), (Some(2), Some(0)));
    // Useless, and by hand: reversed, one too many, and one to a column that is nobody's.
    assert_eq!(between(&[]).shd, 1);
    let some = between(&[[2, 0], [1, 3], [4, 1], [0, 1]]);
    assert_eq!((some.reversed, some.extra, some.missing, some.shd), (1, 2, 0, 3));
    assert!(
        method_graph_score(&GraphInput { groups: None, ..truth.clone() }, &found(4, &[], &[]), &matching, 4)
            .is_ok_and(|score| score.between_modalities.is_none())
    );
    let short = GraphInput { groups: Some(vec![0, 1]), ..truth.clone() };
    assert_eq!(
        method_graph_score(&short, &found(4, &[], &[]), &matching, 4).expect_err("two groups").code,
        Code::MetricGraph
    );
}

#[test]
fn a_graph_with_open_directions_is_compared_with_the_class_of_the_true_one() {
    // The class of a chain is all lines: a chain the other way round is as far as its arrows as a graph, and nowhere as a class.
    let truth = known(3, &[[0, 1], [1, 2]]);
    let matching = [Some(0), Some(1), Some(2)];
    let score = |found: &FoundGraph| method_graph_score(&truth, found, &matching, 3).expect("fits");
    let reversed = score(&found(3, &[[1, 0], [2, 1]], &[]));
    assert_eq!((reversed.shd, reversed.class_shd, reversed.compared_as), (Some(2), Some(0), ComparedAs::Dag));
    let open = score(&found(3, &[], &[[0, 1], [1, 2]]));
    assert_eq!((open.shd, open.class_shd, open.compared_as), (Some(0), Some(0), ComparedAs::Cpdag));
    assert_eq!(open.truth.lines, [[0, 1], [1, 2]]);
}

#[test]
fn a_method_whose_graph_may_have_cycles_has_no_distance_and_other_nodes_are_refused() {
    let truth = known(2, &[[0, 1]]);
    let matching = [Some(0), Some(1)];
    let cyclic = method_graph_score(&truth, &FoundGraph::Cyclic, &matching, 2).expect("a reason");
    assert!(cyclic.shd.is_none() && cyclic.reason.is_some_and(|reason| reason.contains("cycles")));
    let failure = method_graph_score(&truth, &found(3, &[], &[]), &matching, 2).expect_err("3 nodes");
    assert_eq!(failure.code, Code::MetricGraph);
}

#[test]
fn what_is_no_graph_is_a_failure() {
    for (arrows, lines) in
        [(vec![[0, 3]], vec![]), (vec![[1, 1]], vec![]), (vec![[0, 1], [1, 0]], vec![]), (vec![[0, 1]], vec![[0, 1]])]
    {
        assert_eq!(Graph::of(&Edges { nodes: 3, arrows, lines }).expect_err("refused").code, Code::MetricGraph);
    }
    let with_nan = Matrix::from_fn(2, 2, |i, j| if i < j { f64::NAN } else { 0.0 });
    for adjacency in [Matrix::zeros(2, 3), with_nan, Matrix::from_fn(2, 2, |_, _| 1.0)] {
        assert_eq!(Graph::dag(&adjacency).expect_err("refused").code, Code::MetricGraph);
    }
    for alpha in [0.0, 1.0, f64::NAN] {
        let found = pc(&Separated(Graph::empty(2)), PcConfig { alpha, ..PcConfig::default() });
        assert_eq!(found.expect_err("refused").code, Code::ConfigOutOfRange);
    }
}
