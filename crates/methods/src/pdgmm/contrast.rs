//! What makes a direction a plane: its values pile up somewhere.
//!
//! [`Sharp`]: f(y) = E rho_h(y - b) / s, with rho_h(y) = |y| beyond h and y^2 / (2 h) + h / 2 within, b the median and
//! s = E |y - b|: the slope of log E |y - b|, smoothed. The width h is a share of the values' own scale E y^2 / E |y|, which is
//! that of a latent where it is not silent: rows silent most of the time are smoothed as widely, in their units, as others.
//!
//! [`Spikes`]: f(y) = -E log p(y), with p a spike and a slab that follow the values. Wherever the spike lies it is seen, but a
//! weak one near the mean is seen less well.

use super::spike::{Bounds, Mixture};
use disentangle_data::simd::vectorised;
use disentangle_numerics::real::Real;

/// Where on its path a descent is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Steps taken.
    pub step: usize,
    /// Share of the path behind.
    pub at: f64,
    /// Length of the next step.
    pub length: f64,
}

/// A contrast of each of k directions, adapted to their values on the way.
pub trait Contrast {
    /// Looks at the values `y` (n x k, row-major) that a step sees.
    fn adapt(&mut self, y: &[f32], k: usize, moment: Moment);

    /// Puts the slope of its contrast in the place of each value of `y` (n x k), and gives the sum over directions of the mean
    /// contrast.
    fn slopes(&self, y: &mut [f32]) -> f64;
}

/// Sharp around the median.
#[derive(Debug, Clone, Default)]
pub struct Sharp {
    /// Of each direction: b.
    pub centres: Vec<f32>,
    /// s.
    pub sizes: Vec<f32>,
    /// h.
    pub widths: Vec<f32>,
}

/// A spike is never thought narrower than this share of its slab, whose width is about E y^2 / E |y|.
pub const WIDTH: f64 = 0.2;
/// Width along the path, as a share of the step's length.
const STEP: f64 = 0.2;
/// Steps after which centres and parts are estimated from scratch, and values that medians are taken from.
const EVERY: usize = 10;
const VALUES: usize = 2048;
/// Of sizes: a batch may have silent values only.
const LEAST_SIZE: f64 = 1e-3;

impl Contrast for Sharp {
    fn adapt(&mut self, y: &[f32], k: usize, Moment { step, length, .. }: Moment) {
        if step.is_multiple_of(EVERY) {
            self.centres = medians(&y[..y.len().min(VALUES * k)], k);
        }
        self.sizes = mean_sizes(y, &self.centres).into_iter().map(|size| size.max(LEAST_SIZE) as f32).collect();
        // White codes along a direction of unit length have unit variance.
        self.widths = self.sizes.iter().map(|s| (STEP * length).max(WIDTH / f64::from(*s)) as f32).collect();
    }

    fn slopes(&self, y: &mut [f32]) -> f64 {
        let k = self.centres.len();
        let mut sums = vec![0.0f64; k];
        let (centres, sizes, widths) = (&self.centres[..k], &self.sizes[..k], &self.widths[..k]);
        vectorised!({
            for row in y.chunks_exact_mut(k) {
                for j in 0..k {
                    let (d, width) = (row[j] - centres[j], widths[j]);
                    let size = d.abs();
                    let within = 0.5 * (d * d / width + width);
                    sums[j] += f64::from(if size < width { within } else { size });
                    row[j] = (d / width).clamp(-1.0, 1.0) / sizes[j];
                }
            }
        });
        let n = (y.len() / k) as f64;
        sums.iter().zip(sizes).map(|(sum, &size)| sum / n / f64::from(size)).sum()
    }
}

/// Median of each of the k columns of `y` (n x k).
pub fn medians(y: &[f32], k: usize) -> Vec<f32> {
    let median = |mut values: Vec<f32>| {
        let middle = values.len() / 2;
        *values.select_nth_unstable_by(middle, f32::total_cmp).1
    };
    (0..k).map(|i| median(y.iter().skip(i).step_by(k).copied().collect())).collect()
}

/// Mean distance from its centre in each column of `y` (n x k).
pub fn mean_sizes(y: &[f32], centres: &[f32]) -> Vec<f64> {
    let k = centres.len();
    let mut sums = vec![0.0f64; k];
    for row in y.chunks_exact(k) {
        row.iter().zip(centres).zip(&mut sums).for_each(|((y, b), sum)| *sum += f64::from((y - b).abs()));
    }
    let n = (y.len() / k) as f64;
    sums.iter().map(|sum| sum / n).collect()
}

/// A spike and a slab in each direction.
#[derive(Debug, Clone, Default)]
pub struct Spikes {
    /// Of each direction.
    pub parts: Vec<Mixture>,
}

/// Least width of a spike at the first step, in widths of its slab; at the last it is [`WIDTH`].
const FIRST: f64 = 0.4;
/// Largest width.
pub const MOST: f64 = 0.7;
/// Width of the intervals in which values are counted, and their number on either side of 0.
const BIN: f64 = 0.04;
const BINS: usize = 300;

impl Contrast for Spikes {
    fn adapt(&mut self, y: &[f32], k: usize, Moment { step, at, .. }: Moment) {
        let bounds = Bounds { least: FIRST * (WIDTH / FIRST).powf(at), most: MOST };
        let counts = counted(y, k);
        self.parts = match step.is_multiple_of(EVERY) {
            true => counts.iter().map(|values| Mixture::of(values, bounds, 0)).collect(),
            false => self.parts.iter().zip(&counts).map(|(part, values)| part.step(values, bounds).0).collect(),
        };
    }

    fn slopes(&self, y: &mut [f32]) -> f64 {
        let k = self.parts.len();
        let column = |value: fn(&Mixture) -> f64| self.parts.iter().map(|m| value(m) as f32).collect::<Vec<f32>>();
        let (b, c) = (column(|m| m.spike.mean), column(|m| m.slab.mean));
        let (narrow, wide) = (column(|m| m.spike.sd.powi(-2)), column(|m| m.slab.sd.powi(-2)));
        let (silent, heard) = (
            column(|m| m.spike.weight.ln() - m.spike.sd.ln()),
            column(|m| (1.0 - m.spike.weight).ln() - m.slab.sd.ln()),
        );
        let mut sum = 0.0f64;
        vectorised!({
            for row in y.chunks_exact_mut(k) {
                for j in 0..k {
                    let (from_spike, from_slab) = (row[j] - b[j], row[j] - c[j]);
                    let (pull, drag) = (from_spike * narrow[j], from_slab * wide[j]);
                    let odds = (silent[j] - 0.5 * from_spike * pull) - (heard[j] - 0.5 * from_slab * drag);
                    let small = Real::exp(-odds.abs());
                    let larger = if odds < 0.0 {
                        heard[j] - 0.5 * from_slab * drag
                    } else {
                        silent[j] - 0.5 * from_spike * pull
                    };
                    sum -= f64::from(larger + small.ln_1p_of_unit());
                    let share = if odds < 0.0 { small } else { 1.0 } / (1.0 + small);
                    row[j] = share * pull + (1.0 - share) * drag;
                }
            }
        });
        sum / (y.len() / k) as f64 + 0.5 * std::f64::consts::TAU.ln() * k as f64
    }
}

/// The values of each of the k columns of `y` (n x k), white, counted in small intervals.
pub fn counted(y: &[f32], k: usize) -> Vec<Vec<(f64, f64)>> {
    let mut counts = vec![[0.0f64; 2 * BINS]; k];
    for row in y.chunks_exact(k) {
        for (value, counts) in row.iter().zip(&mut counts) {
            let bin = (f64::from(*value) / BIN).floor() as isize + BINS as isize;
            counts[bin.clamp(0, 2 * BINS as isize - 1) as usize] += 1.0;
        }
    }
    let middle = |bin: usize| (bin as f64 - BINS as f64 + 0.5) * BIN;
    let nonzero = |counts: &[f64; 2 * BINS]| {
        counts.iter().enumerate().filter(|(_, n)| **n > 0.0).map(|(bin, &n)| (middle(bin), n)).collect()
    };
    counts.iter().map(nonzero).collect()
}
