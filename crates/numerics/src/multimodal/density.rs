//! Minus the log density of codes under flows and mechanisms, with its gradient.
//!
//! - log p(y) = sum_i log p(z_i | S_i) + sum log N(eta; 0, 1) + sum_m log |det d(z, eta)_m / dy_m|
//! - z_i | S ~ N(m_i([g z, g]), s_i(S)^2), g being 1 for the latents of S and 0 for all others; m_i = 0 for the empty set

use super::flow::{BEND, Flow, FlowParts, Trace};
use super::sets::{MOST_LATENTS, Sets};
use crate::perceptron::Perceptron;
use crate::real::Real;
use disentangle_data::Stream;
use disentangle_data::simd::vectorised;

/// Half the logarithm of two pi.
const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_8;
/// Scale of the last weights of a mechanism at the start.
const LAST: f64 = 0.3;

/// One modality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modality {
    /// Numbers of its code: latents and private variables.
    pub width: usize,
    /// Latents, which come first.
    pub latents: usize,
}

/// What a density is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// In causal order: latents depend on those before them.
    pub modalities: Vec<Modality>,
    /// Couplings of each flow.
    pub layers: usize,
    /// Units of each of the two hidden layers of a coupling.
    pub units: usize,
    /// The same of a mechanism.
    pub mechanism_units: usize,
    /// Most causes of a latent.
    pub most_causes: usize,
}

impl Shape {
    /// Latents over all modalities.
    pub fn latents(&self) -> usize {
        self.modalities.iter().map(|modality| modality.latents).sum()
    }
}

/// The density over its parameters: flows, mechanisms, log-scales of the latents, and what each set adds to them.
#[derive(Debug, Clone)]
pub struct Density {
    pub(super) shape: Shape,
    /// The modality of each latent.
    pub(super) modality_of: Vec<usize>,
    pub(super) flows: Vec<Flow>,
    /// One per latent but the first, which has no causes.
    nets: Vec<Option<Perceptron>>,
    pub(super) sets: Sets,
    nets_from: usize,
    scales_from: usize,
}

/// Buffers for n rows.
#[derive(Debug)]
pub struct Workspace<T> {
    pub(super) n: usize,
    traces: Vec<Trace<T>>,
    pub(super) z: Vec<T>,
    by_z: Vec<T>,
    inputs: Vec<T>,
    by_inputs: Vec<T>,
    hidden: Vec<T>,
    mean: Vec<T>,
    by_mean: Vec<T>,
    spare: [Vec<T>; 2],
    /// Set of causes of each row, of the latent at hand.
    masks: Vec<u32>,
    /// What each row counts in the terms of each modality; 1 unless [`Density::weights`] was filled in.
    pub(super) weights: Vec<Vec<T>>,
    by_log_det: Vec<T>,
    /// Loss of each latent in each row.
    pub(super) losses: Vec<f64>,
}

impl Density {
    /// # Panics
    /// With more latents than [`MOST_LATENTS`], or more latents of a modality than its code has numbers.
    pub fn new(shape: Shape) -> Self {
        let latents = shape.latents();
        assert!(latents <= MOST_LATENTS, "{latents} latents have too many sets of causes");
        assert!(shape.modalities.iter().all(|m| m.latents <= m.width), "latents are a part of the code");
        let flows: Vec<Flow> = shape.modalities.iter().map(|m| Flow::new(m.width, shape.layers, shape.units)).collect();
        let h = shape.mechanism_units;
        let net = |i: usize| (i > 0).then(|| Perceptron::new(vec![2 * i, h, h, 1], BEND));
        let nets: Vec<Option<Perceptron>> = (0..latents).map(net).collect();
        let nets_from = flows.iter().map(Flow::len).sum();
        let scales_from = nets_from + nets.iter().flatten().map(Perceptron::len).sum::<usize>();
        let sets = Sets::new(latents, shape.most_causes);
        let of = |(m, modality): (usize, &Modality)| std::iter::repeat_n(m, modality.latents);
        let modality_of = shape.modalities.iter().enumerate().flat_map(of).collect();
        Self { shape, modality_of, flows, nets, sets, nets_from, scales_from }
    }

    /// Its shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The sets of causes.
    pub fn sets(&self) -> &Sets {
        &self.sets
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.scales_from + self.sets.latents() + self.sets.count()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Initial parameters.
    pub fn initial<T: Real>(&self, stream: &mut Stream) -> Vec<T> {
        let mut parameters: Vec<T> = self.flows.iter().flat_map(|flow| flow.initial::<T>(stream)).collect();
        self.extend_with_mechanisms(&mut parameters, stream);
        parameters
    }

    /// Adds initial mechanisms to the parameters of flows.
    pub(super) fn extend_with_mechanisms<T: Real>(&self, parameters: &mut Vec<T>, stream: &mut Stream) {
        let fan = 2 * self.sets.latents();
        for net in self.nets.iter().flatten() {
            parameters.extend(net.initial::<T>(stream, LAST, fan));
        }
        parameters.extend(std::iter::repeat_n(T::ZERO, self.len() - parameters.len()));
    }

    /// Each flow with where its parameters begin, and the first latent of its modality.
    pub(super) fn flows(&self) -> impl Iterator<Item = (&Flow, usize, usize)> {
        let (mut at, mut first) = (0, 0);
        self.flows.iter().zip(&self.shape.modalities).map(move |(flow, modality)| {
            let here = (flow, at, first);
            (at, first) = (at + flow.len(), first + modality.latents);
            here
        })
    }

    /// The flow of a modality.
    pub fn flow<'a, T>(&'a self, parameters: &'a [T], modality: usize) -> FlowParts<'a, T> {
        let (flow, at, _) = self.flows().nth(modality).expect("a modality of the density");
        flow.parts(&parameters[at..at + flow.len()])
    }

    /// The mechanism of a latent, and where its parameters begin.
    fn net(&self, latent: usize) -> Option<(&Perceptron, usize)> {
        let before: usize = self.nets[..latent].iter().flatten().map(Perceptron::len).sum();
        self.nets[latent].as_ref().map(|net| (net, self.nets_from + before))
    }

    /// Where the additions of the sets of a latent to its log-scale begin.
    fn table(&self, latent: usize) -> usize {
        let before: usize = (0..latent).map(|i| self.sets.of(i).len()).sum();
        self.scales_from + self.sets.latents() + before
    }

    /// Log-scales of a latent by set.
    pub(super) fn log_scales<T: Real>(&self, parameters: &[T], latent: usize) -> Vec<T> {
        let base = parameters[self.scales_from + latent];
        parameters[self.table(latent)..][..self.sets.of(latent).len()].iter().map(|&more| base + more).collect()
    }

    /// Buffers for n rows.
    pub fn workspace<T: Real>(&self, n: usize) -> Workspace<T> {
        let d = self.sets.latents();
        let nets = || self.nets.iter().flatten();
        let most = |of: fn(&Perceptron) -> usize| vec![T::ZERO; nets().map(of).max().unwrap_or(0) * n];
        Workspace {
            n,
            traces: self.flows.iter().map(|flow| flow.trace(n)).collect(),
            z: vec![T::ZERO; d * n],
            by_z: vec![T::ZERO; d * n],
            inputs: most(Perceptron::inputs),
            by_inputs: most(Perceptron::inputs),
            hidden: most(Perceptron::hidden),
            mean: vec![T::ZERO; n],
            by_mean: vec![T::ZERO; n],
            spare: [most(Perceptron::widest), most(Perceptron::widest)],
            masks: vec![0; n],
            weights: vec![vec![T::ONE; n]; self.flows.len()],
            by_log_det: vec![T::ZERO; n],
            losses: vec![0.0; d * n],
        }
    }

    /// Codes of a modality (width x n), to be filled in.
    pub fn codes<'a, T: Real>(&self, workspace: &'a mut Workspace<T>, modality: usize) -> &'a mut [T] {
        let count = self.shape.modalities[modality].width * workspace.n;
        workspace.traces[modality].codes(count)
    }

    /// What each row counts in the terms of a modality, its latents and its flow, to be filled in: 0 where it lacks this modality or one
    /// before it, whose latents may be causes.
    pub fn weights<'a, T: Real>(&self, workspace: &'a mut Workspace<T>, modality: usize) -> &'a mut [T] {
        &mut workspace.weights[modality]
    }

    /// Latents and private variables of a modality (width x n), once [`Self::through_flows`] has run.
    pub fn variables<'a, T: Real>(&self, workspace: &'a Workspace<T>, modality: usize) -> &'a [T] {
        workspace.traces[modality].out(self.shape.modalities[modality].width * workspace.n)
    }

    /// Takes the codes through the flows.
    pub fn through_flows<T: Real>(&self, parameters: &[T], workspace: &mut Workspace<T>) {
        let n = workspace.n;
        for (m, (flow, at, first)) in self.flows().enumerate() {
            let Modality { width, latents } = self.shape.modalities[m];
            let trace = &mut workspace.traces[m];
            flow.forward(&parameters[at..at + flow.len()], trace, n);
            workspace.z[first * n..(first + latents) * n].copy_from_slice(&trace.out(width * n)[..latents * n]);
        }
    }

    /// Minus the log density of the private variables and of the flows, of each row, less what all rows have in common.
    pub(super) fn rest<T: Real>(&self, workspace: &Workspace<T>, row: usize) -> f64 {
        let n = workspace.n;
        let of = |(m, modality): (usize, &Modality)| {
            let out = workspace.traces[m].out(modality.width * n);
            let private: f64 = (modality.latents..modality.width)
                .map(|unit| 0.5 * out[unit * n + row].wide().powi(2) + HALF_LOG_TAU)
                .sum();
            private - workspace.traces[m].log_det[row].wide()
        };
        self.shape.modalities.iter().enumerate().map(of).sum()
    }

    /// The part of minus the log density that is the same for all rows.
    pub(super) fn common<T: Real>(&self, parameters: &[T]) -> f64 {
        -self.flows().map(|(flow, at, _)| flow.log_det(&parameters[at..at + flow.len()])).sum::<f64>()
    }

    /// Means of a latent in each row for the sets of causes in `masks`, of latents z (latents x n); 0 without causes.
    pub(super) fn means<T: Real>(
        &self,
        parameters: &[T],
        latent: usize,
        masks: impl Fn(usize) -> u32,
        workspace: &mut Workspace<T>,
    ) {
        let n = workspace.n;
        let Some((net, at)) = self.net(latent) else {
            workspace.mean.fill(T::ZERO);
            return;
        };
        let Workspace { inputs, hidden, mean, z, masks: sets, .. } = workspace;
        sets.iter_mut().enumerate().for_each(|(row, set)| *set = masks(row));
        let (seen, gates) = inputs[..2 * latent * n].split_at_mut(latent * n);
        for cause in 0..latent {
            let range = cause * n..(cause + 1) * n;
            let (seen, gates, z) = (&mut seen[range.clone()], &mut gates[range.clone()], &z[range]);
            let bit = 1u32 << cause;
            vectorised!({
                for (((seen, gate), &z), &set) in seen.iter_mut().zip(gates.iter_mut()).zip(z).zip(sets.iter()) {
                    let on = set & bit != 0;
                    *seen = if on { z } else { T::ZERO };
                    *gate = if on { T::ONE } else { T::ZERO };
                }
            });
        }
        let parameters = &parameters[at..at + net.len()];
        net.forward(parameters, &inputs[..2 * latent * n], n, &mut hidden[..net.hidden() * n], mean);
        vectorised!({
            for (mean, &set) in mean.iter_mut().zip(sets.iter()) {
                *mean = if set == 0 { T::ZERO } else { *mean };
            }
        });
    }

    /// What [`Self::means`] gave.
    pub(super) fn mean_of<'a, T>(&self, workspace: &'a Workspace<T>) -> &'a [T] {
        &workspace.mean
    }

    /// Minus the weighted mean log density of the codes in the workspace, where row r of latent i has the set at place `choice[i n + r]`; adds the
    /// gradient to `gradient` and leaves what each latent loses in each row in the workspace.
    pub fn loss<T: Real>(
        &self,
        parameters: &[T],
        choice: &[u32],
        workspace: &mut Workspace<T>,
        gradient: &mut [T],
    ) -> f64 {
        let n = workspace.n;
        let share = T::of(1.0 / n as f64);
        self.through_flows(parameters, workspace);
        workspace.by_z.fill(T::ZERO);
        let mut value = 0.0;
        for (latent, &m) in self.modality_of.iter().enumerate() {
            let choice = &choice[latent * n..(latent + 1) * n];
            value += self.latent_loss(parameters, (latent, m), choice, workspace, gradient);
        }
        value /= n as f64;
        for (m, (flow, at, first)) in self.flows().enumerate() {
            let Modality { width, latents } = self.shape.modalities[m];
            let Workspace { traces, by_z, weights, by_log_det, .. } = workspace;
            let (trace, weights) = (&mut traces[m], &weights[m]);
            let counted: f64 = weights.iter().map(|w| w.wide()).sum();
            let mut private = 0.0;
            for unit in latents..width {
                let out = &trace.out(width * n)[unit * n..(unit + 1) * n];
                let squares: f64 = out.iter().zip(weights).map(|(v, w)| w.wide() * v.wide().powi(2)).sum();
                private += 0.5 * squares / n as f64 + HALF_LOG_TAU * counted / n as f64;
            }
            let log_det: f64 = trace.log_det.iter().zip(weights).map(|(v, w)| w.wide() * v.wide()).sum::<f64>();
            value += private - log_det / n as f64 - counted / n as f64 * flow.log_det(&parameters[at..at + flow.len()]);
            trace.by_out()[..latents * n].copy_from_slice(&by_z[first * n..(first + latents) * n]);
            for unit in latents..width {
                for row in 0..n {
                    let out = trace.out(width * n)[unit * n + row];
                    trace.by_out()[unit * n + row] = weights[row] * out * share;
                }
            }
            by_log_det.iter_mut().zip(weights).for_each(|(by, &w)| *by = -share * w);
            let to = &mut gradient[at..at + flow.len()];
            let by_log_det = (by_log_det.as_slice(), T::of(counted) * -share);
            flow.backward(&parameters[at..at + flow.len()], trace, n, by_log_det, to);
        }
        value
    }

    fn latent_loss<T: Real>(
        &self,
        parameters: &[T],
        (latent, modality): (usize, usize),
        choice: &[u32],
        workspace: &mut Workspace<T>,
        gradient: &mut [T],
    ) -> f64 {
        let n = workspace.n;
        let share = T::of(1.0 / n as f64);
        let sets = self.sets.of(latent);
        self.means(parameters, latent, |row| sets[choice[row] as usize], workspace);
        let log_scales = self.log_scales(parameters, latent);
        let inverses: Vec<T> = log_scales.iter().map(|&s| (-s).exp()).collect();
        let mut by_scales = vec![0.0; log_scales.len()];
        let Workspace { z, by_z, mean, by_mean, losses, weights, .. } = workspace;
        let weights = &weights[modality];
        let losses = &mut losses[latent * n..(latent + 1) * n];
        let mut value = 0.0;
        for row in 0..n {
            let place = choice[row] as usize;
            let residual = (z[latent * n + row] - mean[row]) * inverses[place];
            let loss = 0.5 * (residual * residual).wide() + log_scales[place].wide() + HALF_LOG_TAU;
            losses[row] = loss;
            value += weights[row].wide() * loss;
            let by = weights[row] * (residual * inverses[place] * share);
            by_z[latent * n + row] += by;
            by_mean[row] = if sets[place] == 0 { T::ZERO } else { -by };
            by_scales[place] += (weights[row] * (T::ONE - residual * residual)).wide();
        }
        let table = self.table(latent);
        for (place, by) in by_scales.iter().enumerate() {
            let by = T::of(by / n as f64);
            gradient[self.scales_from + latent] += by;
            gradient[table + place] += by;
        }
        let Some((net, at)) = self.net(latent) else { return value };
        let Workspace { inputs, by_inputs, hidden, by_z, by_mean, spare: [a, b], .. } = workspace;
        let by_inputs = &mut by_inputs[..2 * latent * n];
        let (from, to) = (&parameters[at..at + net.len()], &mut gradient[at..at + net.len()]);
        let kept = (&inputs[..2 * latent * n], &hidden[..net.hidden() * n]);
        net.backward(from, kept, n, by_mean, (to, by_inputs), [a, b]);
        let gates = &inputs[latent * n..2 * latent * n];
        let by_causes = &mut by_z[..latent * n];
        vectorised!({
            for ((to, &by), &gate) in by_causes.iter_mut().zip(by_inputs.iter()).zip(gates) {
                *to += by * gate;
            }
        });
        value
    }
}
