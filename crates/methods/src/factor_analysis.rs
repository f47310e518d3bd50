//! Factor analysis: a yardstick that tells what inputs share from the noise of each, and uses no target.
//!
//! Objective: `maximise over L, psi  sum_i log N(x_i; mean, L L' + diag psi)`; latents are the means of z given x, where
//! `x = mean + L z + e`, z ~ N(0, I) and e ~ N(0, diag psi).
//!
//! Assumes that the inputs are linear in independent Gaussian factors, with Gaussian noise of its own on each. Identifies the space
//! that the factors span, when there are few of them (Ledermann's bound); a rotation within it cannot be told from the data, and
//! varimax only chooses one that is easy to read.
//!
//! Reference: see `INFO`; the algorithm is EM (Rubin, Thayer, 1982) with its step for L taken to its end.
//!
//! Differs from the paper:
//! - noise variances are at least `leastNoise` of the variance of their input, as in R's `factanal`;
//! - inputs are standardised unless `standardize` says otherwise.

use crate::linear::IdentityNetwork;
use crate::regression::at_most;
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::split::Split;
use disentangle_data::{Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::method::{
    CENTER, Dimensions, Findings, MAP, Method, Network, OFFSET, Solving, Stage, State, UNMAP,
};
use disentangle_engine::results::{Assumption, Fact, Loadings, NamedMatrix, OutcomeKind, Status, latent_names};
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;
use disentangle_numerics::factor_model::{FactorModel, Limits, Standing, maximise};
use disentangle_numerics::varimax::varimax;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How factors are turned once they are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rotation {
    /// As the likelihood orders them: from the factor with the largest variance beside the noise down.
    #[default]
    None,
    /// So that each factor has few large loadings.
    Varimax,
}

/// Options of `factor-analysis`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FactorAnalysisConfig {
    /// Number of factors. As a yardstick of another method: its number of latents.
    #[schemars(range(min = 1, max = 256))]
    pub latent_dim: usize,
    /// How factors are turned once they are found.
    pub rotation: Rotation,
    /// Iterations, at most.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub iterations: usize,
    /// Converged when no noise variance moves by more in an iteration, as a share of the variance of its input.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1.0))]
    pub tolerance: f64,
    /// Least noise variance of an input, as a share of its variance. At 0 an input can be explained in full (a Heywood case), and the
    /// likelihood has no maximum.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 0.5))]
    pub least_noise: f64,
}

impl Default for FactorAnalysisConfig {
    fn default() -> Self {
        Self { latent_dim: 5, rotation: Rotation::None, iterations: 10_000, tolerance: 1e-7, least_noise: 0.005 }
    }
}

/// The method with its options.
#[derive(Debug, Clone)]
pub struct FactorAnalysis {
    config: FactorAnalysisConfig,
}

impl Specification for FactorAnalysis {
    type Config = FactorAnalysisConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "factor-analysis",
        title: "Factor analysis",
        summary: "Yardstick: the linear latents that inputs share, apart from the noise of each input, without any target.",
        needs: &[],
        gives: &["latents", "loadings", "noise of each input", "decoder"],
        identifies: "the space of linear Gaussian factors, when there are few of them; a rotation within it is left open",
        left_open: &[Invariance::Linear],
        reference: Reference {
            title: "EM algorithms for ML factor analysis",
            authors: "Donald B. Rubin, Dorothy T. Thayer",
            year: 1982,
            url: "https://doi.org/10.1007/BF02293851",
        },
        baseline_of: None,
    };

    fn new(config: FactorAnalysisConfig) -> Self {
        Self { config }
    }
}

/// Names of the solved results beside means ([`CENTER`]) and loadings ([`UNMAP`], d x k): variances of the inputs (1 x d), noise
/// variances (1 x d), and how the iteration ended (1 x 3).
const VARIANCES: &str = "variances";
const NOISE: &str = "noise";
const ENDED: &str = "ended";

impl Method for FactorAnalysis {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        at_most(self.config.latent_dim, data.inputs.cols())
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        vec![Stage::Solve("factors")]
    }

    fn network(&self, _: &Dimensions, _: &mut Params, _: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(Box::new(IdentityNetwork))
    }

    fn solve(&self, _: &str, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
        let FactorAnalysisConfig { latent_dim, rotation, iterations, tolerance, least_noise } = self.config;
        let limits = Limits { iterations, tolerance, least_noise };
        let rows = data.rows_of(Split::Train);
        let mut cancelled = false;
        let (model, ended) = maximise(&data.inputs, &rows, latent_dim, limits, |at| {
            solving.progress(at.iterations, iterations, -at.log_likelihood);
            cancelled = solving.cancelled();
            !cancelled
        })?;
        if cancelled {
            return Ok(OutcomeKind::Cancelled);
        }
        let model = match rotation {
            Rotation::None => model,
            Rotation::Varimax => FactorModel { loadings: varimax(&model.loadings), ..model },
        };
        let (map, offset) = model.posterior()?;
        let Standing { iterations, change, log_likelihood } = ended;
        state.solved.insert(MAP.into(), map);
        state.solved.insert(OFFSET.into(), row(offset)?);
        // Inputs given the factors: the mean plus loadings times factors.
        state.solved.insert(CENTER.into(), row(model.mean)?);
        state.solved.insert(UNMAP.into(), model.loadings);
        state.solved.insert(VARIANCES.into(), row(model.variances)?);
        state.solved.insert(NOISE.into(), row(model.noise)?);
        state.solved.insert(ENDED.into(), row(vec![iterations as f64, change, log_likelihood])?);
        Ok(if change <= tolerance { OutcomeKind::Converged } else { OutcomeKind::StepLimit })
    }

    fn findings(&self, data: &Prepared, state: &State, _: &Matrix) -> Result<Findings> {
        let solved = |name: &str| state.solved.get(name);
        let all = (solved(CENTER), solved(UNMAP), solved(VARIANCES), solved(NOISE), solved(ENDED));
        let (Some(mean), Some(loadings), Some(variances), Some(noise), Some(ended)) = all else {
            return Ok(Findings::default());
        };
        let (d, k) = (loadings.rows(), loadings.cols());
        let [mean, variances, noise] = [mean, variances, noise].map(|part| part.row(0).to_vec());
        let model = FactorModel { mean, variances, loadings: loadings.clone(), noise };

        let common: f64 = loadings.data().iter().map(|l| l * l).sum();
        let freedom = free_covariances(d, k);
        let mut facts = vec![
            Fact::new(
                "explained-variance",
                "share of the inputs' variance in the factors",
                common / model.variances.iter().sum::<f64>(),
            ),
            Fact::new("log-likelihood", "mean log-likelihood of a training row", ended[(0, 2)]),
        ];
        let held: Vec<usize> = (0..data.rows()).filter(|&row| data.split[row] != Split::Train).collect();
        if !held.is_empty() {
            let likelihood = model.log_likelihood(&data.inputs, &held)?;
            let label = "mean log-likelihood of a row outside the training rows: compare fits with other numbers of factors by it";
            facts.push(Fact::new("held-out-log-likelihood", label, likelihood));
        }
        facts.push(Fact::new("degrees-of-freedom", "covariances of the inputs less free parameters", freedom as f64));
        facts.push(Fact::new("iterations", "iterations of EM", ended[(0, 0)]));
        facts.push(Fact::new("last-change", "largest change of a noise variance in the last iteration", ended[(0, 1)]));

        let names = &data.input_names;
        let mut warnings = Vec::new();
        if ended[(0, 1)] > self.config.tolerance {
            let message = format!(
                "after {} iterations a noise variance still moved by {:.1e} (tolerance {:.1e})",
                ended[(0, 0)],
                ended[(0, 1)],
                self.config.tolerance
            );
            warnings.push(Warning::new("FACTORS_NOT_CONVERGED", message).hint("raise `iterations`"));
        }
        let at_bound: Vec<&str> =
            model.at_bound(self.config.least_noise).into_iter().map(|j| names[j].as_str()).collect();
        if !at_bound.is_empty() {
            let message = format!(
                "inputs without noise of their own (Heywood cases), {} of {d}: {}",
                at_bound.len(),
                listed(&at_bound)
            );
            warnings.push(Warning::new("HEYWOOD_CASE", message).hint(
                "their noise is held at `leastNoise`, and one factor may be little more than one of them; choose fewer factors, or leave out copies of columns",
            ));
        }
        let empty: Vec<String> = latent_names(k)
            .into_iter()
            .enumerate()
            .filter(|(f, _)| loadings.col(*f).iter().all(|&l| l == 0.0))
            .map(|(_, name)| name)
            .collect();
        if !empty.is_empty() {
            let message = format!("{} of {k} factors carry nothing of the inputs: {}", empty.len(), empty.join(", "));
            warnings.push(
                Warning::new("LATENTS_COLLAPSED", message).hint(format!("choose latentDim <= {}", k - empty.len())),
            );
        }
        Ok(Findings {
            loadings: Some(Loadings {
                values: NamedMatrix::of(names.clone(), latent_names(k), loadings),
                noise: model.noise,
                variances: model.variances,
            }),
            facts,
            warnings,
            assumptions: vec![few_enough(d, k, freedom)],
            ..Findings::default()
        })
    }
}

fn row(values: Vec<f64>) -> Result<Matrix<f64>> {
    Matrix::new(1, values.len(), values)
}

/// Variances and covariances of d inputs, less loadings and noise variances, plus the rotations of k factors that change nothing.
fn free_covariances(d: usize, k: usize) -> i64 {
    let (d, k) = (d as i64, k as i64);
    ((d - k).pow(2) - (d + k)) / 2
}

fn few_enough(d: usize, k: usize, freedom: i64) -> Assumption {
    let most = (1..=d).take_while(|&factors| free_covariances(d, factors) >= 0).count();
    Assumption {
        id: "factors".into(),
        question: "Are there few enough factors for so many inputs?".into(),
        status: if freedom >= 0 { Status::Ok } else { Status::Violated },
        finding: format!(
            "{d} inputs determine at most {most} factors (Ledermann's bound); the fit has {k}{}",
            if freedom >= 0 { "." } else { ", so that other loadings and noise variances fit as well." }
        ),
    }
}

/// At most eight names.
fn listed(names: &[&str]) -> String {
    let more = names.len().saturating_sub(8);
    let first = names.iter().take(8).copied().collect::<Vec<_>>().join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}

#[cfg(test)]
mod laws;
