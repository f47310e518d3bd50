//! What a GPU would be asked to compute: the expressions of every method, on the processor, beside the fused operations.

use crate::images::spots;
use crate::small::*;
use disentangle_data::Dataset;
use disentangle_data::views::Image;
use disentangle_engine::entry::Entry;
use disentangle_engine::plan::schema_of;
use disentangle_engine::results::History;
use disentangle_methods::METHODS;
use disentangle_nn::by_expressions;
use disentangle_nn::host::read_within_steps;
use serde_json::{Value, json};

/// A few steps: rounding grows with every further one, and after these a wrong gradient has changed the losses.
const FEW: usize = 4;

/// Both add up the same numbers of single precision in another order, a few hundred at a time; steps of Adam carry what differs on.
const TOLERANCE: f64 = 5e-4;

/// Numbers that were compared, and what differs.
fn compare(config: &Value, data: &Dataset) -> (usize, Vec<String>) {
    let fused = curves(&undisturbed(config, data).history);
    let expressions = curves(&by_expressions(|| undisturbed(config, data)).history);
    let names =
        |curves: &[(String, Vec<f64>)]| curves.iter().map(|(name, v)| (name.clone(), v.len())).collect::<Vec<_>>();
    assert_eq!(names(&expressions), names(&fused), "{config}");
    let pairs = expressions
        .iter()
        .zip(&fused)
        .flat_map(|((name, got), (_, wanted))| got.iter().zip(wanted).map(move |(got, wanted)| (name, *got, *wanted)));
    let differs = |(_, got, wanted): &(&String, f64, f64)| (got - wanted).abs() > TOLERANCE * wanted.abs().max(1e-2);
    let told = |(name, got, wanted)| format!("{}: {name} {got}, fused {wanted}", config["method"]);
    (pairs.clone().count(), pairs.filter(differs).map(told).collect())
}

/// All that the loop noted of losses and gradients. Not of parameters: Adam moves one whose gradient is rounding alone as far as any other,
/// such as a bias before a normalisation.
fn curves(history: &History) -> Vec<(String, Vec<f64>)> {
    let mut all = Vec::new();
    for stage in &history.stages {
        all.extend(stage.terms.iter().map(|(term, values)| (format!("{}, {term}", stage.name), values.clone())));
        all.push((format!("{}, norm of the gradient", stage.name), stage.gradient_norms.clone()));
        all.extend(stage.validation.iter().map(|curve| (format!("{}, validation", stage.name), curve.values.clone())));
    }
    all
}

#[test]
fn expressions_give_the_losses_and_gradients_of_the_fused_operations_for_every_method() {
    let data = world();
    let mut different = Vec::new();
    for entry in METHODS {
        let config = config(entry, json!({ "steps": FEW, "training": { "steps": FEW } }));
        let (compared, differing) = compare(&config, &data);
        assert!(compared > 0 || !takes_steps(entry), "{config} noted nothing");
        different.extend(differing);
    }
    assert!(different.is_empty(), "{different:#?}");
}

fn takes_steps(entry: &Entry) -> bool {
    schema_of(entry)["properties"].get("steps").is_some()
}

#[test]
fn expressions_give_the_losses_and_gradients_of_fused_convolutions() {
    let data = spots(200, Image { channels: 1, height: 16, width: 16 });
    for method in ["vae", "ivae"] {
        let config = json!({ "method": method, "latentDim": 2, "steps": FEW, "batchSize": 32, "seed": 5 });
        let (compared, different) = compare(&config, &data);
        assert!(compared > 0 && different.is_empty(), "{compared} compared: {different:#?}");
    }
}

/// Methods whose losses are computed on slices of the host, whatever the device: `numerics::shift` is one pass over
/// groups of rows without a graph, which no expression of tensors repeats.
const ON_THE_HOST: &[&str] = &["latent-anm"];

#[test]
fn no_step_of_a_method_waits_for_more_than_single_numbers_of_its_device() {
    let data = world();
    let reads = |entry: &&Entry| {
        let config = config(entry, json!({ "steps": FEW, "training": { "steps": FEW } }));
        let before = read_within_steps();
        by_expressions(|| undisturbed(&config, &data));
        read_within_steps() > before
    };
    let reading: Vec<_> = METHODS.iter().filter(reads).map(|entry| entry.info.name).collect();
    assert_eq!(reading, ON_THE_HOST);
}
