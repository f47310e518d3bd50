//! From latents back to what the flow was given, and what mechanisms make of latents: in double precision, row by row.

use super::flow::Flow;
use super::lanes::padded;
use super::mechanisms::{Mechanisms, Units};
use crate::linalg::inverse;
use crate::logistic::softplus;
use disentangle_data::{Matrix, Result};
use std::collections::BTreeMap;

/// Steps of Newton's method, each safe inside a bracket that halves at the worst.
const STEPS: usize = 60;

/// The rows (n x latents, row-major) whose codes through `flow` and `axes` are `z`.
///
/// # Errors
/// `NUMERIC_SINGULAR` for an affine map without an inverse.
pub fn invert(flow: &Flow<'_, f64>, axes: &[f64], z: &[f64]) -> Result<Vec<f64>> {
    let (k, bends) = (flow.shape.size, flow.shape.bends);
    let back = |w: &[f64]| inverse(&Matrix::from_fn(k, k, |i, j| w[i * k + j]));
    let turn = back(axes)?;
    let maps = (0..=bends).map(|l| back(&flow.weights[l * k * k..(l + 1) * k * k])).collect::<Result<Vec<_>>>()?;
    let times = |row: &[f64], map: &Matrix<f64>| -> Vec<f64> {
        (0..k).map(|j| (0..k).map(|i| row[i] * map[(i, j)]).sum()).collect()
    };
    let mut out = Vec::with_capacity(z.len());
    for row in z.chunks_exact(k) {
        let mut x = times(row, &turn);
        for l in (0..=bends).rev() {
            x.iter_mut().zip(&flow.shifts[l * k..(l + 1) * k]).for_each(|(x, b)| *x -= b);
            x = times(&x, &maps[l]);
            if l > 0 {
                let slopes = &flow.slopes[(l - 1) * k..l * k];
                x.iter_mut().zip(slopes).for_each(|(x, a)| *x = unbent(*x, a.exp(), flow.softness));
            }
        }
        out.extend(x);
    }
    Ok(out)
}

/// The h with `s h + (1 - s) t softplus(h / t) = y`.
fn unbent(y: f64, s: f64, t: f64) -> f64 {
    let value = |h: f64| s * h + (1.0 - s) * t * softplus(h / t);
    // Slopes lie between s and 1, so h lies between these two quotients.
    let ends = [(y - value(0.0)) / s, y - value(0.0)];
    let (mut low, mut high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    let mut h = 0.5 * (low + high);
    for _ in 0..STEPS {
        let miss = value(h) - y;
        if miss > 0.0 {
            high = h
        } else {
            low = h
        }
        let g = 1.0 / (1.0 + (-h / t).exp());
        let newton = h - miss / (s + (1.0 - s) * g);
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        if next == h {
            break;
        }
        h = next;
    }
    h
}

/// m_i of rows `z` (n x latents) in their environments.
pub fn predict(mechanisms: &Mechanisms<'_, f64>, i: usize, z: &Matrix<f64>, environments: &[u32]) -> Vec<f64> {
    let k = z.cols();
    let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    environments.iter().enumerate().for_each(|(row, &u)| rows.entry(u).or_default().push(row));
    let (mut out, mut units) = (vec![0.0; z.rows()], Units::default());
    for (u, rows) in rows {
        let n = padded(rows.len());
        let mut lanes = vec![0.0; k * n];
        // Only latents before i may be read: the others may not be known yet.
        for (lane, &row) in rows.iter().enumerate() {
            (0..i).for_each(|j| lanes[j * n + lane] = z[(row, j)]);
        }
        let mut values = vec![0.0; n];
        mechanisms.forward(u as usize, i, &lanes, n, &mut units, &mut values);
        rows.iter().zip(values).for_each(|(&row, value)| out[row] = value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shift::{FlowShape, transform};
    use disentangle_data::Stream;

    #[test]
    fn the_way_back_undoes_the_flow_for_soft_and_sharp_bends() {
        let shape = FlowShape { size: 3, bends: 4 };
        let mut stream = Stream::new(5, "way-back");
        let mut normals = |count: usize, sd: f64| (0..count).map(|_| sd * stream.normal()).collect::<Vec<f64>>();
        let (weights, shifts, slopes) =
            (normals(shape.weights(), 1.0), normals(shape.shifts(), 0.5), normals(shape.slopes(), 1.0));
        let (axes, x) = (normals(9, 1.0), normals(300, 3.0));
        for softness in [0.5, 0.05, 1e-3] {
            let flow = Flow { shape, weights: &weights, shifts: &shifts, slopes: &slopes, softness };
            let back = invert(&flow, &axes, &transform(&flow, &axes, &x)).expect("regular maps");
            for (got, want) in back.iter().zip(&x) {
                // Rounding of doubles through five random maps, each badly conditioned by chance.
                assert!((got - want).abs() < 1e-7, "{softness}: {got} is not {want}");
            }
        }
        let flow = Flow { shape, weights: &[0.0; 45], shifts: &shifts, slopes: &slopes, softness: 0.1 };
        assert!(invert(&flow, &axes, &x).is_err());
    }
}
