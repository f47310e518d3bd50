// One trial: a fit in a folder of its own, begun, or gone on with from what an earlier attempt left behind.
import { cp, rename, rm } from "node:fs/promises";
import { type Job, newJob, resumedJob } from "../cli/job.js";
import type { RunConfig } from "../config.js";
import { isPaths } from "../data/paths.js";
import { readData } from "../dataset.js";
import { isDisentangleError } from "../errors.js";
import { later } from "../native.js";
import { putStudy, readStudy } from "../reproduce/kept.js";
import { studied } from "../reproduce/trial.js";
import { canonicalJson, type Run, readRunFolder } from "../results.js";
import { scoreIfKnown } from "../score.js";
import { type SimulateConfig, simulate } from "../simulate.js";
import { type DataReader, isFinished, type Plan, train } from "../train.js";
import type { Assignment, Ended, Source, TrialProgress } from "./assignment.js";
import { partialFolder } from "./folder.js";
import type { Result } from "./ledger.js";
import { valuesOf } from "./metric.js";

/**
 * Runs a trial. What goes wrong with the fit is a result; only what the machine does is thrown.
 *
 * @throws `FILE_WRITE` where nothing can be written
 */
export async function runTrial(
  assignment: Assignment,
  shelf: Shelf,
  signal: AbortSignal,
  onProgress: (progress: TrialProgress) => void,
): Promise<Ended> {
  const { dir, from, config, source, study, threads, steps } = assignment;
  const reader = shelf.readerOf(source);
  const processor = process.cpuUsage();
  let job: Job | undefined;
  let step = 0;
  try {
    if (from !== undefined) await takeOver(from, dir);
    job = from === undefined ? await begun(config, dir, signal, reader) : await goneOn(config, dir, signal, reader);
    if (job === undefined) return { kind: "done", result: resultOf(await readRunFolder(dir)) };
    const { folder, start, resume } = job;
    // The number of threads changes no bit, and is this machine's alone: what is written says what the sweep asked for.
    const planned = { ...job.planned, core: { ...job.planned.core, ...(threads !== undefined && { threads }) } };
    const ended = await train(planned, {
      signal,
      start,
      budgets: { steps },
      ...(folder.checkpoints !== undefined && { checkpoint: { dir: folder.checkpoints }, resume }),
      onProgress(progress) {
        step = progress.step;
        onProgress(progress);
      },
      onResumed(event) {
        step = event.step;
      },
    });
    if (!isFinished(ended)) {
      await folder.stop(ended);
      return { kind: "stopped", step: ended.manifest.steps };
    }
    const { outcome } = ended.manifest;
    if (outcome.kind === "diverged" || outcome.kind === "non-finite") {
      await folder.abandon();
      const term = outcome.term === undefined ? "" : ` (${outcome.term})`;
      const message = `the fit ended as ${outcome.kind}${term} at step ${outcome.step}`;
      return { kind: "failed", failure: { code: "NUMERIC_NOT_FINITE", message } };
    }
    if (outcome.term === BUDGET) {
      const run = await scored(ended, planned.dataset);
      await folder.stop(ended);
      return { kind: "paused", result: resultOf(run) };
    }
    if (study !== undefined) {
      const dataSeconds = shelf.seconds();
      const trial = await studied(ended, planned, study, { data: dataSeconds, ...(!resume && { since: processor }) });
      // Of an attempt that is not done nothing counts: its folder may be in any state meanwhile.
      await folder.abandon();
      await rm(dir, { recursive: true, force: true });
      await putStudy(dir, trial, study.latents ? ended.latents : undefined);
      return { kind: "done", result: resultOf(ended) };
    }
    // They are part of the trial: one whose scores found no room is not done.
    const run = await scored(ended, planned.dataset);
    await folder.finish(run);
    return { kind: "done", result: resultOf(run) };
  } catch (error) {
    await job?.folder.abandon().catch(() => {});
    if (!isDisentangleError(error)) throw error;
    if (error.code === "FIT_CANCELLED") return { kind: "stopped", step };
    // Of a full disk another trial would die as well.
    if (error.code === "FILE_WRITE" || error.code === "RUN_BUSY") throw error;
    return { kind: "failed", failure: error.toJSON() };
  }
}

/** How the core calls the limit that a pause sets. */
const BUDGET = "budget of steps";

function begun(config: RunConfig, dir: string, signal: AbortSignal, reader: DataReader): Promise<Job> {
  // Of an attempt that a power cut has damaged nothing is needed: the trial begins again.
  return newJob(config, { out: dir, report: false, force: true, durable: false }, signal, reader);
}

/** Nothing where the earlier attempt had finished. */
async function goneOn(
  config: RunConfig,
  dir: string,
  signal: AbortSignal,
  reader: DataReader,
): Promise<Job | undefined> {
  try {
    return await resumedJob(dir, undefined, signal, reader);
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    if (error.code === "RUN_FINISHED") return undefined;
    // Killed before it had begun, or damaged: there is nothing to go on from.
    if (!BEGINS_AGAIN.has(error.code)) throw error;
    await rm(dir, { recursive: true, force: true });
    return begun(config, dir, signal, reader);
  }
}

const BEGINS_AGAIN: ReadonlySet<string> = new Set([
  "RUN_NOT_FOUND",
  "ARTIFACT_CORRUPT",
  "ARTIFACT_VERSION",
  "CHECKPOINT_MISMATCH",
]);

/** Copies an attempt, whole or not at all: its owner may still be about to write. */
async function takeOver(from: string, dir: string): Promise<void> {
  const partial = partialFolder(dir);
  await rm(partial, { recursive: true, force: true });
  await rm(dir, { recursive: true, force: true });
  try {
    await cp(from, partial, { recursive: true, filter: (path) => !path.endsWith(".lock") });
    await rename(partial, dir);
  } catch {
    // What moves while it is copied, or is gone, is not needed: the trial begins again.
    await rm(partial, { recursive: true, force: true });
  }
}

async function scored(run: Run, dataset: Plan["dataset"]): Promise<Run> {
  const scores = await scoreIfKnown(run, dataset);
  return scores === undefined ? run : { ...run, scores };
}

function resultOf(run: Pick<Run, "summary" | "history" | "scores" | "manifest">): Result {
  const { outcome, steps, elapsedMs } = run.manifest;
  return { values: valuesOf(run), outcome: outcome.kind, steps, elapsedMs };
}

/** Data that several trials in a row are fitted to are read once. */
export interface Shelf {
  readerOf(source: Assignment["source"]): DataReader;
  /** How long the last reading, or simulating, took. */
  seconds(): number;
}

/** An empty shelf. */
export function newShelf(): Shelf {
  let held: { readonly key: string; readonly dataset: ReturnType<DataReader["read"]> } | undefined;
  let texts = new Map<string, Promise<string>>();
  let seconds = 0;
  const timed = async (read: () => ReturnType<DataReader["read"]>): ReturnType<DataReader["read"]> => {
    const began = performance.now();
    const dataset = await read();
    seconds = (performance.now() - began) / 1e3;
    return dataset;
  };
  return {
    seconds: () => seconds,
    readerOf: (source) => ({
      read(data) {
        const isNamed = source !== undefined || data.data === undefined || isPaths(data.data);
        if (!isNamed) return readData(data);
        const key = canonicalJson(source ?? [process.cwd(), data]);
        if (held?.key !== key) {
          texts = new Map();
          held = { key, dataset: timed(() => (source === undefined ? readData(data) : readSource(source))) };
          // A failure is told to whoever asked, and tried again by the next.
          held.dataset.catch(() => {
            held = undefined;
          });
        }
        return held.dataset;
      },
      describe(dataset, shown) {
        const key = canonicalJson(shown ?? []);
        const text = texts.get(key) ?? later().describe(dataset, shown);
        texts.set(key, text);
        return text;
      },
    }),
  };
}

function readSource(source: Source): ReturnType<DataReader["read"]> {
  return "folder" in source ? readData({ data: source.folder }) : simulate(source.world as unknown as SimulateConfig);
}

/** What a finished trial gave, from its folder. */
export async function resultIn(dir: string): Promise<Result> {
  const trial = await readStudy(dir);
  if (trial === undefined) return resultOf(await readRunFolder(dir));
  const { outcome, seconds } = trial;
  return {
    values: valuesOf({ ...trial, history: { stages: [] } }),
    outcome: outcome.kind,
    steps: outcome.step,
    elapsedMs: Math.round(seconds.fit * 1e3),
  };
}
