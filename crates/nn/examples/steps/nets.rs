//! The networks, at the sizes of the papers of this field; benchmark/nets.mjs has the same list.

use super::{Work, device};
use candle_core::{DType, Result, Tensor};
use disentangle_data::Stream;
use disentangle_nn::optim::{Adam, AdamSettings, StepSize};
use disentangle_nn::{
    Activation, Affine, BatchNorm, Init, Mlp, Params, gaussian_log_likelihood, head_product, mean_squared_error,
    normals, reparameterise,
};

pub const SEED: u64 = 1;

/// A network of dense layers, or one with a recipe of its own.
enum Recipe {
    Dense(&'static [usize]),
    /// The first stage of pdGMM: an autoencoder whose code is normalised and drawn towards a standard normal.
    Pdgmm(&'static [usize]),
    /// iVAE: encoders of mean and log variance and a prior that see the segment, and a decoder.
    Ivae {
        inputs: usize,
        segments: usize,
        hidden: usize,
    },
    /// The multi-task regression network: one linear head with bias for each task, and each row of one task.
    Mtrn {
        sizes: &'static [usize],
        tasks: usize,
    },
}

const NETS: &[(&str, Recipe, usize)] = &[
    ("8-8", Recipe::Dense(&[8, 8]), 8),
    ("16-64-32-5", Recipe::Dense(&[16, 64, 32, 5]), 64),
    ("64-128-5", Recipe::Dense(&[64, 128, 5]), 512),
    ("64-128-16-128-64", Recipe::Dense(&[64, 128, 16, 128, 64]), 128),
    ("16-256-64-5", Recipe::Dense(&[16, 256, 64, 5]), 1024),
    ("128-512-64-512-128", Recipe::Dense(&[128, 512, 64, 512, 128]), 256),
    ("ivae-5", Recipe::Ivae { inputs: 5, segments: 20, hidden: 50 }, 256),
    ("mtrn-100", Recipe::Mtrn { sizes: &[100, 200, 20], tasks: 500 }, 1024),
    ("pdgmm-10", Recipe::Pdgmm(&[10, 500, 1000, 1000, 500, 10]), 6144),
    ("pdgmm-5", Recipe::Pdgmm(&[5, 250, 500, 500, 250, 5]), 6144),
    ("pdgmm-5-512", Recipe::Pdgmm(&[5, 250, 500, 500, 250, 5]), 512),
    ("pdgmm-10-512", Recipe::Pdgmm(&[10, 500, 1000, 1000, 500, 10]), 512),
];

/// The names of all networks.
pub fn names() -> Vec<String> {
    NETS.iter().map(|(name, ..)| (*name).to_owned()).collect()
}

/// A training step of the network of this name.
pub fn net(name: &str) -> Option<Result<Work>> {
    let (_, recipe, batch) = NETS.iter().find(|(known, ..)| *known == name)?;
    Some(match recipe {
        Recipe::Dense(sizes) => dense(sizes, *batch),
        Recipe::Pdgmm(sizes) => pdgmm(sizes, *batch),
        Recipe::Ivae { inputs, segments, hidden } => ivae(*inputs, *segments, *hidden, *batch),
        Recipe::Mtrn { sizes, tasks } => mtrn(sizes, *tasks, *batch),
    })
}

/// Standard normal numbers.
pub fn normal(shape: &[usize], name: &str) -> Result<Tensor> {
    normals(shape, SEED, name, 0, DType::F32, device())
}

/// Descends along the gradient of a loss that is given the number of the step.
pub fn descent(params: Params, mut loss: impl FnMut(u32) -> Result<Tensor> + 'static) -> Work {
    let mut adam = Adam::new(&params, AdamSettings::default());
    let mut step = 0;
    Box::new(move || {
        step += 1;
        adam.step(&params, &params.gradients(&loss(step)?)?, StepSize::new(1e-3))
    })
}

fn mlp(params: &mut Params, name: &str, sizes: &[usize], hidden: Activation) -> Result<Mlp> {
    Mlp::new(params, name, sizes, hidden, Activation::Identity, SEED)
}

fn dense(sizes: &[usize], batch: usize) -> Result<Work> {
    let mut params = Params::new(device());
    let net = mlp(&mut params, "net", sizes, Activation::LeakyRelu(0.01))?;
    let (x, target) = (normal(&[batch, net.inputs()], "x")?, normal(&[batch, net.outputs()], "y")?);
    Ok(descent(params, move |_| mean_squared_error(&net.forward(&x)?, &target)))
}

fn pdgmm(sizes: &[usize], batch: usize) -> Result<Work> {
    let mut params = Params::new(device());
    let leaky = Activation::LeakyRelu(0.02);
    let encoder = mlp(&mut params, "encoder", sizes, leaky)?;
    let norm = BatchNorm::new(&mut params, "norm", encoder.outputs(), Affine::Learnt)?;
    let backward: Vec<usize> = sizes.iter().rev().copied().collect();
    let decoder = mlp(&mut params, "decoder", &backward, leaky)?;
    let x = normal(&[batch, sizes[0]], "x")?;
    let zero = Tensor::zeros((batch, encoder.outputs()), DType::F32, device())?;
    Ok(descent(params, move |_| {
        let code = norm.forward(&encoder.forward(&x)?)?;
        let likelihood = gaussian_log_likelihood(&code, &zero, &zero)?.mean_all()?;
        mean_squared_error(&decoder.forward(&code)?, &x)? - likelihood
    }))
}

fn ivae(inputs: usize, segments: usize, hidden: usize, batch: usize) -> Result<Work> {
    const DECODER_VARIANCE: f64 = 0.01;
    let mut params = Params::new(device());
    let mut net =
        |name: &str, from, to| mlp(&mut params, name, &[from, hidden, hidden, to], Activation::LeakyRelu(0.1));
    let (mean, spread) = (net("mean", inputs + segments, inputs)?, net("spread", inputs + segments, inputs)?);
    let (prior, decoder) = (net("prior", segments, inputs)?, net("decoder", inputs, inputs)?);
    let x = normal(&[batch, inputs], "x")?;
    let codes: Vec<u32> = codes(segments, batch);
    let segment =
        Tensor::eye(segments, DType::F32, device())?.index_select(&Tensor::from_vec(codes, batch, device())?, 0)?;
    let both = Tensor::cat(&[&x, &segment], 1)?;
    let zero = Tensor::zeros((1, 1), DType::F32, device())?;
    let noise_level = Tensor::full(DECODER_VARIANCE.ln() as f32, (1, 1), device())?;
    Ok(descent(params, move |step| {
        let (mean, spread) = (mean.forward(&both)?, spread.forward(&both)?);
        let noise = normals(mean.dims(), SEED, "z", step, DType::F32, device())?;
        let z = reparameterise(&mean, &spread, &noise)?;
        let observed = gaussian_log_likelihood(&x, &decoder.forward(&z)?, &noise_level)?;
        let expected = gaussian_log_likelihood(&z, &zero, &prior.forward(&segment)?)?;
        let encoded = gaussian_log_likelihood(&z, &mean, &spread)?;
        (encoded - (observed + expected)?)?.mean_all()
    }))
}

fn mtrn(sizes: &[usize], tasks: usize, batch: usize) -> Result<Work> {
    let mut params = Params::new(device());
    let net = Mlp::new(&mut params, "encoder", sizes, Activation::Relu, Activation::Identity, SEED)?;
    let init = Init::Uniform { fan_in: net.outputs() };
    let heads = params.insert("heads", &[tasks, net.outputs()], &init, SEED)?;
    let bias = params.insert("bias", &[tasks], &init, SEED)?;
    let (x, target) = (normal(&[batch, net.inputs()], "x")?, normal(&[batch], "y")?);
    let codes = codes(tasks, batch);
    let index = Tensor::from_slice(&codes, batch, device())?;
    Ok(descent(params, move |_| {
        let products = head_product(&net.forward(&x)?, heads.as_tensor(), &codes)?;
        mean_squared_error(&(products + bias.index_select(&index, 0)?)?, &target)
    }))
}

fn codes(count: usize, batch: usize) -> Vec<u32> {
    let mut stream = Stream::new(SEED, "codes");
    (0..batch).map(|_| stream.below(count) as u32).collect()
}
