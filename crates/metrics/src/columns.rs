//! Columns made comparable: checked, centred, scaled to unit length, and marked when they do not vary.

use disentangle_data::{Code, Failure, Matrix, Result, Stream, memory};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which correlation: of the values or of their ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Correlation {
    /// Of the values: sees linear relations.
    Pearson,
    /// Of the ranks, ties given their average rank: sees monotone relations.
    Spearman,
}

/// Below this share of its largest |value| a column's standard deviation counts as none: one unit in the last place of the
/// single precision that latents are stored in.
pub const CONSTANT: f64 = f32::EPSILON as f64;

/// Fewest rows for which a correlation says anything: through two points every line fits.
pub const FEWEST_ROWS: usize = 3;

/// Refuses matrices that cannot be compared row by row.
///
/// # Errors
/// `METRIC_SHAPE` for different numbers of rows or no columns, `DATA_NOT_FINITE` for NaN and infinities.
pub(crate) fn refuse_unpaired(parts: &[(&str, &Matrix<f64>)]) -> Result<()> {
    let rows = parts.first().map_or(0, |(_, m)| m.rows());
    for (what, m) in parts {
        if m.rows() != rows || m.cols() == 0 {
            return Err(Failure::new(
                Code::MetricShape,
                format!("{what}: {} x {}, expected {rows} rows and at least one column", m.rows(), m.cols()),
            )
            .hint("score the same rows of the truth and of the estimate, in the same order"));
        }
        if let Some(at) = m.data().iter().position(|v| !v.is_finite()) {
            let (row, column) = (at / m.cols(), at % m.cols());
            return Err(Failure::new(
                Code::DataNotFinite,
                format!("{what}: row {row}, column {column} is {}, expected a finite number", m.data()[at]),
            )
            .with("row", row)
            .with("column", column));
        }
    }
    Ok(())
}

/// Refuses values that are not one for each scored row.
pub(crate) fn refuse_unequal(what: &str, got: usize, expected: usize) -> Result<()> {
    if got == expected {
        return Ok(());
    }
    Err(Failure::new(Code::MetricShape, format!("{what}: {got}, expected {expected}, one for each scored row"))
        .with("got", got)
        .with("expected", expected))
}

/// Refuses infinite targets; NaN stands for a missing one.
pub(crate) fn refuse_infinite_targets(target: &[f64]) -> Result<()> {
    match target.iter().position(|y| y.is_infinite()) {
        None => Ok(()),
        Some(row) => Err(Failure::new(
            Code::DataNotFinite,
            format!("target of row {row} is {}, expected a finite number or NaN for a missing one", target[row]),
        )
        .with("row", row)),
    }
}

/// Columns with mean 0 and length 1, so that products of columns are correlations.
#[derive(Debug, Clone)]
pub struct UnitColumns {
    /// As the input; zeros where the column is constant.
    pub values: Matrix<f64>,
    /// Whether the column does not vary, see [`CONSTANT`].
    pub constant: Vec<bool>,
    /// Mean of each input column (of its ranks for Spearman).
    pub mean: Vec<f64>,
    /// Standard deviation (divisor n) of each input column (of its ranks for Spearman); 0 where constant.
    pub sd: Vec<f64>,
}

impl UnitColumns {
    /// Centres and scales the columns of `m`, or of their ranks. Values must be finite.
    pub fn new(kind: Correlation, m: &Matrix<f64>) -> Self {
        // Decided on the values: the ranks of a column that varies by rounding alone would vary fully.
        let (mut values, mut moments) = centred_and_scaled(m.clone());
        if kind == Correlation::Spearman {
            let mut of_ranks = Matrix::zeros(m.rows(), m.cols());
            for j in (0..m.cols()).filter(|&j| moments[j].is_some()) {
                for (i, rank) in ranks(&m.col(j)).into_iter().enumerate() {
                    of_ranks[(i, j)] = rank;
                }
            }
            (values, moments) = centred_and_scaled(of_ranks);
        }
        Self {
            values,
            constant: moments.iter().map(Option::is_none).collect(),
            mean: moments.iter().map(|moments| moments.map_or(0.0, |(mean, _)| mean)).collect(),
            sd: moments.iter().map(|moments| moments.map_or(0.0, |(_, sd)| sd)).collect(),
        }
    }

    /// Indices of the columns that vary.
    pub fn varying(&self) -> Vec<usize> {
        (0..self.constant.len()).filter(|&j| !self.constant[j]).collect()
    }

    /// The columns scaled to standard deviation 1.
    pub fn standardised(&self) -> Matrix<f64> {
        let root = (self.values.rows() as f64).sqrt();
        self.values.map(|v| v * root)
    }
}

/// Brings columns to mean 0 and length 1; of each its mean and standard deviation, or `None` where it is constant: then it is zero.
///
/// Row by row, so that memory is read in its order; each column adds up its own numbers from the first row to the last.
fn centred_and_scaled(mut m: Matrix<f64>) -> (Matrix<f64>, Vec<Option<(f64, f64)>>) {
    let (rows, d) = (m.rows(), m.cols());
    if rows == 0 {
        return (m, vec![None; d]);
    }
    let n = rows as f64;
    let mut largest = vec![0.0f64; d];
    for row in m.data().chunks_exact(d) {
        largest.iter_mut().zip(row).for_each(|(largest, v)| *largest = largest.max(v.abs()));
    }
    // Divided by the largest value, squares of huge or tiny numbers neither overflow nor vanish; less the first value, a
    // constant column has exactly no variance.
    let scale: Vec<f64> = largest.into_iter().map(|largest| if largest > 0.0 { largest } else { 1.0 }).collect();
    let origin = m.row(0).to_vec();
    let shift: Vec<f64> = origin.iter().zip(&scale).map(|(origin, scale)| origin / scale).collect();
    let mut mean = vec![0.0; d];
    for row in m.data_mut().chunks_exact_mut(d) {
        for (((v, scale), shift), mean) in row.iter_mut().zip(&scale).zip(&shift).zip(&mut mean) {
            *v = *v / scale - shift;
            *mean += *v;
        }
    }
    mean.iter_mut().for_each(|mean| *mean /= n);
    let mut length = vec![0.0; d];
    for row in m.data_mut().chunks_exact_mut(d) {
        for ((v, mean), length) in row.iter_mut().zip(&mean).zip(&mut length) {
            *v -= mean;
            *length += *v * *v;
        }
    }
    let moments: Vec<Option<(f64, f64)>> = (0..d)
        .map(|j| {
            length[j] = length[j].sqrt();
            let sd = length[j] / n.sqrt();
            (sd > CONSTANT).then(|| (mean[j] * scale[j] + origin[j], sd * scale[j]))
        })
        .collect();
    for row in m.data_mut().chunks_exact_mut(d) {
        for ((v, length), moments) in row.iter_mut().zip(&length).zip(&moments) {
            *v = if moments.is_some() { *v / length } else { 0.0 };
        }
    }
    (m, moments)
}

/// Ranks from 1; tied values share the average of their ranks.
pub fn ranks(column: &[f64]) -> Vec<f64> {
    let mut order = memory::gathered(0..column.len(), column.len(), "the order of the rows");
    order.sort_unstable_by(|&a, &b| column[a].total_cmp(&column[b]).then(a.cmp(&b)));
    let mut ranks = memory::spread(0.0, column.len(), "the ranks of the rows");
    let mut start = 0;
    while start < order.len() {
        let value = column[order[start]];
        let mut end = start + 1;
        // `==` and not the order above: -0.0 and 0.0 are one value.
        while end < order.len() && column[order[end]] == value {
            end += 1;
        }
        let shared = (start + 1 + end) as f64 / 2.0;
        order[start..end].iter().for_each(|&i| ranks[i] = shared);
        start = end;
    }
    ranks
}

/// Correlations of the columns of `a` (rows of the result) with those of `b`; `None` where either is constant.
pub fn correlations(a: &UnitColumns, b: &UnitColumns) -> Matrix<Option<f64>> {
    let product = inner_products(&a.values, &b.values);
    Matrix::from_fn(product.rows(), product.cols(), |i, j| {
        let defined = !a.constant[i] && !b.constant[j];
        // Rounding can carry a perfect correlation a bit past 1.
        defined.then(|| product[(i, j)].clamp(-1.0, 1.0))
    })
}

/// `a' b`, summed in one fixed order whatever the number of threads.
pub(crate) fn inner_products(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    let mut out = Mat::zeros(a.cols(), b.cols());
    matmul(out.as_mut(), Accum::Replace, view(a).transpose(), view(b), 1.0, Par::Seq);
    Matrix::from_fn(a.cols(), b.cols(), |i, j| out[(i, j)])
}

/// `a b`.
pub(crate) fn product(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    memory::afford::<f64>(a.rows().saturating_mul(b.cols()), "a product of the rows");
    let mut out = Mat::zeros(a.rows(), b.cols());
    matmul(out.as_mut(), Accum::Replace, view(a), view(b), 1.0, Par::Seq);
    Matrix::from_fn(a.rows(), b.cols(), |i, j| out[(i, j)])
}

pub(crate) fn view(m: &Matrix<f64>) -> MatRef<'_, f64> {
    MatRef::from_row_major_slice(m.data(), m.rows(), m.cols())
}

/// At most `cap` different rows, drawn from the stream, in ascending order; all rows where there are no more.
pub(crate) fn sampled_rows(rows: usize, cap: usize, stream: &mut Stream) -> Vec<usize> {
    if rows <= cap {
        return (0..rows).collect();
    }
    let mut chosen = stream.permutation(rows);
    chosen.truncate(cap);
    chosen.sort_unstable();
    chosen
}
