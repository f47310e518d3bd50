import type { ErrorRow } from "../generated/types.js";
import type { RunRecord } from "../record.js";
import { finite } from "./format.js";
import type { MethodRuns } from "./studies.js";

/** A number by which runs are compared. */
export interface Measure {
  readonly id: string;
  readonly label: string;
  /** What it is and which direction is better, in one sentence. */
  readonly meaning: string;
  readonly better: "higher" | "lower";
  /** Where its axis begins and ends; null leaves that end to the numbers. */
  readonly domain: readonly [number, number | null];
  /** The run's value; undefined where the run was not measured so, `value` null where the number is not defined. */
  readonly read: (run: RunRecord) => Reading | undefined;
}
export interface Reading {
  readonly value: number | null;
  /** Why the value is null. */
  readonly reason?: string;
}

/** All measures, the most telling first. */
export const MEASURES: readonly Measure[] = [
  {
    id: "mcc",
    label: "MCC",
    meaning: "Mean absolute correlation of each true latent with its match; 1 is perfect.",
    better: "higher",
    domain: [0, 1],
    read: ({ scores }) => scores && reading(scores.mcc.value, scores.mcc.reason),
  },
  {
    id: "mcc-spearman",
    label: "MCC, rank",
    meaning: "The same with rank correlation, which allows any monotone rescaling; 1 is perfect.",
    better: "higher",
    domain: [0, 1],
    read: ({ scores }) => scores && reading(scores.mccSpearman.value, scores.mccSpearman.reason),
  },
  {
    id: "mcc-unrotated",
    label: "MCC, unrotated",
    meaning: "The MCC with the true latents as they were before they were rotated and mixed; 1 is perfect.",
    better: "higher",
    domain: [0, 1],
    read: ({ scores }) => scores?.mccUnrotated && reading(scores.mccUnrotated.value, scores.mccUnrotated.reason),
  },
  {
    id: "mcc-task",
    label: "MCC within tasks",
    meaning: "The MCC of each task with its own matching, averaged over the tasks; 1 is perfect.",
    better: "higher",
    domain: [0, 1],
    read: ({ scores }) => scores?.mccTask && reading(scores.mccTask.value, scores.mccTask.reason),
  },
  {
    id: "mcc-weak",
    label: "Weak MCC",
    meaning:
      "Mean rank correlation after the best linear maps of both sides (CCA); 1 is perfect, and it does not see mixed axes.",
    better: "higher",
    domain: [0, 1],
    read: ({ scores }) => scores?.mccWeak && reading(scores.mccWeak.value, scores.mccWeak.reason),
  },
  {
    id: "r2",
    label: "R\u00b2",
    meaning: "Share of the true latents that is linear in the estimate; 1 is perfect, and it does not see mixed axes.",
    better: "higher",
    domain: [0, 1],
    read: ({ scores }) => scores && reading(scores.r2.value, scores.r2.reason),
  },
  {
    id: "kernel-r2",
    label: "Kernel R\u00b2",
    meaning:
      "Share of the true latents that kernel ridge regression on the estimate explains, on the rows that it was fitted to; 1 is perfect.",
    better: "higher",
    domain: [0, 1],
    read: ({ scores }) => scores?.kernelR2 && reading(scores.kernelR2.value, scores.kernelR2.reason),
  },
  {
    id: "kernel-r2-out",
    label: "Kernel R\u00b2, out of sample",
    meaning: "The same on rows that it was not fitted to; 1 is perfect.",
    better: "higher",
    domain: [0, 1],
    read: ({ scores }) => scores?.kernelR2 && reading(scores.kernelR2.outOfSample, scores.kernelR2.reason),
  },
  {
    id: "error",
    label: "Relative error",
    meaning:
      "Squared error of the predicted target over that of the mean predictor; 0 is perfect, 1 is no better than the mean.",
    better: "lower",
    domain: [0, null],
    read: (run) => {
      const row = overallError(run);
      return row && relativeError(row);
    },
  },
  {
    id: "f1",
    label: "Changes found, F1",
    meaning: "Balance of missed and false changes on the edges of the tree; 1 is perfect.",
    better: "higher",
    domain: [0, 1],
    read: ({ scores }) => scores?.changes && reading(scores.changes.f1, scores.changes.reason),
  },
  {
    id: "causes",
    label: "Causes found, exact sets",
    meaning: "Share of the tasks whose set of causes is exactly right; 1 is perfect.",
    better: "higher",
    domain: [0, 1],
    read: ({ scores }) => scores?.indicators && reading(scores.indicators.exact, scores.indicators.reason),
  },
  {
    id: "silence",
    label: "Silence found, F1",
    meaning: "Balance of missed and false calls of a latent as switched off in a row; 1 is perfect.",
    better: "higher",
    domain: [0, 1],
    read: ({ scores }) => scores?.silence && reading(scores.silence.f1, scores.silence.reason),
  },
  {
    id: "blocks",
    label: "R\u00b2 by block",
    meaning:
      "Share of the true latents of each block that is linear in the latents of that block; 1 is perfect, and it does not see axes mixed within one.",
    better: "higher",
    domain: [0, 1],
    read: ({ scores }) => scores?.blocks && reading(scores.blocks.value, scores.blocks.reason),
  },
  {
    id: "calibration",
    label: "Calibration error",
    meaning:
      "How far the probabilities that the method gives are from how often they come true, the worst kind of them; 0 is perfect.",
    better: "lower",
    domain: [0, 1],
    read: ({ scores }) => scores?.calibration && reading(scores.calibration.value, scores.calibration.reason),
  },
  {
    id: "method-graph",
    label: "Graph, SHD",
    meaning: "Edges in which the graph that the method found differs from the true one; 0 is perfect.",
    better: "lower",
    domain: [0, null],
    read: ({ scores }) => scores?.methodGraph && reading(scores.methodGraph.shd, scores.methodGraph.reason),
  },
  {
    id: "method-graph-between",
    label: "Graph between modalities, SHD",
    meaning:
      "Edges between latents of different modalities in which the graph that the method found differs from the true one; 0 is perfect.",
    better: "lower",
    domain: [0, null],
    read: ({ scores }) => {
      const between = scores?.methodGraph?.betweenModalities;
      return between && reading(between.shd, undefined);
    },
  },
  {
    id: "ate",
    label: "Effect error",
    meaning: "Mean squared error of the effects of the latents on the target; 0 is perfect.",
    better: "lower",
    domain: [0, null],
    read: ({ scores }) => scores?.ate && reading(scores.ate.value, scores.ate.reason),
  },
];

function reading(value: number | null, reason: string | undefined): Reading {
  return reason === undefined ? { value: finite(value) } : { value: finite(value), reason };
}

/** The error over all environments on the rows furthest from training: test, else validation. Never the training rows. */
export function overallError(run: RunRecord): ErrorRow | undefined {
  const overall = run.summary.errors.filter((row) => row.environment === undefined);
  return overall.find((row) => row.split === "test") ?? overall.find((row) => row.split === "validation");
}

/** The errors per environment on the same rows as `overallError`. */
export function environmentErrors(run: RunRecord): ErrorRow[] {
  const named = run.summary.errors.filter((row) => row.environment !== undefined);
  const split = named.some((row) => row.split === "test") ? "test" : "validation";
  return named.filter((row) => row.split === split);
}

/** Error as a share of the mean predictor's. */
export function relativeError({ mse, meanMse }: ErrorRow): Reading {
  if (finite(mse) === null || finite(meanMse) === null)
    return { value: null, reason: "the error is not a finite number" };
  if (meanMse <= 0) return { value: null, reason: "the target does not vary" };
  return { value: mse / meanMse };
}

/** What several runs say together. */
export interface Spread {
  readonly values: readonly { readonly seed: number; readonly value: number }[];
  readonly mean: number | null;
  /** Sample standard deviation (n - 1); null for fewer than two runs. */
  readonly sd: number | null;
  /** Reasons of the runs whose value is not defined; they are not part of the mean. */
  readonly reasons: readonly string[];
}

/** A measure over the runs of a method; undefined where none of them was measured so. */
export function spread(measure: Measure, runs: readonly RunRecord[]): Spread | undefined {
  const readings = runs.flatMap((run) => {
    const found = measure.read(run);
    return found === undefined ? [] : [{ seed: run.manifest.seed, ...found }];
  });
  if (readings.length === 0) return undefined;
  const values = readings.flatMap(({ seed, value }) => (value === null ? [] : [{ seed, value }]));
  const reasons = readings.flatMap(({ value, reason }) => (value === null ? [reason ?? "no reason was recorded"] : []));
  return { values, ...moments(values.map(({ value }) => value)), reasons: [...new Set(reasons)] };
}

/** Mean and sample standard deviation. */
export function moments(values: readonly number[]): { mean: number | null; sd: number | null } {
  if (values.length === 0) return { mean: null, sd: null };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return { mean, sd: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (values.length - 1)) };
}

/** The measures that at least one run of these methods has. */
export function measured(methods: readonly MethodRuns[]): Measure[] {
  return MEASURES.filter((measure) => methods.some(({ runs }) => spread(measure, runs) !== undefined));
}
