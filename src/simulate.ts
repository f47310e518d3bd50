import { checkArgument, checkParts, FOLDER, jsonOf, OBJECT, TEXTS } from "./arguments.js";
import { selectInputColumns } from "./data/views.js";
import { checkDataset, type Dataset } from "./dataset.js";
import type { SimulatorOptions } from "./generated/methods.js";
import { later } from "./native.js";
import { atOnce } from "./turns.js";

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
  checkArgument("config", config, OBJECT, SIMULATORS);
  return later().simulate(jsonOf("config", config));
}

const SIMULATORS =
  'for example { simulator: "tree-world", depth: 3 }; `disentangle simulate --help` lists the simulators';

/** How rows are smoothed. */
export interface SmoothConfig {
  /** Rows that are averaged, the row itself among them. Default: 15. */
  readonly neighbors?: number;
  /** Principal components in which distances are measured. Default: 30. */
  readonly components?: number;
}

/**
 * Averages each row over its nearest ones, as sparse single-cell measurements often need it (a plain relative of MAGIC).
 *
 * Rows become dependent, so errors on held-out rows are optimistic.
 *
 * @param dataset its inputs are replaced: give all measured columns, choose among them afterwards with `selectInputs`
 * @throws `DATA_NOT_FINITE`, `CONFIG_OUT_OF_RANGE`
 *
 * @example
 * ```ts
 * import { simulate, smooth } from "disentangle";
 * const world = await simulate({ simulator: "tree-world", depth: 2, pointsPerEnvironment: 10 });
 * const calm = await smooth(world, { neighbors: 5 });
 * console.log(calm.inputs.rows === world.inputs.rows); // true
 * ```
 */
export async function smooth(dataset: Dataset, config: SmoothConfig = {}): Promise<Dataset> {
  checkDataset(dataset);
  checkArgument("config", config, OBJECT, "for example { neighbors: 5 }");
  // Earlier versions called it `neighbours`.
  const { neighbours, ...others } = config as SmoothConfig & { readonly neighbours?: number };
  const today = neighbours === undefined ? others : { neighbors: neighbours, ...others };
  const inputs = await later().smooth(dataset.inputs, jsonOf("config", today));
  return { ...dataset, inputs, provenance: withProvenance(dataset, { smooth: today }) };
}

/**
 * Keeps some of the input columns, and makes others the true latents. Images are named by their view and kept whole.
 *
 * @throws `DATA_MISSING_COLUMN`
 */
export function selectInputs(
  dataset: Dataset,
  columns: { inputs: readonly string[]; truth?: readonly string[] },
): Dataset {
  checkDataset(dataset);
  const hint = 'for example { inputs: ["gene1", "gene2"] }';
  checkParts("columns", columns, { inputs: TEXTS }, hint, { truth: TEXTS });
  const { views: _, ...rest } = dataset;
  const chosen = atOnce(selectInputColumns(dataset, columns.inputs));
  if (columns.truth === undefined) return { ...rest, ...chosen };
  const { inputs, inputNames } = atOnce(selectInputColumns(dataset, columns.truth));
  return { ...rest, ...chosen, truth: { ...dataset.truth, latents: { columns: inputNames, values: inputs } } };
}

function withProvenance({ provenance }: Dataset, more: Record<string, unknown>): string {
  return JSON.stringify({ ...(JSON.parse(provenance) as Record<string, unknown>), ...more });
}

/** How a phenotype is drawn. */
export interface PhenotypeConfig {
  /** Default: 0. */
  readonly seed?: number;
  /** Effects that change on each edge of the tree; 0 is the negative control. Default: 1. */
  readonly changes?: number;
  /** Standard deviation of a change. Default: 0.5. */
  readonly changeSd?: number;
  /** Standard deviation of the phenotype's noise. Default: 0.1. */
  readonly noise?: number;
}

/**
 * Draws a target on real data from measured causes (the truth `latents`), with effects that change sparsely along the tree
 * of the environments: the inputs are real and the answer is known.
 *
 * @throws `METRIC_NEEDS_TRUTH`, `DATA_NEEDS_TREE`, `DATA_NEEDS_ENVIRONMENTS`, `CONFIG_OUT_OF_RANGE`
 *
 * @example
 * ```ts
 * import { phenotype, simulate } from "disentangle";
 * const world = await simulate({ simulator: "tree-world", depth: 2, pointsPerEnvironment: 10 });
 * const drawn = await phenotype(world, { changes: 2, seed: 1 });
 * console.log(drawn.targets?.columns); // [ 'phenotype' ]
 * ```
 */
export async function phenotype(dataset: Dataset, config: PhenotypeConfig = {}): Promise<Dataset> {
  checkDataset(dataset);
  checkArgument("config", config, OBJECT, "for example { changes: 2, seed: 1 }");
  return later().phenotype(dataset, jsonOf("config", config));
}

/** Writes a data set folder: `dataset.json` and `.npy` files that numpy opens. `fit({ data: dir })` knows all its roles. */
export async function writeDataset(dir: string, dataset: Dataset): Promise<void> {
  checkArgument("dir", dir, FOLDER, 'for example writeDataset("world", dataset)');
  checkDataset(dataset);
  await later().writeDatasetFolder(dir, dataset);
}
