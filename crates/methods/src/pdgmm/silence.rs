//! When each latent is silent: thresholds, shares and certainty, and whether there are silent values at all.

use super::spike::{Bounds, Mixture, moments};
use super::together;
use disentangle_data::Matrix;
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_engine::results::latent_names;
use disentangle_engine::results::{Silence, SilentBlock, SilentLatent};
use disentangle_numerics::moments::{covariance, skewness_and_kurtosis};

/// Rows a mixture is fitted to, at most.
pub const ROWS: usize = 5000;
/// Widths of a spike: single precision is not finer.
const BOUNDS: Bounds = Bounds { least: 1e-3, most: 0.7 };
/// Steps of its estimation, at most.
const STEPS: usize = 100;

/// Values of a latent (a column of n x k), each with a count of 1.
fn column_of(latents: &Matrix, latent: usize) -> Vec<(f64, f64)> {
    latents.col(latent).into_iter().map(|v| (f64::from(v), 1.0)).collect()
}

/// The mixture of each latent (n x k, in random or any mixed order).
fn mixtures(latents: &Matrix) -> Vec<Mixture> {
    let every = latents.rows().div_ceil(ROWS).max(1);
    (0..latents.cols())
        .map(|j| {
            let values: Vec<(f64, f64)> =
                (0..latents.rows()).step_by(every).map(|i| (f64::from(latents[(i, j)]), 1.0)).collect();
            Mixture::of(&values, BOUNDS, STEPS)
        })
        .collect()
}

/// What the mixtures say of latents (n x k).
pub fn silence(latents: &Matrix, mixtures: &[Mixture]) -> Silence {
    let n = latents.rows().max(1) as f64;
    let latent = |(j, (name, mixture)): (usize, (String, &Mixture))| {
        let (value, threshold) = mixture.interval();
        let look = mixture.looks();
        let (mut silent, mut certainty) = (0usize, 0.0);
        for p in (0..latents.rows()).map(|i| look(f64::from(latents[(i, j)])).silent) {
            silent += usize::from(p >= 0.5);
            certainty += p.max(1.0 - p);
        }
        let (share, certainty) = (silent as f64 / n, certainty / n);
        SilentLatent { name, value, threshold, share, certainty, spike: mixture.spike, slab: mixture.slab }
    };
    let names = latent_names(mixtures.len());
    Silence { latents: names.into_iter().zip(mixtures).enumerate().map(latent).collect(), blocks: Vec::new() }
}

/// Largest width of a silent value, in widths of the other values: a wider part is a shape, not a value.
pub const NARROW: f64 = 0.5;
/// Shares outside which a latent is never, or always, silent.
pub const SOMETIMES: std::ops::Range<f64> = 0.02..0.98;
/// Standard errors by which a spike must improve the density of values that it was not fitted to.
pub const CLEARLY: f64 = 4.0;

/// Latents of a fit, and what is silent in them.
pub struct Examined {
    /// Training rows, n x k.
    pub train: Matrix,
    /// The mixture of each latent on them.
    pub parts: Vec<Mixture>,
    /// Whether each has a silent value, on rows that it was not fitted to; on training rows where there are no others.
    pub spikes: Vec<bool>,
    /// Blocks that are silent together, and whether each has a silent value; none where blocks have one latent.
    pub blocks: Vec<(SilentBlock, bool)>,
}

/// Looks at latents (n x k) of all rows, which come in blocks of so many.
pub fn examine(data: &Prepared, latents: &Matrix, block_size: usize) -> Examined {
    let train = latents.select_rows(&data.rows_of(Split::Train));
    let others: Vec<usize> = (0..data.rows()).filter(|&row| data.split[row] != Split::Train).collect();
    let fresh = if others.is_empty() { train.clone() } else { latents.select_rows(&others) };
    let parts = mixtures(&train);
    let spike = |(j, part): (usize, &Mixture)| has_spike(&column_of(&fresh, j), part, moments(&column_of(&train, j)));
    let spikes = parts.iter().enumerate().map(spike).collect();
    let blocks = if block_size > 1 { together::blocks(&train, &fresh, block_size) } else { Vec::new() };
    Examined { train, parts, spikes, blocks }
}

/// Correlation over rows beyond which two latents count as silent together. Those that always are have less than 1, for heard
/// values lie near the silent one by chance; those with masks of their own have hardly any.
pub const TOGETHER: f64 = 0.5;

/// The two latents with silent values that are silent most nearly in the same rows, and the correlation over rows of the
/// probabilities that they are; `None` for one latent. The same of blocks where there are such.
pub fn company(Examined { train, parts, spikes, blocks }: &Examined) -> Option<(f64, (usize, usize))> {
    if !blocks.is_empty() {
        let silent = |i: usize, b: usize| if blocks[b].1 { blocks[b].0.probability(train.row(i)) as f32 } else { 0.0 };
        return largest(&Matrix::from_fn(train.rows(), blocks.len(), silent), |correlation| correlation);
    }
    let looks: Vec<_> = parts.iter().map(Mixture::looks).collect();
    let silent = |i: usize, j: usize| if spikes[j] { looks[j](f64::from(train[(i, j)])).silent as f32 } else { 0.0 };
    largest(&Matrix::from_fn(train.rows(), train.cols(), silent), |correlation| correlation)
}

/// Excess kurtosis of the active values of a latent, mean over the latents: 0 of normal values, 6 of exponential ones. Latents without active
/// values that vary are left out; `None` where all are.
pub fn tails(Examined { train, parts, .. }: &Examined) -> Option<f64> {
    let of = |(j, part): (usize, &Mixture)| {
        let look = part.looks();
        let values = train.col(j).into_iter().map(f64::from);
        let (_, kurtosis) =
            skewness_and_kurtosis(&values.filter(|&value| look(value).silent < 0.5).collect::<Vec<_>>());
        Some(kurtosis).filter(|kurtosis| kurtosis.is_finite())
    };
    let found: Vec<f64> = parts.iter().enumerate().filter_map(of).collect();
    (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
}

/// The largest correlation of two columns by its `size`, and their places; one with a constant column is 0.
pub fn largest(values: &Matrix, size: impl Fn(f64) -> f64) -> Option<(f64, (usize, usize))> {
    let c = covariance(values);
    let of = |(i, j): (usize, usize)| {
        let r = c[(i, j)] / (c[(i, i)] * c[(j, j)]).sqrt();
        (if r.is_finite() { size(r) } else { 0.0 }, (i, j))
    };
    (0..c.rows()).flat_map(|i| (0..i).map(move |j| (i, j))).map(of).max_by(|a, b| a.0.total_cmp(&b.0))
}

/// Whether values (not those of the fit) have a silent value: the mixture is clearly denser there than one normal, its spike is
/// narrow, and neither part is empty.
fn has_spike(values: &[(f64, f64)], mixture: &Mixture, fitted: (f64, f64)) -> bool {
    let (mean, sd) = fitted;
    let normal = |v: f64| -sd.ln() - 0.5 * ((v - mean) / sd).powi(2) - 0.5 * std::f64::consts::TAU.ln();
    let look = mixture.looks();
    let gains: Vec<(f64, f64)> = values.iter().map(|&(v, n)| (look(v).log_density - normal(v), n)).collect();
    let (gain, spread) = moments(&gains);
    let clear = gain > CLEARLY * spread / (gains.len() as f64).sqrt();
    clear && mixture.spike.sd < NARROW * mixture.slab.sd && SOMETIMES.contains(&mixture.spike.weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    /// Normal values, of which a share is silent at `value`, with a little noise.
    fn latents(n: usize, share: f64, value: f64) -> Matrix {
        let mut stream = Stream::new(9, "silence");
        Matrix::from_fn(n, 1, |_, _| {
            let heard = stream.normal();
            let silent = stream.uniform() < share;
            (if silent { value + 0.05 * stream.normal() } else { heard }) as f32
        })
    }

    fn column(m: &Matrix) -> Vec<(f64, f64)> {
        column_of(m, 0)
    }

    #[test]
    fn the_threshold_calls_the_share_that_the_mixture_makes_probable() {
        for (share, value) in [(0.5, 0.0), (0.25, 2.0)] {
            let z = latents(20_000, share, value);
            let found = silence(&z, &mixtures(&z)).latents.remove(0);
            assert_eq!(found.name, "z1");
            assert!((found.value - value).abs() < 0.02 && (found.threshold - 0.15).abs() < 0.05, "{found:?}");
            // Some heard values lie beside the silent one by chance.
            assert!((found.share - share).abs() < 0.06 && found.certainty > 0.93, "{found:?}");
            let called = column(&z).iter().filter(|v| (v.0 - found.value).abs() <= found.threshold).count();
            assert!((called as f64 / 20_000.0 - found.share).abs() < 1e-3);
        }
    }

    #[test]
    fn latents_with_one_mask_are_silent_together_and_those_with_masks_of_their_own_are_not() {
        let mut stream = Stream::new(3, "company");
        // The first two share a mask, the third has the opposite one, the fourth its own.
        let z = Matrix::from_fn(5000, 4, |i, j| {
            let silent = [i % 2 == 0, i % 2 == 0, i % 2 == 1, (i / 2) % 2 == 0][j];
            (if silent { 0.05 * stream.normal() } else { stream.normal() }) as f32
        });
        let examined = |z: &Matrix| Examined {
            train: z.clone(),
            parts: mixtures(z),
            spikes: vec![true; z.cols()],
            blocks: Vec::new(),
        };
        let (most, pair) = company(&examined(&z)).expect("two latents");
        assert!(pair == (1, 0) && most > TOGETHER + 0.1, "{most} {pair:?}");
        let apart = z.select_cols(&[0, 2, 3]);
        let (most, _) = company(&examined(&apart)).expect("two latents");
        assert!(most < 0.1, "{most}");
        let unseen = Examined { spikes: vec![true, false, true, true], ..examined(&z) };
        assert!(company(&unseen).is_some_and(|(most, _)| most < 0.1));
        assert_eq!(company(&examined(&z.select_cols(&[0]))), None);
    }

    #[test]
    fn tails_are_the_kurtosis_of_active_values_alone() {
        // Half of the rows silent far from the others, which are quantiles of a distribution whose kurtosis is known.
        let of = |quantile: fn(f64) -> f64| {
            let train = Matrix::from_fn(8000, 2, |i, j| {
                let p = ((i / 2 * 1237) % 4000) as f64 / 4000.0 + 0.5 / 4000.0;
                let active = quantile(if j == 0 { p } else { 1.0 - p });
                (if i % 2 == 0 { -6.0 } else { active }) as f32
            });
            let parts = mixtures(&train);
            tails(&Examined { train, parts, spikes: vec![true; 2], blocks: Vec::new() }).expect("they vary")
        };
        // -1.2 without end; 4,000 quantiles of the exponential distribution lack the last of its tail.
        let (uniform, exponential) = (of(|p| 3.0 * p), of(|p| -(1.0 - p).ln()));
        assert!((uniform + 1.2).abs() < 0.01, "{uniform}");
        assert!((5.0..6.0).contains(&exponential), "{exponential}");
        let still = Matrix::<f32>::zeros(100, 1);
        let none = Examined { parts: mixtures(&still), train: still, spikes: vec![false], blocks: Vec::new() };
        assert_eq!(tails(&none), None);
    }

    #[test]
    fn a_spike_is_seen_on_fresh_values_and_none_is_seen_where_there_is_none() {
        let seen = |share: f64, value: f64| {
            let (fit, fresh) = (latents(4000, share, value), latents(6000, share, value));
            let fresh = column(&fresh)[4000..].to_vec();
            has_spike(&fresh, &mixtures(&fit)[0], moments(&column(&fit)))
        };
        assert!(seen(0.5, 0.0) && seen(0.25, 0.0) && seen(0.1, 2.0));
        assert!(!seen(0.0, 0.0));
    }
}
