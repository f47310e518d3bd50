// Written by `cargo xtask gen`; changes are lost.

import type { TreeWorldConfig } from "./types.js";

/** The options of each method, by the name users give. */
export interface MethodOptions {
}

/** The options of each simulator, by the name users give. */
export interface SimulatorOptions {
  /** A balanced binary tree of environments with linear heads on shared latents; heads change sparsely along the edges. */
  "tree-world": TreeWorldConfig;
}
