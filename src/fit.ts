import { resolve } from "node:path";
import { type RunConfig, snapshot } from "./config.js";
import { fail, failure } from "./errors.js";
import { createModel, type Model } from "./model.js";
import { broadcast, type CheckpointEvent, type Progress, type ResumedEvent } from "./progress.js";
import { type Budgets, type CheckpointOptions, isFinished, plan, throwIfAborted, train } from "./train.js";

/** How a fit runs and how it talks to its caller. A fit that ends by itself gives the same bits whatever stands here. */
export interface FitOptions {
  /** Stops the fit: before it began without reading the data, during it with `FIT_CANCELLED`, afterwards not at all. */
  readonly signal?: AbortSignal;
  /** Called about ten times a second and at the end. When it throws, the fit stops with `CALLBACK_THREW`. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Where the fit keeps checkpoints, and how often; a fit that is stopped writes one more. Default: it keeps none.
   *
   * The folder belongs to this fit alone and stays when it has ended: delete it, or raise a budget and resume.
   */
  readonly checkpoint?: CheckpointOptions;
  /**
   * Whether to go on from the newest whole checkpoint in `checkpoint.dir`, or from the beginning where there is none.
   * The result is the same to the bit as without the interruption. Another configuration or other data are refused
   * with `CHECKPOINT_MISMATCH` and a list in `context.differences`. Default: false, which refuses a folder with checkpoints.
   */
  readonly resume?: boolean;
  /** What the fit may use up. Default: no limit beside `steps` of the configuration. */
  readonly budgets?: Budgets;
  /** Called when a checkpoint is on disk; some are left out while the event loop is busy for long. When it throws, the fit stops with `CALLBACK_THREW`. */
  readonly onCheckpoint?: (event: CheckpointEvent) => void;
  /** Called once, first of all, by a fit that resumes. When it throws, the fit stops with `CALLBACK_THREW`. */
  readonly onResumed?: (event: ResumedEvent) => void;
}

/** A running fit. Iterate over it for its progress, await `result` for the model; either alone is enough. */
export interface FitHandle extends AsyncIterable<Progress, undefined> {
  /** The model, once the fit has ended by itself; whether it converged stands in `model.outcome`. */
  readonly result: Promise<Model>;
  /** Stops the fit; `result` rejects with `FIT_CANCELLED`. After the end it does nothing. */
  cancel(): void;
}

/**
 * Learns hidden causes from data, on a thread of its own.
 *
 * Arrays in `config` are copied before this function returns: writing into them later changes nothing.
 *
 * @param config the data and the method side by side; `disentangle schema` lists every key with default and range
 * @throws nothing itself; `result` rejects with one of the CONFIG_*, DATA_* and TREE_* codes, `FIT_CANCELLED` or
 * `CALLBACK_THREW`; with checkpoints also with `CHECKPOINT_MISMATCH`, `ARTIFACT_VERSION` or `FILE_WRITE`
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
export function fit(config: RunConfig, options: FitOptions = {}): FitHandle {
  const controller = new AbortController();
  const signal =
    options.signal === undefined ? controller.signal : AbortSignal.any([options.signal, controller.signal]);
  const events = broadcast<Progress>();
  const result = run(config, options, signal, events.push);
  result.then(
    () => events.end(),
    (error: unknown) => events.end(error),
  );
  return {
    result,
    cancel: () => controller.abort(),
    [Symbol.asyncIterator]: events.subscribe,
  };
}

async function run(
  config: RunConfig,
  options: FitOptions,
  signal: AbortSignal,
  push: (progress: Progress) => void,
): Promise<Model> {
  throwIfAborted(signal);
  const { resume, budgets, onProgress, onCheckpoint, onResumed } = options;
  const checkpoint = placeOf(options.checkpoint);
  // Before the first await, while the caller cannot have touched his arrays.
  const planned = await plan(snapshot(config), signal);
  const ended = await train(planned, {
    signal,
    checkpoint,
    resume,
    budgets: { ...budgets },
    onCheckpoint,
    onResumed,
    onProgress(progress) {
      push(progress);
      return onProgress?.(progress);
    },
  });
  if (isFinished(ended)) return createModel(ended, planned.dataset);
  const { outcome } = ended.manifest;
  const saved = checkpoint !== undefined;
  throw failure("FIT_CANCELLED", `the fit was cancelled at step ${outcome.step}`, {
    hint: saved
      ? "call it again with `resume: true` to go on from there"
      : "nothing was saved; the same configuration and seed give the same steps again",
    context: { outcome, saved, ...(saved && { checkpoint: checkpoint.dir }) },
    cause: signal.reason,
  });
}

/** The place of the checkpoints, whatever the current folder is later. */
function placeOf(checkpoint: CheckpointOptions | undefined): CheckpointOptions | undefined {
  if (checkpoint === undefined) return undefined;
  const { dir, ...rest } = checkpoint ?? ({} as Partial<CheckpointOptions>);
  if (typeof dir !== "string" || dir.trim() === "") {
    fail("CONFIG_WRONG_TYPE", `checkpoint.dir: got ${JSON.stringify(dir)}, expected the path of a folder`, {
      path: "checkpoint.dir",
      hint: "a folder of this fit alone; it is made when it is not there",
    });
  }
  return { ...rest, dir: resolve(dir) };
}
