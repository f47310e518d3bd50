import { checkParts, NUMBER } from "./arguments.js";
import type { RunConfig } from "./config.js";
import { fail } from "./errors.js";
import { type FitHandle, type FitOptions, start } from "./fit.js";
import { throwIfAborted } from "./train.js";

/** Fits that wait for each other. */
export interface FitQueue {
  /** As `fit`; the data are copied at once, and read and trained on when its turn has come. Cancelled while it waits it ends at once. */
  fit(config: RunConfig, options?: FitOptions | null): FitHandle;
  /** Fits that run. */
  readonly running: number;
  /** Fits that wait, in the order in which they were asked for. */
  readonly waiting: number;
}

/**
 * A queue that runs at most so many fits at once: for services, where each fit takes a core and its data's memory.
 *
 * @param limits `concurrency`: fits at once, from 1
 *
 * @example
 * ```ts
 * import { fitQueue, simulate } from "disentangle";
 * const data = await simulate({ simulator: "tree-world", depth: 2, pointsPerEnvironment: 50, inputs: 6, latents: 2 });
 * const queue = fitQueue({ concurrency: 1 });
 * const fits = [0, 1, 2].map((seed) => queue.fit({ method: "tbr", data, latentDim: 2, steps: 20, seed }));
 * console.log(queue.running, queue.waiting); // 1 2
 * await Promise.all(fits.map((one) => one.result));
 * ```
 */
export function fitQueue(limits: { readonly concurrency: number }): FitQueue {
  checkParts("limits", limits, { concurrency: NUMBER }, "for example fitQueue({ concurrency: 2 })");
  const { concurrency } = limits;
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    fail("CONFIG_OUT_OF_RANGE", `concurrency: ${concurrency} is not a whole number from 1`, { path: "concurrency" });
  }
  const waiting: (() => void)[] = [];
  let running = 0;
  const end = (): void => {
    const next = waiting.shift();
    // Whoever waits takes the place over: nobody comes between.
    if (next === undefined) running -= 1;
    else next();
  };
  const turn = async (signal: AbortSignal): Promise<() => void> => {
    if (running < concurrency) {
      running += 1;
      return end;
    }
    const taken = await new Promise<boolean>((resolve) => {
      const go = (): void => resolve(true);
      waiting.push(go);
      const leave = (): void => {
        const place = waiting.indexOf(go);
        if (place >= 0) waiting.splice(place, 1);
        resolve(false);
      };
      signal.addEventListener("abort", leave, { once: true });
    });
    if (signal.aborted && taken) end();
    throwIfAborted(signal);
    return end;
  };
  return {
    fit: (config, options) => start(config, options, turn),
    get running() {
      return running;
    },
    get waiting() {
      return waiting.length;
    },
  };
}
