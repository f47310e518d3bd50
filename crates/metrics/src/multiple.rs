//! P-values of many tests at once, adjusted so that one level holds for all of them.
//!
//! - Benjamini-Hochberg: `min over j >= i of p_(j) m / j`, at most 1. At level alpha the expected share of false ones among
//!   the rejected tests is at most alpha, for independent or positively dependent tests. *Controlling the false discovery
//!   rate* (Benjamini, Hochberg, 1995), <https://doi.org/10.1111/j.2517-6161.1995.tb02031.x>.
//! - Holm: `max over j <= i of p_(j) (m - j + 1)`, at most 1. At level alpha the chance of any false rejection is at most
//!   alpha, whatever the dependence. *A simple sequentially rejective multiple test procedure* (Holm, 1979),
//!   <https://www.jstor.org/stable/4615733>.

use disentangle_data::{Code, Failure, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is held at the level over many tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Correction {
    /// The expected share of false rejections among all rejections.
    #[default]
    BenjaminiHochberg,
    /// The chance of even one false rejection.
    Holm,
}

/// Adjusted p-values, in the order given: a test is rejected at level alpha when its adjusted p-value is at most alpha.
///
/// # Errors
/// `DATA_NOT_FINITE` for a p-value that is not a number from 0 to 1.
pub fn adjusted(p: &[f64], correction: Correction) -> Result<Vec<f64>> {
    if let Some(test) = p.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Err(Failure::new(
            Code::DataNotFinite,
            format!("p-value of test {test} is {}, expected a number from 0 to 1", p[test]),
        )
        .with("test", test));
    }
    let m = p.len();
    let mut ascending: Vec<usize> = (0..m).collect();
    ascending.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut out = vec![1.0; m];
    match correction {
        Correction::BenjaminiHochberg => {
            let mut least = 1.0f64;
            for (place, &test) in ascending.iter().enumerate().rev() {
                least = least.min(p[test] * m as f64 / (place + 1) as f64);
                out[test] = least;
            }
        }
        Correction::Holm => {
            let mut most = 0.0f64;
            for (place, &test) in ascending.iter().enumerate() {
                most = most.max(p[test] * (m - place) as f64).min(1.0);
                out[test] = most;
            }
        }
    }
    Ok(out)
}
