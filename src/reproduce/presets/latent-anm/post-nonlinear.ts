// Latents that a monotone function distorts after their noise: found up to that function.
import type { Experiment, Preset } from "../../preset.js";
import { JUDGED, OUTSIDE, PAPER, type ShiftWorld, SMALL } from "./worlds.js";

function experiment(
  distortion: "asinh" | "cubic",
  size: ShiftWorld,
  seeds: readonly number[],
  training: { readonly steps?: number },
  least: number,
): Experiment {
  return {
    name: distortion,
    data: { simulator: "shift-world", ...OUTSIDE, latents: 3, distortion, ...size },
    fits: {
      "latent-anm": { method: "latent-anm", latentDim: 3, threads: 2, training },
      none: { method: "latent-anm", latentDim: 3, threads: 2, training, mechanisms: "none" },
      "fast-ica": { method: "fast-ica", latentDim: 3 },
    },
    seeds,
    rows: [
      // Ranks do not see the distortion. Nothing was published: the band is ours.
      { fit: "latent-anm", measure: "mcc-spearman", band: { atLeast: least } },
      { fit: "latent-anm", measure: "mcc" },
      { fit: "none", measure: "mcc-spearman", title: "MCC (Spearman), independent latents" },
      { fit: "fast-ica", measure: "mcc-spearman", title: "MCC (Spearman) of FastICA" },
      { fit: "latent-anm", measure: "scores:methodGraph.shd", title: "SHD of the graph" },
      { fit: "latent-anm", measure: "fit-seconds" },
    ],
  };
}

/** `latent-anm/post-nonlinear` */
export const POST_NONLINEAR: Preset = {
  name: "latent-anm/post-nonlinear",
  title: "Are latents found that a monotone function distorts?",
  repeats: "the corollary on post-nonlinear models; no figure of the paper",
  paper: PAPER,
  scales: {
    tiny: { seconds: 15, experiments: [experiment("asinh", SMALL, [1], { steps: 900 }, 0.8)] },
    paper: {
      seconds: 200,
      experiments: (["asinh", "cubic"] as const).map((distortion) => experiment(distortion, {}, JUDGED, {}, 0.95)),
    },
  },
};
