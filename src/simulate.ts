import type { Dataset } from "./dataset.js";
import type { SimulatorOptions } from "./generated/methods.js";
import { native } from "./native.js";

/** What to simulate: the name of a simulator beside its options; `disentangle simulate --help` lists them. */
export type SimulateConfig = {
  [Name in keyof SimulatorOptions]: { readonly simulator: Name } & Partial<SimulatorOptions[Name]>;
}[keyof SimulatorOptions];

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
