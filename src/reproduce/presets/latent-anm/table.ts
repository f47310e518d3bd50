// Simulated worlds whose mechanisms shift: both families, other functions, mixings and graphs, and more inputs than latents.
import type { Experiment, FitConfig, Preset, Row } from "../../preset.js";
import { INSIDE, JUDGED, OUTSIDE, PAPER, type ShiftWorld } from "./worlds.js";

/** One world, how many latents it has, and what is asked of the method there. */
interface Setting {
  readonly name: string;
  readonly world: ShiftWorld;
  readonly seeds: readonly number[];
  /** Least MCC of every seed, and of their mean. */
  readonly each?: number;
  readonly mean?: number;
  /** Least MCC of independent latents (iVAE) in every seed. */
  readonly ivae?: number;
  /** Largest structural Hamming distance of the graph, in every seed. */
  readonly shd?: number;
  /** Least ratio of the MCC to that of iVAE, and of polynomial mechanisms, on the mean: a lead of .05 and .03 over an MCC of .95. */
  readonly overIvae?: number;
  readonly overPolynomial?: number;
}

const SETTINGS: readonly Setting[] = [
  ...[2, 3, 4, 5].map((latents) => ({
    name: `l(u) tanh z, d = ${latents}`,
    world: { ...OUTSIDE, latents },
    seeds: JUDGED,
    each: 0.98,
    ivae: 0.97,
    shd: 1,
  })),
  {
    name: "2 tanh(l(u) z), d = 3",
    world: { ...INSIDE, latents: 3 },
    seeds: JUDGED,
    each: 0.88,
    mean: 0.95,
    overIvae: 1.056,
    overPolynomial: 1.033,
  },
  ...[4, 5].map((latents) => ({
    name: `2 tanh(l(u) z), d = ${latents}`,
    world: { ...INSIDE, latents },
    seeds: JUDGED,
    mean: 0.93,
  })),
  ...(["sin", "quadratic", "mixed"] as const).map((link) => ({
    name: `${link}, d = 3`,
    world: { link, gain: 1.5, latents: 3 },
    seeds: JUDGED,
    mean: 0.93,
  })),
  ...(["coupling", "smooth"] as const).map((mixing) => ({
    name: `2 tanh(l(u) z), d = 3, ${mixing} mixing`,
    world: { ...INSIDE, latents: 3, mixing },
    seeds: JUDGED,
    mean: 0.93,
  })),
  {
    name: "2 tanh(l(u) z), d = 4, random graph",
    world: { ...INSIDE, latents: 4, graph: "random" },
    seeds: JUDGED,
    mean: 0.93,
  },
  {
    name: "2 tanh(l(u) z), d = 3, 20 inputs",
    world: { ...INSIDE, latents: 3, inputs: 20 },
    seeds: JUDGED,
    mean: 0.93,
  },
];

const SMALL: readonly Setting[] = [
  {
    name: "l(u) tanh z, d = 2",
    world: { ...OUTSIDE, latents: 2, environments: 20, pointsPerEnvironment: 200 },
    seeds: [1],
    each: 0.95,
  },
];

function rowsOf({ each, mean, ivae, shd, overIvae, overPolynomial }: Setting): readonly Row[] {
  return [
    { fit: "latent-anm", measure: "mcc", ...(each !== undefined && { band: { atLeast: each } }) },
    ...(mean === undefined
      ? []
      : [{ fit: "latent-anm", measure: "mcc", title: "the same, mean", band: { atLeast: mean, on: "mean" as const } }]),
    {
      fit: "latent-anm",
      measure: "scores:methodGraph.shd",
      title: "SHD of the graph",
      ...(shd !== undefined && { band: { atMost: shd } }),
    },
    { fit: "polynomial", measure: "mcc", title: "MCC, polynomial mechanisms" },
    { fit: "linear", measure: "mcc", title: "MCC, linear mechanisms" },
    {
      fit: "none",
      measure: "mcc",
      title: "MCC, independent latents (iVAE by likelihood)",
      ...(ivae !== undefined && { band: { atLeast: ivae } }),
    },
    ...over("none", overIvae),
    ...over("polynomial", overPolynomial),
    { fit: "fast-ica", measure: "mcc", title: "MCC of FastICA" },
    { fit: "latent-anm", measure: "mcc-linear" },
    { fit: "latent-anm", measure: "mcc-rotation" },
    { fit: "latent-anm", measure: "fit-seconds" },
  ];
}

function over(fit: string, atLeast: number | undefined): readonly Row[] {
  return atLeast === undefined ? [] : [{ fit: "latent-anm", measure: "mcc", over: fit, band: { atLeast, on: "mean" } }];
}

function experiment(setting: Setting, training: { readonly steps?: number }): Experiment {
  const { name, world, seeds } = setting;
  const latentDim = world.latents ?? 5;
  const method = { method: "latent-anm", latentDim, threads: 2, training } as const;
  const fits: Record<string, FitConfig> = {
    "latent-anm": method,
    polynomial: { ...method, mechanisms: "polynomial" },
    linear: { ...method, mechanisms: "linear" },
    none: { ...method, mechanisms: "none" },
    "fast-ica": { method: "fast-ica", latentDim },
  };
  return { name, data: { simulator: "shift-world", ...world }, fits, seeds, rows: rowsOf(setting) };
}

/** `latent-anm/table` */
export const TABLE: Preset = {
  name: "latent-anm/table",
  title: "Do shifts between environments give the causes away, and what do nonlinear mechanisms add?",
  repeats: "Figures 1 and 2, with mechanisms of a named family",
  paper: PAPER,
  scales: {
    tiny: { seconds: 20, experiments: SMALL.map((setting) => experiment(setting, { steps: 900 })) },
    paper: { seconds: 3000, experiments: SETTINGS.map((setting) => experiment(setting, {})) },
  },
};
