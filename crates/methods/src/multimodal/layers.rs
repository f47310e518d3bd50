//! What encoder and decoder compute, layer after layer, for programs that run the model by themselves: all modalities side by side, in
//! blocks.
//!
//! The linear path of an autoencoder beside its network is a coupling: inputs pass, and the network adds to their linear image.

use super::coders::Coder;
use super::network::MultimodalNetwork;
use super::solved::Size;
use disentangle_data::Matrix;
use disentangle_nn::{Activation, Error, Layer, Numbers, Result};
use disentangle_numerics::linalg::inverse;
use disentangle_numerics::multimodal::{Autoencoder, FlowParts, SCALE_BOUND, SLOPE};
use disentangle_numerics::perceptron::Perceptron;

/// A block of a wide matrix: rows and columns at which its own stand.
struct Block<'a> {
    weights: &'a [f32],
    rows: Vec<usize>,
    cols: Vec<usize>,
}

/// A network of one modality, with where its inputs and outputs stand.
struct Net<'a> {
    net: &'a Perceptron,
    parameters: &'a [f32],
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

/// Where the numbers of each modality stand.
struct Places {
    /// In its columns.
    inputs: Vec<Vec<usize>>,
    /// Side by side.
    codes: Vec<Vec<usize>>,
    /// What passes couplings first, what they move after it.
    paired: Vec<Vec<usize>>,
    /// As codes are given away.
    out: Vec<Vec<usize>>,
    /// How many codes pass.
    pass: usize,
}

impl Places {
    fn of(network: &MultimodalNetwork) -> Self {
        let sizes = &network.sizes;
        let moved = |size: &Size| size.width / 2;
        let pass: usize = sizes.iter().map(|size| size.width - moved(size)).sum();
        let (mut codes, mut paired) = (Vec::new(), Vec::new());
        let (mut at, mut stays, mut moves) = (0, 0, pass);
        for size in sizes {
            let stay = size.width - moved(size);
            codes.push((at..at + size.width).collect());
            paired.push((stays..stays + stay).chain(moves..moves + moved(size)).collect());
            (at, stays, moves) = (at + size.width, stays + stay, moves + moved(size));
        }
        let inputs = sizes.iter().map(|size| (size.start..size.end).collect()).collect();
        let out = (0..sizes.len()).map(|m| network.places(m)).collect();
        Self { inputs, codes, paired, out, pass }
    }

    fn all(&self) -> usize {
        self.codes.iter().map(Vec::len).sum()
    }
}

/// From the inputs of all modalities to codes; `None` where convolutions read one of them: they are not laid side by side.
pub(super) fn encoder(network: &MultimodalNetwork) -> Result<Option<Vec<Layer>>> {
    let Some(coders) = of_columns(network) else { return Ok(None) };
    let places = Places::of(network);
    let all = places.all();
    let mut layers = autoencoders((network, &coders), &places, Way::There)?;
    layers.push(white(network, &places, Way::There));

    let density = network.density_values()?;
    let flows: Vec<FlowParts<'_, f32>> = (0..network.sizes.len()).map(|m| network.density.flow(&density, m)).collect();
    let steps = flows.first().map_or(0, |flow| flow.nets.len());
    for step in 0..=steps {
        let from = if step == 0 { &places.codes } else { &places.paired };
        let to = if step == steps { &places.out } else { &places.paired };
        let maps: Vec<Block<'_>> = flows
            .iter()
            .enumerate()
            .map(|(m, flow)| Block { weights: flow.maps[step], rows: from[m].clone(), cols: to[m].clone() })
            .collect();
        let mut bias = Matrix::zeros(1, all);
        if step == steps {
            for (m, flow) in flows.iter().enumerate() {
                flow.shift.iter().zip(&to[m]).for_each(|(&shift, &place)| bias[(0, place)] = shift);
            }
        }
        layers.push(dense(Numbers::Single(blocks(all, all, &maps)), Some(Numbers::Single(bias)), None));
        if step < steps {
            layers.extend(coupling(&flows, &places, step, false));
        }
    }
    Ok(Some(layers))
}

/// From codes to the inputs of all modalities; `None` as for [`encoder`].
pub(super) fn decoder(network: &MultimodalNetwork) -> Result<Option<Vec<Layer>>> {
    let Some(coders) = of_columns(network) else { return Ok(None) };
    let places = Places::of(network);
    let all = places.all();
    let density = network.density_values()?;
    let flows: Vec<FlowParts<'_, f32>> = (0..network.sizes.len()).map(|m| network.density.flow(&density, m)).collect();
    let steps = flows.first().map_or(0, |flow| flow.nets.len());
    let mut layers = Vec::new();
    for step in (0..=steps).rev() {
        if step < steps {
            layers.extend(coupling(&flows, &places, step, true));
        }
        let from = if step == steps { &places.out } else { &places.paired };
        let to = if step == 0 { &places.codes } else { &places.paired };
        let (mut weight, mut bias) = (Matrix::<f64>::zeros(all, all), Matrix::<f64>::zeros(1, all));
        for (m, flow) in flows.iter().enumerate() {
            let w = from[m].len();
            let map = Matrix::from_fn(w, w, |i, j| f64::from(flow.maps[step][i * w + j]));
            let back = inverse(&map).map_err(|failure| Error::Msg(failure.message).bt())?;
            for (j, &col) in to[m].iter().enumerate() {
                for (i, &row) in from[m].iter().enumerate() {
                    weight[(row, col)] = back[(i, j)];
                    if step == steps {
                        bias[(0, col)] -= f64::from(flow.shift[i]) * back[(i, j)];
                    }
                }
            }
        }
        layers.push(dense(Numbers::Double(weight), Some(Numbers::Double(bias)), None));
    }
    layers.push(white(network, &places, Way::Back));
    layers.extend(autoencoders((network, &coders), &places, Way::Back)?);
    Ok(Some(layers))
}

/// The autoencoders, where all are of columns.
fn of_columns(network: &MultimodalNetwork) -> Option<Vec<&Autoencoder<f32>>> {
    network.coders.iter().map(Coder::of_columns).collect()
}

/// Which way a map leads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

/// From inputs to codes before they are white, and back: what passes is dropped in the end.
fn autoencoders(
    (network, coders): (&MultimodalNetwork, &[&Autoencoder<f32>]),
    places: &Places,
    way: Way,
) -> Result<Vec<Layer>> {
    let (given, wanted) = match way {
        Way::There => (network.inputs(), places.all()),
        Way::Back => (places.all(), network.inputs()),
    };
    let values = network.autoencoder_values()?;
    let (mut linear, mut nets) = (Vec::new(), Vec::new());
    for (m, (of, values)) in coders.iter().zip(&values).enumerate() {
        let [there, back] = of.paths();
        let (encoding, decoding) = values.split_at(of.encoder().len());
        let (inputs, codes) = (&places.inputs[m], &places.codes[m]);
        let (weights, net, parameters, from, to) = match way {
            Way::There => (there, of.encoder(), encoding, inputs, codes),
            Way::Back => (back, of.decoder(), decoding, codes, inputs),
        };
        let after = |passing: usize| to.iter().map(|place| passing + place).collect();
        linear.push(Block { weights, rows: from.clone(), cols: after(given) });
        nets.push(Net { net, parameters, inputs: from.clone(), outputs: after(wanted) });
    }
    let mut layers = beside(given, wanted, &linear, &nets);
    layers.push(Layer::Narrow { start: given, count: wanted });
    Ok(layers)
}

/// What makes codes white, and back.
fn white(network: &MultimodalNetwork, places: &Places, way: Way) -> Layer {
    let all = places.all();
    let (mut weight, mut bias) = (Matrix::<f64>::zeros(all, all), Matrix::<f64>::zeros(1, all));
    for (of, at) in network.white.iter().zip(&places.codes) {
        for (j, &col) in at.iter().enumerate() {
            for (i, &row) in at.iter().enumerate() {
                match way {
                    Way::There => {
                        weight[(row, col)] = of.there[(i, j)];
                        bias[(0, col)] -= of.mean[i] * of.there[(i, j)];
                    }
                    Way::Back => weight[(row, col)] = of.back[(i, j)],
                }
            }
            if way == Way::Back {
                bias[(0, col)] = of.mean[j];
            }
        }
    }
    dense(Numbers::Double(weight), Some(Numbers::Double(bias)), None)
}

/// The inputs, and after them their linear image plus what the networks add.
fn beside(inputs: usize, outputs: usize, linear: &[Block<'_>], nets: &[Net<'_>]) -> Vec<Layer> {
    let mut weight = blocks(inputs, inputs + outputs, linear);
    (0..inputs).for_each(|j| weight[(j, j)] = 1.0);
    vec![
        dense(Numbers::Single(weight), None, None),
        // Networks say nothing of the scale, which is then 1.
        Layer::Coupling {
            start: 0,
            count: inputs,
            bound: 1.0,
            inverse: false,
            net: side_by_side(inputs, 2 * outputs, nets),
        },
    ]
}

/// A coupling of all flows; none where every code has one number.
fn coupling(flows: &[FlowParts<'_, f32>], places: &Places, step: usize, inverse: bool) -> Option<Layer> {
    let (pass, moved) = (places.pass, places.all() - places.pass);
    let mut nets = Vec::new();
    for (flow, place) in flows.iter().zip(&places.paired) {
        let Some((net, parameters)) = flow.nets[step] else { continue };
        let (stays, moves) = place.split_at(place.len() - place.len() / 2);
        let scales = moves.iter().map(|place| place - pass);
        let shifts = moves.iter().map(|place| place - pass + moved);
        nets.push(Net { net, parameters, inputs: stays.to_vec(), outputs: scales.chain(shifts).collect() });
    }
    (!nets.is_empty()).then(|| Layer::Coupling {
        start: 0,
        count: pass,
        bound: SCALE_BOUND,
        inverse,
        net: side_by_side(pass, 2 * moved, &nets),
    })
}

/// Networks of equal depth as one.
fn side_by_side(inputs: usize, outputs: usize, nets: &[Net<'_>]) -> Vec<Layer> {
    let depth = nets.first().map_or(0, |net| net.net.layers().len());
    let (mut layers, mut from) = (Vec::new(), nets.iter().map(|net| net.inputs.clone()).collect::<Vec<_>>());
    let (mut width, mut at) = (inputs, vec![0; nets.len()]);
    for layer in 0..depth {
        let last = layer + 1 == depth;
        let (mut maps, mut to, mut next) = (Vec::new(), Vec::new(), 0);
        let mut biases = Vec::new();
        for (n, net) in nets.iter().enumerate() {
            let (ins, outs) = net.net.layers().nth(layer).expect("all are of equal depth");
            let cols = if last { net.outputs.clone() } else { (next..next + outs).collect() };
            next += outs;
            let (weights, bias) = net.parameters[at[n]..at[n] + (ins + 1) * outs].split_at(ins * outs);
            at[n] += (ins + 1) * outs;
            biases.push(bias);
            maps.push(Block { weights, rows: from[n].clone(), cols: cols.clone() });
            to.push(cols);
        }
        let wide = if last { outputs } else { next };
        let mut bias = Matrix::zeros(1, wide);
        for (cols, values) in to.iter().zip(biases) {
            cols.iter().zip(values).for_each(|(&col, &value)| bias[(0, col)] = value);
        }
        let activation = (!last).then_some(Activation::LeakyRelu(SLOPE));
        layers.push(dense(Numbers::Single(blocks(width, wide, &maps)), Some(Numbers::Single(bias)), activation));
        (from, width) = (to, wide);
    }
    layers
}

fn blocks(rows: usize, cols: usize, all: &[Block<'_>]) -> Matrix {
    let mut wide = Matrix::zeros(rows, cols);
    for block in all {
        for (i, &row) in block.rows.iter().enumerate() {
            for (j, &col) in block.cols.iter().enumerate() {
                wide[(row, col)] = block.weights[i * block.cols.len() + j];
            }
        }
    }
    wide
}

fn dense(weight: Numbers, bias: Option<Numbers>, activation: Option<Activation>) -> Layer {
    Layer::Dense { weight, bias, activation: activation.unwrap_or(Activation::Identity) }
}
