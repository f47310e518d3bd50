//! Graph, masks and silent values.

use super::{ActiveShare, Dependence, LatentNoise, SilentWorldConfig};
use crate::matrix::Matrix;
use crate::stream::Stream;

/// Rows on which means and deviations of the latents are estimated.
const REFERENCE_ROWS: usize = 5_000;
/// Random masks, for each block.
const MASKS_PER_BLOCK: usize = 5;
/// Euler's constant, the mean of a standard Gumbel variable.
const EULER: f64 = 0.577_215_664_901_532_9;

/// `z_j = sum_i w_ij z_i + e_j` along a random graph.
#[derive(Debug)]
pub(super) struct Causes {
    /// Causes before effects.
    order: Vec<usize>,
    /// An entry (i, j) is the weight of i -> j.
    pub weights: Matrix<f64>,
    noise: LatentNoise,
}

impl Causes {
    pub fn draw(config: &SilentWorldConfig) -> Self {
        let n = config.latents;
        let order = Stream::new(config.seed, "silent-world/order").permutation(n);
        let mut weights = Matrix::zeros(n, n);
        if config.dependence == Dependence::Graph {
            let pairs: Vec<(usize, usize)> =
                (0..n).flat_map(|later| (0..later).map(move |earlier| (earlier, later))).collect();
            let chosen = Stream::new(config.seed, "silent-world/edges").permutation(pairs.len());
            let mut sizes = Stream::new(config.seed, "silent-world/weights");
            for (earlier, later) in chosen.into_iter().take(config.edges_per_latent * n).map(|pair| pairs[pair]) {
                let size = 0.2 + 0.8 * sizes.uniform();
                let sign = if sizes.below(2) == 0 { -1.0 } else { 1.0 };
                weights[(order[earlier], order[later])] = sign * size;
            }
        }
        Self { order, weights, noise: config.noise }
    }

    /// One row, from its noise on.
    pub fn fill(&self, z: &mut [f64], stream: &mut Stream) {
        z.iter_mut().for_each(|e| *e = self.noise.draw(stream));
        for &j in &self.order {
            z[j] += (0..z.len()).map(|i| self.weights[(i, j)] * z[i]).sum::<f64>();
        }
    }

    /// `mean + delta sd` of each latent, estimated.
    pub fn silent_values(&self, config: &SilentWorldConfig) -> Vec<f64> {
        let mut stream = Stream::new(config.seed, "silent-world/reference");
        let mut rows = Matrix::zeros(REFERENCE_ROWS, config.latents);
        (0..REFERENCE_ROWS).for_each(|i| self.fill(rows.row_mut(i), &mut stream));
        let value = |column: Vec<f64>| {
            let n = column.len() as f64;
            let mean = column.iter().sum::<f64>() / n;
            let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
            mean + config.silent_at * variance.sqrt()
        };
        (0..config.latents).map(|j| value(rows.col(j))).collect()
    }
}

impl LatentNoise {
    /// One number of mean 0 and variance 1.
    fn draw(self, stream: &mut Stream) -> f64 {
        // u lies in [0, 1): the logarithm is finite, but 0 at u = 0, which a second one would not survive.
        let mut exponential = || -(1.0 - stream.uniform()).ln();
        match self {
            LatentNoise::Gaussian => stream.normal(),
            LatentNoise::Exponential => exponential() - 1.0,
            LatentNoise::Gumbel => {
                let standard = -exponential().max(f64::MIN_POSITIVE).ln();
                (standard - EULER) * 6f64.sqrt() / std::f64::consts::PI
            }
        }
    }
}

/// Which latents are active, mask by mask, each once. All blocks are active somewhere and silent somewhere: masks are drawn
/// again until they are, which only very few latents ever need.
pub(super) fn masks(config: &SilentWorldConfig) -> Vec<Vec<bool>> {
    let sizes = config.block_sizes();
    let count = sizes.len();
    let active = match config.active {
        ActiveShare::One => 1,
        ActiveShare::Half => (count / 2).max(1),
        ActiveShare::ThreeQuarters => (3 * count / 4).max(1),
        ActiveShare::All => return vec![vec![true; config.latents]],
    };
    let of_blocks = |chosen: &[usize]| -> Vec<bool> {
        (0..count).flat_map(|block| std::iter::repeat_n(chosen.contains(&block), sizes[block])).collect()
    };
    if active == 1 {
        return (0..count).map(|block| of_blocks(&[block])).collect();
    }
    let stream = Stream::new(config.seed, "silent-world/masks");
    let varied = |masks: &Vec<Vec<bool>>| {
        (0..config.latents).all(|i| masks.iter().any(|mask| mask[i]) && masks.iter().any(|mask| !mask[i]))
    };
    (0..)
        .map(|attempt| {
            let mut stream = stream.at(attempt);
            let mut masks: Vec<Vec<bool>> =
                (0..MASKS_PER_BLOCK * count).map(|_| of_blocks(&stream.permutation(count)[..active])).collect();
            masks.sort_unstable();
            masks.dedup();
            masks
        })
        .find(varied)
        .expect("of at least 3 blocks, random masks of 2 or more but not all soon cover each")
}

/// Turns by `degrees` in all planes (i, j) of two coordinates, i < j, in this order, multiplied: for rows, `z R` with
/// R = G_last ... G_first.
pub(super) fn rotation(n: usize, degrees: f64) -> Matrix<f64> {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let mut r = Matrix::from_fn(n, n, |i, j| f64::from(u8::from(i == j)));
    for (i, j) in (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))) {
        for c in 0..n {
            let (a, b) = (r[(i, c)], r[(j, c)]);
            (r[(i, c)], r[(j, c)]) = (cos * a - sin * b, sin * a + cos * b);
        }
    }
    r
}
