// The experiments of the paper on several modalities: numbers and pictures.
import type { Preset } from "../preset.js";
import { NUMERIC } from "./multimodal/numeric.js";
import { SPARSITY } from "./multimodal/sparsity.js";
import { VARIANT_MNIST } from "./multimodal/variant-mnist.js";

/** Presets of several modalities. */
export const MULTIMODAL: readonly Preset[] = [NUMERIC, SPARSITY, VARIANT_MNIST];
