//! A check of causal indicators that needs no truth: conditional independence of every pair of latents given the target.
//!
//! - Model: in a task, the causal latents are independent of each other and make the target y; every spurious latent is made
//!   from y with noise of its own. So, reading the graph (d-separation) with no coefficient at zero:
//!
//!   | pair | given y | given nothing |
//!   | --- | --- | --- |
//!   | causal, causal | dependent: y is their common effect | independent |
//!   | causal, spurious | independent: y lies between them | dependent |
//!   | spurious, spurious | independent: y is their common cause | dependent |
//!
//! - Both columns are tested with Fisher's z and corrected, each column as one family. The first is the published check; the
//!   second tells spurious pairs from latents that have nothing to do with y.
//! - The causal set that the tests speak for: every latent that depends on another one given y. One causal latent alone
//!   leaves no dependent pair, so tests cannot name it.
//! - Read agreement beside `least`: with few rows a real but weak dependence is not found, and "independent" is cheap.
//! - Source: *Leveraging task structures for improved identifiability in neural network representations* (Chen, Horwood, Heo,
//!   Hernandez-Lobato, 2024), <https://arxiv.org/abs/2306.14861>; the rules: *Invariant causal representation learning for
//!   out-of-distribution generalization* (Lu, Wu, Hernandez-Lobato, Scholkopf, 2022), <https://openreview.net/forum?id=-e4EXDWXnSn>.

use crate::columns::{refuse_infinite_targets, refuse_unequal, refuse_unpaired};
use crate::independence::{FisherZ, Independence};
use crate::multiple::{Correction, adjusted};
use crate::normal::two_sided_z;
use disentangle_data::{Code, Failure, Matrix, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a pair of latents is tested given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Given {
    /// The target of the task.
    Target,
    /// Nothing.
    Nothing,
}

/// When a test is decided against independence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Level, above 0 and below 1.
    pub alpha: f64,
    /// What the level holds for.
    pub correction: Correction,
}

impl Default for Decision {
    fn default() -> Self {
        Self { alpha: 0.05, correction: Correction::BenjaminiHochberg }
    }
}

/// One pair of latents, tested.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PairTest {
    /// Column of the first latent.
    pub first: usize,
    /// Column of the second, later than the first.
    pub second: usize,
    /// What is given.
    pub given: Given,
    /// Their (partial) correlation.
    pub correlation: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// P-value after the correction over all pairs with the same `given`.
    pub adjusted: f64,
    /// The decision: `adjusted <= alpha`.
    pub dependent: bool,
    /// What the indicators predict.
    pub predicted: bool,
}

/// The tests of one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IndicatorCheck {
    /// Rows that have a target.
    pub rows: usize,
    /// How tests were decided.
    pub decision: Decision,
    /// Least |partial correlation| that a single test at this level calls dependent, before the correction: half of the
    /// dependences of this strength are found, of weaker ones fewer.
    pub least: f64,
    /// Every pair given the target, then every pair given nothing.
    pub pairs: Vec<PairTest>,
    /// Whether each latent depends on another one given the target: the causal set by the tests alone.
    pub causal: Vec<bool>,
    /// Whether that set is the one the indicators name; null where they name one latent, which tests cannot see.
    pub same_set: Option<bool>,
}

/// Tests every pair of `latents` (n x d) of one task, given its target and given nothing, against `causal` (d indicators).
///
/// # Errors
/// `METRIC_SHAPE` for fewer than two latents or sizes that do not fit, `DATA_NOT_FINITE`, `DATA_CONSTANT_COLUMN` for a latent
/// or a target without variation, `DATA_TOO_FEW_ROWS` below 5 rows with a target, `NUMERIC_SINGULAR` when one variable
/// determines another, `CONFIG_OUT_OF_RANGE` for a level outside 0 to 1.
pub fn check_indicators(
    latents: &Matrix<f64>,
    target: &[f64],
    causal: &[bool],
    decision: Decision,
) -> Result<IndicatorCheck> {
    refuse_level(decision.alpha)?;
    refuse_unpaired(&[("latents", latents)])?;
    refuse_unequal("targets", target.len(), latents.rows())?;
    refuse_infinite_targets(target)?;
    let d = latents.cols();
    if d < 2 || causal.len() != d {
        return Err(Failure::new(
            Code::MetricShape,
            format!("{d} latents with {} indicators, expected at least two latents, each with one", causal.len()),
        ));
    }
    let rows: Vec<usize> = (0..target.len()).filter(|&i| !target[i].is_nan()).collect();
    let tests =
        FisherZ::of(&Matrix::from_fn(
            rows.len(),
            d + 1,
            |i, j| if j < d { latents[(rows[i], j)] } else { target[rows[i]] },
        ))?;
    let mut pairs = family(&tests, causal, Given::Target, decision)?;
    let mut found = vec![false; d];
    for pair in pairs.iter().filter(|pair| pair.dependent) {
        (found[pair.first], found[pair.second]) = (true, true);
    }
    pairs.extend(family(&tests, causal, Given::Nothing, decision)?);
    let lone = causal.iter().filter(|&&c| c).count() == 1;
    Ok(IndicatorCheck {
        rows: rows.len(),
        decision,
        // One variable is given, and Fisher's z takes three rows.
        least: (two_sided_z(decision.alpha) / ((rows.len() - 4) as f64).sqrt()).tanh(),
        pairs,
        same_set: (!lone).then(|| found == causal),
        causal: found,
    })
}

fn family(tests: &FisherZ, causal: &[bool], given: Given, decision: Decision) -> Result<Vec<PairTest>> {
    let d = causal.len();
    let columns = match given {
        Given::Target => vec![d],
        Given::Nothing => vec![],
    };
    let mut pairs = Vec::with_capacity(d * (d - 1) / 2);
    for first in 0..d {
        for second in first + 1..d {
            let test = tests.test(first, second, &columns)?;
            // A common effect ties its causes together once it is known; everything else is tied through it until then.
            let predicted = (causal[first] && causal[second]) == (given == Given::Target);
            let (correlation, p) = (test.correlation, test.p);
            pairs.push(PairTest { first, second, given, correlation, p, adjusted: p, dependent: false, predicted });
        }
    }
    let p: Vec<f64> = pairs.iter().map(|pair| pair.p).collect();
    for (pair, adjusted) in pairs.iter_mut().zip(adjusted(&p, decision.correction)?) {
        (pair.adjusted, pair.dependent) = (adjusted, adjusted <= decision.alpha);
    }
    Ok(pairs)
}

pub(crate) fn refuse_level(alpha: f64) -> Result<()> {
    if alpha > 0.0 && alpha < 1.0 {
        return Ok(());
    }
    Err(Failure::new(Code::ConfigOutOfRange, format!("alpha is {alpha}, expected a level above 0 and below 1"))
        .at("alpha"))
}

/// How often tests and indicators agree, by what the indicators predict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Pairs predicted to be dependent.
    pub dependent: usize,
    /// Of these, found to be.
    pub dependent_agree: usize,
    /// Pairs predicted to be independent.
    pub independent: usize,
    /// Of these, not found to be dependent.
    pub independent_agree: usize,
}

/// Counts agreement over the checks of any number of tasks.
pub fn tally<'a>(checks: impl IntoIterator<Item = &'a IndicatorCheck>, given: Given) -> Tally {
    let mut counts = Tally::default();
    for pair in checks.into_iter().flat_map(|check| &check.pairs).filter(|pair| pair.given == given) {
        let (all, agreed) = if pair.predicted {
            (&mut counts.dependent, &mut counts.dependent_agree)
        } else {
            (&mut counts.independent, &mut counts.independent_agree)
        };
        *all += 1;
        *agreed += usize::from(pair.dependent == pair.predicted);
    }
    counts
}
