//! A drawn world: an endless data set, of which any rows can be asked for.

use super::{BallsWorldConfig, Centers, Frozen, own_streams};
use crate::matrix::Matrix;
use crate::simulate::raster::{Canvas, disc};
use crate::simulate::row::store;
use crate::simulate::source::Source;
use crate::stream::Stream;
use std::ops::Range;

/// One for each ball, from 0 to 255.
pub(super) const COLORS: [[u8; 3]; 12] = [
    [2, 156, 154],
    [222, 100, 100],
    [149, 59, 123],
    [74, 114, 179],
    [27, 159, 119],
    [218, 95, 2],
    [117, 112, 180],
    [232, 41, 139],
    [102, 167, 30],
    [231, 172, 2],
    [167, 118, 29],
    [102, 102, 102],
];
const WHITE: f64 = 1.0;
/// Mean places lie between these, in both directions.
const MEANS: Range<f64> = 0.3..0.7;
/// Places lie between these.
pub(super) const INSIDE: Range<f64> = 0.05..0.95;
/// Standard deviation of a place.
pub(super) const SPREAD: f64 = 0.1;
/// Places that are tried for one ball before all begin anew, and how often they do.
const TRIES: usize = 100;
const ROUNDS: usize = 10_000;

/// Everything that all rows share.
#[derive(Debug)]
pub(super) struct World {
    config: BallsWorldConfig,
    /// Of each ball, (x, y).
    means: Vec<[f64; 2]>,
}

/// Some rows of it.
pub(super) struct Rows {
    pub inputs: Matrix,
    pub latents: Matrix,
    pub silent: Matrix,
}

impl World {
    /// None where no places are found that are as far apart as they should be.
    pub fn draw(config: &BallsWorldConfig) -> Option<Self> {
        let mut stream = Stream::new(config.seed, "balls-world/means");
        let means = (0..ROUNDS).find_map(|_| places(config, &mut stream))?;
        Some(Self { config: config.clone(), means })
    }

    /// The rows of these numbers; `streams` gives random numbers by name, from the first of these rows on.
    pub fn rows(&self, numbers: Range<usize>, streams: &dyn Fn(&str) -> Stream) -> Rows {
        let (count, latents) = (numbers.len(), 2 * self.means.len());
        let (mut moves, mut frozen) = (streams("places"), streams("frozen"));
        let mut rows = Rows {
            inputs: Matrix::zeros(count, self.config.image().len()),
            latents: Matrix::zeros(count, latents),
            silent: Matrix::zeros(count, latents),
        };
        let mut canvas = Canvas::new(self.config.size, WHITE);
        for row in 0..count {
            canvas.clear(WHITE);
            for (ball, mean) in self.means.iter().enumerate() {
                let moved = place(mean, &mut moves);
                let still = self.still(&mut frozen);
                let place = [0, 1].map(|axis| if still[axis] { mean[axis] } else { moved[axis] });
                store(&mut rows.latents.row_mut(row)[2 * ball..], place);
                store(&mut rows.silent.row_mut(row)[2 * ball..], still.map(|s| f64::from(u8::from(s))));
                let mask = disc(self.config.size, self.center(place), self.config.drawn_radius());
                canvas.paint(&mask, COLORS[ball].map(|value| f64::from(value) / 255.0));
            }
            store(rows.inputs.row_mut(row), canvas.values().iter().copied());
        }
        rows
    }

    /// Which coordinates of a ball are frozen.
    fn still(&self, frozen: &mut Stream) -> [bool; 2] {
        let mut draw = || frozen.uniform() < self.config.frozen_probability;
        match self.config.frozen {
            Frozen::Balls => [draw(); 2],
            Frozen::Coordinates => [draw(), draw()],
        }
    }

    /// Where a ball is drawn, in pixels from the upper left corner.
    fn center(&self, place: [f64; 2]) -> [f64; 2] {
        let size = self.config.size as f64;
        let [x, y] = place.map(|share| match self.config.centers {
            // The middle of the pixel.
            Centers::Whole => (size * share).floor() + 0.5,
            Centers::Exact => size * share,
        });
        [x, size - y]
    }
}

/// Mean places of all balls, or none where one finds no room among those before it.
fn places(config: &BallsWorldConfig, stream: &mut Stream) -> Option<Vec<[f64; 2]>> {
    let mut means: Vec<[f64; 2]> = Vec::new();
    for _ in 0..config.balls {
        let found = (0..TRIES).find_map(|_| {
            let mean = [0, 1].map(|_| MEANS.start + (MEANS.end - MEANS.start) * stream.uniform());
            let away = |other: &[f64; 2]| (mean[0] - other[0]).hypot(mean[1] - other[1]) > config.mean_distance;
            means.iter().all(away).then_some(mean)
        });
        means.push(found?);
    }
    Some(means)
}

/// A place about a mean, inside the picture.
fn place(mean: &[f64; 2], moves: &mut Stream) -> [f64; 2] {
    loop {
        let place = mean.map(|mean| mean + SPREAD * moves.normal());
        if place.iter().all(|share| INSIDE.contains(share)) {
            return place;
        }
    }
}

impl Source for World {
    fn inputs(&self, numbers: Range<usize>, streams: &dyn Fn(&str) -> Stream) -> Matrix {
        self.rows(numbers, streams).inputs
    }

    fn first_inputs(&self, rows: usize) -> Matrix {
        self.rows(0..rows, &own_streams(self.config.seed)).inputs
    }
}
