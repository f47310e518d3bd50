import { type RunConfig, snapshot } from "./config.js";
import { failure } from "./errors.js";
import { createModel, type Model } from "./model.js";
import { broadcast, type Progress } from "./progress.js";
import { isFinished, plan, throwIfAborted, train } from "./train.js";

/** How a fit talks to its caller. */
export interface FitOptions {
  /** Stops the fit: before it began without reading the data, during it with `FIT_CANCELLED`, afterwards not at all. */
  readonly signal?: AbortSignal;
  /** Called about ten times a second and at the end. When it throws, the fit stops with `CALLBACK_THREW`. */
  readonly onProgress?: (progress: Progress) => void;
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
 * `CALLBACK_THREW`
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
  { onProgress }: FitOptions,
  signal: AbortSignal,
  push: (progress: Progress) => void,
): Promise<Model> {
  throwIfAborted(signal);
  // Before the first await, while the caller cannot have touched his arrays.
  const planned = await plan(snapshot(config), signal);
  const ended = await train(planned, {
    signal,
    onProgress(progress) {
      push(progress);
      return onProgress?.(progress);
    },
  });
  if (isFinished(ended)) return createModel(ended, planned.dataset);
  const { outcome } = ended.manifest;
  throw failure("FIT_CANCELLED", `the fit was cancelled at step ${outcome.step}`, {
    hint: "nothing was saved; the same configuration and seed give the same steps again",
    context: { outcome, saved: false },
    cause: signal.reason,
  });
}
