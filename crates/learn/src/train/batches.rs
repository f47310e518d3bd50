//! Rows in seeded order: the shuffle of an epoch is a pure function of (seed, epoch).

use super::internal;
use crate::method::Batch;
use candle_core::{Device, Tensor};
use disentangle_data::prepare::Prepared;
use disentangle_data::{Result, Stream};

/// Mixed batches over the training rows. The last, incomplete batch of an epoch is left out, as in the papers' loops.
#[derive(Debug)]
pub struct Batches {
    rows: Vec<usize>,
    order: Vec<usize>,
    size: usize,
    stream: Stream,
    epoch: Option<u32>,
}

impl Batches {
    /// Batches of `size` rows (at most all of them) from `rows`.
    pub fn new(rows: Vec<usize>, size: usize, seed: u64) -> Self {
        let size = size.min(rows.len()).max(1);
        Self { order: Vec::new(), size, stream: Stream::new(seed, "batches"), epoch: None, rows }
    }

    /// Rows of step `step`, counted from 0: any step can be asked for, so a resumed run goes on where it stopped.
    pub fn at(&mut self, step: usize) -> Vec<usize> {
        let per_epoch = (self.rows.len() / self.size).max(1);
        let epoch = (step / per_epoch) as u32;
        if self.epoch != Some(epoch) {
            self.order = self.stream.at(epoch).permutation(self.rows.len());
            self.epoch = Some(epoch);
        }
        let start = (step % per_epoch) * self.size;
        self.order[start..start + self.size].iter().map(|&i| self.rows[i]).collect()
    }
}

/// The given rows as a batch on a device.
///
/// # Errors
/// Those of candle.
pub fn batch_of(data: &Prepared, rows: &[usize], device: &Device) -> Result<Batch> {
    let inputs = data.inputs.select_rows(rows);
    let shape = (rows.len(), inputs.cols());
    let targets: Vec<f32> = match &data.targets {
        Some(targets) => rows.iter().map(|&i| targets.values[(i, 0)]).collect(),
        None => Vec::new(),
    };
    Ok(Batch {
        inputs: Tensor::from_vec(inputs.into_data(), shape, device).map_err(internal)?,
        targets: Tensor::from_vec(targets, rows.len(), device).map_err(internal)?,
        nodes: rows.iter().map(|&i| data.nodes[i]).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_visits_every_row_once_and_any_step_can_be_asked_for() {
        let mut batches = Batches::new((10..22).collect(), 4, 3);
        let mut seen: Vec<usize> = (0..3).flat_map(|s| batches.at(s)).collect();
        let second: Vec<usize> = batches.at(4);
        seen.sort_unstable();
        assert_eq!(seen, (10..22).collect::<Vec<_>>());
        assert_eq!(Batches::new((10..22).collect(), 4, 3).at(4), second);
        assert_ne!(Batches::new((10..22).collect(), 4, 4).at(4), second);
    }

    #[test]
    fn a_batch_larger_than_the_data_is_the_data() {
        assert_eq!(Batches::new(vec![5, 6], 100, 0).at(7).len(), 2);
    }
}
