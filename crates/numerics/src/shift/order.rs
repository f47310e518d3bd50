//! The causal order of latents and their parents, by exact search.
//!
//! cost(i, P) = mean_u ( log RSS_u(i | P) / 2 + 3 |P| r log n_u / (2 n_u) ): least squares of latent i, environment by environment, on r
//! functions of each parent; the coefficients are free in every environment. A dynamic programme over sets finds the order whose
//! costs, each latent with its best parents among those before it, sum to the least.

use super::cholesky::{factorize, forward};
use super::environments::{counts, smallest};
use disentangle_data::{Code, Failure, Matrix, Result};

/// Latents beyond which sets are too many.
pub const MOST_LATENTS: usize = 12;
/// Functions of a parent, of which the first ones are used where rows are few.
pub(super) const FUNCTIONS: usize = 5;
/// Linear dependence alone has no direction.
const LEAST_FUNCTIONS: usize = 2;
/// Values are cut at so many standard deviations before powers are taken.
const CUT: f64 = 4.0;
/// Weight of the Bayesian information criterion: dependence that is left by latents not yet straight must not become edges.
const PENALTY: f64 = 3.0;
/// Rows of an environment for each function: every function costs a coefficient in every environment.
const ROWS_PER_FUNCTION: usize = 80;
/// Rows of an environment for each coefficient, at least.
const ROWS_PER_COEFFICIENT: usize = 3;
const RIDGE: f64 = 1e-8;
/// Root of a pivot that rounding makes negative: functions of parents may depend on each other.
const LEAST_PIVOT: f64 = 1e-6;
const LEAST_VARIANCE: f64 = 1e-9;

/// z, tanh 1.5 z, z^2 / 2, sin 2 z, z^3 / 6 of a standardised value.
pub(super) fn functions(value: f64) -> [f64; FUNCTIONS] {
    let cut = value.clamp(-CUT, CUT);
    [cut, (1.5 * cut).tanh(), cut * cut / 2.0, (2.0 * cut).sin(), cut.powi(3) / 6.0]
}

/// How many of the functions the smallest environment has rows for, where `latents` may all be parents.
pub(super) fn affordable(environments: &[u32], latents: usize) -> usize {
    let least = smallest(environments);
    let wanted = (least / ROWS_PER_FUNCTION).clamp(LEAST_FUNCTIONS, FUNCTIONS);
    wanted.min(least / (ROWS_PER_COEFFICIENT * latents)).max(1)
}

/// An order with parents.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Causes before effects.
    pub order: Vec<usize>,
    /// Of each latent, ascending.
    pub parents: Vec<Vec<usize>>,
    /// k x k: how much the cost of j falls by parent i, given its other parents, in nats over all rows. Above 0 for an edge i -> j,
    /// below for what could be one in this order, minus infinity for all others.
    pub evidence: Matrix<f64>,
    /// Evidence of an edge, in nats, within which the weight of the criterion decides: an edge of less than minus this would be none by
    /// the plain criterion, and one of more would be one by five times it.
    pub margin: f64,
    /// The sum of costs.
    pub cost: f64,
}

impl Order {
    /// Whether a path of edges leads from one latent to another.
    pub fn leads(&self, from: usize, to: usize) -> bool {
        self.parents[to].iter().any(|&parent| parent == from || self.leads(from, parent))
    }
}

/// Searches all orders of the columns of `z` (n x k); `environments` has the environment of each row.
///
/// # Errors
/// `CONFIG_OUT_OF_RANGE` for more than [`MOST_LATENTS`] latents, `NUMERIC_SINGULAR` for a latent that never varies.
pub fn search(z: &Matrix, environments: &[u32]) -> Result<Order> {
    let k = z.cols();
    if k > MOST_LATENTS {
        return Err(Failure::new(
            Code::ConfigOutOfRange,
            format!("latentDim: the exact search over orders takes at most {MOST_LATENTS} latents, got {k}"),
        )
        .at("latentDim")
        .hint(format!("choose latentDim <= {MOST_LATENTS}")));
    }
    let products = Products::of(z, environments)?;
    let sets = 1usize << k;
    // Costs of latent i with the parents in a set, and the best subset of every set.
    let mut cost = vec![f64::INFINITY; k * sets];
    for set in 0..sets {
        for (i, value) in products.costs(set) {
            cost[i * sets + set] = value;
        }
    }
    let mut best = vec![0usize; k * sets];
    for i in 0..k {
        for set in (0..sets).filter(|set| set >> i & 1 == 0) {
            let smaller = (0..k).filter(|&j| set >> j & 1 == 1).map(|j| best[i * sets + (set ^ 1 << j)]);
            best[i * sets + set] =
                smaller.fold(set, |a, b| if cost[i * sets + b] < cost[i * sets + a] { b } else { a });
        }
    }
    let mut total = vec![f64::INFINITY; sets];
    let mut last = vec![0usize; sets];
    total[0] = 0.0;
    for set in 1..sets {
        for i in (0..k).filter(|&i| set >> i & 1 == 1) {
            let before = set ^ 1 << i;
            let value = total[before] + cost[i * sets + best[i * sets + before]];
            if value < total[set] {
                (total[set], last[set]) = (value, i);
            }
        }
    }
    let (mut order, mut set) = (Vec::with_capacity(k), sets - 1);
    let mut chosen = vec![0usize; k];
    while set > 0 {
        let i = last[set];
        set ^= 1 << i;
        chosen[i] = best[i * sets + set];
        order.push(i);
    }
    order.reverse();
    let rows = z.rows() as f64;
    let place: Vec<usize> =
        (0..k).map(|i| order.iter().position(|&o| o == i).expect("every latent is placed")).collect();
    let evidence = Matrix::from_fn(k, k, |j, i| {
        let (with, without) = (chosen[i] | 1 << j, chosen[i] & !(1 << j));
        match place[j] < place[i] {
            true => rows * (cost[i * sets + without] - cost[i * sets + with]),
            false => f64::NEG_INFINITY,
        }
    });
    let parents = chosen.iter().map(|set| (0..k).filter(|&j| set >> j & 1 == 1).collect()).collect();
    let margin = rows * products.functions as f64 * products.penalty() * (PENALTY - 1.0) / PENALTY;
    Ok(Order { order, parents, evidence, margin, cost: total[sets - 1] })
}

/// Moments of functions and targets in each environment: all that least squares needs.
pub(super) struct Products {
    latents: usize,
    pub(super) functions: usize,
    /// Standard deviations of the latents.
    pub(super) sd: Vec<f64>,
    /// Of each environment: rows, and mean products of [1, functions, latents].
    environments: Vec<(f64, Matrix<f64>)>,
}

impl Products {
    /// With as many functions as the smallest environment has rows for.
    pub(super) fn of(z: &Matrix, environments: &[u32]) -> Result<Self> {
        Self::with(z, environments, affordable(environments, z.cols()))
    }

    /// With the first so many functions.
    pub(super) fn with(z: &Matrix, environments: &[u32], functions: usize) -> Result<Self> {
        let (n, k) = (z.rows(), z.cols());
        let mut mean = vec![0.0; k];
        let mut sd = vec![0.0; k];
        for j in 0..k {
            mean[j] = (0..n).map(|i| f64::from(z[(i, j)])).sum::<f64>() / n as f64;
            sd[j] = ((0..n).map(|i| (f64::from(z[(i, j)]) - mean[j]).powi(2)).sum::<f64>() / n as f64).sqrt();
            if sd[j].is_nan() || sd[j] <= 0.0 {
                return Err(Failure::new(Code::NumericSingular, format!("latent {} does not vary", j + 1))
                    .hint("choose a smaller latentDim"));
            }
        }
        let rows = counts(environments);
        let width = 1 + functions * k + k;
        let mut sums: Vec<Matrix<f64>> =
            rows.iter().map(|&r| Matrix::zeros(if r > 0 { width } else { 0 }, if r > 0 { width } else { 0 })).collect();
        let mut row = vec![0.0; width];
        for (i, &u) in environments.iter().enumerate() {
            row[0] = 1.0;
            for j in 0..k {
                let value = (f64::from(z[(i, j)]) - mean[j]) / sd[j];
                row[1 + j * functions..1 + (j + 1) * functions].copy_from_slice(&self::functions(value)[..functions]);
                row[1 + k * functions + j] = value;
            }
            let sum = &mut sums[u as usize];
            for a in 0..width {
                let scale = row[a];
                sum.row_mut(a)[..=a].iter_mut().zip(&row).for_each(|(s, v)| *s += scale * v);
            }
        }
        let environments = rows
            .iter()
            .zip(sums)
            .filter(|(rows, _)| **rows > 0)
            .map(|(&rows, sum)| {
                let rows = rows as f64;
                (rows, Matrix::from_fn(width, width, |a, b| sum[(a.max(b), a.min(b))] / rows))
            })
            .collect();
        Ok(Self { latents: k, functions, sd, environments })
    }

    /// The cost of one latent with these parents.
    fn cost(&self, latent: usize, parents: &[usize]) -> f64 {
        let costs = self.costs(parents.iter().map(|&j| 1usize << j).sum());
        costs.into_iter().find(|(i, _)| *i == latent).map_or(f64::INFINITY, |(_, cost)| cost)
    }

    /// The cost without its penalty.
    pub(super) fn misfit(&self, latent: usize, parents: &[usize]) -> f64 {
        self.cost(latent, parents) - (parents.len() * self.functions) as f64 * self.penalty()
    }

    /// The penalty of these parents by the criterion itself, not [`PENALTY`] times it.
    pub(super) fn criterion(&self, parents: &[usize]) -> f64 {
        (parents.len() * self.functions) as f64 * self.penalty() / PENALTY
    }

    /// How many coefficients these parents have, over all environments.
    pub(super) fn coefficients(&self, parents: &[usize]) -> f64 {
        (parents.len() * self.functions * self.environments.len()) as f64
    }

    /// What one function of a parent costs.
    fn penalty(&self) -> f64 {
        let share = 1.0 / self.environments.len() as f64;
        self.environments.iter().map(|(rows, _)| share * PENALTY * 0.5 * rows.ln() / rows).sum()
    }

    /// The cost of every latent outside of the set, with the set as its parents.
    fn costs(&self, set: usize) -> Vec<(usize, f64)> {
        let (k, r) = (self.latents, self.functions);
        let members: Vec<usize> = std::iter::once(0)
            .chain((0..k).filter(|j| set >> j & 1 == 1).flat_map(|j| 1 + j * r..1 + (j + 1) * r))
            .collect();
        let p = members.len();
        let mut out: Vec<(usize, f64)> = (0..k).filter(|i| set >> i & 1 == 0).map(|i| (i, 0.0)).collect();
        let share = 1.0 / self.environments.len() as f64;
        let mut factor = vec![0.0; p * p];
        let mut right = vec![0.0; p];
        for (rows, products) in &self.environments {
            for a in 0..p {
                for b in 0..=a {
                    factor[a * p + b] = products[(members[a], members[b])] + if a == b { RIDGE } else { 0.0 };
                }
            }
            factorize(&mut factor, p, LEAST_PIVOT);
            for (i, cost) in &mut out {
                let target = 1 + k * r + *i;
                // |L^-1 c|^2 is what the set explains.
                right.iter_mut().zip(&members).for_each(|(to, &a)| *to = products[(a, target)]);
                forward(&factor, p, &mut right);
                let explained: f64 = right.iter().map(|v| v * v).sum();
                let left = (products[(target, target)] - explained).max(LEAST_VARIANCE);
                *cost += share * (0.5 * left.ln() + PENALTY * 0.5 * rows.ln() / rows * (p - 1) as f64);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use disentangle_data::simulate::simulate;
    use serde_json::json;

    fn world(config: serde_json::Value) -> (Matrix, Vec<u32>, Matrix) {
        let data = simulate("shift-world", config).expect("a valid world");
        let codes = data.labels.values().next().expect("environments").codes.clone();
        (data.truth["latents"].values.clone(), codes, data.truth["graph"].values.clone())
    }

    #[test]
    fn on_true_latents_the_graph_is_exact_for_every_nonlinear_family() {
        for (link, place, graph) in [
            ("tanh", "outside", "chain"),
            ("tanh", "inside", "random"),
            ("sin", "outside", "random"),
            ("quadratic", "outside", "chain"),
            ("mixed", "outside", "random"),
        ] {
            let (z, environments, truth) = world(json!({
                "seed": 4, "latents": 4, "environments": 40, "pointsPerEnvironment": 400, "link": link, "place": place,
                "graph": graph, "gain": 1.5,
            }));
            let found = search(&z, &environments).expect("it searches");
            for i in 0..4 {
                let parents: Vec<usize> = (0..4).filter(|&j| truth[(j, i)] != 0.0).collect();
                assert_eq!(found.parents[i], parents, "{link} {place}: parents of latent {i}");
                assert!(parents.iter().all(|&j| found.evidence[(j, i)] > 0.0));
            }
            let place = |i: usize| found.order.iter().position(|&o| o == i);
            assert!((0..4).all(|i| found.parents[i].iter().all(|&j| place(j) < place(i))));
        }
    }

    #[test]
    fn the_programme_finds_what_trying_every_order_and_every_set_of_parents_finds() {
        let (z, environments, _) = world(json!({
            "seed": 9, "latents": 4, "environments": 6, "pointsPerEnvironment": 120, "graph": "random", "link": "mixed",
        }));
        let found = search(&z, &environments).expect("it searches");
        let products = Products::of(&z, &environments).expect("latents vary");
        let costs: Vec<Vec<(usize, f64)>> = (0..16).map(|set| products.costs(set)).collect();
        let cost = |i: usize, set: usize| costs[set].iter().find(|c| c.0 == i).expect("outside of the set").1;
        let mut least = f64::INFINITY;
        for code in 0..256usize {
            let order: Vec<usize> = (0..4).map(|p| code >> (2 * p) & 3).collect();
            if (0..4).any(|i| !order.contains(&i)) {
                continue;
            }
            let total: f64 = (0..4)
                .map(|p| {
                    let before: usize = order[..p].iter().map(|&j| 1usize << j).sum();
                    let sets = (0..16usize).filter(|set| set & !before == 0);
                    sets.map(|set| cost(order[p], set)).fold(f64::INFINITY, f64::min)
                })
                .sum();
            least = least.min(total);
        }
        // The same sums in another order.
        assert!((found.cost - least).abs() < 1e-12, "{} is not {least}", found.cost);
    }

    #[test]
    fn the_search_knows_no_names_of_latents() {
        let (z, environments, _) =
            world(json!({ "seed": 3, "latents": 3, "environments": 20, "pointsPerEnvironment": 200 }));
        let turned = search(&z.select_cols(&[2, 0, 1]), &environments).expect("it searches");
        let straight = search(&z, &environments).expect("it searches");
        assert_eq!(turned.order.iter().map(|&i| [2, 0, 1][i]).collect::<Vec<_>>(), straight.order);
    }

    #[test]
    fn too_many_latents_and_constant_ones_are_refused() {
        let many = Matrix::from_fn(100, 13, |i, j| (i * (j + 1) % 7) as f32);
        assert_eq!(search(&many, &[0; 100]).expect_err("too many").path.as_deref(), Some("latentDim"));
        let constant = Matrix::from_fn(100, 2, |i, j| if j == 0 { 1.0 } else { i as f32 });
        assert_eq!(search(&constant, &[0; 100]).expect_err("constant").code, Code::NumericSingular);
    }
}
