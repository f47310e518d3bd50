// Real data: signals of brains behind a random map, a device whose causes are known, and proteins that are measured themselves.
import type { Experiment, FitConfig, Preset, Row } from "../../preset.js";
import { CELLS, LIGHT_TUNNEL, OF_ACTUATORS } from "../real-data.js";
import { PAPER } from "./worlds.js";

/** Nobody looked at fits of these before the bands were written down; the methods were tried with seed 0. */
const FRESH = [9801, 9802, 9803, 9804, 9805];
const SEEN = [0];

interface Training {
  readonly steps?: number;
}

/** The method and the baselines of the paper, with the same steps. */
function family(latentDim: number, training: Training): Readonly<Record<string, FitConfig>> {
  const method = { method: "latent-anm", latentDim, threads: 2, training } as const;
  return {
    "latent-anm": method,
    polynomial: { ...method, mechanisms: "polynomial" },
    linear: { ...method, mechanisms: "linear" },
    none: { ...method, mechanisms: "none" },
    "fast-ica": { method: "fast-ica", latentDim },
    pca: { method: "pca", latentDim },
  };
}

const TITLES: Readonly<Record<string, string>> = {
  "latent-anm": "MCC",
  polynomial: "MCC, polynomial mechanisms",
  linear: "MCC, linear mechanisms",
  none: "MCC, independent latents (iVAE by likelihood)",
  "fast-ica": "MCC of FastICA",
  pca: "MCC of PCA",
};

/** The same number of every fit, beside each other. */
function beside(measure: string, of: string, band?: Row["band"]): readonly Row[] {
  return Object.entries(TITLES).map(([fit, title]) => ({
    fit,
    measure,
    title: `${title}${of}`,
    ...(fit === "latent-anm" && band && { band }),
  }));
}

function hippocampus(seeds: readonly number[], training: Training, atLeast?: number): Experiment {
  return {
    name: "48 recordings",
    data: {
      given:
        "the folder of functional data of MTLnet (https://github.com/shahpreya/MTLnet): S1_res_tcourse_L.txt and so on",
      prepare: { dataset: "hippocampus" },
    },
    fits: family(6, training),
    seeds,
    rows: [
      ...beside("mcc", "", atLeast === undefined ? undefined : { atLeast, on: "mean" }),
      { fit: "latent-anm", measure: "mcc-linear" },
      { fit: "latent-anm", measure: "mcc-rotation" },
      { fit: "latent-anm", measure: "fit-seconds" },
    ],
  };
}

/** `latent-anm/hippocampus` */
export const HIPPOCAMPUS: Preset = {
  name: "latent-anm/hippocampus",
  title: "Are the signals of six regions of the brain found behind a random nonlinear map?",
  repeats: "Figure 7 (published MPC of the MLP model: .981), with other subjects than the paper's",
  paper: PAPER,
  remark:
    "The paper has 84 days of one subject, as environments; here are 24 subjects with two hemispheres each. The map is one, that of " +
    "`mixingSeed` 0; seeds differ in the split and the fit.",
  scales: {
    tiny: { seconds: 20, experiments: [hippocampus(SEEN, { steps: 300 })] },
    paper: { seconds: 900, experiments: [hippocampus(FRESH, {}, 0.98)] },
  },
};

function tunnel(seeds: readonly number[], training: Training): Experiment {
  return {
    name: "21 environments",
    data: LIGHT_TUNNEL,
    fits: family(5, training),
    seeds,
    within: OF_ACTUATORS,
    rows: [
      ...beside("within:six.mcc.value", ", six environments"),
      ...beside("within:reference.mcc.value", ", rows of the reference"),
      { fit: "latent-anm", measure: "violated:shifts" },
      { fit: "latent-anm", measure: "violated:axes" },
      { fit: "latent-anm", measure: "fact:explained-variance", title: "variance of the inputs that is unmixed" },
      { fit: "latent-anm", measure: "fit-seconds" },
    ],
  };
}

/** `latent-anm/tunnel` */
export const TUNNEL: Preset = {
  name: "latent-anm/tunnel",
  title: "What do shifts alone find in a real optical device?",
  repeats: "nothing published: the real measurements, all 21 environments",
  paper: PAPER,
  remark:
    "The actuators are set independently of each other, so that there are no mechanisms to shift, and most environments change no " +
    "actuator: the method is out of its assumptions here. No row has a band. `interventional/tunnel` is the method for these data.",
  scales: {
    tiny: { seconds: 20, experiments: [tunnel(SEEN, { steps: 300 })] },
    paper: { seconds: 900, experiments: [tunnel(FRESH, {})] },
  },
};

function sachs(seeds: readonly number[], training: Training): Experiment {
  const method = { method: "latent-anm", representation: "inputs", threads: 2, training } as const;
  const rows = (fit: string, title: string): readonly Row[] => [
    { fit, measure: "scores:methodGraph.shd", title: `SHD, ${title}` },
    { fit, measure: "fact:edges", title: `edges, ${title}` },
  ];
  return {
    name: "nine conditions",
    data: CELLS,
    fits: { "latent-anm": method, linear: { ...method, mechanisms: "linear" } },
    seeds,
    rows: [
      ...rows("latent-anm", "MLP mechanisms"),
      ...rows("linear", "linear mechanisms"),
      { fit: "latent-anm", measure: "scores:graph.shdOnTruth", title: "SHD of PC on the proteins" },
      { fit: "latent-anm", measure: "violated:order" },
      { fit: "latent-anm", measure: "fit-seconds" },
    ],
  };
}

/** `latent-anm/sachs` */
export const SACHS: Preset = {
  name: "latent-anm/sachs",
  title: "Which graph do shifts between conditions give for measured proteins?",
  repeats: "nothing published: the measurements, nothing is unmixed",
  paper: PAPER,
  remark:
    "The truth is the consensus of 20 edges, which is contested, has no cycles and no hidden causes. A graph without edges has an SHD of " +
    "20. No row has a band: nothing is judged here but shown.",
  scales: {
    tiny: { seconds: 20, experiments: [sachs(SEEN, { steps: 100 })] },
    paper: { seconds: 200, experiments: [sachs(FRESH, {})] },
  },
};
