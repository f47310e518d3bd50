use super::*;
use crate::dataset::Table;
use crate::tree::parse_newick;

const GAP: f32 = f32::NAN;

/// 24 rows in three environments, three inputs, one target, a tree with an inner node and a leaf that have no rows.
fn dataset() -> Dataset {
    let n = 24;
    let labels: Vec<&str> = (0..n).map(|i| ["a", "b", "v"][i % 3]).collect();
    Dataset {
        name: "example".into(),
        inputs: Matrix::from_fn(n, 3, |i, j| ((7 * i + 5 * j) % 11) as f32 * (j + 1) as f32 + 100.0),
        input_names: ["x1", "x2", "x3"].map(str::to_owned).to_vec(),
        row_ids: (0..n).map(|i| format!("cell{i}")).collect(),
        labels: BTreeMap::from([(Role::Environment, Labels::encode("env", &labels))]),
        targets: Some(target(n)),
        tree: Some(parse_newick("((a,b)u,(c,d)v)r;").expect("a tree")),
        ..Dataset::default()
    }
}

fn target(n: usize) -> Table {
    Table { columns: vec!["y".into()], rows: Vec::new(), values: Matrix::from_fn(n, 1, |i, _| (i * i % 13) as f32) }
}

fn prepared(dataset: &Dataset) -> Prepared {
    prepare(dataset, &PrepareConfig::default(), 1).expect("prepares")
}

fn refused(dataset: &Dataset, config: &PrepareConfig) -> Failure {
    let failure = prepare(dataset, config, 1).expect_err("refused");
    assert!(failure.hint.is_some(), "every failure says what to do: {failure}");
    failure
}

fn with(missing: Missing) -> PrepareConfig {
    PrepareConfig { missing, ..PrepareConfig::default() }
}

#[test]
fn offsets_change_no_prepared_number_and_stand_in_the_standardisers() {
    let plain = prepared(&dataset());
    let offsets = Offsets { inputs: vec![0.0, 1.6e9, 0.0], targets: vec![-2e12] };
    let data = Dataset { offsets: offsets.clone(), ..dataset() };
    let shifted = prepared(&data);
    assert_eq!(shifted.inputs, plain.inputs);
    let (targets, own) = (plain.targets.expect("targets"), shifted.targets.expect("targets"));
    assert_eq!(own.values, targets.values);
    assert_eq!(shifted.standardiser.mean[1], plain.standardiser.mean[1] + 1.6e9);
    assert_eq!(shifted.standardiser.mean[0], plain.standardiser.mean[0]);
    assert_eq!(own.standardiser.mean[0], targets.standardiser.mean[0] - 2e12);
    assert_ne!(data.fingerprint(), dataset().fingerprint());
    assert_eq!(shifted.offsets, offsets);
    let wrong = Dataset { offsets: Offsets { inputs: vec![1.0], targets: vec![] }, ..dataset() };
    assert_eq!(refused_shape(&wrong), Code::DataShape);
}

fn refused_shape(dataset: &Dataset) -> Code {
    prepare(dataset, &PrepareConfig::default(), 1).expect_err("refused").code
}

#[test]
fn environments_become_nodes_of_the_tree_and_empty_leaves_are_told() {
    let prepared = prepared(&dataset());
    let environments = prepared.needs_environments("tbr").expect("three");
    assert_eq!(environments.names, ["r", "u", "a", "b", "v", "c", "d"]);
    assert_eq!(&prepared.nodes[..4], [2, 3, 4, 2]);
    assert_eq!(prepared.warnings.len(), 1);
    assert_eq!(prepared.warnings[0].code, "TREE_LEAF_WITHOUT_ROWS");
    assert_eq!(prepared.warnings[0].message, "leaves of the tree without rows: \"c\", \"d\"");
}

#[test]
fn without_a_tree_nodes_are_the_labels_that_have_rows() {
    let mut data = Dataset { tree: None, ..dataset() };
    data.labels.get_mut(&Role::Environment).expect("labels").levels.push("unused".into());
    let prepared = prepared(&data);
    assert_eq!(prepared.environments.as_ref().expect("labels").names, ["a", "b", "v"]);
    assert_eq!(prepared.needs_tree("tbr").expect_err("none").code, Code::DataNeedsTree);
    assert!(prepared.warnings.is_empty());
}

#[test]
fn an_environment_that_names_no_node_is_refused_with_the_nearest() {
    let mut data = dataset();
    data.labels.get_mut(&Role::Environment).expect("labels").levels[2] = "vv".into();
    let failure = refused(&data, &PrepareConfig::default());
    assert_eq!(failure.code, Code::DataUnknownEnvironment);
    assert_eq!(failure.hint.as_deref(), Some("did you mean \"v\"?"));
    assert_eq!(failure.context["environments"], serde_json::json!(["vv"]));
}

#[test]
fn what_a_method_needs_and_the_data_lack_is_refused() {
    let bare = Dataset { targets: None, labels: BTreeMap::new(), ..dataset() };
    let without = prepared(&bare);
    assert_eq!(without.needs_target("tbr").expect_err("none").code, Code::DataNeedsTarget);
    assert_eq!(without.needs_environments("tbr").expect_err("none").code, Code::DataNeedsEnvironments);
    assert_eq!((without.nodes.len(), without.warnings[0].code.as_str()), (24, "TREE_WITHOUT_ENVIRONMENTS"));
    let mut one = dataset();
    one.labels.insert(Role::Environment, Labels::encode("env", &["a"; 24]));
    let failure = prepared(&one).needs_environments("tbr").expect_err("one");
    assert_eq!((failure.code, &failure.context["environments"]), (Code::DataNeedsEnvironments, &serde_json::json!(1)));
}

#[test]
fn infinities_are_refused_whatever_the_policy_and_named() {
    for missing in [Missing::Error, Missing::Drop, Missing::Mean] {
        let mut data = dataset();
        data.inputs[(5, 1)] = f32::NEG_INFINITY;
        data.inputs[(9, 1)] = f32::INFINITY;
        let failure = refused(&data, &with(missing));
        assert_eq!(failure.code, Code::DataNotFinite);
        assert_eq!(failure.message, "column \"x2\", row 6 (\"cell5\"): an infinity; 2 infinite values in 1 column");
    }
    let mut data = Dataset { row_ids: Vec::new(), ..dataset() };
    data.targets.as_mut().expect("a target").values[(3, 0)] = f32::INFINITY;
    let failure = refused(&data, &PrepareConfig { missing_target: MissingTarget::Drop, ..PrepareConfig::default() });
    assert_eq!(failure.message, "column \"y\", row 4: an infinity; 1 infinite value in 1 column");
}

#[test]
fn missing_inputs_are_refused_dropped_or_filled() {
    let mut data = dataset();
    data.inputs[(4, 0)] = GAP;
    data.inputs[(4, 2)] = GAP;
    data.inputs[(8, 2)] = GAP;
    let failure = refused(&data, &with(Missing::Error));
    assert_eq!(failure.message, "column \"x1\", row 5 (\"cell4\"): a missing value; 3 missing values in 2 columns");
    assert_eq!((&failure.context["row"], &failure.context["count"]), (&5.into(), &3.into()));

    let dropped = prepare(&data, &with(Missing::Drop), 1).expect("prepares");
    assert_eq!(dropped.kept, (0..24).filter(|i| ![4, 8].contains(i)).collect::<Vec<_>>());
    assert_eq!(dropped.warnings[0].message, "2 of 24 rows were dropped: 2 without an input");

    let filled = prepare(&data, &with(Missing::Mean), 1).expect("prepares");
    assert_eq!(filled.rows(), 24);
    assert!(filled.warnings.iter().any(|warning| warning.code == "MISSING_FILLED"));
    // The mean is exact in f64 and filled in as f32.
    for (row, column) in [(4, 0), (4, 2), (8, 2)] {
        assert!(filled.inputs[(row, column)].abs() < 1e-5, "the mean is 0 once standardised");
    }
    let train = filled.rows_of(Split::Train);
    let values = train.iter().map(|&row| data.inputs[(row, 2)]).filter(|v| !v.is_nan()).collect::<Vec<f32>>();
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
    assert!((filled.standardiser.mean[2] - mean).abs() < 1e-9, "only training rows count");
}

#[test]
fn missing_labels_are_refused_or_dropped() {
    let mut data = dataset();
    let labels: Vec<&str> = (0..24).map(|i| if i == 7 { "" } else { ["a", "b", "v"][i % 3] }).collect();
    data.labels.insert(Role::Environment, Labels::encode("env", &labels));
    let failure = refused(&data, &with(Missing::Mean));
    assert_eq!((failure.code, failure.context["row"].as_u64()), (Code::DataNotFinite, Some(8)));
    let dropped = prepare(&data, &with(Missing::Drop), 1).expect("prepares");
    assert_eq!((dropped.rows(), dropped.kept.contains(&7)), (23, false));
}

#[test]
fn tasks_are_numbered_without_those_that_have_no_rows() {
    let mut data = dataset();
    let names: Vec<&str> = (0..24).map(|i| if i == 0 { "" } else { ["p", "q", "r"][i / 8] }).collect();
    data.labels.insert(Role::Task, Labels::encode("assay", &names));
    (1..8).for_each(|i| data.inputs[(i, 0)] = GAP);
    let prepared = prepare(&data, &with(Missing::Drop), 1).expect("prepares");
    let labels = &prepared.labels[&Role::Task];
    assert_eq!(labels.levels, ["q", "r"]);
    let tasks = prepared.tasks("mtlcm").expect("two");
    for (row, &code) in labels.codes.iter().enumerate() {
        assert!(tasks[code as usize].rows.contains(&row), "codes number the tasks");
    }
}

#[test]
fn rows_without_a_target_are_refused_or_dropped_and_gaps_between_targets_kept() {
    let mut data = dataset();
    data.targets.as_mut().expect("a target").values[(6, 0)] = GAP;
    let failure = refused(&data, &PrepareConfig::default());
    assert_eq!((failure.code, failure.context["row"].as_u64()), (Code::DataNotFinite, Some(7)));
    let drop = PrepareConfig { missing_target: MissingTarget::Drop, ..PrepareConfig::default() };
    assert_eq!(prepare(&data, &drop, 1).expect("prepares").rows(), 23);

    let two = Matrix::from_fn(24, 2, |i, j| if i % 2 == j { GAP } else { i as f32 });
    data.targets = Some(Table { columns: vec!["y1".into(), "y2".into()], rows: Vec::new(), values: two });
    let gaps = prepared(&data);
    let targets = gaps.needs_target("mtlcm").expect("two");
    assert_eq!(targets.values.data().iter().filter(|v| v.is_nan()).count(), 24);
    assert!(targets.standardiser.sd.iter().all(|&sd| sd > 0.0));
}

#[test]
fn columns_that_never_vary_are_refused_and_named() {
    let mut data = dataset();
    (0..24).for_each(|i| data.inputs[(i, 1)] = 0.1);
    let failure = refused(&data, &PrepareConfig::default());
    assert_eq!((failure.code, &failure.context["columns"]), (Code::DataConstantColumn, &serde_json::json!(["x2"])));
    assert!(failure.hint.expect("a hint").contains("!x2"));
    let mut data = dataset();
    data.targets.as_mut().expect("a target").values = Matrix::from_fn(24, 1, |_, _| 0.3);
    assert_eq!(refused(&data, &PrepareConfig::default()).code, Code::DataConstantColumn);
    (0..24).for_each(|i| data.inputs[(i, 0)] = GAP);
    assert_eq!(refused(&data, &with(Missing::Mean)).code, Code::DataNotFinite, "nothing to take a mean of");
}

#[test]
fn too_few_rows_are_refused() {
    let mut data = dataset();
    (0..23).for_each(|i| data.inputs[(i, 0)] = GAP);
    let failure = refused(&data, &with(Missing::Drop));
    assert_eq!((failure.code, &failure.context["rows"]), (Code::DataTooFewRows, &1.into()));
}

#[test]
fn environments_too_small_to_train_on_are_told() {
    let labels: Vec<&str> = (0..24).map(|i| if i < 22 { "a" } else { "b" }).collect();
    let mut data = dataset();
    data.labels.insert(Role::Environment, Labels::encode("env", &labels));
    let thin = SplitConfig { train: 0.2, validation: 0.4, test: 0.4, ..SplitConfig::default() };
    let config = PrepareConfig { split: thin.clone(), ..PrepareConfig::default() };
    let codes = |config: &PrepareConfig| -> Vec<String> {
        prepare(&data, config, 1).expect("prepares").warnings.into_iter().map(|warning| warning.code).collect()
    };
    assert_eq!(codes(&config), ["TREE_LEAF_WITHOUT_ROWS", "ENVIRONMENT_NOT_TRAINED"]);
    let held_out = PrepareConfig { split: SplitConfig { holdout: vec!["b".into()], ..thin }, ..config };
    assert_eq!(codes(&held_out), ["TREE_LEAF_WITHOUT_ROWS"]);
}

#[test]
fn mistakes_of_the_split_are_told_under_its_section() {
    let split = SplitConfig { holdout: vec!["bb".into()], ..SplitConfig::default() };
    let failure = refused(&dataset(), &PrepareConfig { split, ..PrepareConfig::default() });
    assert_eq!((failure.code, failure.path.as_deref()), (Code::DataUnknownEnvironment, Some("split.holdout")));
}

#[test]
fn standardisation_follows_the_choice_and_can_be_undone() {
    let data = dataset();
    for (standardize, inputs, targets) in
        [(Standardize::All, true, true), (Standardize::Inputs, true, false), (Standardize::None, false, false)]
    {
        let config = PrepareConfig { standardize, ..PrepareConfig::default() };
        let prepared = prepare(&data, &config, 1).expect("prepares");
        let target = prepared.needs_target("tbr").expect("a target");
        assert_eq!(prepared.standardiser != Standardiser::identity(3), inputs);
        assert_eq!(target.standardiser != Standardiser::identity(1), targets);
        let back = prepared.standardiser.undo(&prepared.inputs).expect("fits");
        for (back, given) in back.data().iter().zip(data.inputs.data()) {
            // f32 keeps 7 digits of numbers near 100.
            assert!((back - given).abs() < 1e-4);
        }
    }
    let narrow = Standardiser { mean: vec![0.0], sd: vec![1e-20] };
    let far = Matrix::new(1, 1, vec![1e30]).expect("fits");
    assert_eq!(narrow.apply(&far).expect_err("1e50").code, Code::NumericNotFinite);
    assert_eq!(Standardiser::identity(2).apply(&data.inputs).expect_err("three columns").code, Code::DataShape);
}

#[test]
fn new_data_are_treated_as_the_training_data_were() {
    let mut data = dataset();
    data.inputs[(4, 0)] = GAP;
    for standardize in [Standardize::All, Standardize::None] {
        let config = PrepareConfig { standardize, ..with(Missing::Mean) };
        let prepared = prepare(&data, &config, 1).expect("prepares");
        let new = |fill| standardise_new(data.inputs.clone(), &data.input_names, &prepared.standardiser, fill);
        let again = new(prepared.fill.as_deref());
        assert_eq!(again.expect("finite or filled"), prepared.inputs);
        let refused = new(None);
        assert_eq!(refused.expect_err("a gap").code, Code::DataNotFinite);
    }
}

#[test]
fn columns_of_new_data_are_found_by_name() {
    let names = |text: &str| text.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let matrix = Matrix::from_fn(2, 3, |i, j| (10 * i + j) as f32);
    let aligned = align_columns(&names("c a"), &[], &names("a b c"), &matrix).expect("all there");
    assert_eq!(aligned.data(), [2., 0., 12., 10.]);
    assert_eq!(align_columns(&names("p q r"), &[], &[], &matrix).expect("by position"), matrix);
    let code = |expected: &str, given: &str| {
        align_columns(&names(expected), &[], &names(given), &matrix)
            .map_err(|failure| (failure.code, failure.context.get("missing").cloned()))
    };
    let missing = Some(serde_json::json!(["d", "e"]));
    assert_eq!(code("a d e", "a b c"), Err((Code::DataColumnMismatch, missing)));
    assert_eq!(code("a b", ""), Err((Code::DataColumnMismatch, None)));
    assert_eq!(code("a b", "a b b"), Err((Code::DataDuplicateColumn, None)));
    assert_eq!(code("a", "a b"), Err((Code::DataShape, None)));
    assert!(code("a", "a b b").is_ok(), "what is not used may be twice");
}

#[test]
fn configurations_are_read_with_their_defaults_and_survive_json() {
    let read = |text: &str| crate::config::parse::<PrepareConfig>(serde_json::from_str(text).expect("an object"));
    assert_eq!(read("{}").expect("all defaults"), PrepareConfig::default());
    let full = serde_json::to_string(&PrepareConfig::default()).expect("serialises");
    assert_eq!(read(&full).expect("parses"), PrepareConfig::default());
    let failure = read(r#"{"split": {"train": 0}}"#).expect_err("no training");
    assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigOutOfRange, Some("split.train")));
    assert_eq!(read(r#"{"missing": "ignore"}"#).expect_err("no such policy").code, Code::ConfigOutOfRange);
}
