// Rows that a fitted model has not seen: how they are read, and when they fit the model.
import type { Remembered } from "./data/read.js";
import { type DataPart, type DataSource, type Dataset, readData } from "./dataset.js";
import { fail, failure, failuresOf, isDisentangleError } from "./errors.js";

/** The data set with its inputs in their own units: what takes no offsets is given none. */
export function absolute(dataset: Dataset): Dataset {
  const { offsets, ...rest } = dataset;
  const own = offsets?.inputs;
  if (own === undefined) return dataset;
  const { data, rows, cols } = dataset.inputs;
  return { ...rest, inputs: { data: data.map((value, i) => value + own[i % cols]!), rows, cols } };
}

/** The format that a data set was read from. */
export function formatOf({ provenance }: Dataset): string | undefined {
  return (JSON.parse(provenance) as { format?: string }).format;
}

/** Columns without names are matched by position: there must be as many as the model has. */
export function refuseWidth(x: unknown, { inputs: { cols } }: Dataset, expected: number): void {
  if (cols === expected) return;
  fail("DATA_COLUMN_MISMATCH", `${cols} columns without names, but the model was fitted on ${expected}`, {
    path: typeof x === "string" ? x : "data",
    hint: "give the same columns in the same order, or give them names",
    context: { got: cols, expected },
  });
}

/** Reads new rows; a column that the model needs and they lack is a mismatch with the model. */
export async function readNew(config: DataPart, remembered: Remembered): Promise<Dataset> {
  try {
    return await readData(config, remembered);
  } catch (error) {
    if (!isDisentangleError(error) || failuresOf(error).some(({ code }) => code !== "DATA_MISSING_COLUMN")) throw error;
    if (error.path === "environment") {
      throw failure("DATA_NEEDS_ENVIRONMENTS", `the new rows have no environments: ${error.message}`, {
        path: error.path,
        hint: "give `environments`, one label per row, or rows with that column",
        cause: error,
      });
    }
    throw failure("DATA_COLUMN_MISMATCH", error.message, {
      ...error.toJSON(),
      hint: "the new rows need every input column that the model was fitted on; their order does not matter",
      cause: error,
    });
  }
}

/** Whether the columns of `x`, which is in memory, have names of their own. */
export function isNamed(x: DataSource): boolean {
  if (Array.isArray(x)) return false;
  return typeof x === "object" && x !== null && !("shape" in x && !("columns" in x));
}

/** Numbers of the right width, which need no reading: a copy, as a request's buffer may be used again before its turn. */
export function matrixOf(x: DataSource, names: readonly string[]): Dataset | undefined {
  if (typeof x !== "object" || x === null || !("shape" in x) || !("data" in x) || "columns" in x) return undefined;
  const { data, shape } = x as { readonly data: unknown; readonly shape: readonly number[] };
  const [rows = 0, cols] = shape;
  // Anything else is judged, and refused, where data are read.
  if (!(data instanceof Float32Array) || shape.length !== 2 || cols !== names.length || rows < 1) return undefined;
  if (data.length !== rows * cols) return undefined;
  // A model that was fitted on columns without names knows them by their numbers.
  if (names.some((name, j) => name !== `x${j}`) && names.every((name) => /^x\d+$/.test(name))) return undefined;
  return {
    name: "rows",
    inputs: { data: data.slice(), rows, cols },
    inputNames: [...names],
    rowIds: [],
    labels: {},
    truth: {},
    provenance: '{"source":"in memory"}',
  };
}
