//! Shared head: one linear head for all environments, the baseline of TBR.
//!
//! Objective: `minimise over Psi, w  mean_i (y_i - w . Psi(x_i))^2`.
//!
//! Assumes nothing about environments. Identifies no axes: any invertible map of the latents fits as well.
//!
//! Reference: see `tbr`; there it is the comparison without per-environment heads.
//!
//! Differs from the paper:
//! - the target and the inputs are standardised unless `standardize` says otherwise;
//! - the parameters with the lowest validation loss are kept.

use crate::regression::{Encoder, EncoderOptions, LatentDim, scale_latents};
use crate::tbr;
use disentangle_data::prepare::Prepared;
use disentangle_data::{Matrix, Result};
use disentangle_engine::entry::{MethodInfo, Specification};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{Batch, Candidates, Dimensions, Findings, Method, Network, Stage, State, Term};
use disentangle_engine::results::{NamedMatrix, OutcomeKind};
use disentangle_engine::rows;
use disentangle_metrics::cards::Invariance;
use disentangle_nn::Tensor;
use disentangle_nn::{Init, Layer, Params, head_product, mean_squared_error};
use disentangle_numerics::linalg::dot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Options of `shared-head`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SharedHeadConfig {
    /// Encoder, latent dimension and training.
    #[serde(flatten)]
    pub encoder: EncoderOptions,
}

/// The method with its options settled.
#[derive(Debug, Clone)]
pub struct SharedHead {
    config: SharedHeadConfig,
}

impl Specification for SharedHead {
    type Config = SharedHeadConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "shared-head",
        title: "Shared head",
        summary: "Regression through a latent code with one linear head for all environments.",
        needs: &["target"],
        gives: &["latents", "one linear head"],
        identifies: "one combination of the latents, that which predicts the target; no axes",
        left_open: &[Invariance::Linear],
        reference: tbr::REFERENCE,
        baseline_of: Some("tbr"),
    };

    fn new(mut config: SharedHeadConfig) -> Self {
        config.encoder.settle(1500, 1e-2);
        Self { config }
    }
}

struct SharedHeadNetwork {
    encoder: Encoder,
    head: disentangle_nn::Var,
}

impl Network for SharedHeadNetwork {
    fn loss(&self, batch: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        let h = self.encoder.forward(&batch.inputs)?;
        let prediction = head_product(&h, &self.head, &vec![0; batch.nodes.len()])?;
        Ok(vec![Term { name: "fit", value: mean_squared_error(&prediction, &batch.targets)? }])
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        self.encoder.apply(inputs)
    }

    fn encoder_layers(&self) -> disentangle_nn::Result<Option<Vec<Layer>>> {
        Ok(Some(self.encoder.layers()))
    }
}

impl Method for SharedHead {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        data.needs_target("shared-head")?;
        data.needs_rows("shared-head")?;
        self.config.encoder.check(data.inputs.cols())
    }

    fn candidates(&self, data: &Prepared) -> Option<Candidates> {
        self.config.encoder.candidates(data.inputs.cols())
    }

    fn with_candidate(&self, value: usize) -> Box<dyn Method> {
        let mut chosen = self.clone();
        chosen.config.encoder.latent_dim = LatentDim::Fixed(value);
        Box::new(chosen)
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        vec![Stage::Descent(self.config.encoder.recipe("joint", (0.9, 0.98))), Stage::Solve("scale")]
    }

    fn network(
        &self,
        dimensions: &Dimensions,
        params: &mut Params,
        seed: u64,
    ) -> disentangle_nn::Result<Box<dyn Network>> {
        let k = self.config.encoder.fixed_dim();
        let encoder = Encoder::new(params, dimensions.inputs, &self.config.encoder, seed)?;
        let head = params.insert("head", &[1, k], &Init::Normal { sd: 0.1 }, seed)?;
        Ok(Box::new(SharedHeadNetwork { encoder, head }))
    }

    fn solve(&self, _: &str, data: &Prepared, state: &mut State, _: &mut Solving<'_>) -> Result<OutcomeKind> {
        let head = crate::regression::parameter(state, "head")?;
        let sd = scale_latents(data, state)?;
        let head = Matrix::from_fn(1, head.cols(), |_, j| head[(0, j)] * sd[j]);
        state.solved.insert("heads".into(), head);
        Ok(OutcomeKind::Converged)
    }

    fn predict(&self, state: &State, latents: &Matrix, _: &[u32]) -> Option<Vec<f32>> {
        let head = state.solved.get("heads")?;
        let row = |i: usize| latents.row(i).iter().map(|&z| f64::from(z)).collect::<Vec<f64>>();
        Some((0..latents.rows()).map(|i| dot(&row(i), head.row(0)) as f32).collect())
    }

    fn findings(&self, data: &Prepared, state: &State, latents: &Matrix) -> Result<Findings> {
        let unit = rows::target_unit(data);
        let heads = state.solved.get("heads").map(|head| {
            let names = disentangle_engine::results::latent_names(latents.cols());
            NamedMatrix::of(vec!["all environments".into()], names, &head.map(|v| v * unit))
        });
        Ok(Findings { heads, ..Findings::default() })
    }
}
