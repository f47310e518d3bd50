//! Whether two variables are independent given others: Fisher's z-test of a partial correlation.
//!
//! - Formula: `r` = correlation of what is left of `a` and `b` after least squares on the variables given;
//!   `z = sqrt(n - |given| - 3) atanh(r)`, standard normal when `r` is 0 in truth; `p = P(|Z| >= |z|)`, two-sided.
//! - Exact for normal variables in the limit of many rows; blind to dependence that is not linear.
//! - A constant variable, too few rows, or a variable that the others determine is a failure, never NaN.
//! - Variables that are switched off in part of the rows are tested where all variables of a test are active
//!   ([`FisherZ::of_active`]).
//! - Invariant to shift and scale of each variable. The order of `a`, `b` and of `given` does not change a bit of it.
//! - Source: *On the "probable error" of a coefficient of correlation deduced from a small sample* (Fisher, 1921),
//!   <https://hdl.handle.net/2440/15169>; partial: *The distribution of the partial correlation coefficient* (Fisher, 1924).

use crate::columns::{Correlation, UnitColumns, inner_products, refuse_unpaired};
use crate::normal::two_sided_p;
use disentangle_data::{Code, Failure, Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Two variables are tested where they are active together only if these are at least this share of the rows of the rarer one.
/// Estimated latents that in truth are never active together share the rows whose silence was called wrongly: a test there would
/// be about those.
pub const LEAST_TOGETHER: f64 = 0.05;

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

/// Fisher's z-test on variables of which correlations, or values, are known.
#[derive(Debug, Clone, PartialEq)]
pub struct FisherZ {
    known: Known,
}

/// What tests are made of.
#[derive(Debug, Clone, PartialEq)]
enum Known {
    /// One correlation matrix, over the same rows for all pairs.
    Correlation { matrix: Matrix<f64>, rows: usize },
    /// Values, and where they are active: correlations of different pairs over different rows need not fit together (such a matrix
    /// may have negative eigenvalues), so each test takes the rows in which all of its variables are active.
    Active { values: Matrix<f64>, active: Matrix<bool> },
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
        Ok(Self::whole(inner_products(&unit.values, &unit.values), values.rows()))
    }

    fn whole(matrix: Matrix<f64>, rows: usize) -> Self {
        Self { known: Known::Correlation { matrix, rows } }
    }

    /// The tests of the columns of `values` (n x d) where they are `active` (n x d): each test takes the rows in which all of its
    /// variables are.
    ///
    /// Where variables are switched off independently of their values, this tests what they would be if they never were.
    ///
    /// # Errors
    /// As [`FisherZ::of`]; `METRIC_SHAPE` when the matrices do not fit, `DATA_TOO_FEW_ROWS` for two variables that are active
    /// together in fewer than four rows, or in less than [`LEAST_TOGETHER`] of the rows of the rarer one.
    pub fn of_active(values: &Matrix<f64>, active: &Matrix<bool>) -> Result<Self> {
        refuse_unpaired(&[("variables", values)])?;
        let (n, d) = (values.rows(), values.cols());
        if (active.rows(), active.cols()) != (n, d) {
            return Err(Failure::new(
                Code::MetricShape,
                format!("variables {n} x {d}, but {} x {} say where they are active", active.rows(), active.cols()),
            ));
        }
        let count = |variables: &[usize]| rows_with(active, variables).count();
        for i in 0..d {
            for j in i + 1..d {
                let (together, rarer) = (count(&[i, j]), count(&[i]).min(count(&[j])));
                if together < 4 || (together as f64) < LEAST_TOGETHER * rarer as f64 {
                    return Err(apart(i, j, together, rarer));
                }
            }
        }
        Ok(Self { known: Known::Active { values: values.clone(), active: active.clone() } })
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
        Ok(Self::whole(correlation, rows))
    }

    /// Correlations among the variables in `order`, upper triangle, and the rows behind them.
    fn among(&self, order: &[usize]) -> Result<(Matrix<f64>, usize)> {
        match &self.known {
            Known::Correlation { matrix, rows } => {
                refuse_few(*rows, order)?;
                let between = |i: usize, j: usize| matrix[(order[i].min(order[j]), order[i].max(order[j]))];
                Ok((Matrix::from_fn(order.len(), order.len(), between), *rows))
            }
            Known::Active { values, active } => {
                let rows: Vec<usize> = rows_with(active, order).collect();
                refuse_few(rows.len(), order)?;
                let unit = UnitColumns::new(Correlation::Pearson, &values.select_rows(&rows).select_cols(order));
                if let Some(still) = unit.constant.iter().position(|&constant| constant) {
                    return Err(Failure::new(
                        Code::DataConstantColumn,
                        format!(
                            "variable {} does not vary where variables {} are all active",
                            order[still],
                            list(order)
                        ),
                    )
                    .hint("leave the variable out, or test more rows"));
                }
                Ok((inner_products(&unit.values, &unit.values), rows.len()))
            }
        }
    }
}

/// Partial correlation of the last two of `order` given those before them, from the correlations of all (upper triangle): the last
/// row of the Cholesky factor is what is left of the last variable, first along the one before it, then on its own.
fn partial(correlation: &Matrix<f64>, order: &[usize]) -> Result<f64> {
    let k = order.len();
    let mut factor = Matrix::zeros(k, k);
    for i in 0..k {
        for j in 0..=i {
            let known: f64 = (0..j).map(|m| factor[(i, m)] * factor[(j, m)]).sum();
            let left: f64 = if i == j { 1.0 - known } else { correlation[(j, i)] - known };
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

impl Independence for FisherZ {
    fn variables(&self) -> usize {
        match &self.known {
            Known::Correlation { matrix, .. } => matrix.cols(),
            Known::Active { values, .. } => values.cols(),
        }
    }

    /// # Errors
    /// `METRIC_SHAPE` for variables that do not exist or are named twice, `DATA_TOO_FEW_ROWS` with fewer than
    /// `|given| + 4` rows, `NUMERIC_SINGULAR` when one of the variables is determined by the others.
    fn test(&self, a: usize, b: usize, given: &[usize]) -> Result<Dependence> {
        let mut order = given.to_vec();
        order.sort_unstable();
        order.extend([a.min(b), a.max(b)]);
        refuse_misnamed(&order, self.variables())?;
        let (correlation, rows) = self.among(&order)?;
        let correlation = partial(&correlation, &order)?;
        let z = ((rows - given.len() - 3) as f64).sqrt() * correlation.atanh();
        Ok(Dependence { correlation, p: two_sided_p(z) })
    }
}

/// Rows in which all of these variables are active.
fn rows_with<'a>(active: &'a Matrix<bool>, variables: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
    (0..active.rows()).filter(|&row| variables.iter().all(|&variable| active[(row, variable)]))
}

fn list(variables: &[usize]) -> String {
    let names: Vec<String> = variables.iter().map(usize::to_string).collect();
    names.join(", ")
}

fn apart(i: usize, j: usize, together: usize, rarer: usize) -> Failure {
    Failure::new(
        Code::DataTooFewRows,
        format!(
            "variables {i} and {j} are active together in {together} of the {rarer} rows of the rarer one: \
             too few to test whether they depend on each other"
        ),
    )
    .hint("leave one of the two variables out, or test more rows")
    .with("rows", together)
}

/// Refuses a test of the last two variables of `order` given the others in fewer rows than it has degrees of freedom.
fn refuse_few(rows: usize, order: &[usize]) -> Result<()> {
    let needed = order.len() + 2;
    if rows >= needed {
        return Ok(());
    }
    let what = format!("variables {} together, {} of them given", list(order), order.len() - 2);
    Err(Failure::new(Code::DataTooFewRows, format!("{rows} rows are too few to test {what}: {needed} are needed"))
        .hint("test more rows, or lower the number of variables given")
        .with("rows", rows)
        .with("needed", needed))
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
    let (noun, verb) = if others.len() == 1 { ("variable", "determines") } else { ("variables", "determine") };
    Failure::new(
        Code::NumericSingular,
        format!("{noun} {} {verb} variable {variable}, so no dependence beside them can be tested", list(others)),
    )
    .hint("leave one of the variables out")
    .with("variable", variable)
}
