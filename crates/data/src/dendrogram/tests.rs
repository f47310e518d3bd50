use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn golden() -> Value {
    // golden/dendrogram.py
    serde_json::from_str(include_str!("../../../../golden/dendrogram.json")).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("numbers").iter().map(|v| v.as_f64().expect("a number")).collect()
}

/// Every merge of the golden file as sorted leaves and height.
fn golden_merges(value: &Value) -> Vec<(Vec<usize>, f64)> {
    let merge = |m: &Value| (numbers(&m[0]).iter().map(|&v| v as usize).collect(), m[1].as_f64().expect("a height"));
    value.as_array().expect("merges").iter().map(merge).collect()
}

fn labels(codes: &[u32]) -> Labels {
    let levels = (0..=*codes.iter().max().expect("rows")).map(|code| format!("e{code}")).collect();
    Labels { column: "env".into(), levels, codes: codes.to_vec() }
}

fn case(case: &Value) -> (Matrix, Labels, DendrogramConfig) {
    let size = |key: &str| case[key].as_u64().expect("a size") as usize;
    let inputs = numbers(&case["inputs"]).into_iter().map(|v| v as f32).collect();
    let codes: Vec<u32> = numbers(&case["codes"]).into_iter().map(|v| v as u32).collect();
    let inputs = Matrix::new(size("rows"), size("columns"), inputs).expect("fits");
    (inputs, labels(&codes), DendrogramConfig { components: Some(size("components")) })
}

/// Leaves below and height of every inner node, lowest first.
fn merges_of(tree: &Tree, leaves: usize) -> Vec<(Vec<usize>, f64)> {
    let mut below = vec![Vec::new(); tree.len()];
    let mut heights = vec![0.0; tree.len()];
    for leaf in 0..leaves {
        let mut height = 0.0;
        for node in tree.path_to_root(leaf) {
            below[node].push(leaf);
            heights[node] = height;
            height += tree.lengths[node];
        }
    }
    (leaves..tree.len()).map(|node| (below[node].clone(), heights[node])).collect()
}

#[test]
fn complete_linkage_merges_as_scipy_does() {
    let golden = golden();
    let rows: Vec<Vec<f64>> = golden["linkage"]["distances"].as_array().expect("rows").iter().map(numbers).collect();
    let e = rows.len();
    let merges = linkage::complete(Matrix::from_fn(e, e, |i, j| rows[i][j]));
    let mut members: Vec<Vec<usize>> = (0..e).map(|i| vec![i]).collect();
    for (merge, (leaves, height)) in merges.iter().zip(golden_merges(&golden["linkage"]["merges"])) {
        let mut both = [members[merge.first].clone(), members[merge.second].clone()].concat();
        both.sort_unstable();
        assert_eq!((&both, merge.height), (&leaves, height));
        members.push(both);
    }
    assert_eq!(merges.len(), e - 1);
}

#[test]
fn dendrograms_have_the_merges_and_heights_of_numpy_and_scipy() {
    for golden in golden()["cases"].as_array().expect("cases") {
        let (inputs, labels, config) = case(golden);
        let tree = dendrogram(&inputs, &labels, &config).expect("a tree");
        assert_eq!(tree.names[..labels.levels.len()], labels.levels);
        let expected = golden_merges(&golden["merges"]);
        let got = merges_of(&tree, labels.levels.len());
        assert_eq!(got.len(), expected.len());
        for ((got, got_height), (expected, height)) in got.iter().zip(&expected) {
            assert_eq!(got, expected, "{}", golden["name"]);
            // Double precision on both sides; eigenvectors of the Gram matrix lose some of it.
            assert!((got_height - height).abs() < 1e-8, "{}: {got_height} is not {height}", golden["name"]);
        }
    }
}

#[test]
fn equal_distances_merge_the_lowest_indices_first() {
    let merges = linkage::complete(Matrix::from_fn(4, 4, |i, j| f64::from(u8::from(i != j))));
    let pairs: Vec<_> = merges.iter().map(|merge| (merge.first, merge.second)).collect();
    assert_eq!(pairs, [(0, 1), (4, 2), (5, 3)]);
}

#[test]
fn labels_without_rows_are_no_leaves_and_inner_names_avoid_labels() {
    let (inputs, mut labels, config) = case(&golden()["cases"][0]);
    labels.levels.push("empty".into());
    labels.levels[0] = "node1".into();
    let tree = dendrogram(&inputs, &labels, &config).expect("a tree");
    assert_eq!(tree.names, ["node1", "e1", "e2", "e3", "e4", "e5", "node2", "node3", "node4", "node5", "node6"]);
}

#[test]
fn what_gives_no_dendrogram_is_refused() {
    let (inputs, labels, config) = case(&golden()["cases"][0]);
    let code = |inputs: &Matrix, labels: &Labels, config: &DendrogramConfig| {
        dendrogram(inputs, labels, config).expect_err("refused").code
    };
    let one = Labels { codes: vec![0; 60], ..labels.clone() };
    assert_eq!(code(&inputs, &one, &config), Code::DataNeedsEnvironments);
    let mut missing = inputs.clone();
    missing[(3, 1)] = f32::NAN;
    assert_eq!(code(&missing, &labels, &config), Code::DataNotFinite);
    for components in [0, 1, 9] {
        assert_eq!(code(&inputs, &labels, &DendrogramConfig { components: Some(components) }), Code::ConfigOutOfRange);
    }
    let constant = Matrix::from_fn(60, 3, |i, j| if j == 0 { i as f32 } else { 0.1 });
    assert_eq!(code(&constant, &labels, &DendrogramConfig::default()), Code::DataShape);
    let short = Labels { codes: vec![0, 1], ..labels.clone() };
    assert_eq!(code(&inputs, &short, &config), Code::DataShape);
    // Two environments that mirror each other in both components: their means lie on the diagonal.
    let mirrored = Matrix::new(4, 2, vec![1., 1., 1., 1., -1., -1., -1., -1.]).expect("fits");
    let two = Labels { codes: vec![0, 0, 1, 1], ..labels };
    assert!(dendrogram(&mirrored, &two, &DendrogramConfig::default()).is_ok(), "one component of rank, one of zeros");
}

proptest! {
    #[test]
    fn heights_never_fall_and_do_not_depend_on_column_scales(
        values in proptest::collection::vec(-1.0..1.0f32, 12 * 4),
        scale in 1..5i32,
    ) {
        let inputs = Matrix::new(12, 4, values).expect("fits");
        let labels = labels(&[0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
        let tree = dendrogram(&inputs, &labels, &DendrogramConfig::default()).expect("a tree");
        prop_assert!(tree.lengths.iter().all(|&length| length >= 0.0));
        prop_assert_eq!(tree.leaves(), [0, 1, 2, 3]);
        // Powers of two change no digit.
        let scaled = inputs.map(|v| v * 2f32.powi(scale));
        prop_assert_eq!(dendrogram(&scaled, &labels, &DendrogramConfig::default()).expect("a tree"), tree);
    }
}
