use super::*;
use crate::dataset::{Labels, Role};
use crate::prepare::{Prepared, Standardize, prepare};
use crate::simulate::simulate;
use serde_json::json;

fn world() -> Dataset {
    let config = json!({"latents": 5, "rows": 4000, "layers": 3, "seed": 2});
    simulate("silent-world", config).expect("a valid world")
}

fn fresh() -> PrepareConfig {
    PrepareConfig { rows: Rows::Fresh, ..PrepareConfig::default() }
}

fn prepared(config: &PrepareConfig) -> Prepared {
    prepare(&world(), config, 1).expect("a world with more rows")
}

#[test]
fn fresh_rows_are_wanted_or_there_are_none() {
    assert!(prepare(&world(), &PrepareConfig::default(), 1).expect("rows").source.is_none());
    let (given, fresh) = (prepared(&PrepareConfig::default()), prepared(&fresh()));
    assert!(fresh.source.is_some());
    assert_eq!((given.inputs, given.split), (fresh.inputs, fresh.split));
}

#[test]
fn a_batch_is_a_pure_function_of_seed_stage_and_step() {
    let source = prepared(&fresh()).source.expect("fresh rows");
    let batch = |seed, stage, step| source.batch(64, seed, stage, step).expect("finite");
    let first = batch(1, "joint", 3);
    assert_eq!((first.rows(), first.cols()), (64, 5));
    assert_eq!(batch(1, "joint", 3), first);
    for other in [batch(2, "joint", 3), batch(1, "second", 3), batch(1, "joint", 4)] {
        assert_ne!(other, first);
    }
}

#[test]
fn fresh_rows_have_the_means_variances_and_correlations_of_the_data_set() {
    for standardize in [Standardize::All, Standardize::None] {
        let data = prepared(&PrepareConfig { standardize, ..fresh() });
        let source = data.source.expect("fresh rows");
        // Batches smaller than the number of masks: only in turn do they have the same shares.
        let batches: Vec<f32> =
            (0..400).flat_map(|step| source.batch(10, 9, "joint", step).expect("finite").into_data()).collect();
        let fresh = Matrix::new(4000, 5, batches).expect("full");
        for i in 0..5 {
            for j in 0..=i {
                let products =
                    |m: &Matrix| (0..4000).map(|r| f64::from(m[(r, i)]) * f64::from(m[(r, j)])).collect::<Vec<_>>();
                let (a, b) = (products(&fresh), products(&data.inputs));
                assert!(alike(&a, &b), "{standardize:?} {i} {j}");
            }
            let column = |m: &Matrix| m.col(i).into_iter().map(f64::from).collect::<Vec<_>>();
            assert!(alike(&column(&fresh), &column(&data.inputs)), "{standardize:?} {i}");
        }
    }
}

/// Whether two means differ by at most five standard errors.
fn alike(a: &[f64], b: &[f64]) -> bool {
    let moments = |v: &[f64]| {
        let (n, mean) = (v.len() as f64, v.iter().sum::<f64>() / v.len() as f64);
        (mean, v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n * n))
    };
    let ((mean_a, error_a), (mean_b, error_b)) = (moments(a), moments(b));
    (mean_a - mean_b).abs() < 5.0 * (error_a + error_b).sqrt()
}

#[test]
fn data_that_no_simulator_goes_on_drawing_are_refused() {
    let own = Dataset { provenance: serde_json::Map::new(), ..world() };
    let mut changed = world();
    changed.inputs.data_mut()[3] += 1.0;
    let mut chosen = world();
    chosen.inputs = chosen.inputs.select_cols(&[0, 1, 2, 3]);
    chosen.input_names.truncate(4);
    let mut shuffled = world();
    shuffled.inputs = shuffled.inputs.select_rows(&(0..4000).rev().collect::<Vec<_>>());
    let mut of_another = world();
    of_another.provenance["simulator"] = json!("tree-world");
    for dataset in [own, changed, chosen, shuffled, of_another] {
        let failure = prepare(&dataset, &fresh(), 1).expect_err("refused");
        assert_eq!(failure.code, Code::DataNeedsSimulator, "{failure}");
        assert!(failure.hint.is_some_and(|hint| hint.contains("silent-world")));
    }
}

#[test]
fn fresh_rows_have_neither_gaps_nor_targets_nor_labels() {
    let mut labelled = world();
    labelled.labels.insert(Role::Environment, Labels::encode("site", &vec!["a"; 4000]));
    let mut targeted = world();
    targeted.targets = targeted.truth.get("latents").cloned();
    let gaps = PrepareConfig { missing: Missing::Mean, ..fresh() };
    for (dataset, config) in [(labelled, fresh()), (targeted, fresh()), (world(), gaps)] {
        let failure = prepare(&dataset, &config, 1).expect_err("refused");
        assert_eq!((failure.code, failure.path.as_deref()), (Code::ConfigConflict, Some("rows")), "{failure}");
    }
}
