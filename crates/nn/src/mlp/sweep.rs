//! The two sweeps of a network over blocks of rows: a block passes through all layers while it is in the cache.
//!
//! How rows are divided depends on sizes only, never on the number of threads, and every sum over blocks and shards is
//! taken in order: one and two threads give the same bits.

use super::Layer;
use crate::activation::{Activation, add_column_sums, pull_back};
use crate::dense::forward;
use crate::params::Held;
use disentangle_numerics::compute::Compute;
use disentangle_numerics::product::rectified;
use disentangle_numerics::product::{Order, Product, Write, multiply};
use disentangle_numerics::real::Real;
use std::ops::Range;

/// A layer's weights during a sweep.
pub(super) struct View<'a, T> {
    pub w: &'a [T],
    pub b: &'a [T],
    pub inputs: usize,
    pub outputs: usize,
    pub activation: Activation,
}

/// How the rows of a batch are divided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Partition {
    pub rows: usize,
    /// Most rows of a block: its activations stay in the second-level cache, and its weight gradient is worth the traffic.
    pub block: usize,
    /// Rows of the first shard; the second has the rest. All rows where a second thread would not pay.
    pub split: usize,
}

impl Partition {
    /// Multiplications of a forward pass below which waking a second thread costs more than it saves.
    const SHARED_WORK: usize = 4_000_000;

    pub(super) fn new(rows: usize, layers: &[Layer]) -> Self {
        let widest = layers.iter().map(|l| l.inputs.max(l.outputs)).max().unwrap_or(1);
        let work = rows * layers.iter().map(|l| l.inputs * l.outputs).sum::<usize>();
        let half = (rows / 2).next_multiple_of(16);
        let split = if work >= Self::SHARED_WORK && half < rows { half } else { rows };
        let wanted = widest.max(65_536 / widest);
        // Blocks of one size: a last one of a few rows would add to whole weight gradients for little.
        let count = ((split + wanted / 2) / wanted).max(1);
        let block = split.div_ceil(count).max(1).next_multiple_of(16);
        Self { rows, block, split }
    }

    /// The rows of the two shards; the second may be empty.
    fn shards(&self) -> [Range<usize>; 2] {
        [0..self.split, self.split..self.rows]
    }

    /// All blocks, in order.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let Self { block, .. } = *self;
        self.shards().into_iter().flat_map(move |shard| blocks(shard, block))
    }

    pub(super) fn is_shared(&self) -> bool {
        self.split < self.rows
    }
}

fn blocks(shard: Range<usize>, block: usize) -> impl Iterator<Item = Range<usize>> {
    let end = shard.end;
    shard.step_by(block).map(move |from| from..(from + block).min(end))
}

/// One block through all layers: `x [n, in]`, `hidden` the activations of layer after layer, `y [n, out]`.
pub(super) fn forward_block<T: Real>(
    views: &[View<'_, T>],
    x: &[T],
    hidden: &mut [T],
    y: &mut [T],
    n: usize,
    compute: Compute,
) {
    let (mut input, mut rest) = (x, hidden);
    let (last, before) = views.split_last().expect("a network has a layer");
    for v in before {
        let (output, tail) = rest.split_at_mut(n * v.outputs);
        forward((input, v.w, v.b), (n, v.inputs, v.outputs), output, v.activation, compute);
        (input, rest) = (output, tail);
    }
    forward((input, last.w, last.b), (n, last.inputs, last.outputs), y, last.activation, compute);
}

/// The whole batch: `hidden` holds block after block.
pub(super) fn forward_all<T: Real>(
    views: &[View<'_, T>],
    partition: &Partition,
    x: &[T],
    hidden: &mut [T],
    y: &mut [T],
    compute: Compute,
) {
    let (inputs, outputs) = (views[0].inputs, views[views.len() - 1].outputs);
    let width: usize = views[..views.len() - 1].iter().map(|v| v.outputs).sum();
    let shard = |rows: Range<usize>, hidden: &mut [T], y: &mut [T], compute: Compute| {
        let first = rows.start;
        for rows in blocks(rows, partition.block) {
            let local = rows.start - first..rows.end - first;
            let hidden = &mut hidden[local.start * width..local.end * width];
            let y = &mut y[local.start * outputs..local.end * outputs];
            forward_block(views, &x[rows.start * inputs..rows.end * inputs], hidden, y, rows.len(), compute);
        }
    };
    let [a, b] = partition.shards();
    if b.is_empty() {
        return shard(a, hidden, y, Compute::SINGLE);
    }
    let (hidden_a, hidden_b) = hidden.split_at_mut(a.len() * width);
    let (y_a, y_b) = y.split_at_mut(a.len() * outputs);
    compute.join(|compute| shard(a, hidden_a, y_a, compute), |compute| shard(b, hidden_b, y_b, compute));
}

/// Where the gradient of one layer's parameters is summed.
pub(super) struct Sink<'a, T> {
    pub dw: &'a mut [T],
    pub db: &'a mut [T],
    pub held: Held,
}

/// What a backward sweep reads.
pub(super) struct Trace<'a, T> {
    pub x: &'a [T],
    pub hidden: &'a [T],
    pub y: &'a [T],
    pub gradient: &'a [T],
}

/// The rows of one shard, block after block; `dx` (the shard's rows) is empty when the input needs no gradient.
pub(super) fn backward_shard<T: Real>(
    views: &[View<'_, T>],
    trace: &Trace<'_, T>,
    (rows, block): (Range<usize>, usize),
    sinks: &mut [Sink<'_, T>],
    dx: &mut [T],
    (dz, spare): (&mut [T], &mut [T]),
    compute: Compute,
) {
    let (inputs, outputs) = (views[0].inputs, views[views.len() - 1].outputs);
    let width: usize = views[..views.len() - 1].iter().map(|v| v.outputs).sum();
    let first = rows.start;
    for rows in blocks(rows, block) {
        let part = Trace {
            x: &trace.x[rows.start * inputs..rows.end * inputs],
            hidden: &trace.hidden[rows.start * width..rows.end * width],
            y: &trace.y[rows.start * outputs..rows.end * outputs],
            gradient: &trace.gradient[rows.start * outputs..rows.end * outputs],
        };
        let dx = match dx.is_empty() {
            true => &mut [],
            false => &mut dx[(rows.start - first) * inputs..(rows.end - first) * inputs],
        };
        backward_block(views, &part, rows.len(), sinks, dx, (&mut *dz, &mut *spare), compute);
    }
}

fn backward_block<T: Real>(
    views: &[View<'_, T>],
    trace: &Trace<'_, T>,
    n: usize,
    sinks: &mut [Sink<'_, T>],
    dx: &mut [T],
    (mut dz, mut spare): (&mut [T], &mut [T]),
    compute: Compute,
) {
    let last = views.len() - 1;
    let mut end = trace.hidden.len();
    for sink in sinks.iter_mut().filter(|sink| sink.held == Held::Nothing) {
        sink.db.fill(T::ZERO);
    }
    dz[..trace.gradient.len()].copy_from_slice(trace.gradient);
    // Whether the layer above has pulled its gradient back through this one's activation already.
    let mut pulled = false;
    for (i, view) in views.iter().enumerate().rev() {
        let (inputs, outputs) = (view.inputs, view.outputs);
        let (below, sink) = sinks[..=i].split_at_mut(i);
        let sink = &mut sink[0];
        let y = if i == last { trace.y } else { &trace.hidden[end..end + n * outputs] };
        let x = if i == 0 { trace.x } else { &trace.hidden[end - n * inputs..end] };
        match view.activation {
            _ if pulled => {}
            Activation::Identity => add_column_sums(&dz[..n * outputs], sink.db),
            activation => pull_back(&mut dz[..n * outputs], y, sink.db, activation),
        }
        let write = match std::mem::replace(&mut sink.held, Held::Part) {
            Held::Part => Write::Add,
            Held::Nothing => Write::Replace,
        };
        pulled = false;
        if let Some(below) = below.last_mut() {
            let spare = &mut spare[..n * inputs];
            pulled = through_rectifier(view, &views[i - 1], (x, &dz[..n * outputs]), (spare, sink.dw, below.db), write);
        }
        if !pulled {
            let dz = (&dz[..n * outputs], Order::Plain);
            let size = Product { rows: inputs, inner: n, cols: outputs };
            multiply(size, (x, Order::Transposed), dz, sink.dw, write, compute);
            let dx = if i > 0 { &mut spare[..n * inputs] } else { &mut *dx };
            if !dx.is_empty() {
                let size = Product { rows: n, inner: outputs, cols: inputs };
                multiply(size, dz, (view.w, Order::Transposed), dx, Write::Replace, compute);
            }
        }
        if i > 0 {
            std::mem::swap(&mut dz, &mut spare);
            end -= n * inputs;
        }
    }
}

/// The backward pass of a narrow layer together with that of the rectifier below it, where both are what they are;
/// otherwise nothing is done.
fn through_rectifier<T: Real>(
    view: &View<'_, T>,
    below: &View<'_, T>,
    (x, dz): (&[T], &[T]),
    (dx, dw, db): (&mut [T], &mut [T], &mut [T]),
    write: Write,
) -> bool {
    let Some(slope) = below.activation.rectifier_slope() else { return false };
    let (Some(x), Some(dz), Some(w)) = (T::singles(x), T::singles(dz), T::singles(view.w)) else { return false };
    let (Some(dx), Some(dw), Some(db)) = (T::singles_mut(dx), T::singles_mut(dw), T::singles_mut(db)) else {
        return false;
    };
    if !rectified::fits(view.inputs, view.outputs) {
        return false;
    }
    if write == Write::Replace {
        dw.fill(0.0);
    }
    let factors = rectified::Factors { x, dz, w, slope: slope as f32 };
    rectified::backward((view.inputs, view.outputs), &factors, rectified::Results { dx, dw, db });
    true
}
