// What rows of a table can ask of a trial, by name. A measure without a value here is one that the trial does not have.
import { CALIBRATION_KINDS, type CalibrationKind, LOST, pooledCurve, type ReliabilityCurve } from "../calibration.js";
import type { ErrorRow, Scores, Status } from "../generated/types.js";
import { leftOutOf } from "../graph-text.js";
import type { FinishedTrial } from "./kept.js";

/** A number of one trial. */
export interface TrialMeasure {
  /** Heading of its rows; the argument stands after it. */
  readonly title: string;
  /** Whether its name takes an argument, as in `scores:changes.precision`. */
  readonly argument?: "required";
  /** Nothing where the trial has no such number or it is not defined. */
  readonly read: (trial: FinishedTrial, argument: string) => number | null | undefined;
}

/** A number of two trials that differ in their seed only: of the latents of one scored against those of the other. */
export interface PairMeasure {
  readonly title: string;
  readonly ofPair: (scores: Scores) => number | null;
}

/** A number of all seeds together, where a single one has too few entries to say anything. */
export interface PooledMeasure {
  readonly title: string;
  readonly argument: "required";
  /** The arguments that it takes. */
  readonly arguments: readonly string[];
  /** The number, or in words why there is none. */
  readonly ofAll: (trials: readonly FinishedTrial[], argument: string) => number | string | undefined;
  /** The curve that the number sums up. */
  readonly curve?: (trials: readonly FinishedTrial[], argument: string) => ReliabilityCurve | undefined;
}

/** Anything a row can ask for. */
export type Measure = TrialMeasure | PairMeasure | PooledMeasure;

/** Correlation from which a latent counts as found. */
const FOUND = 0.97;

/** What a method can name a latent as. */
const NAMED: ReadonlyMap<string, Status> = new Map<string, Status>([
  ["identified", "ok"],
  ["not-identified", "violated"],
]);

/** All measures by name. */
export const MEASURES: Readonly<Record<string, Measure>> = {
  mcc: { title: "MCC", read: ({ scores }) => scores?.mcc.value },
  "mcc-unrotated": { title: "MCC, latents before their rotation", read: ({ scores }) => scores?.mccUnrotated?.value },
  "mcc-spearman": { title: "MCC (Spearman)", read: ({ scores }) => scores?.mccSpearman.value },
  "mcc-weak": { title: "weak MCC", read: ({ scores }) => scores?.mccWeak.value },
  "mcc-before": { title: "MCC before the closed-form stage", read: ({ before }) => before?.mcc.value },
  "mcc-linear": { title: "MCC of the best linear map", read: ({ scores }) => scores?.mcc.nulls.linear?.mean },
  "mcc-rotation": { title: "MCC of random rotations", read: ({ scores }) => scores?.mcc.nulls.rotation?.mean },
  "mcc-ceiling": { title: "MCC of E[z|x], the ceiling", read: ({ scores }) => scores?.oracle?.value },
  r2: { title: "R2", read: ({ scores }) => scores?.r2.value },
  "support-f1": { title: "F1 of the changes", read: ({ scores }) => scores?.changes?.f1 },
  "silence-f1": { title: "F1 of the silent entries", read: ({ scores }) => scores?.silence?.f1 },
  ate: { title: "error of the effects", read: ({ scores }) => scores?.ate?.value },
  "test-mse": { title: "MSE on test rows", read: ({ summary }) => testErrors(summary.errors)[0]?.mse },
  "holdout-mse": {
    title: "MSE in environments held out",
    read: ({ summary, config }) => mean(holdout(config).map((name) => testErrors(summary.errors, name)[0]?.mse)),
  },
  "latent-dim": { title: "latentDim", read: ({ summary }) => summary.latents.names.length },
  "error-one-below": {
    title: "validation error with one latent too few, relative",
    read: (trial) => elbow(trial, (truth) => truth - 1),
  },
  "error-at-most": {
    title: "validation error with the most latents tried, relative",
    read: (trial) => elbow(trial, (_, tried) => Math.max(...tried)),
  },
  seconds: { title: "seconds, data and fit", read: ({ seconds }) => seconds.data + seconds.fit },
  "fit-seconds": { title: "seconds of the fit", read: ({ seconds }) => seconds.fit },
  "processor-seconds": { title: "processor seconds of the fit", read: ({ seconds }) => seconds.processor },
  steps: { title: "steps", read: ({ outcome }) => outcome.step },
  violated: {
    title: "assumption called violated:",
    argument: "required",
    read: ({ summary }, id) => {
      const assumption = summary.assumptions.find((one) => one.id === id);
      return assumption && Number(assumption.status === "violated");
    },
  },
  noticed: {
    title: "a check says so, of",
    argument: "required",
    read: ({ summary }, ids) => Number(isCalled(summary, ids)),
  },
  unnoticed: {
    title: `MCC below ${LOST}, and no check says so, of`,
    argument: "required",
    read: ({ summary, scores }, ids) => {
      const mcc = scores?.mcc.value;
      return typeof mcc === "number" ? Number(mcc < LOST && !isCalled(summary, ids)) : undefined;
    },
  },
  fact: {
    title: "",
    argument: "required",
    read: ({ summary }, id) => summary.facts.find((fact) => fact.id === id)?.value,
  },
  "left-out": {
    title: "left out of the graph, and named as undecided: the link between true latents",
    argument: "required",
    read: ({ summary, scores }, link) => {
      const [from, to] = link.split(">").map((number) => scores?.mcc.matching[Number(number) - 1]);
      if (summary.graph === undefined || typeof from !== "number" || typeof to !== "number") return undefined;
      return Number(leftOutOf(summary.graph).some((edge) => edge.from === from && edge.to === to));
    },
  },
  "not-identified": {
    title: "named as not identified: true latent",
    argument: "required",
    read: ({ summary, scores }, which) => {
      const matched = scores?.mcc.matching[Number(which) - 1];
      const latent = typeof matched === "number" ? scores?.latents[matched] : undefined;
      return latent === undefined ? undefined : Number(notIdentified(summary).has(latent));
    },
  },
  "false-alarms": {
    title: "share of the latents found that are named as not identified",
    read: ({ summary, scores }) => {
      const named = notIdentified(summary);
      const found = (scores?.mcc.matching ?? [])
        .filter((_, i) => (scores?.mcc.perLatent[i] ?? 0) >= FOUND)
        .map((match) => Number(typeof match === "number" && named.has(scores?.latents[match] ?? "")));
      return found.length === 0 ? undefined : mean(found);
    },
  },
  scores: { title: "", argument: "required", read: ({ scores }, path) => numberAt(scores, path) },
  elsewhere: {
    title: "in the other world:",
    argument: "required",
    read: ({ elsewhere }, path) => numberAt(elsewhere, path),
  },
  within: {
    title: "within",
    argument: "required",
    read: ({ within }, path) => numberAt(within, path),
  },
  known: {
    title: "environment known, within",
    argument: "required",
    read: ({ known }, path) => numberAt(known, path),
  },
  calibration: {
    title: "calibration error over all seeds, of",
    argument: "required",
    arguments: Object.keys(CALIBRATION_KINDS),
    ofAll: (trials, kind) => curveOf(trials, kind)?.error,
    curve: curveOf,
  },
  "calibration-by-chance": {
    title: "what sound probabilities would have, about, of",
    argument: "required",
    arguments: Object.keys(CALIBRATION_KINDS),
    ofAll: (trials, kind) => curveOf(trials, kind)?.byChance,
  },
  "wrong-calls": {
    title: "of the latents that match a true one, the share wrongly named as",
    argument: "required",
    arguments: [...NAMED.keys()],
    ofAll: (trials, named) => wrongCalls(trials, named),
  },
  "found-among": {
    title: `share found, with a correlation of ${LOST} and more, of the latents that are named as`,
    argument: "required",
    arguments: [...NAMED.keys()],
    ofAll: (trials, named) => shareFound(trials, named),
  },
  "named-as": {
    title: "latents that are named as",
    argument: "required",
    arguments: [...NAMED.keys()],
    ofAll: (trials, named) => callsOf(trials, named)?.filter(({ isNamed }) => isNamed).length,
  },
  agreement: { title: "strong MCC between seeds", ofPair: ({ mcc }) => mcc.value },
  "agreement-weak": { title: "weak MCC between seeds", ofPair: ({ mccWeak }) => mccWeak.value },
};

/** The measure that a row names, and its argument; nothing where there is none of that name, or it does not take that argument. */
export function measureOf(name: string): { readonly measure: Measure; readonly argument: string } | undefined {
  const [word = "", argument = ""] = name.split(/:(.*)/s);
  const measure = Object.hasOwn(MEASURES, word) ? MEASURES[word] : undefined;
  if (measure === undefined) return undefined;
  const isTaken =
    "arguments" in measure ? measure.arguments.includes(argument) : "argument" in measure === (argument !== "");
  return isTaken ? { measure, argument } : undefined;
}

/** The heading of a measure's rows. */
export function titleOf(name: string): string {
  const found = measureOf(name);
  return found === undefined ? name : `${found.measure.title} ${found.argument}`.trim();
}

/** The reliability curves of all trials as one; nothing where a trial has none of that kind. */
function curveOf(trials: readonly FinishedTrial[], kind: string): ReliabilityCurve | undefined {
  const curves = trials.map(({ scores }) => scores?.calibration?.[kind as CalibrationKind]?.bins);
  return curves.every((bins) => bins !== undefined) ? pooledCurve(curves) : undefined;
}

/** Whether an assumption of these, parted by commas, is called violated. */
function isCalled({ assumptions }: FinishedTrial["summary"], ids: string): boolean {
  const asked = ids.split(",");
  return assumptions.some(({ id, status }) => asked.includes(id) && status === "violated");
}

function notIdentified({ identification = [] }: FinishedTrial["summary"]): ReadonlySet<string> {
  return new Set(identification.filter(({ status }) => status === "violated").map(({ latent }) => latent));
}

/** Of all latents whose truth is known, those that are named as identified and lost, or as not identified and found. */
function wrongCalls(trials: readonly FinishedTrial[], named: string): number | undefined {
  const calls = callsOf(trials, named);
  const wrong = named === "identified" ? (at: number) => at < LOST : (at: number) => at >= FOUND;
  return calls && mean(calls.map(({ correlation, isNamed }) => Number(isNamed && wrong(correlation))));
}

/** Of the latents that are named so: the share that has been found. */
function shareFound(trials: readonly FinishedTrial[], named: string): number | string | undefined {
  const calls = callsOf(trials, named)?.filter(({ isNamed }) => isNamed);
  if (calls?.length === 0) return "no latent is named so";
  return calls && mean(calls.map(({ correlation }) => Number(correlation >= LOST)));
}

/** Of the latents of all trials that match a true one: their correlation with it, and whether they are named so. */
function callsOf(trials: readonly FinishedTrial[], named: string) {
  if (trials.some(({ summary }) => summary.identification === undefined)) return undefined;
  const status = NAMED.get(named);
  return trials.flatMap(({ summary: { identification = [] }, scores }) =>
    identification.flatMap((one) => {
      const column = scores?.latents.indexOf(one.latent) ?? -1;
      const correlation = column < 0 ? undefined : scores?.mcc.perLatent[scores.mcc.matching.indexOf(column)];
      return typeof correlation === "number" ? [{ correlation, isNamed: one.status === status }] : [];
    }),
  );
}

function testErrors(errors: readonly ErrorRow[], environment?: string): readonly ErrorRow[] {
  return errors.filter((row) => row.split === "test" && row.environment === environment);
}

function holdout({ split }: FinishedTrial["config"]): readonly string[] {
  return (split as { readonly holdout?: readonly string[] } | undefined)?.holdout ?? [];
}

/** How the validation error at another number of latents compares with that at the true one. */
function elbow(
  { summary, scores }: FinishedTrial,
  other: (truth: number, tried: readonly number[]) => number,
): number | undefined {
  const curve = summary.choices.find(({ parameter }) => parameter === "latentDim")?.curve ?? [];
  const at = (latents: number): number => curve.find(({ value }) => value === latents)?.validation ?? Number.NaN;
  const truth = scores?.truth.length ?? 0;
  return defined(
    at(
      other(
        truth,
        curve.map(({ value }) => value),
      ),
    ) / at(truth),
  );
}

function mean(values: readonly (number | undefined)[]): number | undefined {
  return defined(values.reduce<number>((sum, value) => sum + (value ?? Number.NaN), 0) / values.length);
}

function defined(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** The number at `a.b.c`. */
function numberAt(value: unknown, path: string): number | undefined {
  const found = path
    .split(".")
    .reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>> | null | undefined)?.[key], value);
  return typeof found === "number" ? found : undefined;
}
