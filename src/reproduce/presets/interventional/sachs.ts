// Single cells under nine conditions: drugs whose targets are known, on proteins whose graph the literature tells. Real perturbations,
// which assumptions fit less well than a device: what the method finds, what it says of itself, and its graph beside that of PC.
import type { Experiment, Preset } from "../../preset.js";
import { CELLS } from "../real-data.js";
import { FRESH, yardsticks } from "./beside.js";

/** `interventional/sachs` */
export const SACHS: Preset = {
  name: "interventional/sachs",
  title: "What do single interventions find in cells under nine conditions?",
  repeats: "nothing published: the measurements",
  paper:
    "Causal protein-signaling networks derived from multiparameter single-cell data, https://doi.org/10.1126/science.1105809",
  remark:
    "The truth is the eleven measured proteins and the consensus of 20 edges, which is contested; nobody knows the causes behind them. No " +
    "row has a band: nothing is judged here but shown.",
  scales: {
    tiny: { seconds: 40, experiments: [experiment([0], 500)] },
    paper: { seconds: 150, experiments: [experiment(FRESH, undefined)] },
  },
};

function experiment(seeds: readonly number[], steps: number | undefined): Experiment {
  const shared = { method: "interventional", reference: "cd3_cd28", ...(steps && { steps }) } as const;
  return {
    name: "nine conditions",
    data: CELLS,
    fits: { interventional: shared, ...yardsticks(5) },
    seeds,
    rows: [
      { fit: "interventional", measure: "mcc", title: "MCC of latents with proteins" },
      { fit: "pca", measure: "mcc", title: "MCC of latents with proteins" },
      { fit: "fast-ica", measure: "mcc", title: "MCC of latents with proteins" },
      { fit: "interventional", measure: "latent-dim" },
      { fit: "interventional", measure: "fact:gap", title: "gap, nats per row" },
      { fit: "interventional", measure: "fact:gap-of-chance", title: "gap of chance" },
      { fit: "interventional", measure: "violated:single-changes" },
      { fit: "interventional", measure: "violated:perfect" },
      { fit: "interventional", measure: "violated:further-causes" },
      { fit: "interventional", measure: "violated:reliability" },
      { fit: "interventional", measure: "scores:methodGraph.shd", title: "SHD of the graph" },
      { fit: "interventional", measure: "scores:graph.shd", title: "SHD of PC on the latents" },
      { fit: "interventional", measure: "scores:graph.shdOnTruth", title: "SHD of PC on the proteins" },
      { fit: "interventional", measure: "processor-seconds" },
    ],
  };
}
