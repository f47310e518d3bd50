import type { DataSource, ViewsData } from "./dataset.js";
import type { NativeIntervention, NativeMatrix } from "./native.js";
import type { NamedArray } from "./record.js";

/** Which latents are set, and of which rows. */
export interface InterveneOptions {
  /** Value of each latent that is set, by name, in units of the latent: `{ z2: 1.5 }`. */
  readonly do: Readonly<Record<string, number>>;
  /**
   * Rows to ask of what they would have been (a counterfactual): anything that `data` accepts. Default: rows are drawn from the
   * mechanisms.
   */
  readonly rows?: DataSource | ViewsData;
  /** One label per row of `rows`. Default: their environment column, where the mechanisms depend on it. */
  readonly environments?: readonly string[];
  /** Environment of all drawn rows. Default: every environment of the model in turn. */
  readonly environment?: string;
  /** Rows to draw. Default: 1000. Range: 1 to 10000000. */
  readonly count?: number;
  /** Seed of the noise of drawn rows. The same seed pairs the rows of two interventions. Default: 0. */
  readonly seed?: number;
}

/** Rows after an intervention. */
export interface Intervention {
  readonly latents: NamedArray;
  /** In units of the inputs; absent where the method has no decoder. */
  readonly inputs?: NamedArray;
  /** Environment of each row; absent where nothing depends on it. */
  readonly environments?: readonly string[];
}

/** The request as the core reads it. JSON has no NaN and no infinities: they cross as words, which the core refuses by name. */
export function requestOf({ do: set, count, seed, environment }: InterveneOptions): string {
  const word = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  return JSON.stringify({ do: set, count, seed, environment }, word);
}

/** What the core gave, as results hold it. */
export function interventionOf(after: NativeIntervention, rowIds: readonly string[] = []): Intervention {
  const { latents, columns, inputs, inputNames, environments, environmentOf } = after;
  return {
    latents: namedArray(latents, columns, rowIds),
    ...(inputs && { inputs: namedArray(inputs, inputNames, rowIds) }),
    ...(environmentOf && { environments: Array.from(environmentOf, (code) => environments[code]!) }),
  };
}

/** A matrix with names as results hold it. */
export function namedArray(
  { data, rows, cols }: NativeMatrix,
  columns: readonly string[],
  rowIds: readonly string[] = [],
): NamedArray {
  return { data, shape: [rows, cols], columns, ...(rowIds.length > 0 && { rowIds }) };
}
