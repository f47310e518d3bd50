//! Latents of several modalities by an exact likelihood: autoencoders, invertible flows to latents and private variables, mechanisms with
//! sets of causes that are drawn, and the search from many starts. Plain numbers in and out.
//!
//! All of it works on lanes (`perceptron`): a table of w columns and n rows is w x n.

mod adam;
mod autoencoder;
mod density;
mod flow;
mod objective;
mod sets;
mod sizes;
mod starts;

pub use autoencoder::{Autoencoder, Training, Untrained, errors, train};
pub use density::{Density, Modality, Shape, Workspace};
pub use objective::{Evaluated, codes, evaluate, latents, means, noise};
pub use sets::{MOST_LATENTS, Sets};
pub use sizes::{shared, widths};
pub use starts::{COLD, Descent, Start, advance, turned};

use crate::compute::Compute;

/// Runs `work` on every item, on as many threads as there are; which thread does not matter to the numbers.
pub fn each<I: Send>(items: &mut [I], compute: Compute, work: &(impl Fn(&mut I) + Sync)) {
    if items.len() < 2 || compute.threads() < 2 {
        return items.iter_mut().for_each(work);
    }
    let (first, second) = items.split_at_mut(items.len().div_ceil(2));
    compute.join(|compute| each(first, compute, work), |compute| each(second, compute, work));
}

/// Rows of a table on lanes, in the order of `rows`, to `out` (columns x as many rows).
pub(crate) fn gather<T: Copy>(table: &[T], n: usize, rows: &[u32], out: &mut [T]) {
    for (column, out) in table.chunks_exact(n).zip(out.chunks_exact_mut(rows.len())) {
        out.iter_mut().zip(rows).for_each(|(out, &row)| *out = column[row as usize]);
    }
}

/// Rows of every step: each epoch passes once through `n` rows in an order of its own, in batches of `batch` rows.
pub(crate) fn batches(seed: u64, name: &str, n: usize, batch: usize, steps: usize) -> Vec<u32> {
    let stream = disentangle_data::Stream::new(seed, name);
    let per_epoch = (n / batch).max(1);
    let epoch = |e: usize| stream.at(e as u32).permutation(n).into_iter().take(per_epoch * batch).map(|row| row as u32);
    (0..steps.div_ceil(per_epoch)).flat_map(epoch).take(steps * batch).collect()
}

/// A learning rate that falls along half a cosine to a fiftieth of its peak.
pub(crate) fn rate(peak: f64, progress: f64) -> f64 {
    peak * (0.02 + 0.49 * (1.0 + (std::f64::consts::PI * progress).cos()))
}

#[cfg(test)]
mod laws;
