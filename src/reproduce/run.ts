// A preset from its name to its table.
import { cpus } from "node:os";
import { join } from "node:path";
import type { DataSource } from "../dataset.js";
import { fail, failure, isDisentangleError } from "../errors.js";
import { checkWritable, writeFileAtomic } from "../files.js";
import { native } from "../native.js";
import type { Progress } from "../progress.js";
import { throwIfAborted } from "../train.js";
import { studyOf } from "./check.js";
import { givenData } from "./given.js";
import { judged, type ReproducedRow, type Verdict } from "./judge.js";
import type { Preset, Scale } from "./preset.js";
import { presetOf } from "./presets.js";
import type { Reproduction, TrialFailure } from "./reproduction.js";
import { trialStore } from "./store.js";
import { markdownOf } from "./table.js";
import type { Trial } from "./trial.js";
import { type PlannedTrial, plannedTrials } from "./trials.js";
import { runTrials, type TrialEvent } from "./work.js";

/** How to run a preset. */
export interface ReproduceOptions {
  /** Default: `paper`. */
  readonly scale?: Scale;
  /** Folder of the trials and of the table. Presets and scales may share it. Default: `reproduce`. */
  readonly out?: string;
  /** Seeds of every experiment. Default: those of the preset. */
  readonly seeds?: readonly number[];
  /** Only the experiments whose names contain this; the table then holds nothing else. Default: all. */
  readonly only?: string;
  /** Data sets that are worked on at once. With more than one, times say little. Default: 1. */
  readonly jobs?: number;
  /** Real data, for presets that ask for some. */
  readonly data?: DataSource;
  /** Stops with `FIT_CANCELLED`; trials that were done are kept. */
  readonly signal?: AbortSignal;
  /** Called when it is known how many trials there are and how many of them are kept, then after each trial. */
  readonly onTrial?: (event: TrialEvent) => void;
  /** Called about ten times a second while a fit runs. */
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Repeats a table or figure of a paper: simulates or reads its data, fits, scores, and compares with what was published.
 *
 * Each trial is written to `out/trials` when it is done, and not run again unless its configuration, its data or the
 * version differ. The table goes to `out` as Markdown and JSON.
 *
 * @param preset name of a preset, or one of your own as plain data
 * @throws the CONFIG_* codes before anything runs, `FIT_CANCELLED`, `FILE_WRITE`. A trial that fails throws nothing: it is
 * shown as failed
 *
 * @example
 * ```ts
 * import { reproduce } from "disentangle";
 * const { verdict, rows } = await reproduce("tbr/ate", { scale: "tiny", seeds: [0], out: "reproduce" });
 * console.log(verdict, rows.map(({ fit, title, mean }) => [fit, title, mean]));
 * ```
 */
export async function reproduce(preset: string | Preset, options: ReproduceOptions = {}): Promise<Reproduction> {
  const { scale = "paper", out = "reproduce", jobs = 1, signal, onTrial, onProgress } = options;
  const chosen = typeof preset === "string" ? presetOf(preset) : preset;
  const study = studyOf(chosen, scale, options);
  if (!Number.isInteger(jobs) || jobs < 1) {
    fail("CONFIG_OUT_OF_RANGE", `jobs: ${jobs} is not an integer >= 1`, { path: "jobs" });
  }
  const { version } = JSON.parse(native().catalogue()) as { version: string };
  throwIfAborted(signal);
  const given = await givenData(study, options.data);
  const planned = await plannedTrials(study, version, given?.fingerprint);
  await checkWritable(join(out, "trials"));
  const store = trialStore(out);
  const work = { store, version, given: given?.dataset, jobs, signal, onTrial, onProgress };
  const { trials, kept } = await runTrials(planned, work).catch((error: unknown) => {
    throw isCancellation(error) ? cancelled(out, error) : error;
  });
  const trialOf = finder(planned, trials);
  const rows: ReproducedRow[] = [];
  for (const experiment of study.experiments) rows.push(...(await judged(experiment, trialOf, store)));
  const { name, title, repeats, paper, remark } = chosen;
  const base = join(out, `${name.replaceAll("/", "-")}.${scale}`);
  const result: Reproduction = {
    preset: name,
    title,
    repeats,
    paper,
    ...(remark !== undefined && { remark }),
    scale,
    verdict: verdictOf(rows),
    rows,
    trials: { total: trials.size, kept, failed: failuresIn(planned, trials) },
    files: { json: `${base}.json`, markdown: `${base}.md` },
    version,
    machine: {
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      cores: cpus().length,
      model: cpus()[0]?.model.trim() ?? "unknown",
    },
  };
  await writeFileAtomic(result.files.json, `${JSON.stringify(result, null, 2)}\n`);
  await writeFileAtomic(result.files.markdown, markdownOf(result));
  return result;
}

function finder(
  planned: readonly PlannedTrial[],
  trials: ReadonlyMap<string, Trial>,
): (experiment: string, fit: string, seed: number) => Trial {
  const key = (...parts: readonly (string | number)[]): string => parts.join("\n");
  const ids = new Map(planned.map(({ experiment, fit, seed, id }) => [key(experiment, fit, seed), id]));
  return (experiment, fit, seed) => trials.get(ids.get(key(experiment, fit, seed))!)!;
}

function verdictOf(rows: readonly ReproducedRow[]): Verdict {
  const among = new Set(rows.map(({ verdict }) => verdict));
  return among.has("failed") ? "failed" : among.has("outside") ? "outside" : "in band";
}

function failuresIn(planned: readonly PlannedTrial[], trials: ReadonlyMap<string, Trial>): readonly TrialFailure[] {
  return planned.flatMap(({ id, experiment, fit, seed }) => {
    const trial = trials.get(id)!;
    return "error" in trial
      ? [{ id, experiment, fit, seed, code: trial.error.code, message: trial.error.message }]
      : [];
  });
}

function isCancellation(error: unknown): boolean {
  return isDisentangleError(error) && error.code === "FIT_CANCELLED";
}

function cancelled(out: string, cause: unknown): Error {
  return failure("FIT_CANCELLED", "the reproduction was stopped before its table was complete", {
    hint: `the trials that were done are kept in ${join(out, "trials")}; the same call goes on from there`,
    context: { out },
    cause,
  });
}
