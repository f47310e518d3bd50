//! Linear heads on the nodes of a tree, in closed form: moments per node, least squares, differences along the tree,
//! and heads of nodes without rows.

use crate::linalg::{apply, inverse, product, solve_positive};
use disentangle_data::{Matrix, Result};

/// Second moments of latents and target at each node: all that linear heads need.
#[derive(Debug, Clone)]
pub struct Moments {
    /// Rows at each node.
    pub rows: Vec<usize>,
    /// Sum of h h' at each node, k x k.
    pub gram: Vec<Matrix<f64>>,
    /// Sum of h y at each node, k.
    pub cross: Vec<Vec<f64>>,
    /// Sum of y^2 at each node.
    pub square: Vec<f64>,
}

impl Moments {
    /// Moments of `latents` (n x k) and `target` (n) over `nodes` tree nodes.
    pub fn of(latents: &Matrix, target: &[f32], codes: &[u32], nodes: usize) -> Self {
        let k = latents.cols();
        let mut moments = Self {
            rows: vec![0; nodes],
            gram: vec![Matrix::zeros(k, k); nodes],
            cross: vec![vec![0.0; k]; nodes],
            square: vec![0.0; nodes],
        };
        for (i, (&node, &y)) in codes.iter().zip(target).enumerate() {
            let (node, y) = (node as usize, f64::from(y));
            moments.rows[node] += 1;
            moments.square[node] += y * y;
            for (a, &ha) in latents.row(i).iter().enumerate() {
                let ha = f64::from(ha);
                moments.cross[node][a] += ha * y;
                for (g, &hb) in moments.gram[node].row_mut(a).iter_mut().zip(latents.row(i)) {
                    *g += ha * f64::from(hb);
                }
            }
        }
        moments
    }

    /// Mean of h h' over all rows.
    pub fn pooled_gram(&self) -> Matrix<f64> {
        let k = self.gram.first().map_or(0, Matrix::cols);
        let total = self.rows.iter().sum::<usize>().max(1) as f64;
        let mut pooled = Matrix::zeros(k, k);
        for gram in &self.gram {
            pooled.data_mut().iter_mut().zip(gram.data()).for_each(|(p, g)| *p += g / total);
        }
        pooled
    }

    /// Least-squares heads (nodes x k) and the covariance of each, with a prior of `weight` rows at `prior` (nodes x k).
    ///
    /// With many rows at a node the prior vanishes; with none the head is the prior's. The covariance has both parts of the error: the noise
    /// of the rows, and how far the head was pulled from where it is (`Pull`).
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` when the latents do not span k dimensions.
    pub fn heads(&self, prior: &Matrix<f64>, weight: f64) -> Result<(Matrix<f64>, Vec<Matrix<f64>>)> {
        let k = prior.cols();
        let pooled = self.pooled_gram();
        // The ridge, too, pulls towards the prior: without rows the head is the prior's, however small the weight.
        let ridge = 1e-9 * (0..k).map(|i| pooled[(i, i)]).sum::<f64>() / k as f64;
        let pull = Matrix::from_fn(k, k, |i, j| weight * pooled[(i, j)] + if i == j { ridge } else { 0.0 });
        let mut heads = prior.clone();
        let mut pulled = Vec::with_capacity(self.rows.len());
        for node in 0..self.rows.len() {
            let both = Matrix::from_fn(k, k, |i, j| self.gram[node][(i, j)] + pull[(i, j)]);
            let towards = apply(&pull, prior.row(node));
            let right: Vec<f64> = (0..k).map(|i| self.cross[node][i] + towards[i]).collect();
            let head = solve_positive(&both, &right)?;
            pulled.push(Pull::of(&self.gram[node], &pull, inverse(&both)?));
            heads.row_mut(node).copy_from_slice(&head);
        }
        let squares: Vec<f64> = (0..self.rows.len()).map(|node| self.residual(node, heads.row(node))).collect();
        let (noise, apart) = self.components(&pulled, &squares, (&heads, prior), &pull)?;
        let covariance = |(node, at): (usize, &Pull)| {
            // A node with few rows has the noise of all.
            let own = (squares[node] - apart * at.of_prior).max(0.0);
            let noise = (own + k as f64 * noise) / (self.rows[node] as f64 - at.fitted + k as f64);
            Matrix::from_fn(k, k, |i, j| noise * at.by_noise[(i, j)] + apart * at.by_prior[(i, j)])
        };
        Ok((heads, pulled.iter().enumerate().map(covariance).collect()))
    }

    /// Variance of the noise, and how far heads are from the prior (in units of the inverse of its pull), by moments over all nodes: the
    /// squares of residuals and those of the way from the prior each expect a sum of both.
    fn components(
        &self,
        pulled: &[Pull],
        squares: &[f64],
        (heads, prior): (&Matrix<f64>, &Matrix<f64>),
        pull: &Matrix<f64>,
    ) -> Result<(f64, f64)> {
        let undone = inverse(pull)?;
        let (mut rows, mut of_prior, mut by_noise, mut by_prior, mut way) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (node, at) in pulled.iter().enumerate().filter(|&(node, _)| self.rows[node] > 0) {
            rows += self.rows[node] as f64 - at.fitted;
            of_prior += at.of_prior;
            by_noise += trace(pull, &at.by_noise);
            let kept = product(&at.inverse, &self.gram[node]);
            by_prior += trace(pull, &product(&product(&kept, &undone), &kept.transposed()));
            let from: Vec<f64> = heads.row(node).iter().zip(prior.row(node)).map(|(h, p)| h - p).collect();
            way += crate::linalg::dot(&from, &apply(pull, &from));
        }
        let total: f64 = squares.iter().sum();
        let determinant = rows * by_prior - of_prior * by_noise;
        let apart = (rows * way - by_noise * total) / determinant;
        let apart = if apart.is_finite() { apart.max(0.0) } else { 0.0 };
        Ok(((total - apart * of_prior).max(0.0) / rows.max(1.0), apart))
    }

    /// Sum of squared residuals of a head at its node.
    pub fn residual(&self, node: usize, head: &[f64]) -> f64 {
        let explained = 2.0 * crate::linalg::dot(head, &self.cross[node]);
        let fitted = crate::linalg::dot(head, &apply(&self.gram[node], head));
        (self.square[node] - explained + fitted).max(0.0)
    }
}

/// How the estimate of one head answers to noise and to the prior. With G the second moments of its rows, Q the pull of the prior and
/// A = G + Q: noise of variance v has the covariance v A^-1 G A^-1, and a head that is N(0, t Q^-1) away from the prior is missed by
/// t A^-1 Q A^-1. Where t = v both are the posterior v A^-1; heads that differ by more are pulled further than it says.
struct Pull {
    /// A^-1.
    inverse: Matrix<f64>,
    /// A^-1 G A^-1.
    by_noise: Matrix<f64>,
    /// A^-1 Q A^-1.
    by_prior: Matrix<f64>,
    /// Degrees of freedom that the residuals lose: tr(2 B - B^2) with B = A^-1 G.
    fitted: f64,
    /// What the squares of residuals expect of t: tr(A^-1 G A^-1 Q).
    of_prior: f64,
}

impl Pull {
    fn of(gram: &Matrix<f64>, pull: &Matrix<f64>, inverse: Matrix<f64>) -> Self {
        let kept = product(&inverse, gram);
        let by_noise = product(&kept, &inverse);
        let by_prior = product(&product(&inverse, pull), &inverse);
        let all: f64 = (0..kept.rows()).map(|i| kept[(i, i)]).sum();
        let (fitted, of_prior) = (2.0 * all - trace(&kept, &kept), trace(&by_noise, pull));
        Self { inverse, by_noise, by_prior, fitted, of_prior }
    }
}

/// tr(a b).
fn trace(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    (0..a.rows()).map(|i| (0..a.cols()).map(|j| a[(i, j)] * b[(j, i)]).sum::<f64>()).sum()
}

/// How much each difference counts: weights of random effects, 1 / (t + v) for a difference whose noise has variance v where the
/// differences themselves vary by t, both by moments in the `metric` of the latents (k x k) and scaled to 1 at the mean noise. Where
/// changes are large beside noise all count alike; a node of few rows counts less. Differences that share a node share its
/// noise, which no weight says. *Meta-analysis in clinical trials* (DerSimonian, Laird, 1986),
/// <https://doi.org/10.1016/0197-2456(86)90046-2>.
pub fn weights(
    differences: &Matrix<f64>,
    pairs: &[(usize, usize)],
    covariances: &[Matrix<f64>],
    metric: &Matrix<f64>,
) -> Vec<f64> {
    let k = metric.rows() as f64;
    let noise: Vec<f64> = pairs
        .iter()
        .map(|&(node, at)| (trace(metric, &covariances[node]) + trace(metric, &covariances[at])) / k)
        .collect();
    let square = |i: usize| crate::linalg::dot(differences.row(i), &apply(metric, differences.row(i))) / k;
    let count = pairs.len().max(1) as f64;
    let mean = noise.iter().sum::<f64>() / count;
    let changes = ((0..pairs.len()).map(square).sum::<f64>() / count - mean).max(0.0);
    let weight = |noise: &f64| (changes + mean) / (changes + noise);
    noise.iter().map(weight).map(|weight| if weight.is_finite() { weight } else { 1.0 }).collect()
}

/// Pairs (node, reference) of nodes with rows whose heads are compared: one pair fewer than such nodes, along the tree.
///
/// A node with rows is compared with its parent if that has rows; across a parent without rows, each child's nearest
/// node with rows is compared with that of the child before it.
pub fn contrasts(parents: &[Option<usize>], observed: &[bool]) -> Vec<(usize, usize)> {
    let order = parents_first(parents);
    let mut nearest: Vec<Option<(usize, usize)>> = vec![None; parents.len()]; // (distance, node)
    for &node in order.iter().rev() {
        if observed[node] {
            nearest[node] = Some((0, node));
        }
        if let (Some(parent), Some((distance, found))) = (parents[node], nearest[node]) {
            let candidate = (distance + 1, found);
            if nearest[parent].is_none_or(|best| candidate < best) {
                nearest[parent] = Some(candidate);
            }
        }
    }
    let mut pairs = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; parents.len()];
    for &node in &order {
        let (Some(parent), Some((_, found))) = (parents[node], nearest[node]) else { continue };
        if observed[parent] {
            pairs.push((found, parent));
        } else if let Some(sibling) = before[parent].replace(found) {
            pairs.push((found, sibling));
        }
    }
    pairs
}

/// Node indices, parents before children.
pub fn parents_first(parents: &[Option<usize>]) -> Vec<usize> {
    let mut children = vec![Vec::new(); parents.len()];
    let mut order: Vec<usize> = Vec::with_capacity(parents.len());
    for (node, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => children[*parent].push(node),
            None => order.push(node),
        }
    }
    let mut at = 0;
    while at < order.len() {
        order.extend(children[order[at]].iter().copied());
        at += 1;
    }
    order
}

/// The rows of `heads` at the pairs' nodes minus those at their references, pairs x k.
pub fn differences(heads: &Matrix<f64>, pairs: &[(usize, usize)]) -> Matrix<f64> {
    Matrix::from_fn(pairs.len(), heads.cols(), |i, j| heads[(pairs[i].0, j)] - heads[(pairs[i].1, j)])
}

/// Gives nodes without rows the heads with the least total absolute change along the tree, latent by latent.
///
/// The optimum of each node lies among the values of nodes with rows, so a dynamic programme over those values is exact.
/// A leaf without rows gets its parent's head.
pub fn fill_by_least_change(heads: &mut Matrix<f64>, parents: &[Option<usize>], observed: &[bool]) {
    let order = parents_first(parents);
    for latent in 0..heads.cols() {
        let mut values: Vec<f64> = (0..observed.len()).filter(|&i| observed[i]).map(|i| heads[(i, latent)]).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        if values.is_empty() {
            return;
        }
        // cost[node][v]: least change below the node when it has value v.
        let mut cost = vec![vec![0.0f64; values.len()]; parents.len()];
        for &node in order.iter().rev() {
            if observed[node] {
                let own = heads[(node, latent)];
                let excluded = |v: f64| if v == own { 0.0 } else { f64::INFINITY };
                cost[node].iter_mut().zip(&values).for_each(|(c, &v)| *c += excluded(v));
            }
            if let Some(parent) = parents[node] {
                let message = spread(&cost[node], &values);
                cost[parent].iter_mut().zip(message).for_each(|(c, m)| *c += m);
            }
        }
        for &node in &order {
            if observed[node] {
                continue;
            }
            let from = parents[node].map(|parent| heads[(parent, latent)]);
            let total = |v: usize| cost[node][v] + from.map_or(0.0, |f| (values[v] - f).abs());
            let best = (0..values.len()).min_by(|&a, &b| {
                let nearer = |v: usize| from.map_or(0.0, |f| (values[v] - f).abs());
                total(a).total_cmp(&total(b)).then(nearer(a).total_cmp(&nearer(b)))
            });
            heads[(node, latent)] = values[best.expect("there is at least one value")];
        }
    }
}

/// min over u of cost(u) + |u - v| for each v: two sweeps over the sorted values.
fn spread(cost: &[f64], values: &[f64]) -> Vec<f64> {
    let mut out = cost.to_vec();
    for i in 1..out.len() {
        out[i] = out[i].min(out[i - 1] + values[i] - values[i - 1]);
    }
    for i in (1..out.len()).rev() {
        out[i - 1] = out[i - 1].min(out[i] + values[i] - values[i - 1]);
    }
    out
}

/// Variance of each entry of `head * map` for a head with this covariance.
pub fn mapped_variances(covariance: &Matrix<f64>, map: &Matrix<f64>) -> Vec<f64> {
    let right = product(covariance, map);
    (0..map.cols()).map(|j| (0..map.rows()).map(|i| map[(i, j)] * right[(i, j)]).sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::Stream;

    /// Root 0; 1 and 2 below it; 3 and 4 below 1; 5 below 2.
    const PARENTS: [Option<usize>; 6] = [None, Some(0), Some(0), Some(1), Some(1), Some(2)];

    #[test]
    fn differences_follow_edges_and_skip_nodes_without_rows() {
        let all = contrasts(&PARENTS, &[true; 6]);
        assert_eq!(all, vec![(1, 0), (2, 0), (3, 1), (4, 1), (5, 2)]);
        let leaves = contrasts(&PARENTS, &[false, false, false, true, true, true]);
        assert_eq!(leaves, vec![(5, 3), (4, 3)]);
        let without_root = contrasts(&PARENTS, &[false, true, true, true, true, true]);
        assert_eq!(without_root, vec![(2, 1), (3, 1), (4, 1), (5, 2)]);
    }

    #[test]
    fn least_squares_heads_are_those_of_the_normal_equations() {
        let mut stream = Stream::new(1, "heads");
        let latents = Matrix::from_fn(400, 3, |_, _| stream.normal() as f32);
        let codes: Vec<u32> = (0..400).map(|i| i % 2).collect();
        let truth = [[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]];
        let target: Vec<f32> = (0..400)
            .map(|i| (0..3).map(|j| f64::from(latents[(i, j)]) * truth[i % 2][j]).sum::<f64>() as f32)
            .collect();
        let moments = Moments::of(&latents, &target, &codes, 3);
        let prior = Matrix::from_fn(3, 3, |i, _| if i == 2 { 7.0 } else { 0.0 });
        let (heads, _) = moments.heads(&prior, 1e-9).expect("the latents span three dimensions");
        for (node, expected) in truth.iter().enumerate() {
            for (got, want) in heads.row(node).iter().zip(expected) {
                assert!((got - want).abs() < 1e-5, "{got} {want}");
            }
        }
        assert!(heads.row(2).iter().all(|v| (v - 7.0).abs() < 1e-3), "no rows: the prior");
    }

    #[test]
    fn the_covariance_of_a_head_covers_its_error() {
        let (n, sigma) = (500, 0.7);
        let mut inside = 0;
        for trial in 0..200 {
            let mut stream = Stream::new(trial, "covariance");
            let latents = Matrix::from_fn(n, 2, |_, _| stream.normal() as f32);
            let target: Vec<f32> =
                (0..n).map(|i| (f64::from(latents[(i, 0)]) + sigma * stream.normal()) as f32).collect();
            let moments = Moments::of(&latents, &target, &vec![0; n], 1);
            let (heads, covariances) = moments.heads(&Matrix::zeros(1, 2), 1e-9).expect("regular");
            inside += u32::from((heads[(0, 0)] - 1.0).abs() < 1.96 * covariances[0][(0, 0)].sqrt());
        }
        // Binomial(200, .95): 190 expected, standard deviation 3.1; four of them.
        assert!((177..=200).contains(&inside), "{inside} of 200 intervals cover");
    }

    /// Moments of nodes whose heads lie `apart` around zero, the prior, and those heads; node i has `rows(i)` rows.
    fn nodes(
        count: usize,
        apart: f64,
        rows: impl Fn(usize) -> usize,
        sigma: impl Fn(usize) -> f64,
    ) -> (Moments, Matrix<f64>) {
        let mut stream = Stream::new(8, "pulled heads");
        let truth = Matrix::from_fn(count, 3, |_, _| apart * stream.normal());
        let codes: Vec<u32> = (0..count).flat_map(|node| vec![node as u32; rows(node)]).collect();
        let latents = Matrix::from_fn(codes.len(), 3, |_, _| stream.normal() as f32);
        let of = |(i, &node): (usize, &u32)| {
            let signal: f64 = (0..3).map(|j| f64::from(latents[(i, j)]) * truth[(node as usize, j)]).sum();
            (signal + sigma(node as usize) * stream.normal()) as f32
        };
        let target: Vec<f32> = codes.iter().enumerate().map(of).collect();
        (Moments::of(&latents, &target, &codes, count), truth)
    }

    #[test]
    fn with_the_prior_of_a_fit_errors_are_covered_whether_heads_lie_near_it_or_far() {
        for apart in [0.0, 0.2, 2.0] {
            let (moments, truth) = nodes(300, apart, |node| 5 + 4 * (node % 10), |_| 0.7);
            // As many rows as latents: what a fit takes.
            let (heads, covariances) = moments.heads(&Matrix::zeros(300, 3), 3.0).expect("regular");
            let (mut inside, mut squares) = (0, 0.0);
            for node in 0..300 {
                for j in 0..3 {
                    let z = (heads[(node, j)] - truth[(node, j)]) / covariances[node][(j, j)].sqrt();
                    inside += u32::from(z.abs() < 1.96);
                    squares += z * z / 900.0;
                }
            }
            // Binomial(900, .95): 855 expected, standard deviation 6.5; five of them. Mean square 1 with standard deviation .05, and more
            // for variances that are estimated. The posterior alone covers 63 % of heads that lie far, the noise alone 58 %.
            assert!((822..=888).contains(&inside), "{apart}: {inside} of 900 intervals cover");
            assert!((squares - 1.0).abs() < 0.25, "{apart}: mean square {squares}");
        }
    }

    #[test]
    fn differences_count_by_what_they_say_beside_their_noise() {
        let pairs: Vec<(usize, usize)> = (1..40).map(|node| (node, 0)).collect();
        let metric = Matrix::from_fn(3, 3, |i, j| f64::from(u8::from(i == j)));
        let of = |apart: f64| {
            let (moments, _) = nodes(40, apart, |node| if node % 2 == 0 { 400 } else { 8 }, |_| 1.0);
            let (heads, covariances) = moments.heads(&Matrix::zeros(40, 3), 3.0).expect("regular");
            weights(&differences(&heads, &pairs), &pairs, &covariances, &metric)
        };
        // By hand: of heads that do not differ the noise of 8 rows and more against that of 400 decides; of heads that differ by much
        // all count alike but for the pull, of 3 of 11 parts, whose square is 7 %.
        let (alike, far) = (of(0.01), of(30.0));
        let ratio = |w: &[f64]| w[1] / w[0];
        assert!(ratio(&alike) > 5.0, "{alike:?}");
        assert!((ratio(&far) - 1.0).abs() < 0.1, "{far:?}");
        // A closed form: noise of 1 and 3 in one dimension, squares of 2 + 4 and 2 + 4: t = 6 - 2 = 4.
        let one = |v: f64| Matrix::from_fn(1, 1, |_, _| v);
        let closed = weights(
            &Matrix::from_fn(2, 1, |_, _| 6f64.sqrt()),
            &[(0, 1), (2, 1)],
            &[one(1.0), one(0.0), one(3.0)],
            &one(1.0),
        );
        assert!((closed[0] - 6.0 / 5.0).abs() < 1e-12 && (closed[1] - 6.0 / 7.0).abs() < 1e-12, "{closed:?}");
    }

    #[test]
    fn nodes_without_rows_get_the_heads_of_least_total_change() {
        let mut heads = Matrix::from_fn(6, 1, |i, _| [0.0, 0.0, 0.0, 1.0, 1.0, 4.0][i]);
        fill_by_least_change(&mut heads, &PARENTS, &[false, false, false, true, true, true]);
        let change: f64 =
            PARENTS.iter().enumerate().filter_map(|(i, p)| p.map(|p| (heads[(i, 0)] - heads[(p, 0)]).abs())).sum();
        assert_eq!(change, 3.0, "{heads:?}");
        assert_eq!(heads[(1, 0)], 1.0);
    }

    #[test]
    fn least_change_is_never_beaten_by_random_heads() {
        let observed = [false, false, true, true, true, false];
        let mut stream = Stream::new(2, "least-change");
        for _ in 0..50 {
            let mut heads = Matrix::from_fn(6, 1, |_, _| stream.normal());
            let cost = |h: &Matrix<f64>| -> f64 {
                PARENTS.iter().enumerate().filter_map(|(i, p)| p.map(|p| (h[(i, 0)] - h[(p, 0)]).abs())).sum()
            };
            let mut best = heads.clone();
            fill_by_least_change(&mut best, &PARENTS, &observed);
            for _ in 0..200 {
                for node in (0..6).filter(|&i| !observed[i]) {
                    heads[(node, 0)] = 2.0 * stream.normal();
                }
                assert!(cost(&best) <= cost(&heads) + 1e-12);
            }
        }
    }
}
