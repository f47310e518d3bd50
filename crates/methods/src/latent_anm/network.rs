//! The flow from several starts, the axes and the mechanisms over named parameters.

use super::autoencoder::{self, Autoencoder};
use super::config::{FINALISTS, LatentAnmConfig};
use super::{FLOW, JOINT, JOINT_AGAIN, MECHANISMS, MECHANISMS_AGAIN, STARTS};
use disentangle_data::{Matrix, Stream};
use disentangle_engine::method::{Batch, Dimensions, Network, Phase, Term};
use disentangle_nn::{
    Activation, Buffer, Error, Init, Layer, Numbers, Params, Result, Tensor, host, with_known_gradient,
};
use disentangle_numerics::compute::Compute;
use disentangle_numerics::linalg::{inverse, orthonormal};
use disentangle_numerics::real::Real;
use disentangle_numerics::shift::{
    Asked, Density, Evaluated, Flow, FlowShape, GroupedRows, Head, Kind, MechanismShape, Mechanisms, evaluate, invert,
    transform,
};
use std::collections::BTreeMap;

/// Softness of the bends, at first and in the end: sharp bends have no gradient to begin with.
const SOFTNESS: (f64, f64) = (0.5, 0.05);
/// Share of the steps after which the bends are as sharp as in the end.
const SOFTENED: f64 = 0.7;
/// Parameters of mechanisms: coefficients of pairs; quadratic coefficients, or gains of the networks; and their layers.
pub(super) const NAMES: [&str; 7] = [
    "mechanisms.scales",
    "mechanisms.second",
    "mechanisms.first.weight",
    "mechanisms.first.bias",
    "mechanisms.hidden.weight",
    "mechanisms.hidden.bias",
    "mechanisms.out",
];
/// Names of the flow's parameters.
pub(super) const FLOW_NAMES: [&str; 3] = ["flow.weights", "flow.shifts", "flow.slopes"];
/// Name of the axes.
pub(super) const AXES: &str = "axes";
/// Name of the linear reduction, where there are fewer latents than inputs.
pub(super) const REDUCTION: &str = "reduction";

/// Sizes of everything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub flow: FlowShape,
    pub mechanisms: MechanismShape,
    pub starts: usize,
    /// Whether the inputs themselves are the latents: the flow only standardises them.
    pub observed: bool,
}

impl Sizes {
    pub(super) fn of(config: &LatentAnmConfig, inputs: usize, environments: usize) -> Self {
        let latents = config.latents(inputs);
        Self {
            flow: FlowShape { size: latents, bends: if config.observed() { 0 } else { config.layers } },
            mechanisms: MechanismShape { kind: config.mechanisms, latents, environments, hidden: config.units },
            starts: if config.observed() { 1 } else { config.starts },
            observed: config.observed(),
        }
    }
}

/// Initial weights, shifts and slopes of all starts.
pub(super) fn initial_flow(sizes: Sizes, seed: u64) -> [Vec<f64>; 3] {
    let (d, maps) = (sizes.flow.size, sizes.flow.bends + 1);
    let turns = Stream::new(seed, "init/flow.weights");
    let weights = (0..sizes.starts * maps).flat_map(|l| {
        if sizes.observed {
            return identity(d);
        }
        let mut stream = turns.at(l as u32);
        orthonormal(&Matrix::from_fn(d, d, |_, _| stream.normal())).into_data()
    });
    let mut slopes = Stream::new(seed, "init/flow.slopes");
    [
        weights.collect(),
        vec![0.0; sizes.starts * sizes.flow.shifts()],
        (0..sizes.starts * sizes.flow.slopes()).map(|_| 0.5 * slopes.normal()).collect(),
    ]
}

pub(super) fn identity(size: usize) -> Vec<f64> {
    Matrix::from_fn(size, size, |i, j| f64::from(u8::from(i == j))).into_data()
}

/// What the flow is given.
enum Reduction {
    /// The inputs.
    None,
    /// Their leading principal axes.
    Axes(Buffer),
    /// The code of an autoencoder.
    Code(Box<Autoencoder>),
}

pub(super) struct AnmNetwork {
    sizes: Sizes,
    params: Params,
    reduction: Reduction,
    sparsity: f64,
}

impl AnmNetwork {
    pub(super) fn new(config: &LatentAnmConfig, d: &Dimensions, params: &mut Params, seed: u64) -> Result<Self> {
        let sizes = Sizes::of(config, d.inputs, d.environments);
        let (k, starts, FlowShape { bends, .. }) = (sizes.flow.size, sizes.starts, sizes.flow);
        let [weights, shifts, slopes] = initial_flow(sizes, seed);
        params.insert(FLOW_NAMES[0], &[starts, bends + 1, k, k], &Init::Values(weights), seed)?;
        params.insert(FLOW_NAMES[1], &[starts, bends + 1, k], &Init::Values(shifts), seed)?;
        params.insert(FLOW_NAMES[2], &[starts, bends, k], &Init::Values(slopes), seed)?;
        params.insert(AXES, &[k, k], &Init::Values(identity(k)), seed)?;
        let MechanismShape { environments: u, hidden: h, kind, .. } = sizes.mechanisms;
        let (pairs, counts) = (sizes.mechanisms.pairs(), sizes.mechanisms.sizes());
        let second = if kind == Kind::Mlp { k } else { pairs };
        let shapes: [&[usize]; 7] = [&[u, pairs], &[u, second], &[k, k, h], &[k, h], &[k, h, h], &[k, h], &[k, h]];
        for (p, shape) in shapes.into_iter().enumerate().filter(|&(p, _)| counts[p] > 0) {
            let mut stream = Stream::new(seed, &format!("init/{}", NAMES[p]));
            let (mean, sd) = match (kind, p) {
                (Kind::Mlp, 0 | 1) => (1.0, 0.0),
                (_, 0 | 1) => (0.0, 0.01),
                (_, 2) => (0.0, (2.0 / (k + h) as f64).sqrt()),
                (_, 3) => (0.0, 0.1),
                (_, 4) => (0.0, (1.0 / h as f64).sqrt()),
                (_, 5) => (0.0, 0.0),
                _ => (0.0, 0.1 * (2.0 / (h + 1) as f64).sqrt()),
            };
            let values = (0..counts[p]).map(|_| mean + sd * stream.normal()).collect();
            params.insert(NAMES[p], shape, &Init::Values(values), seed)?;
        }
        let reduction = match (config.coded(&d.views), k < d.inputs) {
            (true, _) => Reduction::Code(Box::new(Autoencoder::new(params, d, k, &config.autoencoder, seed)?)),
            (false, false) => Reduction::None,
            (false, true) => {
                let leading = Matrix::from_fn(k, d.inputs, |i, j| f64::from(u8::from(i == j)));
                Reduction::Axes(params.insert_buffer(REDUCTION, leading.into_data())?)
            }
        };
        // A copy of the store shares its numbers.
        Ok(Self { sizes, params: params.clone(), reduction, sparsity: config.sparsity })
    }

    pub(super) fn sizes(&self) -> Sizes {
        self.sizes
    }

    fn values(&self, name: &str) -> Result<Vec<f32>> {
        host::singles(self.params.get(name)?)
    }

    /// What the flow is given of inputs (b, d), outside any graph.
    pub(super) fn reduced(&self, inputs: &Tensor) -> Result<Tensor> {
        match &self.reduction {
            Reduction::None => Ok(inputs.clone()),
            Reduction::Axes(map) => {
                let map = map.tensor(inputs)?.reshape((self.sizes.flow.size, inputs.dim(1)?))?;
                inputs.matmul(&map.t()?)
            }
            Reduction::Code(autoencoder) => autoencoder.code(inputs),
        }
    }

    fn terms(&self, batch: &Batch) -> Result<Vec<Term>> {
        let k = self.sizes.flow.size;
        if let (autoencoder::STAGE, Reduction::Code(autoencoder)) = (batch.stage, &self.reduction) {
            return autoencoder.terms(batch);
        }
        let Some(part) = Part::of(batch.stage, self.sizes) else {
            return Err(Error::Msg(format!("{:?} is not trained", batch.stage)).bt());
        };
        let free = matches!(part, Part::Starts(_));
        let inputs = host::singles(&batch.inputs)?;
        let groups = groups(&batch.nodes, batch.phase, if free { k + 2 } else { 3 });
        if groups.is_empty() {
            // Too few validation rows of any environment: nothing can be said of them.
            return Ok(vec![Term { name: "nll", value: self.scalar(0.0)? }]);
        }
        let rows = GroupedRows { values: &inputs, groups: &groups };
        let asked = if batch.phase == Phase::Train { Asked::Gradient } else { Asked::Value };

        let flow = FLOW_NAMES.iter().map(|name| self.values(name)).collect::<Result<Vec<_>>>()?;
        let softness = (if free { softness(batch.progress) } else { SOFTNESS.1 }) as f32;
        let flow_of = |slot: usize| flow_view(self.sizes.flow, &flow, slot, softness);
        if let Part::Starts(count) = part {
            let of = |start| Density { latents: k, flow: Some(flow_of(start)), axes: None, head: Head::Full };
            let densities: Vec<Density<'_, f32>> = (0..count).map(of).collect();
            return self.of_starts(&evaluate(&densities, rows, asked, Compute::current()), asked);
        }
        let (axes, tables) = (self.values(AXES)?, self.mechanism_values()?);
        let density = Density {
            latents: k,
            flow: (part == Part::All).then(|| flow_of(0)),
            axes: Some(&axes),
            head: Head::Mechanisms(mechanisms_view(self.sizes.mechanisms, &tables)),
        };
        let found = evaluate(&[density], rows, asked, Compute::current()).remove(0);
        if asked == Asked::Value {
            return Ok(vec![Term { name: "nll", value: self.scalar(found.value)? }]);
        }
        let mut gradient: Vec<(&str, Vec<f64>)> =
            NAMES.into_iter().zip(found.mechanisms).filter(|(_, g)| !g.is_empty()).collect();
        if part == Part::All {
            gradient.push((AXES, found.axes));
            // The likeliest start was put first.
            let first = |g: Vec<f64>| {
                let others = vec![0.0; (self.sizes.starts - 1) * g.len()];
                [g, others].concat()
            };
            gradient.extend(FLOW_NAMES.into_iter().zip(found.flow.map(first)));
        }
        let mut terms = vec![Term { name: "nll", value: with_known_gradient(&self.params, found.value, gradient)? }];
        terms.extend(self.penalty(&tables)?);
        Ok(terms)
    }

    /// The mean of the starts that have not left the finite numbers; the others go on without them.
    fn of_starts(&self, found: &[Evaluated], asked: Asked) -> Result<Vec<Term>> {
        let alive: Vec<usize> = (0..found.len()).filter(|&i| found[i].value.is_finite()).collect();
        let share = 1.0 / alive.len() as f64;
        let value = alive.iter().map(|&i| found[i].value).sum::<f64>() * share;
        if asked == Asked::Value {
            return Ok(vec![Term { name: "nll", value: self.scalar(value)? }]);
        }
        let gradient = (0..FLOW_NAMES.len()).map(|part| {
            let size = found.first().map_or(0, |found| found.flow[part].len());
            let mut whole = vec![0.0; self.sizes.starts * size];
            for &i in &alive {
                let to = &mut whole[i * size..(i + 1) * size];
                to.iter_mut().zip(&found[i].flow[part]).for_each(|(to, g)| *to = share * g);
            }
            (FLOW_NAMES[part], whole)
        });
        let value = with_known_gradient(&self.params, value, gradient.collect())?;
        Ok(vec![Term { name: "nll", value }])
    }

    /// The mean over environments of the L1 norm of their coefficients.
    fn penalty(&self, tables: &[Vec<f32>]) -> Result<Option<Term>> {
        let shape = self.sizes.mechanisms;
        if shape.kind == Kind::None || shape.pairs() == 0 || self.sparsity == 0.0 {
            return Ok(None);
        }
        let weight = self.sparsity / shape.environments as f64;
        let penalized = if shape.kind == Kind::Polynomial { 2 } else { 1 };
        let (mut sum, mut gradient) = (0.0, Vec::new());
        for (name, table) in NAMES.iter().zip(tables).take(penalized) {
            sum += weight * table.iter().map(|v| f64::from(v.abs())).sum::<f64>();
            let slope = |v: &f32| if *v == 0.0 { 0.0 } else { weight * f64::from(v.signum()) };
            gradient.push((*name, table.iter().map(slope).collect::<Vec<f64>>()));
        }
        Ok(Some(Term { name: "sparsity", value: with_known_gradient(&self.params, sum, gradient)? }))
    }

    fn mechanism_values(&self) -> Result<Vec<Vec<f32>>> {
        let sizes = self.sizes.mechanisms.sizes();
        let of = |(p, size): (usize, usize)| match size {
            0 => Ok(Vec::new()),
            _ => self.values(NAMES[p]),
        };
        sizes.into_iter().enumerate().map(of).collect()
    }

    fn scalar(&self, value: f64) -> Result<Tensor> {
        Tensor::from_vec(vec![value as f32], (), self.params.device())
    }

    fn code(&self, inputs: &Tensor, axes: &[f32]) -> Result<Tensor> {
        let reduced = self.reduced(inputs)?;
        let flow = FLOW_NAMES.iter().map(|name| self.values(name)).collect::<Result<Vec<_>>>()?;
        let view = flow_view(self.sizes.flow, &flow, 0, SOFTNESS.1 as f32);
        let values = transform(&view, axes, &host::singles(&reduced)?);
        Tensor::from_vec(values, reduced.shape(), inputs.device())
    }
}

impl Network for AnmNetwork {
    fn loss(&self, batch: &Batch) -> Result<Vec<Term>> {
        self.terms(batch)
    }

    fn view(&self, stage: &str, inputs: &Tensor) -> Result<Option<Tensor>> {
        if Part::of(stage, self.sizes) == Some(Part::Mechanisms) {
            let identity: Vec<f32> = identity(self.sizes.flow.size).into_iter().map(|v| v as f32).collect();
            return self.code(inputs, &identity).map(Some);
        }
        match self.reduction {
            _ if stage == autoencoder::STAGE => Ok(None),
            Reduction::None => Ok(None),
            _ => self.reduced(inputs).map(Some),
        }
    }

    fn encode(&self, inputs: &Tensor) -> Result<Tensor> {
        self.code(inputs, &self.values(AXES)?)
    }

    fn decode(&self, codes: &Tensor) -> Result<Option<Tensor>> {
        let flat = |tensor: &Tensor| host::doubles(tensor);
        let flow = FLOW_NAMES.iter().map(|name| flat(self.params.get(name)?)).collect::<Result<Vec<_>>>()?;
        let view = flow_view(self.sizes.flow, &flow, 0, SOFTNESS.1);
        let k = self.sizes.flow.size;
        let reduced = invert(&view, &flat(self.params.get(AXES)?)?, &flat(codes)?).map_err(Error::wrap)?;
        let rows = codes.dim(0)?;
        let inputs = match &self.reduction {
            Reduction::None => reduced,
            Reduction::Axes(map) => widened(&reduced, &map.get()?, k),
            Reduction::Code(autoencoder) => {
                let code = Tensor::from_vec(reduced, (rows, k), codes.device())?.to_dtype(codes.dtype())?;
                return autoencoder.decode(&code).map(Some);
            }
        };
        let columns = inputs.len().checked_div(rows).unwrap_or(k);
        Tensor::from_vec(inputs, (rows, columns), codes.device())?.to_dtype(codes.dtype()).map(Some)
    }

    fn encoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        let k = self.sizes.flow.size;
        let single = |m: &Matrix<f64>| Numbers::Single(m.map(|v| v as f32));
        let mut layers = match &self.reduction {
            Reduction::Code(autoencoder) => autoencoder.encoder_layers(),
            _ => Vec::new(),
        };
        if let Reduction::Axes(map) = &self.reduction {
            let map = map.get()?;
            let weight = Matrix::from_fn(map.len() / k, k, |i, j| map[j * (map.len() / k) + i]);
            layers.push(affine(single(&weight), None));
        }
        for (l, Step { weight, shift, slope }) in self.steps()?.into_iter().enumerate() {
            if l > 0 {
                let slope = Numbers::row(slope);
                layers.push(Layer::Bend { slope, softness: SOFTNESS.1, inverse: false });
            }
            layers.push(affine(single(&weight), Some(Numbers::row(shift))));
        }
        layers.push(affine(single(&self.axes()?), None));
        Ok(Some(layers))
    }

    fn decoder_layers(&self) -> Result<Option<Vec<Layer>>> {
        let k = self.sizes.flow.size;
        let back = |m: &Matrix<f64>| inverse(m).map_err(Error::wrap);
        let mut layers = vec![affine(Numbers::Double(back(&self.axes()?)?), None)];
        for (l, Step { weight, shift, slope }) in self.steps()?.into_iter().enumerate().rev() {
            let weight = back(&weight)?;
            let at_zero = Matrix::from_fn(1, k, |_, j| -(0..k).map(|i| shift[i] * weight[(i, j)]).sum::<f64>());
            layers.push(affine(Numbers::Double(weight), Some(Numbers::Double(at_zero))));
            if l > 0 {
                let slope = Numbers::Double(Matrix::from_fn(1, k, |_, j| slope[j]));
                layers.push(Layer::Bend { slope, softness: SOFTNESS.1, inverse: true });
            }
        }
        match &self.reduction {
            Reduction::None => {}
            Reduction::Axes(map) => {
                let unit = Matrix::from_fn(k, k, |i, j| f64::from(u8::from(i == j)));
                let map = map.get()?;
                let wide = Matrix::new(k, map.len() / k, widened(unit.data(), &map, k)).map_err(Error::wrap)?;
                layers.push(affine(Numbers::Double(wide), None));
            }
            Reduction::Code(autoencoder) => layers.extend(autoencoder.decoder_layers()),
        }
        Ok(Some(layers))
    }

    fn held_per_row(&self) -> usize {
        match &self.reduction {
            Reduction::Code(autoencoder) => autoencoder.held_per_row(),
            _ => 0,
        }
    }
}

/// An affine map of the first start's flow, and the slopes of the bend before it.
struct Step {
    weight: Matrix<f64>,
    shift: Vec<f64>,
    slope: Vec<f64>,
}

impl AnmNetwork {
    fn steps(&self) -> Result<Vec<Step>> {
        let wide = |name: &str| Ok::<_, Error>(self.values(name)?.into_iter().map(f64::from).collect::<Vec<f64>>());
        let (weights, shifts, slopes) = (wide(FLOW_NAMES[0])?, wide(FLOW_NAMES[1])?, wide(FLOW_NAMES[2])?);
        let FlowShape { size: k, bends } = self.sizes.flow;
        let step = |l: usize| Step {
            weight: Matrix::from_fn(k, k, |i, j| weights[(l * k + i) * k + j]),
            shift: shifts[l * k..(l + 1) * k].to_vec(),
            slope: if l == 0 { Vec::new() } else { slopes[(l - 1) * k..l * k].iter().map(|a| a.exp()).collect() },
        };
        Ok((0..=bends).map(step).collect())
    }

    fn axes(&self) -> Result<Matrix<f64>> {
        let (k, axes) = (self.sizes.flow.size, self.values(AXES)?);
        Ok(Matrix::from_fn(k, k, |i, j| f64::from(axes[i * k + j])))
    }
}

fn affine(weight: Numbers, bias: Option<Numbers>) -> Layer {
    Layer::Dense { weight, bias, activation: Activation::Identity }
}

/// Rows (n x k) back along the orthogonal directions `map` (k x d): each is divided by its squared length.
fn widened(rows: &[f64], map: &[f64], k: usize) -> Vec<f64> {
    let d = map.len() / k;
    let directions: Vec<(&[f64], f64)> =
        map.chunks_exact(d).map(|m| (m, m.iter().map(|v| v * v).sum::<f64>().max(f64::MIN_POSITIVE))).collect();
    let back =
        |row: &[f64], j: usize| row.iter().zip(&directions).map(|(v, (m, square))| v * m[j] / square).sum::<f64>();
    rows.chunks_exact(k).flat_map(|row| (0..d).map(move |j| (row, j))).map(|(row, j)| back(row, j)).collect()
}

/// What a descent moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// So many flows, under free covariances.
    Starts(usize),
    /// Mechanisms alone.
    Mechanisms,
    /// Mechanisms, axes and the first flow.
    All,
}

impl Part {
    fn of(stage: &str, sizes: Sizes) -> Option<Self> {
        match stage {
            STARTS => Some(Self::Starts(sizes.starts)),
            FLOW => Some(Self::Starts(sizes.starts.min(FINALISTS))),
            MECHANISMS | MECHANISMS_AGAIN => Some(Self::Mechanisms),
            JOINT | JOINT_AGAIN => Some(Self::All),
            _ => None,
        }
    }
}

/// One start of the flow.
pub(super) fn flow_view<T: Real>(shape: FlowShape, flow: &[Vec<T>], start: usize, softness: T) -> Flow<'_, T> {
    let part = |values: &'_ [T], size: usize| -> std::ops::Range<usize> {
        debug_assert!(values.len() >= (start + 1) * size);
        start * size..(start + 1) * size
    };
    Flow {
        shape,
        weights: &flow[0][part(&flow[0], shape.weights())],
        shifts: &flow[1][part(&flow[1], shape.shifts())],
        slopes: &flow[2][part(&flow[2], shape.slopes())],
        softness,
    }
}

pub(super) fn mechanisms_view<T>(shape: MechanismShape, tables: &[Vec<T>]) -> Mechanisms<'_, T> {
    Mechanisms { shape, values: std::array::from_fn(|p| &tables[p][..]) }
}

/// Softness in the end.
pub(super) fn sharp<T: Real>() -> T {
    T::of(SOFTNESS.1)
}

fn softness(progress: f64) -> f64 {
    SOFTNESS.0 * (SOFTNESS.1 / SOFTNESS.0).powf((progress / SOFTENED).min(1.0))
}

/// Rows by environment; of validation rows only environments with at least `least` of them.
fn groups(nodes: &[u32], phase: Phase, least: usize) -> Vec<(usize, Vec<u32>)> {
    let mut rows: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    nodes.iter().enumerate().for_each(|(row, &u)| rows.entry(u as usize).or_default().push(row as u32));
    rows.into_iter().filter(|(_, rows)| phase == Phase::Train || rows.len() >= least).collect()
}
