import { resolve } from "node:path";
import {
  ANY,
  BOOLEAN,
  brief,
  checkOptions,
  FUNCTION,
  type Kind,
  type Kinds,
  NUMBER,
  OBJECT,
  orNull,
} from "./arguments.js";
import { type RunConfig, snapshot } from "./config.js";
import { fail, failure } from "./errors.js";
import { withMaxMemory } from "./memory-limit.js";
import { createModel, type Model } from "./model.js";
import { ownFolder } from "./owned-folder.js";
import { broadcast, type CheckpointEvent, type Progress, type ResumedEvent } from "./progress.js";
import type { StoppedRun } from "./results.js";
import {
  type Budgets,
  type CheckpointOptions,
  checkTrainOptions,
  isFinished,
  plan,
  throwIfAborted,
  train,
} from "./train.js";

/** How a fit runs and how it talks to its caller. A fit that ends by itself gives the same bits whatever stands here. */
export interface FitOptions {
  /** Stops the fit: before it began without reading the data, during it with `FIT_CANCELLED`, afterwards not at all. */
  readonly signal?: AbortSignal | null;
  /** Called about ten times a second and at the end. When it throws, the fit stops with `CALLBACK_THREW`. */
  readonly onProgress?: ((progress: Progress) => void) | null;
  /** Called when a stage begins; methods in closed form report nothing else. When it throws, the fit stops with `CALLBACK_THREW`. */
  readonly onStage?: ((name: string) => void) | null;
  /**
   * Where the fit keeps checkpoints, and how often; a fit that is stopped writes one more. Default: it keeps none.
   *
   * The folder belongs to this fit alone and stays when it has ended: delete it, or raise a budget and resume.
   */
  readonly checkpoint?: CheckpointOptions | null;
  /**
   * Whether to go on from the newest whole checkpoint in `checkpoint.dir`, or from the beginning where there is none.
   * The result is the same to the bit as without the interruption. Another configuration or other data are refused
   * with `CHECKPOINT_MISMATCH` and a list in `context.differences`. Default: false, which refuses a folder with checkpoints.
   */
  readonly resume?: boolean;
  /**
   * Gradient steps over all stages that the fit may take, from 1, counted from the beginning of the fit, also after a resumption.
   * At the limit it ends with the outcome `step-limit`. Default: no limit beside `steps` of the configuration.
   */
  readonly maxSteps?: number | null;
  /** Seconds that this call may train, from 0. The result then depends on the machine. Default: no limit. */
  readonly maxSeconds?: number | null;
  /**
   * The most memory that the process may hold while this fit reads and trains: bytes, or text such as `"4GiB"`. What needs more is refused
   * with `MEMORY_LIMIT` before it is taken. Default: what the limits of the system leave (free memory, control groups, `ulimit`).
   */
  readonly maxMemory?: number | string | null;
  /**
   * Takes the typed arrays in `config` over instead of copying them: they are detached, as those that are sent to another thread, and
   * have length 0 when `fit` returns, also where it fails later. Copying holds the event loop for about 50 ms for 200 MB; taking over does not. An array
   * that is only a part of its buffer is copied. Default: false, everything is copied.
   */
  readonly transfer?: boolean;
  /** @deprecated `maxSteps` and `maxSeconds` say the same. */
  readonly budgets?: Budgets | null;
  /** Called when a checkpoint is on disk; some are left out while the event loop is busy for long. When it throws, the fit stops with `CALLBACK_THREW`. */
  readonly onCheckpoint?: ((event: CheckpointEvent) => void) | null;
  /** Called once, first of all, by a fit that resumes. When it throws, the fit stops with `CALLBACK_THREW`. */
  readonly onResumed?: ((event: ResumedEvent) => void) | null;
}

/** A running fit. Iterate over it for its progress, await `result` for the model; either alone is enough. */
export interface FitHandle extends AsyncIterable<Progress> {
  /** The model, once the fit has ended by itself; whether it converged stands in `model.outcome`. */
  readonly result: Promise<Model>;
  /** @internal TypeScript before 5.6 knows one parameter of `AsyncIterable`, and its iterators end with anything. */
  [Symbol.asyncIterator](): AsyncIterator<Progress, undefined>;
  /** Stops the fit; `result` rejects with `FIT_CANCELLED`. After the end it does nothing. */
  cancel(): void;
}

/**
 * Learns hidden causes from data, on a thread of its own.
 *
 * Arrays in `config` are copied before this function returns: writing into them later changes nothing. Callbacks run in the
 * asynchronous context of this call (`AsyncLocalStorage`). A fit that fails, and whose `result` nobody awaits and whose events
 * nobody reads, ends the process as any unhandled rejection does.
 *
 * @param config the data and the method side by side; `disentangle schema` lists every key with default and range
 * @throws nothing itself; `result` rejects with one of the `CONFIG_*`, `DATA_*` and `TREE_*` codes, `FIT_CANCELLED` or
 * `CALLBACK_THREW`; with checkpoints also with `CHECKPOINT_MISMATCH`, `ARTIFACT_VERSION`, `FILE_WRITE`, and `RUN_BUSY`
 * where another fit keeps its own in the same folder
 *
 * @example
 * ```ts
 * import { fit, simulate } from "disentangle";
 * const world = await simulate({ simulator: "tree-world", depth: 4, seed: 0 });
 * const run = fit({ method: "tbr", data: world, latentDim: 5, seed: 0 });
 * for await (const { step, loss } of run) console.log(step, loss);
 * await using model = await run.result;
 * console.log(model.outcome.kind, model.latents.shape);
 * ```
 *
 * @example
 * ```ts
 * // Survives the end of its process: the same call begins the fit, and goes on with it.
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { fit, simulate } from "disentangle";
 * const data = await simulate({ simulator: "tree-world", depth: 2, seed: 0 });
 * const dir = join(await mkdtemp(join(tmpdir(), "fit-")), "checkpoints");
 * const onResumed = ({ step }: { step: number }) => console.log("from step", step);
 * const options = { checkpoint: { dir }, resume: true, onResumed };
 * const model = await fit({ method: "tbr", data, latentDim: 2, steps: 200 }, options).result;
 * console.log(model.outcome.step); // 200
 * ```
 */
export function fit(config: RunConfig, options?: FitOptions | null): FitHandle {
  return start(config, options);
}

/** As `fit`; its training begins when `turn` has come, which gives what is called at its end. */
export function start(
  config: RunConfig,
  options?: FitOptions | null,
  turn: (signal: AbortSignal) => Promise<() => void> = async () => () => {},
): FitHandle {
  const controller = new AbortController();
  const events = broadcast<Progress>();
  const work = async (): Promise<Model> => {
    try {
      const model = await withMaxMemory(options?.maxMemory, () =>
        run(config, options ?? {}, controller, events.push, turn),
      );
      events.end();
      return model;
    } catch (error) {
      events.end(error);
      throw error;
    }
  };
  const result = work();
  // Who reads the events, or has cancelled, learns how it ended; a failure that nobody could learn of ends the process, as of any promise.
  const heard = (): void => void result.catch(() => {});
  return {
    result,
    cancel() {
      heard();
      controller.abort();
    },
    [Symbol.asyncIterator]() {
      heard();
      return events.subscribe();
    },
  };
}

async function run(
  config: RunConfig,
  options: FitOptions,
  controller: AbortController,
  push: (progress: Progress) => void,
  turn: (signal: AbortSignal) => Promise<() => void>,
): Promise<Model> {
  checkOptions<FitOptions>(options, OPTIONS);
  const { resume, budgets, maxSteps, maxSeconds, onProgress, onCheckpoint, onResumed, onStage } = options;
  const unfollow = follow(options.signal ?? undefined, controller);
  const { signal } = controller;
  let ended = (): void => {};
  try {
    throwIfAborted(signal);
    const checkpoint = placeOf(options.checkpoint ?? undefined);
    // Before the first await, while the caller cannot have touched his arrays.
    const own = snapshot(config, options.transfer === true);
    ended = await turn(signal);
    const planned = await plan(own, signal);
    const wanted = {
      signal,
      checkpoint,
      resume,
      budgets: {
        ...budgets,
        ...(maxSteps != null && { steps: maxSteps }),
        ...(maxSeconds != null && { elapsedMs: maxSeconds * 1000 }),
      },
      onStage,
      onCheckpoint,
      onResumed,
      onProgress(progress: Progress) {
        push(progress);
        return onProgress?.(progress);
      },
    };
    checkTrainOptions(wanted);
    const owned = checkpoint && (await ownFolder(checkpoint.dir, "fit"));
    try {
      const trained = await train(planned, wanted);
      if (isFinished(trained)) return createModel(trained, planned.dataset);
      throw cancelled(trained, checkpoint, signal.reason);
    } finally {
      await owned?.release();
    }
  } finally {
    ended();
    unfollow();
  }
}

function cancelled({ manifest }: StoppedRun, checkpoint: CheckpointOptions | undefined, cause: unknown): Error {
  const { outcome } = manifest;
  const saved = checkpoint !== undefined;
  return failure("FIT_CANCELLED", `the fit was cancelled at step ${outcome.step}`, {
    hint: saved
      ? "call it again with `resume: true` to go on from there"
      : "nothing was saved; the same configuration and seed give the same steps again",
    context: { outcome, saved, ...(saved && { checkpoint: checkpoint.dir }) },
    cause,
  });
}

const SIGNAL: Kind = { expected: "an AbortSignal", is: isSignal };
const OPTIONS: Kinds<FitOptions> = {
  signal: orNull(SIGNAL),
  onProgress: orNull(FUNCTION),
  onStage: orNull(FUNCTION),
  onCheckpoint: orNull(FUNCTION),
  onResumed: orNull(FUNCTION),
  checkpoint: orNull(OBJECT),
  budgets: orNull(OBJECT),
  maxSteps: orNull(NUMBER),
  maxSeconds: orNull(NUMBER),
  transfer: BOOLEAN,
  // Checked where they are read.
  resume: ANY,
  maxMemory: ANY,
};

/** By what it does: under jsdom and in other realms it is of another class. */
function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = (typeof value === "object" ? value : {}) as Partial<AbortSignal>;
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}

/** Aborts with the signal; the result stops that. */
function follow(signal: AbortSignal | undefined, controller: AbortController): () => void {
  if (signal === undefined) return () => {};
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return () => signal.removeEventListener("abort", abort);
}

/** The place of the checkpoints, whatever the current folder is later. */
function placeOf(checkpoint: CheckpointOptions | undefined): CheckpointOptions | undefined {
  if (checkpoint === undefined) return undefined;
  const { dir, ...rest }: Partial<CheckpointOptions> = checkpoint;
  if (typeof dir !== "string" || dir.trim() === "") {
    const got = dir === undefined ? "nothing" : brief(dir);
    fail("CONFIG_WRONG_TYPE", `checkpoint.dir: got ${got}, expected the path of a folder`, {
      path: "checkpoint.dir",
      hint: "a folder of this fit alone; it is made when it is not there",
    });
  }
  return { ...rest, dir: resolve(dir) };
}
