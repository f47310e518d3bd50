//! The principal axes of rows, and their effective rank.

use crate::leading_axes::{self, Leading};
use crate::linalg::{from_faer, sign_of_largest, symmetric_eigen, to_faer};
use crate::moments::{covariance, covariance_of_rows, mean_sd_of_rows, means, means_of_rows};
use disentangle_data::prepare::Prepared;
use disentangle_data::split::Split;
use disentangle_data::{Code, Failure, Matrix, Result, memory};

/// Variances below this share of the largest are rounding: inputs have seven digits, so squares of their errors stay
/// below it.
const NEGLIGIBLE: f64 = 1e-12;

/// Orthogonal directions of the training inputs, from the largest variance down.
#[derive(Debug, Clone)]
pub struct PrincipalAxes {
    /// Variance along each axis, descending: d; with fewer rows than columns as many as stand above rounding; of wide data the
    /// leading ones where only those were asked for.
    pub variances: Vec<f64>,
    /// One axis per row, of length one, its largest entry positive, each of d entries.
    pub axes: Matrix<f64>,
    /// Where they cross: the mean of each input, d.
    pub center: Vec<f64>,
    /// Sum of the variances along all axes where `variances` holds the leading ones only.
    pub total: Option<f64>,
}

impl PrincipalAxes {
    /// Of the training rows of the standardised inputs.
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` when no input varies.
    pub fn of(data: &Prepared) -> Result<Self> {
        let train = data.rows_of(Split::Train);
        ask(train.len(), data.inputs.cols())?;
        let center = means_of_rows(&data.inputs, &train);
        if train.len() < data.inputs.cols() {
            return Self::checked(of_products(&data.inputs.select_rows(&train), &center)?, center);
        }
        Self::checked(of_covariance(&covariance_of_rows(&data.inputs, &train))?, center)
    }

    /// Of given rows (n x d).
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` when no column varies.
    pub fn of_rows(rows: &Matrix) -> Result<Self> {
        ask(rows.rows(), rows.cols())?;
        let center = means(rows);
        if rows.rows() < rows.cols() {
            return Self::checked(of_products(rows, &center)?, center);
        }
        Self::checked(of_covariance(&covariance(rows))?, center)
    }

    /// At least the `k` leading axes of the training rows of the standardised inputs: all where that is no more work.
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` when no input varies.
    pub fn leading(data: &Prepared, k: usize) -> Result<Self> {
        let train = data.rows_of(Split::Train);
        match leading(&data.inputs, &train, k)? {
            Some(axes) => Ok(axes),
            None => Self::of(data),
        }
    }

    /// The same of given rows (n x d).
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` when no column varies.
    pub fn leading_of_rows(rows: &Matrix, k: usize) -> Result<Self> {
        let all: Vec<usize> = (0..rows.rows()).collect();
        match leading(rows, &all, k)? {
            Some(axes) => Ok(axes),
            None => Self::of_rows(rows),
        }
    }

    fn checked((variances, axes): (Vec<f64>, Matrix<f64>), center: Vec<f64>) -> Result<Self> {
        let d = axes.cols();
        if variances.first().is_none_or(|&largest| largest <= 0.0) {
            return Err(Failure::new(
                Code::NumericSingular,
                format!("none of the {d} inputs varies over the training rows"),
            )
            .hint("choose inputs that vary"));
        }
        Ok(Self { variances, axes, center, total: None })
    }

    /// The map to unit variances along the first `k` axes, or as many as there are with a variance above rounding:
    /// r x d.
    pub fn whitening(&self, k: usize) -> Matrix<f64> {
        let d = self.axes.cols();
        Matrix::from_fn(k.min(rank(&self.variances)), d, |i, j| self.axes[(i, j)] / self.variances[i].sqrt())
    }
}

/// The leading axes where they are few beside all of them, and can be found by themselves.
fn leading(values: &Matrix, rows: &[usize], k: usize) -> Result<Option<PrincipalAxes>> {
    let d = values.cols();
    if !leading_axes::are_few(k, rows.len(), d) {
        return Ok(None);
    }
    memory::claim(leading_axes::numbers(k, d).saturating_mul(8), "finding the leading principal axes of the inputs")?;
    let (center, sd) = mean_sd_of_rows(values, rows);
    let Some(Leading { variances, axes, complete }) = leading_axes::leading(values, rows, &center, k)? else {
        return Ok(None);
    };
    let turned = turned(&from_faer(&axes), 0..variances.len());
    let total = (!complete).then(|| sd.iter().map(|sd| sd * sd).sum());
    Ok(Some(PrincipalAxes { total, ..PrincipalAxes::checked((variances, turned), center)? }))
}

/// Asks for what the axes of `n` rows of `d` columns take: squares of the smaller of both, and with fewer rows than columns copies of
/// the rows, all with 64 bits.
fn ask(n: usize, d: usize) -> Result<()> {
    let (n, d) = (n as u64, d as u64);
    let square = |side: u64| side.saturating_mul(side);
    let numbers = if n < d { 4 * square(n) + 4 * n.saturating_mul(d) } else { 4 * square(d) };
    memory::claim(numbers.saturating_mul(8), "finding the principal axes of the inputs")
}

/// Eigenvectors of the covariance of the columns, d x d.
fn of_covariance(covariance: &Matrix<f64>) -> Result<(Vec<f64>, Matrix<f64>)> {
    let (ascending, vectors) = symmetric_eigen(covariance)?;
    let d = ascending.len();
    let variances: Vec<f64> = ascending.iter().rev().map(|&v| v.max(0.0)).collect();
    Ok((variances, turned(&vectors, (0..d).rev())))
}

/// The same axes from the products of the rows, n x n, of which there are fewer: with the centred rows X and an eigenvector u of
/// X X' / n of eigenvalue v, the axis is X' u / sqrt(n v). Axes whose variance is rounding have no direction and are left out.
fn of_products(rows: &Matrix, mean: &[f64]) -> Result<(Vec<f64>, Matrix<f64>)> {
    let (n, d) = (rows.rows(), rows.cols());
    let centred = to_faer(&Matrix::from_fn(n, d, |i, j| f64::from(rows[(i, j)]) - mean[j]));
    let products = from_faer(&(&centred * centred.transpose()));
    let (ascending, vectors) = symmetric_eigen(&Matrix::from_fn(n, n, |i, j| products[(i, j)] / n as f64))?;
    let all: Vec<f64> = ascending.iter().rev().map(|&v| v.max(0.0)).collect();
    let r = rank(&all);
    let scaled = Matrix::from_fn(n, r, |i, j| vectors[(i, n - 1 - j)] / (n as f64 * all[j]).sqrt());
    let axes = from_faer(&(centred.transpose() * to_faer(&scaled)));
    Ok((all[..r].to_vec(), turned(&axes, 0..r)))
}

/// Columns of eigenvectors as rows. They come with either sign: the entry of the largest magnitude decides, once for each.
fn turned(vectors: &Matrix<f64>, columns: impl Iterator<Item = usize>) -> Matrix<f64> {
    let signed: Vec<(usize, f64)> = columns.map(|column| (column, sign_of_largest(vectors.col(column)))).collect();
    Matrix::from_fn(signed.len(), vectors.rows(), |i, j| signed[i].1 * vectors[(j, signed[i].0)])
}

/// Effective rank: how many variances (descending) stand above rounding.
pub fn rank(variances: &[f64]) -> usize {
    let largest = variances.first().copied().unwrap_or(0.0);
    variances.iter().filter(|&&v| v > NEGLIGIBLE * largest).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_rank_counts_variances_above_rounding() {
        assert_eq!(rank(&[4.0, 1.0, 1e-6, 1e-13, 0.0]), 3);
        assert_eq!(rank(&[]), 0);
    }

    #[test]
    fn both_ways_to_the_axes_agree_where_both_can_be_taken() {
        let wide = Matrix::from_fn(5, 7, |i, j| ((3 * i + 5 * j + i * i * j) % 11) as f32);
        let ((v, a), (w, b)) =
            (of_covariance(&covariance(&wide)).expect("finite"), of_products(&wide, &means(&wide)).expect("finite"));
        assert_eq!((w.len(), b.cols()), (4, 7), "5 rows span 4 directions about their mean");
        for i in 0..4 {
            assert!((v[i] - w[i]).abs() < 1e-10 * v[0], "{} {}", v[i], w[i]);
            (0..7).for_each(|j| assert!((a[(i, j)] - b[(i, j)]).abs() < 1e-8, "axis {i}"));
        }
    }
}
