//! Independent components: a yardstick that looks for latents without any dependence, and uses no target.
//!
//! Objective: `maximise over rotations W of the whitened principal components  sum_i |E[G(w_i . z)] - E[G(normal)]|`,
//! by the symmetric fixed-point iteration of `crate::ica`.
//!
//! Assumes that the inputs are a linear mixture of independent causes, at most one of them Gaussian. Then it identifies them
//! up to order, sign and scale; causes that depend on each other, or are mixed by a curved map, it does not find.
//!
//! Reference: see `INFO`.
//!
//! Differs from the paper:
//! - inputs are standardised unless `standardize` says otherwise, and reduced to their first principal components.

use crate::linear::{IdentityNetwork, account, keep};
use crate::regression::at_most;
use disentangle_data::prepare::{Prepared, Warning};
use disentangle_data::split::Split;
use disentangle_data::{Matrix, Result, Stream};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{Dimensions, Findings, MAP, Method, Network, Stage, State};
use disentangle_engine::results::{Assumption, Fact, OutcomeKind, Status};
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Params;
use disentangle_numerics::ica::{Contrast, Limits, Unmixing, fast_ica};
use disentangle_numerics::linalg::product;
use disentangle_numerics::moments::skewness_and_kurtosis;
use disentangle_numerics::principal_axes::PrincipalAxes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of `fast-ica`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FastIcaConfig {
    /// Number of components. As a yardstick of another method: its number of latents.
    #[schemars(range(min = 1, max = 256))]
    pub latent_dim: usize,
    /// What measures how far a component is from Gaussian.
    pub contrast: Contrast,
    /// Iterations, at most.
    #[schemars(range(min = 1, max = 100_000))]
    pub iterations: usize,
    /// Converged when no direction turns by more in an iteration: one minus the cosine between old and new.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1.0))]
    pub tolerance: f64,
}

impl Default for FastIcaConfig {
    fn default() -> Self {
        Self { latent_dim: 5, contrast: Contrast::LogCosh, iterations: 1000, tolerance: 1e-8 }
    }
}

/// The method with its options.
#[derive(Debug, Clone)]
pub struct FastIca {
    config: FastIcaConfig,
}

impl Specification for FastIca {
    type Config = FastIcaConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "fast-ica",
        title: "Independent components",
        summary: "Yardstick: the linear latents of the inputs that are furthest from Gaussian, without any target.",
        needs: &[],
        gives: &["latents", "decoder"],
        identifies: "independent causes up to order, sign and scale, when the inputs mix them linearly and at most one is Gaussian",
        left_open: &[Invariance::Permutation, Invariance::Sign, Invariance::Scale, Invariance::Shift],
        reference: Reference {
            title: "Fast and robust fixed-point algorithms for independent component analysis",
            authors: "Aapo Hyvärinen",
            year: 1999,
            url: "https://doi.org/10.1109/72.761722",
        },
        baseline_of: None,
    };

    fn new(config: FastIcaConfig) -> Self {
        Self { config }
    }
}

/// Name of the solved row of iterations taken and the turn of the last.
const ENDED: &str = "ended";

impl Method for FastIca {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        at_most(self.config.latent_dim, data.inputs.cols())
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        vec![Stage::Solve("rotation")]
    }

    fn network(&self, _: &Dimensions, _: &mut Params, _: u64) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(Box::new(IdentityNetwork))
    }

    fn solve(&self, _: &str, data: &Prepared, state: &mut State, solving: &mut Solving<'_>) -> Result<OutcomeKind> {
        let FastIcaConfig { latent_dim, contrast, iterations, tolerance } = self.config;
        let axes = PrincipalAxes::leading(data, latent_dim)?;
        keep(&axes, state);
        let whitening = axes.whitening(latent_dim);
        let whitened = centred(&data.inputs, &data.rows_of(Split::Train), &whitening);
        let k = whitening.rows();
        let mut stream = Stream::new(solving.seed, "fast-ica");
        let start = Matrix::from_fn(k, k, |_, _| stream.normal());
        let limits = Limits { iterations, tolerance };
        let mut cancelled = false;
        let Unmixing { directions, iterations, turn } = fast_ica(&whitened, &start, contrast, limits, |at| {
            solving.progress(at.iterations, limits.iterations, at.turn);
            cancelled = solving.cancelled();
            !cancelled
        })?;
        if cancelled {
            return Ok(OutcomeKind::Cancelled);
        }
        state.solved.insert(MAP.into(), product(&directions, &whitening));
        state.solved.insert(ENDED.into(), Matrix::new(1, 2, vec![iterations as f64, turn])?);
        Ok(if turn < tolerance { OutcomeKind::Converged } else { OutcomeKind::StepLimit })
    }

    fn findings(&self, data: &Prepared, state: &State, latents: &Matrix) -> Result<Findings> {
        let (mut facts, mut warnings) = account(state, self.config.latent_dim);
        let Some(ended) = state.solved.get(ENDED) else {
            return Ok(Findings { facts, warnings, ..Findings::default() });
        };
        let (iterations, turn) = (ended[(0, 0)], ended[(0, 1)]);
        facts.push(Fact::new("iterations", "fixed-point iterations", iterations));
        facts.push(Fact::new("last-turn", "one minus the cosine between the last two values of a direction", turn));
        if turn >= self.config.tolerance {
            let message = format!(
                "after {iterations} iterations a direction still turned by {turn:.1e} (tolerance {:.1e})",
                self.config.tolerance
            );
            warnings.push(Warning::new("ICA_NOT_CONVERGED", message).hint(
                "raise `iterations`; if that does not help, several components are Gaussian and have no directions of their own",
            ));
        }
        let assumptions = gaussian(data, latents).into_iter().collect();
        Ok(Findings { facts, warnings, assumptions, ..Findings::default() })
    }
}

/// The whitened rows, n x k, with mean zero also where the inputs were not standardised.
fn centred(inputs: &Matrix, rows: &[usize], whitening: &Matrix<f64>) -> Matrix<f64> {
    let transposed = whitening.transposed();
    let mut whitened = Matrix::zeros(rows.len(), whitening.rows());
    // A row at a time: in double precision all inputs would take twice their memory.
    for (i, &row) in rows.iter().enumerate() {
        let wide = inputs.select_rows(&[row]).to_f64();
        whitened.row_mut(i).copy_from_slice(product(&wide, &transposed).row(0));
    }
    for j in 0..whitened.cols() {
        let mean = whitened.col(j).iter().sum::<f64>() / whitened.rows() as f64;
        (0..whitened.rows()).for_each(|i| whitened[(i, j)] -= mean);
    }
    whitened
}

/// Latents whose skewness and kurtosis on rows that were not used for the fit are those of a Gaussian.
fn gaussian(data: &Prepared, latents: &Matrix) -> Option<Assumption> {
    let rows: Vec<usize> = (0..data.rows()).filter(|&row| data.split[row] != Split::Train).collect();
    let n = rows.len() as f64;
    if rows.len() < 50 {
        return None;
    }
    let held = latents.select_rows(&rows);
    let like = (0..held.cols()).filter(|&j| {
        let column: Vec<f64> = held.col(j).into_iter().map(f64::from).collect();
        let (skewness, kurtosis) = skewness_and_kurtosis(&column);
        // Standard errors of both under a Gaussian; four of them.
        skewness.abs() < 4.0 * (6.0 / n).sqrt() && kurtosis.abs() < 4.0 * (24.0 / n).sqrt()
    });
    let (count, k) = (like.count(), held.cols());
    Some(Assumption {
        id: "non-gaussian".into(),
        question: "Is at most one component Gaussian?".into(),
        status: if count <= 1 { Status::Ok } else { Status::Violated },
        finding: format!(
            "On {n} rows outside the training rows, {count} of {k} components have the skewness and kurtosis of a Gaussian, \
             within four standard errors."
        ),
    })
}
