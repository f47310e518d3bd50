//! What a GPU would be asked to compute: the expressions of every method, on the processor, beside the fused operations.

use crate::images::spots;
use crate::small::*;
use disentangle_data::Dataset;
use disentangle_data::views::Image;
use disentangle_engine::results::History;
use disentangle_nn::by_expressions;
use serde_json::{Value, json};

/// A few steps: rounding grows with every further one, and after these a wrong gradient has changed the losses.
const FEW: usize = 4;

/// Both add up the same numbers of single precision in another order, a few hundred at a time; steps of Adam carry what differs on.
const TOLERANCE: f64 = 5e-4;

fn compare(config: &Value, data: &Dataset) -> usize {
    let fused = undisturbed(config, data).history;
    let expressions = by_expressions(|| undisturbed(config, data)).history;
    let mut compared = 0;
    for (name, got, wanted) in curves(&expressions).into_iter().zip(curves(&fused)).map(|((n, a), (_, b))| (n, a, b)) {
        assert_eq!(got.len(), wanted.len(), "{config}: {name}");
        for (got, wanted) in got.iter().zip(&wanted) {
            assert!(
                (got - wanted).abs() <= TOLERANCE * wanted.abs().max(1e-2),
                "{config}: {name} {got}, fused {wanted}"
            );
            compared += 1;
        }
    }
    compared
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
    for entry in descents() {
        let config = config(entry, json!({ "steps": FEW, "training": { "steps": FEW } }));
        assert!(compare(&config, &data) > 0, "{config} noted nothing");
    }
}

#[test]
fn expressions_give_the_losses_and_gradients_of_fused_convolutions() {
    let data = spots(200, Image { channels: 1, height: 16, width: 16 });
    for method in ["vae", "ivae"] {
        let config = json!({ "method": method, "latentDim": 2, "steps": FEW, "batchSize": 32, "seed": 5 });
        assert!(compare(&config, &data) > 0, "{config} noted nothing");
    }
}
