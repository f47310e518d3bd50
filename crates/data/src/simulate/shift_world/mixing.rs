//! From latents to inputs: injective maps of several kinds, so that no method gains from resembling one of them.

use super::{Mixing, ShiftWorldConfig, Widening};
use crate::matrix::Matrix;
use crate::orthonormal::orthonormal;
use crate::simulate::row::product;
use crate::stream::Stream;

/// Slope of the leaky rectifiers left of zero.
const SLOPE: f64 = 0.2;
/// Hidden units of a coupling's network.
const HIDDEN: usize = 8;
/// Largest logarithm of a coupling's scale.
const LOG_SCALE: f64 = 0.8;
/// Lipschitz constant of a residual layer: below 1 it is injective.
const CONTRACTION: f64 = 0.9;

/// Number of layers, with its default.
pub(super) fn layers(config: &ShiftWorldConfig) -> usize {
    match (config.mixing, config.layers) {
        (Mixing::Identity, _) => 0,
        (_, Some(layers)) => layers,
        (Mixing::Coupling, None) => 4,
        (_, None) => 2,
    }
}

/// Columns that the layers work on.
fn width(config: &ShiftWorldConfig) -> usize {
    match config.widening {
        Widening::First => config.inputs.unwrap_or(config.latents),
        Widening::Last => config.latents,
    }
}

/// Numbers in a drawn mixing, at most.
pub(super) fn numbers(config: &ShiftWorldConfig) -> u128 {
    let (width, d) = (width(config) as u128, config.inputs.unwrap_or(config.latents) as u128);
    let of_layer = match config.mixing {
        Mixing::Smooth => 3 * width * width + width,
        Mixing::Coupling => width * width + 2 * HIDDEN as u128 * width,
        Mixing::Identity | Mixing::Leaky => width * width,
    };
    layers(config) as u128 * of_layer + d * config.latents as u128
}

/// A drawn mixing, the same in all environments.
pub(super) struct Map {
    /// Orthonormal rows, latents x inputs, before the layers or after them.
    first: Option<Matrix<f64>>,
    layers: Vec<Layer>,
    last: Option<Matrix<f64>>,
}

enum Layer {
    Leaky { rotation: Matrix<f64> },
    Coupling(Coupling),
    Smooth { inner: Matrix<f64>, shift: Vec<f64>, outer: Matrix<f64>, rotation: Matrix<f64> },
}

/// `x -> [a, b exp(s(a)) + t(a)]` on a rotated x = [a, b].
struct Coupling {
    rotation: Matrix<f64>,
    hidden: Matrix<f64>,
    shift: Vec<f64>,
    scale: Matrix<f64>,
    translate: Matrix<f64>,
}

impl Map {
    pub fn draw(config: &ShiftWorldConfig) -> Self {
        let (k, d) = (config.latents, config.inputs.expect("the number of inputs is settled"));
        let widen = |at: Widening| {
            let mut stream = Stream::new(config.seed, "shift-world/widening");
            let wanted = d > k && config.widening == at;
            wanted.then(|| orthonormal(Matrix::from_fn(d, k, |_, _| stream.normal())).transposed())
        };
        let width = width(config);
        let layer = |l: usize| Layer::draw(config, width, l as u32);
        Self {
            first: widen(Widening::First),
            layers: (0..layers(config)).map(layer).collect(),
            last: widen(Widening::Last),
        }
    }

    /// The inputs of one row.
    pub fn apply(&self, z: &[f64]) -> Vec<f64> {
        let wide = |x: Vec<f64>, by: &Option<Matrix<f64>>| by.as_ref().map_or_else(|| x.clone(), |by| product(&x, by));
        let x = self.layers.iter().fold(wide(z.to_vec(), &self.first), |x, layer| layer.apply(x));
        wide(x, &self.last)
    }
}

impl Layer {
    fn draw(config: &ShiftWorldConfig, width: usize, layer: u32) -> Self {
        let normals = |name: &str, rows: usize, cols: usize| {
            let mut stream = Stream::new(config.seed, &format!("shift-world/{name}")).at(layer);
            Matrix::from_fn(rows, cols, |_, _| stream.normal())
        };
        let rotation = orthonormal(normals("rotations", width, width));
        match config.mixing {
            Mixing::Identity | Mixing::Leaky => Layer::Leaky { rotation },
            Mixing::Smooth => Layer::Smooth {
                inner: orthonormal(normals("inner", width, width)),
                shift: normals("shifts", 1, width).into_data(),
                outer: orthonormal(normals("outer", width, width)),
                rotation,
            },
            Mixing::Coupling => {
                let kept = width.div_ceil(2);
                let scaled = |m: Matrix<f64>| {
                    let by = 1.0 / (m.rows() as f64).sqrt();
                    m.map(|v| by * v)
                };
                Layer::Coupling(Coupling {
                    rotation,
                    hidden: scaled(normals("hidden", kept, HIDDEN)),
                    shift: normals("shifts", 1, HIDDEN).into_data(),
                    scale: scaled(normals("scales", HIDDEN, width - kept)),
                    translate: scaled(normals("translations", HIDDEN, width - kept)),
                })
            }
        }
    }

    fn apply(&self, x: Vec<f64>) -> Vec<f64> {
        match self {
            Layer::Leaky { rotation } => {
                product(&x.into_iter().map(|v| if v > 0.0 { v } else { SLOPE * v }).collect::<Vec<_>>(), rotation)
            }
            Layer::Smooth { inner, shift, outer, rotation } => {
                let bent: Vec<f64> = product(&x, inner).iter().zip(shift).map(|(v, b)| (v + b).tanh()).collect();
                let moved: Vec<f64> = x.iter().zip(product(&bent, outer)).map(|(x, by)| x + CONTRACTION * by).collect();
                product(&moved, rotation)
            }
            Layer::Coupling(Coupling { rotation, hidden, shift, scale, translate }) => {
                let mut x = product(&x, rotation);
                let (a, b) = x.split_at_mut(hidden.rows());
                let units: Vec<f64> = product(a, hidden).iter().zip(shift).map(|(v, c)| (v + c).tanh()).collect();
                let (scales, moves) = (product(&units, scale), product(&units, translate));
                for ((b, s), t) in b.iter_mut().zip(scales).zip(moves) {
                    *b = *b * (LOG_SCALE * s.tanh()).exp() + t;
                }
                x
            }
        }
    }
}
