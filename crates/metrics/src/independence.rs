//! Whether two variables are independent given others: Fisher's z-test of a partial correlation.
//!
//! - Formula: `r` = correlation of what is left of `a` and `b` after least squares on the variables given;
//!   `z = sqrt(n - |given| - 3) atanh(r)`, standard normal when `r` is 0 in truth; `p = P(|Z| >= |z|)`, two-sided.
//! - Exact for normal variables in the limit of many rows; blind to dependence that is not linear.
//! - A constant variable, too few rows, or a variable that the others determine is a failure, never NaN.
//! - Variables that are switched off in part of the rows are tested where they are active ([`FisherZ::of_active`]).
//! - Invariant to shift and scale of each variable. The order of `a`, `b` and of `given` does not change a bit of it.
//! - Source: *On the "probable error" of a coefficient of correlation deduced from a small sample* (Fisher, 1921),
//!   <https://hdl.handle.net/2440/15169>; partial: *The distribution of the partial correlation coefficient* (Fisher, 1924).

use crate::columns::{Correlation, UnitColumns, inner_products, refuse_unpaired};
use crate::normal::two_sided_p;
use disentangle_data::{Code, Failure, Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Share of a variable's variance below which it counts as determined by others. Latents are stored in single precision, so
/// a combination of others leaves about 1e-14.
pub const DETERMINED: f64 = 1e-12;

/// The outcome of one test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dependence {
    /// Partial correlation, -1 to 1.
    pub correlation: f64,
    /// Two-sided p-value: how often variables that are independent would look at least as dependent.
    pub p: f64,
}

/// What can say whether two of its variables are independent given others.
pub trait Independence {
    /// Number of variables.
    fn variables(&self) -> usize;

    /// Tests variables `a` and `b` given the variables in `given`; all are different.
    ///
    /// # Errors
    /// As the test has them.
    fn test(&self, a: usize, b: usize, given: &[usize]) -> Result<Dependence>;
}

/// Fisher's z-test on the variables of one correlation matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct FisherZ {
    correlation: Matrix<f64>,
    rows: usize,
    /// Rows behind each correlation, where they differ.
    shared: Option<Matrix<usize>>,
}

impl FisherZ {
    /// The tests of the columns of `values` (n x d).
    ///
    /// # Errors
    /// `METRIC_SHAPE` without columns, `DATA_NOT_FINITE`, `DATA_CONSTANT_COLUMN` for a column that does not vary.
    pub fn of(values: &Matrix<f64>) -> Result<Self> {
        refuse_unpaired(&[("variables", values)])?;
        let unit = UnitColumns::new(Correlation::Pearson, values);
        if let Some(column) = unit.constant.iter().position(|&constant| constant) {
            return Err(Failure::new(
                Code::DataConstantColumn,
                format!("variable {column} does not vary over the {} rows, so nothing can depend on it", values.rows()),
            )
            .hint("leave the constant variable out of the tests, or test more rows")
            .with("column", column));
        }
        Ok(Self { correlation: inner_products(&unit.values, &unit.values), rows: values.rows(), shared: None })
    }

    /// The tests of the columns of `values` (n x d) where they are `active` (n x d): each correlation is over the rows in which
    /// both of its variables are, and a test counts the fewest rows that any two of its variables share.
    ///
    /// Where variables are switched off independently of their values, this tests what they would be if they never were.
    ///
    /// # Errors
    /// As [`FisherZ::of`]; `METRIC_SHAPE` when the matrices do not fit, `DATA_TOO_FEW_ROWS` for two variables that are active
    /// together in fewer than four rows, `DATA_CONSTANT_COLUMN` for one that does not vary in them.
    pub fn of_active(values: &Matrix<f64>, active: &Matrix<bool>) -> Result<Self> {
        refuse_unpaired(&[("variables", values)])?;
        let (n, d) = (values.rows(), values.cols());
        if (active.rows(), active.cols()) != (n, d) {
            return Err(Failure::new(
                Code::MetricShape,
                format!("variables {n} x {d}, but {} x {} say where they are active", active.rows(), active.cols()),
            ));
        }
        let mut correlation = Matrix::from_fn(d, d, |i, j| f64::from(u8::from(i == j)));
        let mut shared = Matrix::zeros(d, d);
        for i in 0..d {
            for j in i + 1..d {
                let rows: Vec<usize> = (0..n).filter(|&row| active[(row, i)] && active[(row, j)]).collect();
                (shared[(i, j)], shared[(j, i)]) = (rows.len(), rows.len());
                correlation[(i, j)] = correlation_over(values, &rows, i, j)?;
            }
        }
        Ok(Self { correlation, rows: n, shared: Some(shared) })
    }

    /// Rows that a test of these variables can count on.
    fn rows_of(&self, variables: &[usize]) -> usize {
        let Some(shared) = &self.shared else { return self.rows };
        let pairs = variables.iter().enumerate().flat_map(|(at, &i)| variables[at + 1..].iter().map(move |&j| (i, j)));
        pairs.map(|pair| shared[pair]).min().unwrap_or(self.rows)
    }

    /// The tests of variables known by their correlations (d x d) in `rows` rows; the upper triangle is read.
    ///
    /// # Errors
    /// `METRIC_SHAPE` when it is not square, `DATA_NOT_FINITE` for entries that are no correlations.
    pub fn from_correlation(correlation: Matrix<f64>, rows: usize) -> Result<Self> {
        let d = correlation.cols();
        if correlation.rows() != d || d == 0 {
            return Err(Failure::new(
                Code::MetricShape,
                format!(
                    "correlations: {} x {d}, expected as many rows as columns and at least one",
                    correlation.rows()
                ),
            ));
        }
        if let Some(at) = correlation.data().iter().position(|r| r.is_nan() || r.abs() > 1.0 + DETERMINED) {
            return Err(Failure::new(
                Code::DataNotFinite,
                format!(
                    "correlation of variables {} and {} is {}, expected a number from -1 to 1",
                    at / d,
                    at % d,
                    correlation.data()[at]
                ),
            ));
        }
        Ok(Self { correlation, rows, shared: None })
    }

    /// Correlation of the variables `a < b`.
    fn between(&self, a: usize, b: usize) -> f64 {
        if a == b { 1.0 } else { self.correlation[(a.min(b), a.max(b))] }
    }

    /// Partial correlation of the last two of `order` given those before them: the last row of the Cholesky factor of
    /// their correlations is what is left of the last variable, first along the one before it, then on its own.
    fn partial(&self, order: &[usize]) -> Result<f64> {
        let k = order.len();
        let mut factor = Matrix::zeros(k, k);
        for i in 0..k {
            for j in 0..=i {
                let known: f64 = (0..j).map(|m| factor[(i, m)] * factor[(j, m)]).sum();
                let left: f64 = self.between(order[i], order[j]) - known;
                factor[(i, j)] = if i != j {
                    left / factor[(j, j)]
                } else if left > DETERMINED {
                    left.sqrt()
                } else {
                    return Err(determined(order[i], &order[..i]));
                };
            }
        }
        let (along, own): (f64, f64) = (factor[(k - 1, k - 2)], factor[(k - 1, k - 1)]);
        Ok(along / along.hypot(own))
    }
}

impl Independence for FisherZ {
    fn variables(&self) -> usize {
        self.correlation.cols()
    }

    /// # Errors
    /// `METRIC_SHAPE` for variables that do not exist or are named twice, `DATA_TOO_FEW_ROWS` with fewer than
    /// `|given| + 4` rows, `NUMERIC_SINGULAR` when one of the variables is determined by the others.
    fn test(&self, a: usize, b: usize, given: &[usize]) -> Result<Dependence> {
        let mut order = given.to_vec();
        order.sort_unstable();
        order.extend([a.min(b), a.max(b)]);
        refuse_misnamed(&order, self.variables())?;
        let needed = given.len() + 4;
        let rows = self.rows_of(&order);
        if rows < needed {
            return Err(Failure::new(
                Code::DataTooFewRows,
                format!("{} rows are too few to test two variables given {}: {needed} are needed", rows, given.len()),
            )
            .hint("test more rows, or lower the number of variables given")
            .with("rows", rows)
            .with("needed", needed));
        }
        let correlation = self.partial(&order)?;
        let z = ((rows - given.len() - 3) as f64).sqrt() * correlation.atanh();
        Ok(Dependence { correlation, p: two_sided_p(z) })
    }
}

/// Correlation of two columns over some rows.
fn correlation_over(values: &Matrix<f64>, rows: &[usize], i: usize, j: usize) -> Result<f64> {
    let refuse = |code: Code, what: String| {
        Err(Failure::new(code, what).hint("leave one of the two variables out, or test more rows"))
    };
    if rows.len() < 4 {
        let what = format!("variables {i} and {j} are active together in {} rows, too few to test them", rows.len());
        return refuse(Code::DataTooFewRows, what);
    }
    let pair = Matrix::from_fn(rows.len(), 2, |row, side| values[(rows[row], [i, j][side])]);
    let unit = UnitColumns::new(Correlation::Pearson, &pair);
    if let Some(side) = unit.constant.iter().position(|&constant| constant) {
        let what = format!("variable {} does not vary where variables {i} and {j} are both active", [i, j][side]);
        return refuse(Code::DataConstantColumn, what);
    }
    Ok(inner_products(&unit.values, &unit.values)[(0, 1)])
}

fn refuse_misnamed(order: &[usize], variables: usize) -> Result<()> {
    let wrong = order.iter().enumerate().find(|&(i, &v)| v >= variables || order[..i].contains(&v));
    match wrong {
        None => Ok(()),
        Some((_, v)) => Err(Failure::new(
            Code::MetricShape,
            format!("variable {v} is named twice, or is not among the {variables} variables (numbered from 0)"),
        )),
    }
}

fn determined(variable: usize, others: &[usize]) -> Failure {
    let list: Vec<String> = others.iter().map(usize::to_string).collect();
    let (noun, verb) = if list.len() == 1 { ("variable", "determines") } else { ("variables", "determine") };
    Failure::new(
        Code::NumericSingular,
        format!("{noun} {} {verb} variable {variable}, so no dependence beside them can be tested", list.join(", ")),
    )
    .hint("leave one of the variables out")
    .with("variable", variable)
}
