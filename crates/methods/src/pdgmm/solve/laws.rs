//! What a flow gains, where that is known.

use super::*;
use crate::METHODS;
use disentangle_data::Dataset;
use disentangle_data::prepare::prepare;
use disentangle_engine::method::Dimensions;
use disentangle_engine::plan::Plan;
use disentangle_nn::{Device, Params};
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn a_flow_that_only_stretches_or_shrinks_codes_gains_nothing() {
    let (n, k) = (4000, 2);
    let mut stream = Stream::new(6, "stretched");
    let inputs = Matrix::from_fn(n, k, |_, _| if stream.below(2) == 0 { 0.0 } else { stream.normal() as f32 });
    let data = Dataset { inputs, input_names: vec!["a".into(), "b".into()], ..Dataset::default() };
    let flow = json!({ "use": "always", "layers": 1, "hidden": 4 });
    let config = json!({ "method": "pdgmm", "latentDim": k, "flow": flow });
    let plan = Plan::check(METHODS, &config).expect("a valid configuration");
    let data = prepare(&data, &plan.options.prepare, 0).expect("valid data");
    let mut params = Params::new(&Device::Cpu);
    let network = plan.method.network(&Dimensions::of(&data), &mut params, 0).expect("a network");
    let mut state = State { params, network, solved: BTreeMap::new() };

    let (white, _) = White::of(&data, k, 0, |rows| Ok(data.inputs.select_rows(rows))).expect("they vary");
    // The last weights of a coupling are 0, its last bias is the same scale and shift for every row.
    for bias in [0.6, -0.6] {
        let placed = [
            ("whitening.map", white.map.data()),
            ("whitening.mean", &white.mean[..]),
            ("flow.0.2.bias", &[bias, bias][..]),
        ];
        flow::place(&state.params, &placed).expect("parameters of the flow");
        let (bent, _) =
            White::of(&data, k, 0, |rows| train::codes(&state, &data.inputs.select_rows(rows))).expect("codes");
        // Both are white and of the same rows: what is between them is a rotation, and the planes before the flow are those after it.
        let rows = white.rows.rows() as f64;
        let between = product(&bent.rows.to_f64().transposed(), &white.rows.to_f64()).map(|sum| sum / rows);
        let found = any_rotation(k, 1);
        state.solved.insert(MAP.into(), product(&found, &between));
        let gained = gain(k, &data, &state, &bent, &found).expect("a gain").expect("validation rows");
        // Single precision, and values that fall on the other side of an edge when they are counted.
        assert!(gained.abs() < 0.01, "{gained} nats with {bias}");
        let volume = -log_abs_det(&bent.map);
        assert!(volume * bias > 0.1, "{volume}: the codes are stretched, or shrink");
    }
}
