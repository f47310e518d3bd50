//! One forward pass in candle's graph, waiting for its backward pass.

use super::Layer;
use super::sweep::{Partition, Sink, Trace, View, backward_shard};
use crate::element::{Element, for_real, slice, with_values};
use crate::params::Held;
use candle_core::{CpuStorage, CustomOp2, Error, Layout, Result, Shape, Storage, Tensor};
use disentangle_data::simd::vectorised;
use disentangle_numerics::compute::Compute;
use disentangle_numerics::real::Real;
use std::sync::{Arc, Mutex, PoisonError};

/// Buffers of finished passes, waiting for the next one: a training step then touches the same memory every time, which
/// spares it the page faults of freshly mapped memory.
#[derive(Debug, Default)]
pub(super) struct Workspaces(Mutex<Vec<CpuStorage>>);

impl Workspaces {
    /// Enough for two passes in flight; more would only hold memory.
    const KEPT: usize = 8;

    /// A buffer with room for `count` values, of unspecified content.
    pub(super) fn take<T: Element>(&self, count: usize) -> Result<Vec<T>> {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = |s: &CpuStorage| s.as_slice::<T>().map_or(0, <[T]>::len);
        // The smallest that is large enough, else the largest: sizes settle after one step.
        let best = (0..spare.len()).min_by_key(|&i| match room(&spare[i]) {
            room if room >= count => (0, room),
            room => (1, usize::MAX - room),
        });
        let found = best.map(|i| spare.swap_remove(i)).filter(|s| s.as_slice::<T>().is_ok());
        drop(spare);
        let mut values = found.map_or(Ok(Vec::new()), T::from_storage)?;
        if values.len() < count {
            values.resize(count, T::ZERO);
        }
        Ok(values)
    }

    pub(super) fn give_back(&self, storage: CpuStorage) {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < Self::KEPT {
            spare.push(storage);
        }
    }
}

/// Calls `work` with the current weights of all layers.
pub(super) fn with_views<T: Element, R>(layers: &[Layer], work: impl FnOnce(&[View<'_, T>]) -> R) -> Result<R> {
    let guards: Vec<_> =
        layers.iter().map(|l| [l.weight.var().storage_and_layout(), l.bias.var().storage_and_layout()]).collect();
    let values = |i: usize, j: usize| match &*guards[i][j].0 {
        Storage::Cpu(storage) => slice::<T>(storage, guards[i][j].1),
        _ => Err(Error::Msg("a network's parameters are not where its input is, on the CPU".into()).bt()),
    };
    let view = |(i, l): (usize, &Layer)| {
        Ok(View { w: values(i, 0)?, b: values(i, 1)?, inputs: l.inputs, outputs: l.outputs, activation: l.activation })
    };
    let views = layers.iter().enumerate().map(view).collect::<Result<Vec<_>>>()?;
    Ok(work(&views))
}

/// A forward pass that has been computed.
pub(super) struct Pass {
    layers: Arc<[Layer]>,
    workspaces: Arc<Workspaces>,
    partition: Partition,
    compute: Compute,
    hidden: Option<CpuStorage>,
    output: Mutex<Option<CpuStorage>>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(hidden) = self.hidden.take() {
            self.workspaces.give_back(hidden);
        }
    }
}

impl Pass {
    pub(super) fn new(
        layers: Arc<[Layer]>,
        workspaces: Arc<Workspaces>,
        partition: Partition,
        hidden: CpuStorage,
        output: CpuStorage,
    ) -> Self {
        let (hidden, output) = (Some(hidden), Mutex::new(Some(output)));
        Self { layers, workspaces, partition, compute: Compute::current(), hidden, output }
    }

    /// Adds the gradients of all parameters to their slots and returns that of the input, when `wanted`.
    fn backward<T: Element>(&self, x: &[T], y: &[T], gradient: &[T], wanted: Wanted) -> Result<Vec<T>> {
        let hidden = self.hidden.as_ref().map_or(Ok(&[][..]), |hidden| hidden.as_slice::<T>())?;
        let trace = Trace { x, hidden, y, gradient };
        let Partition { rows, block, split } = self.partition;
        let mut dx = vec![T::ZERO; if wanted == Wanted::Input { x.len() } else { 0 }];
        let middle = (split * self.layers[0].inputs).min(dx.len());
        let (dx_a, dx_b) = dx.split_at_mut(middle);
        let widest = self.layers.iter().map(|l| l.outputs).max().unwrap_or(0);
        let room = block.min(split) * widest;
        let mut buffers = Vec::new();
        for _ in 0..if self.partition.is_shared() { 4 } else { 2 } {
            buffers.push(self.workspaces.take::<T>(room)?);
        }
        let mut slots = self.take_slots::<T>()?;
        let count = if self.partition.is_shared() { slots.iter().map(|s| s.dw.len() + s.db.len()).sum() } else { 0 };
        let mut other = self.workspaces.take::<T>(count)?;
        with_views(&self.layers, |views: &[View<'_, T>]| {
            let mut sinks: Vec<Sink<'_, T>> =
                slots.iter_mut().map(|s| Sink { dw: &mut s.dw, db: &mut s.db, held: s.held }).collect();
            let mut others = carve(&mut other, views);
            let (first, second) = buffers.split_at_mut(2);
            let shard = |rows, sinks: &mut [Sink<'_, T>], dx: &mut [T], buffers: &mut [Vec<T>], compute| {
                let [dz, spare] = buffers else { unreachable!("two buffers for each shard") };
                backward_shard(views, &trace, (rows, block), sinks, dx, (dz, spare), compute);
            };
            if !self.partition.is_shared() {
                return shard(0..rows, &mut sinks, dx_a, first, Compute::SINGLE);
            }
            self.compute.join(
                |compute| shard(0..split, &mut sinks, dx_a, first, compute),
                |compute| shard(split..rows, &mut others, dx_b, second, compute),
            );
            add_all(&mut sinks, &others, if count < SHARED_SUMS { Compute::SINGLE } else { self.compute });
        })?;
        for (layer, slot) in self.layers.iter().zip(slots) {
            layer.weight.slot().put(T::to_storage(slot.dw));
            layer.bias.slot().put(T::to_storage(slot.db));
        }
        for buffer in buffers.into_iter().chain([other]) {
            self.workspaces.give_back(T::to_storage(buffer));
        }
        Ok(dx)
    }

    fn take_slots<T: Element>(&self) -> Result<Vec<Slots<T>>> {
        let slots = |l: &Layer| {
            let (dw, held) = l.weight.slot().open::<T>(l.inputs * l.outputs)?;
            let (db, _) = l.bias.slot().open::<T>(l.outputs)?;
            Ok(Slots { dw, db, held })
        };
        self.layers.iter().map(slots).collect()
    }
}

/// The gradient buffers of one layer while they are being written.
struct Slots<T> {
    dw: Vec<T>,
    db: Vec<T>,
    held: Held,
}

/// Cuts one buffer into the gradients of all layers; none when the buffer is too small to be meant for it.
fn carve<'a, T: Real>(mut buffer: &'a mut [T], views: &[View<'_, T>]) -> Vec<Sink<'a, T>> {
    let mut sinks = Vec::with_capacity(views.len());
    for v in views {
        let size = v.w.len() + v.b.len();
        if buffer.len() < size {
            break;
        }
        let (dw, rest) = buffer.split_at_mut(v.w.len());
        let (db, rest) = rest.split_at_mut(v.b.len());
        sinks.push(Sink { dw, db, held: Held::Nothing });
        buffer = rest;
    }
    sinks
}

/// Numbers below which adding them on two threads does not pay; the second one has just been at work and is awake.
const SHARED_SUMS: usize = 100_000;

/// Adds the gradients of the second shard to those of the first, half of each weight on each thread.
fn add_all<T: Real>(sinks: &mut [Sink<'_, T>], others: &[Sink<'_, T>], compute: Compute) {
    let (mut low, mut high) = (Vec::with_capacity(sinks.len()), Vec::with_capacity(sinks.len()));
    for (sink, other) in sinks.iter_mut().zip(others) {
        add(sink.db, other.db);
        let half = sink.dw.len() / 2;
        let ((a, b), (c, d)) = (sink.dw.split_at_mut(half), other.dw.split_at(half));
        low.push((a, c));
        high.push((b, d));
    }
    let sum = |pairs: Vec<(&mut [T], &[T])>| pairs.into_iter().for_each(|(sum, term)| add(sum, term));
    compute.join(|_| sum(low), |_| sum(high));
}

fn add<T: Real>(sum: &mut [T], term: &[T]) {
    vectorised!({
        for (sum, &term) in sum.iter_mut().zip(term) {
            *sum += term;
        }
    });
}

/// Whether the input of the network needs a gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Input,
    ParametersOnly,
}

impl CustomOp2 for Pass {
    fn name(&self) -> &'static str {
        "mlp"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let output = self.output.lock().unwrap_or_else(PoisonError::into_inner).take();
        let output = output.ok_or_else(|| Error::Msg("a pass through a network runs once".into()).bt())?;
        Ok((output, Shape::from((self.partition.rows, self.layers[self.layers.len() - 1].outputs))))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, y: &Tensor, gradient: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let wanted = if x.track_op() { Wanted::Input } else { Wanted::ParametersOnly };
        for_real!(x.dtype(), T => {
            let dx = with_values(x, |x: &[T]| {
                with_values(y, |y: &[T]| with_values(&gradient, |g: &[T]| self.backward(x, y, g, wanted)))
            })????;
            let dx = (wanted == Wanted::Input).then(|| Tensor::from_vec(dx, x.shape(), x.device()));
            Ok((dx.transpose()?, None))
        })
    }
}
