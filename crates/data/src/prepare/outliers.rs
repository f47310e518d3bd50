//! Single values that outweigh a whole column: a typing error or a code for a missing value decides what is learned.

use super::Warning;
use super::environments::listed;
use super::moments::moments;
use crate::matrix::Matrix;

/// Fewer values say nothing about their middle.
const LEAST_ROWS: usize = 20;
/// So many widths of the middle half of a column away from its median, a value is no part of what the others are.
const FAR: f64 = 100.0;
/// Share of the squares about the median from which such values count more than all others.
const MOST: f64 = 0.9;
/// Of so many values at most one may be such.
const RARE: usize = 20;

/// A column with such values.
struct Outlying {
    column: usize,
    values: usize,
    /// The row of the farthest.
    row: usize,
}

/// What to tell of the columns of a table in which few values outweigh all others; columns of which most values are the same, such as counts of
/// rare genes, are left alone. `row_name` names a row of `values`.
pub(super) fn told(
    (values, names): (&Matrix, &[String]),
    columns: impl Iterator<Item = usize>,
    row_name: impl Fn(usize) -> String,
    what: &str,
) -> Option<Warning> {
    let rows: Vec<usize> = (0..values.rows()).collect();
    if rows.len() < LEAST_ROWS {
        return None;
    }
    let seen = moments(values, &rows);
    // Squares about the mean: as many values as may be outlying share most of them.
    let suspicious = |&j: &usize| {
        let column = &seen[j];
        let far = (f64::from(column.max) - column.mean).max(column.mean - f64::from(column.min));
        far * far * RARE as f64 > MOST * column.finite as f64 * column.sd * column.sd
    };
    let found: Vec<Outlying> = columns.filter(suspicious).filter_map(|j| outlying(values, j)).collect();
    let first = found.first()?;
    let quoted: Vec<&str> = found.iter().map(|one| names[one.column].as_str()).collect();
    let name = quoted[0];
    let count = match first.values {
        1 => "one value outweighs".to_owned(),
        several => format!("{several} values outweigh"),
    };
    let message = format!(
        "{what} in which single values outweigh all others: {}; in {name:?} {count} the other {}, the farthest in {}",
        listed(&quoted),
        values.rows() - first.values,
        row_name(first.row)
    );
    Some(Warning::new("VALUES_OUTLYING", message).hint(
        "correct these values, or mark them as missing if that is what they stand for; if they are measured, transform the column first, for example by a logarithm",
    ))
}

/// Whether few values of a column are far from the middle half and have nearly all of its variation.
fn outlying(values: &Matrix, column: usize) -> Option<Outlying> {
    let finite = |row: usize| Some(values.row(row)[column]).filter(|value| value.is_finite());
    let mut sorted: Vec<f32> = (0..values.rows()).filter_map(finite).collect();
    let n = sorted.len();
    if n < LEAST_ROWS {
        return None;
    }
    sorted.sort_unstable_by(f32::total_cmp);
    let [low, median, high] = [n / 4, n / 2, 3 * n / 4].map(|place| f64::from(sorted[place]));
    let limit = FAR * (high - low);
    if limit <= 0.0 {
        return None;
    }
    let distance = |value: f32| (f64::from(value) - median).abs();
    let far: Vec<f64> = sorted.iter().map(|&value| distance(value)).filter(|&away| away > limit).collect();
    let squares = |all: &mut dyn Iterator<Item = f64>| all.map(|away| away * away).sum::<f64>();
    let (theirs, all) = (squares(&mut far.iter().copied()), squares(&mut sorted.iter().map(|&value| distance(value))));
    if far.is_empty() || far.len() * RARE > n || theirs < MOST * all {
        return None;
    }
    let away = |row: usize| finite(row).map_or(0.0, distance);
    // The last of equals, and so the first row.
    let row = (0..values.rows()).rev().max_by(|&a, &b| away(a).total_cmp(&away(b)))?;
    Some(Outlying { column, values: far.len(), row })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 400 rows: a column of round numbers, one that is nearly always 0, one with heavy tails.
    fn table(change: impl Fn(usize, usize) -> Option<f32>) -> Matrix {
        Matrix::from_fn(400, 3, |row, column| {
            let plain = match column {
                0 => (row * 7 % 31) as f32,
                1 => {
                    if row == 5 {
                        3.0
                    } else {
                        0.0
                    }
                }
                // Quantiles of Cauchy's distribution: the farthest are 127 times the width of the middle half away.
                _ => (((row as f32 + 0.5) / 400.0 - 0.5) * std::f32::consts::PI).tan(),
            };
            change(row, column).unwrap_or(plain)
        })
    }

    fn of(values: &Matrix) -> Option<Warning> {
        let names = ["a", "b", "c"].map(str::to_owned);
        told((values, &names), 0..3, |row| format!("row {}", row + 1), "inputs")
    }

    #[test]
    fn a_value_that_outweighs_its_column_is_told_with_its_row_and_measured_tails_are_not() {
        let (no_change, slip) = (table(|_, _| None), table(|row, column| (row == 99 && column == 0).then_some(1e12)));
        assert_eq!(of(&no_change), None);
        let warning = of(&slip).expect("told");
        assert_eq!(warning.code, "VALUES_OUTLYING");
        assert_eq!(
            warning.message,
            "inputs in which single values outweigh all others: \"a\"; in \"a\" one value outweighs the other 399, the farthest in row 100"
        );
    }

    #[test]
    fn a_code_for_missing_values_in_few_rows_is_told_and_in_many_it_is_a_part_of_the_column() {
        let coded = |every: usize| table(move |row, column| (row % every == 0 && column == 0).then_some(-99_999.0));
        assert!(
            of(&coded(40)).expect("told").message.contains("10 values outweigh the other 390, the farthest in row 1")
        );
        assert_eq!(of(&coded(10)), None);
        let gaps = table(|row, column| match (row, column) {
            (99, 0) => Some(1e12),
            (row, 0) if row % 3 == 0 && row != 99 => Some(f32::NAN),
            _ => None,
        });
        assert!(of(&gaps).is_some(), "values that are missing change nothing");
    }

    #[test]
    fn few_rows_say_nothing() {
        let values = Matrix::from_fn(19, 3, |row, _| if row == 0 { 1e9 } else { row as f32 });
        assert_eq!(of(&values), None);
    }
}
