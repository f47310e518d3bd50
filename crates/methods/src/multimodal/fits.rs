//! Whole fits on small worlds whose latents are known.

use crate::METHODS;
use disentangle_data::simulate::simulate;
use disentangle_data::split::Split;
use disentangle_data::views::{Image, pixel_names};
use disentangle_data::{Code, Dataset, Matrix, Result, Stream, Table, View};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::model::{GivenRows, Intervention, Model, Variables};
use disentangle_engine::observe::Silent;
use disentangle_engine::results::Status;
use disentangle_metrics::columns::Correlation;
use disentangle_metrics::correlation::correlation;
use disentangle_metrics::matching::Matching;
use serde_json::{Value, json};
use std::collections::BTreeMap;

mod images;
mod incomplete;
mod stopped;

const COLUMNS: usize = 6;

/// Two modalities of two latents and a private variable each, mixed by a rotation and a slight bend; each latent of `protein` follows the
/// one of `rna` at its place, with noise of .3 and .6, or of .5 both and linearly.
fn world(rows: usize, seed: u64, linear: bool) -> Dataset {
    let mut stream = Stream::new(seed, "test/multimodal");
    let mut z = Matrix::<f64>::from_fn(rows, 4, |_, _| stream.normal());
    for row in 0..rows {
        for i in 0..2 {
            let (cause, sd): (f64, f64) = (z[(row, i)], if linear { 0.5 } else { [0.3, 0.6][i] });
            let bent = if linear { cause } else { (cause + 0.5 * (2.0 * cause).sin()) / 1.1 };
            z[(row, 2 + i)] = (1.0 - sd * sd).sqrt() * bent + sd * z[(row, 2 + i)];
        }
    }
    let mut inputs = Matrix::<f32>::zeros(rows, 2 * COLUMNS);
    let mut own = Matrix::<f32>::zeros(rows, 2);
    for m in 0..2 {
        let private: Vec<f64> = (0..rows).map(|_| stream.normal()).collect();
        let mixing = Matrix::<f64>::from_fn(3, COLUMNS, |_, _| stream.normal());
        for row in 0..rows {
            own[(row, m)] = private[row] as f32;
            let hidden = [z[(row, 2 * m)], z[(row, 2 * m + 1)], private[row]];
            for j in 0..COLUMNS {
                let sum: f64 = (0..3).map(|i| hidden[i] * mixing[(i, j)]).sum();
                inputs[(row, m * COLUMNS + j)] = (sum + 0.3 * sum.tanh()) as f32;
            }
        }
    }
    let view =
        |m: usize, name: &str| View { name: name.into(), start: m * COLUMNS, end: (m + 1) * COLUMNS, image: None };
    let names = ["rna.z1", "rna.z2", "protein.z1", "protein.z2"].map(String::from).to_vec();
    let truth = Table { columns: names, rows: Vec::new(), values: z.map(|v| v as f32) };
    Dataset {
        inputs,
        input_names: (0..2 * COLUMNS).map(|j| format!("x{j}")).collect(),
        views: vec![view(0, "rna"), view(1, "protein")],
        truth: BTreeMap::from([
            ("latents".to_owned(), truth),
            (
                "private".to_owned(),
                Table { columns: vec!["rna.p1".into(), "protein.p1".into()], rows: Vec::new(), values: own },
            ),
        ]),
        ..Dataset::default()
    }
}

fn attempt(data: &Dataset, changes: Value) -> Result<RunResult> {
    let mut config = json!({"method": "multimodal", "seed": 1, "latentDim": 2, "privateDim": 1});
    let Value::Object(changes) = changes else { panic!("options are an object") };
    changes.into_iter().for_each(|(key, value)| config[key] = value);
    fit(METHODS, &config, data, &FitOptions::default(), &mut Silent)
}

fn code(data: &Dataset, changes: Value) -> (Code, String) {
    let failure = attempt(data, changes).expect_err("refused");
    assert!(failure.hint.is_some(), "{failure}");
    (failure.code, failure.message)
}

/// Correlations of true latents (rows) with those found, on the rows of the run.
fn beside_truth(data: &Dataset, run: &RunResult) -> Matrix<Option<f64>> {
    let rows: Vec<usize> = run.rows.iter().map(|&row| row as usize).collect();
    let truth = data.truth["latents"].values.select_rows(&rows).to_f64();
    correlation(Correlation::Pearson, &truth, &run.latents.to_f64()).expect("the same rows")
}

/// Which latent found is which true one, and how far they correlate.
fn matched(data: &Dataset, run: &RunResult) -> (Vec<usize>, Vec<f64>) {
    let matching = Matching::best(&beside_truth(data, run)).expect("finite");
    let columns = matching.columns.iter().map(|column| column.expect("a match")).collect();
    (columns, matching.strength.iter().map(|strength| strength.expect("they vary")).collect())
}

#[test]
fn latents_of_each_modality_and_the_graph_between_them_are_found() {
    let data = world(4000, 1, false);
    let run = attempt(&data, json!({})).expect("the fit runs");
    let (at, strength) = matched(&data, &run);
    assert!(strength.iter().all(|&s| s > 0.95), "{strength:?}");
    assert_eq!(run.summary.latents.names, ["rna.z1", "rna.z2", "protein.z1", "protein.z2"]);
    assert!(at[0] < 2 && at[1] < 2 && at[2] > 1 && at[3] > 1, "latents stay in their modality: {at:?}");
    let graph = run.summary.graph.as_ref().expect("a graph");
    let edges = graph.edges().expect("a graph").edges().arrows;
    let mut want = vec![[at[0], at[2]], [at[1], at[3]]];
    want.sort_unstable();
    assert_eq!(edges, want);
    // The stronger link explains 1 - .3^2 of the variance, the weaker one 1 - .6^2.
    assert!((graph.weights[at[0]][at[2]] - 0.91).abs() < 0.05 && (graph.weights[at[1]][at[3]] - 0.64).abs() < 0.08);
    assert!(run.summary.identification.iter().all(|of| of.status == Status::Ok), "{:?}", run.summary.identification);
    assert!(graph.ties.is_empty() && graph.undecided.is_empty(), "{:?}", graph.ties);
    assert_eq!(graph.scores.len(), 4);
    assert!(graph.scores.iter().all(|sets| sets.windows(2).all(|pair| pair[0].score <= pair[1].score)));

    // A new effect follows its cause, the other one stays where it was.
    let model = Model::open(METHODS, &run.model).expect("it opens");
    let request: Intervention =
        serde_json::from_value(json!({"do": {(graph.names[at[0]].clone()): 1.5}})).expect("a request");
    let inputs = data.inputs.select_rows(&[0, 1, 2, 3]);
    let given = GivenRows { inputs: &inputs, names: &data.input_names, offsets: &[], environments: None };
    let before = model.transform(&inputs, &data.input_names).expect("latents");
    let after = model.intervene(&request, Some(given)).expect("mechanisms").latents;
    for row in 0..4 {
        assert_eq!(after[(row, at[1])], before[(row, at[1])]);
        assert_eq!(after[(row, at[3])], before[(row, at[3])]);
        assert_ne!(after[(row, at[2])], before[(row, at[2])]);
        assert!((after[(row, at[0])] - 1.5).abs() < 1e-6);
    }
    // Rows keep their private variables: with a latent at its own value they come back, beside what latents alone bring back.
    let request: Intervention =
        serde_json::from_value(json!({"do": {(graph.names[at[1]].clone()): before[(0, at[1])]}})).expect("a request");
    let first = data.inputs.select_rows(&[0]);
    let given = GivenRows { inputs: &first, names: &data.input_names, offsets: &[], environments: None };
    let kept = model.intervene(&request, Some(given)).expect("mechanisms").inputs.expect("a decoder");
    let alone = model.decode(&before.select_rows(&[0]), &[]).expect("a decoder");
    let error = |of: &Matrix| -> f64 {
        of.row(0).iter().zip(first.row(0)).map(|(&a, &b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
    };
    assert!(error(&kept) < 0.2 * error(&alone), "{} beside {}", error(&kept), error(&alone));
    // Drawn rows have the correlations of the data.
    let request: Intervention =
        serde_json::from_value(json!({"do": {(graph.names[at[1]].clone()): 0.0}, "count": 4000})).expect("a request");
    let drawn = model.intervene(&request, None).expect("mechanisms").latents.to_f64();
    let of = |values: &Matrix<f64>| {
        correlation(Correlation::Pearson, values, values).expect("rows")[(at[0], at[2])].expect("they vary")
    };
    let (got, want) = (of(&drawn), of(&run.latents.to_f64()));
    // Correlations of 4,000 rows, and mechanisms that are fitted.
    assert!((got - want).abs() < 0.05, "{got} is not {want}");
}

#[test]
fn linear_links_of_equal_strength_are_told_as_not_identified() {
    let run = attempt(&world(4000, 2, true), json!({})).expect("the fit runs");
    let warning = run.summary.warnings.iter().find(|warning| warning.code == "NOT_IDENTIFIED").expect("told");
    assert!(warning.message.contains("rna.z1") && warning.hint.is_some(), "{}", warning.message);
    assert!(run.summary.identification.iter().any(|of| of.status == Status::Violated));
}

#[test]
fn a_link_that_mixing_hides_is_left_out_of_the_graph_and_named() {
    // Three of four links: of m2.z2, one from each latent of m1. Its share is .21 here, far from the limit of .173.
    let data = simulate("modality-world", json!({"seed": 5, "points": 4000, "sparsity": 0.25})).expect("a world");
    let run = attempt(&data, json!({})).expect("the fit runs");
    let (at, _) = matched(&data, &run);
    let graph = run.summary.graph.as_ref().expect("a graph");
    assert_eq!(graph.weights[at[0]][at[3]], 0.0, "the mixture has an edge less");
    assert_eq!(graph.undecided, [[at[0], at[3]]]);
    assert!(graph.ties.iter().any(|tie| tie.added == [[at[0], at[3]]] && tie.removed.is_empty()));
    let warning = run.summary.warnings.iter().find(|warning| warning.code == "GRAPH_UNDECIDED").expect("told");
    let link = format!("{} -> {} (up to", graph.names[at[0]], graph.names[at[3]]);
    assert!(warning.message.contains(&link) && warning.hint.is_some(), "{}", warning.message);
}

#[test]
fn another_autoencoder_is_asked_where_all_solutions_agree() {
    let data = world(4000, 1, false);
    let fact =
        |run: &RunResult, id: &str| run.summary.facts.iter().find(|fact| fact.id == id).and_then(|fact| fact.value);
    let run = attempt(&data, json!({})).expect("the fit runs");
    // The same latents on another code, and about as likely in the coordinates of the first one.
    assert!(fact(&run, "another-code").expect("asked") > 0.95);
    assert!(fact(&run, "another-behind").expect("asked").abs() < 0.1);
    let without = attempt(&data, json!({"anotherCode": false})).expect("the fit runs");
    assert!(fact(&without, "another-code").is_none());
    assert_eq!(run.latents, without.latents, "it changes what is said of the solution, not the solution");
}

#[test]
fn the_published_algorithm_keeps_the_graph_it_began_with_and_says_so() {
    let data = world(400, 1, false);
    let published = json!({"algorithm": "paper", "published": {"steps": 40, "learningRate": 1e-3}});
    let run = attempt(&data, published).expect("the fit runs");
    assert_eq!(run.summary.latents.names, ["rna.z1", "rna.z2", "protein.z1", "protein.z2"]);
    assert_eq!(run.summary.private.as_ref().expect("private variables").names, ["rna.p1", "protein.p1"]);
    let stage = &run.history.stages[0];
    for name in ["reconstruction", "independence", "sparsity"] {
        assert!(stage.terms.contains_key(name), "{name}");
    }
    let errors = &stage.terms["reconstruction"];
    assert!(errors[0] > errors[errors.len() - 1], "{errors:?}");
    let warning = run.summary.warnings.iter().find(|warning| warning.code == "GRAPH_NOT_LEARNED").expect("told");
    assert!(warning.message.contains("6 of 6 possible edges") && warning.hint.is_some(), "{}", warning.message);
    assert_eq!(run.summary.graph.as_ref().expect("a graph").edges().expect("acyclic").edges().arrows.len(), 6);
    let model = Model::open(METHODS, &run.model).expect("it opens");
    let few = data.inputs.select_rows(&[0, 1, 2]);
    let columns: Vec<usize> = (COLUMNS..2 * COLUMNS).collect();
    let (all, half) = (few.clone(), few.select_cols(&columns));
    let ask = |inputs: &Matrix, names: &[String]| {
        let rows = GivenRows { inputs, names, offsets: &[], environments: None };
        model.variables(rows, Variables::Latents).expect("latents").values
    };
    assert_eq!(ask(&half, &data.input_names[COLUMNS..]), ask(&all, &data.input_names).select_cols(&[2, 3]));
    let (refused, message) = code(&data, json!({"algorithm": "paper", "privateDim": "auto"}));
    assert!(refused == Code::ConfigConflict && message.contains("privateDim"), "{message}");
}

#[test]
fn images_are_modalities_as_well() {
    let shape = Image { channels: 1, height: 2, width: 3 };
    let mut data = world(600, 1, false);
    data.views.iter_mut().for_each(|view| view.image = Some(shape));
    data.input_names = ["rna", "protein"].into_iter().flat_map(|name| pixel_names(name, shape)).collect();
    let run = attempt(&data, json!({"training": {"steps": 120}, "copies": 0})).expect("the fit runs");
    assert_eq!(run.summary.latents.names, ["rna.z1", "rna.z2", "protein.z1", "protein.z2"]);
    assert!(!run.summary.traversals.is_empty());
    assert_eq!(run.summary.counterfactuals.len(), 4);
    for of in &run.summary.counterfactuals {
        assert_eq!((of.rows.len(), of.values.len(), of.pictures.len()), (4, 5, 2));
        let pixels: Vec<&[String]> = of.pictures.iter().flat_map(|view| view.pixels.chunks(7)).collect();
        assert_eq!(pixels.len(), 8, "four rows in each of two views");
        // rna is upstream: nothing that is set in protein moves it.
        let moved = |at: usize| pixels[at][2..].iter().any(|picture| *picture != pixels[at][1]);
        assert!(!of.latent.starts_with("protein") || (0..4).all(|row| !moved(row)), "{}", of.latent);
        assert!((0..8).any(moved), "{}", of.latent);
        // The same rows, whichever latent is set.
        assert_eq!(of.rows, run.summary.counterfactuals[0].rows);
        let part = |row: usize| run.split[run.rows.iter().position(|&kept| kept as usize == row).expect("a kept row")];
        assert!(of.rows.iter().all(|&row| part(row) == Split::Test));
    }
    let published = json!({"algorithm": "paper", "published": {"steps": 3}});
    assert_eq!(attempt(&data, published).expect("the fit runs").summary.latents.names.len(), 4);
}

#[test]
fn sizes_are_chosen_with_the_curves_that_decide() {
    let run =
        attempt(&world(4000, 3, false), json!({"latentDim": "auto", "privateDim": "auto"})).expect("the fit runs");
    let chosen: Vec<(&str, usize)> = run.summary.choices.iter().map(|c| (c.parameter.as_str(), c.chosen)).collect();
    let want = [
        ("latentDim + privateDim of rna", 3),
        ("latentDim of rna", 2),
        ("latentDim + privateDim of protein", 3),
        ("latentDim of protein", 2),
    ];
    assert_eq!(chosen, want);
    assert!(run.summary.choices.iter().all(|choice| !choice.curve.is_empty() && !choice.rule.is_empty()));
    // By name, one of two.
    let of = json!({"latentDim": {"rna": 1, "protein": 2}, "privateDim": 1, "training": {"steps": 60}});
    assert_eq!(attempt(&world(400, 3, false), of).expect("the fit runs").summary.latents.names.len(), 3);
}

#[test]
fn inputs_come_back_from_latents_up_to_what_is_private() {
    let data = world(2000, 4, false);
    let run = attempt(&data, json!({"copies": 0})).expect("the fit runs");
    let explained = run.summary.reconstruction[0].explained.expect("they vary");
    // Of three numbers one is private and stays at its mean.
    assert!((0.4..0.95).contains(&explained), "{explained}");
    let held = run.summary.facts.iter().filter(|fact| fact.id.starts_with("left-"));
    assert!(held.filter_map(|fact| fact.value).all(|left| left < 0.02));
}

#[test]
fn rows_that_lack_a_modality_have_the_variables_of_the_others() {
    let data = world(3000, 7, false);
    let run = attempt(&data, json!({"copies": 0})).expect("the fit runs");
    let model = Model::open(METHODS, &run.model).expect("it opens");
    let names = &data.input_names;
    let ask = |inputs: &Matrix, names: &[String], wanted: Variables| {
        model.variables(GivenRows { inputs, names, offsets: &[], environments: None }, wanted)
    };
    let few = data.inputs.select_rows(&[0, 1, 2, 3, 4]);
    let all = ask(&few, names, Variables::Latents).expect("latents");
    assert_eq!(all.columns, ["rna.z1", "rna.z2", "protein.z1", "protein.z2"]);
    assert_eq!(all.values, model.transform(&few, names).expect("latents"));

    let columns: Vec<usize> = (COLUMNS..2 * COLUMNS).collect();
    let protein = ask(&few.select_cols(&columns), &names[COLUMNS..], Variables::Latents).expect("half of the views");
    assert_eq!(protein.columns, ["protein.z1", "protein.z2"]);
    assert_eq!(protein.values, all.values.select_cols(&[2, 3]));

    let mut gaps = few.clone();
    (0..COLUMNS).for_each(|j| gaps[(1, j)] = f32::NAN);
    (COLUMNS..2 * COLUMNS).for_each(|j| gaps[(3, j)] = f32::NAN);
    let found = ask(&gaps, names, Variables::Latents).expect("every row has a view").values;
    for row in 0..5 {
        for j in 0..4 {
            let lacks = (row, j / 2) == (1, 0) || (row, j / 2) == (3, 1);
            assert!(if lacks { found[(row, j)].is_nan() } else { found[(row, j)] == all.values[(row, j)] });
        }
    }
    let own = ask(&gaps, names, Variables::Private).expect("private variables");
    assert!(own.values[(1, 0)].is_nan() && own.values[(1, 1)].is_finite());
    (0..2 * COLUMNS).for_each(|j| gaps[(2, j)] = f32::NAN);
    let failure = ask(&gaps, names, Variables::Latents).expect_err("row 2 has nothing");
    assert!(failure.code == Code::DataNeedsModalities && failure.message.contains("row 3 has"), "{failure}");
    // A gap inside a view is a gap, and part of a view is no view.
    let mut gap = few.clone();
    gap[(0, 0)] = f32::NAN;
    assert_eq!(ask(&gap, names, Variables::Latents).expect_err("a gap").code, Code::DataNotFinite);
    let part = ask(&few.select_cols(&[0, 1]), &names[..2], Variables::Latents);
    assert_eq!(part.expect_err("columns are missing").code, Code::DataColumnMismatch);
}

#[test]
fn private_variables_are_those_of_the_world_and_have_names_of_their_own() {
    let data = world(4000, 1, false);
    let run = attempt(&data, json!({})).expect("the fit runs");
    let private = run.private.expect("there are some");
    let summary = run.summary.private.expect("they are told");
    assert_eq!(summary.names, ["rna.p1", "protein.p1"]);
    assert!(summary.mean.iter().all(|mean| mean.abs() < 1e-4) && summary.sd.iter().all(|sd| (sd - 1.0).abs() < 1e-3));
    let rows: Vec<usize> = run.rows.iter().map(|&row| row as usize).collect();
    let truth = data.truth["private"].values.select_rows(&rows).to_f64();
    let table = correlation(Correlation::Pearson, &truth, &private.to_f64()).expect("the same rows");
    for i in 0..2 {
        let strength = [0, 1].map(|j| table[(i, j)].expect("they vary").abs());
        // Its own private variable, and nothing of the other modality.
        assert!(strength[i] > 0.95 && strength[1 - i] < 0.1, "{strength:?}");
    }
    let none = attempt(&data, json!({"privateDim": 0, "training": {"steps": 60}})).expect("the fit runs");
    assert!(none.private.is_none() && none.summary.private.is_none());
    let model = Model::open(METHODS, &none.model).expect("it opens");
    let rows = GivenRows { inputs: &data.inputs, names: &data.input_names, offsets: &[], environments: None };
    assert_eq!(model.variables(rows, Variables::Private).expect_err("none").code, Code::ConfigConflict);
}

#[test]
fn what_cannot_be_learnt_is_refused_by_name() {
    let data = world(400, 5, false);
    let mut one = data.clone();
    one.views.clear();
    assert_eq!(code(&one, json!({})).0, Code::DataNeedsModalities);
    let (refused, message) = code(&data, json!({"latentDim": {"rna": 6, "protein": 2}}));
    assert!(refused == Code::ConfigOutOfRange && message.contains("\"rna\" has 6 columns"), "{message}");
    assert_eq!(code(&data, json!({"latentDim": {"dna": 2}})).0, Code::ConfigUnknownKey);
    assert_eq!(code(&data, json!({"latentDim": 0})).0, Code::ConfigOutOfRange);
    let mut twice = data.clone();
    for row in 0..400 {
        for j in 0..COLUMNS {
            twice.inputs[(row, COLUMNS + j)] = twice.inputs[(row, j)];
        }
    }
    let (refused, message) = code(&twice, json!({}));
    assert!(refused == Code::DataDuplicateModality && message.contains("\"rna\" and \"protein\""), "{message}");
    let few = Dataset {
        inputs: data.inputs.select_rows(&(0..60).collect::<Vec<_>>()),
        truth: BTreeMap::new(),
        ..data.clone()
    };
    assert_eq!(code(&few, json!({})).0, Code::DataTooFewRows);
}

#[test]
fn a_modality_of_noise_is_named() {
    let mut data = world(3000, 6, false);
    let mut stream = Stream::new(9, "test/noise");
    for row in 0..3000 {
        (0..COLUMNS).for_each(|j| data.inputs[(row, COLUMNS + j)] = stream.normal() as f32);
    }
    let run = attempt(&data, json!({"copies": 0})).expect("the fit runs");
    let warning = run.summary.warnings.iter().find(|warning| warning.code == "MODALITY_UNRELATED").expect("told");
    assert!(warning.message.contains("protein"), "{}", warning.message);
    let (refused, message) = code(&data, json!({"latentDim": "auto", "privateDim": "auto"}));
    assert_eq!(refused, Code::DataModalitiesUnrelated, "{message}");
}
