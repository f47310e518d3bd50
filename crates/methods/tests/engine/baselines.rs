//! The VAE family on data that satisfy its assumptions: there it must find the latents.

use disentangle_data::dataset::{Role, Table};
use disentangle_data::{Code, Dataset, Labels, Matrix, Stream};
use disentangle_engine::fit::{FitOptions, RunResult, fit};
use disentangle_engine::model::Model;
use disentangle_engine::observe::Silent;
use disentangle_methods::METHODS;
use disentangle_metrics::columns::Correlation;
use disentangle_metrics::mcc::{Effort, mcc};
use serde_json::{Value, json};

const ROWS: usize = 3000;

/// Two latents whose standard deviations are exp(y_1) and exp(y_2), mixed into four inputs. One target in ten is missing.
fn modulated() -> Dataset {
    let mut stream = Stream::new(17, "modulated");
    let targets = Matrix::from_fn(ROWS, 2, |_, _| stream.normal() as f32);
    let latents = Matrix::from_fn(ROWS, 2, |i, j| targets[(i, j)].exp() * stream.normal() as f32);
    let mixing = [[1.0, -0.6, 0.3, 0.8], [0.5, 1.0, -0.9, 0.4]];
    let inputs = Matrix::from_fn(ROWS, 4, |i, j| {
        let mixed: f32 = (0..2).map(|l| latents[(i, l)] * mixing[l][j]).sum();
        mixed + 0.02 * stream.normal() as f32
    });
    let gaps = Matrix::from_fn(ROWS, 2, |i, j| if i % 20 == 10 * j { f32::NAN } else { targets[(i, j)] });
    let table = |columns: &[&str], values| Table {
        columns: columns.iter().map(|&c| c.to_owned()).collect(),
        rows: Vec::new(),
        values,
    };
    Dataset {
        inputs,
        input_names: (0..4).map(|j| format!("x{j}")).collect(),
        targets: Some(table(&["y1", "y2"], gaps)),
        truth: [("latents".to_owned(), table(&["z1", "z2"], latents))].into_iter().collect(),
        ..Dataset::default()
    }
}

fn fitted(config: &Value, data: &Dataset) -> RunResult {
    fit(METHODS, config, data, &FitOptions::default(), &mut Silent).expect("the fit runs")
}

fn score(run: &RunResult, data: &Dataset) -> f64 {
    let effort = Effort { seed: 0, resamples: 0, draws: 0 };
    let truth = data.truth["latents"].values.to_f64();
    mcc(Correlation::Pearson, &truth, &run.latents.to_f64(), effort).expect("it fits").value.expect("it is defined")
}

/// Mean of the last values of a term of the loss; `None` where there is no such term.
fn late(run: &RunResult, term: &str) -> Option<f64> {
    let values = run.history.stages[0].terms.get(term)?;
    let last = &values[values.len().saturating_sub(300)..];
    Some(last.iter().sum::<f64>() / last.len() as f64)
}

#[test]
fn latents_whose_variances_follow_the_targets_are_found_by_the_whole_family() {
    let data = modulated();
    let mut others = data.clone();
    let targets = others.targets.as_mut().expect("there are two");
    targets.values = targets.values.select_rows(&(0..ROWS).map(|row| (row + 1234) % ROWS).collect::<Vec<_>>());
    // With the targets of other rows, which say nothing, ivae scores .95. Priors that let latents depend on each other are far from
    // their optimum after so few steps: what their latents gain by the right targets (.92 to .94) is within the luck of a seed.
    for (method, least) in [("ivae", 0.99), ("mt-ivae", 0.99), ("icarl", 0.9), ("mt-icarl", 0.9)] {
        let config = json!({
            "method": method, "latentDim": 2, "hidden": [20], "decoder": "linear", "steps": 2500, "learningRate": 1e-2,
        });
        let run = fitted(&config, &data);
        let mcc = score(&run, &data);
        assert!(mcc > least, "{method}: {mcc}");
        let reconstruction = &run.history.stages[0].terms["reconstruction"];
        assert!(reconstruction[reconstruction.len() - 1] < 0.1 * reconstruction[0], "{method}: {reconstruction:?}");
        assert_eq!(run.summary.warnings, [], "{method}");
        // Of a density that follows the targets score matching makes more than of one that cannot.
        if let Some(right) = late(&run, "score-matching") {
            let wrong = late(&fitted(&config, &others), "score-matching").expect("the same method");
            assert!(right < wrong - 0.5, "{method}: {right}, with the targets of other rows {wrong}");
        }
    }
}

/// Two latents whose means and standard deviations are those of their environment, in a drawn mixing of four inputs; no target.
fn shifted(seed: u64) -> Dataset {
    let mut stream = Stream::new(seed, "shifted");
    let environments = 12;
    let moments: Vec<[(f64, f64); 2]> = (0..environments)
        .map(|_| std::array::from_fn(|_| (4.0 * stream.uniform() - 2.0, (0.7 * stream.normal()).exp())))
        .collect();
    let codes: Vec<usize> = (0..ROWS).map(|i| i % environments).collect();
    let latents = Matrix::from_fn(ROWS, 2, |i, j| {
        let (mean, sd) = moments[codes[i]][j];
        (mean + sd * stream.normal()) as f32
    });
    let labels: Vec<String> = codes.iter().map(|code| format!("day {code}")).collect();
    let mixing: [[f32; 4]; 2] = std::array::from_fn(|_| std::array::from_fn(|_| stream.normal() as f32));
    let inputs = Matrix::from_fn(ROWS, 4, |i, j| {
        let mixed: f32 = (0..2).map(|l| latents[(i, l)] * mixing[l][j]).sum();
        mixed + 0.02 * stream.normal() as f32
    });
    let truth = Table { columns: vec!["z1".into(), "z2".into()], rows: Vec::new(), values: latents };
    Dataset {
        inputs,
        input_names: (0..4).map(|j| format!("x{j}")).collect(),
        labels: [(Role::Environment, Labels::encode("day", &labels))].into(),
        truth: [("latents".to_owned(), truth)].into(),
        ..Dataset::default()
    }
}

#[test]
fn without_a_target_a_fit_conditions_on_the_environment_and_says_so() {
    let data = shifted(23);
    for method in ["ivae", "icarl"] {
        let config = json!({
            "method": method, "latentDim": 2, "hidden": [20], "decoder": "linear", "steps": 2500, "learningRate": 1e-2,
        });
        let run = fitted(&config, &data);
        let told = run.summary.conditioned.expect("it says on what");
        assert_eq!(
            (told.on.as_str(), told.columns, told.environments),
            ("environment", vec!["day".to_owned()], Some(12))
        );
        let assumption = run.summary.assumptions.iter().find(|a| a.id == "environments").expect("it is checked");
        assert!(assumption.finding.starts_with("12 environments have training rows"), "{}", assumption.finding);
    }
}

#[test]
fn latents_whose_moments_follow_the_environments_are_found_where_pca_mixes_them() {
    // How far principal axes mix the latents is the luck of a mixing, and one start in several ends in an optimum that is
    // not the best: so the claim is one of five worlds together. Of ten worlds nine gave .97 and more, one .83.
    let (mut found, mut mixed) = (Vec::new(), Vec::new());
    for seed in 1..=5 {
        let data = shifted(seed);
        let config = json!({"method": "ivae", "latentDim": 2, "hidden": [20], "steps": 2500, "learningRate": 1e-2});
        found.push(score(&fitted(&config, &data), &data));
        mixed.push(score(&fitted(&json!({"method": "pca", "latentDim": 2}), &data), &data));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!(found.iter().filter(|&&mcc| mcc > 0.95).count() >= 4, "ivae {found:?}, pca {mixed:?}");
    assert!(mean(&found) > mean(&mixed) + 0.1, "ivae {found:?}, pca {mixed:?}");
}

#[test]
fn rows_of_an_environment_that_the_fit_never_saw_have_latents_all_the_same() {
    let data = shifted(23);
    let config = json!({
        "method": "ivae", "latentDim": 2, "hidden": [8], "steps": 50, "split": {"holdout": ["day 3"]},
    });
    let run = fitted(&config, &data);
    let told = run.summary.conditioned.as_ref().expect("it says on what");
    assert_eq!(told.environments, Some(11));
    let model = Model::open(METHODS, &run.model).expect("it opens");
    let held = data.inputs.select_rows(&(0..ROWS).filter(|row| row % 12 == 3).collect::<Vec<_>>());
    let latents = model.transform(&held, &data.input_names).expect("the encoder sees the inputs alone");
    assert_eq!((latents.rows(), latents.cols()), (ROWS / 12, 2));
}

#[test]
fn a_target_wins_over_environments_and_the_summary_says_so() {
    let labels = shifted(23).labels;
    let data = Dataset { labels, ..modulated() };
    let run = fitted(&json!({"method": "ivae", "latentDim": 2, "hidden": [8], "steps": 20}), &data);
    let told = run.summary.conditioned.expect("it says on what");
    assert_eq!((told.on.as_str(), told.unused.as_deref(), told.environments), ("target", Some("day"), None));
    assert_eq!(told.columns, ["y1", "y2"]);
}

#[test]
fn latents_that_carry_nothing_are_named() {
    let config = json!({
        "method": "ivae", "latentDim": 4, "hidden": [20], "decoderVariance": 0.1, "steps": 1500, "learningRate": 1e-2,
    });
    let run = fitted(&config, &modulated());
    let warning =
        run.summary.warnings.iter().find(|w| w.code == "LATENTS_COLLAPSED").expect("two dimensions are filled");
    assert!(warning.message.contains(" of 4 latents carry nothing of the inputs: z"), "{}", warning.message);
    let active = run.summary.facts.iter().find(|f| f.id == "active-latents").and_then(|f| f.value);
    assert!(active.is_some_and(|active| (1.0..4.0).contains(&active)), "{active:?}");
}

#[test]
fn data_without_what_a_prior_is_conditioned_on_are_refused() {
    let refused = |method: &str, data: &Dataset| {
        fit(METHODS, &json!({"method": method, "latentDim": 2}), data, &FitOptions::default(), &mut Silent)
            .expect_err("refused")
            .code
    };
    let alone = Dataset { targets: None, ..modulated() };
    let mut single = modulated();
    single.targets = single.targets.map(|t| Table {
        columns: vec!["y1".into()],
        values: t.values.select_cols(&[0]).map(|v| if v.is_nan() { 0.0 } else { v }),
        ..t
    });
    let one_day = Labels::encode("day", &vec!["monday"; ROWS]);
    let still = Dataset { labels: [(Role::Environment, one_day)].into(), ..alone.clone() };
    for method in ["ivae", "icarl"] {
        assert_eq!(refused(method, &alone), Code::DataNeedsTarget, "{method}");
        assert_eq!(refused(method, &still), Code::DataNeedsEnvironments, "{method}");
    }
    for method in ["mt-ivae", "mt-icarl"] {
        assert_eq!(refused(method, &single), Code::DataNeedsTasks, "{method}");
    }
}

/// Three normal directions with these variances, turned, and nothing else.
fn directions(variances: [f64; 3]) -> Dataset {
    let mut stream = Stream::new(23, "directions");
    // A rotation: columns are orthonormal.
    let turn = [[2.0, -2.0, 1.0], [1.0, 2.0, 2.0], [2.0, 1.0, -2.0]];
    let rows: Vec<f32> = (0..6000)
        .flat_map(|_| {
            let z: [f64; 3] = std::array::from_fn(|j| variances[j].sqrt() * stream.normal());
            std::array::from_fn::<f32, 3, _>(|i| (0..3).map(|j| turn[i][j] / 3.0 * z[j]).sum::<f64>() as f32)
        })
        .collect();
    Dataset {
        inputs: Matrix::new(6000, 3, rows).expect("three columns"),
        input_names: ["a", "b", "c"].map(str::to_owned).into(),
        ..Dataset::default()
    }
}

#[test]
fn a_linear_vae_is_probabilistic_pca_and_beta_multiplies_its_noise() {
    // Closed form (Tipping and Bishop, 1999): a direction of variance l above s^2 beta is kept and shrunk by 1 - s^2 beta / l, others
    // are silent. The divergence counts beta times: divided by beta, the loss is that of the noise s^2 beta.
    let variances = [2.0, 0.5, 0.05];
    let data = directions(variances);
    for (beta, active) in [(1.0, 2.0), (8.0, 1.0)] {
        let config = json!({
            "method": "vae", "latentDim": 3, "beta": beta, "decoder": "linear", "decoderVariance": 0.1, "hidden": [24],
            "steps": 3000, "learningRate": 5e-3, "standardize": "none",
        });
        let run = fitted(&config, &data);
        let fact = |id: &str| run.summary.facts.iter().find(|fact| fact.id == id).and_then(|fact| fact.value);
        let noise = 0.1 * beta;
        let given_back = |l: &f64| if *l > noise { l * (1.0 - (noise / l).powi(2)) } else { 0.0 };
        let expected = variances.iter().map(given_back).sum::<f64>() / variances.iter().sum::<f64>();
        let got = fact("reconstruction").expect("it is known");
        // .971 and .659; validation rows differ from the population by about .01, a wrong beta by .3.
        assert!((got - expected).abs() < 0.03, "beta {beta}: {got} {expected}");
        assert_eq!(fact("active-latents"), Some(active), "beta {beta}: {:?}", run.summary.facts);
        assert_eq!(run.summary.warnings[0].code, "LATENTS_COLLAPSED");
    }
}
