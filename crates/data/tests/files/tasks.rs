//! Tables of tasks, from the bytes of a file to the tasks a method learns.

use crate::{check_manners, file};
use disentangle_data::prepare::{PrepareConfig, TaskForm, Warning, prepare};
use disentangle_data::read::csv::{CsvSelection, read};
use disentangle_data::{Dataset, Failure, Labels, Result, Role, Table};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Reads columns `x*` as inputs, `y*` as targets and `task` as labels, as the configuration of a run names them.
fn dataset(header: &str, text: &str) -> Result<Dataset> {
    let (_folder, path) = file("t.csv", format!("{header}\n{text}").as_bytes());
    let named = |letter: char| header.split(',').filter(move |name| name.starts_with(letter)).map(str::to_owned);
    let (inputs, targets): (Vec<String>, Vec<String>) = (named('x').collect(), named('y').collect());
    let text: Vec<String> = named('t').collect();
    let selection =
        CsvSelection { numeric: [inputs.clone(), targets.clone()].concat(), text, ..CsvSelection::default() };
    let table = read(&path, &selection)?;
    let places: Vec<usize> = (0..selection.numeric.len()).collect();
    let (of_inputs, of_targets) = places.split_at(inputs.len());
    Ok(Dataset {
        inputs: table.numeric.select_cols(of_inputs),
        input_names: inputs,
        labels: table.text.first().map(|labels| (Role::Task, Labels::encode("task", labels))).into_iter().collect(),
        targets: Some(Table { columns: targets, rows: Vec::new(), values: table.numeric.select_cols(of_targets) }),
        ..Dataset::default()
    })
}

fn sizes(dataset: &Dataset) -> (TaskForm, BTreeMap<String, usize>, Vec<Warning>) {
    let prepared = prepare(dataset, &PrepareConfig::default(), 0).expect("prepares");
    let tasks = prepared.tasks("mtlcm").expect("tasks");
    let sizes = tasks.into_iter().map(|task| (task.name, task.rows.len())).collect();
    (prepared.task_form().expect("tasks"), sizes, prepared.warnings)
}

/// 30 rows; `cells` gives what stands after the input.
fn rows(cells: impl Fn(usize) -> String) -> String {
    (0..30).fold(String::new(), |mut text, i| {
        writeln!(text, "{},{}", i * 7 % 31, cells(i)).expect("a string grows");
        text
    })
}

fn refused(header: &str, text: &str) -> Failure {
    let failure = dataset(header, text).expect_err("a bad table");
    check_manners(&failure);
    failure
}

#[test]
fn both_forms_are_read_with_their_gaps() {
    let long = dataset("x,task,y", &rows(|i| format!("a{},{}", i % 3, i * i % 13))).expect("a good table");
    let ten = |names: [&str; 3]| BTreeMap::from(names.map(|name| (name.to_owned(), 10)));
    assert_eq!(sizes(&long), (TaskForm::Long, ten(["a0", "a1", "a2"]), Vec::new()));
    let gaps = |i: usize| (0..3).map(move |j| if i % 3 == j { (i * i % 13).to_string() } else { "NA".to_owned() });
    let wide = dataset("x,y1,y2,y3", &rows(|i| gaps(i).collect::<Vec<_>>().join(","))).expect("a good table");
    assert_eq!(sizes(&wide), (TaskForm::Wide, ten(["y1", "y2", "y3"]), Vec::new()));
}

#[test]
fn labels_of_words_mixed_with_numbers_stay_what_they_are() {
    let names = ["7", "007", "7.0", "seven", "1e1"];
    let data = dataset("x,task,y", &rows(|i| format!("{},{i}", names[i % 5]))).expect("labels are text");
    let expected: BTreeMap<String, usize> = names.iter().map(|name| ((*name).to_owned(), 6)).collect();
    assert_eq!(sizes(&data).1, expected);
}

#[test]
fn a_target_that_is_no_number_is_told_with_file_row_and_column() {
    let text = rows(|i| format!("a{},{}", i % 2, if i == 20 { "high".to_owned() } else { i.to_string() }));
    let failure = refused("x,task,y", &text);
    assert_eq!(failure.code.as_str(), "DATA_NOT_NUMERIC");
    // The input of row 21 is 140 % 31 = 16: "16,a0,high".
    assert!(failure.path.as_ref().expect("a place").ends_with("t.csv:22:7"), "{failure:?}");
    assert!(failure.message.contains("column \"y\", row 21: \"high\""), "{failure}");
}

#[test]
fn labels_in_the_place_of_numbers_are_told_with_file_row_and_column() {
    // The columns of labels and targets are swapped; only some of the labels are numbers.
    let failure = refused("x,y,task", &rows(|i| format!("{},{i}", ["1", "assay 2"][i / 9 % 2])));
    assert_eq!(failure.code.as_str(), "DATA_NOT_NUMERIC");
    assert!(failure.message.contains("column \"y\", row 10: \"assay 2\""), "{failure}");
    // The input of row 10 is 63 % 31 = 1, so the label begins in column 3.
    assert!(failure.path.as_ref().expect("a place").ends_with("t.csv:11:3"), "{failure:?}");
}

#[test]
fn a_row_without_a_label_or_without_any_target_is_told_with_its_number() {
    let refused = |header: &str, text: &str| {
        let data = dataset(header, text).expect("a good table");
        prepare(&data, &PrepareConfig::default(), 0).expect_err("a gap")
    };
    let label = refused("x,task,y", &rows(|i| format!("{},{i}", if i == 4 { "" } else { ["a", "b"][i % 2] })));
    assert_eq!((label.code.as_str(), &label.context["row"]), ("DATA_NOT_FINITE", &5.into()));
    assert!(label.message.contains("\"task\"") && label.hint.expect("a hint").contains("`missing`"));
    let target = refused("x,y1,y2", &rows(|i| if i == 4 { ",".to_owned() } else { format!("{i},{}", i * i % 7) }));
    assert_eq!((target.code.as_str(), &target.context["row"]), ("DATA_NOT_FINITE", &5.into()));
    assert!(target.hint.expect("a hint").contains("missingTarget"));
}
