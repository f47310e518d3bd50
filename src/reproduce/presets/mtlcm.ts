// Multi-task linear causal models: all presets of the method. Its paper shows results in figures, so that what is published
// beside ours is mostly what its text says of them.
import type { Preset } from "../preset.js";
import { LINEAR } from "./mtlcm/linear.js";
import { NONLINEAR } from "./mtlcm/nonlinear.js";
import { SUPERCONDUCTORS } from "./mtlcm/superconductors.js";

/** All presets of the method. */
export const MTLCM: readonly Preset[] = [LINEAR, NONLINEAR, SUPERCONDUCTORS];
