use super::*;
use crate::dataset::{Labels, Table};
use crate::matrix::Matrix;
use crate::tree::parse_newick;
use std::collections::BTreeMap;

fn dataset() -> Dataset {
    let gap = f32::NAN;
    Dataset {
        name: "example".into(),
        inputs: Matrix::new(
            4,
            4,
            vec![1., gap, 0.1, 2., gap, gap, 0.1, 2., 3., 7., 0.1, f32::INFINITY, 4., 8., gap, 2.],
        )
        .expect("fits"),
        input_names: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        labels: BTreeMap::from([(Role::Environment, Labels::encode("cell", &["x", "y", "x", "z"]))]),
        targets: Some(Table {
            columns: vec!["t".into(), "u".into()],
            rows: Vec::new(),
            values: Matrix::new(4, 2, vec![1., gap, 2., gap, 3., gap, gap, gap]).expect("fits"),
        }),
        tree: Some(parse_newick("(x,(y,w)v)r;").expect("a tree")),
        truth: BTreeMap::from([(
            "heads".to_owned(),
            Table { columns: vec!["z1".into()], rows: vec!["x".into(), "y".into()], values: Matrix::zeros(2, 1) },
        )]),
        ..Dataset::default()
    }
}

#[test]
fn a_description_counts_what_is_there_and_what_is_not() {
    let dataset = dataset();
    let description = describe(&dataset, &[]);
    assert_eq!((description.rows, description.columns), (4, 4));
    let worst = |counts: &ColumnCounts| -> Vec<(String, usize)> {
        counts.worst.iter().map(|column| (column.column.clone(), column.count)).collect()
    };
    let expected = [("b".to_owned(), 2), ("a".to_owned(), 1), ("c".to_owned(), 1)];
    assert_eq!(
        (worst(&description.missing), description.missing.values, description.missing.columns),
        (expected.to_vec(), 4, 3)
    );
    assert_eq!(worst(&description.infinite), [("d".to_owned(), 1)]);
    assert_eq!(
        (description.constant.count, &description.constant.first[..]),
        (2, &["c".to_owned(), "d".to_owned()][..])
    );

    let sizes: Vec<_> = description.labels[0].sizes.iter().map(|size| (size.label.as_str(), size.rows)).collect();
    assert_eq!((description.labels[0].role.as_str(), sizes), ("environment", vec![("x", 2), ("y", 1), ("z", 1)]));

    let [t, u] = &description.targets[..] else { panic!("two targets") };
    assert_eq!((t.missing, t.mean, t.min, t.max), (1, Some(2.0), Some(1.0), Some(3.0)));
    assert!((t.sd.expect("finite values") - (2.0f64 / 3.0).sqrt()).abs() < 1e-12);
    assert_eq!((u.missing, u.mean, u.sd, u.min, u.max), (4, None, None, None, None));

    let tree = description.tree.expect("a tree");
    assert_eq!((tree.nodes, tree.leaves, tree.depth), (5, 3, 2));
    assert_eq!((tree.unknown_environments, tree.leaves_without_rows), (vec!["z".to_owned()], vec!["w".to_owned()]));
    assert_eq!(description.truth, [TableSize { name: "heads".into(), rows: 2, columns: 1 }]);
    assert_eq!(description.fingerprint, dataset.fingerprint());
    // 16 inputs and 8 targets twice, 2 true numbers, 4 labels.
    assert_eq!(description.memory.bytes, 4 * (2 * 24 + 2 + 4));
}

#[test]
fn lists_of_columns_are_cut_and_counts_are_not() {
    let columns = 50;
    let dataset = Dataset {
        inputs: Matrix::from_fn(3, columns, |i, j| if i <= j % 3 { f32::NAN } else { 1.0 }),
        input_names: (0..columns).map(|j| format!("c{j}")).collect(),
        ..Dataset::default()
    };
    let description = describe(&dataset, &[]);
    assert_eq!((description.missing.columns, description.missing.worst.len()), (50, 20));
    assert_eq!(description.missing.values, 17 + 17 * 2 + 16 * 3);
    assert_eq!((description.missing.worst[0].column.as_str(), description.missing.worst[0].count), ("c2", 3));
    // An empty column has nothing that could vary, but no value that is constant either.
    assert_eq!(description.constant.count, 34);
}

#[test]
fn a_description_survives_json() {
    let description = describe(&dataset(), &[]);
    let json = serde_json::to_string(&description).expect("serialises");
    assert!(json.contains("\"unknownEnvironments\":[\"z\"]") && !json.contains("null"), "{json}");
    assert_eq!(serde_json::from_str::<Description>(&json).expect("parses"), description);
}

#[test]
fn tasks_are_described_in_either_form() {
    let gap = f32::NAN;
    // The second target of the example has no value at all.
    let wide = describe(&dataset(), &[]).tasks.expect("two targets");
    assert_eq!((wide.form.as_str(), wide.count, wide.tasks[0].task.as_str(), wide.tasks[0].rows), ("wide", 1, "t", 3));
    let long = |labels: &[&str; 6], y: [f32; 6]| Dataset {
        inputs: Matrix::zeros(6, 1),
        input_names: vec!["x".into()],
        labels: BTreeMap::from([(Role::Task, Labels::encode("assay", labels))]),
        targets: Some(Table {
            columns: vec!["y".into()],
            rows: Vec::new(),
            values: Matrix::new(6, 1, y.to_vec()).expect("fits"),
        }),
        ..Dataset::default()
    };
    let data = long(&["a", "b", "a", "", "a", "c"], [0., 5., 1., 9., 1., gap]);
    let tasks = describe(&data, &[]).tasks.expect("labels and a target");
    let all: Vec<_> = tasks.tasks.iter().map(|task| (task.task.as_str(), task.rows, task.binary)).collect();
    assert_eq!((tasks.form.as_str(), all), ("long", vec![("a", 3, true), ("b", 1, false)]));
    assert_eq!((tasks.count, tasks.binary, tasks.fewest_rows, tasks.most_rows), (2, 1, 1, 3));
    assert_eq!(tasks.constant, ColumnList { count: 1, first: vec!["b".into()] });
    assert_eq!(describe(&long(&[""; 6], [gap; 6]), &[]).tasks, None);
    assert_eq!(
        describe(&Dataset { labels: BTreeMap::new(), ..data }, &[]).tasks,
        None,
        "one target is no choice of tasks"
    );
}

#[test]
fn truth_that_a_method_is_shown_is_part_of_its_fingerprint_and_no_other_truth_is() {
    let table =
        |value: f32| Table { columns: vec!["z1".into()], rows: vec![], values: Matrix::from_fn(4, 1, |_, _| value) };
    let with = |silent: f32, latents: f32| Dataset {
        truth: BTreeMap::from([("silent".to_owned(), table(silent)), ("latents".to_owned(), table(latents))]),
        ..dataset()
    };
    let of = |data: &Dataset, names: &[&str]| {
        data.fingerprint_shown(&names.iter().map(|&name| name.into()).collect::<Vec<_>>())
    };
    let data = with(0.0, 1.0);
    assert_eq!(of(&data, &[]), data.fingerprint());
    assert_eq!(of(&data, &["silent"]), of(&with(0.0, 2.0), &["silent"]));
    assert_eq!(of(&data, &["silent", "latents"]), of(&data, &["latents", "silent", "latents"]));
    let all = [
        of(&data, &[]),
        of(&data, &["silent"]),
        of(&data, &["latents"]),
        of(&data, &["silent", "latents"]),
        of(&with(1.0, 1.0), &["silent"]),
    ];
    assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len(), "{all:?}");
    let shown = describe(&data, &["silent".to_owned()]);
    assert_eq!((shown.fingerprint, shown.shown), (data.fingerprint(), Some(of(&data, &["silent"]))));
    assert_eq!(describe(&data, &[]).shown, None);
}
