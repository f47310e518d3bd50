// Colors of three objects in pictures, each the cause of the next: found from pixels alone.
import type { Band, Experiment, FitConfig, Preset, Row } from "../../preset.js";
import { PAPER } from "./worlds.js";

/** Nobody looked at these before the band was written down. */
const FRESH = [9811, 9812, 9813];
const OBJECTS = ["diamond", "triangle", "square"];
/** Units of the dense layers behind the convolutions (Tables 1 and 2). */
const HIDDEN: [number, number] = [30, 30];

interface Size {
  readonly seeds: readonly number[];
  readonly size: number;
  readonly environments: number;
  readonly pointsPerEnvironment: number;
  /** Steps through convolutions, and of the flow. */
  readonly steps: number;
  readonly flow?: number;
  readonly each: number;
}

function rowsOf(fit: string, each: number | undefined): readonly Row[] {
  const band = each === undefined ? {} : { band: { atLeast: each } satisfies Band };
  return OBJECTS.map((object, i) => ({
    fit,
    measure: `scores:mcc.perLatent.${i}`,
    title: `correlation, color of the ${object}`,
    ...band,
  }));
}

function experiment({ seeds, size, environments, pointsPerEnvironment, steps, flow, each }: Size): Experiment {
  const convolutions = { steps, batchSize: 32, learningRate: 2e-3, decoderVariance: 0.01 };
  const baseline = { latentDim: OBJECTS.length, hidden: HIDDEN, ...convolutions, threads: 2 };
  const fits: Record<string, FitConfig> = {
    "latent-anm": {
      method: "latent-anm",
      latentDim: OBJECTS.length,
      threads: 2,
      autoencoder: convolutions,
      ...(flow !== undefined && { training: { steps: flow } }),
    },
    ivae: { method: "ivae", ...baseline },
    vae: { method: "vae", ...baseline },
    "beta-vae": { method: "vae", beta: 4, ...baseline },
  };
  return {
    name: `${size} x ${size} pixels`,
    data: { simulator: "chemistry-world", size, environments, pointsPerEnvironment },
    fits,
    seeds,
    rows: [
      ...rowsOf("latent-anm", each),
      { fit: "latent-anm", measure: "scores:methodGraph.shd", title: "SHD of the graph" },
      { fit: "latent-anm", measure: "mcc" },
      { fit: "ivae", measure: "mcc", title: "MCC of iVAE" },
      { fit: "vae", measure: "mcc", title: "MCC of the VAE" },
      { fit: "beta-vae", measure: "mcc", title: "MCC of the beta-VAE, beta 4" },
      { fit: "latent-anm", measure: "mcc-linear" },
      { fit: "latent-anm", measure: "fit-seconds" },
    ],
  };
}

/** `latent-anm/chemistry` */
export const CHEMISTRY: Preset = {
  name: "latent-anm/chemistry",
  title: "Are the colors of objects that cause each other found in pictures?",
  repeats: "Figure 4, with mechanisms and colors of our own",
  paper: PAPER,
  remark:
    "All methods see as many pictures, in as many steps through convolutions of the same sizes. The autoencoder and its steps were tuned on seed 1.",
  scales: {
    tiny: {
      seconds: 30,
      experiments: [
        experiment({
          seeds: [1],
          size: 16,
          environments: 20,
          pointsPerEnvironment: 100,
          steps: 600,
          flow: 900,
          each: 0.8,
        }),
      ],
    },
    paper: {
      seconds: 9000,
      // The paper's size, and small pictures of the same world.
      experiments: [
        { size: 64, steps: 2000 },
        { size: 16, steps: 1500 },
      ].map(({ size, steps }) =>
        experiment({ seeds: FRESH, size, environments: 50, pointsPerEnvironment: 200, steps, each: 0.95 }),
      ),
    },
  },
};
