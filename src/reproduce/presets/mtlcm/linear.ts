// Latents behind a linear map: the method, the published procedure, baselines with linear decoders.
import type { EarlierBand, Experiment, FitConfig, Preset, Row, World } from "../../preset.js";
import { FIVE, othersRows, othersWith, PAPER, withoutPublished } from "./beside.js";

/** Every row shapes the linear model, as in the paper: there is no network that could learn rows by heart. */
const ALL_ROWS = { train: 1, validation: 0, test: 0 };
const BY_RANK = { measure: "scores:mccTaskSpearman.value", title: "MCC within tasks (Spearman)" };

/** What a scale fixes. */
interface Size {
  readonly world: Extract<World, { simulator: "task-world" }>;
  readonly latents: readonly number[];
  readonly causes: readonly number[];
  readonly seeds: readonly number[];
  /** Number of latents at which the published procedure and the baselines run beside the method. */
  readonly beside: number;
  readonly epochs: number;
  /** Steps of the baselines; their default where absent. */
  readonly steps?: number;
  /** The least mean MCC within tasks. */
  readonly withinTasks: number;
  /** The bands before these, of an experiment by its name. */
  readonly before?: (name: string) => { readonly withinTasks: EarlierBand; readonly overall: EarlierBand };
}

/** The first table lay outside its bands in these rows: `git show d7d88e5:benchmark/results/reproduced/mtlcm-linear.md`. */
const MISSED_WITHIN_TASKS = [
  "D = 3, k = 2",
  "D = 10, k = 2",
  "D = 10, k = 4",
  "D = 20, k = 2",
  "D = 20, k = 4",
  "D = 100, k = 2",
];
const MISSED_OVERALL = [...MISSED_WITHIN_TASKS, "D = 100, k = 4"];

/** The bands of the first table, each on every seed. */
function firstBands(name: string): ReturnType<NonNullable<Size["before"]>> {
  const earlier = (atLeast: number, missed: readonly string[]): EarlierBand => ({
    band: { atLeast },
    verdict: missed.includes(name) ? "outside" : "in band",
    date: "2026-11-22",
    reason:
      "One random map in five or so is nearly singular, and there the best linear map falls short as well: at D = 10 it has .989 on average. " +
      "The new bands were judged on the same seeds, with a method that estimates the noise of the inputs.",
  });
  return {
    withinTasks: earlier(0.99, MISSED_WITHIN_TASKS),
    overall: earlier(name.startsWith("D = 50,") ? 0.97 : 0.99, MISSED_OVERALL),
  };
}

const FULL: Size = {
  world: { simulator: "task-world" },
  latents: [3, 5, 10, 20, 50, 100],
  causes: [2, 4],
  seeds: FIVE,
  beside: 10,
  epochs: 1000,
  withinTasks: 0.98,
  before: firstBands,
};

const SMALL: Size = {
  world: { simulator: "task-world", tasks: 60, pointsPerTask: 60 },
  latents: [3, 5],
  causes: [2],
  seeds: [1, 2],
  beside: 3,
  epochs: 30,
  steps: 200,
  withinTasks: 0.97,
};

/** `mtlcm/linear` */
export const LINEAR: Preset = {
  name: "mtlcm/linear",
  title: "Are latents behind a linear map recovered, however many there are?",
  repeats: "Figures 2 and 5",
  paper: PAPER,
  scales: {
    tiny: { seconds: 10, experiments: experiments(SMALL).map(withoutPublished) },
    paper: { seconds: 1800, experiments: experiments(FULL) },
  },
};

function experiments(size: Size): readonly Experiment[] {
  const { world, latents, causes, beside } = size;
  const fewest = Math.min(...causes);
  const grid = latents.flatMap((d) => causes.filter((k) => k < d).map((k) => [d, k] as const));
  return [
    ...grid.map(([d, k]) => experimentOf(`D = ${d}, k = ${k}`, { ...world, latents: d, causes: k }, size)),
    ...(["identity", "orthogonal"] as const).map((mixing) =>
      experimentOf(
        `D = ${beside}, k = ${fewest}, ${mixing} map`,
        { ...world, latents: beside, causes: fewest, mixing },
        size,
      ),
    ),
    compared(size, fewest),
  ];
}

function experimentOf(name: string, data: Size["world"] & { readonly latents: number }, size: Size): Experiment {
  return { name, data, fits: { mtlcm: fitOf(data.latents) }, seeds: size.seeds, rows: rowsOf(size, name) };
}

function fitOf(latentDim: number) {
  return { method: "mtlcm", representation: "inputs", latentDim, split: ALL_ROWS } as const satisfies FitConfig;
}

/**
 * One random map in five or so is nearly singular: noise hides part of its latents from every map. What is asked is what the best
 * linear map reaches; a prototype that took inputs as exact fell to .92 of that.
 */
function rowsOf({ withinTasks, before }: Size, name: string): readonly Row[] {
  const fit = "mtlcm";
  const earlier = before?.(name);
  const ofCeiling = { fit, measure: "mcc", overMeasure: "mcc-linear" } as const;
  return [
    {
      fit,
      ...BY_RANK,
      published: { note: "recovers" },
      band: { atLeast: withinTasks, on: "mean" },
      ...(earlier && { before: earlier.withinTasks }),
    },
    { fit, measure: "mcc", published: { note: "recovers" }, ...(earlier && { before: earlier.overall }) },
    { fit, measure: "mcc-linear" },
    { ...ofCeiling, band: { atLeast: 0.995, on: "mean" } },
    { ...ofCeiling, title: "the same, each seed", band: { atLeast: 0.98 } },
    { fit, measure: "scores:indicators.accuracy", title: "causal indicators that are right" },
    { fit, measure: "scores:indicators.exact", title: "tasks with all indicators right", published: { mean: 1 } },
    { fit, measure: "fit-seconds" },
  ];
}

function compared({ world, seeds, beside, epochs, steps }: Size, causes: number): Experiment {
  const published = "published procedure";
  return {
    name: `D = ${beside}, k = ${causes}, others`,
    data: { ...world, latents: beside, causes },
    fits: {
      mtlcm: fitOf(beside),
      [published]: { ...fitOf(beside), algorithm: "paper", published: { epochs } },
      ...othersWith(beside, { decoder: "linear", ...(steps !== undefined && { steps }) }, undefined),
    },
    seeds,
    rows: [
      { fit: published, ...BY_RANK, published: { note: "recovers" } },
      { fit: published, measure: "mcc" },
      { fit: published, measure: "fit-seconds" },
      { fit: published, measure: "fit-seconds", over: "mtlcm" },
      ...othersRows([BY_RANK, { measure: "mcc" }], { note: "underperform" }),
    ],
  };
}
