import { checkArgument, OBJECT, TEXT } from "./arguments.js";
import { nearest } from "./config-keys.js";
import type { Dataset } from "./dataset.js";
import type { PrepareConfig } from "./datasets/index.js";
import { fail } from "./errors.js";

export type { PrepareConfig };

/**
 * Makes a known data set from a file of its source, cleaned by documented rules. What was left out and why stands in its
 * provenance.
 *
 * @throws `CONFIG_MISSING`, `CONFIG_UNKNOWN_METHOD` (no such data set), `CONFIG_UNKNOWN_KEY`, `DATA_FORMULA`, and what reading a table throws
 *
 * @example
 * ```ts
 * import { writeFile } from "node:fs/promises";
 * import { prepare, writeDataset } from "disentangle";
 * await writeFile("some.csv", "name,Tc\nMgB2,39\nNb3Sn1,18.1\nNb3Ge1,23.2\n");
 * const some = await prepare({ dataset: "superconductors", source: "some.csv", minMaterials: 1 });
 * console.log(some.inputNames, some.targets?.columns.length); // [ 'B', 'Mg', 'Ge', 'Nb', 'Sn' ] 81
 * await writeDataset("superconductors", some);
 * ```
 */
export async function prepare(config: PrepareConfig): Promise<Dataset> {
  checkArgument("config", config, OBJECT, EXAMPLE);
  const { dataset, ...rest } = config;
  const { PREPARATIONS } = await import("./datasets/index.js");
  const preparation = PREPARATIONS.find(({ name }) => name === dataset);
  if (preparation !== undefined) return preparation.prepare(rest);
  const names = PREPARATIONS.map(({ name }) => name);
  checkArgument("dataset", dataset, TEXT, `there are: ${names.join(", ")}`);
  const near = nearest(String(dataset), names);
  return fail("CONFIG_UNKNOWN_METHOD", `no data set is called ${JSON.stringify(dataset)}`, {
    path: "dataset",
    hint: near === undefined ? `there are: ${names.join(", ")}` : `did you mean ${JSON.stringify(near)}?`,
  });
}

const EXAMPLE =
  'for example { dataset: "superconductors", source: "supercon.csv" }; `disentangle prepare --help` lists the data sets';
