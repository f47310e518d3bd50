//! From the tables of a run to its scores.

use disentangle_data::{Labels, Matrix, Stream, Table};
use disentangle_engine::score::{ScoreRequest, ScoreTables, score};
use disentangle_methods::METHODS;
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn causes_are_paired_by_the_names_of_the_tasks_and_the_graph_by_the_matching() {
    let mut stream = Stream::new(0, "score");
    let values = Matrix::from_fn(60, 2, |_, _| stream.normal() as f32);
    let table = |columns: &[&str], rows: &[&str], values: Matrix| Table {
        columns: columns.iter().map(|&c| c.into()).collect(),
        rows: rows.iter().map(|&r| r.into()).collect(),
        values,
    };
    // The estimate has the latents in the other order; the summary has the tasks in the other order.
    let request: ScoreRequest = serde_json::from_value(json!({
        "split": "all",
        "summary": {
            "method": "tbr", "errors": [], "choices": [], "assumptions": [], "warnings": [], "facts": [],
            "latents": { "names": ["z1", "z2"], "mean": [0.0, 0.0], "sd": [1.0, 1.0] },
            "tasks": {
                "names": ["b", "a"], "rows": [30, 30], "indicators": [], "probabilities": [[0.9, 0.6], [0.1, 0.8]],
                "logRatios": [], "real": [], "weights": [], "effects": [], "explained": [],
                "explainedTest": [], "objectives": []
            }
        }
    }))
    .expect("a request");
    let of = |causes: [f32; 4], tasks: [&str; 2]| ScoreTables {
        latents: table(&["z1", "z2"], &[], values.select_cols(&[1, 0])),
        truth: BTreeMap::from([
            ("latents".to_owned(), table(&["u", "v"], &[], values.clone())),
            ("causes".to_owned(), table(&["u", "v"], &tasks, Matrix::new(2, 2, causes.to_vec()).expect("2 x 2"))),
            ("graph".to_owned(), table(&["u", "v"], &["u", "v"], Matrix::zeros(2, 2))),
        ]),
        targets: None,
        environment: None,
        task: Some(Labels::encode("task", &(0..60).map(|i| ["a", "b"][i % 2]).collect::<Vec<_>>())),
    };
    // Task a: latent u is column 1, called causal; task b: both.
    let scores = score(METHODS, &request, of([1.0, 0.0, 1.0, 1.0], ["a", "b"])).expect("sound");
    assert_eq!(scores.indicators.as_ref().expect("known").exact, Some(1.0));
    assert_eq!(scores.mcc_task.expect("tasks are known").per_task.len(), 2);
    assert_eq!(scores.graph.expect("known").shd, Some(0));
    let wrong = score(METHODS, &request, of([0.0, 1.0, 1.0, 1.0], ["a", "b"])).expect("sound");
    assert_eq!(wrong.indicators.expect("known").exact, Some(0.5));
    let others = score(METHODS, &request, of([1.0; 4], ["a", "c"])).expect("sound");
    assert!(others.indicators.is_none());
}
#[test]
fn silence_is_what_lies_within_the_threshold_and_the_graph_is_searched_where_latents_are_active() {
    // u -> v, each silent at 3 in every third row; what is active of v is u and noise.
    let mut stream = Stream::new(1, "score");
    let silent = Matrix::from_fn(900, 2, |i, j| f32::from(u8::from(i % 3 == j)));
    let values = Matrix::from_fn(900, 1, |_, _| stream.normal());
    let noisy: Vec<f64> = (0..900).map(|i| values[(i, 0)] + stream.normal()).collect();
    let latents =
        Matrix::from_fn(900, 2, |i, j| if silent[(i, j)] > 0.0 { 3.0 } else { [values[(i, 0)], noisy[i]][j] as f32 });
    let named = |values: Matrix, rows: &[&str]| Table {
        columns: vec!["u".into(), "v".into()],
        rows: rows.iter().map(|&name| name.into()).collect(),
        values,
    };
    let part = |threshold: f64| {
        json!({ "name": "z", "value": 3.0, "threshold": threshold, "share": 0.3, "certainty": 1.0,
        "spike": { "mean": 3.0, "sd": 0.01, "weight": 0.3 }, "slab": { "mean": 0.0, "sd": 1.0 } })
    };
    let request = |thresholds: [f64; 2]| -> ScoreRequest {
        serde_json::from_value(json!({
            "split": "all",
            "summary": {
                "method": "pca", "errors": [], "choices": [], "assumptions": [], "warnings": [], "facts": [],
                "latents": { "names": ["z1", "z2"], "mean": [0.0, 0.0], "sd": [1.0, 1.0] },
                "silence": { "latents": [part(thresholds[0]), part(thresholds[1])] }
            }
        }))
        .expect("a request")
    };
    let tables = || ScoreTables {
        latents: named(latents.clone(), &[]),
        truth: BTreeMap::from([
            ("latents".to_owned(), named(latents.clone(), &[])),
            ("silent".to_owned(), named(silent.clone(), &[])),
            ("graph".to_owned(), named(Matrix::new(2, 2, vec![0.0, 1.0, 0.0, 0.0]).expect("2 x 2"), &["u", "v"])),
        ]),
        targets: None,
        environment: None,
        task: None,
    };
    let scores = score(METHODS, &request([0.01, 0.01]), tables()).expect("sound");
    let (found, graph) = (scores.silence.expect("known"), scores.graph.expect("known"));
    assert_eq!((found.f1, found.entries), (Some(1.0), 1800));
    assert_eq!((graph.shd, graph.shd_on_truth), (Some(0), Some(0)));
    // Nothing of v is called active: it is no longer known where its edges could show.
    let blind = score(METHODS, &request([0.01, 99.0]), tables()).expect("sound");
    assert_eq!(blind.silence.expect("known").recall, Some(1.0));
    let graph = blind.graph.expect("known");
    assert_eq!((graph.shd, graph.shd_on_truth), (None, Some(0)));
    assert!(graph.reason.is_some_and(|reason| reason.contains("active together in 0 of")));
}
