// The numeric experiments of the paper on several modalities.
import type { Preset } from "../preset.js";
import { NUMERIC } from "./multimodal/numeric.js";
import { SPARSITY } from "./multimodal/sparsity.js";

/** Presets of several modalities. */
export const MULTIMODAL: readonly Preset[] = [NUMERIC, SPARSITY];
