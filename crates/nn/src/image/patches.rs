//! Unfolding an image into the patches that a kernel sees, and the transpose.

use super::Stride;
use disentangle_numerics::real::Real;

/// A fine image whose patches are the places of a coarse one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub channels: usize,
    pub fine: (usize, usize),
    pub coarse: (usize, usize),
    pub kernel: usize,
    pub stride: Stride,
}

impl Grid {
    /// Entries of a patch.
    pub fn patch(&self) -> usize {
        self.channels * self.kernel * self.kernel
    }

    /// Places of the kernel.
    pub fn places(&self) -> usize {
        self.coarse.0 * self.coarse.1
    }

    /// The places along one axis whose pixel under kernel offset `offset` lies inside, and the pixel of the first.
    fn inside(&self, offset: usize, fine: usize, coarse: usize) -> (std::ops::Range<usize>, usize) {
        let Stride { step, padding } = self.stride;
        let first = padding.saturating_sub(offset).div_ceil(step).min(coarse);
        let end = match (fine + padding).checked_sub(offset) {
            Some(room) => room.div_ceil(step).min(coarse),
            None => 0,
        };
        (first..end.max(first), (first * step + offset).saturating_sub(padding))
    }

    /// Calls `work` with every run of places in a row: index of the first in `[patch, places]`, index of its pixel in
    /// the image, and their number. Places whose pixel is padding are left out.
    fn runs(&self, mut work: impl FnMut(usize, usize, usize)) {
        let ((height, width), (rows, cols), k) = (self.fine, self.coarse, self.kernel);
        for entry in 0..self.patch() {
            let (channel, dy, dx) = (entry / (k * k), entry / k % k, entry % k);
            let (ys, y0) = self.inside(dy, height, rows);
            let (xs, x0) = self.inside(dx, width, cols);
            if xs.is_empty() {
                continue;
            }
            for (i, row) in ys.enumerate() {
                let pixel = (channel * height + y0 + i * self.stride.step) * width + x0;
                work(entry * rows * cols + row * cols + xs.start, pixel, xs.len());
            }
        }
    }
}

/// `columns [patch, places]` from an image `[channels, height, width]`; padding gives zeros.
pub(super) fn unfold<T: Real>(image: &[T], grid: &Grid, columns: &mut [T]) {
    columns.fill(T::ZERO);
    let step = grid.stride.step;
    grid.runs(|column, pixel, count| match step {
        1 => columns[column..column + count].copy_from_slice(&image[pixel..pixel + count]),
        _ => {
            for (out, v) in columns[column..column + count].iter_mut().zip(image[pixel..].iter().step_by(step)) {
                *out = *v;
            }
        }
    });
}

/// The transpose of [`unfold`]: adds every column entry to the pixel it came from.
pub(super) fn fold<T: Real>(columns: &[T], grid: &Grid, image: &mut [T]) {
    let step = grid.stride.step;
    grid.runs(|column, pixel, count| {
        for (out, v) in image[pixel..].iter_mut().step_by(step).zip(&columns[column..column + count]) {
            *out += *v;
        }
    });
}
