// From trials to the rows of a table: values over seeds, their mean and spread, and whether they lie in their band.
import type { ReliabilityCurve } from "../calibration.js";
import { messageOf } from "../errors.js";
import type { Scores } from "../generated/types.js";
import { moments } from "../moments.js";
import { score } from "../score.js";
import { trialFolder } from "../sweep/folder.js";
import { type FailedTrial, type FinishedTrial, latentsIn, type Trial } from "./kept.js";
import { measureOf, type PairMeasure, type PooledMeasure, titleOf } from "./measures.js";
import type { Band, EarlierBand, Experiment, Published, Row } from "./preset.js";

/** One row of the table. */
export interface ReproducedRow {
  readonly experiment: string;
  readonly fit: string;
  readonly measure: string;
  readonly title: string;
  /** By seed, by pair of seeds, or of `all` together: those that there are. */
  readonly values: readonly { readonly seed: string; readonly value: number }[];
  /** Seeds without a value, and why. While there are any, mean and spread are not computed. */
  readonly missing: readonly { readonly seed: string; readonly reason: string }[];
  readonly mean: number | null;
  /** Standard deviation with divisor n, as the papers report it; null for one value. */
  readonly sd: number | null;
  readonly published?: Published;
  readonly band?: Band;
  /** The band that it had before, and what that gave. */
  readonly before?: EarlierBand;
  /** The reliability curve whose error the value is, over all seeds. */
  readonly curve?: ReliabilityCurve;
  /** By the seeds that were run. Absent without a band, unless a trial failed. */
  readonly verdict?: RowVerdict;
}

/** Of a row. `failed`: a fit failed, or has no such value. */
export type RowVerdict = "in band" | "outside" | "failed";

/** Of a table: that of its worst row. `incomplete`, whatever the rows say: not all that the preset declares was run. */
export type Verdict = RowVerdict | "incomplete";

/** The verdict of the worst row. */
export function worstOf(rows: readonly ReproducedRow[]): RowVerdict {
  const among = new Set(rows.map(({ verdict }) => verdict));
  return among.has("failed") ? "failed" : among.has("outside") ? "outside" : "in band";
}

/** Finds the trial of a fit for a seed. */
export type Find = (experiment: string, fit: string, seed: number) => Trial;

type Reading = { readonly seed: string } & ({ readonly value: number } | { readonly reason: string });

/** The rows of an experiment, whose trials lie in `dir`. */
export async function judged(experiment: Experiment, find: Find, dir: string): Promise<readonly ReproducedRow[]> {
  const rows: ReproducedRow[] = [];
  const agreement = agreementIn(dir);
  for (const row of experiment.rows) {
    const { measure, argument } = measureOf(row.measure)!;
    const trialOf = (seed: number): Trial => find(experiment.name, row.fit, seed);
    const readings =
      "ofPair" in measure
        ? await pairs(measure, experiment, trialOf, agreement)
        : "ofAll" in measure
          ? [together(measure, argument, experiment.seeds.map(trialOf))]
          : experiment.seeds.map((seed) => reading(experiment, row, seed, find));
    const trials = experiment.seeds.map(trialOf);
    const curve = "curve" in measure ? curveOf(measure, argument, trials) : undefined;
    const judgedRow = rowOf(experiment, row, readings, trials.some(isFailed));
    rows.push({ ...judgedRow, ...(curve && { curve }) });
  }
  return rows;
}

function rowOf(experiment: Experiment, row: Row, readings: readonly Reading[], anyFailed: boolean): ReproducedRow {
  const { fit, measure, published, band, before } = row;
  const values = readings.filter((one) => "value" in one);
  const missing = readings.filter((one) => "reason" in one);
  const spread = missing.length > 0 ? { mean: null, sd: null } : spreadOf(values.map(({ value }) => value));
  const verdict = verdictOf(band, values, missing.length > 0, anyFailed);
  return {
    experiment: experiment.name,
    fit,
    measure,
    title: row.title ?? `${titleOf(measure)}${divisor(row)}`,
    values,
    missing,
    ...spread,
    ...(published && { published }),
    ...(band && { band }),
    ...(before && { before }),
    ...(verdict && { verdict }),
  };
}

/** What a row is divided by, as the end of a heading. */
function divisor({ over, overMeasure }: Row): string {
  if (overMeasure === undefined) return over === undefined ? "" : `, over that of ${over}`;
  return `, over the ${titleOf(overMeasure)}${over === undefined ? "" : ` of ${over}`}`;
}

function verdictOf(
  band: Band | undefined,
  values: readonly { readonly value: number }[],
  incomplete: boolean,
  anyFailed: boolean,
): RowVerdict | undefined {
  if (anyFailed || (band !== undefined && incomplete)) return "failed";
  if (band === undefined) return undefined;
  const numbers = values.map(({ value }) => value);
  const judgedOn = band.on === "mean" ? [moments(numbers).mean] : numbers;
  return judgedOn.every((value) => isWithin(value, band)) ? "in band" : "outside";
}

/** One value has no spread. */
function spreadOf(values: readonly number[]): { readonly mean: number; readonly sd: number | null } {
  const { mean, sd } = moments(values);
  return { mean, sd: values.length === 1 ? null : sd };
}

function isWithin(value: number, { atLeast, atMost }: Band): boolean {
  return value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Number.POSITIVE_INFINITY);
}

function reading(experiment: Experiment, row: Row, seed: number, find: Find): Reading {
  const own = valueIn(find(experiment.name, row.fit, seed), row.measure);
  if (typeof own === "string") return { seed: String(seed), reason: own };
  const { over, overMeasure } = row;
  if (over === undefined && overMeasure === undefined) return { seed: String(seed), value: own };
  const beside = over ?? row.fit;
  const other = valueIn(find(experiment.name, beside, seed), overMeasure ?? row.measure);
  if (typeof other === "string") return { seed: String(seed), reason: `${beside}: ${other}` };
  const value = own / other;
  return Number.isFinite(value) ? { seed: String(seed), value } : { seed: String(seed), reason: `${own} / ${other}` };
}

/** The value, or why there is none. */
function valueIn(trial: Trial, name: string): number | string {
  if ("error" in trial) return reasonOf(trial);
  const { measure, argument } = measureOf(name)!;
  const value = "read" in measure ? measure.read(trial, argument) : undefined;
  return value ?? NOT_DEFINED;
}

const NOT_DEFINED = "not defined";

function reasonOf({ error }: FailedTrial): string {
  return `${error.message} [${error.code}]`;
}

async function pairs(
  { ofPair }: PairMeasure,
  { seeds }: Experiment,
  trialOf: (seed: number) => Trial,
  agreement: Agreement,
): Promise<readonly Reading[]> {
  const readings: Reading[] = [];
  for (const [i, first] of seeds.entries()) {
    for (const second of seeds.slice(i + 1)) {
      const seed = `${first}-${second}`;
      const [a, b] = [trialOf(first), trialOf(second)];
      const failed = [a, b].find(isFailed);
      const scores = failed === undefined ? await agreement(a, b) : reasonOf(failed);
      const value = typeof scores === "string" ? scores : (ofPair(scores) ?? NOT_DEFINED);
      readings.push(typeof value === "string" ? { seed, reason: value } : { seed, value });
    }
  }
  return readings;
}

function together({ ofAll }: PooledMeasure, argument: string, trials: readonly Trial[]): Reading {
  const failed = trials.find(isFailed);
  if (failed !== undefined) return { seed: ALL_SEEDS, reason: reasonOf(failed) };
  const value = ofAll(trials as readonly FinishedTrial[], argument) ?? NOT_DEFINED;
  return typeof value === "string" ? { seed: ALL_SEEDS, reason: value } : { seed: ALL_SEEDS, value };
}

const ALL_SEEDS = "all";

function curveOf({ curve }: PooledMeasure, argument: string, trials: readonly Trial[]): ReliabilityCurve | undefined {
  return trials.some(isFailed) ? undefined : curve?.(trials as readonly FinishedTrial[], argument);
}

function isFailed(trial: Trial): trial is FailedTrial {
  return "error" in trial;
}

/** Scores of the latents of one trial against those of another, or why there are none. */
type Agreement = (a: Trial, b: Trial) => Promise<Scores | string>;

/** Scores each pair once, however many rows ask for it. */
function agreementIn(dir: string): Agreement {
  const known = new Map<string, Scores | string>();
  return async (a, b) => {
    const key = `${a.id} ${b.id}`;
    const scores = known.get(key) ?? (await compared(a, b, dir));
    known.set(key, scores);
    return scores;
  };
}

async function compared(a: Trial, b: Trial, dir: string): Promise<Scores | string> {
  try {
    return await score(latentsIn(trialFolder(dir, a.id)), { z: latentsIn(trialFolder(dir, b.id)) });
  } catch (error) {
    return messageOf(error);
  }
}
