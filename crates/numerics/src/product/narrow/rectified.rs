//! What flows back through a narrow layer above a rectifier, in one pass over the rectifier's output: the gradient of the
//! layer's weights, and that of its input, pulled back through the rectifier and summed over the rows.
//!
//! The separate products read and write that large matrix three times, for five multiplications per entry.

use super::{COLUMNS, LENGTH};
use pulp::{Arch, Simd, WithSimd};

/// The factors: `x [n, inputs]` is the rectifier's output and the layer's input, `dz [n, outputs]` the gradient of the
/// layer's own pre-activation, `w [inputs, outputs]` its weights; `slope` is that of the rectifier left of zero.
#[derive(Debug, Clone, Copy)]
pub struct Factors<'a> {
    /// Output of the rectifier.
    pub x: &'a [f32],
    /// Gradient before the layer's own activation.
    pub dz: &'a [f32],
    /// Weights of the layer.
    pub w: &'a [f32],
    /// Slope of the rectifier left of zero.
    pub slope: f32,
}

/// The results: `dx [n, inputs]` is replaced, `dw [inputs, outputs]` and `db [inputs]`, the gradient of the bias before
/// the rectifier, are added to.
#[derive(Debug)]
pub struct Results<'a> {
    /// Gradient before the rectifier.
    pub dx: &'a mut [f32],
    /// Gradient of the weights.
    pub dw: &'a mut [f32],
    /// Gradient of the bias before the rectifier.
    pub db: &'a mut [f32],
}

/// Whether a layer of this size is one for [`backward`].
pub fn fits(inputs: usize, outputs: usize) -> bool {
    (1..=COLUMNS).contains(&outputs) && inputs >= LENGTH
}

/// One pass for sizes that [`fits`] accepts.
///
/// # Panics
/// When a slice has not the length that the sizes ask for.
pub fn backward((inputs, outputs): (usize, usize), factors: &Factors<'_>, results: Results<'_>) {
    let n = factors.dz.len() / outputs;
    assert!(factors.x.len() == n * inputs && results.dx.len() == n * inputs, "the input has the size of the layer");
    assert!(factors.w.len() == inputs * outputs && results.dw.len() == inputs * outputs, "so have the weights");
    assert!(results.db.len() == inputs, "and the bias before the rectifier");
    match outputs {
        1 => run::<1>(inputs, factors, results),
        2 => run::<2>(inputs, factors, results),
        3 => run::<3>(inputs, factors, results),
        4 => run::<4>(inputs, factors, results),
        5 => run::<5>(inputs, factors, results),
        6 => run::<6>(inputs, factors, results),
        7 => run::<7>(inputs, factors, results),
        COLUMNS => run::<COLUMNS>(inputs, factors, results),
        more => unreachable!("{more} outputs are not narrow"),
    }
}

fn run<const C: usize>(inputs: usize, factors: &Factors<'_>, results: Results<'_>) {
    Arch::new().dispatch(Backward::<C> { inputs, factors, results });
}

struct Backward<'a, const C: usize> {
    inputs: usize,
    factors: &'a Factors<'a>,
    results: Results<'a>,
}

impl<const C: usize> WithSimd for Backward<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Weights, their gradients and the sums of a block of columns stay in registers: thirty-two of 512 bits hold two
        // vectors of each.
        match S::F32_LANES {
            16.. => self.columns::<S, 2>(simd),
            _ => self.columns::<S, 1>(simd),
        }
    }
}

impl<const C: usize> Backward<'_, C> {
    /// Block by block of V vectors of columns; a ragged end reaches back over columns that are done.
    #[inline(always)]
    fn columns<S: Simd, const V: usize>(self, simd: S) {
        let Self { inputs, factors: &Factors { x, dz, w, slope }, results: Results { dx, dw, db } } = self;
        let width = V * S::F32_LANES;
        let (zero, one, slope) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0), simd.splat_f32s(slope));
        let mut entries = [0f32; 2 * 64];
        let entries = &mut entries[..width];
        for first in (0..inputs).step_by(width) {
            let from = first.min(inputs - width);
            let mut weights = [[zero; V]; C];
            for (j, weights) in weights.iter_mut().enumerate() {
                entries.iter_mut().enumerate().for_each(|(l, entry)| *entry = w[(from + l) * C + j]);
                weights.copy_from_slice(S::as_simd_f32s(entries).0);
            }
            let (mut gradients, mut sums) = ([[zero; V]; C], [zero; V]);
            let rows = x.chunks_exact(inputs).zip(dz.as_chunks::<C>().0).zip(dx.chunks_exact_mut(inputs));
            for ((x, dz), dx) in rows {
                let x = S::as_simd_f32s(&x[from..from + width]).0;
                let dx = S::as_mut_simd_f32s(&mut dx[from..from + width]).0;
                let mut flow = [zero; V];
                for j in 0..C {
                    let dz = simd.splat_f32s(dz[j]);
                    for v in 0..V {
                        flow[v] = simd.mul_add_f32s(dz, weights[j][v], flow[v]);
                        gradients[j][v] = simd.mul_add_f32s(dz, x[v], gradients[j][v]);
                    }
                }
                for v in 0..V {
                    let slope = simd.select_f32s(simd.greater_than_f32s(x[v], zero), one, slope);
                    dx[v] = simd.mul_f32s(flow[v], slope);
                    sums[v] = simd.add_f32s(sums[v], dx[v]);
                }
            }
            let new = first - from..width;
            S::as_mut_simd_f32s(entries).0.copy_from_slice(&sums);
            new.clone().for_each(|l| db[from + l] += entries[l]);
            for j in 0..C {
                S::as_mut_simd_f32s(entries).0.copy_from_slice(&gradients[j]);
                new.clone().for_each(|l| dw[(from + l) * C + j] += entries[l]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    #[test]
    fn one_pass_agrees_with_the_definitions_in_double_precision_for_every_width() {
        for (n, inputs, outputs) in [(1, 32, 1), (7, 33, 5), (20, 64, 8), (9, 70, 3), (3, 48, 2), (5, 40, 7)] {
            let mut stream = Stream::new(2, "narrow");
            let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| stream.normal() as f32).collect() };
            let (x, dz, w) = (draw(n * inputs), draw(n * outputs), draw(inputs * outputs));
            let (mut dx, mut dw, mut db) =
                (vec![f32::NAN; n * inputs], vec![1f32; inputs * outputs], vec![1f32; inputs]);
            let factors = Factors { x: &x, dz: &dz, w: &w, slope: 0.1 };
            assert!(fits(inputs, outputs));
            backward((inputs, outputs), &factors, Results { dx: &mut dx, dw: &mut dw, db: &mut db });
            let wide = |v: &[f32], k: usize| f64::from(v[k]);
            for k in 0..inputs {
                let flow = |i: usize| {
                    let sum: f64 = (0..outputs).map(|j| wide(&dz, i * outputs + j) * wide(&w, k * outputs + j)).sum();
                    if x[i * inputs + k] > 0.0 { sum } else { 0.1f32 as f64 * sum }
                };
                // 2^-24 times sums of up to 20 products of normals.
                let near = |got: f32, want: f64| assert!((f64::from(got) - want).abs() < 2e-5, "{got} is not {want}");
                (0..n).for_each(|i| near(dx[i * inputs + k], flow(i)));
                near(db[k], 1.0 + (0..n).map(flow).sum::<f64>());
                for j in 0..outputs {
                    let product = |i: usize| wide(&dz, i * outputs + j) * wide(&x, i * inputs + k);
                    near(dw[k * outputs + j], 1.0 + (0..n).map(product).sum::<f64>());
                }
            }
        }
        assert!(!fits(31, 5) && !fits(64, 9));
    }
}
