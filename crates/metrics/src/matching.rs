//! Which estimated latent stands for which true one: the pairing with the largest sum of |correlation|.

use crate::assignment::assign;
use crate::columns::{Correlation, FEWEST_ROWS, UnitColumns, correlations};
use disentangle_data::{Matrix, Result};

/// A pairing of true latents with estimated ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Matching {
    /// Column of the estimate for each true latent; `None` where there is none left, or the true latent is constant.
    pub columns: Vec<Option<usize>>,
    /// |correlation| of each pair; 0 for a true latent left over, `None` for one that is constant or has only constant
    /// columns to be matched with.
    pub strength: Vec<Option<f64>>,
}

impl Matching {
    /// The best pairing for a d x e matrix of correlations; constant columns (`None`) take no part.
    ///
    /// # Errors
    /// `DATA_NOT_FINITE` for NaN or infinite entries.
    pub fn best(correlation: &Matrix<Option<f64>>) -> Result<Self> {
        let (d, e) = (correlation.rows(), correlation.cols());
        let rows: Vec<usize> = (0..d).filter(|&i| correlation.row(i).iter().any(Option::is_some)).collect();
        let columns: Vec<usize> = (0..e).filter(|&j| rows.iter().any(|&i| correlation[(i, j)].is_some())).collect();
        let cost = Matrix::from_fn(rows.len(), columns.len(), |a, b| {
            -correlation[(rows[a], columns[b])].expect("neither column is constant").abs()
        });
        let assignment = assign(&cost)?;
        let mut matching = Self { columns: vec![None; d], strength: vec![None; d] };
        for (a, pair) in assignment.row_to_col.iter().enumerate() {
            matching.strength[rows[a]] = Some(pair.map_or(0.0, |b| -cost[(a, b)]));
            matching.columns[rows[a]] = pair.map(|b| columns[b]);
        }
        Ok(matching)
    }

    /// Mean strength over all true latents; `None` where one is not defined.
    pub fn mean(&self) -> Option<f64> {
        mean_of(&self.strength)
    }

    /// The mean |correlation| of these pairs in another correlation matrix; `None` where one is not defined there.
    pub fn mean_in(&self, correlation: &Matrix<Option<f64>>) -> Option<f64> {
        let strength: Vec<_> = self
            .columns
            .iter()
            .enumerate()
            .map(|(i, pair)| pair.map_or(Some(0.0), |j| correlation[(i, j)].map(f64::abs)))
            .collect();
        mean_of(&strength)
    }
}

/// The mean, where every value is there.
pub(crate) fn mean_of(values: &[Option<f64>]) -> Option<f64> {
    let defined: Option<Vec<f64>> = values.iter().copied().collect();
    let defined = defined.filter(|v| !v.is_empty())?;
    Some(defined.iter().sum::<f64>() / defined.len() as f64)
}

/// The score alone, without interval and nulls; `None` where it is not defined. Matrices must be finite and of equal rows.
pub(crate) fn mcc_value(kind: Correlation, truth: &Matrix<f64>, estimate: &Matrix<f64>) -> Result<Option<f64>> {
    let (z, zhat) = (UnitColumns::new(kind, truth), UnitColumns::new(kind, estimate));
    if why_undefined(truth.rows(), &z, &zhat).is_some() {
        return Ok(None);
    }
    Ok(Matching::best(&correlations(&z, &zhat))?.mean())
}

/// Why the score of these columns is not defined, in one sentence. An estimated latent that is constant takes no part, as one that
/// is not there, so long as another varies; a true one that is constant has no correlation with anything.
pub(crate) fn why_no_score(rows: usize, truth: &UnitColumns, estimate: &UnitColumns) -> Option<String> {
    let scored = !estimate.varying().is_empty() && truth.constant.iter().all(|constant| !constant);
    if rows >= FEWEST_ROWS && scored { None } else { why_undefined(rows, truth, estimate) }
}

/// Why no correlation of these columns can be averaged, in one sentence.
pub(crate) fn why_undefined(rows: usize, truth: &UnitColumns, estimate: &UnitColumns) -> Option<String> {
    if rows < FEWEST_ROWS {
        return Some(format!("{rows} rows are too few for a correlation; at least {FEWEST_ROWS} are needed"));
    }
    let constant = |what: &str, columns: &UnitColumns| {
        let list: Vec<String> =
            columns.constant.iter().enumerate().filter(|(_, c)| **c).map(|(j, _)| j.to_string()).collect();
        (!list.is_empty()).then(|| match list.len() {
            1 => format!("{what} {} is constant", list[0]),
            _ => format!("{what}s {} are constant", list.join(", ")),
        })
    };
    let reasons: Vec<String> =
        [constant("true latent", truth), constant("estimated latent", estimate)].into_iter().flatten().collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
