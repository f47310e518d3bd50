//! Laws of the metrics, their anchors, and agreement with NumPy, SciPy and scikit-learn.

mod anchors;
mod assignment;
mod blocks;
mod calibration;
mod cards;
mod golden;
mod graphs;
mod independence;
mod nulls;
mod score;
mod silence;
mod tasks;

use disentangle_data::{Matrix, Stream};
use disentangle_metrics::{Effort, NamedColumns, Probabilities, ScoreInput, ScoredSplit};

/// Scores without interval and nulls.
const BARE: Effort = Effort { seed: 0, resamples: 0, draws: 0 };

fn normal(rows: usize, cols: usize, stream: &mut Stream) -> Matrix<f64> {
    Matrix::from_fn(rows, cols, |_, _| stream.normal())
}

fn assert_close(got: f64, expected: f64, atol: f64, what: &str) {
    assert!((got - expected).abs() <= atol, "{what}: {got}, expected {expected} within {atol}");
}

/// Columns c0, c1, ...
fn named(values: Matrix<f64>) -> NamedColumns {
    NamedColumns { names: (0..values.cols()).map(|j| format!("c{j}")).collect(), values }
}

/// Latents beside true ones, and nothing else that could be scored.
fn input(truth: Matrix<f64>, latents: Matrix<f64>) -> ScoreInput {
    ScoreInput {
        split: ScoredSplit::All,
        truth: Some(named(truth)),
        latents: named(latents),
        expected: None,
        target: None,
        environments: None,
        changes: None,
        tasks: None,
        unrotated: None,
        indicators: None,
        silence: None,
        blocks: None,
        graph: None,
        kernel: false,
        probabilities: Probabilities::default(),
        left_open: vec![],
        effort: BARE,
    }
}
