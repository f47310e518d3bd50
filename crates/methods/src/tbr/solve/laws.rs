//! The rotation on codes that are given.

use super::*;
use crate::METHODS;
use disentangle_data::prepare::prepare;
use disentangle_data::simulate::simulate;
use disentangle_engine::method::{Batch, Dimensions, Network, Term};
use disentangle_engine::plan::Plan;
use disentangle_nn::{Device, Params, Tensor};
use serde_json::json;
use std::collections::BTreeMap;

/// Codes are the inputs.
struct Alone;

impl Network for Alone {
    fn loss(&self, _: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        Ok(Vec::new())
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        Ok(inputs.clone())
    }
}

#[test]
fn a_difference_between_heads_of_few_rows_counts_less_in_the_rotation() {
    let world = json!({"depth": 4, "pointsPerEnvironment": 60, "latents": 3, "inputs": 3, "seed": 4});
    let data = simulate("tree-world", world).expect("a small world");
    let plan = Plan::check(METHODS, &json!({"method": "tbr", "latentDim": 3})).expect("a valid configuration");
    let mut data = prepare(&data, &plan.options.prepare, 0).expect("valid data");
    // Every other node keeps five rows.
    let mut left = vec![5usize; data.nodes.len()];
    for (part, &node) in data.split.iter_mut().zip(&data.nodes) {
        if *part == Split::Train && node % 2 == 1 {
            *part = if left[node as usize] > 0 { Split::Train } else { Split::Test };
            left[node as usize] = left[node as usize].saturating_sub(1);
        }
    }
    let mut params = Params::new(&Device::Cpu);
    plan.method.network(&Dimensions::of(&data), &mut params, 0).expect("a network");
    let mut state = State { params, network: Box::new(Alone), solved: BTreeMap::new() };
    let config = TbrConfig { starts: 4, ..TbrConfig::default() };
    rotate(&config, &data, &mut state, 0).expect("it rotates");

    // Weights 1 / (changes + noise) of the differences, by hand: changes and noise in the metric of the latents.
    let (parents, rows) = (rows::parents(&data), data.rows_of(Split::Train));
    let nodes: Vec<u32> = rows.iter().map(|&i| data.nodes[i]).collect();
    let moments = Moments::of(&data.inputs.select_rows(&rows), &rows::target(&data, &rows), &nodes, parents.len());
    let prior = joint_heads(&state, &parents).expect("heads");
    let (heads, covariances) = moments.heads(&prior, 3.0).expect("spans");
    let observed: Vec<bool> = moments.rows.iter().map(|&n| n > 0).collect();
    let pairs = contrasts(&parents, &observed);
    let (changes, metric) = (differences(&heads, &pairs), moments.pooled_gram());
    let size = |of: &dyn Fn(usize, usize) -> f64| -> f64 {
        (0..9).map(|e| (e / 3, e % 3)).map(|(i, j)| metric[(i, j)] * of(i, j)).sum::<f64>() / 3.0
    };
    let noise: Vec<f64> =
        pairs.iter().map(|&(a, b)| size(&|i, j| covariances[a][(i, j)] + covariances[b][(i, j)])).collect();
    let count = pairs.len() as f64;
    let squares: f64 = (0..pairs.len()).map(|row| size(&|i, j| changes[(row, i)] * changes[(row, j)])).sum();
    let real = (squares / count - noise.iter().sum::<f64>() / count).max(0.0);
    let precise: Vec<f64> = noise.iter().map(|noise| 1.0 / (real + noise)).collect();
    let objectives = |weights: &[f64]| sparse_rotation(&changes, weights, 4, 0).expect("spans").objectives;
    let (want, alike) = (objectives(&precise), objectives(&vec![1.0; pairs.len()]));
    let found = state.solved[OBJECTIVES].data();
    // Single starts may end elsewhere for a last digit: the lowest is compared.
    let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    assert!((least(found) - least(&want)).abs() < 1e-6, "{found:?} {want:?}");
    assert!((least(found) - least(&alike)).abs() > 1e-3, "{found:?} {alike:?}");
}
