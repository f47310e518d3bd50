//! The autoencoder of one modality: a linear path along its principal axes, and a network beside it in both directions.
//!
//! code = x P + f(x), x^ = code Q + g(code), with P and Q fixed; minimised is the squared error of x^.

use super::adam::Adam;
use super::flow::BEND;
use super::steps::{batches, rate};
use crate::compute::Compute;
use crate::lane_products::{BLOCK, affine, back};
use crate::perceptron::Perceptron;
use crate::real::Real;
use disentangle_data::{Matrix, Stream, memory};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Scale of the last weights at the start: the linear path comes first.
const LAST: f64 = 0.3;
/// Weight of the mean square of the codes, which keeps their scale from drifting.
const SMALL: f64 = 1e-3;
const CHUNK: usize = 256;

/// Its shape and its linear path. Parameters are one slice: those of the encoder, then those of the decoder.
#[derive(Debug, Clone)]
pub struct Autoencoder<T> {
    encoder: Perceptron,
    decoder: Perceptron,
    /// inputs x code, and code x inputs.
    paths: [Vec<T>; 2],
}

/// Buffers for n rows.
#[derive(Debug)]
struct Workspace<T> {
    n: usize,
    x: Vec<T>,
    code: Vec<T>,
    made: Vec<T>,
    hidden: [Vec<T>; 2],
    by: [Vec<T>; 3],
    spare: [Vec<T>; 2],
}

impl<T: Real> Autoencoder<T> {
    /// To codes of as many numbers as `whitening` has rows (code x inputs, as that of `PrincipalAxes`), with `units` in each of two hidden
    /// layers.
    pub fn new(whitening: &Matrix<f64>, variances: &[f64], units: usize) -> Self {
        let (code, inputs) = (whitening.rows(), whitening.cols());
        let there = (0..inputs).flat_map(|j| (0..code).map(move |c| T::of(whitening[(c, j)])));
        let here = (0..code).flat_map(|c| (0..inputs).map(move |j| T::of(whitening[(c, j)] * variances[c])));
        Self {
            encoder: Perceptron::new(vec![inputs, units, units, code], BEND),
            decoder: Perceptron::new(vec![code, units, units, inputs], BEND),
            paths: [there.collect(), here.collect()],
        }
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.encoder.len() + self.decoder.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers of a code.
    pub fn code(&self) -> usize {
        self.encoder.outputs()
    }

    /// Numbers of an input.
    pub fn inputs(&self) -> usize {
        self.encoder.inputs()
    }

    /// The network beside the linear path to codes; its parameters come first.
    pub fn encoder(&self) -> &Perceptron {
        &self.encoder
    }

    /// The network beside the linear path back.
    pub fn decoder(&self) -> &Perceptron {
        &self.decoder
    }

    /// The linear paths: inputs x code, and code x inputs.
    pub fn paths(&self) -> [&[T]; 2] {
        [&self.paths[0], &self.paths[1]]
    }

    /// Initial parameters.
    pub fn initial(&self, stream: &mut Stream) -> Vec<T> {
        let mut parameters: Vec<T> = self.encoder.initial(stream, LAST, self.inputs());
        parameters.extend(self.decoder.initial::<T>(stream, LAST, self.code()));
        parameters
    }

    fn workspace(&self, n: usize) -> Workspace<T> {
        let some = |count: usize| vec![T::ZERO; count * n];
        let widest = self.encoder.widest().max(self.decoder.widest());
        Workspace {
            n,
            x: some(self.inputs()),
            code: some(self.code()),
            made: some(self.inputs()),
            hidden: [some(self.encoder.hidden()), some(self.decoder.hidden())],
            by: [some(self.inputs()), some(self.code()), some(self.code())],
            spare: [some(widest), some(widest)],
        }
    }

    /// Codes (code x n) of inputs (inputs x n).
    fn encode_lanes(&self, parameters: &[T], x: &[T], n: usize, hidden: &mut [T], code: &mut [T], spare: &mut [T]) {
        self.encoder.forward(&parameters[..self.encoder.len()], x, n, hidden, code);
        let spare = &mut spare[..code.len()];
        affine(spare, x, n, &self.paths[0], None);
        code.iter_mut().zip(spare).for_each(|(code, &mut more)| *code += more);
    }

    fn decode_lanes(&self, parameters: &[T], code: &[T], n: usize, hidden: &mut [T], out: &mut [T], spare: &mut [T]) {
        self.decoder.forward(&parameters[self.encoder.len()..], code, n, hidden, out);
        let spare = &mut spare[..out.len()];
        affine(spare, code, n, &self.paths[1], None);
        out.iter_mut().zip(spare).for_each(|(out, &mut more)| *out += more);
    }

    fn forward(&self, parameters: &[T], workspace: &mut Workspace<T>) {
        let Workspace { n, x, code, made, hidden: [first, second], spare: [spare, _], .. } = workspace;
        self.encode_lanes(parameters, x, *n, first, code, spare);
        self.decode_lanes(parameters, code, *n, second, made, spare);
    }

    /// Mean squared error of a row over all its columns, with its gradient.
    fn loss(&self, parameters: &[T], workspace: &mut Workspace<T>, gradient: &mut [T]) -> f64 {
        self.forward(parameters, workspace);
        let Workspace { n, x, code, made, hidden: [first, second], by: [by_made, by_code, more], spare: [a, b] } =
            workspace;
        let n = *n;
        let two = T::of(2.0 / n as f64);
        let mut value = 0.0;
        for ((by, &made), &x) in by_made.iter_mut().zip(made.iter()).zip(x.iter()) {
            let error = made - x;
            value += (error * error).wide();
            *by = two * error;
        }
        let (encoder, decoder) = parameters.split_at(self.encoder.len());
        let (by_encoder, by_decoder) = gradient.split_at_mut(self.encoder.len());
        self.decoder.backward(decoder, (code, second), n, by_made, (by_decoder, by_code), [a, b]);
        back(more, by_made, n, &self.paths[1]);
        let small = T::of(2.0 * SMALL / (n * self.code()) as f64);
        for ((by, &more), &code) in by_code.iter_mut().zip(more.iter()).zip(code.iter()) {
            *by += more + small * code;
        }
        self.encoder.backward(encoder, (x, first), n, by_code, (by_encoder, &mut []), [a, b]);
        let squares: f64 = code.iter().map(|c| c.wide().powi(2)).sum();
        value / n as f64 + SMALL * squares / (n * self.code()) as f64
    }

    /// Codes (code x n) of rows given side by side (n x inputs).
    pub fn encode(&self, parameters: &[T], rows: &[T]) -> Vec<T> {
        let (d, k) = (self.inputs(), self.code());
        self.in_chunks(rows, (d, k), |x, n, out, [hidden, spare]| {
            self.encode_lanes(parameters, x, n, hidden, out, spare);
        })
    }

    /// Inputs (inputs x n) of codes given side by side (n x code).
    pub fn decode(&self, parameters: &[T], rows: &[T]) -> Vec<T> {
        let (d, k) = (self.inputs(), self.code());
        self.in_chunks(rows, (k, d), |code, n, out, [hidden, spare]| {
            self.decode_lanes(parameters, code, n, hidden, out, spare);
        })
    }

    fn in_chunks(
        &self,
        rows: &[T],
        (width, outputs): (usize, usize),
        work: impl Fn(&[T], usize, &mut [T], [&mut [T]; 2]),
    ) -> Vec<T> {
        let total = rows.len() / width.max(1);
        let mut all = memory::spread(T::ZERO, total.saturating_mul(outputs), "the codes of the rows");
        let n = CHUNK.min(total.next_multiple_of(BLOCK)).max(BLOCK);
        let (mut x, mut out) = (vec![T::ZERO; width * n], vec![T::ZERO; outputs * n]);
        let hidden = self.encoder.hidden().max(self.decoder.hidden());
        let (mut hidden, mut spare) = (vec![T::ZERO; hidden * n], vec![T::ZERO; outputs * n]);
        for from in (0..total).step_by(n) {
            let count = n.min(total - from);
            for lane in 0..n {
                let row = &rows[(from + lane.min(count - 1)) * width..][..width];
                row.iter().enumerate().for_each(|(unit, &value)| x[unit * n + lane] = value);
            }
            work(&x, n, &mut out, [&mut hidden, &mut spare]);
            for (unit, values) in out.chunks_exact(n).enumerate() {
                all[unit * total + from..][..count].copy_from_slice(&values[..count]);
            }
        }
        all
    }
}

/// How autoencoders are trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Training {
    /// Rows of a step, a multiple of 32.
    pub batch: usize,
    /// Gradient steps.
    pub steps: usize,
    /// Learning rate at first.
    pub rate: f64,
    /// Seed of the order of the rows.
    pub seed: u64,
}

/// An autoencoder, its rows, and the parameters that are trained.
pub type Untrained<'a, T> = (&'a Autoencoder<T>, &'a [T], Vec<T>);

/// Trains autoencoders side by side, each on rows of its own (n x inputs); `after` is told how many steps are done and the losses, and says
/// whether to go on. Returns whether it went on to the end.
pub fn train<T: Real>(
    training: Training,
    jobs: &mut [Untrained<'_, T>],
    compute: Compute,
    mut after: impl FnMut(usize, f64) -> bool,
) -> bool {
    const STRIDE: usize = 50;
    let Training { batch, steps, seed, .. } = training;
    // Those with as many rows see them in one order.
    let mut orders: BTreeMap<usize, Arc<[u32]>> = BTreeMap::new();
    let mut order = |n: usize| {
        let of = || batches(seed, "multimodal/autoencoder/rows", n, batch, steps).into();
        Arc::clone(orders.entry(n).or_insert_with(of))
    };
    let mut all: Vec<Job<'_, T>> = jobs
        .iter_mut()
        .map(|(autoencoder, rows, parameters)| Job {
            adam: Adam::new(parameters.len()),
            order: order(rows.len() / autoencoder.inputs()),
            workspace: autoencoder.workspace(batch),
            gradient: vec![T::ZERO; parameters.len()],
            loss: 0.0,
            autoencoder: *autoencoder,
            rows,
            parameters,
        })
        .collect();
    for first in (0..steps).step_by(STRIDE) {
        let until = (first + STRIDE).min(steps);
        compute.each(&mut all, &|job: &mut _| Job::run(job, training, first..until));
        let loss: f64 = all.iter().map(|job| job.loss).sum();
        if !after(until, loss / (until - first) as f64) {
            return false;
        }
    }
    true
}

/// An autoencoder under way.
struct Job<'a, T> {
    autoencoder: &'a Autoencoder<T>,
    rows: &'a [T],
    /// Rows of all steps.
    order: Arc<[u32]>,
    parameters: &'a mut Vec<T>,
    adam: Adam<T>,
    workspace: Workspace<T>,
    gradient: Vec<T>,
    loss: f64,
}

impl<T: Real> Job<'_, T> {
    fn run(&mut self, training: Training, steps: std::ops::Range<usize>) {
        let (d, batch) = (self.autoencoder.inputs(), training.batch);
        self.loss = 0.0;
        for step in steps {
            for (lane, &row) in self.order[step * batch..(step + 1) * batch].iter().enumerate() {
                let row = &self.rows[row as usize * d..][..d];
                row.iter().enumerate().for_each(|(unit, &value)| self.workspace.x[unit * batch + lane] = value);
            }
            self.gradient.fill(T::ZERO);
            self.loss += self.autoencoder.loss(self.parameters, &mut self.workspace, &mut self.gradient);
            let rate = rate(training.rate, (step + 1) as f64 / training.steps as f64);
            self.adam.step(self.parameters, &self.gradient, 1.0, rate);
        }
    }
}

/// Share of the mean square of rows (n x inputs) that does not come back.
pub fn errors<T: Real>(autoencoder: &Autoencoder<T>, parameters: &[T], rows: &[T]) -> f64 {
    let d = autoencoder.inputs();
    let n = rows.len() / d;
    let codes = autoencoder.encode(parameters, rows);
    let k = autoencoder.code();
    let side: Vec<T> = (0..n * k).map(|p| codes[p % k * n + p / k]).collect();
    let back = autoencoder.decode(parameters, &side);
    let (mut error, mut whole) = (0.0, 0.0);
    for (p, &x) in rows.iter().enumerate() {
        error += (back[p % d * n + p / d] - x).wide().powi(2);
        whole += x.wide().powi(2);
    }
    error / whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_that_of_central_differences() {
        let mut stream = Stream::new(5, "test/autoencoder");
        let whitening = Matrix::from_fn(2, 5, |_, _| stream.normal());
        let autoencoder = Autoencoder::<f64>::new(&whitening, &[1.3, 0.4], 6);
        let mut parameters = autoencoder.initial(&mut stream);
        parameters.iter_mut().for_each(|p| *p += 0.05 * stream.normal());
        let mut workspace = autoencoder.workspace(BLOCK);
        workspace.x.iter_mut().for_each(|x| *x = stream.normal());
        let mut gradient = vec![0.0; autoencoder.len()];
        autoencoder.loss(&parameters, &mut workspace, &mut gradient);
        let mut idle = gradient.clone();
        for p in 0..parameters.len() {
            let (kept, step) = (parameters[p], 1e-6);
            let mut at = |value: f64| {
                parameters[p] = value;
                autoencoder.loss(&parameters, &mut workspace, &mut idle)
            };
            let want = (at(kept + step) - at(kept - step)) / (2.0 * step);
            parameters[p] = kept;
            // Losses of some ten with 16 digits, over the step.
            assert!((gradient[p] - want).abs() < 1e-6 * (1.0 + want.abs()), "{p}: {} is not {want}", gradient[p]);
        }
    }

    #[test]
    fn without_networks_the_code_is_that_of_the_principal_axes_and_rows_in_their_plane_come_back() {
        let whitening = Matrix::new(1, 2, vec![0.3, 0.4]).expect("1 x 2");
        // The axis (.6, .8) with variance 4: whitening is the axis over 2.
        let autoencoder = Autoencoder::<f64>::new(&whitening, &[4.0], 3);
        let parameters = vec![0.0; autoencoder.len()];
        let rows = [1.2, 1.6, -0.6, -0.8];
        let codes = autoencoder.encode(&parameters, &rows);
        assert!((codes[0] - 1.0).abs() < 1e-12 && (codes[1] + 0.5).abs() < 1e-12, "{codes:?}");
        assert!(errors(&autoencoder, &parameters, &rows) < 1e-24);
    }
}
