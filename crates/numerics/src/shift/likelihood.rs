//! The negative log-likelihood of rows in environments, and its gradient, in one pass: environment after environment goes
//! through the flow, the axes and the mechanisms and back while it is in the caches.
//!
//!   mean_u ( L_u - E_u log-slopes ) - sum_l log |det W_l| - log |det A| + k (1 + log 2 pi) / 2 ,
//!
//! with L_u = log det Cov_u(z) / 2 for free covariances, or sum_i log Var_u(z_i - m_i) / 2: mean and (co)variance of each
//! environment are the best ones of its rows, in closed form. Every environment counts alike.

use super::cholesky::{factorize, inverse_of_factor};
use super::flow::{Flow, FlowSums, Tape};
use super::lanes::{PARTS, combine, correlate, inner, padded, settle};
use super::mechanisms::{MechanismSums, Mechanisms, Units};
use crate::compute::Compute;
use crate::linalg::{inverse, log_abs_det};
use crate::real::Real;
use disentangle_data::simd::vectorised;
use disentangle_data::{Matrix, memory};

/// What stands on the codes.
#[derive(Debug, Clone, Copy)]
pub enum Head<'a, T> {
    /// A free covariance in every environment.
    Full,
    /// Additive noise around mechanisms.
    Mechanisms(Mechanisms<'a, T>),
}

/// A density of rows given their environment.
#[derive(Debug, Clone, Copy)]
pub struct Density<'a, T> {
    /// Latents.
    pub latents: usize,
    /// From rows to codes; `None`: rows are codes.
    pub flow: Option<Flow<'a, T>>,
    /// A: z = y A, latents x latents; `None`: z = y.
    pub axes: Option<&'a [T]>,
    /// What stands on z.
    pub head: Head<'a, T>,
}

/// Rows, grouped by environment.
#[derive(Debug, Clone, Copy)]
pub struct GroupedRows<'a, T> {
    /// n x latents, row-major.
    pub values: &'a [T],
    /// Environments with their rows; none is empty.
    pub groups: &'a [(usize, Vec<u32>)],
}

/// Whether the gradient is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The value alone.
    Value,
    /// Value and gradient.
    Gradient,
}

/// Value and gradient, the latter empty where it was not asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluated {
    /// Per row, in nats.
    pub value: f64,
    /// Of the flow: weights, shifts, slopes.
    pub flow: [Vec<f64>; 3],
    /// Of the axes.
    pub axes: Vec<f64>,
    /// Of the mechanisms, in the order of their parameters.
    pub mechanisms: [Vec<f64>; 7],
}

/// What one share of the environments adds up to.
struct Sums<T> {
    value: f64,
    flow: Option<FlowSums<T>>,
    axes: Vec<T>,
    mechanisms: Option<MechanismSums<T>>,
}

struct Workspace<T> {
    x: Vec<T>,
    z: Vec<T>,
    tape: Tape<T>,
    units: Units<T>,
    residual: Vec<T>,
    mechanism: Vec<T>,
    pull: Vec<T>,
    back: Vec<T>,
    volume: Vec<T>,
}

impl<T> Default for Workspace<T> {
    fn default() -> Self {
        let [x, z, residual, mechanism, pull, back, volume] = std::array::from_fn(|_| Vec::new());
        Self { x, z, tape: Tape::default(), units: Units::default(), residual, mechanism, pull, back, volume }
    }
}

/// The densities (several starts, say) on the same rows. Two fixed shares of the environments are added in order, so that bits do
/// not depend on the number of threads.
pub fn evaluate<T: Real + Send + Sync>(
    densities: &[Density<'_, T>],
    rows: GroupedRows<'_, T>,
    asked: Asked,
    compute: Compute,
) -> Vec<Evaluated> {
    let middle = rows.groups.len().div_ceil(2);
    let share = 1.0 / rows.groups.len() as f64;
    let part = |groups: &[(usize, Vec<u32>)]| -> Vec<Sums<T>> {
        let mut workspace = Workspace::default();
        densities.iter().map(|density| density.part(rows.values, groups, share, asked, &mut workspace)).collect()
    };
    let (first, second) = compute.join(|_| part(&rows.groups[..middle]), |_| part(&rows.groups[middle..]));
    densities.iter().zip(first.into_iter().zip(second)).map(|(density, (a, b))| density.total(&[a, b], asked)).collect()
}

impl<T: Real> Density<'_, T> {
    fn part(
        &self,
        values: &[T],
        groups: &[(usize, Vec<u32>)],
        share: f64,
        asked: Asked,
        workspace: &mut Workspace<T>,
    ) -> Sums<T> {
        let mut sums = Sums {
            value: 0.0,
            flow: self.flow.map(|flow| FlowSums::new(flow.shape)),
            axes: vec![T::ZERO; self.axes.map_or(0, <[T]>::len) * PARTS],
            mechanisms: match self.head {
                Head::Full => None,
                Head::Mechanisms(mechanisms) => Some(MechanismSums::new(mechanisms.shape)),
            },
        };
        vectorised!({
            for (u, rows) in groups {
                self.environment(values, *u, rows, share, asked, workspace, &mut sums);
            }
        });
        sums
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn environment(
        &self,
        values: &[T],
        u: usize,
        rows: &[u32],
        share: f64,
        asked: Asked,
        workspace: &mut Workspace<T>,
        sums: &mut Sums<T>,
    ) {
        let (k, count, n) = (self.latents, rows.len(), padded(rows.len()));
        let Workspace { x, z, tape, units, residual, mechanism, pull, back, volume } = workspace;
        x.clear();
        x.resize(k * n, T::ZERO);
        for (lane, &row) in rows.iter().enumerate() {
            for (j, &v) in values[row as usize * k..][..k].iter().enumerate() {
                x[j * n + lane] = v;
            }
        }
        let codes: &[T] = match &self.flow {
            None => x,
            Some(flow) => {
                flow.forward(x, n, tape);
                sums.value -= share * tape.log_slopes[..count].iter().map(|v| v.wide()).sum::<f64>() / count as f64;
                &tape.out
            }
        };
        let z: &[T] = match self.axes {
            None => codes,
            Some(a) => {
                z.resize(k * n, T::ZERO);
                combine(z, codes, n, |_| T::ZERO, |i, o| a[i * k + o]);
                z
            }
        };
        residual.resize(k * n, T::ZERO);
        mechanism.resize(n, T::ZERO);
        pull.clear();
        pull.resize(k * n, T::ZERO);
        match self.head {
            Head::Full => {
                residual.copy_from_slice(z);
                residual.chunks_exact_mut(n).for_each(|unit| centre(unit, count));
                let mut c: Vec<f64> = vec![0.0; k * k];
                for i in 0..k {
                    for j in 0..=i {
                        c[i * k + j] = inner(&residual[i * n..][..n], &residual[j * n..][..n]) / count as f64;
                    }
                }
                factorize(&mut c, k, f64::NAN);
                sums.value += share * (0..k).map(|i| c[i * k + i].ln()).sum::<f64>();
                if asked == Asked::Gradient {
                    let weight = share / count as f64;
                    let c = inverse_of_factor(&c, k);
                    combine(pull, residual, n, |_| T::ZERO, |i, o| T::of(weight * c[i * k + o]));
                }
            }
            Head::Mechanisms(mechanisms) => {
                let totals = sums.mechanisms.as_mut().expect("made for this head");
                for i in 0..k {
                    mechanisms.forward(u, i, z, n, units, mechanism);
                    let left = &mut residual[i * n..(i + 1) * n];
                    for ((r, &z), &m) in left.iter_mut().zip(&z[i * n..(i + 1) * n]).zip(mechanism.iter()) {
                        *r = z - m;
                    }
                    centre(left, count);
                    let variance = inner(left, left) / count as f64;
                    sums.value += 0.5 * share * variance.ln();
                    if asked == Asked::Value {
                        continue;
                    }
                    let weight = T::of(share / (count as f64 * variance));
                    for ((p, m), &r) in pull[i * n..(i + 1) * n].iter_mut().zip(mechanism.iter_mut()).zip(left.iter()) {
                        let slope = weight * r;
                        *p += slope;
                        *m = -slope;
                    }
                    mechanisms.backward((u, i), z, mechanism, n, units, totals, pull);
                }
            }
        }
        if asked == Asked::Value {
            return;
        }
        let slopes: &[T] = match self.axes {
            None => pull,
            Some(a) => {
                correlate(&mut sums.axes, codes, pull, n);
                back.resize(k * n, T::ZERO);
                combine(back, pull, n, |_| T::ZERO, |i, o| a[o * k + i]);
                back
            }
        };
        if let (Some(flow), Some(totals)) = (&self.flow, &mut sums.flow) {
            volume.clear();
            volume.resize(count, T::of(-share / count as f64));
            volume.resize(n, T::ZERO);
            flow.backward(slopes, volume, n, tape, totals);
        }
    }

    /// Adds the shares in order, and what does not depend on rows.
    fn total(&self, shares: &[Sums<T>; 2], asked: Asked) -> Evaluated {
        let k = self.latents;
        let constant = 0.5 * k as f64 * (1.0 + (2.0 * std::f64::consts::PI).ln());
        let mut out = Evaluated { value: shares[0].value + shares[1].value + constant, ..Evaluated::default() };
        if asked == Asked::Gradient {
            if let Some(flow) = &self.flow {
                let sizes = [flow.shape.weights(), flow.shape.shifts(), flow.shape.slopes()];
                out.flow = sizes.map(|size| vec![0.0; size]);
            }
            out.axes = vec![0.0; self.axes.map_or(0, <[T]>::len)];
            if let Head::Mechanisms(mechanisms) = &self.head {
                out.mechanisms = mechanisms.shape.sizes().map(|size| vec![0.0; size]);
            }
            for sums in shares {
                if let Some(flow) = &sums.flow {
                    let [weights, shifts, slopes] = &mut out.flow;
                    flow.settle(weights, shifts, slopes);
                }
                settle(&mut out.axes, &sums.axes);
                if let Some(mechanisms) = &sums.mechanisms {
                    mechanisms.settle(&mut out.mechanisms);
                }
            }
        }
        let flow_maps = self.flow.map_or(&[][..], |flow| flow.weights);
        for (l, w) in flow_maps.chunks_exact(k * k).enumerate() {
            let into = out.flow[0].get_mut(l * k * k..(l + 1) * k * k);
            out.value -= volume_of(w, k, into);
        }
        if let Some(a) = self.axes {
            let into = (asked == Asked::Gradient).then_some(&mut out.axes[..]);
            out.value -= volume_of(a, k, into);
        }
        out
    }
}

/// Rows transformed at once.
const CHUNK: usize = 256;

/// z of rows (n x latents, row-major) through a flow and axes.
pub fn transform<T: Real>(flow: &Flow<'_, T>, axes: &[T], values: &[T]) -> Vec<T> {
    let k = flow.shape.size;
    let mut out = memory::spread(T::ZERO, values.len(), "the latents of the rows");
    let (mut tape, mut x, mut z) = (Tape::default(), Vec::new(), Vec::new());
    vectorised!({
        for (from, to) in values.chunks(CHUNK * k).zip(out.chunks_mut(CHUNK * k)) {
            let count = from.len() / k;
            let n = padded(count);
            x.clear();
            x.resize(k * n, T::ZERO);
            for (lane, row) in from.chunks_exact(k).enumerate() {
                row.iter().enumerate().for_each(|(j, &v)| x[j * n + lane] = v);
            }
            flow.forward(&x, n, &mut tape);
            z.resize(k * n, T::ZERO);
            combine(&mut z, &tape.out, n, |_| T::ZERO, |i, o| axes[i * k + o]);
            for (lane, row) in to.chunks_exact_mut(k).enumerate() {
                row.iter_mut().enumerate().for_each(|(j, v)| *v = z[j * n + lane]);
            }
        }
    });
    out
}

/// log |det w|; takes its gradient away from `into`. NaN for a singular map: the fit says so and stops.
fn volume_of<T: Real>(w: &[T], k: usize, into: Option<&mut [f64]>) -> f64 {
    let w = Matrix::from_fn(k, k, |i, j| w[i * k + j].wide());
    if w.data().iter().any(|v| !v.is_finite()) {
        return f64::NAN;
    }
    if let Some(into) = into {
        match inverse(&w) {
            Ok(inverse) => (0..k * k).for_each(|e| into[e] -= inverse[(e % k, e / k)]),
            Err(_) => into.fill(f64::NAN),
        }
    }
    log_abs_det(&w)
}

/// Takes the mean over the first `count` lanes away; padding becomes zero.
#[inline(always)]
fn centre<T: Real>(unit: &mut [T], count: usize) {
    let mean = T::of(unit[..count].iter().map(|v| v.wide()).sum::<f64>() / count as f64);
    unit[..count].iter_mut().for_each(|v| *v -= mean);
    unit[count..].fill(T::ZERO);
}
