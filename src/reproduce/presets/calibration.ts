// Whether what methods say of their own results is true. Nothing of this was published: bands are ours.
import type { Preset } from "../preset.js";
import { IDENTIFIED } from "./calibration/identified.js";
import { PROBABILITIES } from "./calibration/probabilities.js";

/** Presets that judge what methods say of their results. */
export const CALIBRATION: readonly Preset[] = [PROBABILITIES, IDENTIFIED];
