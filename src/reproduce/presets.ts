// The one list of presets.
import { nearest } from "../config-keys.js";
import { fail } from "../errors.js";
import type { Preset } from "./preset.js";
import { CALIBRATION } from "./presets/calibration.js";
import { INTERVENTIONAL } from "./presets/interventional.js";
import { LATENT_ANM } from "./presets/latent-anm.js";
import { MTLCM } from "./presets/mtlcm.js";
import { MULTIMODAL } from "./presets/multimodal.js";
import { PDGMM } from "./presets/pdgmm.js";
import { TBR } from "./presets/tbr.js";

/** All presets, in the order in which they are listed. */
export const PRESETS: readonly Preset[] = [
  ...TBR,
  ...MTLCM,
  ...PDGMM,
  ...INTERVENTIONAL,
  ...LATENT_ANM,
  ...MULTIMODAL,
  ...CALIBRATION,
];

/** The preset of this name; throws `CONFIG_UNKNOWN_METHOD`. */
export function presetOf(name: string): Preset {
  const names = PRESETS.map((preset) => preset.name);
  const near = nearest(name, names);
  return (
    PRESETS.find((preset) => preset.name === name) ??
    fail("CONFIG_UNKNOWN_METHOD", `no preset is called "${name}"`, {
      hint: near === undefined ? `there are: ${names.join(", ")}` : `did you mean "${near}"?`,
    })
  );
}
