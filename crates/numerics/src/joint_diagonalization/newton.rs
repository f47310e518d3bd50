//! Relative quasi-Newton steps: B becomes (I + a E) B, with E from the 2 x 2 blocks of the curvature at diagonal matrices.

use super::{Covariances, Point};
use crate::linalg::product;
use disentangle_data::Matrix;

/// A smaller gain is the end: the objective is in units of one row's log density.
pub(super) const TOLERANCE: f64 = 1e-6;
const STEPS: usize = 200;
/// Least eigenvalue of a block: pairs that the matrices hardly tell apart must not take wild steps.
const LEAST_CURVATURE: f64 = 1e-2;
/// Largest entry of E: beyond it the blocks describe another place.
const LONGEST: f64 = 0.7;
const HALVINGS: usize = 12;
/// Share of the slope by which the objective must fall.
const SUFFICIENT: f64 = 1e-4;

/// Goes down from `point` until nothing is gained.
pub(super) fn descend(covariances: &Covariances, mut point: Point) -> Point {
    for _ in 0..STEPS {
        let gradient = covariances.gradient(&point, &covariances.mapped(&point));
        let direction = direction(&gradient, &covariances.curvature(&point));
        let slope: f64 = gradient.data().iter().zip(direction.data()).map(|(g, e)| g * e).sum();
        let Some(next) = search(covariances, &point, &direction, slope) else { break };
        let gain = point.value - next.value;
        point = next;
        if gain < TOLERANCE {
            break;
        }
    }
    point
}

/// The move E of one step.
pub(super) fn direction(gradient: &Matrix<f64>, curvature: &Matrix<f64>) -> Matrix<f64> {
    let entry = |i: usize, j: usize| {
        if i == j {
            // The clamp can only lower this curvature: the bound is safe.
            return -gradient[(i, i)] / (1.0 + curvature[(i, i)]);
        }
        let (a, b) = (curvature[(i, j)], curvature[(j, i)]);
        let least = 0.5 * (a + b - ((a - b).powi(2) + 4.0).sqrt());
        let lift = (LEAST_CURVATURE - least).max(0.0);
        let (a, b) = (a + lift, b + lift);
        -(b * gradient[(i, j)] - gradient[(j, i)]) / (a * b - 1.0)
    };
    Matrix::from_fn(gradient.rows(), gradient.rows(), |i, j| entry(i, j).clamp(-LONGEST, LONGEST))
}

/// The first of halved steps that is low enough.
fn search(covariances: &Covariances, point: &Point, direction: &Matrix<f64>, slope: f64) -> Option<Point> {
    let mut step = 1.0;
    for _ in 0..HALVINGS {
        let by = Matrix::from_fn(direction.rows(), direction.rows(), |i, j| {
            f64::from(u8::from(i == j)) + step * direction[(i, j)]
        });
        let next = covariances.at(product(&by, &point.map));
        if next.value <= point.value + SUFFICIENT * step * slope.min(0.0) {
            return Some(next);
        }
        step *= 0.5;
    }
    None
}
