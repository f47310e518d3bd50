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
    /// With many rows at a node the prior vanishes; with none the head is the prior's.
    ///
    /// # Errors
    /// `NUMERIC_SINGULAR` when the latents do not span k dimensions.
    pub fn heads(&self, prior: &Matrix<f64>, weight: f64) -> Result<(Matrix<f64>, Vec<Matrix<f64>>)> {
        let k = prior.cols();
        let pooled = self.pooled_gram();
        let ridge = 1e-9 * (0..k).map(|i| pooled[(i, i)]).sum::<f64>() / k as f64;
        let mut heads = prior.clone();
        let mut covariances = Vec::with_capacity(self.rows.len());
        for node in 0..self.rows.len() {
            let mut gram = self.gram[node].clone();
            gram.data_mut().iter_mut().zip(pooled.data()).for_each(|(g, p)| *g += weight * p);
            (0..k).for_each(|i| gram[(i, i)] += ridge);
            let pull = apply(&pooled, prior.row(node));
            // The ridge, too, pulls towards the prior: without rows the head is the prior's, however small the weight.
            let right: Vec<f64> =
                (0..k).map(|i| self.cross[node][i] + weight * pull[i] + ridge * prior[(node, i)]).collect();
            let head = solve_positive(&gram, &right)?;
            let mut covariance = inverse(&gram)?;
            let noise = self.residual(node, &head) / (self.rows[node] as f64 - k as f64).max(1.0);
            covariance.data_mut().iter_mut().for_each(|c| *c *= noise);
            covariances.push(covariance);
            heads.row_mut(node).copy_from_slice(&head);
        }
        Ok((heads, covariances))
    }

    /// Sum of squared residuals of a head at its node.
    pub fn residual(&self, node: usize, head: &[f64]) -> f64 {
        let explained = 2.0 * crate::linalg::dot(head, &self.cross[node]);
        let fitted = crate::linalg::dot(head, &apply(&self.gram[node], head));
        (self.square[node] - explained + fitted).max(0.0)
    }
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
