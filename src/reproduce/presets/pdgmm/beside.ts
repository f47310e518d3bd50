// What the presets of pdGMM have in common: the paper, its world, what is fitted beside the method, and the rows.
import type { Band, Experiment, FitConfig, Preset, Published, Row, World } from "../../preset.js";

const PAPER =
  "Identifiability of potentially degenerate Gaussian mixture models with piecewise affine mixing, https://arxiv.org/abs/2604.13218";

/** Nobody looked at these before the bands and the rules were fixed. */
const FRESH = [8701, 8702, 8703, 8704, 8705];

const REMARK = "The same bands were first judged on the seeds 7001 to 7005, on some of which rules had been made.";

/** What is fitted to the data, and shown. */
type Size = "tiny" | "paper";

/** The paper's world, and what a setting changes of it. */
export type SilentWorld = Omit<Extract<World, { simulator: "silent-world" }>, "simulator">;

/** What the paper reports of a setting, each with the standard deviation over five seeds. */
export interface PublishedRow {
  /** R2 of the published first stage. */
  readonly r2?: readonly [mean: number, sd: number];
  readonly mcc?: readonly [mean: number, sd: number];
  readonly vade?: readonly [mean: number, sd: number];
  /** Without the sparsity constraint. */
  readonly without?: readonly [mean: number, sd: number];
  /** With the masks told. */
  readonly oracle?: readonly [mean: number, sd: number];
}

/** Least mean over the seeds, and least of any seed. */
export interface Bounds {
  readonly mean: number;
  readonly each: number;
}

/** One setting: a world, what was published of it, and what is asked of the method. */
export interface Setting {
  readonly name: string;
  readonly world: SilentWorld;
  /** Number of latents that are looked for. Default: as many as there are. */
  readonly latentDim?: number;
  readonly published?: PublishedRow;
  readonly bounds?: Bounds;
  /** What is asked in place of the MCC: that with the latents before a rotation. */
  readonly asked?: "mcc" | "mcc-unrotated";
  /** Least ratio of R2 to that of the inputs themselves. */
  readonly overInputs?: number;
  /** Whether the baseline is fitted too, which takes as long as all else together. */
  readonly vade?: true;
}

/** A preset from its settings at both scales; seconds are rough, on two idle cores. */
export function presetOf(
  name: string,
  title: string,
  repeats: string,
  studies: Readonly<Record<Size, { readonly seconds: number; readonly experiments: readonly Experiment[] }>>,
): Preset {
  return { name: `pdgmm/${name}`, title, repeats, paper: PAPER, remark: REMARK, scales: studies };
}

/** The settings of the published grid. */
export function full(settings: readonly Setting[], rows = rowsOf): readonly Experiment[] {
  return settings.map((setting) => experiment(setting, FRESH, { rows: 60_000 }, rows));
}

/** The same in small worlds, of which nothing was published. */
export function small(settings: readonly Setting[], rows = rowsOf): readonly Experiment[] {
  const world = { rows: 6000, layers: 3 };
  return settings.map(({ published: _, ...setting }) => experiment(setting, [1, 2], world, rows, { steps: 80 }));
}

const SPLIT = { train: 0.8, validation: 0.1, test: 0.1 };

function experiment(
  setting: Setting,
  seeds: readonly number[],
  base: SilentWorld,
  rows: (setting: Setting) => readonly Row[],
  flow: { readonly steps?: number } = {},
): Experiment {
  const { name, world } = setting;
  const latents = setting.latentDim ?? world.latents ?? 10;
  const shared = { latentDim: latents, split: SPLIT } as const;
  const method = { method: "pdgmm", ...shared, flow } as const;
  const fits: Record<string, FitConfig> = {
    pdgmm: method,
    "planes only": { ...method, flow: { use: "never" } },
    "no sparsity": { ...method, sparsity: "none" },
    "told the masks": { ...method, oracle: ["silent"] },
    inputs: { method: "pca", ...shared },
    "fast-ica": { method: "fast-ica", ...shared },
    vade: { method: "vade", ...shared },
  };
  const asked = rows(setting);
  const used = new Set(asked.flatMap(({ fit, over }) => [fit, ...(over === undefined ? [] : [over])]));
  return {
    name,
    data: { simulator: "silent-world", ...base, ...world },
    fits: Object.fromEntries(Object.entries(fits).filter(([fit]) => used.has(fit))),
    seeds,
    rows: asked,
  };
}

/** MCC against the published one, with everything that it has to be seen beside. */
export function rowsOf({
  published = {},
  bounds,
  asked = "mcc",
  overInputs,
  latentDim,
  vade,
}: Setting): readonly Row[] {
  const main: readonly Row[] = [
    {
      fit: "pdgmm",
      measure: asked,
      ...(asked === "mcc" && told(published.mcc)),
      ...(bounds && { band: { atLeast: bounds.mean, on: "mean" } satisfies Band }),
    },
    ...(bounds ? [{ fit: "pdgmm", measure: asked, title: "the same, each seed", band: { atLeast: bounds.each } }] : []),
    ...(asked === "mcc" ? [] : [{ fit: "pdgmm", measure: "mcc", ...told(published.mcc) }]),
  ];
  return [
    ...main,
    { fit: "planes only", measure: asked },
    { fit: "inputs", measure: "mcc-linear", title: "MCC of the best affine map of the inputs" },
    { fit: "inputs", measure: "mcc-rotation", title: "MCC of random rotations of the truth" },
    { fit: "pdgmm", measure: "r2", ...told(published.r2) },
    { fit: "inputs", measure: "r2", title: "R2 of the inputs themselves" },
    ...(overInputs === undefined
      ? []
      : [{ fit: "pdgmm", measure: "r2", over: "inputs", band: { atLeast: overInputs, on: "mean" } satisfies Band }]),
    { fit: "pdgmm", measure: "silence-f1" },
    // Masks are told of as many latents as there are.
    ...(latentDim === undefined
      ? [{ fit: "told the masks", measure: asked, ...(asked === "mcc" && told(published.oracle)) }]
      : []),
    { fit: "no sparsity", measure: asked, ...(asked === "mcc" && told(published.without)) },
    { fit: "fast-ica", measure: asked },
    ...(vade ? [{ fit: "vade", measure: asked, ...told(published.vade) }] : []),
    { fit: "pdgmm", measure: "processor-seconds" },
  ];
}

/** A published mean with its spread, where there is one. */
export function told(pair: readonly [mean: number, sd: number] | undefined): { readonly published?: Published } {
  return pair === undefined ? {} : { published: { mean: pair[0], sd: pair[1] } };
}

/** A bound as people write it. */
export function rounded(bound: number): number {
  return Number(bound.toFixed(2));
}
