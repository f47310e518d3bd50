//! Rows in seeded order: the shuffle of an epoch is a pure function of (seed, epoch).

use crate::method::{Batch, Batching, Phase, Recipe, State};
use disentangle_data::dataset::Role;
use disentangle_data::prepare::{FreshRows, Prepared};
use disentangle_data::split::Split;
use disentangle_data::{Result, Stream};
use disentangle_nn::internal;
use disentangle_nn::{Device, Tensor};

/// What is never torn apart by a batch: single rows, or all rows of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    rows: Vec<usize>,
    /// Where each unit ends in `rows`; empty for single rows.
    ends: Vec<usize>,
}

impl Units {
    /// Every row on its own.
    pub fn rows(rows: Vec<usize>) -> Self {
        Self { rows, ends: Vec::new() }
    }

    /// Rows of one part of the split, in units of a batching.
    pub fn of(data: &Prepared, part: Split, batching: Batching) -> Self {
        let rows = data.rows_of(part);
        match (batching, data.labels.get(&Role::Task)) {
            (Batching::Tasks(_), Some(labels)) => {
                // An empty label is a missing one.
                let known = rows.into_iter().filter(|&row| !labels.label(row).is_empty()).collect();
                Self::grouped(known, &labels.codes, labels.levels.len())
            }
            _ => Self::rows(rows),
        }
    }

    fn grouped(rows: Vec<usize>, codes: &[u32], levels: usize) -> Self {
        let mut of_task = vec![Vec::new(); levels];
        rows.iter().for_each(|&row| of_task[codes[row] as usize].push(row));
        of_task.retain(|rows| !rows.is_empty());
        let ends = of_task.iter().scan(0, |end, rows| {
            *end += rows.len();
            Some(*end)
        });
        let ends = ends.collect();
        Self { rows: of_task.into_iter().flatten().collect(), ends }
    }

    /// Number of units.
    pub fn len(&self) -> usize {
        if self.ends.is_empty() { self.rows.len() } else { self.ends.len() }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Rows of unit `i`.
    pub fn get(&self, i: usize) -> &[usize] {
        match self.ends.get(i) {
            None => &self.rows[i..=i],
            Some(&end) => &self.rows[if i == 0 { 0 } else { self.ends[i - 1] }..end],
        }
    }
}

/// Units in an order that is drawn anew for each epoch. The last, incomplete batch of an epoch is left out, as in the papers' loops.
#[derive(Debug)]
struct Shuffled {
    units: Units,
    size: usize,
    stream: Stream,
    epoch: Option<u32>,
    order: Vec<usize>,
}

impl Shuffled {
    /// Batches of `size` units (at most all of them).
    fn new(units: Units, size: usize, stream: Stream) -> Self {
        let size = size.min(units.len()).max(1);
        Self { units, size, stream, epoch: None, order: Vec::new() }
    }

    /// Rows of step `step`.
    fn at(&mut self, step: usize) -> impl Iterator<Item = usize> + '_ {
        let per_epoch = (self.units.len() / self.size).max(1);
        let epoch = (step / per_epoch) as u32;
        if self.epoch != Some(epoch) {
            self.order = self.stream.at(epoch).permutation(self.units.len());
            self.epoch = Some(epoch);
        }
        let start = (step % per_epoch) * self.size;
        self.order[start..start + self.size].iter().flat_map(|&i| self.units.get(i)).copied()
    }
}

/// Mixed batches over the training rows: of all of them, or of each environment in the order of its own epoch.
#[derive(Debug)]
pub struct Batches {
    parts: Vec<Shuffled>,
}

impl Batches {
    /// Batches of `size` units (at most all of them).
    pub fn new(units: Units, size: usize, seed: u64) -> Self {
        Self { parts: vec![Shuffled::new(units, size, Stream::new(seed, "batches"))] }
    }

    /// Batches of the training rows.
    pub fn of(data: &Prepared, batching: Batching, seed: u64) -> Self {
        let size = match batching {
            Batching::Rows(size) | Batching::Tasks(size) => {
                return Self::new(Units::of(data, Split::Train, batching), size, seed);
            }
            Batching::Environments(size) => size,
        };
        let mut rows = vec![Vec::new(); data.nodes.iter().max().map_or(0, |&most| most as usize + 1)];
        data.rows_of(Split::Train).into_iter().for_each(|row| rows[data.nodes[row] as usize].push(row));
        let environment =
            |(u, rows)| Shuffled::new(Units::rows(rows), size, Stream::new(seed, &format!("batches/{u}")));
        Self { parts: rows.into_iter().enumerate().filter(|(_, rows)| !rows.is_empty()).map(environment).collect() }
    }

    /// Rows of step `step`, counted from 0: any step can be asked for, so a resumed run goes on where it stopped.
    pub fn at(&mut self, step: usize) -> Vec<usize> {
        self.parts.iter_mut().flat_map(|part| part.at(step)).collect()
    }
}

/// What a loss is asked for, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Name of the descent.
    pub stage: &'static str,
    /// To take a step, or to look.
    pub phase: Phase,
    /// Share of the steps taken.
    pub progress: f64,
}

/// The given rows as a batch on a device, for the loss of a descent; `draws` is where its random numbers come from.
///
/// # Errors
/// Those of candle.
pub fn batch_of(
    data: &Prepared,
    rows: &[usize],
    draws: Stream,
    Asked { stage, phase, progress }: Asked,
    device: &Device,
) -> Result<Batch> {
    let inputs = data.inputs.select_rows(rows);
    let shape = (rows.len(), inputs.cols());
    let given = data.targets.as_ref().map(|targets| targets.values.select_rows(rows).into_data()).unwrap_or_default();
    let targets = match &data.targets {
        Some(targets) if targets.names.len() > 1 => {
            Tensor::from_slice(&given, (rows.len(), targets.names.len()), device)
        }
        _ => Tensor::from_slice(&given, given.len(), device),
    };
    let codes = data.labels.get(&Role::Task).map(|labels| &labels.codes);
    Ok(Batch {
        inputs: Tensor::from_vec(inputs.into_data(), shape, device).map_err(internal)?,
        targets: targets.map_err(internal)?,
        given,
        nodes: rows.iter().map(|&i| data.nodes[i]).collect(),
        tasks: codes.map(|codes| rows.iter().map(|&i| codes[i]).collect()).unwrap_or_default(),
        draws,
        stage,
        phase,
        progress,
    })
}

/// Fresh rows for a step, seen through the layers that rest: a pure function of (seed, stage, step), without targets and labels.
///
/// # Errors
/// Those of candle; `NUMERIC_NOT_FINITE`.
pub(super) fn fresh_batch(
    source: &FreshRows,
    recipe: &Recipe,
    (seed, step): (u64, usize),
    draws: Stream,
    state: &State,
) -> Result<Batch> {
    let (Batching::Rows(count) | Batching::Tasks(count) | Batching::Environments(count)) = recipe.batches;
    let inputs = source.batch(count, seed, recipe.name, step)?;
    let (shape, device) = ((count, inputs.cols()), state.params.device());
    let seen = || {
        let inputs = Tensor::from_vec(inputs.into_data(), shape, device)?;
        Ok(state.network.view(recipe.name, &inputs)?.unwrap_or(inputs))
    };
    Ok(Batch {
        inputs: seen().map_err(internal)?,
        targets: Tensor::from_vec(Vec::<f32>::new(), 0, device).map_err(internal)?,
        given: Vec::new(),
        nodes: vec![0; count],
        tasks: Vec::new(),
        draws,
        stage: recipe.name,
        phase: Phase::Train,
        progress: recipe.progress(step),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: std::ops::Range<usize>) -> Units {
        Units::rows(rows.collect())
    }

    #[test]
    fn an_epoch_visits_every_row_once_and_any_step_can_be_asked_for() {
        let mut batches = Batches::new(rows(10..22), 4, 3);
        let mut seen: Vec<usize> = (0..3).flat_map(|s| batches.at(s)).collect();
        let second: Vec<usize> = batches.at(4);
        seen.sort_unstable();
        assert_eq!(seen, (10..22).collect::<Vec<_>>());
        assert_eq!(Batches::new(rows(10..22), 4, 3).at(4), second);
        assert_ne!(Batches::new(rows(10..22), 4, 4).at(4), second);
    }

    #[test]
    fn a_batch_larger_than_the_data_is_the_data() {
        assert_eq!(Batches::new(rows(5..7), 100, 0).at(7).len(), 2);
    }

    #[test]
    fn a_batch_of_tasks_has_all_rows_of_each() {
        let units = Units::grouped(vec![0, 1, 2, 4, 5, 6], &[2, 0, 2, 9, 1, 2, 0], 4);
        assert_eq!((units.len(), units.get(0), units.get(1), units.get(2)), (3, &[1, 6][..], &[4][..], &[0, 2, 5][..]));
        let mut batches = Batches::new(units, 2, 1);
        for step in 0..5 {
            let batch = batches.at(step);
            assert!([3, 4, 5].contains(&batch.len()), "{batch:?}");
            assert_eq!(batch.contains(&1), batch.contains(&6));
            assert_eq!(batch.contains(&0), batch.contains(&5));
        }
    }

    #[test]
    fn a_batch_of_environments_has_as_many_rows_of_each_and_an_epoch_of_each_visits_all_of_its_rows() {
        use disentangle_data::dataset::Labels;
        use disentangle_data::prepare::{PrepareConfig, prepare};
        use disentangle_data::{Dataset, Matrix};
        // 240 rows of "a", 120 of "b", 6 of "c".
        let label = |i: usize| {
            if i < 240 {
                "a"
            } else if i < 360 {
                "b"
            } else {
                "c"
            }
        };
        let labels = Labels::encode("site", &(0..366).map(label).collect::<Vec<_>>());
        let data = Dataset {
            inputs: Matrix::from_fn(366, 1, |i, _| i as f32),
            input_names: vec!["x".into()],
            labels: [(Role::Environment, labels)].into_iter().collect(),
            ..Dataset::default()
        };
        let data = prepare(&data, &PrepareConfig::default(), 0).expect("prepares");
        let rows = |u: u32| data.rows_of(Split::Train).into_iter().filter(|&i| data.nodes[i] == u).count();
        let counts = [rows(0), rows(1), rows(2)];
        let mut batches = Batches::of(&data, Batching::Environments(20), 3);
        let mut seen = std::collections::BTreeSet::new();
        for step in 0..counts[0] / 20 {
            let batch = batches.at(step);
            let of = |u: u32| batch.iter().filter(|&&i| data.nodes[i] == u).count();
            assert_eq!([of(0), of(1), of(2)], counts.map(|count| count.min(20)));
            seen.extend(batch.into_iter().filter(|&i| data.nodes[i] == 0));
        }
        assert_eq!(seen.len(), counts[0] / 20 * 20);
        assert_eq!(Batches::of(&data, Batching::Environments(20), 3).at(5), batches.at(5));
    }
}
