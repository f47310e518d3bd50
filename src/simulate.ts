import { type NativeDataset, native } from "./native.js";

/** A data set in memory: what simulators give, what folders hold, what `fit` accepts as `data`. */
export type Dataset = NativeDataset;

/** What to simulate: the name of a simulator and its keys; `disentangle simulate --help` lists them. */
export interface SimulateConfig {
  /** Name of the simulator, for example `tree-world`. */
  readonly simulator: string;
  /** Seed of all its random numbers. Default: 0. */
  readonly seed?: number;
  readonly [key: string]: unknown;
}

/**
 * Draws a data set whose hidden causes are known.
 *
 * @throws `CONFIG_UNKNOWN_METHOD`, `CONFIG_UNKNOWN_KEY`, `CONFIG_OUT_OF_RANGE`
 *
 * @example
 * ```ts
 * import { simulate } from "disentangle";
 * const world = await simulate({ simulator: "tree-world", depth: 3, seed: 0 });
 * console.log(world.inputs.rows, world.truth.latents?.columns);
 * ```
 */
export async function simulate(config: SimulateConfig): Promise<Dataset> {
  return native().simulate(JSON.stringify(config));
}

/** Writes a data set folder: `dataset.json` and `.npy` files that numpy opens. `fit({ data: dir })` knows all its roles. */
export async function writeDataset(dir: string, dataset: Dataset): Promise<void> {
  native().writeDatasetFolder(dir, dataset);
}
