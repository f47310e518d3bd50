//! Laws of the metrics, their anchors, and agreement with NumPy, SciPy and scikit-learn.

mod anchors;
mod assignment;
mod blocks;
mod cards;
mod golden;
mod graphs;
mod independence;
mod nulls;
mod score;
mod silence;
mod tasks;

use disentangle_data::{Matrix, Stream};
use disentangle_metrics::Effort;

/// Scores without interval and nulls.
const BARE: Effort = Effort { seed: 0, resamples: 0, draws: 0 };

fn normal(rows: usize, cols: usize, stream: &mut Stream) -> Matrix<f64> {
    Matrix::from_fn(rows, cols, |_, _| stream.normal())
}

fn assert_close(got: f64, expected: f64, atol: f64, what: &str) {
    assert!((got - expected).abs() <= atol, "{what}: {got}, expected {expected} within {atol}");
}
