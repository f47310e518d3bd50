//! Unfolding images into the patches that a kernel sees, and the transpose.

use super::Stride;
use disentangle_data::simd::vectorised;
use disentangle_numerics::real::Real;
use std::ops::Range;

/// Fine images `[n, height, width, channels]` whose patches are the places of coarse ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub channels: usize,
    pub fine: (usize, usize),
    pub coarse: (usize, usize),
    pub kernel: usize,
    pub stride: Stride,
}

/// The part of one line of a kernel that lies inside an image: entries of patches and of pixels, one after the other in both.
struct Run {
    /// The first entry of the line in the patches, and of these how many lie before the image.
    line: usize,
    before: usize,
    /// The first entry in the images.
    pixel: usize,
    count: usize,
}

impl Grid {
    /// Entries of a patch: line by line, pixel by pixel, channels side by side.
    pub fn patch(&self) -> usize {
        self.channels * self.kernel * self.kernel
    }

    /// Places of the kernel in one image.
    pub fn places(&self) -> usize {
        self.coarse.0 * self.coarse.1
    }

    /// Entries of a fine image.
    pub fn pixels(&self) -> usize {
        self.channels * self.fine.0 * self.fine.1
    }

    /// Calls `work` with every line of the kernel at every place of these rows of the coarse images, counted through all images.
    #[inline(always)]
    fn runs(&self, rows: Range<usize>, mut work: impl FnMut(Run)) {
        let ((height, width), (coarse, places)) = (self.fine, self.coarse);
        let (Stride { step, padding }, k, c) = (self.stride, self.kernel, self.channels);
        for (at, row) in rows.enumerate() {
            let (image, top) = (row / coarse, row % coarse * step);
            for place in 0..places {
                let left = place * step;
                let before = padding.saturating_sub(left).min(k);
                let inside = (width + padding).saturating_sub(left).min(k).saturating_sub(before);
                for dy in 0..k {
                    let line = ((at * places + place) * k + dy) * k * c;
                    let y = (top + dy).wrapping_sub(padding);
                    let (pixel, count) = match y < height && inside > 0 {
                        true => (((image * height + y) * width + left + before - padding) * c, inside * c),
                        false => (0, 0),
                    };
                    work(Run { line, before: before * c, pixel, count });
                }
            }
        }
    }
}

/// `patches [rows x places of a row, patch]` of these rows of the coarse images; padding gives zeros.
pub(super) fn unfold<T: Real>(images: &[T], grid: &Grid, rows: Range<usize>, patches: &mut [T]) {
    let length = grid.kernel * grid.channels;
    grid.runs(rows, |Run { line, before, pixel, count }| {
        let line = &mut patches[line..line + length];
        line[..before].fill(T::ZERO);
        line[before..before + count].copy_from_slice(&images[pixel..pixel + count]);
        line[before + count..].fill(T::ZERO);
    });
}

/// The transpose of [`unfold`]: adds every entry of the patches to the pixel it came from.
pub(super) fn fold<T: Real>(patches: &[T], grid: &Grid, rows: Range<usize>, images: &mut [T]) {
    vectorised!({
        grid.runs(rows, |Run { line, before, pixel, count }| {
            let line = &patches[line + before..line + before + count];
            for (sum, &v) in images[pixel..pixel + count].iter_mut().zip(line) {
                *sum += v;
            }
        });
    });
}
