//! The scores as a whole.

use crate::{assert_close, input, named, normal};
use disentangle_data::{Code, Labels, Matrix, Stream};
use disentangle_metrics::{
    ChangesInput, Effort, FoundGraph, GraphInput, IndicatorsInput, Invariance, NamedColumns, PcConfig, Reversal,
    ScoreInput, Scores, score,
};
use serde_json::json;

#[test]
fn scores_have_the_shape_that_other_programs_rely_on() {
    let z = normal(50, 2, &mut Stream::new(1, "z"));
    let scores = score(&ScoreInput { effort: Effort::default(), ..input(z.clone(), z) }).expect("sound");
    let text = serde_json::to_value(&scores).expect("scores serialise");
    assert_eq!(text["rows"], json!({ "split": "all", "count": 50 }));
    assert_eq!((&text["truth"], &text["latents"]), (&json!(["c0", "c1"]), &json!(["c0", "c1"])));
    let mcc = text["mcc"].as_object().expect("an object");
    let keys = ["value", "kind", "perLatent", "matching", "interval", "outOfSample", "correlation", "nulls"];
    assert!(mcc.keys().eq(keys), "{mcc:?}");
    assert_eq!((&mcc["kind"], &mcc["matching"]), (&json!("pearson"), &json!([0, 1])));
    for null in ["unrelated", "rotation", "linear"] {
        let null = mcc["nulls"][null].as_object().expect("drawn");
        assert!(null.keys().eq(["mean", "sd", "q95", "draws", "explanation"]), "{null:?}");
    }
    assert!(text["r2"]["value"].is_number());
    for absent in [
        "oracle",
        "mccUnrotated",
        "mccTask",
        "mccTaskSpearman",
        "changes",
        "indicators",
        "silence",
        "ate",
        "graph",
        "methodGraph",
    ] {
        assert!(text.get(absent).is_none(), "{absent}");
    }
    let back: Scores = serde_json::from_value(text).expect("scores parse");
    assert_eq!(back, scores);
    let schema = serde_json::to_value(schemars::schema_for!(Scores)).expect("a schema is JSON");
    assert!(schema["properties"]["mccWeak"]["description"].is_string());
}

#[test]
fn without_truth_there_is_nothing_to_score() {
    let z = normal(10, 2, &mut Stream::new(2, "z"));
    for truth in [None, Some(NamedColumns::default())] {
        let failure = score(&ScoreInput { truth, ..input(z.clone(), z.clone()) }).expect_err("no truth");
        assert_eq!(failure.code, Code::MetricNeedsTruth);
        assert!(failure.hint.is_some());
    }
}

#[test]
fn parts_that_do_not_fit_together_are_failures() {
    let z = normal(10, 2, &mut Stream::new(3, "z"));
    let sound = input(z.clone(), z.clone());
    let labels = Labels { column: "site".into(), levels: vec!["a".into()], codes: vec![0; 10] };
    let wrong = [
        ScoreInput { truth: Some(named(z.select_rows(&[1, 2]))), ..sound.clone() },
        ScoreInput { latents: NamedColumns { names: vec![], values: z.clone() }, ..sound.clone() },
        ScoreInput { expected: Some(z.select_cols(&[0])), ..sound.clone() },
        ScoreInput { expected: Some(z.select_rows(&[0])), ..sound.clone() },
        ScoreInput { target: Some(vec![0.0; 9]), environments: Some(labels.clone()), ..sound.clone() },
        ScoreInput { environments: Some(Labels { codes: vec![1; 10], ..labels.clone() }), ..sound.clone() },
        ScoreInput { tasks: Some(Labels { codes: vec![0; 9], ..labels.clone() }), ..sound.clone() },
        ScoreInput { tasks: Some(Labels { codes: vec![1; 10], ..labels }), ..sound.clone() },
        ScoreInput {
            indicators: Some(IndicatorsInput { truth: Matrix::zeros(3, 2), called: Matrix::zeros(4, 2) }),
            ..sound.clone()
        },
        ScoreInput {
            changes: Some(ChangesInput {
                truth: Matrix::zeros(3, 2),
                real: Matrix::zeros(4, 2),
                observed: vec![true; 3],
            }),
            ..sound
        },
    ];
    for input in wrong {
        assert_eq!(score(&input).expect_err("does not fit").code, Code::MetricShape, "{input:?}");
    }
}

#[test]
fn what_hangs_on_the_matching_is_null_where_there_is_none() {
    let z = normal(40, 2, &mut Stream::new(4, "z"));
    let dead = Matrix::from_fn(40, 2, |_, j| j as f64);
    let scores = score(&ScoreInput {
        target: Some(z.col(0)),
        environments: Some(Labels::encode("site", &["a"; 40])),
        changes: Some(ChangesInput { truth: z.select_rows(&[0]), real: Matrix::zeros(1, 2), observed: vec![true] }),
        indicators: Some(IndicatorsInput { truth: Matrix::zeros(1, 2), called: Matrix::zeros(1, 2) }),
        graph: Some(GraphInput {
            truth: Matrix::from_fn(2, 2, |i, j| f64::from(u8::from(i < j))),
            active_truth: None,
            active_estimate: None,
            found: Some(FoundGraph::Cyclic),
            groups: None,
            search: PcConfig::default(),
            reversal: Reversal::default(),
        }),
        ..input(z, dead)
    })
    .expect("sound");
    let (changes, ate) = (scores.changes.expect("asked for"), scores.ate.expect("asked for"));
    let (causes, graph) = (scores.indicators.expect("asked for"), scores.graph.expect("asked for"));
    assert!(graph.shd.is_none() && graph.reason.is_some_and(|r| r.contains("constant")));
    // What is known of the truth stands: it has an edge, and a graph without any differs from it by that one.
    assert_eq!((graph.truth.nodes, graph.truth.lines.len()), (2, 1));
    let own = scores.method_graph.expect("asked for");
    assert!(own.shd.is_none() && own.reason.is_some_and(|r| r.contains("constant")));
    assert_eq!((own.shd_of_empty, own.truth.arrows.len()), (1, 1));
    assert!(causes.exact.is_none() && causes.reason.is_some_and(|r| r.contains("constant")));
    assert!(changes.f1.is_none() && changes.reason.is_some_and(|r| r.contains("constant")));
    assert!(ate.value.is_none() && ate.reason.is_some_and(|r| r.contains("constant")));
}

#[test]
fn a_collapsed_latent_is_named_and_the_others_are_scored() {
    let z = normal(40, 2, &mut Stream::new(4, "z"));
    let half = Matrix::from_fn(40, 2, |i, j| if j == 0 { z[(i, 0)] } else { 1.0 });
    let scores = score(&ScoreInput {
        changes: Some(ChangesInput {
            truth: Matrix::from_fn(1, 2, |_, _| 1.0),
            real: Matrix::from_fn(1, 2, |_, _| true),
            observed: vec![true],
        }),
        ..input(z, half)
    })
    .expect("sound");
    assert_close(scores.mcc.value.expect("defined"), 0.5, 1e-12, "one of two");
    // The change of the other is missed, and what its column calls is false.
    let changes = scores.changes.expect("asked for");
    assert_eq!((changes.true_positives, changes.false_negatives, changes.false_positives), (1, 1, 1));
    assert!(
        scores.notes.iter().any(|note| note.starts_with("Estimated latent c1 does not vary")),
        "{:?}",
        scores.notes
    );
}

#[test]
fn the_oracle_scores_the_expected_latents() {
    let mut stream = Stream::new(5, "z");
    let z = normal(200, 2, &mut stream);
    let expected = Matrix::from_fn(200, 2, |i, j| z[(i, j)] + 0.1 * stream.normal());
    let scores = score(&ScoreInput { expected: Some(expected.clone()), ..input(z.clone(), z.clone()) }).expect("sound");
    let oracle = scores.oracle.expect("the expected latents are known").value.expect("defined");
    assert_eq!(Some(oracle), score(&input(z, expected)).expect("sound").mcc.value);
    assert!(oracle > 0.98 && oracle < 1.0);
}

#[test]
fn notes_say_what_to_bear_in_mind() {
    let mut stream = Stream::new(6, "notes");
    let (z, other) = (normal(300, 3, &mut stream), normal(300, 2, &mut stream));
    let says = |notes: &[String], words: &str| notes.iter().any(|note| note.contains(words));
    let unrelated = score(&ScoreInput { effort: Effort::default(), ..input(z.clone(), other) }).expect("sound").notes;
    assert!(says(&unrelated, "2 estimated latents for 3 true ones"), "{unrelated:?}");
    assert!(says(&unrelated, "unrelated latents reach by chance"), "{unrelated:?}");

    let turned = Matrix::from_fn(300, 2, |i, j| z[(i, 0)] + [1.0, -1.0][j] * z[(i, 1)]);
    let axes = ScoreInput { effort: Effort::default(), ..input(z.select_cols(&[0, 1]), turned) };
    let mixed = score(&axes).expect("sound").notes;
    assert!(says(&mixed, "a random rotation of the truth reaches"), "{mixed:?}");

    let strict =
        score(&ScoreInput { left_open: vec![Invariance::Sign, Invariance::Linear], ..input(z.clone(), z.clone()) });
    let strict = strict.expect("sound").notes;
    assert!(
        says(&strict, "`mcc` is stricter than what the method identifies: it changes under linear maps"),
        "{strict:?}"
    );
    assert!(!says(&strict, "`r2`") && !says(&strict, "signs"), "{strict:?}");
    assert!(score(&input(z.clone(), z)).expect("sound").notes.is_empty());
}
