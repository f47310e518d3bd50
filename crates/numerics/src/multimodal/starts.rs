//! The descent from many starts. Each start is on its own between two looks at the objective, so that threads share nothing.

use super::adam::{Adam, clip};
use super::density::{Density, Workspace};
use super::sets::Costs;
use super::steps::{batches, gather, rate};
use crate::compute::Compute;
use crate::real::Real;
use disentangle_data::Stream;
use std::ops::Range;

/// Norm that gradients are cut down to.
const CLIP: f64 = 5.0;
/// Steps that a start takes before it is looked at.
const STRIDE: usize = 20;
/// Temperature of the sets, at first and from half of the steps on.
const TEMPERATURES: (f64, f64) = (1.0, 0.05);
const COOLED: f64 = 0.5;

/// How a descent runs.
#[derive(Debug, Clone)]
pub struct Descent {
    batch: usize,
    steps: usize,
    rate: f64,
    penalty: f64,
    /// Temperature at first.
    warmth: f64,
    /// Rows of all steps.
    rows: Vec<u32>,
    /// What each row counts in the terms of each modality; empty: 1.
    weights: Vec<Vec<f32>>,
}

impl Descent {
    /// Over `n` rows. The stream `name` decides on their order; each cause costs `penalty` nats a row.
    pub fn new((seed, name): (u64, &str), n: usize, (batch, steps): (usize, usize), rate: f64, penalty: f64) -> Self {
        Self {
            batch,
            steps,
            rate,
            penalty,
            warmth: TEMPERATURES.0,
            rows: batches(seed, name, n, batch, steps),
            weights: Vec::new(),
        }
    }

    /// The same where rows count differently in the terms of each modality, as those do that lack some ([`Density::weights`]).
    pub fn weighted(self, weights: Vec<Vec<f32>>) -> Self {
        Self { weights, ..self }
    }

    /// The same at the last temperature from the beginning.
    pub fn cold(self) -> Self {
        Self { warmth: COLD, ..self }
    }

    fn temperature(&self, progress: f64) -> f64 {
        self.warmth * (COLD / self.warmth).powf((progress / COOLED).min(1.0))
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.steps
    }
}

/// Temperature of the sets at the end of the schedule.
pub const COLD: f64 = TEMPERATURES.1;

/// A start under way.
#[derive(Debug)]
pub struct Start<T> {
    parameters: Vec<T>,
    adam: Adam<T>,
    costs: Costs,
    draws: Stream,
    gradient: Vec<T>,
    choice: Vec<u32>,
    workspace: Workspace<T>,
    loss: f64,
}

impl<T: Real> Start<T> {
    /// With these parameters; the stream `name` draws its sets.
    pub fn new(density: &Density, parameters: Vec<T>, (seed, name): (u64, &str), batch: usize) -> Self {
        Self {
            adam: Adam::new(parameters.len()),
            costs: Costs::new(density.sets()),
            draws: Stream::new(seed, name),
            gradient: vec![T::ZERO; parameters.len()],
            choice: vec![0; batch * density.sets().latents()],
            workspace: density.workspace(batch),
            loss: f64::NAN,
            parameters,
        }
    }

    /// Its parameters.
    pub fn parameters(&self) -> &[T] {
        &self.parameters
    }

    /// Minus the mean log density over its last few batches.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    fn step(&mut self, density: &Density, descent: &Descent, codes: &[Vec<T>], step: usize) -> f64 {
        let progress = (step + 1) as f64 / descent.steps as f64;
        let rows = &descent.rows[step * descent.batch..(step + 1) * descent.batch];
        for (m, table) in codes.iter().enumerate() {
            let n = table.len() / density.shape().modalities[m].width;
            gather(table, n, rows, density.codes(&mut self.workspace, m));
        }
        for (m, weights) in descent.weights.iter().enumerate() {
            let to = density.weights(&mut self.workspace, m);
            to.iter_mut().zip(rows).for_each(|(to, &row)| *to = T::of(f64::from(weights[row as usize])));
        }
        let mut draws = self.draws.at(step as u32);
        self.costs.draw(density.sets(), descent.temperature(progress), descent.penalty, &mut draws, &mut self.choice);
        self.gradient.fill(T::ZERO);
        let loss = density.loss(&self.parameters, &self.choice, &mut self.workspace, &mut self.gradient);
        let weights = &self.workspace.weights;
        let counts = |latent: usize, row: usize| weights[density.modality_of[latent]][row] > T::ZERO;
        self.costs.learn(&self.choice, &self.workspace.losses, counts);
        let factor = clip(&self.gradient, CLIP);
        self.adam.step(&mut self.parameters, &self.gradient, factor, rate(descent.rate, progress));
        loss
    }
}

/// Starts from rotations of one solved flow, with new mechanisms; the first one is not turned. The streams begin with `name`.
pub fn turned<T: Real>(
    density: &Density,
    solved: &[T],
    count: usize,
    (seed, name): (u64, &str),
    batch: usize,
) -> Vec<Start<T>> {
    let flows: usize = density.flows().map(|(flow, ..)| flow.len()).sum();
    let of = |copy: usize| {
        let mut parameters = solved[..flows].to_vec();
        let mut stream = Stream::new(seed, &format!("{name}/start")).at(copy as u32);
        if copy > 0 {
            for (flow, at, _) in density.flows() {
                flow.turn(&mut parameters[at..at + flow.len()], &mut stream);
            }
        }
        density.extend_with_mechanisms(&mut parameters, &mut stream);
        Start::new(density, parameters, (seed, &format!("{name}/sets/{copy}")), batch)
    };
    (0..count).map(of).collect()
}

/// Takes all starts through some steps of a descent. `codes` are those of all rows, modality by modality (width x rows). `after` is told how
/// many steps all of them have taken, and says whether to go on. Returns whether they went on to the end.
///
/// Those that are furthest behind go first, as many as there are threads: three starts keep two threads busy.
pub fn advance<T: Real>(
    density: &Density,
    descent: &Descent,
    codes: &[Vec<T>],
    starts: &mut [Start<T>],
    steps: Range<usize>,
    compute: Compute,
    mut after: impl FnMut(usize, &[Start<T>]) -> bool,
) -> bool {
    let mut taken = vec![steps.start; starts.len()];
    loop {
        let before = taken.iter().copied().min().unwrap_or(steps.end);
        if before >= steps.end {
            return true;
        }
        let mut next: Vec<usize> = (0..starts.len()).filter(|&at| taken[at] < steps.end).collect();
        next.sort_by_key(|&at| (taken[at], at));
        next.truncate(compute.threads());
        let mut jobs: Vec<(&mut Start<T>, Range<usize>)> = starts
            .iter_mut()
            .enumerate()
            .filter(|(at, _)| next.contains(at))
            .map(|(at, start)| (start, taken[at]..(taken[at] + STRIDE).min(steps.end)))
            .collect();
        compute.each(&mut jobs, &|(start, steps): &mut (&mut Start<T>, Range<usize>)| {
            let sum: f64 = steps.clone().map(|step| start.step(density, descent, codes, step)).sum();
            start.loss = sum / steps.len() as f64;
        });
        next.into_iter().for_each(|at| taken[at] = (taken[at] + STRIDE).min(steps.end));
        let least = taken.iter().copied().min().unwrap_or(steps.end);
        if least > before && !after(least, starts) {
            return false;
        }
    }
}
