import type { PcGraph } from "./generated/types.js";
import { native } from "./native.js";
import type { Run } from "./results.js";
import { keptRows, type RowChoice } from "./score.js";

/** How the graph of the latents is searched. */
export interface GraphOptions {
  /** Level of each test of independence, above 0 and below 1. Default: 0.05. */
  readonly alpha?: number;
  /** Largest number of latents given in a test. Default: as many as a latent has neighbours. */
  readonly depth?: number;
  /** Threads that share the tests; the graph is the same for any number. Default: 1. Range: 1 to 256. */
  readonly threads?: number;
  /** Rows to test on. Default: `all`. */
  readonly rows?: RowChoice;
}

/** The causal graph of a run's latents, up to what tests of independence can tell. Edges name latents by their place. */
export interface LatentGraph extends PcGraph {
  /** Names of the latents. */
  readonly latents: readonly string[];
  /** The rows that were tested. */
  readonly rows: { readonly split: RowChoice; readonly count: number };
}

/**
 * Searches the causal graph of a run's latents: the PC algorithm with Fisher's z-test of partial correlations.
 *
 * It sees linear dependence only, and assumes that no hidden cause is missing among the latents.
 *
 * @throws `DATA_CONSTANT_COLUMN`, `NUMERIC_SINGULAR` where a latent does not vary or others determine it,
 * `DATA_TOO_FEW_ROWS`, `METRIC_SHAPE` for a part without rows
 */
export function latentGraph(run: Run, { rows = "all", ...search }: GraphOptions = {}): LatentGraph {
  const kept = keptRows(run, rows);
  const [, cols] = run.latents.shape;
  const data = new Float32Array(kept.length * cols);
  kept.forEach((row, i) => {
    data.set(run.latents.data.subarray(row * cols, (row + 1) * cols), i * cols);
  });
  const found = native().graph({ data, rows: kept.length, cols }, JSON.stringify(search));
  return {
    latents: run.latents.columns,
    rows: { split: rows, count: kept.length },
    ...(JSON.parse(found) as PcGraph),
  };
}
