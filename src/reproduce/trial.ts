// One fit of a study, scored against the truth where there is one. What is kept of it is plain JSON.
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Dataset } from "../dataset.js";
import type { Failure } from "../errors.js";
import { replaceFile, writeFileAtomic } from "../files.js";
import type { Outcome, Scores, Summary } from "../generated/types.js";
import { later, type NativeTable, native } from "../native.js";
import type { NamedArray } from "../record.js";
import type { Run } from "../results.js";
import { score, scoreRun } from "../score.js";
import { type SimulateConfig, simulate } from "../simulate.js";
import type { Plan } from "../train.js";
import { beforeMap } from "./before-map.js";

/** What is left of a trial: measures read this and nothing else. */
export type Trial = FinishedTrial | FailedTrial;

/** A trial whose fit ended by itself, with finite numbers. */
export interface FinishedTrial extends TrialHead {
  readonly outcome: Outcome;
  readonly seconds: Seconds;
  readonly summary: Summary;
  /** Absent where no truth is known. */
  readonly scores?: Scores;
  /** Scores of the latents before the last closed-form stage, where a row asked for them; null without such a stage. */
  readonly before?: Scores | null;
  /** Scores of the latents of rows of another world, where a row asked for them. */
  readonly elsewhere?: Scores;
  /** Scores of parts of the held-out rows by name, where a row asked for them. */
  readonly within?: Readonly<Record<string, Scores>>;
}

/** A trial without a result. */
export interface FailedTrial extends TrialHead {
  readonly error: Failure;
}

/** What every trial says about itself. */
export interface TrialHead {
  readonly format: 1;
  readonly id: string;
  readonly version: string;
  /** What was simulated, or the fingerprint of what was given. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Every default written out. */
  readonly config: Readonly<Record<string, unknown>>;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** Where the time of a trial went. */
export interface Seconds {
  /** Simulating or reading the data, whatever else was fitted to them. */
  readonly data: number;
  readonly fit: number;
  /** Processor time of the fit on all threads; absent where it was gone on with. */
  readonly processor?: number;
}

/** What is asked of a fit that becomes a row of a table. */
export interface StudyTask {
  readonly id: string;
  readonly version: string;
  /** What was simulated, or the fingerprint of what was given. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Whether a row asks how the latents were before the last closed-form stage. */
  readonly before: boolean;
  /** The other world that a row asks about. */
  readonly elsewhere?: Readonly<Record<string, unknown>>;
  /** The parts of the held-out rows that a row asks about. */
  readonly within?: Readonly<Record<string, readonly string[]>>;
  /** Whether its latents are kept, to be compared with those of other seeds. */
  readonly latents: boolean;
}

/** The trial of a fit that has ended with finite numbers. */
export async function studied(
  run: Run,
  { core, dataset }: Plan,
  task: StudyTask,
  times: { readonly data: number; readonly since?: NodeJS.CpuUsage },
): Promise<FinishedTrial> {
  const { outcome, elapsedMs } = run.manifest;
  const { user, system } = process.cpuUsage(times.since);
  const seconds = {
    data: times.data,
    fit: elapsedMs / 1e3,
    ...(times.since !== undefined && { processor: (user + system) / 1e6 }),
  };
  const { threads: _, ...config } = core;
  return {
    ...headOf(task, config),
    outcome,
    seconds,
    summary: run.summary,
    ...(await scored(run, dataset, task)),
    ...(await tried(run, task)),
    ...(await inParts(run, dataset, task)),
  };
}

/** A trial that failed. */
export function failedTrial(task: StudyTask, config: TrialHead["config"], error: Failure): FailedTrial {
  return { ...headOf(task, config), error };
}

const FILE = "trial.json";
const LATENTS = "latents.npy";

/** Writes what is kept of a trial; the JSON file comes last: where it is, all of the trial is. */
export async function putStudy(dir: string, trial: FinishedTrial, latents: NamedArray | undefined): Promise<void> {
  if (latents !== undefined) {
    await replaceFile(join(dir, LATENTS), (partial) =>
      native().npyWrite(partial, { shape: [...latents.shape], data: latents.data }),
    );
  }
  await writeFileAtomic(join(dir, FILE), `${JSON.stringify(trial)}\n`);
}

/** What was kept of a trial; nothing where the folder holds none that can be read. */
export async function readStudy(dir: string): Promise<FinishedTrial | undefined> {
  try {
    const trial = JSON.parse(await readFile(join(dir, FILE), "utf8")) as FinishedTrial;
    return trial?.format === 1 && trial.id === basename(dir).replace(/\.\d+$/, "") ? trial : undefined;
  } catch {
    return undefined;
  }
}

/** Latents that were kept of a trial. */
export function latentsIn(dir: string): Pick<NamedArray, "data" | "shape"> {
  const { data, shape } = native().npyRead(join(dir, LATENTS));
  const [rows = 0, columns = 0] = shape;
  return { data, shape: [rows, columns] };
}

async function scored(
  run: Run,
  dataset: Dataset,
  { before }: StudyTask,
): Promise<Pick<FinishedTrial, "scores" | "before">> {
  const { latents } = dataset.truth;
  if (latents === undefined) return {};
  const rows = run.split.includes(2) ? {} : ({ rows: "all" } as const);
  const scores = await scoreRun(run, { truth: dataset.truth }, rows, dataset);
  if (!before) return { scores };
  const earlier = beforeMap(run);
  return { scores, before: earlier === undefined ? null : await scoreRun(earlier, { truth: { latents } }, rows) };
}

async function tried(run: Run, { elsewhere }: StudyTask): Promise<Pick<FinishedTrial, "elsewhere">> {
  if (elsewhere === undefined) return {};
  const { inputs, inputNames, views, truth } = await simulate(elsewhere as unknown as SimulateConfig);
  const { id } = await later().openModel(run.model);
  try {
    const { latents, columns } = await later().transform(id, inputs, inputNames, views);
    return { elsewhere: await score({ columns, values: latents }, { truth }) };
  } finally {
    native().closeModel(id);
  }
}

async function inParts(run: Run, dataset: Dataset, { within }: StudyTask): Promise<Pick<FinishedTrial, "within">> {
  const { environment } = dataset.labels;
  const { latents: known } = dataset.truth;
  if (within === undefined || environment === undefined || known === undefined) return {};
  const held = [...run.split.keys()].filter((row) => run.split[row] === 2);
  const parts: [string, Scores][] = [];
  for (const [name, environments] of Object.entries(within)) {
    const codes = new Set(environments.map((level) => environment.levels.indexOf(level)));
    const rows = held.filter((row) => codes.has(environment.codes[run.rows[row]!]!));
    const latents = rowsOf(run.latents.data, run.latents.columns, rows);
    const truth = rowsOf(
      known.values.data,
      known.columns,
      rows.map((row) => run.rows[row]!),
    );
    parts.push([name, await score(latents, { truth: { latents: truth } })]);
  }
  return { within: Object.fromEntries(parts) };
}

function rowsOf(data: Float32Array, columns: readonly string[], rows: readonly number[]): NativeTable {
  const cols = columns.length;
  const values = new Float32Array(rows.length * cols);
  rows.forEach((row, at) => {
    values.set(data.subarray(row * cols, (row + 1) * cols), at * cols);
  });
  return { columns: [...columns], values: { data: values, rows: rows.length, cols } };
}

function headOf({ id, version, data }: StudyTask, config: TrialHead["config"]): TrialHead {
  return { format: 1, id, version, data, config, createdAt: new Date().toISOString() };
}
