//! Decoded images as small pictures that a report can show.

use crate::results::Pictures;
use disentangle_data::Matrix;
use disentangle_data::prepare::Prepared;
use disentangle_data::views::Image;

/// Most pixels of the longer side.
const SIDE: usize = 32;

/// The image views of some data, with the range of their values over the training rows.
pub(super) struct Gallery {
    frames: Vec<Frame>,
}

struct Frame {
    view: String,
    start: usize,
    image: Image,
    lowest: f64,
    highest: f64,
}

impl Gallery {
    pub(super) fn of(data: &Prepared, train: &[usize]) -> Self {
        let frame = |view: &disentangle_data::View| {
            let image = view.image?;
            let (scale, mut range) = (&data.standardiser, (f64::INFINITY, f64::NEG_INFINITY));
            for &row in train {
                let values = &data.inputs.row(row)[view.columns()];
                for (column, &value) in view.columns().zip(values) {
                    let own = f64::from(value) * scale.sd[column] + scale.mean[column];
                    range = (range.0.min(own), range.1.max(own));
                }
            }
            // Scaled there and back in 32 bits: the last digits are none of the data's.
            let grain = (range.1 - range.0) / 1e5;
            let told = |value: f64| if grain > 0.0 { (value / grain).round() * grain + 0.0 } else { value };
            let (lowest, highest) = (told(range.0), told(range.1));
            Some(Frame { view: view.name.clone(), start: view.start, image, lowest, highest })
        };
        Self { frames: data.views.iter().filter_map(frame).collect() }
    }

    /// Whether no view is an image.
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// One picture of each view for each row, which is in units of the data.
    pub(super) fn hang(&self, rows: &Matrix) -> Vec<Pictures> {
        self.frames.iter().map(|frame| frame.pictures(rows)).collect()
    }
}

impl Frame {
    fn pictures(&self, rows: &Matrix) -> Pictures {
        let Image { channels, height, width } = self.image;
        // Pixels of an image that become one of the picture, along each side.
        let block = height.max(width).div_ceil(SIDE);
        let shown = if channels == 3 { 3 } else { 1 };
        let (h, w) = (height.div_ceil(block), width.div_ceil(block));
        let pixels = |row: usize| {
            let image = &rows.row(row)[self.start..self.start + self.image.len()];
            let mean = |y: usize, x: usize, channel: usize| {
                let of = if shown == 3 { channel..channel + 1 } else { 0..channels };
                let (mut sum, mut count) = (0.0, 0);
                for c in of {
                    for y in y * block..height.min((y + 1) * block) {
                        for x in x * block..width.min((x + 1) * block) {
                            sum += f64::from(image[(c * height + y) * width + x]);
                            count += 1;
                        }
                    }
                }
                sum / f64::from(count)
            };
            let places = (0..h).flat_map(|y| (0..w).flat_map(move |x| (0..shown).map(move |c| (y, x, c))));
            places.map(|(y, x, c)| format!("{:02x}", self.byte(mean(y, x, c)))).collect()
        };
        Pictures {
            view: self.view.clone(),
            channels: shown,
            height: h,
            width: w,
            lowest: self.lowest,
            highest: self.highest,
            pixels: (0..rows.rows()).map(pixels).collect(),
        }
    }

    /// From black at the lowest value to white at the highest; beyond them it stays black or white.
    fn byte(&self, value: f64) -> u8 {
        let range = self.highest - self.lowest;
        let share = if range > 0.0 { (value - self.lowest) / range } else { 0.5 };
        (255.0 * share.clamp(0.0, 1.0)).round() as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(channels: usize, height: usize, width: usize) -> Frame {
        let image = Image { channels, height, width };
        Frame { view: "v".into(), start: 1, image, lowest: -1.0, highest: 1.0 }
    }

    #[test]
    fn values_between_the_lowest_and_the_highest_are_shown_in_order_and_others_cut() {
        let rows = Matrix::new(2, 5, vec![9.0, -1.0, 0.0, 1.0, 0.5, 9.0, -7.0, 7.0, -0.5, 0.0]).expect("2 x 5");
        let pictures = frame(1, 2, 2).pictures(&rows);
        assert_eq!((pictures.height, pictures.width, pictures.channels), (2, 2, 1));
        assert_eq!(pictures.pixels, ["0080ffbf", "00ff4080"]);
    }

    #[test]
    fn channels_of_a_pixel_stand_side_by_side_and_other_numbers_of_channels_are_averaged() {
        let rows = Matrix::new(1, 7, vec![9.0, -1.0, 1.0, 0.0, 0.0, 1.0, -1.0]).expect("1 x 7");
        assert_eq!(frame(3, 1, 2).pictures(&rows).pixels, ["0080ffff8000"]);
        let rows = Matrix::new(1, 5, vec![9.0, -1.0, 1.0, 0.0, 1.0]).expect("1 x 5");
        assert_eq!(frame(2, 1, 2).pictures(&rows).pixels, ["40ff"]);
    }

    #[test]
    fn large_images_become_means_of_blocks_and_the_last_block_may_be_smaller() {
        let rows = Matrix::from_fn(1, 1 + 33 * 2, |_, j| if j > 64 { 1.0 } else { -1.0 });
        let pictures = frame(1, 33, 2).pictures(&rows);
        assert_eq!((pictures.height, pictures.width), (17, 1));
        // Sixteen blocks of two rows, and the last row alone.
        assert_eq!(pictures.pixels, [format!("{}ff", "00".repeat(16))]);
    }

    #[test]
    fn an_image_that_never_varies_is_grey() {
        let same = Frame { lowest: 3.0, highest: 3.0, ..frame(1, 1, 1) };
        assert_eq!(same.pictures(&Matrix::new(1, 2, vec![0.0, 3.0]).expect("1 x 2")).pixels, ["80"]);
    }
}
