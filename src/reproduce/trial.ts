// One fit of a study, scored against the truth where there is one.
import type { Dataset } from "../dataset.js";
import type { Failure } from "../errors.js";
import type { Scores } from "../generated/types.js";
import { later, type NativeLabels, type NativeTable, native } from "../native.js";
import type { Run } from "../results.js";
import { score, scoreRun } from "../score.js";
import { type SimulateConfig, simulate } from "../simulate.js";
import type { Plan } from "../train.js";
import { beforeMap } from "./before-map.js";
import type { FailedTrial, FinishedTrial, StudyTask, TrialHead } from "./kept.js";

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
    const { latents, columns } = await later().transform(id, { inputs, inputNames, ...(views && { views }) });
    return { elsewhere: await score({ columns, values: latents }, { truth }) };
  } finally {
    native().closeModel(id);
  }
}

async function inParts(
  run: Run,
  dataset: Dataset,
  { within, known }: StudyTask,
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

function headOf({ id, version, data }: StudyTask, config: TrialHead["config"]): TrialHead {
  return { format: 1, id, version, data, config, createdAt: new Date().toISOString() };
}
