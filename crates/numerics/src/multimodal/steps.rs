//! What descents share: rows of every step, and the learning rate.

use disentangle_data::Stream;

/// Rows of a table on lanes, in the order of `rows`, to `out` (columns x as many rows).
pub(super) fn gather<T: Copy>(table: &[T], n: usize, rows: &[u32], out: &mut [T]) {
    for (column, out) in table.chunks_exact(n).zip(out.chunks_exact_mut(rows.len())) {
        out.iter_mut().zip(rows).for_each(|(out, &row)| *out = column[row as usize]);
    }
}

/// Rows of every step: each epoch passes once through `n` rows in an order of its own, in batches of `batch` rows.
pub fn batches(seed: u64, name: &str, n: usize, batch: usize, steps: usize) -> Vec<u32> {
    let stream = Stream::new(seed, name);
    let per_epoch = (n / batch).max(1);
    let epoch = |e: usize| stream.at(e as u32).permutation(n).into_iter().take(per_epoch * batch).map(|row| row as u32);
    (0..steps.div_ceil(per_epoch)).flat_map(epoch).take(steps * batch).collect()
}

/// A learning rate that falls along half a cosine to a fiftieth of its peak.
pub fn rate(peak: f64, progress: f64) -> f64 {
    peak * (0.02 + 0.49 * (1.0 + (std::f64::consts::PI * progress).cos()))
}
