//! Log-densities under mixtures of Gaussians in one dimension, a mixture of its own for each entry.

use super::element::{Element, for_real, give, slice, with_values};
use crate::fused::fused;
use candle_core::{CpuStorage, CustomOp2, D, Error, Layout, Result, Shape, Tensor};
use disentangle_data::simd::vectorised;
use disentangle_numerics::real::Real;

/// Log-densities of `z [n, k]`, `[n, k]`: entry e, row by row, under the mixture in row `which[e]` of `table [m, 3 c]`, which holds the
/// means, the logarithms of the standard deviations and the logits of the weights of its c components.
///
/// # Errors
/// Shapes that do not fit, a row that the table does not have, or those of candle.
pub fn mixture_log_density(z: &Tensor, table: &Tensor, which: Vec<u32>) -> Result<Tensor> {
    let (n, k) = z.dims2()?;
    let (m, width) = table.dims2()?;
    let outside = which.iter().any(|&row| row as usize >= m);
    if width == 0 || width % 3 != 0 || which.len() != n * k || outside {
        let message = format!("mixtures: z {:?}, table {:?}, {} choices", z.shape(), table.shape(), which.len());
        return Err(Error::Msg(message).bt());
    }
    if !fused(z.device()) {
        return mixture_log_density_expression(z, table, &which);
    }
    z.contiguous()?.apply_op2(&table.contiguous()?, Mixtures { which })
}

/// The same as [`mixture_log_density`], as a candle expression: the path of other devices and the oracle of the fused one.
///
/// # Errors
/// Those of candle.
pub fn mixture_log_density_expression(z: &Tensor, table: &Tensor, which: &[u32]) -> Result<Tensor> {
    let (shape, components) = (z.dims2()?, table.dim(1)? / 3);
    let chosen = table.index_select(&Tensor::from_slice(which, which.len(), z.device())?, 0)?;
    let part = |at: usize| chosen.narrow(1, at * components, components);
    let (mean, log_sd, logit) = (part(0)?, part(1)?, part(2)?);
    let scaled = (z.reshape((which.len(), 1))?.broadcast_sub(&mean)? * log_sd.neg()?.exp()?)?;
    let log_weight = logit.broadcast_sub(&logit.log_sum_exp(D::Minus1)?.unsqueeze(1)?)?;
    let each = ((log_weight - log_sd)? - (scaled.sqr()? * 0.5)?)?;
    (each.log_sum_exp(D::Minus1)? - half_log_tau())?.reshape(shape)
}

fn half_log_tau() -> f64 {
    0.5 * std::f64::consts::TAU.ln()
}

struct Mixtures {
    which: Vec<u32>,
}

/// A table as it is computed with, component by component over the rows: means, inverse standard deviations, logarithms of the
/// height, weights.
struct Components<T> {
    mean: Vec<T>,
    inverse: Vec<T>,
    height: Vec<T>,
    weight: Vec<T>,
    rows: usize,
    count: usize,
}

impl<T: Real> Components<T> {
    fn of(table: &[T], rows: usize) -> Self {
        let count = table.len() / (3 * rows);
        let empty = || vec![T::ZERO; rows * count];
        let mut all = Self { mean: empty(), inverse: empty(), height: empty(), weight: empty(), rows, count };
        for (row, values) in table.chunks_exact(3 * count).enumerate() {
            let (means, rest) = values.split_at(count);
            let (log_sds, logits) = rest.split_at(count);
            let largest = logits.iter().fold(logits[0], |most, &logit| if logit > most { logit } else { most });
            let sum: T = logits.iter().map(|&logit| (logit - largest).exp()).sum();
            for c in 0..count {
                let at = c * rows + row;
                let log_weight = logits[c] - largest - sum.ln();
                all.mean[at] = means[c];
                all.inverse[at] = (-log_sds[c]).exp();
                all.height[at] = log_weight - log_sds[c] - T::of(half_log_tau());
                all.weight[at] = log_weight.exp();
            }
        }
        all
    }

    /// Of component c for all entries: their distance from its mean in standard deviations, and the logarithm of its share.
    fn shares(&self, c: usize, z: &[T], which: &[u32], scaled: &mut [T], log_share: &mut [T]) {
        let part = |values: &[T]| values[c * self.rows..(c + 1) * self.rows].to_vec();
        let (mean, inverse, height) = (part(&self.mean), part(&self.inverse), part(&self.height));
        let half = T::of(0.5);
        for (((scaled, log_share), &z), &row) in scaled.iter_mut().zip(log_share).zip(z).zip(which) {
            let row = row as usize;
            let distance = (z - mean[row]) * inverse[row];
            (*scaled, *log_share) = (distance, height[row] - half * distance * distance);
        }
    }
}

impl CustomOp2 for Mixtures {
    fn name(&self) -> &'static str {
        "mixture-log-density"
    }

    fn cpu_fwd(&self, z: &CpuStorage, lz: &Layout, table: &CpuStorage, lt: &Layout) -> Result<(CpuStorage, Shape)> {
        use candle_core::backend::BackendStorage;
        for_real!(z.dtype(), T => {
            let (z, table) = (slice::<T>(z, lz)?, slice::<T>(table, lt)?);
            let components = Components::of(table, lt.shape().dims2()?.0);
            let n = z.len();
            let (mut scaled, mut each) = (vec![T::ZERO; n], vec![T::ZERO; n * components.count]);
            for (c, log_share) in each.chunks_exact_mut(n.max(1)).enumerate() {
                components.shares(c, z, &self.which, &mut scaled, log_share);
            }
            let mut largest = each[..n].to_vec();
            let mut sum = vec![T::ZERO; n];
            vectorised!({
                for log_share in each[n..].chunks_exact(n.max(1)) {
                    largest.iter_mut().zip(log_share).for_each(|(l, &s)| *l = if s > *l { s } else { *l });
                }
                for log_share in each.chunks_exact(n.max(1)) {
                    sum.iter_mut().zip(log_share).zip(&largest).for_each(|((sum, &s), &l)| *sum += (s - l).exp());
                }
            });
            largest.iter_mut().zip(&sum).for_each(|(l, sum)| *l += sum.ln());
            Ok((T::to_storage(largest), lz.shape().clone()))
        })
    }

    fn bwd(
        &self,
        z: &Tensor,
        table: &Tensor,
        value: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let rows = table.dim(0)?;
        for_real!(z.dtype(), T => {
            let (dz, dt) = with_values(z, |z: &[T]| with_values(table, |t: &[T]| with_values(value, |v: &[T]| with_values(&gradient, |g: &[T]| {
                self.pull(Components::of(t, rows), z, v, g)
            }))))????;
            Ok((give(z, dz)?, give(table, dt)?))
        })
    }
}

impl Mixtures {
    /// Gradients in z and in the table, of values `v` with the gradients `g`.
    fn pull<T: Real>(&self, components: Components<T>, z: &[T], v: &[T], g: &[T]) -> (Vec<T>, Vec<T>) {
        let (n, rows, count) = (z.len(), components.rows, components.count);
        let (mut dz, mut dt) = (vec![T::ZERO; n], vec![0.0f64; rows * 3 * count]);
        let (mut scaled, mut share) = (vec![T::ZERO; n], vec![T::ZERO; n]);
        for c in 0..count {
            components.shares(c, z, &self.which, &mut scaled, &mut share);
            vectorised!({
                for ((share, &value), &g) in share.iter_mut().zip(v).zip(g) {
                    *share = g * (*share - value).exp();
                }
            });
            for e in 0..n {
                let row = self.which[e] as usize;
                let at = c * rows + row;
                let pull = share[e] * scaled[e] * components.inverse[at];
                dz[e] -= pull;
                let into = &mut dt[row * 3 * count + c..];
                into[0] += pull.wide();
                into[count] += (share[e] * (scaled[e] * scaled[e] - T::ONE)).wide();
                into[2 * count] += (share[e] - g[e] * components.weight[at]).wide();
            }
        }
        (dz, dt.into_iter().map(T::of).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{Init, Params};
    use candle_core::{DType, Device};

    #[test]
    fn one_operation_gives_the_values_and_gradients_of_the_expression() -> Result<()> {
        let mut params = Params::with_dtype(&Device::Cpu, DType::F64);
        params.insert("z", &[7, 2], &Init::Normal { sd: 2.0 }, 1)?;
        params.insert("table", &[3, 12], &Init::Normal { sd: 0.7 }, 1)?;
        let (z, table) = (params.get("z")?.as_tensor().clone(), params.get("table")?.as_tensor().clone());
        let which: Vec<u32> = (0..14).map(|e| e * 5 % 3).collect();
        let outputs =
            [mixture_log_density(&z, &table, which.clone())?, mixture_log_density_expression(&z, &table, &which)?];
        let gap = |x: &Tensor, y: &Tensor| (x - y)?.abs()?.max_all()?.to_scalar::<f64>();
        assert!(gap(&outputs[0], &outputs[1])? < 1e-12);
        let weights = z.detach().cos()?;
        let [fused, plain] = outputs.map(|y| params.gradients(&(y * &weights)?.sum_all()?));
        let (fused, plain) = (fused?, plain?);
        for i in 0..2 {
            let (fused, plain) = (fused.tensor(i)?.expect("a gradient"), plain.tensor(i)?.expect("a gradient"));
            assert!(gap(&fused, &plain)? < 1e-11, "{i}");
        }
        Ok(())
    }

    #[test]
    fn a_mixture_of_one_component_is_a_gaussian_also_far_out_in_single_precision() -> Result<()> {
        let z = Tensor::new(&[[0.5f32], [60.0]], &Device::Cpu)?;
        let table = Tensor::new(&[[1.0f32, 2f32.ln(), 3.0]], &Device::Cpu)?;
        let got = mixture_log_density(&z, &table, vec![0, 0])?.flatten_all()?.to_vec1::<f32>()?;
        for (z, got) in [0.5f64, 60.0].into_iter().zip(got) {
            let expected = -0.5 * ((z - 1.0) / 2.0).powi(2) - 2f64.ln() - half_log_tau();
            assert!((f64::from(got) - expected).abs() < 1e-5 * expected.abs(), "{got} {expected}");
        }
        Ok(())
    }

    #[test]
    fn a_row_outside_the_table_and_shapes_that_do_not_fit_are_refused() -> Result<()> {
        let (z, table) =
            (Tensor::zeros((2, 1), DType::F32, &Device::Cpu)?, Tensor::zeros((1, 3), DType::F32, &Device::Cpu)?);
        assert!(mixture_log_density(&z, &table, vec![0, 1]).is_err());
        assert!(mixture_log_density(&z, &table, vec![0]).is_err());
        assert!(mixture_log_density(&z, &table.narrow(1, 0, 2)?, vec![0, 0]).is_err());
        Ok(())
    }
}
