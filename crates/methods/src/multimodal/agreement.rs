//! Whether other solutions that fit as well have the same latents.

use super::solved::Size;
use disentangle_data::{Matrix, Result};
use disentangle_metrics::assignment::assign;
use disentangle_metrics::columns::Correlation;
use disentangle_metrics::correlation::correlation;

/// Latents of another solution beside those of this one.
pub(super) struct Matched {
    /// The latent of the other solution that each of this one is matched with, within its modality.
    pub with: Vec<usize>,
    /// |correlation| of the two.
    pub correlations: Vec<f64>,
}

/// Matches latents within each modality. Both are modality by modality (width x n).
///
/// # Errors
/// `DATA_NOT_FINITE`.
pub(super) fn matched(sizes: &[Size], these: &[Vec<f32>], others: &[Vec<f32>]) -> Result<Matched> {
    let (mut with, mut correlations) = (Vec::new(), Vec::new());
    for ((size, these), others) in sizes.iter().zip(these).zip(others) {
        let (k, n) = (size.latents, these.len() / size.width);
        let columns = |values: &[f32]| Matrix::from_fn(n, k, |row, j| f64::from(values[j * n + row]));
        let found = correlation(Correlation::Pearson, &columns(these), &columns(others))?;
        let strength = found.map(|value| value.map_or(0.0, f64::abs));
        let first = with.len();
        for (i, j) in assign(&strength.map(|value| -value))?.row_to_col.into_iter().enumerate() {
            let j = j.expect("as many latents as latents");
            with.push(first + j);
            correlations.push(strength[(i, j)]);
        }
    }
    Ok(Matched { with, correlations })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latents_are_matched_within_their_modality_whatever_their_order_and_sign() {
        let sizes = [(3, 2), (2, 1)].map(|(width, latents)| Size { start: 0, end: 9, width, latents });
        let unit = |f: fn(f64) -> f64| (0..50).map(move |row| f(f64::from(row)) as f32).collect::<Vec<f32>>();
        let (sine, square, line) = (unit(|x| x.sin()), unit(|x| (x - 25.0).powi(2)), unit(|x| x));
        let minus = |values: &[f32]| values.iter().map(|v| -v).collect::<Vec<f32>>();
        let these = [[sine.clone(), square.clone(), line.clone()].concat(), [line.clone(), sine.clone()].concat()];
        let others = [[minus(&square), sine.clone(), sine.clone()].concat(), [minus(&line), square].concat()];
        let found = matched(&sizes, &these, &others).expect("finite");
        assert_eq!(found.with, [1, 0, 2]);
        assert!(found.correlations.iter().all(|c| (c - 1.0).abs() < 1e-9), "{:?}", found.correlations);
    }
}
