//! Latents that may have lost a part of their mechanism to the mixing.
//!
//! If z_i = a z_j + ... with the same a in all environments, then z_i - a z_j is as good a latent as z_i: the data have the same
//! distribution. What is left behind is an effect c of z_i: it depends on z_i and z_j through their sum z_i + a z_j alone, in
//! all environments. For every c and every pair,
//!
//!   evidence = n ( misfit(c | f(z_i), f(z_j)) - min_a misfit(c | f(z_i + a z_j)) )   in nats,
//!
//! both by least squares on the same functions f in every environment. The pair has twice the coefficients and explains more by
//! chance alone, so that a positive number speaks for the sum. A latent without effects leaves nothing behind.

use super::order::{Order, Products};
use disentangle_data::{Matrix, Result};

/// Weights of z_j beside z_i, both in standard deviations, of either sign. With less than the first the sum is about one of both.
const WEIGHTS: [f64; 9] = [0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0];
/// Factors on the best weight.
const FINER: [f64; 4] = [0.84, 0.92, 1.09, 1.19];

/// Two latents of which an effect sees a sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Absorbed {
    /// The other latent of the sum.
    pub with: usize,
    /// c.
    pub effect: usize,
    /// By how much the sum explains the effect better than both latents do, in nats over all rows. Above 0 it speaks against this
    /// latent. Minus infinity where all other latents follow from it: there is nothing that it could have absorbed.
    pub evidence: f64,
    /// Whether the graph tells which of both has lost a part: the later one. Otherwise it may be either.
    pub later: bool,
}

/// For each latent the strongest sum that speaks against it; `None` where no effect tells. `found` is the order of `z`.
///
/// # Errors
/// `NUMERIC_SINGULAR` for a latent that never varies.
pub fn absorbed(z: &Matrix, environments: &[u32], found: &Order) -> Result<Vec<Option<Absorbed>>> {
    let k = z.cols();
    let apart = Products::of(z, environments)?;
    let mut strongest: Vec<Option<Absorbed>> = vec![None; k];
    for effect in 0..k {
        for i in (0..k).filter(|&i| i != effect) {
            for j in (0..i).filter(|&j| j != effect) {
                let seen = [i, j].map(|cause| found.parents[effect].contains(&cause));
                // Beside parents that were found, what others add is what least squares has missed of these.
                if !found.parents[effect].is_empty() && seen == [false, false] {
                    continue;
                }
                let Some(evidence) = of_pair(z, environments, &apart, found, effect, [i, j])? else { continue };
                for (latent, with, seen) in [(i, j, seen[0]), (j, i, seen[1])] {
                    // Where nothing is found, only the latents that the effect depends on are cleared.
                    let later = evidence > 0.0 && found.leads(with, latent);
                    let told = if evidence > 0.0 { !found.leads(latent, with) } else { seen };
                    if told && strongest[latent].is_none_or(|s| evidence > s.evidence) {
                        strongest[latent] = Some(Absorbed { with, effect, evidence, later });
                    }
                }
            }
        }
    }
    for (i, told) in strongest.iter_mut().enumerate() {
        if k > 1 && told.is_none() && (0..k).all(|j| j == i || found.leads(i, j)) {
            *told = Some(Absorbed { with: i, effect: i, evidence: f64::NEG_INFINITY, later: false });
        }
    }
    Ok(strongest)
}

/// Of one effect and one pair; `None` where the effect depends on neither.
fn of_pair(
    z: &Matrix,
    environments: &[u32],
    apart: &Products,
    found: &Order,
    effect: usize,
    [i, j]: [usize; 2],
) -> Result<Option<f64>> {
    let rows = z.rows() as f64;
    let others: Vec<usize> = found.parents[effect].iter().copied().filter(|&p| p != i && p != j).collect();
    let misfit = |more: &[usize]| rows * apart.misfit(effect, &[&others, more].concat());
    let (both, single) = (misfit(&[i, j]), misfit(&[i]).min(misfit(&[j])));
    // Twice what so many coefficients explain by chance.
    let chance = apart.coefficients(&[0]);
    if misfit(&[]) - single < chance {
        return Ok(None);
    }
    if single - both < chance {
        return Ok(Some(both - single));
    }
    let columns: Vec<usize> = [i].into_iter().chain(others).chain([effect]).collect();
    let parents: Vec<usize> = (0..columns.len() - 1).collect();
    let with = |weight: f64| -> Result<f64> {
        let scale = weight * apart.sd[i] / apart.sd[j];
        let value = |r: usize, at: usize| -> f32 {
            let more = if at == 0 { scale * f64::from(z[(r, j)]) } else { 0.0 };
            (f64::from(z[(r, columns[at])]) + more) as f32
        };
        let sum = Matrix::from_fn(z.rows(), columns.len(), value);
        Ok(rows * Products::with(&sum, environments, apart.functions)?.misfit(parents.len(), &parents))
    };
    let mut best = (0.0, f64::INFINITY);
    for weight in WEIGHTS.iter().flat_map(|&w| [w, -w]) {
        let value = with(weight)?;
        best = if value < best.1 { (weight, value) } else { best };
    }
    for factor in FINER {
        let value = with(factor * best.0)?;
        best.1 = value.min(best.1);
    }
    Ok(Some(both - best.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shift::search;
    use disentangle_data::simulate::simulate;
    use serde_json::{Value, json};

    fn world(seed: u64, changes: Value) -> (Matrix, Vec<u32>) {
        let mut config = json!({"seed": seed, "environments": 40, "pointsPerEnvironment": 400});
        let Value::Object(changes) = changes else { panic!("options are an object") };
        changes.into_iter().for_each(|(key, value)| config[key] = value);
        let data = simulate("shift-world", config).expect("a valid world");
        let codes = data.labels.values().next().expect("environments").codes.clone();
        (data.truth["latents"].values.clone(), codes)
    }

    fn told(z: &Matrix, environments: &[u32]) -> Vec<Option<Absorbed>> {
        absorbed(z, environments, &search(z, environments).expect("it searches")).expect("latents vary")
    }

    fn named(found: &[Option<Absorbed>]) -> Vec<usize> {
        (0..found.len()).filter(|&i| found[i].is_some_and(|a| a.evidence > 0.0)).collect()
    }

    #[test]
    fn a_term_that_the_mixing_absorbed_is_seen_at_the_effect_of_its_latent() {
        let mut told = 0;
        for seed in [1, 2] {
            for (term, link, gain) in [("only", "linear", 1.5), ("added", "linear", 1.5), ("only", "tanh", 3.0)] {
                let (z, environments) = world(
                    seed,
                    json!({
                        "latents": 3, "unshifted": [2], "unshiftedTerm": term, "unshiftedLink": link, "unshiftedGain": gain,
                    }),
                );
                // What has the same likelihood as z_2.
                let part = |r: usize| {
                    let cause = f64::from(z[(r, 0)]);
                    gain * if link == "tanh" { cause.tanh() } else { cause }
                };
                let left = Matrix::from_fn(z.rows(), 3, |r, j| z[(r, j)] - if j == 1 { part(r) as f32 } else { 0.0 });
                let order = search(&left, &environments).expect("it searches");
                let found = absorbed(&left, &environments, &order).expect("latents vary");
                let of = found[1].expect("z2 is told of");
                assert!(of.evidence > 0.0 && (of.with, of.effect) == (0, 2), "{term} {link}, seed {seed}: {found:?}");
                // With nothing but the absorbed term, z1 and z2 are alike: either may be the sum.
                assert!(term == "added" || !order.leads(0, 1));
                assert_eq!(named(&found), if order.leads(0, 1) { vec![1] } else { vec![0, 1] });
                assert_eq!(of.later, order.leads(0, 1));
                told += usize::from(of.later);
            }
        }
        assert!(told > 0, "an added term leaves the edge that tells which of both is later");
    }

    #[test]
    fn latents_whose_mechanisms_shift_as_a_whole_are_not_named_and_those_without_effects_are_not_checked() {
        for seed in 0..2 {
            for link in ["tanh", "sin", "quadratic", "mixed"] {
                for (place, graph) in [("outside", "random"), ("inside", "random"), ("outside", "chain")] {
                    let config = json!({"latents": 4, "link": link, "graph": graph, "place": place, "gain": 1.5});
                    let (z, environments) = world(seed, config);
                    let order = search(&z, &environments).expect("it searches");
                    let found = absorbed(&z, &environments, &order).expect("latents vary");
                    assert_eq!(named(&found), Vec::<usize>::new(), "{link} {place} {graph}, seed {seed}: {found:?}");
                    for (i, told) in found.iter().enumerate() {
                        let effects = order.parents.iter().any(|parents| parents.contains(&i));
                        assert_eq!(told.is_some(), effects, "{link} {place} {graph}, seed {seed}, latent {i}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_of_two_latents_has_nothing_to_absorb_and_the_second_is_not_checked() {
        let (z, environments) = world(1, json!({"latents": 2, "gain": 2}));
        let found = told(&z, &environments);
        assert_eq!(found[0].map(|a| a.evidence), Some(f64::NEG_INFINITY));
        assert_eq!(found[1], None);
    }

    #[test]
    fn an_effect_of_a_product_is_no_effect_of_a_sum() {
        for seed in 0..3 {
            let (z, environments) = world(seed, json!({"latents": 4, "link": "polynomial"}));
            assert_eq!(named(&told(&z, &environments)), Vec::<usize>::new(), "seed {seed}");
        }
    }
}
