//! Shapes on a square grid of pixels: the exact share of each pixel that they cover, which is what anti-aliasing approximates.
//!
//! Points are in pixels from the upper left corner, x to the right and y down; pixel p is row p / size, column p % size.

use crate::views::{Image, View, pixel_names};
use std::ops::Range;

/// The one view of a world of pictures, and the names of its columns.
pub(super) fn view_of(image: Image) -> (View, Vec<String>) {
    let name = "image";
    let view = View { name: name.into(), start: 0, end: image.len(), image: Some(image) };
    (view, pixel_names(name, image).collect())
}

/// Pixels that a shape touches, and the share of each that it covers, in (0, 1].
pub(super) type Mask = Vec<(usize, f64)>;

/// An image, channel first, before it is rounded to single precision.
#[derive(Debug)]
pub(super) struct Canvas {
    pixels: usize,
    values: Vec<f64>,
}

impl Canvas {
    /// size x size pixels of three channels, all of one value.
    pub fn new(size: usize, value: f64) -> Self {
        Self { pixels: size * size, values: vec![value; 3 * size * size] }
    }

    /// Makes all values the same again.
    pub fn clear(&mut self, value: f64) {
        self.values.fill(value);
    }

    /// Lays a shape of one color over what is there.
    pub fn paint(&mut self, mask: &[(usize, f64)], color: [f64; 3]) {
        for (channel, color) in self.values.chunks_exact_mut(self.pixels).zip(color) {
            for &(pixel, share) in mask {
                channel[pixel] += share * (color - channel[pixel]);
            }
        }
    }

    /// 3 x size x size values.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

/// A disc.
pub(super) fn disc(size: usize, center: [f64; 2], radius: f64) -> Mask {
    let [columns, rows] = center.map(|c| touched(size, c - radius, c + radius));
    let corner = |row: usize, column: usize| quadrant(radius, column as f64 - center[0], row as f64 - center[1]);
    // The area above and to the left of a corner is shared by its four pixels: each corner is asked once.
    let edge = |row: usize| columns.clone().chain([columns.end]).map(move |column| corner(row, column));
    let mut mask = Mask::new();
    let mut above: Vec<f64> = edge(rows.start).collect();
    for row in rows {
        let below: Vec<f64> = edge(row + 1).collect();
        for (i, column) in columns.clone().enumerate() {
            put(&mut mask, row * size + column, below[i + 1] - below[i] - above[i + 1] + above[i]);
        }
        above = below;
    }
    mask
}

/// A convex polygon, by its corners in order.
pub(super) fn polygon(size: usize, corners: &[[f64; 2]]) -> Mask {
    let [columns, rows] = [0, 1].map(|axis| {
        let along = corners.iter().map(|corner| corner[axis]);
        touched(size, along.clone().fold(f64::INFINITY, f64::min), along.fold(f64::NEG_INFINITY, f64::max))
    });
    let mut mask = Mask::new();
    for row in rows {
        for column in columns.clone() {
            let (left, top) = (column as f64, row as f64);
            let inside = [(0, left, 1.0), (0, left + 1.0, -1.0), (1, top, 1.0), (1, top + 1.0, -1.0)]
                .iter()
                .fold(corners.to_vec(), |corners, &(axis, at, side)| clipped(&corners, axis, at, side));
            put(&mut mask, row * size + column, area(&inside));
        }
    }
    mask
}

/// Pixels between two coordinates, as far as they are on the canvas.
fn touched(size: usize, from: f64, to: f64) -> Range<usize> {
    // Casts saturate: what lies left of the canvas begins at 0.
    from.floor() as usize..(to.ceil() as usize).min(size)
}

/// Differences of areas leave rounding errors of 1e-14 where nothing is covered.
fn put(mask: &mut Mask, pixel: usize, share: f64) {
    if share > 1e-12 {
        mask.push((pixel, share.min(1.0)));
    }
}

/// Area that a disc about the origin has between 0 and x and between 0 and y, odd in both.
fn quadrant(radius: f64, x: f64, y: f64) -> f64 {
    let (a, b) = (x.abs().min(radius), y.abs().min(radius));
    // Up to here the disc is higher than b.
    let flat = (radius * radius - b * b).sqrt().min(a);
    let under = |t: f64| 0.5 * (t * (radius * radius - t * t).sqrt() + radius * radius * (t / radius).asin());
    (flat * b + under(a) - under(flat)).copysign(x * y)
}

/// What of a convex polygon lies where side (coordinate - at) >= 0 (Sutherland and Hodgman).
fn clipped(corners: &[[f64; 2]], axis: usize, at: f64, side: f64) -> Vec<[f64; 2]> {
    let mut kept = Vec::with_capacity(corners.len() + 1);
    for (i, &to) in corners.iter().enumerate() {
        let from = corners[(i + corners.len() - 1) % corners.len()];
        let (before, after) = (side * (from[axis] - at), side * (to[axis] - at));
        if (before < 0.0) != (after < 0.0) {
            let share = before / (before - after);
            kept.push([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
        }
        if after >= 0.0 {
            kept.push(to);
        }
    }
    kept
}

/// Area of a polygon (shoelace formula).
fn area(corners: &[[f64; 2]]) -> f64 {
    let twice: f64 = (0..corners.len())
        .map(|i| (corners[i], corners[(i + 1) % corners.len()]))
        .map(|([x0, y0], [x1, y1])| x0 * y1 - x1 * y0)
        .sum();
    0.5 * twice.abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn total(mask: &[(usize, f64)]) -> f64 {
        mask.iter().map(|(_, share)| share).sum()
    }

    #[test]
    fn a_shape_within_the_canvas_covers_its_own_area() {
        for (center, radius) in [([16.0, 16.0], 6.0), ([10.5, 12.5], 6.0), ([9.37, 20.81], 3.21), ([15.2, 15.9], 0.3)] {
            let mask = disc(32, center, radius);
            assert!((total(&mask) - PI * radius * radius).abs() < 1e-10, "{center:?}");
            assert!(mask.iter().all(|&(pixel, share)| pixel < 32 * 32 && share > 0.0 && share <= 1.0));
        }
        let triangle = [[3.3, 20.1], [25.7, 18.2], [14.9, 4.4]];
        assert!((total(&polygon(32, &triangle)) - area(&triangle)).abs() < 1e-10);
        assert!((area(&[[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]]) - 6.0).abs() < 1e-15);
    }

    #[test]
    fn what_is_off_the_canvas_is_cut() {
        // Half a disc about the middle of the left edge, a quarter about a corner, and nothing.
        assert!((total(&disc(16, [0.0, 8.0], 4.0)) - 8.0 * PI).abs() < 1e-10);
        assert!((total(&disc(16, [16.0, 16.0], 4.0)) - 4.0 * PI).abs() < 1e-10);
        assert!(disc(16, [-9.0, 8.0], 4.0).is_empty() && disc(16, [8.0, 30.0], 4.0).is_empty());
        let square = [[-2.0, -2.0], [2.5, -2.0], [2.5, 2.0], [-2.0, 2.0]];
        assert_eq!(polygon(8, &square), [(0, 1.0), (1, 1.0), (2, 0.5), (8, 1.0), (9, 1.0), (10, 0.5)]);
    }

    #[test]
    fn the_share_of_a_pixel_is_that_of_its_points() {
        let (center, radius) = ([5.3, 6.1], 3.7);
        let corners = [[1.2, 9.7], [10.6, 8.1], [6.3, 0.8]];
        let beside =
            |[x0, y0]: [f64; 2], [x1, y1]: [f64; 2], [x, y]: [f64; 2]| (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0);
        let in_disc = |p: [f64; 2]| (p[0] - center[0]).hypot(p[1] - center[1]) <= radius;
        let in_triangle = |p: [f64; 2]| (0..3).all(|i| beside(corners[i], corners[(i + 1) % 3], p) <= 0.0);
        // 200 x 200 points: an edge passes at most 400 of 40,000 small squares, of which it halves most.
        let sampled = |inside: &dyn Fn([f64; 2]) -> bool, pixel: usize| {
            let at = |i: usize| (i as f64 + 0.5) / 200.0;
            let hits =
                (0..40_000).filter(|i| inside([(pixel % 12) as f64 + at(i % 200), (pixel / 12) as f64 + at(i / 200)]));
            hits.count() as f64 / 40_000.0
        };
        for (mask, inside) in
            [(disc(12, center, radius), &in_disc as &dyn Fn([f64; 2]) -> bool), (polygon(12, &corners), &in_triangle)]
        {
            for pixel in 0..144 {
                let share = mask.iter().find(|(at, _)| *at == pixel).map_or(0.0, |(_, share)| *share);
                assert!((share - sampled(inside, pixel)).abs() < 0.005, "{pixel}");
            }
        }
    }

    #[test]
    fn paint_covers_by_its_share_and_the_last_lies_on_top() {
        let mut canvas = Canvas::new(2, 1.0);
        canvas.paint(&[(0, 1.0), (3, 0.25)], [0.0, 0.5, 1.0]);
        assert_eq!(canvas.values(), [0.0, 1.0, 1.0, 0.75, 0.5, 1.0, 1.0, 0.875, 1.0, 1.0, 1.0, 1.0]);
        canvas.paint(&[(0, 1.0)], [0.25; 3]);
        assert_eq!(canvas.values()[0], 0.25);
        canvas.clear(0.0);
        assert!(canvas.values().iter().all(|&value| value == 0.0));
    }
}
