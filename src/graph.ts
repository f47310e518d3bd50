import {
  BYTES,
  checkArgument,
  checkKinds,
  checkParts,
  FLOATS,
  jsonOf,
  type Kind,
  LIST,
  OBJECT,
  TEXTS,
} from "./arguments.js";
import { fail } from "./errors.js";
import type { PcGraph } from "./generated/types.js";
import { later } from "./native.js";
import type { NamedArray } from "./record.js";

/** How the graph of latents is searched. */
export interface GraphOptions {
  /** Level of each test of independence, above 0 and below 1. Default: 0.05. */
  readonly alpha?: number;
  /** Largest number of latents given in a test. Default: as many as a latent has neighbors. */
  readonly depth?: number;
  /** Threads that share the tests; the graph is the same for any number. Default: 1. Range: 1 to 256. */
  readonly threads?: number;
  /**
   * 1 for each entry of the latents that is silent, as `latentSilence` gives it: each test then takes the rows in which all of
   * its latents are active. Default: every entry counts.
   */
  readonly silent?: Uint8Array;
}

/** The causal graph of latents, up to what tests of independence can tell. Edges name latents by their place. */
export interface LatentGraph extends PcGraph {
  /** Names of the latents. */
  readonly latents: readonly string[];
}

/**
 * Searches the causal graph of latents, such as those of a model, on a thread of its own: the PC algorithm with Fisher's z-test of
 * partial correlations.
 *
 * It sees linear dependence only, and assumes that no hidden cause is missing among the latents.
 *
 * @throws `DATA_CONSTANT_COLUMN`, `NUMERIC_SINGULAR` where a latent does not vary or others determine it,
 * `DATA_TOO_FEW_ROWS`, also where two latents are active together in less than 5 % of the rows of the rarer one
 *
 * @example
 * ```ts
 * import { fit, latentGraph, simulate } from "disentangle";
 * const data = await simulate({ simulator: "tree-world", depth: 2, pointsPerEnvironment: 100, inputs: 6, latents: 3 });
 * const model = await fit({ method: "tbr", data, latentDim: 3, steps: 60 }).result;
 * const { latents, graph } = await latentGraph(model.latents, { alpha: 0.01 });
 * console.log(latents); // [ 'z1', 'z2', 'z3' ]
 * for (const [cause, effect] of graph.arrows) console.log(`${latents[cause]} -> ${latents[effect]}`);
 * ```
 */
export async function latentGraph(latents: NamedArray, options: GraphOptions = {}): Promise<LatentGraph> {
  checkLatents(latents);
  // The other keys are the core's.
  checkKinds(options, { silent: BYTES });
  const { data, shape, columns } = latents;
  const { silent, ...search } = options;
  if (silent !== undefined) refuseLength("silent", silent.length, data.length, "one for each entry of the latents");
  const [rows, cols] = shape;
  const found = await later().graph({ data, rows, cols }, jsonOf("options", search), silent);
  return { latents: columns, ...(JSON.parse(found) as PcGraph) };
}

const LATENTS: Readonly<Record<string, Kind>> = { data: FLOATS, shape: LIST, columns: TEXTS };

/** Refuses what is no array of latents with their names. */
export function checkLatents(latents: unknown): void {
  const hint =
    "give model.latents, what model.transform gave, or { data: Float32Array, shape: [rows, columns], columns: names }";
  checkArgument("latents", latents, { ...OBJECT, expected: "latents with their names" }, hint);
  checkParts("latents", latents, LATENTS, hint);
  const { data, shape, columns } = latents as NamedArray;
  const [rows, cols] = shape;
  const isShape = shape.length === 2 && [rows, cols].every((length) => Number.isSafeInteger(length) && length >= 0);
  if (!isShape || rows * cols !== data.length) {
    fail("DATA_SHAPE", `latents: ${data.length} values do not fill shape [${shape.join(", ")}]`, {
      path: "latents.shape",
      hint: "shape is [rows, columns], row-major",
      context: { values: data.length, shape },
    });
  }
  refuseLength("latents.columns", columns.length, cols, "one name per column");
}

function refuseLength(path: string, got: number, expected: number, hint: string): void {
  if (got === expected) return;
  fail("DATA_SHAPE", `${path}: got ${got} values, expected ${expected}`, {
    path,
    hint: `give ${hint}`,
    context: { got, expected },
  });
}
