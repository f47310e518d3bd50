// What the presets of single interventions have in common: the yardsticks, and how they are shown.
import type { Band, FitConfig, Row } from "../../preset.js";

/** Where the device and its simulated sensors come from. */
export const DEVICE =
  "Causal chambers as a real-world physical testbed for AI methodology, https://doi.org/10.1038/s42256-024-00964-x";

/** Seeds that the method was built with. */
export const SEEN = [0, 1];

/** Nobody looked at these before the bands were written down. */
export const FRESH = [8201, 8202, 8203, 8204, 8205];

/** What was chosen before, on which seeds: the tables say so. */
export const CHOSEN =
  "Widths, learning rate, draws and rows per step were chosen on the seeds 0 and 1, where the MCC was seen.";

/** Methods that know nothing of interventions, with the true number of latents. */
export function yardsticks(latentDim: number): Readonly<Record<string, FitConfig>> {
  return { pca: { method: "pca", latentDim }, "fast-ica": { method: "fast-ica", latentDim } };
}

/** What is asked of the method, and the yardsticks beside it. */
export function rowsOf(asked: { readonly mcc?: Band; readonly shd?: Band }): readonly Row[] {
  return [
    { fit: "interventional", measure: "mcc", ...(asked.mcc && { band: asked.mcc }) },
    {
      fit: "interventional",
      measure: "scores:methodGraph.shd",
      title: "SHD of the graph",
      ...(asked.shd && { band: asked.shd }),
    },
    { fit: "pca", measure: "mcc" },
    { fit: "fast-ica", measure: "mcc" },
    { fit: "interventional", measure: "fact:gap", title: "gap, nats per row" },
    { fit: "interventional", measure: "latent-dim" },
    { fit: "interventional", measure: "processor-seconds" },
  ];
}
