// Written by `cargo xtask gen`; changes are lost.

import type { BallsWorldConfig, CausalVaeConfig, ChamberWorldConfig, ChemistryWorldConfig, FactorAnalysisConfig, FastIcaConfig, IcarlConfig, InterventionWorldConfig, InterventionalConfig, IvaeConfig, LatentAnmConfig, MclConfig, ModalityWorldConfig, MtIcarlConfig, MtIvaeConfig, MtlcmConfig, MultimodalConfig, PcaConfig, PdgmmConfig, RandomEncoderConfig, SharedHeadConfig, ShiftWorldConfig, SilentWorldConfig, TaskWorldConfig, TbrConfig, TreeWorldConfig, VadeConfig, VaeConfig } from "./types.js";

/** The options of each method, by the name users give. */
export interface MethodOptions {
  /** Latents from rows in many environments that form a tree, whose linear heads change sparsely along its edges. */
  "tbr": TbrConfig;
  /** Regression through a latent code with one linear head for all environments. */
  "shared-head": SharedHeadConfig;
  /** Latents of many tasks, each of which splits them into causes of its target and latents that follow it. */
  "mtlcm": MtlcmConfig;
  /** Latents that are silent, at a fixed value, in part of the rows; of tables and of images. */
  "pdgmm": PdgmmConfig;
  /** Causes whose mechanisms and noise shift between environments, and their nonlinear graph. */
  "latent-anm": LatentAnmConfig;
  /** A variational auto-encoder whose latents are independent given the target or the environment, with a distribution that depends on it. */
  "ivae": IvaeConfig;
  /** A variational auto-encoder whose latents may depend on each other given the target or the environment, with a prior learned by score matching. */
  "icarl": IcarlConfig;
  /** A variational auto-encoder whose latents are independent given target and task, with variances that depend on both. */
  "mt-ivae": MtIvaeConfig;
  /** A variational auto-encoder whose latents may depend on each other given target and task, with a prior learned by score matching. */
  "mt-icarl": MtIcarlConfig;
  /** A variational auto-encoder whose latents are a mixture of Gaussians. */
  "vade": VadeConfig;
  /** Baseline: a variational auto-encoder with a standard normal prior, or with `beta` above 1 a beta-VAE. */
  "vae": VaeConfig;
  /** Baseline: encoders of two modalities, trained to tell which rows of the two belong together. */
  "mcl": MclConfig;
  /** Baseline: a variational auto-encoder whose latents are labeled concepts with linear causes among them. It needs a label of every latent, as targets. */
  "causal-vae": CausalVaeConfig;
  /** Latent causes and their graph from environments that each intervene on one of them, not knowing on which. */
  "interventional": InterventionalConfig;
  /** Latents of several modalities of the same subjects, what each keeps to itself, and one causal graph. */
  "multimodal": MultimodalConfig;
  /** Yardstick: the directions in which the inputs vary most, without any target. */
  "pca": PcaConfig;
  /** Yardstick: the linear latents that inputs share, apart from the noise of each input, without any target. */
  "factor-analysis": FactorAnalysisConfig;
  /** Yardstick: the linear latents of the inputs that are furthest from Gaussian, without any target. */
  "fast-ica": FastIcaConfig;
  /** Yardstick: an encoder with its initial random parameters, untrained. */
  "random-encoder": RandomEncoderConfig;
}

/** The options of each simulator, by the name users give. */
export interface SimulatorOptions {
  /** A balanced binary tree of environments with linear heads on shared latents; heads change sparsely along the edges. */
  "tree-world": TreeWorldConfig;
  /** Many regression tasks on shared latents: each task has its own few causes, all other latents follow its target. */
  "task-world": TaskWorldConfig;
  /** Causally related latents whose mechanisms and noise shift between environments, mixed by an invertible network. */
  "shift-world": ShiftWorldConfig;
  /** Linear-Gaussian latent causes, one of which is changed in each environment; linear or curved mixing, noisy inputs. */
  "intervention-world": InterventionWorldConfig;
  /** Simulated sensors of an optical device: light through two polarizers, one actuator changed in each environment. */
  "chamber-world": ChamberWorldConfig;
  /** Several modalities with latents of their own, one causal graph over them, and private variables, each mixed by its own network. */
  "modality-world": ModalityWorldConfig;
  /** Causally related latents of which some are switched off in every row, mixed by a deep network. */
  "silent-world": SilentWorldConfig;
  /** Pictures of colored balls that move on their own and are sometimes frozen in place. */
  "balls-world": BallsWorldConfig;
  /** Pictures of three objects whose colors cause each other, by mechanisms that shift between environments. */
  "chemistry-world": ChemistryWorldConfig;
}
