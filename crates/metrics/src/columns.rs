//! Columns made comparable: checked, centred, scaled to unit length, and marked when they do not vary.

use disentangle_data::simd::vectorised;
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
        if let Some(at) = first_not_finite(m.data()) {
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

/// Where the first NaN or infinity stands. Whole stretches are looked through before one is searched.
pub(crate) fn first_not_finite(values: &[f64]) -> Option<usize> {
    const STRETCH: usize = 1024;
    let finite = |stretch: &[f64]| vectorised!(stretch.iter().fold(true, |finite, v| finite & v.is_finite()));
    let (number, stretch) = values.chunks(STRETCH).enumerate().find(|(_, stretch)| !finite(stretch))?;
    stretch.iter().position(|v| !v.is_finite()).map(|at| number * STRETCH + at)
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
        let (mut values, mut moments) = centred_and_scaled(m);
        if kind == Correlation::Spearman {
            let mut of_ranks = Matrix::zeros(m.rows(), m.cols());
            for j in (0..m.cols()).filter(|&j| moments[j].is_some()) {
                for (i, rank) in ranks(&m.col(j)).into_iter().enumerate() {
                    of_ranks[(i, j)] = rank;
                }
            }
            (values, moments) = centred_and_scaled(&of_ranks);
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

    /// Other rows of the same columns, less the means of these and divided by their standard deviations; 0 where constant.
    pub fn standardise(&self, others: &Matrix<f64>) -> Matrix<f64> {
        let entry = |i, j| if self.constant[j] { 0.0 } else { (others[(i, j)] - self.mean[j]) / self.sd[j] };
        Matrix::from_fn(others.rows(), others.cols(), entry)
    }

    /// The columns scaled to standard deviation 1.
    pub fn standardised(&self) -> Matrix<f64> {
        let root = (self.values.rows() as f64).sqrt();
        self.values.map(|v| v * root)
    }
}

/// Brings columns to mean 0 and length 1; of each its mean and standard deviation, or `None` where it is constant: then it is zero.
///
/// Three passes that read and one that writes, each in the order of the memory.
fn centred_and_scaled(m: &Matrix<f64>) -> (Matrix<f64>, Vec<Option<(f64, f64)>>) {
    let (rows, d) = (m.rows(), m.cols());
    if rows == 0 {
        return (Matrix::zeros(rows, d), vec![None; d]);
    }
    let n = rows as f64;
    let largest = by_column(m, [], |largest, v, []| f64::max(largest, v.abs()), f64::max);
    // Near 1, squares of huge or tiny numbers neither overflow nor vanish; times a power of two no digit is lost. Less the first
    // value, a constant column has exactly no variance.
    let scale: Vec<f64> = largest.iter().map(|largest| to_near_one(*largest)).collect();
    let shift: Vec<f64> = m.row(0).iter().zip(&scale).map(|(first, scale)| first * scale).collect();
    let sum = by_column(m, [&scale, &shift], |sum, v, [scale, shift]| sum + (v * scale - shift), |a, b| a + b);
    let mean: Vec<f64> = sum.into_iter().map(|sum| sum / n).collect();
    let centred = |v: f64, [scale, shift, mean]: [f64; 3]| v * scale - shift - mean;
    let squares = by_column(
        m,
        [&scale, &shift, &mean],
        |squares, v, about| {
            let v = centred(v, about);
            squares + v * v
        },
        |a, b| a + b,
    );
    let moments: Vec<Option<(f64, f64)>> = (0..d)
        .map(|j| {
            let sd = (squares[j] / n).sqrt();
            let varies = sd > CONSTANT * largest[j] * scale[j];
            varies.then(|| ((mean[j] + shift[j]) / scale[j], sd / scale[j]))
        })
        .collect();
    let inverse: Vec<f64> =
        squares.iter().zip(&moments).map(|(squares, moments)| moments.map_or(0.0, |_| 1.0 / squares.sqrt())).collect();
    let about = [&scale, &shift, &mean, &inverse].map(|one| several_rows(m, one));
    let mut values = memory::room(m.data().len(), "the columns, centred and scaled");
    vectorised!(for several in m.data().chunks(width(d)) {
        let [scale, shift, mean, inverse] = about.each_ref().map(|one| &one[..several.len()]);
        values.extend((0..several.len()).map(|k| centred(several[k], [scale[k], shift[k], mean[k]]) * inverse[k]));
    });
    let values = Matrix::new(rows, d, values).expect("as many values as before");
    (values, moments)
}

/// A power of two that brings the largest value of a column near 1; 1 where all are 0.
fn to_near_one(largest: f64) -> f64 {
    const EXPONENT: u64 = 0x7ff << 52;
    const TWICE_THE_BIAS: u64 = 2046 << 52;
    if largest == 0.0 {
        return 1.0;
    }
    // The largest numbers want a scale that is no normal number any more: the least one that is brings them near 1 as well.
    f64::from_bits((TWICE_THE_BIAS - (largest.to_bits() & EXPONENT)).max(1 << 52))
}

/// Columns are few as a rule: so many numbers are taken at once, whole rows of them, that loops are long enough for vectors.
const AT_ONCE: usize = 64;

fn width(columns: usize) -> usize {
    columns * (AT_ONCE / columns.max(1)).max(1)
}

/// A value for each column, written as often as rows are taken at once.
fn several_rows(m: &Matrix<f64>, by_column: &[f64]) -> Vec<f64> {
    by_column.iter().copied().cycle().take(width(m.cols())).collect()
}

/// Goes down all columns from 0 on: `step` takes what there is so far, a value, and what `parameters` has for its column. Sums go
/// on side by side and are joined at the end, in one fixed order.
fn by_column<const P: usize>(
    m: &Matrix<f64>,
    parameters: [&Vec<f64>; P],
    step: impl Fn(f64, f64, [f64; P]) -> f64,
    join: impl Fn(f64, f64) -> f64,
) -> Vec<f64> {
    let parameters = parameters.map(|one| several_rows(m, one));
    let mut side_by_side = vec![0.0; width(m.cols())];
    vectorised!(for several in m.data().chunks(width(m.cols())) {
        let parameters = parameters.each_ref().map(|one| &one[..several.len()]);
        let so_far = &mut side_by_side[..several.len()];
        for k in 0..several.len() {
            so_far[k] = step(so_far[k], several[k], parameters.map(|one| one[k]));
        }
    });
    let mut joined = side_by_side[..m.cols()].to_vec();
    for others in side_by_side[m.cols()..].chunks_exact(m.cols().max(1)) {
        joined.iter_mut().zip(others).for_each(|(one, other)| *one = join(*one, *other));
    }
    joined
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Column by column, as the definition says it.
    fn by_definition(column: &[f64]) -> (f64, f64, Vec<f64>) {
        let n = column.len() as f64;
        let mean = column.iter().sum::<f64>() / n;
        let length = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>().sqrt();
        (mean, length / n.sqrt(), column.iter().map(|v| (v - mean) / length).collect())
    }

    #[test]
    fn columns_of_any_number_are_centred_and_scaled_as_the_definition_says() {
        let mut stream = Stream::new(1, "columns");
        // Fewer and more columns than are taken at once, and rows that do not fill the last time.
        for (rows, columns) in [(3, 1), (1001, 3), (77, 64), (50, 65), (130, 31)] {
            let m = Matrix::from_fn(rows, columns, |_, j| stream.normal() * 3f64.powi(j as i32 % 7) + 5.0 * j as f64);
            let unit = UnitColumns::new(Correlation::Pearson, &m);
            for j in 0..columns {
                let (mean, sd, values) = by_definition(&m.col(j));
                // Sums of up to 1001 numbers around 300: each adds a rounding of 1e-16 of the sum.
                assert!((unit.mean[j] - mean).abs() <= 1e-12 * (1.0 + mean.abs()), "{rows} x {columns}, mean of {j}");
                assert!((unit.sd[j] - sd).abs() <= 1e-12 * sd, "{rows} x {columns}, deviation of {j}");
                for (got, wanted) in unit.values.col(j).iter().zip(&values) {
                    assert!((got - wanted).abs() <= 1e-12, "{rows} x {columns}, column {j}: {got}, {wanted}");
                }
            }
        }
    }

    #[test]
    fn scale_and_origin_of_a_column_change_nothing() {
        let pattern = [1.0, -2.0, 4.0, 0.5, -3.0];
        let unit = |scale: f64, shift: f64| {
            let m = Matrix::from_fn(5, 1, |i, _| pattern[i] * scale + shift);
            UnitColumns::new(Correlation::Pearson, &m)
        };
        let plain = unit(1.0, 0.0);
        // From the least numbers that keep their digits to the largest, whose squares are no numbers any more.
        for scale in [1e-300, 1e-160, 1e160, 4e307] {
            let scaled = unit(scale, 0.0);
            assert!(!scaled.constant[0], "{scale}");
            assert!((scaled.sd[0] / scale - plain.sd[0]).abs() < 1e-14 * plain.sd[0], "{scale}: {}", scaled.sd[0]);
            for (a, b) in scaled.values.data().iter().zip(plain.values.data()) {
                assert!((a - b).abs() < 1e-15, "{scale}: {a}, {b}");
            }
        }
        // Of sixteen digits, five are the origin's.
        for (a, b) in unit(1.0, 1e5).values.data().iter().zip(plain.values.data()) {
            assert!((a - b).abs() < 1e-10, "{a}, {b}");
        }
        for constant in [0.0, 1e-320, 0.1, -7e300] {
            let column = unit(0.0, constant);
            assert!(column.constant[0] && column.values.data() == [0.0; 5], "{constant}");
        }
    }

    #[test]
    fn the_first_number_that_is_not_finite_is_found_wherever_it_stands() {
        for at in [0, 1023, 1024, 2999] {
            let mut values = vec![1.0; 3000];
            assert_eq!(first_not_finite(&values), None);
            values[at] = f64::NAN;
            values[2999] = f64::INFINITY;
            assert_eq!(first_not_finite(&values), Some(at));
        }
    }
}
