// Many fits: a sweep from its description to what it found. What runs it is loaded when it is called.
import type { SweepConfig } from "./config.js";
import type { SweepResult } from "./result.js";
import type { SweepOptions } from "./run.js";

/**
 * Fits every setting of a sweep with every seed, in processes of their own, and says which setting the metric chooses.
 *
 * Everything lies in one folder: a run folder for each finished trial, `sweep.json`, `ledger.jsonl` and a report. The same call goes on
 * where an earlier one stopped, or was killed, and computes nothing twice. A trial that fails does not stop the others. The list of
 * trials is a function of the sweep alone; the metric reads no truth unless it is asked to.
 *
 * @param config what a sweep file says; data sets in memory may stand where paths can
 * @throws the `CONFIG_*`, `DATA_*` and `TREE_*` codes before anything runs, `FIT_CANCELLED`, `FILE_WRITE`
 *
 * @example
 * ```ts
 * import { simulate, sweep } from "disentangle";
 * const data = await simulate({ simulator: "tree-world", depth: 2, pointsPerEnvironment: 50, inputs: 6, latents: 2 });
 * const { settings, chosen } = await sweep(
 *   { parameters: { latentDim: { values: [1, 2] } }, seeds: 2, base: { method: "shared-head", data, steps: 20 } },
 *   { out: "sweeps/small" },
 * );
 * console.log(settings.map(({ params, mean }) => [params, mean]), chosen);
 * ```
 */
export async function sweep(config: SweepConfig, options: SweepOptions = {}): Promise<SweepResult> {
  const [{ runSweep }, { sweepResult }] = await Promise.all([import("./run.js"), import("./found.js")]);
  const { dir } = await runSweep(config, options);
  return sweepResult(dir);
}
