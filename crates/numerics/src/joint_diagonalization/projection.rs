//! Iterative projection: log v + r / v is concave in r, so with v frozen the objective bounds f from above, and each row of B
//! has an exact minimiser. No sweep makes f larger.

use super::{Covariances, Point, multiply, view};
use crate::linalg::{apply, dot, inverse, solve_positive};
use crate::rotation::replace_row;
use disentangle_data::{Matrix, Result};
use faer::MatRef;

/// Enough to come near an optimum; the last digits are cheaper by quasi-Newton steps.
const SWEEPS: usize = 5;
/// Rows whose weighted means are formed by one product.
const GROUP: usize = 16;

/// At most five sweeps from `map`.
///
/// # Errors
/// `NUMERIC_SINGULAR`.
pub(super) fn sweeps(covariances: &Covariances, map: Matrix<f64>) -> Result<Point> {
    let mut point = covariances.at(map);
    for _ in 0..SWEEPS {
        let next = covariances.at(sweep(covariances, &point)?);
        let gain = point.value - next.value;
        point = next;
        if gain < super::newton::TOLERANCE {
            break;
        }
    }
    Ok(point)
}

fn sweep(covariances: &Covariances, point: &Point) -> Result<Matrix<f64>> {
    let (t, k) = (covariances.count(), covariances.size());
    let mut map = point.map.clone();
    let mut map_inverse = inverse(&map)?;
    for first in (0..k).step_by(GROUP) {
        let rows = GROUP.min(k - first);
        let weights = Matrix::from_fn(rows, t, |i, t| covariances.shares[t] / point.variances[(t, first + i)]);
        // Row i: V_i = sum_t p_t M_t / v_ti.
        let blocks = MatRef::from_row_major_slice(covariances.stacked.data(), t, k * k);
        let means = multiply(view(&weights), blocks);
        for i in 0..rows {
            let mean = Matrix::new(k, k, means.row(i).to_vec())?;
            let mut row = solve_positive(&mean, &map_inverse.col(first + i))?;
            let scale = dot(&row, &apply(&mean, &row)).sqrt().recip();
            row.iter_mut().for_each(|r| *r *= scale);
            replace_row(&mut map, &mut map_inverse, first + i, &row);
        }
    }
    Ok(map)
}
