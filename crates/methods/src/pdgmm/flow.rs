//! What the planes are looked for on: white codes, bent by a flow where that makes the planes sharper.
//!
//! A flow of affine couplings, each in a fixed random rotation that is undone after it, takes white codes h to f(h), and rows W
//! take f(h) to latents z = W f(h) + c. It minimises
//!
//!   - E sum_i log p_i(z_i) - log |det dz/dh| - (1 - eta) I(z) ,   I(z) = 1/2 (sum_i log C_ii - log det C) ,
//!
//! with p_i a spike at 0 and a slab, and C the covariance of z in the batch. I(z) is what the log-determinant gains by
//! decorrelating latents: without that term truly dependent latents would be rotated apart. Codes get a little noise, for the
//! log-determinant of exact planes has no bound.

use super::spike::Mixture;
use disentangle_data::{Matrix, Stream};
use disentangle_engine::method::{Batch, Batching, Recipe, Term};
use disentangle_nn::internal;
use disentangle_nn::optim::Schedule;
use disentangle_nn::{
    Activation, Buffer, Coupling, Init, Layer, NamedValues, Numbers, Params, Passing, Toward, Transform,
    batch_covariance, host, log_abs_det, normals_like,
};
use disentangle_nn::{Error, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};

/// Name of the descent.
pub const FLOW: &str = "flow";

/// When a flow bends the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "PdgmmFlowUse")]
pub enum Use {
    /// Where silent entries were found, but not most are silent, none in the same rows as another, active values have no heavy tails, and
    /// planes are not straight already.
    #[default]
    Auto,
    /// Whatever the planes say of it.
    Always,
    /// The latents are a linear map of the codes.
    Never,
}

/// The flow and its training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "PdgmmFlow")]
pub struct FlowOptions {
    /// When the codes are bent before the planes are looked for again. `auto`: where silent entries were found, unless most
    /// entries are silent, latents are silent together, active values have heavy tails, or planes are straight already; and
    /// where the planes become no sharper, those before stay.
    #[serde(rename = "use")]
    pub usage: Use,
    /// Couplings.
    #[schemars(range(min = 1, max = 256))]
    pub layers: usize,
    /// Width of the two hidden layers of each coupling. Absent: eight times the latents, at least 64.
    #[schemars(range(min = 1, max = 65536))]
    pub hidden: Option<usize>,
    /// Gradient steps.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: usize,
    /// Rows per step, at most all training rows.
    #[schemars(range(min = 2, max = 1_048_576))]
    pub batch_size: usize,
    /// Peak learning rate of Adam.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: f64,
    /// Standard deviation of the noise on the codes, whose own is 1: what is narrower is not made sharper.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1.0))]
    pub noise: f64,
}

impl Default for FlowOptions {
    fn default() -> Self {
        Self {
            usage: Use::Auto,
            layers: 8,
            hidden: None,
            steps: 400,
            batch_size: 1024,
            learning_rate: 3e-3,
            noise: 0.1,
        }
    }
}

/// Largest log-scale of a coupling.
const BOUND: f64 = 0.5;
const HIDDEN: Activation = Activation::LeakyRelu(0.02);
/// Share of I(z) that stays in the loss: rows could otherwise become the same.
const REPULSION: f64 = 0.1;
/// Least width of a spike, in widths of the noise.
const SPIKE: f64 = 1.5;
/// Added to variances: a batch may have fewer rows than latents.
const RIDGE: f64 = 1e-6;

impl FlowOptions {
    /// The descent.
    pub fn recipe(&self) -> Recipe {
        Recipe {
            clip: Some(5.0),
            ..Recipe::plain(
                FLOW,
                self.steps,
                Batching::Rows(self.batch_size),
                self.learning_rate,
                Schedule::OneCycle { rise: 0.1, start: 0.04, floor: 4e-6 },
            )
        }
    }
}

/// Whitening, flow and the rows it is trained with. Without a flow: whitening alone.
#[derive(Debug)]
pub struct Flow {
    whitening: Buffer,
    /// The whitening and its pseudo-inverse, once it was asked for: that takes longer than the rows of a call.
    undo: Mutex<Option<(Vec<f64>, Matrix<f64>)>>,
    mean: Buffer,
    layers: Vec<Turned>,
    head: Option<Head>,
    noise: f64,
}

#[derive(Debug)]
struct Turned {
    turn: Buffer,
    coupling: Coupling,
}

/// Rows, and the two parts of every latent.
#[derive(Debug)]
struct Head {
    weight: Tensor,
    shift: Tensor,
    slab_mean: Tensor,
    slab_log_sd: Tensor,
    spike_log_sd: Tensor,
    spike_logit: Tensor,
}

/// Numbers of codes and of latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Columns of the codes.
    pub codes: usize,
    /// Latents.
    pub latents: usize,
}

impl Flow {
    /// Adds `whitening.*` and, unless the flow is never used, `flow.*`, `planes.*`, `slab.*` and `spike.*`. It begins as the
    /// leading codes as they are.
    ///
    /// # Errors
    /// Those of candle.
    pub fn new(params: &mut Params, sizes: Sizes, options: &FlowOptions, seed: u64) -> disentangle_nn::Result<Self> {
        let Sizes { codes, latents: k } = sizes;
        let noise = options.noise;
        let leading = Matrix::<f64>::from_fn(k, codes, |i, j| f64::from(u8::from(i == j)));
        let whitening = params.insert_buffer("whitening.map", leading.into_data())?;
        let mean = params.insert_buffer("whitening.mean", vec![0.0; codes])?;
        if options.usage == Use::Never || k < 2 {
            return Ok(Self { whitening, undo: Mutex::default(), mean, layers: Vec::new(), head: None, noise });
        }
        let width = options.hidden.unwrap_or((8 * k).max(64));
        let layer = |params: &mut Params, i: usize| {
            let mut stream = Stream::new(seed, &format!("init/flow.{i}.turn"));
            let turn = disentangle_numerics::linalg::orthonormal(&Matrix::from_fn(k, k, |_, _| stream.normal()));
            let turn = params.insert_buffer(&format!("flow.{i}.turn"), turn.into_data())?;
            let kind = (Passing::First, Transform::Affine { bound: BOUND });
            let net = (&[width, width][..], HIDDEN);
            Ok(Turned { turn, coupling: Coupling::new(params, &format!("flow.{i}"), k, kind, net, seed)? })
        };
        let layers = (0..options.layers).map(|i| layer(params, i)).collect::<disentangle_nn::Result<_>>()?;
        let identity = Matrix::<f64>::from_fn(k, k, |i, j| f64::from(u8::from(i == j))).into_data();
        let mut row = |name: &str, shape: &[usize], init: Init| {
            params.insert(name, shape, &init, seed).map(|var| var.as_tensor().clone())
        };
        let head = Head {
            weight: row("planes.weight", &[k, k], Init::Values(identity))?,
            shift: row("planes.shift", &[k], Init::ZEROS)?,
            slab_mean: row("slab.mean", &[k], Init::ZEROS)?,
            slab_log_sd: row("slab.logSd", &[k], Init::ZEROS)?,
            spike_log_sd: row("spike.logSd", &[k], Init::Constant(-1.0))?,
            spike_logit: row("spike.logit", &[k], Init::ZEROS)?,
        };
        Ok(Self { whitening, undo: Mutex::default(), mean, layers, head: Some(head), noise })
    }

    /// Codes (b, d) at mean 0 and unit covariance, (b, k), outside any graph.
    ///
    /// # Errors
    /// Those of candle.
    pub fn white(&self, codes: &Tensor) -> disentangle_nn::Result<Tensor> {
        let d = codes.dim(1)?;
        let map = rows_of(&self.whitening, d, codes)?;
        let centred = codes.broadcast_sub(&rows_of(&self.mean, d, codes)?)?;
        Ok(centred.matmul(&map.t()?)?.detach())
    }

    /// The loss of a batch of white codes (b, k).
    ///
    /// # Errors
    /// Those of candle.
    pub fn terms_with_noise(&self, batch: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        let white = &batch.inputs;
        let noise = normals_like(&mut batch.draws.clone(), white, white.dim(1)?)?;
        self.terms(&(white + (noise * self.noise)?)?)
    }

    /// Codes (b, d) made white and bent, (b, k), outside any graph.
    ///
    /// # Errors
    /// Those of candle.
    pub fn encode(&self, codes: &Tensor) -> disentangle_nn::Result<Tensor> {
        Ok(self.bend(&self.white(codes)?)?.0.detach())
    }

    /// Mean of log |det| of what bends codes (b, d) once they are white.
    ///
    /// # Errors
    /// Those of candle.
    pub fn volume(&self, codes: &Tensor) -> disentangle_nn::Result<f64> {
        let (_, volume) = self.bend(&self.white(codes)?)?;
        host::number(&volume.detach().mean_all()?)
    }

    /// The inverse of [`Flow::encode`]; directions that whitening drops are at their mean.
    ///
    /// # Errors
    /// Those of candle; whitening that is not finite.
    pub fn decode(&self, bent: &Tensor) -> disentangle_nn::Result<Tensor> {
        let k = bent.dim(1)?;
        let white = self.layers.iter().rev().try_fold(bent.clone(), |h, Turned { turn, coupling }| {
            let turn = rows_of(turn, k, &h)?;
            coupling.inverse(&h.matmul(&turn)?)?.0.matmul(&turn.t()?)
        })?;
        let d = self.mean.count();
        let back = self.unwhitening(k)?;
        let codes = white.matmul(&host::placed(back.into_data(), (d, k), &white)?.t()?)?;
        Ok(codes.broadcast_add(&rows_of(&self.mean, d, &white)?)?.detach())
    }

    /// What [`Flow::encode`] computes.
    ///
    /// # Errors
    /// Those of candle.
    pub fn encoder_layers(&self) -> disentangle_nn::Result<Vec<Layer>> {
        let mean = self.mean.get()?;
        let d = mean.len();
        let center = Layer::Scale {
            center: Numbers::row(mean),
            factor: Numbers::row(vec![1.0; d]),
            shift: Numbers::row(vec![0.0; d]),
        };
        let map = Matrix::new(self.whitening.count() / d, d, self.whitening.get()?).map_err(Error::wrap)?;
        let mut layers = vec![center, product(&map.transposed(), None)];
        for Turned { turn, coupling } in &self.layers {
            layers.extend(turned(turn, coupling, Toward::Image)?);
        }
        Ok(layers)
    }

    /// What [`Flow::decode`] computes.
    ///
    /// # Errors
    /// Those of candle; whitening that is not finite.
    pub fn decoder_layers(&self) -> disentangle_nn::Result<Vec<Layer>> {
        let mut layers = Vec::new();
        for Turned { turn, coupling } in self.layers.iter().rev() {
            layers.extend(turned(turn, coupling, Toward::Preimage)?);
        }
        let (mean, k) = (self.mean.get()?, self.whitening.count() / self.mean.count());
        layers.push(product(&self.unwhitening(k)?.transposed(), Some(mean)));
        Ok(layers)
    }

    /// The pseudo-inverse (d x k) of the whitening.
    fn unwhitening(&self, k: usize) -> disentangle_nn::Result<Matrix<f64>> {
        let map = self.whitening.get()?;
        // It is whole at any time: a panic elsewhere spoils nothing.
        let mut undo = self.undo.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, back)) = undo.as_ref()
            && *of == map
        {
            return Ok(back.clone());
        }
        let matrix = Matrix::new(k, map.len() / k, map.clone()).map_err(Error::wrap)?;
        let back = disentangle_numerics::linalg::pseudo_inverse(&matrix).map_err(Error::wrap)?;
        *undo = Some((map, back.clone()));
        Ok(back)
    }

    /// The loss of white codes (b, k) that have their noise.
    pub(super) fn terms(&self, white: &Tensor) -> disentangle_nn::Result<Vec<Term>> {
        let head = self.head.as_ref().ok_or_else(|| Error::Msg("there is no flow to train".into()).bt())?;
        let (bent, volume) = self.bend(white)?;
        let z = bent.matmul(&head.weight.t()?)?.broadcast_add(&head.shift)?;
        let density = (head.log_density(&z, SPIKE * self.noise)? + volume)?.mean_all()? + log_abs_det(&head.weight)?;
        Ok(vec![
            Term { name: "density", value: density?.neg()? },
            Term { name: "correlation", value: (correlation(&z)? * (REPULSION - 1.0))? },
        ])
    }

    /// White codes (b, k) bent by the flow, (b, k), and log |det| of each row, (b).
    fn bend(&self, white: &Tensor) -> disentangle_nn::Result<(Tensor, Tensor)> {
        let (b, k) = white.dims2()?;
        let start = (white.clone(), Tensor::zeros(b, white.dtype(), white.device())?);
        self.layers.iter().try_fold(start, |(h, volume), Turned { turn, coupling }| {
            let turn = rows_of(turn, k, &h)?;
            let (bent, log_det) = coupling.forward(&h.matmul(&turn)?)?;
            Ok((bent.matmul(&turn.t()?)?, (volume + log_det)?))
        })
    }
}

/// `x weight + bias`.
fn product(weight: &Matrix<f64>, bias: Option<Vec<f64>>) -> Layer {
    let weight = Numbers::Single(weight.map(|value| value as f32));
    Layer::Dense { weight, bias: bias.map(Numbers::row), activation: Activation::Identity }
}

/// A coupling in its rotation, which is undone after it.
fn turned(turn: &Buffer, coupling: &Coupling, toward: Toward) -> disentangle_nn::Result<[Layer; 3]> {
    let values = turn.get()?;
    let k = (values.len() as f64).sqrt() as usize;
    let turn = Matrix::new(k, k, values).map_err(Error::wrap)?;
    let inner = coupling.layer(toward).ok_or_else(|| Error::Msg("a coupling of splines in a flow".into()).bt())?;
    Ok([product(&turn, None), inner, product(&turn.transposed(), None)])
}

/// A buffer as rows of `cols`, of the type and on the device of `like`.
fn rows_of(buffer: &Buffer, cols: usize, like: &Tensor) -> disentangle_nn::Result<Tensor> {
    buffer.tensor(like)?.reshape((buffer.count() / cols, cols))
}

impl Head {
    /// Sum over latents of the log density of each row of `z` (b, k): (b). No spike is narrower than `least`.
    fn log_density(&self, z: &Tensor, least: f64) -> disentangle_nn::Result<Tensor> {
        let softplus = |x: &Tensor| Activation::Softplus.expression(x);
        let least = Tensor::full(least.ln(), self.spike_log_sd.shape(), z.device())?;
        let spike_log_sd = self.spike_log_sd.maximum(&least.to_dtype(z.dtype())?)?;
        let part = |distance: &Tensor, log_sd: &Tensor, log_weight: &Tensor| {
            let squares = distance.broadcast_mul(&log_sd.neg()?.exp()?)?.sqr()?;
            (squares * -0.5)?.broadcast_add(&(log_weight - log_sd)?)
        };
        let slab = part(&z.broadcast_sub(&self.slab_mean)?, &self.slab_log_sd, &softplus(&self.spike_logit)?.neg()?)?;
        let spike = part(z, &spike_log_sd, &softplus(&self.spike_logit.neg()?)?.neg()?)?;
        // log (e^slab + e^spike)
        (&slab + softplus(&(spike - &slab)?)?)?.sum(1)? - 0.5 * std::f64::consts::TAU.ln() * z.dim(1)? as f64
    }
}

/// What the log-determinant gains by decorrelating the columns of `z` (b, k): a scalar, at least 0.
fn correlation(z: &Tensor) -> disentangle_nn::Result<Tensor> {
    let covariance = batch_covariance(z, RIDGE)?;
    let variances = (&covariance * Tensor::eye(z.dim(1)?, z.dtype(), z.device())?)?.sum(1)?;
    (variances.log()?.sum_all()? - log_abs_det(&covariance)?)? * 0.5
}

/// Writes values over those of parameters and buffers, by name.
///
/// # Errors
/// Those of candle.
pub fn place(params: &Params, values: &[(&str, &[f64])]) -> disentangle_data::Result<()> {
    rewrite(params, |parameter| {
        if let Some((_, new)) = values.iter().find(|(name, _)| parameter.name == *name) {
            parameter.values = new.iter().map(|&v| v as f32).collect();
        }
    })
}

fn rewrite(params: &Params, change: impl FnMut(&mut NamedValues)) -> disentangle_data::Result<()> {
    let mut all = params.export().map_err(internal)?;
    all.iter_mut().for_each(change);
    params.import(&all).map_err(internal)
}

/// A flow that leaves white codes as they are.
///
/// # Errors
/// Those of candle.
pub fn straighten(params: &Params) -> disentangle_data::Result<()> {
    // Turns are undone after every coupling; couplings of zeros pass everything on.
    rewrite(params, |parameter| {
        if parameter.name.starts_with("flow.") && !parameter.name.ends_with(".turn") {
            parameter.values.fill(0.0);
        }
    })
}

/// The flow before its first step: rows `w` (k x k) of unit latents with these parts, and no bending.
///
/// # Errors
/// Those of candle.
pub fn begin(params: &Params, w: &Matrix<f64>, parts: &[Mixture]) -> disentangle_data::Result<()> {
    let each = |value: fn(&Mixture) -> f64| parts.iter().map(value).collect::<Vec<f64>>();
    place(
        params,
        &[
            ("planes.weight", w.data()),
            ("planes.shift", &each(|m| -m.spike.mean)),
            ("slab.mean", &each(|m| m.slab.mean - m.spike.mean)),
            ("slab.logSd", &each(|m| m.slab.sd.ln())),
            ("spike.logSd", &each(|m| m.spike.sd.ln())),
            ("spike.logit", &each(|m| (m.spike.weight / (1.0 - m.spike.weight)).ln())),
        ],
    )
}
