// One trial: a fit to a data set, scored against the truth where there is one. What is kept of it is plain JSON.
import type { RunConfig } from "../config.js";
import type { Dataset } from "../dataset.js";
import { errorJson, type Failure, failure, isDisentangleError } from "../errors.js";
import type { Outcome, Scores, Summary } from "../generated/types.js";
import { later, type NativeLabels, type NativeTable, native } from "../native.js";
import type { Progress } from "../progress.js";
import type { NamedArray } from "../record.js";
import type { Run } from "../results.js";
import { score, scoreRun } from "../score.js";
import { type SimulateConfig, simulate } from "../simulate.js";
import { isFinished, plan, train } from "../train.js";
import { beforeMap } from "./before-map.js";
import type { PlannedTrial } from "./trials.js";

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
  /** The same of the latents that the model gives these rows where it is told their environments. */
  readonly known?: Readonly<Record<string, Scores>>;
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
  /** Processor time of the fit on all threads; absent where several fits ran at once. */
  readonly processor?: number;
}

/** What a trial is run with. */
export interface TrialContext {
  readonly dataset: Dataset;
  readonly dataSeconds: number;
  readonly version: string;
  /** Whether other fits run meanwhile, so that the processor's time cannot be told apart. */
  readonly shared: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Runs a trial. Its latents are for comparisons between seeds. */
export async function runTrial(
  planned: PlannedTrial,
  context: TrialContext,
): Promise<{ readonly trial: Trial; readonly latents?: NamedArray }> {
  try {
    return await fitted(planned, context);
  } catch (error) {
    // What the caller asked for, or threw, is no finding about the method.
    if (!isDisentangleError(error) || error.code === "FIT_CANCELLED" || error.code === "CALLBACK_THREW") throw error;
    return { trial: failedTrial(planned, context.version, error) };
  }
}

/** A trial that failed with this error. */
export function failedTrial(planned: PlannedTrial, version: string, error: Error): FailedTrial {
  return { ...head(planned, version), ...errorJson(error) };
}

async function fitted(
  planned: PlannedTrial,
  { dataset, dataSeconds, version, shared, signal, onProgress }: TrialContext,
): Promise<{ readonly trial: Trial; readonly latents?: NamedArray }> {
  const started = performance.now();
  const processor = process.cpuUsage();
  const run = await train(await plan({ ...planned.config, data: dataset } as RunConfig, signal), {
    signal,
    onProgress,
  });
  const { user, system } = process.cpuUsage(processor);
  const seconds = {
    data: dataSeconds,
    fit: (performance.now() - started) / 1e3,
    ...(!shared && { processor: (user + system) / 1e6 }),
  };
  if (!isFinished(run)) throw failure("FIT_CANCELLED", "the trial was cancelled", { cause: signal?.reason });
  const { outcome } = run.manifest;
  if (outcome.kind === "diverged" || outcome.kind === "non-finite") {
    const term = outcome.term === undefined ? "" : ` (${outcome.term})`;
    throw failure("NUMERIC_NOT_FINITE", `the fit ended as ${outcome.kind}${term} at step ${outcome.step}`);
  }
  const trial = { ...head(planned, version), outcome, seconds, summary: run.summary };
  const scores = {
    ...(await scored(run, dataset, planned)),
    ...(await tried(run, planned)),
    ...(await inParts(run, dataset, planned)),
  };
  return { trial: { ...trial, ...scores }, latents: run.latents };
}

async function scored(
  run: Run,
  dataset: Dataset,
  { before }: PlannedTrial,
): Promise<Pick<FinishedTrial, "scores" | "before">> {
  const { latents } = dataset.truth;
  if (latents === undefined) return {};
  const rows = run.split.includes(2) ? {} : ({ rows: "all" } as const);
  const scores = await scoreRun(run, { truth: dataset.truth }, rows, dataset);
  if (!before) return { scores };
  const earlier = beforeMap(run);
  return { scores, before: earlier === undefined ? null : await scoreRun(earlier, { truth: { latents } }, rows) };
}

async function tried(run: Run, { elsewhere }: PlannedTrial): Promise<Pick<FinishedTrial, "elsewhere">> {
  if (elsewhere === undefined) return {};
  const { inputs, inputNames, views, truth } = await simulate(elsewhere as unknown as SimulateConfig);
  const { id } = await later().openModel(run.model);
  try {
    const { latents, columns } = await later().transform(id, { inputs, inputNames, ...(views && { views }) });
    return { elsewhere: await score({ columns, values: latents }, { truth }) };
  } finally {
    native().closeModel(id);
  }
}

async function inParts(
  run: Run,
  dataset: Dataset,
  { within, known }: PlannedTrial,
): Promise<Pick<FinishedTrial, "within" | "known">> {
  const { environment } = dataset.labels;
  const { latents: truth } = dataset.truth;
  if (within === undefined || environment === undefined || truth === undefined) return {};
  const held = [...run.split.keys()].filter((row) => run.split[row] === 2);
  const scored = async (latents: NativeTable): Promise<Readonly<Record<string, Scores>>> => {
    const parts: [string, Scores][] = [];
    for (const [name, environments] of Object.entries(within)) {
      const codes = new Set(environments.map((level) => environment.levels.indexOf(level)));
      const places = [...held.keys()].filter((at) => codes.has(environment.codes[run.rows[held[at]!]!]!));
      const expected = rowsOf(
        truth.values.data,
        truth.columns,
        places.map((at) => run.rows[held[at]!]!),
      );
      const found = rowsOf(latents.values.data, latents.columns, places);
      parts.push([name, await score(found, { truth: { latents: expected } })]);
    }
    return Object.fromEntries(parts);
  };
  return {
    within: await scored(rowsOf(run.latents.data, run.latents.columns, held)),
    ...(known && { known: await scored(await informed(run, dataset, environment, held)) }),
  };
}

/** Latents of these rows of a run as its model gives them where it is told their environments. */
async function informed(
  run: Run,
  { inputs, inputNames, views, offsets }: Dataset,
  { column, levels, codes }: NativeLabels,
  rows: readonly number[],
): Promise<NativeTable> {
  const places = rows.map((row) => run.rows[row]!);
  const { id } = await later().openModel(run.model);
  try {
    const { latents, columns } = await later().transform(id, {
      inputs: rowsOf(inputs.data, inputNames, places).values,
      inputNames,
      environments: { column, levels, codes: Uint32Array.from(places, (place) => codes[place]!) },
      ...(views && { views }),
      ...(offsets?.inputs && { offsets: offsets.inputs }),
    });
    return { columns, values: latents };
  } finally {
    native().closeModel(id);
  }
}

function rowsOf(data: Float32Array, columns: readonly string[], rows: readonly number[]): NativeTable {
  const cols = columns.length;
  const values = new Float32Array(rows.length * cols);
  rows.forEach((row, at) => {
    values.set(data.subarray(row * cols, (row + 1) * cols), at * cols);
  });
  return { columns: [...columns], values: { data: values, rows: rows.length, cols } };
}

function head({ id, data, config }: PlannedTrial, version: string): TrialHead {
  return { format: 1, id, version, data, config, createdAt: new Date().toISOString() };
}
