//! The network of the published algorithm. A code of it are all latents, modality after modality, and after them all private variables.

use super::super::config::MultimodalConfig;
use super::super::solved::{Size, modalities};
use super::{hidden, sizes};
use disentangle_data::{Matrix, Stream};
use disentangle_engine::method::{Batch, Dimensions, Network, Term};
use disentangle_nn::{
    Activation, DType, Error, Init, Layer, Mlp, Numbers, Params, Result, Tensor, host, mean_squared_error,
};

/// Weights of the terms: reconstruction, independence, sparsity.
const WEIGHTS: [f64; 3] = [2.0, 1e-2, 1e-3];
/// Entries of the adjacency at first, and the standard deviation around it.
const FIRST: (f64, f64) = (0.5, 1e-5);
/// Couplings of the flow, and units of each of their two hidden layers.
const COUPLINGS: usize = 5;
const COUPLING_UNITS: usize = 16;
/// Units of an estimator of noise.
const NOISE_UNITS: usize = 4;
/// What is added before the sigmoid of a scale.
const SHIFTED: f64 = 2.0;
const LEAKY: Activation = Activation::LeakyRelu(0.01);
const ADJACENCY: &str = "adjacency";

/// Encoders and decoders, estimators of noise, couplings, and the adjacency: row = effect, column = cause.
pub(in super::super) struct PublishedNetwork {
    sizes: Vec<Size>,
    encoders: Vec<Mlp>,
    decoders: Vec<Mlp>,
    noises: Vec<Mlp>,
    couplings: Vec<Mlp>,
    params: Params,
    /// Whether all encoders have the same activations, so that they can be written down side by side.
    alike: bool,
    threshold: f64,
    /// The adjacency as it began, in the single precision of parameters.
    first: Vec<f64>,
}

/// Values of the adjacency at first, row-major: a strictly lower triangle.
fn initial(latents: usize, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, "multimodal/adjacency");
    let mut entry = |i: usize, j: usize| if j < i { FIRST.0 + FIRST.1 * stream.normal() } else { 0.0 };
    (0..latents * latents).map(|at| entry(at / latents, at % latents)).collect()
}

impl PublishedNetwork {
    pub(in super::super) fn new(
        config: &MultimodalConfig,
        dimensions: &Dimensions,
        params: &mut Params,
        seed: u64,
    ) -> Result<Self> {
        let views = &dimensions.views;
        let sizes = sizes(config, views).ok_or_else(|| Error::Msg("a modality has no size".into()).bt())?;
        let latents: usize = sizes.iter().map(|size| size.latents).sum();
        if latents < 2 {
            return Err(Error::Msg(format!("a flow needs two latents, there are {latents}")).bt());
        }
        let (mut encoders, mut decoders) = (Vec::new(), Vec::new());
        for (m, (view, size)) in views.iter().zip(&sizes).enumerate() {
            let (columns, hidden) = (view.end - view.start, hidden(&config.published, view));
            let activation = if view.image.is_some() { Activation::Elu } else { LEAKY };
            let there = [&[columns], hidden.as_slice(), &[size.width]].concat();
            let back: Vec<usize> = there.iter().rev().copied().collect();
            let name = format!("encoder.{m}");
            encoders.push(Mlp::glorot(params, &name, &there, activation, Activation::Identity, seed)?);
            decoders.push(Mlp::glorot(params, &format!("decoder.{m}"), &back, LEAKY, Activation::Identity, seed)?);
        }
        let noise = |params: &mut Params, i: usize| {
            let name = format!("noise.{i}");
            Mlp::new(params, &name, &[2, NOISE_UNITS, 1], Activation::Relu, Activation::Identity, seed)
        };
        let noises = (0..latents).map(|i| noise(params, i)).collect::<Result<_>>()?;
        let pass = latents / 2;
        let sizes_of_coupling = [pass, COUPLING_UNITS, COUPLING_UNITS, 2 * (latents - pass)];
        let coupling = |params: &mut Params, i: usize| {
            let name = format!("coupling.{i}");
            Mlp::glorot(params, &name, &sizes_of_coupling, Activation::Relu, Activation::Identity, seed)
        };
        let couplings = (0..COUPLINGS).map(|i| coupling(params, i)).collect::<Result<_>>()?;
        let first = initial(latents, seed);
        params.insert(ADJACENCY, &[latents, latents], &Init::Values(first.clone()), seed)?;
        let images = views.iter().filter(|view| view.image.is_some()).count();
        let alike = images == 0 || images == views.len();
        let (params, threshold) = (params.clone(), config.published.threshold);
        let first = first.into_iter().map(|v| f64::from(v as f32)).collect();
        Ok(Self { sizes, encoders, decoders, noises, couplings, params, alike, threshold, first })
    }

    fn latents(&self) -> usize {
        self.noises.len()
    }

    /// The adjacency as it stands.
    pub(in super::super) fn adjacency(&self) -> Result<Matrix<f64>> {
        let values = host::doubles(self.params.get(ADJACENCY)?)?;
        Ok(Matrix::from_fn(self.latents(), self.latents(), |i, j| values[i * self.latents() + j]))
    }

    /// The largest change of one of its entries since it began.
    pub(in super::super) fn moved(&self) -> Result<f64> {
        let now = self.adjacency()?;
        Ok(now.data().iter().zip(&self.first).map(|(now, first)| (now - first).abs()).fold(0.0, f64::max))
    }

    /// Where latents and private variables of each modality stand in a code.
    fn places(&self) -> Vec<Vec<usize>> {
        let (mut first, mut own) = (0, self.latents());
        let of = |size: &Size| {
            let private = size.width - size.latents;
            let places = (first..first + size.latents).chain(own..own + private).collect();
            (first, own) = (first + size.latents, own + private);
            places
        };
        self.sizes.iter().map(of).collect()
    }

    /// Codes of each modality side by side, as latents and after them private variables.
    fn sorted(&self, codes: &[Tensor]) -> Result<(Tensor, Option<Tensor>)> {
        let part = |(size, code): (&Size, &Tensor)| code.narrow(1, 0, size.latents);
        let latents = self.sizes.iter().zip(codes).map(part).collect::<Result<Vec<_>>>()?;
        let with_own = self.sizes.iter().zip(codes).filter(|(size, _)| size.width > size.latents);
        let own = |(size, code): (&Size, &Tensor)| code.narrow(1, size.latents, size.width - size.latents);
        let own = with_own.map(own).collect::<Result<Vec<_>>>()?;
        let own = if own.is_empty() { None } else { Some(Tensor::cat(&own, 1)?) };
        Ok((Tensor::cat(&latents, 1)?.contiguous()?, own))
    }

    fn columns(&self, inputs: &Tensor) -> Result<Vec<Tensor>> {
        self.sizes.iter().map(|size| inputs.narrow(1, size.start, size.end - size.start)?.contiguous()).collect()
    }

    /// Estimated noises of latents z (n, d): of each from it and the unweighted mean of its parents.
    fn noise(&self, z: &Tensor) -> Result<Tensor> {
        // Of effects (rows) from those before them, where the adjacency says so; without any, the mean is zero.
        let parents = self.kept(|effect, cause| cause < effect)?;
        let counts = parents.sum_keepdim(1)?.maximum(1.0)?;
        let means = z.matmul(&parents.broadcast_div(&counts)?.to_dtype(z.dtype())?.t()?.contiguous()?)?;
        let of = |(i, net): (usize, &Mlp)| {
            let pair = Tensor::cat(&[z.narrow(1, i, 1)?, means.narrow(1, i, 1)?], 1)?;
            net.forward(&pair)
        };
        Tensor::cat(&self.noises.iter().enumerate().map(of).collect::<Result<Vec<_>>>()?, 1)
    }

    /// 1 where an entry of the adjacency (effect, cause) that `among` names is above the threshold, 0 elsewhere: (d, d), in double precision,
    /// outside any graph and on the device, so that no step waits for it.
    fn kept(&self, among: impl Fn(usize, usize) -> bool) -> Result<Tensor> {
        let adjacency = self.params.get(ADJACENCY)?.as_tensor().detach().to_dtype(DType::F64)?;
        let above = adjacency.gt(self.threshold)?.to_dtype(DType::F64)?;
        &above * indicator(self.latents(), among, &above)?
    }

    /// What the flow makes of noises, and log |det| of each row. The first half passes all couplings as it is.
    fn flow(&self, noises: &Tensor) -> Result<(Tensor, Tensor)> {
        let d = self.latents();
        let (pass, moved) = (d / 2, d - d / 2);
        let (stays, mut moves) = (noises.narrow(1, 0, pass)?.contiguous()?, noises.narrow(1, pass, moved)?);
        let mut log_det = moves.zeros_like()?.sum(1)?;
        for net in &self.couplings {
            let said = net.forward(&stays)?;
            // 1 + exp(-u) = 1 / sigmoid(u)
            let over = ((said.narrow(1, 0, moved)? + SHIFTED)?.neg()?.exp()? + 1.0)?;
            moves = ((moves / &over)? + said.narrow(1, moved, moved)?)?;
            log_det = (log_det - over.log()?.sum(1)?)?;
        }
        Ok((Tensor::cat(&[stays, moves], 1)?, log_det))
    }

    /// The terms of the loss, each with its weight.
    pub(super) fn terms(&self, inputs: &Tensor) -> Result<Vec<Term>> {
        let columns = self.columns(inputs)?;
        let codes = each(&self.encoders, &columns, Mlp::forward)?;
        let made = each(&self.decoders, &codes, Mlp::forward)?;
        let mut errors = made.iter().zip(&columns).map(|(made, given)| mean_squared_error(made, given));
        let first = errors.next().ok_or_else(|| Error::Msg("no modality".into()).bt())??;
        let error = errors.try_fold(first, |sum, error| sum + error?)?;

        let (z, own) = self.sorted(&codes)?;
        let (n, d) = z.dims2()?;
        let (noises, log_det) = self.flow(&self.noise(&z)?)?;
        let mut squares = noises.sqr()?.sum(1)?;
        let mut numbers = d;
        if let Some(own) = own {
            squares = (squares + own.sqr()?.sum(1)?)?;
            numbers += own.dim(1)?;
        }
        let constant = 0.5 * numbers as f64 * std::f64::consts::TAU.ln();
        let against = (((squares * 0.5)? - log_det)?.sum_all()? / n as f64)?;
        let against = (against + constant)?;

        Ok(vec![
            Term { name: "reconstruction", value: (error * WEIGHTS[0])? },
            Term { name: "independence", value: (against * WEIGHTS[1])? },
            Term { name: "sparsity", value: (self.sparsity(&z)? * WEIGHTS[2])? },
        ])
    }

    /// Sum of |A| over pairs of modalities, and where fewer entries than the first modality has latents are left for each other modality,
    /// the square of what is lacking, which has no gradient.
    fn sparsity(&self, like: &Tensor) -> Result<Tensor> {
        let (d, of) = (self.latents(), modalities(&self.sizes));
        let between = |i: usize, j: usize| j < i && of[i] != of[j];
        let mask = indicator(d, between, like)?;
        let sum = (self.params.get(ADJACENCY)?.as_tensor() * mask)?.abs()?.sum_all()?;
        let kept = self.kept(between)?.sum_all()?;
        let first = self.sizes[0].latents;
        let wanted = (first * (self.sizes.len() - 1)) as f64;
        let lacking = kept.lt(first as f64)?.where_cond(&(&kept - wanted)?.sqr()?, &kept.zeros_like()?)?;
        sum + lacking.to_dtype(like.dtype())?
    }

    /// The map that takes codes of all modalities side by side to the order of [`Self::encode`], or back.
    fn permutation(&self, back: bool) -> Layer {
        let places: Vec<usize> = self.places().concat();
        let n = places.len();
        let entry = |i: usize, j: usize| {
            let (side, place) = if back { (j, i) } else { (i, j) };
            f32::from(u8::from(places[side] == place))
        };
        let weight = Numbers::Single(Matrix::from_fn(n, n, entry));
        Layer::Dense { weight, bias: None, activation: Activation::Identity }
    }
}

/// What each network makes of its inputs.
fn each(nets: &[Mlp], inputs: &[Tensor], run: impl Fn(&Mlp, &Tensor) -> Result<Tensor>) -> Result<Vec<Tensor>> {
    nets.iter().zip(inputs).map(|(net, inputs)| run(net, inputs)).collect()
}

/// 1 where `among` holds of row and column, 0 elsewhere: (d, d), like `like`.
fn indicator(d: usize, among: impl Fn(usize, usize) -> bool, like: &Tensor) -> Result<Tensor> {
    let values = (0..d * d).map(|at| f64::from(u8::from(among(at / d, at % d)))).collect();
    host::placed(values, (d, d), like)
}

impl Network for PublishedNetwork {
    fn loss(&self, batch: &Batch) -> Result<Vec<Term>> {
        self.terms(&batch.inputs)
    }

    fn encode(&self, inputs: &Tensor) -> Result<Tensor> {
        let codes = each(&self.encoders, &self.columns(inputs)?, Mlp::apply)?;
        match self.sorted(&codes)? {
            (z, Some(own)) => Tensor::cat(&[z, own], 1),
            (z, None) => Ok(z),
        }
    }

    fn decode(&self, codes: &Tensor) -> Result<Option<Tensor>> {
        let of = |places: &Vec<usize>| {
            let columns = places.iter().map(|&at| codes.narrow(1, at, 1)).collect::<Result<Vec<_>>>()?;
            Tensor::cat(&columns, 1)
        };
        let codes = self.places().iter().map(of).collect::<Result<Vec<_>>>()?;
        Tensor::cat(&each(&self.decoders, &codes, Mlp::apply)?, 1).map(Some)
    }

    fn encoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        if !self.alike {
            return Ok(None);
        }
        let mut layers = Mlp::side_by_side(&self.encoders)?;
        layers.push(self.permutation(false));
        Ok(Some(layers))
    }

    fn decoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        if !self.alike {
            return Ok(None);
        }
        let mut layers = vec![self.permutation(true)];
        layers.extend(Mlp::side_by_side(&self.decoders)?);
        Ok(Some(layers))
    }
}
