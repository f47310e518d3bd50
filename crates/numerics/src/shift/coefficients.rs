//! What least squares in every environment says of a mechanism: how its coefficients move together, and what of them does not move.
//!
//! Latent i is regressed, environment by environment, on four functions of each parent (z, tanh 1.5 z, sin 2 z, z^2 / 3, with z
//! in standard deviations): covariance G_u of the functions, r_u of functions and latent, variance s_u of what is left.

use crate::linalg::{apply, dot, solve_positive, symmetric_eigen, to_faer};
use disentangle_data::{Matrix, Result};
use faer::Side;

const FUNCTIONS: usize = 4;
/// Values are cut at so many standard deviations.
const CUT: f64 = 5.0;
/// Standard deviations from 0 beyond which a latent is taken from its mean.
const FAR: f64 = 2.0;
/// Added to the covariance of the functions, which nearly depend on each other.
const RIDGE: f64 = 1e-3;
const ROUNDING: f64 = 1e-4;
/// The same where the noise of each coefficient is accounted for: only rounding is to be kept off.
const REGULAR: f64 = 1e-9;
const INFORMED: f64 = 1e-6;
/// A direction moves with the environment when coefficients differ by so many times what noise alone makes of them (squared).
const MOVING: f64 = 5.0;

/// Moments of one environment.
struct Regression {
    environment: usize,
    rows: f64,
    /// G.
    functions: Matrix<f64>,
    /// r.
    with_target: Vec<f64>,
    target: f64,
}

impl Regression {
    fn ridged(&self, ridge: f64) -> Matrix<f64> {
        let p = self.with_target.len();
        Matrix::from_fn(p, p, |a, b| self.functions[(a, b)] + if a == b { ridge } else { 0.0 })
    }
}

/// Of every environment with two rows or more.
fn regressions(z: &Matrix, environments: &[u32], i: usize, parents: &[usize]) -> Vec<Regression> {
    let n = z.rows();
    let p = FUNCTIONS * parents.len();
    // Where linear mechanisms put a latent is open, and far from 0 every value would be cut: nothing would be left of its functions.
    let standard = |&j: &usize| {
        let mean = (0..n).map(|r| f64::from(z[(r, j)])).sum::<f64>() / n as f64;
        let square = (0..n).map(|r| (f64::from(z[(r, j)]) - mean).powi(2)).sum::<f64>() / n as f64;
        let sd = square.sqrt().max(f64::MIN_POSITIVE);
        (if mean.abs() > FAR * sd { mean } else { 0.0 }, sd)
    };
    let standards: Vec<(f64, f64)> = parents.iter().map(standard).collect();
    let count = environments.iter().max().map_or(0, |&most| most as usize + 1);
    // Sums of [1, functions, target], lower triangle.
    let width = p + 2;
    let mut sums = vec![Matrix::<f64>::zeros(width, width); count];
    let mut row = vec![1.0; width];
    for (r, &u) in environments.iter().enumerate() {
        for (f, (&j, (center, sd))) in row[1..=p].chunks_exact_mut(FUNCTIONS).zip(parents.iter().zip(&standards)) {
            let q = ((f64::from(z[(r, j)]) - center) / sd).clamp(-CUT, CUT);
            f.copy_from_slice(&[q, (1.5 * q).tanh(), (2.0 * q).sin(), q * q / 3.0]);
        }
        row[p + 1] = f64::from(z[(r, i)]);
        for a in 0..width {
            let by = row[a];
            sums[u as usize].row_mut(a)[..=a].iter_mut().zip(&row).for_each(|(s, v)| *s += by * v);
        }
    }
    let of = |(environment, sum): (usize, &Matrix<f64>)| {
        let rows = sum[(0, 0)];
        let covariance = |a: usize, b: usize| (sum[(a.max(b), a.min(b))] - sum[(a, 0)] * sum[(b, 0)] / rows) / rows;
        Regression {
            environment,
            rows,
            functions: Matrix::from_fn(p, p, |a, b| covariance(a + 1, b + 1)),
            with_target: (0..p).map(|a| covariance(a + 1, p + 1)).collect(),
            target: covariance(p + 1, p + 1),
        }
    };
    sums.iter().enumerate().filter(|(_, sum)| sum[(0, 0)] > 1.0).map(of).collect()
}

/// How the mechanism of latent i scales over environments, of mean magnitude 1, mostly positive; 1 for environments without rows,
/// and for all where there is nothing to see. With L L' the mean G, row u of M = C L is the mechanism of environment u as a point
/// whose length is its standard deviation; the scales are the first singular vector of M.
pub fn profile(z: &Matrix, environments: &[u32], count: usize, i: usize, parents: &[usize]) -> Result<Vec<f64>> {
    let mut scales = vec![1.0; count];
    let p = FUNCTIONS * parents.len();
    let solved = |of: Regression| {
        let g = of.ridged(RIDGE);
        solve_positive(&g, &of.with_target).ok().map(|c| (of.environment, g, c))
    };
    let found: Vec<(usize, Matrix<f64>, Vec<f64>)> = match p {
        0 => Vec::new(),
        _ => regressions(z, environments, i, parents).into_iter().filter_map(solved).collect(),
    };
    let mean = |a: usize, b: usize| found.iter().map(|(_, g, _)| g[(a, b)]).sum::<f64>() / found.len() as f64;
    let ridged = Matrix::from_fn(p, p, |a, b| mean(a, b) + if a == b { ROUNDING } else { 0.0 });
    let Some(factor) = (!found.is_empty()).then(|| to_faer(&ridged).llt(Side::Lower).ok()).flatten() else {
        return Ok(scales);
    };
    let l = factor.L();
    let m = Matrix::from_fn(found.len(), p, |u, b| (b..p).map(|a| found[u].2[a] * l[(a, b)]).sum());
    let columns: Vec<Vec<f64>> = (0..p).map(|a| m.col(a)).collect();
    let (_, vectors) = symmetric_eigen(&Matrix::from_fn(p, p, |a, b| dot(&columns[a], &columns[b])))?;
    let first = vectors.col(p - 1);
    let along: Vec<f64> = (0..m.rows()).map(|u| dot(m.row(u), &first)).collect();
    let size = along.iter().map(|v| v.abs()).sum::<f64>() / along.len() as f64;
    if size > 0.0 {
        let positive = along.iter().filter(|v| **v > 0.0).count();
        let sign = if 2 * positive < along.len() { -1.0 } else { 1.0 };
        found.iter().zip(along).for_each(|((u, ..), v)| scales[*u] = sign * v / size);
    }
    Ok(scales)
}

/// The share of what latent i's mechanisms explain that is the same in all environments; `None` for a latent without parents, or
/// where no environment has enough rows.
///
/// With information I_u = n_u G_u / s_u and W = sum_u I_u, the coefficients common to all environments are
/// c = W^-1 sum_u n_u r_u / s_u. If there is no movement, the scores g_u = n_u r_u / s_u - I_u c have covariance I_u, and
/// W^-1/2 (sum_u g_u g_u') W^-1/2 is about the identity: its eigenvalues say how often the coefficients move by more than noise
/// does. The share is the part of c' W c in the directions that do not move, by what all environments explain on their own: 1
/// where nothing moves, near 0 for l(u) f(z).
pub fn unchanged(z: &Matrix, environments: &[u32], i: usize, parents: &[usize]) -> Result<Option<f64>> {
    let p = FUNCTIONS * parents.len();
    if p == 0 {
        return Ok(None);
    }
    let (mut explained, mut information, mut known) = (0.0, Vec::new(), Vec::new());
    for of in regressions(z, environments, i, parents).iter().filter(|of| of.rows > (p + 1) as f64) {
        let Ok(own) = solve_positive(&of.ridged(REGULAR), &of.with_target) else { continue };
        let explains = dot(&own, &of.with_target);
        // Unbiased; not 0 where the functions explain everything.
        let left = (of.target - explains).max(of.target * REGULAR) * of.rows / (of.rows - (p + 1) as f64);
        let weight = of.rows / left;
        // A latent that is constant in an environment says nothing of its mechanism there; rounding may make its variance negative.
        if !(weight.is_finite() && weight > 0.0 && explains.is_finite()) {
            continue;
        }
        explained += weight * explains;
        information.push(of.functions.map(|g: f64| weight * g));
        known.push(of.with_target.iter().map(|r| weight * r).collect::<Vec<f64>>());
    }
    if explained <= 0.0 {
        return Ok(None);
    }
    let sum = Matrix::from_fn(p, p, |a, b| information.iter().map(|of| of[(a, b)]).sum::<f64>());
    let ridge = INFORMED * (0..p).map(|a| sum[(a, a)]).sum::<f64>() / p as f64;
    let (values, axes) =
        symmetric_eigen(&Matrix::from_fn(p, p, |a, b| sum[(a, b)] + if a == b { ridge } else { 0.0 }))?;
    // Coordinates in which W is the identity.
    let sizes: Vec<f64> = values.iter().map(|value| value.max(ridge).sqrt()).collect();
    let into = |v: &[f64]| -> Vec<f64> { (0..p).map(|e| dot(&axes.col(e), v) / sizes[e]).collect() };
    let total: Vec<f64> = (0..p).map(|a| known.iter().map(|r| r[a]).sum()).collect();
    let common = into(&total);
    let back: Vec<f64> = (0..p).map(|a| (0..p).map(|e| axes[(a, e)] * common[e] / sizes[e]).sum()).collect();
    let scores: Vec<Vec<f64>> = information
        .iter()
        .zip(&known)
        .map(|(of, r)| into(&r.iter().zip(apply(of, &back)).map(|(r, fit)| r - fit).collect::<Vec<_>>()))
        .collect();
    let moved = Matrix::from_fn(p, p, |a, b| scores.iter().map(|g| g[a] * g[b]).sum::<f64>());
    let (movements, directions) = symmetric_eigen(&moved)?;
    let still =
        (0..p).filter(|&e| movements[e] <= MOVING).map(|e| dot(&directions.col(e), &common).powi(2)).sum::<f64>();
    Ok(Some((still / explained).min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::simulate::simulate;
    use serde_json::json;

    fn found(config: serde_json::Value) -> (Matrix, Vec<u32>, Matrix) {
        let data = simulate("shift-world", config).expect("a valid world");
        let codes = data.labels.values().next().expect("environments").codes.clone();
        (data.truth["latents"].values.clone(), codes, data.truth["coefficients"].values.clone())
    }

    #[test]
    fn a_mechanism_that_does_not_move_is_seen_on_true_latents_and_one_that_moves_is_not() {
        let base = json!({ "seed": 2, "latents": 3, "pointsPerEnvironment": 500 });
        let share = |changes: serde_json::Value, i: usize| {
            let mut config = base.clone();
            config.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
            let (z, environments, _) = found(config);
            unchanged(&z, &environments, i, &[i - 1]).expect("finite").expect("a parent")
        };
        let inside =
            json!({"place": "inside", "gain": 2, "signs": "positive", "coefficientLeast": 0.2, "coefficientMost": 2});
        for i in [1, 2] {
            assert!(share(json!({}), i) < 0.02);
            assert!(share(json!({"link": "quadratic"}), i) < 0.02);
            // tanh l z with l > 0: what all environments have in common is large, and its smaller movements drown in noise. Twenty
            // such mechanisms in an independent simulation lay between 0 and 0.35.
            assert!(share(inside.clone(), i) < 0.5);
        }
        // What noise alone would move counts as still: nearly all of the mechanism.
        for still in ["linear", "tanh"] {
            let world = json!({"unshifted": [2], "unshiftedLink": still});
            assert!(share(world.clone(), 1) > 0.9, "{still}");
            assert!(share(world, 2) < 0.02, "{still}");
        }
    }

    #[test]
    fn the_profile_is_the_coefficient_of_each_environment_up_to_its_scale() {
        let (z, environments, coefficients) = found(json!({ "seed": 2, "latents": 2, "pointsPerEnvironment": 1000 }));
        let profile = profile(&z, &environments, 50, 1, &[0]).expect("finite");
        // Where the parent lies beyond the bend of tanh, or hardly varies, the coefficient is not seen.
        let seen = |u: u32| {
            let bent = (0..z.rows()).filter(|&r| environments[r] == u).map(|r| f64::from(z[(r, 0)]).tanh());
            let bent: Vec<f64> = bent.collect();
            let mean = bent.iter().sum::<f64>() / bent.len() as f64;
            bent.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / bent.len() as f64 > 0.16
        };
        let kept: Vec<usize> = (0..50).filter(|&u| seen(u as u32)).collect();
        assert!(kept.len() > 20);
        let found: Vec<f64> = kept.iter().map(|&u| profile[u]).collect();
        let truth: Vec<f64> = kept.iter().map(|&u| f64::from(coefficients[(u, 0)])).collect();
        let correlation = dot(&found, &truth) / (dot(&found, &found) * dot(&truth, &truth)).sqrt();
        assert!(correlation.abs() > 0.95, "{correlation}");
        assert!((profile.iter().map(|v| v.abs()).sum::<f64>() / 50.0 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_latent_far_from_zero_is_taken_from_its_mean() {
        let (z, environments, _) = found(json!({ "seed": 2, "latents": 3, "pointsPerEnvironment": 500 }));
        let mean = [0, 1, 2].map(|j| (0..z.rows()).map(|r| f64::from(z[(r, j)])).sum::<f64>() / z.rows() as f64);
        // Where linear mechanisms drift to, for no likelihood sees it.
        let moved = |by: f64| Matrix::from_fn(z.rows(), 3, |r, j| (f64::from(z[(r, j)]) - mean[j] + by) as f32);
        let (at_mean, far) = (moved(0.0), moved(-60.0));
        let share = |z: &Matrix| unchanged(z, &environments, 2, &[0, 1]).expect("finite").expect("parents");
        assert!((share(&at_mean) - share(&far)).abs() < 1e-3, "{} {}", share(&at_mean), share(&far));
    }

    #[test]
    fn a_latent_without_parents_has_nothing_that_could_move() {
        let z = Matrix::from_fn(10, 2, |i, j| (i * (j + 2)) as f32);
        assert_eq!(unchanged(&z, &[0; 10], 0, &[]).expect("finite"), None);
        assert_eq!(profile(&z, &[0; 10], 3, 0, &[]).expect("finite"), [1.0; 3]);
    }
}
