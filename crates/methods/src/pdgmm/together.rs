//! The values of a block of latents that are silent together: a spike and a slab, as of one latent (`spike`), in q dimensions,
//!
//!   p(y) = w N(y; b, s^2 I) + (1 - w) N(y; c, t^2 I) ,   s <= t ,
//!
//! by expectation maximisation from many places. A point in two dimensions is rarer by chance than one in one: calls of a block are more
//! certain than those of its latents.

use super::silence::{CLEARLY, NARROW, ROWS, SOMETIMES};
use super::spike::moments;
use disentangle_data::Matrix;
use disentangle_engine::results::{BlockPart, SilentBlock, SilentLatent, latent_names};

/// Rows at which the spike may begin, and its size there.
const PLACES: usize = 48;
const SHARE: f64 = 0.1;
const WIDTH: f64 = 0.2;
/// Steps from every place, and at most from the best one.
const STEPS: usize = 10;
const MORE: usize = 100;
/// Width of a spike in widths of its slab.
const WIDTHS: (f64, f64) = (1e-3, 0.7);
const SHARES: (f64, f64) = (0.005, 0.995);
const LEAST_SLAB: f64 = 1e-6;
const STILL: f64 = 1e-7;

/// A spike and a slab.
#[derive(Debug, Clone, PartialEq)]
pub struct Together {
    pub spike: BlockPart,
    pub slab: BlockPart,
}

/// Log density of a point under a part, times its share and without the constant of the normal distribution.
fn within(part: &BlockPart, y: &[f64]) -> f64 {
    let far: f64 = y.iter().zip(&part.mean).map(|(y, m)| (y - m).powi(2)).sum();
    part.weight.ln() - y.len() as f64 * part.sd.ln() - 0.5 * far / part.sd.powi(2)
}

impl Together {
    /// Of points `y`, of which there is at least one.
    pub fn of(y: &[Vec<f64>]) -> Self {
        let slab = whole(y);
        let every = y.len().div_ceil(PLACES);
        let begun = |place: &Vec<f64>| {
            let spike = BlockPart { mean: place.clone(), sd: WIDTH * slab.sd, weight: SHARE };
            let mut at = Self { spike, slab: BlockPart { weight: 1.0 - SHARE, ..slab.clone() } };
            (0..STEPS).for_each(|_| at = at.step(y).0);
            (at.step(y).1, at)
        };
        let starts = y.iter().step_by(every).map(begun);
        let (mut before, mut at) = starts.max_by(|a, b| a.0.total_cmp(&b.0)).expect("there are points");
        for _ in 0..MORE {
            let (next, density) = at.step(y);
            if (0.0..STILL).contains(&(density - before)) {
                break;
            }
            (before, at) = (density, next);
        }
        at
    }

    /// Log density of a point, and the probability that it belongs to the spike.
    pub fn look(&self, y: &[f64]) -> (f64, f64) {
        let (spike, slab) = (within(&self.spike, y), within(&self.slab, y));
        let density = spike.max(slab) + (-(spike - slab).abs()).exp().ln_1p();
        (density, (spike - density).exp())
    }

    /// One step of expectation maximisation, and the mean log density before it.
    fn step(&self, y: &[Vec<f64>]) -> (Self, f64) {
        let looks: Vec<(f64, f64)> = y.iter().map(|y| self.look(y)).collect();
        let n = y.len() as f64;
        let slab = part(y, looks.iter().map(|look| 1.0 - look.1));
        let slab = BlockPart { sd: slab.sd.max(LEAST_SLAB), ..slab };
        let spike = part(y, looks.iter().map(|look| look.1));
        let sd = spike.sd.clamp(WIDTHS.0 * slab.sd, WIDTHS.1 * slab.sd);
        let weight = spike.weight.clamp(SHARES.0, SHARES.1);
        let next = Self { spike: BlockPart { sd, weight, ..spike }, slab: BlockPart { weight: 1.0 - weight, ..slab } };
        (next, looks.iter().map(|look| look.0).sum::<f64>() / n)
    }

    /// Middle and radius of the ball of points that are silent more probably than not; the radius is 0 where there are none.
    fn ball(&self) -> (Vec<f64>, f64) {
        let Self { spike, slab } = self;
        let (narrow, wide) = (spike.sd.powi(-2), slab.sd.powi(-2));
        let gap = narrow - wide;
        if gap <= 0.0 {
            return (spike.mean.clone(), 0.0);
        }
        let both = || spike.mean.iter().zip(&slab.mean);
        let odds = (spike.weight / slab.weight).ln() + spike.mean.len() as f64 * (slab.sd / spike.sd).ln();
        let apart: f64 = both().map(|(b, c)| (b - c).powi(2)).sum();
        let square = 2.0 * odds / gap + narrow * wide * apart / gap.powi(2);
        (both().map(|(b, c)| (narrow * b - wide * c) / gap).collect(), square.max(0.0).sqrt())
    }

    /// Whether points (not those of the fit, of which `fitted` is the normal distribution) have a silent value: as `silence::has_spike`.
    fn is_clear(&self, y: &[Vec<f64>], fitted: &BlockPart) -> bool {
        let gains: Vec<(f64, f64)> = y.iter().map(|y| (self.look(y).0 - within(fitted, y), 1.0)).collect();
        let (gain, spread) = moments(&gains);
        let clear = gain > CLEARLY * spread / (gains.len() as f64).sqrt();
        clear && self.spike.sd < NARROW * self.slab.sd && SOMETIMES.contains(&self.spike.weight)
    }
}

/// Mean, spread and share of points with their weights.
fn part(y: &[Vec<f64>], weights: impl Iterator<Item = f64> + Clone) -> BlockPart {
    let q = y[0].len();
    let count = weights.clone().sum::<f64>().max(f64::MIN_POSITIVE);
    let mut mean = vec![0.0; q];
    for (y, w) in y.iter().zip(weights.clone()) {
        mean.iter_mut().zip(y).for_each(|(m, y)| *m += w * y / count);
    }
    let far = |y: &[f64]| y.iter().zip(&mean).map(|(y, m)| (y - m).powi(2)).sum::<f64>();
    let square = y.iter().zip(weights).map(|(y, w)| w * far(y)).sum::<f64>() / count / q as f64;
    BlockPart { mean, sd: square.sqrt(), weight: count / y.len() as f64 }
}

/// All points as one normal distribution.
fn whole(y: &[Vec<f64>]) -> BlockPart {
    let all = part(y, std::iter::repeat_n(1.0, y.len()));
    BlockPart { sd: all.sd.max(LEAST_SLAB), ..all }
}

/// Values of the latents of a block in rows (n x k), at most so many of them.
fn points(latents: &Matrix, start: usize, size: usize, most: usize) -> Vec<Vec<f64>> {
    let every = latents.rows().div_ceil(most).max(1);
    let own = |row: usize| latents.row(row)[start..start + size].iter().map(|&v| f64::from(v)).collect();
    (0..latents.rows()).step_by(every).map(own).collect()
}

/// Each block of `size` latents: when it is silent, and whether that shows on rows (`fresh`) that it was not fitted to (`train`).
pub fn blocks(train: &Matrix, fresh: &Matrix, size: usize) -> Vec<(SilentBlock, bool)> {
    let names = latent_names(train.cols());
    let block = |start: usize| {
        let fitted = points(train, start, size, ROWS);
        let found = Together::of(&fitted);
        let clear = found.is_clear(&points(fresh, start, size, usize::MAX), &whole(&fitted));
        let (value, threshold) = found.ball();
        let names = names[start..start + size].to_vec();
        let Together { spike, slab } = found;
        let mut block = SilentBlock { names, start, value, threshold, spike, slab, ..SilentBlock::default() };
        let n = train.rows().max(1) as f64;
        for row in 0..train.rows() {
            let p = block.probability(train.row(row));
            block.share += f64::from(u8::from(p >= 0.5)) / n;
            block.certainty += p.max(1.0 - p) / n;
        }
        (block, clear)
    };
    (0..train.cols()).step_by(size).map(block).collect()
}

/// A block as what checks look at: its names as one, its share and its certainty.
pub fn as_one(block: &SilentBlock) -> SilentLatent {
    let name = block.names.join(" with ");
    SilentLatent { name, share: block.share, certainty: block.certainty, ..SilentLatent::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    /// Points of which a share lies about a place.
    fn drawn(n: usize, share: f64, place: &[f64], seed: u64) -> (Matrix, Vec<bool>) {
        let mut stream = Stream::new(seed, "together");
        let mut silent = Vec::new();
        let mut rows = Vec::new();
        for _ in 0..n {
            let still = stream.uniform() < share;
            rows.extend(
                place.iter().map(|at| (if still { at + 0.05 * stream.normal() } else { stream.normal() }) as f32),
            );
            silent.push(still);
        }
        (Matrix::new(n, place.len(), rows).expect("n x q"), silent)
    }

    #[test]
    fn rows_of_a_silent_block_are_called_so_wherever_it_lies() {
        for place in [&[0.0, 0.0][..], &[1.5, -1.0], &[0.2, 0.1, -0.3]] {
            let (train, silent) = drawn(4000, 0.1, place, 1);
            let (block, clear) = blocks(&train, &drawn(4000, 0.1, place, 2).0, place.len()).remove(0);
            assert!(clear && (block.share - 0.1).abs() < 0.02 && block.certainty > 0.98, "{block:?}");
            assert!(block.value.iter().zip(place).all(|(got, want)| (got - want).abs() < 0.03), "{block:?}");
            let silence = disentangle_engine::results::Silence { latents: Vec::new(), blocks: vec![block] };
            let wrong = (0..4000).filter(|&row| silence.called(train.row(row), 0) != silent[row]).count();
            // About pi (.15)^2 / (2 pi) of the moving points lie that near in two dimensions: 1 %, fewer in three.
            assert!(wrong < 60, "{wrong}");
            for row in 0..4000 {
                assert_eq!(silence.called(train.row(row), 1), silence.probability(train.row(row), 0) >= 0.5);
            }
        }
    }

    #[test]
    fn nothing_is_silent_where_all_moves() {
        let (train, _) = drawn(4000, 0.0, &[0.0, 0.0], 3);
        assert!(!blocks(&train, &drawn(4000, 0.0, &[0.0, 0.0], 4).0, 2)[0].1);
    }

    #[test]
    fn no_step_lowers_the_density() {
        let (rows, _) = drawn(600, 0.3, &[0.5, 0.5], 5);
        let y = points(&rows, 0, 2, usize::MAX);
        let slab = whole(&y);
        let spike = BlockPart { mean: vec![-0.5, 0.0], sd: 0.4, weight: 0.5 };
        let mut at = Together { spike, slab: BlockPart { weight: 0.5, ..slab } };
        let mut before = f64::NEG_INFINITY;
        for _ in 0..40 {
            let (next, density) = at.step(&y);
            assert!(density >= before - 1e-12, "{density} after {before}");
            (at, before) = (next, density);
        }
    }
}
