//! The options of the method.

use super::autoencoder::AutoencoderOptions;
use super::flow::{FlowOptions, Use};
use super::keypoints::{KeypointOptions, image_of};
use super::published::PublishedOptions;
use crate::regression::{Auto, LatentDim};
use disentangle_data::View;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the latents are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "PdgmmAlgorithm")]
pub enum Algorithm {
    /// The planes on which latents are silent, and a flow that straightens them.
    #[default]
    Planes,
    /// The published procedure: an affine autoencoder under a budget.
    Paper,
}

/// What the planes are looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "PdgmmRepresentation")]
pub enum Representation {
    /// Keypoints where the data are images of one view, at least 16 x 16 pixels large, else the inputs.
    Auto,
    /// The inputs themselves.
    Inputs,
    /// The code of an autoencoder.
    Autoencoder,
    /// The code of an autoencoder of images: where its keypoints are.
    Keypoints,
}

/// Whether silence is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "PdgmmSparsity")]
pub enum Sparsity {
    /// It is.
    #[default]
    Held,
    /// It is not: the ablation.
    None,
}

/// Options of `pdgmm`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PdgmmConfig {
    /// How to fit: `planes` takes seconds; `paper` is the published procedure and takes hours.
    pub algorithm: Algorithm,
    /// What latents are looked for in: the `inputs`, the code of an `autoencoder` trained on them, or the `keypoints` of images: the places
    /// of what an autoencoder of convolutions looks for. `auto`: keypoints where the data are images of one view, at least 16 x 16 pixels
    /// large, else the inputs. Absent: `auto` for `planes`, the autoencoder for `paper`.
    pub representation: Option<Representation>,
    /// Number of latents. `auto`: as many as a model of the inputs with noise says, or the rank of the inputs where it finds no
    /// noise. Where inputs have more directions, the leading ones are kept.
    pub latent_dim: LatentDim,
    /// Latents that are silent together, such as the two coordinates of a thing that stands still: the first so many are a block, the next so
    /// many another. They are found as a block, each in no particular direction. `latentDim` is a multiple of it.
    #[schemars(range(min = 1, max = 64))]
    pub block_size: usize,
    /// `held` looks for silent latents; `none` is the ablation, which does everything else: `planes` then takes a random rotation
    /// of the white codes, `paper` drops the budget.
    pub sparsity: Sparsity,
    /// The flow of `planes`.
    pub flow: FlowOptions,
    /// The autoencoder, where it is used.
    pub autoencoder: AutoencoderOptions,
    /// The autoencoder of images, where keypoints are used.
    pub keypoints: KeypointOptions,
    /// The second stage of `paper`.
    pub published: PublishedOptions,
}

impl Default for PdgmmConfig {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Planes,
            representation: None,
            latent_dim: LatentDim::Auto(Auto::Auto),
            block_size: 1,
            sparsity: Sparsity::Held,
            flow: FlowOptions::default(),
            autoencoder: AutoencoderOptions::default(),
            keypoints: KeypointOptions::default(),
            published: PublishedOptions::default(),
        }
    }
}

impl PdgmmConfig {
    /// The representation, with its default.
    pub(super) fn settled_representation(&self) -> Representation {
        self.representation.unwrap_or(match self.algorithm {
            Algorithm::Planes => Representation::Auto,
            Algorithm::Paper => Representation::Autoencoder,
        })
    }

    /// What `auto` means for these views. A flow that nobody asked for is left out where it has nothing to straighten: keypoints are straight,
    /// and its density knows no blocks.
    pub(super) fn of(&self, views: &[View]) -> Self {
        let representation = match (self.settled_representation(), image_of(views)) {
            (Representation::Auto, Ok(_)) => Representation::Keypoints,
            (Representation::Auto, Err(_)) => Representation::Inputs,
            (asked, _) => asked,
        };
        let open = self.flow.usage == Use::Auto;
        let straight = self.block_size > 1 || representation == Representation::Keypoints;
        let usage = if open && straight { Use::Never } else { self.flow.usage };
        let flow = FlowOptions { usage, ..self.flow.clone() };
        Self { representation: Some(representation), flow, ..self.clone() }
    }

    /// The flow, which has nothing to straighten where no plane is looked for.
    pub(super) fn flow_options(&self) -> FlowOptions {
        match self.sparsity {
            Sparsity::Held => self.flow.clone(),
            Sparsity::None => FlowOptions { usage: Use::Never, ..self.flow.clone() },
        }
    }

    /// Number of latents from inputs of `d` columns, once it is settled.
    pub(super) fn latents(&self, d: usize) -> usize {
        match self.latent_dim {
            LatentDim::Fixed(k) => k,
            LatentDim::Auto(_) => d,
        }
    }
}
