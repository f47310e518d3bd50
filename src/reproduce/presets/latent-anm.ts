// Latent additive noise models with shifting mechanisms. Bands were fixed before the judged seeds were looked at.
import type { Preset } from "../preset.js";
import { CHEMISTRY } from "./latent-anm/chemistry.js";
import { PARTIAL } from "./latent-anm/partial.js";
import { POST_NONLINEAR } from "./latent-anm/post-nonlinear.js";
import { HIPPOCAMPUS, SACHS, TUNNEL } from "./latent-anm/real.js";
import { TABLE } from "./latent-anm/table.js";
import { TOLD_APART } from "./latent-anm/told-apart.js";

/** All presets of the method. */
export const LATENT_ANM: readonly Preset[] = [
  TABLE,
  PARTIAL,
  POST_NONLINEAR,
  TOLD_APART,
  CHEMISTRY,
  HIPPOCAMPUS,
  TUNNEL,
  SACHS,
];
