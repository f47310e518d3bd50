// What stops work that is under way: reading, transforming, scoring, reports.
import { AsyncLocalStorage } from "node:async_hooks";

const signals = new AsyncLocalStorage<AbortSignal | undefined>();

/**
 * Runs `work`; what of it is under way when the signal aborts is stopped, and rejects with the signal's reason: reading, `transform`,
 * `predict`, `decode`, `intervene`, `score`, `latentGraph`, `report`. A fit has a `signal` of its own.
 *
 * Files are read up to the next block and rows are transformed up to the next chunk; a score and the search of a graph are waited for
 * no longer, and their threads end by themselves.
 *
 * @example
 * ```ts
 * import { readDataset, withSignal } from "disentangle";
 * const signal = AbortSignal.timeout(60_000);
 * const dataset = await withSignal(signal, () => readDataset({ data: [[1, 2], [3, 4], [5, 7]] }));
 * console.log(dataset.inputs.rows); // 3
 * ```
 */
export function withSignal<T>(signal: AbortSignal | null | undefined, work: () => Promise<T>): Promise<T> {
  return signals.run(signal ?? undefined, work);
}

/** The signal that the work under way listens to. */
export function currentSignal(): AbortSignal | undefined {
  return signals.getStore();
}
