// Runs the trials that are not there yet: data are made once for all fits to them.
import type { Dataset } from "../dataset.js";
import { isDisentangleError } from "../errors.js";
import type { Progress } from "../progress.js";
import { type SimulateConfig, simulate } from "../simulate.js";
import { throwIfAborted } from "../train.js";
import type { TrialStore } from "./store.js";
import { failedTrial, runTrial, type Trial } from "./trial.js";
import { type Batch, batchesOf, type PlannedTrial, type TrialPlace } from "./trials.js";

/** How far the trials are. */
export interface TrialEvent {
  readonly done: number;
  readonly total: number;
  /** The trial that has just ended; absent at the beginning. */
  readonly last?: TrialPlace & { readonly trial: Trial };
}

/** What the trials are run with. */
export interface Work {
  readonly store: TrialStore;
  readonly version: string;
  /** The data that were given, for trials that simulate none. */
  readonly given: Dataset | undefined;
  /** Data sets that are worked on at once. */
  readonly jobs: number;
  readonly signal: AbortSignal | undefined;
  readonly onTrial: ((event: TrialEvent) => void) | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/**
 * Runs what is missing and writes each trial when it is done.
 *
 * @returns all trials by id, and how many of them were there already
 * @throws `FIT_CANCELLED`, `FILE_WRITE`; what was done until then is kept
 */
export async function runTrials(
  planned: readonly PlannedTrial[],
  work: Work,
): Promise<{ readonly trials: ReadonlyMap<string, Trial>; readonly kept: number }> {
  const batches = batchesOf(planned);
  const all = batches.flatMap((batch) => batch.trials);
  const trials = new Map<string, Trial>();
  for (const one of all) {
    const trial = await work.store.read(one.id);
    if (trial !== undefined && isDone(trial, one)) trials.set(one.id, trial);
  }
  const kept = trials.size;
  work.onTrial?.({ done: kept, total: all.length });
  await inParallel(batches, work, async (batch, signal) => {
    const missing = batch.trials.filter(({ id }) => !trials.has(id));
    if (missing.length === 0) return;
    const made = await dataOf(batch, work.given);
    for (const one of missing) {
      throwIfAborted(signal);
      const { trial, latents } =
        "error" in made
          ? { trial: failedTrial(one, work.version, made.error) }
          : await runTrial(one, { ...work, ...made, signal, shared: work.jobs > 1 });
      await work.store.write(trial, work.given === undefined ? undefined : latents);
      trials.set(one.id, trial);
      const { experiment, fit, seed } = one;
      work.onTrial?.({ done: trials.size, total: all.length, last: { experiment, fit, seed, trial } });
    }
  });
  return { trials, kept };
}

/** What failed gets another chance: the reason may have been the machine's. */
function isDone(trial: Trial, { before }: PlannedTrial): boolean {
  return !("error" in trial) && (!before || trial.before !== undefined || trial.scores === undefined);
}

type Made = { readonly dataset: Dataset; readonly dataSeconds: number } | { readonly error: Error };

async function dataOf({ data }: Batch, given: Dataset | undefined): Promise<Made> {
  if (!("simulator" in data)) return { dataset: given!, dataSeconds: 0 };
  const started = performance.now();
  try {
    const dataset = await simulate(data as unknown as SimulateConfig);
    return { dataset, dataSeconds: (performance.now() - started) / 1e3 };
  } catch (error) {
    if (!isDisentangleError(error)) throw error;
    return { error };
  }
}

/** Works through the batches, `jobs` at a time. The first error stops all workers and is thrown once they have ended. */
async function inParallel(
  batches: readonly Batch[],
  { jobs, signal: outer }: Pick<Work, "jobs" | "signal">,
  each: (batch: Batch, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const inner = new AbortController();
  const signal = outer === undefined ? inner.signal : AbortSignal.any([outer, inner.signal]);
  const errors: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    try {
      for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) {
        throwIfAborted(signal);
        await each(batch, signal);
      }
    } catch (error) {
      errors.push(error);
      inner.abort(error);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  if (errors.length > 0) throw errors[0];
}
