//! Multimodal contrastive learning: encoders of two modalities that tell which of their rows belong together.
//!
//! Objective: `minimise over g1, g2   (I(S) + I(S')) / 2`, S_ij = -|g1(x1_i) - g2(x2_j)|^2 / t over the rows of a batch and
//! `I(S) = -mean_i log( exp S_ii / mean_j exp S_ij )`, the positive pair among the others.
//!
//! Assumes two modalities with the same shared content, each made of it and of what is private to it by an invertible map. Then
//! it identifies the content as a block, up to an invertible map: no single latent, and nothing that one modality alone sees.
//! Where the contents of both are only causes and effects of each other, it finds what each tells of the other.
//!
//! Reference: see `INFO`, and its program <https://github.com/imantdaunhawer/multimodal-contrastive-learning>.
//!
//! Differs from the paper:
//! - small networks, small batches and a learning rate that falls along a cosine (`hidden`, `batchSize`, `steps`, `learningRate`
//!   take the published ones);
//! - LeakyReLU of slope 0.1 in place of 0.01;
//! - images of more than 1,024 numbers have convolutions that halve them, smaller ones are taken as they are;
//! - inputs are standardised unless `standardize` says otherwise; latents are scaled to unit variance.

mod encoders;

use crate::descent_options::{DECAY, Defaults, DescentOptions};
use crate::regression::scale_latents;
use disentangle_data::prepare::Prepared;
use disentangle_data::{Code, Failure, Matrix, Result, View};
use disentangle_engine::entry::{MethodInfo, Reference, Specification};
use disentangle_engine::method::Solving;
use disentangle_engine::method::{Batch, Dimensions, Findings, Keep, Method, Network, Recipe, Stage, State, Term};
use disentangle_engine::results::{Fact, OutcomeKind, latent_names};
use disentangle_metrics::cards::Invariance;
use disentangle_metrics::columns::Correlation;
use disentangle_metrics::correlation::correlation;
use disentangle_nn::{Error, Layer, Params, Tensor, paired_info_nce};
use encoders::Encoder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Modalities that the loss compares.
const MODALITIES: usize = 2;
/// Rows of a step: one has no other to be told from, and the comparisons of more do not fit into memory.
const COMPARED: RangeInclusive<usize> = 2..=65_536;

/// What contrastive learning begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct MclDescent;

impl Defaults for MclDescent {
    const BATCH_SIZE: usize = 500;
    const CLIP_NORM: f64 = 2.0;
    const KEEP: Keep = Keep::Last;
}

/// Options of `mcl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MclConfig {
    /// Number of latents of each modality: that of the content which both share.
    #[schemars(range(min = 1, max = 256))]
    pub latent_dim: usize,
    /// Widths of the hidden layers of both encoders (LeakyReLU, slope 0.1). Images of more than 1,024 numbers go through convolutions before
    /// them, smaller ones are taken as they are.
    #[schemars(length(min = 1, max = 8), inner(range(min = 1, max = 65536)))]
    pub hidden: Vec<usize>,
    /// What squared distances are divided by.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1e6))]
    pub temperature: f64,
    /// Gradient steps.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub steps: usize,
    /// Peak learning rate of Adam.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 10.0))]
    pub learning_rate: f64,
    /// How a step is taken, and when the descent ends. Each row of a step is compared with all others: `batchSize` is at most 65,536.
    #[serde(flatten)]
    pub descent: DescentOptions<MclDescent>,
}

impl Default for MclConfig {
    fn default() -> Self {
        Self {
            latent_dim: 2,
            hidden: vec![64, 64],
            temperature: 1.0,
            steps: 1000,
            learning_rate: 2e-3,
            descent: DescentOptions::default(),
        }
    }
}

/// The method with its options.
#[derive(Debug, Clone)]
pub struct Mcl {
    config: MclConfig,
}

impl Mcl {
    fn recipe(&self) -> Recipe {
        self.config.descent.recipe("contrast", self.config.steps, self.config.learning_rate, DECAY)
    }
}

impl Specification for Mcl {
    type Config = MclConfig;

    const INFO: MethodInfo = MethodInfo {
        name: "mcl",
        title: "Multimodal contrastive learning",
        summary: "Baseline: encoders of two modalities, trained to tell which rows of the two belong together.",
        needs: &["two modalities"],
        gives: &["latents"],
        identifies: "what two modalities share, as a block up to an invertible map; no single latent",
        left_open: &[Invariance::Linear],
        reference: Reference {
            title: "Identifiability results for multimodal contrastive learning",
            authors: "Imant Daunhawer, Alice Bizeul, Emanuele Palumbo, Alexander Marx, Julia E. Vogt",
            year: 2023,
            url: "https://arxiv.org/abs/2303.09166",
        },
        baseline_of: Some("multimodal"),
    };

    fn new(config: MclConfig) -> Self {
        Self { config }
    }
}

/// One encoder for each modality; the latents of the first stand before those of the second.
#[derive(Debug)]
struct MclNetwork {
    views: Vec<View>,
    encoders: Vec<Encoder>,
    temperature: f64,
}

impl MclNetwork {
    fn new(
        params: &mut Params,
        dimensions: &Dimensions,
        config: &MclConfig,
        seed: u64,
    ) -> disentangle_nn::Result<Self> {
        if dimensions.views.len() != MODALITIES {
            let count = dimensions.views.len();
            return Err(Error::Msg(format!("contrast of {count} modalities, there must be {MODALITIES}")).bt());
        }
        let mut encoder = |(m, view): (usize, &View)| {
            Encoder::new(params, &format!("encoder.{m}"), view, (&config.hidden, config.latent_dim), seed)
        };
        let encoders = dimensions.views.iter().enumerate().map(&mut encoder).collect::<disentangle_nn::Result<_>>()?;
        Ok(Self { views: dimensions.views.clone(), encoders, temperature: config.temperature })
    }

    /// What `encode` makes of the columns of each modality.
    fn each(
        &self,
        inputs: &Tensor,
        encode: impl Fn(&Encoder, &Tensor) -> disentangle_nn::Result<Tensor>,
    ) -> disentangle_nn::Result<Vec<Tensor>> {
        let of =
            |(view, encoder): (&View, &Encoder)| encode(encoder, &inputs.narrow(1, view.start, view.columns().len())?);
        self.views.iter().zip(&self.encoders).map(of).collect()
    }
}

impl Network for MclNetwork {
    fn loss(&self, batch: &Batch) -> disentangle_nn::Result<Vec<Term>> {
        let codes = self.each(&batch.inputs, Encoder::forward)?;
        let contrast = paired_info_nce(&codes[0], &codes[1], self.temperature)?;
        Ok(vec![Term { name: "contrast", value: contrast }])
    }

    fn encode(&self, inputs: &Tensor) -> disentangle_nn::Result<Tensor> {
        Tensor::cat(&self.each(inputs, Encoder::apply)?, 1)
    }

    fn encoder_layers(&self) -> disentangle_nn::Result<Option<Vec<Layer>>> {
        Encoder::layers(&self.encoders)
    }

    fn held_per_row(&self) -> usize {
        2 * self.encoders.iter().map(Encoder::entries).sum::<usize>()
    }
}

impl Method for Mcl {
    fn config(&self) -> serde_json::Value {
        serde_json::to_value(&self.config).expect("options serialise")
    }

    fn check(&self, data: &Prepared) -> Result<()> {
        let views = data.needs_modalities(Self::INFO.name, MODALITIES..=MODALITIES)?;
        data.needs_rows(Self::INFO.name)?;
        let size = self.config.descent.batch_size;
        if !COMPARED.contains(&size) {
            let message = format!("batchSize: each of {size} rows cannot be compared with all others");
            return Err(Failure::new(Code::ConfigOutOfRange, message).at("batchSize").hint(format!(
                "choose batchSize between {} and {}",
                COMPARED.start(),
                COMPARED.end()
            )));
        }
        let k = self.config.latent_dim;
        let Some(narrow) = views.iter().find(|view| view.columns().len() < k) else { return Ok(()) };
        let columns = narrow.columns().len();
        let message = format!(
            "latentDim: {k} latents cannot be recovered from the {columns} columns of modality {:?}",
            narrow.name
        );
        Err(Failure::new(Code::ConfigOutOfRange, message)
            .at("latentDim")
            .hint(format!("choose latentDim <= {columns}"))
            .with("columns", columns))
    }

    fn stages(&self, _: &Prepared) -> Vec<Stage> {
        vec![Stage::Descent(self.recipe()), Stage::Solve("scale")]
    }

    fn network(
        &self,
        dimensions: &Dimensions,
        params: &mut Params,
        seed: u64,
    ) -> disentangle_nn::Result<Box<dyn Network>> {
        Ok(Box::new(MclNetwork::new(params, dimensions, &self.config, seed)?))
    }

    fn solve(&self, _: &str, data: &Prepared, state: &mut State, _: &mut Solving<'_>) -> Result<OutcomeKind> {
        scale_latents(data, state)?;
        Ok(OutcomeKind::Converged)
    }

    fn latent_names(&self, dimensions: &Dimensions, _: &[String], _: &State, latents: usize) -> Vec<String> {
        let own = latent_names(latents / MODALITIES);
        dimensions.views.iter().flat_map(|view| own.iter().map(move |name| format!("{}.{name}", view.name))).collect()
    }

    fn findings(&self, _: &Prepared, _: &State, latents: &Matrix) -> Result<Findings> {
        let k = self.config.latent_dim;
        let latents = latents.to_f64();
        let correlations = correlation(Correlation::Pearson, &latents, &latents)?;
        let between = (0..k).map(|j| correlations[(j, j + k)].unwrap_or(f64::NAN)).sum::<f64>() / k as f64;
        let label = "mean correlation of each latent of one modality with that of the same number of the other";
        Ok(Findings { facts: vec![Fact::new("shared", label, between)], ..Findings::default() })
    }
}

#[cfg(test)]
mod tests;
