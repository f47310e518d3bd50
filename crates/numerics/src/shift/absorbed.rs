//! Latents that may have lost a part of their mechanism to the mixing.
//!
//! If z_i = a z_j + ... with the same a in all environments, then z_i - a z_j is as good a latent as z_i: the data have the same
//! distribution. What is left behind is a child c of i: it then depends on z_i and z_j through their sum z_i + a z_j alone, in
//! all environments. The costs of the search compare that sum, as one parent of c, with the parents that were found. A latent
//! without children leaves nothing behind.

use super::order::{Order, Products};
use disentangle_data::{Matrix, Result};

/// Largest weight of z_j beside z_i, both in standard deviations, and steps to there.
const MOST: f64 = 4.0;
const STEPS: i32 = 6;
/// Halvings of the step around the best weight.
const HALVINGS: usize = 6;

/// A sum of a latent and an earlier one that explains a child better than the parents that were found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Absorbed {
    /// j, the earlier one.
    pub from: usize,
    /// c.
    pub child: usize,
    /// Of z_j in the sum, in standard deviations of z_j and z_i.
    pub weight: f64,
    /// By how much the sum is the better parent, in nats over all rows, by the criterion of the search and less what it takes for
    /// one function of a parent. Above 0.
    pub evidence: f64,
}

/// For each latent the strongest sum that speaks against it; `found` is the order of `z`.
///
/// # Errors
/// `NUMERIC_SINGULAR` for a latent that never varies.
pub fn absorbed(z: &Matrix, environments: &[u32], found: &Order) -> Result<Vec<Option<Absorbed>>> {
    let (n, k) = (z.rows(), z.cols());
    let apart = Products::of(z, environments)?;
    let place = |i: usize| found.order.iter().position(|&o| o == i);
    let mut strongest: Vec<Option<Absorbed>> = vec![None; k];
    for (child, parents) in found.parents.iter().enumerate() {
        let before: Vec<usize> = (0..k).filter(|&i| place(i) < place(child)).collect();
        let pairs = before.iter().flat_map(|&i| before.iter().map(move |&j| (i, j)));
        for (i, from) in pairs.filter(|&(i, j)| place(j) < place(i) && (parents.contains(&i) || parents.contains(&j))) {
            let others = parents.iter().copied().filter(|&p| p != from && p != i);
            let summed: Vec<usize> = others.chain([i]).collect();
            // Only these columns: the sum last but one, the child last.
            let few: Vec<usize> = summed.iter().copied().chain([child]).collect();
            let place_of: Vec<usize> = (0..summed.len()).collect();
            let with = |weight: f64| -> Result<f64> {
                let scale = weight * apart.sd[i] / apart.sd[from];
                let sum = Matrix::from_fn(n, few.len(), |r, j| {
                    let also = if few[j] == i { scale * f64::from(z[(r, from)]) } else { 0.0 };
                    (f64::from(z[(r, few[j])]) + also) as f32
                });
                let products = Products::with(&sum, environments, apart.functions)?;
                Ok(products.cost(summed.len(), &place_of))
            };
            let (weight, one) = least(with)?;
            let evidence = n as f64 * (apart.cost(child, parents) - one - apart.penalty());
            if evidence > strongest[i].map_or(0.0, |s| s.evidence) {
                strongest[i] = Some(Absorbed { from, child, weight, evidence });
            }
        }
    }
    Ok(strongest)
}

/// The weight of the least cost, on a grid that is halved around its best point.
fn least(cost: impl Fn(f64) -> Result<f64>) -> Result<(f64, f64)> {
    let mut step = MOST / f64::from(STEPS);
    let mut best = (0.0, f64::INFINITY);
    for at in -STEPS..=STEPS {
        let weight = step * f64::from(at);
        let value = cost(weight)?;
        if value < best.1 {
            best = (weight, value);
        }
    }
    for _ in 0..HALVINGS {
        step *= 0.5;
        for weight in [best.0 - step, best.0 + step] {
            let value = cost(weight)?;
            if value < best.1 {
                best = (weight, value);
            }
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shift::search;
    use disentangle_data::simulate::simulate;
    use serde_json::json;

    fn world(config: serde_json::Value) -> (Matrix, Vec<u32>) {
        let data = simulate("shift-world", config).expect("a valid world");
        let codes = data.labels.values().next().expect("environments").codes.clone();
        (data.truth["latents"].values.clone(), codes)
    }

    fn flagged(z: &Matrix, environments: &[u32]) -> Vec<Option<Absorbed>> {
        absorbed(z, environments, &search(z, environments).expect("it searches")).expect("latents vary")
    }

    #[test]
    fn a_term_that_the_mixing_absorbed_is_seen_at_the_child_of_its_latent() {
        for seed in [1, 2, 3] {
            let (z, environments) = world(json!({
                "seed": seed, "latents": 3, "environments": 40, "pointsPerEnvironment": 400, "unshifted": [2],
            }));
            // z_2 = 1.5 z_1 + n_2 everywhere: what joint diagonalization takes for the latent is n_2.
            let left = Matrix::from_fn(z.rows(), 3, |r, j| z[(r, j)] - if j == 1 { 1.5 * z[(r, 0)] } else { 0.0 });
            let found = flagged(&left, &environments);
            let of = found[1].expect("z2 is named");
            assert_eq!((of.from, of.child), (0, 2));
            let sd = |j: usize| {
                let mean = (0..left.rows()).map(|r| f64::from(left[(r, j)])).sum::<f64>() / left.rows() as f64;
                let sum: f64 = (0..left.rows()).map(|r| (f64::from(left[(r, j)]) - mean).powi(2)).sum();
                (sum / left.rows() as f64).sqrt()
            };
            // A grid step of 0.01 standard deviations, and the noise of 16,000 rows.
            let weight = of.weight * sd(1) / sd(0);
            assert!((weight - 1.5).abs() < 0.05, "{weight}");
            assert_eq!((found[0], found[2]), (None, None));
        }
    }

    #[test]
    fn latents_whose_mechanisms_shift_as_a_whole_are_not_named() {
        let mut latents = 0;
        for seed in 0..6 {
            for place in ["outside", "inside"] {
                let (z, environments) = world(json!({
                    "seed": seed, "latents": 4, "environments": 40, "pointsPerEnvironment": 400, "graph": "random",
                    "place": place, "gain": 1.5,
                }));
                assert!(flagged(&z, &environments).iter().all(Option::is_none), "{place}, seed {seed}");
                latents += 4;
            }
        }
        assert_eq!(latents, 48);
    }
}
