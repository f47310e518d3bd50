// Written by `cargo xtask gen`; changes are lost.

import type { SharedHeadConfig, TbrConfig, TreeWorldConfig } from "./types.js";

/** The options of each method, by the name users give. */
export interface MethodOptions {
  /** Latents from rows in many environments that form a tree, whose linear heads change sparsely along its edges. */
  "tbr": TbrConfig;
  /** Regression through a latent code with one linear head for all environments. */
  "shared-head": SharedHeadConfig;
}

/** The options of each simulator, by the name users give. */
export interface SimulatorOptions {
  /** A balanced binary tree of environments with linear heads on shared latents; heads change sparsely along the edges. */
  "tree-world": TreeWorldConfig;
}
