//! The methods, and the one list of them: the parser, the catalogue, the schema, the types, the docs and the law tests come from
//! it.
//!
//! They touch no clock, no environment variable, no standard output and no global random state.
#![forbid(unsafe_code)]
// Tests look at tensors where they lie; clippy.toml says why nothing else does.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod causal_vae;
pub mod conditional_vae;
pub mod descent_options;
pub mod factor_analysis;
pub mod fast_ica;
#[cfg(test)]
mod golden;
pub mod icarl;
pub mod interventional;
pub mod ivae;
pub mod latent_anm;
pub mod linear;
pub mod mcl;
pub mod mt_icarl;
pub mod mt_ivae;
pub mod mtlcm;
pub mod multimodal;
pub mod pca;
pub mod pdgmm;
pub mod random_encoder;
pub mod regression;
pub mod shared_head;
pub mod tbr;
pub mod vade;
pub mod vae;

use disentangle_engine::entry::Entry;

/// All methods.
pub const METHODS: &[Entry] = &[
    Entry::of::<tbr::Tbr>(),
    Entry::of::<shared_head::SharedHead>(),
    Entry::of::<mtlcm::Mtlcm>(),
    Entry::of::<pdgmm::Pdgmm>(),
    Entry::of::<latent_anm::LatentAnm>(),
    Entry::of::<ivae::Ivae>(),
    Entry::of::<icarl::Icarl>(),
    Entry::of::<mt_ivae::MtIvae>(),
    Entry::of::<mt_icarl::MtIcarl>(),
    Entry::of::<vade::Vade>(),
    Entry::of::<vae::Vae>(),
    Entry::of::<mcl::Mcl>(),
    Entry::of::<causal_vae::CausalVae>(),
    Entry::of::<interventional::Interventional>(),
    Entry::of::<multimodal::Multimodal>(),
    Entry::of::<pca::Pca>(),
    Entry::of::<factor_analysis::FactorAnalysis>(),
    Entry::of::<fast_ica::FastIca>(),
    Entry::of::<random_encoder::RandomEncoder>(),
];
