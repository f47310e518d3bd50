//! The rows that a fit learns from: complete ones, and those that lack modalities, which teach what they can.
//!
//! An autoencoder sees every row that has its modality. The likelihood takes of each row the modalities before the first that it lacks:
//! causes stand in earlier modalities, so that this is the exact likelihood of that part, whatever the rest would have been. Terms of a
//! modality are means over the rows that have them.

use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Matrix, Stream, View, memory};

/// Complete rows first, in an order of no meaning: those that come first decide on starts, those that come last on sizes.
pub(super) struct TrainingRows<'a> {
    data: &'a Prepared,
    /// Complete training rows, by their place in the data.
    pub(super) complete: Vec<usize>,
    /// Of each modality, the incomplete rows that have it.
    has: Vec<Vec<usize>>,
    /// The incomplete rows that have the first modality, and how many modalities they have before the first that they lack.
    partial: Vec<(usize, usize)>,
}

impl<'a> TrainingRows<'a> {
    pub(super) fn of(data: &'a Prepared, seed: u64) -> Self {
        let rows = data.rows_of(Split::Train);
        let order = Stream::new(seed, "multimodal/order").permutation(rows.len());
        let lacks = |row: usize, view: &View| data.incomplete[(row, view.start)].is_nan();
        let incomplete = 0..data.incomplete.rows();
        let has = |view: &View| incomplete.clone().filter(|&row| !lacks(row, view)).collect();
        let before = |row: usize| data.views.iter().take_while(|view| !lacks(row, view)).count();
        Self {
            data,
            complete: order.into_iter().map(|at| rows[at]).collect(),
            has: data.views.iter().map(has).collect(),
            partial: incomplete.clone().map(|row| (row, before(row))).filter(|&(_, before)| before > 0).collect(),
        }
    }

    /// Number of rows of the likelihood, the complete ones first.
    pub(super) fn len(&self) -> usize {
        self.complete.len() + self.partial.len()
    }

    /// The columns of a modality, of all rows that have it (n x columns), the complete ones first.
    pub(super) fn table(&self, modality: usize) -> Matrix {
        let (columns, has) = (self.data.views[modality].columns(), &self.has[modality]);
        let complete = self.complete.iter().map(|&row| self.data.inputs.row(row));
        let rows = complete.chain(has.iter().map(|&row| self.data.incomplete.row(row)));
        let count = self.complete.len() + has.len();
        let values = rows.flat_map(|row| row[columns.clone()].iter().copied());
        let values = memory::gathered(values, count * columns.len(), "the rows of a modality");
        Matrix::new(count, columns.len(), values).expect("as many numbers as rows and columns")
    }

    /// Codes (width x as many rows as [`Self::table`] has) over the rows of the likelihood; 0 where a row lacks the modality.
    pub(super) fn spread(&self, modality: usize, codes: Vec<f32>, width: usize) -> Vec<f32> {
        if self.partial.is_empty() && self.has[modality].is_empty() {
            return codes;
        }
        let (complete, n, has) = (self.complete.len(), self.len(), &self.has[modality]);
        let mut all = vec![0f32; width * n];
        for (to, from) in all.chunks_exact_mut(n).zip(codes.chunks_exact(complete + has.len())) {
            to[..complete].copy_from_slice(&from[..complete]);
            for (to, (row, _)) in to[complete..].iter_mut().zip(&self.partial) {
                *to = has.binary_search(row).map_or(0.0, |at| from[complete + at]);
            }
        }
        all
    }

    /// What each row of the likelihood counts in the terms of each modality; none where all rows are complete.
    pub(super) fn weights(&self) -> Vec<Vec<f32>> {
        if self.partial.is_empty() {
            return Vec::new();
        }
        let n = self.len();
        let of = |m: usize| {
            let has: Vec<bool> = self.partial.iter().map(|&(_, before)| m < before).collect();
            let count = self.complete.len() + has.iter().filter(|&&has| has).count();
            let weight = (n as f64 / count as f64) as f32;
            let partial = has.into_iter().map(|has| if has { weight } else { 0.0 });
            std::iter::repeat_n(weight, self.complete.len()).chain(partial).collect()
        };
        (0..self.has.len()).map(of).collect()
    }
}

/// Of codes (width x n), those of the first rows.
pub(super) fn first_rows(codes: &[f32], width: usize, count: usize) -> Vec<f32> {
    let n = codes.len() / width.max(1);
    codes.chunks_exact(n.max(1)).flat_map(|unit| unit[..count].iter().copied()).collect()
}
