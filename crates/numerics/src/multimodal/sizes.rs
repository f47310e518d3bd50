//! Sizes without truth: how many numbers a modality takes, and how many of them it shares with the others.

use super::adam::Adam;
use super::autoencoder::{Autoencoder, Training, errors, train};
use super::steps::{batches, gather, rate};
use crate::compute::Compute;
use crate::lane_products::BLOCK;
use crate::linalg::{median, symmetric_eigen};
use crate::perceptron::{Bend, Perceptron};
use crate::principal_axes::PrincipalAxes;
use disentangle_data::{Matrix, Result, Stream};

/// One of so many rows autoencoders and regressions are judged on, and do not see: the last ones.
pub const HELD: usize = 10;
/// An error below which an autoencoder is exact.
const EXACT: f64 = 1e-3;
/// Units of the regression, its steps for each batch of rows, the least number of them, and its rate.
const UNITS: usize = 64;
const EPOCHS: usize = 12;
const LEAST_STEPS: usize = 300;
const RATE: f64 = 3e-3;
/// Features beyond so many standard deviations are cut.
const CUT: f64 = 4.0;
/// Directions of the features with less than this share of the standard deviation of the largest are left out.
const LEAST: f64 = 0.05;
/// Rows at which the derivative is looked at, and how far from the middle they may lie, in root mean squares.
const POINTS: usize = 512;
const FAR: f64 = 1.5;

/// Errors by width, from 1 on, and the width that they choose.
pub type Curve = (Vec<f64>, usize);

/// Errors of autoencoders of 1, 2, ... numbers on rows that they did not see, and the number after which the error stops falling: the
/// largest second difference of its logarithm. `None`: `after` stopped it.
///
/// # Errors
/// `NUMERIC_SINGULAR` when no column of a modality varies.
pub fn widths(
    tables: &[Matrix],
    most: usize,
    units: usize,
    training: Training,
    compute: Compute,
    after: impl FnMut(usize, f64) -> bool,
) -> Result<Option<Vec<Curve>>> {
    let seen = |table: &Matrix| table.rows() - table.rows() / HELD;
    let mut all = Vec::new();
    for table in tables {
        let rows: Vec<usize> = (0..seen(table)).collect();
        let axes = PrincipalAxes::of_rows(&table.select_rows(&rows))?;
        let tried = most.min(table.cols().saturating_sub(1));
        all.push((1..=tried).map(|q| Autoencoder::<f32>::new(&axes.whitening(q), &axes.variances, units)).collect());
    }
    let all: Vec<Vec<Autoencoder<f32>>> = all;
    let stream = Stream::new(training.seed, "multimodal/widths");
    let mut jobs = Vec::new();
    for (table, autoencoders) in tables.iter().zip(&all) {
        let rows = &table.data()[..seen(table) * table.cols()];
        for autoencoder in autoencoders {
            let at = jobs.len() as u32;
            jobs.push((autoencoder, rows, autoencoder.initial(&mut stream.at(at))));
        }
    }
    if !train(training, &mut jobs, compute, after) {
        return Ok(None);
    }
    let mut trained = jobs.into_iter();
    let of = |(table, autoencoders): (&Matrix, &Vec<Autoencoder<f32>>)| {
        let held = &table.data()[seen(table) * table.cols()..];
        let error = |autoencoder: &Autoencoder<f32>| {
            let (_, _, parameters) = trained.next().expect("one job per autoencoder");
            errors(autoencoder, &parameters, held)
        };
        let found: Vec<f64> = autoencoders.iter().map(error).collect();
        let chosen = bend(&found, table.cols());
        (found, chosen)
    };
    Ok(Some(tables.iter().zip(&all).map(of).collect()))
}

/// The number of the largest second difference of the logarithms of errors, of 1, 2, ... numbers of `columns`. As many numbers as columns
/// are exact, and more are no better.
pub fn bend(errors: &[f64], columns: usize) -> usize {
    let mut logs: Vec<f64> = std::iter::once(0.0).chain(errors.iter().map(|e| e.max(EXACT).ln())).collect();
    if logs.len() == columns {
        logs.extend([EXACT.ln(), EXACT.ln()]);
    }
    let drops: Vec<f64> = logs.windows(2).map(|pair| pair[0] - pair[1]).collect();
    let bends = drops.windows(2).map(|pair| pair[0] - pair[1]);
    bends.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(1, |(q, _)| q + 1)
}

/// What a modality shares with the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// Singular values of the derivative of what its code says of the others, relative to the first: as many stand out as it has latents.
    pub ratios: Vec<f64>,
    /// The largest share of the variance of a feature of the others that it explains on rows that were not seen.
    pub explained: f64,
}

/// Regresses features of the codes of all other modalities, and products of pairs of them, on the code of each. Codes are white
/// (width x n).
///
/// # Errors
/// `NUMERIC_NOT_FINITE`.
pub fn shared(codes: &[Vec<f32>], widths: &[usize], seed: u64, batch: usize, compute: Compute) -> Result<Vec<Shared>> {
    let mut jobs: Vec<(usize, Result<Shared>)> =
        (0..codes.len()).map(|m| (m, Ok(Shared { ratios: Vec::new(), explained: 0.0 }))).collect();
    compute.each(&mut jobs, &|job: &mut (usize, Result<Shared>)| {
        job.1 = of_one(codes, widths, job.0, seed, batch);
    });
    jobs.into_iter().map(|(_, found)| found).collect()
}

fn of_one(codes: &[Vec<f32>], widths: &[usize], m: usize, seed: u64, batch: usize) -> Result<Shared> {
    let (width, own) = (widths[m], &codes[m]);
    let n = own.len() / width;
    let others = (0..codes.len()).filter(|&other| other != m);
    let features = white(&others.flat_map(|other| features(&codes[other], widths[other])).collect::<Vec<_>>(), n)?;
    let count = features.len() / n;
    let seen = n - n / HELD;
    let net = Perceptron::new(vec![width, UNITS, UNITS, count], Bend::Tanh);
    let mut parameters: Vec<f32> = net.initial(&mut Stream::new(seed, "multimodal/shared").at(m as u32), 1.0, width);
    let batch = batch.min(seen / BLOCK * BLOCK).max(BLOCK);
    let steps = (EPOCHS * (seen / batch).max(1)).max(LEAST_STEPS);
    let order = batches(seed, "multimodal/shared/rows", seen, batch, steps);
    let some = |units: usize| vec![0f32; units * batch];
    let (mut x, mut want, mut made, mut hidden) = (some(width), some(count), some(count), some(net.hidden()));
    let (mut a, mut b) = (some(net.widest()), some(net.widest()));
    let (mut gradient, mut adam) = (vec![0f32; net.len()], Adam::new(net.len()));
    for step in 0..steps {
        let rows = &order[step * batch..(step + 1) * batch];
        gather(own, n, rows, &mut x);
        gather(&features, n, rows, &mut want);
        net.forward(&parameters, &x, batch, &mut hidden, &mut made);
        made.iter_mut().zip(&want).for_each(|(made, want)| *made = (*made - want) * 2.0 / batch as f32);
        gradient.fill(0.0);
        net.backward(&parameters, (&x, &hidden), batch, &made, (&mut gradient, &mut []), [&mut a, &mut b]);
        adam.step(&mut parameters, &gradient, 1.0, rate(RATE, (step + 1) as f64 / steps as f64));
    }
    let (mut error, mut whole) = (vec![0f64; count], vec![0f64; count]);
    for from in (seen..n).step_by(batch) {
        let rows: Vec<u32> = (0..batch).map(|row| (from + row).min(n - 1) as u32).collect();
        gather(own, n, &rows, &mut x);
        gather(&features, n, &rows, &mut want);
        net.forward(&parameters, &x, batch, &mut hidden, &mut made);
        let inside = batch.min(n - from);
        for unit in 0..count {
            for row in unit * batch..unit * batch + inside {
                error[unit] += f64::from(made[row] - want[row]).powi(2);
                whole[unit] += f64::from(want[row]).powi(2);
            }
        }
    }
    let explained = error.iter().zip(&whole).map(|(e, w)| 1.0 - e / w.max(f64::MIN_POSITIVE)).fold(0.0, f64::max);
    let ratios = derivative(&net, &parameters, own, width, batch)?;
    Ok(Shared { ratios, explained })
}

/// Numbers of a code and products of pairs of them, each n numbers.
fn features(code: &[f32], width: usize) -> Vec<Vec<f32>> {
    let n = code.len() / width;
    let unit = |i: usize| &code[i * n..(i + 1) * n];
    let pairs = (0..width).flat_map(|i| (i..width).map(move |j| (i, j)));
    let products = pairs.map(|(i, j)| unit(i).iter().zip(unit(j)).map(|(a, b)| a * b).collect());
    (0..width).map(|i| unit(i).to_vec()).chain(products).collect()
}

/// Uncorrelated features of unit variance that span the given ones but for their faintest directions (features x n).
fn white(features: &[Vec<f32>], n: usize) -> Result<Vec<f32>> {
    let count = features.len();
    let standard = |feature: &Vec<f32>| {
        let mean = feature.iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64;
        let square = feature.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n as f64;
        let sd = crate::moments::positive(square.sqrt());
        let cut: Vec<f64> = feature.iter().map(|&v| ((f64::from(v) - mean) / sd).clamp(-CUT, CUT)).collect();
        let mean = cut.iter().sum::<f64>() / n as f64;
        cut.into_iter().map(|v| v - mean).collect::<Vec<f64>>()
    };
    let standard: Vec<Vec<f64>> = features.iter().map(standard).collect();
    let covariance = Matrix::from_fn(count, count, |i, j| crate::linalg::dot(&standard[i], &standard[j]) / n as f64);
    let (variances, axes) = symmetric_eigen(&covariance)?;
    let largest = variances.last().copied().unwrap_or(0.0);
    let kept = (0..count).rev().filter(|&c| variances[c] > LEAST * LEAST * largest);
    let along = |c: usize| {
        let scale = 1.0 / variances[c].sqrt();
        let mut sum = vec![0f64; n];
        for (i, feature) in standard.iter().enumerate() {
            sum.iter_mut().zip(feature).for_each(|(s, v)| *s += scale * axes[(i, c)] * v);
        }
        sum.into_iter().map(|v| v as f32)
    };
    Ok(kept.flat_map(along).collect())
}

/// Medians over rows of the singular values of the derivative, relative to the first.
fn derivative(net: &Perceptron, parameters: &[f32], code: &[f32], width: usize, batch: usize) -> Result<Vec<f64>> {
    let n = code.len() / width;
    let inner = |row: usize| {
        let square: f64 = (0..width).map(|unit| f64::from(code[unit * n + row]).powi(2)).sum();
        square < FAR * FAR * width as f64
    };
    let points: Vec<u32> = (0..n).filter(|&row| inner(row)).take(POINTS).map(|row| row as u32).collect();
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); width];
    let some = |units: usize| vec![0f32; units * batch];
    let (mut x, mut hidden, mut made) = (some(width), some(net.hidden()), some(net.outputs()));
    let (mut dx, mut dy, mut a, mut b) = (some(width), some(net.outputs()), some(net.widest()), some(net.widest()));
    let mut unused = vec![0f32; net.len()];
    for points in points.chunks(batch) {
        let rows: Vec<u32> = (0..batch).map(|row| points[row.min(points.len() - 1)]).collect();
        gather(code, n, &rows, &mut x);
        net.forward(parameters, &x, batch, &mut hidden, &mut made);
        let mut squares = vec![Matrix::<f64>::zeros(width, width); points.len()];
        for output in 0..net.outputs() {
            dy.fill(0.0);
            dy[output * batch..(output + 1) * batch].fill(1.0);
            net.backward(parameters, (&x, &hidden), batch, &dy, (&mut unused, &mut dx), [&mut a, &mut b]);
            for (row, square) in squares.iter_mut().enumerate() {
                for i in 0..width {
                    for j in 0..width {
                        square[(i, j)] += f64::from(dx[i * batch + row]) * f64::from(dx[j * batch + row]);
                    }
                }
            }
        }
        for square in &squares {
            let (ascending, _) = symmetric_eigen(square)?;
            ascending.iter().rev().enumerate().for_each(|(i, v)| values[i].push(v.max(0.0).sqrt()));
        }
    }
    let medians: Vec<f64> =
        values.into_iter().map(|values| if values.is_empty() { 0.0 } else { median(values) }).collect();
    let first = medians[0].max(f64::MIN_POSITIVE);
    Ok(medians.into_iter().map(|median| median / first).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_stops_falling_at_the_number_that_is_taken() {
        assert_eq!(bend(&[0.4, 0.15, 0.006, 0.005, 0.005, 0.004], 15), 3);
        assert_eq!(bend(&[0.3, 0.01, 0.009], 15), 2);
        // Of four columns: two numbers and noise; and as many numbers as columns.
        assert_eq!(bend(&[0.5, 0.01, 0.005], 4), 2);
        assert_eq!(bend(&[0.5, 0.3, 0.1], 4), 4);
        assert_eq!(bend(&[], 1), 1);
    }

    #[test]
    fn white_features_are_uncorrelated_and_have_unit_variance() {
        let mut stream = Stream::new(2, "test/white");
        let n = 500;
        let a: Vec<f32> = (0..n).map(|_| stream.normal() as f32).collect();
        let b: Vec<f32> = a.iter().map(|v| 3.0 * v + stream.normal() as f32).collect();
        let c: Vec<f32> = a.iter().map(|v| v * 2.0).collect();
        let white = white(&[a, b, c], n).expect("finite");
        assert_eq!(white.len(), 2 * n, "a copy is no direction of its own");
        let product = |i: usize, j: usize| -> f64 {
            (0..n).map(|r| f64::from(white[i * n + r]) * f64::from(white[j * n + r])).sum::<f64>() / n as f64
        };
        // Sums of single-precision numbers.
        assert!((product(0, 0) - 1.0).abs() < 1e-5 && (product(1, 1) - 1.0).abs() < 1e-5);
        assert!(product(0, 1).abs() < 1e-5);
    }
}
