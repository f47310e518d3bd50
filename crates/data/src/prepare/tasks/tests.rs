use super::*;
use crate::dataset::{Dataset, Table};
use crate::matrix::Matrix;
use crate::prepare::{MissingTarget, PrepareConfig, prepare};
use crate::split::SplitConfig;
use std::collections::BTreeMap;

const GAP: f32 = f32::NAN;

fn table(values: Matrix) -> Table {
    let columns = (1..=values.cols()).map(|j| format!("y{j}")).collect();
    Table { columns, rows: Vec::new(), values }
}

/// 24 rows, two inputs; every law below adds its own tasks.
fn bare() -> Dataset {
    Dataset {
        inputs: Matrix::from_fn(24, 2, |i, j| ((7 * i + 5 * j) % 11) as f32 * (j + 1) as f32),
        input_names: ["x1", "x2"].map(str::to_owned).to_vec(),
        ..Dataset::default()
    }
}

fn long(labels: &[&str], y: impl FnMut(usize, usize) -> f32) -> Dataset {
    let labels = BTreeMap::from([(Role::Task, Labels::encode("assay", labels))]);
    Dataset { labels, targets: Some(table(Matrix::from_fn(24, 1, y))), ..bare() }
}

fn wide(columns: usize, y: impl FnMut(usize, usize) -> f32) -> Dataset {
    Dataset { targets: Some(table(Matrix::from_fn(24, columns, y))), ..bare() }
}

fn prepared(dataset: &Dataset) -> Prepared {
    prepare(dataset, &PrepareConfig::default(), 1).expect("prepares")
}

fn three() -> Vec<&'static str> {
    (0..24).map(|i| ["a", "b", "c"][i % 3]).collect()
}

fn refused(prepared: &Prepared) -> Failure {
    let failure = prepared.tasks("mtlcm").expect_err("refused");
    assert!(failure.hint.is_some(), "every failure says what to do: {failure}");
    failure
}

#[test]
fn both_forms_give_the_same_tasks() {
    let y = |i: usize| (i * i % 13) as f32;
    let long = prepared(&long(&three(), |i, _| y(i)));
    let wide = prepared(&wide(3, |i, j| if i % 3 == j { y(i) } else { GAP }));
    assert_eq!((long.task_form(), wide.task_form()), (Some(TaskForm::Long), Some(TaskForm::Wide)));
    let (long_tasks, wide_tasks) = (long.tasks("mtlcm").expect("three"), wide.tasks("mtlcm").expect("three"));
    assert_eq!(long_tasks.iter().map(|task| task.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(wide_tasks.iter().map(|task| task.name.as_str()).collect::<Vec<_>>(), ["y1", "y2", "y3"]);
    let units = |prepared: &Prepared, task: &Task, column: usize| -> Vec<f64> {
        let scale = &prepared.targets.as_ref().expect("targets").standardiser;
        task.values.iter().map(|&v| f64::from(v) * scale.sd[column] + scale.mean[column]).collect()
    };
    for (t, (a, b)) in long_tasks.iter().zip(&wide_tasks).enumerate() {
        assert_eq!(a.rows, (0..8).map(|i| 3 * i + t).collect::<Vec<_>>());
        assert_eq!(a.rows, b.rows);
        for (u, v) in units(&long, a, 0).into_iter().zip(units(&wide, b, t)) {
            // f32 keeps 7 digits of numbers below 13.
            assert!((u - v).abs() < 1e-5, "{u} {v}");
        }
    }
}

#[test]
fn every_task_is_split_on_its_own_unless_there_are_environments() {
    let mut data = long(&three(), |i, _| (i * i % 13) as f32);
    let counts = |data: &Dataset| -> Vec<usize> {
        let prepared = prepared(data);
        prepared.tasks("mtlcm").expect("three").iter().map(|task| prepared.training(task).count()).collect()
    };
    assert_eq!(counts(&data), [4, 4, 4]);
    let environments: Vec<&str> = (0..24).map(|i| ["p", "q"][usize::from(i > 11)]).collect();
    data.labels.insert(Role::Environment, Labels::encode("env", &environments));
    let prepared = prepared(&data);
    let train = prepared.rows_of(Split::Train);
    assert_eq!((train.iter().filter(|&&row| row < 12).count(), train.len()), (6, 12));
}

#[test]
fn whole_tasks_are_never_held_out() {
    let data = long(&three(), |i, _| (i * i % 13) as f32);
    let split = SplitConfig { holdout: vec!["a".into()], ..SplitConfig::default() };
    let failure = prepare(&data, &PrepareConfig { split, ..PrepareConfig::default() }, 1).expect_err("no environments");
    assert_eq!((failure.code, failure.path.as_deref()), (Code::DataNeedsEnvironments, Some("split.holdout")));
}

#[test]
fn a_binary_task_has_exactly_two_values() {
    let data = wide(4, |i, j| match j {
        0 => (i % 2) as f32,
        1 => (i % 3) as f32,
        2 if i % 4 == 0 => GAP,
        2 => [7.0, -1.0][i / 2 % 2],
        _ => i as f32,
    });
    let tasks = prepared(&data).tasks("mtlcm").expect("four");
    assert_eq!(tasks.iter().map(Task::is_binary).collect::<Vec<_>>(), [true, false, true, false]);
    let of = |values: &[f32]| Task { name: "t".into(), rows: (0..values.len()).collect(), values: values.to_vec() };
    assert_eq!(
        [&[1.0, 1.0][..], &[]].map(|values| (of(values).is_binary(), of(values).is_constant())),
        [(false, true); 2]
    );
    assert!(of(&[1.0, 2.0, 1.0]).is_binary() && !of(&[1.0, 2.0]).is_constant());
}

#[test]
fn data_without_tasks_are_refused_and_the_hint_names_both_forms() {
    for data in [bare(), wide(1, |i, _| i as f32), long(&["a"; 24], |i, _| i as f32)] {
        let failure = refused(&prepared(&data));
        assert_eq!(failure.code, Code::DataNeedsTasks);
        let hint = failure.hint.expect("a hint");
        assert!(hint.contains("`task`") && hint.contains("`target`"), "{hint}");
    }
    assert_eq!(prepared(&bare()).task_form(), None);
    let both = Dataset { labels: long(&three(), |i, _| i as f32).labels, ..wide(2, |i, j| (i * (j + 1)) as f32) };
    let failure = refused(&prepared(&both));
    assert_eq!(
        (failure.code, failure.message.as_str()),
        (Code::DataNeedsTasks, "column \"assay\" labels tasks, and there are 2 targets")
    );
    let untold = Dataset { targets: None, ..long(&three(), |i, _| i as f32) };
    assert_eq!(refused(&prepared(&untold)).code, Code::DataNeedsTarget);
}

#[test]
fn tasks_whose_target_never_varies_are_refused_and_named() {
    let data = long(&three(), |i, _| if i % 3 == 1 { 0.1 } else { i as f32 });
    let failure = refused(&prepared(&data));
    assert_eq!(failure.code, Code::DataConstantColumn);
    assert_eq!(failure.message, "tasks whose target never varies over their training rows: \"b\"");
    assert_eq!(failure.context["tasks"], serde_json::json!(["b"]));
    // In wide form the column itself is constant: told before any method runs.
    let failure = prepare(&wide(2, |i, j| (i * j) as f32), &PrepareConfig::default(), 1).expect_err("constant");
    assert_eq!((failure.code, &failure.context["columns"]), (Code::DataConstantColumn, &serde_json::json!(["y1"])));
}

#[test]
fn a_task_with_fewer_points_than_needed_is_refused_with_its_count() {
    let labels: Vec<&str> = (0..24).map(|i| if i < 18 { "a" } else { "b" }).collect();
    let prepared = prepared(&long(&labels, |i, _| i as f32));
    let tasks = prepared.tasks("mtlcm").expect("two");
    prepared.needs_points(&tasks, 3, "mtlcm").expect("9 and 3 training rows");
    let failure = prepared.needs_points(&tasks, 4, "mtlcm").expect_err("3 training rows");
    assert_eq!(failure.code, Code::DataTooFewRows);
    assert_eq!((&failure.context["tasks"], &failure.context["rows"]), (&serde_json::json!(["b"]), &3.into()));
    assert!(failure.message.ends_with("1 of 2 tasks have fewer, the smallest 3: \"b\""), "{failure}");
}

#[test]
fn a_row_without_any_target_is_refused_or_dropped() {
    let data = wide(2, |i, j| if i == 5 || i % 2 == j { GAP } else { i as f32 });
    let failure = prepare(&data, &PrepareConfig::default(), 1).expect_err("row 6");
    assert_eq!((failure.code, &failure.context["row"]), (Code::DataNotFinite, &6.into()));
    assert!(failure.hint.expect("a hint").contains("missingTarget"));
    let drop = PrepareConfig { missing_target: MissingTarget::Drop, ..PrepareConfig::default() };
    let prepared = prepare(&data, &drop, 1).expect("prepares");
    let rows: Vec<usize> = prepared.tasks("mtlcm").expect("two").iter().map(|task| task.rows.len()).collect();
    assert_eq!((rows, prepared.warnings[0].code.as_str()), (vec![11, 12], "ROWS_DROPPED"));
}

#[test]
fn tasks_that_are_the_same_but_for_their_unit_are_told_and_count_once() {
    let y = |i: usize| (i * i % 13) as f32;
    let data = wide(5, |i, j| match j {
        0 | 3 => y(i),
        1 => 273.15 - 1.8 * y(i),
        // Nearly a copy: one value of 24 differs.
        2 => y(i) + f32::from(u8::from(i == 20)),
        _ if i == 3 => GAP,
        _ => y(i),
    });
    let prepared = prepared(&data);
    let tasks = prepared.tasks("mtlcm").expect("five");
    assert_eq!(prepared.copies(&tasks), [(0, 1), (0, 3)]);
    let warnings = prepared.task_warnings(&tasks, 2);
    assert_eq!(warnings.iter().map(|warning| warning.code.as_str()).collect::<Vec<_>>(), ["TASKS_IDENTICAL"]);
    assert_eq!(warnings[0].message, "tasks that are the same but for their unit: \"y1\" and \"y2\", \"y1\" and \"y4\"");
    // Five tasks, of which three are different.
    let warnings = prepared.task_warnings(&tasks, 3);
    assert_eq!(warnings[1].code, "TASKS_TOO_FEW");
    assert_eq!(warnings[1].message, "3 latents need at least 4 different tasks, the data have 3");
}

#[test]
fn copies_in_long_form_have_the_same_inputs_and_targets() {
    let y = |i: usize| (i % 12 * (i % 12) % 7) as f32;
    let labels: Vec<&str> = (0..24).map(|i| ["a", "b"][usize::from(i > 11)]).collect();
    let same_targets = long(&labels, |i, _| y(i));
    let copies = |data: &Dataset| {
        let prepared = prepared(data);
        let tasks = prepared.tasks("mtlcm").expect("two");
        prepared.copies(&tasks)
    };
    assert!(copies(&same_targets).is_empty(), "other inputs");
    let mut same = same_targets.clone();
    for i in 12..24 {
        let row = same.inputs.row(i - 12).to_vec();
        same.inputs.row_mut(i).copy_from_slice(&row);
    }
    assert_eq!(copies(&same), [(0, 1)]);
    same.targets.as_mut().expect("targets").values[(23, 0)] += 1.0;
    assert!(copies(&same).is_empty(), "another target");
}

#[test]
fn a_theorem_that_needs_more_tasks_than_there_are_is_told_with_both_numbers() {
    let prepared = prepared(&wide(3, |i, j| (i * (i + j) % 11) as f32));
    let tasks = prepared.tasks("mtlcm").expect("three");
    assert!(prepared.task_warnings(&tasks, 2).is_empty());
    let [warning] = &prepared.task_warnings(&tasks, 10)[..] else { panic!("one warning") };
    assert_eq!(warning.message, "10 latents need at least 11 different tasks, the data have 3");
    assert!(warning.hint.as_ref().expect("a hint").contains("latentDim"));
}

#[test]
fn binary_tasks_are_found_in_either_form() {
    let labels = three();
    let y = |i: usize, task: usize| if task == 1 { (i / 3 % 2) as f32 } else { i as f32 };
    assert_eq!(prepared(&long(&labels, |i, _| y(i, i % 3))).binary_tasks(), [1]);
    assert_eq!(prepared(&wide(3, y)).binary_tasks(), [1]);
    assert!(prepared(&bare()).binary_tasks().is_empty());
}
