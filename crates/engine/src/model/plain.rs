//! A model as plain data, for programs that run it without this library: every tensor by name, and what encoder and decoder
//! compute, layer after layer.

use super::Model;
use crate::container::{Named, Values};
use crate::decode::Decoder;
use crate::method::{MAP, OFFSET, State};
use crate::train;
use disentangle_data::{Matrix, Result};
use disentangle_nn::{Activation, Layer, NamedValues, Numbers, internal};
use serde_json::{Map, Value, json};

/// A model as plain data.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainModel {
    /// `{ encoder, decoder, decodes, doublePrecisionInputs }`: lists of layers from inputs to latents and back, in the units of
    /// both. `encoder` and `decoder` are null where the method does not write them down; `decodes` tells whether there is a
    /// decoder at all. Layers name their tensors.
    pub about: Value,
    /// Parameters (`trained/`), solved results (`solved/`), and what only a layer holds (`encoder/`, `decoder/`).
    pub tensors: Vec<Named>,
}

impl Model {
    /// Its tensors and layers.
    ///
    /// # Errors
    /// Those of candle, and `NUMERIC_NOT_FINITE` for a solved map that cannot be undone.
    pub fn plain(&self) -> Result<PlainModel> {
        let mut tensors = tensors(&self.state)?;
        let network = &self.state.network;
        let encoder = network.encoder_layers().map_err(internal)?;
        let encoder = encoder.map(|layers| written("encoder", self.to_latents(layers), &mut tensors));
        let way_back = Decoder::of(&self.state)?;
        let codes = way_back.undo().map_or(self.header.latents.len(), |(back, _)| back.rows());
        let decodes = train::decode(&self.state, &Matrix::zeros(1, codes))?.is_some();
        let decoder = network.decoder_layers().map_err(internal)?;
        let decoder = decoder.map(|layers| written("decoder", self.to_inputs(layers, &way_back), &mut tensors));
        let far = !self.header.input_offsets.is_empty();
        let about = json!({ "encoder": encoder, "decoder": decoder, "decodes": decodes, "doublePrecisionInputs": far });
        Ok(PlainModel { about, tensors })
    }

    /// The network between standardisation and the solved map.
    fn to_latents(&self, network: Vec<Layer>) -> Vec<Step> {
        let scale = &self.header.input_scale;
        let offset = |column: usize| self.header.input_offsets.get(column).copied().unwrap_or_default();
        let fill = self.header.fill.iter().map(|fill| {
            Step::Fill(fill.iter().enumerate().map(|(column, &value)| f64::from(value) + offset(column)).collect())
        });
        let standardised = Layer::Scale {
            center: double(scale.mean.clone()),
            factor: double(scale.sd.iter().map(|sd| 1.0 / sd).collect()),
            shift: double(vec![0.0; scale.mean.len()]),
        };
        let map = self.state.solved.get(MAP).map(|map| Layer::Dense {
            weight: Numbers::Double(map.transposed()),
            bias: self.state.solved.get(OFFSET).map(|offset| double(offset.row(0).to_vec())),
            activation: Activation::Identity,
        });
        let layers = std::iter::once(standardised).chain(network).chain(map);
        fill.chain(layers.map(Step::Layer)).collect()
    }

    /// The network after the solved map is undone and before the standardisation is.
    fn to_inputs(&self, network: Vec<Layer>, way_back: &Decoder) -> Vec<Step> {
        let scale = &self.header.input_scale;
        let undone = way_back.undo().map(|(back, at_zero)| Layer::Dense {
            weight: Numbers::Double(back.transposed()),
            bias: Some(double(at_zero.clone())),
            activation: Activation::Identity,
        });
        let units = Layer::Scale {
            center: double(vec![0.0; scale.mean.len()]),
            factor: double(scale.sd.clone()),
            shift: double(scale.mean.clone()),
        };
        undone.into_iter().chain(network).chain([units]).map(Step::Layer).collect()
    }
}

/// Parameters and solved results by name, as a container holds them.
pub(super) fn tensors(state: &State) -> Result<Vec<Named>> {
    let trained = state.params.export().map_err(internal)?;
    let trained = trained.into_iter().map(|NamedValues { name, shape, values }| Named {
        name: format!("trained/{name}"),
        shape,
        values: Values::F32(values),
    });
    let solved = state.solved.iter().map(|(name, m)| Named {
        name: format!("solved/{name}"),
        shape: vec![m.rows(), m.cols()],
        values: Values::F64(m.data().to_vec()),
    });
    Ok(trained.chain(solved).collect())
}

enum Step {
    /// Missing inputs are replaced by one number per column.
    Fill(Vec<f64>),
    Layer(Layer),
}

fn double(row: Vec<f64>) -> Numbers {
    let cols = row.len();
    Numbers::Double(Matrix::from_fn(1, cols, |_, j| row[j]))
}

/// Steps as JSON; numbers that no tensor holds become one.
fn written(part: &str, steps: Vec<Step>, tensors: &mut Vec<Named>) -> Value {
    let steps = steps.into_iter().enumerate().map(|(i, step)| {
        let place = format!("{part}/{i}");
        match step {
            Step::Fill(row) => json!({ "op": "fill", "value": kept(&place, "value", double(row), 1, tensors) }),
            Step::Layer(layer) => layer_json(&place, layer, tensors),
        }
    });
    steps.collect()
}

fn layer_json(place: &str, layer: Layer, tensors: &mut Vec<Named>) -> Value {
    match layer {
        Layer::Dense { weight, bias, activation } => {
            let mut dense = Map::new();
            dense.insert("op".into(), "dense".into());
            dense.insert("weight".into(), kept(place, "weight", weight, 2, tensors).into());
            if let Some(bias) = bias {
                dense.insert("bias".into(), kept(place, "bias", bias, 1, tensors).into());
            }
            dense.insert("activation".into(), activation_json(activation));
            dense.into()
        }
        Layer::Scale { center, factor, shift } => json!({
            "op": "scale",
            "center": kept(place, "center", center, 1, tensors),
            "factor": kept(place, "factor", factor, 1, tensors),
            "shift": kept(place, "shift", shift, 1, tensors),
        }),
        Layer::Convolution { kernel, bias, stride, transposed, from, to, activation } => json!({
            "op": "convolution",
            "kernel": kept(place, "kernel", kernel, 2, tensors),
            "bias": kept(place, "bias", bias, 1, tensors),
            "step": stride.step,
            "padding": stride.padding,
            "transposed": transposed,
            "from": from,
            "to": to,
            "activation": activation_json(activation),
        }),
        Layer::Narrow { start, count } => json!({ "op": "narrow", "start": start, "count": count }),
        Layer::Bend { slope, softness, inverse } => json!({
            "op": "bend",
            "slope": kept(place, "slope", slope, 1, tensors),
            "softness": softness,
            "inverse": inverse,
        }),
        Layer::Coupling { start, count, bound, inverse, net } => {
            let inner = net.into_iter().enumerate();
            let net: Vec<Value> = inner.map(|(i, layer)| layer_json(&format!("{place}.{i}"), layer, tensors)).collect();
            json!({ "op": "coupling", "start": start, "count": count, "bound": bound, "inverse": inverse, "net": net })
        }
    }
}

fn activation_json(activation: Activation) -> Value {
    match activation {
        Activation::LeakyRelu(slope) => json!({ "name": "leaky-relu", "slope": slope }),
        other => json!({ "name": other }),
    }
}

/// The name under which numbers stand among the tensors; of rows, `rank` 1.
fn kept(place: &str, what: &str, numbers: Numbers, rank: usize, tensors: &mut Vec<Named>) -> String {
    let (shape, values) = match numbers {
        Numbers::Named(name) => return format!("trained/{name}"),
        Numbers::Single(m) => ([m.rows(), m.cols()], Values::F32(m.into_data())),
        Numbers::Double(m) => ([m.rows(), m.cols()], Values::F64(m.into_data())),
    };
    let name = format!("{place}.{what}");
    tensors.push(Named { name: name.clone(), shape: shape[2 - rank..].to_vec(), values });
    name
}
