// Latents that are rotated before they are mixed: silence then speaks for the axes of before.
import type { Preset } from "../../preset.js";
import { full, presetOf, rounded, type Setting, small } from "./beside.js";

type Pair = readonly [mean: number, sd: number];

/** Angle, then R2, MCC, MCC without sparsity and with the masks told as published, all against the rotated latents. */
const PUBLISHED: readonly (readonly [degrees: number, r2: Pair, mcc: Pair, without: Pair, oracle: Pair])[] = [
  [15, [0.93, 0.02], [0.83, 0.02], [0.56, 0.03], [0.85, 0.01]],
  [30, [0.93, 0.02], [0.6, 0.02], [0.58, 0.04], [0.62, 0.02]],
  [45, [0.93, 0.02], [0.62, 0.01], [0.56, 0.02], [0.63, 0.01]],
];

/** The latents as they were before a rotation are what sparsity finds, whatever the angle. */
function turned(latents: number, rotationDegrees: number, atLeast: number): Setting {
  return {
    name: `n = ${latents}, ${rotationDegrees} degrees`,
    world: { latents, rotationDegrees },
    asked: "mcc-unrotated",
    bounds: { mean: atLeast, each: rounded(atLeast - 0.03) },
  };
}

/** `pdgmm/rotation` */
export const ROTATION: Preset = presetOf(
  "rotation",
  "Which axes are found when the latents are rotated before they are mixed?",
  "Table 1, its last rows",
  {
    tiny: { seconds: 15, experiments: small([turned(4, 30, 0.95)]) },
    paper: {
      seconds: 300,
      experiments: full(
        PUBLISHED.map(([degrees, r2, mcc, without, oracle]) => ({
          ...turned(10, degrees, 0.95),
          published: { r2, mcc, without, oracle },
        })),
      ),
    },
  },
);
