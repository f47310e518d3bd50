use super::*;
use proptest::prelude::*;

fn tree(parents: &[Option<usize>]) -> Result<Tree> {
    let names = (0..parents.len()).map(|i| format!("n{i}")).collect();
    Tree::new(names, parents.to_vec(), vec![1.0; parents.len()])
}

#[test]
fn a_tree_refuses_cycles_and_names_them() {
    let failure = tree(&[None, Some(3), Some(1), Some(2), Some(0)]).expect_err("1, 3 and 2 form a cycle");
    assert_eq!(failure.code, Code::TreeCycle);
    assert_eq!(failure.context["cycle"], serde_json::json!(["n1", "n3", "n2"]));
    let own_parent = tree(&[None, Some(1)]).expect_err("its own parent");
    assert_eq!(own_parent.message, r#"the parents form a cycle: "n1" -> "n1""#);
}

#[test]
fn a_tree_refuses_no_root_and_several_roots_and_names_them() {
    assert_eq!(tree(&[]).expect_err("empty").code, Code::TreeRoots);
    let failure = tree(&[None, Some(0), None]).expect_err("two roots");
    assert_eq!((failure.code, &failure.context["roots"]), (Code::TreeRoots, &serde_json::json!(["n0", "n2"])));
}

#[test]
fn a_tree_refuses_bad_names_lengths_and_sizes() {
    let build = |names: [&str; 2], length: f64| {
        Tree::new(names.map(str::to_owned).to_vec(), vec![None, Some(0)], vec![0.0, length]).map_err(|f| f.code)
    };
    assert_eq!(build(["a", "a"], 1.0), Err(Code::TreeNames));
    assert_eq!(build(["a", ""], 1.0), Err(Code::TreeNames));
    for length in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(build(["a", "b"], length), Err(Code::TreeLength));
    }
    assert!(build(["a", "b"], 0.0).is_ok());
    assert_eq!(tree(&[None, Some(7)]).expect_err("no node 7").code, Code::DataShape);
    assert_eq!(Tree::new(vec!["a".into()], vec![], vec![]).expect_err("sizes").code, Code::DataShape);
}

#[test]
fn paths_depths_and_leaves_follow_the_parents() {
    let t = tree(&[Some(2), Some(0), None, Some(2), Some(0)]).expect("a tree");
    assert_eq!(t.root(), 2);
    assert_eq!(t.order(), [2, 0, 3, 1, 4]);
    assert_eq!(t.path_to_root(4), [4, 0, 2]);
    assert_eq!(t.depths(), [1, 2, 0, 1, 2]);
    assert_eq!((t.depth(), t.leaves()), (2, vec![1, 3, 4]));
    assert_eq!((t.index_of("n3"), t.index_of("n9")), (Some(3), None));
    assert_eq!(t.lengths[2], 0.0, "the root has no branch");
}

#[test]
fn reading_json_checks_the_tree() {
    let json = r#"{"names":["a","b"],"parents":[1,0],"lengths":[1,1]}"#;
    let error = serde_json::from_str::<Tree>(json).expect_err("a cycle");
    assert!(error.to_string().contains("cycle"), "{error}");
}

#[test]
fn newick_reads_names_lengths_comments_and_quotes() {
    let t =
        parse_newick("[&R] ((CD4_T cell:0.5[c [nested]],'it''s (B), [x]':2e-1):1,\"q:q\")root:9 ;\n").expect("reads");
    assert_eq!(t.names, ["root", "node1", "CD4_T cell", "it's (B), [x]", "q:q"]);
    assert_eq!(t.parents, [None, Some(0), Some(1), Some(1), Some(0)]);
    assert_eq!(t.lengths, [0.0, 1.0, 0.5, 0.2, 1.0]);
}

#[test]
fn generated_names_avoid_given_ones() {
    let t = parse_newick("((node2,a),(b,node1));").expect("reads");
    assert_eq!(t.names, ["node3", "node4", "node2", "a", "node5", "b", "node1"]);
}

#[test]
fn newick_errors_say_line_and_column() {
    for (text, place) in [
        ("", "1:1"),
        ("(a,b", "1:5"),
        ("(a,\n b));", "2:4"),
        ("(a,,b);", "1:4"),
        ("(a,b)c d\ne;", "2:1"),
        ("(a:x,b);", "1:4"),
        ("(a:,b);", "1:4"),
        ("(a,'b);", "1:4"),
        ("(a,[b);", "1:4"),
        ("(a,b);(c,d);", "1:7"),
        ("(a(b),c);", "1:3"),
        ("(a,b]);", "1:5"),
    ] {
        let failure = parse_newick(text).expect_err(text);
        assert_eq!((failure.code, failure.path.as_deref()), (Code::TreeParse, Some(place)), "{text}: {failure}");
    }
    let negative = parse_newick("(a,\nb:-1);").expect_err("negative");
    assert_eq!((negative.code, negative.path.as_deref()), (Code::TreeLength, Some("2:3")));
    assert_eq!(parse_newick("(a:1e999,b);").expect_err("infinite").code, Code::TreeLength);
    assert_eq!(parse_newick("((a,b)95,(c,d)95);").expect_err("support values").code, Code::TreeNames);
}

#[test]
fn newick_reads_and_writes_trees_deeper_than_a_call_stack() {
    let depth = 200_000;
    let text = format!("{}a{};", "(".repeat(depth), ")".repeat(depth));
    let t = parse_newick(&text).expect("deep, but a tree");
    assert_eq!(t.depth(), depth);
    assert_eq!(parse_newick(&t.to_newick()).expect("reads back"), t);
}

#[test]
fn tables_read_commas_tabs_quotes_and_a_named_root() {
    let t = parse_table("Length,child,parent,note\n0.5,a,root,x\n,\"b, c\",root,\n,root,,\n").expect("reads");
    assert_eq!(t.names, ["root", "a", "b, c"]);
    assert_eq!((t.parents, t.lengths), (vec![None, Some(0), Some(0)], vec![0.0, 0.5, 1.0]));
    let tabs = parse_table("parent\tchild\nr\ta b\nr\tc\n").expect("reads");
    assert_eq!(tabs.names, ["r", "a b", "c"]);
}

#[test]
fn table_errors_say_line_and_column() {
    for (text, code, place) in [
        ("", Code::TreeParse, "1:1"),
        ("a,b\nc,d\n", Code::TreeParse, "1:1"),
        ("parent,child,length\nr,a,1\nr,b,long\n", Code::TreeParse, "3:3"),
        ("parent,child,length\nr,a,1\nr,b,-1\n", Code::TreeLength, "3:3"),
        ("parent,child,length\nr,a,1\nr,b\n", Code::TreeParse, "3:1"),
        ("parent,child\nr,\n", Code::TreeParse, "2:2"),
        ("parent,child\nr,a\nr,b\nb,a\n", Code::TreeParse, "4:2"),
    ] {
        let failure = parse_table(text).expect_err(text);
        assert_eq!((failure.code, failure.path.as_deref()), (code, Some(place)), "{text}: {failure}");
    }
    assert_eq!(parse_table("parent,child\na,b\nb,a\n").expect_err("cycle").code, Code::TreeCycle);
    assert_eq!(parse_table("parent,child\na,b\nc,d\n").expect_err("roots").code, Code::TreeRoots);
}

/// The edges by name: what a tree is, whatever the order of its nodes.
fn edges(tree: &Tree) -> Vec<(String, Option<String>, f64)> {
    let mut edges: Vec<_> = (0..tree.len())
        .map(|i| (tree.names[i].clone(), tree.parents[i].map(|p| tree.names[p].clone()), tree.lengths[i]))
        .collect();
    edges.sort_by(|a, b| a.0.cmp(&b.0));
    edges
}

fn any_tree() -> impl Strategy<Value = Tree> {
    // Names carry what has to be quoted: blanks, brackets, quotes, separators, other alphabets.
    proptest::collection::vec(("[ a-cé()\\[\\]:;,'\"\t\n_]{0,4}", any::<prop::sample::Index>(), 0.0..1e3f64), 1..30)
        .prop_map(|nodes| {
            let names = nodes.iter().enumerate().map(|(i, node)| format!("{}{i}{}", node.0, node.0)).collect();
            let parents = nodes.iter().enumerate().map(|(i, node)| (i > 0).then(|| node.1.index(i))).collect();
            Tree::new(names, parents, nodes.iter().map(|node| node.2).collect()).expect("built as a tree")
        })
}

proptest! {
    #[test]
    fn newick_round_trips_every_tree(tree in any_tree()) {
        let back = parse_newick(&tree.to_newick()).expect("reads what was written");
        prop_assert_eq!(edges(&back), edges(&tree));
        prop_assert_eq!(parse_newick(&back.to_newick()).expect("reads"), back, "preorder is a fixed point");
    }

    #[test]
    fn the_order_visits_every_node_once_and_parents_first(tree in any_tree()) {
        let order = tree.order();
        let mut place = vec![usize::MAX; tree.len()];
        order.iter().enumerate().for_each(|(at, &node)| place[node] = at);
        prop_assert!(place.iter().all(|&at| at != usize::MAX) && order.len() == tree.len());
        for (node, parent) in tree.parents.iter().enumerate() {
            prop_assert!(parent.is_none_or(|parent| place[parent] < place[node]));
        }
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in "[a-b()\\[\\]:;,'\"\n 1.e-]{0,30}") {
        let _ = parse_newick(&text);
        let _ = parse_table(&format!("parent,child,length\n{text}"));
    }
}
