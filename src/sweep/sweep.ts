// Many fits: a sweep from its description to what it found.
import { join } from "node:path";
import { writeFileAtomic } from "../files.js";
import type { SweepConfig } from "./config.js";
import { readSweepFile } from "./folder.js";
import { openLedger } from "./ledger.js";
import { resultOf, type SweepResult } from "./result.js";
import { runSweep, type SweepOptions } from "./run.js";

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
  const { dir } = await runSweep(config, options);
  return sweepResult(dir);
}

/** What the sweep in a folder has found so far, written to its report. */
export async function sweepResult(dir: string, { report = true } = {}): Promise<SweepResult> {
  const file = (await readSweepFile(dir))!;
  const ledger = await openLedger(dir, "reader");
  await ledger.close();
  const result = await resultOf(dir, file, ledger);
  if (report) {
    const { sweepReport } = await import("./report.js");
    const { html, markdown, json } = await sweepReport(result, file);
    await writeFileAtomic(join(dir, "report.html"), html);
    await writeFileAtomic(join(dir, "report.md"), markdown);
    await writeFileAtomic(join(dir, "report.json"), json);
  }
  return result;
}
