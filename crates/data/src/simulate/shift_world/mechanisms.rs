//! Graph, coefficients and noise: one row of latents.

use super::{Distortion, GraphKind, Link, Place, ShiftWorldConfig, Signs, UnshiftedTerm};
use crate::matrix::Matrix;
use crate::stream::Stream;

/// Latents of the polynomial chain.
pub(super) const POLYNOMIAL_LATENTS: usize = 5;
/// Parents of each latent of the polynomial chain; two parents are multiplied.
const POLYNOMIAL_PARENTS: [&[usize]; POLYNOMIAL_LATENTS] = [&[], &[0], &[1], &[1, 2], &[2]];

/// Who follows whom, the same in all environments.
#[derive(Debug)]
pub(super) struct Graph {
    /// Causes before effects.
    order: Vec<usize>,
    /// Ascending.
    parents: Vec<Vec<usize>>,
    /// Place of each latent's first edge among all edges, by effect and then by cause.
    first_edge: Vec<usize>,
}

/// What one environment has of its own.
#[derive(Debug)]
pub(super) struct Environment {
    /// Of each edge, without the gain.
    pub coefficients: Vec<f64>,
    pub means: Vec<f64>,
    pub scales: Vec<f64>,
}

/// One row.
pub(super) struct Sample {
    pub latents: Vec<f64>,
    /// Before the distortion.
    pub additive: Vec<f64>,
}

impl Graph {
    pub fn draw(config: &ShiftWorldConfig) -> Self {
        let k = config.latents;
        if config.link == Link::Polynomial {
            let parents = POLYNOMIAL_PARENTS[..k].iter().map(|parents| parents.to_vec()).collect();
            return Self::new((0..k).collect(), parents);
        }
        match config.graph {
            GraphKind::Chain => Self::new((0..k).collect(), (0..k).map(|i| (i.max(1) - 1..i).collect()).collect()),
            GraphKind::Random => {
                let order = Stream::new(config.seed, "shift-world/order").permutation(k);
                let mut edges = Stream::new(config.seed, "shift-world/edges");
                let probability = config.edge_probability.unwrap_or((2.0 / (k as f64 - 1.0)).min(1.0));
                let mut parents = vec![Vec::new(); k];
                for (later, &to) in order.iter().enumerate() {
                    for &from in &order[..later] {
                        if edges.uniform() < probability {
                            parents[to].push(from);
                        }
                    }
                    parents[to].sort_unstable();
                }
                Self::new(order, parents)
            }
        }
    }

    fn new(order: Vec<usize>, parents: Vec<Vec<usize>>) -> Self {
        let first_edge = parents.iter().scan(0, |sum, parents| {
            *sum += parents.len();
            Some(*sum - parents.len())
        });
        Self { first_edge: first_edge.collect(), order, parents }
    }

    /// (cause, effect), by effect and then by cause.
    pub fn edges(&self) -> Vec<(usize, usize)> {
        let of = |to: usize| self.parents[to].iter().map(move |&from| (from, to));
        (0..self.parents.len()).flat_map(of).collect()
    }

    /// One row of environment u.
    pub fn sample(&self, config: &ShiftWorldConfig, u: &Environment, noise: &mut Stream) -> Sample {
        let k = self.order.len();
        let (mut latents, mut additive) = (vec![0.0; k], vec![0.0; k]);
        for i in 0..k {
            additive[i] = u.means[i] + u.scales[i] * noise.normal();
        }
        for &i in &self.order {
            let coefficients = &u.coefficients[self.first_edge[i]..][..self.parents[i].len()];
            additive[i] += self.mechanism(config, i, coefficients, &latents);
            latents[i] = config.distortion.value(additive[i]);
        }
        Sample { latents, additive }
    }

    fn mechanism(&self, config: &ShiftWorldConfig, i: usize, coefficients: &[f64], z: &[f64]) -> f64 {
        let parents = &self.parents[i];
        let fixed = config.unshifted.contains(&(i + 1));
        let unshifted =
            || -> f64 { parents.iter().map(|&j| config.unshifted_gain * config.unshifted_link.value(i, z[j])).sum() };
        let shifting = || match (config.link, parents.is_empty()) {
            (_, true) => 0.0,
            (Link::Polynomial, _) => {
                let product: f64 = parents.iter().map(|&j| z[j]).product();
                config.gain * coefficients[0] * if matches!(i, 1 | 4) { product * product } else { product }
            }
            (link, _) => parents
                .iter()
                .zip(coefficients)
                .map(|(&j, l)| match config.place {
                    Place::Outside => config.gain * l * link.value(i, z[j]),
                    Place::Inside => config.gain * link.value(i, l * z[j]),
                })
                .sum(),
        };
        match (fixed, config.unshifted_term) {
            (false, _) => shifting(),
            (true, UnshiftedTerm::Only) => unshifted(),
            (true, UnshiftedTerm::Added) => unshifted() + shifting(),
        }
    }

    /// Mean magnitude over environments of each edge, i -> j at (i, j), k x k; of an edge that does not shift the gain.
    pub fn weights(&self, config: &ShiftWorldConfig, coefficients: &Matrix) -> Matrix {
        let mut weights = Matrix::zeros(self.order.len(), self.order.len());
        for (edge, (from, to)) in self.edges().into_iter().enumerate() {
            let only = config.unshifted.contains(&(to + 1)) && config.unshifted_term == UnshiftedTerm::Only;
            let mean = coefficients.col(edge).iter().map(|l| l.abs()).sum::<f32>() / coefficients.rows() as f32;
            weights[(from, to)] = if only { config.unshifted_gain as f32 } else { mean };
        }
        weights
    }

    /// 1 x k: 1 where no term is the same in all environments.
    pub fn shifting(&self, config: &ShiftWorldConfig) -> Matrix {
        let fixed = |i: usize| config.unshifted.contains(&(i + 1)) && !self.parents[i].is_empty();
        Matrix::from_fn(1, self.order.len(), |_, i| f32::from(u8::from(!fixed(i))))
    }
}

impl Environment {
    pub fn draw(config: &ShiftWorldConfig, edges: usize, u: u32) -> Self {
        let mut coefficient = Stream::new(config.seed, "shift-world/coefficients").at(u);
        let mut noise = Stream::new(config.seed, "shift-world/environments").at(u);
        let between = |least: f64, most: f64, share: f64| least + (most - least) * share;
        let coefficients = (0..edges).map(|_| {
            let size = between(config.coefficient_least, config.coefficient_most, coefficient.uniform());
            // The sign is drawn in either case: worlds that differ in `signs` have the same sizes.
            let negative = coefficient.below(2) == 0;
            if config.signs == Signs::Both && negative { -size } else { size }
        });
        let coefficients = coefficients.collect();
        let k = config.latents;
        let means = (0..k).map(|_| between(-config.noise_mean, config.noise_mean, noise.uniform())).collect();
        let scales =
            (0..k).map(|_| between(config.noise_scale_least, config.noise_scale_most, noise.uniform())).collect();
        Self { coefficients, means, scales }
    }
}

impl Link {
    /// f_i(a); i chooses among the mixed functions.
    fn value(self, i: usize, a: f64) -> f64 {
        match self {
            Link::Linear => a,
            Link::Tanh => a.tanh(),
            Link::Sin => a.sin(),
            Link::Quadratic => 0.25 * a * a,
            Link::Mixed => [Link::Tanh, Link::Sin, Link::Quadratic][i % 3].value(i, a),
            Link::Polynomial => unreachable!("a polynomial world multiplies its parents"),
        }
    }
}

impl Distortion {
    fn value(self, a: f64) -> f64 {
        match self {
            Distortion::None => a,
            Distortion::Asinh => 2.0 * a.asinh(),
            Distortion::Cubic => a + 0.1 * a.powi(3),
        }
    }
}
