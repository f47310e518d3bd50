//! Whether mechanisms are more than linear. Where they are linear with coefficients of the environment, every linear map of the
//! latents has such mechanisms, too, in any causal order: the data say nothing of them.

use super::order::{Order, Products};
use disentangle_data::{Matrix, Result};

/// How much better functions of its parents explain a latent than they do themselves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curvature {
    /// In nats over all rows, by the Bayesian information criterion: above 0 for more than lines.
    pub evidence: f64,
    /// Evidence below which lines are enough: twice what so many coefficients explain by chance. Between this and 0 it is open.
    pub line: f64,
}

/// For each latent with parents; `found` is the order of `z`.
///
/// # Errors
/// `NUMERIC_SINGULAR` for a latent that never varies.
pub fn nonlinear(z: &Matrix, environments: &[u32], found: &Order) -> Result<Vec<Option<Curvature>>> {
    let (bent, straight) = (Products::of(z, environments)?, Products::with(z, environments, 1)?);
    let of = |(i, parents): (usize, &Vec<usize>)| {
        let gained = straight.misfit(i, parents) - bent.misfit(i, parents);
        let paid = bent.criterion(parents) - straight.criterion(parents);
        let rows = z.rows() as f64;
        let chance = bent.coefficients(parents) - straight.coefficients(parents);
        (!parents.is_empty()).then_some(Curvature { evidence: rows * (gained - paid), line: chance - rows * paid })
    };
    Ok(found.parents.iter().enumerate().map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shift::search;
    use disentangle_data::simulate::simulate;
    use serde_json::json;

    #[test]
    fn lines_are_told_from_functions_on_true_latents() {
        for (link, place, is_line) in [
            ("tanh", "outside", false),
            ("tanh", "inside", false),
            ("sin", "outside", false),
            ("quadratic", "outside", false),
            ("linear", "outside", true),
        ] {
            let data = simulate(
                "shift-world",
                json!({"seed": 2, "latents": 3, "environments": 40, "pointsPerEnvironment": 500, "link": link, "place": place}),
            )
            .expect("a valid world");
            let codes = data.labels.values().next().expect("environments").codes.clone();
            let z = &data.truth["latents"].values;
            let mut found = search(z, &codes).expect("it searches");
            // Lines have no direction: the true parents.
            found.parents = vec![vec![], vec![0], vec![1]];
            let evidence = nonlinear(z, &codes, &found).expect("latents vary");
            assert_eq!(evidence[0], None);
            for Curvature { evidence, line } in evidence.into_iter().flatten() {
                assert!(line < 0.0, "{line}");
                assert_eq!(evidence > 0.0, !is_line, "{link} {place}: {evidence}");
                assert_eq!(evidence < line, is_line, "{link} {place}: {evidence} of {line}");
            }
        }
    }
}
